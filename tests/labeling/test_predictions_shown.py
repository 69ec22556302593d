"""The campaign's rule for predictions: never, after the own answer, or as a suggestion; asked wherever one could be seen."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from core.services import tokens
from labeling.models import Annotation, Assignment, Campaign, Question, Suggestion
from labeling.services import queue, suggestions
from labeling.views import work
from tests.labeling import factories

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
NEVER, AFTER, SUGGESTION = Campaign.Predictions.NEVER, Campaign.Predictions.AFTER, Campaign.Predictions.SUGGESTION
TOLD = "A model predicts"
# rule: is it shown before the own answer, after it, and told in the reply to the answer
RULES = pytest.mark.parametrize(
    ("rule", "before", "after", "replied"),
    [(NEVER, False, False, False), (AFTER, False, True, True), (SUGGESTION, True, True, False)],
)


@pytest.fixture
def scene():
    return factories.scene()


@pytest.fixture
def ana(scene, signed_in):
    return signed_in(scene.ana)


def predicted(scene, rule: str) -> Assignment:
    """What ana is to answer next, with a prediction of every question for it, under the rule."""
    Campaign.objects.filter(pk=scene.campaign.pk).update(predictions=rule)
    one = queue.next_assignment(scene.ana, Campaign.objects.get(pk=scene.campaign.pk))
    for question in Question.objects.filter(scheme_version=scene.campaign.scheme_version):
        given = {"label_id": question.labels.get(code="anger").pk} if question.kind == "choice" else {"number": 2.5}
        suggestions.hand_down(
            campaign=scene.campaign, question=question, model_name="a model", model_version="7",
            suggestions=[suggestions.NewSuggestion(one.item_id, uuid4(), **given)],
        )  # fmt: skip
    assert Suggestion.objects.filter(item=one.item_id, current=True).count() == 2
    return one


def answered(ana, one: Assignment):
    body = {"client_id": str(one.client_id), "answers": factories.answers(one.campaign)}
    return ana.post(
        f"/label/{one.campaign_id}/{one.pk}/submit/", json.dumps(body), content_type="application/json",
        HTTP_ACCEPT="application/json",
    )  # fmt: skip


def page(ana, one: Assignment, **headers: str) -> str:
    told = ana.get(f"/label/{one.campaign_id}/{one.pk}/", **headers)
    assert told.status_code == 200
    return told.content.decode()


@RULES
def test_the_page_shows_a_prediction_when_the_rule_says(scene, ana, rule, before, after, replied):
    one = predicted(scene, rule)
    for fragment in ({}, {"HTTP_HX_REQUEST": "true"}):
        assert (TOLD in page(ana, one, **fragment)) == before
    assert answered(ana, one).status_code == 201
    for fragment in ({}, {"HTTP_HX_REQUEST": "true"}):
        shown = page(ana, one, **fragment)
        assert (TOLD in shown) == after
        assert ("a model 7" in shown) == after
        assert (f"{TOLD}: Anger, How pleasant? 2.50" in shown) == after


@RULES
def test_the_reply_to_an_answer_tells_a_prediction_only_where_it_was_kept_until_then(
    scene, ana, rule, before, after, replied
):
    one = predicted(scene, rule)
    reply, again = answered(ana, one), answered(ana, one)
    assert (reply.status_code, again.status_code) == (201, 200)
    for told in (reply.json(), again.json()):
        assert ("prediction" in told) == replied
    if replied:
        assert reply.json()["prediction"] == {"text": "Anger, How pleasant? 2.50", "model": "a model", "version": "7"}
    assert Annotation.objects.get().perceived["prediction"] == rule


@RULES
def test_the_view_gives_the_template_nothing_that_the_rule_hides(scene, rule, before, after, replied):
    one = predicted(scene, rule)
    one.campaign = Campaign.objects.get(pk=one.campaign_id)
    assert bool(work.suggestion(one, None)) == before
    assert bool(work.suggestion(one, Annotation())) == after


@pytest.mark.parametrize("rule", [NEVER, AFTER, SUGGESTION])
def test_an_annotator_reads_no_prediction_over_rest_whatever_the_rule(scene, client, rule):
    predicted(scene, rule)
    shown = {}
    for name in ("ana", "mia"):
        _row, secret = tokens.create(user=scene.users[name], name="test")
        for noun in ("suggestions", "predictions"):
            told = client.get(f"/api/v1/{noun}", HTTP_AUTHORIZATION=f"Bearer {secret}")
            assert told.status_code == 200
            shown[name, noun] = len(told.json()["results"])
        for noun in ("assignments", "campaign-items"):
            told = client.get(f"/api/v1/{noun}", HTTP_AUTHORIZATION=f"Bearer {secret}")
            assert "a model" not in told.content.decode()
    assert shown["ana", "suggestions"] == shown["ana", "predictions"] == 0
    assert shown["mia", "suggestions"] == 2  # so that there is something to hide


@RULES
def test_an_answer_over_rest_replies_with_no_prediction(scene, client, rule, before, after, replied):
    one = predicted(scene, rule)
    _row, secret = tokens.create(user=scene.ana, name="test")
    body = {"assignment": str(one.pk), "client_id": str(one.client_id), "answers": factories.answers(one.campaign)}
    told = client.post(
        "/api/v1/annotations", body, content_type="application/json", HTTP_AUTHORIZATION=f"Bearer {secret}"
    )
    assert told.status_code == 201, told.content
    assert "a model" not in told.content.decode()
    assert Annotation.objects.get().perceived["prediction"] == rule
