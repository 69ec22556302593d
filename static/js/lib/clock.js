// Media time: whole microseconds on the recording clock, half-open [start, end).
//
// A track has a clock of its own. An alignment maps it to the recording's:
//     recording = offset + track + track × drift / 1e9        (drift in parts per billion, offset in µs)
// Everything that is stored or sent is recording time. Seconds exist only at the edge, where a media element asks for them.

/** Recording time (µs) of a time on a track's own clock (µs). */
export function toRecording(trackUs, { offsetUs = 0, driftPpb = 0 } = {}) {
  return Math.round(offsetUs + trackUs + (trackUs * driftPpb) / 1e9);
}

/** Time on the track's own clock (µs) of a recording time (µs). */
export function toTrack(recordingUs, { offsetUs = 0, driftPpb = 0 } = {}) {
  return Math.round((recordingUs - offsetUs) / (1 + driftPpb / 1e9));
}

// Where a media element's own zero lies on the track's clock. Chromium counts from the container's zero, so a film whose first frame
// stands at half a second begins there; an engine that counts from the first frame says so by the first frame it shows (`zeroOf`).

/** Position of a media element (seconds) for a recording time. */
export function toElement(recordingUs, track) {
  return Math.max(0, (toTrack(recordingUs, track) - (track.zeroUs ?? 0)) / 1e6);
}

/** Recording time (µs) that a media element at `seconds` stands at. */
export function fromElement(seconds, track) {
  return toRecording(Math.round(seconds * 1e6) + (track.zeroUs ?? 0), track);
}

/** The zero of an element whose first frame, at startUs of the track, was shown at `mediaUs` of the element. */
export function zeroOf(startUs, mediaUs) {
  return Math.abs(mediaUs - startUs) <= Math.abs(mediaUs) ? 0 : startUs;
}

export const clamp = (value, least, most) => Math.min(most, Math.max(least, value));

/** How fast a following element must run beside a leader that runs at `rate`: two clocks that drift apart never meet by chance. */
export function pace(rate, lead, track) {
  return rate * (1 + (lead.driftPpb ?? 0) / 1e9) / (1 + (track.driftPpb ?? 0) / 1e9);
}

// Twenty milliseconds is what tracks may be apart, so correcting begins well before, and goes on until little is left: with one border
// for both, a follower that hovers about it would have its speed changed all the time.
export const NEAR_US = 4_000;
export const OFF_US = 10_000;
export const FAR_US = 150_000;
const CLOSES_US = 250_000;  // a bend closes most of a distance in about a quarter of a second
const SMOOTH = 0.35;        // share of a new look in what is believed: elements tell their time with some jitter
const STEP = 0.005;         // rates are set in steps: each change costs the browser something
const REST_MS = 1_000;      // between two jumps, doubled while they do not help
const LONGEST_REST_MS = 8_000;
const LANDING_MS = 60;      // how long a jump takes, until one was seen

/** Brings one following element back to the leading track: nothing while it is near, a bent speed when it is off, a jump when it is far. */
export class Follower {
  #lag = null;
  #bent = false;
  #jumpedMs = -Infinity;
  #restMs = REST_MS;
  #landingMs = LANDING_MS;

  /** `most` is how much the speed may be bent: what is heard is bent less than what is seen. */
  constructor({ most = 0.15 } = {}) { this.most = most; }

  get lagUs() { return this.#lag ?? 0; }

  /** What to do about a lag (µs, positive = behind) at `ms`, the leader running so that `pace` keeps step: {rate} or {rate, aheadUs}
   *  for a jump to so much beyond the leader, which has gone on by the time the follower arrives. */
  next(lagUs, ms, pace = 1) {
    this.#lag = this.#lag === null ? lagUs : this.#lag + SMOOTH * (lagUs - this.#lag);
    const size = Math.abs(this.#lag);
    if (size > FAR_US && ms - this.#jumpedMs >= this.#restMs) {
      // Two jumps in a row mean that landing takes longer than was thought, or that the machine cannot follow: it is given time.
      this.#restMs = ms - this.#jumpedMs < 2 * this.#restMs ? Math.min(LONGEST_REST_MS, this.#restMs * 2) : REST_MS;
      this.#jumpedMs = ms;
      this.forget();
      return { rate: pace, aheadUs: Math.round(this.#landingMs * 1000 * pace) };
    }
    if (this.#bent ? size <= NEAR_US : size <= OFF_US) {
      this.#bent = false;
      return { rate: pace };
    }
    this.#bent = true;
    const bend = Math.round(clamp(this.#lag / CLOSES_US, -this.most, this.most) / STEP) * STEP;
    return { rate: pace * (1 + (bend || Math.sign(this.#lag) * STEP)) };
  }

  /** A jump has landed after so many ms; the next one reckons with it. */
  landed(ms) { this.#landingMs += 0.5 * (clamp(ms, 0, 1000) - this.#landingMs); }

  /** The track was moved: what was believed of its lag is over. */
  forget() {
    this.#lag = null;
    this.#bent = false;
  }
}

/** The frames of a film: where each begins on the track's clock, by its constant rate or by the times that were probed. */
export class Frames {
  #times;
  #startUs;
  #lengthUs;

  /** `rate` is [frames, seconds], as "30000/1001" says it. */
  constructor({ times = null, startUs = 0, rate = [25, 1] }) {
    this.#times = times;
    this.#startUs = startUs;
    this.#lengthUs = (rate[1] * 1e6) / rate[0];
  }

  /** Which frame is shown at a time; the container rounds its times, so the last millisecond before a frame counts as it. */
  at(us) {
    if (!this.#times) return Math.max(0, Math.floor((us - this.#startUs + 1000) / this.#lengthUs));
    let [low, high] = [0, this.#times.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#times[middle] <= us + 1000) low = middle + 1; else high = middle;
    }
    return Math.max(0, low - 1);
  }

  begins(index) {
    if (!this.#times) return this.#startUs + index * this.#lengthUs;
    return this.#times[clamp(index, 0, this.#times.length - 1)];
  }

  /** A time inside the frame so many on or back from the one at `us`: just after its beginning, where no rounding reaches its neighbour. */
  step(us, direction) {
    const last = this.#times ? this.#times.length - 1 : Infinity;
    const index = clamp(this.at(us) + direction, 0, last);
    const begin = this.begins(index);
    const length = index < last ? this.begins(index + 1) - begin : this.#lengthUs;
    return Math.round(begin + Math.min(length / 2, 5_000));
  }
}

/** The union of the stretches that were played: what a person has really seen or heard. */
export class Coverage {
  #spans = [];

  add(from, to) {
    if (!(to > from)) return;
    const kept = [];
    for (const [start, end] of this.#spans) {
      if (end < from || start > to) kept.push([start, end]);
      else [from, to] = [Math.min(from, start), Math.max(to, end)];
    }
    kept.push([from, to]);
    this.#spans = kept.sort((a, b) => a[0] - b[0]);
  }

  get spans() { return this.#spans.map((span) => [...span]); }

  get totalUs() { return this.#spans.reduce((sum, [start, end]) => sum + end - start, 0); }
}
