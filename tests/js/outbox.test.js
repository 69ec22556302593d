import assert from "node:assert/strict";
import { test } from "node:test";

import { Outbox } from "#app/lib/outbox.js";

// A store that outlives the page, and a server that counts what it was sent; both keep the outbox's own contracts.
class Disk {
  records = new Map();
  async all() { return [...this.records.values()].map((entry) => structuredClone(entry)); }
  async put(entry) { this.records.set(entry.key, structuredClone(entry)); }
  async remove(key) { this.records.delete(key); }
}

class Server {
  stored = new Map(); // client_id/kind/number → times applied
  order = [];
  answers = [];      // statuses to give next; afterwards 201
  lose = 0;          // replies to lose after the work was done
  online = true;

  send = async (entry) => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (!this.online) throw new TypeError("Failed to fetch");
    const reply = this.answers.shift() ?? { status: 201 };
    if (reply.status < 300) {
      const id = `${entry.lane}/${entry.kind}/${entry.number}`;
      if (!this.stored.has(id)) this.order.push(id);
      this.stored.set(id, (this.stored.get(id) ?? 0) + 1);
    }
    if (this.lose > 0) { this.lose -= 1; throw new TypeError("network error"); }
    return { status: reply.status, body: reply.body ?? {}, retryAfterMs: reply.retryAfterMs };
  };
}

const until = async (condition) => {
  for (let i = 0; i < 400; i++) { if (condition()) return; await new Promise((resolve) => setTimeout(resolve, 5)); }
  assert.fail("waited too long");
};

function box(disk = new Disk(), server = new Server(), more = {}) {
  const outbox = new Outbox({ store: disk, send: server.send, owner: "ana", ...more });
  const seen = [];
  for (const kind of ["acknowledged", "dropped", "refused", "again", "signed-out"]) outbox.addEventListener(`outbox:${kind}`, (event) => seen.push([kind, event.detail]));
  return { outbox, disk, server, seen };
}

const answer = (lane, number = 0, kind = "answer") => ({ lane, kind, number, url: "/submit", body: { lane, number } });

test("it works: an answer is kept, sent, acknowledged and only then forgotten", async () => {
  const { outbox, disk, server, seen } = box();
  server.online = false;
  await outbox.put(answer("a"));
  assert.equal(disk.records.size, 1, "stored before anything arrived");
  server.online = true;
  await outbox.retry();
  await until(() => disk.records.size === 0);
  assert.equal(server.stored.get("a/answer/0"), 1);
  assert.ok(seen.some(([kind]) => kind === "acknowledged"));
  outbox.close();
});

test("within one trace the chunks arrive in order, however the network behaves", async () => {
  const { outbox, server, disk } = box();
  server.answers = [{ status: 503, retryAfterMs: 10 }, { status: 201 }, { status: 500, retryAfterMs: 5 }, { status: 429, retryAfterMs: 5 }];
  for (let i = 0; i < 12; i++) outbox.put(answer("t", i, "chunk"));
  await outbox.put({ ...answer("t", 0, "finish") });
  await until(() => disk.records.size === 0);
  assert.deepEqual(server.order, [...Array.from({ length: 12 }, (_, i) => `t/chunk/${i}`), "t/finish/0"]);
  outbox.close();
});

test("a lost reply is sent again with the same id, so that the server can store it once", async () => {
  const { outbox, server, disk } = box();
  server.lose = 1;
  await outbox.put(answer("a"));
  await until(() => disk.records.size === 0);
  assert.equal(server.stored.get("a/answer/0"), 2, "the same id twice, nothing new");
  assert.equal(server.order.length, 1);
  outbox.close();
});

test("putting the same answer twice sends it once", async () => {
  const { outbox, server, disk } = box();
  await Promise.all([outbox.put(answer("a")), outbox.put(answer("a"))]);
  await until(() => disk.records.size === 0);
  assert.equal(server.stored.get("a/answer/0"), 1);
  outbox.close();
});

test("a withdrawal drops what belongs to it, with the reason, and nothing else", async () => {
  const { outbox, server, seen, disk } = box();
  server.online = false;
  await outbox.put(answer("t", 0, "chunk"));
  await outbox.put(answer("t", 1, "chunk"));
  await outbox.put(answer("other"));
  server.online = true;
  server.answers = [{ status: 410, body: { code: "participant_withdrawn", detail: "Withdrawn." } }];
  await outbox.retry();
  await until(() => disk.records.size === 0);
  const dropped = seen.filter(([kind]) => kind === "dropped");
  assert.equal(dropped.length, 1);
  assert.equal(dropped[0][1].count, 2);
  assert.equal(dropped[0][1].body.code, "participant_withdrawn");
  assert.deepEqual(server.order, ["other/answer/0"]);
  outbox.close();
});

for (const status of [400, 403, 409, 422]) {
  test(`what is refused with ${status} stays here, with its reason, and does not hold up the rest`, async () => {
    const { outbox, server, disk } = box();
    server.answers = [{ status, body: { code: "scheme_stale", detail: "The scheme changed." } }];
    await outbox.put(answer("a"));
    await until(() => outbox.refused.length === 1);
    assert.equal(outbox.refused[0].reason.code, "scheme_stale");
    await outbox.put(answer("b"));
    await until(() => server.stored.has("b/answer/0"));
    assert.equal(disk.records.size, 1);
    await outbox.retry({ all: true });
    await until(() => disk.records.size === 0);
    assert.equal(server.stored.get("a/answer/0"), 1);
    outbox.close();
  });
}

test("somebody signed out keeps their answers until they are back", async () => {
  const { outbox, server, disk, seen } = box();
  server.answers = [{ status: 401 }];
  await outbox.put(answer("a"));
  await until(() => seen.some(([kind]) => kind === "signed-out"));
  assert.equal(outbox.waiting.length, 1);
  await outbox.retry();
  await until(() => disk.records.size === 0);
  outbox.close();
});

test("a reload finds everything, in order, and sends it", async () => {
  const disk = new Disk(), server = new Server();
  server.online = false;
  const before = box(disk, server);
  for (let i = 0; i < 4; i++) await before.outbox.put(answer("t", i, "chunk"));
  before.outbox.close();
  server.online = true;
  const after = box(disk, server);
  await after.outbox.flush();
  await until(() => disk.records.size === 0);
  assert.deepEqual(server.order, ["t/chunk/0", "t/chunk/1", "t/chunk/2", "t/chunk/3"]);
  after.outbox.close();
});

test("another person's kept answers are neither shown nor sent", async () => {
  const disk = new Disk(), server = new Server();
  server.online = false;
  const hers = box(disk, server);
  await hers.outbox.put(answer("a"));
  hers.outbox.close();
  server.online = true;
  const his = new Outbox({ store: disk, send: server.send, owner: "ben" });
  await his.flush();
  assert.equal(his.entries.length, 0);
  assert.equal(server.stored.size, 0);
  await his.discard();
  assert.equal(disk.records.size, 1, "and he cannot discard them");
  his.close();
});

test("pauses grow, so that a server in trouble is not pushed", async () => {
  let now = 1_000_000;
  const { outbox, server } = box(new Disk(), new Server(), { now: () => now });
  server.online = false;
  await outbox.put(answer("a"));
  const pauses = [];
  for (let i = 0; i < 5; i++) {
    await until(() => outbox.entries[0].attempts === i + 1);
    pauses.push(outbox.entries[0].due - now);
    now = outbox.entries[0].due;
    await outbox.flush();
  }
  for (let i = 1; i < pauses.length; i++) assert.ok(pauses[i] > pauses[i - 1]);
  outbox.close();
});

test("discarding forgets for good", async () => {
  const { outbox, server, disk } = box();
  server.online = false;
  await outbox.put(answer("a"));
  await outbox.discard();
  assert.equal(disk.records.size, 0);
  server.online = true;
  await outbox.flush();
  assert.equal(server.stored.size, 0);
  outbox.close();
});
