"""Who holds which role, over REST: `/members` below every noun that has roles. Only accounts that are there; a page invites."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import models
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from consent.api.base import Body, writes
from core import access
from core.api import Serializer
from core.idempotency import once
from core.models import User
from core.services import members

LONE = {"pagination_class": None, "filter_backends": ()}


class MemberShown(Serializer):
    """A person and the roles they hold here. `email` is null for whoever may not give roles."""

    user = serializers.UUIDField(read_only=True)
    name = serializers.CharField(read_only=True)
    email = serializers.EmailField(read_only=True, allow_null=True)
    roles = serializers.ListField(child=serializers.CharField(), read_only=True)


class MembersShown(Serializer):
    results = MemberShown(many=True, read_only=True)


class RoleBody(Body):
    """An account by its e-mail, and a role of this noun."""

    email = serializers.EmailField(max_length=254)
    role = serializers.CharField(max_length=40)


class WithMembers:
    # For a noun whose model has roles. No docstring: it would stand in the description of the API instead of the noun's.
    # Who sees an object sees its members, unless the noun names another action.
    members_seen_by = "view"

    @writes(None, MembersShown, 200)
    @action(detail=True, methods=["get"], url_path="members", **LONE)
    def members(self, request: Request, pk: UUID) -> Response:
        """Everybody who holds a role on exactly this object, by name."""
        root = self.held(pk, self.members_seen_by)
        addresses = access.may(request.user, root.members_action, root)
        found = [_told(root, user, held, addresses) for user, held in access.members(root)]
        return Response(MembersShown({"results": found}).data)

    @writes(RoleBody, MemberShown, example={"email": "ana@lab.example", "role": "researcher"})
    @members.mapping.post
    def give_role(self, request: Request, pk: UUID) -> Response:
        """Give a role to somebody with an account. Twice does no harm."""
        root = self.held(pk, self.queryset.model.members_action)
        body = self.checked(RoleBody)

        def make() -> User:
            user = members.account(body["email"])
            members.give(actor=request.user, root=root, role=body["role"], user=user)
            return user

        user, status = once(request, make, lambda one: User.objects.filter(pk=one).first())
        return Response(MemberShown(_told(root, user, access.roles(user, root), True)).data, status)

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["delete"], url_path="members/<uuid:user_id>/<str:role>", **LONE)
    def take_role(self, request: Request, pk: UUID, user_id: UUID, role: str) -> Response:
        """Take a role back. 404 for whoever holds no role here; 409 `last_of_role` for the last owner of a study."""
        root = self.held(pk, self.queryset.model.members_action)
        user = access.within(User.objects.filter(pk__in=access.grants(root).values("user")), pk=user_id)
        members.take(actor=request.user, root=root, role=role, user=user)
        return Response(status=204)


def _told(root: models.Model, user: User, held: set[str], addresses: bool) -> dict[str, Any]:
    named = user.name or (user.email if addresses else user.first_name)
    return {
        "user": user.pk, "name": named, "email": user.email if addresses else None,
        "roles": [role for role in root.roles if role in held],
    }  # fmt: skip
