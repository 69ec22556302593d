// When a question is asked or an answer due: small tests of the answers given so far. The twin of affect/schemes/conditions.py.
// A test of a question that has no answer (not asked, skipped, cannot tell) does not hold, whatever it tests.

/** Every label id in a value, wherever it stands. */
export function* labelsIn(value) {
  if (Array.isArray(value)) { for (const one of value) yield* labelsIn(one); }
  else if (typeof value === "object" && value !== null) {
    if (typeof value.label === "string") yield value.label;
    for (const one of Object.values(value)) yield* labelsIn(one);
  }
}

const TESTS = {
  answered: ({ question }, values) => values.has(question),
  chosen: ({ question, labels }, values) => [...labelsIn(values.get(question))].some((one) => labels.includes(one)),
  within: ({ question, minimum = null, maximum = null }, values) => {
    const value = values.get(question);
    return typeof value === "number" && (minimum === null || value >= minimum) && (maximum === null || value <= maximum);
  },
  said: ({ question, yes = true }, values) => values.get(question) === yes,
  all: ({ conditions }, values) => conditions.every((one) => holds(one, values)),
  any: ({ conditions }, values) => conditions.some((one) => holds(one, values)),
  not: ({ conditions }, values) => !conditions.some((one) => holds(one, values)),
};

/** Whether a condition holds; values: Map of question id to the value of its answer. */
export const holds = (condition, values) => TESTS[condition.test](condition, values);
