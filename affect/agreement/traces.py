"""From clips to one number: means over pairs, raters and clips, and what is drawn for their interval.

Samples of a trace follow each other too closely to be resampled one by one, so whole clips are drawn, or whole participants
with all their clips. One recording alone has nothing else to draw: there, blocks of time are, and the method says so.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from affect import undefined
from affect.agreement.recordings import bootstrap_mean, values_of
from affect.measure import Interval, Measure, describe
from affect.undefined import Undefined


class HasMean(Protocol):
    """What a statistic of one clip returns."""

    @property
    def mean(self) -> float: ...


# Traces of one clip, shape (raters, T), to something with a mean; raises Undefined where there is none.
ClipStatistic = Callable[[ArrayLike], HasMean]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two raters, by row: their value, or None with the code of why, and the steps both rated."""

    first: int
    second: int
    value: float | None
    n_steps: int
    undefined: str = ""


@dataclass(frozen=True, slots=True)
class Pairwise:
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


def pairwise(traces: ArrayLike, coefficient: Callable[..., float]) -> Pairwise:
    """A coefficient of every pair of raters, each on its own overlap, and the mean of those that have a value.

    traces: shape (raters, T), NaN for gaps. Raises Undefined when there are fewer than two raters or no pair has a
    value.
    """
    traces = matrix(traces)
    pairs = tuple(_pair(traces, first, second, coefficient) for first, second in combinations(range(len(traces)), 2))
    values = [pair.value for pair in pairs if pair.value is not None]
    if not values:
        raise none_defined([pair.undefined for pair in pairs], "pair of raters")
    return Pairwise(float(np.mean(values)), pairs, len(pairs) - len(values))


def leave_one_out(traces: ArrayLike, coefficient: Callable[..., float]) -> LeaveOneOut:
    """A coefficient of each rater with the mean of the others, step by step over the others who are present."""
    traces = matrix(traces)
    found: list[float | None] = []
    codes: list[str] = []
    for rater in range(len(traces)):
        try:
            found.append(coefficient(traces[rater], mean_present(np.delete(traces, rater, axis=0))))
        except Undefined as reason:
            found.append(None)
            codes.append(reason.code)
    values = [value for value in found if value is not None]
    if not values:
        raise none_defined(codes, "rater")
    return LeaveOneOut(float(np.mean(values)), tuple(found), len(codes))


def mean_of_clips(clips: Sequence[ArrayLike], statistic: ClipStatistic) -> float:
    """The mean over clips of a statistic within each clip; undefined clips are left out.

    Raises Undefined when no clip has a value.
    """
    return _mean(*_values(clips, statistic))


def bootstrap_clips(
    clips: Sequence[ArrayLike],
    statistic: ClipStatistic,
    *,
    seed: int,
    resamples: int = 1000,
    clusters: Sequence[Hashable] | None = None,
) -> Interval:
    """The 95 % percentile interval of `mean_of_clips` over resampled clips.

    clusters: one key a clip (the participant seen in it); whole participants are drawn then. Raises Undefined when no
    clip has a value or when there are fewer than two clips or clusters.
    """
    values, reasons = _values(clips, statistic)
    _mean(values, reasons)
    return bootstrap_mean(values, seed=seed, resamples=resamples, clusters=clusters, what="clips")


def measure_clips(
    clips: Sequence[ArrayLike],
    statistic: ClipStatistic,
    *,
    method: str,
    seed: int,
    resamples: int = 1000,
    clusters: Sequence[Hashable] | None = None,
) -> Measure:
    """`mean_of_clips` as pages show it; `n_units` counts the clips that have a value."""
    matrices = [matrix(clip) for clip in clips]
    cells = sum(clip.size for clip in matrices)
    rated = sum(int((~np.isnan(clip)).sum()) for clip in matrices)
    values, _ = _values(matrices, statistic)
    return describe(
        lambda: mean_of_clips(matrices, statistic),
        lambda: bootstrap_clips(matrices, statistic, seed=seed, resamples=resamples, clusters=clusters),
        n_units=int((~np.isnan(values)).sum()),
        n_raters=max((int((~np.isnan(clip)).any(axis=1).sum()) for clip in matrices), default=0),
        coverage=rated / cells if cells else 0.0,
        method=f"{method}, mean over clips",
    )


def matrix(traces: ArrayLike) -> NDArray[np.float64]:
    """Traces of one clip as an array of shape (raters, T)."""
    found = np.asarray(traces, dtype=np.float64)
    if found.ndim != 2:
        raise ValueError(f"traces need two dimensions, raters x steps; these have shape {found.shape}")
    return found


def two_traces(x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two traces of one length, shape (T,), finite or NaN."""
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape:
        raise ValueError(f"two traces of one length are needed; these have shapes {x.shape} and {y.shape}")
    if np.isinf(x).any() or np.isinf(y).any():
        raise ValueError("traces must be finite, with NaN for gaps")
    return x, y


def mean_present(traces: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over the raters present at each step, shape (T,); NaN where nobody is."""
    present = ~np.isnan(traces)
    n = present.sum(axis=0)
    return np.divide(np.where(present, traces, 0).sum(axis=0), n, out=np.full(traces.shape[1], np.nan), where=n > 0)


def none_defined(codes: Sequence[str], what: str) -> Undefined:
    """Why nothing has a value, when each part had its own reason."""
    if undefined.CONSTANT_TRACE in codes:
        return Undefined(
            undefined.CONSTANT_TRACE, f"The traces that can be compared are flat, so no {what} has a value."
        )
    return Undefined(undefined.NO_OVERLAP, f"Two raters never rated the same moment, so no {what} has a value.")


def _pair(traces: NDArray[np.float64], first: int, second: int, coefficient: Callable[..., float]) -> Pair:
    steps = int((~(np.isnan(traces[first]) | np.isnan(traces[second]))).sum())
    try:
        return Pair(first, second, coefficient(traces[first], traces[second]), steps)
    except Undefined as reason:
        return Pair(first, second, None, steps, reason.code)


def _values(clips: Sequence[ArrayLike], statistic: ClipStatistic) -> tuple[NDArray[np.float64], list[Undefined]]:
    return values_of(clips, lambda clip: statistic(clip).mean)


def _mean(values: NDArray[np.float64], reasons: Sequence[Undefined]) -> float:
    defined = values[~np.isnan(values)]
    if not len(defined):
        raise none_defined([reason.code for reason in reasons], "clip")
    return float(defined.mean())
