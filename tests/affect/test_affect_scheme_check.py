"""Answers against schemes: the vectors that the browser's checker runs too, and what holds for all answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affect.schemes import check, read
from affect.schemes.findings import SENTENCES, UNFINISHED
from affect.schemes.model import QUESTIONS
from affect.schemes.span import uncovered
from affect.schemes.timeline import overlapping
from tests.affect.scheme_strategies import schemes

VECTORS = json.loads((Path(__file__).parent / "vectors" / "scheme_checks.json").read_text())
SCHEMES = {name: read(document) for name, document in VECTORS["schemes"].items()}


def test_the_vectors_say_what_they_are():
    assert (VECTORS["format"], VECTORS["format_version"]) == ("affect.scheme_vectors", 1)
    says = [case["says"] for case in VECTORS["cases"]]
    assert len(set(says)) == len(says)


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["says"])
def test_vector(case):
    found = check(SCHEMES[case["scheme"]], case["given"])
    assert [(one.code, one.at) for one in found] == [(one["code"], one["at"]) for one in case["problems"]]
    for one, expected in zip(found, case["problems"], strict=True):
        assert {name: one.facts[name] for name in expected.get("facts", {})} == expected.get("facts", {})
        assert one.message.endswith(".")
        assert "{" not in one.message


def test_every_code_and_every_kind_of_question_stands_in_a_vector():
    codes = {one["code"] for case in VECTORS["cases"] for one in case["problems"]}
    assert codes == set(SENTENCES)
    kinds = {type(question) for scheme in SCHEMES.values() for question in scheme.questions}
    assert kinds == set(QUESTIONS)
    accepted = {case["scheme"] for case in VECTORS["cases"] if not case["problems"]}
    assert accepted == set(SCHEMES), "every scheme has an answer that is right"
    assert set(SENTENCES) > UNFINISHED


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | st.text(max_size=3) | st.sampled_from(["a0", "a1", "tier0"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["label", "tier", "start_us", "end_us", "times_us", "values", "gaps", "primary", "secondary", "best", "worst", "preferred", "intensity", "text", "side"]),
        inner,
        max_size=5,
    ),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(schemes(), st.data())
def test_any_json_gives_problems_with_places_and_never_an_error(scheme, data):
    ids = [question.id for question in scheme.questions]
    answer = (
        JSON
        | st.fixed_dictionaries({"value": JSON}, optional={"confidence": JSON})
        | st.fixed_dictionaries({"skip": JSON})
    )
    answers = data.draw(st.dictionaries(st.sampled_from(ids), answer))
    given = {"answers": answers} | data.draw(
        st.fixed_dictionaries({}, optional={"media": st.just({"start_us": 0, "end_us": 100}) | JSON, "items": JSON})
    )
    for one in check(scheme, given):
        assert one.at == "" or one.at.startswith(("/answers", "/media", "/items"))
        assert one.message


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(-5, 25), st.integers(-5, 25)).map(sorted).map(tuple), max_size=8))
def test_gaps_and_overlaps_agree_with_counting_every_microsecond(intervals):
    covered = {moment for start, end in intervals for moment in range(start, end)}
    holes = {moment for start, end in uncovered((0, 20), intervals) for moment in range(start, end)}
    assert holes == set(range(20)) - covered
    line = [(start, end, index) for index, (start, end) in enumerate(intervals) if start < end]
    moments = [moment for start, end, _ in line for moment in range(start, end)]
    assert bool(list(overlapping(line))) == (len(moments) != len(set(moments)))


def test_a_trace_of_an_hour_is_checked_without_a_problem_for_each_sample():
    scheme = SCHEMES["trace-unbounded"]
    n = 360_000
    given = {
        "media": {"start_us": 0, "end_us": n * 10_000},
        "answers": {"q": {"value": {"times_us": [at * 10_000 for at in range(n)], "values": ["x"] * n}}},
    }
    assert [(one.code, one.at) for one in check(scheme, given)] == [("wrong_form", "/answers/q/value/values/0")]
    given["answers"]["q"]["value"]["values"] = [0.5] * n
    assert check(scheme, given) == []
