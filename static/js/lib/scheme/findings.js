// What is wrong with answers: code, place (a JSON Pointer) and the numbers it speaks of. Sentences are the page's own.
// The codes are those of affect/schemes/findings.py.

/** Codes that more answering mends: no mistake while somebody is still at it. */
export const UNFINISHED = new Set([
  "missing", "text_missing", "confidence_missing", "label_missing", "too_few", "intensity_missing", "too_short", "gap", "coverage",
]);

/** The pointer one step further down. */
export const step = (at, key) => `${at}/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`;

/** Collects problems in the order they are found. */
export class Findings {
  problems = [];

  add(code, at, facts = {}) { this.problems.push({ code, at, facts }); }

  expect(at, expected) { this.add("wrong_form", at, { expected }); }
}
