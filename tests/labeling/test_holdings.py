"""Pause, stop and erase, as far as labeling goes: the queue lets go, late answers are refused, nothing about them stays."""

from uuid import uuid4

import pytest
from django.db import transaction

from consent import checks
from consent.models import Participant
from core.errors import Gone
from labeling import holdings
from labeling.models import (
    Annotation,
    Answer,
    Appearance,
    Assignment,
    Campaign,
    CampaignItem,
    Item,
    ItemTarget,
    Recording,
    Trace,
    Track,
)
from labeling.services import annotations, campaigns, queue, recordings, traces
from labeling.services.recordings import Appears, NewItem, NewRecording, NewTrack
from tests.consent.factories import running_erasure
from tests.labeling import factories

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=False)


class Package:
    """Collects what holdings write, as consent's package does."""

    def __init__(self):
        self.files, self.rows = {}, []

    def add_json(self, path, value):
        self.files[path] = value

    def add_bytes(self, path, content, media_type):
        self.files[path] = content

    def section(self, title, rows):
        self.rows += rows


def state(who: Participant, state: str) -> None:
    Participant.objects.filter(pk=who.pk).update(state=state)
    who.state = state


def in_transaction(act, *arguments):
    with transaction.atomic():
        return act(*arguments)


def answer(user, one):
    return annotations.submit_annotation(
        actor=user, assignment=one, client_id=one.client_id, answers=factories.answers(one.campaign)
    )


def test_a_pause_empties_the_queue_and_a_resume_fills_it_again():
    scene = factories.scene(n=4, participants=2, overlap=1)
    one = queue.next_assignment(scene.ana, scene.campaign)
    who = one.item.targets.get()
    state(who, "paused")
    in_transaction(holdings.suspend, who)
    assert CampaignItem.objects.filter(open=True).count() == 2
    assert CampaignItem.objects.filter(taken__gt=0).count() == 0
    assert Assignment.objects.get(pk=one.pk).state == "withdrawn"
    with pytest.raises(Gone):
        answer(scene.ana, one)
    state(who, "active")
    in_transaction(holdings.resume, who)
    assert CampaignItem.objects.filter(open=True, returned=True).count() == 2
    assert queue.next_assignment(scene.ana, scene.campaign).pk == one.pk


def test_who_resumes_opens_nothing_of_others_who_have_not():
    scene = factories.scene(n=1)
    two = factories.people(scene.study, 2)
    rows = [NewRecording("talk", [NewTrack("audio", "both", [Appears(two[0].code), Appears(two[1].code)], duration_us=5, ready=True)],
                         [NewItem("talk", [two[0].code], end_us=5)])]  # fmt: skip
    item = recordings.register(actor=None, study=scene.study, rows=rows).items[0][0]
    campaigns.add_items(actor=scene.mia, campaign=scene.campaign, items=[item])
    for who in two:
        state(who, "paused")
        in_transaction(holdings.suspend, who)
    state(two[0], "active")
    in_transaction(holdings.resume, two[0])
    assert not CampaignItem.objects.get(item=item).open
    state(two[1], "active")
    in_transaction(holdings.resume, two[1])
    assert CampaignItem.objects.get(item=item).open


def test_erasing_leaves_nothing_of_one_person_and_all_of_the_others():
    scene = factories.scene(n=4, kinds=("choice", "trace"), participants=2)
    for _turn in range(4):
        one = queue.next_assignment(scene.ana, scene.campaign)
        sent = {"actor": scene.ana, "assignment": one, "client_id": one.client_id, "question": "arousal"}
        traces.add_chunk(**sent, sequence=0, times_us=[0, 1], values_=[0.0, 1.0])
        traces.finish(**sent, chunks=1)
        trace = {"arousal": {"value": {"trace": str(one.client_id)}}}
        for client_id, label in ((one.client_id, "joy"), (uuid4(), "anger")):
            annotations.submit_annotation(
                actor=scene.ana,
                assignment=one,
                client_id=client_id,
                answers=factories.answers(scene.campaign, label) | trace,
            )
    who, other = scene.people
    running_erasure(who)
    counts = in_transaction(holdings.erase, who)
    assert counts["items"] == counts["recordings"] == 2
    assert (counts["annotations"], counts["answers"], counts["traces"]) == (4, 4, 4)
    assert not Appearance.objects.filter(participant=who).exists()
    assert not ItemTarget.objects.filter(participant=who).exists()
    for model, left in ((Item, 2), (Recording, 2), (Track, 2), (Annotation, 4), (Answer, 4), (Trace, 4)):
        assert model.objects.count() == left, model
    assert Campaign.objects.get(pk=scene.campaign.pk).size == 2
    assert set(ItemTarget.objects.values_list("participant_id", flat=True)) == {other.pk}
    assert set(in_transaction(holdings.erase, who).values()) == {0}


def test_a_recording_of_several_is_sealed_and_what_is_about_the_others_stays():
    scene = factories.scene(n=1)
    a, b = factories.people(scene.study, 2)
    rows = [NewRecording("talk", [NewTrack("audio", "both", [Appears(a.code), Appears(b.code)], duration_us=5, ready=True)],
                         [NewItem("talk-a", [a.code], end_us=5), NewItem("talk-b", [b.code], end_us=5)])]  # fmt: skip
    recordings.register(actor=None, study=scene.study, rows=rows)
    state(a, "erased")
    running_erasure(a)
    counts = in_transaction(holdings.erase, a)
    assert (counts["items"], counts["recordings"], counts["sealed"]) == (1, 0, 1)
    assert Recording.objects.get(code="talk").state == "sealed"
    assert set(Item.objects.filter(recording__code="talk").values_list("code", flat=True)) == {"talk-b"}


def test_the_package_holds_what_was_said_and_the_persons_own_text():
    scene = factories.scene(n=2, participants=2, modality="text")
    one = queue.next_assignment(scene.ana, scene.campaign)
    answer(scene.ana, one)
    who = one.item.targets.get()
    package = Package()
    holdings.export(who, package)
    assert [row["item"] for row in package.files["data/annotations.json"]] == [one.item.code]
    assert package.files["data/annotations.json"][0]["answers"] == factories.answers(scene.campaign)
    assert b"A sentence." in package.files.values()
    assert dict(holdings.describe(who))["annotations"] == 1


def test_an_annotator_is_forgotten_and_their_answers_stay():
    scene = factories.scene()
    made = answer(scene.ana, queue.next_assignment(scene.ana, scene.campaign))
    holdings.forget_annotator(actor=scene.mia, annotator=made.annotator)
    made.annotator.refresh_from_db()
    assert made.annotator.user is None
    assert Annotation.objects.count() == 1


def test_every_table_of_labeling_with_a_way_to_a_person_is_covered():
    labeling = {model._meta.label for model in checks.personal() if model._meta.app_label == "labeling"}
    assert labeling - holdings.COVERS == set()
