"""From a file that somebody sent to a track that can be labeled: stored sealed, read, peaks made, a rendition if needed.

Storing is a service of its own, so that a file is safe before anything is known about it. Reading is a job's work, one
short transaction a track: a worker that dies leaves what was read, and the next one goes on.
"""

from __future__ import annotations

import io
from typing import BinaryIO
from uuid import UUID

from django.db import transaction
from django.db.models import F, Max
from django.utils.translation import gettext as _

from affect.codecs import trace as container
from consent import assets
from consent.models import Asset, Participant
from consent.purposes import Modality
from core import audit, jobs
from core.errors import Invalid, Refused
from core.models import Job, User
from labeling.media import peaks, proxy, signal
from labeling.media.probe import MediaRefused, probe
from labeling.models import Item, Lane, Recording, Track

MEDIA_TYPES = {
    "mp4": "video/mp4", "m4v": "video/mp4", "mov": "video/quicktime", "webm": "video/webm", "mkv": "video/x-matroska", "avi": "video/x-msvideo",
    "wav": "audio/wav", "mp3": "audio/mpeg", "ogg": "audio/ogg", "oga": "audio/ogg", "opus": "audio/ogg", "flac": "audio/flac", "m4a": "audio/mp4",
    "csv": "text/csv", "txt": "text/plain",
}  # fmt: skip


def attach(*, actor: User | None, track: Track, source: BinaryIO, file_name: str) -> Asset:
    """Store a file as the original of a track, sealed under the keys of everyone who appears in it.

    Raises Invalid("media_type_unknown"), Refused("has_original") or Refused("too_large"); nothing is half-stored.
    """
    ending = file_name.rsplit(".", 1)[-1].lower() if "." in file_name else ""
    if ending not in MEDIA_TYPES:
        known = ", ".join(sorted(MEDIA_TYPES))
        raise Invalid("media_type_unknown", _("Files ending in %(known)s are taken.") % {"known": known})
    if track.original_id:
        raise Refused("has_original", _("This track has its file already; a recording is never overwritten."))
    people = list(Participant.objects.filter(appearances__track=track).distinct())
    asset = assets.store(
        study=track.study, kind=Asset.Kind.ORIGINAL, source=source, media_type=MEDIA_TYPES[ending],
        subjects=people, file_name=file_name, actor=actor,
    )  # fmt: skip
    with transaction.atomic():
        if not Track.objects.filter(pk=track.pk, original=None).update(original=asset):
            raise Refused("has_original", _("This track has its file already; a recording is never overwritten."))
        audit.record(
            "labeling.media.attached", actor=actor, target=track, study=track.study_id, bytes=asset.plain_bytes
        )
    track.original = asset
    return asset


def start_reading(*, actor: User | None, study_id: UUID, recording_ids: list[UUID]) -> Job:
    """Have the tracks of these recordings read by a worker."""
    return jobs.start(
        "labeling.read_media", actor=actor, study_id=study_id, recordings=[str(one) for one in recording_ids]
    )


def read_recording(recording: Recording, *, rates: dict[str, float] | None = None) -> None:
    """Read every track of a recording that has not been read, then say whether the recording can be labeled."""
    for track in recording.tracks.filter(state=Track.State.REGISTERED).select_related("original", "study"):
        read_track(track, rate_hz=(rates or {}).get(track.name, 0.0))
    _conclude(recording)


def read_track(track: Track, *, rate_hz: float = 0.0) -> None:
    """Probe one track and make what is drawn and played from it. A file that cannot be read fails the track, with a code."""
    if track.original is None:
        return
    try:
        with assets.open_asset(track.original) as stream:
            if track.modality == Modality.SIGNAL:
                _read_signal(track, stream, rate_hz or float(track.probe.get("rate_hz", 0)))
            else:
                _read_media(track, stream)
    except MediaRefused as refused:
        with transaction.atomic():
            Track.objects.filter(pk=track.pk).update(state=Track.State.FAILED, failure=refused.code)
            audit.record(
                "labeling.track.refused", target=track, study=track.study_id, outcome="refused", code=refused.code
            )


def _read_media(track: Track, stream: BinaryIO) -> None:
    found = probe(stream, track.modality)
    drawn = peaks.peaks(stream) if found.has_audio else b""
    people = list(track.original.subjects.all())
    made = proxy_of(track, found.modality) if not found.playable else None
    wave = (
        assets.store(study=track.study, kind=Asset.Kind.PEAKS, source=drawn, media_type="application/octet-stream", subjects=people, parent=track.original)
        if drawn else None
    )  # fmt: skip
    with transaction.atomic():
        Track.objects.filter(pk=track.pk).update(
            state=Track.State.READY, proxy=made, peaks=wave, duration_us=found.duration_us, start_us=found.start_us,
            time_base_num=found.time_base.numerator, time_base_den=found.time_base.denominator,
            rate_num=found.rate.numerator, rate_den=found.rate.denominator, variable_rate=found.variable_rate,
            probe={**found.facts, "frame_times_us": list(found.frame_times_us)} if found.variable_rate else found.facts,
        )  # fmt: skip
        audit.record(
            "labeling.track.read",
            target=track,
            study=track.study_id,
            duration_us=found.duration_us,
            proxy=made is not None,
        )


def proxy_of(track: Track, modality: str) -> Asset:
    """A rendition that browsers play, with the original's timestamps; refused when they did not survive."""
    with assets.loopback_address(track.original) as url:
        made = b"".join(proxy.transcode(url, modality))
    again = probe(io.BytesIO(made), modality)
    with assets.open_asset(track.original) as stream:
        before = probe(stream, modality)
    if abs(again.duration_us - before.duration_us) > 100_000 or abs(again.start_us - before.start_us) > 50_000:
        raise MediaRefused(
            "timestamps_lost",
            "The rendition's times differ from the original's, so labels would sit in the wrong place.",
        )
    return assets.store(
        study=track.study, kind=Asset.Kind.PROXY, source=made, media_type="video/mp4" if modality == "video" else "audio/ogg",
        subjects=list(track.original.subjects.all()), parent=track.original,
    )  # fmt: skip


def _read_signal(track: Track, stream: BinaryIO, rate_hz: float) -> None:
    times, values = signal.read_csv(stream, rate_hz)
    packed = container.pack(times, values)
    people = list(track.original.subjects.all())
    lane = assets.store(
        study=track.study,
        kind=Asset.Kind.LANE,
        source=packed,
        media_type="application/octet-stream",
        subjects=people,
        parent=track.original,
    )
    step = round(1_000_000 / rate_hz) if rate_hz else int(times[1] - times[0]) if len(times) > 1 else 0
    with transaction.atomic():
        Track.objects.filter(pk=track.pk).update(
            state=Track.State.READY, duration_us=int(times[-1]) + step, rate_num=round(rate_hz * 1000), rate_den=1000,
            probe={"samples": len(times), "rate_hz": rate_hz},
        )  # fmt: skip
        Lane.objects.create(
            study_id=track.study_id,
            track=track,
            name=track.name,
            asset=lane,
            minimum=float(values.min()),
            maximum=float(values.max()),
        )
        audit.record("labeling.track.read", target=track, study=track.study_id, samples=len(times))


@transaction.atomic
def _conclude(recording: Recording) -> None:
    """Ready when at least one track is, and none still waits; whole items get the length that was read."""
    states = set(recording.tracks.values_list("state", flat=True))
    if Track.State.REGISTERED in states:
        return
    state = Recording.State.READY if Track.State.READY in states else Recording.State.FAILED
    ready = recording.tracks.filter(state=Track.State.READY)
    end = ready.aggregate(end=Max(F("start_us") + F("duration_us") + F("alignments__offset_us")))["end"] or 0
    Recording.objects.filter(pk=recording.pk, state=Recording.State.DRAFT).update(state=state, duration_us=end)
    Item.objects.filter(recording=recording, kind=Item.Kind.WHOLE, end_us=0).update(end_us=end)
    audit.record("labeling.recording.read", target=recording, study=recording.study_id, state=state, duration_us=end)
