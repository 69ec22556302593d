"""From a file that somebody sent to a track that can be labeled: stored sealed, read, peaks made, a rendition if needed.

Storing is a service of its own, so that a file is safe before anything is known about it. Reading is a job's work, one
short transaction a track: a worker that dies leaves what was read, and the next one goes on. A file that cannot be used
fails its track with a code, and gives way to the next file that is sent for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from affect.codecs import trace as container
from consent import assets
from consent.models import Asset, Participant, Study
from consent.purposes import Modality
from core import audit, jobs
from core.errors import Invalid, Refused
from core.models import Job, User
from labeling.media import loudness, peaks, proxy, signal, spectrogram
from labeling.media.probe import Probe, probe
from labeling.media.refused import MediaRefused
from labeling.models import Item, Lane, Recording, Track
from labeling.services import lanes, recordings, renditions
from labeling.services.recordings import NewRecording

READING = "labeling.read_media"
MEDIA_TYPES = {
    "mp4": "video/mp4", "m4v": "video/mp4", "mov": "video/quicktime", "webm": "video/webm", "mkv": "video/x-matroska", "avi": "video/x-msvideo",
    "wav": "audio/wav", "mp3": "audio/mpeg", "ogg": "audio/ogg", "oga": "audio/ogg", "opus": "audio/ogg", "flac": "audio/flac", "m4a": "audio/mp4",
    "csv": "text/csv", "tsv": "text/csv", "txt": "text/csv",
}  # fmt: skip
# What a file of each ending is inside, as `Probe.facts["kind"]` says it.
KINDS = {
    "video/mp4": "mp4", "video/quicktime": "mp4", "audio/mp4": "mp4", "video/webm": "webm", "video/x-matroska": "matroska",
    "video/x-msvideo": "avi", "audio/wav": "wav", "audio/mpeg": "mp3", "audio/ogg": "ogg", "audio/flac": "flac",
}  # fmt: skip
START_KEPT_US, DURATION_KEPT_US = 20_000, 100_000  # by how much a rendition may differ: half a frame; a frame of sound


@dataclass(frozen=True)
class Sent:
    """A file as it came: a seekable source, the name it had, and the rate of a signal that does not say it itself."""

    source: BinaryIO
    name: str
    rate_hz: float = 0.0


def endings(modality: str) -> list[str]:
    """Which files a track of this modality takes: ["csv", "tsv", "txt"]; none for a text, which is no file."""
    if modality == Modality.TEXT:
        return []
    wanted = {Modality.VIDEO: ("video",), Modality.SIGNAL: ("text",)}.get(modality, ("video", "audio"))
    return sorted(ending for ending, media_type in MEDIA_TYPES.items() if media_type.startswith(wanted))


def examine(*, modality: str, source: BinaryIO, file_name: str, rate_hz: float = 0.0) -> None:
    """Read a file that is at hand before anything is stored, as `read_track` will. Raises Invalid or MediaRefused."""
    media_type = _media_type(modality, file_name)
    if modality == Modality.SIGNAL:
        signal.read_csv(source, rate_hz)
    else:
        _refuse_mislabelled(media_type, probe(source, modality))
    source.seek(0)


def attach(
    *, actor: User | None, track: Track, source: BinaryIO, file_name: str, rate_hz: float = 0.0
) -> Asset:  # fmt: skip
    """Store a file as the original of a track, sealed under the keys of everyone who appears in it. `rate_hz` is said of
    a signal of one column. A file that could not be read is replaced; one that could never is.

    Raises Invalid("media_type_unknown"), Refused("has_original") or Refused("too_large"); nothing is half-stored.
    """
    media_type = _media_type(track.modality, file_name)
    before = track.original
    if before is not None and track.state != Track.State.FAILED:
        raise _has_original()
    people = list(Participant.objects.filter(appearances__track=track).distinct())
    asset = assets.store(
        study=track.study, kind=Asset.Kind.ORIGINAL, source=source, media_type=media_type,
        subjects=people, file_name=file_name, actor=actor, linked=lambda asset: _put(actor, track, before, asset, rate_hz),
    )  # fmt: skip
    if before is not None:
        assets.erase([before], actor=actor)
    track.original = asset
    return asset


@transaction.atomic
def _put(actor: User | None, track: Track, before: Asset | None, asset: Asset, rate_hz: float) -> None:
    # Asked again in the statement: of two files that come for one track at once, the first stays.
    free = Track.objects.filter(pk=track.pk, original=before)
    changes: dict[str, Any] = {"original": asset}
    if before is not None:
        free = free.filter(state=Track.State.FAILED)
        changes |= {"state": Track.State.REGISTERED, "failure": "", "probe": {}}
        Recording.objects.filter(pk=track.recording_id, state=Recording.State.FAILED).update(
            state=Recording.State.DRAFT
        )
    if rate_hz:
        changes["probe"] = {"rate_hz": rate_hz}
    if not free.update(**changes):
        raise _has_original()
    audit.record(
        "labeling.media.attached", actor=actor, target=track, study=track.study_id, bytes=asset.plain_bytes,
        replaced=before is not None,
    )  # fmt: skip


def take_in(
    *, actor: User | None, study: Study, row: NewRecording, files: Sequence[Sent | None]
) -> tuple[Recording, Job | None]:  # fmt: skip
    """Register a recording and store the file of each of its tracks (None for a text), then have them read.

    Every file is examined before anything is stored. Raises Invalid("files_refused" | "rows_refused") with the sentences by
    place: "tracks/0/file". When storing is interrupted, tracks are left that wait for their file, and a page to send it on.
    """
    wrong: dict[str, list[str]] = {}
    for n, (track, sent) in enumerate(zip(row.tracks, files, strict=True)):
        try:
            if sent is not None:
                examine(modality=track.modality, source=sent.source, file_name=sent.name, rate_hz=sent.rate_hz)
        except Invalid as refused:
            wrong[f"tracks/{n}/file"] = [str(refused.message)]
    if wrong:
        raise Invalid("files_refused", _("Nothing was stored: some files cannot be used."), fields=wrong)
    made = recordings.register(actor=actor, study=study, rows=[row])
    recording = Recording.objects.get(pk=made.recordings[0])
    for track_id, sent in zip(made.tracks[0], files, strict=True):
        if sent is not None:
            track = Track.objects.select_related("study", "original").get(pk=track_id)
            attach(actor=actor, track=track, source=sent.source, file_name=sent.name, rate_hz=sent.rate_hz)
    if not any(files):
        return recording, None
    return recording, start_reading(actor=actor, study_id=study.pk, recording_ids=[recording.pk])


def send_again(*, actor: User | None, track: Track, sent: Sent) -> Job:
    """Send the file of a track that waits for one or whose file could not be used. Raises as `examine` and `attach`."""
    examine(modality=track.modality, source=sent.source, file_name=sent.name, rate_hz=sent.rate_hz)
    attach(actor=actor, track=track, source=sent.source, file_name=sent.name, rate_hz=sent.rate_hz)
    return start_reading(actor=actor, study_id=track.study_id, recording_ids=[track.recording_id])


def start_reading(*, actor: User | None, study_id: UUID, recording_ids: list[UUID]) -> Job:
    """Have the tracks of these recordings read by a worker. The job of one recording is found by it."""
    return jobs.start(
        READING, actor=actor, study_id=study_id, object_id=recording_ids[0] if len(recording_ids) == 1 else None,
        recordings=[str(one) for one in recording_ids],
    )  # fmt: skip


def reading_of(recording: Recording) -> Job | None:
    """The newest job that reads this recording."""
    return Job.objects.filter(kind=READING, object_id=recording.pk).order_by("-id").first()


def read_recording(recording: Recording, *, rates: Mapping[str, float] | None = None) -> None:
    """Read every track of a recording that has not been read, then say whether the recording can be labeled."""
    for track in recording.tracks.filter(state=Track.State.REGISTERED).select_related("original", "study"):
        read_track(track, rate_hz=(rates or {}).get(track.name, 0.0))
    _conclude(recording)
    renditions.make_for(recording)


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
            failed = _waiting(track).update(
                state=Track.State.FAILED, failure=refused.code, probe={**track.probe, **refused.facts}
            )
            if failed:
                audit.record(
                    "labeling.track.refused", target=track, study=track.study_id, outcome="refused", code=refused.code
                )


def _read_media(track: Track, stream: BinaryIO) -> None:
    found = probe(stream, track.modality)
    _refuse_mislabelled(track.original.media_type, found)
    made = proxy_of(track, found) if not found.playable else None
    wave = picture = None
    facts = {**found.facts, "frame_times_us": list(found.frame_times_us)} if found.variable_rate else dict(found.facts)
    if found.has_audio:
        wave, picture = _pictures(track, stream, found)
        facts |= {"spectrogram": True, **_loudness(track)}
    with transaction.atomic():
        first = _waiting(track).update(
            state=Track.State.READY, proxy=made, peaks=wave, duration_us=found.duration_us, start_us=found.start_us,
            time_base_num=found.time_base.numerator, time_base_den=found.time_base.denominator,
            rate_num=found.rate.numerator, rate_den=found.rate.denominator, variable_rate=found.variable_rate, probe=facts,
        )  # fmt: skip
        if first:
            audit.record(
                "labeling.track.read",
                target=track,
                study=track.study_id,
                duration_us=found.duration_us,
                proxy=made is not None,
            )
    if not first:
        _drop(track, made, wave, picture)


def _pictures(track: Track, stream: BinaryIO, found: Probe) -> tuple[Asset, Asset]:
    """The waveform and the spectrogram of a track that has sound."""
    part = {"start_us": found.start_us, "duration_us": found.duration_us}
    wave = _derived(track, Asset.Kind.PEAKS, peaks.peaks(stream, **part), "application/octet-stream")
    tiles = spectrogram.spectrogram(stream, **part)
    return wave, _derived(track, Asset.Kind.SPECTROGRAM, tiles, "application/octet-stream")


def _loudness(track: Track) -> dict[str, Any]:
    """How loud it is, and the gain with which it is played; nothing for silence. The file stays as it is."""
    with assets.loopback_address(track.original) as url:
        heard = loudness.measure(url)
    if heard is None:
        return {}
    return {"loudness": {"lufs": heard.lufs, "peak_dbtp": heard.peak_dbtp, "gain_db": heard.gain_db}}


def spectrogram_of(track: Track) -> Asset | None:
    """The spectrogram of a track that has sound."""
    made = Asset.objects.filter(parent_id=track.original_id, kind=Asset.Kind.SPECTROGRAM, state=Asset.State.STORED)
    return made.order_by("created_at", "id").first() if track.original_id else None


def _waiting(track: Track) -> QuerySet[Track]:
    """The track as long as nobody has read it: of two workers on one recording the second changes nothing."""
    return Track.objects.filter(pk=track.pk, state=Track.State.REGISTERED)


def _drop(track: Track, *made: Asset | None) -> None:
    """Erase what was made a second time, and leave what the track is shown with."""
    used = {*Track.objects.filter(pk=track.pk).values_list("proxy_id", "peaks_id").get()}
    used |= {*Lane.objects.filter(track=track).values_list("asset_id", flat=True)}
    if (picture := spectrogram_of(track)) is not None:
        used.add(picture.pk)
    assets.erase([one for one in made if one is not None and one.pk not in used])


def proxy_of(track: Track, found: Probe) -> Asset:
    """A rendition that browsers play, with the original's timestamps; refused, and erased, when they did not survive."""
    with assets.loopback_address(track.original) as url:
        media_type = "video/mp4" if found.modality == Modality.VIDEO else "audio/ogg"
        made = _derived(track, Asset.Kind.PROXY, proxy.transcode(url, found.modality), media_type)
    try:
        with assets.open_asset(made) as stream:
            again = probe(stream, found.modality)
        kept = (
            abs(again.duration_us - found.duration_us) <= DURATION_KEPT_US
            and abs(again.start_us - found.start_us) <= START_KEPT_US
        )
        if not kept:
            raise MediaRefused("timestamps_lost")
    except MediaRefused:
        assets.erase([made])
        raise
    return made


def _derived(track: Track, kind: str, source: bytes | Iterable[bytes], media_type: str) -> Asset:
    """Store what was made from a track's original. What a worker had made before it died is taken again."""
    there = Asset.objects.filter(parent=track.original, kind=kind, state=Asset.State.STORED).first()
    return there or assets.store(
        study=track.study, kind=kind, source=source, media_type=media_type,
        subjects=list(track.original.subjects.all()), parent=track.original,
    )  # fmt: skip


def _read_signal(track: Track, stream: BinaryIO, rate_hz: float) -> None:
    found = signal.read_csv(stream, rate_hz)
    times, values = found.times_us, found.values
    lane = _derived(
        track, Asset.Kind.LANE, container.pack(times, values, found.flags), "application/octet-stream"
    )  # fmt: skip
    lanes.stack(lane, times, values, found.flags)
    step = round(1_000_000 / rate_hz) if rate_hz else int(times[1] - times[0]) if len(times) > 1 else 0
    with transaction.atomic():
        first = _waiting(track).update(
            state=Track.State.READY, duration_us=int(times[-1]) + step, rate_num=round(rate_hz * 1000), rate_den=1000,
            probe={"samples": len(times), "rate_hz": rate_hz},
        )  # fmt: skip
        if first:
            Lane.objects.create(
                study_id=track.study_id,
                track=track,
                name=track.name,
                asset=lane,
                minimum=float(values.min()),
                maximum=float(values.max()),
            )
            audit.record("labeling.track.read", target=track, study=track.study_id, samples=len(times))
    if not first:
        _drop(track, lane)


@transaction.atomic
def _conclude(recording: Recording) -> None:
    """Ready when at least one track is, and none still waits; whole items get the length that was read."""
    tracks = list(recording.tracks.prefetch_related("alignments"))
    if any(track.state == Track.State.REGISTERED for track in tracks):
        return
    ready = [track for track in tracks if track.state == Track.State.READY]
    state = Recording.State.READY if ready else Recording.State.FAILED
    end = max((_ends(track) for track in ready), default=0)
    if not Recording.objects.filter(pk=recording.pk, state=Recording.State.DRAFT).update(state=state, duration_us=end):
        return
    Item.objects.filter(recording=recording, kind=Item.Kind.WHOLE, end_us=0).update(end_us=end)
    audit.record("labeling.recording.read", target=recording, study=recording.study_id, state=state, duration_us=end)


def _ends(track: Track) -> int:
    """Where a track ends on the recording clock, by its newest alignment."""
    newest = max(track.alignments.all(), key=lambda one: one.number, default=None)
    offset, drift = (newest.offset_us, newest.drift_ppb) if newest else (0, 0)
    at = track.start_us + track.duration_us
    return offset + at + at * drift // 1_000_000_000


def _media_type(modality: str, file_name: str) -> str:
    known = endings(modality)
    ending = file_name.rsplit(".", 1)[-1].lower() if "." in file_name else ""
    if ending in known:
        return MEDIA_TYPES[ending]
    if not known:
        raise Invalid("media_type_unknown", _("A text track has its words, no file."))
    raise Invalid("media_type_unknown", _("Files ending in %(known)s are taken.") % {"known": ", ".join(known)})


def _refuse_mislabelled(media_type: str, found: Probe) -> None:
    kind = found.facts["kind"]
    if KINDS.get(media_type, kind) != kind:
        raise MediaRefused("mislabelled", named=KINDS[media_type].upper(), found=kind.upper())


def _has_original() -> Refused:
    return Refused("has_original", _("This track has its file already; a recording is never overwritten."))
