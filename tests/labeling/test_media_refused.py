"""The table of bad files: each gets its code and its sentence, at sending and at reading, and leaves nothing behind."""

import io
import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent import assets
from consent.models import Asset
from core.errors import Invalid, Refused
from labeling.media import probe as probing
from labeling.media import refused as refusals
from labeling.media.peaks import peaks
from labeling.media.probe import probe
from labeling.media.refused import MediaRefused
from labeling.media.signal import read_csv
from labeling.models import Recording, Track
from labeling.services import media
from tests.labeling import sounds
from tests.labeling.shelf import shelf  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db(databases="__all__")
WAV = sounds.wav(sounds.sine(1.0))
MP4 = sounds.video(seconds=1.0)
FASTSTART = sounds.video(seconds=1.0, faststart=True)
OGG = sounds.ogg(1.0)
SOUND_ONLY = sounds.encoded(
    *sounds.tone(1.0), "-c:a", "aac", "-movflags", "frag_keyframe+empty_moov", container="mp4"
)  # fmt: skip
PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n"


def cut(data: bytes, share: float) -> bytes:
    return data[: int(len(data) * share)]


BAD = {
    "an empty file": ("video", b"", "a.mp4", "empty_file"),
    "an empty signal": ("signal", b"", "a.csv", "empty_file"),
    "text called mp4": ("video", b"Dear diary, today I felt fine.\n" * 200, "a.mp4", "unreadable"),
    "noise called wav": ("audio", bytes(range(256)) * 40, "a.wav", "unreadable"),
    "a playlist that names an address": ("video", PLAYLIST, "a.mp4", "unreadable"),
    "a wav called mp4, as video": ("video", WAV, "a.mp4", "no_video_stream"),
    "a wav called mp3": ("audio", WAV, "a.mp3", "mislabelled"),
    "an ogg called wav": ("audio", OGG, "a.wav", "mislabelled"),
    "sound registered as video": ("video", SOUND_ONLY, "a.mp4", "no_video_stream"),
    "a silent film registered as audio": ("audio", MP4, "a.mp4", "no_audio_stream"),
    "a wav without a sample": ("audio", sounds.wav(sounds.sine(0)), "a.wav", "zero_duration"),
    "an mp4 cut, index last": ("video", cut(MP4, 0.5), "a.mp4", "truncated"),
    "an mp4 that lost its last bytes": ("video", cut(MP4, 0.98), "a.mp4", "truncated"),
    "an mp4 cut, index first": ("video", cut(FASTSTART, 0.6), "a.mp4", "truncated"),
    "an mp4 whose end is missing, index first": ("video", cut(FASTSTART, 0.97), "a.mp4", "truncated"),
    "a cut ogg": ("audio", cut(OGG, 0.5), "a.ogg", "truncated"),
    "a cut wav": ("audio", cut(WAV, 0.95), "a.wav", "truncated"),
    "a header of an mp4 alone": ("video", MP4[:40], "a.mp4", "unreadable"),
    "a header of a wav alone": ("audio", WAV[:44], "a.wav", "truncated"),
    "words in a signal": ("signal", b"time,value\n0,1\n1,calm\n", "a.csv", "not_a_number"),
    "a signal in UTF-16": ("signal", "time,value\n0,1\n".encode("utf-16"), "a.csv", "not_text"),
    "a missing column": ("signal", b"time,value\r\n0,1\r\n0.5\r\n1,2\r\n", "a.csv", "missing_column"),
    "a column too many": ("signal", b"time,eda,hr\n0,1,2\n", "a.csv", "too_many_columns"),
    "a column too many later on": ("signal", b"0,1\n1,2,3\n", "a.csv", "too_many_columns"),
    "infinity in a signal": ("signal", b"0,1\n1,inf\n", "a.csv", "not_finite"),
    "infinity as a time": ("signal", b"0,1\n1e999,2\n", "a.csv", "not_finite"),
    "a missing time": ("signal", b"0,1\n,2\n", "a.csv", "not_a_number"),
    "times that go back": ("signal", b"0.5,1\n0.4,2\n", "a.csv", "times_not_increasing"),
    "the same time twice": ("signal", b"0.5,1\n0.5,2\n", "a.csv", "times_not_increasing"),
    "a negative time": ("signal", b"-1.5,1\n", "a.csv", "time_out_of_range"),
    "milliseconds taken for seconds": ("signal", b"0,1\n1700000000000,2\n", "a.csv", "time_out_of_range"),
    "one column without a rate": ("signal", b"1\n2\n3\n", "a.csv", "no_rate"),
    "a decimal comma between commas": ("signal", b"0,512\n0,515\n0,520\n", "a.csv", "decimal_comma"),
    "nothing but gaps": ("signal", b"0,\n1,nan\n", "a.csv", "empty_file"),
    "a header alone": ("signal", b"time,value\n", "a.csv", "empty_file"),
    "one endless cell": ("signal", b"9" * 200_000, "a.csv", "line_too_long"),
    "a wav called csv": ("signal", WAV, "a.csv", "not_text"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_while_it_is_sent(case, shelf):  # noqa: F811
    modality, data, name, code = BAD[case]
    before = shelf.stored()
    with pytest.raises(MediaRefused) as found:
        media.examine(modality=modality, source=io.BytesIO(data), file_name=name)
    assert (found.value.code, found.value.status) == (code, 422)
    assert found.value.message == refusals.sentence(code, found.value.facts) != ""
    assert shelf.stored() == before


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_that_was_stored_fails_its_track_and_leaves_nothing_made_of_it(case, shelf):  # noqa: F811
    modality, data, name, code = BAD[case]
    track = shelf.read(modality, data, name)
    assert (track.state, track.failure) == (Track.State.FAILED, code)
    assert "%(" not in refusals.sentence(track.failure, track.probe)
    assert (track.proxy_id, track.peaks_id, track.duration_us) == (None, None, 0)
    assert Recording.objects.get(pk=track.recording_id).state == Recording.State.FAILED
    assert shelf.stored() == {"files": 1, "assets": 1, "keys": 1, "lanes": 0}  # what was sent, and that alone


def test_a_file_that_failed_gives_way_to_the_next_one_and_is_erased(shelf):  # noqa: F811
    track = shelf.read("audio", cut(WAV, 0.5), "a.wav")
    first = track.original
    shelf.sent(track, WAV, "a.wav")
    media.read_recording(track.recording)
    track.refresh_from_db()
    assert (track.state, track.failure) == (Track.State.READY, "")
    assert Recording.objects.get(pk=track.recording_id).state == Recording.State.READY
    first.refresh_from_db()
    assert first.state == Asset.State.ERASED
    assert shelf.stored()["files"] == 3  # the file, its peaks and its spectrogram


def test_a_file_that_was_read_is_never_overwritten(shelf):  # noqa: F811
    track = shelf.read("audio", WAV, "a.wav")
    before = shelf.stored()
    with pytest.raises(Refused) as refused:
        shelf.sent(track, WAV, "b.wav")
    assert (refused.value.code, refused.value.status) == ("has_original", 409)
    assert shelf.stored() == before


def test_of_two_files_sent_for_one_track_at_once_the_second_leaves_nothing(shelf):  # noqa: F811
    track = shelf.track("audio")
    late = Track.objects.select_related("study").get(pk=track.pk)  # read before the first file came
    shelf.sent(track, WAV, "a.wav")
    before = shelf.stored()
    with pytest.raises(Refused, match="has its file already"):
        shelf.sent(late, WAV, "a.wav")
    assert shelf.stored() == before


@pytest.mark.parametrize(
    ("modality", "name"),
    [("video", "a.exe"), ("video", "mp4"), ("video", "a.csv"), ("signal", "a.wav"), ("text", "a.txt"), ("audio", "")],
)
def test_a_file_of_another_kind_is_not_stored(modality, name, shelf):  # noqa: F811
    track = shelf.track(modality, text="Words." if modality == "text" else "")
    before = shelf.stored()
    with pytest.raises(Invalid) as refused:
        shelf.sent(track, WAV, name)
    assert refused.value.code == "media_type_unknown"
    assert shelf.stored() == before


def test_a_file_larger_than_is_accepted_is_refused_while_it_streams(shelf, settings):  # noqa: F811
    settings.UPLOAD_MAX_BYTES = 1_000_000
    read = []

    def endless():
        while True:
            read.append(1)
            yield bytes(65_536)

    track = shelf.track("video")
    with pytest.raises(Refused) as refused:
        media.attach(actor=shelf.owner, track=track, source=endless(), file_name="a.mp4")
    assert (refused.value.code, refused.value.status) == ("too_large", 413)
    assert len(read) < 25  # it stopped there, not at the end
    assert shelf.stored() == {"files": 0, "assets": 0, "keys": 0, "lanes": 0}
    assert Track.objects.get(pk=track.pk).original_id is None


def test_a_hundred_megabytes_in_one_cell_are_not_read(shelf):  # noqa: F811
    class Cell(io.RawIOBase):
        """100 MB of digits that are never all there at once."""

        at = given = 0

        def readable(self):
            return True

        seekable = readable

        def seek(self, offset, whence=0):
            self.at = offset if whence == 0 else 100 * 1024 * 1024 + offset
            return self.at

        def tell(self):
            return self.at

        def readinto(self, buffer):
            buffer[:] = b"7" * len(buffer)
            self.at += len(buffer)
            self.given += len(buffer)
            return len(buffer)

    cell = Cell()
    with pytest.raises(MediaRefused) as refused:
        read_csv(io.BufferedReader(cell), 100)
    assert refused.value.code == "line_too_long"
    assert cell.given < 100_000


def test_a_rendition_that_lost_its_times_is_refused_and_erased(shelf, monkeypatch):  # noqa: F811
    other = sounds.video(seconds=3.0)
    monkeypatch.setattr("labeling.media.proxy.transcode", lambda url, modality: [other])
    track = shelf.read("video", sounds.matroska(1.0), "a.mkv")
    assert (track.state, track.failure, track.proxy_id) == (Track.State.FAILED, "timestamps_lost", None)
    assert shelf.stored() == {"files": 1, "assets": 1, "keys": 1, "lanes": 0}


def test_what_a_worker_had_made_before_it_died_is_taken_again(shelf):  # noqa: F811
    track = shelf.track("audio")
    original = shelf.sent(track, WAV, "a.wav")
    kept = assets.store(
        study=track.study, kind=Asset.Kind.PEAKS, source=b"\x00\x00" * 100, media_type="application/octet-stream",
        subjects=list(original.subjects.all()), parent=original,
    )  # fmt: skip
    media.read_recording(track.recording)
    track.refresh_from_db()
    assert track.peaks_id == kept.pk
    media.read_recording(track.recording)  # and again: nothing is made twice
    assert shelf.stored()["assets"] == 3  # the file, its peaks and its spectrogram


def test_every_code_has_a_sentence_and_every_sentence_a_code():
    said = set()
    for file in [*Path(probing.__file__).parent.glob("*.py"), Path(media.__file__)]:
        said |= set(re.findall(r'MediaRefused\(f?"(\w+)"', file.read_text()))
    said |= {"no_video_stream", "no_audio_stream"}  # of one f-string
    assert said == set(refusals.SENTENCES)


def test_a_code_of_an_older_release_still_gets_a_sentence():
    assert "wrong_colour" in refusals.sentence("wrong_colour", {})
    assert "not_a_number" in refusals.sentence("not_a_number", {})  # its line was not kept


GOOD = [WAV, MP4, FASTSTART, OGG, SOUND_ONLY, sounds.matroska(0.4), sounds.wav24(0.05)]


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=3000), st.sampled_from(["video", "audio"]))
def test_random_bytes_raise_nothing_but_media_refused(data, modality):
    with pytest.raises(MediaRefused):
        probe(io.BytesIO(data), modality)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(GOOD), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=30), st.data()
)
def test_files_with_bytes_turned_raise_nothing_but_media_refused(good, turned, data):
    bad = bytearray(good)
    for share, value in turned:
        bad[int(share * (len(bad) - 1))] = value
    bad = bytes(bad[: data.draw(st.integers(1, len(bad)))])
    for modality in ("video", "audio"):
        with suppress(MediaRefused):  # and nothing else
            found = probe(io.BytesIO(bad), modality)
            assert 0 < found.duration_us <= probing.LONGEST_US
            if found.has_audio:
                peaks(io.BytesIO(bad), start_us=found.start_us, duration_us=min(found.duration_us, 60_000_000))


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=400), st.text(alphabet="0123456789.,;-+eEinfa\r\n\t \"_'tv", max_size=200).map(str.encode)
    ),
    st.sampled_from([0.0, 100.0, 0.001]),
)
def test_random_signals_raise_nothing_but_media_refused(data, rate_hz):
    with suppress(MediaRefused):  # and nothing else
        found = read_csv(io.BytesIO(data), rate_hz)
        assert (found.times_us[1:] > found.times_us[:-1]).all()
        assert (abs(found.values) < float("inf")).all()
