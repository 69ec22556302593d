// What a person entered stays in the browser until the server has acknowledged it.
//
// An entry goes in a lane (its client_id) and leaves in order within it; lanes do not wait for each other. What becomes of it:
//   2xx             acknowledged, removed
//   410             the participant withdrew: removed with the whole lane, and the reason is shown
//   400 404 409 412 413 422, 403   kept and shown; the lane waits until the person tries again or discards it
//   401             kept; waits for the person to sign in again
//   no reply, 408, 425, 429, 5xx   sent again after a growing pause; the client_id makes a repeat harmless
// The store is anything with all(), put(entry), remove(key) — IndexedDB in the browser (kept.js).

export const PAUSES_MS = [500, 1000, 2000, 4000, 8000, 15_000, 30_000];

const verdict = (status) => {
  if (status >= 200 && status < 300) return "acknowledged";
  if (status === 410) return "dropped";
  if (status === 401) return "signed-out";
  if (status === 0 || status === 408 || status === 425 || status === 429 || status >= 500) return "again";
  return "refused";
};

export class Outbox extends EventTarget {
  #store;
  #send;
  #owner;
  #now;
  #entries = new Map();
  #busy = new Set();
  #timer = null;
  #opened;

  /** store: see above. send(entry) → {status, body, retryAfterMs?}; status 0 = no reply. owner: whose entries are sent. */
  constructor({ store, send, owner = "", now = () => Date.now() }) {
    super();
    [this.#store, this.#send, this.#owner, this.#now] = [store, send, owner, now];
    this.#opened = this.#open();
  }

  async #open() {
    for (const entry of await this.#store.all()) {
      if (entry.owner !== this.#owner) continue;
      // A reload is a fresh attempt: pauses and "signed out" belong to the page that has gone.
      this.#entries.set(entry.key, { ...entry, state: entry.state === "refused" ? "refused" : "waiting", due: 0 });
    }
  }

  get opened() { return this.#opened; }

  get entries() { return [...this.#entries.values()].sort((a, b) => a.order - b.order); }

  get waiting() { return this.entries.filter((entry) => entry.state !== "refused"); }

  get refused() { return this.entries.filter((entry) => entry.state === "refused"); }

  /**
   * Keep an entry and send it. {lane, kind, number, url, body}: the same lane, kind and number is the same entry, put once.
   * Resolves when it is safely stored here, not when it has arrived.
   */
  async put({ lane, kind, number = 0, url, body }) {
    await this.#opened;
    const key = `${this.#owner}/${lane}/${kind}/${number}`;
    if (!this.#entries.has(key)) {
      const order = Math.max(this.#now() * 1000, ...this.entries.map((entry) => entry.order + 1));
      const entry = { key, owner: this.#owner, lane, kind, number, url, body, order, state: "waiting", attempts: 0, due: 0 };
      this.#entries.set(key, entry);
      await this.#store.put(entry);
      this.#tell("change", {});
    }
    this.flush();
    return key;
  }

  /** Send whatever may go now. Safe to call at any time. */
  async flush() {
    await this.#opened;
    clearTimeout(this.#timer);
    const lanes = new Map();
    for (const entry of this.entries) if (!lanes.has(entry.lane)) lanes.set(entry.lane, entry);
    await Promise.all([...lanes.keys()].map((lane) => this.#run(lane)));
    this.#plan();
  }

  async #run(lane) {
    if (this.#busy.has(lane)) return;
    this.#busy.add(lane);
    try {
      for (;;) {
        const entry = this.entries.find((one) => one.lane === lane);
        if (!entry || entry.state !== "waiting" || entry.due > this.#now()) return;
        if (!(await this.#deliver(entry))) return;
      }
    } finally {
      this.#busy.delete(lane);
    }
  }

  async #deliver(entry) {
    let reply;
    try {
      reply = await this.#send(entry);
    } catch (error) {
      reply = { status: 0, body: { detail: String(error?.message ?? error) } };
    }
    if (!this.#entries.has(entry.key)) return true; // discarded meanwhile
    const what = verdict(reply.status);
    if (what === "acknowledged") {
      await this.#forget(entry);
      this.#tell("acknowledged", { entry, body: reply.body });
      return true;
    }
    if (what === "dropped") {
      const gone = this.entries.filter((one) => one.lane === entry.lane);
      for (const one of gone) await this.#forget(one);
      this.#tell("dropped", { entry, count: gone.length, body: reply.body });
      return false;
    }
    entry.attempts += 1;
    entry.reason = { status: reply.status, code: reply.body?.code ?? "", detail: reply.body?.detail ?? "" };
    if (what === "again") {
      const pause = reply.retryAfterMs ?? PAUSES_MS[Math.min(entry.attempts, PAUSES_MS.length) - 1];
      entry.due = this.#now() + pause;
    } else {
      entry.state = what;
    }
    await this.#store.put(entry);
    this.#tell(what, { entry, body: reply.body });
    return false;
  }

  /** Wake up when the next pause is over. */
  #plan() {
    const due = this.entries.filter((entry) => entry.state === "waiting").map((entry) => entry.due);
    if (!due.length) return;
    this.#timer = setTimeout(() => this.flush(), Math.max(50, Math.min(...due) - this.#now()));
    this.#timer.unref?.();
  }

  /** Connection is back, or the person asked: no pause, refused ones too when `all`. */
  async retry({ all = false } = {}) {
    await this.#opened;
    for (const entry of this.entries) {
      if (entry.state === "refused" && !all) continue;
      Object.assign(entry, { due: 0, state: "waiting" });
    }
    await this.flush();
  }

  /** Discard one entry by key, or everything. */
  async discard(key = null) {
    await this.#opened;
    for (const entry of this.entries) if (key === null || entry.key === key) await this.#forget(entry);
    this.#tell("change", {});
  }

  async #forget(entry) {
    this.#entries.delete(entry.key);
    await this.#store.remove(entry.key);
  }

  #tell(kind, detail) {
    const event = new Event(kind === "change" ? "change" : `outbox:${kind}`);
    event.detail = detail;
    this.dispatchEvent(event);
    if (kind !== "change") this.dispatchEvent(Object.assign(new Event("change"), { detail }));
  }

  /** Stop the timer; for tests and for pages that go away. */
  close() { clearTimeout(this.#timer); }
}
