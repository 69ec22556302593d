"""Concordance of traces against published values, numpy's own moments, and the rules for gaps and flat traces."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affect.agreement.concordance import (
    bootstrap_concordance,
    concordance,
    leave_one_out_concordance,
    mean_concordance,
    measure_concordance,
    pairwise_concordance,
)
from affect.undefined import Undefined

nan = float("nan")
JUDGES = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]).T


def test_published_values_come_out():
    t = np.arange(0, 10, 0.1)
    assert concordance([1, 2, 3, 4, 5], [2, 3, 4, 5, 6]) == 0.8
    assert concordance([1, 2, 3, 4, 5], [1, 2, 3, 4, 10]) == pytest.approx(0.6153846, abs=5e-8)
    assert concordance(np.sin(t), 0.5 * np.sin(t) + 0.2) == pytest.approx(0.7837933, abs=5e-8)
    assert concordance(np.sin(t), -np.sin(t)) == pytest.approx(-0.8637827, abs=5e-8)


def test_shrout_and_fleiss_pairwise_and_leave_one_out():
    assert pairwise_concordance(JUDGES).mean == pytest.approx(0.3351081, abs=5e-8)
    found = leave_one_out_concordance(JUDGES)
    assert found.raters == pytest.approx((0.2615193, 0.2204568, 0.6282421, 0.4761905), abs=5e-8)
    assert found.mean == pytest.approx(0.3966022, abs=1e-7)


def lin_by_hand(x, y):
    """Lin (1989) step by step, over the steps that both have."""
    pairs = [(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True) if a == a and b == b]
    n = len(pairs)
    mx, my = sum(a for a, _ in pairs) / n, sum(b for _, b in pairs) / n
    sxx, syy = sum((a - mx) ** 2 for a, _ in pairs) / n, sum((b - my) ** 2 for _, b in pairs) / n
    return 2 * sum((a - mx) * (b - my) for a, b in pairs) / n / (sxx + syy + (mx - my) ** 2)


def test_concordances_equal_lins_formula_written_by_hand():
    for seed in range(200):
        rng = np.random.default_rng(seed)
        traces = np.cumsum(rng.normal(size=(4, 50)), axis=1) * rng.uniform(0.01, 100) + rng.normal() * 10
        traces[rng.random(traces.shape) < 0.1] = nan
        for pair in pairwise_concordance(traces).pairs:
            assert pair.value == pytest.approx(lin_by_hand(traces[pair.first], traces[pair.second]), abs=1e-9)
        for rater, found in enumerate(leave_one_out_concordance(traces).raters):
            others = [
                float(np.mean([v for v in column if v == v])) if any(v == v for v in column) else nan
                for column in np.delete(traces, rater, axis=0).T.tolist()
            ]
            assert found == pytest.approx(lin_by_hand(traces[rater], np.array(others)), abs=1e-9)


finite = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 3))


@given(st.lists(finite, min_size=2, max_size=40).filter(lambda xs: len(set(xs)) > 1))
def test_a_trace_agrees_with_itself_exactly(xs):
    assert concordance(xs, xs) == 1.0


@given(st.lists(st.tuples(finite, finite), min_size=3, max_size=40), st.floats(1e-100, 1e100))
@settings(deadline=None)
def test_concordance_follows_from_moments_is_symmetric_and_bounded(pairs, scale):
    x, y = np.array(pairs).T
    if len(set(x)) < 2 or len(set(y)) < 2:
        return
    covariance = np.cov(x, y, bias=True)
    wanted = 2 * covariance[0, 1] / (covariance[0, 0] + covariance[1, 1] + (x.mean() - y.mean()) ** 2)
    assert concordance(x, y) == pytest.approx(wanted, rel=1e-6, abs=1e-9)
    assert concordance(x, y) == concordance(y, x)
    assert concordance(x * scale, y * scale) == pytest.approx(wanted, rel=1e-6, abs=1e-9)
    assert -1 - 1e-12 <= concordance(x, y) <= 1 + 1e-12


def test_two_constants_are_undefined_also_when_they_differ_and_one_constant_is_zero():
    for y in ([2, 2, 2], [3, 3, 3]):
        with pytest.raises(Undefined) as caught:
            concordance([2, 2, 2], y)
        assert caught.value.code == "constant_trace"
    assert concordance([2, 2, 2], [1, 2, 3]) == 0.0


def test_a_gap_counts_for_the_pair_that_has_it_and_for_no_other():
    traces = np.array([[1, 2, 3, 4, 5], [2, 3, 4, 5, 6], [nan, nan, 3, 1, 2]])
    found = pairwise_concordance(traces)
    assert [pair.n_steps for pair in found.pairs] == [5, 3, 3]
    assert found.pairs[0].value == 0.8
    assert found.pairs[1].value == concordance([3, 4, 5], [3, 1, 2])


def test_the_mean_of_the_others_is_taken_over_those_present():
    traces = np.array([[1, 2, 3, 4.0], [1, nan, 3, 5], [2, 2, nan, 4]])
    assert leave_one_out_concordance(traces).raters[0] == concordance(traces[0], [1.5, 2, 3, 4.5])


def test_pairs_without_a_value_are_counted_and_reported():
    traces = np.array([[1, 2, 3, nan, nan], [1, 2, 4, nan, nan], [nan, nan, nan, 5, 6]])
    found = pairwise_concordance(traces)
    assert found.n_undefined == 2
    assert [pair.undefined for pair in found.pairs] == ["", "no_overlap", "no_overlap"]
    assert found.mean == found.pairs[0].value


@pytest.mark.parametrize(
    ("traces", "code"),
    [
        (np.empty((0, 5)), "no_overlap"),
        (np.ones((1, 5)), "no_overlap"),
        (np.ones((3, 5)), "constant_trace"),
        ([[1, nan], [nan, 2]], "no_overlap"),
    ],
)
@pytest.mark.parametrize("statistic", [pairwise_concordance, leave_one_out_concordance])
def test_nothing_to_compare_is_undefined(statistic, traces, code):
    with pytest.raises(Undefined) as caught:
        statistic(traces)
    assert caught.value.code == code


def test_infinite_samples_and_wrong_shapes_are_refused():
    for x, y in (([1, np.inf], [1, 2]), ([1, 2], [1, 2, 3]), ([[1]], [[1]])):
        with pytest.raises(ValueError):
            concordance(x, y)


def test_clips_are_drawn_whole_and_undefined_clips_left_out():
    rng = np.random.default_rng(1)
    clips = []
    for _ in range(15):
        base = np.cumsum(rng.normal(size=50))
        clips.append(base + rng.normal(scale=rng.random() * 3, size=(4, 50)))
    clips.append(np.ones((4, 20)))
    values = [pairwise_concordance(clip).mean for clip in clips[:-1]]
    assert mean_concordance(clips) == pytest.approx(np.mean(values))
    interval = bootstrap_concordance(clips, seed=2)
    assert interval.low < np.mean(values) < interval.high
    error = np.std(values) / np.sqrt(len(values))
    assert interval.high - interval.low == pytest.approx(2 * 1.96 * error, rel=0.25)
    found = measure_concordance(clips, seed=2)
    assert (found.n_units, found.n_raters, found.coverage, found.interval) == (15, 4, 1.0, interval)


def test_one_clip_has_a_value_and_no_interval():
    found = measure_concordance([JUDGES], seed=1)
    assert found.value == pytest.approx(0.3351081, abs=5e-8)
    assert found.interval is None
    assert "at least two clips" in found.why
