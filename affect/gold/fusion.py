"""One trace from several: mean, median, trimmed mean, and the evaluator-weighted estimator.

Traces have shape (raters, T) on one grid, NaN where a rater gave nothing. A rater's gap takes nobody else's value away:
weights are shared among those who rated a step. Nothing is smoothed here, so the ends are as unbiased as the middle. The
spread and the number of raters stay with each sample, because disagreement is a finding and not only noise.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from affect import undefined
from affect.agreement.concordance import concordance
from affect.undefined import Undefined

METHODS = ("mean", "median", "trimmed", "ewe")
REFERENCES = ("all", "others", "pairwise_correlation", "pairwise_concordance")


@dataclass(frozen=True, slots=True)
class Weight:
    """A rater's weight in the weighted mean, by row: its share (all shares sum to 1), the agreement it comes from
    (None where that is undefined), and why it is 0: "contrary", "constant_trace", "no_overlap", or "" when it is not."""

    share: float
    agreement: float | None
    left_out: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class FusedTrace:
    """The fused trace, all arrays of shape (T,).

    value      NaN where nobody rated
    sd         of the raters around their mean, with n - 1; NaN where fewer than two rated
    low, high  quartiles of the raters, so that half of them lie between; NaN where fewer than two rated
    n          raters whose value counts, int64
    weights    of each rater, () where all count alike
    method     how it was fused
    """

    value: NDArray[np.float64]
    sd: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    n: NDArray[np.int64]
    weights: tuple[Weight, ...] = ()
    method: str = "mean of the raters present"


def fuse_mean(traces: ArrayLike) -> FusedTrace:
    """Mean, spread and number of raters at each step. traces: shape (raters, T) on one grid, NaN for gaps.

    >>> nan = float("nan")
    >>> fused = fuse_mean([[0.0, 1.0, nan], [1.0, nan, nan]])
    >>> fused.value.tolist(), fused.n.tolist()
    ([0.5, 1.0, nan], [2, 1, 0])
    """
    matrix = checked(traces)
    return _told(matrix, mean_present(matrix), "mean of the raters present")


def fuse_median(traces: ArrayLike) -> FusedTrace:
    """The median of the raters present at each step: one contrary rater in three or more cannot pull it.

    >>> fuse_median([[0.0, 0.5], [0.2, 0.5], [9.0, float("nan")]]).value.tolist()
    [0.2, 0.5]
    """
    matrix = checked(traces)
    return _told(matrix, _quantile(*_sorted(matrix), 0.5), "median of the raters present")


def fuse_trimmed(traces: ArrayLike, *, share: float = 0.2) -> FusedTrace:
    """The mean without the lowest and the highest floor(share * n) of the raters present at each step (Tukey 1962).

    `n` counts those that are left. share: below .5.

    >>> fuse_trimmed([[1.0], [2.0], [3.0], [4.0], [99.0]], share=0.2).value.tolist()
    [3.0]
    """
    if not 0 <= share < 0.5:
        raise ValueError("from 0 to below half of the raters can be trimmed at either end")
    matrix = checked(traces)
    ordered, n = _sorted(matrix)
    # A share such as .2 of 5 is one rater, also where the product falls short of 1 by a rounding.
    cut = np.floor(share * n + 1e-9).astype(np.int64)
    row = np.arange(len(matrix))[:, None]
    kept = np.where((row >= cut) & (row < n - cut), ordered, np.nan)
    fused = _told(matrix, mean_present(kept), f"mean without the outer {share:g} on either side")
    left = n - 2 * cut
    left.flags.writeable = False
    return FusedTrace(fused.value, fused.sd, fused.low, fused.high, left, (), fused.method)


def ewe(traces: ArrayLike, *, reference: str = "all", agreement_of: ArrayLike | None = None) -> FusedTrace:
    """The evaluator-weighted estimator: sum_k r_k x_k / sum_k r_k (Grimm & Kroschel, ASRU 2005).

    traces: shape (raters, T), NaN for gaps. A rater's weight r_k is, by `reference`: the correlation with the mean of
    "all" raters (the paper's), with the mean of the "others", or the mean of the "pairwise_correlation" or of Lin's
    "pairwise_concordance" with each other rater. It is found on `agreement_of` (the traces before they were aligned,
    shape (raters, T')), or on the traces themselves. Only steps that two raters or more rated tell about agreement.
    A rater with negative or undefined agreement has weight 0 and says why. Raises Undefined when there are fewer than two
    raters or when no weight is left. On the four judges of Shrout & Fleiss (1979):

    >>> from affect.gold.samples import JUDGES
    >>> fused = ewe(JUDGES)
    >>> fused.value.round(6).tolist()
    [5.970567, 2.973892, 6.484291, 3.973197, 7.477557, 4.735801]
    >>> [round(weight.agreement, 7) for weight in fused.weights]
    [0.8827689, 0.9166302, 0.9071212, 0.9094537]
    >>> ewe(JUDGES, reference="pairwise_correlation").value.round(6).tolist()
    [5.916953, 2.970003, 6.449048, 3.920474, 7.436284, 4.689857]
    """
    matrix = checked(traces)
    weights = rater_weights(matrix if agreement_of is None else agreement_of, reference=reference)
    return fuse_weighted(matrix, weights, method=f"evaluator-weighted estimator, weights by {_SAID[reference]}")


_SAID = {
    "all": "correlation with the mean of all raters (Grimm & Kroschel 2005)",
    "others": "correlation with the mean of the other raters",
    "pairwise_correlation": "mean pairwise correlation",
    "pairwise_concordance": "mean pairwise concordance",
}


def rater_weights(traces: ArrayLike, *, reference: str = "all") -> tuple[Weight, ...]:
    """The weights of `ewe`, one a rater, in the order of the rows. Raises Undefined when none is above 0."""
    if reference not in REFERENCES:
        raise ValueError(f"unknown reference {reference!r}; one of {', '.join(REFERENCES)} would have been right")
    matrix = checked(traces)
    if len(matrix) < 2:
        raise Undefined(undefined.TOO_FEW, "One rater alone agrees with nobody, so there are no weights.")
    found = [_agreement(matrix, rater, reference) for rater in range(len(matrix))]
    positive = [max(0.0, agreement) if agreement is not None else 0.0 for agreement, _ in found]
    total = math.fsum(positive)
    if not total > 0:
        raise _no_weight([code for _, code in found])
    return tuple(
        Weight(part / total, agreement, code or ("" if part else "contrary"))
        for part, (agreement, code) in zip(positive, found, strict=True)
    )


def fuse_weighted(traces: ArrayLike, weights: tuple[Weight, ...], *, method: str = "weighted mean") -> FusedTrace:
    """The weighted mean of the raters present; at each step the weights of those present are scaled to sum to 1.

    Raters of weight 0 count nowhere: not in the value, the spread or n.
    """
    matrix = checked(traces)
    if len(weights) != len(matrix):
        raise ValueError(f"{len(matrix)} raters need as many weights; there are {len(weights)}")
    shares = np.array([weight.share for weight in weights])
    counted = np.where(shares[:, None] > 0, matrix, np.nan)
    present = ~np.isnan(counted)
    given = np.where(present, shares[:, None], 0.0)
    total = given.sum(axis=0)
    sums = (given * np.where(present, counted, 0.0)).sum(axis=0)
    value = np.divide(sums, total, out=np.full(matrix.shape[1], np.nan), where=total > 0)
    return _told(counted, _within(value, counted), method, weights)


FUSIONS: dict[str, Callable[..., FusedTrace]] = {
    "mean": fuse_mean,
    "median": fuse_median,
    "trimmed": fuse_trimmed,
    "ewe": ewe,
}


def checked(traces: ArrayLike) -> NDArray[np.float64]:
    """Traces as a float64 matrix (raters, T). Raises ValueError for another shape or for infinite values."""
    matrix = np.asarray(traces, dtype=np.float64)
    if matrix.ndim != 2:
        raise ValueError(f"traces need two dimensions, raters x steps; these have shape {matrix.shape}")
    if np.isinf(matrix).any():
        raise ValueError("traces must be finite, with NaN for gaps")
    return matrix


def mean_present(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over the raters present at each step, shape (T,); NaN where nobody is."""
    present = ~np.isnan(matrix)
    n = present.sum(axis=0)
    sums = np.where(present, matrix, 0.0).sum(axis=0)
    return _within(np.divide(sums, n, out=np.full(matrix.shape[1], np.nan), where=n > 0), matrix)


def correlation(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Pearson's correlation over the steps that both have. Raises Undefined for no common step or a flat trace."""
    both = ~(np.isnan(x) | np.isnan(y))
    x, y = x[both], y[both]
    if not len(x):
        raise Undefined(undefined.NO_OVERLAP, "The two traces share no moment that both rated.")
    if (x == x[0]).all() or (y == y[0]).all():
        raise Undefined(undefined.CONSTANT_TRACE, "A flat trace has no correlation.")
    dx, dy = x - x.mean(), y - y.mean()
    # Scaled first: squares of very small or very large movements would leave the range of numbers.
    dx, dy = dx / np.abs(dx).max(), dy / np.abs(dy).max()
    return float(np.clip((dx * dy).sum() / math.sqrt((dx**2).sum() * (dy**2).sum()), -1, 1))


def _agreement(matrix: NDArray[np.float64], rater: int, reference: str) -> tuple[float | None, str]:
    """A rater's agreement by that reference, or None with the code of why there is none."""
    others = np.delete(matrix, rater, axis=0)
    try:
        if reference in ("all", "others"):
            shared = ~np.isnan(others).all(axis=0)
            mean = mean_present(matrix if reference == "all" else others)
            return correlation(np.where(shared, matrix[rater], np.nan), mean), ""
        measure = correlation if reference == "pairwise_correlation" else concordance
        return _mean_of_pairs(measure, matrix[rater], others), ""
    except Undefined as reason:
        return None, reason.code


def _mean_of_pairs(measure: Callable[..., float], trace: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    values, last = [], Undefined(undefined.TOO_FEW, "There is no other rater.")
    for other in others:
        try:
            values.append(measure(trace, other))
        except Undefined as reason:
            last = reason
    if not values:
        raise last
    return math.fsum(values) / len(values)


def _no_weight(codes: list[str]) -> Undefined:
    if not any(codes) or (undefined.CONSTANT_TRACE not in codes and undefined.NO_OVERLAP not in codes):
        return Undefined(undefined.CONTRARY, "No rater agrees with the others, so nobody's trace can be weighted up.")
    if undefined.CONSTANT_TRACE in codes:
        return Undefined(undefined.CONSTANT_TRACE, "The traces are flat or contrary, so no rater has a weight.")
    return Undefined(undefined.NO_OVERLAP, "Two raters never rated the same moment, so no rater has a weight.")


def _within(value: NDArray[np.float64], matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rounding may put a mean of equal values beside them; a mean lies between the lowest and the highest."""
    if not len(matrix):
        return value
    return np.fmax(np.fmin(value, np.fmax.reduce(matrix, axis=0)), np.fmin.reduce(matrix, axis=0))


def _sorted(matrix: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Each step's values in order, NaN last, and how many there are."""
    return np.sort(matrix, axis=0), (~np.isnan(matrix)).sum(axis=0)


def _quantile(ordered: NDArray[np.float64], n: NDArray[np.int64], share: float) -> NDArray[np.float64]:
    """Quantile over the first n of each column, linear between two values; NaN where n is 0."""
    if not len(ordered):
        return np.full(ordered.shape[1], np.nan)
    place = share * np.maximum(n - 1, 0)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(n - 1, 0))
    columns = np.arange(ordered.shape[1])
    low, high = ordered[below, columns], ordered[above, columns]
    # From the lower value on: halves of two huge values may not overflow, and equal values stay what they are.
    return np.where(low == high, low, low * (1 - (place - below)) + high * (place - below))


def _told(
    matrix: NDArray[np.float64], value: NDArray[np.float64], method: str, weights: tuple[Weight, ...] = ()
) -> FusedTrace:
    """The fused value with the spread of the raters in `matrix` around it."""
    ordered, n = _sorted(matrix)
    blank = np.full(matrix.shape[1], np.nan)
    mean = mean_present(matrix)
    squares = np.where(np.isnan(matrix), 0.0, matrix - mean) ** 2
    sd = np.sqrt(np.divide(squares.sum(axis=0), n - 1, out=blank.copy(), where=n > 1))
    low, high = (np.where(n > 1, _quantile(ordered, n, share), np.nan) for share in (0.25, 0.75))
    for array in (value, sd, low, high, n):
        array.flags.writeable = False
    return FusedTrace(value, sd, low, high, n, weights, method)
