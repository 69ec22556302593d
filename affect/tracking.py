"""How well a hand follows what is known: a target made from a seed, and what a trace of it says about the hand.

A rater's trace of an emotion mixes two things, what they see and how their hand follows. With a target that needs no judgement,
such as a brightness or a pitch, only the hand is left: how late it is (the delay of the highest correlation) and how near it
comes once that delay is taken off (Lin's concordance). Both are of this person with this device on this machine.

The target is the same in every language, bit for bit in its knots and to rounding in between, because it is made of a generator
of 32-bit numbers (mulberry32) and of half cosines between knots; static/js/lib/practice.js makes it too, and
tests/affect/vectors/practice.json holds both to it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from affect import undefined
from affect.agreement.concordance import concordance
from affect.codecs.trace import Flag, Trace
from affect.gold.lag import lag_behind, shifted
from affect.signals.resample import grid, linear
from affect.undefined import Undefined

DURATION_US = 24_000_000
RATE_HZ = 50
"""Of the grid on which delay and concordance are measured: a delay is told to 20 ms."""
LOWEST_US, HIGHEST_US = -200_000, 3_000_000
"""The delays that are looked for. A hand that is ahead of a target it cannot know is by chance, and by little."""
LONGEST_GAP_US = 500_000
LEAST_SHARE = 0.8
"""Of the target that must have been followed, for the numbers to say anything."""
TRIALS = 6
RIGHT = 5
"""Woods et al. (2017): 5 of 6 right answers tell headphones from loudspeakers."""
INTERVALS = ("standard", "quiet", "antiphase")


def numbers(seed: int) -> Callable[[], float]:
    """A generator of numbers in [0, 1) from a seed of 32 bits: mulberry32 (T. Ettinger, public domain).

    >>> draw = numbers(1)
    >>> [round(draw(), 6) for _ in range(3)]
    [0.627074, 0.002736, 0.527447]
    """
    state = seed & 0xFFFFFFFF

    def draw() -> float:
        nonlocal state
        state = (state + 0x6D2B79F5) & 0xFFFFFFFF
        t = state
        t = ((t ^ (t >> 15)) * (t | 1)) & 0xFFFFFFFF
        t ^= (t + (((t ^ (t >> 7)) * (t | 61)) & 0xFFFFFFFF)) & 0xFFFFFFFF
        return (t ^ (t >> 14)) / 4294967296

    return draw


def knots(seed: int) -> list[tuple[int, float]]:
    """(time in µs, level in −1…1) of the target's turning points: every 1.2 to 3 s, each at least 0.5 from the one before."""
    draw = numbers(seed)
    found = [(0, 0.0), (1_500_000, 0.0)]
    while found[-1][0] < DURATION_US:
        before = found[-1]
        at = before[0] + (1200 + math.floor(draw() * 1800)) * 1000
        level = draw() * 2 - 1
        if abs(level - before[1]) < 0.5:
            level = before[1] + (-0.7 if before[1] > 0 else 0.7)
        found.append((at, level))
    return found


def target(seed: int, times_us: NDArray[np.int64]) -> NDArray[np.float64]:
    """The target's values at these times, shape (n,).

    >>> target(1, np.array([0, 1_500_000])).tolist()
    [0.0, 0.0]
    """
    at, level = (np.array(column) for column in zip(*knots(seed), strict=True))
    left = np.clip(np.searchsorted(at, times_us, side="right") - 1, 0, len(at) - 2)
    share = (times_us - at[left]) / (at[left + 1] - at[left])
    return level[left] + (level[left + 1] - level[left]) * (1 - np.cos(np.pi * share)) / 2


@dataclass(frozen=True, slots=True)
class Followed:
    """lag_us: the hand's delay; at_bound: it may be even longer; ccc: concordance once it is taken off; share: of the target."""

    lag_us: int
    at_bound: bool
    ccc: float
    share: float


def followed(trace: Trace, seed: int) -> Followed:
    """What a trace of the target of `seed`, with values in −1…1 on the target's clock, says about the hand.

    Raises Undefined: INCOMPLETE when less than `LEAST_SHARE` of it was followed, CONSTANT_TRACE when the hand never moved.

    >>> from affect.codecs.trace import make
    >>> times = np.arange(0, DURATION_US, 20_000)
    >>> late = make(times, target(3, np.maximum(times - 400_000, 0)))
    >>> found = followed(late, 3)
    >>> (found.lag_us, round(found.ccc, 3), found.at_bound)
    (400000, 1.0, False)
    """
    clock = grid(0, DURATION_US, RATE_HZ)
    gaps = (trace.flags & Flag.GAP_BEFORE) != 0
    hand = linear(trace.times_us, trace.values, clock, limit_us=LONGEST_GAP_US, gap_before=gaps)
    share = float((~np.isnan(hand)).mean())
    if share < LEAST_SHARE:
        raise Undefined(undefined.INCOMPLETE, f"Only {share:.0%} of the target was followed.")
    given = hand[~np.isnan(hand)]
    if (given == given[0]).all():
        raise Undefined(undefined.CONSTANT_TRACE, "The hand did not move.")
    truth = target(seed, clock)
    step = 1_000_000 // RATE_HZ
    lag = lag_behind(hand, truth, lowest=LOWEST_US // step, highest=HIGHEST_US // step)
    return Followed(lag.steps * step, lag.at_bound, concordance(shifted(hand, lag.steps), truth), share)


def trials(seed: int) -> list[tuple[str, str, str]]:
    """The intervals of each trial of the headphone check, in their order: a tone, a quieter one, one in antiphase.

    >>> trials(1)[0]
    ('antiphase', 'standard', 'quiet')
    """
    draw = numbers(seed)
    found = []
    for _ in range(TRIALS):
        order = list(INTERVALS)
        for last in (2, 1):
            other = math.floor(draw() * (last + 1))
            order[last], order[other] = order[other], order[last]
        found.append(tuple(order))
    return found


def heard(seed: int, answers: list[int]) -> int:
    """How often the quieter tone was named, 0 to 6. Over loudspeakers the antiphase tone cancels itself and is taken for it."""
    if len(answers) != TRIALS:
        raise ValueError(f"{TRIALS} answers are due, not {len(answers)}")
    return sum(order[answer] == "quiet" for order, answer in zip(trials(seed), answers, strict=True))
