"""The one place where an error becomes an answer: problem details, a fragment or a page, all from the same facts.

- under /api/, or when a program asks for JSON: RFC 9457 problem details with a stable `code`
- for htmx: the fragment `core/_problem.html`
- else: the page `core/problem.html`

A view raises (core.errors, Http404, PermissionDenied, ValidationError) and says nothing about HTTP. What nobody
foresaw is logged with its traceback and told as a 500 without details.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from django.core.exceptions import (
    NON_FIELD_ERRORS,
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFilesSent,
    ValidationError,
)
from django.core.serializers.json import DjangoJSONEncoder
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.csrf import requires_csrf_token
from rest_framework import exceptions as drf

from core import errors
from core.errors import Invalid, Refused

log = logging.getLogger("concord.problems")
MEDIA_TYPE = "application/problem+json"
_STANDARD = {"type", "title", "status", "detail", "instance", "code", "errors"}


@dataclass
class Problem:
    """What went wrong, before it is known how to say it. `errors` holds {pointer, code, detail}."""

    status: int
    code: str
    detail: str
    errors: list[dict[str, str]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return _titles().get(self.status) or HTTPStatus(self.status).phrase


def of(exception: BaseException) -> Problem | None:
    """The problem an exception tells of; None when it is not a person's doing."""
    if isinstance(exception, Refused):
        fields = exception.fields if isinstance(exception, Invalid) else {}
        return Problem(exception.status, exception.code, str(exception.message), _field_errors(fields), exception.facts)
    if isinstance(exception, drf.APIException):
        return _of_framework(exception)
    if isinstance(exception, Http404):
        return Problem(404, "not_found", _("There is nothing here, or nothing that you may see."))
    if isinstance(exception, PermissionDenied):
        return Problem(403, "permission_denied", _("You are not allowed to do this."))
    if isinstance(exception, ValidationError):
        return _of_validation(exception)
    if isinstance(exception, RequestDataTooBig | TooManyFilesSent):
        return Problem(413, "too_large", _("This is larger than is accepted in one request."))
    if isinstance(exception, SuspiciousOperation | BadRequest):
        return Problem(400, "bad_request", _("This request could not be understood."))
    if errors.no_room(exception):
        log.error("no room left to store in: %s", exception)
        return _of_status(507)
    return None


def for_api(exception: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """REST framework's exception handler."""
    problem = of(exception)
    return None if problem is None else _details(context["request"], problem)


def answer(request: HttpRequest, exception: BaseException) -> HttpResponse | None:
    """The response to an exception; None leaves it to the handler of unforeseen errors."""
    problem = of(exception)
    return None if problem is None else respond(request, problem)


def respond(request: HttpRequest, problem: Problem) -> HttpResponse:
    """Say a problem in the form the client asked for."""
    if for_programs(request):
        return _details(request, problem)
    fragment = getattr(request, "htmx", False)
    template = "core/_problem.html" if fragment else "core/problem.html"
    body = render_to_string(template, {"problem": problem, "instance": _instance(request)}, request)
    # htmx shows no answer of 400 and above by itself; static/js/app.js lets it show those that say where they go.
    headers = {**problem.headers, "HX-Reswap": "innerHTML"} if fragment else problem.headers
    return HttpResponse(body, status=problem.status, headers=headers)


def completed(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """An error that a part made without going through here, said in our form; its other headers stay."""
    if response.get("Content-Type", "").startswith(MEDIA_TYPE) or response.streaming:
        return response
    wants_page = "text/html" in request.headers.get("Accept", "") and not response.content
    if not for_programs(request) and not wants_page:
        return response
    said = respond(request, _of_status(response.status_code))
    response.content = said.content
    response["Content-Type"] = said["Content-Type"]
    return response


def for_programs(request: HttpRequest) -> bool:
    """Whether the client is a program: everything under /api/, or who accepts JSON and no page."""
    if request.path.startswith("/api/"):
        return True
    accept = request.headers.get("Accept", "")
    return "json" in accept and "text/html" not in accept and not getattr(request, "htmx", False)


# Django's handlers (config/urls.py names them) ----------------------------------------------------------------------


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return respond(request, of(exception or BadRequest()) or _of_status(400))


@requires_csrf_token
def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return respond(request, of(exception or PermissionDenied()) or _of_status(403))


@requires_csrf_token
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return respond(request, _of_status(404))


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    try:
        # What is raised before a view is reached, while a body comes in, is known here by the exception in hand alone.
        raised = sys.exception()
        return respond(request, (of(raised) if raised else None) or _of_status(500))
    except Exception:  # the page itself is what fails: a bare sentence is better than nothing
        log.exception("the error page failed")
        return HttpResponse(_of_status(500).detail, status=500, content_type="text/plain; charset=utf-8")


@requires_csrf_token
def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    detail = _("This form is too old or came from another place. Load the page again and send it once more.")
    return respond(request, Problem(403, "csrf_failed", detail))


# ----------------------------------------------------------------------------------------------------------------------


def _details(request: Any, problem: Problem) -> HttpResponse:
    body: dict[str, Any] = {
        "type": f"urn:concord:problem:{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
        "instance": _instance(request),
    }
    if problem.errors:
        body["errors"] = problem.errors
    body |= {name: value for name, value in problem.facts.items() if name not in _STANDARD}
    text = json.dumps(body, cls=DjangoJSONEncoder, ensure_ascii=False)
    return HttpResponse(text, status=problem.status, content_type=MEDIA_TYPE, headers=problem.headers)


def _instance(request: Any) -> str:
    return getattr(request, "id", "") or getattr(getattr(request, "_request", None), "id", "")


def _of_framework(exception: drf.APIException) -> Problem:
    headers = {}
    if challenge := getattr(exception, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(exception, "wait", None):
        headers["Retry-After"] = str(int(wait))
    if isinstance(exception, drf.ValidationError):
        errors = list(_walk(exception.detail, "#"))
        code = "unknown_field" if any(one["code"] == "unknown_field" for one in errors) else "invalid"
        return Problem(422, code, _invalid(errors), errors, headers=headers)
    codes = exception.get_codes()
    code = codes if isinstance(codes, str) else exception.default_code
    return Problem(exception.status_code, code, str(exception.detail), headers=headers)


def _of_validation(exception: ValidationError) -> Problem:
    if hasattr(exception, "error_dict"):
        errors = [
            {"pointer": "#" if name == NON_FIELD_ERRORS else f"#/{name}", "code": one.code or "invalid", "detail": said}
            for name, ones in exception.error_dict.items()
            for one in ones
            for said in one.messages
        ]
    else:
        errors = [{"pointer": "#", "code": exception.code or "invalid", "detail": said} for said in exception.messages]
    return Problem(422, "invalid", _invalid(errors), errors)


def _of_status(status: int) -> Problem:
    code, detail = _sentences().get(status, ("", ""))
    return Problem(
        status, code or ("server_error" if status >= 500 else "refused"), detail or HTTPStatus(status).phrase
    )


def _field_errors(fields: Mapping[str, list[str]]) -> list[dict[str, str]]:
    return [
        {"pointer": f"#/{name}" if name else "#", "code": "invalid", "detail": str(said)}
        for name, sentences in fields.items()
        for said in sentences
    ]


def _walk(detail: Any, pointer: str) -> Iterator[dict[str, str]]:
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            escaped = str(name).replace("~", "~0").replace("/", "~1")
            yield from _walk(inner, pointer if name == "non_field_errors" else f"{pointer}/{escaped}")
    elif isinstance(detail, list):
        for place, inner in enumerate(detail):
            yield from _walk(inner, f"{pointer}/{place}" if isinstance(inner, Mapping | list) else pointer)
    else:
        yield {"pointer": pointer, "code": getattr(detail, "code", "invalid"), "detail": str(detail)}


def _invalid(errors: list[dict[str, str]]) -> str:
    return errors[0]["detail"] if len(errors) == 1 else _("Some of what was sent is not right; see the list.")


def _titles() -> dict[int, str]:
    return {
        400: _("Not understood"),
        401: _("Not signed in"),
        403: _("Not allowed"),
        404: _("Not found"),
        405: _("Not possible here"),
        409: _("Not now"),
        410: _("No longer here"),
        412: _("Not permitted by consent"),
        413: _("Too large"),
        422: _("Not valid"),
        429: _("Too many tries"),
        500: _("Something went wrong here"),
        503: _("Not ready"),
        507: _("No room left"),
    }


def _sentences() -> dict[int, tuple[str, str]]:
    return {
        400: ("bad_request", _("This request could not be understood.")),
        401: ("not_authenticated", _("Sign in first.")),
        403: ("permission_denied", _("You are not allowed to do this.")),
        404: ("not_found", _("There is nothing here, or nothing that you may see.")),
        405: ("method_not_allowed", _("This address does not take this kind of request.")),
        413: ("too_large", _("This is larger than is accepted in one request.")),
        416: ("range_not_satisfiable", _("The asked part lies outside the file.")),
        429: ("throttled", _("Too many requests. Wait a little.")),
        500: (
            "server_error",
            _("Nothing of this request was kept. The people who run this installation can find it by its number."),
        ),
        507: (
            "storage_full",
            _(
                "There is no room left to store this, and nothing of it was kept. Tell the people who run this installation."
            ),
        ),
        503: ("not_ready", _("This installation is not ready. Try again in a minute.")),
    }
