"""Agreement on segments: who marked what, from when to when.

A segment is (start, end, label) on a half-open interval, times in whole microseconds as everywhere in this house, though any
one unit will do. No single tolerance is right, so boundaries are compared over a sweep of them; every number comes with the
step, the tolerance or the overlap it was computed at.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from affect import undefined
from affect.agreement.kappa import cohen_kappa
from affect.agreement.units import as_objects
from affect.undefined import Undefined

# 0.25, 0.5 and 1 s in microseconds.
TOLERANCES = (250_000, 500_000, 1_000_000)


class Span(NamedTuple):
    """A labelled segment, [start, end)."""

    start: float
    end: float
    label: Hashable = None


Spans = Sequence[Span | tuple[float, float, Hashable] | tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Match:
    """A segment of a and one of b, by position, and the intersection over the union of their times."""

    first: int
    second: int
    iou: float


@dataclass(frozen=True, slots=True)
class TemporalIou:
    """Segments of two raters matched one to one.

    matches    pairs that overlap, chosen so that the sum of their IoU is largest
    mean_iou   over the matched and the unmatched, which count 0: 2 sum / (n_a + n_b)
    f1         share of segments matched at `threshold` or better: 2 m / (n_a + n_b)
    """

    matches: tuple[Match, ...]
    mean_iou: float
    f1: float
    threshold: float
    n_first: int
    n_second: int


@dataclass(frozen=True, slots=True)
class BoundaryError:
    """How far apart matched segments begin and end, in the unit of the times; bias is b minus a, later is positive."""

    onset_error: float
    onset_bias: float
    offset_error: float
    offset_bias: float
    n_matched: int
    n_first: int
    n_second: int


@dataclass(frozen=True, slots=True)
class ToleranceF1:
    """Boundaries of b found within a tolerance of boundaries of a, matched one to one.

    precision is their share in b, recall their share in a, f1 the harmonic mean: the same both ways.
    """

    tolerance: float
    precision: float
    recall: float
    f1: float
    n_matched: int


def spans(given: Spans) -> tuple[Span, ...]:
    """Segments as `Span`s. Raises ValueError when one ends before it starts or has no finite time.

    >>> spans([(0, 5, "joy")])
    (Span(start=0, end=5, label='joy'),)
    """
    found = tuple(Span(*one) for one in given)
    for one in found:
        if not (np.isfinite(one.start) and np.isfinite(one.end)):
            raise ValueError(f"a segment has finite times; this one is {one.start} to {one.end}")
        if one.end <= one.start:
            raise ValueError(f"a segment ends after it starts; this one is {one.start} to {one.end}")
    return found


def temporal_iou(a: Spans, b: Spans, *, threshold: float = 0.5, same_label: bool = True) -> TemporalIou:
    """Intersection over union of the segments of two raters, matched one to one for the largest sum (Kuhn 1955).

    same_label: only segments of one label match. threshold: the IoU from which a match counts for F1.
    Raises Undefined when neither rater marked anything.

    >>> found = temporal_iou([(0, 10, "joy"), (20, 30, "fear")], [(0, 8, "joy"), (40, 50, "fear")])
    >>> [match.iou for match in found.matches], found.mean_iou, found.f1
    ([0.8], 0.4, 0.5)
    """
    a, b = spans(a), spans(b)
    if not 0 < threshold <= 1:
        raise ValueError("an IoU threshold lies above 0 and at most at 1")
    if not a and not b:
        raise Undefined(undefined.NO_OVERLAP, "Neither rater marked a segment, so there is nothing to compare.")
    matches = _matched(a, b, same_label)
    n = len(a) + len(b)
    hits = sum(match.iou >= threshold for match in matches)
    return TemporalIou(matches, 2 * sum(match.iou for match in matches) / n, 2 * hits / n, threshold, len(a), len(b))


def boundary_error(a: Spans, b: Spans, *, same_label: bool = True) -> BoundaryError:
    """Mean absolute error and bias of onsets and offsets over the segments that `temporal_iou` matches.

    Raises Undefined when no segment of one overlaps a segment of the other.

    >>> found = boundary_error([(0, 10, "joy"), (20, 30, "fear")], [(1, 9, "joy"), (22, 33, "fear")])
    >>> found.onset_error, found.onset_bias, found.offset_error, found.offset_bias
    (1.5, 1.5, 2.0, 1.0)
    """
    a, b = spans(a), spans(b)
    matches = _matched(a, b, same_label)
    if not matches:
        raise Undefined(undefined.NO_OVERLAP, "No segment of one rater overlaps a segment of the other.")
    onsets = np.array([b[match.second].start - a[match.first].start for match in matches], dtype=np.float64)
    offsets = np.array([b[match.second].end - a[match.first].end for match in matches], dtype=np.float64)
    return BoundaryError(
        float(np.abs(onsets).mean()),
        float(onsets.mean()),
        float(np.abs(offsets).mean()),
        float(offsets.mean()),
        len(matches),
        len(a),
        len(b),
    )


def boundary_f1(
    a: Spans, b: Spans, *, tolerances: Sequence[float] = TOLERANCES, same_label: bool = False
) -> tuple[ToleranceF1, ...]:
    """F1 of segment boundaries at each tolerance; a boundary within the tolerance, its edge included, is found.

    Starts match starts and ends match ends, and labels labels where same_label asks for it; each boundary matches once,
    as many as possible. Raises Undefined when neither rater marked anything.

    >>> found = boundary_f1([(0, 10), (20, 30)], [(1, 10), (24, 30)], tolerances=(0, 1, 5))
    >>> [(one.tolerance, one.f1) for one in found]
    [(0, 0.5), (1, 0.75), (5, 1.0)]
    """
    a, b = spans(a), spans(b)
    if not a and not b:
        raise Undefined(undefined.NO_OVERLAP, "Neither rater marked a segment, so there is no boundary to compare.")
    if not tolerances or min(tolerances) < 0:
        raise ValueError("tolerances are 0 or more, and there is at least one")
    first, second = _boundaries(a, same_label), _boundaries(b, same_label)
    found = []
    for tolerance in tolerances:
        n = sum(_within(times, second.get(kind, []), tolerance) for kind, times in first.items())
        found.append(
            ToleranceF1(
                tolerance,
                n / (2 * len(b)) if b else 0.0,
                n / (2 * len(a)) if a else 0.0,
                n / (len(a) + len(b)),
                n,
            )
        )
    return tuple(found)


def frames(given: Spans, start: float, end: float, step: float, *, rest: Hashable = "rest") -> NDArray[Any]:
    """The label at the middle of each step from start to end: one row of ratings for any label coefficient.

    Shape (steps,). Where nothing is marked the label is `rest`; where several labels overlap, the set of them, which is
    a label of its own.

    >>> frames([(0, 20, "joy"), (10, 30, "awe")], 0, 40, 10).tolist()
    ['joy', frozenset({...}), 'awe', 'rest']
    """
    if not step > 0 or not end > start:
        raise ValueError("frames need a step above 0 and an end after the start")
    middles = start + (np.arange(int(np.ceil((end - start) / step))) + 0.5) * step
    middles = middles[middles < end]
    heard: list[set[Hashable]] = [set() for _ in middles]
    for one in spans(given):
        for at in range(*np.searchsorted(middles, [one.start, one.end], side="left")):
            heard[at].add(one.label)
    return as_objects(
        rest if not labels else next(iter(labels)) if len(labels) == 1 else frozenset(labels) for labels in heard
    )


def framewise_kappa(a: Spans, b: Spans, *, start: float, end: float, step: float, rest: Hashable = "rest") -> float:
    """Cohen's kappa of two raters on frames of a stated step, unmarked time as a class of its own.

    Longer silence and finer steps move it, so both belong to the number. Raises Undefined when all frames of both have
    one label.

    >>> round(framewise_kappa([(0, 50, "joy")], [(0, 60, "joy")], start=0, end=100, step=10), 7)
    0.8
    """
    return cohen_kappa(frames(a, start, end, step, rest=rest), frames(b, start, end, step, rest=rest))


def _matched(a: tuple[Span, ...], b: tuple[Span, ...], same_label: bool) -> tuple[Match, ...]:
    if not a or not b:
        return ()
    a_start, a_end = np.array([[one.start, one.end] for one in a], dtype=np.float64).T
    b_start, b_end = np.array([[one.start, one.end] for one in b], dtype=np.float64).T
    shared = np.minimum(a_end[:, None], b_end) - np.maximum(a_start[:, None], b_start)
    union = np.maximum(a_end[:, None], b_end) - np.minimum(a_start[:, None], b_start)
    iou = np.where(shared > 0, shared / union, 0.0)
    if same_label:
        iou *= np.array([[one.label == other.label for other in b] for one in a])
    rows, columns = linear_sum_assignment(iou, maximize=True)
    return tuple(
        Match(int(row), int(column), float(iou[row, column]))
        for row, column in zip(rows, columns, strict=True)
        if iou[row, column] > 0
    )


def _boundaries(given: tuple[Span, ...], same_label: bool) -> dict[Hashable, list[float]]:
    """Boundary times by kind, start or end, and by label where that matters; sorted."""
    found: dict[Hashable, list[float]] = {}
    for one in given:
        label = one.label if same_label else None
        found.setdefault(("start", label), []).append(one.start)
        found.setdefault(("end", label), []).append(one.end)
    return {kind: sorted(times) for kind, times in found.items()}


def _within(first: list[float], second: list[float], tolerance: float) -> int:
    """Most pairs of sorted times within a tolerance, each used once: taking the earliest that fits is best."""
    i = j = n = 0
    while i < len(first) and j < len(second):
        if abs(first[i] - second[j]) <= tolerance:
            n, i, j = n + 1, i + 1, j + 1
        elif first[i] < second[j]:
            i += 1
        else:
            j += 1
    return n
