"""The pages that keep the hand going, over HTTP: ahead, rail, flags, comments, keys, breaks, warnings, the guideline."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from labeling.models import Annotation, Assignment, Campaign, Comment, GuidelineAcknowledgement, Shortcuts
from labeling.services import care, guidelines, queue
from tests import guards
from tests.labeling import factories
from tests.labeling.test_guidelines import QUIZ, TEXT

pytestmark = pytest.mark.django_db(databases=["default", "keys"])


@pytest.fixture
def scene():
    return factories.scene(n=40)


@pytest.fixture
def ana(scene, signed_in):
    return signed_in(scene.ana)


def url(one, act=""):
    return f"/label/{one.campaign_id}/{one.pk}/" + (f"{act}/" if act else "")


def send(client, path, body, **more):
    return client.post(path, json.dumps(body), content_type="application/json", HTTP_ACCEPT="application/json", **more)


def here(scene):
    return queue.next_assignment(scene.ana, scene.campaign)


def submit(client, one, **more):
    sent = {"client_id": str(one.client_id), "answers": factories.answers(one.campaign), **more}
    return send(client, url(one, "submit"), sent)


def test_what_comes_is_named_in_order_and_the_pages_of_it_can_be_fetched(scene, ana):
    one = here(scene)
    told = send(ana, f"/label/{scene.campaign.pk}/ahead/", {"at": str(one.pk)}).json()
    assert [item["id"] for item in told["items"]] == [str(a.pk) for a in queue.ahead(scene.ana, scene.campaign)]
    assert len(told["items"]) == 3
    for item in told["items"]:
        page = ana.get(item["url"], HTTP_HX_REQUEST="true")
        assert page.status_code == 200
        assert "<html" not in page.content.decode()
    assert submit(ana, one).status_code == 201
    assert ana.get(f"/label/{scene.campaign.pk}/")["Location"] == told["items"][0]["url"]


def test_while_an_answer_is_looked_at_what_one_came_from_is_the_first_to_come(scene, ana):
    one = here(scene)
    submit(ana, one)
    two = here(scene)
    told = send(ana, f"/label/{scene.campaign.pk}/ahead/", {"at": str(one.pk)}).json()
    assert told["items"][0]["id"] == str(two.pk)
    told = send(ana, f"/label/{scene.campaign.pk}/ahead/", {"at": str(two.pk)}).json()
    assert str(two.pk) not in [item["id"] for item in told["items"]]


@pytest.mark.parametrize("at", [None, "x", 7, "01890a5d-ac96-774b-bcce-b302099a8057"])
def test_what_is_no_item_of_ones_own_has_nothing_behind_it(scene, ana, at):
    here(scene)
    for act in ("ahead", "release"):
        response = send(ana, f"/label/{scene.campaign.pk}/{act}/", {"at": at})
        assert response.status_code in (204, 404, 422)
    assert Assignment.objects.filter(state="leased").count() == 1


def test_a_page_that_is_left_gives_back_what_was_ready(scene, ana):
    one = here(scene)
    send(ana, f"/label/{scene.campaign.pk}/ahead/", {"at": str(one.pk)})
    assert ana.post(f"/label/{scene.campaign.pk}/release/", {"at": str(one.pk)}).status_code == 204
    assert list(Assignment.objects.filter(state="leased")) == [one]
    submit(ana, one)
    two = here(scene)
    send(ana, f"/label/{scene.campaign.pk}/ahead/", {"at": str(two.pk)})
    assert ana.post(f"/label/{scene.campaign.pk}/release/", {"at": str(one.pk)}).status_code == 204
    assert list(Assignment.objects.filter(state="leased")) == [two]


def test_a_heartbeat_says_what_is_still_held(scene, ana):
    one = here(scene)
    send(ana, f"/label/{scene.campaign.pk}/ahead/", {"at": str(one.pk)})
    held = send(ana, url(one, "heartbeat"), {}).json()["held"]
    assert len(held) == 4
    assert str(one.pk) in held


def test_the_rail_shows_the_last_answers_with_the_way_to_each(scene, ana):
    first = here(scene)
    submit(ana, first)
    rail = ana.get(url(here(scene), "rail")).content.decode()
    assert url(first) in rail
    assert "Joy" in rail
    assert 'data-answered="1"' in rail


def test_what_was_flagged_is_listed_and_the_button_says_so(scene, ana):
    one = here(scene)
    assert one.item.code not in ana.get(f"/label/{scene.campaign.pk}/flagged/").content.decode()
    send(ana, url(one, "flag"), {"flagged": True})
    listed = ana.get(f"/label/{scene.campaign.pk}/flagged/").content.decode()
    assert one.item.code in listed
    assert url(one) in listed
    assert 'aria-pressed="true"' in ana.get(url(one)).content.decode()


def test_a_comment_is_kept_shown_to_its_author_and_to_nobody_else_who_labels(scene, ana, client):
    one = here(scene)
    assert send(ana, url(one, "comment"), {"client_id": str(uuid4()), "text": "The sound is late."}).status_code == 201
    form = {"client_id": str(uuid4()), "text": "And the picture dark."}
    assert ana.post(url(one, "comment"), form).status_code == 302
    page = ana.get(url(one)).content.decode()
    assert "The sound is late." in page
    assert "And the picture dark." in page
    assert send(ana, url(one, "comment"), {"client_id": "x", "text": "a"}).status_code == 422
    assert send(ana, url(one, "comment"), {"client_id": str(uuid4())}).status_code == 422
    assert Comment.objects.count() == 2


def test_another_annotator_sees_no_comment_on_the_same_item(scene, signed_in):
    one = here(scene)
    ana = signed_in(scene.ana)
    send(ana, url(one, "comment"), {"client_id": str(uuid4()), "text": "The sound is late."})
    other = queue.next_assignment(scene.ben, scene.campaign)
    assert other.item_id == one.item_id
    ben = signed_in(scene.ben)
    assert "The sound is late." not in ben.get(url(other)).content.decode()
    assert send(ben, url(one, "comment"), {"client_id": str(uuid4()), "text": "x"}).status_code == 404


def test_keys_are_kept_and_come_with_every_page(scene, ana):
    assert send(ana, "/label/keys/", {"codes": {"again": "KeyV"}}).json() == {"codes": {"again": "KeyV"}}
    assert "&quot;again&quot;: &quot;KeyV&quot;" in ana.get(url(here(scene))).content.decode()
    assert send(ana, "/label/keys/", {"codes": {"again": "KeyV", "flag": "KeyV"}}).status_code == 422
    assert Shortcuts.objects.get().codes == {"again": "KeyV"}


def test_a_break_is_a_page_that_says_when_it_goes_on(scene, ana):
    care.set_session(actor=scene.mia, campaign=scene.campaign, session_minutes=5, break_minutes=10)
    scene.study.support = "Team support, +49 30 1234"
    scene.study.save()
    for ago in (9, 2):
        one = Assignment.objects.filter(state="leased").first() or queue.next_assignment(scene.ana, scene.campaign)
        submit(ana, one, duration_ms=60_000)
        with guards.off(Annotation):
            Annotation.objects.filter(assignment=one).update(created_at=timezone.now() - timedelta(minutes=ago))
    page = ana.get(f"/label/{scene.campaign.pk}/")
    assert page.status_code == 200
    assert "Time for a break" in page.content.decode()
    assert "You have worked 8 minutes on end" in page.content.decode()
    assert "+49 30 1234" in page.content.decode()
    assert not Assignment.objects.filter(state="leased").exists()
    told = send(ana, "/api/v1/assignments/next", {"campaign": str(scene.campaign.pk)})
    assert (told.status_code, told.json()["code"]) == (409, "break_due")


def test_a_clip_that_warns_is_asked_about_first_and_a_skip_of_it_counts_against_nobody(scene, ana, signed_in):
    one = here(scene)
    assert "<content-warning" not in ana.get(url(one)).content.decode()
    care.warn(actor=scene.mia, recording=one.item.recording, warnings=["distress"])
    page = ana.get(url(one)).content.decode()
    assert "<content-warning" in page
    assert "Distress or crying" in page
    assert send(ana, url(one, "skip"), {"reason": "warned"}).status_code == 200
    two = here(scene)
    send(ana, url(two, "skip"), {"reason": "media_broken"})
    listed = signed_in(scene.mia).get(f"/campaigns/{scene.campaign.pk}/annotators/?format=csv").getvalue().decode()
    row = next(line for line in listed.splitlines() if line.startswith(one.annotator.code))
    assert row.split(",")[3] == "1"


def test_the_guideline_is_read_before_the_first_item(scene, ana):
    version = guidelines.create_guideline(actor=scene.mia, study=scene.study, name="Expressed", text=TEXT, quiz=QUIZ)
    guidelines.give(actor=scene.mia, campaign=scene.campaign, version=version)
    path = f"/label/{scene.campaign.pk}/guideline/"
    assert ana.get(f"/label/{scene.campaign.pk}/")["Location"] == path
    assert ana.get(f"/label/{scene.campaign.pk}/", HTTP_HX_REQUEST="true")["HX-Redirect"] == path
    assert "What the person appears to express." in ana.get(path).content.decode()
    german = ana.get(f"{path}?language=de").content.decode()
    assert "Wessen Gefühl zählt?" in german
    wrong = ana.post(path, {"language": "de", "quiz-0": "0"})
    assert wrong.status_code == 422
    assert "This is not what the guideline says." in wrong.content.decode()
    assert ana.post(path, {"language": "de"}).status_code == 422
    right = ana.post(path, {"language": "de", "quiz-0": "1"})
    assert right["Location"] == f"/label/{scene.campaign.pk}/"
    kept = GuidelineAcknowledgement.objects.order_by("created_at").last()
    assert (kept.language, kept.passed) == ("de", True)
    one = Assignment.objects.filter(annotator__user=scene.ana).first()
    assert one is None
    assert ana.get(f"/label/{scene.campaign.pk}/").status_code == 302
    one = Assignment.objects.get(annotator__user=scene.ana)
    submit(ana, one, perceived={"guideline_language": "de"})
    said = Annotation.objects.get()
    assert (said.guideline_version, said.perceived["guideline_language"]) == (version, "de")


def test_a_campaign_without_a_guideline_has_no_page_of_it(scene, ana):
    assert ana.get(f"/label/{scene.campaign.pk}/guideline/").status_code == 404


def test_an_answer_that_is_asked_for_again_comes_before_new_items(scene, ana):
    version = guidelines.create_guideline(actor=scene.mia, study=scene.study, name="Expressed", text=TEXT)
    one = here(scene)
    submit(ana, one)
    guidelines.give(actor=scene.mia, campaign=scene.campaign, version=version, reading=False)
    guidelines.ask_again(actor=scene.mia, campaign=scene.campaign)
    assert ana.get(f"/label/{scene.campaign.pk}/")["Location"] == url(one)
    assert "asked to look at it again" in ana.get("/label/").content.decode()
    submit(ana, one, client_id=str(uuid4()))
    assert ana.get(f"/label/{scene.campaign.pk}/")["Location"] != url(one)
    assert Campaign.objects.get().guideline_version == version


# for those who run a campaign -------------------------------------------------------------------------------------------


def test_comments_are_read_by_who_may_see_annotations_and_by_no_annotator(scene, signed_in):
    one = here(scene)
    send(signed_in(scene.ana), url(one, "comment"), {"client_id": str(uuid4()), "text": "=The sound is late."})
    path = f"/campaigns/{scene.campaign.pk}/comments/"
    mia = signed_in(scene.mia)
    assert "The sound is late." in mia.get(path).content.decode()
    listed = b"".join(mia.get(f"{path}?format=csv").streaming_content).decode()
    assert one.item.code in listed
    assert ",=The" not in listed  # a cell starts no formula
    for stranger in (scene.ana, scene.ben, scene.otto):
        assert signed_in(stranger).get(path).status_code in (403, 404)


def test_a_guideline_is_written_in_lines_given_to_a_campaign_and_asked_again(scene, signed_in):
    mia, study = signed_in(scene.mia), scene.study.pk
    text = {
        "name": "Expressed", "text_en": "# What\nRate what you hear.\n! Shouting\nAn 8.", "quiz_en": "? Whose?\n- Mine\n+ The speaker's",
        "text_de": "# Was\nBewerten Sie, was Sie hören.", "quiz_de": "? Wessen?\n- Meins\n+ Der Person",
    }  # fmt: skip
    assert mia.post(f"/studies/{study}/guidelines/new/", {**text, "quiz_de": ""}).status_code == 422
    assert mia.post(f"/studies/{study}/guidelines/new/", {**text, "text_en": "", "text_de": ""}).status_code == 422
    assert mia.post(f"/studies/{study}/guidelines/new/", text).status_code == 302
    assert mia.post(f"/studies/{study}/guidelines/new/", text).status_code == 422  # the name is taken
    version = scene.study.guidelines.get().versions.get()
    assert version.text["en"][1] == {"heading": "Shouting", "text": "An 8.", "example": True}
    assert version.quiz[0]["right"] == 1
    assert "Expressed" in mia.get(f"/studies/{study}/guidelines/").content.decode()
    submit(signed_in(scene.ana), here(scene))
    mia = signed_in(scene.mia)
    path = f"/campaigns/{scene.campaign.pk}/guideline/"
    assert mia.post(path, {"version": str(version.pk), "reading": "on"}).status_code == 302
    assert Campaign.objects.get().reading is True
    page = mia.get(path).content.decode()
    assert "Ask for 1 answer again" in page
    assert mia.post(f"{path}again/").status_code == 302
    assert Assignment.objects.exclude(again_since=None).count() == 1
    page = mia.get(f"/studies/{study}/guidelines/new/?of={version.guideline_id}").content.decode()
    assert "! Shouting" in page
    assert (
        mia.post(f"/studies/{study}/guidelines/new/?of={version.guideline_id}", {"text_en": "Shorter."}).status_code
        == 302
    )
    assert scene.study.guidelines.get().versions.count() == 2


def test_breaks_warnings_and_support_are_set_on_their_pages(scene, signed_in):
    mia = signed_in(scene.mia)
    care_path = f"/campaigns/{scene.campaign.pk}/rules/care/"
    assert mia.post(care_path, {"session_minutes": "25", "break_minutes": "5", "ahead": "2"}).status_code == 302
    held = Campaign.objects.get()
    assert (held.session_minutes, held.break_minutes, held.ahead) == (25, 5, 2)
    assert mia.post(care_path, {"session_minutes": "", "break_minutes": "5", "ahead": "11"}).status_code == 422
    recording = scene.items[0].recording
    path = f"/studies/{scene.study.pk}/recordings/{recording.pk}/"
    assert mia.post(f"{path}warnings/", {"warnings": ["grief", "loud"]}).status_code == 302
    assert care.warnings(recording.pk) == ["Death or grief", "Screaming or sudden loud sound"]
    assert mia.post(f"{path}warnings/", {"warnings": ["poetry"]}).status_code == 422
    assert mia.post(f"/studies/{scene.study.pk}/support/", {"support": "Team, +49 30 1234"}).status_code == 302
    assert care.support(scene.study.pk) == "Team, +49 30 1234"
    assert signed_in(scene.ana).post(f"/studies/{scene.study.pk}/support/", {"support": "x"}).status_code in (403, 404)
