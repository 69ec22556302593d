"""Krippendorff's alpha with its bootstrap interval, and raw agreement beside it.

Alpha is 1 - Do/De: the disagreement seen over the disagreement expected if the same values had met by chance
(Krippendorff 2004, ch. 11; "Computing Krippendorff's Alpha-Reliability", 2011). For the four levels of small tables the
point value comes from the `krippendorff` package. That package holds a units x values x values array, so above a limit,
and for other distances, the same sums are taken from `Disagreement` below, which also serves the bootstrap: it writes Do
and De as sums over units, so that a resample is a vector of unit weights and a thousand resamples are matrix products.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from typing import Any

import krippendorff
import numpy as np
from numpy.typing import NDArray

from affect import undefined
from affect.agreement.disagreement import Disagreement
from affect.agreement.distances import SET_DISTANCES, Distance
from affect.agreement.resampling import BLOCK_CELLS, draw_weights, group, interval
from affect.agreement.units import LEVELS, NOMINAL, Counts, Ratings, count, encode, is_missing
from affect.measure import Interval, Measure, describe, percentile_interval
from affect.undefined import Undefined

# Doubles the package may hold at once (8 MB).
_PACKAGE_CELLS = 1_000_000


def krippendorff_alpha(values: Ratings, level: str | Distance) -> float:
    """Krippendorff's alpha of ratings of shape (raters, units), None or NaN where there is none.

    level: nominal (any labels), ordinal, interval or ratio (numbers), jaccard or masi (labels that are sets), or a
    distance of two labels, as `affect.agreement.distances.circular(360)`. Units with one rating count nowhere.
    Raises Undefined when no unit has two ratings or when only one value was used; ValueError on unfit values.

    Krippendorff's own example, published .743, .815, .849, .797:

    >>> nan = float("nan")
    >>> data = [[1, 2, 3, 3, 2, 1, 4, 1, 2, nan, nan, nan], [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, nan, nan],
    ...         [nan, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 3], [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, nan]]
    >>> [round(krippendorff_alpha(data, level), 7) for level in ("nominal", "ordinal", "interval", "ratio")]
    [0.7434211, 0.8153875, 0.8491071, 0.7974028]

    Two observers with binary and with nominal data, published .095 and .692:

    >>> round(krippendorff_alpha([list("0100000010"), list("1110010000")], "nominal"), 7)
    0.0952381
    >>> round(krippendorff_alpha([list("aabbdcccedda"), list("babbbccceddd")], "nominal"), 7)
    0.6919643

    Three coders with many gaps (Wikipedia):

    >>> a = [nan, nan, nan, nan, nan, 3, 4, 1, 2, 1, 1, 3, 3, nan, 3]
    >>> b = [1, nan, 2, 1, 3, 3, 4, 3, nan, nan, nan, nan, nan, nan, nan]
    >>> c = [nan, nan, 2, 1, 3, 4, 4, nan, 2, 1, 1, 3, 3, nan, 4]
    >>> round(krippendorff_alpha([a, b, c], "nominal"), 7), round(krippendorff_alpha([a, b, c], "interval"), 7)
    (0.691358, 0.8108449)

    Several labels for one unit:

    >>> round(krippendorff_alpha([[{"joy"}, {"fear"}, {"joy", "awe"}], [{"joy"}, {"fear"}, {"awe"}]], "masi"), 7)
    0.7222222
    """
    return alpha_of_counts(*_counted(values, level))


def bootstrap_alpha(
    values: Ratings,
    level: str | Distance,
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
    counts, level = _counted(values, level)
    alpha_of_counts(counts, level)
    groups = group(counts.n_units, clusters, chosen=counts.unit_ids)
    disagreement = Disagreement.of(counts, level)
    block = max(1, BLOCK_CELLS // max(counts.table.shape))
    draws = [
        disagreement.alphas(weights if clusters is None else weights[:, groups.keys])
        for weights in draw_weights(groups.n, resamples, seed, block)
    ]
    return percentile_interval(np.concatenate(draws), method=f"percentile bootstrap over {groups.what}", seed=seed)


def percent_agreement(values: Ratings) -> float:
    """Mean over pairable units of the share of rater pairs that agree. Not corrected for chance.

    values: shape (raters, units). Raises Undefined when no unit has two ratings.

    >>> percent_agreement([["a", "a", "b"], ["a", "b", "b"]])
    0.6666666666666666
    """
    return float(np.mean(agreeing_shares(count(values))))


def bootstrap_percent_agreement(
    values: Ratings, *, seed: int, resamples: int = 1000, clusters: Sequence[Hashable] | None = None
) -> Interval:
    """The 95 % percentile interval of `percent_agreement`. Arguments and errors as `bootstrap_alpha`."""
    counts = count(values)
    shares = agreeing_shares(counts)
    return interval(
        lambda sums: sums[:, 0] / sums[:, 1],
        np.column_stack([shares, np.ones(len(shares))]),
        group(counts.n_units, clusters, chosen=counts.unit_ids),
        seed=seed,
        resamples=resamples,
    )


def measure_alpha(
    values: Ratings,
    level: str | Distance,
    *,
    seed: int,
    resamples: int = 1000,
    clusters: Sequence[Hashable] | None = None,
) -> Measure:
    """Alpha as pages show it: value, interval, n, coverage, or why there is none. Arguments as `bootstrap_alpha`.

    >>> measure_alpha([["no", "no"], ["no", "no"]], "nominal", seed=1).undefined
    'one_value_only'
    """
    counts, scale = _counted(values, level)
    return describe(
        lambda: alpha_of_counts(counts, scale),
        lambda: bootstrap_alpha(values, level, seed=seed, resamples=resamples, clusters=clusters),
        n_units=len(counts.unit_ids),
        n_raters=counts.n_raters,
        coverage=counts.coverage,
        method=f"Krippendorff's alpha, {level if isinstance(level, str) else 'own distance'}",
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
        lambda: float(np.mean(agreeing_shares(counts))),
        lambda: bootstrap_percent_agreement(values, seed=seed, resamples=resamples, clusters=clusters),
        n_units=len(counts.unit_ids),
        n_raters=counts.n_raters,
        coverage=counts.coverage,
        method="percent agreement, mean share of agreeing pairs",
    )


def agreeing_shares(counts: Counts) -> NDArray[np.float64]:
    """Share of agreeing pairs of each pairable unit, shape (U,). Raises Undefined when there is no such unit."""
    _require_pairs(counts)
    agreeing = np.asarray(counts.table.power(2).sum(axis=1)).ravel() - counts.sizes
    return agreeing / (counts.sizes * (counts.sizes - 1))


def alpha_of_counts(counts: Counts, level: str | Distance) -> float:
    """Alpha of ratings already counted: `krippendorff_alpha` for the four levels and for distances of labels."""
    _require_pairs(counts)
    if counts.n_values_used < 2:
        raise Undefined(
            undefined.ONE_VALUE_ONLY,
            "All raters used one and the same value, so agreement by chance cannot be told from agreement.",
        )
    units, values = counts.table.shape
    if callable(level) or units * values * values > _PACKAGE_CELLS:
        alpha = float(Disagreement.of(counts, level, once=True).alphas(np.ones((1, units)))[0])
        if np.isnan(alpha):
            raise Undefined(
                undefined.ONE_VALUE_ONLY,
                "The distance tells none of the values used apart, so agreement by chance cannot be told from agreement.",
            )
        return alpha
    domain = np.arange(values) if level == NOMINAL else counts.domain
    return float(
        krippendorff.alpha(value_counts=counts.table.toarray(), value_domain=domain, level_of_measurement=level)
    )


def _counted(values: Ratings, level: str | Distance) -> tuple[Counts, str | Distance]:
    """The counts, and one of the four levels or a distance."""
    if callable(level):
        return count(encode(values)), level
    if level in SET_DISTANCES:
        rows = [[None if is_missing(label) else _as_set(label, level) for label in row] for row in values]
        return count(encode(rows)), SET_DISTANCES[level]
    if level not in LEVELS:
        known = ", ".join((*LEVELS, *SET_DISTANCES))
        raise ValueError(f"unknown level {level!r}; one of {known} would have been right")
    return count(values, level), level


def _as_set(label: object, level: str) -> frozenset[Any]:
    # A text is a collection of its letters, which nobody means here.
    if isinstance(label, str | bytes) or not isinstance(label, Collection):
        raise ValueError(f"the {level} level compares sets of labels; {label!r} is none")
    return frozenset(label)


def _require_pairs(counts: Counts) -> None:
    if not len(counts.unit_ids):
        raise Undefined(undefined.NO_OVERLAP, "No unit was rated by two raters, so nothing can be compared.")
