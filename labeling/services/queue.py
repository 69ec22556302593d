"""Handing out items: one at a time, under a lease, in the order of the queue, never to more annotators than wanted.

Finding the next item costs the same at any length of the queue. Each annotator has a place (the rank handed out last);
the search starts there and reads one index until the first row that is open, not had before, and allowed by the gate.
What is given back later — a lease ran out, a skip, a resumed participant — may lie behind everyone's place; it is marked
`returned` and handed out before the rest, which also finishes begun items first. Only when both find nothing is the
queue read from its start, so nothing starves.

Items are leased ahead of the one at hand, so that the next is there at once: no more than the campaign allows, in the same
order, and none at all where so little is left that others would be told that nothing is. Leaving gives them back.

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
from core.prepared import Prepared, PreparedUpdate
from labeling.models import Assignment, Campaign, CampaignItem, QueuePlace, Trace
from labeling.services import care, guidelines

USE = Use("human_annotation")
HAD = (Assignment.State.LEASED, Assignment.State.SUBMITTED, Assignment.State.SKIPPED)
SKIP_REASONS = ("media_broken", "target_unclear", "distressing", "warned", "known_person", "other")
CARE_REASONS = ("distressing", "warned")  # nobody's work is judged by these: counts of skips leave them out
RELEASED_AT_ONCE = 100
_COLUMNS = [field.attname for field in Assignment._meta.concrete_fields]
TRIES = 5


# The queue's queries, compiled once (core/prepared.py): they stand in every hand-out.


def _place(user: UUID, campaign: UUID) -> QuerySet[QueuePlace]:
    places = QueuePlace.objects.select_for_update(of=("self",)).select_related("campaign")
    return places.filter(campaign_id=campaign, annotator__user_id=user).order_by()[:1]


def _live(annotator: UUID, campaign: UUID, now: datetime) -> QuerySet[Assignment]:
    leases = Assignment.objects.filter(
        annotator_id=annotator, campaign_id=campaign, state=Assignment.State.LEASED, lease_until__gt=now
    )
    return permitted(leases, USE, now=now).select_related("item").order_by("position")[:1]


def _available(campaign: UUID, annotator: UUID, now: datetime) -> QuerySet[CampaignItem]:
    """Open rows that the annotator has not had and the gate allows, in the queue's order."""
    mine = Assignment.objects.filter(campaign_id=campaign, item_id=OuterRef("item_id"), annotator_id=annotator)
    rows = CampaignItem.objects.filter(~Exists(mine.filter(state__in=HAD)), campaign_id=campaign, open=True)
    again = Subquery(mine.exclude(state__in=HAD).values("pk")[:1])
    return permitted(rows, USE, now=now).annotate(again=again).select_related("item").order_by("rank")


def _locked(rows: QuerySet[CampaignItem], *, skip: bool) -> QuerySet[CampaignItem]:
    if not connection.features.has_select_for_update:
        return rows[:1]
    return rows.select_for_update(of=("self",), skip_locked=skip)[:1]


def _expired(now: datetime, **which: UUID) -> QuerySet:
    ran_out = Assignment.objects.filter(state=Assignment.State.LEASED, lease_until__lte=now, **which)
    return ran_out.values_list("pk", "lease_until", "campaign_item_id")[:RELEASED_AT_ONCE]


def _taking(entry: UUID) -> tuple[QuerySet[CampaignItem], dict]:
    last = Q(taken__gte=F("wanted") - 1)
    return CampaignItem.objects.filter(pk=entry, open=True, taken__lt=F("wanted")), {
        "taken": F("taken") + 1,
        "open": Case(When(last, then=Value(False)), default=Value(True)),
        "returned": Case(When(last, then=Value(False)), default=F("returned")),
    }


_SEARCH = {"campaign": UUID, "annotator": UUID, "now": datetime}
_PLACE = Prepared(_place, user=UUID, campaign=UUID)
_HELD = Prepared(_live, annotator=UUID, campaign=UUID, now=datetime)
_GIVEN_BACK = Prepared(
    lambda campaign: CampaignItem.objects.filter(campaign_id=campaign, open=True, returned=True).values_list("pk")[:1],
    campaign=UUID,
)
_RETURNED = Prepared(lambda **asked: _locked(_available(**asked).filter(returned=True), skip=True), **_SEARCH)
_AHEAD = Prepared(
    lambda rank, **asked: _locked(_available(**asked).filter(rank__gte=rank), skip=True), **_SEARCH, rank=int
)
_ANYWHERE = Prepared(lambda **asked: _locked(_available(**asked), skip=True), **_SEARCH)
_HELD_BY_OTHERS = Prepared(lambda **asked: _locked(_available(**asked), skip=False), **_SEARCH)
_RAN_OUT = Prepared(_expired, now=datetime)
_RAN_OUT_HERE = Prepared(lambda campaign, now: _expired(now, campaign_id=campaign), campaign=UUID, now=datetime)
_TAKE = PreparedUpdate(_taking, entry=UUID)
_MOVE = PreparedUpdate(
    lambda place, position, rank: (QueuePlace.objects.filter(pk=place), {"handed_out": position, "rank": rank}),
    place=UUID, position=int, rank=int,
)  # fmt: skip


def place_of(actor: User, campaign: Campaign) -> QueuePlace | None:
    """Where the actor stands in the campaign's queue; None when they are no annotator of it."""
    return (
        QueuePlace.objects.select_related("annotator")
        .filter(campaign_id=campaign.pk, annotator__user_id=actor.pk)
        .first()
    )


def next_assignment(actor: User, campaign: Campaign) -> Assignment | None:
    """The actor's live lease, else a new one on the best open item; None when nothing is left or the campaign is not open.

    Safe to repeat: while a lease is live, the same assignment comes back. Raises Refused `guideline_unread` before the
    guideline was read where the campaign wants that, and `break_due` at the end of a session.
    """
    if campaign.state != Campaign.State.OPEN:
        return None
    guidelines.refuse_unread(actor, campaign)
    care.refuse_tired(actor, campaign)
    return _lease_next(actor, campaign)


def held(place: QueuePlace) -> Assignment | None:
    """The live lease at this place, when the gate still allows its item."""
    return _HELD.first(annotator=place.annotator_id, campaign=place.campaign_id, now=timezone.now())


def next_held(actor: User, campaign: Campaign) -> Assignment | None:
    """The actor's live lease that comes first, without making one."""
    place = place_of(actor, campaign)
    return held(place) if place is not None else None


@transaction.atomic
def _lease_next(actor: User, campaign: Campaign) -> Assignment | None:
    # Two tabs of one annotator take turns here; the second finds what the first was given.
    place = _PLACE.first(user=actor.pk, campaign=campaign.pk)
    if place is None:
        return None
    if (found := held(place)) is not None:
        return found
    if place.campaign.state != Campaign.State.OPEN:
        return None
    release_expired(campaign)
    return _lease_one(place, campaign, actor)


def _lease_one(place: QueuePlace, campaign: Campaign, actor: User, *, wait: bool = True) -> Assignment | None:
    for _try in range(TRIES):
        entry = _best(place, wait=wait)
        if entry is None:
            return None
        if _count_taken(entry.pk):
            return _lease(entry, place, campaign, actor)
    return None


def ahead(actor: User, campaign: Campaign, at: Assignment | None = None) -> list[Assignment]:
    """What comes after the item at hand: the actor's other live leases, filled up to as many as the campaign allows.

    `at` is the item that is looked at: behind a lease come those handed out later, behind an answer all of them. In the
    order in which they will be handed out. Empty while the campaign is not open, a break is due or a guideline has to be
    read: then the next item is asked for, and the reason is told.
    """
    if campaign.state != Campaign.State.OPEN or not campaign.ahead:
        return []
    try:
        guidelines.refuse_unread(actor, campaign)
        care.refuse_tired(actor, campaign)
    except Refused:
        return []
    leases = _lease_ahead(actor, campaign)
    if at is not None and any(one.pk == at.pk for one in leases):
        return [one for one in leases if one.position > at.position][: campaign.ahead]
    return leases[: campaign.ahead] if at is not None else leases[1:]


@transaction.atomic
def _lease_ahead(actor: User, campaign: Campaign) -> list[Assignment]:
    place = _PLACE.first(user=actor.pk, campaign=campaign.pk)
    if place is None or place.campaign.state != Campaign.State.OPEN:
        return []
    leases = _leases(place)
    if leases and not _scarce(place):
        while len(leases) <= place.campaign.ahead:
            if (made := _lease_one(place, campaign, actor, wait=False)) is None:
                break
            leases.append(made)
    return leases


def _leases(place: QueuePlace) -> list[Assignment]:
    """All that is held at this place and allowed, first come first."""
    now = timezone.now()
    live = Assignment.objects.filter(
        annotator_id=place.annotator_id,
        campaign_id=place.campaign_id,
        state=Assignment.State.LEASED,
        lease_until__gt=now,
    )
    return list(permitted(live, USE, now=now).select_related("item").order_by("position"))


def _scarce(place: QueuePlace) -> bool:
    """Whether so little is open that holding items unseen could keep them from somebody who has none."""
    people = QueuePlace.objects.filter(campaign_id=place.campaign_id).count()
    needed = people * (place.campaign.ahead + 1)
    return CampaignItem.objects.filter(campaign_id=place.campaign_id, open=True)[:needed].count() < needed


def held_ids(assignment: Assignment) -> list[UUID]:
    """What its annotator holds in its campaign now and may perceive: what a page may keep ready."""
    live = Assignment.objects.filter(
        annotator_id=assignment.annotator_id, campaign_id=assignment.campaign_id, state=Assignment.State.LEASED
    )
    return list(permitted(live, USE).values_list("pk", flat=True))


@transaction.atomic
def release_ahead(*, actor: User, campaign: Campaign, after: Assignment | None = None) -> int:
    """Give back what was leased ahead and never looked at: the leases behind `after`, or all. Returns how many.

    The places in the actor's count go back with them, so that the same items later have the numbers they would have had.
    """
    place = _PLACE.first(user=actor.pk, campaign=campaign.pk)
    if place is None:
        return 0
    part_way = Trace.objects.filter(assignment_id=OuterRef("pk"), annotation=None).exclude(state=Trace.State.ABANDONED)
    unseen = Assignment.objects.filter(
        ~Exists(part_way), campaign_id=campaign.pk, annotator_id=place.annotator_id, state=Assignment.State.LEASED
    )
    if after is not None:
        unseen = unseen.filter(position__gt=after.position)
    given = {
        one.position for one in unseen.order_by("position") if _release(one.pk, one.lease_until, one.campaign_item_id)
    }
    count = place.handed_out
    while count in given:
        count -= 1
    if given:
        QueuePlace.objects.filter(pk=place.pk).update(handed_out=count)
        audit.record("labeling.assignment.given_back", actor=actor, target=campaign, leases=len(given))
    return len(given)


def _best(place: QueuePlace, *, wait: bool = True) -> CampaignItem | None:
    """The row to hand out next. Each of the searches is a walk along one index that ends at the first fit."""
    now = timezone.now()
    asked = {"campaign": place.campaign_id, "annotator": place.annotator_id, "now": now}
    if _GIVEN_BACK.first(campaign=place.campaign_id) and (found := _RETURNED.first(**asked)) is not None:
        return found
    if (found := _AHEAD.first(**asked, rank=place.rank) or _ANYWHERE.first(**asked)) is not None:
        return found
    # All that is left may be rows that others hold this moment: wait for them rather than say that nothing is left.
    waits = wait and connection.features.has_select_for_update_skip_locked
    return _HELD_BY_OTHERS.first(**asked) if waits else None


def _count_taken(entry_id: UUID) -> int:
    """Take one of the answers that are wanted. 0 when none is left. The last one closes the row."""
    return _TAKE.run(entry=entry_id)


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
    place.handed_out, place.rank = position, place.rank if entry.returned else max(entry.rank, place.rank)
    _MOVE.run(place=place.pk, position=position, rank=place.rank)
    audit.record(
        "labeling.assignment.leased", actor=actor, target=assignment, study=campaign.study_id, item=entry.item_id,
    )  # fmt: skip
    return assignment


def release_expired(campaign: Campaign | None = None, *, now: datetime | None = None) -> int:
    """Give back leases that ran out, at most a hundred at once. Returns how many."""
    now = now or timezone.now()
    found = _RAN_OUT.all(now=now) if campaign is None else _RAN_OUT_HERE.all(campaign=campaign.pk, now=now)
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
    """Extend the actor's lease, and those of what is ready behind it, and return its new end.

    Raises Gone("participant_withdrawn"), and Refused("lease_lost") when it ran out and is not theirs any more. An
    assignment that was answered has no lease to extend; its end is returned as it is.
    """
    now = timezone.now()
    until = now + timedelta(minutes=assignment.campaign.lease_minutes)
    still = permitted(Assignment.objects.filter(pk=assignment.pk), USE).values_list("state", flat=True).first()
    if still is None:
        raise withdrawn()
    Assignment.objects.filter(
        annotator_id=assignment.annotator_id, campaign_id=assignment.campaign_id, state=Assignment.State.LEASED,
        lease_until__gt=now,
    ).update(lease_until=until)  # fmt: skip
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
