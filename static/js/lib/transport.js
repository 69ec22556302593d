// What the keys of the player do, by place on the keyboard. While a person writes, the same keys work with Alt; what Alt and a space bar
// mean to the system is left to it, so playing is Alt K there.

import { activates, ours, place, typingPlace } from "#app/lib/keys.js";

export const SPEEDS = [1, 1.5, 2, 0.25, 0.5, 0.75];

// Of each act: its key in the table (lib/keys.js), whether Shift goes with it, and what it is with Alt where that is another key.
export const ACTS = {
  play: { code: "Space", alt: "KeyK" },
  back: { code: "ArrowLeft" },
  on: { code: "ArrowRight" },
  "frame-back": { code: "Comma" },
  "frame-on": { code: "Period" },
  "segment-back": { code: "PageUp" },
  "segment-on": { code: "PageDown" },
  again: { code: "KeyZ" },
  loop: { code: "KeyZ", shift: true },
  speed: { code: "KeyX" },
  slower: { code: "KeyX", shift: true },
  level: { code: "KeyV", shift: true },
};

const ARROWS = new Set(["ArrowLeft", "ArrowRight", "PageUp", "PageDown"]);

/** The act that a key event asks for, or undefined. */
export function actOf(event) {
  const alt = event.altKey && !event.ctrlKey && !event.metaKey && !event.isComposing && !event.defaultPrevented && !event.getModifierState?.("AltGraph");
  if (!alt && !ours(event)) return undefined;
  const code = alt ? typingPlace(event) : place(event);
  const found = Object.entries(ACTS).find(([, act]) => (act.shift ? "Shift+" : "") + (alt ? (act.alt ?? act.code) : act.code) === code)?.[0];
  if (!found || alt) return found;
  if (code === "Space" && activates(event.target)) return undefined;
  // On a group of radio buttons or a slider the arrows belong to it; what scrolls has its page keys.
  if (ARROWS.has(code) && event.target.matches?.("input[type=radio], input[type=range], [tabindex='0'].scroll")) return undefined;
  return found;
}

/** The beginning of the segment after, or before, a time; going back within the first second of one means the one before it. */
export function neighbour(spans, us, direction) {
  const begins = [...new Set(spans.map(([from]) => from))].sort((a, b) => a - b);
  if (direction > 0) return begins.find((from) => from > us + 1000);
  return begins.findLast((from) => from < us - 1_000_000);
}

/** The shortest segment around a time. */
export function around(spans, us) {
  return spans.filter(([from, to]) => from <= us && us < to).sort((a, b) => a[1] - a[0] - (b[1] - b[0]))[0];
}
