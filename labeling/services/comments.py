"""Comments: what an annotator tells the people of a campaign about an item. Sealed like everything that is about somebody;
read by who may see annotations, and by who wrote it; never by other annotators."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from consent import keys
from consent.gate import Use, permitted
from core import audit
from core.errors import Invalid, Refused
from core.models import User
from labeling.models import Assignment, Campaign, Comment, ItemTarget
from labeling.services import values
from labeling.services.queue import withdrawn

USE = Use("human_annotation")
LONGEST = 1000


@transaction.atomic
def add(*, actor: User, assignment: Assignment, client_id: UUID | str, text: Any) -> Comment:
    """Keep a comment. Safe to repeat: the same `client_id` returns what is stored.

    Raises Invalid("text_refused"), Refused("client_id_reused") for another text, Gone("participant_withdrawn").
    """
    client_id = values.check_uuid(client_id, "client_id")
    said = text.strip() if isinstance(text, str) else ""
    if not said or len(said) > LONGEST or "\0" in said or not _encodable(said):
        wrong = _("A comment has from 1 to %(n)d characters.") % {"n": LONGEST}
        raise Invalid("text_refused", wrong, fields={"text": [wrong]})
    # Held until commit: two tabs that send the same comment take turns.
    held = Assignment.objects.select_for_update(of=("self",)).filter(pk=assignment.pk)
    if not permitted(held, USE, now=timezone.now()).exists():
        raise withdrawn()
    people = _people([assignment.item_id])[assignment.item_id]
    study_id = assignment.campaign.study_id
    found = Comment.objects.filter(annotator_id=assignment.annotator_id, client_id=client_id).first()
    if found is not None:
        if keys.open_text(bytes(found.text), study_id=study_id, participant_ids=people) != said:
            raise Refused("client_id_reused", _("This comment was sent before with other words."))
        return found
    made = Comment.objects.create(
        campaign_id=assignment.campaign_id, item_id=assignment.item_id, annotator_id=assignment.annotator_id,
        client_id=client_id, text=keys.seal_text(said, study_id=study_id, participant_ids=people),
    )  # fmt: skip
    audit.record("labeling.comment.added", actor=actor, target=made, study=study_id, item=assignment.item_id)
    return made


def own(assignment: Assignment) -> list[dict[str, Any]]:
    """What the annotator said about this item before, oldest first."""
    mine = Comment.objects.filter(
        campaign_id=assignment.campaign_id, item_id=assignment.item_id, annotator_id=assignment.annotator_id
    )
    return opened(mine)


def of_campaign(campaign: Campaign) -> QuerySet[Comment]:
    """The comments of a campaign as far as the gate allows; their texts are opened by `opened`."""
    return permitted(Comment.objects.filter(campaign=campaign), USE)


def opened(rows: QuerySet[Comment] | Iterable[Comment]) -> list[dict[str, Any]]:
    """Comments with their texts, in the order given."""
    if isinstance(rows, QuerySet):
        rows = rows.select_related("item", "annotator", "campaign").order_by("created_at", "id")
    found = list(rows)
    people = _people({one.item_id for one in found})
    return [
        {
            "at": one.created_at, "item": one.item.code, "annotator": one.annotator.code, "campaign": one.campaign.name,
            "text": keys.open_text(bytes(one.text), study_id=one.campaign.study_id, participant_ids=people[one.item_id]),
        }
        for one in found
    ]  # fmt: skip


def export(rows: QuerySet[Comment]) -> list[dict[str, Any]]:
    """For the package of somebody whose clips they are about."""
    return [{**one, "at": one["at"].isoformat()} for one in opened(rows)]


def _people(items: Iterable[UUID]) -> Mapping[UUID, list[UUID]]:
    found: dict[UUID, list[UUID]] = {one: [] for one in items}
    for item, person in ItemTarget.objects.filter(item_id__in=found).values_list("item_id", "participant_id"):
        found[item].append(person)
    return found


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
