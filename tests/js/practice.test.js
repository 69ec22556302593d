import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { DURATION_US, knots, numbers, target, tone, trials } from "#app/lib/practice.js";

const { seeds } = JSON.parse(readFileSync(new URL("../affect/vectors/practice.json", import.meta.url)));

test("it works: a target is the same here and on the server", () => {
  assert.ok(seeds.length > 3);
  for (const one of seeds) {
    const draw = numbers(one.seed);
    assert.deepEqual(Array.from({ length: 5 }, draw), one.numbers);
    assert.deepEqual(knots(one.seed), one.knots);
    assert.deepEqual(trials(one.seed), one.trials);
    const made = target(one.seed);
    one.times_us.forEach((us, i) => assert.ok(Math.abs(made(us) - one.target[i]) < 1e-12, `seed ${one.seed} at ${us}`));
  }
});

test("a target begins at rest, stays within its ends and moves all the while", () => {
  for (let seed = 0; seed < 50; seed++) {
    const made = target(seed);
    const values = Array.from({ length: DURATION_US / 10_000 }, (_, i) => made(i * 10_000));
    assert.equal(values[0], 0);
    assert.ok(values.every((one) => one >= -1 && one <= 1));
    assert.ok(Math.max(...values) - Math.min(...values) > 0.7);
    assert.ok(values.every((one, i) => i === 0 || Math.abs(one - values[i - 1]) < 0.03), "no jump that no hand could follow");
  }
});

test("the tones of the headphone check are what they are called", () => {
  const power = (samples) => samples.reduce((sum, one) => sum + one * one, 0);
  const [[left, right], [quiet], [plus, minus]] = ["standard", "quiet", "antiphase"].map((kind) => tone(kind, 8000));
  assert.equal(left.length, 8000);
  assert.ok(Math.abs(10 * Math.log10(power(quiet) / power(left)) + 6) < 0.01);
  assert.deepEqual(left, right);
  assert.ok(plus.every((one, i) => one + minus[i] === 0), "in the air between two loudspeakers nothing is left");
  assert.ok(Math.abs(power(plus) - power(left)) < 1e-6, "through headphones it is as loud");
  assert.ok(Math.abs(left[0]) < 1e-9 && Math.abs(left.at(-1)) < 1e-9, "no click at its ends");
});
