import assert from "node:assert/strict";
import { test } from "node:test";

import { levelFor, paint } from "#app/lib/spectrum.js";
import { actOf, ACTS, around, neighbour } from "#app/lib/transport.js";
import { CLOSEST_US, ticks, View } from "#app/lib/view.js";
import { wordAt } from "#app/lib/words.js";

test("zooming keeps what is under the pointer there, and ends at the item and at a quarter of a second", () => {
  const view = new View(10e6, 110e6);
  view.zoom(0.5, 35e6);
  assert.equal(view.lengthUs, 50e6);
  assert.equal((35e6 - view.fromUs) / view.lengthUs, 0.25);
  for (let n = 0; n < 40; n++) view.zoom(0.5, 35e6);
  assert.equal(view.lengthUs, CLOSEST_US);
  assert.ok(view.fromUs <= 35e6 && view.toUs >= 35e6);
  for (let n = 0; n < 40; n++) view.zoom(2, 35e6);
  assert.ok(view.whole);
  assert.deepEqual([view.fromUs, view.toUs], [10e6, 110e6]);
});

test("scrolling never leaves the item, and four hours are whole microseconds", () => {
  const view = new View(0, 14_400e6);
  view.zoom(0.001, 7_200e6);
  view.scroll(-1e6);
  assert.equal(view.fromUs, 0);
  view.scroll(1e6);
  assert.equal(view.toUs, 14_400e6);
  assert.ok(Number.isInteger(view.fromUs));
});

test("the page is turned before the playhead leaves it, and not where there is no more to turn", () => {
  const view = new View(0, 100e6);
  assert.equal(view.follow(99e6), false, "all is shown");
  view.zoom(0.1, 0);
  assert.equal(view.follow(5e6), false);
  assert.equal(view.follow(9.5e6), true);
  assert.ok(view.fromUs > 8e6 && view.fromUs < 9.5e6);
  view.begin(90e6);
  assert.equal(view.follow(99.9e6), false);
  assert.equal(view.follow(3e6), true, "and back, after a jump");
});

test("a ruler has round times, few enough to be read", () => {
  const { at, step } = ticks(0, 14_400e6, 8);
  assert.ok(at.length <= 9);
  assert.equal(step, 1_800e6);
  assert.deepEqual(ticks(2.1e6, 4.1e6, 4, 2e6).at, [2.5e6, 3e6, 3.5e6, 4e6]);
});

test("of a spectrogram the coarsest level is taken that still fills the picture", () => {
  const levels = [20_000, 80_000, 320_000, 1_280_000, 5_120_000].map((column_us) => ({ column_us }));
  assert.equal(levelFor(levels, 5e6, 800), 0);
  assert.equal(levelFor(levels, 60e6, 800), 1);
  assert.equal(levelFor(levels, 14_400e6, 800), 4);
  for (const seconds of [60, 600, 3600, 14_400]) {
    const columns = (seconds * 1e6) / levels[levelFor(levels, seconds * 1e6, 800)].column_us;
    assert.ok(columns >= 600 && columns <= 4 * 800, `${seconds}: ${columns}`);
  }
});

test("a tile's low pitch is at the bottom, silence is clear and the loudest opaque", () => {
  const pixels = new Uint8ClampedArray(4 * 2 * 3);
  paint(pixels, new Uint8Array([31, 0, 0, 0, 0, 15]), 3, 31, [1, 2, 3]);
  const alpha = (x, y) => pixels[4 * (y * 2 + x) + 3];
  assert.equal(alpha(0, 2), 255);
  assert.equal(alpha(0, 0), 0);
  assert.ok(alpha(1, 0) > 40 && alpha(1, 0) < 128);
  assert.deepEqual([...pixels.slice(16, 19)], [1, 2, 3]);
});

const press = (code, more = {}) => ({ code, target: { tagName: "BODY" }, shiftKey: false, altKey: false, ctrlKey: false, metaKey: false, ...more });

test("no key does two things, with Alt or without", () => {
  const plain = Object.values(ACTS).map(({ code, shift }) => `${code}${shift ? "+" : ""}`);
  const alt = Object.values(ACTS).map(({ code, shift, alt: other }) => `${other ?? code}${shift ? "+" : ""}`);
  assert.equal(new Set(plain).size, plain.length);
  assert.equal(new Set(alt).size, alt.length);
});

test("while somebody writes, the keys are theirs, and with Alt the player's", () => {
  const field = { tagName: "TEXTAREA" };
  assert.equal(actOf(press("KeyZ")), "again");
  assert.equal(actOf(press("KeyZ", { shiftKey: true })), "loop");
  assert.equal(actOf(press("KeyZ", { target: field })), undefined);
  assert.equal(actOf(press("KeyZ", { target: field, altKey: true })), "again");
  assert.equal(actOf(press("KeyK", { target: field, altKey: true })), "play");
  assert.equal(actOf(press("Space", { target: field, altKey: true })), undefined, "the system's own");
  assert.equal(actOf(press("ArrowLeft", { target: field, altKey: true })), "back");
  assert.equal(actOf(press("KeyZ", { target: field, altKey: true, ctrlKey: true })), undefined, "AltGr writes");
  assert.equal(actOf(press("KeyZ", { target: field, altKey: true, getModifierState: () => true })), undefined);
});

test("segments are gone through one by one, and the shortest around here is the one that is meant", () => {
  const spans = [[5e6, 9e6], [0, 4e6], [20e6, 30e6], [22e6, 23e6]];
  assert.equal(neighbour(spans, 0, 1), 5e6);
  assert.equal(neighbour(spans, 9e6, 1), 20e6);
  assert.equal(neighbour(spans, 8e6, -1), 5e6);
  assert.equal(neighbour(spans, 5.3e6, -1), 0);
  assert.equal(neighbour(spans, 25e6, 1), undefined);
  assert.deepEqual(around(spans, 22.5e6), [22e6, 23e6]);
  assert.equal(around(spans, 15e6), undefined);
});

test("the word that is spoken is found by its time", () => {
  const text = "No, honestly  I wasn’t.";
  const times = [1e6, 1.4e6, 2e6, 2.2e6];
  const word = (us) => { const at = wordAt(text, times, us); return at && text.slice(at.begin, at.end); };
  assert.equal(word(0.5e6), null);
  assert.equal(word(1e6), "No,");
  assert.equal(word(2.1e6), "I");
  assert.equal(word(9e6), "wasn’t.");
});
