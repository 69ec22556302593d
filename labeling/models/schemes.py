"""Schemes and guidelines: versioned definitions of what is asked. A version in use is never edited.

A version *is* its `form`, the document of `affect.schemes`. Questions and labels are its index, made from it when it is
stored, so that answers can refer to them: a question's `key` and a label's `code` are the ids of the form. What is
compared over versions is the `identity`, which the same id has in every version of a scheme.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.models import Study
from core import ids
from core.models import Job, Row, User


class Scheme(Row):
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="schemes")
    name = models.CharField(max_length=120)

    access_path = ("study",)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "name"], name="scheme_name_once")]


class SchemeVersion(Row):
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="+")
    scheme = models.ForeignKey(Scheme, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(default=1)
    form = models.JSONField(default=dict)  # docs/schemas/scheme.json
    frozen_at = models.DateTimeField(null=True, blank=True)  # set when a campaign opens with it; no change after that

    access_path = ("study",)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scheme", "number"], name="scheme_version_once")]


class Question(Row):
    """One thing that is asked of an item."""

    class Kind(models.TextChoices):
        CHOICE = "choice", _("Choice")
        PRIMARY_SECONDARY = "primary_secondary", _("Primary and secondary")
        SCALE = "scale", _("Scale")
        GRID = "grid", _("Grid")
        WHEEL = "wheel", _("Wheel")
        TEXT = "text", _("Text")
        YES_NO = "yes_no", _("Yes or no")
        COMPARISON = "comparison", _("Comparison")
        ACTION_UNITS = "action_units", _("Action units")
        SEGMENTS = "segments", _("Segments")
        TRACE = "trace", _("Trace")

    class Gives(models.TextChoices):
        """What an answer is to measures and fusions."""

        LABEL = "label", _("One label")
        LABELS = "labels", _("A set of labels")
        NUMBER = "number", _("A number")
        TRUTH = "truth", _("Yes or no")
        TRACE = "trace", _("A trace")
        NOTHING = "nothing", _("Nothing that is measured")

    # What gold standards are made of.
    FUSED = (Gives.LABEL, Gives.NUMBER, Gives.TRUTH, Gives.TRACE)

    class Level(models.TextChoices):
        NOMINAL = "nominal", _("Nominal")
        ORDINAL = "ordinal", _("Ordinal")
        INTERVAL = "interval", _("Interval")
        RATIO = "ratio", _("Ratio")

    scheme_version = models.ForeignKey(SchemeVersion, on_delete=models.PROTECT, related_name="questions")
    identity = models.UUIDField(default=ids.new)  # the same question in every version
    position = models.PositiveSmallIntegerField(default=0)
    key = models.CharField(max_length=64, db_index=True)  # the form's id of it
    kind = models.CharField(max_length=20, choices=Kind.choices)
    gives = models.CharField(max_length=8, choices=Gives.choices, default=Gives.NOTHING)
    level = models.CharField(max_length=8, choices=Level.choices, default=Level.NOMINAL)
    prompt = models.JSONField(default=dict)  # by language; "{target}" stands for whom the label is about
    hint = models.JSONField(default=dict)
    required = models.BooleanField(default=True)
    dimension = models.CharField(max_length=60, blank=True)  # valence, arousal, dominance…
    uri = models.CharField(max_length=200, blank=True)
    minimum = models.FloatField(null=True, blank=True)
    maximum = models.FloatField(null=True, blank=True)
    step = models.FloatField(null=True, blank=True)
    anchors = models.JSONField(default=list)  # [{"value": 1, "text": {"en": "very unpleasant"}}]

    access_path = ("scheme_version__study",)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["scheme_version", "key"], name="question_key_once")]


class Label(Row):
    """One thing that can be chosen: of a question, or of one of its tiers."""

    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="labels")
    identity = models.UUIDField(default=ids.new)
    position = models.PositiveSmallIntegerField(default=0)
    tier = models.CharField(max_length=64, blank=True)  # the form's id of it, where the question has tiers
    code = models.CharField(max_length=64, db_index=True)  # the form's id of it
    name = models.JSONField(default=dict)
    uri = models.CharField(max_length=200, blank=True)
    emotion = models.CharField(max_length=12, blank=True)  # one of the ten marks: hue and shape

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["question", "tier", "code"], name="label_code_once")]


class SchemeMigration(Row):
    """Answers of one version of a scheme brought to another: the plan, what it was said to do, and what it did."""

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="+")
    campaign = models.ForeignKey("labeling.Campaign", on_delete=models.PROTECT, related_name="scheme_migrations")
    old = models.ForeignKey(SchemeVersion, on_delete=models.PROTECT, related_name="+")
    new = models.ForeignKey(SchemeVersion, on_delete=models.PROTECT, related_name="+")
    plan = models.JSONField(default=dict)  # affect.scheme_plan
    preview = models.JSONField(default=list)  # [{"step", "answers", "changed", "again"}]
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    summary = models.JSONField(default=dict)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    access_path = ("campaign", "study")


class Guideline(Row):
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="guidelines")
    name = models.CharField(max_length=120)

    access_path = ("study",)


class GuidelineVersion(Row):
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="+")
    guideline = models.ForeignKey(Guideline, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(default=1)
    # By language: [{"heading", "text"}]; a part with "example": true shows how it is done.
    text = models.JSONField(default=dict)
    # [{"prompt": {language: …}, "options": [{language: …}, …], "right": index}]: asked before the first item.
    quiz = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))

    access_path = ("study",)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["guideline", "number"], name="guideline_version_once")]
