"""Pages of a study: its recordings, taking one in with its files, and what was read of it; by the browsers of the cast."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from consent.models import Asset, Permission
from core import jobs
from core.models import AuditEvent, Job
from labeling.models import Alignment, Appearance, Item, Recording, Track
from tests.labeling import sounds

pytestmark = pytest.mark.django_db(databases="__all__")
WAV = sounds.wav(sounds.sine(1.0))
MP4 = sounds.video(seconds=1.0)


def sheet(**tracks):
    """What the form sends: t0_name="voice" and so on, beside the recording's own fields."""
    said = {"code": "s01", "session": "day 1", "source": "lab", "licence": "internal", "about": ""}
    said |= {f"t{n}-modality": "video" for n in range(4)}
    for key, value in tracks.items():
        where, _sep, field = key.partition("_")
        said[f"{where}-{field}" if where[0] == "t" and where[1:].isdigit() else key] = value
    return said


def file(data=WAV, name="voice.wav"):
    return SimpleUploadedFile(name, data)


def voice(**more):
    return sheet(t0_name="voice", t0_modality="audio", t0_appearing="P-01", t0_file=file()) | more


@pytest.fixture
def address(cast):
    return reverse("studies:new_recording", args=[cast.ours.study.pk])


def counts():
    return (Recording.objects.count(), Track.objects.count(), Item.objects.count(), Asset.objects.count(), Job.objects.count())  # fmt: skip


def test_it_works(address, browsers, cast):
    told = sheet(
        t0_name="camera", t0_modality="video", t0_appearing="P-01, P-02 interviewer", t0_file=file(MP4, "c.mp4"),
        t1_name="voice", t1_modality="audio", t1_appearing="P-01", t1_file=file(), t1_offset="0.5",
        t2_name="pulse", t2_modality="signal", t2_appearing="P-01", t2_file=file(b"1\n2\n3\n4\n", "p.csv"), t2_rate="4",
        t3_name="words", t3_modality="text", t3_appearing="P-02 interviewer", t3_text="Tell me.",
    )  # fmt: skip
    answer = browsers["rhea"].post(address, told)
    recording = Recording.objects.get(code="s01")
    assert answer.status_code == 302
    assert answer.url == reverse("studies:recording", args=[cast.ours.study.pk, recording.pk])
    assert recording.state == Recording.State.DRAFT
    job = Job.objects.get(kind="labeling.read_media", object_id=recording.pk)
    assert jobs.run(job.pk).result == {"ready": 1, "failed": 0}
    states = dict(recording.tracks.values_list("name", "state"))
    assert states == dict.fromkeys(("camera", "voice", "pulse", "words"), "ready")
    roles = set(Appearance.objects.filter(recording=recording).values_list("participant__code", "role"))
    assert roles == {("P-01", "target"), ("P-02", "interviewer")}
    assert Alignment.objects.get(track__recording=recording, track__name="voice").offset_us == 500_000
    item = Item.objects.get(recording=recording)
    assert [one.code for one in item.targets.all()] == ["P-01"]
    assert AuditEvent.objects.filter(verb="labeling.media.attached", actor_id=cast.rhea.pk).count() == 3
    page = browsers["rhea"].get(answer.url).content.decode()
    for words in (
        "camera",
        "160 × 120",
        "16000 Hz",
        "<video",
        "<audio",
        "Tell me.",
        'class="wave"',
        'class="sig"',
        "s01",
    ):
        assert words in page


def test_whom_the_labels_are_about_can_be_said(address, browsers):
    told = voice(about="P-02") | {"t0-appearing": "P-01, P-02 partner"}
    assert browsers["rhea"].post(address, told).status_code == 302
    assert [one.code for one in Item.objects.get(recording__code="s01").targets.all()] == ["P-02"]


BAD = {
    "no track": (sheet(), "A recording needs a track."),
    "nobody in it": (voice() | {"t0-appearing": ""}, "Say who appears in it"),
    "an unknown person": (voice() | {"t0-appearing": "P-77"}, "There is no participant P-77 in this study."),
    "an unknown part": (voice() | {"t0-appearing": "P-01 wizard"}, "A role is one of"),
    "somebody twice": (voice() | {"t0-appearing": "P-01, P-01"}, "Somebody stands here twice."),
    "about somebody who is not in it": (voice(about="P-03"), "P-03 does not appear in this recording."),
    "no file": ({key: value for key, value in voice().items() if key != "t0-file"}, "Choose the file of this track."),
    "no words": (sheet(t0_name="t", t0_modality="text", t0_appearing="P-01"), "A text track has its words here."),
    "no name": (voice() | {"t0-name": ""}, "Give the track a name."),
    "a code that is taken": (voice(code="t0"), "The code t0 is taken."),
    "two tracks of one name": (voice() | {"t1-name": "voice", "t1-modality": "text", "t1-appearing": "P-01", "t1-text": "x"}, "Two tracks have one name."),
    "an empty file": (voice() | {"t0-file": file(b"")}, "The file is empty"),
    "text called mp4": (voice() | {"t0-modality": "video", "t0-file": file(b"words " * 99, "a.mp4")}, "The file cannot be read"),
    "a cut wav": (voice() | {"t0-file": file(WAV[:9000])}, "it was cut while it was copied"),
    "a program": (voice() | {"t0-file": file(WAV, "a.exe")}, "Files ending in"),
    "a signal without a rate": (voice() | {"t0-modality": "signal", "t0-file": file(b"1\n2\n", "a.csv")}, "needs its sampling rate"),
    "a rate of nothing": (voice() | {"t0-rate": "nan"}, "Enter a number"),
    "an offset without end": (voice() | {"t0-offset": "1e999"}, "Enter a number"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_stored(case, address, browsers):
    told, words = BAD[case]
    for value in told.values():
        if hasattr(value, "seek"):
            value.seek(0)
    before = counts()
    answer = browsers["rhea"].post(address, told)
    assert answer.status_code == 422
    assert words.replace("’", "&#x27;") in answer.content.decode() or words in answer.content.decode()
    assert counts() == before


def test_one_bad_file_among_good_ones_stores_none(address, browsers):
    before = counts()
    told = voice() | {
        "t1-name": "b",
        "t1-modality": "audio",
        "t1-appearing": "P-01",
        "t1-file": file(WAV[:9000], "b.wav"),
    }
    answer = browsers["rhea"].post(address, told)
    assert answer.status_code == 422
    assert counts() == before
    assert answer.content.decode().count("it was cut while it was copied") == 1


def test_a_file_above_the_limit_is_refused(address, browsers, settings):
    settings.UPLOAD_MAX_BYTES = 10_000
    before = counts()
    answer = browsers["rhea"].post(address, voice())
    assert answer.status_code == 422
    assert "larger than is accepted" in answer.content.decode()
    assert counts() == before


def test_a_file_that_could_not_be_used_is_replaced_on_the_page(address, browsers, cast):
    browsers["rhea"].post(address, voice())
    recording = Recording.objects.get(code="s01")
    track = recording.tracks.get()
    Track.objects.filter(pk=track.pk).update(state="failed", failure="not_a_number", probe={"line": 7})
    Recording.objects.filter(pk=recording.pk).update(state="failed")
    page = reverse("studies:recording", args=[cast.ours.study.pk, recording.pk])
    shown = browsers["rhea"].get(page).content.decode()
    assert "Line 7 holds something that is not a number." in shown
    assert "Send another file" in shown
    send = reverse("studies:send_file", args=[cast.ours.study.pk, recording.pk, track.pk])
    assert send in shown
    assert "Send another file" not in browsers["dana"].get(page).content.decode()
    again = browsers["rhea"].post(send, {"file": file(WAV[:9000])})
    assert (again.status_code, "cut while it was copied" in again.content.decode()) == (422, True)
    assert browsers["rhea"].post(send, {"file": file()}).status_code == 302
    jobs.run(Job.objects.filter(object_id=recording.pk).latest("created_at").pk)
    track.refresh_from_db()
    assert (track.state, track.failure) == ("ready", "")
    assert browsers["rhea"].post(send, {"file": file()}).status_code == 409  # a recording is never overwritten


def test_who_may_not_hear_sees_no_player_and_no_words(browsers, cast):
    text = Recording.objects.get(study=cast.ours.study, code="t0")
    page = reverse("studies:recording", args=[cast.ours.study.pk, text.pk])
    assert "Sentence 0." in browsers["rhea"].get(page).content.decode()
    assert "Sentence 0." not in browsers["dana"].get(page).content.decode()
    Permission.objects.filter(participant=cast.ours.participant).delete()
    gone = browsers["rhea"].get(page).content.decode()
    assert "Sentence 0." not in gone
    assert "Not allowed now." in gone


def test_the_list_leads_to_each_recording_and_to_a_new_one(browsers, cast, address):
    page = reverse("studies:recordings", args=[cast.ours.study.pk])
    shown = browsers["rhea"].get(page).content.decode()
    for recording in Recording.objects.filter(study=cast.ours.study):
        assert reverse("studies:recording", args=[cast.ours.study.pk, recording.pk]) in shown
    assert address in shown
    assert address not in browsers["dana"].get(page).content.decode()


def rows(answer):
    return b"".join(answer.streaming_content).decode().splitlines()


def test_recordings_are_filtered_sorted_and_exported(browsers, cast):
    page = reverse("studies:recordings", args=[cast.ours.study.pk])
    lines = rows(browsers["rhea"].get(page, {"format": "csv"}))
    assert [line.split(",")[0] for line in lines] == ["Recording", "a0", "t0", "t1", "t2", "t3"]
    lines = rows(browsers["rhea"].get(page, {"format": "csv", "modality": "text", "sort": "-code"}))
    assert [line.split(",")[0] for line in lines[1:]] == ["t3", "t2", "t1", "t0"]
    lines = rows(browsers["rhea"].get(page, {"format": "csv", "q": "t2"}))
    assert [line.split(",")[0] for line in lines[1:]] == ["t2"]


def test_the_page_of_recordings_asks_as_much_for_fifty_as_for_five(browsers, cast, django_assert_max_num_queries):
    from labeling.services import recordings
    from labeling.services.recordings import Appears, NewRecording, NewTrack

    more = [NewRecording(f"m{n:03}", [NewTrack("text", "text", [Appears("P-01")], text="x")]) for n in range(45)]
    recordings.register(actor=cast.mia, study=cast.ours.study, rows=more)
    with django_assert_max_num_queries(30):
        assert browsers["rhea"].get(reverse("studies:recordings", args=[cast.ours.study.pk])).status_code == 200


def test_an_upload_is_read_from_its_sealed_place(address, browsers):
    """The handler's own file is seekable, which examining needs, and plain only as it is read."""
    from consent.assets import SealedUploadHandler

    handler = SealedUploadHandler()
    handler.new_file("file", "a.wav", "audio/wav", len(WAV))
    handler.receive_data_chunk(WAV, 0)
    kept = handler.file_complete(len(WAV))
    kept.file.seek(0, io.SEEK_END)
    assert kept.file.tell() == len(WAV)
