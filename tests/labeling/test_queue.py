"""Handing out items: in order, never too often, never what is not allowed, and at last everything."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent.models import Permission
from core.errors import Gone, Invalid, Refused
from core.models import AuditEvent
from labeling.models import Assignment, CampaignItem, QueuePlace
from labeling.services import annotations, campaigns, queue, schemes
from tests.labeling import factories

pytestmark = pytest.mark.django_db(databases=["default", "keys"])


def answer(user, assignment):
    return annotations.submit_annotation(
        actor=user,
        assignment=assignment,
        client_id=assignment.client_id,
        answers=factories.answers(assignment.campaign),
    )


def test_items_come_in_the_order_of_their_rank_and_end():
    scene = factories.scene(n=4)
    got = []
    while (one := queue.next_assignment(scene.ana, scene.campaign)) is not None:
        got.append(one.campaign_item.rank)
        answer(scene.ana, one)
    assert got == [1, 2, 3, 4]
    assert queue.place_of(scene.ana, scene.campaign).answered == 4


def test_a_live_lease_comes_back_and_takes_nothing_more():
    scene = factories.scene()
    first = queue.next_assignment(scene.ana, scene.campaign)
    assert queue.next_assignment(scene.ana, scene.campaign) == first
    assert CampaignItem.objects.filter(taken=1).count() == 1


def test_an_item_goes_to_no_more_annotators_than_wanted():
    scene = factories.scene(n=1, annotators=("ana", "ben", "cleo"), overlap=2)
    assert queue.next_assignment(scene.ana, scene.campaign)
    assert queue.next_assignment(scene.ben, scene.campaign)
    assert queue.next_assignment(scene.cleo, scene.campaign) is None
    assert not CampaignItem.objects.get().open


def test_who_is_no_annotator_gets_nothing():
    scene = factories.scene()
    assert queue.next_assignment(scene.otto, scene.campaign) is None
    assert queue.next_assignment(scene.mia, scene.campaign) is None


def test_a_lease_that_ran_out_goes_to_somebody_else_at_once_before_the_rest():
    scene = factories.scene(n=3, overlap=1)
    lost = queue.next_assignment(scene.ana, scene.campaign)
    ahead = queue.next_assignment(scene.ben, scene.campaign)
    answer(scene.ben, ahead)
    Assignment.objects.filter(pk=lost.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert queue.next_assignment(scene.ben, scene.campaign).item_id == lost.item_id
    assert Assignment.objects.get(pk=lost.pk).state == "released"


def test_ones_own_lease_that_ran_out_comes_back_as_the_same_assignment():
    scene = factories.scene(n=1, overlap=1)
    lost = queue.next_assignment(scene.ana, scene.campaign)
    Assignment.objects.filter(pk=lost.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    again = queue.next_assignment(scene.ana, scene.campaign)
    assert again.pk == lost.pk
    assert again.state == "leased"
    assert CampaignItem.objects.get().taken == 1


def test_a_skipped_item_goes_to_others_and_not_back():
    scene = factories.scene(n=1, overlap=1)
    one = queue.next_assignment(scene.ana, scene.campaign)
    queue.skip(actor=scene.ana, assignment=one, reason="media_broken")
    queue.skip(actor=scene.ana, assignment=one, reason="media_broken")
    assert queue.next_assignment(scene.ana, scene.campaign) is None
    assert queue.next_assignment(scene.ben, scene.campaign).item_id == one.item_id
    assert CampaignItem.objects.get().taken == 1


def test_skipping_takes_a_known_reason_and_no_answered_item():
    scene = factories.scene()
    one = queue.next_assignment(scene.ana, scene.campaign)
    with pytest.raises(Invalid, match="reasons"):
        queue.skip(actor=scene.ana, assignment=one, reason="bored")
    answer(scene.ana, one)
    with pytest.raises(Refused) as said:
        queue.skip(actor=scene.ana, assignment=one)
    assert said.value.code == "already_answered"


def test_what_the_gate_forbids_is_never_handed_out():
    scene = factories.scene(n=4, participants=2)
    withdrawn = scene.people[0]
    Permission.objects.filter(participant=withdrawn, purpose="human_annotation").delete()
    got = set()
    while (one := queue.next_assignment(scene.ana, scene.campaign)) is not None:
        got.update(one.item.targets.values_list("pk", flat=True))
        answer(scene.ana, one)
    assert got == {scene.people[1].pk}


def test_a_lease_on_a_withdrawn_item_is_not_resumed_and_its_heartbeat_is_gone():
    scene = factories.scene(n=2, participants=2)
    one = queue.next_assignment(scene.ana, scene.campaign)
    Permission.objects.filter(participant__in=one.item.targets.all()).delete()
    assert queue.next_assignment(scene.ana, scene.campaign).item_id != one.item_id
    with pytest.raises(Gone) as said:
        queue.heartbeat(actor=scene.ana, assignment=one)
    assert said.value.code == "participant_withdrawn"


def test_a_heartbeat_extends_the_lease_until_it_is_lost():
    scene = factories.scene()
    one = queue.next_assignment(scene.ana, scene.campaign)
    Assignment.objects.filter(pk=one.pk).update(lease_until=timezone.now() + timedelta(seconds=1))
    until = queue.heartbeat(actor=scene.ana, assignment=one)
    assert until > timezone.now() + timedelta(minutes=29)
    Assignment.objects.filter(pk=one.pk).update(state="released")
    with pytest.raises(Refused) as said:
        queue.heartbeat(actor=scene.ana, assignment=one)
    assert said.value.code == "lease_lost"


def test_stopping_for_now_gives_the_lease_back():
    scene = factories.scene()
    queue.next_assignment(scene.ana, scene.campaign)
    assert queue.stop_for_now(actor=scene.ana, campaign=scene.campaign) == 1
    assert not CampaignItem.objects.filter(taken__gt=0).exists()


def test_nothing_is_handed_out_while_paused_or_closed():
    scene = factories.scene()
    paused = campaigns.pause_campaign(actor=scene.mia, campaign=scene.campaign)
    assert queue.next_assignment(scene.ana, paused) is None
    assert queue.next_assignment(scene.ana, scene.campaign) is None  # asked with a stale object
    opened = campaigns.open_campaign(actor=scene.mia, campaign=paused)
    assert queue.next_assignment(scene.ana, opened)
    closed = campaigns.close_campaign(actor=scene.mia, campaign=opened)
    assert not CampaignItem.objects.filter(taken__gt=0).exists()
    with pytest.raises(Refused, match="closed"):
        campaigns.open_campaign(actor=scene.mia, campaign=closed)


def test_back_leads_through_ones_own_answers():
    scene = factories.scene(n=3)
    done = []
    for _turn in range(3):
        done.append(queue.next_assignment(scene.ana, scene.campaign))
        answer(scene.ana, done[-1])
    assert queue.before(scene.ana, scene.campaign) == done[2]
    assert queue.before(scene.ana, scene.campaign, position=3) == done[1]
    assert queue.before(scene.ben, scene.campaign) is None


def test_the_order_is_shuffled_by_the_seed_and_the_same_again():
    def order(scene):
        return [
            code[-6:]
            for code in CampaignItem.objects.filter(campaign=scene.campaign)
            .order_by("rank")
            .values_list("item__code", flat=True)
        ]

    one, same, other = (order(factories.scene(n=30, seed=seed)) for seed in (7, 7, 8))
    assert one == same
    assert one != other
    assert one != sorted(one)


def test_another_order_can_be_handed_down():
    scene = factories.scene(n=5)
    answer(scene.ana, queue.next_assignment(scene.ana, scene.campaign))
    last = CampaignItem.objects.order_by("-rank").first()
    campaigns.rank_items(actor=scene.mia, campaign=scene.campaign, ranks={last.item_id: -5}, source="test")
    assert queue.next_assignment(scene.ana, scene.campaign).item_id == last.item_id
    assert queue.next_assignment(scene.ben, scene.campaign).item_id == last.item_id


def test_what_lies_behind_everyones_place_is_found_at_last():
    """Nothing starves: an item that was passed over (consent came later) is handed out when the rest is done."""
    scene = factories.scene(n=4, participants=2)
    held = Permission.objects.filter(participant=scene.people[0], purpose="human_annotation")
    until = timezone.now() + timedelta(days=1)
    held.update(allowed_until=timezone.now() - timedelta(days=1))
    for _turn in range(2):
        answer(scene.ana, queue.next_assignment(scene.ana, scene.campaign))
    assert queue.next_assignment(scene.ana, scene.campaign) is None
    held.update(allowed_until=until)
    for _turn in range(2):
        answer(scene.ana, queue.next_assignment(scene.ana, scene.campaign))
    assert queue.place_of(scene.ana, scene.campaign).answered == 4


def test_finding_the_next_item_reads_one_index(django_assert_max_num_queries):
    scene = factories.scene(n=3)
    place = queue.place_of(scene.ana, scene.campaign)
    with CaptureQueriesContext(connection) as said:
        queue._best(place)
    assert any('"rank" >=' in one["sql"] for one in said)
    if connection.vendor == "sqlite":
        rows = queue._available(place.campaign_id, place.annotator_id, timezone.now()).filter(rank__gte=place.rank)
        plan = rows[:1].explain()
        assert "campaign_item_queue" in plan
        assert "USE TEMP B-TREE" not in plan
    with django_assert_max_num_queries(15):
        queue.next_assignment(scene.ana, scene.campaign)


def test_a_campaign_freezes_its_scheme_and_is_refused_without_items():
    scene = factories.scene()
    version = scene.campaign.scheme_version
    version.refresh_from_db()
    assert version.frozen_at is not None
    with pytest.raises(Refused) as said:
        schemes.change_version(actor=scene.mia, version=version, document=factories.without(version, "valence"))
    assert said.value.code == "scheme_frozen"
    draft = campaigns.create_campaign(actor=scene.mia, study=scene.study, name="Empty", scheme_version=version)
    with pytest.raises(Refused) as said:
        campaigns.open_campaign(actor=scene.mia, campaign=draft)
    assert said.value.code == "campaign_empty"


def test_a_next_version_keeps_the_identities_and_can_be_changed():
    scene = factories.scene()
    made = schemes.next_version(actor=scene.mia, version=scene.campaign.scheme_version)
    old = {one.key: one.identity for one in scene.campaign.scheme_version.questions.all()}
    assert {one.key: one.identity for one in made.questions.all()} == old
    made = schemes.change_version(actor=scene.mia, version=made, document=factories.without(made, "valence"))
    assert list(schemes.definition(made.pk).questions) == ["emotion"]


def test_items_of_another_study_are_refused_and_known_ones_passed_over():
    scene, other = factories.scene(), factories.scene()
    with pytest.raises(Invalid) as said:
        campaigns.add_items(actor=scene.mia, campaign=scene.campaign, items=[other.items[0].pk])
    assert said.value.code == "item_unknown"
    assert campaigns.add_items(actor=scene.mia, campaign=scene.campaign, items=[scene.items[0].pk]) == 0


def test_each_act_of_the_queue_is_written_down_once():
    scene = factories.scene()
    one = queue.next_assignment(scene.ana, scene.campaign)
    queue.flag(actor=scene.ana, assignment=one)
    queue.flag(actor=scene.ana, assignment=one)
    queue.skip(actor=scene.ana, assignment=one, reason="distressing")
    verbs = list(AuditEvent.objects.filter(target_id=str(one.pk)).order_by("seq").values_list("verb", flat=True))
    assert verbs == ["labeling.assignment.leased", "labeling.assignment.flagged", "labeling.assignment.skipped"]


def test_taken_never_passes_wanted_also_not_by_hand():
    scene = factories.scene(n=1)
    assert QueuePlace.objects.filter(campaign=scene.campaign).count() == 2
    with pytest.raises(IntegrityError, match="campaign_item_not_over_assigned"):
        CampaignItem.objects.update(taken=F("wanted") + 1)
