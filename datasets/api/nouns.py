"""Datasets over REST: versions are begun (202), verified, packed and handed out; none is ever changed."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from consent.api.account import JobShown, own_job
from consent.api.base import Body, Noun, Shown, writes
from consent.api.members import WithMembers
from consent.models import Study
from consent.purposes import Purpose, RecipientClass
from core.api import Number, Serializer
from core.errors import Refused
from datasets.models import Dataset, DatasetVersion, VersionFile
from datasets.services import delivery, publish, verify
from labeling.models import GoldStandard


class DatasetShown(Shown):
    class Meta:
        model = Dataset
        fields = ["id", "created_at", "study", "name", "slug", "about"]


class VersionFileShown(Shown):
    class Meta:
        model = VersionFile
        fields = ["name", "about", "size", "sha256"]


class DatasetVersionShown(Shown):
    files = VersionFileShown(many=True, read_only=True)

    class Meta:
        model = DatasetVersion
        fields = [
            "id", "created_at", "dataset", "number", "state", "previous", "gold_standard", "campaign", "profile", "recipient_class", "purpose",
            "seed", "split", "schema", "changes", "root", "rows", "codec", "published_by", "published_at", "job", "files",
        ]  # fmt: skip


class VerdictShown(Serializer):
    root_holds = serializers.BooleanField(read_only=True)
    intact = serializers.IntegerField(read_only=True)
    recalled = serializers.IntegerField(read_only=True)
    corrupt = serializers.IntegerField(read_only=True)
    good = serializers.BooleanField(read_only=True)


class DatasetBody(Body):
    study = serializers.UUIDField()
    name = serializers.CharField(max_length=120)
    about = serializers.CharField(max_length=10_000, required=False, allow_blank=True)


class SharesBody(Body):
    train = Number(min_value=0, max_value=1)
    development = Number(min_value=0, max_value=1)
    test = Number(min_value=0, max_value=1)


class DatasetVersionBody(Body):
    dataset = serializers.UUIDField()
    gold_standard = serializers.UUIDField()
    number = serializers.RegexField(r"\A[0-9A-Za-z][0-9A-Za-z.+-]*\Z", max_length=20, required=False)
    purpose = serializers.ChoiceField(Purpose.choices, required=False)
    recipient_class = serializers.ChoiceField(RecipientClass.choices, required=False)
    profile = serializers.ChoiceField(publish.PROFILES, required=False)
    shares = SharesBody(required=False)
    seed = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False)


class Datasets(WithMembers, Noun):
    queryset = Dataset.objects.all()
    serializer_class = DatasetShown
    filters = {"study": "study_id", "slug": "slug"}

    @writes(DatasetBody, DatasetShown)
    def create(self, request: Request) -> Response:
        """A dataset, empty until a version is published."""
        body = self.checked(DatasetBody)
        study = self.root("dataset", Study, body.pop("study"))
        return self.made(lambda: publish.create_dataset(actor=request.user, study=study, **body))


class DatasetVersions(Noun):
    queryset = DatasetVersion.objects.select_related("dataset__study").prefetch_related("files")
    serializer_class = DatasetVersionShown
    filters = {"dataset": "dataset_id", "state": "state", "number": "number"}

    @writes(DatasetVersionBody, DatasetVersionShown, 202, example={
        "dataset": "01890a5d-ac96-774b-bcce-b302099a8057", "gold_standard": "01890a5d-ac96-774b-bcce-b302099a8058", "purpose": "train_models",
    })  # fmt: skip
    def create(self, request: Request) -> Response:
        """Begin a version: a worker freezes its rows, splits and publishes them; `job` tells how far it is."""
        body = self.checked(DatasetVersionBody)
        dataset = self.root("dataset", Dataset, body.pop("dataset"))
        ready = GoldStandard.objects.filter(campaign__study=dataset.study_id)
        body["gold_standard"] = self.part("gold_standard", ready, body["gold_standard"])
        return self.made(lambda: publish.begin(actor=request.user, dataset=dataset, **body), 202)

    @writes(None, VerdictShown, 200)
    @action(detail=True, methods=["get"], url_path="verify", pagination_class=None, filter_backends=())
    def verify(self, request: Request, pk: UUID) -> Response:
        """Recompute the version's id from its rows; tells what was taken away from what is damaged."""
        version = self.held(pk)
        if not version.root:  # a recalled version still has its id
            raise Refused("version_not_published", _("This version is not published."))
        return Response(VerdictShown(verify.verify(version)).data)

    @writes(None, JobShown, 202)
    @action(detail=True, methods=["post"], url_path="package", pagination_class=None, filter_backends=())
    def package(self, request: Request, pk: UUID) -> Response:
        """Have a worker prepare the package. 410 `version_recalled` when somebody in it withdrew, 412 `consent_missing` meanwhile."""
        version = self.held(pk, "export")
        return self.made(
            lambda: delivery.start(actor=request.user, version=version), 202, shown=JobShown, again=own_job(request)
        )


NOUNS = {"datasets": Datasets, "dataset-versions": DatasetVersions}
