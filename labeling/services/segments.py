"""Labelled intervals: a tier's answer. The answer's row says that the tier was answered, its segments are rows of their own.

Like a trace, a segment keeps the track that was perceived and the alignment it was made under; its times are on the
recording clock and never move.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from consent import keys
from core import bulk, ids
from labeling.models import Annotation, Assignment, Item, Segment
from labeling.services import traces, values

COLUMNS = (
    "id", "created_at", "annotation_id", "question_id", "label_id", "track_id", "alignment_id", "start_us", "end_us", "text",
)  # fmt: skip


def check(said: Sequence[values.Value], item_id: UUID) -> None:
    """Raises Invalid("time_out_of_range") for a segment outside the item."""
    if any(value.segments for value in said):
        values.within(said, *traces.bounds(Item.objects.get(pk=item_id)))


def keep(
    said: Iterable[tuple[Annotation, Sequence[values.Value]]], *, study_id: UUID, targets: dict[UUID, list[UUID]],
    assignment: Assignment | None = None,
) -> None:  # fmt: skip
    """Store the segments of these annotations; `targets` are the people by item, under whose keys their words are sealed."""
    found = [
        (annotation, value.question.id, one)
        for annotation, all_said in said
        for value in all_said
        for one in value.segments or ()
    ]
    if not found:
        return
    track, alignment = traces.perceived(assignment) if assignment is not None else (None, None)
    words = [(one.text, targets[annotation.item_id]) for annotation, _question, one in found if one.text]
    sealed = iter(
        keys.seal_many([text for text, _who in words], study_id=study_id, participant_ids=[who for _text, who in words])
        if words else ()
    )  # fmt: skip
    bulk.insert(Segment, COLUMNS, [
        (ids.new(), annotation.created_at, annotation.pk, question, one.label, track.pk if track else None,
         alignment.pk if alignment else None, one.start_us, one.end_us, next(sealed) if one.text else b"")
        for annotation, question, one in found
    ])  # fmt: skip


def of(annotation: Annotation, study_id: UUID, targets: list[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """An annotation's segments by question, in the order of time, as they are sent."""
    rows: dict[UUID, list[dict[str, Any]]] = {}
    for one in annotation.segments.order_by("start_us", "end_us", "id"):
        told: dict[str, Any] = {"start_us": one.start_us, "end_us": one.end_us, "label": str(one.label_id)}
        if one.text:
            told["text"] = keys.open_text(bytes(one.text), study_id=study_id, participant_ids=targets)
        rows.setdefault(one.question_id, []).append(told)
    return rows
