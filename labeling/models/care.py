"""What keeps the hand and the person well: keys of one's own, comments to those who run a campaign, and who has read which
guideline.

A comment is text about a participant's clip, so it is sealed under the keys of the people the clip is about, and goes with
them. Comments and acknowledgements are history: what was said and read stays said and read.
"""

from __future__ import annotations

from django.db import models

from consent.fields import SealedField
from core.models import Row, User
from labeling.models.campaigns import Annotator, Campaign
from labeling.models.recordings import Item
from labeling.models.schemes import GuidelineVersion


class Comment(Row):
    """What an annotator says about an item to the people of the campaign. Other annotators never see it."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="comments")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="comments")
    annotator = models.ForeignKey(Annotator, on_delete=models.PROTECT, related_name="comments")
    client_id = models.UUIDField()
    text = SealedField()

    access_path = ("campaign", "campaign__study")
    access_own = {"label": "annotator__user"}
    consent_path = "item__recording"

    class Meta:
        constraints = [models.UniqueConstraint(fields=["annotator", "client_id"], name="comment_client_id_once")]


class Shortcuts(Row):
    """The keys that a person has changed, by action: {"again": "KeyN"}. A place on the keyboard, not a letter."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="shortcuts")
    codes = models.JSONField(default=dict)


class GuidelineAcknowledgement(Row):
    """Somebody read a version of a guideline, in a language, before their first item; `correct` of `asked` of its quiz.

    One row a try: `passed` tells whether it let them begin.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="acknowledgements")
    annotator = models.ForeignKey(Annotator, on_delete=models.PROTECT, related_name="acknowledgements")
    version = models.ForeignKey(GuidelineVersion, on_delete=models.PROTECT, related_name="acknowledgements")
    language = models.CharField(max_length=12)
    correct = models.PositiveSmallIntegerField(default=0)
    asked = models.PositiveSmallIntegerField(default=0)
    passed = models.BooleanField(default=False)

    access_path = ("campaign", "campaign__study")
    access_own = {"label": "annotator__user"}

    class Meta:
        indexes = [models.Index(fields=["annotator", "version"], name="acknowledged_version")]
