"""Where agreement and disagreement sit: by pair, label, group and unit, and what one rater changes.

One coefficient hides a rater who reads a scheme differently, a label nobody can tell from its neighbour, and a handful of
items that everybody sees in their own way. Each function here takes the same raters x units table as the coefficients and
returns parts of it with their own n. A part without a value says why. Leaving a rater out is a look at a result, not a rule
of exclusion: those are set down before the data are seen.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from affect import undefined
from affect.agreement.alpha import alpha_of_counts, krippendorff_alpha
from affect.agreement.disagreement import Disagreement, coincidences
from affect.agreement.kappa import pair_table
from affect.agreement.units import (
    INTERVAL,
    LEVELS,
    NOMINAL,
    ORDINAL,
    Codes,
    Counts,
    Ratings,
    as_rows,
    count,
    encode,
    is_missing,
)
from affect.measure import Measure
from affect.undefined import Undefined

# Ratings of shape (raters, units) to a value; raises Undefined where there is none.
Coefficient = Callable[[Any], float]


@dataclass(frozen=True, slots=True)
class PairCell:
    """Two raters, by row: their value, or None with code and reason, and the units both rated."""

    first: int
    second: int
    value: float | None
    n_units: int
    undefined: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class PairMatrix:
    """A coefficient of every pair of raters: the data of a heat map."""

    pairs: tuple[PairCell, ...]
    n_raters: int

    def grid(self) -> list[list[float | None]]:
        """Symmetric rows of values, None on the diagonal and where a pair has none."""
        rows: list[list[float | None]] = [[None] * self.n_raters for _ in range(self.n_raters)]
        for pair in self.pairs:
            rows[pair.first][pair.second] = rows[pair.second][pair.first] = pair.value
        return rows


@dataclass(frozen=True, slots=True)
class LabelAgreement:
    """One label against all others.

    specific   of the pairs of ratings in which one rater used the label, the share in which both did (Fleiss 1975)
    alpha      nominal alpha of this label or not
    n_ratings  times it was given, in units with two ratings
    """

    label: Any
    specific: float | None
    alpha: float | None
    n_ratings: int
    n_units: int
    undefined: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class GroupAgreement:
    """A measure within one group of units or of raters."""

    key: Hashable
    measure: Measure


@dataclass(frozen=True, slots=True)
class RaterConfusion:
    """What two raters called the same units: rows the first, columns the second. `table` is a tuple of rows."""

    labels: tuple[Any, ...]
    table: tuple[tuple[float, ...], ...]
    n: float


@dataclass(frozen=True, slots=True)
class DisputedUnit:
    """One unit: the mean distance of its pairs of ratings, and how often each label was given, most often first."""

    unit: int
    disagreement: float
    n_ratings: int
    given: tuple[tuple[Any, int], ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """The coefficient without one rater; `change` is that less the coefficient with all."""

    rater: int
    value: float | None
    change: float | None
    undefined: str = ""
    why: str = ""


def pair_matrix(values: Ratings, coefficient: Coefficient | str = NOMINAL) -> PairMatrix:
    """A coefficient of every pair of raters. values: shape (raters, units); pairs with no common unit say so.

    coefficient: of two rows, or the level of Krippendorff's alpha.

    >>> pair_matrix([["a", "b", "a"], ["a", "b", "b"], ["a", "a", None]]).grid()[0][1]
    0.4444444444444444
    """
    of, given = _of_raters(values, coefficient)
    cells = []
    for i, j in combinations(range(len(given)), 2):
        value, code, why = _tried(of, [i, j])
        cells.append(PairCell(i, j, value, int((given[i] & given[j]).sum()), code, why))
    return PairMatrix(tuple(cells), len(given))


def label_agreement(values: Ratings, *, categories: Sequence[Any] | None = None) -> tuple[LabelAgreement, ...]:
    """Agreement on each label, in the order of the categories, or of first use. values: shape (raters, units).

    >>> found = label_agreement([["a", "a", "b", "c"], ["a", "a", "b", "a"]])
    >>> [(one.label, round(one.specific, 2)) for one in found]
    [('a', 0.8), ('b', 1.0), ('c', 0.0)]
    """
    encoded = encode(values, categories=categories)
    counts = count(encoded)
    table = counts.table.toarray().astype(np.float64)
    both, any_ = (table * (table - 1)).sum(axis=0), (table * (counts.sizes - 1)[:, None]).sum(axis=0)
    found = []
    for at, label in enumerate(encoded.domain):
        one = Codes(np.where(encoded.codes < 0, -1, encoded.codes == at), np.array([0.0, 1.0]))
        alpha, code, why = _tried(_nominal, one)
        used = table[:, at]
        specific = float(both[at] / any_[at]) if any_[at] else None
        found.append(LabelAgreement(label, specific, alpha, int(used.sum()), int((used > 0).sum()), code, why))
    return tuple(found)


def group_agreement(
    values: Ratings, keys: Sequence[Hashable], measure: Callable[..., Measure], *, seed: int, of: str = "units"
) -> tuple[GroupAgreement, ...]:
    """A measure within each group of units (of participants, of recordings) or of raters, in order of appearance.

    keys: one a unit or one a rater; None leaves it out. measure: as `affect.agreement.load` gives it.

    >>> from affect.agreement import load
    >>> table = [["a", "b", "a", "a"], ["a", "b", "b", "a"]]
    >>> [(one.key, one.measure.n_units) for one in group_agreement(table, ["f", "f", "m", "m"],
    ...                                                            load("percent_agreement"), seed=1)]
    [('f', 2), ('m', 2)]
    """
    rows = as_rows(values)
    if of not in ("units", "raters"):
        raise ValueError(f"unknown kind of group {of!r}; units or raters would have been right")
    n = len(rows) if of == "raters" else len(rows[0]) if rows else 0
    if len(keys) != n:
        raise ValueError(f"{n} {of} need as many keys; there are {len(keys)}")
    found = []
    for key in dict.fromkeys(key for key in keys if key is not None):
        at = [index for index, other in enumerate(keys) if other == key]
        part = [rows[index] for index in at] if of == "raters" else [[row[index] for index in at] for row in rows]
        found.append(GroupAgreement(key, measure(part, seed=seed)))
    return tuple(found)


def rater_confusion(a: Sequence[Any], b: Sequence[Any], *, categories: Sequence[Any] | None = None) -> RaterConfusion:
    """What two raters called the same units. a, b: labels, None or NaN for none.

    >>> rater_confusion(["a", "b", "b"], ["a", "a", "b"]).table
    ((1.0, 0.0), (1.0, 1.0))
    """
    table, _ = pair_table(a, b, categories=categories)
    labels = encode([list(a), list(b)], categories=categories).domain
    return _confusion(labels, table)


def pooled_confusion(values: Ratings, *, categories: Sequence[Any] | None = None) -> RaterConfusion:
    """Krippendorff's coincidences: which labels meet in one unit, over all pairs of raters. Symmetric.

    >>> pooled_confusion([list("0100000010"), list("1110010000")]).table
    ((10.0, 4.0), (4.0, 2.0))
    """
    counts = count(encode(values, categories=categories))
    return _confusion(counts.domain, coincidences(counts))


def disputed_units(values: Ratings, level: str = NOMINAL, *, most: int | None = None) -> tuple[DisputedUnit, ...]:
    """Units with two ratings or more, those with most disagreement first, then in their order. `most`: how many.

    disagreement is the mean distance of a unit's pairs of ratings: the share of pairs that differ (nominal), or the mean
    squared difference of values (interval, ratio) or of mid-ranks over the range of ranks (ordinal, 0 to 1).

    >>> [(one.unit, one.disagreement) for one in disputed_units([["a", "b", "a"], ["a", "c", "a"], ["a", "b", "b"]])]
    [(1, 0.6666666666666666), (2, 0.6666666666666666), (0, 0.0)]
    """
    if level not in LEVELS:
        raise ValueError(f"unknown level {level!r}; one of {', '.join(LEVELS)} would have been right")
    counts = count(values, level)
    if not len(counts.unit_ids):
        return ()
    if level == ORDINAL:
        marginals = np.asarray(counts.table.sum(axis=0)).ravel().astype(np.float64)
        ranks = np.cumsum(marginals) - marginals / 2
        wide = float(ranks[-1] - ranks[0]) or 1.0
        by_rank = Disagreement.of(replace(counts, domain=ranks / wide), INTERVAL).within
        apart = by_rank / counts.sizes
    else:
        apart = Disagreement.of(counts, level).within / counts.sizes
    order = np.lexsort((counts.unit_ids, -apart))[:most]
    return tuple(_disputed(counts, int(at), float(apart[at])) for at in order)


def leave_one_rater_out(values: Ratings, coefficient: Coefficient | str = NOMINAL) -> tuple[LeftOut, ...]:
    """The coefficient of all raters but one, for each. Arguments as `pair_matrix`.

    >>> [one.rater for one in leave_one_rater_out([["a", "b"], ["a", "b"], ["b", "b"]]) if one.change > 0]
    [2]
    """
    of, given = _of_raters(values, coefficient)
    everyone = list(range(len(given)))
    whole, _, _ = _tried(of, everyone)
    found = []
    for rater in everyone:
        value, code, why = _tried(of, everyone[:rater] + everyone[rater + 1 :])
        change = value - whole if value is not None and whole is not None else None
        found.append(LeftOut(rater, value, change, code, why))
    return tuple(found)


def _of_raters(
    values: Ratings, coefficient: Coefficient | str
) -> tuple[Callable[[list[int]], float], NDArray[np.bool_]]:
    """The coefficient as a function of rows by number, and which cells hold a rating, shape (raters, units)."""
    if coefficient in LEVELS:
        # Labels get their numbers once and not anew for each pair.
        encoded = encode(values, coefficient)
        return (
            lambda raters: alpha_of_counts(count(Codes(encoded.codes[raters], encoded.domain)), coefficient),
            encoded.codes >= 0,
        )
    rows = as_rows(values)
    of = coefficient if callable(coefficient) else lambda some: krippendorff_alpha(some, coefficient)
    given = np.array([[not is_missing(value) for value in row] for row in rows], dtype=bool)
    return lambda raters: of([rows[rater] for rater in raters]), given


def _tried(of: Callable[[Any], float], data: Any) -> tuple[float | None, str, str]:
    """Value, code and reason."""
    try:
        return float(of(data)), "", ""
    except Undefined as reason:
        return None, reason.code, reason.why


def _nominal(codes: Codes) -> float:
    counts = count(codes)
    if not len(counts.unit_ids):
        raise Undefined(undefined.NO_OVERLAP, "No unit was rated by two raters, so nothing can be compared.")
    if counts.n_values_used < 2:
        raise Undefined(
            undefined.ONE_VALUE_ONLY, "The label was given always or never, so chance cannot be told apart."
        )
    return float(Disagreement.of(counts, NOMINAL).alphas(np.ones((1, len(counts.sizes))))[0])


def _confusion(labels: Sequence[Any], table: NDArray[Any]) -> RaterConfusion:
    return RaterConfusion(
        tuple(labels), tuple(tuple(float(cell) for cell in row) for row in table), float(np.sum(table))
    )


def _disputed(counts: Counts, at: int, apart: float) -> DisputedUnit:
    cells = slice(counts.table.indptr[at], counts.table.indptr[at + 1])
    pairs = zip(counts.table.indices[cells], counts.table.data[cells], strict=True)
    given = sorted(((counts.domain[code], int(times)) for code, times in pairs), key=lambda pair: -pair[1])
    return DisputedUnit(int(counts.unit_ids[at]), apart, int(counts.sizes[at]), tuple(given))
