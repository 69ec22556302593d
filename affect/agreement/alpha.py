"""Krippendorff's alpha with its bootstrap interval, and raw agreement beside it.

Alpha is 1 - Do/De: the disagreement seen over the disagreement expected if the same values had met by chance
(Krippendorff 2004, ch. 11; "Computing Krippendorff's Alpha-Reliability", 2011). The point value comes from the
`krippendorff` package. That package holds a units x values x values array, so above a limit the same sums are taken from
`_alphas` below, which also serves the bootstrap: it writes Do and De as sums over units, so that a resample is a vector
of unit weights and a thousand resamples are a few matrix products.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import krippendorff
import numpy as np
from numpy.typing import ArrayLike, NDArray

from affect import undefined
from affect.agreement.units import INTERVAL, NOMINAL, ORDINAL, Counts, count
from affect.measure import Interval, Measure, describe, percentile_interval
from affect.undefined import Undefined

Ratings = ArrayLike | Sequence[Sequence[Any]]

# Doubles the package may hold at once (80 MB) and a block of resamples may take (32 MB).
_PACKAGE_CELLS = 10_000_000
_BLOCK_CELLS = 4_000_000


def krippendorff_alpha(values: Ratings, level: str) -> float:
    """Krippendorff's alpha of ratings of shape (raters, units), None or NaN where there is none.

    level: nominal (any labels), ordinal, interval or ratio (numbers). Units with one rating count nowhere.
    Raises Undefined when no unit has two ratings or when only one value was used; ValueError on unfit values.

    Krippendorff's own example, published .743, .815, .849, .797:

    >>> nan = float("nan")
    >>> data = [[1, 2, 3, 3, 2, 1, 4, 1, 2, nan, nan, nan], [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, nan, nan],
    ...         [nan, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 3], [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, nan]]
    >>> [round(krippendorff_alpha(data, level), 7) for level in ("nominal", "ordinal", "interval", "ratio")]
    [0.7434211, 0.8153875, 0.8491071, 0.7974028]
    """
    return _alpha(count(values, level), level)


def bootstrap_alpha(
    values: Ratings,
    level: str,
    *,
    seed: int,
    resamples: int = 1000,
    clusters: Sequence[Hashable] | None = None,
) -> Interval:
    """The 95 % percentile interval of alpha over resampled units, everything recomputed, De too.

    values: shape (raters, units). clusters: one key a unit (a participant, a recording); whole clusters are drawn
    then, which is right when units of one cluster resemble each other. Only pairable units are drawn.
    Raises Undefined when alpha is, when there are fewer than two units or clusters to draw, or when most resamples
    have no value.

    >>> bootstrap_alpha([["a", "a", "b", "b", "a"], ["a", "b", "b", "b", "a"]], "nominal", seed=7).high
    1.0
    """
    counts = count(values, level)
    _alpha(counts, level)
    keys, n_groups, what = _groups(counts, clusters)
    block = max(1, _BLOCK_CELLS // max(counts.table.shape))
    draws = [_alphas(counts, level, weights[:, keys]) for weights in draw_weights(n_groups, resamples, seed, block)]
    return percentile_interval(np.concatenate(draws), method=f"percentile bootstrap over {what}", seed=seed)


def percent_agreement(values: Ratings) -> float:
    """Mean over pairable units of the share of rater pairs that agree. Not corrected for chance.

    values: shape (raters, units). Raises Undefined when no unit has two ratings.

    >>> percent_agreement([["a", "a", "b"], ["a", "b", "b"]])
    0.6666666666666666
    """
    return float(np.mean(_agreeing_shares(count(values))))


def bootstrap_percent_agreement(
    values: Ratings, *, seed: int, resamples: int = 1000, clusters: Sequence[Hashable] | None = None
) -> Interval:
    """The 95 % percentile interval of `percent_agreement`. Arguments and errors as `bootstrap_alpha`."""
    counts = count(values)
    shares = _agreeing_shares(counts)
    keys, n_groups, what = _groups(counts, clusters)
    sums, sizes = np.bincount(keys, shares), np.bincount(keys)
    block = max(1, _BLOCK_CELLS // n_groups)
    draws = [(w @ sums) / (w @ sizes) for w in draw_weights(n_groups, resamples, seed, block)]
    return percentile_interval(np.concatenate(draws), method=f"percentile bootstrap over {what}", seed=seed)


def measure_alpha(
    values: Ratings,
    level: str,
    *,
    seed: int,
    resamples: int = 1000,
    clusters: Sequence[Hashable] | None = None,
) -> Measure:
    """Alpha as pages show it: value, interval, n, coverage, or why there is none. Arguments as `bootstrap_alpha`.

    >>> measure_alpha([["no", "no"], ["no", "no"]], "nominal", seed=1).undefined
    'one_value_only'
    """
    counts = count(values, level)
    return describe(
        lambda: _alpha(counts, level),
        lambda: bootstrap_alpha(values, level, seed=seed, resamples=resamples, clusters=clusters),
        n_units=len(counts.unit_ids),
        n_raters=counts.n_raters,
        coverage=counts.coverage,
        method=f"Krippendorff's alpha, {level}",
    )


def measure_percent_agreement(
    values: Ratings, *, seed: int, resamples: int = 1000, clusters: Sequence[Hashable] | None = None
) -> Measure:
    """Percent agreement as pages show it. Arguments as `bootstrap_alpha`.

    >>> measure_percent_agreement([["no", "no"], ["no", "no"]], seed=1).value
    1.0
    """
    counts = count(values)
    return describe(
        lambda: percent_agreement(values),
        lambda: bootstrap_percent_agreement(values, seed=seed, resamples=resamples, clusters=clusters),
        n_units=len(counts.unit_ids),
        n_raters=counts.n_raters,
        coverage=counts.coverage,
        method="percent agreement, mean share of agreeing pairs",
    )


def draw_weights(n: int, resamples: int, seed: int, block: int) -> Iterator[NDArray[np.float64]]:
    """Bootstrap weights in blocks of shape (<= block, n): how often each of n things was drawn.

    The draws depend on n, resamples and seed alone, not on the size of the blocks.

    >>> float(sum(weights.sum() for weights in draw_weights(5, 10, 1, 3)))
    50.0
    """
    generator = np.random.default_rng(seed)
    for start in range(0, resamples, block):
        rows = min(block, resamples - start)
        drawn = generator.integers(0, n, size=(rows, n)) + np.arange(rows)[:, None] * n
        yield np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n).astype(np.float64)


def _require_pairs(counts: Counts) -> None:
    if not len(counts.unit_ids):
        raise Undefined(undefined.NO_OVERLAP, "No unit was rated by two raters, so nothing can be compared.")


def _alpha(counts: Counts, level: str) -> float:
    _require_pairs(counts)
    if counts.n_values_used < 2:
        raise Undefined(
            undefined.ONE_VALUE_ONLY,
            "All raters used one and the same value, so agreement by chance cannot be told from agreement.",
        )
    units, values = counts.table.shape
    if units * values * values > _PACKAGE_CELLS:
        return float(_alphas(counts, level, np.ones((1, units)))[0])
    domain = np.arange(values) if level == NOMINAL else counts.domain
    return float(
        krippendorff.alpha(value_counts=counts.table.toarray(), value_domain=domain, level_of_measurement=level)
    )


def _agreeing_shares(counts: Counts) -> NDArray[np.float64]:
    """Share of agreeing pairs of each pairable unit, shape (U,)."""
    _require_pairs(counts)
    agreeing = np.asarray(counts.table.power(2).sum(axis=1)).ravel() - counts.sizes
    return agreeing / (counts.sizes * (counts.sizes - 1))


def _groups(counts: Counts, clusters: Sequence[Hashable] | None) -> tuple[NDArray[np.int64], int, str]:
    """The group of each pairable unit, numbered in order of appearance; how many there are; what they are called."""
    what = "units" if clusters is None else "clusters"
    if clusters is None:
        keys = np.arange(len(counts.unit_ids))
    elif len(clusters) != counts.n_units:
        raise ValueError(f"{counts.n_units} units need as many cluster keys; there are {len(clusters)}")
    else:
        seen: dict[Hashable, int] = {}
        keys = np.array([seen.setdefault(clusters[unit], len(seen)) for unit in counts.unit_ids], dtype=np.int64)
    n_groups = int(keys.max()) + 1
    if n_groups < 2:
        raise Undefined(undefined.TOO_FEW, f"An interval needs at least two {what} with two ratings; there is one.")
    return keys, n_groups, what


def _alphas(counts: Counts, level: str, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Alpha of each row of unit weights, shape (R, U); NaN where only one value remains.

    With n_uc the count of value c in unit u and m_u its ratings, the coincidence marginals are sums over units,
    n_c = sum_u w_u n_uc, and so is the observed disagreement. The ordinal distance is a squared difference of
    mid-ranks of the marginals: sum_{g=c..k} n_g - (n_c + n_k)/2 = R_k - R_c with R_c = sum_{g<=c} n_g - n_c/2.
    Ordinal alpha is therefore interval alpha on ranks that change with the resample.
    """
    marginals = (counts.table.T @ weights.T).T
    total = marginals.sum(axis=1)
    if level == ORDINAL:
        observed, expected = _ordinal(counts, weights, marginals, total)
    elif level == NOMINAL:
        within = counts.sizes**2 - np.asarray(counts.table.power(2).sum(axis=1)).ravel()
        observed = weights @ (within / (counts.sizes - 1))
        expected = total**2 - (marginals**2).sum(axis=1)
    elif level == INTERVAL:
        scores = counts.domain - counts.domain.mean()
        observed = weights @ _spread_within(counts, scores)
        expected = 2 * (total * (marginals @ scores**2) - (marginals @ scores) ** 2)
    else:
        observed = weights @ _ratio_within(counts)
        expected = _ratio_between(marginals, counts.domain)
    several = (marginals > 0).sum(axis=1) > 1
    alphas = np.full(len(weights), np.nan)
    alphas[several] = 1 - (total[several] - 1) * observed[several] / expected[several]
    return alphas


def _spread_within(counts: Counts, scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum over the ordered pairs of each unit of the squared difference, over m - 1; shape (U,)."""
    first = scores[counts.table.indices[counts.table.indptr[:-1]]]
    rows = np.repeat(np.arange(len(first)), np.diff(counts.table.indptr))
    # From the unit's first value, so that a unit of equal values gives exactly zero.
    apart = scores[counts.table.indices] - first[rows]
    squares = np.bincount(rows, counts.table.data * apart**2, minlength=len(first))
    sums = np.bincount(rows, counts.table.data * apart, minlength=len(first))
    return 2 * (counts.sizes * squares - sums**2) / (counts.sizes - 1)


def _ordinal(
    counts: Counts, weights: NDArray[np.float64], marginals: NDArray[np.float64], total: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Observed and expected disagreement on the mid-ranks of each resample, both shape (R,)."""
    ranks = np.cumsum(marginals, axis=1) - marginals / 2 - total[:, None] / 2
    paired = counts.table * (counts.sizes / (counts.sizes - 1))[:, None]
    squares = ((paired.T @ weights.T).T * ranks**2).sum(axis=1)
    sums = (counts.table @ ranks.T).T
    observed = 2 * (squares - (weights / (counts.sizes - 1) * sums**2).sum(axis=1))
    expected = 2 * (total * (marginals * ranks**2).sum(axis=1) - (marginals * ranks).sum(axis=1) ** 2)
    return observed, expected


def _ratio_distance(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    both = a + b
    return np.divide(a - b, both, out=np.zeros(np.broadcast_shapes(a.shape, b.shape)), where=both != 0) ** 2


def _ratio_within(counts: Counts) -> NDArray[np.float64]:
    pairs = np.empty(len(counts.sizes))
    table = counts.table
    for unit, (start, end) in enumerate(zip(table.indptr[:-1], table.indptr[1:], strict=True)):
        given, times = counts.domain[table.indices[start:end]], table.data[start:end]
        pairs[unit] = times @ _ratio_distance(given[:, None], given[None, :]) @ times
    return pairs / (counts.sizes - 1)


def _ratio_between(marginals: NDArray[np.float64], domain: NDArray[np.float64]) -> NDArray[np.float64]:
    expected = np.zeros(len(marginals))
    for start in range(0, len(domain), 512):
        part = slice(start, start + 512)
        distance = _ratio_distance(domain[part, None], domain[None, :])
        expected += ((marginals[:, part] @ distance) * marginals).sum(axis=1)
    return expected
