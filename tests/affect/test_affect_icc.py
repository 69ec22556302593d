"""Intraclass correlations and Cronbach's alpha against Shrout & Fleiss, pingouin, and tables with repeated units."""

import numpy as np
import pandas as pd
import pingouin
import pytest

from affect.agreement import icc as module
from affect.agreement.icc import FORMS, bootstrap_icc, cronbach_alpha, icc, measure_icc
from affect.undefined import Undefined

JUDGES = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]).T


def test_shrout_and_fleiss_give_their_mean_squares_forms_and_intervals():
    found = icc(JUDGES)
    assert (found.bms, found.wms, found.jms, found.ems) == pytest.approx(
        (11.24167, 6.26389, 32.48611, 1.01944), abs=5e-6
    )
    wanted = {
        "ICC(1,1)": (0.1657, -0.13, 0.72),
        "ICC(2,1)": (0.2898, 0.02, 0.76),
        "ICC(3,1)": (0.7148, 0.34, 0.95),
        "ICC(1,k)": (0.4428, -0.88, 0.91),
        "ICC(2,k)": (0.6201, 0.07, 0.93),
        "ICC(3,k)": (0.9093, 0.68, 0.99),
    }
    for name, (value, low, high) in wanted.items():
        assert found[name].value == pytest.approx(value, abs=5e-5)
        assert (found[name].low, found[name].high) == pytest.approx((low, high), abs=5e-3)
    assert found["ICC(A,1)"] == found["ICC(2,1)"]
    assert (found.n_units, found.n_raters, found.n_dropped) == (6, 4, 0)


def test_cronbachs_alpha_is_the_last_form_and_the_standardised_one_is_named():
    assert cronbach_alpha(JUDGES) == pytest.approx(icc(JUDGES)["ICC(3,k)"].value, abs=1e-12)
    assert cronbach_alpha(JUDGES) == pytest.approx(0.9093, abs=5e-5)
    assert cronbach_alpha(JUDGES, standardised=True) == pytest.approx(0.9269436, abs=5e-8)
    consistent = icc(JUDGES)["ICC(3,k)"]
    assert (consistent.low, consistent.high) == pytest.approx((0.676, 0.986), abs=5e-4)


def random_table(seed):
    rng = np.random.default_rng(seed)
    k, n = int(rng.integers(2, 7)), int(rng.integers(3, 25))
    return rng.normal(size=(k, n)) + 2 * rng.random() * rng.normal(size=n) + rng.normal(size=(k, 1)) * rng.random()


@pytest.fixture
def unrounded(monkeypatch):
    monkeypatch.setitem(pingouin.options, "round", None)
    monkeypatch.setitem(pingouin.options, "round.column.CI95", None)


def test_all_six_forms_and_their_intervals_equal_pingouin(unrounded):
    for seed in range(200):
        table = random_table(seed)
        k, n = table.shape
        long = pd.DataFrame({"unit": np.tile(np.arange(n), k), "rater": np.repeat(np.arange(k), n), "x": table.ravel()})
        theirs = pingouin.intraclass_corr(long, "unit", "rater", "x")
        for mine, (_, row) in zip(icc(table).forms, theirs.iterrows(), strict=True):
            assert mine.value == pytest.approx(row["ICC"], abs=1e-9)
            assert (mine.low, mine.high) == pytest.approx(tuple(row["CI95"]), abs=1e-9, rel=1e-9)
            assert mine.f == pytest.approx(row["F"], rel=1e-9)
            assert (mine.df1, mine.df2) == (row["df1"], row["df2"])


def test_cronbachs_alpha_equals_pingouin():
    for seed in range(200):
        table = random_table(seed)
        assert cronbach_alpha(table) == pytest.approx(pingouin.cronbach_alpha(pd.DataFrame(table.T))[0], abs=1e-9)


def test_a_resample_is_the_form_of_the_table_with_its_units_repeated():
    for seed in range(50):
        table = random_table(seed)
        times = np.random.default_rng(seed).integers(1, 4, table.shape[1])
        centred = table - table.mean()
        sums = (times @ module._summands(centred))[None, :]
        k = len(table)
        found = module._forms(*module._mean_squares(sums, k), sums[:, 0], k)[0]
        wanted = [form.value for form in icc(np.repeat(table, times, axis=1)).forms]
        assert found == pytest.approx(wanted, abs=1e-9)


def test_the_bootstrap_of_traces_is_wider_over_clips_than_over_steps():
    rng = np.random.default_rng(1)
    clips = np.repeat(np.arange(12), 100)
    level = rng.normal(size=12)[clips]
    off = rng.normal(size=(3, 12))[:, clips]
    table = level + off + rng.normal(scale=0.05, size=(3, 1200))
    steps = bootstrap_icc(table, "ICC(2,1)", seed=1)
    whole = bootstrap_icc(table, "ICC(2,1)", seed=1, clusters=clips.tolist())
    assert whole.high - whole.low > 3 * (steps.high - steps.low)
    assert (whole.method, whole.seed) == ("percentile bootstrap over clusters", 1)


def test_a_missing_rating_is_refused_unless_dropping_is_asked_for_by_name():
    table = np.array(JUDGES, dtype=float)
    table[1, 3] = np.nan
    with pytest.raises(Undefined) as caught:
        icc(table)
    assert caught.value.code == "incomplete"
    assert "1 of 6 units" in caught.value.why
    found = icc(table, incomplete="drop")
    assert (found.n_units, found.n_dropped) == (5, 1)
    assert found["ICC(3,1)"].value == icc(np.delete(JUDGES, 3, axis=1))["ICC(3,1)"].value
    page = measure_icc(table, "ICC(2,1)", seed=1)
    assert (page.value, page.undefined) == (None, "incomplete")
    assert page.coverage == pytest.approx(23 / 24)


@pytest.mark.parametrize(
    ("table", "code"),
    [
        (np.ones((3, 4)), "one_value_only"),
        (np.ones((1, 4)), "too_few"),
        (np.ones((3, 1)), "too_few"),
        (np.ones((2, 0)), "too_few"),
    ],
)
def test_nothing_to_compare_is_undefined(table, code):
    for work in (icc, cronbach_alpha):
        with pytest.raises(Undefined) as caught:
            work(table)
        assert caught.value.code == code


def test_raters_in_full_agreement_have_one_and_units_without_differences_have_none():
    same = icc([[0.1, 0.2, 0.7]] * 3)
    assert [form.value for form in same.forms] == [1.0] * 6
    assert [(form.low, form.high) for form in same.forms] == [(1.0, 1.0)] * 6
    # Each rater one value for all units: raters differ, units do not.
    flat = icc([[0.1, 0.1, 0.1], [0.7, 0.7, 0.7]])
    assert flat["ICC(3,1)"].value is None
    assert flat["ICC(3,k)"].undefined == "one_value_only"
    assert "do not differ" in flat["ICC(3,k)"].why
    assert flat["ICC(1,1)"].value == pytest.approx(-1.0)
    assert (flat["ICC(2,1)"].value, flat["ICC(2,1)"].low) == (0.0, None)
    with pytest.raises(Undefined):
        cronbach_alpha([[0.1, 0.1, 0.1], [0.7, 0.7, 0.7]])
    with pytest.raises(Undefined) as caught:
        cronbach_alpha([[0.1, 0.1, 0.1], [0.7, 0.2, 0.7]], standardised=True)
    assert caught.value.code == "constant_trace"


def test_far_off_values_lose_no_digits():
    moved = np.array(JUDGES, dtype=float) + 1e7
    assert [form.value for form in icc(moved).forms] == pytest.approx(
        [form.value for form in icc(JUDGES).forms], abs=1e-7
    )


def test_unfit_input_is_refused():
    for work in (
        lambda: icc([1, 2, 3]),
        lambda: icc([[1, np.inf], [1, 2]]),
        lambda: icc(JUDGES, incomplete="guess"),
        lambda: bootstrap_icc(JUDGES, "ICC(4,1)", seed=1),
    ):
        with pytest.raises(ValueError) as caught:
            work()
        assert not isinstance(caught.value, Undefined)
    with pytest.raises(KeyError):
        icc(JUDGES)["ICC(4,1)"]
    assert len(FORMS) == 6
