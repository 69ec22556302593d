"""What the endpoints under /api/v1/ are made of: door, then gate, then a serializer that shows named fields and no more.

A noun is one class. Reading is declared; whatever changes something is a method that takes the objects through the door,
checks the body and calls one service::

    class Schemes(Noun):
        queryset = Scheme.objects.all()
        serializer_class = SchemeShown
        filters = {"study": "study_id"}

        @writes(NewScheme, SchemeVersionShown)
        def create(self, request):
            body = self.checked(NewScheme)
            study = self.root("scheme", Study, body.pop("study"))
            return self.made(lambda: schemes.create_scheme(actor=request.user, study=study, **body))

Ids in a body are looked up inside the object that was already fetched (`part`), so a body can never reach into another
study: such an id is 422 `reference_unknown`, whether it exists or not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework import filters, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from consent.gate import Use, permitted
from core import access
from core.api import ModelSerializer, Serializer, etag
from core.errors import Invalid, Refused, refuse_stale
from core.idempotency import once

KEPT = Use("collect")  # what may be read about people and their recordings: whatever may be kept at all
LABELED = Use("human_annotation")
PREDICTED = Use("model_inference")


class Shown(ModelSerializer):
    """What is shown of a row: the fields that are named, none of them writable."""

    def include_extra_kwargs(self, kwargs: dict, extra_kwargs: dict) -> dict:
        return super().include_extra_kwargs(kwargs, {**extra_kwargs, "read_only": True})


class Body(Serializer):
    """What is sent. Fields that are not named are refused (core.api)."""


class ProblemShown(Serializer):
    """Problem details (RFC 9457). `code` is stable; `errors` point into what was sent."""

    type = serializers.CharField(read_only=True)
    title = serializers.CharField(read_only=True)
    status = serializers.IntegerField(read_only=True)
    detail = serializers.CharField(read_only=True)
    code = serializers.CharField(read_only=True)
    instance = serializers.CharField(read_only=True)
    errors = serializers.ListField(
        child=serializers.DictField(child=serializers.CharField()), read_only=True, required=False
    )


class Texts(serializers.DictField):
    """A text by language: {"en": "Joy", "de": "Freude"}."""

    child = serializers.CharField(max_length=4000, allow_blank=True)


class Schema(AutoSchema):
    """Adds to every operation what holds for all of them: problem details, Idempotency-Key, If-Match."""

    def get_override_parameters(self) -> list[OpenApiParameter]:
        found = list(super().get_override_parameters())
        if self.method == "POST":
            found.append(
                OpenApiParameter("Idempotency-Key", OpenApiTypes.STR, OpenApiParameter.HEADER, description=_REPEAT)
            )
        if getattr(self.view, "action", None) in getattr(self.view, "matched", ()):
            found.append(OpenApiParameter("If-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, required=True))
        return found

    def get_tags(self) -> list[str]:
        return [getattr(self.view, "basename", None) or self.path.strip("/").split("/")[2]]

    def get_operation_id(self) -> str:
        action = getattr(self.view, "action", None)
        if action is None or (action == "list" and self.method != "GET"):
            return super().get_operation_id()
        return f"{self.get_tags()[0]}_{action}".replace("-", "_")

    def _get_response_bodies(self, direction: str = "response") -> dict:
        found = super()._get_response_bodies(direction)
        if direction != "response":
            return found
        problem = self.resolve_serializer(ProblemShown, direction).ref
        statuses = {"401": "Not signed in", "404": "Not there, not visible, or withdrawn"}
        if self.method != "GET":
            statuses |= {"403": "Not allowed by role, or prohibited", "409": "Refused by a rule", "410": "Withdrawn, erased or recalled",
                         "412": "Changed meanwhile, or consent is missing", "422": "Not valid"}  # fmt: skip
        elif any(one.get("in") == "query" for one in self._get_parameters()):
            statuses["422"] = "Not valid"
        for status, about in statuses.items():
            found.setdefault(
                status, {"description": about, "content": {"application/problem+json": {"schema": problem}}}
            )
        return dict(sorted(found.items()))


_REPEAT = "Sent again with the same key and body, the request gives what it made the first time."


class Filters(filters.BaseFilterBackend):
    """`?study=…&state=…`: equality on the fields that the view names. A parameter that is not named is refused, since
    dropping it silently would answer another question than was asked."""

    always = ("cursor", "limit", "format")

    def filter_queryset(self, request: Request, queryset: QuerySet, view: Any) -> QuerySet:
        if getattr(view, "action", "list") != "list":
            return queryset
        for name, given in request.query_params.items():
            if name in self.always:
                continue
            if name not in view.filters:
                raise Invalid(
                    "parameter_unknown",
                    _("There is no such parameter."),
                    fields={name: [_("There is no such parameter.")]},
                )
            path = view.filters[name]
            try:
                field = self._field(queryset.model, path)
                value = field.to_python(given.title() if isinstance(field, models.BooleanField) else given)
                if "\0" in given:
                    raise ValueError(given)
            except (ValidationError, ValueError) as wrong:
                raise Invalid(
                    "parameter_invalid", _("This cannot be meant."), fields={name: [_("This cannot be meant.")]}
                ) from wrong
            queryset = queryset.filter(**{path: value})
        return queryset

    def get_schema_operation_parameters(self, view: Any) -> list[dict]:
        return [
            {"name": name, "in": "query", "required": False, "schema": self._schema(view, path)}
            for name, path in view.filters.items()
        ]

    def _schema(self, view: Any, path: str) -> dict:
        field = self._field(view.queryset.model, path)
        if isinstance(field, models.UUIDField):
            return {"type": "string", "format": "uuid"}
        return {"type": "boolean" if isinstance(field, models.BooleanField) else "string"}

    def _field(self, model: type[models.Model], path: str) -> models.Field:
        for step in path.split("__"):
            field = model._meta.get_field(step)
            model = field.related_model or model
        return field.target_field if field.is_relation and hasattr(field, "target_field") else field


class Listed(viewsets.GenericViewSet):
    """Base of every noun: its list. `needs` is the word of the door, `use` what the gate is asked."""

    schema = Schema()
    filter_backends = (Filters,)
    filters: Mapping[str, str] = {}
    needs = "view"
    use: Use | None = None
    matched: tuple[str, ...] = ()  # methods that need If-Match
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet:
        rows = access.visible(self.request.user, super().get_queryset(), self.needs)
        return rows if self.use is None else permitted(rows, self.use)

    def list(self, request: Request) -> Response:
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(rows, many=True).data)

    def held(self, pk: Any, action: str = "", queryset: QuerySet | None = None) -> Any:
        """The object in the address: through the door for `action`, and through the gate where the noun has one."""
        rows = self.queryset.all() if queryset is None else queryset
        found = access.fetch(self.request.user, action or self.needs, rows, pk=pk)
        # Whatever else narrows the noun's list narrows its single objects too.
        access.within(self.get_queryset(), pk=found.pk)
        return found

    def root(self, action: str, model: type[models.Model] | QuerySet, pk: UUID) -> Any:
        """An object named in the body that the whole act hangs from: 404 when it is not visible, 403 without the role."""
        return access.fetch(
            self.request.user, action, model if isinstance(model, QuerySet) else model.objects.all(), pk=pk
        )

    def part(self, name: str, queryset: QuerySet, pk: UUID | None) -> Any:
        """An object named in the body, looked for inside `queryset` alone."""
        return None if pk is None else self.part_by(name, queryset, pk=pk)

    def part_by(self, name: str, queryset: QuerySet, **lookup: Any) -> Any:
        """The same, by something other than its id. 422 `reference_unknown`."""
        found = queryset.filter(**lookup).first()
        if found is None:
            said = _("There is no such thing here.")
            raise Invalid("reference_unknown", said, fields={name: [said]})
        return found

    def checked(self, body: type[Body]) -> dict[str, Any]:
        """The request's body, validated."""
        given = body(data=self.request.data, context=self.get_serializer_context())
        given.is_valid(raise_exception=True)
        return dict(given.validated_data)

    def made(
        self, make: Callable[[], models.Model], status: int = 201, *, shown: type[Shown] | None = None,
        again: Callable[[UUID], models.Model | None] | None = None,
    ) -> Response:  # fmt: skip
        """Make it once for the request's Idempotency-Key, and show it."""
        found, told = once(self.request, make, again or self._again, status)
        return self.shown(found, told, shown)

    def _again(self, pk: UUID) -> models.Model | None:
        return self.get_queryset().filter(pk=pk).first()

    def shown(self, found: models.Model, status: int = 200, shown: type[Shown] | None = None) -> Response:
        data = (shown(found, context=self.get_serializer_context()) if shown else self.get_serializer(found)).data
        response = Response(data, status=status)
        if hasattr(found, "revision"):
            response["ETag"] = etag(found.pk, found.revision)
        return response

    def unchanged(self, found: models.Model) -> None:
        """Refuse an edit of what changed since it was seen (412 `revision_stale`)."""
        given = self.request.headers.get("If-Match", "")
        if not given:
            raise Refused("if_match_missing", _("Send If-Match with the ETag you saw."), status=428)
        if given.strip() != "*" and etag(found.pk, found.revision) not in [one.strip() for one in given.split(",")]:
            refuse_stale(found.revision, -1)


class Noun(Listed):
    """A noun whose objects have addresses of their own."""

    def retrieve(self, request: Request, pk: UUID) -> Response:
        return self.shown(self.held(pk))


def writes(
    body: type[Body] | None, shown: type | None, status: int = 201, *, example: Any = None, summary: str = ""
) -> Callable[[Callable], Callable]:
    """Say in the schema what a method takes and gives."""
    examples = [OpenApiExample("example", value=example, request_only=True)] if example is not None else None
    return extend_schema(request=body, responses={status: shown}, examples=examples, summary=summary or None)
