"""Votes, means, fused traces and the grid beneath them."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affect.gold.fusion import fuse_mean
from affect.gold.votes import entropy_bits, majority, mean_scale
from affect.signals.resample import grid, hold, linear
from affect.undefined import Undefined

nan = float("nan")


def test_the_label_with_most_votes_wins_and_the_others_keep_their_shares():
    found = majority(["joy", "joy", "fear", None, "anger", "joy"])
    assert (found.label, found.tied, found.n) == ("joy", False, 5)
    assert found.shares == (("joy", 0.6), ("anger", 0.2), ("fear", 0.2))


def test_the_entropy_is_the_published_one():
    assert majority(["a"] * 5 + ["b"] * 3 + ["c"] * 2).entropy == pytest.approx(1.4854753, abs=5e-8)
    assert entropy_bits([1.0]) == 0.0


def test_a_tie_gives_no_label_and_a_flag():
    found = majority(["fear", "anger"])
    assert (found.label, found.tied) == (None, True)
    assert found.method == "majority, ties left open"


def test_a_tie_is_drawn_when_asked_for_the_same_for_the_same_seed_and_item():
    labels = [majority(["fear", "anger", "joy"], ties="random", seed=3, key=f"item-{i}").label for i in range(600)]
    again = [majority(["joy", "fear", "anger"], ties="random", seed=3, key=f"item-{i}").label for i in range(600)]
    other = [majority(["joy", "fear", "anger"], ties="random", seed=4, key=f"item-{i}").label for i in range(600)]
    assert labels == again != other
    for label in ("fear", "anger", "joy"):
        assert labels.count(label) == pytest.approx(200, abs=60)
    drawn = majority(["fear", "anger"], ties="random", seed=3)
    assert drawn.tied
    assert "seed 3" in drawn.method


def test_a_seed_without_random_ties_and_the_reverse_are_refused():
    for arguments in ({"ties": "random"}, {"seed": 1}, {"ties": "first"}):
        with pytest.raises(ValueError):
            majority(["a"], **arguments)


def test_no_votes_and_no_ratings_are_undefined():
    for function, nothing in ((majority, [None]), (mean_scale, [nan, None]), (majority, []), (mean_scale, [])):
        with pytest.raises(Undefined) as caught:
            function(nothing)
        assert caught.value.code == "too_few"


def test_a_single_rating_has_a_mean_and_no_spread():
    assert (mean_scale([4]).mean, mean_scale([4]).sd, mean_scale([4]).n) == (4.0, None, 1)
    with pytest.raises(ValueError):
        mean_scale([1, float("inf")])


@given(st.lists(st.sampled_from(["a", "b", "c", None])).filter(any), st.randoms())
def test_the_vote_does_not_depend_on_order_and_its_shares_sum_to_one(votes, random):
    shuffled = votes[:]
    random.shuffle(shuffled)
    assert majority(votes) == majority(shuffled)
    assert sum(share for _, share in majority(votes).shares) == pytest.approx(1)
    drawn = majority(votes, ties="random", seed=1)
    assert drawn.label is not None
    assert (majority(votes).label or drawn.label) == drawn.label


def test_fusing_takes_the_raters_present_at_each_step():
    traces = np.array([[0.0, 0.2, nan, nan], [1.0, nan, 0.4, nan], [0.5, 0.4, 0.4, nan]])
    fused = fuse_mean(traces)
    assert fused.value.tolist()[:3] == pytest.approx([0.5, 0.3, 0.4])
    assert fused.sd.tolist()[:3] == pytest.approx([0.5, np.std([0.2, 0.4], ddof=1), 0.0])
    assert fused.n.tolist() == [3, 2, 2, 0]
    assert np.isnan(fused.value[3])
    assert np.isnan(fused.sd[3])


def test_the_ends_of_a_fused_trace_are_not_drawn_to_zero():
    ramp = np.linspace(0.7, 0.9, 200)
    fused = fuse_mean([ramp + 0.05, ramp - 0.05])
    assert fused.value == pytest.approx(ramp)


def test_infinite_samples_cannot_be_fused():
    with pytest.raises(ValueError):
        fuse_mean([[np.inf, 1.0]])


def test_the_grid_is_half_open_and_does_not_drift():
    assert grid(0, 1_000_000, 4).tolist() == [0, 250_000, 500_000, 750_000]
    assert grid(500, 500, 10).tolist() == []
    ntsc = grid(0, 3_600_000_000, Fraction(30_000, 1001))
    assert ntsc[-1] == round(Fraction(len(ntsc) - 1) * 1_001_000_000 / 30_000)
    with pytest.raises(ValueError):
        grid(0, 10, 0)


@given(st.integers(-(10**12), 10**12), st.integers(0, 10**7), st.integers(1, 1000), st.integers(1, 7))
def test_every_grid_time_is_its_own_rounding_and_lies_inside(start, length, numerator, denominator):
    rate = Fraction(numerator, denominator)
    times = grid(start, start + length, rate).tolist()
    assert all(start <= time < start + length for time in times)
    for index, time in enumerate(times):
        assert abs(time - start - Fraction(index) * 1_000_000 / rate) <= Fraction(1, 2)
    following = Fraction(len(times)) * 1_000_000 / rate
    assert following + Fraction(1, 2) >= length


def test_an_event_holds_until_the_next_and_the_last_until_the_end_given():
    times, values, points = [1000, 3000], [1.0, 2.0], [0, 999, 1000, 2999, 3000, 3999, 4000]
    assert hold(times, values, points).tolist() == pytest.approx([nan, nan, 1, 1, 2, nan, nan], nan_ok=True)
    assert hold(times, values, points, until_us=4000).tolist() == pytest.approx(
        [nan, nan, 1, 1, 2, 2, nan], nan_ok=True
    )


def test_long_silences_and_marked_gaps_stay_missing_for_both_ways():
    times, values, points = [0, 100, 1000, 1100], [0.0, 1.0, 2.0, 3.0], [50, 100, 101, 999, 1000, 1050, 1100]
    assert hold(times, values, points, limit_us=500).tolist() == pytest.approx([0, 1, nan, nan, 2, 2, 3], nan_ok=True)
    assert linear(times, values, points, limit_us=500).tolist() == pytest.approx(
        [0.5, 1, nan, nan, 2, 2.5, 3], nan_ok=True
    )
    gaps = [False, False, False, True]
    assert hold(times, values, [1000, 1050, 1100], gap_before=gaps).tolist() == pytest.approx([2, nan, 3], nan_ok=True)
    assert linear(times, values, [1000, 1050, 1100], gap_before=gaps).tolist() == pytest.approx(
        [2, nan, 3], nan_ok=True
    )
    assert np.isnan(hold([0], [1.0], [400], until_us=1000, limit_us=500)).all()


events = st.lists(st.tuples(st.integers(-500, 500), st.integers(-9, 9)), max_size=20, unique_by=lambda e: e[0]).map(
    sorted
)


@given(events, st.lists(st.integers(-700, 700), max_size=40))
def test_resampling_never_leaves_the_recorded_span_or_range(samples, points):
    times, values = [t for t, _ in samples], [float(v) for _, v in samples]
    for way in (hold, linear):
        for point, value in zip(points, way(times, values, points).tolist(), strict=True):
            inside = bool(times) and times[0] <= point <= times[-1]
            assert (value == value) == inside
            if inside:
                assert min(values) <= value <= max(values)
            if point in times:
                assert value == values[times.index(point)]


@pytest.mark.parametrize(
    ("times", "values", "points"),
    [([0, 0], [1, 1], [0]), ([0], [nan], [0]), ([0.5], [1], [0]), ([0], [1], [0.5]), ([0, 1], [1], [0])],
)
def test_samples_out_of_order_not_finite_or_not_whole_are_refused(times, values, points):
    for way in (hold, linear):
        with pytest.raises(ValueError):
            way(times, values, points)
