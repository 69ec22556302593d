// Live continuous rating: what is sampled, how a held key moves, and how samples travel.
//
// Guarantees, kept here and tested: times are whole µs on the recording clock and strictly increase; a value stays within −1…1;
// a sample exists only for a moment that really played; wherever the next sample is more than MAX_GAP_US later, or the clock was
// interrupted, the sample after the hole carries a flag. Nothing is guessed: a hole stays a hole. A page that is late is not yet a
// hole: media play on beside it and the browser stamps every movement of the hand with its moment, so what was rated meanwhile is
// known, and is kept once the page comes to it (`Hand`, `owed`).

import { clamp } from "#app/lib/clock.js";

export const STEP_US = 16_000;     // at most about 60 samples a second of media time, which is what a screen can follow
export const MAX_GAP_US = 200_000; // a longer hole is marked

export const LATE_US = 100_000;    // a page this much behind waits for the movements that the browser holds for it
export const OWED_US = 1_000_000;  // beyond this nobody says what was seen
const CATCH_UP_US = 40_000;        // how far apart the samples of a late page are
const CLOCKS_US = 100_000;         // media and wall clock may differ by this when both have run

/**
 * What is known about a sample besides its value; the bits of the stored format (affect/codecs/trace.py).
 * GAP: nothing is known between the sample before and this one — a pause, a stall, a hidden page, a frozen machine.
 * BACK: the rater went back before this sample; what stood from here on was replaced. INPUT: another device from here on.
 */
export const FLAG = Object.freeze({ GAP: 1, BACK: 2, INPUT: 4 });

export class Sampler {
  #last = null;
  #pending = 0;
  #sequence = 0;
  #waiting = [];
  #stats = { samples: 0, largestGapUs: 0, firstUs: null, lastUs: null };

  /** A recording that goes on after a reload continues the numbering of its chunks and, after `lastUs`, its time. */
  constructor({ sequence = 0, lastUs = null } = {}) {
    this.#sequence = sequence;
    this.#last = lastUs;
    if (lastUs !== null) this.#pending = FLAG.GAP;
  }

  /** The next moment of play. Returns the stored sample {us, value, flags}, or null when nothing new has played. */
  sample(us, value) {
    us = Math.round(us);
    if (!Number.isFinite(us) || !Number.isFinite(value)) return null;
    if (this.#last !== null && us <= this.#last) return null;
    const step = this.#last === null ? 0 : us - this.#last;
    if (this.#last !== null && step < STEP_US && !this.#pending) return null;
    let flags = this.#pending;
    if (step > MAX_GAP_US) flags |= FLAG.GAP;
    const sample = { us, value: clamp(value, -1, 1), flags };
    this.#waiting.push(sample);
    if (!(flags & (FLAG.GAP | FLAG.BACK))) this.#stats.largestGapUs = Math.max(this.#stats.largestGapUs, step);
    this.#stats.samples += 1;
    this.#stats.firstUs ??= us;
    this.#stats.lastUs = us;
    [this.#last, this.#pending] = [us, 0];
    return sample;
  }

  /** Play stopped, or nobody was looking: the next sample does not continue the one before. */
  interrupt() { if (this.#last !== null) this.#pending |= FLAG.GAP; }

  /** Another device moves the value from the next sample on. */
  changeInput() { if (this.#last !== null) this.#pending |= FLAG.INPUT; }

  /**
   * Rate again from `us`: later samples count no more. What waits is cut; what was sent is replaced by the receiver, which drops
   * everything at or after the first time of a chunk whose first sample carries BACK.
   */
  back(us) {
    this.#waiting = this.#waiting.filter((sample) => sample.us < us);
    this.#pending |= FLAG.BACK;
    this.#last = Math.round(us) - 1;
  }

  /** Has anything to send? */
  get waiting() { return this.#waiting.length; }

  get chunks() { return this.#sequence; }

  get stats() { return { ...this.#stats }; }

  /** Takes what waits as the next chunk {sequence, times_us, values, flags}; null when there is nothing. */
  chunk() {
    if (!this.#waiting.length) return null;
    const samples = this.#waiting;
    this.#waiting = [];
    return encode(this.#sequence++, samples);
  }
}

/** Where the hand was, by the time (ms) of its own events: between two movements it rested. */
export class Hand {
  #moves = [{ ms: -Infinity, value: 0 }];

  /** A movement, told as late as you like; it replaces what was believed of the time from then on. */
  move(ms, value) {
    while (this.#moves.at(-1)?.ms >= ms) this.#moves.pop();
    this.#moves.push({ ms, value });
  }

  at(ms) { return (this.#moves.findLast((move) => move.ms <= ms) ?? this.#moves[0]).value; }

  /** What lies before `ms` is not asked for again. */
  forget(ms) {
    const first = this.#moves.findLastIndex((move) => move.ms <= ms);
    if (first > 0) this.#moves.splice(0, first);
  }
}

/**
 * The moments {us, ms} between the last sample and now that a late page still has to keep, oldest first. Normal speed, as for every
 * trace. None when the page is not late, when it was so for too long, or when the media did not run all the while; `ended` media
 * have run up to their end and may have rested since.
 */
export function owed(last, us, ms, { ended = false } = {}) {
  if (last === null) return [];
  const [played, passed] = [us - last.us, (ms - last.ms) * 1000];
  const ran = ended ? passed >= played - CLOCKS_US : Math.abs(passed - played) <= CLOCKS_US;
  if (played <= LATE_US || played > OWED_US || !ran) return [];
  const n = Math.ceil(played / CATCH_UP_US);
  return Array.from({ length: n - 1 }, (_, i) => ((i + 1) * played) / n).map((on) => ({ us: last.us + on, ms: last.ms + on / 1000 }));
}

/** A chunk as it travels: equal-length columns, times absolute. Values to 6 places: finer than any screen or stick. */
export function encode(sequence, samples) {
  return {
    sequence,
    times_us: samples.map((sample) => sample.us),
    values: samples.map((sample) => Math.round(sample.value * 1e6) / 1e6),
    flags: samples.map((sample) => sample.flags),
  };
}

/** Joins chunks in order of sequence as the receiver does: BACK replaces what it goes back over; repeats count once. */
export function join(chunks) {
  const samples = [];
  const seen = new Set();
  for (const chunk of [...chunks].sort((a, b) => a.sequence - b.sequence)) {
    if (seen.has(chunk.sequence)) continue;
    seen.add(chunk.sequence);
    chunk.times_us.forEach((us, i) => {
      if (chunk.flags[i] & FLAG.BACK) while (samples.length && samples.at(-1).us >= us) samples.pop();
      samples.push({ us, value: chunk.values[i], flags: chunk.flags[i] });
    });
  }
  return samples;
}

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

  constructor(value = 0) { this.value = value; }

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
    if (this.#direction) this.value = clamp(this.#from + this.#direction * travel(now - this.#since), -1, 1);
    return this.value;
  }
}
