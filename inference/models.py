"""Models, their versions, runs and predictions. Predictions are kept apart from annotations, with what the model saw."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.models import Study
from core.access import RoleGrant, role_permissions
from core.models import Job, Row, User
from labeling.models import Campaign, GoldStandard, Item, Label, Question

MODEL_ROLES: dict[str, tuple[str, ...]] = {
    "maintainer": ("view", "run"),
    "reader": ("view",),
}
MODEL_ROLE_NAMES = {
    "maintainer": _("maintainer"), "reader": _("reader"),
}  # fmt: skip
MODEL_ROLE_WORDS = {
    "maintainer": _("Runs this model and sees its versions."),
    "reader": _("Sees this model and its versions."),
}


class Model(Row):
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="models")
    name = models.CharField(max_length=120)
    backend = models.CharField(max_length=80)  # a name of inference.backends.BACKENDS
    about = models.TextField(blank=True)

    roles = MODEL_ROLES
    role_names = MODEL_ROLE_NAMES
    role_words = MODEL_ROLE_WORDS
    members_action = "members"
    access_path = ("", "study")

    class Meta:
        permissions = role_permissions(*MODEL_ROLES)
        constraints = [models.UniqueConstraint(fields=["study", "name"], name="model_name_once")]


class ModelRole(RoleGrant):
    content_object = models.ForeignKey(Model, on_delete=models.CASCADE)


class ModelVersion(Row):
    """A fixed set of weights and parameters, told by their hash."""

    model = models.ForeignKey(Model, on_delete=models.PROTECT, related_name="versions")
    number = models.CharField(max_length=20)
    files_hash = models.CharField(max_length=64)
    parameters = models.JSONField(default=dict)
    licence = models.CharField(max_length=200, blank=True)
    trained_on = models.JSONField(default=dict)  # counts and hashes of what it learned from

    access_path = ("model", "model__study")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["model", "number"], name="model_version_once")]


class Run(Row):
    """A prelabel, train or evaluate run of a model version."""

    class Kind(models.TextChoices):
        PRELABEL = "prelabel", _("Prelabel")
        TRAIN = "train", _("Train")
        EVALUATE = "evaluate", _("Evaluate")

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="runs")
    model_version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="runs")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="runs")
    gold_standard = models.ForeignKey(GoldStandard, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="+")
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    parameters = models.JSONField(default=dict)
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    results = models.JSONField(default=dict)

    access_path = ("study",)


class Prediction(Row):
    """A model's answer to one question of one item."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="+")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="predictions")
    model_version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="predictions")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="predictions")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="+")
    label = models.ForeignKey(Label, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    number = models.FloatField(null=True, blank=True)
    distribution = models.JSONField(default=dict)  # label code -> probability
    confidence = models.FloatField(null=True, blank=True)
    interval_low = models.FloatField(
        null=True, blank=True
    )  # holds nine of ten errors out of fold, on the question's scale
    interval_high = models.FloatField(null=True, blank=True)
    coverage = models.FloatField(null=True, blank=True)  # share of the input that was judged
    notes = models.JSONField(default=list)  # codes of inference.backends.NOTES
    input_hash = models.CharField(max_length=64)
    nothing = models.CharField(max_length=40, blank=True)  # why there is no prediction: no_face, empty_text…

    access_path = ("study",)
    consent_path = "item__recording"

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "item", "question"], name="prediction_once_a_run")]
        indexes = [models.Index(fields=["item", "question"], name="prediction_item")]
