"""Media of tracks: through the door, then the gate, then decrypted range by range.

Who judges what others said of a recording is given all that is stored of it. An annotator is given what their campaign
lets be perceived, and of that what was made to be played: the original only where nothing was made of it, since the file
that somebody sent may hold more than the track does (the sound of a film comes with its picture).
"""

from __future__ import annotations

import re
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from affect.codecs import trace as container
from consent import assets
from consent.gate import Use, permitted
from consent.models import Asset
from consent.views_media import serve
from core import access
from core.models import User
from labeling.media import lane
from labeling.models import Assignment, Campaign, CampaignItem, Lane, Track
from labeling.services import rules

USE = Use("human_annotation")
_WHOLE = re.compile(r"-?[0-9]{1,15}")
WHAT = ("original", "proxy", "peaks", "lane")


@require_safe
@login_required
def media(request: HttpRequest, track_id: UUID, what: str) -> HttpResponseBase:
    """The bytes of a track: its original, proxy, peaks or drawn lane. 404 for whoever may not see it, and once somebody withdrew."""
    track = permitted(Track.objects.filter(pk=track_id), USE).select_related("original", "proxy", "peaks").first()
    if track is None or what not in WHAT:
        raise Http404
    if not _judges(request.user, track) and not _perceives(request.user, track, what):
        raise Http404
    asset = _lane(track) if what == "lane" else getattr(track, what)
    if asset is None or asset.state != Asset.State.STORED:
        raise Http404
    if what == "lane":
        return _drawn(request, track, asset)
    return serve(request, asset, still=lambda: permitted(Track.objects.filter(pk=track_id), USE).exists())


def _judges(user: User, track: Track) -> bool:
    """Whether they have a role that sees annotations, in the study or in a campaign that the recording is in."""
    if access.visible(user, Track.objects.filter(pk=track.pk), "annotations").exists():
        return True
    entries = CampaignItem.objects.filter(item__recording_id=track.recording_id)
    return access.visible(user, entries, "annotations").exists()


def _perceives(user: User, track: Track, what: str) -> bool:
    """Whether an assignment of their own, held or answered, lets them perceive this track in this form."""
    if what == "original" and track.proxy_id is not None:
        return False
    own = access.visible(user, Assignment.objects.filter(item__recording_id=track.recording_id), "label")
    live = own.filter(state=Assignment.State.LEASED, lease_until__gt=timezone.now())
    found = (live | own.filter(state=Assignment.State.SUBMITTED)).exclude(campaign__state=Campaign.State.CLOSED)
    campaigns = Campaign.objects.filter(pk__in=found.values("campaign"))
    return any(track.modality not in rules.hidden(campaign) for campaign in campaigns)


def _drawn(request: HttpRequest, track: Track, asset: Asset) -> JsonResponse:
    """A stretch of a signal (?from_us=&to_us=&columns=, recording clock) as the least and greatest value of each column."""
    alignment = track.alignments.order_by("-number").first()
    offset, drift = (alignment.offset_us, alignment.drift_ppb) if alignment else (0, 0)
    with assets.open_asset(asset) as stream:
        samples = container.unpack(stream.read())
    times = offset + samples.times_us + samples.times_us * drift // 1_000_000_000
    begin = _whole(request, "from_us", int(times[0]))
    end = max(begin + 1, _whole(request, "to_us", int(times[-1]) + 1))
    found = lane.columns(times, samples.values, begin, end, _whole(request, "columns", 600))
    return JsonResponse(found, headers={"Cache-Control": "private, no-store"})


def _whole(request: HttpRequest, name: str, default: int) -> int:
    given = request.GET.get(name, "")
    return int(given) if _WHOLE.fullmatch(given) else default


def _lane(track: Track) -> Asset | None:
    found = Lane.objects.filter(track=track, kind="signal").select_related("asset").order_by("id").first()
    return found.asset if found else None
