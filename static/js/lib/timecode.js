// Media time for people: m:ss.cc below an hour, h:mm:ss.cc above; negative times keep their sign.

/** "1:05.32" for 65_320_000 µs. `digits` after the point: 2 in players, 1 in sentences, 0 on rulers. Cut, never rounded up. */
export function timecode(us, digits = 2) {
  if (!Number.isFinite(us)) return "–";
  const sign = us < 0 ? "−" : "";
  const unit = 10 ** digits;
  const ticks = Math.floor((Math.abs(us) * unit) / 1e6);
  const seconds = Math.floor(ticks / unit);
  const tail = digits ? "." + String(ticks % unit).padStart(digits, "0") : "";
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (n) => String(n).padStart(2, "0");
  return sign + (h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`) + tail;
}
