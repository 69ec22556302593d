"""What every endpoint under /api/v1/ stands on: who asks, paging, repeats, strict bodies."""

from __future__ import annotations

from hashlib import sha256

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import authentication, exceptions, pagination

from core.models import ApiToken, User

PREFIX = "concord_"


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer concord_…`. Only the SHA-256 is stored; the look-up is by it, so no time tells a prefix."""

    def authenticate(self, request: HttpRequest) -> tuple[User, ApiToken] | None:
        scheme, _space, given = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = (
            ApiToken.objects.select_related("user")
            .filter(digest=sha256(given.strip().encode()).digest(), revoked_at=None, user__is_active=True)
            .first()
        )
        now = timezone.now()
        if token is None or (token.expires_at is not None and token.expires_at <= now):
            raise exceptions.AuthenticationFailed(_("This token is unknown, revoked or expired."), "token_invalid")
        if token.last_used_on != now.date():
            ApiToken.objects.filter(pk=token.pk).update(last_used_on=now.date())
        return token.user, token

    def authenticate_header(self, request: HttpRequest) -> str:
        return 'Bearer realm="concord"'


class SessionAuthentication(authentication.SessionAuthentication):
    """The signed-in browser; writing needs the CSRF token."""


class CursorPages(pagination.CursorPagination):
    ordering = "id"
    page_size = 100
