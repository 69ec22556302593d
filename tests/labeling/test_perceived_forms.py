"""A campaign that hides the sound serves a file without sound; one that hides words, speech without its words."""

import io
from datetime import timedelta
from fractions import Fraction

import av
import numpy as np
import pytest
from django.utils import timezone

from consent import assets
from consent.models import Asset
from core.models import Job
from labeling.media.probe import probe
from labeling.models import Campaign, Item, Recording, Track
from labeling.services import campaigns, media, queue, recordings, renditions
from labeling.services.recordings import Appears, NewItem, NewRecording, NewTrack
from tests.labeling import factories, sounds
from tests.labeling.shelf import Shelf, shelf  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db(databases="__all__")
UNEVEN = [0, 40, 80, 160, 320, 469, 703, 1000, 1900]


class Clip:
    """A recording of the given tracks, labeled by ana in a campaign with the given rules."""

    def __init__(
        self, on: Shelf, files: dict[str, tuple[str, bytes, str]], *, read_first: bool = True, **perceived: bool
    ) -> None:
        who = on.people[0].code
        tracks = [NewTrack(modality, name, [Appears(who)]) for name, (modality, _data, _file) in files.items()]
        made = recordings.register(
            actor=on.owner, study=on.study, rows=[NewRecording("clip", tracks, [NewItem("clip", [who])])]
        )
        for pk, (_modality, data, file) in zip(made.tracks[0], files.values(), strict=True):
            on.sent(Track.objects.select_related("study", "original").get(pk=pk), data, file)
        self.recording = Recording.objects.get(code="clip")
        if read_first:
            media.read_recording(self.recording)
        self.owner, self.ana, self.study = on.owner, factories.user("ana"), on.study
        self.campaign = campaigns.create_campaign(
            actor=on.owner,
            study=on.study,
            name="Clip",
            scheme_version=factories.scheme(on.study, "scale"),
            perceived=perceived,
        )
        campaigns.add_items(actor=on.owner, campaign=self.campaign, items=[Item.objects.get(code="clip").pk])
        campaigns.add_annotator(actor=on.owner, campaign=self.campaign, user=self.ana)
        self.campaign = campaigns.open_campaign(actor=on.owner, campaign=self.campaign)

    def made(self) -> None:
        """What the worker does with the job that opening the campaign started."""
        for one in renditions.missing(self.campaign):
            renditions.make(one.track, one.what)

    def page(self, client) -> str:
        self.assignment = queue.next_assignment(self.ana, self.campaign)
        return client.get(f"/label/{self.campaign.pk}/{self.assignment.pk}/").content.decode()

    def track(self, name: str = "camera") -> Track:
        return Track.objects.select_related("original", "proxy", "study").get(recording=self.recording, name=name)

    def status(self, client, what: str, name: str = "camera") -> int:
        return client.get(f"/media/track/{self.track(name).pk}/{what}").status_code

    def bytes(self, client, what: str, name: str = "camera") -> bytes:
        response = client.get(f"/media/track/{self.track(name).pk}/{what}")
        assert response.status_code == 200
        return b"".join(response.streaming_content)


def film(**more) -> dict:
    return {"camera": ("video", sounds.video(sound=True, **more), "film.mp4")}


def streams(data: bytes) -> list[str]:
    with av.open(io.BytesIO(data)) as opened:
        return [one.type for one in opened.streams]


def band_db(data: bytes, low_hz: float, high_hz: float) -> float:
    """How much of the sound lies in a band, in decibels."""
    with av.open(io.BytesIO(data)) as opened:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=16_000)
        parts = [
            part.to_ndarray().reshape(-1) for frame in opened.decode(audio=0) for part in resampler.resample(frame)
        ]
    power = np.abs(np.fft.rfft(np.concatenate(parts)[4000:-4000])) ** 2
    at = np.fft.rfftfreq(len(np.concatenate(parts)[4000:-4000]), 1 / 16_000)
    return float(10 * np.log10(power[(at >= low_hz) & (at < high_hz)].sum() + 1e-12))


def test_a_campaign_that_mutes_the_video_serves_a_file_without_sound(shelf, signed_in):  # noqa: F811
    clip = Clip(shelf, film(), audio=False)
    clip.made()
    ana = signed_in(clip.ana)
    page = clip.page(ana)
    assert f"/media/track/{clip.track().pk}/silent" in page
    data = clip.bytes(ana, "silent")
    assert streams(data) == ["video"]
    assert streams(clip_bytes(clip)) == ["video", "audio"], "the original lost its sound"
    for what in ("original", "proxy", "peaks", "spectrogram", "sound", "band_passed"):
        assert clip.status(ana, what) == 404, what
        assert f"/media/track/{clip.track().pk}/{what}" not in page, what


def clip_bytes(clip: Clip) -> bytes:
    with assets.open_asset(clip.track().original) as stream:
        return stream.read()


@pytest.mark.parametrize(
    ("stamps", "box"), [(UNEVEN, "mp4"), ([500 + n * 40 for n in range(50)], "mp4"), (UNEVEN, "webm")]
)
def test_every_frame_of_a_silent_film_keeps_its_time(stamps, box, shelf, signed_in):  # noqa: F811
    codec = "libx264" if box == "mp4" else "libvpx"
    data = sounds.video(stamps, base=Fraction(1, 1000), box=box, codec=codec)
    data = sounds.with_tone(data, box)
    clip = Clip(shelf, {"camera": ("video", data, f"film.{box}")}, audio=False)
    clip.made()
    ana = signed_in(clip.ana)
    clip.page(ana)
    found = clip.bytes(ana, "silent")
    assert streams(found) == ["video"]
    with av.open(io.BytesIO(found)) as opened:
        shown = sorted(round(p.pts * p.time_base * 1000) for p in opened.demux(video=0) if p.pts is not None)
    assert shown == pytest.approx(stamps, abs=1)
    assert probe(io.BytesIO(found), "video").playable


def test_while_the_rendition_is_made_nothing_is_served_and_the_job_is_there(shelf, signed_in):  # noqa: F811
    clip = Clip(shelf, film(), audio=False)
    ana = signed_in(clip.ana)
    clip.page(ana)
    answer = ana.get(f"/media/track/{clip.track().pk}/silent")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert clip.status(ana, "original") == 404
    job = Job.objects.get(kind=renditions.MAKING)
    assert job.object_id == clip.campaign.pk
    clip.made()
    assert clip.status(ana, "silent") == 200


def test_a_recording_that_is_read_after_the_campaign_opened_gets_its_rendition_too(shelf, signed_in):  # noqa: F811
    clip = Clip(shelf, film(), read_first=False, audio=False)
    media.read_recording(clip.recording)
    ana = signed_in(clip.ana)
    clip.page(ana)
    assert streams(clip.bytes(ana, "silent")) == ["video"]


def test_a_film_without_sound_needs_no_rendition(shelf, signed_in):  # noqa: F811
    clip = Clip(shelf, {"camera": ("video", sounds.video(), "film.mp4")}, audio=False)
    assert renditions.missing(clip.campaign) == []
    assert not Job.objects.filter(kind=renditions.MAKING).exists()
    ana = signed_in(clip.ana)
    clip.page(ana)
    assert clip.status(ana, "original") == 200


def test_who_may_only_hear_a_film_is_given_its_sound_alone(shelf, signed_in):  # noqa: F811
    clip = Clip(shelf, film(), video=False)
    clip.made()
    ana = signed_in(clip.ana)
    page = clip.page(ana)
    assert f"/media/track/{clip.track().pk}/sound" in page
    assert "<video" not in page
    assert streams(clip.bytes(ana, "sound")) == ["audio"]
    assert clip.status(ana, "original") == 404
    assert clip.status(ana, "peaks") == 200


def two_tones() -> bytes:
    """Melody at 150 Hz, and at 2 kHz what makes consonants."""
    at = np.arange(3 * 48_000) / 48_000
    return sounds.wav(
        np.round(9000 * np.sin(2 * np.pi * 150 * at) + 9000 * np.sin(2 * np.pi * 2000 * at)).astype(np.int16), 48_000
    )


def test_band_passed_speech_has_its_melody_and_not_its_words(shelf, signed_in):  # noqa: F811
    clip = Clip(shelf, {"voice": ("audio", two_tones(), "a.wav")}, band_passed=True)
    clip.made()
    ana = signed_in(clip.ana)
    assert "/band_passed" in clip.page(ana)
    whole, heard = clip_tone(clip), clip.bytes(ana, "band_passed", "voice")
    assert abs(band_db(heard, 120, 180) - band_db(whole, 120, 180)) < 1.5
    # What is left is the noise of the codec, far below the voice.
    assert band_db(heard, 1000, 7000) < band_db(whole, 1000, 7000) - 40
    assert clip.status(ana, "original", "voice") == 404
    assert clip.status(ana, "spectrogram", "voice") == 404
    assert clip.status(ana, "peaks", "voice") == 200


def clip_tone(clip: Clip) -> bytes:
    with assets.open_asset(clip.track("voice").original) as stream:
        return stream.read()


@pytest.mark.parametrize("video", [True, False])
def test_a_film_with_band_passed_speech_keeps_its_picture_where_that_is_shown(video, shelf, signed_in):  # noqa: F811
    clip = Clip(shelf, film(), band_passed=True, video=video)
    clip.made()
    ana = signed_in(clip.ana)
    clip.page(ana)
    what = "band_passed" if video else "band_passed_sound"
    data = clip.bytes(ana, what)
    assert streams(data) == (["video", "audio"] if video else ["audio"])
    # The tone of the film lies at 440 Hz, just above the cut-off.
    assert band_db(data, 700, 7000) < band_db(clip_bytes(clip), 400, 500) - 40
    assert clip.status(ana, "original") == clip.status(ana, "sound") == 404


def test_a_rendition_that_cannot_be_made_says_so_and_nothing_more_is_given(shelf, signed_in, monkeypatch):  # noqa: F811
    clip = Clip(shelf, film(), audio=False)
    lost = sounds.video(seconds=1.0)
    monkeypatch.setattr("labeling.media.perceived.silent", lambda stream: ("video/mp4", [lost]))
    before = Asset.objects.filter(state=Asset.State.STORED).count()
    clip.made()
    assert Asset.objects.filter(state=Asset.State.STORED).count() == before
    assert clip.track().probe["made"]["silent"] == {"failure": "timestamps_lost"}
    ana = signed_in(clip.ana)
    clip.page(ana)
    assert clip.status(ana, "silent") == 422
    assert clip.status(ana, "original") == 404
    assert renditions.missing(clip.campaign) == []


def test_what_a_dead_worker_left_is_erased_by_the_next(shelf):  # noqa: F811
    clip = Clip(shelf, film(), audio=False)
    track = clip.track()
    left = assets.store(study=track.study, kind=Asset.Kind.PROXY, source=b"half", media_type="video/mp4",
                        subjects=list(track.original.subjects.all()), parent=track.original)  # fmt: skip
    Asset.objects.filter(pk=left.pk).update(created_at=timezone.now() - timedelta(hours=3))
    clip.made()
    left.refresh_from_db()
    assert left.state == Asset.State.ERASED
    assert clip.track().probe["made"]["silent"]["asset"]


def test_rules_are_stored_whole_with_the_campaign(shelf):  # noqa: F811
    clip = Clip(shelf, film(), audio=False)
    assert Campaign.objects.get(pk=clip.campaign.pk).perceived == {
        "video": True, "audio": False, "transcript": True, "band_passed": False, "physiology": False, "features": False, "models": False,
    }  # fmt: skip
