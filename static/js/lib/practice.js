// What practice shows: a target made from a seed, the same here and on the server (affect/tracking.py), by which the server measures
// how a hand follows it. Pure: drawing and sounding it is the element's work.
//
// tests/affect/vectors/practice.json holds both sides to the same numbers.

export const DURATION_US = 24_000_000;
export const TRIALS = 6;
const INTERVALS = ["standard", "quiet", "antiphase"];

/** Numbers in [0, 1) from a seed of 32 bits: mulberry32. */
export function numbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** [time in µs, level in −1…1] of the target's turning points. */
export function knots(seed) {
  const draw = numbers(seed);
  const found = [[0, 0], [1_500_000, 0]];
  while (found.at(-1)[0] < DURATION_US) {
    const [us, before] = found.at(-1);
    const at = us + (1200 + Math.floor(draw() * 1800)) * 1000;
    let level = draw() * 2 - 1;
    if (Math.abs(level - before) < 0.5) level = before + (before > 0 ? -0.7 : 0.7);
    found.push([at, level]);
  }
  return found;
}

/** The target as a function of time. */
export function target(seed) {
  const at = knots(seed);
  return (us) => {
    const left = Math.max(0, Math.min(at.length - 2, at.findLastIndex(([time]) => time <= us)));
    const [[from, low], [to, high]] = [at[left], at[left + 1]];
    return low + ((high - low) * (1 - Math.cos((Math.PI * (us - from)) / (to - from)))) / 2;
  };
}

/** The intervals of each trial of the headphone check, in their order. */
export function trials(seed) {
  const draw = numbers(seed);
  return Array.from({ length: TRIALS }, () => {
    const order = [...INTERVALS];
    for (const last of [2, 1]) {
      const other = Math.floor(draw() * (last + 1));
      [order[last], order[other]] = [order[other], order[last]];
    }
    return order;
  });
}

/**
 * One tone of the headphone check as two channels (left, right) of samples: 200 Hz, a second long, with ramps of 100 ms. The quiet
 * one is 6 dB lower; the one in antiphase has its channels opposed, so that two loudspeakers cancel it in the air.
 */
export function tone(kind, rate) {
  const [n, ramp] = [rate, Math.round(rate / 10)];
  const loud = 0.3 * (kind === "quiet" ? 10 ** (-6 / 20) : 1);
  const left = Float32Array.from({ length: n }, (_, i) => {
    const edge = Math.min(1, i / ramp, (n - 1 - i) / ramp);
    return loud * Math.sin((2 * Math.PI * 200 * i) / rate) * (0.5 - 0.5 * Math.cos(Math.PI * edge));
  });
  return [left, kind === "antiphase" ? left.map((one) => -one) : left];
}
