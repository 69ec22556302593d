"""Continuous ratings: kept chunk by chunk while they are made, packed once when they are finished.

A chunk is a second or so of samples under a sequence number; sending it again does no harm. `finish` names how many
there are: when one is missing the reply says which, and the browser sends it again. Then the samples are joined — going
back to rate again replaces what stood there — and packed into one immutable container with a hash over its content. A
container above 1 MB goes into the asset store, sealed under the keys of those whom the item is about; `ratings.samples`
reads both.

Flags on the wire are those of the container (affect.codecs.trace.Flag): a hole before the sample, a return, another input.
Pauses, stalls and devices are kept as the browser told them, beside the samples.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from affect.codecs import trace as container
from consent import assets
from consent.gate import Use, permitted
from consent.models import Asset, Participant
from core import audit, ids
from core.errors import Refused
from core.models import User
from labeling.models import Alignment, Annotation, Assignment, Campaign, Question, Recording, Trace, TraceChunk, Track
from labeling.services import ratings, values
from labeling.services.definitions import Asked, Definition, definition
from labeling.services.queue import withdrawn
from labeling.services.values import Said

USE = Use("human_annotation")
WIRE_FLAGS = int(container.Flag.GAP_BEFORE | container.Flag.SEEK_BEFORE | container.Flag.INPUT_CHANGED)
MOST_SAMPLES_A_CHUNK = 20_000
MOST_CHUNKS = 100_000
LARGEST_STEP_US = 500_000  # a longer stretch between two samples is not counted as rated
ABANDONED_AFTER = timedelta(hours=24)
LARGEST_ROW = 1_000_000  # bytes; a packed trace above is an asset


@dataclass(frozen=True)
class Kept:
    """What the server holds of a trace: gap-free up to a time, and the numbers of all chunks."""

    kept_until_us: int
    have: list[int]


def add_chunk(
    *,
    actor: User,
    assignment: Assignment,
    client_id: UUID | str,
    question: str,
    sequence: int,
    times_us: Sequence[int],
    values_: Sequence[float],
    flags: Sequence[int] | None = None,
) -> Kept:
    """Keep a chunk of samples of one trace of an assignment; the first one begins the trace.

    Times are whole microseconds on the recording clock, strictly increasing, within the item; values finite and within
    the question's range (−1…1). Raises Invalid with `times_not_increasing`, `time_out_of_range`, `not_a_number`,
    `out_of_range`…; Refused `chunk_differs`, `trace_finished`, `campaign_closed`; Gone `participant_withdrawn`.
    """
    client_id = values.check_uuid(client_id, "client_id")
    sequence = values.check_whole(sequence, "sequence", MOST_CHUNKS)
    asked = _asked(assignment, question)
    packed, end_us = _pack_chunk(asked, assignment, times_us, values_, flags)
    with transaction.atomic():
        _hold(assignment)
        trace = _begun(assignment, asked, client_id)
        chunk = TraceChunk.objects.filter(trace=trace, sequence=sequence).first()
        if chunk is not None and bytes(chunk.packed) != packed:
            raise Refused("chunk_differs", _("This part of the trace was sent before with other values."))
        if chunk is None:
            if trace.state != Trace.State.RECORDING:
                # A late repeat of a chunk that is packed already is acknowledged; anything else comes too late.
                if trace.state == Trace.State.PACKED and sequence < trace.device.get("chunks", 0):
                    return Kept(trace.end_us, list(range(trace.device["chunks"])))
                raise Refused("trace_finished", _("This trace was finished; begin a new one to rate again."))
            TraceChunk.objects.create(trace=trace, sequence=sequence, packed=packed, end_us=end_us)
        return _kept(trace)


def finish(
    *,
    actor: User,
    assignment: Assignment,
    client_id: UUID | str,
    question: str,
    chunks: int,
    device: Mapping[str, Any] | None = None,
    events: Sequence[Mapping[str, Any]] | None = None,
) -> Trace:
    """Join and pack a trace whose `chunks` have all arrived. Safe to repeat: a packed trace is returned as it is.

    Raises Refused("chunks_missing", missing=[…]) when some did not arrive, Invalid("trace_empty") when there are none.
    """
    client_id = values.check_uuid(client_id, "client_id")
    chunks = values.check_whole(chunks, "chunks", MOST_CHUNKS)
    told = {
        "used": values.check_details(device, "device"),
        "events": values.check_details(events, "events"),
        "chunks": chunks,
    }
    asked = _asked(assignment, question)
    with transaction.atomic():
        held = _hold(assignment)
        trace = (
            Trace.objects.select_for_update().filter(assignment=held, question_id=asked.id, client_id=client_id).first()
        )
        if trace is not None and trace.state == Trace.State.PACKED:
            return trace
        if trace is None or trace.state == Trace.State.ABANDONED:
            raise Refused(
                "chunks_missing", _("Nothing of this trace has arrived yet."), missing=list(range(min(chunks, 1000)))
            )
        joined = _joined(_all_chunks(trace, chunks))
        _pack(trace, joined, held, told)
        audit.record(
            "labeling.trace.finished", actor=actor, target=trace, study=held.campaign.study_id,
            samples=trace.samples, coverage=round(trace.coverage, 4), digest=trace.digest,
        )  # fmt: skip
    return trace


def finished(assignment: Assignment, asked: Definition, answers: Any) -> dict[str, dict[str, Any]]:
    """The traces that answers name by their client's ids, as `affect.schemes` checks them, by question.

    Raises Refused("trace_unfinished") for one that has not wholly arrived.
    """
    found: dict[str, dict[str, Any]] = {}
    for question in asked.traces:
        client_id = _named(answers, question.key)
        if client_id is not None:
            trace = _packed(assignment.pk, question, client_id)
            used = trace.device.get("used") or {}
            found[question.key] = _told(ratings.samples(trace), bounds(assignment.item)[1], used.get("kind"))
    return found


def attach(annotation: Annotation, asked: Definition, said: Said) -> None:
    """Hang the finished traces on the annotation that was submitted with them.

    One that an earlier revision has already is kept by the new one as well: as a row of its own with the same content.
    """
    for question in asked.traces:
        client_id = _named(said, question.key)
        if client_id is None:
            continue
        done = _packed(annotation.assignment_id, question, client_id)
        if done.annotation_id is None:
            Trace.objects.filter(pk=done.pk).update(annotation=annotation)
            continue
        # Only one row is the assignment's trace of that id; what later revisions hold is reached through them.
        done.pk, done.annotation, done.assignment, done.created_at = ids.new(), annotation, None, timezone.now()
        done.save(force_insert=True)


def _named(answers: Any, key: str) -> UUID | None:
    """The id of the trace that answers a question, where there is one that can be meant."""
    answer = answers.get(key) if isinstance(answers, Mapping) else None
    value = answer.get("value") if isinstance(answer, Mapping) else None
    named = value.get("trace") if isinstance(value, Mapping) else None
    return UUID(str(named)) if values.is_uuid(named) else None


def _packed(assignment_id: UUID | None, question: Asked, client_id: UUID) -> Trace:
    named = Trace.objects.filter(assignment_id=assignment_id, question_id=question.id, client_id=client_id)
    found = named.filter(state=Trace.State.PACKED).first()
    if found is None:
        raise Refused("trace_unfinished", _("The trace is not finished: some of it has not arrived."))
    return found


def told_of(
    asked: Definition, given: Mapping[str, tuple[Sequence[int], Sequence[float]]], item: Any
) -> dict[str, dict[str, Any]]:
    """Traces made elsewhere as `affect.schemes` checks them, by question. Raises Invalid as add_chunk does."""
    found = {}
    for key, (times_us, numbers) in given.items():
        question = asked.questions.get(key)
        if question is None or question.kind != Question.Kind.TRACE:
            raise values.invalid("question_unknown", f"traces.{key}", _("This question is not asked here."))
        found[key] = _told(_samples(question, item, times_us, numbers, None), bounds(item)[1])
    return found


def _told(kept: container.Trace, end_us: int, device: str | None = None) -> dict[str, Any]:
    """Samples as `affect.schemes` checks them. One at the very end of the item rates no time any more."""
    inside = kept.times_us < end_us
    gaps = np.flatnonzero(kept.flags[inside] & container.Flag.GAP_BEFORE).tolist()
    told = {
        "times_us": kept.times_us[inside].tolist(),
        "values": kept.values[inside].tolist(),
        "gaps": [one for one in gaps if one],
    }
    return told | ({"device": device} if device else {})


def import_traces(
    annotation: Annotation, asked: Definition, given: Mapping[str, tuple[Sequence[int], Sequence[float]]]
) -> None:
    """Store traces made elsewhere with the annotation they belong to. Raises Invalid as add_chunk does."""
    for key, (times_us, numbers) in given.items():
        question = asked.questions.get(key)
        if question is None or question.kind != Question.Kind.TRACE:
            raise values.invalid("question_unknown", f"traces.{key}", _("This question is not asked here."))
        trace = Trace(annotation=annotation, question_id=question.id, client_id=annotation.client_id)
        samples = _samples(question, annotation.item, times_us, numbers, None)
        _measure(trace, samples, annotation.item)
        trace.save(force_insert=True)


@transaction.atomic
def sweep_abandoned(now: datetime | None = None) -> int:
    """Drop the chunks of traces that nobody goes on with: begun a day ago, and the assignment is not held any more."""
    now = now or timezone.now()
    live = Q(assignment__state=Assignment.State.LEASED, assignment__lease_until__gt=now)
    left = (
        Trace.objects.filter(state=Trace.State.RECORDING, created_at__lt=now - ABANDONED_AFTER)
        .exclude(live)
        .annotate(last=Max("chunks__created_at"))
        .filter(Q(last=None) | Q(last__lt=now - ABANDONED_AFTER))
    )
    found = list(left.values_list("pk", flat=True)[:500])
    TraceChunk.objects.filter(trace_id__in=found).delete()
    swept = Trace.objects.filter(pk__in=found, state=Trace.State.RECORDING).update(state=Trace.State.ABANDONED)
    if swept:
        audit.record("labeling.traces.swept", traces=swept)
    return swept


# ----------------------------------------------------------------------------------------------------------------------


def _asked(assignment: Assignment, key: Any) -> Asked:
    asked = definition(assignment.campaign.scheme_version_id)
    question = asked.questions.get(key) if isinstance(key, str) else None
    if question is None or question.kind != Question.Kind.TRACE:
        raise values.invalid("question_unknown", "question", _("This question is not asked here."))
    return question


def _hold(assignment: Assignment) -> Assignment:
    """The assignment, locked, allowed by the gate, of a campaign that takes answers; its lease is extended."""
    held = (
        permitted(Assignment.objects.select_for_update(of=("self",)), USE)
        .select_related("campaign", "item__study")
        .filter(pk=assignment.pk)
        .first()
    )
    if held is None:
        raise withdrawn()
    if held.campaign.state not in (Campaign.State.OPEN, Campaign.State.PAUSED):
        raise Refused("campaign_closed", _("This campaign is closed and takes no more answers."))
    soon = timezone.now() + timedelta(minutes=held.campaign.lease_minutes / 2)
    if held.state == Assignment.State.LEASED and held.lease_until < soon:
        Assignment.objects.filter(pk=held.pk, state=Assignment.State.LEASED).update(
            lease_until=timezone.now() + timedelta(minutes=held.campaign.lease_minutes)
        )
    return held


def _begun(assignment: Assignment, asked: Asked, client_id: UUID) -> Trace:
    key = {"assignment_id": assignment.pk, "question_id": asked.id, "client_id": client_id}
    found = Trace.objects.filter(**key).first()
    if found is not None and found.state == Trace.State.ABANDONED:
        Trace.objects.filter(pk=found.pk).update(state=Trace.State.RECORDING)
        found.state = Trace.State.RECORDING
    if found is None:
        track, alignment = perceived(assignment)
        found = Trace.objects.create(track=track, alignment=alignment, **key)
    return found


def perceived(assignment: Assignment) -> tuple[Track | None, Alignment | None]:
    """The track that is perceived, and its newest alignment: what answers in time are made under."""
    track = _perceived_track(assignment)
    return track, Alignment.objects.filter(track=track).order_by("-number").first() if track else None


def _perceived_track(assignment: Assignment) -> Track | None:
    """The track whose clock was watched: the picture when it is shown, else the sound, else what there is."""
    shown = assignment.campaign.perceived
    order = {"video": 0 if shown.get("video", True) else 9, "audio": 1, "signal": 2, "text": 3}
    tracks = Track.objects.filter(recording_id=assignment.item.recording_id, state=Track.State.READY)
    return min(tracks, key=lambda one: (order[one.modality], one.position), default=None)


def _kept(trace: Trace) -> Kept:
    rows = list(TraceChunk.objects.filter(trace=trace).order_by("sequence").values_list("sequence", "end_us"))
    until = trace.start_us
    for at, (sequence, end_us) in enumerate(rows):
        if at != sequence:
            break
        until = end_us
    return Kept(until, [sequence for sequence, _end in rows])


def _pack_chunk(asked: Asked, assignment: Assignment, times_us: Any, numbers: Any, flags: Any) -> tuple[bytes, int]:
    samples = _samples(asked, assignment.item, times_us, numbers, flags)
    return container.pack(samples.times_us, samples.values, samples.flags, level=1), int(samples.times_us[-1])


def _samples(asked: Asked, item: Any, times_us: Any, numbers: Any, flags: Any) -> container.Trace:
    if not isinstance(times_us, Sequence | np.ndarray) or isinstance(times_us, str | bytes) or len(times_us) == 0:
        raise values.invalid("trace_empty", "times_us", _("A trace holds a sample at least."))
    if len(times_us) > MOST_SAMPLES_A_CHUNK and flags is not None:
        raise values.invalid(
            "too_long", "times_us", _("A part of a trace holds at most %(n)d samples.") % {"n": MOST_SAMPLES_A_CHUNK}
        )
    for name, given in (("times_us", times_us), ("values", numbers), ("flags", flags)):
        _refuse_not_numbers(name, given, len(times_us))
    try:
        found = container.make(times_us, numbers, flags)
    except container.TraceError as error:
        name = {container.NOT_FINITE: "values", container.UNKNOWN_FLAG: "flags"}.get(error.code, "times_us")
        code = {container.NOT_FINITE: "not_a_number", container.UNKNOWN_FLAG: "flag_unknown"}.get(
            error.code, error.code
        )
        raise values.invalid(code, name, _said(code)) from error
    if (found.flags & ~np.uint8(WIRE_FLAGS)).any():
        raise values.invalid("flag_unknown", "flags", _said("flag_unknown"))
    _refuse_out_of_range(asked, item, found)
    return found


def _refuse_not_numbers(name: str, given: Any, n: int) -> None:
    if (given is None and name == "flags") or isinstance(given, np.ndarray):
        return
    if not isinstance(given, Sequence) or isinstance(given, str | bytes) or len(given) != n:
        raise values.invalid("shape", name, _("Times, values and flags are lists of one length."))
    kinds = {int, float} if name == "values" else {int}  # exact types: True is no number here
    if any(type(one) not in kinds for one in given):
        raise values.invalid("not_a_number", name, _said("not_a_number"))
    if any(abs(one) >= 2**63 for one in given if type(one) is int):
        raise values.invalid(
            "out_of_range" if name == "values" else "time_out_of_range", name, _said("time_out_of_range")
        )


def _refuse_out_of_range(asked: Asked, item: Any, found: container.Trace) -> None:
    start, end = bounds(item)
    if found.times_us[0] < start or found.times_us[-1] > end:
        raise values.invalid("time_out_of_range", "times_us", _("A time lies outside the clip."))
    if not asked.form.bounded:
        return
    least, most = asked.minimum, asked.maximum
    if found.values.min() < least or found.values.max() > most:
        raise values.invalid(
            "out_of_range", "values", _("Values go from %(least)g to %(most)g.") % {"least": least, "most": most}
        )


def bounds(item: Any) -> tuple[int, int]:
    """The item's time on the recording clock; an item without an end is as long as its recording."""
    if item.end_us > item.start_us:
        return item.start_us, item.end_us
    return item.start_us, Recording.objects.values_list("duration_us", flat=True).get(pk=item.recording_id)


def _said(code: str) -> str:
    return {
        "not_a_number": _("Values must be finite numbers, times whole microseconds."),
        "times_not_increasing": _("Times must increase from sample to sample."),
        "time_out_of_range": _("A time lies outside the clip."),
        "flag_unknown": _("This flag is not known."),
    }.get(code, _("These samples cannot be used."))


def _all_chunks(trace: Trace, chunks: int) -> list[container.Trace]:
    rows = list(TraceChunk.objects.filter(trace=trace).order_by("sequence"))
    there = {row.sequence for row in rows}
    missing = [number for number in range(chunks) if number not in there]
    if missing:
        raise Refused("chunks_missing", _("Some of the trace has not arrived yet."), missing=missing[:1000])
    used = [row for row in rows if row.sequence < chunks]
    if not used:
        raise values.invalid("trace_empty", "chunks", _("A trace holds a sample at least."))
    return [container.unpack(bytes(row.packed)) for row in used]


def _joined(chunks: Sequence[container.Trace]) -> container.Trace:
    """All samples in one. A sample that follows a return drops everything at or after its time, as the browser's join does."""
    pieces: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for chunk in chunks:
        starts = [0, *np.flatnonzero(chunk.flags & container.Flag.SEEK_BEFORE).tolist(), len(chunk)]
        for begin, end in itertools.pairwise(starts):
            if end > begin:
                pieces.append((chunk.times_us[begin:end], chunk.values[begin:end], chunk.flags[begin:end]))
    stack: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for piece in pieces:
        if piece[2][0] & container.Flag.SEEK_BEFORE:
            stack = _cut(stack, int(piece[0][0]))
        stack.append(piece)
    try:
        return container.make(*(np.concatenate([piece[column] for piece in stack]) for column in range(3)))
    except container.TraceError as error:
        raise values.invalid(error.code, "times_us", _said(error.code)) from error


def _cut(
    stack: list[tuple[np.ndarray, np.ndarray, np.ndarray]], from_us: int
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    while stack and int(stack[-1][0][-1]) >= from_us:
        times, numbers, flags = stack.pop()
        keep = int(np.searchsorted(times, from_us))
        if keep:
            stack.append((times[:keep], numbers[:keep], flags[:keep]))
    return stack


def _pack(trace: Trace, samples: container.Trace, held: Assignment, device: dict[str, Any]) -> None:
    _measure(trace, samples, held.item)
    trace.device = device
    trace.save()
    TraceChunk.objects.filter(trace=trace).delete()


def _measure(trace: Trace, samples: container.Trace, item: Any) -> None:
    """Pack, and say how much of the item was rated: the share of its time between samples at most half a second apart."""
    start, end = bounds(item)
    steps = np.diff(samples.times_us)
    rated = steps[(steps <= LARGEST_STEP_US) & ((samples.flags[1:] & container.Flag.GAP_BEFORE) == 0)].sum()
    # Up to the first sample and after the last one the hand may rest as long as between two samples.
    edges = [int(samples.times_us[0]) - start, end - int(samples.times_us[-1])]
    rated += sum(edge for edge in edges if 0 <= edge <= LARGEST_STEP_US)
    trace.start_us, trace.end_us = int(samples.times_us[0]), int(samples.times_us[-1])
    trace.samples = len(samples)
    trace.largest_gap_us = int(steps.max()) if len(steps) else 0
    trace.coverage = float(rated) / (end - start) if end > start else 0.0
    trace.format = f"{container.FORMAT}/{container.VERSION}"
    _put(trace, container.pack(samples.times_us, samples.values, samples.flags), item)
    trace.digest = samples.digest
    trace.state = Trace.State.PACKED


def _put(trace: Trace, packed: bytes, item: Any) -> None:
    """Into the row, or above 1 MB into the store. The store is written in the caller's transaction, which is short: when it
    is rolled back, `assets.sweep` finds the key and the bytes."""
    if len(packed) <= LARGEST_ROW:
        trace.packed = packed
        return
    trace.asset = assets.store(
        study=item.study, kind=Asset.Kind.TRACE, source=packed, media_type="application/octet-stream",
        subjects=list(Participant.objects.filter(items=item)),
    )  # fmt: skip
