"""Models over REST: registered from what is installed, run on campaigns (202), judged against gold standards.

Predictions are read through the gate for `model_inference`: of people whose roles may not be described, and of whoever
withdrew, there are none.
"""

from __future__ import annotations

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from consent.api.base import PREDICTED, Body, Noun, Shown, writes
from consent.api.members import WithMembers
from consent.models import Study
from inference import backends
from inference.models import Model, ModelVersion, Prediction, Run
from inference.services import evaluate, prelabel, registry, train
from labeling.models import Campaign, GoldStandard


class ModelShown(Shown):
    class Meta:
        model = Model
        fields = ["id", "created_at", "study", "name", "backend", "about"]


class ModelVersionShown(Shown):
    class Meta:
        model = ModelVersion
        fields = ["id", "created_at", "model", "number", "files_hash", "parameters", "licence", "trained_on"]


class RunShown(Shown):
    class Meta:
        model = Run
        fields = [
            "id", "created_at", "study", "model_version", "campaign", "gold_standard", "kind", "question", "started_by", "parameters", "job", "results",
        ]  # fmt: skip


class PredictionShown(Shown):
    class Meta:
        model = Prediction
        fields = [
            "id", "created_at", "study", "run", "model_version", "item", "question", "label", "number", "distribution", "confidence",
            "interval_low", "interval_high", "coverage", "notes", "input_hash", "nothing",
        ]  # fmt: skip


class ModelBody(Body):
    study = serializers.UUIDField()
    backend = serializers.ChoiceField(sorted(backends.BACKENDS))
    name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    about = serializers.CharField(max_length=10_000, required=False, allow_blank=True)


class RunBody(Body):
    """`kind` prelabel takes a campaign, evaluate and train take a gold standard."""

    kind = serializers.ChoiceField(Run.Kind.choices)
    model_version = serializers.UUIDField()
    campaign = serializers.UUIDField(required=False)
    gold_standard = serializers.UUIDField(required=False)

    def validate(self, attrs: dict) -> dict:
        wanted, other = (
            ("campaign", "gold_standard") if attrs["kind"] == Run.Kind.PRELABEL else ("gold_standard", "campaign")
        )
        if wanted not in attrs:
            raise serializers.ValidationError({wanted: [self.fields[wanted].error_messages["required"]]}, "required")
        attrs.pop(other, None)
        return attrs


class Models(WithMembers, Noun):
    queryset = Model.objects.all()
    serializer_class = ModelShown
    filters = {"study": "study_id", "backend": "backend"}

    @writes(ModelBody, ModelVersionShown)
    def create(self, request: Request) -> Response:
        """Register a model in the version that is installed now. The same files give the same version."""
        body = self.checked(ModelBody)
        study = self.root("run", Study, body.pop("study"))
        return self.made(
            lambda: registry.register(actor=request.user, study=study, **body), shown=ModelVersionShown,
            again=lambda pk: ModelVersion.objects.filter(pk=pk, model__study=study).first(),
        )  # fmt: skip


class ModelVersions(Noun):
    queryset = ModelVersion.objects.all()
    serializer_class = ModelVersionShown
    filters = {"model": "model_id", "files_hash": "files_hash"}


class Runs(Noun):
    queryset = Run.objects.all()
    serializer_class = RunShown
    filters = {"study": "study_id", "campaign": "campaign_id", "model_version": "model_version_id", "kind": "kind"}

    @writes(RunBody, RunShown, 202, example={
        "kind": "prelabel", "model_version": "01890a5d-ac96-774b-bcce-b302099a8057", "campaign": "01890a5d-ac96-774b-bcce-b302099a8058",
    })  # fmt: skip
    def create(self, request: Request) -> Response:
        """Have a worker predict for a campaign, judge earlier predictions against a gold standard, or train a new version of the
        model on one; `job` tells how far it is."""
        body = self.checked(RunBody)
        version = self.root("run", ModelVersion.objects.select_related("model__study"), body["model_version"])
        study = self.root("run", Study, version.model.study_id)
        if body["kind"] == Run.Kind.PRELABEL:
            campaigns = Campaign.objects.select_related("scheme_version")
            campaign = self.part("campaign", campaigns.filter(study=study), body["campaign"])
            return self.made(lambda: prelabel.start(actor=request.user, model_version=version, campaign=campaign), 202)
        of_study = GoldStandard.objects.select_related("campaign").filter(campaign__study=study)
        gold = self.part("gold_standard", of_study, body["gold_standard"])
        begin = train.start if body["kind"] == Run.Kind.TRAIN else evaluate.start
        return self.made(lambda: begin(actor=request.user, model_version=version, gold_standard=gold), 202)


class Predictions(Noun):
    queryset = Prediction.objects.all()
    serializer_class = PredictionShown
    filters = {"study": "study_id", "run": "run_id", "item": "item_id", "question": "question_id"}
    use = PREDICTED


NOUNS = {"models": Models, "model-versions": ModelVersions, "runs": Runs, "predictions": Predictions}
