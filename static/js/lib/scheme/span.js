// What was shown while answering: the media's stretch and the items compared; and how intervals cover a stretch.
// All times are whole microseconds; a stretch is half-open. The twin of affect/schemes/span.py.

import { isObject, isWhole, only } from "#app/lib/scheme/values.js";

export class Shown {
  constructor(media, told, items) { Object.assign(this, { media, told, items }); }

  static read(given, found) {
    let media = null, items = [];
    if ("media" in given) {
      const told = given.media;
      if (isObject(told) && isWhole(told.start_us) && isWhole(told.end_us) && told.start_us < told.end_us) {
        only(told, "/media", ["start_us", "end_us"], found);
        media = [told.start_us, told.end_us];
      } else {
        found.expect("/media", "an object with whole start_us and a later end_us");
      }
    }
    if ("items" in given) {
      const told = given.items;
      if (Array.isArray(told) && told.every((one) => typeof one === "string") && new Set(told).size === told.length) items = told;
      else found.expect("/items", "a list of different ids");
    }
    return new Shown(media, "media" in given, items);
  }

  /** The media's stretch, for a question that cannot be checked without. */
  stretch(at, found) {
    if (!this.media && !this.told) found.add("no_media", at);
    return this.media;
  }
}

const byStart = (a, b) => a[0] - b[0] || a[1] - b[1];

/** The stretches of the whole that no interval covers, in order. */
export function uncovered([start, end], intervals) {
  const holes = [];
  let reach = start;
  for (const [from, to] of [...intervals].sort(byStart)) {
    if (from > reach) holes.push([reach, Math.min(from, end)]);
    reach = Math.max(reach, to);
    if (reach >= end) return holes;
  }
  if (reach < end) holes.push([reach, end]);
  return holes;
}

/** Tells each gap where none may be, and a share that is too small. */
export function covering(whole, intervals, { share, noGap, at, found }) {
  const holes = uncovered(whole, intervals);
  if (noGap) for (const [start_us, end_us] of holes) found.add("gap", at, { start_us, end_us });
  const total = whole[1] - whole[0];
  const covered = total - holes.reduce((sum, [from, to]) => sum + to - from, 0);
  if (covered < share * total) found.add("coverage", at, { covered_us: covered, total_us: total, minimum: share });
}

/** Of segments [start, end, index] the indices of those that begin before an earlier one has ended. */
export function overlapping(line) {
  const indices = [];
  let reach = null;
  for (const [start, end, index] of [...line].sort((a, b) => byStart(a, b) || a[2] - b[2])) {
    if (reach !== null && start < reach) indices.push(index);
    reach = reach === null ? end : Math.max(reach, end);
  }
  return indices;
}
