"""Guidelines: versions with a quiz, read before the first item, and what a new version means for old answers."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction

from consent.models import Permission
from core.errors import Invalid, Refused
from labeling.models import Annotation, Assignment, GuidelineAcknowledgement, GuidelineVersion
from labeling.services import annotations, guidelines, queue
from tests.labeling import factories

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
TEXT = {
    "en": [{"heading": "What to rate", "text": "What the person appears to express."}],
    "de": [{"heading": "Was zu bewerten ist", "text": "Was die Person auszudrücken scheint."}],
}
QUIZ = [
    {"prompt": {"en": "Whose feeling counts?", "de": "Wessen Gefühl zählt?"}, "right": 1,
     "options": [{"en": "Mine", "de": "Meines"}, {"en": "What the person appears to express", "de": "Was die Person auszudrücken scheint"}]},
]  # fmt: skip


@pytest.fixture
def scene():
    return factories.scene(n=10)


@pytest.fixture
def version(scene):
    return guidelines.create_guideline(actor=scene.mia, study=scene.study, name="Expressed", text=TEXT, quiz=QUIZ)


def given(scene, version, **more):
    return guidelines.give(actor=scene.mia, campaign=scene.campaign, version=version, **more)


def answer(scene, who, campaign):
    one = queue.next_assignment(who, campaign)
    one.campaign = campaign
    return annotations.submit_annotation(
        actor=who, assignment=one, client_id=uuid4(), answers=factories.answers(campaign)
    )


def test_it_works(scene, version):
    campaign = given(scene, version)
    with pytest.raises(Refused) as unread:
        queue.next_assignment(scene.ana, campaign)
    assert unread.value.code == "guideline_unread"
    made = guidelines.acknowledge(actor=scene.ana, campaign=campaign, version=version, language="de", said=[1])
    assert (made.passed, made.correct, made.asked, made.language) == (True, 1, 1, "de")
    assert answer(scene, scene.ana, campaign).guideline_version == version
    with pytest.raises(Refused):
        queue.next_assignment(scene.ben, campaign)


def test_a_wrong_answer_lets_nobody_in_and_is_kept_with_the_right_one(scene, version):
    campaign = given(scene, version)
    assert not guidelines.acknowledge(
        actor=scene.ana, campaign=campaign, version=version, language="en", said=[0]
    ).passed
    with pytest.raises(Refused):
        queue.next_assignment(scene.ana, campaign)
    guidelines.acknowledge(actor=scene.ana, campaign=campaign, version=version, language="en", said=[1])
    assert queue.next_assignment(scene.ana, campaign) is not None
    kept = GuidelineAcknowledgement.objects.order_by("created_at").values_list("correct", "passed")
    assert list(kept) == [(0, False), (1, True)]


@pytest.mark.parametrize("said", [[], [None], [1, 1]])
def test_an_open_question_is_no_acknowledgement(scene, version, said):
    campaign = given(scene, version)
    with pytest.raises(Invalid) as open_:
        guidelines.acknowledge(actor=scene.ana, campaign=campaign, version=version, language="en", said=said)
    assert open_.value.code == "quiz_open"
    assert not GuidelineAcknowledgement.objects.exists()


def test_a_campaign_may_have_a_guideline_that_is_not_read_first(scene, version):
    campaign = given(scene, version, reading=False)
    assert queue.next_assignment(scene.ana, campaign) is not None


def test_the_next_version_is_read_again_and_lists_what_was_answered_under_the_old_one(scene, version):
    campaign = given(scene, version, reading=False)
    old = answer(scene, scene.ana, campaign)
    second = guidelines.add_version(actor=scene.mia, guideline=version.guideline, text=TEXT, quiz=QUIZ)
    assert second.number == 2
    assert not guidelines.outdated(campaign).exists()
    campaign = given(scene, second)
    assert list(guidelines.outdated(campaign)) == [old]
    with pytest.raises(Refused):
        queue.next_assignment(scene.ana, campaign)
    guidelines.acknowledge(actor=scene.ana, campaign=campaign, version=second, language="en", said=[1])
    new = answer(scene, scene.ana, campaign)
    assert list(guidelines.outdated(campaign)) == [old]
    assert new.guideline_version == second


def test_asked_again_people_look_at_their_answer_and_say_it_under_the_new_version(scene, version):
    campaign = given(scene, version, reading=False)
    old = answer(scene, scene.ana, campaign)
    second = guidelines.add_version(actor=scene.mia, guideline=version.guideline, text=TEXT)
    campaign = given(scene, second, reading=False)
    assert guidelines.again(scene.ana, campaign) is None
    assert list(guidelines.askable(campaign)) == [old]
    assert guidelines.ask_again(actor=scene.mia, campaign=campaign) == 1
    waiting = guidelines.again(scene.ana, campaign)
    assert waiting == old.assignment
    assert guidelines.again(scene.ben, campaign) is None
    waiting.campaign = campaign
    said = annotations.submit_annotation(
        actor=scene.ana, assignment=waiting, client_id=uuid4(), answers=factories.answers(campaign, "anger")
    )
    assert (said.revision, said.supersedes, said.guideline_version) == (2, old, second)
    assert guidelines.again(scene.ana, campaign) is None
    assert not guidelines.outdated(campaign).exists()


def test_what_somebody_withdrew_is_not_asked_for_again(scene, version):
    campaign = given(scene, version, reading=False)
    answer(scene, scene.ana, campaign)
    campaign = given(
        scene, guidelines.add_version(actor=scene.mia, guideline=version.guideline, text=TEXT), reading=False
    )
    Permission.objects.all().delete()
    assert guidelines.ask_again(actor=scene.mia, campaign=campaign) == 0
    assert not Assignment.objects.exclude(again_since=None).exists()


def test_a_version_and_what_was_read_do_not_change(scene, version):
    made = guidelines.acknowledge(
        actor=scene.ana, campaign=given(scene, version), version=version, language="en", said=[1]
    )
    for act in (
        lambda: GuidelineVersion.objects.filter(pk=version.pk).update(quiz=[]),
        lambda: GuidelineVersion.objects.filter(pk=version.pk).update(text={}),
        lambda: GuidelineAcknowledgement.objects.filter(pk=made.pk).update(passed=False),
        lambda: GuidelineAcknowledgement.objects.filter(pk=made.pk).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


def test_reading_another_version_than_the_campaigns_is_refused(scene, version):
    campaign = given(scene, version)
    second = guidelines.add_version(actor=scene.mia, guideline=version.guideline, text=TEXT)
    with pytest.raises(Refused) as changed:
        guidelines.acknowledge(actor=scene.ana, campaign=campaign, version=second, language="en", said=[])
    assert changed.value.code == "guideline_changed"


WRONG = [
    [{**QUIZ[0], "right": 2}], [{**QUIZ[0], "right": "1"}], [{**QUIZ[0], "options": QUIZ[0]["options"][:1]}],
    [{**QUIZ[0], "prompt": {"en": "Only English?"}}], [{**QUIZ[0], "prompt": "text"}], [{"prompt": {}}], QUIZ * 11,
    [{**QUIZ[0], "options": [{"en": "a", "de": " "}, {"en": "b", "de": "b"}]}],
]  # fmt: skip


@pytest.mark.parametrize("quiz", WRONG, ids=range(len(WRONG)))
def test_a_quiz_that_cannot_be_asked_is_refused(scene, quiz):
    with pytest.raises(Invalid):
        guidelines.create_guideline(actor=scene.mia, study=scene.study, name="Expressed", text=TEXT, quiz=quiz)
    assert not GuidelineVersion.objects.exists()


@pytest.mark.parametrize(("wanted", "shown"), [("de", "de"), ("de-AT", "de"), ("es", "en"), ("en-GB", "en")])
def test_a_guideline_is_shown_in_the_readers_language_or_in_english(version, wanted, shown):
    assert guidelines.language_of(version, wanted) == shown


def test_the_guideline_of_another_study_is_refused(scene, version):
    other = factories.scene(n=1)
    with pytest.raises(Invalid):
        guidelines.give(actor=other.mia, campaign=other.campaign, version=version)
    assert not Annotation.objects.exists()
