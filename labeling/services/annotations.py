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

from consent import keys
from consent.gate import Use, permitted
from core import audit, bulk, ids
from core.errors import ConsentMissing, Refused
from core.models import User
from core.prepared import Prepared, PreparedUpdate
from labeling.models import (
    Annotation,
    Answer,
    Assignment,
    Campaign,
    CampaignItem,
    Item,
    ItemTarget,
    Question,
    QueuePlace,
)
from labeling.services import traces, values
from labeling.services.queue import withdrawn
from labeling.services.schemes import Definition, definition

USE = Use("human_annotation")
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
    return held.values_list("state", "campaign__state")[:1]


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

    `answers` maps a question's key to {"label": id}, {"number": n} or {"text": s}; a question of trace is answered by
    the trace that was finished before. Safe to repeat: the same `client_id` returns the annotation already stored, with
    `repeated` set. An answer to a lease that ran out is taken as well.

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
    said = values.check_answers(asked, answers)
    return _store(actor, assignment, client_id, asked, said, evidence, source)


@transaction.atomic
def _store(
    actor: User,
    assignment: Assignment,
    client_id: UUID,
    asked: Definition,
    said: Sequence[values.Value],
    evidence: Evidence,
    source: str,
) -> Annotation:
    # Held until commit: two tabs of one annotator take turns. The gate is asked in the same statement.
    states = _STATES.first(assignment=assignment.pk, now=timezone.now())
    # PostgreSQL asks the gate as it was before a wait for this row: where somebody stopped meanwhile it is asked again.
    if states is None or (states[0] == Assignment.State.WITHDRAWN and not _allowed(assignment)):
        raise withdrawn()
    assignment.state, campaign_state = states
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
    annotation = _revision(assignment, before, client_id, fingerprint, evidence, source)
    _keep_answers(annotation, said, assignment)
    if asked.traces:
        traces.attach(annotation, asked.traces, before=before)
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


def _keep_answers(annotation: Annotation, said: Sequence[values.Value], assignment: Assignment) -> None:
    sealed: dict[str, bytes] = {}
    texts = [value for value in said if value.text]
    if texts:
        targets = _targets_of(assignment.item_id)
        made = keys.seal_many(
            [value.text for value in texts],
            study_id=assignment.campaign.study_id,
            participant_ids=[targets] * len(texts),
        )
        sealed = {value.question.key: text for value, text in zip(texts, made, strict=True)}
    bulk.insert(
        Answer,
        ("id", "created_at", "annotation_id", "question_id", "label_id", "number", "text"),
        [(ids.new(), annotation.created_at, annotation.pk, value.question.id, value.label, value.number,
          sealed.get(value.question.key, b"")) for value in said],
    )  # fmt: skip


def _targets_of(item_id: UUID) -> list[UUID]:
    return list(ItemTarget.objects.filter(item_id=item_id).values_list("participant_id", flat=True))


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


def _fingerprint(assignment: Assignment, said: Sequence[values.Value]) -> bytes:
    """A keyed hash of what was said: tells a repeat from another answer under the same client id, and tells nothing else."""
    plain = [[value.question.key, str(value.label or ""), value.number, value.text] for value in said]
    text = json.dumps([str(assignment.pk), plain], ensure_ascii=False)
    return salted_hmac("labeling.annotation.fingerprint", text, algorithm="sha256").digest()


# Reading back ---------------------------------------------------------------------------------------------------------


def answers_of(annotation: Annotation) -> dict[str, dict[str, Any]]:
    """An annotation's answers by question key, as they are sent: {"label": id}, {"number": n}, {"text": s}, {"trace": id}."""
    found: dict[str, dict[str, Any]] = {}
    targets: list[UUID] | None = None
    for answer in annotation.answers.select_related("question__scheme_version"):
        if answer.label_id is not None:
            found[answer.question.key] = {"label": str(answer.label_id)}
        elif answer.number is not None:
            found[answer.question.key] = {"number": answer.number}
        elif answer.text:
            targets = _targets_of(annotation.item_id) if targets is None else targets
            study_id = answer.question.scheme_version.study_id
            found[answer.question.key] = {
                "text": keys.open_text(bytes(answer.text), study_id=study_id, participant_ids=targets)
            }
    for key, trace in annotation.traces.values_list("question__key", "pk"):
        found[key] = {"trace": str(trace)}
    return found


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
    said = [values.check_answers(_without_traces(asked), row.answers) for row in rows]
    _refuse_foreign(campaign, {row.item_id for row in rows})
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
    targets = _targets({row.item_id for row in rows} if any(v.text for vs in said for v in vs) else set())
    Answer.objects.bulk_create(_answer_rows(campaign, made, said, targets), batch_size=1000)
    for annotation, row in zip(made, rows, strict=True):
        traces.import_traces(annotation, asked, row.traces)
    audit.record("labeling.annotations.imported", actor=actor, target=campaign, annotations=len(made), source=source)
    return len(made)


def _imported(campaign: Campaign, row: Imported, old: Annotation | None, source: str) -> Annotation:
    return Annotation(
        item_id=row.item_id, campaign=campaign, annotator_id=row.annotator_id, scheme_version_id=campaign.scheme_version_id,
        guideline_version_id=campaign.guideline_version_id, revision=old.revision + 1 if old else 1, supersedes=old,
        client_id=ids.new(), source=source, perceived=_perceived(campaign, values.check_claims(row.perceived)),
        started_at=row.started_at, duration_ms=row.duration_ms,
    )  # fmt: skip


def _without_traces(asked: Definition) -> Definition:
    rest = {key: one for key, one in asked.questions.items() if one.kind != Question.Kind.TRACE}
    return Definition(asked.version_id, asked.scheme_id, asked.number, asked.frozen, rest)


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


def _targets(item_ids: set[UUID]) -> dict[UUID, list[UUID]]:
    found: dict[UUID, list[UUID]] = {}
    for item, person in ItemTarget.objects.filter(item_id__in=item_ids).values_list("item_id", "participant_id"):
        found.setdefault(item, []).append(person)
    return found


def _answer_rows(
    campaign: Campaign,
    made: Sequence[Annotation],
    said: Sequence[Sequence[values.Value]],
    targets: Mapping[UUID, list[UUID]],
) -> list[Answer]:
    rows: list[Answer] = []
    texts: list[tuple[Answer, str, list[UUID]]] = []
    for annotation, values_ in zip(made, said, strict=True):
        for value in values_:
            row = Answer(
                annotation=annotation, question_id=value.question.id, label_id=value.label, number=value.number
            )
            rows.append(row)
            if value.text:
                texts.append((row, value.text, targets[annotation.item_id]))
    sealed = (
        keys.seal_many([text for _row, text, _people in texts], study_id=campaign.study_id,
                       participant_ids=[people for _row, _text, people in texts])
        if texts else []
    )  # fmt: skip
    for (row, _said, _people), text in zip(texts, sealed, strict=True):
        row.text = text
    return rows
