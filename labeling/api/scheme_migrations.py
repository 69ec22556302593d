"""Answers brought to another version of their scheme, over REST: previewed, begun, followed."""

from __future__ import annotations

from uuid import UUID

from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from consent.api.base import Body, Noun, Shown, writes
from core import access
from core.api import Serializer
from labeling.models import Campaign, SchemeMigration, SchemeVersion
from labeling.services import scheme_migrations


class SchemeMigrationShown(Shown):
    class Meta:
        model = SchemeMigration
        fields = [
            "id",
            "created_at",
            "study",
            "campaign",
            "old",
            "new",
            "plan",
            "preview",
            "state",
            "summary",
            "made_by",
            "job",
        ]


class SchemeMigrationBody(Body):
    """`plan` is of the form {"format": "affect.scheme_plan", "format_version": 1, "steps": [{"step": "merge", "question": …, …}]}."""

    campaign = serializers.UUIDField()
    new = serializers.UUIDField()
    plan = serializers.JSONField()


class CountedShown(Serializer):
    step = serializers.DictField(read_only=True)
    answers = serializers.IntegerField(read_only=True)
    changed = serializers.IntegerField(read_only=True)
    again = serializers.IntegerField(read_only=True)


class PreviewShown(Serializer):
    """What each step would do: answers it concerns, answers it changes, and answers that must be given again."""

    steps = CountedShown(many=True, read_only=True)


PLAN = {
    "campaign": "01890a5d-ac96-774b-bcce-b302099a8057", "new": "01890a5d-ac96-774b-bcce-b302099a8058",
    "plan": {"format": "affect.scheme_plan", "format_version": 1,
             "steps": [{"step": "merge", "question": "emotion", "labels": ["fear", "anxiety"], "into": "fear"}]},
}  # fmt: skip


class SchemeMigrations(Noun):
    queryset = SchemeMigration.objects.all()
    serializer_class = SchemeMigrationShown
    filters = {"campaign": "campaign_id", "state": "state"}

    def _asked(self) -> tuple[Campaign, SchemeVersion, dict]:
        body = self.checked(SchemeMigrationBody)
        campaign = self.root("campaign", Campaign, body["campaign"])
        new = self.part("new", SchemeVersion.objects.filter(study=campaign.study_id), body["new"])
        return campaign, new, body["plan"]

    @writes(SchemeMigrationBody, SchemeMigrationShown, 202, example=PLAN)
    def create(self, request: Request) -> Response:
        """Have the campaign ask the new version from now on, and a worker bring its answers over; `job` tells how far it is."""
        campaign, new, plan = self._asked()
        return self.made(
            lambda: scheme_migrations.begin(actor=request.user, campaign=campaign, new=new, plan=plan), 202
        )

    @writes(SchemeMigrationBody, PreviewShown, 200, example=PLAN)
    @action(detail=False, methods=["post"], url_path="preview", pagination_class=None, filter_backends=())
    def preview(self, request: Request) -> Response:
        """Count what a plan would do, and change nothing."""
        campaign, new, plan = self._asked()
        return Response({"steps": scheme_migrations.preview(campaign, new, plan)})

    @writes(None, SchemeMigrationShown, 202)
    @action(detail=True, methods=["post"], url_path="resume", pagination_class=None, filter_backends=())
    def resume(self, request: Request, pk: UUID) -> Response:
        """Go on with one that failed."""
        migration = access.fetch(request.user, "campaign", SchemeMigration.objects.all(), pk=pk)
        return self.shown(scheme_migrations.resume(actor=request.user, migration=migration), 202)
