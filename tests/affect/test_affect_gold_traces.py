"""Traces to one trace: fusion, filters, lags and alignment, against published values, dtaidistance and planted truth."""

import numpy as np
import pytest
from dtaidistance import dtw as oracle
from dtaidistance import dtw_barycenter
from hypothesis import given
from hypothesis import strategies as st

from affect.agreement.concordance import concordance, pairwise_concordance
from affect.gold.align import dba, dtw, gctw
from affect.gold.fusion import FUSIONS, Weight, ewe, fuse_mean, fuse_median, fuse_trimmed, fuse_weighted, rater_weights
from affect.gold.lag import lag_behind, lag_by_features, lags_by_leave_one_out, shifted
from affect.gold.samples import JUDGES
from affect.gold.steps import dead_band, low_pass, median_filter, moving_average, runs, savgol, scale_of, standardise
from affect.undefined import Undefined

nan = float("nan")
EVERY_FUSION = pytest.mark.parametrize("fuse", FUSIONS.values(), ids=FUSIONS)
EVERY_FILTER = pytest.mark.parametrize(
    "smooth",
    [
        lambda trace: moving_average(trace, window=9),
        lambda trace: median_filter(trace, window=9),
        lambda trace: savgol(trace, window=9, order=3),
        lambda trace: low_pass(trace, cutoff_hz=1.0, rate_hz=10),
    ],
    ids=["moving_average", "median", "savgol", "low_pass"],
)


def wave(seconds=120, rate=10, seed=0):
    """A trace as people draw them: slow movements of several speeds."""
    rng = np.random.default_rng(seed)
    steps = np.arange(seconds * rate) / rate
    phases = rng.uniform(0, 2 * np.pi, 5)
    return (
        sum(
            np.sin(2 * np.pi * steps / period + phase) for period, phase in zip((41, 23, 13, 7, 5), phases, strict=True)
        )
        / 3
    )


# fusion: published -------------------------------------------------------------------------------------------------------


def test_the_evaluator_weighted_estimator_gives_the_known_values():
    fused = ewe(JUDGES)
    assert fused.value == pytest.approx([5.970567, 2.973892, 6.484291, 3.973197, 7.477557, 4.735801], abs=5e-7)
    agreement = [weight.agreement for weight in fused.weights]
    assert agreement == pytest.approx([0.8827689, 0.9166302, 0.9071212, 0.9094537], abs=5e-8)
    assert fuse_mean(JUDGES).value.tolist() == [6, 3, 6.5, 4, 7.5, 4.75]


def test_the_named_variants_of_the_weights_give_the_known_values():
    known = {
        "others": [0.8057874, 0.8593041, 0.8444792, 0.7902037],
        "pairwise_correlation": [0.7401778, 0.7897027, 0.7789960, 0.7323544],
    }
    for reference, values in known.items():
        assert [w.agreement for w in rater_weights(JUDGES, reference=reference)] == pytest.approx(values, abs=1e-7)
    fused = ewe(JUDGES, reference="pairwise_correlation")
    assert fused.value == pytest.approx([5.916953, 2.970003, 6.449048, 3.920474, 7.436284, 4.689857], abs=5e-7)
    by_concordance = rater_weights(JUDGES, reference="pairwise_concordance")
    mean = np.mean([weight.agreement for weight in by_concordance])
    assert mean == pytest.approx(pairwise_concordance(JUDGES).mean)


# fusion: behaviour -------------------------------------------------------------------------------------------------------


def test_the_estimator_beats_the_mean_with_two_contrary_raters_in_six():
    rng = np.random.default_rng(1)
    for seed in range(10):
        truth = wave(seed=seed)
        traces = [sign * truth + rng.normal(0, 0.4, len(truth)) for sign in (1, 1, 1, 1, -1, -1)]
        fused = ewe(traces)
        assert concordance(fused.value, truth) > concordance(fuse_mean(traces).value, truth) + 0.2
        assert [weight.left_out for weight in fused.weights] == ["", "", "", "", "contrary", "contrary"]
        assert set(fused.n.tolist()) == {4}


def test_raters_who_all_contradict_each_other_are_refused_with_a_reason():
    rise = np.arange(30.0)
    for reference in ("others", "pairwise_correlation", "pairwise_concordance"):
        with pytest.raises(Undefined) as caught:
            ewe([rise, -rise], reference=reference)
        assert caught.value.code == "contrary"


def test_a_flat_rater_has_no_weight_and_says_why():
    rise = np.arange(10.0)
    flat = ewe([rise, rise + 1, np.full(10, 5.0)]).weights[2]
    assert flat == Weight(0.0, None, "constant_trace")
    for traces, code in (
        ([[1.0, 1, 1]] * 3, "constant_trace"),
        ([[1.0, nan], [nan, 2.0]], "no_overlap"),
        ([rise], "too_few"),
    ):
        with pytest.raises(Undefined) as caught:
            ewe(traces)
        assert caught.value.code == code


def test_a_gap_of_one_rater_takes_no_step_from_the_others_and_the_weights_are_shared_anew():
    truth = wave()
    traces = np.array([truth, truth + 0.1, truth * 0.5])
    traces[0, :50] = nan
    fused = ewe(traces)
    assert fused.n.tolist() == [2] * 50 + [3] * (len(truth) - 50)
    shares = np.array([weight.share for weight in fused.weights])
    alone = (shares[1] * traces[1, :50] + shares[2] * traces[2, :50]) / (shares[1] + shares[2])
    assert fused.value[:50] == pytest.approx(alone)


def test_where_only_one_rated_agreement_learns_nothing():
    """Alone, a rater is the mean of all; a long solo may not buy a weight."""
    rng = np.random.default_rng(2)
    truth = wave()
    together = np.array([truth, truth, rng.normal(size=len(truth))])
    solo = np.hstack([together, [np.full(500, nan), np.full(500, nan), rng.normal(size=500) * 5]])
    for one, other in zip(rater_weights(together), rater_weights(solo), strict=True):
        assert one.share == pytest.approx(other.share)


def test_trimming_leaves_out_both_ends_and_counts_who_is_left():
    traces = np.array([[1.0, 1.0], [2.0, nan], [3.0, nan], [4.0, 2.0], [99.0, nan]])
    fused = fuse_trimmed(traces, share=0.2)
    assert fused.value.tolist() == [3.0, 1.5]
    assert fused.n.tolist() == [3, 2]
    assert fuse_trimmed(JUDGES, share=0).value.tolist() == fuse_mean(JUDGES).value.tolist()
    with pytest.raises(ValueError):
        fuse_trimmed(traces, share=0.5)


def test_the_band_holds_the_middle_half_of_the_raters_as_numpy_counts_it():
    rng = np.random.default_rng(4)
    traces = rng.normal(size=(7, 40))
    fused = fuse_median(traces)
    assert fused.value == pytest.approx(np.median(traces, axis=0))
    assert fused.low == pytest.approx(np.percentile(traces, 25, axis=0))
    assert fused.high == pytest.approx(np.percentile(traces, 75, axis=0))
    assert fused.sd == pytest.approx(np.std(traces, axis=0, ddof=1))


@EVERY_FUSION
def test_steps_that_nobody_rated_stay_empty(fuse):
    truth = wave(10)
    traces = np.array([truth, truth + 1, truth + 2])
    traces[:, 10:20] = nan
    fused = fuse(traces)
    assert np.isnan(fused.value[10:20]).all()
    assert np.isfinite(np.delete(fused.value, np.arange(10, 20))).all()
    assert fused.n[10:20].tolist() == [0] * 10


@EVERY_FUSION
def test_infinite_samples_and_a_wrong_shape_are_refused(fuse):
    for traces in ([[np.inf, 1.0]], [1.0, 2.0]):
        with pytest.raises(ValueError):
            fuse(traces)


numbers = st.floats(-1e6, 1e6, allow_subnormal=False)
line = st.lists(numbers, min_size=2, max_size=12)
matrices = st.integers(2, 10).flatmap(
    lambda n: st.lists(st.lists(st.one_of(numbers, st.just(nan)), min_size=n, max_size=n), min_size=2, max_size=6)
)


def fused_or_none(fuse, traces):
    try:
        return fuse(traces)
    except Undefined:
        return None


@EVERY_FUSION
@given(line, st.integers(2, 6))
def test_equal_traces_fuse_to_that_trace(fuse, trace, raters):
    fused = fused_or_none(fuse, [trace] * raters)
    assert (fused is None and len(set(trace)) == 1) or fused.value.tolist() == trace


@EVERY_FUSION
@given(matrices, st.randoms())
def test_it_does_not_matter_who_is_who(fuse, traces, random):
    shuffled = traces[:]
    random.shuffle(shuffled)
    one, other = fused_or_none(fuse, traces), fused_or_none(fuse, shuffled)
    assert (one is None) == (other is None)
    if one and fuse is not ewe:  # correlations near 0 may fall on either side of it by a rounding
        assert one.value == pytest.approx(other.value, nan_ok=True, rel=1e-9, abs=1e-6)
        assert one.n.tolist() == other.n.tolist()


@given(st.integers(0, 1000), st.permutations(range(5)))
def test_the_estimator_does_not_mind_who_is_who(seed, order):
    traces = np.random.default_rng(seed).normal(size=(5, 30)) + np.sin(np.arange(30))
    one, other = ewe(traces), ewe(traces[order])
    assert other.value == pytest.approx(one.value)
    assert [weight.share for weight in other.weights] == pytest.approx([one.weights[place].share for place in order])


@EVERY_FUSION
@given(st.integers(0, 1000), st.floats(0.01, 100), st.floats(-100, 100))
def test_another_scale_for_all_is_another_scale_for_the_result(fuse, seed, factor, offset):
    traces = np.random.default_rng(seed).normal(size=(4, 20)) + np.sin(np.arange(20))
    one, other = fused_or_none(fuse, traces), fused_or_none(fuse, traces * factor + offset)
    if one:
        assert other.value == pytest.approx(one.value * factor + offset, rel=1e-9, abs=1e-9 * (factor + abs(offset)))
        assert other.sd == pytest.approx(one.sd * factor, rel=1e-6)


@EVERY_FUSION
@given(matrices)
def test_the_result_lies_among_the_raters_present(fuse, traces):
    fused = fused_or_none(fuse, traces)
    if fused is None:
        return
    for step, value in enumerate(fused.value.tolist()):
        given_values = [row[step] for row in traces if row[step] == row[step]]
        assert (value == value) == bool(fused.n[step])
        if value == value:
            assert min(given_values) <= value <= max(given_values)


def test_weights_must_fit_the_raters():
    with pytest.raises(ValueError):
        fuse_weighted(JUDGES, rater_weights(JUDGES)[:2])
    with pytest.raises(ValueError):
        ewe(JUDGES, reference="best")


# steps -------------------------------------------------------------------------------------------------------------------


@EVERY_FILTER
@given(st.integers(1, 60), st.floats(-5, 5), st.floats(-1, 1))
def test_a_straight_line_comes_out_as_it_went_in_to_the_last_sample(smooth, length, start, slope):
    line = start + slope * np.arange(length)
    assert smooth(line) == pytest.approx(line, abs=1e-6)


@EVERY_FILTER
def test_filters_keep_gaps_delay_nothing_and_calm_noise(smooth):
    truth = wave()
    noisy = truth + np.random.default_rng(0).normal(0, 0.3, len(truth))
    noisy[300:340] = nan
    calm = smooth(noisy)
    assert np.isnan(calm).tolist() == np.isnan(noisy).tolist()
    here = ~np.isnan(noisy)
    assert np.std((calm - truth)[here]) < 0.7 * np.std((noisy - truth)[here])
    assert lag_behind(calm, truth, lowest=-20, highest=20).steps == 0


@EVERY_FILTER
def test_what_lies_beyond_a_gap_changes_nothing(smooth):
    one = np.concatenate([wave(6), [nan], wave(6, seed=1)])
    other = np.concatenate([wave(6), [nan], wave(6, seed=2) * 100])
    assert smooth(one)[:60].tolist() == smooth(other)[:60].tolist()


@EVERY_FILTER
def test_filters_take_empty_short_and_missing_traces(smooth):
    for trace in ([], [nan], [1.0], [1.0, nan, 2.0], [1.0, 2.0]):
        assert smooth(trace) == pytest.approx(trace, nan_ok=True)


def test_the_mirror_image_of_a_trace_gives_the_mirror_image():
    trace = wave(20) + np.random.default_rng(3).normal(0, 0.2, 200)
    for smooth in (lambda t: moving_average(t, window=7), lambda t: savgol(t), lambda t: median_filter(t, window=5)):
        assert smooth(trace[::-1])[::-1] == pytest.approx(smooth(trace))


def test_a_dead_band_stills_a_trembling_hand_and_starts_anew_after_a_gap():
    assert dead_band([0, 0.04, 0.09, 0.11, 0.2, nan, 0.15, 0.2], width=0.1).tolist() == pytest.approx(
        [0, 0, 0, 0.11, 0.11, nan, 0.15, 0.15], nan_ok=True
    )
    trace = wave()
    assert np.abs(dead_band(trace, width=0.05) - trace).max() <= 0.05
    assert dead_band(trace, width=0).tolist() == trace.tolist()


def test_a_standard_scale_can_be_taken_back_and_a_flat_trace_has_none():
    trace = np.append(wave(20) * 3 + 7, nan)
    scale = scale_of(trace)
    z = standardise(trace, scale)
    assert np.nanmean(z) == pytest.approx(0, abs=1e-12)
    assert np.nanstd(z) == pytest.approx(1)
    assert z * scale.sd + scale.mean == pytest.approx(trace, nan_ok=True)
    for samples, code in (([2.0, 2.0], "constant_trace"), ([nan], "too_few"), ([1.0], "constant_trace")):
        with pytest.raises(Undefined) as caught:
            scale_of(samples)
        assert caught.value.code == code


@given(st.lists(st.sampled_from([1.0, nan]), max_size=20))
def test_runs_hold_every_sample_once(trace):
    values = np.array(trace)
    inside = [place for run in runs(values) for place in range(run.start, run.stop)]
    assert inside == np.flatnonzero(~np.isnan(values)).tolist()


def test_settings_that_mean_nothing_are_refused():
    for wrong in (
        lambda: moving_average([1.0], window=4), lambda: savgol([1.0], window=5, order=5), lambda: dead_band([1.0], width=-1),
        lambda: low_pass([1.0], cutoff_hz=5, rate_hz=10), lambda: low_pass([1.0], cutoff_hz=1, rate_hz=10, order=0),
        lambda: lag_behind([1.0], [1.0], lowest=2, highest=1), lambda: lag_by_features([1.0], [1.0], highest=1, bins=1),
        lambda: lags_by_leave_one_out([[1.0], [1.0]], highest=1, floor=2), lambda: lag_by_features([1.0, 2.0], [1.0], highest=1),
    ):  # fmt: skip
        with pytest.raises(ValueError):
            wrong()


# lag ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("noise", [0.1, 0.3, 0.5])
def test_a_planted_lag_of_three_seconds_is_found_by_features(noise):
    """At 10 Hz one step is 0.1 s. The trace bends what it follows, as raters do."""
    for seed in range(8):
        rng = np.random.default_rng(seed)
        feature = wave(300, seed=seed)
        late = np.tanh(shifted(feature, -30)) + rng.normal(0, noise, len(feature))
        found = lag_by_features(
            [feature + rng.normal(0, 0.1, len(feature)), rng.normal(size=len(feature))], late, highest=60
        )
        assert abs(found.steps - 30) <= 1
        assert found.score > found.at_zero
        assert not found.at_bound


@pytest.mark.parametrize("noise", [0.1, 0.3, 0.5])
def test_a_planted_lag_of_three_seconds_is_found_by_leaving_one_out(noise):
    for seed in range(8):
        rng = np.random.default_rng(seed)
        truth = wave(300, seed=seed)
        planted = [0, 0, 30, 10, 0, 0]
        traces = [shifted(truth, -lag) + rng.normal(0, noise, len(truth)) for lag in planted]
        found = [lag.steps for lag in lags_by_leave_one_out(traces, highest=60)]
        assert np.abs(np.array(found) - planted).max() <= 1


def test_the_published_random_walk_comes_back_thirty_samples_late():
    for seed in range(20):
        walk = np.random.default_rng(seed).normal(size=1000).cumsum()
        assert lag_by_features(walk[30:], walk[:-30], highest=60).steps == 30
        assert lag_behind(walk[:-30], walk[30:], lowest=0, highest=60).steps == 30


def test_a_lag_is_found_through_gaps():
    truth = wave(300)
    late = shifted(truth, -30)
    late[500:900] = nan
    other = truth.copy()
    other[:300] = nan
    found = lags_by_leave_one_out([truth, other, late], highest=60)
    assert [lag.steps for lag in found] == [0, 0, 30]


def test_a_motor_lag_is_the_floor_and_not_the_value():
    truth = wave(200)
    found = lags_by_leave_one_out([truth, truth, shifted(truth, -20)], highest=60, floor=4)
    assert [lag.steps for lag in found] == [4, 4, 24]


def test_a_lag_at_the_end_of_the_search_says_so():
    truth = wave(200)
    assert lag_behind(shifted(truth, -40), truth, lowest=0, highest=30).at_bound
    assert not lag_behind(shifted(truth, -10), truth, lowest=0, highest=30).at_bound


def test_what_cannot_be_late_is_explained():
    truth = wave(60)
    for compute, code in (
        (lambda: lags_by_leave_one_out([truth], highest=10), "too_few"),
        (lambda: lags_by_leave_one_out([np.ones(50), np.ones(50)], highest=10), "constant_trace"),
        (lambda: lag_by_features(truth, np.ones(len(truth)), highest=10), "constant_trace"),
        (lambda: lag_by_features([1.0, 2.0], [1.0, 3.0], highest=1), "no_overlap"),
        (lambda: lag_behind([1.0], [2.0], lowest=0, highest=1), "no_overlap"),
    ):
        with pytest.raises(Undefined) as caught:
            compute()
        assert caught.value.code == code
    flat = lags_by_leave_one_out([truth, shifted(truth, -5), np.ones(len(truth))], highest=20)
    assert flat[2] is None
    assert [lag.steps for lag in flat[:2]] == [0, 5]


# alignment ---------------------------------------------------------------------------------------------------------------


def test_time_warping_equals_dtaidistance_with_and_without_a_band():
    for seed in range(25):
        rng = np.random.default_rng(seed)
        x, y = (rng.normal(size=int(rng.integers(20, 60))).cumsum() for _ in range(2))
        path = dtw(x, y)
        assert path.distance == pytest.approx(oracle.distance(x, y), abs=1e-9)
        assert list(zip(path.first.tolist(), path.second.tolist(), strict=True)) == oracle.warping_path(x, y)
        y = rng.normal(size=len(x)).cumsum()
        # Its window counts the cells on one side with the middle one.
        assert dtw(x, y, reach=6).distance == pytest.approx(oracle.distance(x, y, window=7), abs=1e-9)


def test_the_barycentre_equals_dtaidistance_round_for_round():
    for seed in range(5):
        traces = np.random.default_rng(seed).normal(size=(4, 40)).cumsum(axis=1)
        start = traces.mean(axis=0)
        known = dtw_barycenter.dba_loop(list(traces), c=start.copy(), max_it=4, thr=0, use_c=False)
        assert dba(traces, reach=40, rounds=4).centre == pytest.approx(known, abs=1e-9)


def bent(seed, raters=5, seconds=60, noise=0.05):
    """Traces of one truth, each early and late by up to 0.8 s in turns."""
    rng = np.random.default_rng(seed)
    truth, steps = wave(seconds, seed=seed), np.arange(seconds * 10.0)
    places = [
        steps + 8 * np.sin(steps / len(steps) * 2 * np.pi + k) * np.sin(steps / len(steps) * np.pi)
        for k in range(raters)
    ]
    return truth, np.array([np.interp(place, steps, truth) + rng.normal(0, noise, len(steps)) for place in places])


@pytest.mark.parametrize(
    "align", [lambda t: dba(t, reach=30), lambda t: gctw(t, reach=30, bases=12)], ids=["dba", "gctw"]
)
def test_alignment_brings_bent_traces_together(align):
    for seed in range(3):
        _, traces = bent(seed)
        found = align(traces)
        assert pairwise_concordance(found.traces).mean > pairwise_concordance(traces).mean + 0.02
        assert found.converged
        assert found.largest <= 30 + 30


def test_smooth_warps_bring_the_mean_nearer_to_the_truth():
    """Not so time warping sample by sample, which follows the noise as well: of it, agreement alone gets better."""
    for seed in range(5):
        truth, traces = bent(seed)
        aligned = gctw(traces, reach=30, bases=12).traces
        assert concordance(fuse_mean(aligned).value, truth) > concordance(fuse_mean(traces).value, truth)


def test_a_smooth_warp_never_runs_backwards_and_its_mean_is_the_clock():
    _, traces = bent(4)
    found = gctw(traces, reach=30, bases=12)
    assert (np.diff(found.warps, axis=1) >= -1e-9).all()
    assert found.warps.mean(axis=0) == pytest.approx(np.arange(traces.shape[1]), abs=1e-6)


@pytest.mark.parametrize(
    "align", [lambda t: dba(t, reach=20), lambda t: gctw(t, reach=20, bases=6)], ids=["dba", "gctw"]
)
def test_equal_traces_are_left_alone_and_gaps_stay(align):
    truth = wave(30)
    traces = np.array([truth, truth, truth])
    assert align(traces).traces == pytest.approx(traces, abs=1e-9)
    traces[1, 40:60] = nan
    found = align(traces).traces
    assert np.isnan(found[1, 45:55]).all()
    assert np.isfinite(found[0]).all()


@pytest.mark.parametrize(
    "align", [lambda t: dba(t, reach=20), lambda t: gctw(t, reach=20, bases=6)], ids=["dba", "gctw"]
)
def test_what_cannot_be_aligned_is_explained(align):
    truth = wave(10)
    for traces in ([truth], [truth, np.full(len(truth), nan)]):
        with pytest.raises(Undefined) as caught:
            align(traces)
        assert caught.value.code == "too_few"


def test_flat_traces_have_nothing_to_bend():
    with pytest.raises(Undefined) as caught:
        gctw(np.ones((3, 20)), reach=5, bases=4)
    assert caught.value.code == "constant_trace"
    assert dba(np.ones((3, 20)), reach=5).traces.tolist() == np.ones((3, 20)).tolist()
    with pytest.raises(ValueError):
        dtw([1.0, nan], [1.0])
    with pytest.raises(ValueError):
        dtw([1.0, 2.0, 3.0], [1.0], reach=1)
