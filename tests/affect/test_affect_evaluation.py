"""Evaluation against scikit-learn's metrics, resamples against repeated items, folds against their promise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from affect import evaluation
from affect.agreement.concordance import concordance
from affect.agreement.resampling import draw_weights
from affect.evaluation import (
    confusion_matrix,
    evaluate_labels,
    evaluate_numbers,
    group_folds,
    judge,
    macro_f1,
    mean_absolute_error,
    uar,
)
from affect.undefined import Undefined

LABELS = ["anger", "fear", "joy", "sadness"]
pairs = st.lists(
    st.tuples(st.sampled_from(LABELS[:3]), st.sampled_from(LABELS), st.integers(0, 5)), min_size=1, max_size=40
)


@given(pairs)
@settings(deadline=None)
def test_label_metrics_are_those_of_scikit_learn(rows):
    gold, predicted, groups = map(list, zip(*rows, strict=True))
    found = evaluate_labels(gold, predicted, groups, labels=LABELS, seed=1, resamples=10)
    assert found.confusion.tolist() == metrics.confusion_matrix(gold, predicted, labels=LABELS).tolist()
    present = sorted(set(gold))
    recall = metrics.recall_score(gold, predicted, labels=present, average="macro", zero_division=0)
    assert found.uar.value == pytest.approx(recall)
    f1 = metrics.f1_score(gold, predicted, average="macro", zero_division=0)
    assert found.macro_f1.value == pytest.approx(f1)
    assert found.accuracy.value == pytest.approx(metrics.accuracy_score(gold, predicted))
    assert (uar(found.confusion), macro_f1(found.confusion)) == (found.uar.value, found.macro_f1.value)
    assert [recall is None for recall in found.recalls] == [label not in gold for label in LABELS]


numbers = st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9), st.integers(0, 4)), min_size=2, max_size=30)


@given(numbers, st.integers(0, 1000))
@settings(deadline=None)
def test_a_resample_of_groups_is_the_metric_of_their_items_repeated(rows, seed):
    gold, predicted, groups = (np.array(column) for column in zip(*rows, strict=True))
    ids, n_groups = evaluation._group_ids(groups.tolist(), len(groups))
    weights = np.concatenate(list(draw_weights(n_groups, 4, seed, 4)))
    x, y = gold.astype(float), predicted.astype(float)
    columns = (np.ones(len(x)), x, y, x * x, y * y, x * y, np.abs(x - y))
    sums = np.stack([np.bincount(ids, column, minlength=n_groups) for column in columns], axis=1)
    for weight, ccc, mae in zip(weights, evaluation._ccc(weights @ sums), evaluation._mae(weights @ sums), strict=True):
        repeat = np.repeat(np.arange(len(x)), weight.astype(int)[ids])
        assert mae == pytest.approx(mean_absolute_error(x[repeat], y[repeat]))
        flat = len(set(x[repeat])) == len(set(y[repeat])) == 1
        if flat and x[repeat][0] == y[repeat][0]:
            assert np.isnan(ccc)
        elif not flat:
            assert ccc == pytest.approx(concordance(x[repeat], y[repeat]), abs=1e-9)


def test_numbers_are_judged_by_concordance_and_absolute_error():
    rng = np.random.default_rng(3)
    gold = rng.normal(size=400)
    predicted = gold + rng.normal(scale=0.5, size=400) + 0.1
    people = rng.integers(0, 40, 400).tolist()
    found = evaluate_numbers(gold, predicted, people, seed=1)
    assert found.ccc.value == concordance(gold, predicted)
    assert found.mae.value == pytest.approx(metrics.mean_absolute_error(gold, predicted))
    for measure in (found.ccc, found.mae):
        assert measure.interval.low < measure.value < measure.interval.high
        assert measure.interval.method == "percentile bootstrap over groups"
    assert found.sufficiency.enough


def test_the_interval_is_wider_when_errors_belong_to_people():
    rng = np.random.default_rng(4)
    people = np.repeat(np.arange(20), 50)
    gold = rng.choice(["joy", "fear"], 1000).tolist()
    wrong = rng.random(20) < 0.3
    predicted = [{"joy": "fear", "fear": "joy"}[g] if wrong[p] else g for g, p in zip(gold, people, strict=True)]
    by_person = evaluate_labels(gold, predicted, people.tolist(), seed=1).uar.interval
    by_item = evaluate_labels(gold, predicted, list(range(1000)), seed=1).uar.interval
    assert by_person.high - by_person.low > 3 * (by_item.high - by_item.low)


def test_intervals_do_not_depend_on_the_order_of_items():
    gold, predicted, people = (
        ["joy", "fear", "joy", "joy"] * 10,
        ["joy", "joy", "fear", "joy"] * 10,
        [f"p{i // 4}" for i in range(40)],
    )
    one = evaluate_labels(gold, predicted, people, seed=1)
    other = evaluate_labels(gold[::-1], predicted[::-1], people[::-1], seed=1)
    assert one.uar == other.uar


def test_a_label_without_gold_items_has_no_recall_and_does_not_lower_the_mean():
    found = evaluate_labels(["joy", "fear"] * 5, ["joy", "fear"] * 5, list(range(10)), labels=LABELS, seed=1)
    assert found.recalls == (None, 1.0, 1.0, None)
    assert found.uar.value == found.macro_f1.value == 1.0


def test_below_a_hundred_labels_or_ten_groups_nothing_is_judged():
    assert judge(99, 100).code == "too_few_labels"
    assert judge(100, 9).code == "too_few_groups"
    assert judge(100, 10).enough
    found = evaluate_labels(["joy"] * 120, ["joy"] * 120, [f"p{i % 9}" for i in range(120)], seed=1)
    assert found.sufficiency.code == "too_few_groups"
    assert "Too few to judge: 9 groups" in found.sufficiency.why
    assert found.uar.value == 1.0


def test_nothing_to_evaluate_is_undefined_and_one_group_has_no_interval():
    nothing = evaluate_labels([], [], [], labels=LABELS, seed=1)
    assert (nothing.uar.value, nothing.uar.undefined) == (None, "too_few")
    nothing = evaluate_numbers([], [], [], seed=1)
    assert (nothing.ccc.undefined, nothing.mae.undefined) == ("no_overlap", "too_few")
    alone = evaluate_labels(["joy"], ["joy"], ["p"], seed=1)
    assert (alone.uar.value, alone.uar.interval) == (1.0, None)
    assert "two groups" in alone.uar.why
    flat = evaluate_numbers([1, 1], [1, 1], ["a", "b"], seed=1)
    assert flat.ccc.undefined == "constant_trace"


def test_what_does_not_pair_up_is_refused():
    for wrong in (
        lambda: confusion_matrix(["a"], [], ["a"]),
        lambda: confusion_matrix(["a"], ["b"], ["a"]),
        lambda: confusion_matrix(["a"], ["a"], ["a", "a"]),
        lambda: evaluate_labels(["a"], ["a"], [], seed=1),
        lambda: evaluate_numbers([1, 2], [1], ["a", "b"], seed=1),
        lambda: evaluate_numbers([1, float("nan")], [1, 2], ["a", "b"], seed=1),
    ):
        with pytest.raises(ValueError) as caught:
            wrong()
        assert not isinstance(caught.value, Undefined)


@given(st.lists(st.integers(0, 12), min_size=2, max_size=60), st.integers(2, 5), st.integers(0, 99))
def test_folds_share_no_group_and_test_each_item_once(groups, k, seed):
    if len(set(groups)) < k:
        with pytest.raises(Undefined) as caught:
            group_folds(groups, k, seed=seed)
        assert caught.value.code == "too_few"
        return
    folds = group_folds(groups, k, seed=seed)
    assert sorted(np.concatenate([test for _, test in folds]).tolist()) == list(range(len(groups)))
    for train, test in folds:
        assert len(test)
        assert len(train) + len(test) == len(groups)
        assert not {groups[i] for i in train} & {groups[i] for i in test}
    again = group_folds(groups, k, seed=seed)
    assert all((a[1] == b[1]).all() for a, b in zip(folds, again, strict=True))
    # The same groups in reverse order fall together in the same way.
    mirrored = group_folds(groups[::-1], k, seed=seed)
    assert {frozenset(groups[i] for i in test) for _, test in folds} == {
        frozenset(groups[::-1][i] for i in test) for _, test in mirrored
    }
