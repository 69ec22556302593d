"""Renditions that hold no more than a campaign lets be perceived, made when a campaign needs them and kept with the track.

Until one is there the track is not given at all, so a worker that is late shows nothing rather than too much. They are
made when a campaign opens, when items are added to an open one, and when a recording of an open one has been read.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from consent import assets
from consent.models import Asset
from core import audit, jobs
from core.models import Job, User
from labeling.media import perceived
from labeling.media.probe import Probe, probe
from labeling.media.refused import MediaRefused
from labeling.models import Campaign, CampaignItem, Recording, Track
from labeling.services import perceiving
from labeling.services.perceiving import BAND_PASSED, BAND_PASSED_SOUND, MADE, SILENT, SOUND, Given

MAKING = "labeling.make_renditions"
START_KEPT_US, DURATION_KEPT_US = (
    20_000,
    100_000,
)  # as for renditions that browsers play: half a frame; a frame of sound
LEFT_OVER = timedelta(hours=2)  # no rendition takes as long


def start_making(*, actor: User | None, campaign: Campaign) -> Job | None:
    """Have what the campaign needs made by a worker; None when everything is there."""
    if not missing(campaign):
        return None
    return jobs.start(MAKING, actor=actor, study_id=campaign.study_id, object_id=campaign.pk)


def missing(campaign: Campaign) -> list[Given]:
    """The tracks of a campaign that cannot be given yet, because their rendition is still to be made."""
    if not _needs_any(campaign):
        return []
    recordings = CampaignItem.objects.filter(campaign=campaign).values("item__recording_id")
    return _missing(campaign, Track.objects.filter(recording_id__in=recordings))


def make_for(recording: Recording) -> None:
    """Make what the campaigns that this recording is in need of it. One that cannot be made says so on the track."""
    entries = CampaignItem.objects.filter(item__recording=recording).exclude(campaign__state=Campaign.State.CLOSED)
    for campaign in Campaign.objects.filter(pk__in=entries.values("campaign_id")):
        if _needs_any(campaign):
            for one in _missing(campaign, Track.objects.filter(recording=recording)):
                make(one.track, one.what)


def make(track: Track, what: str) -> None:
    """Make one rendition and hang it on its track. What cannot be made is remembered with its code, and not given."""
    source = track.proxy or track.original
    _erase_left_over(track)
    try:
        with assets.open_asset(source) as stream, assets.loopback_address(source) as url:
            media_type, made = _made(what, stream, url, source.media_type)
            asset = assets.store(
                study=track.study, kind=Asset.Kind.PROXY, source=made, media_type=media_type,
                subjects=list(track.original.subjects.all()), parent=track.original,
            )  # fmt: skip
    except MediaRefused as refused:
        _keep(track, what, {"failure": refused.code})
        return
    try:
        found = _refuse_lost_times(track, what, asset)
    except MediaRefused as refused:
        assets.erase([asset])
        _keep(track, what, {"failure": refused.code})
        return
    facts = {"asset": str(asset.pk), "start_us": found.start_us, "duration_us": found.duration_us}
    if not _keep(track, what, facts):
        assets.erase([asset])  # somebody was faster


def asset_of(one: Given) -> Asset | None:
    """The stored bytes of what is given; None while they are made, and once they were erased."""
    if one.asset_id is None:
        return None
    return Asset.objects.filter(pk=one.asset_id, state=Asset.State.STORED).filter(
        Q(pk=one.track.original_id) | Q(parent_id=one.track.original_id)
    ).first()  # fmt: skip


# ----------------------------------------------------------------------------------------------------------------------


def _needs_any(campaign: Campaign) -> bool:
    shows = {rule: perceiving.shows(campaign.perceived, rule) for rule in ("video", "audio", "band_passed")}
    return shows["band_passed"] or not (shows["video"] and shows["audio"])


def _missing(campaign: Campaign, tracks: object) -> list[Given]:
    by_recording: dict[UUID, list[Track]] = {}
    for track in tracks.filter(state=Track.State.READY).select_related("original", "proxy", "study"):
        by_recording.setdefault(track.recording_id, []).append(track)
    return [
        one for found in by_recording.values() for one in perceiving.given(campaign.perceived, found)
        if one.what in MADE and not perceiving.made(one.track, one.what)
    ]  # fmt: skip


def _erase_left_over(track: Track) -> None:
    """What a worker had stored when it died, before anything led to it."""
    used = {track.proxy_id, *(UUID(one["asset"]) for one in track.probe.get("made", {}).values() if "asset" in one)}
    found = Asset.objects.filter(
        parent_id=track.original_id, kind=Asset.Kind.PROXY, state=Asset.State.STORED, created_at__lt=timezone.now() - LEFT_OVER
    )  # fmt: skip
    assets.erase([one for one in found if one.pk not in used])


def _made(what: str, stream: object, url: str, media_type: str) -> tuple[str, object]:
    makers: dict[str, Callable[[], tuple[str, object]]] = {
        SILENT: lambda: perceived.silent(stream),
        SOUND: lambda: perceived.sound(url, band_passed=False),
        BAND_PASSED_SOUND: lambda: perceived.sound(url, band_passed=True),
    }
    if what == BAND_PASSED:
        if media_type.startswith("audio/"):
            return perceived.sound(url, band_passed=True)
        return perceived.band_passed(url, copy=media_type in ("video/mp4", "video/quicktime"))
    return makers[what]()


def _refuse_lost_times(track: Track, what: str, asset: Asset) -> Probe:
    """What was made, read again: it holds what it must and nothing else, where it was. Raises MediaRefused otherwise."""
    sound_alone = what in (SOUND, BAND_PASSED_SOUND) or asset.media_type.startswith("audio/")
    with assets.open_asset(asset) as stream:
        found = probe(stream, "audio" if sound_alone else "video")
    if what == SILENT and found.has_audio:
        raise MediaRefused("transcode_failed")
    if what in (SOUND, BAND_PASSED_SOUND):
        return found  # the sound of a film has a start and a length of its own
    kept = (
        abs(found.duration_us - track.duration_us) <= DURATION_KEPT_US
        and abs(found.start_us - track.start_us) <= START_KEPT_US
    )
    if not kept:
        raise MediaRefused("timestamps_lost")
    return found


@transaction.atomic
def _keep(track: Track, what: str, facts: dict) -> bool:
    """Write down what was made. False when another worker had made it meanwhile, or the file was replaced."""
    held = Track.objects.select_for_update().get(pk=track.pk)
    if held.original_id != track.original_id or perceiving.made(held, what):
        return False
    held.probe = {**held.probe, "made": {**held.probe.get("made", {}), what: facts}}
    Track.objects.filter(pk=held.pk).update(probe=held.probe)
    outcome = {"outcome": "refused", "code": facts["failure"]} if "failure" in facts else {}
    audit.record("labeling.track.rendition_made", target=held, study=held.study_id, what=what, **outcome)
    return True
