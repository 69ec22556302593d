"""Care for those who label: items ready ahead, breaks, warnings, comments, keys of their own."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from consent.models import Permission
from core.errors import Gone, Invalid, Refused
from labeling.models import Annotation, Assignment, Campaign, CampaignItem, Comment, QueuePlace, Shortcuts
from labeling.services import annotations, care, comments, queue, shortcuts
from tests import guards
from tests.labeling import factories

pytestmark = pytest.mark.django_db(databases=["default", "keys"])


def answer(scene, who, assignment, **more):
    return annotations.submit_annotation(
        actor=who, assignment=assignment, client_id=uuid4(), answers=factories.answers(scene.campaign), **more
    )


# ahead ------------------------------------------------------------------------------------------------------------------


def test_the_next_three_items_are_held_ready_and_come_in_that_order():
    scene = factories.scene(n=40)
    here = queue.next_assignment(scene.ana, scene.campaign)
    ready = queue.ahead(scene.ana, scene.campaign)
    assert [one.position for one in (here, *ready)] == [1, 2, 3, 4]
    assert queue.ahead(scene.ana, scene.campaign) == ready  # asked twice, nothing more is taken
    for one in ready:
        answer(scene, scene.ana, queue.next_assignment(scene.ana, scene.campaign))
        assert queue.next_assignment(scene.ana, scene.campaign) == one


def test_as_many_are_held_as_the_campaign_allows_and_no_more():
    scene = factories.scene(n=40)
    Campaign.objects.update(ahead=1)
    campaign = Campaign.objects.get()
    queue.next_assignment(scene.ana, campaign)
    assert len(queue.ahead(scene.ana, campaign)) == 1
    Campaign.objects.update(ahead=0)
    assert queue.ahead(scene.ana, Campaign.objects.get()) == []
    assert Assignment.objects.filter(state="leased").count() == 2


def test_nothing_is_held_ahead_where_others_would_be_told_that_nothing_is_left():
    scene = factories.scene(n=4, overlap=1)
    queue.next_assignment(scene.ana, scene.campaign)
    assert queue.ahead(scene.ana, scene.campaign) == []
    assert queue.next_assignment(scene.ben, scene.campaign) is not None


def test_nothing_is_ahead_of_somebody_who_holds_nothing():
    scene = factories.scene(n=40)
    assert queue.ahead(scene.ana, scene.campaign) == []
    assert queue.ahead(scene.otto, scene.campaign) == []


def test_no_item_is_taken_more_often_than_wanted_by_holding_ahead():
    scene = factories.scene(n=30, overlap=1)
    seen = set()
    for _turn in range(6):
        for who in (scene.ana, scene.ben):
            one = queue.next_assignment(who, scene.campaign)
            queue.ahead(who, scene.campaign)
            answer(scene, who, one)
            assert one.item_id not in seen
            seen.add(one.item_id)
    held = Assignment.objects.filter(state="leased").values_list("item_id", flat=True)
    assert len(set(held)) == len(held)
    assert not seen & set(held)


def test_leaving_gives_back_what_was_never_looked_at_and_its_numbers():
    scene = factories.scene(n=40)
    here = queue.next_assignment(scene.ana, scene.campaign)
    ready = queue.ahead(scene.ana, scene.campaign)
    assert queue.release_ahead(actor=scene.ana, campaign=scene.campaign, after=here) == 3
    assert list(Assignment.objects.filter(state="leased")) == [here]
    assert (
        CampaignItem.objects.filter(item__in=[one.item_id for one in ready], open=True, returned=True, taken=0).count()
        == 3
    )
    assert QueuePlace.objects.get(annotator__user=scene.ana).handed_out == 1
    again = queue.ahead(scene.ana, scene.campaign)
    assert [(one.pk, one.position) for one in again] == [(one.pk, one.position) for one in ready]
    other = factories.user("zoe")
    assert queue.release_ahead(actor=other, campaign=scene.campaign) == 0


def test_a_heartbeat_holds_what_is_ready_behind_the_item_as_well():
    scene = factories.scene(n=40)
    here = queue.next_assignment(scene.ana, scene.campaign)
    ready = queue.ahead(scene.ana, scene.campaign)
    soon = timezone.now() + timedelta(minutes=2)
    Assignment.objects.update(lease_until=soon)
    until = queue.heartbeat(actor=scene.ana, assignment=here)
    assert set(Assignment.objects.filter(pk__in=[one.pk for one in ready]).values_list("lease_until", flat=True)) == {
        until
    }
    assert set(queue.held_ids(here)) == {here.pk, *(one.pk for one in ready)}


def test_what_somebody_withdrew_is_not_kept_ready():
    scene = factories.scene(n=40)
    here = queue.next_assignment(scene.ana, scene.campaign)
    ready = queue.ahead(scene.ana, scene.campaign)
    gone = ready[0].item.targets.get()
    Permission.objects.filter(participant=gone).delete()
    left = queue.ahead(scene.ana, scene.campaign)
    assert ready[0] not in left
    assert ready[0].pk not in queue.held_ids(here)


# sessions ---------------------------------------------------------------------------------------------------------------


def answered(scene, campaign, *minutes_ago):
    """Answers of a minute's work each that came in so many minutes ago, put there as only an owner of the database could."""
    for ago in minutes_ago:
        one = Assignment.objects.filter(annotator__user=scene.ana, state="leased").first()
        one = one or queue.next_assignment(scene.ana, scene.campaign)
        made = answer(scene, scene.ana, one, duration_ms=60_000)
        with guards.off(Annotation):
            Annotation.objects.filter(pk=made.pk).update(created_at=timezone.now() - timedelta(minutes=ago))
    return campaign


def limited(scene, session=20, rest=5):
    return care.set_session(actor=scene.mia, campaign=scene.campaign, session_minutes=session, break_minutes=rest)


def test_after_a_session_a_break_is_due_and_it_ends():
    scene = factories.scene(n=40)
    campaign = answered(scene, limited(scene), 21, 17, 13, 9, 5.5, 1)
    assert round(care.session(scene.ana, campaign).worked / timedelta(minutes=1)) == 21
    with pytest.raises(Refused) as due:
        queue.next_assignment(scene.ana, campaign)
    assert due.value.code == "break_due"
    assert "4 min" in due.value.message
    assert queue.ahead(scene.ana, campaign) == []
    assert queue.next_assignment(scene.ben, campaign) is not None  # nobody else's
    over = care.session(scene.ana, campaign, timezone.now() + timedelta(minutes=5))
    assert (over.worked, over.rest_until) == (timedelta(0), None)


def test_a_pause_as_long_as_a_break_begins_a_new_session():
    scene = factories.scene(n=40)
    campaign = answered(scene, limited(scene), 40, 25, 9, 4, 1)
    assert round(care.session(scene.ana, campaign).worked / timedelta(minutes=1)) == 9
    assert queue.next_assignment(scene.ana, campaign) is not None


def test_an_answer_left_open_over_lunch_is_not_hours_of_work():
    scene = factories.scene(n=40)
    campaign = limited(scene)
    answer(scene, scene.ana, queue.next_assignment(scene.ana, campaign), duration_ms=3 * 3_600_000)
    assert care.session(scene.ana, campaign).worked == timedelta(minutes=5)
    assert queue.next_assignment(scene.ana, campaign) is not None


def test_without_a_limit_nobody_is_stopped():
    scene = factories.scene(n=5)
    assert scene.campaign.session_minutes is None
    answer(scene, scene.ana, queue.next_assignment(scene.ana, scene.campaign), duration_ms=3 * 3_600_000)
    assert queue.next_assignment(scene.ana, scene.campaign) is not None


@pytest.mark.parametrize(
    ("session", "rest", "field"), [(4, 5, "session_minutes"), (481, 5, "session_minutes"), (20, 0, "break_minutes")]
)
def test_a_session_that_cannot_be_meant_is_refused(session, rest, field):
    scene = factories.scene(n=1)
    with pytest.raises(Invalid) as refused:
        care.set_session(actor=scene.mia, campaign=scene.campaign, session_minutes=session, break_minutes=rest)
    assert field in refused.value.fields


# warnings ---------------------------------------------------------------------------------------------------------------


def test_a_recording_warns_of_what_is_in_it():
    scene = factories.scene(n=1)
    recording = scene.items[0].recording
    care.warn(actor=scene.mia, recording=recording, warnings=["loud", "distress"])
    assert care.warnings(recording.pk) == ["Distress or crying", "Screaming or sudden loud sound"]
    with pytest.raises(Invalid):
        care.warn(actor=scene.mia, recording=recording, warnings=["poetry"])
    care.warn(actor=scene.mia, recording=recording, warnings=[])
    assert care.warnings(recording.pk) == []


# comments ---------------------------------------------------------------------------------------------------------------


def test_a_comment_is_sealed_and_kept_once():
    scene = factories.scene(n=1)
    one, client = queue.next_assignment(scene.ana, scene.campaign), uuid4()
    first = comments.add(actor=scene.ana, assignment=one, client_id=client, text="  The sound is late.\n")
    assert comments.add(actor=scene.ana, assignment=one, client_id=str(client), text="The sound is late.") == first
    assert b"sound" not in bytes(Comment.objects.get().text)
    assert [said["text"] for said in comments.own(one)] == ["The sound is late."]
    with pytest.raises(Refused) as reused:
        comments.add(actor=scene.ana, assignment=one, client_id=client, text="Something else.")
    assert reused.value.code == "client_id_reused"


@pytest.mark.parametrize("text", ["", "  ", None, 7, "x" * 1001, "a\0b", "\ud800"])
def test_what_is_no_comment_is_refused(text):
    scene = factories.scene(n=1)
    with pytest.raises(Invalid):
        comments.add(
            actor=scene.ana, assignment=queue.next_assignment(scene.ana, scene.campaign), client_id=uuid4(), text=text
        )
    assert not Comment.objects.exists()


def test_a_comment_about_somebody_who_stopped_is_not_kept():
    scene = factories.scene(n=1)
    one = queue.next_assignment(scene.ana, scene.campaign)
    Permission.objects.all().delete()
    with pytest.raises(Gone):
        comments.add(actor=scene.ana, assignment=one, client_id=uuid4(), text="Late.")


def test_a_comment_does_not_change_and_stays():
    scene = factories.scene(n=1)
    made = comments.add(
        actor=scene.ana, assignment=queue.next_assignment(scene.ana, scene.campaign), client_id=uuid4(), text="Late."
    )
    for act in (
        lambda: Comment.objects.filter(pk=made.pk).update(text=b""),
        lambda: Comment.objects.filter(pk=made.pk).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()
    assert Comment.objects.filter(pk=made.pk).exists()


# keys -------------------------------------------------------------------------------------------------------------------


def test_keys_follow_the_person_and_are_given_back():
    ana, ben = factories.user("ana"), factories.user("ben")
    shortcuts.keep(actor=ana, codes={"again": "KeyN", "flag": "KeyZ"})
    assert shortcuts.of(ana) == {"again": "KeyN", "flag": "KeyZ"}
    assert shortcuts.of(ben) == {}
    shortcuts.keep(actor=ana, codes={})
    assert shortcuts.of(ana) == {}
    assert Shortcuts.objects.count() == 1


@pytest.mark.parametrize(
    ("codes", "code"),
    [({"again": "KeyN", "flag": "KeyN"}, "shortcut_taken"), ({"again": "n"}, "shortcuts_refused"), ({"A b": "KeyN"}, "shortcuts_refused"),
     ({"again": 7}, "shortcuts_refused"), ([], "shortcuts_refused"), (None, "shortcuts_refused"), ({7: "KeyN"}, "shortcuts_refused")],
)  # fmt: skip
def test_keys_that_cannot_be_are_refused(codes, code):
    with pytest.raises(Invalid) as refused:
        shortcuts.keep(actor=factories.user("ana"), codes=codes)
    assert refused.value.code == code
    assert not Shortcuts.objects.exists()
