// A waveform from precomputed peaks: signed bytes, one pair (least, greatest) a bucket, buckets of equal length over the track.

/** Pairs of a range, at most `columns` of them; buckets that fall together keep their extremes, so no spike is lost. */
export function columns(bytes, { from = 0, to = 1, columns = 800 } = {}) {
  const peaks = bytes instanceof Int8Array ? bytes : new Int8Array(bytes);
  const total = peaks.length >> 1;
  const first = Math.max(0, Math.floor(from * total));
  const last = Math.min(total, Math.ceil(to * total));
  const count = Math.min(columns, Math.max(0, last - first));
  const pairs = [];
  for (let i = 0; i < count; i++) {
    const begin = first + Math.floor((i * (last - first)) / count);
    const end = first + Math.floor(((i + 1) * (last - first)) / count);
    let [low, high] = [127, -128];
    for (let j = begin; j < end; j++) {
      if (peaks[2 * j] < low) low = peaks[2 * j];
      if (peaks[2 * j + 1] > high) high = peaks[2 * j + 1];
    }
    pairs.push([low, high]);
  }
  return pairs;
}

const LOUDER = 8; // at most so many times: hiss is not to look like speech

/** The same pairs, as large as the box allows: a quiet recording shows when somebody speaks as clearly as a loud one. */
export function filling(pairs) {
  const loudest = Math.max(1, ...pairs.map(([low, high]) => Math.max(-low, high)));
  const times = Math.min(LOUDER, 127 / loudest);
  return pairs.map(([low, high]) => [low * times, high * times]);
}

/** One closed path in a box `pairs.length` wide and 100 high, 50 = silence; never thinner than a hairline. */
export function outline(pairs) {
  if (!pairs.length) return "";
  const y = (value) => 50 - (value / 128) * 48;
  const top = [], bottom = [];
  pairs.forEach(([low, high], x) => {
    top.push(`${x} ${Math.min(y(high), 49.5).toFixed(1)}`);
    bottom.unshift(`${x} ${Math.max(y(low), 50.5).toFixed(1)}`);
  });
  return `M${top.join(" ")} ${bottom.join(" ")}Z`;
}

/** A line through min/max pairs of a signal (null = no data): strokes from low to high in each column, gaps left open. */
export function signalPath(lows, highs, least, most) {
  const span = most - least || 1;
  const y = (value) => (96 - ((value - least) / span) * 92).toFixed(1);
  let path = "", open = false;
  lows.forEach((low, x) => {
    const high = highs[x];
    if (low === null || high === null || low === undefined || high === undefined) { open = false; return; }
    path += `${open ? "L" : "M"}${x} ${y(low)}`;
    if (high !== low) path += `L${x} ${y(high)}`;
    open = true;
  });
  return path;
}
