"""Where agreement sits: parts against the whole table's coefficients on the same rows and columns."""

import dataclasses

import numpy as np
import pytest

from affect.agreement import load
from affect.agreement.alpha import krippendorff_alpha, percent_agreement
from affect.agreement.breakdown import (
    disputed_units,
    group_agreement,
    label_agreement,
    leave_one_rater_out,
    pair_matrix,
    pooled_confusion,
    rater_confusion,
)
from affect.agreement.hits import unbiased_hit_rate
from affect.agreement.kappa import cohen_kappa
from affect.undefined import Undefined

nan = float("nan")
DATA_C = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, None],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 3],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]


def test_each_pair_has_the_coefficient_of_its_two_rows_and_its_own_n():
    found = pair_matrix(DATA_C, "ordinal")
    assert [(one.first, one.second, one.n_units) for one in found.pairs] == [
        (0, 1, 9), (0, 2, 8), (0, 3, 9), (1, 2, 9), (1, 3, 10), (2, 3, 10)
    ]  # fmt: skip
    for one in found.pairs:
        assert one.value == krippendorff_alpha([DATA_C[one.first], DATA_C[one.second]], "ordinal")
    grid = found.grid()
    assert [grid[i][i] for i in range(4)] == [None] * 4
    assert all(grid[i][j] == grid[j][i] for i in range(4) for j in range(4))
    by_kappa = pair_matrix(DATA_C, lambda rows: cohen_kappa(*rows))
    assert by_kappa.pairs[0].value == cohen_kappa(DATA_C[0], DATA_C[1])


def test_a_pair_without_a_common_unit_says_so_and_the_others_stand():
    found = pair_matrix([["a", "b", None, None], ["a", "b", "a", "b"], [None, None, "a", "a"]])
    assert [one.undefined for one in found.pairs] == ["", "no_overlap", ""]
    assert "two raters" in found.pairs[1].why
    assert found.pairs[1].n_units == 0


def test_agreement_on_one_label_is_alpha_of_that_label_or_not():
    found = label_agreement(DATA_C, categories=[1, 2, 3, 4, 5, 6])
    assert [one.label for one in found] == [1, 2, 3, 4, 5, 6]
    for one in found[:5]:
        binary = [[None if v is None else v == one.label for v in row] for row in DATA_C]
        assert one.alpha == pytest.approx(krippendorff_alpha(binary, "nominal"), abs=1e-12)
        together = used = 0
        for unit in zip(*DATA_C, strict=True):
            given = [v for v in unit if v is not None]
            for i, a in enumerate(given):
                for j, b in enumerate(given):
                    if i != j and a == one.label:
                        used += 1
                        together += b == one.label
        assert one.specific == pytest.approx(together / used)
    assert (found[5].alpha, found[5].specific, found[5].undefined) == (None, None, "one_value_only")
    assert sum(one.n_ratings for one in found) == 40


def test_groups_of_units_and_of_raters_are_measured_on_their_own_part():
    keys = ["f"] * 6 + ["m"] * 5 + [None]
    found = group_agreement(DATA_C, keys, load("alpha_nominal"), seed=7)
    assert [one.key for one in found] == ["f", "m"]
    assert found[0].measure == load("alpha_nominal")([row[:6] for row in DATA_C], seed=7)
    raters = group_agreement(DATA_C, ["x", "y", "x", "y"], load("alpha_nominal"), seed=7, of="raters")
    assert raters[1].measure.value == krippendorff_alpha([DATA_C[1], DATA_C[3]], "nominal")
    lone = group_agreement(DATA_C, ["x", "y", "y", "y"], load("alpha_nominal"), seed=7, of="raters")
    assert lone[0].measure.undefined == "no_overlap"


def test_confusion_between_two_raters_and_over_all_pairs():
    found = rater_confusion(["a", "b", None, "a"], ["a", "a", "b", "c"], categories=["a", "b", "c"])
    assert found.labels == ("a", "b", "c")
    assert found.table == ((1, 0, 1), (1, 0, 0), (0, 0, 0))
    assert found.n == 3
    pooled = pooled_confusion(DATA_C)
    assert sorted(np.sum(pooled.table, axis=0)) == pytest.approx([3, 5, 9, 10, 13])
    at = {label: i for i, label in enumerate(pooled.labels)}
    assert [pooled.table[at[v]][at[v]] for v in (1, 2, 3, 4, 5)] == pytest.approx([7, 10, 8, 4, 3])
    assert pooled.table[at[1]][at[2]] == pytest.approx(4 / 3)
    assert pooled.table[at[2]][at[3]] == pytest.approx(4 / 3)
    assert pooled.n == pytest.approx(40)


def test_the_most_disputed_units_come_first_with_what_was_said():
    found = disputed_units(DATA_C)
    assert found[0].unit == 5
    assert found[0].disagreement == 1.0
    assert found[0].given == ((1, 1), (2, 1), (3, 1), (4, 1))
    assert len(found) == 11
    assert [one.disagreement for one in found] == sorted((one.disagreement for one in found), reverse=True)
    assert np.mean([1 - one.disagreement for one in found]) == pytest.approx(percent_agreement(DATA_C))
    assert [one.unit for one in disputed_units(DATA_C, most=2)] == [one.unit for one in found[:2]]
    assert disputed_units([["a", None], [None, "b"]]) == ()


def test_far_answers_are_more_disputed_than_near_ones_on_a_scale():
    values = [[1, 4, 5, 1, 9], [1, 5, 5, 9, 9], [2, 5, 5, 9, 9]]
    for level in ("ordinal", "interval"):
        assert disputed_units(values, level)[0].unit == 3
    by_hand = [np.mean([(a - b) ** 2 for a, b in ((1, 9), (1, 9), (9, 9))])]
    assert disputed_units(values, "interval")[0].disagreement == pytest.approx(by_hand[0])
    assert 0 < disputed_units(values, "ordinal")[0].disagreement <= 1


def test_without_the_contrary_rater_agreement_rises():
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 3, 60)
    values = [np.where(rng.random(60) < 0.85, truth, rng.integers(0, 3, 60)).tolist() for _ in range(3)]
    values.append(((truth + 1) % 3).tolist())
    found = leave_one_rater_out(values)
    assert max(found, key=lambda one: one.change).rater == 3
    assert found[3].value == krippendorff_alpha(values[:3], "nominal")
    assert found[3].change == pytest.approx(found[3].value - krippendorff_alpha(values, "nominal"))
    pair = leave_one_rater_out([["a", "b"], ["a", "a"]])
    assert [(one.value, one.change, one.undefined) for one in pair] == [(None, None, "no_overlap")] * 2


def test_results_are_frozen():
    for one in (
        pair_matrix(DATA_C),
        label_agreement(DATA_C)[0],
        disputed_units(DATA_C)[0],
        leave_one_rater_out(DATA_C)[0],
    ):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(one, dataclasses.fields(one)[0].name, 3)


def test_unfit_input_is_refused():
    for work in (
        lambda: pair_matrix([["a", "b"], ["a"]]),
        lambda: group_agreement(DATA_C, ["f"], load("alpha_nominal"), seed=1),
        lambda: group_agreement(DATA_C, ["f"] * 12, load("alpha_nominal"), seed=1, of="clips"),
        lambda: disputed_units(DATA_C, "cosine"),
        lambda: unbiased_hit_rate([[1, 2]]),
        lambda: unbiased_hit_rate([[1, 2], [3, -1]]),
        lambda: unbiased_hit_rate([[1, 2], [3, 1]], labels=["joy"]),
    ):
        with pytest.raises(ValueError):
            work()


# Wagner's unbiased hit rate ---------------------------------------------------------------------------------------------------


def test_a_favourite_answer_has_hits_and_few_unbiased_ones():
    always_joy = unbiased_hit_rate([[10, 0, 0], [10, 0, 0], [10, 0, 0]], labels=["joy", "fear", "awe"])
    assert (always_joy[0].hit_rate, always_joy[0].unbiased) == (1.0, pytest.approx(1 / 3))
    assert always_joy[0].unbiased == pytest.approx(always_joy[0].chance)
    assert (always_joy[1].hit_rate, always_joy[1].unbiased) == (0.0, 0.0)
    perfect = unbiased_hit_rate(np.diag([4, 9]))
    assert [one.unbiased for one in perfect] == [1.0, 1.0]


def test_the_unbiased_hit_rate_is_the_product_of_both_conditional_rates():
    for seed in range(200):
        table = np.random.default_rng(seed).integers(0, 12, (4, 4))
        if not table.sum():
            continue
        for at, one in enumerate(unbiased_hit_rate(table)):
            row, column = table[at].sum(), table[:, at].sum()
            if not row:
                assert one.unbiased is None
                continue
            wanted = (table[at, at] / row) * (table[at, at] / column) if column else 0
            assert one.unbiased == pytest.approx(wanted, abs=1e-9)
            assert one.chance == pytest.approx(row / table.sum() * column / table.sum(), abs=1e-9)


def test_a_label_never_shown_has_no_hit_rate_and_an_empty_table_none_at_all():
    found = unbiased_hit_rate([[5, 1], [0, 0]])
    assert (found[1].hit_rate, found[1].unbiased, found[1].chance, found[1].n_answered) == (None, None, None, 1)
    with pytest.raises(Undefined):
        unbiased_hit_rate(np.zeros((2, 2)))
