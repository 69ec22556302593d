// What comes next, ready in the page: the fragments of the next items, their peaks in memory and their media loading, so that going
// on is putting nodes in. The server says what is held for this person and in which order; what it no longer names is let go at
// once, media included: nothing of somebody who stopped stays here.

import { address, columnsOf, forget as forgetBytes, keep as keepBytes } from "#app/lib/bytes.js";
import { post } from "#app/lib/sending.js";

const FIRST_SEGMENT_MS = 5000; // longer nobody waits for one item's media before the next one's begin

export class Ahead {
  #items = new Map(); // id → { id, url, root, peaks }
  #order = [];
  #turn = 0;
  #shown = []; // peaks of the item that was taken last: drawn by now, or asked for in another size

  /** Ids of what could be put in now. */
  get ready() { return this.#order.filter((id) => this.#items.get(id)?.root); }

  /** Ask what comes after the item at hand and make it ready, one item after the other. Resolves to what the server said. */
  async fill(url, at) {
    const turn = ++this.#turn;
    const { status, body } = await post(url, { at });
    if (status >= 300 || turn !== this.#turn) return { status, body };
    this.#order = body.items.map(({ id }) => id);
    this.keep(this.#order);
    for (const item of body.items) {
      if (turn !== this.#turn) break;
      if (!this.#items.has(item.id)) await this.#prepare(item);
    }
    return { status, body };
  }

  async #prepare(item) {
    const entry = { ...item, root: null, peaks: [] };
    this.#items.set(item.id, entry);
    try {
      const reply = await fetch(item.url, { headers: { "HX-Request": "true" }, credentials: "same-origin", redirect: "error" });
      if (!reply.ok) throw new Error(String(reply.status));
      const root = document.createElement("div"); // not in the page: its elements sleep, its media load
      root.innerHTML = await reply.text();
      if (!this.#items.has(item.id)) { unload(root); return; } // let go meanwhile
      entry.peaks = peaksOf(root);
      await Promise.all([...entry.peaks.map((one) => keepBytes(one)), ...[...root.querySelectorAll("video, audio")].map(playable)]);
      if (this.#items.has(item.id)) entry.root = root;
    } catch {
      this.#items.delete(item.id); // it is asked for when its turn comes
    }
  }

  /** The next item's {id, url, root}, taken out; null when none is ready or `not` names it. */
  take(not = "") {
    const id = this.#order.find((one) => one !== not);
    const entry = this.#items.get(id);
    if (!entry?.root) return null;
    this.#items.delete(id);
    this.#shown.forEach(forgetBytes);
    this.#shown = entry.peaks;
    this.#order = this.#order.filter((one) => one !== id);
    this.#turn += 1; // what is being made ready belongs to another place now
    return entry;
  }

  /** Only these stay; all others are let go. */
  keep(ids) {
    const held = new Set(ids);
    this.#shown.forEach(forgetBytes);
    this.#shown = [];
    for (const [id, entry] of this.#items) {
      if (held.has(id)) continue;
      this.#items.delete(id);
      if (entry.root) unload(entry.root);
      entry.peaks.forEach(forgetBytes);
    }
    this.#order = this.#order.filter((id) => held.has(id));
  }
}

/** What the waves of an item will ask for first: all of it, in as many columns as the page has room for now. */
function peaksOf(root) {
  const { startUs, endUs } = root.querySelector("media-player")?.dataset ?? {};
  if (!endUs) return [];
  const columns = columnsOf(document.querySelector("wave-form .plot")?.clientWidth);
  return [...root.querySelectorAll("[data-peaks]")].map((one) => address(one.dataset.peaks, { from_us: startUs ?? 0, to_us: endUs, columns }));
}

function playable(media) {
  return new Promise((done) => {
    if (media.readyState >= 3) { done(); return; }
    for (const name of ["canplay", "error"]) media.addEventListener(name, done, { once: true });
    setTimeout(done, FIRST_SEGMENT_MS);
  });
}

function unload(root) {
  for (const media of root.querySelectorAll("video, audio")) {
    media.removeAttribute("src");
    media.load();
  }
}

export const ahead = new Ahead();
