"""Answers come in: checked, stored once, acknowledged; a change of mind is a new revision.

The browser may send again after a lost reply, an outbox after a tunnel, an API client after a time-out: the same
`client_id` stores nothing twice and is answered with what was stored. Everything belongs to one short transaction, in
which the gate is asked again: what arrives after a participant stopped is not kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Case, F, PositiveSmallIntegerField, Q, QuerySet, Value, When
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from consent.gate import Use, permitted
from core import audit, bulk, ids
from core.errors import ConsentMissing, Refused
from core.models import User
from core.prepared import Prepared, PreparedUpdate
from labeling.models import (
    Annotation,
    Assignment,
    Campaign,
    CampaignItem,
    Item,
    QueuePlace,
)
from labeling.services import kept, traces, values
from labeling.services.definitions import Definition, definition
from labeling.services.queue import withdrawn
from labeling.services.values import Said, Shown

USE = Use("human_annotation")
NO_TRACE = UUID(int=0)  # stands where an imported trace's id would
_COLUMNS = [field.attname for field in Annotation._meta.concrete_fields]
TAKES_ANSWERS = (Campaign.State.OPEN, Campaign.State.PAUSED)  # paused hands nothing out, but takes what was begun


@dataclass(frozen=True)
class Evidence:
    """What the client says about the making of an answer, checked."""

    perceived: Mapping[str, Any]
    started_at: datetime | None
    duration_ms: int
    played_us: int


# What every answer asks and changes, compiled once (core/prepared.py).


def _states(assignment: UUID, now: datetime) -> QuerySet:
    held = permitted(Assignment.objects.select_for_update(of=("self",)), USE, now=now).filter(pk=assignment).order_by()
    return held.values_list("state", "campaign__state", "campaign__scheme_version_id")[:1]


def _same_or_current(
    annotator: UUID, client: UUID, campaign: UUID, item: UUID, repetition: int
) -> QuerySet[Annotation]:
    current = Q(campaign_id=campaign, item_id=item, annotator_id=annotator, repetition=repetition, current=True)
    return Annotation.objects.filter(Q(annotator_id=annotator, client_id=client) | current)


def _counting_late(entry: UUID) -> tuple[QuerySet[CampaignItem], dict[str, Any]]:
    full = Q(taken__gte=F("wanted") - 1) | Q(answered__gte=F("wanted") - 1)
    return CampaignItem.objects.filter(pk=entry), {
        "answered": F("answered") + 1,
        "taken": Case(
            When(taken__lt=F("wanted"), then=F("taken") + 1),
            default=F("taken"),
            output_field=PositiveSmallIntegerField(),
        ),
        "open": Case(When(full, then=Value(False)), default=F("open")),
    }


_STATES = Prepared(_states, assignment=UUID, now=datetime)
_BEFORE = Prepared(_same_or_current, annotator=UUID, client=UUID, campaign=UUID, item=UUID, repetition=int)
_ANSWERED = PreparedUpdate(
    lambda assignment: (Assignment.objects.filter(pk=assignment), {"state": Assignment.State.SUBMITTED}),
    assignment=UUID,
)
_COUNTED = PreparedUpdate(
    lambda entry: (CampaignItem.objects.filter(pk=entry), {"answered": F("answered") + 1}), entry=UUID
)
_COUNTED_LATE = PreparedUpdate(_counting_late, entry=UUID)
_COUNTED_HERE = PreparedUpdate(
    lambda campaign, annotator: (
        QueuePlace.objects.filter(campaign_id=campaign, annotator_id=annotator), {"answered": F("answered") + 1},
    ),
    campaign=UUID, annotator=UUID,
)  # fmt: skip


def submit_annotation(
    *,
    actor: User,
    assignment: Assignment,
    client_id: UUID | str,
    answers: Mapping[str, Mapping[str, Any]],
    perceived: Mapping[str, Any] | None = None,
    started_at: datetime | str | None = None,
    duration_ms: int = 0,
    played_us: int = 0,
    source: str = Annotation.Source.WORKSPACE,
) -> Annotation:
    """Record the actor's answer to an assignment, in place of the one they gave before.

    `answers` maps a question's key to {"value": …}, {"cannot_tell": true} or {"skip": {…}}, as affect/schemes/checking.py tells;
    a question of trace is answered by {"value": {"trace": id}}, the client's id of the trace that was finished before. Safe to
    repeat: the same `client_id` returns the annotation already stored, with `repeated` set. An answer to a lease that ran
    out is taken as well.

    Raises Invalid (see values.check_answers), Refused `client_id_reused`, `campaign_closed`, `scheme_stale`,
    `trace_unfinished`, and Gone `participant_withdrawn`.
    """
    client_id = values.check_uuid(client_id, "client_id")
    evidence = Evidence(
        values.check_claims(perceived),
        values.check_moment(started_at, "started_at"),
        values.check_whole(duration_ms, "duration_ms"),
        values.check_whole(played_us, "played_us", 2**53),
    )
    asked = definition(assignment.campaign.scheme_version_id)
    said = values.check_answers(asked, answers, _shown(asked, assignment, answers))
    return _store(actor, assignment, client_id, asked, said, evidence, source)


def _shown(asked: Definition, assignment: Assignment, answers: Any) -> Shown:
    """What there was to answer about. Looked up only for what is asked in time, so that a choice costs no statement."""
    if not asked.in_time:
        return Shown()
    return Shown(traces.bounds(assignment.item), traces=traces.finished(assignment, asked, answers))


@transaction.atomic
def _store(
    actor: User,
    assignment: Assignment,
    client_id: UUID,
    asked: Definition,
    said: Said,
    evidence: Evidence,
    source: str,
) -> Annotation:
    # Held until commit: two tabs of one annotator take turns. The gate is asked in the same statement.
    states = _STATES.first(assignment=assignment.pk, now=timezone.now())
    # PostgreSQL asks the gate as it was before a wait for this row: where somebody stopped meanwhile it is asked again.
    if states is None or (states[0] == Assignment.State.WITHDRAWN and not _allowed(assignment)):
        raise withdrawn()
    assignment.state, campaign_state, version_id = states
    fingerprint = _fingerprint(assignment, said)
    stored, before = _stored_before(assignment, client_id)
    if stored is not None:
        if bytes(stored.fingerprint) != fingerprint:
            raise Refused(
                "client_id_reused",
                _("This answer was sent before with other values. Load the clip again to change it."),
            )
        stored.repeated = True
        return stored
    if campaign_state not in TAKES_ANSWERS:
        raise Refused("campaign_closed", _("This campaign is closed and takes no more answers."))
    if version_id != asked.version_id:  # switched since the answers were checked
        raise values.stale()
    annotation = _revision(assignment, before, client_id, fingerprint, evidence, source)
    kept.write(
        [(annotation, said)],
        asked,
        study_id=assignment.campaign.study_id,
        perceived=lambda: traces.perceived(assignment),
    )
    if asked.traces:
        traces.attach(annotation, asked, said)
    _count(assignment, first=before is None)
    audit.record(
        "labeling.annotation.submitted", actor=actor, target=annotation, study=assignment.campaign.study_id,
        item=assignment.item_id, revision=annotation.revision, replaced=before is not None,
    )  # fmt: skip
    return annotation


def _allowed(assignment: Assignment) -> bool:
    return permitted(Assignment.objects.filter(pk=assignment.pk), USE).exists()


def _stored_before(assignment: Assignment, client_id: UUID) -> tuple[Annotation | None, Annotation | None]:
    """(the annotation this client id made already, the current annotation that a new one would replace)"""
    found = _BEFORE.all(
        annotator=assignment.annotator_id, client=client_id, campaign=assignment.campaign_id, item=assignment.item_id,
        repetition=assignment.repetition,
    )  # fmt: skip
    return (
        next((one for one in found if one.client_id == client_id), None),
        next((one for one in found if one.current), None),
    )


def _revision(
    assignment: Assignment,
    before: Annotation | None,
    client_id: UUID,
    fingerprint: bytes,
    evidence: Evidence,
    source: str,
) -> Annotation:
    campaign = assignment.campaign
    if before is not None:
        Annotation.objects.filter(pk=before.pk).update(current=False)
    annotation = Annotation(
        item_id=assignment.item_id, campaign=campaign, annotator_id=assignment.annotator_id, assignment=assignment,
        scheme_version_id=campaign.scheme_version_id, guideline_version_id=campaign.guideline_version_id,
        repetition=assignment.repetition, revision=before.revision + 1 if before else 1, supersedes=before,
        client_id=client_id, fingerprint=fingerprint, source=source,
        perceived=_perceived(campaign, evidence.perceived), started_at=evidence.started_at,
        duration_ms=evidence.duration_ms, played_us=evidence.played_us,
    )  # fmt: skip
    # Around the ORM, like the answers: at a hundred a second its building of an INSERT is what an answer mostly costs.
    bulk.insert(Annotation, _COLUMNS, [[getattr(annotation, name) for name in _COLUMNS]])
    return annotation


def _perceived(campaign: Campaign, claims: Mapping[str, Any]) -> dict[str, Any]:
    """The campaign's rules stand; what the client claims only adds to them."""
    return {**claims, **campaign.perceived, "prediction": campaign.predictions}


def _count(assignment: Assignment, *, first: bool) -> None:
    """The assignment is answered; the queue counts it once, also when its lease had run out meanwhile."""
    was = assignment.state
    if was != Assignment.State.SUBMITTED:
        _ANSWERED.run(assignment=assignment.pk)
        assignment.state = Assignment.State.SUBMITTED
    if not first:
        return
    # Without a lease, the place it held was given back: one is taken again if one is left. The answer counts in any case.
    counted = _COUNTED if was == Assignment.State.LEASED else _COUNTED_LATE
    counted.run(entry=assignment.campaign_item_id)
    _COUNTED_HERE.run(campaign=assignment.campaign_id, annotator=assignment.annotator_id)


def _fingerprint(assignment: Assignment, said: Said) -> bytes:
    """A keyed hash of what was said: tells a repeat from another answer under the same client id, and tells nothing else."""
    text = json.dumps([str(assignment.pk), said], ensure_ascii=False, sort_keys=True)
    return salted_hmac("labeling.annotation.fingerprint", text, algorithm="sha256").digest()


def answers_of(annotation: Annotation) -> Said:
    """An annotation's answers by question, as they were sent."""
    return kept.read(annotation)


# From elsewhere -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Imported:
    """An answer made elsewhere (imported) or made up by a program (simulated). `traces`: key -> (times_us, values)."""

    item_id: UUID
    annotator_id: UUID
    answers: Mapping[str, Mapping[str, Any]]
    traces: Mapping[str, tuple[Sequence[int], Sequence[float]]] = field(default_factory=dict)
    started_at: datetime | None = None
    duration_ms: int = 0
    perceived: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def import_annotations(
    *, actor: User | None, campaign: Campaign, rows: Sequence[Imported], source: str = Annotation.Source.IMPORT
) -> int:
    """Store answers made elsewhere, all or none, in place of what the same annotators said before. The queue stays as it is.

    Returns how many were stored. Raises Invalid as submit_annotation does, Refused("item_of_other_campaign"), and
    ConsentMissing when a participant does not allow labeling.
    """
    asked = definition(campaign.scheme_version_id)
    _refuse_foreign(campaign, {row.item_id for row in rows})
    said = _checked(asked, rows)
    before = {
        (one.item_id, one.annotator_id): one for one in Annotation.objects.filter(campaign=campaign, current=True)
    }
    made: list[Annotation] = []
    for row in rows:
        old = before.get((row.item_id, row.annotator_id))
        made.append(_imported(campaign, row, old, source))
        before[row.item_id, row.annotator_id] = made[-1]
    replaced = [one.supersedes_id for one in made if one.supersedes_id]
    Annotation.objects.filter(pk__in=replaced).update(current=False)
    Annotation.objects.bulk_create(made, batch_size=500)
    kept.write(list(zip(made, said, strict=True)), asked, study_id=campaign.study_id)
    for annotation, row in zip(made, rows, strict=True):
        traces.import_traces(annotation, asked, row.traces)
    audit.record("labeling.annotations.imported", actor=actor, target=campaign, annotations=len(made), source=source)
    return len(made)


def _checked(asked: Definition, rows: Sequence[Imported]) -> list[Said]:
    """What each row says. Its traces are answers to their questions, in samples instead of by the id of one kept before."""
    items = Item.objects.in_bulk({row.item_id for row in rows}) if asked.in_time else {}
    said = []
    for row in rows:
        shown, answers = Shown(), dict(row.answers)
        if asked.in_time:
            told = traces.told_of(asked, row.traces, items[row.item_id])
            shown = Shown(traces.bounds(items[row.item_id]), traces=told)
            answers |= {key: {"value": {"trace": str(NO_TRACE)}} for key in told}
        said.append(values.check_answers(asked, answers, shown))
    return said


def _imported(campaign: Campaign, row: Imported, old: Annotation | None, source: str) -> Annotation:
    return Annotation(
        item_id=row.item_id, campaign=campaign, annotator_id=row.annotator_id, scheme_version_id=campaign.scheme_version_id,
        guideline_version_id=campaign.guideline_version_id, revision=old.revision + 1 if old else 1, supersedes=old,
        client_id=ids.new(), source=source, perceived=_perceived(campaign, values.check_claims(row.perceived)),
        started_at=row.started_at, duration_ms=row.duration_ms,
    )  # fmt: skip


def _refuse_foreign(campaign: Campaign, item_ids: set[UUID]) -> None:
    known = CampaignItem.objects.filter(campaign=campaign, item_id__in=item_ids).count()
    if known != len(item_ids):
        raise Refused(
            "item_of_other_campaign", _("Some of these items are not in this campaign."), missing=len(item_ids) - known
        )
    allowed = permitted(Item.objects.filter(pk__in=item_ids), USE).count()
    if allowed != len(item_ids):
        raise ConsentMissing(
            "consent_missing",
            _("Participants in some of these items do not allow labeling."),
            missing=len(item_ids) - allowed,
        )
