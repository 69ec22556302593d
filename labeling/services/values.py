"""Checking what was answered against what was asked. Plain values in, checked values out; nothing is stored here.

`affect.schemes.check` decides; its docstring tells the form of answers. What it cannot know is added: that a text can be
stored, that a trace is one that was finished before. All that is wrong is told at once, by question, each in a sentence of
the reader's language; the first code is the error's code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import isfinite
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from affect.schemes import Problem, check
from affect.schemes.problems import step
from affect.schemes.values import plain
from core.errors import Invalid, Refused
from labeling.models import Label, Question
from labeling.services.definitions import Definition
from labeling.services.sentences import code_of, sentence_of

LONGEST_TEXT = 2000  # of the words that go with a label, a segment or a skip; a question of text has its own limit
MOST_CLAIMS = 20
MOST_DETAILS = 20_000
MOST_VALUES = 120_000  # in all answers together: ten thousand segments
DEEPEST = 6
LARGEST = 10**400  # a whole number above is one that no scale takes
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)

Said = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Shown:
    """What was there to answer about: the media's stretch, items compared, and traces finished before, by question."""

    media: tuple[int, int] | None = None
    items: Sequence[str] = ()
    traces: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def check_answers(asked: Definition, answers: Any, shown: Shown = Shown()) -> Said:
    """The answers as they are kept and given back, in the order of the questions: numbers as people write them (5, not 5.0),
    secondary labels as a list, segments in the order of time.

    Raises Invalid with a code of `required`, `label_unknown`, `out_of_range`, `off_step`, `not_a_number`, `wrong_type`,
    `question_unknown`, `text_refused`, or one of `affect.schemes.findings`; Refused("scheme_stale") when a label or a question
    is one of another version of the scheme.
    """
    if not isinstance(answers, Mapping):
        raise Invalid(
            "wrong_type",
            _("Answers are an object: a value by question."),
            fields={"answers": [_("An object is needed.")]},
        )
    found: list[Problem] = []
    cleaned = _Cleaning(found).of_answers(answers)
    if not found:
        given = {"answers": {key: _with_trace(asked, key, one, shown, found) for key, one in cleaned.items()}}
        if shown.media and shown.media[0] < shown.media[1]:
            given["media"] = {"start_us": shown.media[0], "end_us": shown.media[1]}
        if shown.items:
            given["items"] = list(shown.items)
        found += check(asked.form, given)
    if found:
        _refuse(asked, found)
    return {key: _settled(asked.questions[key].kind, cleaned[key]) for key in asked.questions if key in cleaned}


def _with_trace(asked: Definition, key: str, answer: Any, shown: Shown, found: list[Problem]) -> Any:
    """An answer by a trace with the samples of it in the place of its id."""
    question = asked.questions.get(key)
    if (
        question is None
        or question.kind != Question.Kind.TRACE
        or not isinstance(answer, dict)
        or "value" not in answer
    ):
        return answer
    value = answer["value"]
    if not isinstance(value, dict) or set(value) != {"trace"} or not is_uuid(value["trace"]):
        found.append(Problem("wrong_form", f"{step('/answers', key)}/value", "Here belongs the id of a trace."))
        return {"cannot_tell": True} if question.form.cannot_tell else answer
    return {**answer, "value": shown.traces.get(key)}


def _settled(kind: str, answer: dict[str, Any]) -> dict[str, Any]:
    value = answer.get("value")
    if kind == Question.Kind.PRIMARY_SECONDARY and value is not None:
        return {**answer, "value": {"secondary": [], **value}}
    if kind == Question.Kind.SEGMENTS and value is not None:
        return {**answer, "value": sorted(value, key=_place)}
    if kind == Question.Kind.TRACE and value is not None:
        return {**answer, "value": {"trace": str(UUID(value["trace"]))}}
    return answer


def _place(segment: Mapping[str, Any]) -> tuple[Any, ...]:
    """The order of time, in which segments are kept: the order they were sent in means nothing."""
    return segment["start_us"], segment["end_us"], segment["tier"], segment.get("label", ""), segment.get("text", "")


class _Cleaning:
    """Answers as values that every store takes, without a number in another writing; what cannot be stored is told."""

    def __init__(self, found: list[Problem]) -> None:
        self._found, self._left = found, MOST_VALUES

    def of_answers(self, answers: Mapping[Any, Any]) -> dict[str, Any]:
        cleaned: dict[str, Any] = {}
        for key, answer in answers.items():
            told = str(key)[:64].encode("utf-8", "replace").decode()
            cleaned[told] = self.of(answer, step("/answers", told), 0)
        return cleaned

    def of(self, value: Any, at: str, depth: int) -> Any:
        self._left -= 1
        if depth > DEEPEST or self._left < 0:
            if self._left >= -1:
                self._found.append(Problem("too_large", at, "This is more than an answer holds."))
            return None
        if isinstance(value, str):
            if not is_storable(value):
                self._found.append(Problem("text_refused", at, "This text cannot be stored."))
            elif len(value) > LONGEST_TEXT and at.endswith("/text"):
                facts = {"count": len(value), "maximum": LONGEST_TEXT}
                self._found.append(Problem("too_long", at, "This text is too long.", facts))
            return value
        if isinstance(value, float):
            return plain(value) if isfinite(value) and abs(value) < 2**53 else value
        if isinstance(value, int) and not isinstance(value, bool):
            return max(-LARGEST, min(value, LARGEST))
        if isinstance(value, Mapping):
            return {str(name): self.of(one, step(at, name), depth + 1) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.of(one, step(at, index), depth + 1) for index, one in enumerate(value)]
        return value


def _refuse(asked: Definition, found: Sequence[Problem]) -> None:
    if any(one.code in ("unknown_label", "unknown_question") for one in found) and _from_another_version(asked, found):
        raise stale()
    fields: dict[str, list[str]] = {}
    for one in found:
        fields.setdefault(f"answers.{question_of(one)}", []).append(sentence_of(one))
    told = [{"code": one.code, "at": one.at[:200]} for one in found[:100]]
    raise Invalid(code_of(found[0]), sentence_of(found[0]), fields=fields, problems=told)


def stale() -> Refused:
    """The refusal of an answer to another version than is asked."""
    return Refused(
        "scheme_stale",
        _("The questions have changed since this page was loaded. Load it again; what you entered stays here."),
    )


def question_of(one: Problem) -> str:
    """The question that a problem is about."""
    return one.at.split("/")[2].replace("~1", "/").replace("~0", "~")


def _from_another_version(asked: Definition, found: Iterable[Problem]) -> bool:
    """Whether something is named that another version of the scheme asks: the page is older than the scheme, or newer."""
    labels = {(question_of(one), str(one.facts["label"])) for one in found if one.code == "unknown_label"}
    # What no store takes is in no version; PostgreSQL would not even look for it.
    labels = {pair for pair in labels if all(map(is_storable, pair))}
    questions = [name for one in found if one.code == "unknown_question" and is_storable(name := question_of(one))][
        :100
    ]
    others = Question.objects.filter(scheme_version__scheme_id=asked.scheme_id).exclude(
        scheme_version_id=asked.version_id
    )
    if questions and others.filter(key__in=questions).exists():
        return True
    rows = Label.objects.filter(question__in=others, code__in=[label for _key, label in labels][:100])
    return bool(labels) and not labels.isdisjoint(rows.values_list("question__key", "code"))


def is_uuid(value: Any) -> bool:
    try:
        check_uuid(value, "id")
    except Invalid:
        return False
    return True


def is_storable(text: str) -> bool:
    """Whether every store takes a text: no lone surrogates, no NUL."""
    return "\x00" not in text and not any("\ud800" <= one <= "\udfff" for one in text)


def check_uuid(value: Any, name: str) -> UUID:
    """A UUID, or Invalid."""
    if isinstance(value, UUID):
        return value
    try:
        return UUID(value) if isinstance(value, str) and len(value) <= 45 else UUID("")
    except ValueError:
        raise invalid("not_an_id", name, _("An id (UUID) is needed.")) from None


def check_whole(value: Any, name: str, most: int = 2**31 - 1) -> int:
    """A whole number from 0 to `most`, or Invalid. A fraction (a browser's clock has them) is cut."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise invalid("not_a_number", name, _("A whole number is needed."))
    if not 0 <= value <= most:
        raise invalid("out_of_range", name, _("This number is out of range."))
    return int(value)


def check_moment(value: Any, name: str) -> datetime | None:
    """A wall-clock time as RFC 3339 with an offset, or nothing; or Invalid."""
    if value in (None, ""):
        return None
    found = value if isinstance(value, datetime) else None
    if isinstance(value, str) and len(value) <= 40:
        try:
            found = parse_datetime(value)
        except ValueError:
            found = None
    if found is None or found.tzinfo is None:
        raise invalid("not_a_time", name, _("A time as 2026-11-22T10:00:00Z is needed."))
    try:
        inside = EARLIEST <= found <= LATEST
    except OverflowError:
        inside = False
    if not inside:
        raise invalid("out_of_range", name, _("This time is out of range."))
    return found


def check_claims(claims: Any, name: str = "perceived") -> dict[str, Any]:
    """What the client says about how the item was perceived: a small map of codes to booleans, numbers and codes."""
    if claims is None:
        return {}
    if not isinstance(claims, Mapping) or len(claims) > MOST_CLAIMS:
        raise invalid("details_refused", name, _("A small object is needed."))
    return check_details(claims, name, most=200)


def check_details(value: Any, name: str, most: int = MOST_DETAILS) -> Any:
    """Evidence of how something was entered: nested maps and lists of codes, times, numbers and booleans, not too many."""
    left = [most]

    def one(part: Any, depth: int) -> Any:
        left[0] -= 1
        if depth > 4 or left[0] < 0:
            raise invalid("details_refused", name, _("These details are too large."))
        if isinstance(part, Mapping):
            return {_claim_code(key, name): one(inner, depth + 1) for key, inner in part.items()}
        if isinstance(part, list | tuple):
            return [one(inner, depth + 1) for inner in part]
        if part is None or isinstance(part, bool | int | float):
            return part if part is None else _claim(part, name)
        if isinstance(part, str) and len(part) <= 80 and part.isascii() and part.isprintable():
            return part
        raise invalid("details_refused", name, _("Details are codes, times and numbers."))

    return one(value, 0)


def invalid(code: str, name: str, sentence: str) -> Invalid:
    return Invalid(code, sentence, fields={name: [sentence]})


def _claim_code(value: Any, name: str) -> str:
    if (
        isinstance(value, str)
        and 0 < len(value) <= 40
        and value.isascii()
        and value.replace("_", "").replace("-", "").isalnum()
    ):
        return value
    raise invalid("details_refused", name, _("Names and values are short codes."))


def _claim(value: Any, name: str) -> bool | float | str:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        if (isinstance(value, int) and abs(value) <= 2**53) or (isinstance(value, float) and isfinite(value)):
            return value
        raise invalid("details_refused", name, _("Numbers must be finite."))
    return _claim_code(value, name)
