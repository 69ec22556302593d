"""Following a known target: the delay and the nearness of a hand are found where they were put in."""

import json
from pathlib import Path

import numpy as np
import pytest

from affect import tracking
from affect.codecs.trace import Flag, make
from affect.tracking import DURATION_US, followed, heard, target, trials
from affect.undefined import Undefined

VECTORS = json.loads((Path(__file__).parent / "vectors" / "practice.json").read_text())["seeds"]
TIMES = np.arange(0, DURATION_US, 16_667)


def late(seed, lag_us, *, noise=0.0, scale=1.0, times=TIMES):
    rng = np.random.default_rng(seed)
    return target(seed, np.maximum(times - lag_us, 0)) * scale + rng.normal(0, noise, len(times)) if noise else (
        target(seed, np.maximum(times - lag_us, 0)) * scale
    )  # fmt: skip


def test_it_works():
    found = followed(make(TIMES, late(5, 640_000)), 5)
    assert found.lag_us == 640_000
    assert found.ccc > 0.99
    assert not found.at_bound


@pytest.mark.parametrize("one", VECTORS, ids=lambda one: str(one["seed"]))
def test_the_target_is_what_it_was(one):
    draw = tracking.numbers(one["seed"])
    assert [draw() for _ in range(5)] == one["numbers"]
    assert [list(knot) for knot in tracking.knots(one["seed"])] == one["knots"]
    assert target(one["seed"], np.array(one["times_us"])).tolist() == pytest.approx(one["target"], abs=1e-12)
    assert [list(order) for order in trials(one["seed"])] == one["trials"]


@pytest.mark.parametrize("lag_us", [0, 100_000, 380_000, 900_000, 2_000_000])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_planted_delay_is_found_also_through_a_shaking_hand(seed, lag_us):
    found = followed(make(TIMES, late(seed, lag_us, noise=0.1)), seed)
    assert abs(found.lag_us - lag_us) <= 40_000
    assert 0.9 < found.ccc < 1


def test_a_hand_that_goes_only_half_the_way_concords_less_than_it_correlates():
    full, half = (followed(make(TIMES, late(4, 300_000, scale=scale)), 4) for scale in (1, 0.4))
    assert full.lag_us == half.lag_us
    assert half.ccc < 0.8 < full.ccc


def test_a_hand_that_follows_something_else_does_not_concord():
    assert max(followed(make(TIMES, late(seed, 300_000)), seed + 100).ccc for seed in range(20)) < 0.7


def test_a_hand_that_is_later_than_anything_looked_for_is_said_to_be_at_the_bound():
    assert followed(make(TIMES, late(5, 3_200_000)), 5).at_bound


def test_a_hand_at_rest_and_a_trace_of_a_part_say_nothing():
    with pytest.raises(Undefined) as rest:
        followed(make(TIMES, np.zeros(len(TIMES))), 5)
    assert rest.value.code == "constant_trace"
    half = TIMES[: len(TIMES) // 2]
    with pytest.raises(Undefined) as part:
        followed(make(half, late(5, 300_000, times=half)), 5)
    assert part.value.code == "incomplete"


def test_what_is_marked_as_a_hole_counts_as_nothing():
    flags = np.zeros(len(TIMES), dtype=np.uint8)
    kept = (TIMES < 8_000_000) | (TIMES > 15_000_000)
    flags[np.flatnonzero(TIMES > 15_000_000)[0]] = Flag.GAP_BEFORE
    with pytest.raises(Undefined):
        followed(make(TIMES[kept], late(5, 300_000)[kept], flags[kept]), 5)


def test_headphones_are_told_by_five_of_six():
    orders = trials(9)
    right = [order.index("quiet") for order in orders]
    assert heard(9, right) == 6
    assert heard(9, [order.index("antiphase") for order in orders]) == 0, "what loudspeakers make of it"
    with pytest.raises(ValueError):
        heard(9, right[:5])
    assert all(sorted(order) == ["antiphase", "quiet", "standard"] for order in orders)
