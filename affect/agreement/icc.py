"""Intraclass correlations and Cronbach's alpha: how much of the variance of ratings lies between what was rated.

The six forms of Shrout & Fleiss (1979) come from one analysis of variance. Which one is meant follows from the design:
other raters for each unit (1), raters drawn from many who could replace each other (2), these raters and no others (3);
and whether one rater (1) or the mean of all k (k) will be used. McGraw & Wong (1996) call them 1, A (absolute agreement)
and C (consistency), and give the F intervals. They need every rater on every unit: with holes the answer is a mixed model
or interval alpha, never a table with rows cut out unasked.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import fdtri

from affect import undefined
from affect.agreement.resampling import group, interval, ratio
from affect.measure import Interval, Measure, describe
from affect.undefined import Undefined

FORMS = ("ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(1,k)", "ICC(2,k)", "ICC(3,k)")
_MCGRAW_WONG = ("ICC(1)", "ICC(A,1)", "ICC(C,1)", "ICC(k)", "ICC(A,k)", "ICC(C,k)")


@dataclass(frozen=True, slots=True)
class Icc:
    """One form: its value and F interval, or why it has none. No bounds: there is no error to test against.

    name, also  Shrout & Fleiss', McGraw & Wong's
    f, df1, df2 the F test against no variance between units
    """

    name: str
    also: str
    value: float | None
    low: float | None
    high: float | None
    level: float
    f: float | None
    df1: int
    df2: int
    method: str = "F interval (McGraw & Wong 1996)"
    undefined: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Icc6:
    """All six forms and what they rest on: mean squares between units, within units, between raters, and of error."""

    forms: tuple[Icc, ...]
    bms: float
    wms: float
    jms: float
    ems: float
    n_units: int
    n_raters: int
    n_dropped: int

    def __getitem__(self, name: str) -> Icc:
        """The form of that name, Shrout & Fleiss' or McGraw & Wong's."""
        for form in self.forms:
            if name in (form.name, form.also):
                return form
        raise KeyError(f"no form {name!r}; one of {', '.join(FORMS)} would have been right")


def icc(ratings: ArrayLike, *, incomplete: str = "refuse", level: float = 0.95) -> Icc6:
    """All six intraclass correlations of ratings of shape (raters, units), with F intervals.

    incomplete: "refuse" raises Undefined where a unit lacks a rating; "drop" leaves such units out and counts them in
    `n_dropped`. Raises Undefined for fewer than two raters or units, and when all ratings are equal. A form whose
    denominator is 0 has no value and says why; the others stand.

    Shrout & Fleiss' six targets and four judges, published .17, .29, .71, .44, .62, .91:

    >>> judges = [[9, 6, 8, 7, 10, 6], [2, 1, 4, 1, 5, 2], [5, 3, 6, 2, 6, 4], [8, 2, 8, 6, 9, 7]]
    >>> [round(form.value, 4) for form in icc(judges).forms]
    [0.1657, 0.2898, 0.7148, 0.4428, 0.6201, 0.9093]
    >>> [(round(form.low, 2), round(form.high, 2)) for form in icc(judges).forms[1:3]]
    [(0.02, 0.76), (0.34, 0.95)]
    """
    table, dropped = _complete(ratings, incomplete)
    k, n = table.shape
    squares = _mean_squares(_sums(table), k)
    bms, wms, jms, ems = (float(square[0]) for square in squares)
    values = _forms(*squares, np.array([float(n)]), k)[0]
    bounds = _bounds(bms, wms, jms, ems, n, k, values, level)
    forms = []
    for position, (name, also) in enumerate(zip(FORMS, _MCGRAW_WONG, strict=True)):
        one_way = position in (0, 3)
        df2 = n * (k - 1) if one_way else (n - 1) * (k - 1)
        below = wms if one_way else ems
        if np.isnan(values[position]):
            why = "The units do not differ in what the raters gave them, so there is no variance to share."
            forms.append(Icc(name, also, None, None, None, level, None, n - 1, df2, "", undefined.ONE_VALUE_ONLY, why))
            continue
        low, high = (None if np.isnan(bound) else float(bound) for bound in bounds[position])
        f = bms / below if below else float("inf")
        forms.append(Icc(name, also, float(values[position]), low, high, level, f, n - 1, df2))
    return Icc6(tuple(forms), bms, wms, jms, ems, n, k, dropped)


def cronbach_alpha(ratings: ArrayLike, *, standardised: bool = False) -> float:
    """Cronbach's alpha (1951) of ratings of shape (raters, units); the raters are the items of a test.

    The raw form, k/(k-1) (1 - sum of variances / variance of the sum), is ICC(3,k). standardised: k r / (1 + (k - 1) r)
    with r the mean correlation of pairs; some tools show that one, so say which. Raises Undefined as `icc`, and for the
    standardised form when a rater gave one value only.

    >>> judges = [[9, 6, 8, 7, 10, 6], [2, 1, 4, 1, 5, 2], [5, 3, 6, 2, 6, 4], [8, 2, 8, 6, 9, 7]]
    >>> round(cronbach_alpha(judges), 4), round(cronbach_alpha(judges, standardised=True), 7)
    (0.9093, 0.9269436)
    """
    table, _ = _complete(ratings, "refuse")
    k = len(table)
    if standardised:
        if (table == table[:, :1]).all(axis=1).any():
            raise Undefined(
                undefined.CONSTANT_TRACE,
                "A rater gave every unit the same value, so there is no correlation with others.",
            )
        r = (np.corrcoef(table).sum() - k) / (k * (k - 1))
        if 1 + (k - 1) * r <= 0:
            raise Undefined(undefined.ONE_VALUE_ONLY, "The raters' values cancel out, so their sum does not vary.")
        return float(k * r / (1 + (k - 1) * r))
    total = table.sum(axis=0).var(ddof=1)
    if _is_zero(total, table):
        raise Undefined(undefined.ONE_VALUE_ONLY, "The sum of the raters does not vary, so there is nothing to share.")
    return float(k / (k - 1) * (1 - table.var(axis=1, ddof=1).sum() / total))


def bootstrap_icc(
    ratings: ArrayLike,
    form: str,
    *,
    seed: int,
    resamples: int = 1000,
    clusters: Sequence[Hashable] | None = None,
) -> Interval:
    """The 95 % percentile interval of one form over resampled units or clusters, for ratings whose units resemble each
    other, as the steps of a trace do, where the F interval is too narrow. Raises Undefined as `icc`.

    >>> judges = [[9, 6, 8, 7, 10, 6], [2, 1, 4, 1, 5, 2], [5, 3, 6, 2, 6, 4], [8, 2, 8, 6, 9, 7]]
    >>> bootstrap_icc(judges, "ICC(3,1)", seed=1).method
    'percentile bootstrap over units'
    """
    table, _ = _complete(ratings, "refuse")
    if form not in FORMS:
        raise ValueError(f"unknown form {form!r}; one of {', '.join(FORMS)} would have been right")
    k, n = table.shape
    at = FORMS.index(form)

    def statistic(sums: NDArray[np.float64]) -> NDArray[np.float64]:
        return _forms(*_mean_squares(sums, k), sums[:, 0], k)[:, at]

    return interval(statistic, _summands(table), group(n, clusters), seed=seed, resamples=resamples)


def measure_icc(
    ratings: ArrayLike,
    form: str,
    *,
    seed: int,
    resamples: int = 1000,
    clusters: Sequence[Hashable] | None = None,
) -> Measure:
    """One form as pages show it, with its bootstrap interval; the F interval is `icc(...)[form]`.

    >>> measure_icc([[1, 2, None], [1, 3, 2]], "ICC(2,1)", seed=1).undefined
    'incomplete'
    """
    table = _table(ratings)
    return describe(
        lambda: _value(ratings, form),
        lambda: bootstrap_icc(ratings, form, seed=seed, resamples=resamples, clusters=clusters),
        n_units=int((~np.isnan(table)).all(axis=0).sum()),
        n_raters=len(table),
        coverage=float((~np.isnan(table)).mean()) if table.size else 0.0,
        method=f"intraclass correlation {form}",
    )


def _value(ratings: ArrayLike, form: str) -> float:
    found = icc(ratings)[form]
    if found.value is None:
        raise Undefined(found.undefined, found.why)
    return found.value


def _table(ratings: ArrayLike) -> NDArray[np.float64]:
    table = np.asarray(ratings, dtype=np.float64)
    if table.ndim != 2:
        raise ValueError(f"ratings need two dimensions, raters x units; these have shape {table.shape}")
    if np.isinf(table).any():
        raise ValueError("ratings must be finite")
    return table


def _complete(ratings: ArrayLike, incomplete: str) -> tuple[NDArray[np.float64], int]:
    """The complete table and how many units were dropped for it."""
    if incomplete not in ("refuse", "drop"):
        raise ValueError(f"unknown rule {incomplete!r}; refuse or drop would have been right")
    table = _table(ratings)
    whole = ~np.isnan(table).any(axis=0)
    dropped = int((~whole).sum())
    if dropped and incomplete == "refuse":
        raise Undefined(
            undefined.INCOMPLETE,
            f"{dropped} of {len(whole)} units lack a rating. This measure needs every rater on every unit; "
            "interval alpha does not.",
        )
    table = table[:, whole]
    if min(table.shape) < 2:
        raise Undefined(
            undefined.TOO_FEW,
            f"At least two raters and two units are needed; there are {len(table)} and {table.shape[1]}.",
        )
    if (table == table[0, 0]).all():
        raise Undefined(
            undefined.ONE_VALUE_ONLY, "All raters gave every unit the same value, so there is no variance to share."
        )
    # Mean squares do not change with the origin; from the middle, large values lose no digits.
    return table - table.mean(), dropped


def _summands(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each unit's 1, ratings, sum of squares and squared sum: shape (U, k + 3)."""
    return np.column_stack([np.ones(table.shape[1]), table.T, (table**2).sum(axis=0), table.sum(axis=0) ** 2])


def _sums(table: NDArray[np.float64]) -> NDArray[np.float64]:
    return _summands(table).sum(axis=0)[None, :]


def _mean_squares(sums: NDArray[np.float64], k: int) -> tuple[NDArray[np.float64], ...]:
    """BMS, WMS, JMS and EMS of each row of sums, (R,) each; what is nothing but rounding is 0."""
    n, raters, squares, squared = sums[:, 0], sums[:, 1:-2], sums[:, -2], sums[:, -1]
    middle = raters.sum(axis=1) ** 2 / (n * k)
    total, between = squares - middle, squared / k - middle
    judges = (raters**2).sum(axis=1) / n - middle
    parts = [between, total - between, judges, total - between - judges]
    free = [n - 1, n * (k - 1), np.full(len(n), k - 1.0), (n - 1) * (k - 1)]
    noise = 1e-13 * squares
    return tuple(
        np.where(part > noise, part, 0) / np.maximum(degrees, 1) for part, degrees in zip(parts, free, strict=True)
    )


def _forms(
    bms: NDArray[np.float64],
    wms: NDArray[np.float64],
    jms: NDArray[np.float64],
    ems: NDArray[np.float64],
    n: NDArray[np.float64],
    k: int,
) -> NDArray[np.float64]:
    """The six forms, shape (R, 6), NaN where a denominator is 0."""
    apart = (jms - ems) / n
    return np.column_stack(
        [
            ratio(bms - wms, bms + (k - 1) * wms),
            ratio(bms - ems, bms + (k - 1) * ems + k * apart),
            ratio(bms - ems, bms + (k - 1) * ems),
            ratio(bms - wms, bms),
            ratio(bms - ems, bms + apart),
            ratio(bms - ems, bms),
        ]
    )


def _bounds(
    bms: float, wms: float, jms: float, ems: float, n: int, k: int, values: NDArray[np.float64], level: float
) -> list[tuple[float, float]]:
    """The F intervals in the order of the forms (McGraw & Wong 1996, table 7)."""
    tail = (1 - level) / 2
    singles = []
    for below, df2 in ((wms, n * (k - 1)), (ems, (n - 1) * (k - 1))):
        f = bms / below if below else np.inf
        low, high = f * fdtri(df2, n - 1, tail), f * fdtri(df2, n - 1, 1 - tail)
        singles.append(tuple((x - 1) / (x + k - 1) if np.isfinite(x) else 1.0 for x in (low, high)))
    one_way, consistent = singles
    absolute = _absolute(bms, jms, ems, n, k, float(values[1]), tail)
    averaged = [tuple(_of_mean(x, k) for x in pair) for pair in (one_way, absolute, consistent)]
    return [one_way, absolute, consistent, *averaged]


def _of_mean(single: float, k: int) -> float:
    """The reliability of the mean of k raters from that of one (Spearman 1910, Brown 1910)."""
    below = 1 + (k - 1) * single
    return k * single / below if below else -np.inf


def _absolute(bms: float, jms: float, ems: float, n: int, k: int, value: float, tail: float) -> tuple[float, float]:
    """The interval of ICC(2,1), with Satterthwaite's degrees of freedom (Shrout & Fleiss 1979, p. 424)."""
    if not ems and not jms:
        return 1.0, 1.0
    if not ems and not bms:
        return np.nan, np.nan  # no error to test against, and nothing to test
    a = k * value / (n * (1 - value)) if value < 1 else np.inf
    b = 1 + k * value * (n - 1) / (n * (1 - value)) if value < 1 else np.inf
    free = (a * jms + b * ems) ** 2 / ((a * jms) ** 2 / (k - 1) + (b * ems) ** 2 / ((n - 1) * (k - 1)))
    low, high = fdtri(n - 1, free, 1 - tail), fdtri(free, n - 1, 1 - tail)
    spread = k * jms + (k * n - k - n) * ems
    return n * (bms - low * ems) / (low * spread + n * bms), n * (high * bms - ems) / (spread + n * high * bms)


def _is_zero(variance: float, table: NDArray[np.float64]) -> bool:
    return bool(variance <= 1e-13 * (table**2).sum())
