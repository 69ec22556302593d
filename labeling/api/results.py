"""What annotators said and what was made of it: annotations, traces, agreement, gold standards, and what was handed down."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from consent.api.account import JobShown, own_job
from consent.api.base import LABELED, PREDICTED, Body, Filters, Noun, Schema, Shown, writes
from consent.gate import permitted
from core import access
from core.api import CursorPages, Serializer
from labeling.api import annotations
from labeling.models import (
    AgreementReport,
    Annotation,
    Answer,
    Campaign,
    GoldLabel,
    GoldStandard,
    Segment,
    Suggestion,
    Trace,
)
from labeling.services import agreement, gold, ratings


class AnswerRow(Shown):
    question = serializers.SlugRelatedField("key", read_only=True)
    has_text = serializers.SerializerMethodField()

    class Meta:
        model = Answer
        fields = [
            "question", "position", "state", "role", "label", "number", "x", "y", "intensity", "grade", "side", "confidence", "reason", "has_text",
        ]  # fmt: skip

    def get_has_text(self, answer: Answer) -> bool:
        return bool(answer.text)


class AnnotationRow(Shown):
    """One revision of an answer. Free text is not in lists; one annotation by its id shows it."""

    answers = AnswerRow(many=True, read_only=True)

    class Meta:
        model = Annotation
        fields = [
            "id", "created_at", "item", "campaign", "annotator", "assignment", "scheme_version", "guideline_version", "repetition", "revision",
            "current", "supersedes", "source", "state", "perceived", "duration_ms", "played_us", "answers",
        ]  # fmt: skip


class AnnotationList(annotations.Annotations):
    """The list beside the POST that stores an answer."""

    schema = Schema()
    queryset = Annotation.objects.all()
    pagination_class = CursorPages
    filter_backends = (Filters,)
    filters = {
        "campaign": "campaign_id",
        "item": "item_id",
        "annotator": "annotator_id",
        "current": "current",
        "state": "state",
    }

    @extend_schema(responses=AnnotationRow(many=True), operation_id="annotations_list")
    def get(self, request: Request) -> Response:
        """Annotations of the campaigns whose annotations one may see. Of people who withdrew there are none."""
        answers = Prefetch("answers", Answer.objects.select_related("question"))
        rows = access.visible(request.user, Annotation.objects.prefetch_related(answers), "annotations")
        page = self.paginate_queryset(self.filter_queryset(permitted(rows, LABELED)))
        return self.get_paginated_response(AnnotationRow(page, many=True).data)


class TraceRow(Shown):
    question = serializers.SlugRelatedField("key", read_only=True)

    class Meta:
        model = Trace
        fields = [
            "id", "created_at", "annotation", "question", "track", "alignment", "state", "start_us", "end_us", "samples", "largest_gap_us",
            "coverage", "format", "digest",
        ]  # fmt: skip


class SamplesShown(Serializer):
    """Arrays of one length. Flags are bits: 1 a hole before the sample, 2 a return, 4 another input, 16 a seam: the rater
    came back in another sitting and heard some seconds again. `second` has the values of the second axis of a trace of two.
    `clock_us` is when each sample was taken by a clock of the rater's machine, where that was told."""

    trace = serializers.UUIDField(read_only=True)
    times_us = serializers.ListField(child=serializers.IntegerField(), read_only=True)
    values = serializers.ListField(child=serializers.FloatField(), read_only=True)
    second = serializers.ListField(child=serializers.FloatField(), read_only=True, allow_null=True)
    clock_us = serializers.ListField(child=serializers.IntegerField(), read_only=True, allow_null=True)
    flags = serializers.ListField(child=serializers.IntegerField(), read_only=True)


class Traces(Noun):
    queryset = Trace.objects.filter(annotation__isnull=False).select_related("question", "asset")
    serializer_class = TraceRow
    filters = {"annotation": "annotation_id", "item": "annotation__item_id", "campaign": "annotation__campaign_id"}
    use = LABELED

    def get_queryset(self) -> QuerySet:
        # A trace hangs from its annotation, which is what the door knows.
        seen = access.visible(self.request.user, Annotation.objects.all(), "annotations")
        return permitted(self.queryset.filter(annotation__in=seen.values("pk")), LABELED)

    def held(self, pk: Any, action: str = "", queryset: QuerySet | None = None) -> Trace:
        return access.within(self.get_queryset(), pk=pk)

    @writes(None, SamplesShown, 200)
    @action(detail=True, methods=["get"], url_path="samples", pagination_class=None, filter_backends=())
    def samples(self, request: Request, pk: UUID) -> Response:
        """The samples of a finished trace, on the clock of the recording."""
        trace = access.within(self.get_queryset().filter(state=Trace.State.PACKED), pk=pk)
        kept = ratings.samples(trace)
        return Response(
            {
                "trace": trace.pk,
                "times_us": kept.times_us.tolist(),
                "values": kept.axis(0).values.tolist(),
                "second": kept.axis(1).values.tolist() if kept.axes > 1 else None,
                "flags": kept.flags.tolist(),
                "clock_us": None if kept.clock_us is None else kept.clock_us.tolist(),
            }
        )


class SegmentRow(Shown):
    question = serializers.SlugRelatedField("key", read_only=True)

    class Meta:
        model = Segment
        fields = [
            "id",
            "created_at",
            "annotation",
            "question",
            "tier",
            "label",
            "track",
            "alignment",
            "start_us",
            "end_us",
            "apex_us",
            "number",
            "intensity",
            "grade",
        ]


class Segments(Noun):
    """Labelled intervals on the recording clock. Their words are shown with the annotation, not in lists."""

    queryset = Segment.objects.select_related("question")
    serializer_class = SegmentRow
    filters = {"annotation": "annotation_id", "item": "annotation__item_id", "campaign": "annotation__campaign_id"}
    use = LABELED

    def get_queryset(self) -> QuerySet:
        # A segment hangs from its annotation, which is what the door knows.
        seen = access.visible(self.request.user, Annotation.objects.all(), "annotations")
        return permitted(self.queryset.filter(annotation__in=seen.values("pk")), LABELED)

    def held(self, pk: Any, action: str = "", queryset: QuerySet | None = None) -> Segment:
        return access.within(self.get_queryset(), pk=pk)


class AgreementReportShown(Shown):
    class Meta:
        model = AgreementReport
        fields = ["id", "created_at", "campaign", "inputs", "seed", "measures"]


class AgreementBody(Body):
    campaign = serializers.UUIDField()


class AgreementReports(Noun):
    queryset = AgreementReport.objects.all()
    serializer_class = AgreementReportShown
    filters = {"campaign": "campaign_id"}
    needs = "agreement"

    @writes(AgreementBody, JobShown, 202)
    def create(self, request: Request) -> Response:
        """Have a worker measure agreement anew; when the job is done, its result names the report."""
        campaign = self.root("agreement", Campaign, self.checked(AgreementBody)["campaign"])
        return self.made(
            lambda: agreement.start(actor=request.user, campaign=campaign), 202, shown=JobShown, again=own_job(request)
        )


class GoldStandardShown(Shown):
    class Meta:
        model = GoldStandard
        fields = ["id", "created_at", "campaign", "number", "state", "method", "inputs", "made_by", "job", "summary"]


class GoldLabelShown(Shown):
    class Meta:
        model = GoldLabel
        fields = ["id", "gold_standard", "item", "question", "label", "number", "spread", "votes", "n", "flag"]


class GoldBody(Body):
    """`methods` maps a question's key to how it is fused: {"emotion": {"method": "majority", "ties": "random", "seed": 7}}."""

    campaign = serializers.UUIDField()
    methods = serializers.DictField(child=serializers.DictField(), required=False)


class GoldStandards(Noun):
    queryset = GoldStandard.objects.all()
    serializer_class = GoldStandardShown
    filters = {"campaign": "campaign_id", "state": "state"}

    @writes(GoldBody, GoldStandardShown, 202, example={"campaign": "01890a5d-ac96-774b-bcce-b302099a8057"})
    def create(self, request: Request) -> Response:
        """A new version, fused by a worker; `job` tells how far it is."""
        body = self.checked(GoldBody)
        campaign = self.root("gold", Campaign, body["campaign"])
        return self.made(lambda: gold.begin(actor=request.user, campaign=campaign, methods=body.get("methods")), 202)


class GoldLabels(Noun):
    queryset = GoldLabel.objects.all()
    serializer_class = GoldLabelShown
    filters = {"gold_standard": "gold_standard_id", "item": "item_id", "question": "question_id", "flag": "flag"}
    use = LABELED


class SuggestionShown(Shown):
    class Meta:
        model = Suggestion
        fields = [
            "id", "created_at", "study", "item", "campaign", "question", "label", "number", "confidence", "model_name", "model_version",
            "prediction_id", "current",
        ]  # fmt: skip


class Suggestions(Noun):
    queryset = Suggestion.objects.all()
    serializer_class = SuggestionShown
    filters = {"study": "study_id", "campaign": "campaign_id", "item": "item_id", "current": "current"}
    use = PREDICTED
