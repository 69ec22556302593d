// The same vectors that affect/schemes is tested with: what the browser says about an answer is what the server will say.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { asked, check, UNFINISHED } from "#app/lib/scheme-check.js";
import { overlapping, uncovered } from "#app/lib/scheme/span.js";

const VECTORS = JSON.parse(readFileSync(new URL("../affect/vectors/scheme_checks.json", import.meta.url)));

for (const { says, scheme, given, problems } of VECTORS.cases) {
  test(`vector: ${says}`, () => {
    const found = check(VECTORS.schemes[scheme], given);
    assert.deepEqual(found.map(({ code, at }) => [code, at]), problems.map(({ code, at }) => [code, at]));
    problems.forEach(({ facts = {} }, index) => {
      for (const [name, value] of Object.entries(facts)) assert.deepEqual(found[index].facts[name], value, name);
    });
  });
}

test("what is unfinished are the codes that the server counts as such", () => {
  const source = readFileSync(new URL("../../affect/schemes/findings.py", import.meta.url), "utf8");
  const block = /UNFINISHED = frozenset\(\s*\{([^}]*)\}/.exec(source)[1];
  assert.deepEqual([...UNFINISHED].sort(), block.match(/"(\w+)"/g).map((one) => one.slice(1, -1)).sort());
});

test("questions are asked and due as the answers before them want it", () => {
  const scheme = { questions: [
    { kind: "yes_no", id: "laughs" },
    { kind: "text", id: "why", asked_if: { test: "said", question: "laughs" } },
    { kind: "scale", id: "how", required: false, required_if: { test: "answered", question: "why" }, range: { minimum: 1, maximum: 5 } },
  ] };
  const told = (answers) => { const { ids, due } = asked(scheme, answers); return [[...ids], [...due]]; };
  assert.deepEqual(told({}), [["laughs", "how"], ["laughs"]]);
  assert.deepEqual(told({ laughs: { value: true } }), [["laughs", "why", "how"], ["laughs", "why"]]);
  assert.deepEqual(told({ laughs: { value: true }, why: { value: "a joke" } }), [["laughs", "why", "how"], ["laughs", "why", "how"]]);
  assert.deepEqual(told({ laughs: { cannot_tell: true }, why: { value: "left over" } }), [["laughs", "how"], ["laughs"]]);
});

test("an hour of a trace is checked in one pass, and holes and overlaps are found at their places", () => {
  assert.deepEqual(uncovered([0, 10], [[2, 4], [3, 7]]), [[0, 2], [7, 10]]);
  assert.deepEqual(overlapping([[0, 5, 0], [5, 9, 1], [4, 6, 2]]), [2, 1]);
  const n = 360_000;
  const given = { media: { start_us: 0, end_us: n * 10_000 }, answers: { q: { value: { times_us: Array.from({ length: n }, (_, i) => i * 10_000), values: new Array(n).fill("x") } } } };
  assert.deepEqual(check(VECTORS.schemes["trace-unbounded"], given).map(({ code, at }) => [code, at]), [["wrong_form", "/answers/q/value/values/0"]]);
});
