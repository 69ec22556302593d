"""Checking what was answered against what was asked. Plain values in, checked values out; nothing is stored here.

An answer is a mapping: {"label": id} to a choice, {"number": n} to a scale, {"text": s} to a text, {"segments": [{"start_us",
"end_us", "label", "text"?}]} to a tier, {"trace": id} (or nothing) to a trace. All that is wrong is told at once, by question; the first code is the error's code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from core.errors import Invalid, Refused
from labeling.models import Label, Question
from labeling.services.schemes import Asked, Definition

LONGEST_TEXT = 2000
MOST_CLAIMS = 20
MOST_DETAILS = 20_000
MOST_SEGMENTS = 10_000
_LATEST_US = 2**53
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Span:
    """A labelled interval, [start, end) on the recording clock."""

    start_us: int
    end_us: int
    label: UUID
    text: str = ""


@dataclass(frozen=True)
class Value:
    """One checked answer; exactly one of label, number, text and segments is set. No segment at all is an answer as well:
    nothing of the kind happened."""

    question: Asked
    label: UUID | None = None
    number: float | None = None
    text: str = ""
    segments: tuple[Span, ...] | None = None


class _Wrong(Exception):
    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code, self.sentence = code, sentence


def check_answers(asked: Definition, answers: Any) -> list[Value]:
    """The values to store, in the order of the questions; traces are not among them.

    Raises Invalid with a code of `label_unknown`, `out_of_range`, `off_step`, `not_a_number`, `wrong_type`, `required`,
    `question_unknown`, `text_refused`; Refused("scheme_stale") when a label is one of another version of the scheme.
    """
    if not isinstance(answers, Mapping):
        raise Invalid(
            "wrong_type",
            _("Answers are an object: a value by question."),
            fields={"answers": [_("An object is needed.")]},
        )
    wrong: dict[str, _Wrong] = {}
    found: list[Value] = []
    for key in answers:
        if key not in asked.questions:
            shown = str(key)[:40].encode("utf-8", "replace").decode()
            wrong[f"answers.{shown}"] = _Wrong("question_unknown", _("This question is not asked here."))
    for question in asked.questions.values():
        try:
            if (value := _value(question, answers.get(question.key))) is not None:
                found.append(value)
        except _Wrong as one:
            wrong[f"answers.{question.key}"] = one
    if wrong:
        _refuse(asked, answers, wrong)
    return found


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


def clean_text(value: Any) -> str:
    """A text that every store takes: no lone surrogates, no NUL. Raises ValueError."""
    if not isinstance(value, str):
        raise TypeError
    value.encode("utf-8")
    if "\x00" in value:
        raise ValueError
    return value


def _refuse(asked: Definition, answers: Mapping, wrong: Mapping[str, _Wrong]) -> None:
    first = next(iter(wrong.values()))
    if any(one.code == "label_unknown" for one in wrong.values()) and _from_another_version(asked, answers):
        raise Refused(
            "scheme_stale",
            _("The questions have changed since this page was loaded. Load it again; what you entered stays here."),
        )
    raise Invalid(first.code, first.sentence, fields={name: [one.sentence] for name, one in wrong.items()})


def _from_another_version(asked: Definition, answers: Mapping) -> bool:
    sent = []
    for one in _labelled(answers):
        try:
            sent.append(check_uuid(one.get("label"), "label"))
        except Invalid:
            continue
    same = Label.objects.filter(pk__in=sent, question__scheme_version__scheme_id=asked.scheme_id)
    return same.exclude(question__scheme_version_id=asked.version_id).exists()


def _labelled(answers: Mapping) -> Iterator[Mapping]:
    """Everything in the answers that may carry a label."""
    for one in answers.values():
        if isinstance(one, Mapping):
            yield one
            inner = one.get("segments")
            yield from (part for part in (inner if isinstance(inner, list) else ())[:100] if isinstance(part, Mapping))


def _value(question: Asked, given: Any) -> Value | None:
    if given is None:
        given = {}
    if not isinstance(given, Mapping):
        raise _Wrong("wrong_type", _("An answer is an object with a label, a number or a text."))
    if question.kind == Question.Kind.TRACE:
        return None  # traces travel on their own; annotations asks for the finished one
    field = _FIELDS[question.kind]
    if any(name != field for name in given):
        raise _Wrong("wrong_type", _("This question takes a %(field)s.") % {"field": field})
    sent = given.get(field)
    value = None if sent is None else _READERS[field](question, sent)
    if value is None and question.required:
        raise _Wrong("required", _("An answer is needed here."))
    return value


def _label(question: Asked, sent: Any) -> Value:
    try:
        label = check_uuid(sent, "label")
    except Invalid:
        label = None
    if label not in question.labels:
        raise _Wrong("label_unknown", _("This is none of the labels that can be chosen."))
    return Value(question, label=label)


def _number(question: Asked, sent: Any) -> Value:
    if isinstance(sent, bool) or not isinstance(sent, int | float):
        raise _Wrong("not_a_number", _("A number is needed here."))
    try:
        number = float(sent)
    except OverflowError:
        raise _Wrong("out_of_range", _range(question)) from None
    if not isfinite(number):
        raise _Wrong("not_a_number", _("A number is needed here."))
    least, most = question.minimum, question.maximum
    if (least is not None and number < least) or (most is not None and number > most):
        raise _Wrong("out_of_range", _range(question))
    if question.step:
        steps = (number - (least or 0.0)) / question.step
        if abs(steps - round(steps)) > 1e-6:
            raise _Wrong("off_step", _("Values go in steps of %(step)g.") % {"step": question.step})
    return Value(question, number=number)


def _text(question: Asked, sent: Any) -> Value | None:
    try:
        text = clean_text(sent).strip()
    except TypeError:
        raise _Wrong("wrong_type", _("A text is needed here.")) from None
    except ValueError:
        raise _Wrong("text_refused", _("This text holds characters that cannot be stored.")) from None
    if len(text) > LONGEST_TEXT:
        raise _Wrong("too_long", _("A text has at most %(n)d characters.") % {"n": LONGEST_TEXT})
    return Value(question, text=text) if text else None


def _segments(question: Asked, sent: Any) -> Value:
    if not isinstance(sent, list | tuple) or len(sent) > MOST_SEGMENTS:
        raise _Wrong("wrong_type", _("A tier takes a list of at most %(n)d segments.") % {"n": MOST_SEGMENTS})
    return Value(question, segments=tuple(sorted((_span(question, one) for one in sent), key=_place)))


def _span(question: Asked, sent: Any) -> Span:
    if not isinstance(sent, Mapping) or set(sent) - {"start_us", "end_us", "label", "text"}:
        raise _Wrong("wrong_type", _("A segment has start_us, end_us, a label, and a text if wanted."))
    start, end = sent.get("start_us"), sent.get("end_us")
    if any(type(time) is not int for time in (start, end)):  # exact types: True is no time
        raise _Wrong("not_a_number", _("Times are whole microseconds."))
    if not 0 <= start < end <= _LATEST_US:
        raise _Wrong("time_out_of_range", _("A segment ends after it starts."))
    text = _text(question, sent["text"]) if sent.get("text") is not None else None
    return Span(start, end, _label(question, sent.get("label")).label, text.text if text else "")


def _place(one: Span) -> tuple[int, int, str, str]:
    return one.start_us, one.end_us, str(one.label), one.text


_FIELDS = {
    Question.Kind.CHOICE: "label",
    Question.Kind.SCALE: "number",
    Question.Kind.TEXT: "text",
    Question.Kind.SEGMENTS: "segments",
}
_READERS = {"label": _label, "number": _number, "text": _text, "segments": _segments}


def within(said: Sequence[Value], start_us: int, end_us: int) -> None:
    """Raises Invalid("time_out_of_range") for a segment outside the item's time."""
    for value in said:
        if any(one.start_us < start_us or one.end_us > end_us for one in value.segments or ()):
            raise invalid("time_out_of_range", f"answers.{value.question.key}", _("A time lies outside the clip."))


def _range(question: Asked) -> str:
    return _("Values go from %(least)g to %(most)g.") % {"least": question.minimum, "most": question.maximum}


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
