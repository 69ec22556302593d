"""No room left on the disk: a sentence for the person, a code for programs, and nothing half-stored.

The limit is the system's own, on the size of a file; it makes every longer write fail as a full disk does.
"""

import io
import resource
from contextlib import contextmanager

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from consent.models import Asset
from core import jobs
from datasets.models import VersionPackage
from datasets.services import delivery
from tests.labeling import sounds
from tests.robust.store import stored

pytestmark = pytest.mark.django_db(databases="__all__")
WAV = sounds.wav(sounds.sine(4.0))  # 128 kB


@contextmanager
def no_room(above: int = 20_000):
    """Files of this process cannot grow above so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (above, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_recording_that_finds_no_room_is_refused_with_a_sentence(cast, browsers):
    browsers["mia"].raise_request_exception = False
    data = {f"t{n}-modality": "video" for n in range(4)} | {
        "code": "s01", "t0-modality": "audio", "t0-name": "voice", "t0-appearing": cast.ours.participant.code,
        "t0-file": SimpleUploadedFile("a.wav", WAV),
    }  # fmt: skip
    before = stored()
    with no_room():
        response = browsers["mia"].post(reverse("studies:new_recording", args=[cast.ours.study.pk]), data)
    assert response.status_code == 507
    assert "no room left" in response.content.decode()
    assert stored() == before


def test_bytes_that_find_no_room_leave_nothing_over_rest(cast, browsers):
    from labeling.services import recordings
    from labeling.services.recordings import Appears, NewRecording, NewTrack

    row = NewRecording("n", [NewTrack("audio", "voice", [Appears(cast.ours.participant.code)])])
    made = recordings.register(actor=cast.mia, study=cast.ours.study, rows=[row])
    browsers["mia"].raise_request_exception = False
    before = stored()
    with no_room():
        response = browsers["mia"].put(
            f"/api/v1/tracks/{made.tracks[0][0]}/original?file_name=a.wav",
            WAV,
            content_type="audio/wav",
            headers={"accept": "application/json"},
        )
    assert (response.status_code, response.json()["code"]) == (507, "storage_full"), response.content
    assert stored() == before


def test_a_package_that_finds_no_room_fails_its_job_with_a_sentence_and_can_be_started_again(cast):
    asset = Asset.objects.get(pk=cast.ours.package.pk)
    VersionPackage.objects.filter(asset=asset).delete()  # as if none had been prepared
    job = delivery.start(actor=cast.mia, version=cast.ours.version)
    before = stored()
    with no_room(1_000):
        ended = jobs.run(job.pk)
    assert (ended.state, ended.error_code) == ("failed", "storage_full")
    assert "no room left" in ended.error_message
    assert stored() == before
    again = jobs.run(jobs.restart(ended, cast.mia).pk)
    assert again.state == "done"
    assert VersionPackage.objects.count() == 2  # theirs, and ours again


def test_a_reading_that_finds_no_room_fails_its_job_and_goes_on_later(cast):
    from labeling.models import Recording, Track
    from labeling.services import media, recordings
    from labeling.services.recordings import Appears, NewRecording, NewTrack

    row = NewRecording("n", [NewTrack("video", "film", [Appears(cast.ours.participant.code)])])
    made = recordings.register(actor=cast.mia, study=cast.ours.study, rows=[row])
    track = Track.objects.select_related("study").get(pk=made.tracks[0][0])
    media.attach(actor=cast.mia, track=track, source=io.BytesIO(sounds.matroska(1.0)), file_name="a.mkv")
    job = media.start_reading(actor=cast.mia, study_id=cast.ours.study.pk, recording_ids=made.recordings)
    before = stored()
    with no_room(2_000):
        ended = jobs.run(job.pk)
    assert (ended.state, ended.error_code) == ("failed", "storage_full")
    assert stored() == before
    again = jobs.run(jobs.restart(ended, cast.mia).pk)
    assert again.result == {"ready": 1, "failed": 0}
    assert Recording.objects.get(pk=made.recordings[0]).state == Recording.State.READY
