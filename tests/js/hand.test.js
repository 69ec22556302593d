import assert from "node:assert/strict";
import { test } from "node:test";

import { put, remember, remembered, taken } from "#app/lib/entered.js";
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

const field = (name, type, value, more = {}) => {
  const one = { name, type, value, checked: false, told: 0, dispatchEvent() { this.told += 1; }, hasAttribute: (what) => what === "data-untouched" && one.untouched, matches: () => type !== "hidden", ...more };
  return one;
};
const form = (fields) => ({ elements: fields, querySelectorAll: () => [{ querySelectorAll: () => fields.filter((one) => one.type !== "hidden") }] });
const fresh = () => [field("q.e", "radio", "joy"), field("q.e", "radio", "fear"), field("q.i", "range", "50", { untouched: true }), field("q.n", "textarea", ""), field("client_id", "hidden", "x")];

test("what was entered is put into the next form, and only changes are told", () => {
  const first = fresh();
  first[1].checked = true;
  first[3].value = "loud";
  const said = taken(form(first));
  assert.deepEqual(said, [["q.e", "fear", true], ["q.n", "loud", false]]);
  const second = fresh();
  assert.equal(put(form(second), said), 2);
  assert.deepEqual([second[0].checked, second[1].checked, second[3].value], [false, true, "loud"]);
  assert.equal(second[2].told, 0);
  assert.equal(put(form(second), said), 0);
});

test("a question that is not asked here is passed over", () => {
  assert.equal(put(form(fresh()), [["q.other", "x", true], ["q.e", "unknown", true]]), 0);
  assert.equal(put(form(fresh()), null), 0);
});

test("what was begun is remembered by item, the oldest of many are forgotten", () => {
  const storage = new Storage();
  for (let n = 0; n < 25; n++) remember(`draft/${n}`, [["q.e", "joy", true]], storage);
  assert.equal(remembered("draft/2", storage), null);
  assert.deepEqual(remembered("draft/24", storage), [["q.e", "joy", true]]);
  remember("draft/24", [], storage);
  assert.equal(remembered("draft/24", storage), null);
});
