"""Signed differential agreement, and intervals over clips, people and blocks of time."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from affect.agreement import concordance as module
from affect.agreement.concordance import (
    bootstrap_blocks,
    bootstrap_concordance,
    concordance,
    leave_one_out_concordance,
    pairwise_concordance,
)
from affect.agreement.differential import (
    measure_differential,
    pairwise_differential,
    signed_differential_agreement,
    signed_differential_kappa,
)
from affect.agreement.traces import mean_present
from affect.undefined import Undefined

nan = float("nan")
X, Y = [0, 1, 2, 2, 1, 0, 1, 1], [0, 2, 3, 3, 3, 1, 0, 2]


def test_the_example_of_the_reference_gives_four_of_seven():
    assert signed_differential_agreement(X, Y) == pytest.approx(0.1428571, abs=5e-8)
    assert signed_differential_kappa(X, Y) == pytest.approx(0.34375, abs=1e-12)


def by_hand(x, y):
    x, y = x.tolist(), y.tolist()
    same = steps = 0
    for t in range(1, len(x)):
        ends = [x[t - 1], x[t], y[t - 1], y[t]]
        if any(v != v for v in ends):
            continue
        steps += 1
        same += ((x[t] > x[t - 1]) - (x[t] < x[t - 1])) == ((y[t] > y[t - 1]) - (y[t] < y[t - 1]))
    return 2 * same / steps - 1


def test_it_equals_counting_step_by_step_and_scikit_learns_kappa():
    kappas = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        x, y = rng.integers(0, 5, (2, 40)).astype(float)
        gaps = x.copy()
        gaps[rng.random(40) < 0.2] = nan
        assert signed_differential_agreement(gaps, y) == pytest.approx(by_hand(gaps, y), abs=1e-9)
        theirs = cohen_kappa_score(np.sign(np.diff(x)).astype(int), np.sign(np.diff(y)).astype(int))
        assert signed_differential_kappa(x, y) == pytest.approx(theirs, abs=1e-9)
        kappas += 1
    assert kappas == 200


def test_an_increasing_distortion_changes_nothing_and_a_mirror_turns_it_round():
    rng = np.random.default_rng(1)
    x = np.cumsum(rng.normal(size=100))
    y = x + rng.normal(size=100)
    plain = signed_differential_agreement(x, y)
    assert signed_differential_agreement(np.exp(x / 10), y) == plain
    assert signed_differential_agreement(x, -x) == -1.0
    assert signed_differential_agreement(x, 3 * x + 7) == 1.0


def test_a_dead_band_takes_jitter_for_rest():
    x = np.array([0, 0.01, 0, 0.01, 1, 1.01, 1])
    y = np.array([0, 0, 0.01, 0, 1, 1, 1.01])
    assert signed_differential_agreement(x, y) < 0
    assert signed_differential_agreement(x, y, dead_band=0.05) == 1.0


@pytest.mark.parametrize(
    ("x", "y", "code"),
    [
        ([1, 1, 1], [2, 2, 2], "constant_trace"),
        ([1], [1], "no_overlap"),
        ([1, nan, 2], [1, 2, 3], "no_overlap"),
        ([], [], "no_overlap"),
    ],
)
def test_nothing_that_moves_or_meets_is_undefined(x, y, code):
    for work in (signed_differential_agreement, signed_differential_kappa):
        with pytest.raises(Undefined) as caught:
            work(x, y)
        assert caught.value.code == code


def test_a_flat_rater_against_a_moving_one_has_a_value():
    assert signed_differential_agreement([1, 1, 1], [1, 2, 2]) == 0.0


def test_a_gap_of_one_rater_takes_no_step_from_the_others():
    traces = np.array([[0, 1, 2, 3, 4], [0, 2, 3, 4, 5], [0, nan, 2, nan, 1]])
    found = pairwise_differential(traces)
    assert found.pairs[0].value == 1.0
    assert [pair.undefined for pair in found.pairs] == ["", "no_overlap", "no_overlap"]
    assert found.mean == 1.0
    rests = leave_one_out_concordance(traces)
    assert rests.raters[0] == concordance(traces[0], mean_present(traces[1:]))


def test_a_page_gets_the_mean_over_clips_with_its_interval():
    clips = [np.cumsum(np.random.default_rng(seed).normal(size=(3, 50)), axis=1) for seed in range(8)]
    found = measure_differential(clips, seed=2)
    assert found.value == pytest.approx(np.mean([pairwise_differential(clip).mean for clip in clips]))
    assert found.interval.low < found.value < found.interval.high
    assert found.interval.method == "percentile bootstrap over clips"
    assert "dead band 0.1" in measure_differential(clips, seed=2, dead_band=0.1).method


# what is drawn ------------------------------------------------------------------------------------------------------------


def test_clips_of_one_participant_are_drawn_together():
    rng = np.random.default_rng(1)
    clips, people = [], []
    for person in range(10):
        noise = 0.1 + 2 * rng.random()
        for _ in range(6):
            base = np.cumsum(rng.normal(size=60))
            clips.append(base + rng.normal(scale=noise, size=(3, 60)))
            people.append(person)
    by_clip = bootstrap_concordance(clips, seed=1)
    by_person = bootstrap_concordance(clips, seed=1, clusters=people)
    assert by_person.method == "percentile bootstrap over clusters"
    assert by_person.high - by_person.low > 1.3 * (by_clip.high - by_clip.low)
    with pytest.raises(Undefined) as caught:
        bootstrap_concordance(clips[:6], seed=1, clusters=people[:6])
    assert caught.value.code == "too_few"
    with pytest.raises(ValueError, match="cluster keys"):
        bootstrap_concordance(clips, seed=1, clusters=people[:5])


@pytest.mark.parametrize("statistic", ["pairwise", "leave_one_out"])
def test_a_resample_of_blocks_is_the_concordance_of_the_blocks_put_together(statistic):
    of = {"pairwise": pairwise_concordance, "leave_one_out": leave_one_out_concordance}[statistic]
    for seed in range(100):
        rng = np.random.default_rng(seed)
        traces = np.cumsum(rng.normal(size=(3, 60)), axis=1) + 50
        traces[0, rng.random(60) < 0.2] = nan
        times = rng.integers(0, 3, 6)
        if not times.any():
            continue
        columns = np.concatenate([np.arange(10 * b, 10 * b + 10) for b, n in enumerate(times) for _ in range(n)])
        middle = traces - np.nanmean(traces)
        if statistic == "pairwise":
            partners = [(middle[i], middle[j]) for i in range(3) for j in range(i + 1, 3)]
        else:
            partners = [(middle[i], mean_present(np.delete(middle, i, axis=0))) for i in range(3)]
        moments = np.concatenate([module._moments(x, y) for x, y in partners])
        sums = (np.repeat(times, 10) * moments).sum(axis=1)[None, :]
        assert module._mean_of_moments(sums)[0] == pytest.approx(of(traces[:, columns]).mean, abs=1e-9)


def test_blocks_of_one_recording_say_so_and_are_wider_than_single_steps():
    rng = np.random.default_rng(3)
    base = np.cumsum(rng.normal(size=1200)) * 0.1
    off = np.repeat(rng.normal(size=(2, 12)), 100, axis=1)
    traces = base + off
    single = bootstrap_blocks(traces, 1, seed=1)
    blocks = bootstrap_blocks(traces, 100, seed=1)
    assert blocks.high - blocks.low > 2 * (single.high - single.low)
    assert blocks.low < pairwise_concordance(traces).mean < blocks.high
    assert blocks.method == "percentile bootstrap over blocks of 100 steps of one recording"
    assert (blocks.seed, blocks.resamples) == (1, 1000)


def test_blocks_without_anything_to_compare_are_undefined():
    for traces, steps, code in (
        (np.ones((3, 40)), 10, "constant_trace"),
        (np.random.default_rng(1).normal(size=(3, 40)), 40, "too_few"),
        ([[1, nan], [nan, 2]], 1, "no_overlap"),
    ):
        with pytest.raises(Undefined) as caught:
            bootstrap_blocks(traces, steps, seed=1)
        assert caught.value.code == code
    with pytest.raises(ValueError, match="unknown statistic"):
        bootstrap_blocks(np.ones((3, 40)), 10, seed=1, statistic="median")
