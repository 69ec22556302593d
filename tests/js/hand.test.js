import assert from "node:assert/strict";
import { test } from "node:test";

import { remember, remembered, taken } from "#app/lib/entered.js";
import { LONGEST, Trail } from "#app/lib/trail.js";

class Storage {
  #kept = new Map();
  getItem(key) { return this.#kept.get(key) ?? null; }
  setItem(key, value) { this.#kept.set(key, String(value)); }
}

const step = (n) => ({ id: `a${n}`, url: `/label/c/a${n}/`, lane: `l${n}` });

test("undo goes back from item to item, the newest first", () => {
  const trail = new Trail("c", new Storage());
  assert.equal(trail.before("a9"), null);
  [1, 2, 3].forEach((n) => trail.add(step(n)));
  assert.equal(trail.before("a4").id, "a3");
  assert.equal(trail.before("a3").id, "a2");
  assert.equal(trail.before("a1"), null);
});

test("ten answers are remembered, and one given again keeps its place", () => {
  const trail = new Trail("c", new Storage());
  for (let n = 1; n <= 14; n++) trail.add(step(n));
  assert.equal(trail.steps.length, LONGEST);
  trail.add({ ...step(9), lane: "new" });
  assert.deepEqual(trail.steps.map(({ id }) => id), [5, 6, 7, 8, 9, 10, 11, 12, 13, 14].map((n) => `a${n}`));
  assert.equal(trail.before("a10").lane, "new");
});

test("campaigns have trails of their own", () => {
  const storage = new Storage();
  new Trail("c", storage).add(step(1));
  assert.equal(new Trail("d", storage).before("x"), null);
});

test("answers can be given again as they were, but a trace belongs to its item", () => {
  const answers = {
    e: { value: [{ label: "joy", intensity: 3 }], confidence: 4 }, v: { value: [0.5, -0.25] }, w: { value: [{ label: "fear", intensity: 2 }] },
    s: { value: [{ tier: "t", start_us: 0, end_us: 5 }] }, f: { value: false }, n: { cannot_tell: true }, k: { skip: { reason: "unclear" } },
  };
  assert.deepEqual(taken({ ...answers, t: { value: { trace: "0190" } } }), answers);
  assert.deepEqual(taken({}), {});
});

test("what was begun is remembered by item, the oldest of many are forgotten", () => {
  const storage = new Storage();
  for (let n = 0; n < 25; n++) remember(`draft/${n}`, { e: { value: n } }, storage);
  assert.equal(remembered("draft/2", storage), null);
  assert.deepEqual(remembered("draft/24", storage), { e: { value: 24 } });
  remember("draft/24", {}, storage);
  assert.equal(remembered("draft/24", storage), null);
});

test("what is remembered again is the newest, and is not forgotten before what came after it", () => {
  const storage = new Storage();
  remember("same/c", { e: { value: 1 } }, storage);
  for (let n = 0; n < 15; n++) remember(`given/${n}`, { e: { value: n } }, storage);
  remember("same/c", { e: { value: 2 } }, storage);
  for (let n = 15; n < 30; n++) remember(`given/${n}`, { e: { value: n } }, storage);
  assert.deepEqual(remembered("same/c", storage), { e: { value: 2 } });
});
