"""Lin's concordance of traces: pairs of raters, each rater against the rest, and a mean over clips.

Concordance asks for the same values, not only the same shape. A constant trace against a varying one agrees on nothing, so
it is 0; two constants leave nothing to compare, also when they differ, so it is undefined. Each pair of raters is compared
on the steps that both rated: a gap of one rater never removes a step from the others.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from affect import undefined
from affect.agreement.resampling import Groups, interval, ratio
from affect.agreement.traces import (
    ClipStatistic,
    LeaveOneOut,
    Pairwise,
    bootstrap_clips,
    leave_one_out,
    matrix,
    mean_of_clips,
    mean_present,
    measure_clips,
    pairwise,
    two_traces,
)
from affect.measure import Interval, Measure
from affect.undefined import Undefined


def concordance(x: ArrayLike, y: ArrayLike) -> float:
    """Lin's concordance correlation coefficient with 1/n moments (Lin 1989): 2 s_xy / (s_x^2 + s_y^2 + (mx - my)^2).

    x, y: shape (T,), NaN where a rater is missing; only steps that both rated count. A constant against a varying
    trace gives 0. Raises Undefined when both are constant or when they share no step.

    >>> concordance([1, 2, 3, 4, 5], [2, 3, 4, 5, 6])
    0.8
    >>> round(concordance([1, 2, 3, 4, 5], [1, 2, 3, 4, 10]), 7)
    0.6153846
    """
    x, y = two_traces(x, y)
    both = ~(np.isnan(x) | np.isnan(y))
    x, y = x[both], y[both]
    if not len(x):
        raise Undefined(undefined.NO_OVERLAP, "The two traces share no moment that both rated.")
    x_flat, y_flat = bool((x == x[0]).all()), bool((y == y[0]).all())
    if x_flat and y_flat:
        raise Undefined(undefined.CONSTANT_TRACE, "Both traces are flat, so there is no movement to compare.")
    if x_flat or y_flat:
        return 0.0
    # Concordance does not change when both are scaled alike; without it, very large values would overflow.
    # A power of two, so that scaling itself rounds nothing.
    _, exponent = np.frexp(max(np.abs(x).max(), np.abs(y).max()))
    x, y = np.ldexp(x, -exponent), np.ldexp(y, -exponent)
    dx, dy = x - x.mean(), y - y.mean()
    return float(2 * np.mean(dx * dy) / (np.mean(dx**2) + np.mean(dy**2) + (x.mean() - y.mean()) ** 2))


def pairwise_concordance(traces: ArrayLike) -> Pairwise:
    """Lin's concordance of every pair of raters, each on its own overlap, and the mean of those that have a value.

    traces: shape (raters, T), NaN for gaps. Raises Undefined when there are fewer than two raters or no pair has a
    value. On the six targets of Shrout & Fleiss (1979):

    >>> judges = np.array([[9, 6, 8, 7, 10, 6], [2, 1, 4, 1, 5, 2], [5, 3, 6, 2, 6, 4], [8, 2, 8, 6, 9, 7]])
    >>> round(pairwise_concordance(judges).mean, 7)
    0.3351081
    """
    return pairwise(traces, concordance)


def leave_one_out_concordance(traces: ArrayLike) -> LeaveOneOut:
    """Lin's concordance of each rater with the mean of the others, step by step over the others who are present.

    traces: shape (raters, T), NaN for gaps. Raises Undefined when there are fewer than two raters or none has a
    value. On Shrout & Fleiss (1979):

    >>> judges = np.array([[9, 6, 8, 7, 10, 6], [2, 1, 4, 1, 5, 2], [5, 3, 6, 2, 6, 4], [8, 2, 8, 6, 9, 7]])
    >>> [round(value, 7) for value in leave_one_out_concordance(judges).raters]
    [0.2615193, 0.2204568, 0.6282421, 0.4761905]
    """
    return leave_one_out(traces, concordance)


STATISTICS: dict[str, ClipStatistic] = {
    "pairwise": pairwise_concordance,
    "leave_one_out": leave_one_out_concordance,
}


def mean_concordance(clips: Sequence[ArrayLike], *, statistic: str = "pairwise") -> float:
    """The mean over clips of the pairwise or leave-one-out concordance within each clip; undefined clips are left out.

    clips: a sequence of trace matrices, each of shape (raters, T of that clip). Raises Undefined when no clip has a
    value.

    >>> mean_concordance([[[1, 2, 3, 4, 5], [2, 3, 4, 5, 6]], [[1, 2], [1, 2]]])
    0.9
    """
    return mean_of_clips(clips, _named(statistic))


def bootstrap_concordance(
    clips: Sequence[ArrayLike],
    *,
    seed: int,
    resamples: int = 1000,
    statistic: str = "pairwise",
    clusters: Sequence[Hashable] | None = None,
) -> Interval:
    """The 95 % percentile interval of `mean_concordance` over resampled clips, or over the clusters they belong to.

    Raises Undefined when no clip has a value or when there are fewer than two clips.
    """
    return bootstrap_clips(clips, _named(statistic), seed=seed, resamples=resamples, clusters=clusters)


def measure_concordance(
    clips: Sequence[ArrayLike],
    *,
    seed: int,
    resamples: int = 1000,
    statistic: str = "pairwise",
    clusters: Sequence[Hashable] | None = None,
) -> Measure:
    """`mean_concordance` as pages show it; `n_units` counts the clips that have a value.

    >>> measure_concordance([[[1, 1], [1, 1]]], seed=1).undefined
    'constant_trace'
    """
    method = f"Lin's concordance, {statistic.replace('_', ' ')}"
    return measure_clips(clips, _named(statistic), method=method, seed=seed, resamples=resamples, clusters=clusters)


def bootstrap_blocks(
    traces: ArrayLike, block_steps: int, *, seed: int, resamples: int = 1000, statistic: str = "pairwise"
) -> Interval:
    """The 95 % percentile interval of the concordance within one recording, over resampled blocks of time.

    traces: shape (raters, T). block_steps: steps of a block, longer than what one moment of a trace says about the next
    (10 s or more). It holds for this recording and says nothing about others.
    Raises Undefined when the concordance is, and for fewer than two blocks.

    >>> t = np.arange(0, 60, 0.1)
    >>> bootstrap_blocks([np.sin(t), np.sin(t) + 0.1], 100, seed=1).method
    'percentile bootstrap over blocks of 100 steps of one recording'
    """
    traces = matrix(traces)
    _named(statistic)(traces)
    if block_steps < 1:
        raise ValueError("a block has at least one step")
    n_blocks = -(-traces.shape[1] // block_steps)
    if n_blocks < 2:
        raise Undefined(undefined.TOO_FEW, "An interval needs at least two blocks of time; the recording is one.")
    # From the middle, so that moments of far-off values lose no digits; concordance does not change when all move alike.
    traces = traces - np.nanmean(traces)
    if statistic == "pairwise":
        partners = [(traces[i], traces[j]) for i in range(len(traces)) for j in range(i + 1, len(traces))]
    else:
        partners = [(traces[i], mean_present(np.delete(traces, i, axis=0))) for i in range(len(traces))]
    moments = np.concatenate([_moments(x, y) for x, y in partners])
    blocks = np.add.reduceat(moments, np.arange(0, traces.shape[1], block_steps), axis=1)
    groups = Groups(np.arange(n_blocks), n_blocks, f"blocks of {block_steps} steps of one recording")
    return interval(_mean_of_moments, blocks.T, groups, seed=seed, resamples=resamples)


def _named(statistic: str) -> ClipStatistic:
    if statistic not in STATISTICS:
        raise ValueError(f"unknown statistic {statistic!r}; one of {', '.join(STATISTICS)} would have been right")
    return STATISTICS[statistic]


def _moments(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """1, x, y, x^2, y^2 and x y at the steps both rated, 0 elsewhere: shape (6, T)."""
    both = ~(np.isnan(x) | np.isnan(y))
    x, y = np.where(both, x, 0.0), np.where(both, y, 0.0)
    return np.array([both.astype(np.float64), x, y, x * x, y * y, x * y])


def _mean_of_moments(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean concordance over pairs of each row of moment sums, shape (R, 6 P); NaN where no pair has a value."""
    n, x, y, xx, yy, xy = np.moveaxis(sums.reshape(len(sums), -1, 6), 2, 0)
    steps = np.maximum(n, 1)
    mx, my = x / steps, y / steps
    vx, vy = xx / steps - mx**2, yy / steps - my**2
    # What is left of a flat trace is rounding.
    flat = (vx <= 1e-12 * xx / steps) & (vy <= 1e-12 * yy / steps)
    values = ratio(2 * (xy / steps - mx * my), np.where(flat | (n == 0), 0.0, vx + vy + (mx - my) ** 2))
    defined = ~np.isnan(values)
    return ratio(np.where(defined, values, 0.0).sum(axis=1), defined.sum(axis=1).astype(np.float64))
