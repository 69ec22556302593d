"""Signed differential agreement: whether two raters move the same way at the same time, whatever scale they use.

Booth & Narayanan ("Fifty Shades of Green", ICMI 2020) compare the signs of the steps of two traces, so any increasing
distortion of one of them changes nothing. Raters hold still most of the time and jitter a little: resample to 1-2 Hz first,
and give noisy input a dead band, or ties and jitter decide.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from affect import undefined
from affect.agreement.kappa import kappa_of_table
from affect.agreement.traces import Pairwise, measure_clips, pairwise, two_traces
from affect.measure import Measure
from affect.undefined import Undefined


def signed_differential_agreement(x: ArrayLike, y: ArrayLike, *, dead_band: float = 0.0) -> float:
    """2 mean[sgn(dx) = sgn(dy)] - 1, signs in -1, 0, 1: from -1 (never the same way) to 1 (always).

    x, y: shape (T,), NaN for gaps; a step counts where both raters have both of its ends. dead_band: changes up to this
    size count as none. Raises Undefined when no step is shared or when neither trace moves.

    >>> x, y = [0, 1, 2, 2, 1, 0, 1, 1], [0, 2, 3, 3, 3, 1, 0, 2]
    >>> round(signed_differential_agreement(x, y), 7)
    0.1428571
    """
    first, second = _signs(x, y, dead_band)
    return float(2 * np.mean(first == second) - 1)


def signed_differential_kappa(x: ArrayLike, y: ArrayLike, *, dead_band: float = 0.0) -> float:
    """Cohen's kappa of the signs: the same agreement, corrected for how often each rater moves each way.

    Arguments and errors as `signed_differential_agreement`.

    >>> x, y = [0, 1, 2, 2, 1, 0, 1, 1], [0, 2, 3, 3, 3, 1, 0, 2]
    >>> signed_differential_kappa(x, y)
    0.34375
    """
    first, second = _signs(x, y, dead_band)
    table = np.zeros((3, 3))
    np.add.at(table, (first + 1, second + 1), 1)
    return kappa_of_table(table)


def pairwise_differential(traces: ArrayLike, *, dead_band: float = 0.0) -> Pairwise:
    """`signed_differential_agreement` of every pair of raters, and the mean of those that have a value.

    traces: shape (raters, T). Raises Undefined when no pair has a value.

    >>> pairwise_differential([[0, 1, 2], [0, 5, 6], [3, 2, 4]]).mean
    0.3333333333333333
    """
    return pairwise(traces, lambda x, y: signed_differential_agreement(x, y, dead_band=dead_band))


def measure_differential(
    clips: Sequence[ArrayLike],
    *,
    seed: int,
    resamples: int = 1000,
    dead_band: float = 0.0,
    clusters: Sequence[Hashable] | None = None,
) -> Measure:
    """The mean over clips of `pairwise_differential` as pages show it, with its interval over clips or clusters.

    >>> measure_differential([[[1, 1], [1, 1]]], seed=1).undefined
    'constant_trace'
    """
    return measure_clips(
        clips,
        lambda traces: pairwise_differential(traces, dead_band=dead_band),
        method="signed differential agreement, pairwise" + (f", dead band {dead_band:g}" if dead_band else ""),
        seed=seed,
        resamples=resamples,
        clusters=clusters,
    )


def _signs(x: ArrayLike, y: ArrayLike, dead_band: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The signs of the steps that both took, each shape (steps,)."""
    if not dead_band >= 0:
        raise ValueError("a dead band is 0 or more")
    x, y = two_traces(x, y)
    dx, dy = np.diff(x), np.diff(y)
    both = ~(np.isnan(dx) | np.isnan(dy))
    if not both.any():
        raise Undefined(undefined.NO_OVERLAP, "The two traces share no two moments in a row that both rated.")
    signs = [np.where(np.abs(step[both]) > dead_band, np.sign(step[both]), 0).astype(np.int64) for step in (dx, dy)]
    if not (signs[0].any() or signs[1].any()):
        raise Undefined(undefined.CONSTANT_TRACE, "Neither trace moves, so there is no direction to compare.")
    return signs[0], signs[1]
