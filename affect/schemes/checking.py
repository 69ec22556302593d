"""Whether a set of answers keeps to its scheme: `check` is the same on the server and, by the same vectors, in the browser.

The answers are plain JSON values:

    {"media": {"start_us": 0, "end_us": 8000000},        for segments and traces
     "items": ["a", "b"],                                for comparisons
     "answers": {"emotion": {"value": [{"label": "anger", "intensity": 3}], "confidence": 2},
                 "valence": {"cannot_tell": true},
                 "sarcasm": {"skip": {"reason": "inaudible"}}}}

Questions, labels, tiers and reasons are named by their ids. Values by kind of question:

    choice, wheel      [{"label", "intensity"?, "text"?}, …]; on a wheel the intensity is the ring
    primary_secondary  {"primary": {"label", …}, "secondary": [{"label", …}, …]}
    scale, grid        number; [x, y]
    text, yes_no       text; true or false
    comparison         {"preferred": item, or null for a tie}; {"best": item, "worst": item}
    action_units       [{"label", "intensity": "A"…"E", "side"?: "left" | "right" | "asymmetric"}, …]
    segments           [{"tier", "start_us", "end_us", "label" or "text", "intensity"?, "apex_us"?}, …]
    trace              {"times_us": […], "values": [v, …] or [[x, y], …], "gaps"?: [index, …], "device"?}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from affect.schemes.controls import CONTROLS
from affect.schemes.findings import Findings
from affect.schemes.model import Question, Scheme
from affect.schemes.problems import Problem, step
from affect.schemes.span import Shown
from affect.schemes.values import number, only, text_of


def check(scheme: Scheme, given: Mapping[str, Any]) -> list[Problem]:
    """Every rule that the answers break, questions in their order, each with its place in `given`.

    Problems whose code is in `findings.UNFINISHED` mean that something is still to come.
    """
    found = Findings()
    if not isinstance(given, dict) or not isinstance(given.get("answers", {}), dict):
        found.expect("" if not isinstance(given, dict) else "/answers", "an object")
        return found.problems
    only(given, "", ("media", "items", "answers"), found)
    shown = Shown.read(given, found)
    answers = given.get("answers", {})
    known = {question.id for question in scheme.questions}
    for name in answers:
        if name not in known:
            found.add("unknown_question", step("/answers", name), question=name)
    values: dict[str, Any] = {}
    for question in scheme.questions:
        at = step("/answers", question.id)
        answer = answers.get(question.id)
        if question.asked_if is not None and not question.asked_if.holds(values):
            if question.id in answers:
                found.add("not_asked", at)
        elif question.id not in answers:
            if is_due(question, values):
                found.add("missing", at)
        elif _answer(question, answer, at, shown, found):
            values[question.id] = answer["value"]
    return found.problems


def is_due(question: Question, values: Mapping[str, Any]) -> bool:
    """Whether a question that is asked must be answered, given the values of those before it."""
    return question.required_if.holds(values) if question.required_if is not None else question.required


def _answer(question: Question, answer: Any, at: str, shown: Shown, found: Findings) -> bool:
    """Check one answer; whether it has a value."""
    if not isinstance(answer, dict):
        found.expect(at, "an object with value, cannot_tell or skip")
        return False
    only(answer, at, ("value", "cannot_tell", "skip", "confidence"), found)
    ways = [way for way in ("value", "cannot_tell", "skip") if way in answer]
    if len(ways) != 1:
        found.expect(at, "one of value, cannot_tell and skip")
        return False
    if ways[0] != "value" and "confidence" in answer:
        found.add("confidence_not_asked", step(at, "confidence"))
    if ways[0] == "cannot_tell":
        if answer["cannot_tell"] is not True:
            found.expect(step(at, "cannot_tell"), "true")
        elif not question.cannot_tell:
            found.add("cannot_tell_not_offered", step(at, "cannot_tell"))
        return False
    if ways[0] == "skip":
        _skip(question, answer["skip"], step(at, "skip"), found)
        return False
    CONTROLS[type(question)](question, answer["value"], step(at, "value"), shown, found)
    _confidence(question, answer, at, found)
    return True


def _skip(question: Question, skip: Any, at: str, found: Findings) -> None:
    if not isinstance(skip, dict) or not isinstance(skip.get("reason"), str):
        found.expect(at, "an object with a reason")
        return
    only(skip, at, ("reason", "text"), found)
    reason = next((one for one in question.skip if one.id == skip["reason"]), None)
    if reason is None:
        found.add("unknown_reason", step(at, "reason"), reason=skip["reason"])
    else:
        text_of(skip, at, reason.free_text, found)


def _confidence(question: Question, answer: dict[str, Any], at: str, found: Findings) -> None:
    if "confidence" not in answer:
        if question.confidence and question.confidence_required:
            found.add("confidence_missing", at)
    elif question.confidence is None:
        found.add("confidence_not_asked", step(at, "confidence"))
    else:
        number(question.confidence, answer["confidence"], step(at, "confidence"), found)
