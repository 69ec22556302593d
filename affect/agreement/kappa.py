"""Chance-corrected agreement of labels: Cohen's, Fleiss' and Conger's kappa, Gwet's AC1 and AC2.

All of them are (Pa - Pe) / (1 - Pe) and differ in what they call chance: two raters' own habits (Cohen 1960), the habits
of all raters together (Fleiss 1971), or how hard it would be to hit on a label by guessing (Gwet 2008). Where label use is
very uneven the kappas fall to 0 while raters agree almost everywhere; AC1 was made for that. Each is a function of sums
over units, which is what the bootstrap draws.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from affect import undefined
from affect.agreement.resampling import group, interval, ratio
from affect.agreement.units import Codes, Ratings, encode
from affect.measure import Interval, Measure, describe
from affect.undefined import Undefined

Weights = str | ArrayLike


def cohen_kappa(
    a: Sequence[Any], b: Sequence[Any], weights: Weights | None = None, *, categories: Sequence[Any] | None = None
) -> float:
    """Cohen's kappa of two raters (1960), weighted by disagreement where weights are given (1968).

    a, b: labels of the same units, None or NaN for none; only units that both rated count. weights: "linear" |i - j| /
    (q - 1), "quadratic" its square, or a matrix of disagreement weights, shape (q, q), 0 on the diagonal. categories:
    the labels in order; the labels used in order of size when None, which weights need to be orderable for.
    Raises Undefined when no unit was rated by both, or when chance leaves no disagreement to compare with.

    >>> a, b = ["x"] * 25 + ["y"] * 25, ["x"] * 20 + ["y"] * 5 + ["x"] * 10 + ["y"] * 15
    >>> round(cohen_kappa(a, b), 7)
    0.4
    """
    table, _ = pair_table(a, b, categories=categories, ordered=weights is not None)
    return kappa_of_table(table, weights)


def kappa_of_table(table: ArrayLike, weights: Weights | None = None) -> float:
    """Cohen's kappa of a square table of counts or shares, rows one rater, columns the other.

    Cohen's own example (1968), published .492 and .348:

    >>> shares = [[0.44, 0.07, 0.09], [0.05, 0.20, 0.05], [0.01, 0.03, 0.06]]
    >>> round(kappa_of_table(shares), 7), round(kappa_of_table(shares, [[0, 1, 3], [1, 0, 6], [3, 6, 0]]), 7)
    (0.4915254, 0.3478261)

    Uneven use of two labels: kappa below 0 although 118 of 125 agree.

    >>> round(kappa_of_table([[118, 5], [2, 0]]), 7)
    -0.0233918
    """
    table = np.asarray(table, dtype=np.float64)
    if table.ndim != 2 or table.shape[0] != table.shape[1]:
        raise ValueError(f"a square table is needed; this one has shape {table.shape}")
    if (table < 0).any() or not np.isfinite(table).all():
        raise ValueError("counts are finite and not negative")
    if not table.sum():
        raise Undefined(undefined.NO_OVERLAP, "No unit was rated by both raters, so nothing can be compared.")
    kappa = _kappas(table.ravel()[None, :], disagreement_weights(weights, len(table)))[0]
    if np.isnan(kappa):
        raise _one_value()
    return float(kappa)


def fleiss_kappa(counts: ArrayLike) -> float:
    """Fleiss' kappa (1971) of counts of shape (units, categories): how many raters gave each unit each category.

    Units may have different numbers of ratings: chance is then the mean over units of each unit's shares, and units with
    one rating count for chance alone (Gwet 2014, ch. 2). With equal numbers this is Fleiss' formula.
    Raises Undefined when no unit has two ratings or when one category got them all.

    >>> fleiss = "00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031 00501 "
    >>> fleiss += "30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006"
    >>> round(fleiss_kappa([[int(n) for n in row] for row in fleiss.split()]), 7)
    0.4302445
    >>> rows = [[0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1]]
    >>> rows += [[7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7]]
    >>> round(fleiss_kappa(rows), 7)
    0.2099307
    """
    return _chance_corrected(_checked(counts), None, "fleiss")


def gwet_ac1(values: Ratings, *, categories: Sequence[Any] | None = None) -> float:
    """Gwet's AC1 (2008) of ratings of shape (raters, units), None or NaN where there is none.

    categories: the labels of the scheme, used or not; their number enters the chance term. The labels used when None.
    Observed agreement is over units with two ratings, chance over all rated units.
    Raises Undefined when no unit has two ratings or when only one label was used.

    >>> nan = float("nan")
    >>> data = [[1, 2, 3, 3, 2, 1, 4, 1, 2, nan, nan, nan], [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, nan, nan],
    ...         [nan, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 3], [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, nan]]
    >>> round(gwet_ac1(data), 5)
    0.77544
    >>> a, b = ["no"] * 123 + ["yes"] * 2, ["no"] * 118 + ["yes"] * 5 + ["no"] * 2
    >>> round(gwet_ac1([a, b]), 7)
    0.9407763
    """
    return _chance_corrected(encode(values, categories=categories).tally(), None, "gwet")


def gwet_ac2(values: Ratings, weights: Weights, *, categories: Sequence[Any] | None = None) -> float:
    """Gwet's AC2 (2014): AC1 with partial agreement for labels that are near each other.

    weights: "linear", "quadratic", or a matrix of *agreement* weights, shape (q, q), 1 on the diagonal. categories: the
    labels in order; the labels used in order of size when None. Shapes and errors as `gwet_ac1`.

    >>> nan = float("nan")
    >>> data = [[1, 2, 3, 3, 2, 1, 4, 1, 2, nan, nan, nan], [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, nan, nan],
    ...         [nan, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 3], [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, nan]]
    >>> round(gwet_ac2(data, "linear"), 7), round(gwet_ac2(data, "quadratic"), 7)
    (0.8587391, 0.9140007)
    """
    return _chance_corrected(in_order(values, categories).tally(), weights, "gwet")


def conger_kappa(values: Ratings) -> float:
    """Conger's kappa (1980): Cohen's for more than two raters who are the same persons throughout.

    values: shape (raters, units). Raises Undefined as `gwet_ac1`, and when a rater rated nothing.

    >>> nan = float("nan")
    >>> data = [[1, 2, 3, 3, 2, 1, 4, 1, 2, nan, nan, nan], [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, nan, nan],
    ...         [nan, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 3], [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, nan]]
    >>> round(conger_kappa(data), 5)
    0.76282
    """
    encoded = encode(values)
    _, observed = _observed(encoded.tally(), np.eye(len(encoded.domain)))
    given = encoded.codes >= 0
    if not given.any(axis=1).all():
        raise Undefined(undefined.NO_OVERLAP, "A rater has no rating, so that rater's habits are not known.")
    shares = np.array([np.bincount(row[row >= 0], minlength=len(encoded.domain)) for row in encoded.codes])
    shares = shares / given.sum(axis=1)[:, None]
    r = len(shares)
    # Mean over pairs of different raters of the chance that both say k: (sum^2 - sum of squares) / (r (r - 1)).
    chance = float(((shares.sum(axis=0) ** 2 - (shares**2).sum(axis=0)) / (r * (r - 1))).sum())
    if chance >= 1:
        raise _one_value()
    return (float(observed.mean()) - chance) / (1 - chance)


def measure_kappa(
    values: Ratings,
    chance: str,
    *,
    seed: int,
    resamples: int = 1000,
    weights: Weights | None = None,
    categories: Sequence[Any] | None = None,
    clusters: Sequence[Hashable] | None = None,
) -> Measure:
    """Fleiss' kappa (chance="fleiss") or Gwet's AC1 and AC2 (chance="gwet") as pages show it. Clusters as for alpha.

    >>> measure_kappa([["no", "no"], ["no", "no"]], "gwet", seed=1).undefined
    'one_value_only'
    """
    encoded = encode(values, categories=categories) if weights is None else in_order(values, categories)
    tally = encoded.tally()
    name = {"fleiss": "Fleiss' kappa", "gwet": "Gwet's AC1" if weights is None else "Gwet's AC2"}[chance]
    how = "" if weights is None else f", {weights if isinstance(weights, str) else 'own'} weights"
    return describe(
        lambda: _chance_corrected(tally, weights, chance),
        lambda: _bootstrap(tally, weights, chance, clusters, seed, resamples),
        n_units=int((tally.sum(axis=1) >= 2).sum()),
        n_raters=len(encoded.codes),
        coverage=encoded.coverage,
        method=f"{name}{how}, {tally.shape[1]} categories",
    )


def measure_cohen(
    a: Sequence[Any],
    b: Sequence[Any],
    *,
    seed: int,
    resamples: int = 1000,
    weights: Weights | None = None,
    categories: Sequence[Any] | None = None,
    clusters: Sequence[Hashable] | None = None,
) -> Measure:
    """`cohen_kappa` as pages show it, with its bootstrap interval.

    >>> measure_cohen(["x", "y", "x"], ["x", "y", "y"], seed=1).n_units
    3
    """
    table, cells = pair_table(a, b, categories=categories, ordered=weights is not None)
    apart = disagreement_weights(weights, len(table))
    both = np.flatnonzero(cells >= 0)
    one_hot = sparse.csr_array((np.ones(len(both)), (np.arange(len(both)), cells[both])), (len(both), table.size))
    return describe(
        lambda: kappa_of_table(table, weights),
        lambda: interval(
            lambda sums: _kappas(sums, apart),
            one_hot,
            group(len(cells), clusters, chosen=both),
            seed=seed,
            resamples=resamples,
        ),
        n_units=len(both),
        n_raters=2,
        coverage=encode([a, b]).coverage,
        method="Cohen's kappa"
        + ("" if weights is None else f", {weights if isinstance(weights, str) else 'own'} weights"),
    )


def in_order(values: Ratings, categories: Sequence[Any] | None = None) -> Codes:
    """Ratings as numbers in the order of their categories, or of size where none are named."""
    if categories is None:
        used = list(encode(values).domain)
        try:
            categories = sorted(used)
        except TypeError as error:
            raise ValueError("weights need the categories in order; name them") from error
    return encode(values, categories=categories)


def pair_table(
    a: Sequence[Any], b: Sequence[Any], *, categories: Sequence[Any] | None = None, ordered: bool = False
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The table of two raters, rows a, columns b, and the cell of each unit: row * q + column, -1 where one is missing.

    >>> pair_table(["x", "y", None], ["x", "x", "y"])[0].tolist()
    [[1, 0], [1, 0]]
    """
    if len(a) != len(b):
        raise ValueError(f"both raters need one cell for each unit; there are {len(a)} and {len(b)}")
    encoded = in_order([list(a), list(b)], categories) if ordered else encode([list(a), list(b)], categories=categories)
    q = len(encoded.domain)
    first, second = encoded.codes
    cells = np.where((first >= 0) & (second >= 0), first * q + second, -1)
    return np.bincount(cells[cells >= 0], minlength=q * q).reshape(q, q), cells


def disagreement_weights(weights: Weights | None, q: int) -> NDArray[np.float64]:
    """How much a pair of categories disagrees, shape (q, q), 0 on the diagonal.

    >>> disagreement_weights("quadratic", 3).tolist()
    [[0.0, 0.25, 1.0], [0.25, 0.0, 0.25], [1.0, 0.25, 0.0]]
    """
    if weights is None:
        return 1 - np.eye(q)
    if isinstance(weights, str):
        powers = {"linear": 1, "quadratic": 2}
        if weights not in powers:
            raise ValueError(f"unknown weights {weights!r}; linear, quadratic or a matrix would have been right")
        steps = np.arange(q)
        return (np.abs(steps[:, None] - steps) / max(q - 1, 1)) ** powers[weights]
    matrix = np.asarray(weights, dtype=np.float64)
    if matrix.shape != (q, q):
        raise ValueError(f"{q} categories need weights of shape ({q}, {q}); these have {matrix.shape}")
    if np.diagonal(matrix).any() or (matrix < 0).any() or not np.isfinite(matrix).all():
        raise ValueError("disagreement weights are finite, not negative, and 0 where the labels are equal")
    return matrix


def _agreement_weights(weights: Weights | None, q: int) -> NDArray[np.float64]:
    if weights is None or isinstance(weights, str):
        return 1 - disagreement_weights(weights, q)
    matrix = np.asarray(weights, dtype=np.float64)
    if matrix.shape != (q, q):
        raise ValueError(f"{q} categories need weights of shape ({q}, {q}); these have {matrix.shape}")
    if not (np.diagonal(matrix) == 1).all() or (matrix < 0).any() or (matrix > 1).any():
        raise ValueError("agreement weights lie between 0 and 1, and are 1 where the labels are equal")
    return matrix


def _kappas(tables: NDArray[np.float64], apart: NDArray[np.float64]) -> NDArray[np.float64]:
    """Kappa of each flattened table, shape (R, q * q): 1 - sum v p / sum v p_i. p_.j."""
    q = len(apart)
    cells = tables.reshape(-1, q, q)
    n = cells.sum(axis=(1, 2))
    seen = (cells * apart).sum(axis=(1, 2)) * n
    rows, columns = cells.sum(axis=2), cells.sum(axis=1)
    return 1 - ratio(seen, np.einsum("ri,ij,rj->r", rows, apart, columns))


def _checked(counts: ArrayLike) -> NDArray[np.float64]:
    counts = np.asarray(counts, dtype=np.float64)
    if counts.ndim != 2:
        raise ValueError(f"counts need two dimensions, units x categories; these have shape {counts.shape}")
    if (counts < 0).any() or (counts != np.floor(counts)).any():
        raise ValueError("counts are whole numbers and not negative")
    return counts


def _observed(counts: NDArray[np.float64], near: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Indices of the units with two ratings, and the (weighted) share of their pairs that agree."""
    sizes = counts.sum(axis=1)
    chosen = np.flatnonzero(sizes >= 2)
    if not len(chosen):
        raise Undefined(undefined.NO_OVERLAP, "No unit was rated by two raters, so nothing can be compared.")
    rows, r = counts[chosen], sizes[chosen]
    return chosen, (rows * (rows @ near - 1)).sum(axis=1) / (r * (r - 1))


def _summands(counts: NDArray[np.float64], near: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each rated unit's part, shape (U, q + 3): its shares of categories, 1, whether it has pairs, their agreement."""
    sizes = counts.sum(axis=1)
    rated = np.flatnonzero(sizes)
    chosen, observed = _observed(counts, near)
    summands = np.zeros((len(counts), counts.shape[1] + 3))
    summands[rated, :-3] = counts[rated] / sizes[rated, None]
    summands[rated, -3] = 1
    summands[chosen, -2] = 1
    summands[chosen, -1] = observed
    return summands


def _coefficients(sums: NDArray[np.float64], near: NDArray[np.float64], chance: str) -> NDArray[np.float64]:
    """(Pa - Pe) / (1 - Pe) of each row of sums, NaN where one category got all ratings or no pair is left."""
    q = len(near)
    shares = sums[:, :-3] / np.maximum(sums[:, [-3]], 1)
    seen = ratio(sums[:, -1], sums[:, -2])
    if chance == "gwet":
        by_chance = near.sum() / (q * max(q - 1, 1)) * (shares * (1 - shares)).sum(axis=1)
    else:
        by_chance = np.einsum("rk,kl,rl->r", shares, near, shares)
    several = (sums[:, :-3] > 0).sum(axis=1) > 1
    return np.where(several, ratio(seen - by_chance, 1 - by_chance), np.nan)


def _chance_corrected(counts: NDArray[Any], weights: Weights | None, chance: str) -> float:
    near = _agreement_weights(weights, counts.shape[1])
    value = _coefficients(_summands(counts, near).sum(axis=0)[None, :], near, chance)[0]
    if np.isnan(value):
        raise _one_value()
    return float(value)


def _bootstrap(
    counts: NDArray[Any],
    weights: Weights | None,
    chance: str,
    clusters: Sequence[Hashable] | None,
    seed: int,
    resamples: int,
) -> Interval:
    near = _agreement_weights(weights, counts.shape[1])
    rated = np.flatnonzero(counts.sum(axis=1))
    return interval(
        lambda sums: _coefficients(sums, near, chance),
        _summands(counts, near)[rated],
        group(len(counts), clusters, chosen=rated),
        seed=seed,
        resamples=resamples,
    )


def _one_value() -> Undefined:
    return Undefined(
        undefined.ONE_VALUE_ONLY,
        "All raters used one and the same value, so nothing shows that they would have told others apart.",
    )
