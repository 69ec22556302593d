"""What keeps the hand going: items made ready ahead and given back, the rail of the last answers, what was flagged, comments,
and a person's own keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_GET, require_POST

from consent.gate import Use, permitted
from core import access
from core.errors import Invalid, Refused
from labeling.models import Assignment, Campaign
from labeling.services import care, comments, queue
from labeling.services import shortcuts as shortcut_services
from labeling.views import work
from labeling.views.asked import is_json, own, sent

_CAMPAIGN = access.Fetch("label", lambda: Campaign.objects.all())
USE = Use("human_annotation")
MOST_FLAGGED = 100


@require_POST
@login_required
@gzip_page
def ahead(request: HttpRequest, campaign_id: UUID) -> JsonResponse:
    """What may be made ready behind the item at hand (`at`), whose lease is extended with theirs; and the minutes worked on end."""
    campaign = _CAMPAIGN(request.user, campaign_id)
    at = _at(request, campaign, sent(request))
    if at is None:
        raise Invalid("not_an_id", _("An id (UUID) is needed."))
    try:
        queue.heartbeat(actor=request.user, assignment=at)
    except Refused as refused:
        if refused.code != "lease_lost":  # the item at hand was given back; what comes is to be had all the same
            raise
    ready = queue.ahead(request.user, campaign, at)
    worked = care.session(request.user, campaign).worked
    return JsonResponse({
        "items": [{"id": one.pk, "url": reverse("labeling:item", args=[campaign.pk, one.pk])} for one in ready],
        "worked": int(worked.total_seconds() // 60),
    })  # fmt: skip


@require_POST
@login_required
def release(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """Give back what was made ready behind the item at hand: sent by a page that is left."""
    campaign = _CAMPAIGN(request.user, campaign_id)
    at = _at(request, campaign, sent(request))
    # Whoever looks at an answer holds what they came from: that stays.
    if at is not None and at.state != Assignment.State.LEASED:
        at = queue.next_held(request.user, campaign)
    if at is not None:
        queue.release_ahead(actor=request.user, campaign=campaign, after=at)
    return HttpResponse(status=204)


@require_GET
@login_required
def rail(request: HttpRequest, campaign_id: UUID, assignment_id: UUID) -> HttpResponse:
    """The person's last answers as a fragment."""
    assignment = own(request, campaign_id, assignment_id)
    place = queue.place_of(request.user, assignment.campaign)
    if place is None:
        raise Http404
    return render(request, "labeling/workspace/_strip.html", {"work": work.rail(assignment, place)})


@require_GET
@login_required
def flagged(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """What the person flagged in the campaign, as far as the gate allows, as a fragment."""
    campaign = _CAMPAIGN(request.user, campaign_id)
    own = access.visible(request.user, Assignment.objects.filter(campaign=campaign, flagged=True), "label")
    rows = permitted(own, USE).select_related("item").order_by("position")
    shown = [
        {
            "code": one.item.code, "position": one.position, "answered": one.state == Assignment.State.SUBMITTED,
            "url": reverse("labeling:item", args=[campaign.pk, one.pk]),
        }
        for one in rows[:MOST_FLAGGED]
    ]  # fmt: skip
    more = max(0, rows.count() - MOST_FLAGGED)
    return render(request, "labeling/workspace/_flagged.html", {"flagged": shown, "more": more})


@require_POST
@login_required
def comment(request: HttpRequest, campaign_id: UUID, assignment_id: UUID) -> HttpResponse:
    assignment, body = own(request, campaign_id, assignment_id), sent(request)
    made = comments.add(
        actor=request.user, assignment=assignment, client_id=body.get("client_id"), text=body.get("text")
    )
    if is_json(request):
        return JsonResponse({"comment_id": made.pk, "saved_at": made.created_at}, status=201)
    return redirect("labeling:item", campaign_id, assignment_id)


@require_POST
@login_required
def shortcuts(request: HttpRequest) -> JsonResponse:
    """Keep the person's own keys: {"codes": {action: place}}."""
    return JsonResponse({"codes": shortcut_services.keep(actor=request.user, codes=sent(request).get("codes"))})


def _at(request: HttpRequest, campaign: Campaign, body: Mapping[str, Any]) -> Assignment | None:
    """The item that the person looks at, of this campaign; None when what was sent is no id."""
    try:
        wanted = UUID(str(body.get("at", ""))[:45])
    except ValueError:
        return None
    return own(request, campaign.pk, wanted)
