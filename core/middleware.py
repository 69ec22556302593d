"""What every request passes: an id, the person's language, the first start, and errors said to people."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import translation

from core import audit, ids, problems
from core.models import User

Next = Callable[[HttpRequest], HttpResponse]
_GIVEN = re.compile(r"[A-Za-z0-9_-]{8,36}")


class RequestId:
    """Gives each request a UUIDv7, told in `X-Request-Id` and written into the audit events it causes.

    An id sent by a proxy is taken over when it looks like one, so that one id runs through all logs.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "")
        request.id = given if _GIVEN.fullmatch(given) else str(ids.new())
        with audit.context(request_id=request.id, actor=lambda: getattr(request, "user", None)):
            response = self.get_response(request)
        response["X-Request-Id"] = request.id
        return response


class UserLanguage:
    """The language a person chose in their account stands above what the browser asks for."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Only for who has a session: an API request with a token never loads a user here.
        if request.session.session_key is None or not request.user.is_authenticated or not request.user.language:
            return self.get_response(request)
        with translation.override(request.user.language):
            request.LANGUAGE_CODE = translation.get_language()
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
            return response


class FirstAdministrator:
    """Until somebody has an account, every page leads to the one that makes the first administrator.

    Once there is a user it never asks the database again.
    """

    open_to_all = ("/welcome/", "/static/", "/healthz", "/readyz", "/metrics", "/api/")

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response
        self._somebody = False

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not self._somebody and not request.path.startswith(self.open_to_all):
            self._somebody = User.objects.exists()
            if not self._somebody:
                return HttpResponseRedirect(reverse("welcome"))
        return self.get_response(request)


class Problems:
    """Turns what a view raises into an answer (core/problems.py), and empty errors under /api/ into problem details."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code >= 400:
            return problems.completed(request, response)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return problems.answer(request, exception)
