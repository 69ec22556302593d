"""What is drawn of a recording: loudness measured, spectrogram and long signals in pieces, each fetched a stretch at a time."""

import io
import tracemalloc

import numpy as np
import pytest
from scipy.ndimage import maximum_filter1d, minimum_filter1d

from affect.codecs import trace as container
from affect.codecs.trace import Flag
from consent import assets
from consent.models import Asset
from labeling.media import lane, loudness, peaks, pyramid, spectrogram
from labeling.models import Lane
from labeling.services import lanes, media
from tests.labeling import sounds
from tests.labeling.shelf import shelf  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db(databases="__all__")


def tone(dbfs, seconds=4.0, hertz=1000.0):
    return sounds.sine(seconds, hertz, 10 ** (dbfs / 20), 48_000)


def loudness_of(shelf, samples, name="a.wav"):  # noqa: F811
    return shelf.read("audio", sounds.wav(samples, 48_000), name).probe.get("loudness")


def test_loudness_is_that_of_the_test_signals_of_ebu_tech_3341(shelf):  # noqa: F811
    # Case 1 and 2: a sine of 1 kHz at −23 and at −33 dBFS on both sides reads as many LUFS, within 0.1.
    for dbfs in (-23.0, -33.0):
        assert loudness_of(shelf, tone(dbfs))["lufs"] == pytest.approx(dbfs, abs=0.1)
    # Case 3: 10 s at −36, 60 s at −23, 10 s at −36 dBFS; the gate leaves the quiet ends out.
    quiet, loud = tone(-36.0, 10), tone(-23.0, 60)
    assert loudness_of(shelf, np.concatenate([quiet, loud, quiet]))["lufs"] == pytest.approx(-23.0, abs=0.1)


def test_a_quiet_recording_is_turned_up_a_loud_one_down_and_neither_clips(shelf):  # noqa: F811
    assert loudness_of(shelf, tone(-33.0))["gain_db"] == pytest.approx(10.0, abs=0.15)
    assert loudness_of(shelf, tone(-10.0))["gain_db"] == pytest.approx(-13.0, abs=0.15)
    banged = tone(-40.0)
    banged[96_000:96_020] = 30_000  # −0.8 dBFS
    found = loudness_of(shelf, banged)
    assert found["gain_db"] <= 0.0
    assert found["peak_dbtp"] + found["gain_db"] <= loudness.HIGHEST_PEAK_DBTP + 0.01


def test_silence_and_pictures_have_no_loudness_and_hiss_is_no_storm(shelf):  # noqa: F811
    assert loudness_of(shelf, np.zeros(96_000, np.int16)) is None
    assert "loudness" not in shelf.read("video", sounds.video(), "a.mp4").probe
    hiss = np.random.default_rng(7).integers(-12, 13, 96_000).astype(np.int16)
    assert loudness_of(shelf, hiss)["gain_db"] <= loudness.MOST_GAIN_DB


def test_measuring_and_drawing_leave_the_original_as_it_was_sent(shelf):  # noqa: F811
    data = sounds.wav(tone(-33.0), 48_000)
    track = shelf.read("audio", data, "a.wav")
    with assets.open_asset(track.original) as stream:
        assert stream.read() == data


# The spectrogram ---------------------------------------------------------------------------------------------------------


def picture(samples, rate=sounds.RATE, **part):
    whole = {"start_us": 0, "duration_us": round(len(samples) / rate * 1_000_000)} | part
    made = spectrogram.spectrogram(io.BytesIO(sounds.wav(samples, rate)), **whole)
    return spectrogram.Picture(io.BytesIO(b"".join(made)))


def level(found, number=0):
    """A whole level as (columns, bands)."""
    tiles = range(-(-found.levels[number][0] // spectrogram.COLUMNS))
    data = b"".join(found.tile(number, tile) for tile in tiles)
    return np.frombuffer(data, np.uint8).reshape(-1, spectrogram.BANDS)


def test_a_tone_is_a_line_at_its_pitch_and_silence_is_nothing():
    band = spectrogram.RATE / spectrogram.WINDOW
    for hertz in (250.0, 1000.0, 4000.0):
        seen = level(picture(sounds.sine(3, hertz, 0.01)))
        assert seen.shape == (150, 128)
        assert abs(seen[75].argmax() - hertz / band) <= 1
        assert 10 < seen[75].max() < 31
    assert not level(picture(np.zeros(48_000, np.int16))).any()


def test_the_same_sound_looks_the_same_beside_a_louder_one():
    alone = sounds.sine(2, 500, 0.05)
    beside = np.concatenate([alone, sounds.sine(2, 500, 0.9)])
    assert (level(picture(alone))[10:90] == level(picture(beside))[10:90]).all()


def test_sound_stands_at_its_time_also_after_a_late_beginning():
    samples = np.zeros(4 * sounds.RATE, np.int16)
    samples[2 * sounds.RATE : 2 * sounds.RATE + 800] = sounds.sine(0.05, 1000, 0.9)
    seen = np.flatnonzero(level(picture(samples)).max(axis=1) > 20)
    assert (seen.min(), seen.max()) == (pytest.approx(100, abs=1), pytest.approx(102, abs=1))
    later = level(picture(samples, start_us=1_000_000, duration_us=3_000_000))
    assert np.flatnonzero(later.max(axis=1) > 20).min() == pytest.approx(50, abs=1)
    # Longer than its sound: what is missing is silence.
    assert level(picture(samples, duration_us=6_000_000)).shape == (300, 128)


def test_a_click_of_a_millisecond_is_seen_however_far_one_zooms_out():
    samples = np.zeros(400 * sounds.RATE, np.int16)
    samples[333 * sounds.RATE : 333 * sounds.RATE + 16] = 30_000
    found = picture(samples)
    assert [columns for columns, _places in found.levels] == [20_000, 5_000, 1_250, 313, 79]
    for number, (columns, _places) in enumerate(found.levels):
        seen = np.flatnonzero(level(found, number).max(axis=1) > 10)
        assert seen.min() / columns == pytest.approx(333 / 400, abs=1.5 / columns)
        assert seen.max() / columns == pytest.approx(333 / 400, abs=1.5 / columns)


@pytest.mark.long
def test_an_hour_of_sound_needs_no_memory_of_an_hour():
    class Hour(io.RawIOBase):
        """An hour of noise as a WAV that exists nowhere."""

        head = sounds.wav(np.zeros(0, np.int16), 8000)
        noise = np.random.default_rng(3).integers(-9000, 9000, 80_000).astype("<i2").tobytes()
        size = 44 + 2 * 8000 * 3600

        def __init__(self):
            import struct

            self.at = 0
            self.start = (
                self.head[:4] + struct.pack("<I", self.size - 8) + self.head[8:40] + struct.pack("<I", self.size - 44)
            )

        def seek(self, to, whence=0):
            self.at = to + {0: 0, 1: self.at, 2: self.size}[whence]
            return self.at

        def readable(self):
            return True

        def seekable(self):
            return True

        def tell(self):
            return self.at

        def read(self, n=-1):
            n = min(n if n >= 0 else self.size, self.size - self.at)
            if self.at < 44:
                found = self.start[self.at : self.at + n]
            else:
                begin = (self.at - 44) % len(self.noise)
                found = self.noise[begin : begin + n]
            self.at += len(found)
            return found

    tracemalloc.start()
    try:
        written = sum(len(part) for part in spectrogram.spectrogram(Hour(), start_us=0, duration_us=3_600_000_000))
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert written > 10_000_000
    assert most < 12_000_000, most


# Long signals ------------------------------------------------------------------------------------------------------------


def wandering(n, step_us=600, seed=1):
    rng = np.random.default_rng(seed)
    times = np.cumsum(np.full(n, step_us) + rng.integers(-100, 100, n)).astype(np.int64)
    return times, np.cumsum(rng.normal(size=n)), np.zeros(n, np.uint8)


def stacked(times, values, flags):
    return pyramid.Pyramid(io.BytesIO(b"".join(pyramid.build(times, values, flags))))


@pytest.mark.parametrize("columns", [50, 600, 2000])
def test_a_pyramid_draws_what_the_samples_draw(columns):
    times, values, flags = wandering(300_000)
    found = stacked(times, values, flags)
    whole = int(times[-1]) + 1
    for begin, end in ((int(times[0]), whole), (50_000_000, 60_000_000), (100_000_000, 100_400_000)):
        drawn, exact = found.columns(begin, end, columns), lane.columns(times, values, begin, end, columns)
        beside = 1 + int(np.ceil(found.bucket_us / ((end - begin) / columns)))
        for name, worst, sign in (("lows", minimum_filter1d, 1), ("highs", maximum_filter1d, -1)):
            seen, true = np.array(drawn[name], float), np.array(exact[name], float)
            assert not np.isnan(seen).any()
            # A bucket may stand half in the column beside it: nothing is drawn that is not there or next to it, and
            # nothing that is there is missing there and next to it.
            inside = slice(beside, -beside)
            assert (sign * (seen - worst(true, 2 * beside + 1))[inside] >= -1e-3).all()
            assert (sign * (worst(seen, 2 * beside + 1) - true)[inside] <= 1e-3).all()


def test_a_spike_of_one_sample_is_never_lost():
    times, values, flags = wandering(600_000)
    values[:] = 0
    values[412_345] = 1000.0
    found = stacked(times, values, flags)
    for columns in (10, 400, 2000):
        drawn = found.columns(0, int(times[-1]) + 1, columns)
        assert max(drawn["highs"]) == 1000.0
        at = drawn["highs"].index(1000.0)
        assert at / columns == pytest.approx(times[412_345] / times[-1], abs=2 / columns + 1e-4)


def test_a_hole_stays_a_hole_at_every_zoom_and_uneven_samples_make_none():
    times, values, flags = wandering(200_000)
    times[100_000:] += 30_000_000
    flags[100_000] = Flag.GAP_BEFORE
    found = stacked(times, values, flags)
    begin, end = int(times[99_999]), int(times[100_000])
    drawn = found.columns(0, int(times[-1]) + 1, 1000)["lows"]
    holes = [at for at, low in enumerate(drawn) if low is None]
    width = (int(times[-1]) + 1) / 1000
    assert len(holes) == pytest.approx((end - begin) / width, abs=2)
    assert None not in found.columns(begin - 2_000_000, begin - 1_000_000, 1000)["lows"]
    assert set(found.columns(begin + 1_000_000, end - 1_000_000, 100)["lows"]) == {None}
    assert set(found.columns(-5_000_000, -1_000_000, 100)["lows"]) == {None}


def test_a_signal_of_100000_samples_a_minute_is_drawn_from_a_few_of_them(shelf, signed_in):  # noqa: F811
    n = 300_000
    rows = "\n".join(f"{np.sin(k / 5000):.4f}" for k in range(n))
    track = shelf.read("signal", rows.encode(), "eda.csv", rate_hz=100_000 / 60)
    stored = Lane.objects.get(track=track)
    stack = lanes.stack_of(stored.asset)
    assert stack.parent_id == stored.asset_id
    asked = []
    real = assets.open_asset

    def counting(asset, **how):
        asked.append(asset.pk)
        return real(asset, **how)

    client = signed_in(shelf.owner)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("labeling.views.drawn.assets.open_asset", counting)
        drawn = client.get(f"/media/track/{track.pk}/lane?from_us=60000000&to_us=120000000&columns=800").json()
    assert asked == [stack.pk], "the samples themselves were read"
    assert len(drawn["lows"]) == 800
    assert None not in drawn["lows"]
    middle = np.sin((60_000_000 + 30_000_000) / 600 / 5000)
    assert drawn["lows"][400] <= middle + 0.02
    assert drawn["highs"][400] >= middle - 0.02
    assets.erase([track.original])
    stack.refresh_from_db()
    assert stack.state == Asset.State.ERASED


def test_a_lane_that_is_handed_down_long_gets_its_pyramid_and_a_short_one_none(shelf):  # noqa: F811
    track = shelf.read("audio", sounds.wav(sounds.sine(1)), "a.wav")
    for name, n, has in (("long", 60_000, True), ("short", 1000, False)):
        times = np.arange(n) * 1000
        packed = container.pack(times, np.sin(times / 1e5), np.full(n, Flag.DERIVED, np.uint8))
        made = lanes.hand_down(actor=None, track=track, name=name, unit="", packed=packed, minimum=-1, maximum=1)
        assert (lanes.stack_of(made.asset) is not None) == has
        again = lanes.hand_down(actor=None, track=track, name=name, unit="", packed=packed, minimum=-1, maximum=1)
        assert (lanes.stack_of(again.asset) is not None) == has
    assert Asset.objects.filter(kind=Asset.Kind.LANE, state=Asset.State.STORED).count() == 1


# Addresses ---------------------------------------------------------------------------------------------------------------


def test_a_stretch_of_the_waveform_is_as_many_columns_as_were_asked_for(shelf, signed_in):  # noqa: F811
    samples = np.concatenate([np.zeros(2 * sounds.RATE, np.int16), sounds.sine(2, amplitude=0.9)])
    track = shelf.track("audio", offset_us=500_000)
    shelf.sent(track, sounds.wav(samples), "a.wav")
    media.read_recording(track.recording)
    client = signed_in(shelf.owner)
    answer = client.get(f"/media/track/{track.pk}/peaks?from_us=0&to_us=5000000&columns=500")
    pairs = np.frombuffer(answer.content, np.int8).reshape(-1, 2)
    assert len(pairs) == 500
    loud = np.flatnonzero(pairs[:, 1] > 100)
    assert (loud.min(), loud.max()) == (pytest.approx(250, abs=1), pytest.approx(449, abs=1))
    assert not pairs[:249].any()
    deep = np.frombuffer(
        client.get(f"/media/track/{track.pk}/peaks?from_us=3000000&to_us=3050000&columns=400").content, np.int8
    )
    assert len(deep) == 800
    assert (deep.reshape(-1, 2)[:, 1] > 100).all()
    whole = client.get(f"/media/track/{track.pk}/peaks")
    assert len(b"".join(whole.streaming_content)) == 2 * 400


def test_the_spectrogram_is_told_and_then_fetched_by_tiles(shelf, signed_in):  # noqa: F811
    track = shelf.read("audio", sounds.wav(sounds.sine(12, 1000)), "a.wav")
    client = signed_in(shelf.owner)
    address = f"/media/track/{track.pk}/spectrogram"
    told = client.get(address).json()
    assert (told["bands"], told["top_hz"]) == (128, 5000)
    assert told["levels"][0] == {"column_us": 20_000, "columns": 600}
    tile = client.get(f"{address}?level=0&tile=1").content
    assert np.frombuffer(tile, np.uint8).reshape(-1, 128)[40].argmax() in (25, 26)
    for wrong in ("level=0&tile=3", "level=9&tile=0", "level=-1&tile=0", "level=0&tile=-1", "level=x&tile=y"):
        status = client.get(f"{address}?{wrong}").status_code
        assert status == (200 if "x" in wrong else 404), wrong
    assert client.get(f"/media/track/{shelf.read('video', sounds.video(), 'b.mp4').pk}/spectrogram").status_code == 404


def test_frames_are_told_for_a_stretch_with_the_one_that_stands_at_its_beginning(shelf, signed_in):  # noqa: F811
    track = shelf.read("video", sounds.video([n * n * 128 for n in range(12)]), "a.mp4")
    client = signed_in(shelf.owner)
    assert client.get(f"/media/track/{track.pk}/frames").json() == [n * n * 10_000 for n in range(12)]
    part = client.get(f"/media/track/{track.pk}/frames?from_us=100000&to_us=400000").json()
    assert part == [90_000, 160_000, 250_000, 360_000, 490_000]


def test_columns_of_peaks_outside_of_the_track_are_silence():
    stored = io.BytesIO(np.tile(np.array([-50, 50], np.int8), 100).tobytes())
    pairs = np.frombuffer(peaks.columns(stored, -500_000, 1_500_000, 200), np.int8).reshape(-1, 2)
    assert not pairs[:50].any()
    assert (pairs[50:150] == [-50, 50]).all()
    assert not pairs[150:].any()
