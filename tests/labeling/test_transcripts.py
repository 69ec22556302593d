"""A transcript with times is read as people have them, follows the recording clock, and is not there where a campaign hides it."""

import numpy as np
import pytest

from affect.codecs import trace as container
from consent.models import Asset
from labeling.media import transcript
from labeling.media.transcript import Line
from labeling.models import Item, Lane, Recording, Track
from labeling.services import campaigns, lanes, media, queue, recordings
from labeling.services.recordings import Appears, NewItem, NewRecording, NewTrack
from tests.labeling import factories, sounds
from tests.labeling.shelf import shelf  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db(databases="__all__")

VTT = """WEBVTT - made by hand

NOTE nobody reads this

STYLE
::cue { color: red }

first
00:00:00.400 --> 00:00:02.000 align:start
<v.loud Ana Ribeiro>And when she told you,
were you <i>expecting</i> it?

01:02.100 --> 01:05.000
<v B>No, <00:01:02.600>honestly &amp; <c.x>truly</c> <00:01:03.200>not.
"""
SRT = "1\r\n00:00:01,500 --> 00:00:02,000\r\nHello.\r\n\r\n2\r\n01:00:00,000 --> 01:00:01,000\r\nGoodbye.\r\n"


def test_webvtt_is_read_with_speakers_and_the_times_of_words():
    first, second = transcript.lines(VTT)
    assert first == Line(400_000, 2_000_000, "And when she told you, were you expecting it?", "Ana Ribeiro")
    assert second.text == "No, honestly & truly not."
    assert (second.from_us, second.to_us, second.speaker) == (62_100_000, 65_000_000, "B")
    assert second.words == (62_100_000, 62_600_000, 62_600_000, 62_600_000, 63_200_000)
    assert transcript.plain(VTT) == f"{first.text}\n{second.text}"


def test_subrip_is_read_too_and_a_text_without_times_stays_what_it_is():
    assert transcript.lines(SRT) == [
        Line(1_500_000, 2_000_000, "Hello."),
        Line(3_600_000_000, 3_601_000_000, "Goodbye."),
    ]
    for text in ("", "No, honestly I wasn’t.", "Meet me at 10:30 --> or later", "00:01 is early\n\n1\n2\n3"):
        assert transcript.lines(text) == []
        assert transcript.plain(text) == text


def test_what_is_broken_in_a_file_costs_that_line_and_no_other():
    broken = "WEBVTT\n\n00:05.000 --> 00:01.000\nbackwards\n\n00:xx.000 --> 00:02.000\nno time\n\n00:03.000 --> 00:04.000\n\n00:06.000 --> 00:07.000\n<v >kept <unknown> <b>so</b>"
    assert [line.text for line in transcript.lines(broken)] == ["kept <unknown> so"]


class Talk:
    """Sound, a transcript whose clock began a second later, and a pulse; labeled from the first second to the fourth."""

    def __init__(self, on, text: str = VTT, *, broken: bool = False, **perceived: bool) -> None:
        who = [Appears(on.people[0].code)]
        tracks = [
            NewTrack("audio", "voice", who),
            NewTrack("text", "words", who, text=text, offset_us=1_000_000),
            NewTrack("signal", "pulse", who),
        ]
        if broken:
            tracks.append(NewTrack("video", "camera 2", who))
        row = NewRecording("talk", tracks, [NewItem("talk", [on.people[0].code], "segment", 1_000_000, 4_000_000)])
        made = recordings.register(actor=on.owner, study=on.study, rows=[row])
        self.tracks = [Track.objects.select_related("study", "original").get(pk=pk) for pk in made.tracks[0]]
        on.sent(self.tracks[0], sounds.wav(sounds.sine(5)), "a.wav")
        on.sent(self.tracks[2], "\n".join(str(n % 7) for n in range(500)).encode(), "p.csv", 100.0)
        if broken:
            on.sent(self.tracks[3], b"no film at all", "b.mp4")
        media.read_recording(Recording.objects.get(code="talk"))
        self.ana = factories.user("ana")
        campaign = campaigns.create_campaign(
            actor=on.owner,
            study=on.study,
            name="Talk",
            scheme_version=factories.scheme(on.study, "scale"),
            perceived=perceived,
        )
        campaigns.add_items(actor=on.owner, campaign=campaign, items=[Item.objects.get(code="talk").pk])
        campaigns.add_annotator(actor=on.owner, campaign=campaign, user=self.ana)
        self.campaign = campaigns.open_campaign(actor=on.owner, campaign=campaign)

    def page(self, client) -> str:
        assignment = queue.next_assignment(self.ana, self.campaign)
        return client.get(f"/label/{self.campaign.pk}/{assignment.pk}/").content.decode()


def test_the_lines_of_an_item_stand_on_the_recording_clock_and_others_are_left_out(shelf, signed_in):  # noqa: F811
    talk = Talk(shelf)
    page = talk.page(signed_in(talk.ana))
    assert 'data-from-us="1400000" data-to-us="3000000"' in page
    assert "Ana Ribeiro" in page
    assert "honestly" not in page


def test_a_hidden_transcript_is_nowhere_on_the_page(shelf, signed_in):  # noqa: F811
    talk = Talk(shelf, transcript=False)
    page = talk.page(signed_in(talk.ana))
    assert "expecting" not in page
    assert "<transcript-lines" not in page


def test_a_transcript_without_times_is_shown_as_it_is(shelf, signed_in):  # noqa: F811
    talk = Talk(shelf, "No, honestly I wasn’t.")
    page = talk.page(signed_in(talk.ana))
    assert "honestly I wasn’t." in page
    assert "<transcript-lines" not in page


@pytest.mark.parametrize("shown", [False, True])
def test_physiology_is_drawn_only_where_the_campaign_shows_it(shown, shelf, signed_in):  # noqa: F811
    talk = Talk(shelf, physiology=shown)
    ana = signed_in(talk.ana)
    page = talk.page(ana)
    assert ("<signal-lane" in page) == shown
    for what in ("lane", "original"):
        assert ana.get(f"/media/track/{talk.tracks[2].pk}/{what}").status_code == (200 if shown else 404)


@pytest.mark.parametrize(("kind", "rule"), [("feature", "features"), ("model", "models")])
def test_computed_lanes_are_drawn_only_where_the_campaign_shows_them(kind, rule, shelf, signed_in):  # noqa: F811
    talk = Talk(shelf, **{rule: True})
    times = np.arange(100) * 50_000
    packed = container.pack(times, np.sin(times / 1e6), np.zeros(100, np.uint8))
    for name, of in (("shown", kind), ("hidden", {"feature": "model", "model": "feature"}[kind])):
        lanes.hand_down(
            actor=None, track=talk.tracks[0], name=name, unit="Hz", packed=packed, minimum=-1, maximum=1, kind=of
        )
    ana = signed_in(talk.ana)
    page = talk.page(ana)
    made = {lane.name: lane for lane in Lane.objects.filter(track=talk.tracks[0])}
    address = f"/media/track/{talk.tracks[0].pk}/lane?lane="
    assert f"{made['shown'].pk}" in page
    assert f"{made['hidden'].pk}" not in page
    told = ana.get(f"{address}{made['shown'].pk}&from_us=0&to_us=5000000&columns=50").json()
    assert (told["unit"], len(told["lows"])) == ("Hz", 50)
    assert ana.get(f"{address}{made['hidden'].pk}").status_code == 404
    assert ana.get(f"{address}not-a-lane").status_code == 404
    assert ana.get(f"/media/track/{talk.tracks[0].pk}/lane").status_code == 404, "sound is no signal"


def test_a_track_that_could_not_be_read_is_named_to_whoever_would_have_seen_it(shelf, signed_in):  # noqa: F811
    talk = Talk(shelf, broken=True)
    assert talk.tracks[3].original.state == Asset.State.STORED
    assert "could not be read and is missing here: camera 2" in talk.page(signed_in(talk.ana))


def test_a_track_that_would_not_be_perceived_is_not_missed(shelf, signed_in):  # noqa: F811
    talk = Talk(shelf, broken=True, video=False)
    assert "camera 2" not in talk.page(signed_in(talk.ana))
