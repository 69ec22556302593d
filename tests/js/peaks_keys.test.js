import assert from "node:assert/strict";
import { test } from "node:test";

import { activates, ours, place, ROWS, typing } from "#app/lib/keys.js";
import { columns, filling, outline, signalPath } from "#app/lib/peaks.js";

test("peaks keep the one spike among ten thousand buckets", () => {
  const bytes = new Int8Array(20_000);
  bytes[2 * 7777] = -100;
  bytes[2 * 7777 + 1] = 120;
  const pairs = columns(bytes, { columns: 100 });
  assert.equal(pairs.length, 100);
  assert.deepEqual(pairs[77], [-100, 120]);
  assert.equal(pairs.filter(([low, high]) => low || high).length, 1);
});

test("a part of a track shows that part", () => {
  const bytes = new Int8Array(200);
  bytes[2 * 50 + 1] = 90;
  assert.deepEqual(columns(bytes, { from: 0.5, to: 0.6 })[0], [0, 90]);
  assert.equal(columns(bytes, { from: 0.5, to: 0.6 }).length, 10);
  assert.deepEqual(columns(new Int8Array(0)), []);
});

test("the outline is closed, stays in its box and silence is a hairline", () => {
  const path = outline([[-128, 127], [0, 0]]);
  assert.match(path, /^M0 [\d.]+ 1 49\.5 1 50\.5 0 [\d.]+Z$/);
  for (const y of path.match(/ ([\d.]+)/g).map(Number)) assert.ok(y >= 0 && y <= 100);
  assert.equal(outline([]), "");
});

test("a quiet sound fills the box, hiss does not, and nothing leaves it", () => {
  assert.deepEqual(filling([[-32, 16], [0, 0]]).map((pair) => pair.map(Math.round)), [[-127, 64], [0, 0]]);
  assert.deepEqual(filling([[-1, 1]]), [[-8, 8]]);
  assert.ok(filling([[-128, 127]]).flat().every((value) => Math.abs(value) <= 127));
  assert.deepEqual(filling([]), []);
});

test("a signal's line breaks where there is no data and shows both extremes of a column", () => {
  const path = signalPath([0, 1, null, 2], [0, 3, null, 2], 0, 4);
  assert.equal((path.match(/M/g) ?? []).length, 2);
  assert.ok(path.startsWith("M0 96.0L1 73.0L1 27.0"));
  assert.equal(signalPath([5, 5], [5, 5], 5, 5).includes("NaN"), false, "a flat signal is still drawn");
});

test("keys are places: nine on each rating row, ten digits, the number pad too", () => {
  assert.equal(ROWS.digits.length, 10);
  assert.equal(ROWS.top.length, 9);
  assert.equal(ROWS.home.length, 9);
  assert.equal(place({ code: "KeyQ", key: "a" }), "KeyQ", "an AZERTY keyboard keeps the finger");
  assert.equal(place({ code: "Numpad3" }), "Digit3");
});

test("letters typed into a field, with a modifier or while composing are not shortcuts", () => {
  const press = (target, more = {}) => ({ code: "KeyQ", target, ...more });
  assert.equal(ours(press({ tagName: "BODY" })), true);
  assert.equal(ours(press({ tagName: "INPUT", type: "radio" })), true, "a chosen radio button does not take the letters");
  assert.equal(ours(press({ tagName: "INPUT", type: "text" })), false);
  assert.equal(ours(press({ tagName: "TEXTAREA" })), false);
  assert.equal(ours(press({ tagName: "DIV", isContentEditable: true })), false);
  assert.equal(ours(press({ tagName: "BODY" }, { ctrlKey: true })), false);
  assert.equal(ours(press({ tagName: "BODY" }, { isComposing: true })), false);
  assert.equal(typing(null), false);
  assert.equal(Boolean(activates(null)), false);
});
