// How loud each track is played, so that all recordings are equally loud: the gain that was measured at ingest (EBU R 128), cut so that
// what is heard together never exceeds the highest true peak, and nothing clips.

const HIGHEST = 10 ** (-1 / 20); // −1 dBTP

const linear = (db) => 10 ** (db / 20);

/** Factors for tracks heard together, of {gainDb, peakDb}: 1 for a track that nothing is known of. */
export function factors(tracks, { even = true } = {}) {
  const wanted = tracks.map(({ gainDb = null }) => (even && gainDb !== null ? linear(gainDb) : 1));
  if (!even) return wanted;
  const together = tracks.reduce((sum, { peakDb = null, gainDb = null }, i) => sum + (gainDb === null ? 0 : linear(peakDb ?? 0) * wanted[i]), 0);
  const cut = together > HIGHEST ? HIGHEST / together : 1;
  return wanted.map((factor, i) => ((tracks[i].gainDb ?? null) === null ? factor : factor * cut));
}
