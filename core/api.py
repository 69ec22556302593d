"""What every endpoint under /api/v1/ stands on: who asks, strict bodies, paging, optimistic edits.

Repeats of a POST are in core/idempotency.py; errors become problem details in core/problems.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from hashlib import sha256
from math import isfinite
from typing import Any, NoReturn

from django.core import signing
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import authentication, exceptions, pagination, parsers, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from core.errors import Invalid, Refused
from core.models import ApiToken, User
from core.services import tokens


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer concord_…`. Only the SHA-256 is stored; the look-up is by it, so no time tells a prefix."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _space, given = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        digest = sha256(given.strip().encode(errors="replace")).digest()
        token = (
            ApiToken.objects.select_related("user").filter(digest=digest, revoked_at=None, user__is_active=True).first()
        )
        now = timezone.now()
        if token is None or (token.expires_at is not None and token.expires_at <= now):
            raise exceptions.AuthenticationFailed(_("This token is unknown, revoked or expired."), "token_invalid")
        tokens.used(token)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="concord"'


class SessionAuthentication(authentication.SessionAuthentication):
    """The signed-in browser; writing needs the CSRF token."""

    def enforce_csrf(self, request: HttpRequest) -> None:
        check = authentication.CSRFCheck(lambda _request: None)
        check.process_request(request)
        if check.process_view(request, None, (), {}):
            raise exceptions.PermissionDenied(
                _("The page's security token is missing or too old. Load it again."), "csrf_failed"
            )


class _TokenScheme(OpenApiAuthenticationExtension):
    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": f"{tokens.TOKEN_PREFIX}…"}


class _SessionScheme(OpenApiAuthenticationExtension):
    target_class = SessionAuthentication
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "session"}


# Bodies ---------------------------------------------------------------------------------------------------------------

# Ids are full of "0e123"; a number ends where a text does not.
_LARGE_EXPONENT = re.compile(rb"\d[eE]\+?\d{3,}(?:[\s,\]}]|\Z)")
_DIGITS_ALIKE = bytes.maketrans(b"123456789E", b"000000000e")
_SUSPECT_TEXT = re.compile(rb"\\u(0000|[dD][89a-fA-F])")


class JSONParser(parsers.BaseParser):
    """JSON as RFC 8259 has it: no NaN or Infinity, no number that a database cannot hold, no NUL, no half of a character,
    and no name twice in one object, of which two programs would read two different values."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        body = stream.body if hasattr(stream, "body") else stream.read()
        hooks: dict[str, Any] = {"parse_constant": _refuse_number, "object_pairs_hook": _once_each}
        if _may_hold_a_large_number(body):
            hooks |= {"parse_int": _small_int, "parse_float": _finite}
        try:
            found = json.loads(body.decode("utf-8"), **hooks)
            if _SUSPECT_TEXT.search(body):
                json.dumps(found, ensure_ascii=False).encode("utf-8")
                if _holds_nul(found):
                    raise exceptions.ParseError(_("A text holds the character NUL."), "nul_in_text")
        except UnicodeError as broken:
            raise exceptions.ParseError(_("This is not UTF-8."), "not_utf8") from broken
        except RecursionError as deep:
            raise exceptions.ParseError(_("This is nested too deeply."), "too_deep") from deep
        except ValueError as broken:
            detail = _("This is not JSON (line %(line)d, column %(column)d).") % {
                "line": getattr(broken, "lineno", 1), "column": getattr(broken, "colno", 1),
            }  # fmt: skip
            raise exceptions.ParseError(detail, "parse_error") from broken
        return found


def _may_hold_a_large_number(body: bytes) -> bool:
    """Whether numbers are to be read one by one. Plain searches for fixed bytes: a pattern over some megabytes of rows
    would take as long as reading them."""
    alike = body.translate(_DIGITS_ALIKE, delete=b"+")
    return b"0" * 19 in alike or (b"0e000" in alike and _LARGE_EXPONENT.search(body) is not None)


def _refuse_number(name: str) -> NoReturn:
    raise exceptions.ParseError(_("%(number)s is not a number in JSON; use null.") % {"number": name}, "number_refused")


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise exceptions.ParseError(_("A name stands twice in one object."), "duplicate_name")
    return found


def _small_int(digits: str) -> int:
    if len(digits) > 20 or not -(2**63) <= int(digits) < 2**63:
        raise exceptions.ParseError(_("A whole number is too large."), "number_refused")
    return int(digits)


def _finite(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        _refuse_number("Infinity")
    return value


def _holds_nul(found: Any) -> bool:
    if isinstance(found, str):
        return "\0" in found
    if isinstance(found, Mapping):
        return any("\0" in name or _holds_nul(value) for name, value in found.items())
    return isinstance(found, list) and any(_holds_nul(value) for value in found)


class _Strict:
    """Refuses on write what it does not know, instead of dropping it silently."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            known = {name for name, field in self.fields.items() if not field.read_only}
            unknown = [name for name in data if name not in known]
            if unknown:
                said = _("There is no such field to write.")
                raise exceptions.ValidationError(
                    {name: [exceptions.ErrorDetail(said, "unknown_field")] for name in unknown}
                )
        return super().to_internal_value(data)


class Number(serializers.FloatField):
    """A finite number. Python, and so the framework, also takes the texts "nan" and "inf", and no bound refuses a NaN."""

    def to_internal_value(self, data: Any) -> float:
        value = super().to_internal_value(data)
        if not isfinite(value):
            self.fail("invalid")
        return value


class Serializer(_Strict, serializers.Serializer):
    """Base of every body that is read or shown."""


class ModelSerializer(_Strict, serializers.ModelSerializer):
    """The same for a model. Name the fields; `__all__` would show a new column to everybody."""


# Paging ---------------------------------------------------------------------------------------------------------------


class CursorPages(pagination.BasePagination):
    """Pages by a signed cursor of (sort key, id): stable while rows come in, and no count of them.

    A view may name another `ordering` (one field that is never null, `-` for descending); `id` is sorted by time. The
    client may ask for `limit`, at most 500.
    """

    ordering = "id"
    page_size = 100
    max_page_size = 500
    salt = "core.cursor"

    def paginate_queryset(self, queryset: QuerySet, request: Request, view: Any = None) -> list[Model]:
        ordering = getattr(view, "ordering", None) or self.ordering
        self._request, self._field, self._down = request, ordering.lstrip("-"), ordering.startswith("-")
        limit, position = self._limit(request), self._position(request, queryset.model)
        back = bool(position) and position[2] == "back"
        down = self._down != back
        if position:
            queryset = queryset.filter(self._beyond(position, down))
        sign = "-" if down else ""
        keys = [f"{sign}{self._field}"] + ([f"{sign}pk"] if self._field not in ("id", "pk") else [])
        rows = list(queryset.order_by(*keys)[: limit + 1])
        more, rows = len(rows) > limit, rows[:limit]
        if back:
            rows.reverse()
        self._has_next, self._has_previous = (True, more) if back else (more, bool(position))
        self._rows = rows
        return rows

    def get_paginated_response(self, data: list) -> Response:
        return Response({"results": data, "next": self._link("on"), "previous": self._link("back")})

    def get_paginated_response_schema(self, schema: dict) -> dict:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["results", "next", "previous"],
            "properties": {"results": schema, "next": link, "previous": link},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict]:
        return [
            {"name": "cursor", "in": "query", "required": False, "schema": {"type": "string"}},
            {"name": "limit", "in": "query", "required": False,
             "schema": {"type": "integer", "minimum": 1, "maximum": self.max_page_size}},
        ]  # fmt: skip

    def _limit(self, request: Request) -> int:
        given = request.query_params.get("limit", "")
        if not given:
            return self.page_size
        if not (given.isascii() and given.isdigit() and len(given) < 6 and 1 <= int(given) <= self.max_page_size):
            raise Invalid(
                "limit_invalid", _("The limit is a number from 1 to %(most)d.") % {"most": self.max_page_size}
            )
        return int(given)

    def _position(self, request: Request, model: type[Model]) -> tuple[Any, Any, str] | None:
        given = request.query_params.get("cursor", "")
        if not given:
            return None
        try:
            field, value, key, way = signing.loads(given, salt=self.salt)
            if field != self._field or way not in ("on", "back"):
                raise signing.BadSignature
        except (signing.BadSignature, ValueError, TypeError) as broken:
            raise Invalid("cursor_invalid", _("This cursor was not made for this list."), status=400) from broken
        return model._meta.get_field(field).to_python(value), model._meta.pk.to_python(key), way

    def _beyond(self, position: tuple[Any, Any, str], down: bool) -> Q:
        value, key, _way = position
        side = "lt" if down else "gt"
        if self._field in ("id", "pk"):
            return Q(**{f"pk__{side}": key})
        return Q(**{f"{self._field}__{side}": value}) | Q(**{self._field: value, f"pk__{side}": key})

    def _link(self, way: str) -> str | None:
        if not (self._has_next if way == "on" else self._has_previous):
            return None
        url = remove_query_param(self._request.build_absolute_uri(), "cursor")
        if not self._rows:
            return url if way == "back" else None
        row = self._rows[-1 if way == "on" else 0]
        field = row._meta.get_field("id" if self._field == "pk" else self._field)
        packed = [self._field, field.value_to_string(row), str(row.pk), way]
        return replace_query_param(url, "cursor", signing.dumps(packed, salt=self.salt, compress=True))


# Optimistic edits -----------------------------------------------------------------------------------------------------


def etag(*parts: Any) -> str:
    """An entity tag of what makes an edit stale: usually the id and the revision."""
    return f'"{sha256(":".join(str(part) for part in parts).encode()).hexdigest()[:32]}"'


def require_match(request: Request | HttpRequest, current: str) -> None:
    """Refuses an edit of something that changed meanwhile (412 `stale`), or one that does not say what it saw (428)."""
    given = request.headers.get("If-Match", "")
    if not given:
        raise Refused("if_match_missing", _("Send If-Match with the ETag you saw."), status=428)
    if given.strip() != "*" and current not in [one.strip() for one in given.split(",")]:
        raise Refused("stale", _("This was changed meanwhile. Load it again and repeat your change."), status=412)
