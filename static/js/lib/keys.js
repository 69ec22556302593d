// The keyboard by place, not by letter: digits name, the top row rates, the home row rates, the bottom row does small acts.
// `event.code` names the place, so the same finger does the same on any layout; what is printed on the key is asked of the layout.
//
// ACTIONS is the one table of what keys do. A person may give an action another key (kept by the server, see key-help). Elements go
// on speaking of an action by its place in this table: `place` turns the key that was pressed into it, `answerPlace` does so for
// the keys that answer, `segmentPlace` for those of the lane of segments, `typingPlace` for those that work with Alt while somebody
// writes. Two actions may have one key only where they are never both meant. Shift is a part of a place: "Shift+KeyZ" is a key of its
// own. What is told by its sign wherever that stands ("?", "+", "−") is in no table, and no action can have its key.

export const ROWS = {
  digits: ["Digit1", "Digit2", "Digit3", "Digit4", "Digit5", "Digit6", "Digit7", "Digit8", "Digit9", "Digit0"],
  top: ["KeyQ", "KeyW", "KeyE", "KeyR", "KeyT", "KeyY", "KeyU", "KeyI", "KeyO"],
  home: ["KeyA", "KeyS", "KeyD", "KeyF", "KeyG", "KeyH", "KeyJ", "KeyK", "KeyL"],
  bottom: ["KeyZ", "KeyX", "KeyC", "KeyV", "KeyB", "KeyN", "KeyM", "Comma", "Period"],
};

const act = (group, code) => ({ group, code });
export const ACTIONS = {
  play: act("play", "Space"), "second-back": act("play", "ArrowLeft"), "second-on": act("play", "ArrowRight"),
  "frame-back": act("play", "Comma"), "frame-on": act("play", "Period"), "segment-back": act("play", "PageUp"), "segment-on": act("play", "PageDown"),
  again: act("play", "KeyZ"), loop: act("play", "Shift+KeyZ"), speed: act("play", "KeyX"), slower: act("play", "Shift+KeyX"), level: act("play", "Shift+KeyV"),
  "play-typing": act("typing", "KeyK"),
  keep: act("flow", "Enter"), undo: act("flow", "Backspace"), same: act("flow", "KeyN"), flag: act("flow", "KeyB"),
  flagged: act("flow", "Semicolon"), comment: act("flow", "Quote"), criteria: act("flow", "KeyC"), skip: act("flow", "KeyM"),
  veil: act("flow", "Backquote"),
  "trace-up": act("trace", "ArrowUp"), "trace-down": act("trace", "ArrowDown"), "trace-back": act("trace", "KeyR"), "trace-stop": act("trace", "Escape"),
  "seg-start": act("segments", "BracketLeft"), "seg-end": act("segments", "BracketRight"), "seg-split": act("segments", "KeyT"), "seg-merge": act("segments", "KeyG"),
  "seg-apex": act("segments", "KeyY"), "seg-remove": act("segments", "Delete"), "seg-next": act("segments", "KeyN"), "seg-previous": act("segments", "KeyP"),
  "seg-snap": act("segments", "KeyH"), "seg-all": act("segments", "Home"),
  "cannot-tell": act("outs", "Minus"), about: act("outs", "Slash"),
};
for (const [row, codes] of Object.entries(ROWS)) codes.forEach((code, at) => { ACTIONS[`${row}-${at + 1}`] = act(row === "bottom" ? "bottom" : "answers", code); });
ROWS.digits.forEach((code, at) => { ACTIONS[`shift-digits-${at + 1}`] = act("answers", `Shift+${code}`); });

const ACTS = ["play", "flow", "trace"];
const ANSWERS = ["answers", "bottom", "outs"];
// A trace takes its keys while it is rated, the bottom row belongs to a question while it is that question's turn, and so do the keys
// of the lane of segments. What plays while somebody writes wants Alt: it meets only what plays by itself.
const SHARE = [
  ["trace", "answers"], ["trace", "bottom"], ["bottom", "play"], ["bottom", "flow"],
  ["segments", "answers"], ["segments", "bottom"], ["segments", "outs"], ["segments", "flow"], ["segments", "trace"],
  ["typing", "answers"], ["typing", "bottom"], ["typing", "outs"], ["typing", "flow"], ["typing", "trace"], ["typing", "segments"],
];
const ANY_SHIFT = new Set(["keep", "undo", "trace-up", "trace-down", "trace-back", "trace-stop"]); // meant with Shift held as well
const SIGNS = new Set(["?", "+", "-"]);
const NEVER = /^(Tab|CapsLock|Escape|ContextMenu|NumLock|F\d+|(Shift|Control|Alt|Meta|OS)(Left|Right)?|)$/;
const NAMES = {
  Space: "Space", Enter: "Enter", Backspace: "⌫", ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc", Comma: ",", Period: ".",
  Slash: "/", Semicolon: ";", Quote: "'", BracketLeft: "[", BracketRight: "]", Backslash: "\\", Minus: "−", Equal: "=", Backquote: "`", IntlBackslash: "<",
  Delete: "Del", Insert: "Ins", PageUp: "PgUp", PageDown: "PgDn",
};

const NUMPAD = /^Numpad(\d)$/;
let bound = {};
let layout = null;

/** The keys that a person has changed, by action; what the table does not know is left out. */
export function bind(codes) {
  bound = Object.fromEntries(Object.entries(codes ?? {}).filter(([action, code]) => ACTIONS[action] && code !== ACTIONS[action].code));
}

export const changed = () => ({ ...bound });

/** Where an action's key is now. */
export const codeOf = (action) => bound[action] ?? ACTIONS[action]?.code ?? "";

const entries = (groups) => Object.entries(ACTIONS).filter(([, { group }]) => groups.includes(group));

/** Which answer a place of the table is: "digits-1" for "Digit1". */
export const answerAction = (code) => entries(ANSWERS).find(([, one]) => one.code === code)?.[0] ?? "";

const base = (code) => code.replace("Shift+", "");

/** The key that was pressed; digits and Enter of the number pad count as themselves. */
export function pressed(event) {
  const pad = NUMPAD.exec(event.code ?? "");
  const code = pad ? `Digit${pad[1]}` : event.code === "NumpadEnter" ? "Enter" : event.code ?? "";
  return code && event.shiftKey ? `Shift+${code}` : code;
}

function turned(code, groups) {
  const own = entries(groups);
  const found = own.find(([action]) => codeOf(action) === code) ?? own.find(([action]) => ANY_SHIFT.has(action) && codeOf(action) === base(code));
  if (found) return found[1].code;
  const moved = own.some(([action, one]) => one.code === code && bound[action]);
  const taken = Object.keys(bound).some((action) => bound[action] === code && !groups.includes(ACTIONS[action].group));
  return moved || taken ? "" : code;
}

const TYPING = new Set(["text", "search", "email", "url", "tel", "password", "number", "date", "time", "datetime-local", "month", "week"]);

/** The place in the table of the act whose key was pressed; "" when its key was moved elsewhere. */
export const place = (event) => turned(pressed(event), ACTS);

/** The same for the keys that answer. */
export const answerPlace = (event) => turned(pressed(event), ANSWERS);

/** The same for the keys of the lane of segments. */
export const segmentPlace = (event) => turned(pressed(event), ["segments"]);

/** The same for the keys of the player that work with Alt while somebody writes. */
export const typingPlace = (event) => turned(pressed(event), ["typing", "play"]);

/** Why an action cannot have this key (and the sign it prints): "never", the action that has it, or "" when it can. */
export function conflict(action, code, sign = "") {
  if ((NEVER.test(base(code)) || SIGNS.has(sign)) && code !== ACTIONS[action].code) return "never";
  const mine = ACTIONS[action].group;
  const share = (other) => SHARE.some((pair) => pair.includes(mine) && pair.includes(other) && mine !== other);
  return Object.keys(ACTIONS).find((other) => other !== action && codeOf(other) === code && !share(ACTIONS[other].group)) ?? "";
}

/** Give an action a key; its own of the table takes the change away. Returns what `conflict` says, and does nothing then. */
export function rebind(action, code, sign = "") {
  const why = conflict(action, code, sign);
  if (!why) bind({ ...bound, [action]: code });
  return why;
}

/** What stands on a key: as the person's layout prints it where the browser tells, else as on an English keyboard. */
export function label(code) {
  if (code.startsWith("Shift+")) return `⇧${label(base(code))}`;
  const printed = layout?.get(code);
  if (printed && !NAMES[code]?.match(/^[⌫←→↑↓]|^(Space|Enter|Esc|Del|Ins)/)) return printed.toUpperCase();
  return NAMES[code] ?? code.replace(/^(Key|Digit|Numpad)/, "");
}

/** Writes the keys as they are now into a part of the page: kbd[data-key] names its action, an answer's stands in its label. */
export function paint(root) {
  for (const cap of root.querySelectorAll("kbd[data-key]")) write(cap, label(codeOf(cap.dataset.key)));
  for (const [name, cap] of [["trace-back", '[data-trace="back"] kbd'], ["trace-stop", '[data-trace="stop"] kbd']]) {
    for (const found of root.querySelectorAll(cap)) write(found, label(codeOf(name)));
  }
  for (const field of root.querySelectorAll("[data-question] [data-code]")) {
    const cap = field.closest("label, button")?.querySelector("kbd");
    const action = answerAction(field.dataset.code);
    if (cap && action) write(cap, label(codeOf(action)));
  }
}

function write(cap, text) { if (cap.textContent !== text) cap.textContent = text; }

/** Asks the browser for the layout, once; resolves to whether it told. */
export async function learnLayout(keyboard = globalThis.navigator?.keyboard) {
  if (layout || !keyboard?.getLayoutMap) return Boolean(layout);
  try {
    layout = await keyboard.getLayoutMap();
  } catch {
    return false; // refused in a frame: the English letters stand
  }
  return true;
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
