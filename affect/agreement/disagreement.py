"""Observed and expected disagreement as sums over units: what alpha and its bootstrap are made of.

With n_uc the count of value c in unit u, m_u its ratings and w_u how often the unit was drawn, the coincidence marginals
are n_c = sum_u w_u n_uc, and so is the observed disagreement a sum of one number a unit, as long as the distance does not
depend on the draw. The ordinal distance does: it is a squared difference of mid-ranks of the marginals, sum_{g=c..k} n_g -
(n_c + n_k)/2 = R_k - R_c with R_c = sum_{g<=c} n_g - n_c/2, so ordinal alpha is interval alpha on ranks that change with
the resample. For few values its sums over units are the coincidences themselves; for many, the ranks of each unit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from affect.agreement.distances import Distance
from affect.agreement.resampling import ratio
from affect.agreement.units import INTERVAL, NOMINAL, ORDINAL, Counts

# Doubles a table of summands may take (80 MB), and a block of pairs within units (32 MB).
_SUMMAND_CELLS = 10_000_000
_BLOCK_CELLS = 4_000_000

# Codes of values, broadcast against each other, to their distances.
CodeDistance = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.float64]]


@dataclass(frozen=True, slots=True, eq=False)
class Disagreement:
    """Summands of each unit for the disagreement at one level.

    counts    of the ratings
    level     one of the four levels, or a distance of labels
    values    (U, V) counts, dense where that is small
    within    (U,) disagreement in each unit over m - 1; None for ordinal
    pairs     (U, P) coincidences of each unit, for ordinal with few values, else None
    distance  of codes; None for nominal and ordinal
    """

    counts: Counts
    level: str | Distance
    values: Any
    within: NDArray[np.float64] | None
    pairs: NDArray[np.float64] | None
    distance: CodeDistance | None

    @classmethod
    def of(cls, counts: Counts, level: str | Distance, *, once: bool = False) -> Disagreement:
        """Prepare the summands; level: nominal, ordinal, interval, ratio or a distance of labels.

        once: for one value alone; the coincidences of each unit are worth their making only where many are drawn.
        """
        units, n = counts.table.shape
        table = counts.table.astype(np.float64)
        values = table.toarray() if units * n <= _SUMMAND_CELLS else table
        distance, within, pairs = _code_distance(counts, level), None, None
        few = units * n * (n + 1) <= 2 * _SUMMAND_CELLS
        if level == NOMINAL:
            within = (counts.sizes**2 - np.asarray(counts.table.power(2).sum(axis=1)).ravel()) / (counts.sizes - 1)
        elif level == ORDINAL:
            pairs = _coincidences(values, counts.sizes) if few and not once else None
        else:
            within = _within(counts, distance)
        return cls(counts, level, values, within, pairs, distance)

    def alphas(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Alpha of each row of unit weights, shape (R, U); NaN where only one value remains."""
        marginals = _summed(weights, self.values)
        total = marginals.sum(axis=1)
        if self.level == ORDINAL:
            observed, expected = self._ordinal(weights, marginals, total)
        else:
            observed, expected = weights @ self.within, self._expected(marginals, total)
        expected[(marginals > 0).sum(axis=1) < 2] = 0
        return 1 - ratio((total - 1) * observed, expected)

    def _expected(self, marginals: NDArray[np.float64], total: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum over ordered pairs of values of n_c n_k d(c, k), shape (R,)."""
        if self.level == NOMINAL:
            return total**2 - (marginals**2).sum(axis=1)
        if self.level == INTERVAL:
            scores = self.counts.domain - self.counts.domain.mean()
            return 2 * (total * (marginals @ scores**2) - (marginals @ scores) ** 2)
        codes = np.arange(marginals.shape[1])
        expected = np.zeros(len(marginals))
        step = max(1, _BLOCK_CELLS // len(codes))
        for start in range(0, len(codes), step):
            part = codes[start : start + step]
            expected += ((marginals[:, part] @ self.distance(part[:, None], codes[None, :])) * marginals).sum(axis=1)
        return expected

    def _ordinal(
        self, weights: NDArray[np.float64], marginals: NDArray[np.float64], total: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Observed and expected disagreement on the mid-ranks of each resample, both shape (R,)."""
        ranks = np.cumsum(marginals, axis=1) - marginals / 2 - total[:, None] / 2
        if self.pairs is not None:
            first, second = np.triu_indices(marginals.shape[1], 1)
            observed = (_summed(weights, self.pairs) * (ranks[:, first] - ranks[:, second]) ** 2).sum(axis=1)
        else:
            sizes = self.counts.sizes
            paired = self.counts.table * (sizes / (sizes - 1))[:, None]
            sums = (self.counts.table @ ranks.T).T
            squares = (_summed(weights, paired) * ranks**2).sum(axis=1)
            observed = 2 * (squares - (weights / (sizes - 1) * sums**2).sum(axis=1))
        expected = 2 * (total * (marginals * ranks**2).sum(axis=1) - (marginals * ranks).sum(axis=1) ** 2)
        return observed, expected


def coincidences(counts: Counts) -> NDArray[np.float64]:
    """Krippendorff's coincidence matrix, shape (V, V), in the order of the domain.

    >>> from affect.agreement.units import count
    >>> coincidences(count([list("0100000010"), list("1110010000")])).tolist()
    [[10.0, 4.0], [4.0, 2.0]]
    """
    scaled = counts.table * (1 / (counts.sizes - 1))[:, None]
    together = (counts.table.T @ scaled).toarray()
    return together - np.diag(np.asarray(scaled.sum(axis=0)).ravel())


def _summed(weights: NDArray[np.float64], summands: Any) -> NDArray[np.float64]:
    return (summands.T @ weights.T).T if sparse.issparse(summands) else weights @ summands


def _coincidences(values: NDArray[np.float64], sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Twice the coincidences of each pair c < k in each unit, shape (U, V (V - 1) / 2)."""
    first, second = np.triu_indices(values.shape[1], 1)
    pairs = values[:, first]
    pairs *= values[:, second]
    pairs *= (2 / (sizes - 1))[:, None]
    return pairs


def _code_distance(counts: Counts, level: str | Distance) -> CodeDistance | None:
    if level in (NOMINAL, ORDINAL):
        return None
    domain = counts.domain
    if level == INTERVAL:
        return lambda a, b: (domain[a] - domain[b]) ** 2
    if callable(level):
        apart = np.array([[level(a, b) if i != j else 0.0 for j, b in enumerate(domain)] for i, a in enumerate(domain)])
        apart = apart.reshape(len(domain), len(domain)).astype(np.float64)
        if not np.isfinite(apart).all() or (apart < 0).any() or not np.allclose(apart, apart.T):
            raise ValueError("a distance is finite, not negative and the same both ways")
        return lambda a, b: apart[a, b]

    def of_ratio(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.float64]:
        a, b = domain[a], domain[b]
        both = a + b
        return np.divide(a - b, both, out=np.zeros(both.shape), where=both != 0) ** 2

    return of_ratio


def _within(counts: Counts, distance: CodeDistance) -> NDArray[np.float64]:
    """Sum over the ordered pairs of each unit of their distance, over m - 1; shape (U,).

    Units with equally many distinct values are taken together, so that their pairs are one array.
    """
    table = counts.table
    n_distinct = np.diff(table.indptr)
    pairs = np.zeros(len(n_distinct))
    for n in np.unique(n_distinct):
        rows = np.flatnonzero(n_distinct == n)
        for start in range(0, len(rows), max(1, _BLOCK_CELLS // int(n) ** 2)):
            part = rows[start : start + max(1, _BLOCK_CELLS // int(n) ** 2)]
            cells = table.indptr[part][:, None] + np.arange(n)
            codes, times = table.indices[cells], table.data[cells].astype(np.float64)
            apart = distance(codes[:, :, None], codes[:, None, :])
            pairs[part] = np.einsum("ui,uij,uj->u", times, apart, times, optimize=False)
    return pairs / (counts.sizes - 1)
