// The keyboard by place, not by letter: digits name, the top row rates, the home row rates, the bottom row does small acts.
// `event.code` names the place, so the same finger does the same on any layout.

export const ROWS = {
  digits: ["Digit1", "Digit2", "Digit3", "Digit4", "Digit5", "Digit6", "Digit7", "Digit8", "Digit9", "Digit0"],
  top: ["KeyQ", "KeyW", "KeyE", "KeyR", "KeyT", "KeyY", "KeyU", "KeyI", "KeyO"],
  home: ["KeyA", "KeyS", "KeyD", "KeyF", "KeyG", "KeyH", "KeyJ", "KeyK", "KeyL"],
};

const NUMPAD = /^Numpad(\d)$/;
const TYPING = new Set(["text", "search", "email", "url", "tel", "password", "number", "date", "time", "datetime-local", "month", "week"]);

/** The place that was pressed; digits of the number pad count as digits. */
export function place(event) {
  const pad = NUMPAD.exec(event.code ?? "");
  return pad ? `Digit${pad[1]}` : event.code ?? "";
}

/** Is the person typing text, so that letters and digits are theirs? */
export function typing(target) {
  if (!target || !target.tagName) return false;
  const tag = target.tagName.toLowerCase();
  if (tag === "textarea" || tag === "select" || target.isContentEditable) return true;
  return tag === "input" && TYPING.has((target.type ?? "text").toLowerCase());
}

/** Should a shortcut answer this event at all? Not while typing, composing, with a modifier, or when somebody has taken it. */
export function ours(event) {
  return !event.defaultPrevented && !event.isComposing && !event.ctrlKey && !event.metaKey && !event.altKey && !typing(event.target);
}

/** Whether Enter or Space on this element already means something to the browser. */
export function activates(target) {
  // A box that the keyboard went to is ticked with Space; one that the mouse has just ticked leaves Space to the player.
  return Boolean(target?.closest?.("a[href], button, summary, [role=button], select, textarea, dialog") || target?.matches?.("input:is([type=checkbox], [type=radio]):focus-visible"));
}
