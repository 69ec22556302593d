"""Campaigns (items × scheme × annotators × rules), the queue, and assignments: one item for one annotator, a lease."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from consent.models import Study
from core import ids
from core.access import RoleGrant, role_permissions
from core.models import Row, User
from labeling.models.recordings import Item
from labeling.models.schemes import GuidelineVersion, SchemeVersion

CAMPAIGN_ROLES: dict[str, tuple[str, ...]] = {
    "manager": ("view", "open", "campaign", "annotations", "agreement", "gold"),
    "annotator": ("open", "label"),
    "reviewer": ("view", "open", "annotations", "review"),
    "adjudicator": ("view", "open", "annotations", "adjudicate"),
    "observer": ("view", "open", "agreement"),
}
CAMPAIGN_ROLE_NAMES = {
    "manager": _("manager"), "annotator": _("annotator"), "reviewer": _("reviewer"),
    "adjudicator": _("adjudicator"), "observer": _("observer"),
}  # fmt: skip
CAMPAIGN_ROLE_WORDS = {
    "manager": _("Sets the rules, gives roles, measures agreement and makes gold standards."),
    "annotator": _("Labels what is handed out; sees no answers but their own."),
    "reviewer": _("Sees the campaign and its answers, to review them."),
    "adjudicator": _("Sees the campaign and its answers, to decide the disputed ones."),
    "observer": _("Sees the progress and measures agreement."),
}


class Campaign(Row):
    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        OPEN = "open", _("Open")
        PAUSED = "paused", _("Paused")
        CLOSED = "closed", _("Closed")

    class Round(models.TextChoices):
        PILOT = "pilot", _("Pilot")
        CALIBRATION = "calibration", _("Calibration")
        MAIN = "main", _("Main")

    class Predictions(models.TextChoices):
        NEVER = "never", _("Never")
        AFTER = "after", _("After")  # after the annotator's own answer
        SUGGESTION = "suggestion", _("Suggestion")

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="campaigns")
    name = models.CharField(max_length=120)
    about = models.CharField(max_length=400, blank=True)
    scheme_version = models.ForeignKey(SchemeVersion, on_delete=models.PROTECT, related_name="campaigns")
    guideline_version = models.ForeignKey(
        GuidelineVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    round = models.CharField(max_length=12, choices=Round.choices, default=Round.MAIN)
    overlap = models.PositiveSmallIntegerField(default=3)  # answers wanted for an item
    lease_minutes = models.PositiveSmallIntegerField(default=30)
    seed = models.PositiveIntegerField(default=1)  # of the order in which items are handed out
    predictions = models.CharField(max_length=12, choices=Predictions.choices, default=Predictions.NEVER)
    # What a rater perceives, fixed here and stored with each answer: {"audio": true, "video": true, "transcript": false, …}
    perceived = models.JSONField(default=dict)
    practice_required = models.JSONField(default=list)  # kinds of Practice to be passed before the first trace
    practice_pass = models.FloatField(default=0.7)  # the least concordance that passes
    closes_on = models.DateField(null=True, blank=True)
    # How many items are made ready ahead of the one at hand, each under a lease; 0: none.
    ahead = models.PositiveSmallIntegerField(default=3, db_default=3)
    session_minutes = models.PositiveSmallIntegerField(
        null=True, blank=True
    )  # of work on end; None: as long as they like
    break_minutes = models.PositiveSmallIntegerField(default=10, db_default=10)  # what ends a session
    # Whether annotators read the guideline, and answer its quiz, before their first item of this campaign.
    reading = models.BooleanField(default=False, db_default=False)
    size = models.PositiveIntegerField(default=0)  # items in it; counted here so that no page counts a million rows
    revision = models.PositiveIntegerField(default=1)

    roles = CAMPAIGN_ROLES
    role_names = CAMPAIGN_ROLE_NAMES
    role_words = CAMPAIGN_ROLE_WORDS
    role_acts = {
        "annotator": (
            "labeling.services.campaigns.add_annotator",  # gives a code and a place in the queue too
            "labeling.services.campaigns.remove_annotator",  # takes what is held back into the queue
        )
    }
    members_action = "campaign"
    access_path = ("", "study")

    class Meta:
        permissions = role_permissions(*CAMPAIGN_ROLES)
        constraints = [models.UniqueConstraint(fields=["study", "name"], name="campaign_name_once")]


class CampaignRole(RoleGrant):
    content_object = models.ForeignKey(Campaign, on_delete=models.CASCADE)


class Annotator(Row):
    """Who makes annotations in a study, under a code. A model is never an annotator."""

    class Kind(models.TextChoices):
        MEMBER = "member", _("Member")
        IMPORTED = "imported", _("Imported")
        SIMULATED = "simulated", _("Simulated")
        SELF = "self", _("Self")
        PARTNER = "partner", _("Partner")

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="annotators")
    code = models.CharField(max_length=40)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.MEMBER)
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="annotators")

    access_path = ("study",)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "code"], name="annotator_code_once"),
            models.UniqueConstraint(fields=["study", "user"], condition=~Q(user=None), name="annotator_user_once"),
        ]


class CampaignItem(Row):
    """An item in a campaign's queue. `taken` counts leases held and answers given: it never passes `wanted`."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="campaign_items")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="campaign_items")
    rank = models.BigIntegerField()  # order of handing out: shuffled by the campaign's seed
    wanted = models.PositiveSmallIntegerField()
    taken = models.PositiveSmallIntegerField(default=0)
    answered = models.PositiveSmallIntegerField(default=0)
    open = models.BooleanField(default=True)  # taken < wanted, and not suspended
    # Given back (lease ran out, skipped, resumed): handed out before the rest, since annotators' places may be past it.
    returned = models.BooleanField(default=False)

    access_path = ("campaign", "campaign__study")
    consent_path = "item__recording"

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "item"], name="campaign_item_once"),
            models.CheckConstraint(condition=Q(taken__lte=models.F("wanted")), name="campaign_item_not_over_assigned"),
        ]
        indexes = [
            models.Index(fields=["campaign", "rank"], condition=Q(open=True), name="campaign_item_queue"),
            models.Index(
                fields=["campaign", "rank"], condition=Q(open=True, returned=True), name="campaign_item_returned"
            ),
        ]


class QueuePlace(Row):
    """How far an annotator has come in a campaign's queue: the next item is looked for from here on, so that finding it
    costs the same at the first item and at the millionth. Its row is also what an annotator's tabs take turns on."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="places")
    annotator = models.ForeignKey(Annotator, on_delete=models.PROTECT, related_name="places")
    rank = models.BigIntegerField(default=0)  # of the item handed out last
    handed_out = models.PositiveIntegerField(default=0)
    answered = models.PositiveIntegerField(default=0)

    access_path = ("campaign", "campaign__study")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "annotator"], name="queue_place_once")]


class Assignment(Row):
    """One item for one annotator: a lease with an end, then an answer, a skip, or nothing.

    One row an item × annotator × repetition: a lease that ran out and is given to the same person again is the same row.
    """

    class State(models.TextChoices):
        LEASED = "leased", _("Leased")
        SUBMITTED = "submitted", _("Submitted")
        SKIPPED = "skipped", _("Skipped")
        RELEASED = "released", _("Released")  # lease ran out or was given back
        WITHDRAWN = "withdrawn", _("Withdrawn")  # a participant stopped meanwhile

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="assignments")
    campaign_item = models.ForeignKey(CampaignItem, on_delete=models.PROTECT, related_name="assignments")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="assignments")
    annotator = models.ForeignKey(Annotator, on_delete=models.PROTECT, related_name="assignments")
    repetition = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=10, choices=State.choices, default=State.LEASED)
    lease_until = models.DateTimeField()
    client_id = models.UUIDField(default=ids.opaque)  # offered to the browser for the first answer
    position = models.PositiveIntegerField(default=0)  # n-th of this annotator in this campaign: order effects are real
    skip_reason = models.CharField(max_length=40, blank=True)
    flagged = models.BooleanField(default=False)
    again_since = models.DateTimeField(null=True, blank=True)  # asked to look at their answer again since then

    access_path = ("campaign", "campaign__study")
    access_own = {"label": "annotator__user"}
    consent_path = "item__recording"

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "item", "annotator", "repetition"], name="assignment_once")
        ]
        indexes = [
            models.Index(fields=["annotator", "campaign", "position"], name="assignment_annotator"),
            models.Index(fields=["annotator", "campaign"], condition=Q(state="leased"), name="assignment_held"),
            models.Index(fields=["lease_until"], condition=Q(state="leased"), name="assignment_leases"),
        ]
