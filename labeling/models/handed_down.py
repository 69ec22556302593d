"""Tables that upper apps fill, through labeling's services, for the workspace to show: so it never imports upward."""

from __future__ import annotations

from django.db import models

from consent.models import Asset, Study
from core.models import Row
from labeling.models.campaigns import Campaign
from labeling.models.recordings import Item, Track
from labeling.models.schemes import Label, Question


class Suggestion(Row):
    """What a model predicts for a question of an item, as the workspace may show it. Apart from annotations, always."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="+")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="suggestions")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="suggestions")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="+")
    label = models.ForeignKey(Label, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    number = models.FloatField(null=True, blank=True)
    confidence = models.FloatField(null=True, blank=True)
    model_name = models.CharField(max_length=120)
    model_version = models.CharField(max_length=40)
    prediction_id = models.UUIDField()  # of the upper app's row
    current = models.BooleanField(default=True)

    access_path = ("study",)
    consent_path = "item__recording"

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "item", "question"], condition=models.Q(current=True), name="suggestion_one_current"
            )
        ]


class Lane(Row):
    """A drawn signal or feature on the recording clock, in the trace container."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="+")
    track = models.ForeignKey(Track, on_delete=models.PROTECT, related_name="lanes")
    name = models.CharField(max_length=80)
    unit = models.CharField(max_length=40, blank=True)
    kind = models.CharField(max_length=20, default="signal")  # signal, feature, model
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    minimum = models.FloatField(default=0)
    maximum = models.FloatField(default=1)

    access_path = ("study",)
    consent_path = "track__recording"


class Quality(Row):
    """A measured quality of a track, with a flag when it is below the study's rule."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="+")
    track = models.ForeignKey(Track, on_delete=models.PROTECT, related_name="qualities")
    measure = models.CharField(max_length=40)
    value = models.FloatField(null=True, blank=True)
    unit = models.CharField(max_length=20, blank=True)
    flag = models.CharField(max_length=40, blank=True)

    access_path = ("study",)
    consent_path = "track__recording"


class QueueRank(Row):
    """An order that an upper layer hands down: lower ranks are handed out first."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="queue_ranks")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    rank = models.BigIntegerField()
    source = models.CharField(max_length=80)

    access_path = ("campaign", "campaign__study")
    consent_path = "item__recording"

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "item"], name="queue_rank_once")]
