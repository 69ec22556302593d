"""Practice: the server makes the target, measures what the hand did, and keeps every try; a campaign may ask that it is passed first."""

import json

import numpy as np
import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from affect import tracking
from affect.codecs import trace as container
from core.errors import Invalid, Refused
from labeling.models import Annotator, Practice
from labeling.services import practice, queue, traces
from tests.conftest import BACKEND
from tests.labeling import factories

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
TIMES = np.arange(0, tracking.DURATION_US, 10_000)


@pytest.fixture
def scene():
    return factories.scene(n=2, kinds=("choice", "trace"))


@pytest.fixture
def ana(scene):
    return Annotator.objects.get(user=scene.ana)


def hand(seed, lag_us=400_000, scale=1.0):
    values = tracking.target(seed, np.maximum(TIMES - lag_us, 0)) * scale
    return {
        "times_us": TIMES.tolist(),
        "values": values.tolist(),
        "flags": [0] * len(TIMES),
        "clock_us": (TIMES + 5).tolist(),
    }


def astray():
    """A hand that trembles a little and follows nothing."""
    return {"times_us": TIMES.tolist(), "values": (0.1 * np.sin(TIMES / 2e5)).tolist(), "flags": [0] * len(TIMES)}


def tried(scene, ana, kind="brightness", ticket=None, **given):
    ticket = ticket or practice.ticket(ana, scene.campaign, kind)
    if kind == "headphones":
        given.setdefault("answers", [order.index("quiet") for order in tracking.trials(ticket.seed)])
    else:
        given.setdefault("samples", hand(ticket.seed))
    return practice.submit(
        actor=scene.ana,
        annotator=ana,
        campaign=scene.campaign,
        kind=kind,
        sealed=ticket.sealed,
        device={"kind": "mouse"},
        **given,
    )


def test_it_works(scene, ana):
    made = tried(scene, ana)
    assert made.lag_us == 400_000
    assert made.ccc > 0.99
    assert made.passed
    assert made.device == {"kind": "mouse"}
    stored = container.unpack(bytes(made.packed))
    assert (len(stored), stored.clock_us[0]) == (len(TIMES), 5)
    assert "0.40 s later" in practice.sentence(made)
    assert practice.lag_of(scene.campaign, ana.pk) == made


def test_a_lost_reply_makes_no_second_try(scene, ana):
    ticket = practice.ticket(ana, scene.campaign, "brightness")
    assert tried(scene, ana, ticket=ticket) == tried(scene, ana, ticket=ticket)
    assert Practice.objects.count() == 1


def test_a_ticket_is_good_for_one_person_one_campaign_and_one_test(scene, ana):
    ben = Annotator.objects.get(user=scene.ben)
    others = [practice.ticket(ben, scene.campaign, "brightness"), practice.ticket(ana, scene.campaign, "tone")]
    for ticket in [*others, practice.Ticket(7, "made up"), practice.Ticket(7, None)]:
        with pytest.raises(Invalid) as said:
            tried(scene, ana, ticket=ticket)
        assert said.value.code == "ticket_refused"
    assert not Practice.objects.exists()


def test_what_the_browser_says_of_the_result_does_not_count(scene, ana, client):
    """The server gave out the seed and measures the samples; a hand that followed nothing is measured as that."""
    client.force_login(scene.ana, backend=BACKEND)
    ticket = practice.ticket(ana, scene.campaign, "brightness")
    body = {"ticket": ticket.sealed, "seed": 1, "passed": True, "ccc": 1.0, "samples": astray()}
    where = reverse("labeling:practice_test", args=[scene.campaign.pk, "brightness"])
    reply = client.post(where, json.dumps(body), content_type="application/json")
    assert reply.status_code == 201
    assert reply.json()["passed"] is False
    assert reply.json()["ccc"] < 0.1


def test_a_hand_that_hardly_moves_does_not_pass_and_is_told_what_helps(scene, ana):
    ticket = practice.ticket(ana, scene.campaign, "brightness")
    made = tried(scene, ana, ticket=ticket, samples=hand(ticket.seed, scale=0.2))
    assert (made.passed, made.lag_us) == (False, 400_000)
    assert made.ccc < 0.7
    assert "Go as far up and down" in practice.sentence(made)
    assert practice.lag_of(scene.campaign, ana.pk) is None


def test_a_hand_at_rest_and_a_test_left_half_way_have_no_number_and_say_why(scene, ana):
    still = hand(1, scale=0.0)
    half = {name: column[: len(column) // 2] for name, column in hand(1).items()}
    for samples, why, word in ((still, "constant_trace", "did not move"), (half, "incomplete", "Too little")):
        made = tried(scene, ana, samples=samples)
        assert (made.undefined, made.ccc, made.lag_us, made.passed) == (why, None, None, False)
        assert word in practice.sentence(made)


@pytest.mark.parametrize(
    "samples",
    [None, {}, [], {"times_us": [0], "values": ["x"]}, {"times_us": [0, 1], "values": [0.0]}, {"times_us": [0], "values": [2.0]},
     {"times_us": [-1], "values": [0.0]}, {"times_us": [0], "values": [[0, 0]]},
     {"times_us": list(range(20_001)), "values": [0.0] * 20_001}],
)  # fmt: skip
def test_samples_that_are_none_are_refused(scene, ana, samples):
    with pytest.raises(Invalid):
        tried(scene, ana, samples=samples)
    assert not Practice.objects.exists()


def test_headphones_pass_with_five_of_six(scene, ana):
    ticket = practice.ticket(ana, scene.campaign, "headphones")
    right = [order.index("quiet") for order in tracking.trials(ticket.seed)]
    assert tried(scene, ana, "headphones", ticket, answers=[(right[0] + 1) % 3, *right[1:]]).passed
    ticket = practice.ticket(ana, scene.campaign, "headphones")
    speakers = [order.index("antiphase") for order in tracking.trials(ticket.seed)]
    made = tried(scene, ana, "headphones", ticket, answers=speakers)
    assert (made.right, made.passed) == (0, False)
    assert "loudspeakers" in practice.sentence(made)


@pytest.mark.parametrize("answers", [None, [], [0] * 5, [0] * 7, [0, 0, 0, 0, 0, 3], [0, 0, 0, 0, 0, True], "012012"])
def test_answers_that_are_none_are_refused(scene, ana, answers):
    with pytest.raises(Invalid) as said:
        tried(scene, ana, "headphones", answers=answers)
    assert said.value.code == "answers_refused"


def test_the_first_trace_waits_for_what_the_campaign_requires(scene, ana, client):
    practice.set_rules(actor=scene.mia, campaign=scene.campaign, required=["headphones", "brightness"], pass_mark=0.8)
    client.force_login(scene.ana, backend=BACKEND)
    begin = reverse("labeling:current", args=[scene.campaign.pk])
    assert client.get(begin).url == reverse("labeling:practice", args=[scene.campaign.pk])
    assert client.get(begin, headers={"HX-Request": "true"})["HX-Redirect"] == client.get(begin).url
    one = queue.next_assignment(scene.ana, scene.campaign)
    begun = {"actor": scene.ana, "assignment": one, "client_id": one.client_id, "question": "arousal", "sequence": 0}
    with pytest.raises(Refused) as said:
        traces.add_chunk(**begun, times_us=[0], values_=[0.0])
    assert (said.value.code, said.value.facts["missing"]) == ("practice_missing", ["brightness", "headphones"])
    tried(scene, ana)
    assert practice.missing(scene.campaign, ana.pk) == ["headphones"]
    tried(scene, ana, "headphones")
    assert practice.missing(scene.campaign, ana.pk) == []
    assert traces.add_chunk(**begun, times_us=[0], values_=[0.0]).have == [0]
    assert "practice" not in client.get(begin).url


def test_a_pass_in_one_campaign_is_none_in_another(scene, ana):
    elsewhere = factories.scene(n=1, kinds=("trace",))
    tried(scene, ana)
    practice.set_rules(actor=elsewhere.mia, campaign=elsewhere.campaign, required=["brightness"], pass_mark=0.7)
    assert practice.missing(elsewhere.campaign, ana.pk) == ["brightness"]


def test_a_campaign_without_traces_asks_for_no_practice(client):
    scene = factories.scene(n=1)
    practice.set_rules(actor=scene.mia, campaign=scene.campaign, required=["brightness"], pass_mark=0.7)
    client.force_login(scene.ana, backend=BACKEND)
    assert "practice" not in client.get(reverse("labeling:current", args=[scene.campaign.pk])).url


def test_a_harder_mark_counts_from_then_on(scene, ana):
    ticket = practice.ticket(ana, scene.campaign, "brightness")
    early = tried(scene, ana, ticket=ticket, samples=hand(ticket.seed, scale=0.62))
    assert early.passed
    practice.set_rules(actor=scene.mia, campaign=scene.campaign, required=["brightness"], pass_mark=0.99)
    ticket = practice.ticket(ana, scene.campaign, "brightness")
    late = tried(scene, ana, ticket=ticket, samples=hand(ticket.seed, scale=0.62))
    assert (late.passed, late.pass_mark) == (False, 0.99)
    assert practice.missing(scene.campaign, ana.pk) == [], "what was passed stays passed"


def test_rules_that_are_none_are_refused(scene):
    for required, mark, code in (
        (["juggling"], 0.7, "kind_unknown"),
        ([], 1.1, "out_of_range"),
        ([], -0.1, "out_of_range"),
    ):
        with pytest.raises(Invalid) as said:
            practice.set_rules(actor=scene.mia, campaign=scene.campaign, required=required, pass_mark=mark)
        assert said.value.code == code


def test_a_result_cannot_be_bettered_in_the_database(scene, ana):
    made = tried(scene, ana)
    for act in (
        lambda: Practice.objects.filter(pk=made.pk).update(passed=False),
        lambda: Practice.objects.filter(pk=made.pk).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()
    assert Practice.objects.get().passed


def test_the_annotator_sees_their_results_and_the_manager_everybodys(scene, ana, client):
    tried(scene, ana)
    client.force_login(scene.ana, backend=BACKEND)
    shown = client.get(reverse("labeling:practice", args=[scene.campaign.pk])).content.decode()
    assert "0.40 s later" in shown
    assert shown.count("passed") == 1
    client.force_login(scene.ben, backend=BACKEND)
    assert "later" not in client.get(reverse("labeling:practice", args=[scene.campaign.pk])).content.decode()
    client.force_login(scene.mia, backend=BACKEND)
    where = reverse("campaigns:practice", args=[scene.campaign.pk])
    page = client.get(where).content.decode()
    assert ana.code in page
    assert "0.40" in page
    assert ana.code in b"".join(client.get(where, {"format": "csv"}).streaming_content).decode()
    assert client.post(where, {"required": ["tone"], "pass_mark": "0.65"}).status_code == 302
    scene.campaign.refresh_from_db()
    assert (scene.campaign.practice_required, scene.campaign.practice_pass) == (["tone"], 0.65)
    assert client.post(where, {"required": ["juggling"], "pass_mark": "2"}).status_code == 422


def test_the_lag_is_told_beside_the_trace(scene, ana, client):
    tried(scene, ana)
    client.force_login(scene.ana, backend=BACKEND)
    page = client.get(reverse("labeling:current", args=[scene.campaign.pk]), follow=True).content.decode()
    assert "0.40 s, measured in practice on" in page
