"""From recordings to one number: a coefficient within each recording, its mean, and an interval over recordings.

What is said about moments of one recording hangs together, so recordings are drawn whole, or participants with all their
recordings. It serves whatever has a value for a recording: concordance of traces, alpha of segments, gamma.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from affect import undefined
from affect.agreement.resampling import group, interval, ratio
from affect.measure import Interval, Measure, describe
from affect.undefined import Undefined

Recording = TypeVar("Recording")


def values_of(
    recordings: Sequence[Recording], coefficient: Callable[[Recording], float]
) -> tuple[NDArray[np.float64], list[Undefined]]:
    """The coefficient of each recording, NaN where undefined, shape (recordings,), and the reasons of those that are.

    >>> values_of([1, 2], lambda one: one / 2)[0].tolist()
    [0.5, 1.0]
    """
    values = np.full(len(recordings), np.nan)
    reasons = []
    for index, one in enumerate(recordings):
        try:
            values[index] = coefficient(one)
        except Undefined as reason:
            reasons.append(reason)
    return values, reasons


def bootstrap_mean(
    values: NDArray[np.float64],
    *,
    seed: int,
    resamples: int = 1000,
    clusters: Sequence[Hashable] | None = None,
    what: str = "recordings",
) -> Interval:
    """The 95 % percentile interval of the mean of the values that are not NaN, over resampled recordings or clusters.

    values: shape (recordings,). Raises Undefined for fewer than two recordings or clusters.

    >>> bootstrap_mean(np.array([0.5, 0.5, np.nan]), seed=1).high
    0.5
    """
    defined = ~np.isnan(values)
    return interval(
        lambda sums: ratio(sums[:, 0], sums[:, 1]),
        np.column_stack([np.where(defined, values, 0.0), defined.astype(np.float64)]),
        group(len(values), clusters, what=what),
        seed=seed,
        resamples=resamples,
    )


def measure_recordings(
    recordings: Sequence[Recording],
    coefficient: Callable[[Recording], float],
    *,
    method: str,
    n_raters: int,
    seed: int,
    resamples: int = 1000,
    clusters: Sequence[Hashable] | None = None,
) -> Measure:
    """The mean of a coefficient over recordings as pages show it; `n_units` and `coverage` tell how many have a value.

    clusters: one key a recording (the participant in it).

    >>> from affect.agreement.unitizing import unitizing_alpha
    >>> given = [[[(0, 5, "joy")], [(0, 4, "joy")]], [[(2, 9, "awe")], [(2, 9, "awe")]]]
    >>> found = measure_recordings(given, lambda raters: unitizing_alpha(raters, 0, 10).nominal,
    ...                            method="u-alpha", n_raters=2, seed=1)
    >>> found.n_units, found.interval.method, found.interval.high
    (2, 'percentile bootstrap over recordings', 1.0)
    """
    values, reasons = values_of(recordings, coefficient)
    defined = values[~np.isnan(values)]

    def mean() -> float:
        if not len(defined):
            raise (
                reasons[0]
                if reasons
                else Undefined(undefined.TOO_FEW, "There is no recording, so there is nothing to measure.")
            )
        return float(defined.mean())

    return describe(
        mean,
        lambda: bootstrap_mean(values, seed=seed, resamples=resamples, clusters=clusters),
        n_units=len(defined),
        n_raters=n_raters,
        coverage=len(defined) / len(recordings) if len(recordings) else 0.0,
        method=f"{method}, mean over recordings",
    )
