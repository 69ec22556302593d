"""Files that can be used: what is read of them, their peaks, and the rendition that browsers play."""

import io
import subprocess
import tracemalloc
from fractions import Fraction
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
import pytest

from affect.codecs import trace as container
from affect.codecs.trace import Flag
from consent import assets
from consent.scratch import Scratch
from labeling.media import proxy
from labeling.media.peaks import PER_SECOND, peaks
from labeling.media.probe import probe
from labeling.media.signal import read_csv
from labeling.models import Item, Lane, Recording, Track
from labeling.services import media
from tests.labeling import sounds
from tests.labeling.shelf import shelf  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db(databases="__all__")
MILLISECONDS = Fraction(1, 1000)
UNEVEN = [0, 40, 80, 160, 320, 469, 703, 1000, 1900]


def bytes_of(asset):
    with assets.open_asset(asset) as stream:
        return stream.read()


def shown_at(data, kind="video"):
    """Presentation times of all packets, µs, in order."""
    with av.open(io.BytesIO(data)) as opened:
        chosen = getattr(opened.streams, kind)[0]
        return sorted(round(p.pts * p.time_base * 1_000_000) for p in opened.demux(chosen) if p.pts is not None)


@pytest.mark.parametrize(("modality", "data", "name", "duration_us"), [
    ("video", sounds.video(), "a.mp4", 2_000_000), ("video", sounds.video(faststart=True), "a.m4v", 2_000_000),
    ("audio", sounds.wav(sounds.sine(1.5)), "a.WAV", 1_500_000), ("audio", sounds.ogg(), "a.ogg", 2_000_000),
    ("video", sounds.encoded(*sounds.picture(), "-c:v", "libvpx", "-deadline", "realtime", container="webm"), "a.webm", 2_000_000),
    ("audio", sounds.encoded(*sounds.tone(), "-c:a", "flac", container="flac"), "a.flac", 2_000_000),
], ids=lambda value: value if isinstance(value, str) else "")  # fmt: skip
def test_what_browsers_play_is_played_as_it_is(modality, data, name, duration_us, shelf):  # noqa: F811
    track = shelf.read(modality, data, name)
    assert (track.state, track.proxy_id) == (Track.State.READY, None)
    assert abs(track.duration_us - duration_us) < 15_000
    recording = Recording.objects.get(pk=track.recording_id)
    assert (recording.state, recording.duration_us) == (Recording.State.READY, track.start_us + track.duration_us)
    assert Item.objects.get(recording=recording).end_us == recording.duration_us


@pytest.mark.parametrize(("modality", "data", "name"), [
    ("video", sounds.matroska(), "a.mkv"), ("video", sounds.video(box="avi", codec="mpeg4", base=Fraction(1, 25)), "a.avi"),
    ("audio", sounds.wav24(), "a.wav"), ("audio", sounds.matroska(), "a.mkv"),
    ("video", sounds.encoded(*sounds.picture(size="322x242"), "-vf", "crop=321:241", "-c:v", "ffv1", container="matroska"), "odd.mkv"),
    ("video", sounds.encoded(*sounds.picture(), "-c:v", "libvpx-vp9", "-pix_fmt", "yuv444p", "-deadline", "realtime", container="webm"), "a.webm"),
], ids=["matroska", "avi", "24 bits", "sound of a film", "odd sides", "colours in full"])  # fmt: skip
def test_what_they_do_not_play_gets_a_rendition(modality, data, name, shelf):  # noqa: F811
    track = shelf.read(modality, data, name)
    assert (track.state, track.failure) == (Track.State.READY, "")
    made = bytes_of(track.proxy)
    found = probe(io.BytesIO(made), modality)
    assert found.playable
    assert abs(found.duration_us - track.duration_us) <= 40_000
    if modality == "audio":
        with av.open(io.BytesIO(made)) as opened:
            assert [one.type for one in opened.streams] == ["audio"]  # who may only hear is given no picture


@pytest.mark.parametrize(("stamps", "start_us"), [(UNEVEN, 0), ([500 + n * 40 for n in range(50)], 500_000)])
def test_every_frame_of_a_rendition_keeps_its_time(stamps, start_us, shelf):  # noqa: F811
    data = sounds.video(stamps, base=MILLISECONDS, box="matroska")
    track = shelf.read("video", data, "a.mkv")
    assert (track.start_us, track.failure) == (start_us, "")
    assert shown_at(bytes_of(track.proxy)) == pytest.approx([1000 * one for one in stamps], abs=1000)


def test_the_frames_of_a_variable_rate_are_kept_with_the_track(shelf):  # noqa: F811
    track = shelf.read("video", sounds.video([n * n * 128 for n in range(12)]), "a.mp4")
    assert track.variable_rate
    assert track.probe["frame_times_us"] == [n * n * 10_000 for n in range(12)]
    even = shelf.read("video", sounds.video(), "b.mp4")
    assert (even.variable_rate, even.rate_num, even.rate_den) == (False, 25, 1)
    assert "frame_times_us" not in even.probe


def test_a_recording_ends_with_the_last_of_its_tracks_by_their_newest_alignment(shelf):  # noqa: F811
    track = shelf.track("audio", offset_us=3_000_000)
    track.alignments.create(study=track.study, number=2, offset_us=1_000_000, drift_ppb=1_000_000)
    shelf.sent(track, sounds.wav(sounds.sine(2)), "a.wav")
    media.read_recording(track.recording)
    assert Recording.objects.get(pk=track.recording_id).duration_us == 1_000_000 + 2_000_000 + 2_000


def pairs(samples, rate=sounds.RATE, **more):
    data = sounds.wav(samples, rate)
    whole = {"start_us": 0, "duration_us": round(len(samples) / rate * 1_000_000)} | more
    return np.frombuffer(peaks(io.BytesIO(data), **whole), dtype=np.int8).reshape(-1, 2)


def test_peaks_of_a_tone_are_its_amplitude_and_of_silence_zero():
    half = pairs(np.concatenate([sounds.sine(1, 200, 0.5), np.zeros(sounds.RATE, dtype=np.int16)]))
    assert half.shape == (2 * PER_SECOND, 2)
    assert (abs(half[2:98, 0].astype(int) + 64) <= 1).all()
    assert (abs(half[2:98, 1].astype(int) - 63) <= 1).all()
    assert (half[103:] == 0).all() or (abs(half[103:]) <= 1).all()


def test_peaks_of_a_clipped_tone_reach_both_ends_and_of_a_constant_stay_on_its_side():
    clipped = np.clip(sounds.sine(1, 100, 1.0).astype(np.int32) * 3, -32768, 32767).astype(np.int16)
    assert (pairs(clipped)[2:98] == [-128, 127]).all()
    constant = pairs(np.full(sounds.RATE, 8192, dtype=np.int16))
    assert (constant[2:98] == [32, 32]).all() or (abs(constant[2:98].astype(int) - 32) <= 1).all()


def test_a_click_is_seen_in_the_hundredth_of_a_second_where_it_is():
    samples = np.zeros(2 * sounds.RATE, dtype=np.int16)
    samples[round(1.234 * sounds.RATE)] = 32767
    found = pairs(samples)
    assert found[:, 1].argmax() == 123


def test_sound_that_begins_after_the_picture_lies_where_it_is_heard(shelf):  # noqa: F811
    words = (*sounds.picture(2.0), "-itsoffset", "1", *sounds.tone(1.0), "-map", "0:v", "-map", "1:a")
    data = sounds.encoded(*words, "-c:v", "libx264", "-c:a", "pcm_s16le", container="matroska")
    track = shelf.read("video", data, "a.mkv")
    found = np.frombuffer(bytes_of(track.peaks), dtype=np.int8).reshape(-1, 2)
    assert len(found) == 200
    assert (found[:97] == 0).all()
    assert (found[105:195, 1] > 5).all()


@pytest.mark.parametrize(("text", "rate_hz", "times_us", "values"), [
    (b"0.1\n0.2\n-3e-1\n", 100, [0, 10_000, 20_000], [0.1, 0.2, -0.3]),
    (b"\xef\xbb\xbftime,value\r\n0,1\r\n0.25,2\r\n", 0, [0, 250_000], [1, 2]),
    (b"Zeit;Wert\n0,0;0,5\n0,1;-1,5\n", 0, [0, 100_000], [0.5, -1.5]),
    (b"0.5\t7\n1.5\t8\n\n", 0, [500_000, 1_500_000], [7, 8]),
    (b"ppg\r0.1\r0.2\r", 10, [0, 100_000], [0.1, 0.2]),
    (b'"0","1"\n"1","2",\n', 0, [0, 1_000_000], [1, 2]),
])  # fmt: skip
def test_signals_come_as_labs_write_them(text, rate_hz, times_us, values):
    found = read_csv(io.BytesIO(text), rate_hz)
    assert found.times_us.tolist() == times_us
    assert found.values.tolist() == values


def test_a_missing_sample_is_a_gap_and_no_number():
    found = read_csv(io.BytesIO(b"0,1\n1,\n2,nan\n3,4\n4,5\n"), 0)
    assert (found.times_us.tolist(), found.values.tolist()) == ([0, 3_000_000, 4_000_000], [1, 4, 5])
    assert found.flags.tolist() == [0, int(Flag.GAP_BEFORE), 0]


def test_a_signal_is_kept_in_the_trace_container_with_its_rate(shelf):  # noqa: F811
    track = shelf.read("signal", b"1\n2\n3\n4\n", "ppg.csv", rate_hz=4.0)
    assert (track.state, track.duration_us, track.rate_num) == (Track.State.READY, 1_000_000, 4000)
    lane = Lane.objects.get(track=track)
    kept = container.unpack(bytes_of(lane.asset))
    assert (kept.values.tolist(), kept.times_us.tolist()) == ([1, 2, 3, 4], [0, 250_000, 500_000, 750_000])
    assert (lane.minimum, lane.maximum) == (1, 4)


@pytest.mark.long
def test_an_hour_of_sound_is_read_without_holding_it():
    import resource

    data = sounds.wav(np.tile(sounds.sine(10), 360))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = peaks(io.BytesIO(data), start_us=0, duration_us=3_600_000_000)
    assert len(found) == 2 * 3600 * PER_SECOND
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000  # kB; decoded it is 115 MB


def test_the_memory_of_a_rendition_does_not_grow_with_its_length():
    film = Path(__file__).resolve().parents[2] / "demo" / "media" / "v05_woman_full_19s.mp4"
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-stream_loop", "49", "-i", film, "-c", "copy", "-f", "mp4",
        "-movflags", "frag_keyframe+delay_moov+default_base_moof", "pipe:",
    ]  # fmt: skip
    with subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE) as process, Scratch() as made:
        tracemalloc.start()
        try:
            proxy.index(process.stdout, made)
            _now, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert process.wait() == 0
        size = made.seek(0, io.SEEK_END)
        made.seek(0)
        with av.open(made) as opened:
            assert opened.duration > 16 * 60 * 1_000_000
            assert sum(1 for _packet in opened.demux(video=0)) > 50 * 400
    assert size > 40_000_000
    assert peak < 4_000_000
