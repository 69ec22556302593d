// A window onto media time: which part is seen, and how it lies on pixels. Pure.

const STEPS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600].map((s) => s * 1e6);
const CLOSEST_US = 200_000;

export class Timescale {
  constructor([start, end]) {
    [this.start, this.end] = [start, end];
    [this.from, this.to] = [start, end];
    this.width = 1;
  }

  get length() { return this.to - this.from; }

  x(us) { return ((us - this.from) / this.length) * this.width; }

  us(x) { return this.from + (x / this.width) * this.length; }

  get usPerPixel() { return this.length / this.width; }

  /** Shows [from, from + length), as far as the media goes. */
  show(from, length = this.length) {
    const whole = this.end - this.start;
    const size = Math.min(whole, Math.max(Math.min(CLOSEST_US, whole), length));
    this.from = Math.min(this.end - size, Math.max(this.start, from));
    this.to = this.from + size;
  }

  /** Times the window's length, the time at `us` staying where it is. */
  zoom(times, us) {
    const share = (us - this.from) / this.length;
    const length = Math.min(this.end - this.start, Math.max(Math.min(CLOSEST_US, this.end - this.start), this.length * times));
    this.show(us - share * length, length);
  }

  /** Turns the page when a time has left the window; whether it did. */
  follow(us) {
    if (us >= this.from && us < this.to) return false;
    const before = this.from;
    this.show(us - this.length * 0.08);
    return this.from !== before;
  }

  /** Ticks of the ruler: times at least `apart` pixels from each other, and the digits their names need. */
  ticks(apart = 72) {
    const step = STEPS.find((one) => one / this.usPerPixel >= apart) ?? STEPS.at(-1);
    const first = Math.ceil((this.from - this.start) / step) * step + this.start;
    const times = [];
    for (let us = first; us < this.to; us += step) times.push(us);
    return { times, digits: step >= 1e6 ? 0 : step >= 1e5 ? 1 : 2 };
  }
}
