"""What a campaign hides is not given out: not in the workspace, not over REST, not by an address that was guessed."""

import io

import av
import pytest
from django.urls import reverse

from core import access
from labeling.models import Item, Recording, Track
from labeling.services import campaigns, media, queue, recordings
from labeling.services.recordings import Appears, NewItem, NewRecording, NewTrack
from tests.labeling import factories, sounds
from tests.labeling.shelf import Shelf, shelf  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db(databases="__all__")


class Film:
    """A film registered twice: its picture as a video track, its sound as an audio track; ana labels it in a campaign."""

    def __init__(self, on: Shelf, **perceived: bool) -> None:
        who = on.people[0].code
        row = NewRecording("film", [NewTrack("video", "camera", [Appears(who)]), NewTrack("audio", "sound", [Appears(who)])],
                           [NewItem("film", [who])])  # fmt: skip
        made = recordings.register(actor=on.owner, study=on.study, rows=[row])
        tracks = Track.objects.select_related("study").in_bulk(made.tracks[0])
        self.video, self.audio = (tracks[pk] for pk in made.tracks[0])
        for track in (self.video, self.audio):
            on.sent(track, sounds.video(sound=True), "film.mp4")
        media.read_recording(Recording.objects.get(code="film"))
        self.owner, self.ana = on.owner, factories.user("ana")
        self.campaign = campaigns.create_campaign(
            actor=on.owner,
            study=on.study,
            name="Film",
            scheme_version=factories.scheme(on.study, "scale"),
            perceived=perceived,
        )
        campaigns.add_items(actor=on.owner, campaign=self.campaign, items=[Item.objects.get(code="film").pk])
        campaigns.add_annotator(actor=on.owner, campaign=self.campaign, user=self.ana)
        self.campaign = campaigns.open_campaign(actor=on.owner, campaign=self.campaign)
        self.assignment = queue.next_assignment(self.ana, self.campaign)

    def statuses(self, client, track: Track) -> dict[str, int]:
        return {
            what: client.get(f"/media/track/{track.pk}/{what}").status_code for what in ("original", "proxy", "peaks")
        }


def kinds(response) -> list[str]:
    with av.open(io.BytesIO(b"".join(response.streaming_content))) as opened:
        return [one.type for one in opened.streams]


def test_who_may_only_hear_is_given_no_picture(shelf, signed_in):  # noqa: F811
    film = Film(shelf, video=False)
    ana = signed_in(film.ana)
    assert film.statuses(ana, film.video) == {"original": 404, "proxy": 404, "peaks": 404}
    assert film.statuses(ana, film.audio) == {"original": 404, "proxy": 200, "peaks": 200}
    assert kinds(ana.get(f"/media/track/{film.audio.pk}/proxy")) == ["audio"]


def test_the_workspace_and_rest_name_only_what_may_be_perceived(shelf, signed_in):  # noqa: F811
    film = Film(shelf, video=False)
    ana = signed_in(film.ana)
    page = ana.get(reverse("labeling:item", args=[film.campaign.pk, film.assignment.pk])).content.decode()
    assert f"/media/track/{film.audio.pk}/proxy" in page
    assert str(film.video.pk) not in page
    given = ana.get(f"/api/v1/assignments/{film.assignment.pk}").json()
    assert [one["media"] for one in given["tracks"]] == [f"/media/track/{film.audio.pk}/proxy"]


def test_who_may_see_is_given_the_film_and_of_its_sound_the_rendition(shelf, signed_in):  # noqa: F811
    film = Film(shelf)
    ana = signed_in(film.ana)
    assert film.statuses(ana, film.video) == {"original": 200, "proxy": 404, "peaks": 200}  # nothing was made of it
    assert film.statuses(ana, film.audio) == {"original": 404, "proxy": 200, "peaks": 200}


def test_a_second_campaign_opens_what_the_first_one_hides(shelf, signed_in):  # noqa: F811
    film = Film(shelf, video=False)
    seen = campaigns.create_campaign(
        actor=film.owner, study=shelf.study, name="Seen", scheme_version=factories.scheme(shelf.study, "scale")
    )
    campaigns.add_items(actor=film.owner, campaign=seen, items=[film.assignment.item_id])
    campaigns.add_annotator(actor=film.owner, campaign=seen, user=film.ana)
    seen = campaigns.open_campaign(actor=film.owner, campaign=seen)
    ana = signed_in(film.ana)
    assert film.statuses(ana, film.video)["original"] == 404
    assert queue.next_assignment(film.ana, seen) is not None
    assert film.statuses(ana, film.video)["original"] == 200
    campaigns.close_campaign(actor=film.owner, campaign=seen)
    assert film.statuses(ana, film.video)["original"] == 404


@pytest.mark.parametrize(("role", "root"), [("researcher", "study"), ("reviewer", "campaign")])
def test_who_judges_annotations_is_given_all_there_is(shelf, signed_in, role, root):  # noqa: F811
    film = Film(shelf, video=False)
    rhea = factories.user("rhea")
    client = signed_in(rhea)
    assert set(film.statuses(client, film.audio).values()) == {404}
    access.grant(rhea, role, shelf.study if root == "study" else film.campaign, actor=film.owner)
    assert film.statuses(client, film.audio) == {"original": 200, "proxy": 200, "peaks": 200}
    assert kinds(client.get(f"/media/track/{film.audio.pk}/original")) == ["video", "audio"]
    assert film.statuses(client, film.video)["original"] == 200
