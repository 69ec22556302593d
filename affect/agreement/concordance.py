"""Concordance of traces: Lin's coefficient, pairwise and against the others, with gaps treated as gaps.

A trace matrix has shape (raters, T) on one time grid, NaN where a rater gave nothing. Each pair is compared on the steps
that both rated, so a gap of one rater never removes a step from the others. Samples of a trace follow each other too
closely to be resampled one by one: the bootstrap draws whole clips.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from affect import undefined
from affect.agreement.resampling import draw_weights
from affect.measure import Interval, Measure, describe, percentile_interval
from affect.undefined import Undefined


@dataclass(frozen=True, slots=True)
class Pair:
    """Two raters, by row: their concordance, or None with the code of why, and the steps both rated."""

    first: int
    second: int
    value: float | None
    n_steps: int
    undefined: str = ""


@dataclass(frozen=True, slots=True)
class PairwiseConcordance:
    """The mean over the pairs that have a value, the pairs themselves, and how many had none."""

    mean: float
    pairs: tuple[Pair, ...]
    n_undefined: int


@dataclass(frozen=True, slots=True)
class LeaveOneOut:
    """Each rater against the mean of the others; None where undefined. `mean` is over those that have a value."""

    mean: float
    raters: tuple[float | None, ...]
    n_undefined: int


def concordance(x: ArrayLike, y: ArrayLike) -> float:
    """Lin's concordance correlation coefficient with 1/n moments (Lin 1989): 2 s_xy / (s_x^2 + s_y^2 + (mx - my)^2).

    x, y: shape (T,), NaN where a rater is missing; only steps that both rated count. A constant against a varying
    trace gives 0. Raises Undefined when both are constant or when they share no step.

    >>> concordance([1, 2, 3, 4, 5], [2, 3, 4, 5, 6])
    0.8
    >>> round(concordance([1, 2, 3, 4, 5], [1, 2, 3, 4, 10]), 7)
    0.6153846
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape:
        raise ValueError(f"two traces of one length are needed; these have shapes {x.shape} and {y.shape}")
    both = ~(np.isnan(x) | np.isnan(y))
    x, y = x[both], y[both]
    if np.isinf(x).any() or np.isinf(y).any():
        raise ValueError("traces must be finite, with NaN for gaps")
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


def pairwise_concordance(traces: ArrayLike) -> PairwiseConcordance:
    """Lin's concordance of every pair of raters, each on its own overlap, and the mean of those that have a value.

    traces: shape (raters, T), NaN for gaps. Raises Undefined when there are fewer than two raters or no pair has a
    value. On the six targets of Shrout & Fleiss (1979):

    >>> judges = np.array([[9, 6, 8, 7, 10, 6], [2, 1, 4, 1, 5, 2], [5, 3, 6, 2, 6, 4], [8, 2, 8, 6, 9, 7]])
    >>> round(pairwise_concordance(judges).mean, 7)
    0.3351081
    """
    traces = _matrix(traces)
    pairs = tuple(_pair(traces, first, second) for first, second in combinations(range(len(traces)), 2))
    values = [pair.value for pair in pairs if pair.value is not None]
    if not values:
        raise _none_defined([pair.undefined for pair in pairs], "pair of raters")
    return PairwiseConcordance(float(np.mean(values)), pairs, len(pairs) - len(values))


def leave_one_out_concordance(traces: ArrayLike) -> LeaveOneOut:
    """Lin's concordance of each rater with the mean of the others, step by step over the others who are present.

    traces: shape (raters, T), NaN for gaps. Raises Undefined when there are fewer than two raters or none has a
    value. On Shrout & Fleiss (1979):

    >>> judges = np.array([[9, 6, 8, 7, 10, 6], [2, 1, 4, 1, 5, 2], [5, 3, 6, 2, 6, 4], [8, 2, 8, 6, 9, 7]])
    >>> [round(value, 7) for value in leave_one_out_concordance(judges).raters]
    [0.2615193, 0.2204568, 0.6282421, 0.4761905]
    """
    traces = _matrix(traces)
    found: list[float | None] = []
    codes: list[str] = []
    for rater in range(len(traces)):
        try:
            found.append(concordance(traces[rater], _mean_present(np.delete(traces, rater, axis=0))))
        except Undefined as reason:
            found.append(None)
            codes.append(reason.code)
    values = [value for value in found if value is not None]
    if not values:
        raise _none_defined(codes, "rater")
    return LeaveOneOut(float(np.mean(values)), tuple(found), len(codes))


STATISTICS: dict[str, Callable[[ArrayLike], PairwiseConcordance | LeaveOneOut]] = {
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
    return _mean_of_clips(*_clip_values(clips, statistic))


def bootstrap_concordance(
    clips: Sequence[ArrayLike], *, seed: int, resamples: int = 1000, statistic: str = "pairwise"
) -> Interval:
    """The 95 % percentile interval of `mean_concordance` over resampled clips.

    Raises Undefined when no clip has a value or when there are fewer than two clips.
    """
    values, codes = _clip_values(clips, statistic)
    _mean_of_clips(values, codes)
    if len(values) < 2:
        raise Undefined(undefined.TOO_FEW, "An interval needs at least two clips; there is one.")
    defined = ~np.isnan(values)
    filled = np.where(defined, values, 0.0)
    draws = []
    for weights in draw_weights(len(values), resamples, seed, max(1, 4_000_000 // len(values))):
        n = weights @ defined
        draws.append(np.divide(weights @ filled, n, out=np.full(len(n), np.nan), where=n > 0))
    return percentile_interval(np.concatenate(draws), method="percentile bootstrap over clips", seed=seed)


def measure_concordance(
    clips: Sequence[ArrayLike], *, seed: int, resamples: int = 1000, statistic: str = "pairwise"
) -> Measure:
    """`mean_concordance` as pages show it; `n_units` counts the clips that have a value.

    >>> measure_concordance([[[1, 1], [1, 1]]], seed=1).undefined
    'constant_trace'
    """
    matrices = [_matrix(clip) for clip in clips]
    cells = sum(clip.size for clip in matrices)
    rated = sum(int((~np.isnan(clip)).sum()) for clip in matrices)
    values, _ = _clip_values(matrices, statistic)
    return describe(
        lambda: mean_concordance(matrices, statistic=statistic),
        lambda: bootstrap_concordance(matrices, seed=seed, resamples=resamples, statistic=statistic),
        n_units=int((~np.isnan(values)).sum()),
        n_raters=max((int((~np.isnan(clip)).any(axis=1).sum()) for clip in matrices), default=0),
        coverage=rated / cells if cells else 0.0,
        method=f"Lin's concordance, {statistic.replace('_', ' ')}, mean over clips",
    )


def _matrix(traces: ArrayLike) -> NDArray[np.float64]:
    matrix = np.asarray(traces, dtype=np.float64)
    if matrix.ndim != 2:
        raise ValueError(f"traces need two dimensions, raters x steps; these have shape {matrix.shape}")
    return matrix


def _pair(traces: NDArray[np.float64], first: int, second: int) -> Pair:
    steps = int((~(np.isnan(traces[first]) | np.isnan(traces[second]))).sum())
    try:
        return Pair(first, second, concordance(traces[first], traces[second]), steps)
    except Undefined as reason:
        return Pair(first, second, None, steps, reason.code)


def _mean_present(traces: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over the raters present at each step, shape (T,); NaN where nobody is."""
    present = ~np.isnan(traces)
    n = present.sum(axis=0)
    return np.divide(np.where(present, traces, 0).sum(axis=0), n, out=np.full(traces.shape[1], np.nan), where=n > 0)


def _none_defined(codes: Sequence[str], what: str) -> Undefined:
    if undefined.CONSTANT_TRACE in codes:
        return Undefined(
            undefined.CONSTANT_TRACE, f"The traces that can be compared are flat, so no {what} has a value."
        )
    return Undefined(undefined.NO_OVERLAP, f"Two raters never rated the same moment, so no {what} has a value.")


def _clip_values(clips: Sequence[ArrayLike], statistic: str) -> tuple[NDArray[np.float64], list[str]]:
    """The statistic of each clip, NaN where undefined, shape (clips,), and the codes of those that are."""
    if statistic not in STATISTICS:
        raise ValueError(f"unknown statistic {statistic!r}; one of {', '.join(STATISTICS)} would have been right")
    values = np.full(len(clips), np.nan)
    codes = []
    for index, clip in enumerate(clips):
        try:
            values[index] = STATISTICS[statistic](clip).mean
        except Undefined as reason:
            codes.append(reason.code)
    return values, codes


def _mean_of_clips(values: NDArray[np.float64], codes: Sequence[str]) -> float:
    defined = values[~np.isnan(values)]
    if not len(defined):
        raise _none_defined(codes, "clip")
    return float(defined.mean())
