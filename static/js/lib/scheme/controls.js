// The rules of each kind of control: one function a kind, all of one shape. The twin of affect/schemes/controls.py.

import { step } from "#app/lib/scheme/findings.js";
import { segments, trace } from "#app/lib/scheme/timeline.js";
import { chosen, grade, intensityOn, isObject, number, only, several } from "#app/lib/scheme/values.js";

export const SIDES = ["left", "right", "asymmetric"];

function choice({ labels, minimum = 1, maximum = 1, intensity }, value, at, shown, found) {
  several(labels, value, at, found, { minimum, maximum, intensity: intensityOn(intensity) });
}

function primarySecondary(question, value, at, shown, found) {
  if (!isObject(value) || !Object.hasOwn(value, "primary")) { found.expect(at, "an object with primary and secondary"); return; }
  only(value, at, ["primary", "secondary"], found);
  const { labels, minimum = 0, maximum = 500 } = question;
  const intensity = intensityOn(question.intensity);
  const primary = chosen(labels, value.primary, step(at, "primary"), found, { intensity });
  if (primary && question.primary?.length && !question.primary.includes(primary)) found.add("not_primary", step(at, "primary"), { label: primary });
  const secondary = Object.hasOwn(value, "secondary") ? value.secondary : [];
  const others = several(labels, secondary, step(at, "secondary"), found, { minimum, maximum, intensity });
  if (others.includes(primary) && !question.primary_again) found.add("primary_again", step(at, "secondary"));
}

function grid(question, value, at, shown, found) {
  if (!Array.isArray(value) || value.length !== 2) { found.expect(at, "a list of two numbers"); return; }
  [question.x, question.y].forEach((axis, index) => {
    number({ minimum: axis.minimum, maximum: axis.maximum, step: question.step }, value[index], step(at, index), found);
  });
}

function wheel(question, value, at, shown, found) {
  const { labels, centre = [], rings, minimum = 1, maximum = 1 } = question;
  const hub = new Set(centre.map(({ id }) => id));
  const [onRim, inHub] = [intensityOn({ minimum: 1, maximum: rings, step: 1 }), intensityOn(null)];
  const intensity = (one, here, into) => (hub.has(one.label) ? inHub : onRim)(one, here, into);
  several([...labels, ...centre], value, at, found, { minimum, maximum, intensity });
}

function text({ minimum = 1, maximum = 2000, lines = "many" }, value, at, shown, found) {
  if (typeof value !== "string") { found.expect(at, "a text"); return; }
  if (lines === "one" && value.includes("\n")) { found.expect(at, "one line"); return; }
  const length = [...value.trim()].length;
  if (length < minimum) found.add("too_short", at, { count: length, minimum });
  else if (length > maximum) found.add("too_long", at, { count: length, maximum });
}

function yesNo(question, value, at, shown, found) {
  if (typeof value !== "boolean") found.expect(at, "true or false");
}

function comparison({ method, items = 2, ties = false }, value, at, shown, found) {
  if (shown.items.length !== items) { found.add("wrong_set", at, { count: shown.items.length, items }); return; }
  const names = method === "pairwise" ? ["preferred"] : ["best", "worst"];
  if (!isObject(value) || names.some((name) => !Object.hasOwn(value, name))) { found.expect(at, `an object with ${names.join(" and ")}`); return; }
  only(value, at, names, found);
  for (const name of names) {
    const item = value[name];
    if (item === null && name === "preferred") { if (!ties) found.add("tie_not_offered", step(at, name)); }
    else if (typeof item !== "string") found.expect(step(at, name), "an item's id");
    else if (!shown.items.includes(item)) found.add("unknown_item", step(at, name), { item });
  }
  if (method === "best_worst" && value.best === value.worst) found.add("same_item", at);
}

function actionUnits(question, value, at, shown, found) {
  const { labels, minimum = 0, maximum = 500, intensity = "required", sides = false } = question;
  several(labels, value, at, found, { minimum, maximum, intensity: grade(intensity), more: ["side"] });
  (Array.isArray(value) ? value : []).forEach((one, index) => {
    if (!isObject(one) || !Object.hasOwn(one, "side")) return;
    const here = step(step(at, index), "side");
    if (!sides) found.add("side_not_asked", here);
    else if (!SIDES.includes(one.side)) found.add("unknown_side", here);
  });
}

export const CONTROLS = {
  choice, primary_secondary: primarySecondary, scale: ({ range }, value, at, shown, found) => number(range, value, at, found), grid, wheel, text,
  yes_no: yesNo, comparison, action_units: actionUnits, segments, trace,
};
