import assert from "node:assert/strict";
import { test } from "node:test";

import { ACTIONS, answerAction, answerPlace, bind, changed, codeOf, conflict, label, learnLayout, paint, place, rebind, segmentPlace, typingPlace } from "#app/lib/keys.js";
import { ACTS, actOf } from "#app/lib/transport.js";

const press = (code) => ({ code });

test("without changes every key is where the table says", () => {
  bind({});
  assert.equal(place(press("KeyZ")), "KeyZ");
  assert.equal(answerPlace(press("KeyZ")), "KeyZ");
  assert.equal(place(press("NumpadEnter")), "Enter");
  assert.equal(answerPlace(press("Numpad7")), "Digit7");
  assert.equal(answerAction("Digit0"), "digits-10");
});

test("the table gives no two actions one key where both can be meant", () => {
  bind({});
  for (const action of Object.keys(ACTIONS)) assert.equal(conflict(action, codeOf(action)), "", action);
});

test("an act that was moved is done by its new key and no longer by the old one", () => {
  bind({ again: "KeyV" });
  assert.equal(place(press("KeyV")), "KeyZ");
  assert.equal(place(press("KeyZ")), "");
  assert.equal(answerPlace(press("KeyZ")), "KeyZ", "the bottom row still answers where it stands");
});

test("an answer that was moved leaves its old key free", () => {
  bind({ "digits-1": "BracketLeft" });
  assert.equal(answerPlace(press("BracketLeft")), "Digit1");
  assert.equal(answerPlace(press("Digit1")), "");
  assert.equal(place(press("BracketLeft")), "", "an answer's key does nothing else");
});

test("two actions can change places through a free key", () => {
  bind({});
  assert.equal(rebind("flag", "KeyM"), "skip");
  assert.deepEqual(changed(), {});
  assert.equal(rebind("flag", "KeyV"), "");
  assert.equal(rebind("skip", "KeyB"), "");
  assert.equal(rebind("flag", "KeyM"), "");
  assert.equal(place(press("KeyM")), "KeyB");
  assert.equal(place(press("KeyB")), "KeyM");
  assert.equal(rebind("flag", "KeyB"), "skip", "its old key is somebody else's now");
});

test("a key of the table is taken back by being given again", () => {
  bind({ flag: "KeyV" });
  assert.equal(rebind("flag", "KeyB"), "");
  assert.deepEqual(changed(), {});
});

test("answers keep their keys from acts, and some keys are nobody's", () => {
  bind({});
  assert.equal(conflict("flag", "KeyQ"), "top-1");
  assert.equal(conflict("flag", "Digit3"), "digits-3");
  assert.equal(conflict("top-1", "KeyA"), "home-1");
  assert.equal(conflict("trace-back", "KeyT"), "", "a trace takes its keys while it is rated");
  for (const code of ["Tab", "Escape", "ShiftLeft", "F5", "MetaRight", ""]) assert.equal(conflict("flag", code), "never", code);
});

test("what a stranger or an older table left is passed over", () => {
  bind({ nonsense: "KeyV", flag: "KeyB", again: "KeyV" });
  assert.deepEqual(changed(), { again: "KeyV" });
  bind(undefined);
  assert.deepEqual(changed(), {});
});

test("a key is named as the person's layout prints it, and the finger stays", async () => {
  bind({});
  assert.equal(label("KeyQ"), "Q");
  assert.equal(label("Backspace"), "⌫");
  const azerty = new Map([["KeyQ", "a"], ["KeyA", "q"], ["Semicolon", "m"], ["Digit1", "&"], ["Backquote", "²"]]);
  assert.equal(await learnLayout({ getLayoutMap: async () => azerty }), true);
  assert.equal(label("KeyQ"), "A");
  assert.equal(label("Semicolon"), "M");
  assert.equal(label("Enter"), "Enter");
  assert.equal(label("KeyZ"), "Z", "what the layout does not tell keeps its English name");
});

test("keys are written where their actions stand", () => {
  bind({ flag: "KeyV", "digits-1": "BracketLeft" });
  const cap = (action) => ({ dataset: { key: action }, textContent: "?" });
  const [flag, one] = [cap("flag"), { textContent: "1" }];
  const input = { dataset: { code: "Digit1" }, closest: () => ({ querySelector: () => one }) };
  paint({ querySelectorAll: (what) => ({ "kbd[data-key]": [flag], "[data-question] [data-code]": [input] })[what] ?? [] });
  assert.equal(flag.textContent, "V");
  assert.equal(one.textContent, "[");
});

test("a key with Shift is another key", () => {
  bind({ loop: "KeyV" });
  assert.equal(place({ code: "KeyZ", shiftKey: true }), "");
  assert.equal(place({ code: "KeyV" }), "Shift+KeyZ");
  assert.equal(place({ code: "KeyZ" }), "KeyZ");
  assert.equal(label("Shift+KeyB"), "⇧B");
  bind({ "shift-digits-2": "Shift+KeyB" });
  assert.equal(answerPlace({ code: "KeyB", shiftKey: true }), "Shift+Digit2");
  assert.equal(answerPlace({ code: "Digit2", shiftKey: true }), "");
  assert.equal(answerPlace({ code: "Digit2" }), "Digit2");
  assert.equal(answerAction("Shift+Digit2"), "shift-digits-2");
  assert.equal(conflict("flag", "Shift+Digit3"), "shift-digits-3");
  bind({});
});

test("what is held down stays meant when Shift is pressed meanwhile", () => {
  bind({ "trace-up": "KeyP" });
  for (const shiftKey of [false, true]) assert.equal(place({ code: "KeyP", shiftKey }), "ArrowUp");
  assert.equal(place({ code: "Enter", shiftKey: true }), "Enter");
  bind({});
});

test("the player's keys are those of the table, and a changed one does its act with Alt as well", () => {
  bind({});
  const name = (code) => Object.entries(ACTIONS).find(([, one]) => one.code === code && ["play", "typing"].includes(one.group))?.[0];
  for (const { code, shift, alt } of Object.values(ACTS)) {
    assert.ok(name((shift ? "Shift+" : "") + code), code);
    if (alt) assert.ok(name(alt), alt);
  }
  assert.equal(Object.values(ACTIONS).filter(({ group }) => group === "play").length, Object.keys(ACTS).length);
  bind({ loop: "KeyP", "play-typing": "KeyJ" });
  const field = { tagName: "TEXTAREA" };
  const body = { tagName: "BODY" };
  assert.equal(actOf({ code: "KeyP", target: body }), "loop");
  assert.equal(actOf({ code: "KeyP", target: field }), undefined);
  assert.equal(actOf({ code: "KeyP", target: field, altKey: true }), "loop");
  assert.equal(actOf({ code: "KeyJ", target: field, altKey: true }), "play");
  assert.equal(actOf({ code: "KeyK", target: field, altKey: true }), undefined);
  assert.equal(conflict("again", "KeyJ"), "play-typing", "with Alt they would be one");
  bind({});
});

test("the lane of segments has keys of its own, which meet the player's and no others", () => {
  bind({ "seg-split": "KeyV" });
  assert.equal(segmentPlace({ code: "KeyV" }), "KeyT");
  assert.equal(segmentPlace({ code: "KeyT" }), "");
  assert.equal(answerPlace({ code: "KeyT" }), "KeyT");
  assert.equal(conflict("seg-merge", "KeyZ"), "again");
  assert.equal(conflict("seg-merge", "KeyV"), "seg-split");
  assert.equal(conflict("seg-merge", "KeyM"), "", "skip is meant where no segment is");
  bind({});
});

test("a sign that means something everywhere is on nobody's key", () => {
  bind({});
  for (const [code, sign] of [["Shift+Slash", "?"], ["Shift+Minus", "?"], ["BracketRight", "+"], ["Minus", "-"]]) assert.equal(conflict("flag", code, sign), "never", sign);
  assert.equal(conflict("cannot-tell", "Minus", "-"), "", "but it may have its own back");
  assert.equal(conflict("flag", "Minus", "ß"), "cannot-tell");
});
