// Live continuous rating: what is sampled, how a held key moves, and how samples travel.
//
// Guarantees, kept here and tested: times are whole µs on the recording clock and strictly increase; a value stays within −1…1,
// unless its axis has no ends; with two axes a value is a pair, and both are of the same moment; a sample exists only for a moment that really played; wherever the next sample is more than MAX_GAP_US later, or the clock was
// interrupted, the sample after the hole carries a flag. Nothing is guessed: a hole stays a hole. A page that is late is not yet a
// hole: media play on beside it and the browser stamps every movement of the hand with its moment, so what was rated meanwhile is
// known, and is kept once the page comes to it (`Hand`, `owed`).
//
// The clock is the clip's: one sample for each presented frame of a picture, one every SOUND_US of a sound. Beside its media time a
// sample carries the page's monotonic clock. What is drawn may be smoothed; what is kept never is.

import { clamp } from "#app/lib/clock.js";

export const STEP_US = 5_000;      // a floor: no picture has more than 200 frames a second
export const SOUND_US = 10_000;    // without a picture: a hundred samples a second
export const REPLAY_US = 10_000_000; // so much is played again when a trace is taken up in another sitting
export const MAX_GAP_US = 200_000; // a longer hole is marked

export const LATE_US = 100_000;    // a page this much behind waits for the movements that the browser holds for it
export const OWED_US = 1_000_000;  // beyond this nobody says what was seen
const CATCH_UP_US = 40_000;        // how far apart the samples of a late page are
const CLOCKS_US = 100_000;         // media and wall clock may differ by this when both have run

/**
 * What is known about a sample besides its value; the bits of the stored format (affect/codecs/trace.py).
 * GAP: nothing is known between the sample before and this one — a pause, a stall, a hidden page, a frozen machine.
 * BACK: the rater went back before this sample; what stood from here on was replaced. INPUT: another device from here on.
 * RESUMED: a seam; the rater came back in another sitting, heard some seconds again, and goes on here. It always has a GAP.
 */
export const FLAG = Object.freeze({ GAP: 1, BACK: 2, INPUT: 4, RESUMED: 16 });

const within = (value) => (Array.isArray(value) ? value.map((one) => clamp(one, -1, 1)) : clamp(value, -1, 1));
const known = (value) => (Array.isArray(value) ? value.every(Number.isFinite) : Number.isFinite(value));

export class Sampler {
  #last = null;
  #pending = 0;
  #sequence = 0;
  #waiting = [];
  #stats = { samples: 0, largestGapUs: 0, firstUs: null, lastUs: null };

  #bounded;
  #maxGapUs;
  #clock = 0;

  /**
   * A recording that goes on after a reload continues the numbering of its chunks and, after `lastUs`, its time; `resumed` declares
   * the seam. `maxGapUs` is what the scheme lets two samples be apart, where that is less than MAX_GAP_US.
   */
  constructor({ sequence = 0, lastUs = null, resumed = false, bounded = true, maxGapUs = MAX_GAP_US } = {}) {
    this.#sequence = sequence;
    this.#last = lastUs;
    this.#bounded = bounded;
    this.#maxGapUs = Math.min(MAX_GAP_US, maxGapUs);
    if (lastUs !== null) this.#pending = FLAG.GAP | (resumed ? FLAG.RESUMED : 0);
  }

  /** The next moment of play, at `ms` of the page's clock. Returns the stored sample {us, value, flags, ms}, or null when nothing new has played. */
  sample(us, value, ms) {
    us = Math.round(us);
    if (!Number.isFinite(us) || !known(value)) return null;
    if (this.#last !== null && us <= this.#last) return null;
    const step = this.#last === null ? 0 : us - this.#last;
    if (this.#last !== null && step < STEP_US && !this.#pending) return null;
    let flags = this.#pending;
    if (step > this.#maxGapUs) flags |= FLAG.GAP;
    if (Number.isFinite(ms)) ms = this.#clock = Math.max(this.#clock, ms); // a frame may be told with a time before an event's
    const sample = { us, value: this.#bounded ? within(value) : value, flags, ms };
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
  #moves;

  constructor(value = 0) { this.#moves = [{ ms: -Infinity, value }]; }

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
 * have run up to their end and may have rested since. `lateUs` is how far behind a page is late, `stepUs` how close samples lie.
 */
export function owed(last, us, ms, { ended = false, lateUs = LATE_US, stepUs = CATCH_UP_US } = {}) {
  if (last === null) return [];
  const [played, passed] = [us - last.us, (ms - last.ms) * 1000];
  const ran = ended ? passed >= played - CLOCKS_US : Math.abs(passed - played) <= CLOCKS_US;
  if (played <= lateUs || played > OWED_US || !ran) return [];
  const n = Math.ceil(played / stepUs);
  return Array.from({ length: n - 1 }, (_, i) => ((i + 1) * played) / n).map((on) => ({ us: last.us + on, ms: last.ms + on / 1000 }));
}

const rounded = (value) => Math.round(value * 1e6) / 1e6;

/**
 * A chunk as it travels: equal-length columns, times absolute; the clock's times where they are known. Values to 6 places: finer
 * than any screen or stick.
 */
export function encode(sequence, samples) {
  const chunk = {
    sequence,
    times_us: samples.map((sample) => sample.us),
    values: samples.map(({ value }) => (Array.isArray(value) ? value.map(rounded) : rounded(value))),
    flags: samples.map((sample) => sample.flags),
  };
  if (samples.every(({ ms }) => Number.isFinite(ms))) chunk.clock_us = samples.map(({ ms }) => Math.round(ms * 1000));
  return chunk;
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

/**
 * From where an unfinished trace goes on: {clientId, sequence, us} or null to begin one. `kept` is what this browser remembers (or
 * null), `has` what the server holds ({client_id, have, kept_until_us, finished}), `waiting` the chunks that are still to be sent.
 * It goes on after the parts that are in one place or the other without a hole; the last one may have been lost with the page. With
 * a hole in the middle no trace can be made of it.
 */
export function earlier(kept, has, waiting = []) {
  const there = new Set([...has.have, ...waiting.map((chunk) => chunk.sequence)]);
  let sequence = 0;
  while (there.has(sequence)) sequence += 1;
  if (has.finished || sequence === 0 || sequence < there.size) return null;
  if (kept?.sequence === sequence) return kept;
  const us = waiting.find((chunk) => chunk.sequence === sequence - 1)?.times_us.at(-1) ?? has.kept_until_us;
  const spans = kept?.spans?.filter(([from]) => from < us).map(([from, to]) => [from, Math.min(to, us)]);
  return { ...kept, clientId: kept?.clientId ?? has.client_id, sequence, us, ...(spans ? { spans } : {}) };
}
