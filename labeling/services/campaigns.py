"""Campaigns: items × scheme × annotators × rules. Drawn up, opened (which freezes the scheme), paused, closed.

Items are put into the queue in an order shuffled by the campaign's seed, so that every annotator meets them in the same
random order and anybody can reproduce it.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, Max, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from consent.models import Study
from core import access, audit, bulk, ids
from core.errors import Invalid, Refused
from core.models import User
from labeling.models import (
    Annotator,
    Assignment,
    Campaign,
    CampaignItem,
    GuidelineVersion,
    Item,
    Question,
    QueuePlace,
    QueueRank,
    SchemeVersion,
)
from labeling.services import queue, renditions, schemes
from labeling.services.perceiving import RULES

SLICE = 10_000


@transaction.atomic
def create_campaign(
    *,
    actor: User,
    study: Study,
    name: str,
    scheme_version: SchemeVersion,
    guideline_version: GuidelineVersion | None = None,
    about: str = "",
    overlap: int = 3,
    lease_minutes: int = 30,
    seed: int = 1,
    predictions: str = Campaign.Predictions.NEVER,
    perceived: Mapping[str, bool] | None = None,
    round: str = Campaign.Round.MAIN,
    closes_on: date | None = None,
) -> Campaign:
    """A draft; the actor becomes its manager. Raises Invalid for rules that cannot be meant, Refused("name_taken")."""
    _refuse_wrong_rules(study, name, scheme_version, guideline_version, overlap, lease_minutes, predictions)
    if Campaign.objects.filter(study=study, name=name).exists():
        raise Refused("name_taken", _("This study has a campaign of that name."))
    campaign = Campaign.objects.create(
        study=study, name=name, about=about, scheme_version=scheme_version, guideline_version=guideline_version,
        overlap=overlap, lease_minutes=lease_minutes, seed=seed, predictions=predictions,
        perceived={**RULES, **(perceived or {})}, round=round, closes_on=closes_on,
    )  # fmt: skip
    audit.record("labeling.campaign.created", actor=actor, target=campaign, overlap=overlap, seed=seed)
    access.grant(actor, "manager", campaign, actor=actor)
    return campaign


@transaction.atomic
def add_items(*, actor: User | None, campaign: Campaign, items: Iterable[UUID], wanted: int | None = None) -> int:
    """Put items into the queue, behind those that are there, shuffled by the campaign's seed. Returns how many are new.

    `items` are ids; those already in the campaign are passed over. `wanted` answers for each (the campaign's overlap).
    Raises Refused("campaign_closed"), Invalid("item_unknown") when one is not of the campaign's study.
    """
    campaign = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if campaign.state == Campaign.State.CLOSED:
        raise Refused("campaign_closed", _("This campaign is closed."))
    codes = _codes(campaign, list(dict.fromkeys(items)))
    there = set(CampaignItem.objects.filter(campaign=campaign).values_list("item_id", flat=True))
    # By code, not by id or the caller's order: the same items in the same campaign always come in the same order.
    new = sorted((item for item in codes if item not in there), key=lambda item: codes[item])
    random.Random(f"{campaign.seed}:{campaign.size}").shuffle(new)  # noqa: S311 - reproducible on purpose
    last = CampaignItem.objects.filter(campaign=campaign).aggregate(Max("rank"))["rank__max"] or 0
    now, wanted = timezone.now(), wanted or campaign.overlap
    bulk.insert(
        CampaignItem,
        ("id", "created_at", "campaign_id", "item_id", "rank", "wanted", "taken", "answered", "open", "returned"),
        [(ids.new(), now, campaign.pk, item, last + at, wanted, 0, 0, True, False) for at, item in enumerate(new, 1)],
    )
    Campaign.objects.filter(pk=campaign.pk).update(size=F("size") + len(new))
    audit.record("labeling.campaign.items_added", actor=actor, target=campaign, items=len(new), wanted=wanted)
    if campaign.state == Campaign.State.OPEN:
        renditions.start_making(actor=actor, campaign=campaign)
    return len(new)


@transaction.atomic
def open_campaign(*, actor: User | None, campaign: Campaign) -> Campaign:
    """Begin handing out, for the first time or after a pause. The scheme version is frozen from now on.

    Raises Refused `campaign_closed`, `campaign_empty`, `scheme_empty`, `comparison_unsupported`.
    """
    campaign = Campaign.objects.select_for_update().select_related("scheme_version").get(pk=campaign.pk)
    if campaign.state == Campaign.State.OPEN:
        return campaign
    if campaign.state == Campaign.State.CLOSED:
        raise Refused("campaign_closed", _("A closed campaign cannot be opened again; draw up a new one."))
    if not campaign.size:
        raise Refused("campaign_empty", _("Add items first: there is nothing to label."))
    if not campaign.scheme_version.questions.exists():
        raise Refused("scheme_empty", _("The scheme asks nothing yet."))
    if campaign.scheme_version.questions.filter(kind=Question.Kind.COMPARISON).exists():
        raise Refused(
            "comparison_unsupported",
            _("Items are handed out one by one yet; a scheme that compares them cannot be used."),
        )
    schemes.freeze(actor=actor, version=campaign.scheme_version)
    renditions.start_making(actor=actor, campaign=campaign)
    return _move(actor, campaign, Campaign.State.OPEN, "labeling.campaign.opened")


@transaction.atomic
def pause_campaign(*, actor: User | None, campaign: Campaign) -> Campaign:
    """Hand nothing out for now. What is in people's hands is still taken."""
    campaign = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if campaign.state != Campaign.State.OPEN:
        raise Refused("campaign_not_open", _("Only an open campaign can be paused."))
    return _move(actor, campaign, Campaign.State.PAUSED, "labeling.campaign.paused")


@transaction.atomic
def close_campaign(*, actor: User | None, campaign: Campaign) -> Campaign:
    """End a campaign: nothing is handed out and no answer is taken any more. Closing twice does no harm."""
    campaign = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if campaign.state == Campaign.State.CLOSED:
        return campaign
    held = Assignment.objects.filter(campaign=campaign, state=Assignment.State.LEASED)
    queue.give_back(list(held.values_list("campaign_item_id", flat=True)))
    held.update(state=Assignment.State.RELEASED)
    return _move(actor, campaign, Campaign.State.CLOSED, "labeling.campaign.closed")


@transaction.atomic
def add_annotator(*, actor: User | None, campaign: Campaign, user: User, code: str = "") -> Annotator:
    """Let a person label in a campaign: their code in the study, the role, their place in the queue. Twice does no harm."""
    annotator = Annotator.objects.filter(study_id=campaign.study_id, user=user).first()
    if annotator is None:
        annotator = _new_annotator(campaign.study_id, code, Annotator.Kind.MEMBER, user)
        audit.record("labeling.annotator.added", actor=actor, target=annotator, kind=annotator.kind)
    access.grant(user, "annotator", campaign, actor=actor)
    QueuePlace.objects.get_or_create(campaign=campaign, annotator=annotator)
    return annotator


@transaction.atomic
def remove_annotator(*, actor: User | None, campaign: Campaign, user: User) -> None:
    """Take the role back and the leases with it. What they answered stays."""
    access.revoke(user, "annotator", campaign, actor=actor)
    held = Assignment.objects.filter(campaign=campaign, annotator__user=user, state=Assignment.State.LEASED)
    queue.give_back(list(held.values_list("campaign_item_id", flat=True)))
    held.update(state=Assignment.State.RELEASED)


@transaction.atomic
def add_annotator_without_account(
    *, actor: User | None, study: Study, code: str, kind: str = Annotator.Kind.IMPORTED
) -> Annotator:
    """Who made imported or simulated annotations. The same code gives the same annotator."""
    if kind == Annotator.Kind.MEMBER:
        raise Invalid(
            "kind_refused", _("A member of the study has an account."), fields={"kind": [_("A member has an account.")]}
        )
    found = Annotator.objects.filter(study=study, code=code).first()
    if found is not None:
        if found.kind != kind:
            raise Refused("code_taken", _("This code belongs to an annotator of another kind."))
        return found
    annotator = _new_annotator(study.pk, code, kind, None)
    audit.record("labeling.annotator.added", actor=actor, target=annotator, kind=kind)
    return annotator


@transaction.atomic
def rank_items(*, actor: User | None, campaign: Campaign, ranks: Mapping[UUID, int], source: str) -> int:
    """Hand down another order: items with lower ranks are handed out first. Annotators' places go back to the start."""
    entries = {
        entry.item_id: entry
        for entry in CampaignItem.objects.select_for_update().filter(campaign=campaign, item_id__in=list(ranks))
    }
    for item, entry in entries.items():
        entry.rank = ranks[item]
    CampaignItem.objects.bulk_update(entries.values(), ["rank"], batch_size=500)
    QueueRank.objects.bulk_create(
        [QueueRank(campaign=campaign, item_id=item, rank=entry.rank, source=source) for item, entry in entries.items()],
        update_conflicts=True, unique_fields=["campaign", "item"], update_fields=["rank", "source"], batch_size=500,
    )  # fmt: skip
    lowest = min((entry.rank for entry in entries.values()), default=0)
    QueuePlace.objects.filter(campaign=campaign, rank__gt=lowest).update(rank=lowest)
    audit.record("labeling.queue.ranked", actor=actor, target=campaign, items=len(entries))
    return len(entries)


def progress(campaign: Campaign) -> dict[str, int]:
    """Counts for a progress bar: items, those complete and open, answers wanted and given, leases held."""
    entries = CampaignItem.objects.filter(campaign=campaign)
    found = entries.aggregate(
        items=Count("pk"), complete=Count("pk", filter=Q(answered__gte=F("wanted"))), open=Count("pk", filter=Q(open=True)),
        wanted=Sum("wanted", default=0), answered=Sum("answered", default=0),
    )  # fmt: skip
    return {**found, "held": Assignment.objects.filter(campaign=campaign, state=Assignment.State.LEASED).count()}


def _move(actor: User | None, campaign: Campaign, state: str, verb: str) -> Campaign:
    Campaign.objects.filter(pk=campaign.pk).update(state=state, revision=F("revision") + 1)
    audit.record(verb, actor=actor, target=campaign, before=campaign.state)
    campaign.refresh_from_db()
    return campaign


def _codes(campaign: Campaign, items: Sequence[UUID]) -> dict[UUID, str]:
    """Item id -> code, for items of the campaign's study; asked in slices that every database takes."""
    found: dict[UUID, str] = {}
    for at in range(0, len(items), SLICE):
        of_study = Item.objects.filter(study_id=campaign.study_id, pk__in=items[at : at + SLICE])
        found.update(of_study.values_list("pk", "code"))
    if len(found) != len(items):
        said = _("%(n)d items are not of this study.") % {"n": len(items) - len(found)}
        raise Invalid("item_unknown", said, fields={"items": [said]})
    return found


def _new_annotator(study_id: UUID, code: str, kind: str, user: User | None) -> Annotator:
    if not code:
        number = Annotator.objects.filter(study_id=study_id).count() + 1
        while Annotator.objects.filter(study_id=study_id, code=f"A{number:02d}").exists():
            number += 1
        code = f"A{number:02d}"
    if Annotator.objects.filter(study_id=study_id, code=code).exists():
        raise Refused("code_taken", _("Another annotator of this study has this code."))
    return Annotator.objects.create(study_id=study_id, code=code[:40], kind=kind, user=user)


def _refuse_wrong_rules(
    study: Study,
    name: str,
    scheme_version: SchemeVersion,
    guideline_version: GuidelineVersion | None,
    overlap: int,
    lease_minutes: int,
    predictions: str,
) -> None:
    wrong: dict[str, list[str]] = {}
    if not name.strip() or len(name) > 120:
        wrong["name"] = [_("A name of at most 120 characters is needed.")]
    if scheme_version.study_id != study.pk:
        wrong["scheme_version"] = [_("This scheme belongs to another study.")]
    if guideline_version is not None and guideline_version.study_id != study.pk:
        wrong["guideline_version"] = [_("This guideline belongs to another study.")]
    if not 1 <= overlap <= 1000:
        wrong["overlap"] = [_("From 1 to 1000 answers can be wanted for an item.")]
    if not 1 <= lease_minutes <= 24 * 60:
        wrong["lease_minutes"] = [_("A lease lasts from a minute to a day.")]
    if predictions not in Campaign.Predictions.values:
        wrong["predictions"] = [_("Predictions are shown never, after the answer, or as a suggestion.")]
    if wrong:
        raise Invalid("rules_refused", next(iter(wrong.values()))[0], fields=wrong)
