"""Ranks in place of values: what raters do agree on is often which moment has more (Yannakakis, Cowie & Busso 2018, 2021).

Time is cut into windows; each rater prefers the window whose figure is higher by more than a threshold. All preferences of
all raters together rank the windows. No scale is assumed: another zero or another unit of a rater changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import kendalltau, rankdata

from affect import undefined
from affect.gold.fusion import FusedTrace, checked, fuse_mean
from affect.undefined import Undefined

STATISTICS = ("mean", "gradient", "area")


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Windows in order of preference.

    starts    (W,) first step of each window
    figures   (raters, W) of each rater in each window, NaN where they were not there throughout
    fused     value (W,): preferences won less those lost, of all that were voiced, -1..1; sd, low, high and n over the
              raters' own such scores
    ranks     (W,) 1 for the lowest, ties share their mean rank, NaN where nobody has a figure
    tau       mean of Kendall's tau-b over pairs of raters, None where no pair has one
    """

    starts: NDArray[np.int64]
    figures: NDArray[np.float64]
    fused: FusedTrace
    ranks: NDArray[np.float64]
    tau: float | None


def rank_windows(
    traces: ArrayLike, *, window: int, statistic: str = "mean", threshold: float = 0.0, step_seconds: float = 1.0
) -> Ranking:
    """Rank windows of `window` steps by all raters' preferences. traces: (raters, T), NaN for gaps.

    statistic: the "mean" of a window, its mean "gradient" per second, or the "area" beneath it (value times seconds).
    A last window that is not full is left away. Raises Undefined when no rater has two windows.

    >>> found = rank_windows([[0, 0, 1, 1, 5, 5], [10, 10, 30, 30, 20, 20.0]], window=2)
    >>> found.fused.value.tolist(), found.ranks.tolist()
    ([-1.0, 0.5, 0.5], [1.0, 2.5, 2.5])
    """
    if statistic not in STATISTICS:
        raise ValueError(f"unknown statistic {statistic!r}; one of {', '.join(STATISTICS)} would have been right")
    if window < 1 or (statistic != "mean" and window < 2):
        raise ValueError("a window holds a sample, and two where it is to have a gradient or an area")
    if not 0 <= threshold < np.inf:
        raise ValueError("a threshold is not negative")
    matrix = checked(traces)
    n = matrix.shape[1] // window
    figures = _figures(matrix[:, : n * window].reshape(len(matrix), n, window), statistic, step_seconds)
    won, voiced, own = np.zeros(n), np.zeros(n), np.full((len(matrix), n), np.nan)
    for rater, row in enumerate(figures):
        here = np.flatnonzero(~np.isnan(row))
        if len(here) < 2:
            continue
        differences = row[here][:, None] - row[here][None, :]
        net = (np.sign(differences) * (np.abs(differences) > threshold)).sum(axis=1)
        won[here] += net
        voiced[here] += len(here) - 1
        own[rater, here] = net / (len(here) - 1)
    if not voiced.any():
        raise Undefined(undefined.TOO_FEW, "No rater was there throughout two windows, so there is nothing to prefer.")
    value = np.divide(won, voiced, out=np.full(n, np.nan), where=voiced > 0)
    spread = fuse_mean(own)
    ranks = np.full(n, np.nan)
    ranks[voiced > 0] = rankdata(value[voiced > 0].round(12))
    starts = np.arange(n, dtype=np.int64) * window
    for array in (value, ranks, starts, figures):
        array.flags.writeable = False
    method = f"preferences between windows of {window} steps by {statistic}, threshold {threshold:g}"
    fused = FusedTrace(value, spread.sd, spread.low, spread.high, spread.n, (), method)
    return Ranking(starts, figures, fused, ranks, _tau(figures))


def _figures(windows: NDArray[np.float64], statistic: str, step_seconds: float) -> NDArray[np.float64]:
    """(raters, W); NaN as soon as one sample is missing."""
    if statistic == "mean":
        return windows.mean(axis=2)
    if statistic == "area":
        return np.trapezoid(windows, dx=step_seconds, axis=2)
    # The mean of the differences is the way from the first to the last sample; all are needed all the same.
    return np.diff(windows, axis=2).mean(axis=2) / step_seconds


def _tau(figures: NDArray[np.float64]) -> float | None:
    found = []
    for first, second in combinations(figures, 2):
        both = ~(np.isnan(first) | np.isnan(second))
        if both.sum() < 2 or np.ptp(first[both]) == 0 or np.ptp(second[both]) == 0:
            continue
        found.append(float(kendalltau(first[both], second[both]).statistic))
    return float(np.mean(found)) if found else None
