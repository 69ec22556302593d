"""The answers of a plain form, for a page whose scripts do not run: `posted` reads its fields into the wire format.

Fields are named q.<question>, its further parts q.<question>:<part> or q.<question>:<part>:<label>; a colon is in no id.
Choices, scales, texts, yes or no, first and further labels, action units and comparisons work so; a grid, a wheel and segments
need scripts. Whether the answers keep to their scheme is for the checker to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.http import QueryDict

from affect.schemes.model import (
    ActionUnits,
    Choice,
    Comparison,
    FreeText,
    PrimarySecondary,
    Question,
    Scale,
    Scheme,
    YesNo,
)


def posted(form: Scheme, sent: QueryDict) -> dict[str, dict[str, Any]]:
    """What was answered; a question whose fields are empty, or that needs scripts, is left out."""
    answers = {}
    for question in form.questions:
        answer = _answer(question, sent)
        if answer is not None:
            answers[question.id] = answer
    return answers


def _answer(question: Question, sent: QueryDict) -> dict[str, Any] | None:
    name = f"q.{question.id}"
    if sent.get(f"{name}:cannot_tell"):
        return {"cannot_tell": True}
    if reason := sent.get(f"{name}:skip"):
        text = sent.get(f"{name}:skip-text", "").strip()
        return {"skip": {"reason": reason, "text": text} if text else {"reason": reason}}
    read = _READ.get(type(question))
    value = read(question, name, sent) if read else None
    if value is None:
        return None
    answer = {"value": value}
    if confidence := sent.get(f"{name}:confidence"):
        answer["confidence"] = number(confidence)
    return answer


def number(sent: str) -> float | int | str:
    """The number that was written; what is none stays as it is, and is told where all answers are checked."""
    try:
        found = float(sent)
    except ValueError:
        return sent
    return int(found) if found.is_integer() else found


def _label(label: str, name: str, sent: QueryDict, group: str = "") -> dict[str, Any]:
    """One label with what goes with it."""
    one: dict[str, Any] = {"label": label}
    if intensity := sent.get(f"{name}:intensity{group}:{label}"):
        one["intensity"] = number(intensity)
    if text := sent.get(f"{name}:text{group}:{label}", "").strip():
        one["text"] = text
    if side := sent.get(f"{name}:side:{label}"):
        one["side"] = side
    return one


def _choice(question: Choice | ActionUnits, name: str, sent: QueryDict) -> list[dict[str, Any]] | None:
    labels = [one for one in sent.getlist(name) if one]
    if not labels and not (isinstance(question, ActionUnits) and sent.get(f"{name}:none")):
        return None
    return [_label(one, name, sent) for one in labels]


def _primary_secondary(question: PrimarySecondary, name: str, sent: QueryDict) -> dict[str, Any] | None:
    primary = sent.get(name)
    if not primary:
        return None
    secondary = [_label(one, name, sent, "-also") for one in sent.getlist(f"{name}:also")]
    return {"primary": _label(primary, name, sent), "secondary": secondary}


def _scale(question: Scale, name: str, sent: QueryDict) -> float | int | str | None:
    return number(sent[name]) if sent.get(name) else None


def _text(question: FreeText, name: str, sent: QueryDict) -> str | None:
    # Forms send lines with CR and LF; scripts have LF alone.
    return sent.get(name, "").replace("\r\n", "\n").strip() or None


def _yes_no(question: YesNo, name: str, sent: QueryDict) -> bool | None:
    return {"yes": True, "no": False}.get(sent.get(name, ""))


def _comparison(question: Comparison, name: str, sent: QueryDict) -> dict[str, Any] | None:
    if question.method == "pairwise":
        return {"preferred": sent.get(f"{name}:preferred") or None} if f"{name}:preferred" in sent else None
    found = {part: sent[f"{name}:{part}"] for part in ("best", "worst") if sent.get(f"{name}:{part}")}
    return found or None


_READ: Mapping[type[Question], Callable[[Any, str, QueryDict], Any]] = {
    Choice: _choice, ActionUnits: _choice, PrimarySecondary: _primary_secondary, Scale: _scale, FreeText: _text, YesNo: _yes_no,
    Comparison: _comparison,
}  # fmt: skip
