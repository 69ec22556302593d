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

/** Position of a media element (seconds) for a recording time: its file begins at the track's startUs. */
export function toElement(recordingUs, track) {
  return Math.max(0, (toTrack(recordingUs, track) - (track.startUs ?? 0)) / 1e6);
}

/** Recording time (µs) that a media element at `seconds` stands at. */
export function fromElement(seconds, track) {
  return toRecording(Math.round(seconds * 1e6) + (track.startUs ?? 0), track);
}

export const clamp = (value, least, most) => Math.min(most, Math.max(least, value));

// How a follower is brought back to the leading track: below NEAR_US nothing is done, up to FAR_US its speed is bent a little,
// beyond that it jumps. Twenty milliseconds is what tracks may be apart, so correcting begins well before.
export const NEAR_US = 8_000;
export const FAR_US = 300_000;

/** What a following track must do about its lag (µs, positive = behind): {} | {rate} | {jump: true}. */
export function correction(lagUs, rate = 1) {
  const size = Math.abs(lagUs);
  if (size <= NEAR_US) return { rate };
  if (size > FAR_US) return { jump: true, rate };
  // Closes the distance in about a third of a second, never by more than 15 %, which a muted picture does not show.
  return { rate: rate * (1 + clamp(lagUs / 300_000, -0.15, 0.15)) };
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
