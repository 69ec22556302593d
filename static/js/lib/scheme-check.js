// Whether answers keep to their scheme: the browser's half of affect/schemes/checking.py. Both sides give the same codes at the
// same places for the vectors of tests/affect/vectors/scheme_checks.json; the server decides, this one says it earlier.
//
// `scheme` is the JSON form (only ids, numbers and conditions are read), `given` is {media?, items?, answers: {id: answer}}.

import { holds } from "#app/lib/scheme/conditions.js";
import { CONTROLS } from "#app/lib/scheme/controls.js";
import { Findings, step } from "#app/lib/scheme/findings.js";
import { Shown } from "#app/lib/scheme/span.js";
import { isObject, number, only, textOf } from "#app/lib/scheme/values.js";

export { CONTROLS } from "#app/lib/scheme/controls.js";
export { UNFINISHED } from "#app/lib/scheme/findings.js";

const has = Object.hasOwn;

/** Every rule that the answers break, questions in their order: [{code, at, facts}]. */
export function check(scheme, given, controls = CONTROLS) {
  const found = new Findings();
  if (!isObject(given) || !isObject(has(given, "answers") ? given.answers : {})) {
    found.expect(isObject(given) ? "/answers" : "", "an object");
    return found.problems;
  }
  only(given, "", ["media", "items", "answers"], found);
  const shown = Shown.read(given, found);
  const answers = given.answers ?? {};
  for (const name of Object.keys(answers)) {
    if (!scheme.questions.some(({ id }) => id === name)) found.add("unknown_question", step("/answers", name), { question: name });
  }
  walk(scheme, answers, {
    absent: (question, due) => { if (due) found.add("missing", step("/answers", question.id)); },
    unasked: (question) => found.add("not_asked", step("/answers", question.id)),
    given: (question, answer) => answered(question, answer, step("/answers", question.id), shown, found, controls),
  });
  return found.problems;
}

/** The ids of the questions that are asked, given the answers to those before them; which of them are due. */
export function asked(scheme, answers) {
  const ids = new Set(), due = new Set();
  walk(scheme, answers, {
    each: (question, isDue) => { ids.add(question.id); if (isDue) due.add(question.id); },
    absent: () => {}, unasked: () => {},
    given: (question, answer) => isObject(answer) && has(answer, "value"),
  });
  return { ids, due };
}

function walk(scheme, answers, { each, absent, unasked, given }) {
  const values = new Map();
  for (const question of scheme.questions) {
    const there = has(answers, question.id);
    if (question.asked_if && !holds(question.asked_if, values)) {
      if (there) unasked(question);
      continue;
    }
    const due = question.required_if ? holds(question.required_if, values) : question.required ?? true;
    each?.(question, due);
    if (!there) absent(question, due);
    else if (given(question, answers[question.id])) values.set(question.id, answers[question.id].value);
  }
}

/** Checks one answer; whether it has a value. */
function answered(question, answer, at, shown, found, controls) {
  if (!isObject(answer)) { found.expect(at, "an object with value, cannot_tell or skip"); return false; }
  only(answer, at, ["value", "cannot_tell", "skip", "confidence"], found);
  const ways = ["value", "cannot_tell", "skip"].filter((way) => has(answer, way));
  if (ways.length !== 1) { found.expect(at, "one of value, cannot_tell and skip"); return false; }
  const [way] = ways;
  if (way !== "value" && has(answer, "confidence")) found.add("confidence_not_asked", step(at, "confidence"));
  if (way === "cannot_tell") {
    if (answer.cannot_tell !== true) found.expect(step(at, way), "true");
    else if (!question.cannot_tell) found.add("cannot_tell_not_offered", step(at, way));
    return false;
  }
  if (way === "skip") { skipped(question, answer.skip, step(at, way), found); return false; }
  controls[question.kind](question, answer.value, step(at, "value"), shown, found);
  confidence(question, answer, at, found);
  return true;
}

function skipped(question, skip, at, found) {
  if (!isObject(skip) || typeof skip.reason !== "string") { found.expect(at, "an object with a reason"); return; }
  only(skip, at, ["reason", "text"], found);
  const reason = (question.skip ?? []).find(({ id }) => id === skip.reason);
  if (!reason) found.add("unknown_reason", step(at, "reason"), { reason: skip.reason });
  else textOf(skip, at, Boolean(reason.free_text), found);
}

function confidence(question, answer, at, found) {
  if (!has(answer, "confidence")) { if (question.confidence && question.confidence_required) found.add("confidence_missing", at); }
  else if (!question.confidence) found.add("confidence_not_asked", step(at, "confidence"));
  else number(question.confidence, answer.confidence, step(at, "confidence"), found);
}
