"""Handing out items: one at a time, under a lease, in the order of the queue, never to more annotators than wanted.

Finding the next item costs the same at any length of the queue. Each annotator has a place (the rank handed out last);
the search starts there and reads one index until the first row that is open, not had before, and allowed by the gate.
What is given back later — a lease ran out, a skip, a resumed participant — may lie behind everyone's place; it is marked
`returned` and handed out before the rest, which also finishes begun items first. Only when both find nothing is the
queue read from its start, so nothing starves.

`CampaignItem.taken` counts leases held and answers given. It moves by conditional updates alone, under a CHECK that it
never passes `wanted`. On SQLite writers take turns (IMMEDIATE); on PostgreSQL rows that others hold are skipped.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _

from consent.gate import Use, permitted
from core import audit, bulk, ids
from core.errors import Gone, Invalid, Refused
from core.models import User
from labeling.models import Assignment, Campaign, CampaignItem, QueuePlace, Trace

USE = Use("human_annotation")
HAD = (Assignment.State.LEASED, Assignment.State.SUBMITTED, Assignment.State.SKIPPED)
SKIP_REASONS = ("media_broken", "target_unclear", "distressing", "known_person", "other")
RELEASED_AT_ONCE = 100
_COLUMNS = [field.attname for field in Assignment._meta.concrete_fields]
TRIES = 5


def place_of(actor: User, campaign: Campaign) -> QueuePlace | None:
    """Where the actor stands in the campaign's queue; None when they are no annotator of it."""
    return (
        QueuePlace.objects.select_related("annotator")
        .filter(campaign_id=campaign.pk, annotator__user_id=actor.pk)
        .first()
    )


def next_assignment(actor: User, campaign: Campaign) -> Assignment | None:
    """The actor's live lease, else a new one on the best open item; None when nothing is left or the campaign is not open.

    Safe to repeat: while a lease is live, the same assignment comes back.
    """
    if campaign.state != Campaign.State.OPEN:
        return None
    return _lease_next(actor, campaign)


def held(place: QueuePlace) -> Assignment | None:
    """The live lease at this place, when the gate still allows its item."""
    leases = Assignment.objects.filter(
        annotator_id=place.annotator_id,
        campaign_id=place.campaign_id,
        state=Assignment.State.LEASED,
        lease_until__gt=timezone.now(),
    )
    return permitted(leases, USE).select_related("item").order_by("position").first()


@transaction.atomic
def _lease_next(actor: User, campaign: Campaign) -> Assignment | None:
    # Two tabs of one annotator take turns here; the second finds what the first was given.
    places = QueuePlace.objects.select_for_update(of=("self",)).select_related("campaign")
    place = places.filter(campaign_id=campaign.pk, annotator__user_id=actor.pk).order_by().first()
    if place is None:
        return None
    if (found := held(place)) is not None:
        return found
    if place.campaign.state != Campaign.State.OPEN:
        return None
    release_expired(campaign)
    for _try in range(TRIES):
        entry = _best(place)
        if entry is None:
            return None
        if _count_taken(entry.pk):
            return _lease(entry, place, campaign, actor)
    return None


def _best(place: QueuePlace) -> CampaignItem | None:
    """The row to hand out next. Each of the searches is a walk along one index that ends at the first fit."""
    rows = _available(place)
    ahead = [rows.filter(rank__gte=place.rank), rows]
    given_back = CampaignItem.objects.filter(campaign_id=place.campaign_id, open=True, returned=True)
    if given_back.exists():  # seldom: asked apart, since building a search costs more than running it
        ahead.insert(0, rows.filter(returned=True))
    for search in ahead:
        if (found := _locked(search, skip=True).first()) is not None:
            return found
    # All that is left may be rows that others hold this moment: wait for them rather than say that nothing is left.
    return _locked(rows, skip=False).first() if connection.features.has_select_for_update_skip_locked else None


def _available(place: QueuePlace) -> QuerySet[CampaignItem]:
    mine = Assignment.objects.filter(
        campaign_id=place.campaign_id, item_id=OuterRef("item_id"), annotator_id=place.annotator_id
    )
    rows = CampaignItem.objects.filter(~Exists(mine.filter(state__in=HAD)), campaign_id=place.campaign_id, open=True)
    again = Subquery(mine.exclude(state__in=HAD).values("pk")[:1])
    return permitted(rows, USE).annotate(again=again).select_related("item").order_by("rank")


def _locked(rows: QuerySet[CampaignItem], *, skip: bool) -> QuerySet[CampaignItem]:
    if not connection.features.has_select_for_update:
        return rows
    return rows.select_for_update(of=("self",), skip_locked=skip)


def _count_taken(entry_id: UUID) -> int:
    """Take one of the answers that are wanted. 0 when none is left. The last one closes the row."""
    last = Q(taken__gte=F("wanted") - 1)
    return CampaignItem.objects.filter(pk=entry_id, open=True, taken__lt=F("wanted")).update(
        taken=F("taken") + 1,
        open=Case(When(last, then=Value(False)), default=Value(True)),
        returned=Case(When(last, then=Value(False)), default=F("returned")),
    )


def _lease(entry: CampaignItem, place: QueuePlace, campaign: Campaign, actor: User) -> Assignment:
    until = timezone.now() + timedelta(minutes=campaign.lease_minutes)
    position = place.handed_out + 1
    if entry.again:
        Assignment.objects.filter(pk=entry.again).update(
            state=Assignment.State.LEASED, lease_until=until, position=position, client_id=ids.opaque()
        )
        assignment = Assignment.objects.get(pk=entry.again)
    else:
        assignment = Assignment(
            campaign=campaign, campaign_item=entry, item=entry.item, annotator_id=place.annotator_id,
            lease_until=until, position=position,
        )  # fmt: skip
        bulk.insert(Assignment, _COLUMNS, [[getattr(assignment, name) for name in _COLUMNS]])
    QueuePlace.objects.filter(pk=place.pk).update(
        handed_out=position, rank=F("rank") if entry.returned else max(entry.rank, place.rank)
    )
    audit.record(
        "labeling.assignment.leased", actor=actor, target=assignment, study=campaign.study_id, item=entry.item_id,
    )  # fmt: skip
    return assignment


def release_expired(campaign: Campaign | None = None, *, now: datetime | None = None) -> int:
    """Give back leases that ran out, at most a hundred at once. Returns how many."""
    now = now or timezone.now()
    ran_out = Assignment.objects.filter(state=Assignment.State.LEASED, lease_until__lte=now)
    if campaign is not None:
        ran_out = ran_out.filter(campaign_id=campaign.pk)
    found = list(ran_out.values_list("pk", "lease_until", "campaign_item_id")[:RELEASED_AT_ONCE])
    return sum(_release(pk, until, entry) for pk, until, entry in found)


@transaction.atomic
def _release(pk: UUID, until: datetime, entry_id: UUID) -> int:
    # A heartbeat or an answer that came meanwhile moved the lease or the state: then it is not ours to release.
    released = Assignment.objects.filter(pk=pk, state=Assignment.State.LEASED, lease_until=until).update(
        state=Assignment.State.RELEASED
    )
    if released:
        give_back([entry_id])
    return released


def give_back(entry_ids: Iterable[UUID], *, reopen: bool = True) -> None:
    """One answer less is taken on each of these rows; they are offered again, before the rest."""
    for entry_id in entry_ids:
        changes: dict = {"taken": F("taken") - 1}
        if reopen:
            wanted = Q(answered__lt=F("wanted"))
            changes["open"] = changes["returned"] = Case(When(wanted, then=Value(True)), default=Value(False))
        CampaignItem.objects.filter(pk=entry_id, taken__gt=0).update(**changes)


@transaction.atomic
def heartbeat(*, actor: User, assignment: Assignment) -> datetime:
    """Extend the actor's lease and return its new end.

    Raises Gone("participant_withdrawn"), and Refused("lease_lost") when it ran out and is not theirs any more. An
    assignment that was answered has no lease to extend; its end is returned as it is.
    """
    until = timezone.now() + timedelta(minutes=assignment.campaign.lease_minutes)
    still = permitted(Assignment.objects.filter(pk=assignment.pk), USE).values_list("state", flat=True).first()
    if still is None:
        raise withdrawn()
    if still == Assignment.State.SUBMITTED:
        return assignment.lease_until
    if not Assignment.objects.filter(pk=assignment.pk, state=Assignment.State.LEASED).update(lease_until=until):
        raise Refused(
            "lease_lost", _("This clip was given back because it was left for a while. Your answer is still taken.")
        )
    return until


@transaction.atomic
def skip(*, actor: User, assignment: Assignment, reason: str = "other") -> None:
    """Hand an item back without an answer; it goes to somebody else. Skipping twice does no harm.

    Raises Invalid("reason_unknown"), and Refused("already_answered") when the actor answered it before.
    """
    if reason not in SKIP_REASONS:
        raise Invalid(
            "reason_unknown", _("Choose one of the reasons."), fields={"reason": [_("Choose one of the reasons.")]}
        )
    skipped = Assignment.objects.filter(pk=assignment.pk, state=Assignment.State.LEASED).update(
        state=Assignment.State.SKIPPED, skip_reason=reason
    )
    if skipped:
        give_back([assignment.campaign_item_id])
        audit.record(
            "labeling.assignment.skipped", actor=actor, target=assignment, study=assignment.campaign.study_id, reason=reason,
        )  # fmt: skip
        return
    if Assignment.objects.filter(pk=assignment.pk, state=Assignment.State.SUBMITTED).exists():
        raise Refused("already_answered", _("You answered this clip; change the answer instead."))


@transaction.atomic
def flag(*, actor: User, assignment: Assignment, flagged: bool = True) -> None:
    """Mark an item to come back to, or take the mark away."""
    if Assignment.objects.filter(pk=assignment.pk).exclude(flagged=flagged).update(flagged=flagged):
        audit.record(
            "labeling.assignment.flagged", actor=actor, target=assignment, study=assignment.campaign.study_id, flagged=flagged,
        )  # fmt: skip


@transaction.atomic
def stop_for_now(*, actor: User, campaign: Campaign) -> int:
    """Give the actor's live leases back, but one whose trace is part-way: that waits until its lease runs out."""
    leases = Assignment.objects.select_for_update().filter(
        campaign_id=campaign.pk, annotator__user_id=actor.pk, state=Assignment.State.LEASED
    )
    part_way = Trace.objects.filter(assignment_id=OuterRef("pk"), annotation=None).exclude(state=Trace.State.ABANDONED)
    given = 0
    for one in leases.filter(~Exists(part_way)):
        given += _release(one.pk, one.lease_until, one.campaign_item_id)
    if given:
        audit.record("labeling.assignment.given_back", actor=actor, target=campaign, leases=given)
    return given


def is_allowed(assignment: Assignment) -> bool:
    """Whether the gate allows labeling the assignment's item, now."""
    return permitted(Assignment.objects.filter(pk=assignment.pk), USE).exists()


def before(actor: User, campaign: Campaign, position: int | None = None) -> Assignment | None:
    """The actor's answered assignment before this position (their last one without it), as far as the gate allows."""
    mine = Assignment.objects.filter(
        campaign_id=campaign.pk, annotator__user_id=actor.pk, state=Assignment.State.SUBMITTED
    )
    if position is not None:
        mine = mine.filter(position__lt=position)
    return permitted(mine, USE).order_by("-position").first()


def withdrawn() -> Gone:
    """What a late write on an assignment once held is told (decisions 36)."""
    return Gone(
        "participant_withdrawn",
        _("The person in this recording has stopped its use. What you entered for it was not kept."),
    )
