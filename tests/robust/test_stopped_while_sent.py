"""A participant stops while their recording is being sent: what is on its way ends there."""

import io

import pytest
from django.urls import reverse

from consent import views_media
from consent.models import Participant
from consent.services import consents
from labeling.models import Track
from labeling.services import media, recordings
from labeling.services.recordings import Appears, NewRecording, NewTrack

pytestmark = pytest.mark.django_db(databases="__all__")
SIZE = 2_000_000


@pytest.fixture
def sent(cast, browsers, monkeypatch):
    """Two megabytes on their way to a browser, with the gate asked before every block."""
    monkeypatch.setattr(views_media, "ASK_AGAIN_SECONDS", -1)
    code = cast.ours.participant.code
    row = NewRecording("long", [NewTrack("audio", "voice", [Appears(code)], duration_us=1, ready=True)])
    made = recordings.register(actor=cast.mia, study=cast.ours.study, rows=[row])
    track = Track.objects.select_related("study", "original").get(pk=made.tracks[0][0])
    media.attach(actor=cast.mia, track=track, source=io.BytesIO(bytes(SIZE)), file_name="a.wav")
    response = browsers["mia"].get(reverse("labeling:media", args=[track.pk, "original"]))
    return iter(response.streaming_content)


def test_it_works(sent):
    assert sum(map(len, sent)) == SIZE


@pytest.mark.parametrize("act", ["stop", "pause", "withdraw"])
def test_what_is_sent_ends_when_somebody_lets_go_of_it(act, sent, cast):
    first = next(sent)
    person = Participant.objects.get(pk=cast.ours.participant.pk)
    more = {"purpose": "human_annotation"} if act == "withdraw" else {}
    getattr(consents, act)(participant=person, actor=None, **more)
    with pytest.raises(ConnectionResetError):
        list(sent)
    assert len(first) < SIZE
