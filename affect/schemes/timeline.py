"""The rules of segments and traces: times inside the media, overlaps, gaps and coverage.

A trace covers the media from a sample to the next one unless a gap is marked between them or they lie further apart than
`longest_step_us`; the last sample holds for at most that long.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from affect.schemes.findings import Findings
from affect.schemes.model import Segments, Tier, Trace
from affect.schemes.problems import step
from affect.schemes.span import Interval, Shown, covering
from affect.schemes.values import count, grade, intensity_on, is_number, is_whole, only, plain, text_of


def segments(question: Segments, value: Any, at: str, shown: Shown, found: Findings) -> None:
    if not isinstance(value, list):
        found.expect(at, "a list")
        return
    media = shown.stretch(at, found)
    if media is None:
        return
    tiers = {tier.id: tier for tier in question.tiers}
    lines: dict[str, list[tuple[int, int, int]]] = {tier: [] for tier in tiers}
    numbers = dict.fromkeys(tiers, 0)
    for index, one in enumerate(value):
        here = step(at, index)
        if not isinstance(one, dict) or not isinstance(one.get("tier"), str):
            found.expect(here, "an object with a tier")
        elif one["tier"] not in tiers:
            found.add("unknown_tier", step(here, "tier"), tier=one["tier"])
        else:
            tier = tiers[one["tier"]]
            numbers[tier.id] += 1
            if times := _segment(tier, one, here, media, found):
                lines[tier.id].append((*times, index))
    for tier in question.tiers:
        count(numbers[tier.id], tier.minimum, tier.maximum, at, found)
        if not tier.overlap:
            for index in overlapping(lines[tier.id]):
                found.add("overlap", step(at, index))
        covering(
            media, [(start, end) for start, end, _ in lines[tier.id]],
            share=tier.coverage, no_gap=tier.no_gap, at=at, found=found,
        )  # fmt: skip


def _segment(tier: Tier, one: dict[str, Any], at: str, media: Interval, found: Findings) -> Interval | None:
    """Check one segment; its times when they are such."""
    only(one, at, ("tier", "start_us", "end_us", "label", "text", "intensity", "apex_us"), found)
    _content(tier, one, at, found)
    start, end = one.get("start_us"), one.get("end_us")
    if not is_whole(start) or not is_whole(end):
        found.expect(at, "whole start_us and end_us")
        return None
    if start >= end:
        found.add("empty_segment", at)
        return None
    if start < media[0] or end > media[1]:
        found.add("outside_media", at)
        return None
    length = int(end - start)
    if length < tier.shortest_us:
        found.add("segment_too_short", at, length_us=length, minimum=tier.shortest_us)
    elif tier.longest_us is not None and length > tier.longest_us:
        found.add("segment_too_long", at, length_us=length, maximum=tier.longest_us)
    if "apex_us" in one:
        apex = one["apex_us"]
        if not tier.apex:
            found.add("apex_not_asked", step(at, "apex_us"))
        elif not is_whole(apex):
            found.expect(step(at, "apex_us"), "a whole number")
        elif not start <= apex < end:
            found.add("apex_outside", step(at, "apex_us"))
    return int(start), int(end)


def _content(tier: Tier, one: dict[str, Any], at: str, found: Findings) -> None:
    """The label or the text of a segment, and its intensity."""
    labels = {label.id: label for label in tier.labels}
    if not labels:
        if "label" in one:
            found.add("unknown_field", step(at, "label"), name="label")
        text_of(one, at, True, found)
    elif "label" not in one:
        found.add("label_missing", at)
    elif not isinstance(one["label"], str) or one["label"] not in labels:
        found.add("unknown_label", step(at, "label"), label=one["label"])
    else:
        text_of(one, at, labels[one["label"]].free_text, found)
    (grade("required") if tier.grades else intensity_on(tier.intensity))(one, at, found)


def overlapping(line: list[tuple[int, int, int]]) -> Iterator[int]:
    """Of segments (start, end, index) the indices of those that begin before an earlier one has ended.

    >>> list(overlapping([(0, 5, 0), (5, 9, 1), (4, 6, 2)]))
    [2, 1]
    """
    reach = None
    for start, end, index in sorted(line):
        if reach is not None and start < reach:
            yield index
        reach = end if reach is None else max(reach, end)


# traces ------------------------------------------------------------------------------------------------------------------


def trace(question: Trace, value: Any, at: str, shown: Shown, found: Findings) -> None:
    if not isinstance(value, dict) or not all(isinstance(value.get(name), list) for name in ("times_us", "values")):
        found.expect(at, "an object with times_us and values")
        return
    media = shown.stretch(at, found)
    if media is None:
        return
    only(value, at, ("times_us", "values", "gaps", "device"), found)
    if question.devices and value.get("device") not in question.devices:
        found.add("device_not_allowed", step(at, "device"), device=value.get("device"))
    times, values = value["times_us"], value["values"]
    if len(times) != len(values):
        found.add("lengths_differ", at, times=len(times), values=len(values))
        return
    _values(question, values, step(at, "values"), found)
    gaps = value.get("gaps", [])
    if not isinstance(gaps, list) or not all(is_whole(one) and 0 < one < len(times) for one in gaps):
        found.expect(step(at, "gaps"), "a list of indices of samples after a gap")
    elif _times(times, media, step(at, "times_us"), found):
        _coverage(question, [int(one) for one in times], {int(one) for one in gaps}, media, at, found)


def _times(times: list[Any], media: Interval, at: str, found: Findings) -> bool:
    """Whether the times are such; the first that is not is told."""
    before = None
    for index, one in enumerate(times):
        if not is_whole(one):
            found.expect(step(at, index), "a whole number")
        elif before is not None and one <= before:
            found.add("times_not_increasing", step(at, index))
        elif not media[0] <= one < media[1]:
            found.add("outside_media", step(at, index))
        else:
            before = one
            continue
        return False
    return True


def _values(question: Trace, values: list[Any], at: str, found: Findings) -> None:
    """The first value that is not on its axes is told; a trace of a million wrong ones is one mistake."""
    flat = len(question.axes) == 1
    for index, one in enumerate(values):
        point = [one] if flat else one
        if not isinstance(point, list) or len(point) != len(question.axes) or not all(map(is_number, point)):
            found.expect(step(at, index), "a number" if flat else "a list of two numbers")
            return
        for axis, number in zip(question.axes, point, strict=True):
            if question.bounded and not axis.minimum <= number <= axis.maximum:
                found.add(
                    "out_of_range",
                    step(at, index),
                    value=number,
                    minimum=plain(axis.minimum),
                    maximum=plain(axis.maximum),
                )
                return


def _coverage(question: Trace, times: list[int], gaps: set[int], media: Interval, at: str, found: Findings) -> None:
    steps = [
        (before, after)
        for index, (before, after) in enumerate(pairwise(times), 1)
        if index not in gaps and after - before <= question.longest_step_us
    ]
    tail = [(times[-1], min(media[1], times[-1] + question.longest_step_us))] if times else []
    covering(media, [*steps, *tail], share=question.coverage, no_gap=question.no_gap, at=at, found=found)
    length = sum(after - before for before, after in steps)
    if len(steps) * 1_000_000 < question.rate_hz * length:
        found.add("too_sparse", at, samples=len(steps), covered_us=length, minimum=plain(question.rate_hz))
