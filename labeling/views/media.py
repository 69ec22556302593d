"""Media of tracks: through the door, then the gate, then decrypted range by range.

Who judges what others said of a recording is given all that is stored of it. An annotator is given what their campaign
lets be perceived, in the form that holds no more than that (`labeling.services.perceiving`): of a film whose sound is
hidden the file without sound, and no waveform. Of what may be perceived as it is, they get what was made to be played;
the original only where nothing was made of it, since the file that somebody sent may hold more than the track does.
"""

from __future__ import annotations

import re
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe

from consent.gate import Use, permitted
from consent.models import Asset
from consent.views_media import serve
from core import access
from core.models import User
from labeling.models import Assignment, Campaign, CampaignItem, Lane, Track
from labeling.services import perceiving, renditions
from labeling.services.perceiving import MADE, Given
from labeling.views import drawn

USE = Use("human_annotation")
WHAT = ("original", "proxy", *MADE, *drawn.DRAWN)
_LANE = re.compile(r"[0-9a-f-]{36}")
ASK_AGAIN_SECONDS = 5


@require_safe
@login_required
def media(request: HttpRequest, track_id: UUID, what: str) -> HttpResponseBase:
    """A form of a track's media, or what is drawn of it. 404 for whoever may not perceive it, and once somebody withdrew;
    503 while a rendition is being made, 422 when it could not be."""
    track = _usable(track_id).select_related("original", "proxy", "peaks", "study").first()
    if track is None or what not in WHAT:
        raise Http404
    if not _judges(request.user, track) and not _perceives(request, track, what):
        raise Http404
    if what in drawn.DRAWN:
        return drawn.answer(request, track, what, _lane(request, track) if what == "lane" else None)
    asset = renditions.asset_of(Given(track, what))
    if asset is not None:
        return serve(request, asset, still=lambda: _usable(track_id).exists())
    if what in MADE and track.original_id:
        return _not_there(perceiving.made(track, what))
    raise Http404


def _usable(track_id: UUID):
    return permitted(Track.objects.filter(pk=track_id), USE)


def _not_there(made: dict) -> HttpResponse:
    headers = {"Cache-Control": "private, no-store"}
    if "failure" in made:
        return HttpResponse(status=422, headers=headers)
    return HttpResponse(status=503, headers={**headers, "Retry-After": str(ASK_AGAIN_SECONDS)})


def _judges(user: User, track: Track) -> bool:
    """Whether they have a role that sees annotations, in the study or in a campaign that the recording is in."""
    if access.visible(user, Track.objects.filter(pk=track.pk), "annotations").exists():
        return True
    entries = CampaignItem.objects.filter(item__recording_id=track.recording_id)
    return access.visible(user, entries, "annotations").exists()


def _perceives(request: HttpRequest, track: Track, what: str) -> bool:
    """Whether an assignment of their own, held or answered, lets them perceive this track in this form."""
    own = access.visible(request.user, Assignment.objects.filter(item__recording_id=track.recording_id), "label")
    live = own.filter(state=Assignment.State.LEASED, lease_until__gt=timezone.now())
    found = (live | own.filter(state=Assignment.State.SUBMITTED)).exclude(campaign__state=Campaign.State.CLOSED)
    campaigns = list(Campaign.objects.filter(pk__in=found.values("campaign")))
    if not campaigns:
        return False
    beside = list(permitted(Track.objects.filter(recording_id=track.recording_id, state=Track.State.READY), USE))
    return any(_gives(request, campaign, beside, track, what) for campaign in campaigns)


def _gives(request: HttpRequest, campaign: Campaign, beside: list[Track], track: Track, what: str) -> bool:
    one = next((one for one in perceiving.given(campaign.perceived, beside) if one.track.pk == track.pk), None)
    if one is None:
        return False
    if what != "lane":
        return what in one.open
    lane = _lane(request, track)
    return lane is not None and perceiving.may_draw(campaign.perceived, track, lane.kind)


def _lane(request: HttpRequest, track: Track) -> Lane | None:
    """The lane that `?lane=` names, else the signal that the track is."""
    lanes = Lane.objects.filter(track=track, asset__state=Asset.State.STORED).select_related("asset")
    named = request.GET.get("lane", "")
    if named:
        return lanes.filter(pk=named).first() if _LANE.fullmatch(named) else None
    return lanes.filter(kind="signal").order_by("id").first()
