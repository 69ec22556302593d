// The hand's devices: how a held key, a wheel and a stick move a value. Every number here goes with the trace, since it is part of
// how the rating was made.
//
// Guarantees, tested: nothing depends on how often a device is asked or how the system repeats; a value of an axis with ends stays
// within −1…1; a stick inside its dead zone does nothing, and just outside of it hardly anything.

import { clamp } from "#app/lib/clock.js";

// A held key moves by our own repeats, every REPEAT_MS, a little further each time; the system's repeat rate differs between
// machines and would end up in the data.
export const REPEAT_MS = 40;
const FIRST = 0.015, GROWTH = 1.12, LARGEST = 0.06;

/** How far a key held for `ms` has moved the value. The first step comes at once. */
export function travel(ms) {
  if (ms < 0) return 0;
  let [sum, step] = [0, FIRST];
  for (let n = Math.floor(ms / REPEAT_MS); n >= 0; n--) {
    sum += step;
    step = Math.min(LARGEST, step * GROWTH);
  }
  return sum;
}

/** The value that keys move: press and release with the time of the event, read at any time, in any order, as often as one likes. */
export class KeyHand {
  #direction = 0;
  #since = 0;
  #from = 0; // the value when the key went down
  #bounded;

  constructor(value = 0, { bounded = true } = {}) {
    this.value = value;
    this.#bounded = bounded;
  }

  press(direction, now) {
    if (direction === this.#direction) return; // the system's own repeat
    [this.#from, this.#direction, this.#since] = [this.read(now), direction, now];
    this.read(now);
  }

  release(direction, now) {
    if (direction !== this.#direction) return;
    this.read(now);
    this.#direction = 0;
  }

  read(now) {
    if (this.#direction) {
      const value = this.#from + this.#direction * travel(now - this.#since);
      this.value = this.#bounded ? clamp(value, -1, 1) : value;
    }
    return this.value;
  }
}

// One notch of a wheel: 100 px where the browser tells pixels, a line or a page where it tells those.
const NOTCH = [100, 3, 1];
export const NOTCH_STEP = 0.05;

/** How far a turn of the wheel moves a value: up is more, whatever unit the browser counts in. */
export function turned(delta, mode = 0) {
  return (-delta / (NOTCH[mode] ?? NOTCH[0])) * NOTCH_STEP;
}

/** How a stick is read. `stay`: it moves the value, which stays where it is left; `spring`: the value is where the stick is. */
export const STICK = Object.freeze({ mode: "stay", gain: 1.4, deadZone: 0.12 });
export const GAINS = [0.4, 3], DEAD_ZONES = [0, 0.4];

/** Settings that were remembered, made good: whatever stood there, a usable stick comes out. */
export function stick(kept) {
  const inside = (value, [least, most], fallback) => (Number.isFinite(value) && value >= least && value <= most ? value : fallback);
  return {
    mode: kept?.mode === "spring" ? "spring" : "stay",
    gain: inside(kept?.gain, GAINS, STICK.gain),
    deadZone: inside(kept?.deadZone, DEAD_ZONES, STICK.deadZone),
  };
}

/** How far a stick is out of its dead zone, −1…1: from nothing at its rim to all of it at the end. */
export function tilt(axis, { deadZone }) {
  if (!Number.isFinite(axis) || Math.abs(axis) <= deadZone) return 0;
  return clamp((Math.sign(axis) * (Math.abs(axis) - deadZone)) / (1 - deadZone), -1, 1);
}

/** The value after a stick stood at `axis` for `ms`. `gain`: in units a second when it stays, times its way when it springs. */
export function stickMoves(value, axis, ms, settings, { bounded = true } = {}) {
  const out = tilt(axis, settings);
  const moved = settings.mode === "spring" && bounded ? out * Math.min(1, settings.gain / STICK.gain) : value + (out * settings.gain * ms) / 1000;
  return bounded ? clamp(moved, -1, 1) : moved;
}

/** How late something was, many times over: in steps of a millisecond, so that a long trace costs no more than a short one. */
export class Lateness {
  #counts = new Map();
  #n = 0;

  add(ms) {
    if (!Number.isFinite(ms) || ms < 0) return;
    const at = Math.min(2000, Math.round(ms));
    this.#counts.set(at, (this.#counts.get(at) ?? 0) + 1);
    this.#n += 1;
  }

  get n() { return this.#n; }

  /** The smallest ms that a share of all lies at or under; null when there are none. */
  at(share) {
    let left = Math.ceil(share * this.#n);
    for (const [ms, count] of [...this.#counts].sort((a, b) => a[0] - b[0])) if ((left -= count) <= 0) return ms;
    return null;
  }
}
