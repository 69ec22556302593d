"""The workspace over HTTP, with scripts and without, and the same services over REST."""

import json
from uuid import uuid4

import pytest

from consent import assets
from consent.models import Asset, Permission
from core import access
from labeling.models import Annotation, Assignment, Campaign, Question, Track
from labeling.services import queue, suggestions
from tests.labeling import factories

pytestmark = pytest.mark.django_db(databases=["default", "keys"])


@pytest.fixture
def scene():
    return factories.scene(kinds=("choice", "scale", "text"))


@pytest.fixture
def ana(scene, signed_in):
    return signed_in(scene.ana)


def url(one, act=""):
    return f"/label/{one.campaign_id}/{one.pk}/" + (f"{act}/" if act else "")


def send(client, path, body, **more):
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    return client.post(path, content, content_type="application/json", HTTP_ACCEPT="application/json", **more)


def body(one, **more):
    return {"client_id": str(one.client_id), "answers": factories.answers(one.campaign), **more}


def test_the_campaign_leads_to_the_item_and_htmx_gets_its_fragment(scene, ana):
    response = ana.get(f"/label/{scene.campaign.pk}/")
    one = Assignment.objects.get()
    assert (response.status_code, response["Location"]) == (302, url(one))
    page = ana.get(url(one)).content.decode()
    assert "<html" in page
    assert str(one.client_id) in page
    assert one.item.code in page
    fragment = ana.get(f"/label/{scene.campaign.pk}/", HTTP_HX_REQUEST="true")
    assert "<html" not in fragment.content.decode()
    assert fragment["HX-Push-Url"] == url(one)


@pytest.mark.parametrize(("language", "told"), [("en", "2.45"), ("de", "2,45")])
def test_a_predicted_number_is_told_as_people_write_numbers(scene, ana, language, told):
    one = queue.next_assignment(scene.ana, scene.campaign)
    question = Question.objects.get(scheme_version=scene.campaign.scheme_version, key="valence")
    made = suggestions.NewSuggestion(one.item_id, uuid4(), number=2.4496321)
    suggestions.hand_down(
        campaign=scene.campaign, question=question, model_name="m", model_version="1", suggestions=[made]
    )
    Campaign.objects.update(predictions=Campaign.Predictions.SUGGESTION)
    page = ana.get(url(one), HTTP_ACCEPT_LANGUAGE=language).content.decode()
    assert f"How pleasant? {told}" in page
    assert "2.4496" not in page
    assert "2,4496" not in page


def predicted(scene, label="anger"):
    """A model's prediction for every item of the scene."""
    question = Question.objects.get(scheme_version=scene.campaign.scheme_version, key="emotion")
    found = question.labels.get(code=label).pk
    made = [suggestions.NewSuggestion(item.pk, uuid4(), label_id=found) for item in scene.items]
    suggestions.hand_down(
        campaign=scene.campaign, question=question, model_name="m", model_version="1", suggestions=made
    )


def strip(page):
    """What the strip tells of each item, from the first of it on, and what the page says beside it."""
    told = page.partition('<nav class="strip"')[2].partition("</nav>")[0]
    return [one.partition("</span>")[2] for one in told.split('<span class="smaller">')[1:]], page.replace(told, "")


@pytest.mark.parametrize(
    ("rule", "before", "after"), [("never", False, False), ("after", False, True), ("suggestion", True, False)]
)
def test_a_prediction_is_told_when_the_campaigns_rule_says(scene, ana, rule, before, after):
    """`before`: beside the questions that are open. `after`: beside the answer, in the strip of what came before."""
    predicted(scene)
    Campaign.objects.update(predictions=rule)
    first = queue.next_assignment(scene.ana, scene.campaign)
    places, rest = strip(ana.get(url(first)).content.decode())
    assert ["predicted" in place for place in places] == [False] * 3
    assert ("A model predicts: Anger" in rest) is before
    acknowledged = send(ana, url(first, "submit"), body(first)).json()
    assert acknowledged.get("prediction") == ({"text": "Anger", "model": "m", "version": "1"} if after else None)
    second = queue.next_assignment(scene.ana, scene.campaign)
    places, rest = strip(ana.get(url(second)).content.decode())
    assert ["predicted" in place for place in places] == [after, False, False, False]
    assert ('title="A model predicted: Anger (m 1)"' in places[0]) is after
    assert ("A model predicts: Anger" in rest) is before  # of the item at hand nothing more is told than of the first
    rail, _rest = strip(ana.get(url(second, "rail")).content.decode())  # fetched anew once an answer has arrived
    assert ["predicted" in place for place in rail] == [after, False, False, False]
    again = ana.get(url(first)).content.decode()
    assert ("A model predicts: Anger" in again) is (rule != "never")


def test_a_prediction_that_may_no_longer_be_used_is_told_of_no_answer(scene, ana):
    predicted(scene)
    Campaign.objects.update(predictions="after")
    send(ana, url(first := queue.next_assignment(scene.ana, scene.campaign), "submit"), body(first))
    second = url(queue.next_assignment(scene.ana, scene.campaign))
    assert "predicted" in strip(ana.get(second).content.decode())[0][0]
    Permission.objects.filter(purpose="model_inference").delete()
    assert "predicted" not in strip(ana.get(second).content.decode())[0][0]


def test_an_answer_is_acknowledged_and_a_repeat_is_told_apart(scene, ana):
    one = queue.next_assignment(scene.ana, scene.campaign)
    first, again = send(ana, url(one, "submit"), body(one)), send(ana, url(one, "submit"), body(one))
    assert (first.status_code, again.status_code) == (201, 200)
    assert set(first.json()) == {"annotation_id", "revision", "saved_at", "next_url"}
    assert first.json() == again.json()
    assert first.json()["next_url"] == f"/label/{scene.campaign.pk}/"


def test_without_scripts_a_form_does(scene, ana):
    one = queue.next_assignment(scene.ana, scene.campaign)
    said = factories.answers(scene.campaign)
    form = {
        "client_id": str(one.client_id),
        "q.emotion": said["emotion"]["value"][0]["label"],
        "q.valence": "7",
        "q.note": "so",
    }
    response = ana.post(url(one, "submit"), form)
    assert (response.status_code, response["Location"]) == (303, f"/label/{scene.campaign.pk}/")
    assert Annotation.objects.get().answers.count() == 3
    wrong = ana.post(
        url(queue.next_assignment(scene.ana, scene.campaign), "submit"),
        {**form, "client_id": str(uuid4()), "q.valence": "much"},
    )
    assert wrong.status_code == 422


def test_all_is_done_says_so(scene, ana):
    for _turn in range(5):
        one = queue.next_assignment(scene.ana, scene.campaign)
        assert send(ana, url(one, "submit"), body(one)).status_code == 201
    page = ana.get(f"/label/{scene.campaign.pk}/")
    assert page.status_code == 200
    assert "Nothing is left for you here" in page.content.decode()
    home = ana.get("/label/").content.decode()
    assert "5 of 5 answered" in home


def test_an_answered_item_can_be_opened_again_under_another_client_id(scene, ana):
    one = queue.next_assignment(scene.ana, scene.campaign)
    send(ana, url(one, "submit"), body(one))
    page = ana.get(url(one)).content.decode()
    assert str(one.client_id) not in page


def test_a_withdrawal_shows_everywhere(scene, ana):
    one = queue.next_assignment(scene.ana, scene.campaign)
    Permission.objects.all().delete()
    assert ana.get(url(one)).status_code == 404
    for act, sent in (("submit", body(one)), ("heartbeat", {})):
        response = send(ana, url(one, act), sent)
        assert (response.status_code, response.json()["code"]) == (410, "participant_withdrawn")
    track = Track.objects.filter(recording=one.item.recording).get()
    assert ana.get(f"/media/track/{track.pk}/original").status_code == 404


@pytest.mark.parametrize("act", ["", "submit", "trace", "trace/finish", "skip", "flag", "heartbeat"])
def test_other_peoples_assignments_are_not_there(scene, signed_in, act):
    one = queue.next_assignment(scene.ana, scene.campaign)
    for stranger in (scene.ben, scene.otto):
        client = signed_in(stranger)
        response = client.get(url(one)) if not act else send(client, url(one, act), body(one))
        assert response.status_code == 404
    other = queue.next_assignment(scene.ben, scene.campaign)
    crossed = f"/label/{uuid4()}/{other.pk}/" + (f"{act}/" if act else "")
    client = signed_in(scene.ben)
    assert (client.get(crossed) if not act else send(client, crossed, {})).status_code == 404


def test_who_is_not_signed_in_is_asked_to(scene, client):
    response = client.get("/label/")
    assert response.status_code == 302
    assert "login" in response["Location"]


BODIES = [
    "", "{", "[]", "null", "7", '"a"', "[" * 50_000, '{"client_id": NaN}', '{"answers": {}}', b"\xff\xfe", '{"a":"\\ud800"}', '{"a":"\\u0000"}',
    json.dumps({"client_id": "x", "answers": {}}), json.dumps({"client_id": str(uuid4()), "answers": []}),
    json.dumps({"client_id": str(uuid4()), "answers": {"emotion": {"value": [{"label": [1]}]}}}),
    f'{{"client_id": "{uuid4()}", "answers": {{"valence": {{"value": 1e999}}}}}}',
    f'{{"client_id": "{uuid4()}", "answers": {{"valence": {{"value": {"9" * 5000}}}}}}}',
    json.dumps({"client_id": str(uuid4()), "answers": {}, "duration_ms": {}, "perceived": 7}),
    json.dumps({"client_id": str(uuid4()), "question": {}, "sequence": [], "times_us": {}, "values": 1, "flags": "a", "chunks": "many"}),
    json.dumps({"reason": {"a": 1}}), json.dumps({"reason": "\n"}),
]  # fmt: skip


@pytest.mark.parametrize("sent", BODIES, ids=range(len(BODIES)))
def test_no_body_is_a_server_error_and_none_is_half_stored(sent, signed_in):
    scene = factories.scene(n=1, kinds=("choice", "scale", "trace"))
    client = signed_in(scene.ana)
    client.raise_request_exception = False
    one = queue.next_assignment(scene.ana, scene.campaign)
    for act in ("submit", "trace", "trace/finish"):
        response = send(client, url(one, act), sent)
        assert 400 <= response.status_code < 500, act
        assert response.json()["code"], act
    for path in ("annotations", "traces/chunks", "traces/finish", "assignments/next"):
        response = send(client, f"/api/v1/{path}", sent)
        assert 400 <= response.status_code < 500, path
        assert response.json()["code"], path
    response = send(client, url(one, "skip"), sent)
    assert response.status_code < 500
    assert not Annotation.objects.exists()


def test_the_small_acts(scene, ana):
    one = queue.next_assignment(scene.ana, scene.campaign)
    assert send(ana, url(one, "heartbeat"), {}).json()["lease_until"]
    assert send(ana, url(one, "flag"), {"flagged": True}).json() == {"flagged": True}
    assert one.item.code in ana.get("/label/").content.decode()
    assert ana.post(url(one, "skip"), {"reason": "distressing"}).status_code == 303
    assert ana.get(f"/label/{scene.campaign.pk}/stop/").status_code == 303
    assert Assignment.objects.get(pk=one.pk).state == "skipped"


def test_media_are_for_who_holds_an_item_of_the_recording_or_sees_annotations(scene, signed_in):
    one = queue.next_assignment(scene.ana, scene.campaign)
    track = Track.objects.get(recording=one.item.recording)
    sound = assets.store(study=scene.study, kind=Asset.Kind.ORIGINAL, source=b"RIFF" * 100, media_type="audio/wav",
                         subjects=list(one.item.targets.all()))  # fmt: skip
    Track.objects.filter(pk=track.pk).update(original=sound)
    path = f"/media/track/{track.pk}/original"
    assert b"".join(signed_in(scene.ana).get(path).streaming_content) == b"RIFF" * 100
    assert signed_in(scene.ana).get(path, HTTP_RANGE="bytes=0-3").status_code == 206
    assert signed_in(scene.mia).get(path).status_code == 200
    for stranger in (scene.ben, scene.otto):
        assert signed_in(stranger).get(path).status_code == 404
    access.grant(scene.otto, "reviewer", scene.campaign, actor=scene.mia)
    assert signed_in(scene.otto).get(path).status_code == 200
    for what in ("proxy", "lane", "secret"):
        assert signed_in(scene.ana).get(f"/media/track/{track.pk}/{what}").status_code == 404
    Assignment.objects.filter(pk=one.pk).update(state="released")
    assert signed_in(scene.ana).get(path).status_code == 404


def test_the_same_over_rest(scene, ana):
    given = send(ana, "/api/v1/assignments/next", {"campaign": str(scene.campaign.pk)}).json()
    assert given["tracks"][0]["modality"] == "audio"
    sent = {"assignment": given["id"], "client_id": given["client_id"], "answers": factories.answers(scene.campaign)}
    key = {"HTTP_IDEMPOTENCY_KEY": "once"}
    first = send(ana, "/api/v1/annotations", sent, **key)
    again = send(ana, "/api/v1/annotations", sent, **key)
    assert (first.status_code, again.status_code) == (201, 201)  # the key's repeat is told as it was the first time
    assert first.json()["id"] == again.json()["id"]
    assert send(ana, "/api/v1/annotations", sent).status_code == 200
    shown = ana.get(f"/api/v1/annotations/{first.json()['id']}").json()
    assert shown["answers"] == factories.answers(scene.campaign)
    assert send(ana, "/api/v1/annotations", {**sent, "extra": 1}).status_code == 422
    assert Annotation.objects.count() == 1


def test_rest_shows_annotations_to_their_author_and_to_who_may_see_them(scene, signed_in):
    one = queue.next_assignment(scene.ana, scene.campaign)
    made = send(signed_in(scene.ana), url(one, "submit"), body(one)).json()["annotation_id"]
    for who, status in ((scene.ana, 200), (scene.mia, 200), (scene.ben, 404), (scene.otto, 404)):
        assert signed_in(who).get(f"/api/v1/annotations/{made}").status_code == status


def test_rest_says_when_nothing_is_left(scene, ana):
    for _turn in range(5):
        one = queue.next_assignment(scene.ana, scene.campaign)
        send(ana, url(one, "submit"), body(one))
    assert send(ana, "/api/v1/assignments/next", {"campaign": str(scene.campaign.pk)}).status_code == 204


def test_rest_keeps_traces(signed_in):
    scene = factories.scene(n=1, kinds=("choice", "trace"))
    ana = signed_in(scene.ana)
    given = send(ana, "/api/v1/assignments/next", {"campaign": str(scene.campaign.pk)}).json()
    common = {"assignment": given["id"], "client_id": given["client_id"], "question": "arousal"}
    chunk = send(
        ana,
        "/api/v1/traces/chunks",
        {**common, "sequence": 0, "times_us": [0, 50_000], "values": [0, 1], "flags": [0, 0]},
    )
    assert chunk.json() == {"kept_until_us": 50_000, "have": [0]}
    assert send(ana, "/api/v1/traces/finish", {**common, "chunks": 1}).json()["samples"] == 2
    sent = {"assignment": given["id"], "client_id": given["client_id"], "answers": factories.answers(scene.campaign)}
    sent["answers"]["arousal"] = {"value": {"trace": given["client_id"]}}
    assert send(ana, "/api/v1/annotations", sent).status_code == 201
