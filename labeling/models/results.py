"""Agreement as it was measured, and gold standards: fused labels with method and provenance."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.models import Job, Row, User
from labeling.models.campaigns import Campaign
from labeling.models.recordings import Item
from labeling.models.schemes import Label, Question


class AgreementReport(Row):
    """Agreement of a campaign at a moment. `inputs` hashes the annotations it was computed from: same hash, same numbers."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="agreement_reports")
    inputs = models.CharField(max_length=64)
    seed = models.PositiveIntegerField(default=1)
    # [{"question", "measure", "method", "value"|null, "low", "high", "n_items", "n_annotators", "coverage", "undefined": code}]
    measures = models.JSONField(default=list)

    access_path = ("campaign", "campaign__study")


class GoldStandard(Row):
    """Fused labels of a campaign, a version. Never changed; a new fusion is a new version."""

    class State(models.TextChoices):
        MAKING = "making", _("Making")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="gold_standards")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.MAKING)
    method = models.JSONField(default=dict)  # per question key: {"method": "majority", "ties": "none", …}
    inputs = models.CharField(max_length=64, blank=True)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    summary = models.JSONField(default=dict)

    access_path = ("campaign", "campaign__study")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "number"], name="gold_standard_number_once")]


class GoldLabel(Row):
    """One fused value. No label and a flag when annotators were tied; a trace is packed with its spread."""

    gold_standard = models.ForeignKey(GoldStandard, on_delete=models.PROTECT, related_name="labels")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="gold_labels")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="+")
    label = models.ForeignKey(Label, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    number = models.FloatField(null=True, blank=True)
    spread = models.FloatField(null=True, blank=True)  # SD of numbers; share of the winning label for choices
    votes = models.JSONField(default=dict)  # label id -> count, for choices
    n = models.PositiveSmallIntegerField(default=0)
    flag = models.CharField(max_length=20, blank=True)  # tie, too_few
    trace = models.BinaryField(null=True, blank=True)  # affect.codecs.trace: the fused mean
    trace_spread = models.BinaryField(null=True, blank=True)  # the same times: standard deviation

    access_path = ("gold_standard__campaign", "gold_standard__campaign__study")
    consent_path = "item__recording"

    class Meta:
        constraints = [models.UniqueConstraint(fields=["gold_standard", "item", "question"], name="gold_label_once")]
