"""Krippendorff's alpha for unitizing: agreement where raters choose the segments as well as their labels.

The family of Krippendorff, Mathet, Bouvry & Widlöcher ("On the reliability of unitizing textual continua", Quality &
Quantity 2016; Krippendorff 2019, sec. 12.6), which replaces the definition of 1995. A continuum of length L is cut by each
of m raters into segments with labels and gaps. Observed coincidences are the lengths of all intersections of segments of
different raters over m - 1; expected ones are products of the labels' lengths less what a segment would share with itself,
since a segment is chosen whole. A gap is not: it is blank in every smallest step, so of a gap only its steps are taken off.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from affect import undefined
from affect.agreement.segments import Span, Spans, spans
from affect.undefined import Undefined


@dataclass(frozen=True, slots=True)
class ValueAlpha:
    """(k)u-alpha: the reliability of one label where others marked something too.

    alpha     None where undefined
    coverage  share of the label's length that other raters marked, as whatever
    """

    label: Hashable
    alpha: float | None
    coverage: float


@dataclass(frozen=True, slots=True)
class UnitizingAlpha:
    """The u-alpha family; None where a member has no value, with its reason in `why`.

    nominal   u-alpha: segments and labels (eq. 34)
    binary    |u-alpha: marked or blank, whatever the label (eq. 35)
    coding    cu-alpha: labels alone, where segments of raters intersect (eq. 36-37)
    labels    (k)u-alpha of each label (eq. 38)
    """

    nominal: float
    binary: float | None
    coding: float | None
    labels: tuple[ValueAlpha, ...]
    length: float
    resolution: float
    n_raters: int
    why: str = ""


def unitizing_alpha(raters: Sequence[Spans], start: float, end: float, *, resolution: float = 1) -> UnitizingAlpha:
    """The u-alpha family of the segments of each rater on the continuum [start, end).

    raters: one sequence of (start, end, label) each, without overlaps within a rater; a rater who marked nothing is one
    long gap. resolution: the smallest step in which blank counts, in the unit of the times: 1 for characters and for
    microseconds. Raises Undefined for fewer than two raters, and when the whole continuum has one label from all or when
    nobody marked anything; ValueError on overlaps and on segments outside.

    Two raters mark [0, 5) and [0, 4) of ten steps alike. By hand: lengths 9 marked and 11 blank, 1 of 20 apart on each
    side, 2 * 9 * 11 expected apart of 20^2 - (5^2 + 4^2 + 11):

    >>> found = unitizing_alpha([[(0, 5, "joy")], [(0, 4, "joy")]], 0, 10)
    >>> round(found.nominal, 7) == round(1 - 2 / (2 * 9 * 11 / (20 - (25 + 16 + 11) / 20)), 7)
    True
    """
    marked = [_checked(given, start, end) for given in raters]
    if len(marked) < 2:
        raise Undefined(undefined.NO_OVERLAP, "One rater alone has nobody to agree with.")
    if not resolution > 0:
        raise ValueError("a resolution lies above 0")
    labels = list(dict.fromkeys(one.label for given in marked for one in given))
    covers = [_cover(given, start, end, labels) for given in marked]
    seen, corrections = _coincidences(covers, len(labels) + 1, resolution)
    nominal = _alpha(seen, _expected(seen, corrections))
    if nominal is None:
        raise Undefined(
            undefined.ONE_VALUE_ONLY,
            "Nobody marked a segment." if not labels else "All raters marked the whole as one and the same label.",
        )
    expected = _expected(seen, corrections)
    binary = _alpha(_halved(seen), _halved(expected))
    coding, of_labels = _coding(covers, labels, seen)
    why = []
    if binary is None:
        why.append("Every rater marked everything, so boundaries against blank have no value.")
    if coding is None:
        why.append("Where segments intersect there is one label or none, so the labels alone have no value.")
    return UnitizingAlpha(nominal, binary, coding, of_labels, end - start, resolution, len(marked), " ".join(why))


def _checked(given: Spans, start: float, end: float) -> tuple[Span, ...]:
    if not end > start:
        raise ValueError("a continuum ends after it starts")
    found = tuple(sorted(spans(given), key=lambda one: one.start))
    for before, after in pairwise(found):
        if after.start < before.end:
            raise ValueError(f"segments of one rater overlap at {after.start}; compare the tiers one by one")
    if found and (found[0].start < start or found[-1].end > end):
        raise ValueError(f"a segment lies outside {start} to {end}")
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Cover:
    """One rater's segments and gaps from end to end: edges (S + 1,) and codes (S,), 0 for gaps."""

    edges: NDArray[np.float64]
    codes: NDArray[np.int64]


def _cover(given: tuple[Span, ...], start: float, end: float, labels: list[Hashable]) -> _Cover:
    edges, codes = [start], []
    for one in given:
        if one.start > edges[-1]:
            edges.append(one.start)
            codes.append(0)
        edges.append(one.end)
        codes.append(labels.index(one.label) + 1)
    if edges[-1] < end:
        edges.append(end)
        codes.append(0)
    # From the start, so that times far from 0 lose no digits.
    return _Cover(np.array(edges, dtype=np.float64) - start, np.array(codes, dtype=np.int64))


def _intersections(a: _Cover, b: _Cover) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Segment of a, segment of b and length of every piece between two edges of either."""
    edges = np.union1d(a.edges, b.edges)
    middles = (edges[:-1] + edges[1:]) / 2
    return (
        np.searchsorted(a.edges, middles, side="right") - 1,
        np.searchsorted(b.edges, middles, side="right") - 1,
        np.diff(edges),
    )


def _coincidences(
    covers: list[_Cover], n_codes: int, resolution: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Observed coincidences (V, V), and what segments would share with themselves, by label (V,)."""
    seen = np.zeros((n_codes, n_codes))
    for position, a in enumerate(covers):
        for b in covers[position + 1 :]:
            first, second, lengths = _intersections(a, b)
            np.add.at(seen, (a.codes[first], b.codes[second]), lengths)
    corrections = np.zeros(n_codes)
    for cover in covers:
        lengths = np.diff(cover.edges)
        np.add.at(corrections, cover.codes, np.where(cover.codes == 0, lengths * resolution, lengths**2))
    return (seen + seen.T) / (len(covers) - 1), corrections


def _expected(seen: NDArray[np.float64], corrections: NDArray[np.float64]) -> NDArray[np.float64]:
    """Expected coincidences (eq. 33): (n_c n_k - [c = k] correction_c) / (n - sum of corrections / n)."""
    lengths, total = seen.sum(axis=1), seen.sum()
    below = total - corrections.sum() / total if total else 0.0
    if below <= 1e-12 * total:
        return np.zeros_like(seen)
    return (np.outer(lengths, lengths) - np.diag(corrections)) / below


def _alpha(seen: NDArray[np.float64], expected: NDArray[np.float64]) -> float | None:
    """1 - Do / De of coincidences, None where chance leaves nothing apart."""
    apart = ~np.eye(len(seen), dtype=bool)
    by_chance = expected[apart].sum()
    return float(1 - seen[apart].sum() / by_chance) if by_chance > 0 else None


def _halved(cells: NDArray[np.float64]) -> NDArray[np.float64]:
    """Coincidences of blank and marked, whatever the label: shape (2, 2)."""
    return np.array([[cells[0, 0], cells[0, 1:].sum()], [cells[1:, 0].sum(), cells[1:, 1:].sum()]])


def _coding(
    covers: list[_Cover], labels: list[Hashable], seen: NDArray[np.float64]
) -> tuple[float | None, tuple[ValueAlpha, ...]]:
    """cu-alpha and (k)u-alpha: the coincidences of labels alone.

    A segment counts by the length that it shares with others' segments, per other rater. For two raters that is the length
    on which the other marked anything, as in the book.
    """
    shared = seen[1:, 1:]
    corrections = np.zeros(len(labels) + 1)
    for a in covers:
        weights = np.zeros(len(a.codes))
        for b in covers:
            if b is not a:
                first, second, lengths = _intersections(a, b)
                np.add.at(weights, first, np.where(b.codes[second] > 0, lengths, 0.0))
        np.add.at(corrections, a.codes, (weights / (len(covers) - 1)) ** 2)
    expected = _expected(shared, corrections[1:])
    of_labels = []
    for k, label in enumerate(labels):
        in_all, length, chance = seen[:, k + 1].sum(), shared[:, k].sum(), expected[:, k].sum()
        apart, by_chance = length - shared[k, k], chance - expected[k, k]
        alpha = float(1 - (chance / length) * (apart / by_chance)) if length > 0 and by_chance > 0 else None
        of_labels.append(ValueAlpha(label, alpha, float(length / in_all)))
    return _alpha(shared, expected), tuple(of_labels)
