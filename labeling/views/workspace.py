"""The workspace: one item after the other, its answers, traces and small acts. Speaks JSON with scripts, forms without."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from core import access, ids
from core.errors import Refused
from labeling.models import Assignment, Campaign
from labeling.services import annotations, care, comments, guidelines, practice, queue, shortcuts, trace_rules, traces
from labeling.services.definitions import definition
from labeling.views import work
from labeling.views.asked import is_json, own, sent
from labeling.views.posted import posted
from labeling.views.practice import lag_shown

_OWN_TO_SHOW = access.Fetch(
    "label", lambda: Assignment.objects.select_related("campaign__guideline_version__guideline", "item")
)
_CAMPAIGN = access.Fetch("label", lambda: Campaign.objects.select_related("guideline_version__guideline"))


class _SeeOther(HttpResponseRedirect):
    status_code = 303


@require_GET
@login_required
@gzip_page
def current(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """The item the person is at: leased now when they hold none. A page goes there; htmx gets its fragment at once."""
    campaign = _CAMPAIGN(request.user, campaign_id)
    if _practice_due(request, campaign):
        there = reverse("labeling:practice", args=[campaign.pk])
        return _redirect(request, there)
    try:
        # Answers that the person was asked to look at again come before new items.
        assignment = guidelines.again(request.user, campaign) or queue.next_assignment(request.user, campaign)
    except Refused as refused:
        if refused.code == "guideline_unread":
            return _redirect(request, reverse("labeling:guideline", args=[campaign.pk]))
        if refused.code != "break_due":
            raise
        return _rest(request, campaign)
    if assignment is None:
        place = _place(request, campaign)
        context = {"work": work.work_done(campaign, place, queue.before(request.user, campaign))}
        return _show(request, "labeling/workspace/_done.html", context)
    url = reverse("labeling:item", args=[campaign.pk, assignment.pk])
    if not request.htmx:
        return redirect(url)
    assignment.campaign = campaign
    response = _show_item(request, assignment)
    response["HX-Push-Url"] = url
    return response


@require_GET
@login_required
@gzip_page
def item(request: HttpRequest, campaign_id: UUID, assignment_id: UUID) -> HttpResponse:
    """The page of one assignment of one's own, to answer or to change the answer."""
    return _show_item(request, own(request, campaign_id, assignment_id, _OWN_TO_SHOW))


@require_POST
@login_required
def submit(request: HttpRequest, campaign_id: UUID, assignment_id: UUID) -> HttpResponse:
    assignment = own(request, campaign_id, assignment_id)
    body = sent(request)
    annotation = annotations.submit_annotation(
        actor=request.user,
        assignment=assignment,
        client_id=body.get("client_id"),
        answers=body["answers"] if "answers" in body else _posted(request, assignment),
        perceived=body.get("perceived"),
        started_at=body.get("started_at"),
        duration_ms=body.get("duration_ms") or 0,
        played_us=body.get("played_us") or 0,
    )
    following = reverse("labeling:current", args=[campaign_id])
    if not is_json(request):
        return _SeeOther(following)
    told = {
        "annotation_id": annotation.pk,
        "revision": annotation.revision,
        "saved_at": annotation.created_at,
        "next_url": following,
    }
    if assignment.campaign.predictions == Campaign.Predictions.AFTER:
        told["prediction"] = work.suggestion(assignment, annotation)
    return JsonResponse(told, status=200 if annotation.repeated else 201)


@require_http_methods(["GET", "POST"])
@login_required
def trace_chunk(request: HttpRequest, campaign_id: UUID, assignment_id: UUID) -> HttpResponse:
    """A part of a trace is kept; asked without one, it is told what there is already, so that rating goes on from there."""
    assignment = own(request, campaign_id, assignment_id)
    if request.method == "GET":
        asked = request.GET.get
        kept = traces.kept(assignment=assignment, question=asked("question", ""), client_id=asked("client_id"))
        return JsonResponse(asdict(kept))
    body = sent(request)
    kept = traces.add_chunk(
        actor=request.user,
        assignment=assignment,
        client_id=body.get("client_id"),
        question=body.get("question"),
        sequence=body.get("sequence"),
        times_us=body.get("times_us"),
        values_=body.get("values"),
        flags=body.get("flags"),
        clock_us=body.get("clock_us"),
    )
    return JsonResponse({"kept_until_us": kept.kept_until_us, "have": kept.have})


@require_POST
@login_required
def trace_finish(request: HttpRequest, campaign_id: UUID, assignment_id: UUID) -> HttpResponse:
    assignment, body = own(request, campaign_id, assignment_id), sent(request)
    trace = traces.finish(
        actor=request.user,
        assignment=assignment,
        client_id=body.get("client_id"),
        question=body.get("question"),
        chunks=body.get("chunks"),
        device=body.get("device"),
        events=body.get("events"),
    )
    told = {"trace_id": trace.pk, "samples": trace.samples, "kept_until_us": trace.end_us, "coverage": trace.coverage}
    return JsonResponse({**told, "lacks": [trace_rules.sentence(one) for one in traces.lacks(trace)]})


@require_POST
@login_required
def heartbeat(request: HttpRequest, campaign_id: UUID, assignment_id: UUID) -> HttpResponse:
    assignment = own(request, campaign_id, assignment_id)
    until = queue.heartbeat(actor=request.user, assignment=assignment)
    return JsonResponse({"lease_until": until, "held": queue.held_ids(assignment)})


@require_POST
@login_required
def skip(request: HttpRequest, campaign_id: UUID, assignment_id: UUID) -> HttpResponse:
    reason = sent(request).get("reason") or "other"
    queue.skip(actor=request.user, assignment=own(request, campaign_id, assignment_id), reason=reason)
    following = reverse("labeling:current", args=[campaign_id])
    return JsonResponse({"next_url": following}) if is_json(request) else _SeeOther(following)


@require_POST
@login_required
def flag(request: HttpRequest, campaign_id: UUID, assignment_id: UUID) -> HttpResponse:
    flagged = str(sent(request).get("flagged", "1")).lower() not in ("0", "false", "")
    queue.flag(actor=request.user, assignment=own(request, campaign_id, assignment_id), flagged=flagged)
    if is_json(request):
        return JsonResponse({"flagged": flagged})
    return _SeeOther(reverse("labeling:item", args=[campaign_id, assignment_id]))


@require_http_methods(["GET", "POST"])
@login_required
def stop(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """Back to one's campaigns. Following the link keeps the lease for a while; posting gives it back at once."""
    if request.method == "POST":
        campaign = access.fetch(request.user, "label", Campaign.objects.all(), pk=campaign_id)
        queue.stop_for_now(actor=request.user, campaign=campaign)
    return _SeeOther(reverse("labeling:home"))


# ----------------------------------------------------------------------------------------------------------------------


def _practice_due(request: HttpRequest, campaign: Campaign) -> bool:
    """Whether a test is to be passed before the first trace; asked only where a campaign requires some and traces are made."""
    if not campaign.practice_required or not definition(campaign.scheme_version_id).traces:
        return False
    place = queue.place_of(request.user, campaign)
    return place is not None and bool(practice.missing(campaign, place.annotator_id))


def _place(request: HttpRequest, campaign: Campaign) -> Any:
    place = queue.place_of(request.user, campaign)
    if place is None:
        raise Http404
    return place


def _show_item(request: HttpRequest, assignment: Assignment) -> HttpResponse:
    campaign = assignment.campaign
    if not queue.is_allowed(assignment):
        context = {
            "work": {**work.work_done(campaign, _place(request, campaign), None), "place": None, "questions": []},
        }
        response = _show(request, "labeling/workspace/_withdrawn.html", context)
        response.status_code = 200 if request.htmx else 404
        return response
    shown = work.work(assignment, _place(request, campaign))
    if definition(campaign.scheme_version_id).traces:
        shown["practice"] = {"lag": lag_shown(campaign, assignment.annotator)}
    context = {"work": shown, "care": cared(request, assignment)}
    return _show(request, "labeling/workspace/_item.html", context)


def _rest(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    """The page of a break: what was done, when it goes on, whom one can talk to."""
    session = care.session(request.user, campaign)
    context = {
        "work": work.work_done(campaign, _place(request, campaign), queue.before(request.user, campaign)),
        "session": session, "minutes": int(session.worked.total_seconds() // 60), "support": care.support(campaign.study_id),
    }  # fmt: skip
    return _show(request, "labeling/workspace/_break.html", context)


def _redirect(request: HttpRequest, url: str) -> HttpResponse:
    """To another page of its own, also out of a fragment."""
    if request.htmx:
        return HttpResponseClientRedirect(url)
    return redirect(url)


def cared(request: HttpRequest, assignment: Assignment) -> dict[str, Any]:
    """What a person is cared for with on the page of an item: warnings, whom to turn to, their keys, their comments."""
    keys = shortcuts.of(request.user)
    return {
        "support": care.support(assignment.campaign.study_id),
        "warnings": care.warnings(assignment.item.recording_id),
        "comments": comments.own(assignment),
        "comment_id": ids.opaque(),
        "keys": json.dumps(keys) if keys else "",
    }


def _show(request: HttpRequest, fragment: str, context: dict[str, Any]) -> HttpResponse:
    if request.htmx:
        return render(request, fragment, context)
    return render(request, "labeling/workspace/page.html", {**context, "fragment": fragment})


def _posted(request: HttpRequest, assignment: Assignment) -> dict[str, dict[str, Any]]:
    """The answers of a page whose scripts do not run."""
    return posted(definition(assignment.campaign.scheme_version_id).form, request.POST)
