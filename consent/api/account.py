"""What belongs to whoever asks: themselves, their tokens, the jobs they may see; and the audit log of their studies."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from consent.api.base import Body, Listed, Noun, Schema, Shown, writes
from consent.models import Study
from core import access, jobs
from core.idempotency import once
from core.models import ApiToken, AuditEvent, Job, User
from core.services import tokens


class MeShown(Shown):
    class Meta:
        model = User
        fields = ["id", "email", "name", "language", "is_operator"]


class Me(APIView):
    schema = Schema()
    basename = "me"

    @extend_schema(responses=MeShown, operation_id="me")
    def get(self, request: Request) -> Response:
        """Who is asking."""
        return Response(MeShown(request.user).data)


class TokenShown(Shown):
    class Meta:
        model = ApiToken
        fields = ["id", "created_at", "name", "hint", "expires_at", "revoked_at", "last_used_on"]


class TokenMade(TokenShown):
    """`secret` is told here and never again: on a repeat with the same Idempotency-Key it is null."""

    secret = serializers.SerializerMethodField()

    class Meta(TokenShown.Meta):
        fields = [*TokenShown.Meta.fields, "secret"]

    def get_secret(self, token: ApiToken) -> str | None:
        return getattr(token, "secret", None)


class TokenBody(Body):
    name = serializers.CharField(max_length=80)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)


class Tokens(Noun):
    queryset = ApiToken.objects.all()
    serializer_class = TokenShown

    def get_queryset(self) -> QuerySet:
        return self.queryset.filter(user=self.request.user.pk)

    def held(self, pk: Any, action: str = "", queryset: QuerySet | None = None) -> ApiToken:
        return access.within(self.get_queryset(), pk=pk)

    @writes(TokenBody, TokenMade, example={"name": "nightly import"})
    def create(self, request: Request) -> Response:
        """Make a token for oneself. Its secret is shown once."""
        body = self.checked(TokenBody)

        def make() -> ApiToken:
            token, token.secret = tokens.create(user=request.user, **body)
            return token

        found, status = once(request, make, self._again)
        return self.shown(found, status, TokenMade)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Revoke a token at once. Twice does no harm."""
        tokens.revoke(self.held(pk), actor=request.user)
        return Response(status=204)


class JobShown(Shown):
    study = serializers.UUIDField(source="study_id", read_only=True, allow_null=True)
    object = serializers.UUIDField(source="object_id", read_only=True, allow_null=True)

    class Meta:
        model = Job
        fields = [
            "id", "created_at", "kind", "study", "object", "state", "done", "total", "stage", "attempt", "cancel_asked", "started_at",
            "finished_at", "result", "error_code", "error_message",
        ]  # fmt: skip


def own_job(request: Request) -> Callable[[UUID], Job | None]:
    """Finds the job that an Idempotency-Key started: its actor's own."""
    return lambda pk: Job.objects.filter(pk=pk, actor=request.user.pk).first()


class Jobs(Noun):
    queryset = Job.objects.all()
    serializer_class = JobShown
    filters = {"study": "study_id", "object": "object_id", "kind": "kind", "state": "state"}

    def get_queryset(self) -> QuerySet:
        managed = access.visible(self.request.user, Study.objects.all(), "manage")
        return self.queryset.filter(Q(actor=self.request.user.pk) | Q(study_id__in=managed.values("pk")))

    def held(self, pk: Any, action: str = "", queryset: QuerySet | None = None) -> Job:
        job = access.within(self.queryset.all(), pk=pk)
        if not jobs.visible_to(self.request.user, job):
            raise Http404
        return job

    @writes(None, JobShown, 200)
    @action(detail=True, methods=["post"], url_path="cancel", pagination_class=None, filter_backends=())
    def cancel(self, request: Request, pk: UUID) -> Response:
        """Take a waiting job back, or ask a running one to stop at its next step. An ended job is left as it is."""
        return self.shown(jobs.cancel(self.held(pk), request.user))


class AuditEventShown(Shown):
    facts = serializers.SerializerMethodField()

    class Meta:
        model = AuditEvent
        fields = [
            "seq", "at", "verb", "outcome", "actor_id", "study_id", "target_type", "target_id", "subject_ref", "request_id", "facts",
            "previous", "digest",
        ]  # fmt: skip

    def get_facts(self, event: AuditEvent) -> dict[str, Any]:
        return json.loads(event.facts)


class AuditEvents(Listed):
    """Only a list: an event has no address, and the log is not changed by anybody."""

    queryset = AuditEvent.objects.all()
    serializer_class = AuditEventShown
    ordering = "seq"
    filters = {"study": "study_id", "verb": "verb", "outcome": "outcome", "actor": "actor_id", "target": "target_id"}

    def get_queryset(self) -> QuerySet:
        # The log keeps ids as text, so the studies' keys are spelled out.
        seen = access.visible(self.request.user, Study.objects.all(), "audit")
        return self.queryset.filter(study_id__in=[str(pk) for pk in seen.values_list("pk", flat=True)])


NOUNS = {"tokens": Tokens, "jobs": Jobs, "audit-events": AuditEvents}
