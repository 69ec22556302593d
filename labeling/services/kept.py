"""Answers as rows, and rows as answers: what was said goes into typed columns that measures and exports can ask for, and
comes out exactly as it was sent (`values.Said`). Words are sealed under the keys of those whom the item is about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from affect.schemes.model import GRADES
from affect.schemes.values import plain
from consent import keys
from core import bulk, ids
from labeling.models import Alignment, Annotation, Answer, ItemTarget, Question, Segment, Track
from labeling.services.definitions import Asked, Definition, definition
from labeling.services.values import Said

KIND = Question.Kind
ANSWER_COLUMNS = (
    "id", "created_at", "annotation_id", "question_id", "position", "state", "role", "label_id", "number", "x", "y", "intensity", "grade",
    "side", "confidence", "reason", "text",
)  # fmt: skip
SEGMENT_COLUMNS = (
    "id", "created_at", "annotation_id", "question_id", "tier", "position", "label_id", "track_id", "alignment_id", "start_us", "end_us",
    "apex_us", "intensity", "grade", "text",
)  # fmt: skip
Made = Sequence[tuple[Annotation, Said]]
Perceived = tuple[Track | None, Alignment | None]


@dataclass(slots=True)
class _Row:
    """One row of an answer on its way in, its words still open."""

    state: str = "answered"
    role: str = ""
    label: UUID | None = None
    number: float | None = None
    x: float | None = None
    y: float | None = None
    intensity: float | None = None
    grade: str = ""
    side: str = ""
    confidence: float | None = None
    reason: str = ""
    text: str = ""


def write(
    made: Made, asked: Definition, *, study_id: UUID, targets: Mapping[UUID, list[UUID]] | None = None, perceived: Callable[[], Perceived] | None = None
) -> None:  # fmt: skip
    """Store what annotations say. `targets` are the people by item, looked up when there are words and none are given;
    `perceived` tells what segments were made under, and is only asked when there are some."""
    rows = [
        (annotation, asked.questions[key].id, at, row)
        for annotation, said in made
        for key, answer in said.items()
        for at, row in enumerate(_rows(asked.questions[key], answer))
    ]
    segments = [
        (annotation, asked.questions[key], at, one)
        for annotation, said in made
        for key, answer in said.items()
        if asked.questions[key].kind == KIND.SEGMENTS
        for at, one in enumerate(answer.get("value", ()))
    ]
    words = [(annotation.item_id, row.text) for annotation, _question, _at, row in rows if row.text]
    words += [(annotation.item_id, one["text"]) for annotation, _question, _at, one in segments if one.get("text")]
    sealed = _sealed(words, study_id, targets)
    bulk.insert(Answer, ANSWER_COLUMNS, [
        (ids.new(), annotation.created_at, annotation.pk, question, at, row.state, row.role, row.label, row.number, row.x, row.y,
         row.intensity, row.grade, row.side, row.confidence, row.reason, next(sealed) if row.text else b"")
        for annotation, question, at, row in rows
    ])  # fmt: skip
    if segments:
        track, alignment = perceived() if perceived is not None else (None, None)
        under = (track.pk if track else None, alignment.pk if alignment else None)
        bulk.insert(Segment, SEGMENT_COLUMNS, [
            (ids.new(), annotation.created_at, annotation.pk, question.id, one["tier"], at, *_segment(question, one, under),
             next(sealed) if one.get("text") else b"")
            for annotation, question, at, one in segments
        ])  # fmt: skip


def _sealed(
    words: Sequence[tuple[UUID, str]], study_id: UUID, targets: Mapping[UUID, list[UUID]] | None
) -> Iterator[bytes]:
    if not words:
        return iter(())
    people = targets_of({item for item, _text in words}) if targets is None else targets
    return iter(
        keys.seal_many([text for _item, text in words], study_id=study_id, participant_ids=[people[item] for item, _text in words])
    )  # fmt: skip


def targets_of(items: Iterable[UUID]) -> dict[UUID, list[UUID]]:
    """Whom each item is about."""
    found: dict[UUID, list[UUID]] = {item: [] for item in items}
    for item, person in ItemTarget.objects.filter(item_id__in=list(found)).values_list("item_id", "participant_id"):
        found[item].append(person)
    return found


def _segment(question: Asked, one: Mapping[str, Any], under: tuple[UUID | None, UUID | None]) -> tuple[Any, ...]:
    label = question.labels[one["tier"], one["label"]].id if "label" in one else None
    intensity, grade = _strength(one)
    return label, *under, one["start_us"], one["end_us"], one.get("apex_us"), intensity, grade


def _strength(one: Mapping[str, Any]) -> tuple[float | None, str]:
    """An intensity as a number or a letter."""
    given = one.get("intensity")
    return (None, given) if given in GRADES else (given, "")


def _rows(question: Asked, answer: Mapping[str, Any]) -> list[_Row]:
    if "cannot_tell" in answer:
        return [_Row(state="cannot_tell")]
    if "skip" in answer:
        return [_Row(state="skipped", reason=answer["skip"]["reason"], text=answer["skip"].get("text", ""))]
    rows = _WRITERS[question.kind](question, answer["value"])
    if "confidence" in answer:
        rows = rows or [_Row()]
        rows[0].confidence = answer["confidence"]
    return rows


def _labelled(question: Asked, one: Mapping[str, Any], role: str = "") -> _Row:
    intensity, grade = _strength(one)
    return _Row(
        role=role, label=question.labels["", one["label"]].id, intensity=intensity, grade=grade, side=one.get("side", ""),
        text=one.get("text", ""),
    )  # fmt: skip


def _several(question: Asked, value: Sequence[Mapping[str, Any]]) -> list[_Row]:
    return [_labelled(question, one) for one in value] or [_Row()]  # none of them is an answer as well


def _primary(question: Asked, value: Mapping[str, Any]) -> list[_Row]:
    others = [_labelled(question, one, Answer.Role.SECONDARY) for one in value["secondary"]]
    return [_labelled(question, value["primary"], Answer.Role.PRIMARY), *others]


_WRITERS: Mapping[str, Callable[[Asked, Any], list[_Row]]] = {
    KIND.CHOICE: _several,
    KIND.WHEEL: _several,
    KIND.ACTION_UNITS: _several,
    KIND.PRIMARY_SECONDARY: _primary,
    KIND.SCALE: lambda question, value: [_Row(number=value)],
    KIND.GRID: lambda question, value: [_Row(x=value[0], y=value[1])],
    KIND.TEXT: lambda question, value: [_Row(text=value)],
    KIND.YES_NO: lambda question, value: [_Row(number=float(value))],
    KIND.SEGMENTS: lambda question, value: [_Row()],  # says that it was answered; the segments are rows of their own
    KIND.TRACE: lambda question, value: [],  # is a row of its own
}


# reading back ---------------------------------------------------------------------------------------------------------


def read(annotation: Annotation, *, words: bool = True) -> Said:
    """What an annotation says, in the order of the questions; `words=False` leaves what is sealed out."""
    asked = definition(annotation.scheme_version_id)
    rows: dict[UUID, list[Answer]] = {}
    for row in sorted(annotation.answers.all(), key=lambda one: one.position):
        rows.setdefault(row.question_id, []).append(row)
    segments: dict[UUID, list[Segment]] = {}
    if any(asked.by_id[question].kind == KIND.SEGMENTS for question in rows):
        for one in sorted(annotation.segments.all(), key=lambda one: one.position):
            segments.setdefault(one.question_id, []).append(one)
    opened = _opened(
        annotation, [*annotation.answers.all(), *(one for found in segments.values() for one in found)] if words else []
    )
    traced = dict(annotation.traces.values_list("question_id", "client_id")) if asked.traces else {}
    said: Said = {}
    for question in asked.questions.values():
        found = rows.get(question.id, [])
        if question.id in traced:
            said[question.key] = {"value": {"trace": str(traced[question.id])}, **_confidence(found)}
        elif found:
            said[question.key] = _answer(asked, question, found, segments.get(question.id, []), opened)
    return said


def _opened(annotation: Annotation, rows: Iterable[Answer | Segment]) -> dict[UUID, str]:
    sealed = {row.pk: bytes(row.text) for row in rows if row.text}
    if not sealed:
        return {}
    people = targets_of([annotation.item_id])[annotation.item_id]
    opened = keys.open_many(
        list(sealed.values()), study_id=annotation.campaign.study_id, participant_ids=[people] * len(sealed)
    )
    return dict(zip(sealed, opened, strict=True))


def _answer(
    asked: Definition, question: Asked, rows: Sequence[Answer], segments: Sequence[Segment], words: Mapping[UUID, str]
) -> dict[str, Any]:
    first = rows[0]
    if first.state == Answer.State.CANNOT_TELL:
        return {"cannot_tell": True}
    if first.state == Answer.State.SKIPPED:
        return {"skip": {"reason": first.reason} | ({"text": words[first.pk]} if first.pk in words else {})}
    if question.kind == KIND.SEGMENTS:
        value: Any = [_told_segment(asked, one, words) for one in segments]
    elif question.kind == KIND.PRIMARY_SECONDARY:
        told = [_told(asked, one, words) for one in rows]
        value = {"primary": told[0], "secondary": told[1:]}
    elif question.kind in (KIND.CHOICE, KIND.WHEEL, KIND.ACTION_UNITS):
        value = [_told(asked, one, words) for one in rows if one.label_id is not None]
    else:
        value = _READERS[question.kind](first, words)
    return {"value": value, **_confidence(rows)}


_READERS: Mapping[str, Callable[[Answer, Mapping[UUID, str]], Any]] = {
    KIND.SCALE: lambda row, words: plain(row.number),
    KIND.GRID: lambda row, words: [plain(row.x), plain(row.y)],
    KIND.TEXT: lambda row, words: words.get(row.pk, ""),
    KIND.YES_NO: lambda row, words: row.number == 1,
}


def _confidence(rows: Sequence[Answer]) -> dict[str, Any]:
    return {"confidence": plain(rows[0].confidence)} if rows and rows[0].confidence is not None else {}


def _told(asked: Definition, row: Answer, words: Mapping[UUID, str]) -> dict[str, Any]:
    return {"label": asked.codes[row.label_id], **_more(row, words)} | ({"side": row.side} if row.side else {})


def _told_segment(asked: Definition, row: Segment, words: Mapping[UUID, str]) -> dict[str, Any]:
    told: dict[str, Any] = {"tier": row.tier, "start_us": row.start_us, "end_us": row.end_us}
    if row.label_id is not None:
        told["label"] = asked.codes[row.label_id]
    if row.apex_us is not None:
        told["apex_us"] = row.apex_us
    return told | _more(row, words)


def _more(row: Answer | Segment, words: Mapping[UUID, str]) -> dict[str, Any]:
    """The intensity and the words that go with a label."""
    told: dict[str, Any] = {}
    if row.grade:
        told["intensity"] = row.grade
    elif row.intensity is not None:
        told["intensity"] = plain(row.intensity)
    if row.pk in words:
        told["text"] = words[row.pk]
    return told
