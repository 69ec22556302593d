"""What a trace recipe takes: clips with their raters' traces, in one order and under one hash.

A self-report is not a rater's trace: it is another thing that is asked of another person. It travels beside, is compared with
what is fused, and never goes into it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from affect.codecs.trace import Flag, Trace
from affect.gold.recipe import Clock, digest
from affect.signals.resample import hold, linear

KINDS = ("sampled", "events")


@dataclass(frozen=True, slots=True)
class RaterTrace:
    """One rater's trace of a clip: "sampled", or a log of "events", whose last value holds until `until_us` (exclusive)."""

    rater: str
    trace: Trace
    kind: str = "sampled"
    until_us: int | None = None

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind {self.kind!r}; one of {', '.join(KINDS)} would have been right")
        if self.kind == "sampled" and self.until_us is not None:
            raise ValueError("only events hold until an end")

    def identity(self) -> list:
        return [self.rater, self.kind, self.until_us, self.trace.digest]


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip from start_us to end_us (exclusive) with its traces; `features` of the recording for lags, in one order in
    all clips; `self_report` of the person the clip shows."""

    name: str
    start_us: int
    end_us: int
    traces: tuple[RaterTrace, ...] = ()
    features: tuple[Trace, ...] = ()
    self_report: RaterTrace | None = None

    def __post_init__(self):
        if self.end_us <= self.start_us:
            raise ValueError(f"clip {self.name} ends before it starts")
        raters = [one.rater for one in self.traces]
        if len(set(raters)) != len(raters):
            raise ValueError(f"clip {self.name} has two traces of one rater")

    def identity(self) -> list:
        said = None if self.self_report is None else self.self_report.identity()
        traces = sorted(one.identity() for one in self.traces)
        return [self.name, self.start_us, self.end_us, traces, [one.digest for one in self.features], said]


def in_order(clips: Iterable[Clip]) -> tuple[Clip, ...]:
    """Clips by name. Raises ValueError when two have one name."""
    found = tuple(sorted(clips, key=lambda clip: clip.name))
    if len({clip.name for clip in found}) != len(found):
        raise ValueError("two clips have one name")
    return found


def inputs_digest(clips: Iterable[Clip]) -> str:
    """SHA-256 over all that goes in, whatever the order of clips and raters: samples, flags, kinds, ends, features."""
    return digest([clip.identity() for clip in in_order(clips)])


def on_clock(one: RaterTrace, times_us: NDArray[np.int64], clock: Clock) -> NDArray[np.float64]:
    """A trace on the common clock, NaN where nothing is known."""
    gaps = (one.trace.flags & Flag.GAP_BEFORE) != 0
    given = {"limit_us": clock.limit_us, "gap_before": gaps}
    if one.kind == "events":
        # A hand that rests sends no events: silence is not a gap here unless it is marked as one.
        return hold(one.trace.times_us, one.trace.values, times_us, until_us=one.until_us, gap_before=gaps)
    return linear(one.trace.times_us, one.trace.values, times_us, **given)
