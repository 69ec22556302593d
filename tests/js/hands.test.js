import assert from "node:assert/strict";
import { test } from "node:test";

import { KeyHand, Lateness, NOTCH_STEP, stick, STICK, stickMoves, tilt, turned } from "#app/lib/hands.js";

test("it works: a stick pushed up for a second moves the value by its gain, and it stays there", () => {
  let value = -0.7;
  for (let ms = 0; ms < 1000; ms += 8) value = stickMoves(value, 1, 8, { ...STICK, gain: 1 });
  assert.ok(Math.abs(value - 0.3) < 1e-9);
  assert.equal(stickMoves(value, 0, 500, STICK), value);
});

test("however often a stick is asked, it moves the same", () => {
  for (const every of [4, 8, 20, 40]) {
    let value = 0;
    for (let ms = 0; ms < 400; ms += every) value = stickMoves(value, 0.6, every, STICK);
    assert.ok(Math.abs(value - stickMoves(0, 0.6, 400, STICK)) < 1e-9);
  }
});

test("a stick that springs back puts the value where it is, and back to the middle", () => {
  const spring = { ...STICK, mode: "spring", deadZone: 0.1 };
  assert.equal(stickMoves(-0.9, 1, 8, spring), 1);
  assert.equal(stickMoves(0.9, 0.05, 8, spring), 0);
  assert.ok(Math.abs(stickMoves(0, -0.55, 8, spring) + 0.5) < 1e-9);
});

test("the dead zone is quiet, and there is no jump at its rim", () => {
  assert.equal(tilt(0.12, STICK), 0);
  assert.equal(tilt(-0.12, STICK), 0);
  assert.ok(Math.abs(tilt(0.121, STICK)) < 0.002);
  assert.equal(tilt(1, STICK), 1);
  assert.equal(tilt(-1.01, STICK), -1);
  assert.equal(tilt(NaN, STICK), 0);
});

test("without ends the stick and the keys go on", () => {
  assert.equal(stickMoves(5, 1, 1000, { ...STICK, gain: 2 }, { bounded: false }), 7);
  const keys = new KeyHand(0.9, { bounded: false });
  keys.press(1, 0);
  assert.ok(keys.read(2000) > 2);
});

test("a notch of the wheel is one step, in whatever unit the browser counts", () => {
  for (const [delta, mode] of [[-100, 0], [-3, 1], [-1, 2]]) assert.equal(turned(delta, mode), NOTCH_STEP);
  assert.equal(turned(50), -NOTCH_STEP / 2);
});

test("whatever was remembered, a usable stick comes out", () => {
  for (const kept of [null, undefined, {}, { mode: "fly", gain: "much", deadZone: -1 }, { gain: 99, deadZone: 0.9 }, []]) assert.deepEqual(stick(kept), { ...STICK });
  assert.deepEqual(stick({ mode: "spring", gain: 2, deadZone: 0.2 }), { mode: "spring", gain: 2, deadZone: 0.2 });
});

test("lateness tells its percentiles", () => {
  const late = new Lateness();
  assert.equal(late.at(0.5), null);
  for (let ms = 1; ms <= 100; ms++) late.add(ms);
  late.add(NaN);
  late.add(-3);
  assert.deepEqual([late.n, late.at(0.5), late.at(0.99), late.at(1)], [100, 50, 99, 100]);
});
