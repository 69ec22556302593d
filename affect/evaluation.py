"""How well predictions meet a gold standard, with intervals over people and a word where there is too little to say.

Items of one person resemble each other, so intervals come from resampling whole groups (participants), and folds never
share a group. Each measure is a function of sums over items; a group is its sums, a resample is a vector of group
weights, and a thousand resamples are one matrix product.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from affect import undefined
from affect.agreement.concordance import concordance
from affect.agreement.resampling import draw_weights
from affect.measure import Measure, describe, percentile_interval
from affect.undefined import Undefined

MIN_LABELS = 100
MIN_GROUPS = 10

_BLOCK_CELLS = 4_000_000


@dataclass(frozen=True, slots=True)
class Sufficiency:
    """Whether there is enough to judge by. `code` is "" or "too_few_labels" or "too_few_groups"; `why` a sentence."""

    enough: bool
    code: str
    why: str


@dataclass(frozen=True, slots=True, eq=False)
class LabelEvaluation:
    """Predicted labels against gold ones.

    labels     in the order of the matrix
    confusion  (K, K) counts, rows gold, columns predicted
    recalls    (K,) None for labels without a gold item
    uar        unweighted average recall over labels that have gold items
    macro_f1   mean F1 over labels that occur in gold or prediction
    accuracy   share of items predicted right
    """

    labels: tuple[str, ...]
    confusion: NDArray[np.int64]
    recalls: tuple[float | None, ...]
    uar: Measure
    macro_f1: Measure
    accuracy: Measure
    n: int
    n_groups: int
    sufficiency: Sufficiency


@dataclass(frozen=True, slots=True)
class NumberEvaluation:
    """Predicted numbers against gold ones: Lin's concordance and the mean absolute error, in the unit of the scale."""

    ccc: Measure
    mae: Measure
    n: int
    n_groups: int
    sufficiency: Sufficiency


def judge(n_labels: int, n_groups: int) -> Sufficiency:
    """Whether an evaluation, or a training, has enough labels (100) and groups (10) to mean something.

    >>> judge(99, 50).code, judge(100, 9).code, judge(100, 10).enough
    ('too_few_labels', 'too_few_groups', True)
    """
    if n_labels < MIN_LABELS:
        return Sufficiency(
            False, "too_few_labels", f"Too few to judge: {n_labels} labels, and {MIN_LABELS} are needed."
        )
    if n_groups < MIN_GROUPS:
        return Sufficiency(
            False, "too_few_groups", f"Too few to judge: {n_groups} groups of people, and {MIN_GROUPS} are needed."
        )
    return Sufficiency(True, "", "")


def confusion_matrix(gold: Sequence[str], predicted: Sequence[str], labels: Sequence[str]) -> NDArray[np.int64]:
    """Counts of shape (K, K), rows gold, columns predicted, in the order of `labels`.

    Raises ValueError when the sequences differ in length or hold a label that is not in `labels`.

    >>> confusion_matrix(["joy", "joy", "fear"], ["joy", "fear", "fear"], ["fear", "joy"]).tolist()
    [[1, 0], [1, 1]]
    """
    rows, columns = _codes(gold, predicted, labels)
    k = len(labels)
    return np.bincount(rows * k + columns, minlength=k * k).reshape(k, k)


def uar(confusion: ArrayLike) -> float:
    """Unweighted average recall from a confusion matrix (K, K), over labels with gold items. Undefined without any.

    >>> uar([[1, 0], [1, 1]])
    0.75
    """
    return _value(_uar(np.asarray(confusion, dtype=np.float64)[None])[0])


def macro_f1(confusion: ArrayLike) -> float:
    """Mean over labels of 2 tp / (2 tp + fp + fn), over labels that occur in gold or prediction. Undefined without any.

    >>> round(macro_f1([[1, 0], [1, 1]]), 6)
    0.666667
    """
    return _value(_macro_f1(np.asarray(confusion, dtype=np.float64)[None])[0])


def mean_absolute_error(gold: ArrayLike, predicted: ArrayLike) -> float:
    """Mean of |gold - predicted| over items, in the unit of the scale. Undefined without items.

    >>> mean_absolute_error([1.0, 2.0], [1.5, 2.0])
    0.25
    """
    gold, predicted = _numbers(gold, predicted)
    if not len(gold):
        raise Undefined(undefined.TOO_FEW, "There are no items to evaluate.")
    return float(np.abs(gold - predicted).mean())


def evaluate_labels(
    gold: Sequence[str],
    predicted: Sequence[str],
    groups: Sequence[Hashable],
    *,
    labels: Sequence[str] | None = None,
    seed: int,
    resamples: int = 1000,
) -> LabelEvaluation:
    """Evaluate predicted labels. gold, predicted, groups: one entry an item; a group is a participant.

    labels: the scheme's label ids in order; by default those that occur, sorted. Intervals are percentile bootstraps
    over groups. With too little to judge the numbers are still given, and `sufficiency` says so.

    >>> found = evaluate_labels(["joy", "joy", "fear"], ["joy", "fear", "fear"], ["a", "b", "c"], seed=1)
    >>> found.uar.value, found.sufficiency.code
    (0.75, 'too_few_labels')
    """
    labels = tuple(sorted({*gold, *predicted}) if labels is None else labels)
    rows, columns = _codes(gold, predicted, labels)
    ids, n_groups = _group_ids(groups, len(rows))
    k = len(labels)
    cells = (ids * k + rows) * k + columns
    per_group = np.bincount(cells, minlength=n_groups * k * k).reshape(n_groups, k * k).astype(np.float64)
    confusion = per_group.sum(axis=0).reshape(k, k)

    def measured(name: str, statistic: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> Measure:
        return _measured(
            per_group, lambda sums: statistic(sums.reshape(-1, k, k)), name, seed, resamples, len(rows), n_groups
        )

    gold_items = confusion.sum(axis=1)
    return LabelEvaluation(
        labels=labels,
        confusion=confusion.astype(np.int64),
        recalls=tuple(confusion[i, i] / gold_items[i] if gold_items[i] else None for i in range(k)),
        uar=measured("unweighted average recall", _uar),
        macro_f1=measured("macro F1", _macro_f1),
        accuracy=measured("accuracy", _accuracy),
        n=len(rows),
        n_groups=n_groups,
        sufficiency=judge(len(rows), n_groups),
    )


def evaluate_numbers(
    gold: ArrayLike, predicted: ArrayLike, groups: Sequence[Hashable], *, seed: int, resamples: int = 1000
) -> NumberEvaluation:
    """Evaluate predicted numbers, one an item; arguments and intervals as `evaluate_labels`. Numbers must be finite.

    >>> found = evaluate_numbers([1, 2, 3, 4, 5], [2, 3, 4, 5, 6], list("abcde"), seed=1)
    >>> found.ccc.value, found.mae.value
    (0.8, 1.0)
    """
    gold, predicted = _numbers(gold, predicted)
    ids, n_groups = _group_ids(groups, len(gold))
    # Concordance does not move when both are shifted alike; sums of squares lose less near zero.
    centre = float(np.mean(gold)) if len(gold) else 0.0
    x, y = gold - centre, predicted - centre
    columns = (np.ones(len(x)), x, y, x * x, y * y, x * y, np.abs(gold - predicted))
    per_group = np.stack([np.bincount(ids, column, minlength=n_groups) for column in columns], axis=1)
    arguments = (seed, resamples, len(gold), n_groups)
    return NumberEvaluation(
        ccc=_measured(per_group, _ccc, "Lin's concordance", *arguments, value=lambda: concordance(gold, predicted)),
        mae=_measured(per_group, _mae, "mean absolute error", *arguments),
        n=len(gold),
        n_groups=n_groups,
        sufficiency=judge(len(gold), n_groups),
    )


def group_folds(groups: Sequence[Hashable], k: int, *, seed: int) -> tuple[tuple[NDArray[np.int64], ...], ...]:
    """k pairs of (train, test) item indices; no group is on both sides, and each item is in one test.

    Groups go, largest first and equal ones in an order drawn from the seed, to the smallest fold. Group keys are told
    apart by their text. Raises Undefined when there are fewer groups than folds.

    >>> [test.tolist() for _, test in group_folds(["a", "b", "a", "c"], 2, seed=1)]
    [[0, 2], [1, 3]]
    """
    if k < 2:
        raise ValueError("there must be at least two folds")
    members: dict[str, list[int]] = {}
    for index, group in enumerate(groups):
        members.setdefault(str(group), []).append(index)
    if len(members) < k:
        raise Undefined(undefined.TOO_FEW, f"{k} folds need at least {k} groups of people; there are {len(members)}.")
    drawn = {group: hashlib.sha256(f"{seed}\x1f{group}".encode()).digest() for group in members}
    folds: list[list[int]] = [[] for _ in range(k)]
    for group in sorted(members, key=lambda group: (-len(members[group]), drawn[group])):
        min(folds, key=len).extend(members[group])
    everything = np.arange(len(groups))
    tests = [np.array(sorted(fold), dtype=np.int64) for fold in folds]
    return tuple((np.setdiff1d(everything, test), test) for test in tests)


def _measured(
    per_group: NDArray[np.float64],
    statistic: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    name: str,
    seed: int,
    resamples: int,
    n: int,
    n_groups: int,
    value: Callable[[], float] | None = None,
):
    """A measure from sums by group (G, S); `statistic` maps (R, S) to (R,), NaN where undefined."""

    def bound():
        if n_groups < 2:
            raise Undefined(undefined.TOO_FEW, "An interval needs at least two groups of people; there is one.")
        block = max(1, _BLOCK_CELLS // max(per_group.shape))
        draws = [statistic(weights @ per_group) for weights in draw_weights(n_groups, resamples, seed, block)]
        return percentile_interval(np.concatenate(draws), method="percentile bootstrap over groups", seed=seed)

    return describe(
        value or (lambda: _value(statistic(per_group.sum(axis=0)[None])[0])),
        bound,
        n_units=n,
        n_raters=2,
        coverage=1.0 if n else 0.0,
        method=name,
    )


def _value(found: float) -> float:
    if np.isnan(found):
        raise Undefined(undefined.TOO_FEW, "There are no items to evaluate.")
    return float(found)


def _mean_where(values: NDArray[np.float64], over: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of values / over along the last axis where over > 0; NaN when it never is."""
    there = over > 0
    parts = np.divide(values, over, out=np.zeros(np.shape(over)), where=there)
    n = there.sum(axis=-1)
    return np.divide(parts.sum(axis=-1), n, out=np.full(n.shape, np.nan), where=n > 0)


def _uar(confusions: NDArray[np.float64]) -> NDArray[np.float64]:
    return _mean_where(np.diagonal(confusions, axis1=1, axis2=2), confusions.sum(axis=2))


def _macro_f1(confusions: NDArray[np.float64]) -> NDArray[np.float64]:
    hits = np.diagonal(confusions, axis1=1, axis2=2)
    return _mean_where(2 * hits, confusions.sum(axis=2) + confusions.sum(axis=1))


def _accuracy(confusions: NDArray[np.float64]) -> NDArray[np.float64]:
    hits = np.trace(confusions, axis1=1, axis2=2)
    return _mean_where(hits[:, None], confusions.sum(axis=(1, 2))[:, None])


def _mae(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    return _mean_where(sums[:, 6:7], sums[:, 0:1])


def _ccc(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    n, x, y, xx, yy, xy, _ = sums.T
    above = 2 * (xy * n - x * y)
    below = (xx * n - x * x) + (yy * n - y * y) + (x - y) ** 2
    # Rounding leaves a little where both are constant; what is left of the squares then means nothing.
    scale = (xx + yy) * n
    return np.divide(above, below, out=np.full(len(n), np.nan), where=below > 1e-12 * scale)


def _codes(
    gold: Sequence[str], predicted: Sequence[str], labels: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if len(gold) != len(predicted):
        raise ValueError(f"{len(gold)} gold labels and {len(predicted)} predicted ones do not pair up")
    at = {label: index for index, label in enumerate(labels)}
    if len(at) != len(labels):
        raise ValueError("a label is listed twice")
    strange = ({*gold} | {*predicted}) - set(at)
    if strange:
        raise ValueError(f"{min(map(str, strange))!r} is not among the labels {', '.join(map(str, labels))}")
    rows, columns = ([at[label] for label in given] for given in (gold, predicted))
    return np.array(rows, dtype=np.int64), np.array(columns, dtype=np.int64)


def _numbers(gold: ArrayLike, predicted: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    gold, predicted = np.asarray(gold, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    if gold.ndim != 1 or gold.shape != predicted.shape:
        raise ValueError(f"gold and predicted numbers do not pair up: {gold.shape} and {predicted.shape}")
    if not (np.isfinite(gold).all() and np.isfinite(predicted).all()):
        raise ValueError("numbers must be finite; leave out items without a gold value or a prediction")
    return gold, predicted


def _group_ids(groups: Sequence[Hashable], n: int) -> tuple[NDArray[np.int64], int]:
    """Groups numbered in order of their text, so that intervals do not depend on the order of items."""
    if len(groups) != n:
        raise ValueError(f"{n} items need as many groups; there are {len(groups)}")
    at = {group: index for index, group in enumerate(sorted(set(groups), key=str))}
    return np.array([at[group] for group in groups], dtype=np.int64), len(at)
