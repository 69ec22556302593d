// A waveform from peaks: signed bytes, one pair (least, greatest) a column, columns of equal length over what is shown.

/** The columns that the server sent, [least, greatest] each. */
export function pairsOf(bytes) {
  const peaks = new Int8Array(bytes);
  return Array.from({ length: peaks.length >> 1 }, (_, i) => [peaks[2 * i], peaks[2 * i + 1]]);
}

const LOUDER = 8; // at most so many times: hiss is not to look like speech

/** By how much to draw pairs larger, so that they fill the box: a quiet recording shows when somebody speaks as clearly as a loud one. */
export function filling(pairs) {
  const loudest = pairs.reduce((most, [low, high]) => Math.max(most, -low, high), 1);
  return Math.min(LOUDER, 127 / loudest);
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
