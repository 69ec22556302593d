import assert from "node:assert/strict";
import { test } from "node:test";

import { activates, ours, place, ROWS, typing } from "#app/lib/keys.js";
import { filling, outline, pairsOf, signalPath } from "#app/lib/peaks.js";

test("what the server sends are pairs", () => {
  assert.deepEqual(pairsOf(new Int8Array([-100, 120, 0, 1]).buffer), [[-100, 120], [0, 1]]);
  assert.deepEqual(pairsOf(new ArrayBuffer(0)), []);
});

test("the outline is closed, stays in its box and silence is a hairline", () => {
  const path = outline([[-128, 127], [0, 0]]);
  assert.match(path, /^M0 [\d.]+ 1 49\.5 1 50\.5 0 [\d.]+Z$/);
  for (const y of path.match(/ ([\d.]+)/g).map(Number)) assert.ok(y >= 0 && y <= 100);
  assert.equal(outline([]), "");
});

test("a quiet sound fills the box, hiss does not, and nothing leaves it", () => {
  assert.equal(filling([[-32, 16], [0, 0]]) * 32, 127);
  assert.equal(filling([[-1, 1]]), 8);
  assert.ok(filling([[-128, 127]]) * 128 <= 127);
  assert.equal(filling([]), 8);
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
