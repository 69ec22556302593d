"""The side navigation: what the person may see of the study they are in. A view says where it is by `request.study`."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from consent.models import Request, Study
from core import access
from labeling.models import Assignment, Campaign

# Label, the route, and the action of the door that shows it.
STUDY_LINKS = (
    (lambda: _("Overview"), "studies:overview", "view"),
    (lambda: _("Campaigns"), "campaigns:list", "campaign"),
    (lambda: _("Recordings"), "studies:recordings", "view"),
    (lambda: _("Schemes"), "studies:schemes", "scheme"),
    (lambda: _("Guidelines"), "studies:guidelines", "scheme"),
    (lambda: _("Datasets"), "datasets:list", "dataset"),
    (lambda: _("Models"), "inference:models", "run"),
    (lambda: _("People"), "studies:people", "view"),
)
PRIVACY_LINKS = (
    (lambda: _("Requests"), "consent:requests", "request"),
    (lambda: _("Participants"), "consent:participants", "participants"),
    (lambda: _("Bases"), "consent:bases", "consent"),
    (lambda: _("Notices"), "consent:notices", "consent"),
    (lambda: _("Audit log"), "consent:audit", "audit"),
)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Lazy: a page without the frame (a fragment, a workspace) asks nothing of the database."""
    return {"navigation": SimpleLazyObject(lambda: _navigation(request))}


def _navigation(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"groups": [], "who": None}
    study: Study | None = getattr(request, "study", None)
    groups = []
    held: set[str] = set()
    if study is not None:
        held = access.roles(user, study)
        may = {action for role in held for action in Study.roles[role]}
        groups += _group(request, study.name, STUDY_LINKS, may, study)
        groups += _group(request, _("Privacy"), PRIVACY_LINKS, may, study)
    others = access.visible(user, Study.objects.all()).order_by("name")
    if study is not None:
        others = others.exclude(pk=study.pk)
    if links := [_link(request, one.name, reverse("studies:overview", args=[one.pk])) for one in others[:12]]:
        groups.append({"title": _("Other studies") if study else _("Studies"), "links": links})
    if access.visible(user, Campaign.objects.all(), "open").exists():
        count = Assignment.objects.filter(annotator__user=user, state=Assignment.State.LEASED).count()
        groups.append(
            {"title": _("My work"), "links": [_link(request, _("Labeling"), reverse("labeling:home"), count or None)]}
        )
    if user.is_operator:
        groups.append({"title": _("Installation"), "links": [
            _link(request, _("New study"), reverse("studies:new")), _link(request, _("Accounts"), reverse("people")),
            *([_link(request, _("Mails of the demo"), reverse("demo:mails"))] if settings.DEMO_MAILS else []),
        ]})  # fmt: skip
    return {
        "groups": groups,
        "who": {
            "name": user.name or user.email,
            "role": ", ".join(str(Study.role_names[role]) for role in Study.roles if role in held),
        },
    }


def _group(request: HttpRequest, title: str, table: tuple, may: set[str], study: Study) -> list[dict]:
    links = []
    for label, route, action in table:
        if action in may:
            count = Request.objects.filter(study=study, closed_at=None).count() if route == "consent:requests" else None
            link = _link(request, label(), reverse(route, args=[study.pk]), count or None)
            # A page below says by `request.section` which link leads to it.
            link["current"] = link["current"] or getattr(request, "section", "") == route
            links.append(link)
    return [{"title": title, "links": links}] if links else []


def _link(request: HttpRequest, label: str, url: str, count: int | None = None) -> dict:
    return {"label": label, "url": url, "count": count, "current": request.path == url}
