"""Kappas and Gwet's coefficients against published values, scikit-learn, statsmodels and formulas written out here."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa as statsmodels_kappa
from statsmodels.stats.inter_rater import fleiss_kappa as statsmodels_fleiss

from affect.agreement import kappa
from affect.agreement.kappa import (
    cohen_kappa,
    conger_kappa,
    fleiss_kappa,
    gwet_ac1,
    gwet_ac2,
    kappa_of_table,
    measure_cohen,
    measure_kappa,
    pair_table,
)
from affect.agreement.units import encode
from affect.undefined import Undefined

nan = float("nan")
DATA_C = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, nan, nan, nan],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, nan, nan],
    [nan, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 3],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, nan],
]
FLEISS = (
    "00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031 "
    "00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006"
)
FLEISS_1971 = np.array([[int(n) for n in row] for row in FLEISS.split()])
TEN_SUBJECTS = np.array(
    [[0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
     [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7]]
)  # fmt: skip
TOY = [[20, 5, 0], [4, 15, 6], [1, 3, 16]]


def from_table(table):
    """Two raters who fill the table."""
    pairs = [(i, j) for i, row in enumerate(table) for j, n in enumerate(row) for _ in range(n)]
    return [i for i, _ in pairs], [j for _, j in pairs]


# published values ---------------------------------------------------------------------------------------------------------


def test_cohens_check_table_gives_four_tenths():
    assert cohen_kappa(*from_table([[20, 5], [10, 15]])) == pytest.approx(0.4, abs=1e-12)


def test_cohens_own_weighted_example_gives_his_values():
    counts = [[44, 7, 9], [5, 20, 5], [1, 3, 6]]
    weights = [[0, 1, 3], [1, 0, 6], [3, 6, 0]]
    assert kappa_of_table(counts) == pytest.approx(0.4915254, abs=5e-8)
    assert kappa_of_table(counts, weights) == pytest.approx(0.3478261, abs=5e-8)
    assert cohen_kappa(*from_table(counts), weights) == pytest.approx(0.3478261, abs=5e-8)
    assert kappa_of_table(np.array(counts) / 100, weights) == pytest.approx(0.3478261, abs=5e-8)


def test_linear_and_quadratic_weights_give_the_values_known_for_the_toy_table():
    assert kappa_of_table(TOY) == pytest.approx(0.5920245, abs=5e-8)
    assert kappa_of_table(TOY, "linear") == pytest.approx(0.6751740, abs=5e-8)
    assert kappa_of_table(TOY, "quadratic") == pytest.approx(0.7597504, abs=5e-8)


def test_fleiss_1971_and_the_ten_subjects_give_their_values():
    assert FLEISS_1971.sum(axis=0).tolist() == [26, 26, 30, 55, 43]
    assert fleiss_kappa(FLEISS_1971) == pytest.approx(0.4302445, abs=5e-8)
    assert fleiss_kappa(TEN_SUBJECTS) == pytest.approx(0.2099307, abs=5e-8)


def test_gwet_on_krippendorffs_data_gives_the_values_of_irrcac():
    # irrCAC 0.4.4 on the same table, eight digits.
    assert gwet_ac1(DATA_C) == pytest.approx(0.77544407, abs=5e-9)
    assert gwet_ac2(DATA_C, "linear") == pytest.approx(0.85873914, abs=5e-9)
    assert gwet_ac2(DATA_C, "quadratic") == pytest.approx(0.91400072, abs=5e-9)
    assert fleiss_kappa(encode(DATA_C).tally()) == pytest.approx(0.76116928, abs=5e-9)
    assert conger_kappa(DATA_C) == pytest.approx(0.76281744, abs=5e-9)


def test_the_paradox_table_has_a_negative_kappa_and_a_high_ac1():
    a, b = from_table([[118, 5], [2, 0]])
    assert cohen_kappa(a, b) == pytest.approx(-0.0233918, abs=5e-8)
    assert gwet_ac1([a, b]) == pytest.approx(0.9407763, abs=5e-8)


# independent implementations, 200 seeds each --------------------------------------------------------------------------------


def two_raters(seed):
    rng = np.random.default_rng(seed)
    q, n = int(rng.integers(2, 7)), int(rng.integers(5, 80))
    a = rng.integers(0, q, n)
    return a, np.where(rng.random(n) < rng.random(), a, rng.integers(0, q, n)), q


def test_cohens_kappa_equals_scikit_learn():
    compared = 0
    for seed in range(200):
        a, b, _ = two_raters(seed)
        if len(set(a) | set(b)) < 2:
            continue
        for weights in (None, "linear", "quadratic"):
            theirs = cohen_kappa_score(a, b, weights=weights)
            if np.isnan(theirs):
                continue
            assert cohen_kappa(a, b, weights) == pytest.approx(theirs, abs=1e-9)
            compared += 1
    assert compared >= 590


def test_cohens_kappa_with_own_weights_equals_statsmodels():
    for seed in range(200):
        a, b, q = two_raters(seed)
        rng = np.random.default_rng(seed + 1000)
        weights = rng.random((q, q))
        weights = weights + weights.T
        np.fill_diagonal(weights, 0)
        table, _ = pair_table(a, b, categories=list(range(q)))
        theirs = statsmodels_kappa(table, weights=weights, return_results=True).kappa
        assert cohen_kappa(a, b, weights, categories=list(range(q))) == pytest.approx(theirs, abs=1e-9)


def test_fleiss_kappa_equals_statsmodels():
    for seed in range(200):
        rng = np.random.default_rng(seed)
        q, r, n = int(rng.integers(2, 6)), int(rng.integers(2, 9)), int(rng.integers(2, 40))
        counts = np.array([rng.multinomial(r, rng.dirichlet(np.full(q, 0.4))) for _ in range(n)])
        if (counts.sum(axis=0) > 0).sum() < 2:
            continue
        assert fleiss_kappa(counts) == pytest.approx(statsmodels_fleiss(counts), abs=1e-9)


def gwet_by_hand(values, categories, near):
    """Gwet (2014), eq. 5.3 and on, one pair of raters at a time."""
    q = len(categories)
    agreements, shares = [], []
    for unit in zip(*values, strict=True):
        given = [categories.index(v) for v in unit if v is not None]
        if given:
            shares.append([given.count(k) / len(given) for k in range(q)])
        if len(given) >= 2:
            pairs = [near[x][y] for i, x in enumerate(given) for j, y in enumerate(given) if i != j]
            agreements.append(sum(pairs) / len(pairs))
    seen = sum(agreements) / len(agreements)
    pi = [sum(row[k] for row in shares) / len(shares) for k in range(q)]
    chance = sum(sum(row) for row in near) / (q * (q - 1)) * sum(p * (1 - p) for p in pi)
    return (seen - chance) / (1 - chance)


def table_with_holes(seed):
    rng = np.random.default_rng(seed)
    q, r, n = int(rng.integers(2, 6)), int(rng.integers(2, 6)), int(rng.integers(3, 30))
    truth = rng.integers(0, q, n)
    values = np.where(rng.random((r, n)) < 0.6, truth, rng.integers(0, q, (r, n)))
    missing = rng.random((r, n)) < 0.25
    return [[None if m else int(v) for v, m in zip(*row, strict=True)] for row in zip(values, missing, strict=True)], q


def test_gwet_equals_the_formula_written_by_hand():
    compared = 0
    for seed in range(200):
        values, q = table_with_holes(seed)
        labels = list(range(q))
        steps = np.arange(q)
        by_name = {
            "linear": 1 - np.abs(steps[:, None] - steps) / (q - 1),
            "quadratic": 1 - (np.abs(steps[:, None] - steps) / (q - 1)) ** 2,
        }
        try:
            found = gwet_ac1(values, categories=labels)
        except Undefined:
            continue
        assert found == pytest.approx(gwet_by_hand(values, labels, np.eye(q).tolist()), abs=1e-9)
        for name, near in by_name.items():
            wanted = gwet_by_hand(values, labels, near.tolist())
            assert gwet_ac2(values, name, categories=labels) == pytest.approx(wanted, abs=1e-9)
            assert gwet_ac2(values, near, categories=labels) == pytest.approx(wanted, abs=1e-9)
        compared += 1
    assert compared >= 190


def conger_by_hand(values, labels):
    r = len(values)
    agreements = []
    for unit in zip(*values, strict=True):
        given = [v for v in unit if v is not None]
        if len(given) >= 2:
            pairs = [x == y for i, x in enumerate(given) for j, y in enumerate(given) if i != j]
            agreements.append(sum(pairs) / len(pairs))
    habits = [
        [[v for v in row if v is not None].count(k) / sum(v is not None for v in row) for k in labels] for row in values
    ]
    pairs = [sum(a * b for a, b in zip(habits[i], habits[j], strict=True)) for i in range(r) for j in range(i)]
    chance, seen = sum(pairs) / len(pairs), sum(agreements) / len(agreements)
    return (seen - chance) / (1 - chance)


def test_congers_kappa_is_cohens_for_two_and_the_mean_chance_of_pairs_for_more():
    for seed in range(200):
        values, q = table_with_holes(seed)
        if any(all(v is None for v in row) for row in values):
            continue
        assert conger_kappa(values) == pytest.approx(conger_by_hand(values, list(range(q))), abs=1e-9)
        a, b, _ = two_raters(seed)
        if len(set(a) | set(b)) > 1:
            assert conger_kappa([list(a), list(b)]) == pytest.approx(cohen_kappa(a, b), abs=1e-9)


# the bootstrap --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("weights", "chance"), [(None, "fleiss"), (None, "gwet"), ("linear", "gwet")])
def test_a_resample_is_the_coefficient_of_the_table_with_its_units_repeated(weights, chance):
    for seed in range(40):
        values, q = table_with_holes(seed)
        tally = encode(values, categories=list(range(q))).tally()
        if (tally.sum(axis=1) >= 2).sum() < 2:
            continue
        near = kappa._agreement_weights(weights, q)
        times = np.random.default_rng(seed).integers(0, 3, len(tally))
        found = kappa._coefficients((times @ kappa._summands(tally, near))[None, :], near, chance)[0]
        repeated = np.repeat(tally, times, axis=0)
        if np.isnan(found):
            with pytest.raises(Undefined):
                kappa._chance_corrected(repeated, weights, chance)
        else:
            assert found == pytest.approx(kappa._chance_corrected(repeated, weights, chance), abs=1e-12)


def test_the_interval_of_ac1_is_near_the_one_of_gwets_standard_error():
    rng = np.random.default_rng(4)
    truth = rng.integers(0, 3, 400)
    values = [np.where(rng.random(400) < 0.8, truth, rng.integers(0, 3, 400)).tolist() for _ in range(2)]
    found = measure_kappa(values, "gwet", seed=1)
    # For two raters and equal label use the standard error is that of the agreement over 1 - Pe.
    agreement = np.mean(np.array(values[0]) == np.array(values[1]))
    error = np.sqrt(agreement * (1 - agreement) / 400) / (1 - 1 / 3)
    assert found.interval.high - found.interval.low == pytest.approx(2 * 1.96 * error, rel=0.15)
    assert found.interval.method == "percentile bootstrap over units"
    assert found.method == "Gwet's AC1, 3 categories"


def test_whole_participants_are_drawn_for_kappas_too():
    truth = np.repeat([0, 1] * 8, 10)
    wrong = np.repeat(np.random.default_rng(3).random(16) < 0.4, 10)
    values = [truth.tolist(), np.where(wrong, 1 - truth, truth).tolist()]
    people = np.repeat(np.arange(16), 10).tolist()
    for measured in (
        lambda **more: measure_kappa(values, "gwet", seed=1, **more),
        lambda **more: measure_cohen(*values, seed=1, **more),
    ):
        units, clusters = measured().interval, measured(clusters=people).interval
        assert clusters.method == "percentile bootstrap over clusters"
        assert clusters.high - clusters.low > 2 * (units.high - units.low)
        assert measured() == measured()


def test_cohens_interval_equals_resampling_the_rows_themselves():
    a, b, _ = two_raters(8)
    found = measure_cohen(a, b, seed=5, resamples=300)
    rng = np.random.default_rng(5)
    draws = []
    for _ in range(300):
        at = rng.integers(0, len(a), len(a))
        draws.append(cohen_kappa_score(a[at], b[at]))
    assert (found.interval.low, found.interval.high) == pytest.approx(
        tuple(np.percentile(draws, [2.5, 97.5])), abs=1e-9
    )


# undefined, and bad input -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("of", [gwet_ac1, conger_kappa, lambda values: gwet_ac2(values, "linear")])
def test_one_value_and_no_overlap_are_undefined_for_tables(of):
    with pytest.raises(Undefined) as caught:
        of([["no", "no"], ["no", "no"]])
    assert caught.value.code == "one_value_only"
    with pytest.raises(Undefined) as caught:
        of([["no", None], [None, "yes"]])
    assert caught.value.code == "no_overlap"


def test_one_value_and_no_overlap_are_undefined_for_pairs_and_counts():
    for work, code in (
        (lambda: cohen_kappa(["no"] * 3, ["no"] * 3), "one_value_only"),
        (lambda: cohen_kappa(["no", None], [None, "yes"]), "no_overlap"),
        (lambda: fleiss_kappa([[3, 0], [3, 0]]), "one_value_only"),
        (lambda: fleiss_kappa([[1, 0], [0, 1]]), "no_overlap"),
        (lambda: kappa_of_table([[0, 0], [0, 0]]), "no_overlap"),
    ):
        with pytest.raises(Undefined) as caught:
            work()
        assert caught.value.code == code


def test_the_scheme_and_not_the_labels_used_sets_the_number_of_categories():
    values = [["a", "a", "b", "b"], ["a", "b", "b", "b"]]
    two, six = gwet_ac1(values), gwet_ac1(values, categories=list("abcdef"))
    assert six > two
    assert six == pytest.approx(gwet_by_hand(values, list("abcdef"), np.eye(6).tolist()))
    # One label of six used by all still shows nothing, although the formula would say 1.
    with pytest.raises(Undefined):
        gwet_ac1([["a", "a"], ["a", "a"]], categories=list("abcdef"))


def test_one_rater_who_rated_all_and_one_who_rated_half_are_compared_on_the_half():
    assert cohen_kappa(["a", "b", "a", "b"], ["a", "b", None, nan]) == 1.0


class SameHash(str):
    __slots__ = ()

    def __hash__(self):
        return 7


@pytest.mark.parametrize(("one", "other"), [("Aa", "BB"), (SameHash("a"), SameHash("b")), (1, "1"), ("nan", "None")])
def test_labels_of_equal_hash_or_text_are_different_labels(one, other):
    a, b = [one, other] * 5, [other, one] * 5
    assert cohen_kappa(a, b) == -1.0
    assert gwet_ac1([a, b]) == -1.0
    assert conger_kappa([a, b]) == -1.0
    assert pair_table(a, b)[0].tolist() == [[0, 5], [5, 0]]


@pytest.mark.parametrize(
    "work",
    [
        lambda: cohen_kappa(["a"], ["a", "b"]),
        lambda: cohen_kappa(["a", "b"], ["a", "b"], "cubic"),
        lambda: cohen_kappa(["a", "b"], ["a", "b"], [[0, 1, 1], [1, 0, 1], [1, 1, 0]]),
        lambda: cohen_kappa(["a", "b"], ["a", "b"], [[1, 0], [0, 1]]),
        lambda: cohen_kappa(["a", 1], ["a", 1], "linear"),
        lambda: cohen_kappa(["a", "b"], ["a", "c"], categories=["a", "b"]),
        lambda: gwet_ac1([["a"], ["a"]], categories=["a", "a"]),
        lambda: gwet_ac1([["a", "b"], ["a"]]),
        lambda: gwet_ac2([["a", "b"], ["a", "b"]], [[1, 2], [2, 1]]),
        lambda: fleiss_kappa([1, 2]),
        lambda: fleiss_kappa([[0.5, 1.5]]),
        lambda: fleiss_kappa([[-1, 3]]),
        lambda: kappa_of_table([[1, 2]]),
    ],
)
def test_unfit_input_is_refused_with_a_sentence(work):
    with pytest.raises(ValueError) as caught:
        work()
    assert not isinstance(caught.value, Undefined)
    assert len(str(caught.value)) > 15


def test_a_page_gets_the_reason_where_there_is_no_value():
    flat = measure_kappa([["no"] * 4] * 3, "fleiss", seed=1)
    assert (flat.value, flat.undefined, flat.interval) == (None, "one_value_only", None)
    found = measure_cohen(["a", "b", None], ["a", "b", "b"], seed=1, weights="linear")
    assert (found.value, found.n_units, found.n_raters) == (1.0, 2, 2)
    assert found.coverage == pytest.approx(5 / 6)
