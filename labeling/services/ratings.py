"""Reading what annotators said, as tables that measures and fusions take. Reads only; the gate narrows every query.

A rating of choice is the label's *identity*, which survives renaming, so answers made under two versions of a scheme are
compared rightly and two labels never collide.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

import numpy as np
from django.db.models import Count, Q, QuerySet
from numpy.typing import NDArray

from affect.codecs import trace as container
from affect.signals.resample import linear
from consent import assets
from consent.gate import Use, permitted
from labeling.models import Annotation, Annotator, Answer, Campaign, Question, Trace

USE = Use("human_annotation")
Gives = Question.Gives
TRUTHS = ("no", "yes")
GRID_US = 100_000  # traces are compared and fused at 10 Hz, the rate of SEWA and AVEC
LARGEST_GAP_US = 1_000_000  # a longer silence of the hand stays missing


@dataclass(frozen=True)
class Ratings:
    """Values of one question: shape (annotators, items), None where an annotator gave none."""

    question: Question
    annotators: list[UUID]
    items: list[UUID]
    values: list[list[str | float | frozenset[str] | None]]

    @property
    def n(self) -> int:
        return sum(value is not None for row in self.values for value in row)


@dataclass(frozen=True)
class TracesOfItem:
    """Traces of one item on the common grid: `values` has shape (annotators, T), NaN where one has no sample."""

    item: UUID
    annotators: list[UUID]
    times_us: NDArray[np.int64]
    values: NDArray[np.float64]


def annotations(campaign: Campaign, use: Use = USE) -> QuerySet[Annotation]:
    """The current annotations of a campaign whose participants allow the use. An item that somebody is asked again is asked
    to measure their own consistency; their second answer is no second annotator and counts nowhere here."""
    return permitted(Annotation.objects.filter(campaign=campaign, current=True, repetition=1), use)


def inputs(campaign: Campaign, use: Use = USE) -> str:
    """A hash of what agreement and gold standards are computed from: the same hash, the same numbers."""
    made = sha256()
    for one in sorted(annotations(campaign, use).values_list("pk", flat=True)):
        made.update(one.bytes)
    return made.hexdigest()


def simulated(campaign: Campaign) -> dict[str, int]:
    """How much of what counts here was made up by a program: annotators and annotations, beside how many there are in all."""
    made_up = Q(annotator__kind=Annotator.Kind.SIMULATED)
    return annotations(campaign).aggregate(
        annotators=Count("annotator", filter=made_up, distinct=True), all_annotators=Count("annotator", distinct=True),
        answers=Count("pk", filter=made_up), all_answers=Count("pk"),
    )  # fmt: skip


def spread_of_answers(campaign: Campaign, question: Question, use: Use = USE) -> dict[str | float, int]:
    """How often each value of a question was given; counted by the database. Of several labels each counts."""
    said = _said(campaign, question, use)
    labelled = question.gives in (Gives.LABEL, Gives.LABELS)
    field = "label__identity" if labelled else "number"
    counted = said.exclude(**{field: None}).values_list(field).annotate(n=Count("pk")).order_by(field)
    return {_value(question, value, value): n for value, n in counted}


def table(campaign: Campaign, question: Question, use: Use = USE) -> Ratings:
    """All ratings of a question in a stable order: an identity, a set of them, a number, or "yes" and "no". Who could not
    tell or skipped it gave none. Of primary and secondary labels the primary one counts."""
    said = _said(campaign, question, use).values_list(
        "annotation__annotator_id", "annotation__item_id", "label__identity", "number"
    )
    cells: dict[tuple[UUID, UUID], Any] = {}
    several = question.gives == Gives.LABELS
    for annotator, item, label, number in said.iterator(chunk_size=5000):
        if several:
            cells.setdefault((annotator, item), set()).update([str(label)] if label else [])
        elif (value := _value(question, label, number)) is not None:
            cells[annotator, item] = value
    if several:
        cells = {place: frozenset(labels) for place, labels in cells.items()}
    annotators = sorted({annotator for annotator, _ in cells})
    items = sorted({item for _, item in cells})
    return Ratings(question, annotators, items, [[cells.get((a, i)) for i in items] for a in annotators])


def _said(campaign: Campaign, question: Question, use: Use) -> QuerySet[Answer]:
    rows = Answer.objects.filter(
        annotation__in=annotations(campaign, use), question__identity=question.identity, state=Answer.State.ANSWERED
    )
    return rows.exclude(role=Answer.Role.SECONDARY)


def _value(question: Question, label: UUID | None, number: float | None) -> str | float | None:
    if question.gives in (Gives.LABEL, Gives.LABELS):
        return str(label) if label else None
    if question.gives == Gives.TRUTH:
        return None if number is None else TRUTHS[number == 1]
    return number


def traces(
    campaign: Campaign, question: Question, use: Use = USE, *, items: Collection[UUID] | None = None, axis: int = 0
) -> Iterator[TracesOfItem]:
    """Traces of a question, item by item, on the common grid; of these items alone when they are named. A trace of two axes
    is read one dimension at a time: `axis` says which."""
    rows = (
        Trace.objects.filter(
            annotation__in=annotations(campaign, use), question__identity=question.identity, state=Trace.State.PACKED
        )
        .select_related("annotation__item", "asset")
        .order_by("annotation__item_id", "annotation__annotator_id")
    )
    if items is not None:
        rows = rows.filter(annotation__item__in=items)
    group: list[Trace] = []
    for row in rows.iterator(chunk_size=200):
        if group and row.annotation.item_id != group[0].annotation.item_id:
            yield _on_grid(group, axis)
            group = []
        group.append(row)
    if group:
        yield _on_grid(group, axis)


def samples(row: Trace) -> container.Trace:
    """The stored samples of a trace, wherever they lie, with all its axes."""
    if row.asset_id is None:
        return container.unpack(bytes(row.packed))
    with assets.open_asset(row.asset) as stream:
        return container.unpack(stream.read())


def _on_grid(group: list[Trace], axis: int) -> TracesOfItem:
    item = group[0].annotation.item
    grid = np.arange(item.start_us, max(item.end_us, item.start_us + GRID_US), GRID_US, dtype=np.int64)
    lines = [
        linear(
            one.times_us,
            one.values,
            grid,
            limit_us=LARGEST_GAP_US,
            gap_before=(one.flags & container.Flag.GAP_BEFORE) != 0,
        )
        for one in (samples(row).axis(axis) for row in group)
    ]
    return TracesOfItem(item.pk, [row.annotation.annotator_id for row in group], grid, np.vstack(lines))
