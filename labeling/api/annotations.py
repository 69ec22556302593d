"""Answering over REST: the next assignment, answers, traces. What a person does in the workspace, for programs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from consent.gate import Use, permitted
from consent.purposes import Modality
from core import access
from core.api import JSONParser, Serializer
from core.idempotency import once
from labeling.models import Annotation, Assignment, Campaign
from labeling.services import annotations, queue, rules, traces
from labeling.services.perceiving import MADE, Given

USE = Use("human_annotation")
OWN = access.Fetch("label", lambda: Assignment.objects.select_related("campaign", "item"))
CAMPAIGN = access.Fetch("label", Campaign.objects.all)


class NextBody(Serializer):
    campaign = serializers.UUIDField()


class TrackShown(Serializer):
    id = serializers.UUIDField(read_only=True)
    modality = serializers.CharField(read_only=True)
    name = serializers.CharField(read_only=True)
    media = serializers.CharField(read_only=True, allow_null=True)


class AssignmentShown(Serializer):
    id = serializers.UUIDField(read_only=True)
    campaign = serializers.UUIDField(read_only=True)
    scheme_version = serializers.UUIDField(read_only=True)
    item = serializers.UUIDField(read_only=True)
    item_code = serializers.CharField(read_only=True)
    start_us = serializers.IntegerField(read_only=True)
    end_us = serializers.IntegerField(read_only=True)
    state = serializers.CharField(read_only=True)
    position = serializers.IntegerField(read_only=True)
    lease_until = serializers.DateTimeField(read_only=True)
    client_id = serializers.UUIDField(read_only=True)
    tracks = TrackShown(many=True, read_only=True)


class SkipBody(Serializer):
    reason = serializers.ChoiceField(queue.SKIP_REASONS, default="other")


class AnswerBody(Serializer):
    """`answers` maps the id of a question to {"value": …}, with "confidence" where it is asked for, {"cannot_tell": true} or {"skip":
    {"reason", "text"?}}. A value is [{"label": id, "intensity"?, "text"?}, …] for choices and wheels, {"primary", "secondary"} of such, a number
    for scales, [x, y] for grids, a text, true or false, [{"label", "intensity": "A"…"E", "side"?}, …] for action units, [{"tier", "start_us",
    "end_us", "label" or "text", "intensity"?, "apex_us"?}, …] for segments, {"trace": client_id} for a trace finished before."""

    assignment = serializers.UUIDField()
    client_id = serializers.UUIDField()
    answers = serializers.JSONField()
    perceived = serializers.JSONField(required=False, allow_null=True)
    started_at = serializers.CharField(required=False, allow_null=True, allow_blank=True)
    duration_ms = serializers.FloatField(required=False, default=0)
    played_us = serializers.FloatField(required=False, default=0)


class AnnotationShown(Serializer):
    id = serializers.UUIDField(read_only=True)
    campaign = serializers.UUIDField(source="campaign_id", read_only=True)
    item = serializers.UUIDField(source="item_id", read_only=True)
    annotator = serializers.UUIDField(source="annotator_id", read_only=True)
    assignment = serializers.UUIDField(source="assignment_id", read_only=True)
    scheme_version = serializers.UUIDField(source="scheme_version_id", read_only=True)
    revision = serializers.IntegerField(read_only=True)
    current = serializers.BooleanField(read_only=True)
    supersedes = serializers.UUIDField(source="supersedes_id", read_only=True)
    source = serializers.CharField(read_only=True)
    client_id = serializers.UUIDField(read_only=True)
    perceived = serializers.JSONField(read_only=True)
    duration_ms = serializers.IntegerField(read_only=True)
    saved_at = serializers.DateTimeField(source="created_at", read_only=True)
    answers = serializers.SerializerMethodField()

    def get_answers(self, annotation: Annotation) -> dict[str, Any]:
        return annotations.answers_of(annotation)


class Stored(Serializer):
    id = serializers.UUIDField(read_only=True)
    revision = serializers.IntegerField(read_only=True)
    saved_at = serializers.DateTimeField(source="created_at", read_only=True)


class ChunkBody(Serializer):
    """Samples of a trace. They are checked by the service: as lists of fields they would be checked one by one, slowly."""

    assignment = serializers.UUIDField()
    client_id = serializers.UUIDField()
    question = serializers.CharField(max_length=64)
    sequence = serializers.IntegerField(min_value=0)
    times_us = serializers.JSONField()
    values = serializers.JSONField()
    flags = serializers.JSONField(required=False, allow_null=True)
    clock_us = serializers.JSONField(required=False, allow_null=True)


class ChunkKept(Serializer):
    kept_until_us = serializers.IntegerField(read_only=True)
    have = serializers.ListField(child=serializers.IntegerField(), read_only=True)


class FinishBody(Serializer):
    assignment = serializers.UUIDField()
    client_id = serializers.UUIDField()
    question = serializers.CharField(max_length=64)
    chunks = serializers.IntegerField(min_value=1)
    device = serializers.JSONField(required=False, allow_null=True)
    events = serializers.JSONField(required=False, allow_null=True)


class TraceShown(Serializer):
    id = serializers.UUIDField(read_only=True)
    samples = serializers.IntegerField(read_only=True)
    start_us = serializers.IntegerField(read_only=True)
    end_us = serializers.IntegerField(read_only=True)
    coverage = serializers.FloatField(read_only=True)
    largest_gap_us = serializers.IntegerField(read_only=True)
    digest = serializers.CharField(read_only=True)


class _View(GenericAPIView):
    parser_classes = [JSONParser]
    pagination_class = None

    def body(self, request: Request) -> dict[str, Any]:
        read = self.get_serializer(data=request.data)
        read.is_valid(raise_exception=True)
        return dict(read.validated_data)

    def own(self, request: Request, assignment_id: UUID) -> Assignment:
        return OWN(request.user, assignment_id)


class Next(_View):
    serializer_class = NextBody

    @extend_schema(request=NextBody, responses={200: AssignmentShown, 204: None})
    def post(self, request: Request) -> Response:
        """Lease the next item of a campaign, or get the live lease again. 204 when nothing is left."""
        campaign = CAMPAIGN(request.user, self.body(request)["campaign"])
        assignment = queue.next_assignment(request.user, campaign)
        if assignment is None:
            return Response(status=204)
        assignment.campaign = campaign
        return Response(_shown(assignment))


class OneAssignment(_View):
    serializer_class = AssignmentShown

    @extend_schema(responses=AssignmentShown)
    def get(self, request: Request, assignment_id: UUID) -> Response:
        assignment = self.own(request, assignment_id)
        if not queue.is_allowed(assignment):
            raise Http404
        return Response(_shown(assignment))


class Heartbeat(_View):
    serializer_class = None

    @extend_schema(request=None, responses={200: AssignmentShown})
    def post(self, request: Request, assignment_id: UUID) -> Response:
        """Extend the lease."""
        assignment = self.own(request, assignment_id)
        assignment.lease_until = queue.heartbeat(actor=request.user, assignment=assignment)
        return Response(_shown(assignment))


class Skip(_View):
    serializer_class = SkipBody

    @extend_schema(request=SkipBody, responses={204: None})
    def post(self, request: Request, assignment_id: UUID) -> Response:
        """Hand the item back without an answer."""
        queue.skip(actor=request.user, assignment=self.own(request, assignment_id), **self.body(request))
        return Response(status=204)


class Annotations(_View):
    serializer_class = AnswerBody

    @extend_schema(request=AnswerBody, responses={201: Stored, 200: Stored})
    def post(self, request: Request) -> Response:
        """Store an answer. The same `client_id` again is answered 200 and stores nothing."""
        body = self.body(request)
        assignment = self.own(request, body.pop("assignment"))

        def make() -> Annotation:
            return annotations.submit_annotation(
                actor=request.user, assignment=assignment, source=Annotation.Source.API, **body
            )

        def again(pk: UUID) -> Annotation | None:
            return access.visible(request.user, Annotation.objects.filter(pk=pk), "label").first()

        stored, status = once(request, make, again)
        return Response(Stored(stored).data, status=200 if stored.repeated else status)


class OneAnnotation(_View):
    serializer_class = AnnotationShown

    @extend_schema(responses=AnnotationShown)
    def get(self, request: Request, annotation_id: UUID) -> Response:
        """An annotation: one's own, or any of a campaign whose annotations one may see."""
        rows = permitted(Annotation.objects.filter(pk=annotation_id), USE)
        found = access.visible(request.user, rows, "label").first() or access.fetch(request.user, "annotations", rows)
        return Response(AnnotationShown(found).data)


class TraceChunks(_View):
    serializer_class = ChunkBody

    @extend_schema(request=ChunkBody, responses=ChunkKept)
    def post(self, request: Request) -> Response:
        """Keep a part of a trace; the same sequence number again does no harm."""
        body = self.body(request)
        assignment = self.own(request, body.pop("assignment"))
        kept = traces.add_chunk(actor=request.user, assignment=assignment, values_=body.pop("values"), **body)
        return Response(ChunkKept(kept).data)


class TraceFinish(_View):
    serializer_class = FinishBody

    @extend_schema(request=FinishBody, responses=TraceShown)
    def post(self, request: Request) -> Response:
        """Join and pack a trace whose parts have all arrived."""
        body = self.body(request)
        assignment = self.own(request, body.pop("assignment"))
        return Response(TraceShown(traces.finish(actor=request.user, assignment=assignment, **body)).data)


def _shown(assignment: Assignment) -> dict[str, Any]:
    """An assignment that the gate allows, with its item and the tracks to perceive."""
    item = assignment.item
    return {
        "id": str(assignment.pk), "campaign": str(assignment.campaign_id), "item": str(item.pk), "item_code": item.code,
        "scheme_version": str(assignment.campaign.scheme_version_id), "start_us": item.start_us, "end_us": item.end_us,
        "state": assignment.state, "position": assignment.position, "lease_until": assignment.lease_until,
        "client_id": str(assignment.client_id), "tracks": [_track(one) for one in rules.perceived(assignment)],
    }  # fmt: skip


def _track(one: Given) -> dict[str, Any]:
    track = one.track
    what = one.what or ("original" if track.modality == Modality.SIGNAL and track.original_id else "")
    there = what in MADE or track.original_id
    media = reverse("labeling:media", args=[track.pk, what]) if what and there else None
    return {"id": str(track.pk), "modality": one.modality, "name": track.name, "media": media}
