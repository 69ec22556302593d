// Small checks that several controls share: numbers on a range, members of an object, labels with intensity and text.
// The twin of affect/schemes/values.py; the vectors of tests/affect/vectors keep the two together.

import { step } from "#app/lib/scheme/findings.js";

export const GRADES = ["A", "B", "C", "D", "E"];

export const isNumber = (value) => typeof value === "number" && Number.isFinite(value);
export const isWhole = (value) => isNumber(value) && value === Math.floor(value);
export const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** Whether a number is one of minimum, minimum + size, … */
export function onStep(value, minimum, size) {
  const steps = (value - minimum) / size;
  return Math.abs(steps - Math.floor(steps + 0.5)) < 1e-6;
}

export function only(value, at, names, found) {
  for (const name of Object.keys(value)) if (!names.includes(name)) found.add("unknown_field", step(at, name), { name });
}

export function number(range, value, at, found) {
  const { minimum, maximum } = range;
  if (!isNumber(value)) found.expect(at, "a number");
  else if (value < minimum || value > maximum) found.add("out_of_range", at, { value, minimum, maximum });
  else if (range.step && !onStep(value, minimum, range.step)) found.add("off_step", at, { value });
}

/** The text that goes with a label or a reason: wanted and there, or not wanted and absent. */
export function textOf(value, at, wanted, found) {
  if (!Object.hasOwn(value, "text")) { if (wanted) found.add("text_missing", at); }
  else if (!wanted) found.add("text_not_wanted", step(at, "text"));
  else if (typeof value.text !== "string") found.expect(step(at, "text"), "a text");
  else if (!value.text.trim()) found.add("text_missing", step(at, "text"));
}

export function count(given, minimum, maximum, at, found) {
  if (given < minimum) found.add("too_few", at, { count: given, minimum });
  else if (given > maximum) found.add("too_many", at, { count: given, maximum });
}

/** The check of an intensity on a range, or that there is none. */
export const intensityOn = (range) => (value, at, found) => {
  if (!Object.hasOwn(value, "intensity")) { if (range) found.add("intensity_missing", at); }
  else if (!range) found.add("intensity_not_asked", step(at, "intensity"));
  else number(range, value.intensity, step(at, "intensity"), found);
};

/** The check of a letter from A to E: required, optional or none. */
export const grade = (wanted) => (value, at, found) => {
  if (!Object.hasOwn(value, "intensity")) { if (wanted === "required") found.add("intensity_missing", at); }
  else if (wanted === "none") found.add("intensity_not_asked", step(at, "intensity"));
  else if (!GRADES.includes(value.intensity)) found.add("unknown_grade", step(at, "intensity"));
};

/** Checks one object with a label; the label's id, "" when it has none that is known. */
export function chosen(labels, value, at, found, { intensity, more = [] }) {
  if (!isObject(value) || typeof value.label !== "string") { found.expect(at, "an object with a label"); return ""; }
  only(value, at, ["label", "intensity", "text", ...more], found);
  const label = labels.find(({ id }) => id === value.label);
  if (!label) { found.add("unknown_label", step(at, "label"), { label: value.label }); return ""; }
  intensity(value, at, found);
  textOf(value, at, Boolean(label.free_text), found);
  return label.id;
}

/** Checks a list of objects with labels: each once, an exclusive one alone, as many as asked. The ids that are known. */
export function several(labels, value, at, found, { minimum, maximum, ...how }) {
  if (!Array.isArray(value)) { found.expect(at, "a list"); return []; }
  const ids = [];
  value.forEach((one, index) => {
    const label = chosen(labels, one, step(at, index), found, how);
    if (label && ids.includes(label)) found.add("label_twice", step(at, index), { label });
    else if (label) ids.push(label);
  });
  for (const label of ids) {
    if (labels.find(({ id }) => id === label).exclusive && value.length > 1) found.add("exclusive", at, { label });
  }
  count(value.length, minimum, maximum, at, found);
  return ids;
}
