"""A campaign's rules: what its annotators may perceive, and what may change after it was drawn up, besides its state."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from affect.schemes.model import Question
from consent.gate import Use, permitted
from consent.models import Study
from core import audit
from core.errors import Invalid, Refused, refuse_stale
from core.models import User
from core.prepared import Prepared
from labeling.models import Annotator, Assignment, Campaign, SchemeVersion, Track
from labeling.services import campaigns, schemes
from labeling.services.perceiving import Given, given

USE = Use("human_annotation")


def ready(assignment: Assignment) -> QuerySet[Track]:
    """The tracks of the assignment's recording that were read and that the gate allows."""
    return _ready(assignment.item.recording_id, timezone.now())


def perceived(assignment: Assignment) -> list[Given]:
    """What whoever holds the assignment is given, from plain rows by a query compiled once: it stands in every hand-out."""
    found = _READY.all(recording=assignment.item.recording_id, now=timezone.now())
    return given(assignment.campaign.perceived, found)


def _ready(recording: UUID, now: datetime) -> QuerySet[Track]:
    rows = Track.objects.filter(recording_id=recording, state=Track.State.READY)
    return permitted(rows, USE, now=now).order_by("position", "id")


_READY = Prepared(_ready, recording=UUID, now=datetime)


@transaction.atomic
def show_predictions(*, actor: User | None, campaign: Campaign, when: str) -> Campaign:
    """Say when annotators see predictions. Answers given until now keep what was seen; the audit log knows the change.

    Raises Invalid("rules_refused"), Refused("campaign_closed").
    """
    campaign = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if when not in Campaign.Predictions.values:
        said = _("Predictions are shown never, after the answer, or as a suggestion.")
        raise Invalid("rules_refused", said, fields={"predictions": [said]})
    if campaign.state == Campaign.State.CLOSED:
        raise Refused("campaign_closed", _("This campaign is closed."))
    before = campaign.predictions
    if before != when:
        Campaign.objects.filter(pk=campaign.pk).update(predictions=when, revision=F("revision") + 1)
        audit.record("labeling.campaign.predictions_set", actor=actor, target=campaign, before=before, after=when)
        campaign.refresh_from_db()
    return campaign


EDITABLE = ("name", "about", "closes_on", "lease_minutes", "guideline_version")


@transaction.atomic
def edit_campaign(*, actor: User | None, campaign: Campaign, revision: int, **changes: Any) -> Campaign:
    """Change a campaign's name, words, deadline, lease or guideline: any of EDITABLE. `revision` is the one that was seen.

    What was answered before keeps the guideline it was given under. Raises Refused `revision_stale` (412), `name_taken`,
    `campaign_closed`; Invalid("rules_refused").
    """
    held = Campaign.objects.select_for_update().select_related("study").get(pk=campaign.pk)
    refuse_stale(held.revision, revision)
    if held.state == Campaign.State.CLOSED:
        raise Refused("campaign_closed", _("This campaign is closed."))
    if unknown := set(changes) - set(EDITABLE):
        raise TypeError(f"a campaign's {sorted(unknown)} do not change here")
    changed = {name: value for name, value in changes.items() if getattr(held, name) != value}
    if not changed:
        return held
    _refuse_wrong(held, changed)
    for name, value in changed.items():
        setattr(held, name, value)
    held.revision += 1
    held.save(update_fields=[*changed, "revision"])
    audit.record("labeling.campaign.edited", actor=actor, target=held, fields=sorted(changed), revision=held.revision)
    return held


def _refuse_wrong(held: Campaign, changed: dict[str, Any]) -> None:
    wrong: dict[str, list[str]] = {}
    guideline = changed.get("guideline_version")
    if not changed.get("name", held.name).strip():
        wrong["name"] = [_("A name of at most 120 characters is needed.")]
    if not 1 <= changed.get("lease_minutes", held.lease_minutes) <= 24 * 60:
        wrong["lease_minutes"] = [_("A lease lasts from a minute to a day.")]
    if guideline is not None and guideline.study_id != held.study_id:
        wrong["guideline_version"] = [_("This guideline belongs to another study.")]
    if wrong:
        raise Invalid("rules_refused", next(iter(wrong.values()))[0], fields=wrong)
    if "name" in changed and Campaign.objects.filter(study=held.study, name=changed["name"]).exists():
        raise Refused("name_taken", _("This study has a campaign of that name."))


@transaction.atomic
def draw_up(
    *, actor: User, study: Study, scheme_version: SchemeVersion | None, scheme_name: str = "",
    questions: Sequence[Question] = (), **rules: object,
) -> Campaign:  # fmt: skip
    """A campaign with a scheme that exists, or with one made for it in the same step; both or neither. Raises as
    `create_campaign` and `create_scheme`."""
    version = scheme_version or schemes.create_scheme(
        actor=actor, study=study, name=scheme_name or str(rules["name"]), questions=questions
    )
    return campaigns.create_campaign(actor=actor, study=study, scheme_version=version, **rules)


@transaction.atomic
def add_by_email(*, actor: User | None, campaign: Campaign, emails: Sequence[str]) -> list[Annotator]:
    """Let several people with accounts label, or none of them. Raises Invalid("account_unknown") naming who has none."""
    known = {user.email.lower(): user for user in User.objects.filter(is_active=True, email__in=emails)}
    for email in emails:
        if email.lower() not in known and (user := User.objects.filter(is_active=True, email__iexact=email).first()):
            known[email.lower()] = user
    unknown = [email for email in emails if email.lower() not in known]
    if unknown:
        said = _("Nobody was added. There is no account of %(emails)s.") % {"emails": ", ".join(unknown[:10])}
        raise Invalid("account_unknown", said, fields={"emails": [said]})
    people = dict.fromkeys(known[email.lower()] for email in emails)
    return [campaigns.add_annotator(actor=actor, campaign=campaign, user=user) for user in people]
