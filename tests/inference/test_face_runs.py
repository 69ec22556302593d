"""The expression model over stored recordings: the demo's clips, taken in and read as a study takes them in, watched by the
real worker's path; what comes out is what the same frames give straight from the file."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from affect.schemes.model import Choice, Label
from consent import assets
from core import access, jobs
from core.services import tokens
from inference.backends import Input, Output, face
from inference.models import Prediction, Run
from inference.services import prelabel, registry
from labeling.models import Annotation, Campaign, Item, Recording, Suggestion, Track
from labeling.services import alignments, campaigns, media, recordings, schemes
from labeling.services.recordings import Appears, NewItem, NewRecording, NewTrack
from tests.datasets import factories
from tests.labeling import factories as labeling

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.usefixtures("own_folders", "installed")]
LAUGHING, CRYING, CHANGING = "v04_woman_laughing.mp4", "v01_woman_crying.mp4", "v03_woman_cry_to_laugh.mp4"
LONG, SMILING = "v05_woman_full_19s.mp4", "v06_man_neutral_smile.mp4"


class Filmed:
    """A study of three people whose recordings are files of the demo, and a campaign that asks for Ekman's emotions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mia = labeling.user("mia")
        self.study = labeling.study(self.mia)
        access.grant(self.mia, "engineer", self.study, actor=None)
        self.people = factories.agreeing(self.study, 3)

    def recording(self, code: str, tracks: list[tuple[str, int]], items: list[NewItem]) -> Recording:
        """A recording with a video track for each (file, person), stored and read."""
        new = [
            NewTrack("video", f"camera {n}", [Appears(self.people[who].code)]) for n, (_file, who) in enumerate(tracks)
        ]
        made = recordings.register(actor=self.mia, study=self.study, rows=[NewRecording(code, new, items)])
        for pk, (file, _who) in zip(made.tracks[0], tracks, strict=True):
            with (self.folder / file).open("rb") as source:
                media.attach(actor=self.mia, track=Track.objects.get(pk=pk), source=source, file_name=file)
        jobs.run(media.start_reading(actor=self.mia, study_id=self.study.pk, recording_ids=made.recordings).pk)
        recording = Recording.objects.get(pk=made.recordings[0])
        assert recording.state == Recording.State.READY
        return recording

    def clip(self, file: str, who: int = 0) -> Recording:
        """A recording of one camera that is one item, named like the file."""
        code = file.split("_", 1)[0]
        return self.recording(code, [(file, who)], [NewItem(code, [self.people[who].code])])

    def campaign(self, vocabulary: str = "ekman-7-neutral") -> Campaign:
        asked = schemes.choice_from(vocabulary, key="emotion", prompt={"en": "What does {target} appear to express?"})
        scheme = schemes.create_scheme(actor=self.mia, study=self.study, name=vocabulary, questions=[asked])
        made = campaigns.create_campaign(actor=self.mia, study=self.study, name="Faces", scheme_version=scheme)
        items = Item.objects.filter(study=self.study).values_list("pk", flat=True)
        campaigns.add_items(actor=self.mia, campaign=made, items=list(items))
        return campaigns.open_campaign(actor=self.mia, campaign=made)

    def begun(self, campaign: Campaign) -> Run:
        version = registry.register(actor=self.mia, study=self.study, backend="face-expression")
        return prelabel.start(actor=self.mia, model_version=version, campaign=campaign)

    def predicted(self, campaign: Campaign) -> dict[str, Prediction]:
        """Item code -> what the model predicts, once a worker has run it."""
        run = self.begun(campaign)
        jobs.run(run.job_id)
        run.refresh_from_db()
        assert run.job.state == "done", run.job.error_message
        return {one.item.code: one for one in run.predictions.select_related("item", "label", "run__job")}


@pytest.fixture
def filmed(media: Path) -> Filmed:
    return Filmed(media)


@pytest.fixture(scope="module")
def straight(models: Path, media: Path) -> Callable[[str], Output]:
    """What the model says of a file, without a database."""
    backend = face.Backend.load(models)

    def judge(file: str) -> Output:
        (output,) = backend.predict([Input("k", open=lambda: (media / file).open("rb"))], should_stop=lambda: False)
        return output

    return judge


def terms(output: Output) -> dict[str, float]:
    named = {"happy": "happiness", "sad": "sadness", "angry": "anger", "fearful": "fear", "disgusted": "disgust",
             "surprised": "surprise", "neutral": "neutral"}  # fmt: skip
    return {named[label]: p for label, p in output.probabilities.items()}


def test_stored_videos_are_predicted_from_their_frames(filmed, straight, media):
    files = {"v01": CRYING, "v04": LAUGHING, "v06": SMILING}
    for who, file in enumerate(files.values()):
        filmed.clip(file, who)
    said = Annotation.objects.count()
    found = filmed.predicted(filmed.campaign())
    assert {code: one.label.code for code, one in found.items()} == {
        "v01": "sadness", "v04": "happiness", "v06": "happiness",
    }  # fmt: skip
    for code, file in files.items():
        one, expected = found[code], straight(file)
        assert one.distribution == pytest.approx(terms(expected), abs=1e-6)
        assert one.confidence == one.distribution[one.label.code] == max(one.distribution.values())
        with assets.open_asset(Track.objects.get(recording__code=code).original) as stored:
            assert (
                one.input_hash == sha256(stored.read()).hexdigest() == sha256((media / file).read_bytes()).hexdigest()
            )
        assert (one.coverage, one.notes) == (expected.coverage, list(expected.notes))
        assert (one.number, one.interval_low, one.interval_high, one.nothing) == (None, None, None, "")
        assert one.model_version.files_hash == registry.register(
            actor=filmed.mia, study=filmed.study, backend="face-expression"
        ).files_hash  # fmt: skip
    job = found["v01"].run.job
    assert (job.done, job.total) == (3, 3)
    assert Annotation.objects.count() == said == 0
    shown = Suggestion.objects.filter(current=True).values_list("item__code", "label__code", "confidence")
    assert set(shown) == {(code, one.label.code, one.confidence) for code, one in found.items()}


def test_of_two_cameras_the_one_on_the_person_is_watched(filmed, media):
    laughing, crying = (one.code for one in filmed.people[:2])
    about = [NewItem("first", [laughing]), NewItem("second", [crying])]
    filmed.recording("dyad", [(LAUGHING, 0), (CRYING, 1)], about)
    found = filmed.predicted(filmed.campaign())
    assert {code: one.label.code for code, one in found.items()} == {"first": "happiness", "second": "sadness"}
    assert found["second"].input_hash == sha256((media / CRYING).read_bytes()).hexdigest()


def test_somebody_whom_no_camera_shows_is_not_predicted(filmed):
    new = [
        NewTrack("video", "camera", [Appears(filmed.people[0].code)]),
        NewTrack("audio", "voice", [Appears(filmed.people[1].code)]),
    ]
    row = NewRecording(
        "call", new, [NewItem("seen", [filmed.people[0].code]), NewItem("heard", [filmed.people[1].code])]
    )
    made = recordings.register(actor=filmed.mia, study=filmed.study, rows=[row])
    for pk, file in zip(made.tracks[0], (LAUGHING, "a11_acted_british_laugh.ogg"), strict=True):
        with (filmed.folder / file).open("rb") as source:
            media.attach(actor=filmed.mia, track=Track.objects.get(pk=pk), source=source, file_name=file)
    jobs.run(media.start_reading(actor=filmed.mia, study_id=filmed.study.pk, recording_ids=made.recordings).pk)
    found = filmed.predicted(filmed.campaign())
    assert set(found) == {"seen"}
    assert (found["seen"].run.job.done, found["seen"].run.job.total) == (1, 1)


def test_a_part_of_a_video_is_judged_by_its_own_frames_also_when_the_track_begins_later(filmed, straight):
    whole = straight(CHANGING)
    times = whole.frames.times_us
    middle, last = times[len(times) // 4], times[-1]
    who, later = filmed.people[0].code, 5_000_000
    parts = {"begin": (0, middle), "rest": (middle, last + 1), "after": (last + 60_000_000, last + 61_000_000)}
    items = [NewItem(code, [who], "segment", later + a, later + b) for code, (a, b) in parts.items()]
    recording = filmed.recording("v03", [(CHANGING, 0)], [*items, NewItem("all", [who])])
    alignments.align(actor=filmed.mia, track=recording.tracks.get(), offset_us=later)
    found = filmed.predicted(filmed.campaign())
    for code in ("begin", "rest"):
        start, end = parts[code]
        rows = [p for t, p in zip(times, whole.frames.probabilities, strict=True) if start <= t < end and p is not None]
        mean = dict(zip(face.LABELS, np.mean(rows, axis=0), strict=True))
        expected = terms(Output("k", "", probabilities=mean))
        # The rest is sampled from its own first picture on, so its pictures are not all the same as the whole film's.
        assert found[code].distribution == pytest.approx(expected, abs=2e-6 if code == "begin" else 0.01)
    assert found["begin"].label.code != "happiness"
    assert found["rest"].label.code == "happiness"
    assert found["all"].distribution == pytest.approx(terms(whole), abs=1e-6)
    assert found["after"].nothing == "no_picture_here"
    assert len({one.input_hash for one in found.values()}) == 4


def test_a_label_that_the_scheme_lacks_is_no_other_label(filmed):
    filmed.clip(LAUGHING)
    asked = Choice(
        id="emotion", prompt={"en": "What does {target} appear to express?"},
        labels=tuple(Label(id=code, name={"en": code}, emotion=code) for code in ("anger", "sadness")),
    )  # fmt: skip
    scheme = schemes.create_scheme(actor=filmed.mia, study=filmed.study, name="two", questions=[asked])
    campaign = campaigns.create_campaign(actor=filmed.mia, study=filmed.study, name="Two", scheme_version=scheme)
    campaigns.add_items(actor=filmed.mia, campaign=campaign, items=list(Item.objects.values_list("pk", flat=True)))
    one = filmed.predicted(campaigns.open_campaign(actor=filmed.mia, campaign=campaign))["v04"]
    assert (one.label, one.confidence, one.nothing) == (None, None, "not_in_scheme")
    assert one.distribution["happiness"] > 0.9
    assert not Suggestion.objects.exists()


def test_a_run_is_cancelled_from_its_page_in_the_middle_of_a_film(filmed, client, monkeypatch):
    filmed.clip(LONG)
    run = filmed.begun(filmed.campaign())
    client.force_login(filmed.mia, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get(f"/runs/{run.pk}/").content.decode()
    assert f'hx-get="/jobs/{run.job_id}/' in page
    assert f'action="/jobs/{run.job_id}/cancel/"' in client.get(f"/jobs/{run.job_id}/").content.decode()
    watched, faces = [], face.Detector.faces

    def watch(self, picture):
        watched.append(len(watched))
        if len(watched) == 3:
            assert client.post(f"/jobs/{run.job_id}/cancel/").status_code == 200
        return faces(self, picture)

    monkeypatch.setattr(face.Detector, "faces", watch)
    jobs.run(run.job_id)
    run.job.refresh_from_db()
    assert run.job.state == "cancelled"
    assert len(watched) < 90  # of 98
    assert not Prediction.objects.exists()
    assert "The run was cancelled." in client.get(f"/runs/{run.pk}/").content.decode()


def test_how_a_prediction_was_made_is_on_the_page_in_the_file_and_over_rest(filmed, client):
    filmed.clip(CHANGING)
    one = filmed.predicted(filmed.campaign())["v03"]
    Prediction.objects.filter(pk=one.pk).update(notes=["some_faces_missing"], coverage=0.876)
    client.force_login(filmed.mia, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get(f"/runs/{one.run_id}/").content.decode()
    assert "In some pictures no face was found; they do not count." in page
    assert "88 %" in page
    rows = client.get(f"/runs/{one.run_id}/?format=csv").getvalue().decode().splitlines()
    assert "0.876" in rows[1]
    assert "some_faces_missing" in rows[1]
    _row, secret = tokens.create(user=filmed.mia, name="test")
    told = client.get(f"/api/v1/predictions?run={one.run_id}", HTTP_AUTHORIZATION=f"Bearer {secret}").json()["results"]
    assert json.dumps(told[0]["notes"]) == '["some_faces_missing"]'
    assert (told[0]["coverage"], told[0]["input_hash"]) == (0.876, one.input_hash)
