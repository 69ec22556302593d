"""Prosody lanes of real voices: measured once, sealed, gone with the person."""

from pathlib import Path

import numpy as np
import pytest
from django.conf import settings

from affect.codecs import trace as container
from consent import assets
from consent.models import Asset
from consent.services import consents
from core import jobs
from datasets.services import features
from labeling.models import Lane
from labeling.services import media as reading
from labeling.services import recordings
from labeling.services.recordings import Appears, NewRecording, NewTrack
from tests.datasets.factories import scene

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
VOICE = Path(settings.BASE_DIR) / "demo" / "media" / "a02_librivox_0880.wav"


def voice(of):
    """A real voice of the scene's first participant, read by the reading service."""
    row = NewRecording("voice", [NewTrack("audio", "voice", [Appears(of.people[0].code)])])
    recordings.register(actor=of.mia, study=of.study, rows=[row])
    recording = of.study.recordings.get(code="voice")
    track = recording.tracks.get()
    with VOICE.open("rb") as source:
        reading.attach(actor=of.mia, track=track, source=source, file_name=VOICE.name)
    reading.read_recording(recording)
    return recording.tracks.get()


def test_a_voice_gets_its_loudness_and_pitch_once():
    of = scene(n=6, people=3)
    track = voice(of)

    assert [one.pk for one in features.waiting(of.study.pk)] == [track.pk]

    assert features.measure(track, actor=of.eva) == 2
    again = jobs.run(features.start(actor=of.eva, study=of.study).pk)

    assert (again.state, again.result) == ("done", {"tracks": 0})
    lanes = {lane.name: lane for lane in Lane.objects.filter(track=track)}
    assert set(lanes) == {"loudness", "pitch"}
    with assets.open_asset(lanes["pitch"].asset) as stream:
        pitch = container.unpack(stream.read())
    assert pitch.values.min() >= 65
    assert pitch.values.max() <= 500
    assert 70 < np.median(pitch.values) < 200  # a deep speaking voice
    assert (pitch.flags & container.Flag.GAP_BEFORE).any()  # pauses are gaps, not values
    assert lanes["pitch"].asset.kind == Asset.Kind.FEATURE
    assert lanes["pitch"].asset.parent_id == track.original_id
    assert [p.pk for p in lanes["pitch"].asset.subjects.all()] == [of.people[0].pk]


def test_who_does_not_allow_predictions_is_not_measured():
    of = scene(n=6, people=3)
    track = voice(of)
    consents.withdraw(participant=of.people[0], purpose="model_inference")

    done = jobs.run(features.start(actor=of.eva, study=of.study).pk)

    assert done.result == {"tracks": 0}
    assert not Lane.objects.filter(track=track).exists()
