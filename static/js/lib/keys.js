// The keyboard by place, not by letter: digits name, the top row rates, the home row rates, the bottom row does small acts.
// `event.code` names the place, so the same finger does the same on any layout; what is printed on the key is asked of the layout.
//
// ACTIONS is the one table of what keys do. A person may give an action another key (kept by the server, see key-help). Elements go
// on speaking of an action by its place in this table: `place` turns the key that was pressed into it, `answerPlace` does so for
// the keys that answer. Two actions may have one key only where they are never both meant.

export const ROWS = {
  digits: ["Digit1", "Digit2", "Digit3", "Digit4", "Digit5", "Digit6", "Digit7", "Digit8", "Digit9", "Digit0"],
  top: ["KeyQ", "KeyW", "KeyE", "KeyR", "KeyT", "KeyY", "KeyU", "KeyI", "KeyO"],
  home: ["KeyA", "KeyS", "KeyD", "KeyF", "KeyG", "KeyH", "KeyJ", "KeyK", "KeyL"],
  bottom: ["KeyZ", "KeyX", "KeyC", "KeyV", "KeyB", "KeyN", "KeyM", "Comma", "Period"],
};

const act = (group, code) => ({ group, code });
export const ACTIONS = {
  play: act("play", "Space"), "second-back": act("play", "ArrowLeft"), "second-on": act("play", "ArrowRight"),
  "frame-back": act("play", "Comma"), "frame-on": act("play", "Period"), again: act("play", "KeyZ"), speed: act("play", "KeyX"),
  keep: act("flow", "Enter"), undo: act("flow", "Backspace"), same: act("flow", "KeyN"), flag: act("flow", "KeyB"),
  flagged: act("flow", "Semicolon"), comment: act("flow", "Slash"), criteria: act("flow", "KeyC"), skip: act("flow", "KeyM"),
  veil: act("flow", "Backquote"),
  "trace-up": act("trace", "ArrowUp"), "trace-down": act("trace", "ArrowDown"), "trace-back": act("trace", "KeyR"), "trace-stop": act("trace", "Escape"),
};
for (const [row, codes] of Object.entries(ROWS)) codes.forEach((code, at) => { ACTIONS[`${row}-${at + 1}`] = act(row === "bottom" ? "bottom" : "answers", code); });

const ANSWERS = new Set(["answers", "bottom"]);
// A trace takes its keys while it is rated, the bottom row belongs to a question while it is that question's turn.
const SHARE = [["trace", "answers"], ["trace", "bottom"], ["bottom", "play"], ["bottom", "flow"]];
const NEVER = /^(Tab|CapsLock|Escape|ContextMenu|NumLock|F\d+|(Shift|Control|Alt|Meta|OS)(Left|Right)?|)$/;
const NAMES = {
  Space: "Space", Enter: "Enter", Backspace: "⌫", ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc", Comma: ",", Period: ".",
  Slash: "/", Semicolon: ";", Quote: "'", BracketLeft: "[", BracketRight: "]", Backslash: "\\", Minus: "-", Equal: "=", Backquote: "`", IntlBackslash: "<",
  Delete: "Del", Insert: "Ins", PageUp: "Pg↑", PageDown: "Pg↓",
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

const entries = (answers) => Object.entries(ACTIONS).filter(([, { group }]) => ANSWERS.has(group) === answers);

/** Which answer a place of the table is: "digits-1" for "Digit1". */
export const answerAction = (code) => entries(true).find(([, one]) => one.code === code)?.[0] ?? "";

/** The key that was pressed; digits and Enter of the number pad count as themselves. */
function pressed(event) {
  const pad = NUMPAD.exec(event.code ?? "");
  if (pad) return `Digit${pad[1]}`;
  return event.code === "NumpadEnter" ? "Enter" : event.code ?? "";
}

function turned(code, answers) {
  const own = entries(answers);
  const found = own.find(([action]) => codeOf(action) === code);
  if (found) return ACTIONS[found[0]].code;
  const moved = own.some(([action, one]) => one.code === code && bound[action]);
  const taken = entries(!answers).some(([action]) => bound[action] === code);
  return moved || taken ? "" : code;
}

const TYPING = new Set(["text", "search", "email", "url", "tel", "password", "number", "date", "time", "datetime-local", "month", "week"]);

/** The place in the table of the act whose key was pressed; "" when its key was moved elsewhere. */
export const place = (event) => turned(pressed(event), false);

/** The same for the keys that answer. */
export const answerPlace = (event) => turned(pressed(event), true);

/** Why an action cannot have this key: "never", the action that has it, or "" when it can. */
export function conflict(action, code) {
  if (NEVER.test(code) && code !== ACTIONS[action].code) return "never";
  const mine = ACTIONS[action].group;
  const share = (other) => SHARE.some((pair) => pair.includes(mine) && pair.includes(other) && mine !== other);
  return Object.keys(ACTIONS).find((other) => other !== action && codeOf(other) === code && !share(ACTIONS[other].group)) ?? "";
}

/** Give an action a key; its own of the table takes the change away. Returns what `conflict` says, and does nothing then. */
export function rebind(action, code) {
  const why = conflict(action, code);
  if (!why) bind({ ...bound, [action]: code });
  return why;
}

/** What stands on a key: as the person's layout prints it where the browser tells, else as on an English keyboard. */
export function label(code) {
  const printed = layout?.get(code);
  if (printed && !NAMES[code]?.match(/^[⌫←→↑↓]|^(Space|Enter|Esc|Del|Ins)/)) return printed.toUpperCase();
  return NAMES[code] ?? code.replace(/^(Key|Digit|Numpad)/, "");
}

/** Writes the keys as they are now into a part of the page: kbd[data-key] names its action, an answer's stands in its label. */
export function paint(root) {
  for (const cap of root.querySelectorAll("kbd[data-key]")) write(cap, label(codeOf(cap.dataset.key)));
  for (const [name, cap] of [["again", '[data-player="again"] kbd'], ["speed", '[data-player="speed"] kbd'], ["trace-back", '[data-trace="back"] kbd'], ["trace-stop", '[data-trace="stop"] kbd']]) {
    for (const found of root.querySelectorAll(cap)) write(found, label(codeOf(name)));
  }
  for (const input of root.querySelectorAll("input[data-code]")) {
    const cap = input.closest("label")?.querySelector("kbd");
    const action = answerAction(input.dataset.code);
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
  return Boolean(target?.closest?.("a[href], button, summary, [role=button], select, textarea, dialog"));
}
