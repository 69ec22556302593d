"""The samples of a trace on their way: checked part by part, joined as the browser joins them, measured.

Samples travel as columns of one length. `times_us` and `values` are due; a value is a number, or a pair where two axes are
rated at once. `flags` and `clock_us` may be absent: the flags are those of the container, the clock is the rater's machine's
and evidence alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from affect.codecs import trace as container
from affect.schemes.model import Trace as TraceQuestion
from labeling.models import Recording
from labeling.services import trace_rules, values

_FLAG = container.Flag
WIRE_FLAGS = int(_FLAG.GAP_BEFORE | _FLAG.SEEK_BEFORE | _FLAG.INPUT_CHANGED | _FLAG.RESUMED)
MOST_SAMPLES_A_CHUNK = 20_000
LARGEST_STEP_US = 500_000  # a longer stretch between two samples is not counted as rated

Columns = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]


def read(
    rules: TraceQuestion, item: Any, times_us: Any, numbers: Any, flags: Any, clock_us: Any = None
) -> container.Trace:
    """Samples as they were sent, checked; the errors are those of `traces.add_chunk`."""
    if not isinstance(times_us, Sequence | np.ndarray) or isinstance(times_us, str | bytes) or len(times_us) == 0:
        raise values.invalid("trace_empty", "times_us", _("A trace holds a sample at least."))
    if len(times_us) > MOST_SAMPLES_A_CHUNK and flags is not None:
        raise values.invalid(
            "too_long", "times_us", _("A part of a trace holds at most %(n)d samples.") % {"n": MOST_SAMPLES_A_CHUNK}
        )
    for name, given in (("times_us", times_us), ("values", numbers), ("flags", flags), ("clock_us", clock_us)):
        _refuse_not_numbers(name, given, len(times_us), axes=len(rules.axes))
    try:
        found = container.make(times_us, numbers, flags, clock_us)
    except container.TraceError as error:
        name = {container.NOT_FINITE: "values", container.UNKNOWN_FLAG: "flags", container.SHAPE: "values"}
        code = {container.NOT_FINITE: "not_a_number", container.UNKNOWN_FLAG: "flag_unknown"}.get(
            error.code, error.code
        )
        raise values.invalid(code, name.get(error.code, "times_us"), said(code)) from error
    if (found.flags & ~np.uint8(WIRE_FLAGS)).any():
        raise values.invalid("flag_unknown", "flags", said("flag_unknown"))
    start, end = bounds(item)
    if found.times_us[0] < start or found.times_us[-1] > end:
        raise values.invalid("time_out_of_range", "times_us", _("A time lies outside the clip."))
    trace_rules.refuse_out_of_range(rules, found)
    return found


def packed(found: container.Trace, *, level: int = container.LEVEL) -> bytes:
    return container.pack(found.times_us, found.values, found.flags, found.clock_us, level=level)


def _refuse_not_numbers(name: str, given: Any, n: int, axes: int) -> None:
    if (given is None and name in ("flags", "clock_us")) or isinstance(given, np.ndarray):
        return
    if not isinstance(given, Sequence) or isinstance(given, str | bytes) or len(given) != n:
        raise values.invalid("shape", name, _("Times, values and flags are lists of one length."))
    if name == "values" and axes > 1:
        if any(not isinstance(one, list | tuple) or len(one) != axes for one in given):
            raise values.invalid("shape", name, _("A sample has a value for each of %(n)d axes.") % {"n": axes})
        given = list(itertools.chain.from_iterable(given))
    kinds = {int, float} if name == "values" else {int}  # exact types: True is no number here
    if any(type(one) not in kinds for one in given):
        raise values.invalid("not_a_number", name, said("not_a_number"))
    if any(abs(one) >= 2**63 for one in given if type(one) is int):
        raise values.invalid(
            "out_of_range" if name == "values" else "time_out_of_range", name, said("time_out_of_range")
        )


def bounds(item: Any) -> tuple[int, int]:
    """The item's time on the recording clock; an item without an end is as long as its recording."""
    if item.end_us > item.start_us:
        return item.start_us, item.end_us
    return item.start_us, Recording.objects.values_list("duration_us", flat=True).get(pk=item.recording_id)


def said(code: str) -> str:
    return {
        "not_a_number": _("Values must be finite numbers, times whole microseconds."),
        "times_not_increasing": _("Times must increase from sample to sample."),
        "time_out_of_range": _("A time lies outside the clip."),
        "flag_unknown": _("This flag is not known."),
    }.get(code, _("These samples cannot be used."))


def join(chunks: Sequence[container.Trace]) -> container.Trace:
    """All samples in one. A sample that follows a return drops everything at or after its time, as the browser's join does."""
    clocked = all(chunk.clock_us is not None for chunk in chunks)
    stack: list[Columns] = []
    for chunk in chunks:
        columns = (chunk.times_us, chunk.values, chunk.flags, chunk.clock_us if clocked else None)
        starts = [0, *np.flatnonzero(chunk.flags & _FLAG.SEEK_BEFORE).tolist(), len(chunk)]
        for begin, end in itertools.pairwise(starts):
            if end == begin:
                continue
            piece = _rows(columns, slice(begin, end))
            if piece[2][0] & _FLAG.SEEK_BEFORE:
                stack = _cut(stack, int(piece[0][0]))
            stack.append(piece)
    try:
        return container.make(*(
            None if column is None else np.concatenate([piece[at] for piece in stack]) for at, column in enumerate(stack[0])
        ))  # fmt: skip
    except container.TraceError as error:
        raise values.invalid(error.code, "times_us", said(error.code)) from error


def rated_us(found: container.Trace, start_us: int, end_us: int) -> int:
    """How much of the stretch was rated: the time between samples at most half a second apart, without marked holes."""
    steps = np.diff(found.times_us)
    rated = steps[(steps <= LARGEST_STEP_US) & ((found.flags[1:] & _FLAG.GAP_BEFORE) == 0)].sum()
    # Up to the first sample and after the last one the hand may rest as long as between two samples.
    edges = [int(found.times_us[0]) - start_us, end_us - int(found.times_us[-1])]
    return int(rated) + sum(edge for edge in edges if 0 <= edge <= LARGEST_STEP_US)


def _cut(stack: list[Columns], from_us: int) -> list[Columns]:
    while stack and int(stack[-1][0][-1]) >= from_us:
        piece = stack.pop()
        if keep := int(np.searchsorted(piece[0], from_us)):
            stack.append(_rows(piece, slice(keep)))
    return stack


def _rows(columns: Columns, which: slice) -> Columns:
    times, numbers, flags, clock = columns
    return times[which], numbers[which], flags[which], None if clock is None else clock[which]
