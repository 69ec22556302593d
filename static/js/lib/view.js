// The stretch of an item that its lanes show: all of them the same, on the recording clock, never beyond the item.

import { clamp } from "#app/lib/clock.js";

export const CLOSEST_US = 250_000;
const LEAD = 0.1; // share of the stretch that is kept before the playhead when it turns a page

export class View {
  constructor(leastUs, mostUs) { [this.leastUs, this.mostUs, this.fromUs, this.toUs] = [leastUs, mostUs, leastUs, mostUs]; }

  get lengthUs() { return this.toUs - this.fromUs; }

  get whole() { return this.fromUs === this.leastUs && this.toUs === this.mostUs; }

  /** In (factor below 1) or out around a time, which stays where it is on the screen. */
  zoom(factor, aroundUs) {
    const all = this.mostUs - this.leastUs;
    const length = clamp(this.lengthUs * factor, Math.min(CLOSEST_US, all), all);
    const around = clamp(aroundUs, this.fromUs, this.toUs);
    this.#show(around - ((around - this.fromUs) / this.lengthUs) * length, length);
  }

  /** Along by a share of what is shown. */
  scroll(share) { this.#show(this.fromUs + share * this.lengthUs, this.lengthUs); }

  begin(us) { this.#show(us, this.lengthUs); }

  /** Turns the page when the playhead has left it, or is about to. True when it did. */
  follow(us) {
    if (this.whole || (us >= this.fromUs && us < this.toUs - LEAD * this.lengthUs) || (us >= this.fromUs && this.toUs === this.mostUs)) return false;
    const before = this.fromUs;
    this.begin(us - LEAD * this.lengthUs);
    return this.fromUs !== before;
  }

  #show(from, length) {
    this.fromUs = Math.round(clamp(from, this.leastUs, this.mostUs - length));
    this.toUs = Math.round(this.fromUs + length);
  }
}

const STEPS_S = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];

/** Times of a ruler, µs: round ones, at most so many. `zeroUs` is what the ruler calls 0. */
export function ticks(fromUs, toUs, most, zeroUs = 0) {
  const step = (STEPS_S.find((seconds) => (toUs - fromUs) / (seconds * 1e6) <= most) ?? 14_400) * 1e6;
  const found = [];
  for (let at = Math.ceil((fromUs - zeroUs) / step) * step + zeroUs; at <= toUs; at += step) found.push(at);
  return { step, at: found };
}
