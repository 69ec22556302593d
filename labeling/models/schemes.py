"""Schemes and guidelines: versioned definitions of what is asked. A version in use is never edited.

Labels have an identity (`identity`) that survives renaming and goes from version to version; translations are maps by
language: {"en": "Joy", "de": "Freude"}.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.models import Study
from core import ids
from core.models import Row


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
    frozen_at = models.DateTimeField(null=True, blank=True)  # set when a campaign opens with it; no change after that

    access_path = ("study",)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scheme", "number"], name="scheme_version_once")]


class Question(Row):
    """One thing that is asked of an item."""

    class Kind(models.TextChoices):
        CHOICE = "choice", _("Choice")
        SCALE = "scale", _("Scale")
        TRACE = "trace", _("Trace")
        TEXT = "text", _("Text")
        SEGMENTS = "segments", _("Segments")  # labelled intervals on a tier; they may overlap

    MEASURED = (Kind.CHOICE, Kind.SCALE, Kind.TRACE)  # what agreement and gold standards are made of

    class Level(models.TextChoices):
        NOMINAL = "nominal", _("Nominal")
        ORDINAL = "ordinal", _("Ordinal")
        INTERVAL = "interval", _("Interval")
        RATIO = "ratio", _("Ratio")

    scheme_version = models.ForeignKey(SchemeVersion, on_delete=models.PROTECT, related_name="questions")
    identity = models.UUIDField(default=ids.new)  # the same question in every version
    position = models.PositiveSmallIntegerField(default=0)
    key = models.SlugField(max_length=40)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    level = models.CharField(max_length=8, choices=Level.choices, default=Level.NOMINAL)
    prompt = models.JSONField(default=dict)  # by language; "{target}" stands for whom the label is about
    hint = models.JSONField(default=dict)
    required = models.BooleanField(default=True)
    dimension = models.CharField(max_length=40, blank=True)  # valence, arousal, dominance…
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
    """One value of a question of choice."""

    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="labels")
    identity = models.UUIDField(default=ids.new)
    position = models.PositiveSmallIntegerField(default=0)
    code = models.SlugField(max_length=60)
    name = models.JSONField(default=dict)
    uri = models.CharField(max_length=200, blank=True)
    emotion = models.CharField(max_length=12, blank=True)  # one of the ten marks: hue and shape

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["question", "code"], name="label_code_once")]


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
