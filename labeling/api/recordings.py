"""Recordings over REST: what came in, who appears in it, what is labeled. Read through the gate: whoever stopped is gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework import parsers, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from consent import gate
from consent.api.account import JobShown, own_job
from consent.api.base import KEPT, Body, Noun, Shown, writes
from consent.api.studies import AssetShown
from consent.models import Participant, Study
from core import access
from core.api import Serializer
from core.bulk import uncollected
from core.errors import Invalid
from core.idempotency import once
from labeling.api import bulk
from labeling.models import Alignment, Appearance, Exhibit, Item, Lane, Quality, Recording, Track
from labeling.services import alignments, exhibits, items, media, recordings


class RecordingShown(Shown):
    class Meta:
        model = Recording
        fields = ["id", "created_at", "study", "code", "session", "state", "duration_us", "source", "licence"]


class TrackShown(Shown):
    class Meta:
        ref_name = "TrackRow"
        model = Track
        fields = [
            "id", "created_at", "study", "recording", "modality", "name", "position", "state", "failure", "original", "proxy", "peaks",
            "language", "time_base_num", "time_base_den", "start_us", "duration_us", "rate_num", "rate_den", "variable_rate", "probe", "separable",
        ]  # fmt: skip


class AppearanceShown(Shown):
    class Meta:
        model = Appearance
        fields = ["id", "created_at", "study", "recording", "track", "participant", "role"]


class AlignmentShown(Shown):
    class Meta:
        model = Alignment
        fields = ["id", "created_at", "study", "track", "number", "offset_us", "drift_ppb", "method", "made_by"]


class ExhibitShown(Shown):
    class Meta:
        model = Exhibit
        fields = ["id", "created_at", "study", "asset", "title", "licence", "source"]


class ItemShown(Shown):
    targets = serializers.SerializerMethodField()

    class Meta:
        model = Item
        fields = ["id", "created_at", "study", "recording", "code", "kind", "start_us", "end_us", "targets"]

    def get_targets(self, item: Item) -> list[UUID]:
        return [one.participant_id for one in item.item_targets.all()]


class LaneShown(Shown):
    class Meta:
        model = Lane
        fields = ["id", "created_at", "study", "track", "name", "unit", "kind", "asset", "minimum", "maximum"]


class QualityShown(Shown):
    class Meta:
        model = Quality
        fields = ["id", "created_at", "study", "track", "measure", "value", "unit", "flag"]


class AlignmentBody(Body):
    """recording = offset + track × (1 + drift). `method` is a code: manual, clap, container…"""

    track = serializers.UUIDField()
    offset_us = serializers.IntegerField(min_value=-(2**53), max_value=2**53)
    drift_ppb = serializers.IntegerField(min_value=-(2**53), max_value=2**53, required=False)
    method = serializers.SlugField(max_length=40, required=False)


class ExhibitBody(Body):
    study = serializers.UUIDField()
    title = serializers.CharField(max_length=200)
    licence = serializers.CharField(max_length=200)
    source = serializers.CharField(max_length=200)


class ItemBody(Body):
    """A part of a recording, in whole microseconds on its clock, about participants who appear in it. An end of 0 is the
    recording's end."""

    recording = serializers.UUIDField()
    code = serializers.CharField(max_length=80)
    targets = serializers.ListField(child=serializers.UUIDField(), allow_empty=False, max_length=100)
    kind = serializers.ChoiceField(Item.Kind.choices, required=False)
    start_us = serializers.IntegerField(min_value=0, max_value=2**53, required=False)
    end_us = serializers.IntegerField(min_value=0, max_value=2**53, required=False)


class BulkBody(Body):
    """Up to 20,000 recordings. `rows` are checked in one pass (labeling/api/bulk.py); errors point at rows."""

    study = serializers.UUIDField()
    rows = bulk.Rows(
        help_text="[{code, session?, source?, licence?, tracks: [{modality, name, appearances: [{participant, role?}], text?, language?, "
        "start_us?, duration_us?, offset_us?, separable?, ready?}], items?: [{code, targets, kind?, start_us?, end_us?}]}]"
    )


class BulkRow(Serializer):
    recording = serializers.UUIDField(read_only=True)
    tracks = serializers.ListField(child=serializers.UUIDField(), read_only=True)
    items = serializers.ListField(child=serializers.UUIDField(), read_only=True)


class BulkMade(Serializer):
    """The ids of what was made, in the order of the rows."""

    study = serializers.UUIDField(read_only=True)
    rows = BulkRow(many=True, read_only=True)


class Recordings(Noun):
    queryset = Recording.objects.all()
    serializer_class = RecordingShown
    filters = {"study": "study_id", "code": "code", "session": "session", "state": "state"}
    use = KEPT

    @writes(BulkBody, BulkMade, example=bulk.EXAMPLE)
    @action(detail=False, methods=["post"], url_path="bulk", pagination_class=None, filter_backends=())
    def bulk(self, request: Request) -> HttpResponse:
        """Register up to 20,000 recordings with their tracks, appearances and items, or none of them."""
        with uncollected():
            return self._register(request)

    def _register(self, request: Request) -> HttpResponse:
        study_id, rows = bulk.body(request.data)
        study = self.root("ingest", Study, study_id)
        made: list[recordings.Registered] = []

        def make() -> Study:
            made.append(recordings.register(actor=request.user, study=study, rows=rows))
            return study

        once(request, make, lambda pk: study)
        return bulk.answer(study, made[0] if made else bulk.registered_before(study, rows))

    @writes(None, JobShown, 202)
    @action(detail=True, methods=["post"], url_path="read", pagination_class=None, filter_backends=())
    def read(self, request: Request, pk: UUID) -> Response:
        """Have a worker read the files of the recording's tracks: what they are, their length, what is drawn of them."""
        recording = access.fetch(request.user, "ingest", Recording.objects.all(), pk=pk)
        gate.require(recording, KEPT)
        return self.made(
            lambda: media.start_reading(actor=request.user, study_id=recording.study_id, recording_ids=[recording.pk]),
            202, shown=JobShown, again=own_job(request),
        )  # fmt: skip


class RawBody(parsers.BaseParser):
    """The bytes themselves, handed on as the stream they come in."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        return stream


def takes_a_file(method: Callable) -> Callable:
    """PUT …/original: a file's bytes as the body, its name in the query."""
    act = action(
        detail=True, methods=["put"], url_path="original", pagination_class=None, filter_backends=(), parser_classes=[RawBody],
    )  # fmt: skip
    return extend_schema(
        request={"application/octet-stream": OpenApiTypes.BINARY}, responses={201: AssetShown},
        parameters=[OpenApiParameter("file_name", OpenApiTypes.STR, OpenApiParameter.QUERY, required=True)],
    )(act(method))  # fmt: skip


class Tracks(Noun):
    queryset = Track.objects.all()
    serializer_class = TrackShown
    filters = {"study": "study_id", "recording": "recording_id", "modality": "modality", "state": "state"}
    use = KEPT

    @takes_a_file
    def original(self, request: Request, pk: UUID) -> Response:
        """Store the file of a track: its bytes as the body. Sealed while they come in; a track's file is never overwritten."""
        track = access.fetch(request.user, "ingest", Track.objects.select_related("study"), pk=pk)
        gate.require(track, KEPT)
        asset = media.attach(actor=request.user, track=track, source=request.data, file_name=_file_name(request))
        return self.shown(asset, 201, AssetShown)


def _file_name(request: Request) -> str:
    name = request.query_params.get("file_name", "")
    if not name or len(name) > 255 or "\0" in name:
        raise Invalid(
            "file_name_invalid",
            _("Say file_name: at most 255 characters."),
            fields={"file_name": [_("At most 255 characters.")]},
        )
    return name


class Appearances(Noun):
    queryset = Appearance.objects.filter(recording__isnull=False)
    serializer_class = AppearanceShown
    filters = {
        "study": "study_id",
        "recording": "recording_id",
        "track": "track_id",
        "participant": "participant_id",
        "role": "role",
    }
    needs = "participants"

    def get_queryset(self) -> QuerySet:
        # Appearances are what the gate looks at, so it is asked about their recordings.
        return super().get_queryset().filter(recording__in=gate.permitted(Recording.objects.all(), KEPT).values("pk"))


class Exhibits(Noun):
    queryset = Exhibit.objects.all()
    serializer_class = ExhibitShown
    filters = {"study": "study_id"}

    @writes(ExhibitBody, ExhibitShown)
    def create(self, request: Request) -> Response:
        """Material without participants; its file is sent next. It can never become an item."""
        body = self.checked(ExhibitBody)
        study = self.root("ingest", Study, body.pop("study"))
        return self.made(lambda: exhibits.add_exhibit(actor=request.user, study=study, **body))

    @takes_a_file
    def original(self, request: Request, pk: UUID) -> Response:
        """Store the exhibit's file: its bytes as the body. It is never overwritten."""
        exhibit = access.fetch(request.user, "ingest", Exhibit.objects.select_related("study"), pk=pk)
        asset = exhibits.attach(actor=request.user, exhibit=exhibit, source=request.data, file_name=_file_name(request))
        return self.shown(asset, 201, AssetShown)


class Alignments(Noun):
    queryset = Alignment.objects.all()
    serializer_class = AlignmentShown
    filters = {"study": "study_id", "track": "track_id"}
    use = KEPT

    @writes(AlignmentBody, AlignmentShown)
    def create(self, request: Request) -> Response:
        """The next version of a track's alignment. What was labeled keeps the one it was made under."""
        body = self.checked(AlignmentBody)
        track = self.root("ingest", Track, body.pop("track"))
        gate.require(track, KEPT)
        return self.made(lambda: alignments.align(actor=request.user, track=track, **body))


class Items(Noun):
    queryset = Item.objects.prefetch_related("item_targets")
    serializer_class = ItemShown
    filters = {"study": "study_id", "recording": "recording_id", "code": "code", "kind": "kind"}
    use = KEPT

    @writes(ItemBody, ItemShown, example={
        "recording": "01890a5d-ac96-774b-bcce-b302099a8057", "code": "S01-C1-007", "targets": ["4bf2a6a0-9d0c-4a3c-a1a7-0d5a4ad2a5c1"],
        "kind": "utterance", "start_us": 1_200_000, "end_us": 3_450_000,
    })  # fmt: skip
    def create(self, request: Request) -> Response:
        """One thing more to label in a recording that is there."""
        body = self.checked(ItemBody)
        recording = self.root("ingest", Recording, body.pop("recording"))
        gate.require(recording, KEPT)
        of_study = Participant.objects.filter(study=recording.study_id)
        body["targets"] = [self.part("targets", of_study, one) for one in dict.fromkeys(body["targets"])]
        return self.made(lambda: items.add_item(actor=request.user, recording=recording, **body))


class Lanes(Noun):
    queryset = Lane.objects.all()
    serializer_class = LaneShown
    filters = {"study": "study_id", "track": "track_id", "kind": "kind"}
    use = KEPT


class Qualities(Noun):
    queryset = Quality.objects.all()
    serializer_class = QualityShown
    filters = {"study": "study_id", "track": "track_id", "measure": "measure", "flag": "flag"}
    use = KEPT
