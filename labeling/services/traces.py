"""Continuous ratings: kept chunk by chunk while they are made, packed once when they are finished.

A chunk is a second or so of samples under a sequence number; sending it again does no harm. `finish` names how many
there are: when one is missing the reply says which, and the browser sends it again. Then the samples are joined — going
back to rate again replaces what stood there — and packed into one immutable container with a hash over its content. A
container above 1 MB goes into the asset store, sealed under the keys of those whom the item is about; `ratings.samples`
reads both.

Two axes that are rated at once are one trace, one row and one container with two columns: one hand made both at the same
moments, so times, holes, seams, device and hash are theirs together, and neither can arrive, be finished or be replaced without
the other. Whoever needs one dimension takes `axis` of it (`ratings.samples`).

Flags on the wire are those of the container (affect.codecs.trace.Flag): a hole before the sample, a return, another input, a
seam where the rater came back in another sitting. Pauses, stalls and devices are kept as the browser told them, beside the
samples.
"""

from __future__ import annotations

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
from labeling.models import Alignment, Annotation, Assignment, Campaign, Question, Trace, TraceChunk, Track
from labeling.services import practice, ratings, trace_parts, trace_rules, values
from labeling.services.definitions import Asked, Definition, definition
from labeling.services.queue import withdrawn
from labeling.services.trace_parts import bounds
from labeling.services.values import Said

USE = Use("human_annotation")
MOST_CHUNKS = 100_000
ABANDONED_AFTER = timedelta(hours=24)
LARGEST_ROW = 1_000_000  # bytes; a packed trace above is an asset


@dataclass(frozen=True)
class Kept:
    """What the server holds of a trace: gap-free up to a time, and the numbers of all chunks; None where nothing was begun."""

    kept_until_us: int | None
    have: list[int]
    client_id: UUID | None = None
    finished: bool = False


def add_chunk(
    *,
    actor: User,
    assignment: Assignment,
    client_id: UUID | str,
    question: str,
    sequence: int,
    times_us: Sequence[int],
    values_: Sequence[float] | Sequence[Sequence[float]],
    flags: Sequence[int] | None = None,
    clock_us: Sequence[int] | None = None,
) -> Kept:
    """Keep a chunk of samples of one trace of an assignment; the first one begins the trace.

    Times are whole microseconds on the recording clock, strictly increasing, within the item; values finite and, where the
    axes are bounded, within their range; pairs for two axes; `clock_us` the monotonic clock of the rater's machine. Raises
    Invalid with `times_not_increasing`, `time_out_of_range`, `not_a_number`, `out_of_range`, `shape`…; Refused
    `chunk_differs`, `trace_finished`, `practice_missing`, `campaign_closed`; Gone `participant_withdrawn`.
    """
    client_id = values.check_uuid(client_id, "client_id")
    sequence = values.check_whole(sequence, "sequence", MOST_CHUNKS)
    asked = _asked(assignment, question)
    found = trace_parts.read(asked.form, assignment.item, times_us, values_, flags, clock_us)
    packed, end_us = trace_parts.packed(found, level=1), int(found.times_us[-1])
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
                    return _kept(trace)
                raise Refused("trace_finished", _("This trace was finished; begin a new one to rate again."))
            TraceChunk.objects.create(trace=trace, sequence=sequence, packed=packed, end_us=end_us)
        return _kept(trace)


def kept(*, assignment: Assignment, question: str, client_id: UUID | str | None = None) -> Kept:
    """What the server holds of a trace of an assignment, so that a browser goes on where it stopped: of the trace with this
    `client_id`, or of the one begun last that is not finished. Reads only."""
    asked = _asked(assignment, question)
    begun = Trace.objects.filter(assignment=assignment, question_id=asked.id, annotation=None)
    if client_id is not None:
        found = begun.filter(client_id=values.check_uuid(client_id, "client_id")).first()
    else:
        found = begun.filter(state=Trace.State.RECORDING).order_by("-id").first()
    return Kept(None, []) if found is None else _kept(found)


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
        samples = trace_parts.join(_all_chunks(trace, chunks))
        _pack(trace, samples, held, told)
        audit.record(
            "labeling.trace.finished", actor=actor, target=trace, study=held.campaign.study_id,
            samples=trace.samples, coverage=round(trace.coverage, 4), digest=trace.digest,
        )  # fmt: skip
    return trace


def lacks(trace: Trace) -> list[dict[str, Any]]:
    """What a finished trace lacks by its scheme (device, coverage, holes, rate); it is stored, but no answer until it is made
    good: the same rules decide when it is handed in (`finished`)."""
    question = definition(trace.question.scheme_version_id).questions[trace.question.key]
    item = trace.assignment.item
    return trace_rules.missing(question.form, _told(trace, question, item), bounds(item))


def columns(trace: Trace, called: str = "") -> list[tuple[str, container.Trace]]:
    """A finished trace for files that hold one dimension a row: (the question's name, samples); with two axes one for each,
    the name followed by the axis: "affect.valence". The question is `called` so in the file, else by its key."""
    found, name = ratings.samples(trace), called or trace.question.key
    if found.axes == 1:
        return [(name, found)]
    question = definition(trace.question.scheme_version_id).questions[trace.question.key]
    names = trace_rules.axis_names(question.form)
    names = names if len(names) == found.axes else list("xy")
    return [(f"{name}.{axis}", found.axis(at)) for at, axis in enumerate(names)]


def finished(assignment: Assignment, asked: Definition, answers: Any) -> dict[str, dict[str, Any]]:
    """The traces that answers name by their client's ids, as `affect.schemes` checks them, by question.

    Raises Refused("trace_unfinished") for one that has not wholly arrived.
    """
    found: dict[str, dict[str, Any]] = {}
    for question in asked.traces:
        client_id = _named(answers, question.key)
        if client_id is not None:
            trace = _packed(assignment.pk, question, client_id)
            found[question.key] = _told(trace, question, assignment.item)
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


def _told(trace: Trace, question: Asked, item: Any) -> dict[str, Any]:
    return trace_rules.told(question.form, ratings.samples(trace), bounds(item)[1], trace.device.get("used"))


def told_of(
    asked: Definition, given: Mapping[str, tuple[Sequence[int], Sequence[float]]], item: Any
) -> dict[str, dict[str, Any]]:
    """Traces made elsewhere as `affect.schemes` checks them, by question. Raises Invalid as add_chunk does."""
    found = {}
    for key, (times_us, numbers) in given.items():
        question = asked.questions.get(key)
        if question is None or question.kind != Question.Kind.TRACE:
            raise values.invalid("question_unknown", f"traces.{key}", _("This question is not asked here."))
        samples = trace_parts.read(question.form, item, times_us, numbers, None)
        found[key] = trace_rules.told(question.form, samples, bounds(item)[1])
    return found


def import_traces(
    annotation: Annotation, asked: Definition, given: Mapping[str, tuple[Sequence[int], Sequence[float]]]
) -> None:
    """Store traces made elsewhere with the annotation they belong to. Raises Invalid as add_chunk does."""
    for key, (times_us, numbers) in given.items():
        question = asked.questions.get(key)
        if question is None or question.kind != Question.Kind.TRACE:
            raise values.invalid("question_unknown", f"traces.{key}", _("This question is not asked here."))
        trace = Trace(annotation=annotation, question_id=question.id, client_id=annotation.client_id)
        samples = trace_parts.read(question.form, annotation.item, times_us, numbers, None)
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
        practice.refuse_unpractised(assignment.campaign, assignment.annotator_id)
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
    if trace.state == Trace.State.PACKED:
        return Kept(trace.end_us, list(range(trace.device.get("chunks", 0))), trace.client_id, finished=True)
    rows = list(TraceChunk.objects.filter(trace=trace).order_by("sequence").values_list("sequence", "end_us"))
    until = trace.start_us
    for at, (sequence, end_us) in enumerate(rows):
        if at != sequence:
            break
        until = end_us
    return Kept(until, [sequence for sequence, _end in rows], trace.client_id)


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


def _pack(trace: Trace, samples: container.Trace, held: Assignment, device: dict[str, Any]) -> None:
    _measure(trace, samples, held.item)
    trace.device = device
    trace.save()
    TraceChunk.objects.filter(trace=trace).delete()


def _measure(trace: Trace, samples: container.Trace, item: Any) -> None:
    """Pack, and say how much of the item was rated."""
    start, end = bounds(item)
    steps = np.diff(samples.times_us)
    trace.start_us, trace.end_us = int(samples.times_us[0]), int(samples.times_us[-1])
    trace.samples = len(samples)
    trace.largest_gap_us = int(steps.max()) if len(steps) else 0
    trace.coverage = trace_parts.rated_us(samples, start, end) / (end - start) if end > start else 0.0
    trace.format = f"{container.FORMAT}/{samples.version}"
    _put(trace, trace_parts.packed(samples), item)
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
