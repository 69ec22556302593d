"""Media of tracks: through the door, then the gate, then decrypted range by range."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe

from consent.gate import Use, permitted
from consent.models import Asset
from consent.views_media import serve
from core import access
from core.models import User
from labeling.models import Assignment, Campaign, CampaignItem, Lane, Track

USE = Use("human_annotation")
WHAT = ("original", "proxy", "peaks", "lane")


@require_safe
@login_required
def media(request: HttpRequest, track_id: UUID, what: str) -> HttpResponseBase:
    """The bytes of a track: its original, proxy, peaks or drawn lane. 404 for whoever may not see it, and once somebody withdrew."""
    track = permitted(Track.objects.filter(pk=track_id), USE).select_related("original", "proxy", "peaks").first()
    if track is None or what not in WHAT or not _reaches(request.user, track):
        raise Http404
    asset = _lane(track) if what == "lane" else getattr(track, what)
    if asset is None or asset.state != Asset.State.STORED:
        raise Http404
    return serve(request, asset)


def _reaches(user: User, track: Track) -> bool:
    """Whether a door leads here: a role that sees annotations, or an assignment of one's own on an item of the recording."""
    if access.visible(user, Track.objects.filter(pk=track.pk), "annotations").exists():
        return True
    own = access.visible(user, Assignment.objects.filter(item__recording_id=track.recording_id), "label")
    own = own.exclude(campaign__state=Campaign.State.CLOSED)
    live = own.filter(state=Assignment.State.LEASED, lease_until__gt=timezone.now())
    if (live | own.filter(state=Assignment.State.SUBMITTED)).exists():
        return True
    entries = CampaignItem.objects.filter(item__recording_id=track.recording_id)
    return access.visible(user, entries, "annotations").exists()


def _lane(track: Track) -> Asset | None:
    lane = Lane.objects.filter(track=track, kind="signal").select_related("asset").order_by("id").first()
    return lane.asset if lane else None
