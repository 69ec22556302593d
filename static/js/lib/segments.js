// Segments on tiers: what can be done to them, and undone. Pure; times are whole microseconds, half-open [start, end).
//
// A segment is never changed, it is replaced: a state is a list in order of time, and the past is a list of such lists. What may
// not overlap gives way where a person paints, and stops at its neighbour where a person drags.

export const SHORTEST_US = 20_000; // what a hand can mean; a tier may ask for more

const clamp = (value, least, most) => Math.min(most, Math.max(least, value));
const inOrder = (a, b) => a.start_us - b.start_us || a.end_us - b.end_us || a.id - b.id;

export class Segments {
  #tiers;
  #media;
  #all = [];
  #past = [];
  #next = 1;

  constructor(tiers, media) {
    this.#tiers = new Map(tiers.map((tier) => [tier.id, tier]));
    this.#media = media;
  }

  get all() { return this.#all; }

  get size() { return this.#all.length; }

  get undoable() { return this.#past.length > 0; }

  /** In the wire format. */
  get value() { return this.#all.map(({ id, ...rest }) => rest); }

  set value(list) {
    this.#past = [];
    this.#all = list.map((one) => ({ ...one, id: this.#next++ })).sort(inOrder);
  }

  get(id) { return this.#all.find((one) => one.id === id); }

  index(id) { return this.#all.findIndex((one) => one.id === id); }

  /** The segment before or after this one in time, on any tier; from a time when there is none. */
  beside(id, direction, us) {
    const index = this.index(id);
    if (index >= 0) return this.#all[index + direction];
    return direction > 0 ? this.#all.find((one) => one.start_us >= us) : this.#all.findLast((one) => one.start_us <= us);
  }

  /** Those that lie in a window, in order of time. */
  within(from, to) {
    const found = [];
    for (const one of this.#all) {
      if (one.start_us >= to) break;
      if (one.end_us > from) found.push(one);
    }
    return found;
  }

  undo() {
    const before = this.#past.pop();
    if (before) this.#all = before;
    return Boolean(before);
  }

  #become(list) {
    this.#past.push(this.#all);
    if (this.#past.length > 200) this.#past.shift();
    this.#all = list.sort(inOrder);
  }

  #shortest(tier) { return Math.max(SHORTEST_US, this.#tiers.get(tier).shortest_us ?? 1); }

  /** The free stretch of a tier around a time; null where a segment is and none may overlap. */
  room(tier, us, except) {
    let [low, high] = this.#media;
    if (this.#tiers.get(tier).overlap) return [low, high];
    for (const one of this.#all) {
      if (one.tier !== tier || one.id === except) continue;
      if (one.start_us <= us && us < one.end_us) return null;
      if (one.end_us <= us) low = Math.max(low, one.end_us);
      if (one.start_us > us) { high = Math.min(high, one.start_us); break; }
    }
    return [low, high];
  }

  /** A new segment that fits into the free room; its id, or null. */
  add({ tier, start_us, end_us, ...rest }) {
    const room = this.room(tier, start_us);
    if (!room) return null;
    const longest = this.#tiers.get(tier).longest_us ?? Infinity;
    const end = Math.min(end_us, room[1], start_us + longest);
    if (end - start_us < Math.min(this.#shortest(tier), room[1] - start_us) || end <= start_us) return null;
    const one = { ...rest, tier, start_us: Math.round(start_us), end_us: Math.round(end), id: this.#next++ };
    this.#become([...this.#all, one]);
    return one.id;
  }

  /** Paints a stretch: what was there before gives way, and what is left of it too short to mean anything goes. */
  paint({ tier, start_us, end_us, ...rest }) {
    const [low, high] = this.#media;
    const from = Math.round(clamp(start_us, low, high)), to = Math.round(clamp(Math.max(end_us, start_us + this.#shortest(tier)), low, high));
    if (to <= from) return null;
    const painted = { ...rest, tier, start_us: from, end_us: to, id: this.#next++ };
    const kept = this.#tiers.get(tier).overlap ? this.#all : this.#all.flatMap((one) => (one.tier === tier ? this.#without(one, from, to) : [one]));
    this.#become([...kept, painted]);
    return painted.id;
  }

  #without(one, from, to) {
    if (one.end_us <= from || one.start_us >= to) return [one];
    const parts = [[one.start_us, from], [to, one.end_us]].filter(([a, b]) => b - a >= this.#shortest(one.tier));
    return parts.map(([start_us, end_us], index) => this.#trimmed({ ...one, start_us, end_us, id: index ? this.#next++ : one.id }));
  }

  #trimmed({ apex_us, ...one }) {
    return apex_us !== undefined && apex_us >= one.start_us && apex_us < one.end_us ? { ...one, apex_us } : one;
  }

  /** Where an edge may go: inside the media, not past its other end, not into a neighbour. */
  edge(id, side, us) {
    const one = this.get(id), tier = this.#tiers.get(one.tier);
    const shortest = this.#shortest(one.tier), longest = tier.longest_us ?? Infinity;
    const room = this.room(one.tier, side === "start" ? one.start_us : one.end_us - 1, id) ?? this.#media;
    return Math.round(side === "start"
      ? clamp(us, Math.max(room[0], one.end_us - longest), one.end_us - shortest)
      : clamp(us, one.start_us + shortest, Math.min(room[1], one.start_us + longest)));
  }

  /** Replaces fields of a segment; undefined takes a field away. `quiet` while dragging: the drag began with a state to go back to. */
  set(id, fields, { quiet = false } = {}) {
    const next = this.#all.map((one) => {
      if (one.id !== id) return one;
      const changed = { ...one, ...fields };
      for (const [name, value] of Object.entries(changed)) if (value === undefined) delete changed[name];
      return this.#trimmed(changed);
    });
    if (quiet) this.#all = next.sort(inOrder); else this.#become(next);
  }

  /** Remembers the present state, for a drag that sets quietly. */
  begin() { this.#past.push([...this.#all]); }

  /** The whole segment to another place, as far as there is room. */
  moved(id, start_us) {
    const one = this.get(id), length = one.end_us - one.start_us;
    let [low, high] = this.#media;
    if (!this.#tiers.get(one.tier).overlap) {
      for (const other of this.#all) {
        if (other.tier !== one.tier || other.id === id) continue;
        if (other.end_us <= one.start_us) low = Math.max(low, other.end_us);
        if (other.start_us >= one.end_us) high = Math.min(high, other.start_us);
      }
    }
    const start = Math.round(clamp(start_us, low, Math.max(low, high - length)));
    const apex = one.apex_us === undefined ? {} : { apex_us: one.apex_us + start - one.start_us };
    return { start_us: start, end_us: start + length, ...apex };
  }

  /** Two of one; the id of the second. */
  split(id, us) {
    const one = this.get(id), at = Math.round(us), shortest = this.#shortest(one.tier);
    if (at - one.start_us < shortest || one.end_us - at < shortest) return null;
    const second = this.#trimmed({ ...one, start_us: at, id: this.#next++ });
    this.#become([...this.#all.filter((other) => other !== one), this.#trimmed({ ...one, end_us: at }), second]);
    return second.id;
  }

  /** Joins a segment with the next one of its tier; what the first one says stays. */
  merge(id) {
    const one = this.get(id);
    const next = this.#all.find((other) => other.tier === one.tier && other.id !== id && other.start_us >= one.start_us && inOrder(other, one) > 0);
    if (!next) return false;
    const end = Math.max(one.end_us, next.end_us);
    if (end - one.start_us > (this.#tiers.get(one.tier).longest_us ?? Infinity)) return false;
    this.#become(this.#all.filter((other) => other !== one && other !== next).concat({ ...one, end_us: end }));
    return true;
  }

  remove(id) { this.#become(this.#all.filter((one) => one.id !== id)); }

  /** The nearest of the edges, the playhead and the frames, when one is near enough; edges before frames. */
  snapped(us, { tolerance, marks = [], frames = [], except }) {
    let best = us, nearest = tolerance;
    const look = (mark) => { const far = Math.abs(mark - us); if (far < nearest) [best, nearest] = [mark, far]; };
    for (const one of this.within(us - tolerance, us + tolerance + 1)) {
      if (one.id === except) continue;
      look(one.start_us);
      look(one.end_us);
    }
    for (const one of this.#all) if (one.id !== except && Math.abs(one.end_us - us) < nearest) look(one.end_us);
    marks.forEach(look);
    if (best !== us || !frames.length) return Math.round(best);
    let low = 0, high = frames.length - 1;
    while (low < high) { const middle = (low + high) >> 1; if (frames[middle] < us) low = middle + 1; else high = middle; }
    for (const index of [low - 1, low]) if (frames[index] !== undefined) look(frames[index]);
    return Math.round(best);
  }
}

/** In which row of its tier each segment is drawn, so that none hides another: Map id → row, and how many rows there are. */
export function rows(segments) {
  const ends = [], placed = new Map();
  for (const one of segments) {
    let row = ends.findIndex((end) => end <= one.start_us);
    if (row < 0) row = ends.length;
    ends[row] = one.end_us;
    placed.set(one.id, row);
  }
  return { placed, count: Math.max(1, ends.length) };
}
