"""The one bootstrap of this package: what is drawn, how often, and what is computed from a draw.

A coefficient is written as a function of sums over units. A unit, or a cluster of units, is then a row of summands, a
resample is a vector of how often each row was drawn, and a thousand resamples are a few matrix products: the work grows
with the number of units and not with the number of ratings. Units of one cluster (a participant, a recording) resemble
each other, so whole clusters are drawn where they are known.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from affect import undefined
from affect.measure import Interval, percentile_interval
from affect.undefined import Undefined

# Doubles that a block of resamples may take (32 MB).
BLOCK_CELLS = 4_000_000

Statistic = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """What is drawn: the group of each unit, shape (U,), how many there are, and what a page calls them."""

    keys: NDArray[np.int64]
    n: int
    what: str

    def sums(self, summands: Any) -> NDArray[np.float64]:
        """Summands of units, dense or sparse of shape (U, F), added up within groups: shape (groups, F)."""
        if self.n == len(self.keys) and (self.keys == np.arange(self.n)).all():
            return summands.toarray() if sparse.issparse(summands) else summands
        ones = np.ones(len(self.keys))
        membership = sparse.csr_array((ones, (self.keys, np.arange(len(self.keys)))), (self.n, len(self.keys)))
        summed = membership @ summands
        return summed.toarray() if sparse.issparse(summed) else summed


def group(
    n_units: int, clusters: Sequence[Hashable] | None = None, *, chosen: ArrayLike | None = None, what: str = "units"
) -> Groups:
    """The groups to draw: the units themselves, or the clusters they belong to.

    clusters: one key for each of n_units units. chosen: indices of the units that count, in order; all when None.
    Raises Undefined when there are fewer than two groups.

    >>> group(4, ["p", "q", "p", "q"]).keys.tolist()
    [0, 1, 0, 1]
    """
    units = np.arange(n_units) if chosen is None else np.asarray(chosen, dtype=np.int64)
    if clusters is None:
        keys = np.arange(len(units))
    elif len(clusters) != n_units:
        raise ValueError(f"{n_units} {what} need as many cluster keys; there are {len(clusters)}")
    else:
        what = "clusters"
        seen: dict[Hashable, int] = {}
        keys = np.array([seen.setdefault(clusters[unit], len(seen)) for unit in units], dtype=np.int64)
    n = int(keys.max()) + 1 if len(keys) else 0
    if n < 2:
        raise Undefined(
            undefined.TOO_FEW,
            f"An interval needs at least two {what} that can be compared; there {'is one' if n else 'is none'}.",
        )
    return Groups(keys, n, what)


def draw_weights(n: int, resamples: int, seed: int, block: int) -> Iterator[NDArray[np.float64]]:
    """Bootstrap weights in blocks of shape (<= block, n): how often each of n things was drawn.

    The draws depend on n, resamples and seed alone, not on the size of the blocks.

    >>> float(sum(weights.sum() for weights in draw_weights(5, 10, 1, 3)))
    50.0
    """
    generator = np.random.default_rng(seed)
    for start in range(0, resamples, block):
        weights = np.empty((min(block, resamples - start), n))
        for row in weights:
            row[:] = np.bincount(generator.integers(0, n, n), minlength=n)
        yield weights


def interval(
    statistic: Statistic, summands: Any, groups: Groups, *, seed: int, resamples: int = 1000, level: float = 0.95
) -> Interval:
    """The percentile interval of a statistic of sums over units.

    statistic: sums of shape (R, F) to values of shape (R,), NaN where there is none. summands: dense or sparse, shape
    (U, F). Raises Undefined when most resamples have no value.

    >>> ones = np.array([[1.0, 1.0], [0.0, 1.0], [1.0, 1.0]])
    >>> interval(lambda sums: sums[:, 0] / sums[:, 1], ones, group(3), seed=1).method
    'percentile bootstrap over units'
    """
    sums = groups.sums(summands)
    block = max(1, BLOCK_CELLS // max(sums.shape))
    draws = [statistic(weights @ sums) for weights in draw_weights(groups.n, resamples, seed, block)]
    return percentile_interval(
        np.concatenate(draws), method=f"percentile bootstrap over {groups.what}", seed=seed, level=level
    )


def ratio(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    """above / below, NaN where below is 0: a resample without a value.

    >>> ratio(np.array([1.0, 1.0]), np.array([2.0, 0.0])).tolist()
    [0.5, nan]
    """
    return np.divide(above, below, out=np.full(np.broadcast_shapes(above.shape, below.shape), np.nan), where=below != 0)
