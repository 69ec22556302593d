"""The interval of one recording alone: there are no clips to draw, so blocks of its time or its raters are drawn.

Neighbouring samples of a trace repeat each other; drawn one by one they would promise far too narrow an interval. Blocks say
how the figure would vary over other stretches of this recording, raters how it would with other people; neither says anything
about other recordings. The method beside the interval tells which.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from affect import undefined
from affect.agreement.concordance import bootstrap_blocks, pairwise_concordance
from affect.agreement.resampling import draw_weights
from affect.gold.fusion import checked
from affect.measure import Interval, Measure, describe, percentile_interval
from affect.undefined import Undefined


def interval_over_raters(traces: ArrayLike, *, seed: int, resamples: int = 1000) -> Interval:
    """The 95 % interval of the mean pairwise concordance over resampled raters; a rater drawn twice is not compared with
    themselves. Raises Undefined for fewer than three raters or when no pair has a value."""
    matrix = checked(traces)
    found = pairwise_concordance(matrix).pairs
    if len(matrix) < 3:
        raise Undefined(undefined.TOO_FEW, "An interval over raters needs three raters at least.")
    values = np.array([[np.nan if pair.value is None else pair.value] for pair in found])
    first, second = (np.array([getattr(pair, name) for pair in found]) for name in ("first", "second"))
    draws = [
        _mean_defined(np.broadcast_to(values, (len(found), len(weights))), (weights[:, first] * weights[:, second]).T)
        for weights in draw_weights(len(matrix), resamples, seed, max(1, 4_000_000 // len(found)))
    ]
    return percentile_interval(
        np.concatenate(draws), method="percentile bootstrap over raters of one recording", seed=seed
    )


def measure_alone(traces: ArrayLike, *, over: str, block: int, seed: int, resamples: int = 1000) -> Measure:
    """The mean pairwise concordance of one recording as pages show it, its interval over "blocks" or "raters".

    >>> measure_alone([[1, 2, 3, 4, 5], [2, 3, 4, 5, 6]], over="raters", block=2, seed=1).why
    'An interval over raters needs three raters at least.'
    """
    matrix = checked(traces)
    bound = {
        "blocks": lambda: bootstrap_blocks(matrix, block, seed=seed, resamples=resamples),
        "raters": lambda: interval_over_raters(matrix, seed=seed, resamples=resamples),
    }[over]
    present = ~np.isnan(matrix)
    return describe(
        lambda: pairwise_concordance(matrix).mean,
        bound,
        n_units=1,
        n_raters=int(present.any(axis=1).sum()),
        coverage=float(present.mean()) if matrix.size else 0.0,
        method=f"Lin's concordance, pairwise, one recording alone, interval over its {over}",
    )


def _mean_defined(values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weighted mean over the first axis of what is defined; NaN where nothing is."""
    weights = np.where(np.isnan(values), 0.0, weights)
    total = weights.sum(axis=0)
    sums = (np.where(np.isnan(values), 0.0, values) * weights).sum(axis=0)
    return np.divide(sums, total, out=np.full(values.shape[1], np.nan), where=total > 0)
