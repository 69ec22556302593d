"""An annotator's own page: campaigns with progress, clips to come back to, time worked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Avg, Count, Sum
from django.db.models.functions import TruncDate
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from consent.gate import Use, permitted
from core import access
from core.models import User
from labeling.models import Annotation, Assignment, Campaign, Question, QueuePlace, Trace
from labeling.services import guidelines

USE = Use("human_annotation")
MOST_COME_BACK = 9


@require_GET
@login_required
def home(request: HttpRequest) -> HttpResponse:
    campaigns = _campaigns(request.user)
    now = timezone.now()
    context = {
        "greeting": _("Welcome, %(name)s") % {"name": request.user.first_name},
        "campaigns": campaigns,
        "come_back": _come_back(request.user),
        "week": _week(request.user, now),
        "left": any(not one["done"] and one["state"] == "open" for one in campaigns),
    }
    return render(request, "labeling/home.html", context)


def _campaigns(user: User) -> list[dict[str, Any]]:
    """The campaigns the person labels in, open ones first, with how far they are."""
    seen = access.visible(user, Campaign.objects.exclude(state=Campaign.State.DRAFT), "label").select_related("study")
    places = {one.campaign_id: one for one in QueuePlace.objects.filter(campaign__in=seen, annotator__user=user)}
    pace = dict(
        Annotation.objects.filter(annotator__user=user, campaign__in=seen, current=True, duration_ms__gt=0)
        .values_list("campaign_id")
        .annotate(Avg("duration_ms"))
    )
    traced = set(
        Question.objects.filter(scheme_version__campaigns__in=seen, kind=Question.Kind.TRACE).values_list(
            "scheme_version_id", flat=True
        )
    )
    begun = set(
        Trace.objects.filter(
            assignment__annotator__user=user, assignment__state=Assignment.State.LEASED, annotation=None
        )
        .exclude(state=Trace.State.ABANDONED)
        .values_list("assignment__campaign_id", flat=True)
    )
    order = {Campaign.State.OPEN: 0, Campaign.State.PAUSED: 1, Campaign.State.CLOSED: 2}
    shown = [
        _shown(one, places[one.pk], pace.get(one.pk), one.scheme_version_id in traced, one.pk in begun)
        for one in seen
        if one.pk in places
    ]
    return sorted(shown, key=lambda one: (order[one["state"]], one["done"], one["name"]))


def _shown(campaign: Campaign, place: QueuePlace, pace: float | None, traced: bool, begun: bool) -> dict[str, Any]:
    total = max(campaign.size, place.answered)
    return {
        "name": campaign.name, "study": campaign.study.name, "state": campaign.state, "closes_on": campaign.closes_on,
        "answered": place.answered, "total": total, "done": place.answered >= total, "begun": place.handed_out > 0,
        "part_way": begun, "pace": _pace(pace, traced), "url": reverse("labeling:current", args=[campaign.pk]),
        "state_label": campaign.get_state_display(),
    }  # fmt: skip


def _pace(milliseconds: float | None, traced: bool) -> str:
    if not milliseconds:
        return ""
    if milliseconds < 90_000:
        return _("about %(n)d s a clip") % {"n": max(1, round(milliseconds / 1000))}
    minutes = round(milliseconds / 60_000)
    return _("about %(n)d min a recording") % {"n": minutes} if traced else _("about %(n)d min a clip") % {"n": minutes}


def _come_back(user: User) -> list[dict[str, Any]]:
    """Clips that the person flagged or skipped, as far as the gate allows them."""
    own = access.visible(user, Assignment.objects.exclude(campaign__state=Campaign.State.CLOSED), "label")
    again = set(guidelines.asked_again(own).values_list("pk", flat=True))
    wanted = own.filter(flagged=True) | own.filter(state=Assignment.State.SKIPPED) | own.filter(pk__in=again)
    rows = permitted(wanted, USE).select_related("item", "campaign").order_by("-id")[:MOST_COME_BACK]
    return [
        {
            "code": one.item.code, "campaign": one.campaign.name, "url": reverse("labeling:item", args=[one.campaign_id, one.pk]),
            "answered": one.state == Assignment.State.SUBMITTED, "flagged": one.flagged,
            "reason": _("asked to look at it again") if one.pk in again else _reason(one.skip_reason),
        }
        for one in rows
    ]  # fmt: skip


def _reason(code: str) -> str:
    return {
        "media_broken": _("skipped: something is broken or missing"),
        "target_unclear": _("skipped: not clear whom it is about"),
        "distressing": _("skipped: it distressed you"),
        "warned": _("skipped: you would rather not see or hear it"),
        "known_person": _("skipped: you know the person"),
    }.get(code, _("skipped"))


def _week(user: User, now: datetime) -> dict[str, Any]:
    """Minutes worked on each of the last seven days, from the time that answers took."""
    first = (now - timedelta(days=6)).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = (
        Annotation.objects.filter(annotator__user=user, created_at__gte=first)
        .annotate(day=TruncDate("created_at"))
        .values("day")
        .annotate(ms=Sum("duration_ms"), n=Count("pk"))
    )
    worked = {row["day"]: row["ms"] / 60_000 for row in rows}
    days = [(first + timedelta(days=at)).date() for at in range(7)]
    most = max([*worked.values(), 1.0])
    columns = []
    for at, day in enumerate(days):
        minutes = worked.get(day, 0.0)
        height = round(56 * minutes / most)
        columns.append({
            "day": day, "minutes": round(minutes), "x": f"{3 + at * 14.28:.2f}%", "middle": f"{7.1 + at * 14.28:.2f}%",
            "y": 84 - height, "height": height, "above": 79 - height,
        })  # fmt: skip
    total = sum(worked.values())
    answers = sum(row["n"] for row in rows)
    return {
        "columns": columns,
        "total": _("%(h)d h %(m)02d min") % {"h": int(total // 60), "m": int(total % 60)},
        "answers": ngettext("%(n)d answer", "%(n)d answers", answers) % {"n": answers},
    }
