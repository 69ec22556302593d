"""Traces: every sample kept once, in order, within the clip; joined as the browser joins; packed with a hash."""

import math
from datetime import timedelta
from uuid import uuid4

import numpy as np
import pytest
from django.utils import timezone

from affect.codecs import trace as container
from affect.schemes.model import Trace
from consent.models import Permission
from core.errors import Gone, Invalid, Refused
from labeling.models import Assignment, TraceChunk
from labeling.models import Trace as Stored
from labeling.services import annotations, campaigns, queue, schemes, traces
from tests.labeling import factories

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
KINDS = ("choice", "trace")


@pytest.fixture
def at_work():
    scene = factories.scene(n=2, kinds=KINDS)
    return scene, queue.next_assignment(scene.ana, scene.campaign)


def chunk(user, assignment, sequence, times, numbers=None, flags=None, client_id=None, **more):
    numbers = [math.sin(t / 1e6) for t in times] if numbers is None else numbers
    return traces.add_chunk(**{
        "actor": user, "assignment": assignment, "client_id": client_id or assignment.client_id, "question": "arousal",
        "sequence": sequence, "times_us": times, "values_": numbers, "flags": flags or [0] * len(times), **more,
    })  # fmt: skip


def answers(scene, trace, label="joy"):
    return factories.answers(scene.campaign, label) | {"arousal": {"value": {"trace": str(trace)}}}


def submit(scene, one, said, client_id=None):
    return annotations.submit_annotation(
        actor=scene.ana, assignment=one, client_id=client_id or one.client_id, answers=said
    )


def finish(user, assignment, chunks, client_id=None):
    return traces.finish(
        actor=user, assignment=assignment, client_id=client_id or assignment.client_id, question="arousal", chunks=chunks,
        device={"kind": "mouse", "used": {"mouse": 12}, "dead_zone": 0.1}, events=[{"kind": "pause", "at": "2026-11-22T10:00:00.000Z", "at_us": 5}],
    )  # fmt: skip


def test_it_works(at_work):
    scene, one = at_work
    times = list(range(0, factories.CLIP_US, 20_000))
    half = len(times) // 2
    assert chunk(scene.ana, one, 0, times[:half]).kept_until_us == times[half - 1]
    assert chunk(scene.ana, one, 1, times[half:]).have == [0, 1]
    made = finish(scene.ana, one, 2)
    stored = container.unpack(bytes(made.packed))
    assert stored.times_us.tolist() == times
    assert stored.digest == made.digest
    assert (made.samples, made.largest_gap_us, made.state) == (len(times), 20_000, "packed")
    assert made.coverage == pytest.approx(1.0, abs=1e-6)
    assert not TraceChunk.objects.exists()
    said = annotations.submit_annotation(
        actor=scene.ana, assignment=one, client_id=one.client_id, answers=answers(scene, one.client_id)
    )
    assert annotations.answers_of(said)["arousal"] == {"value": {"trace": str(one.client_id)}}
    assert said.traces.get().pk == made.pk


def test_lost_replies_and_any_order_double_nothing(at_work):
    scene, one = at_work
    assert chunk(scene.ana, one, 1, [200_000, 300_000]).kept_until_us == 0
    chunk(scene.ana, one, 0, [0, 100_000])
    again = chunk(scene.ana, one, 0, [0, 100_000])
    assert (again.kept_until_us, again.have) == (300_000, [0, 1])
    first, second = finish(scene.ana, one, 2), finish(scene.ana, one, 2)
    assert first.pk == second.pk
    assert first.samples == 4
    assert chunk(scene.ana, one, 1, [200_000, 300_000]).have == [0, 1]  # a late repeat is acknowledged
    with pytest.raises(Refused) as said:
        chunk(scene.ana, one, 2, [400_000])
    assert said.value.code == "trace_finished"
    assert Stored.objects.count() == 1


def test_going_back_replaces_what_stood_there(at_work):
    scene, one = at_work
    chunk(scene.ana, one, 0, [0, 100_000, 200_000, 300_000], [0, 0, 0, 0])
    chunk(scene.ana, one, 1, [150_000, 250_000], [1, 1], [int(container.Flag.SEEK_BEFORE), 0])
    stored = container.unpack(bytes(finish(scene.ana, one, 2).packed))
    assert stored.times_us.tolist() == [0, 100_000, 150_000, 250_000]
    assert stored.values.tolist() == [0, 0, 1, 1]


def test_a_hole_is_not_counted_as_rated(at_work):
    scene, one = at_work
    times = [*range(0, 2_000_000, 100_000), *range(6_900_000, factories.CLIP_US, 100_000)]
    chunk(scene.ana, one, 0, times)
    made = finish(scene.ana, one, 1)
    assert made.largest_gap_us == 5_000_000
    assert made.coverage == pytest.approx((factories.CLIP_US - 5_000_000) / factories.CLIP_US, abs=1e-6)


def test_a_missing_chunk_is_named_and_a_used_number_is_not_overwritten(at_work):
    scene, one = at_work
    chunk(scene.ana, one, 0, [0])
    chunk(scene.ana, one, 2, [200])
    with pytest.raises(Refused) as said:
        finish(scene.ana, one, 4)
    assert (said.value.code, said.value.facts["missing"]) == ("chunks_missing", [1, 3])
    with pytest.raises(Refused) as said:
        chunk(scene.ana, one, 0, [1])
    assert said.value.code == "chunk_differs"


def test_an_answer_waits_for_its_trace(at_work):
    scene, one = at_work
    trace = uuid4()
    with pytest.raises(Invalid) as missing:
        submit(scene, one, factories.answers(scene.campaign))
    assert missing.value.code == "required"
    for _turn in range(2):  # not begun, begun
        with pytest.raises(Refused) as unfinished:
            submit(scene, one, answers(scene, trace))
        assert unfinished.value.code == "trace_unfinished"
        chunk(scene.ana, one, 0, [0, 1], client_id=trace)
    finish(scene.ana, one, 1, client_id=trace)
    revisions = [submit(scene, one, answers(scene, trace))]
    revisions += [submit(scene, one, answers(scene, trace, label), uuid4()) for label in ("anger", "fear")]
    assert [one.revision for one in revisions] == [1, 2, 3]
    assert len({one.traces.get().digest for one in revisions}) == 1
    assert len({one.traces.get().pk for one in revisions}) == 3
    for one in revisions:
        assert annotations.answers_of(one)["arousal"] == {"value": {"trace": str(trace)}}


@pytest.mark.parametrize(
    "value", [{}, {"trace": "x"}, {"trace": 7}, {"trace": None}, "x", {"times_us": [0], "values": [0]}]
)
def test_an_answer_names_its_trace_by_its_id(at_work, value):
    scene, one = at_work
    with pytest.raises(Invalid) as refused:
        submit(scene, one, factories.answers(scene.campaign) | {"arousal": {"value": value}})
    assert (refused.value.code, list(refused.value.fields)) == ("wrong_type", ["answers.arousal"])


def test_a_trace_keeps_to_what_its_question_asks():
    """Coverage, gaps and the device, which only the whole trace shows, are checked when it is handed in."""
    scene = factories.scene(n=1, kinds=("choice",))
    asked = Trace(
        id="arousal", prompt={"en": "?"}, axes=(schemes.axis("arousal"),), coverage=0.9, longest_step_us=500_000, devices=("wheel",)
    )  # fmt: skip
    version = schemes.create_scheme(actor=scene.mia, study=scene.study, name="Covered", questions=[asked])
    campaign = campaigns.create_campaign(actor=scene.mia, study=scene.study, name="Covered", scheme_version=version)
    campaigns.add_items(actor=scene.mia, campaign=campaign, items=[scene.items[0].pk])
    campaigns.add_annotator(actor=scene.mia, campaign=campaign, user=scene.ana)
    one = queue.next_assignment(scene.ana, campaigns.open_campaign(actor=scene.mia, campaign=campaign))
    said = {"arousal": {"value": {"trace": str(one.client_id)}}}
    chunk(scene.ana, one, 0, list(range(0, factories.CLIP_US // 2, 100_000)))
    finish(scene.ana, one, 1)
    with pytest.raises(Invalid) as refused:
        submit(scene, one, said)
    assert [problem["code"] for problem in refused.value.facts["problems"]] == ["device_not_allowed", "coverage"]
    better, sent = uuid4(), {"arousal": {}}
    chunk(scene.ana, one, 0, list(range(0, factories.CLIP_US + 1, 100_000)), client_id=better)
    traces.finish(
        actor=scene.ana,
        assignment=one,
        client_id=better,
        question="arousal",
        chunks=1,
        device={"kind": "wheel"},
        events=None,
    )
    sent["arousal"]["value"] = {"trace": str(better)}
    assert submit(scene, one, sent).traces.get().coverage == pytest.approx(1)


N = [0, 100]
BAD_CHUNKS = [
    ({"times_us": []}, "trace_empty"),
    ({"times_us": None}, "trace_empty"),
    ({"times_us": "abc"}, "trace_empty"),
    ({"times_us": {"a": 1}}, "trace_empty"),
    ({"times_us": [100, 100]}, "times_not_increasing"),
    ({"times_us": [200, 100]}, "times_not_increasing"),
    ({"times_us": [-5, 100]}, "time_out_of_range"),
    ({"times_us": [0, factories.CLIP_US + 1]}, "time_out_of_range"),
    ({"times_us": [0, 2**63]}, "time_out_of_range"),
    ({"times_us": [0, 10**400]}, "time_out_of_range"),
    ({"times_us": [0.5, 100]}, "not_a_number"),
    ({"times_us": [True, 100]}, "not_a_number"),
    ({"times_us": [None, 100]}, "not_a_number"),
    ({"times_us": ["0", 100]}, "not_a_number"),
    ({"values_": [0.0]}, "shape"),
    ({"values_": None}, "shape"),
    ({"values_": [0.0, math.nan]}, "not_a_number"),
    ({"values_": [0.0, math.inf]}, "not_a_number"),
    ({"values_": [0.0, 1.5]}, "out_of_range"),
    ({"values_": [0.0, 10**400]}, "out_of_range"),
    ({"values_": [0.0, "a"]}, "not_a_number"),
    ({"values_": [[0.0], 1]}, "not_a_number"),
    ({"flags": [0, 8]}, "flag_unknown"),
    ({"flags": [0, 255]}, "flag_unknown"),
    ({"flags": [0, -1]}, "flag_unknown"),
    ({"flags": [0, 0, 0]}, "shape"),
    ({"sequence": -1}, "out_of_range"),
    ({"sequence": "one"}, "not_a_number"),
    ({"sequence": 10**9}, "out_of_range"),
    ({"question": "emotion"}, "question_unknown"),
    ({"question": None}, "question_unknown"),
    ({"question": ["arousal"]}, "question_unknown"),
    ({"client_id": "x"}, "not_an_id"),
]


@pytest.mark.parametrize(("wrong", "code"), BAD_CHUNKS)
def test_a_wrong_chunk_is_refused_with_its_code_and_nothing_is_stored(at_work, wrong, code):
    scene, one = at_work
    sent = {"sequence": 0, "times": N, "numbers": [0.0, 0.5], **wrong}
    with pytest.raises(Invalid) as said:
        chunk(scene.ana, one, **sent)
    assert said.value.code == code
    assert not Stored.objects.exists()


def test_details_of_the_device_stay_small_and_without_text(at_work):
    scene, one = at_work
    chunk(scene.ana, one, 0, N)
    for device in (
        {"kind": "Mäuse"},
        {"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}},
        {"n": math.nan},
        {"note": "x" * 200},
    ):
        with pytest.raises(Invalid) as said:
            traces.finish(
                actor=scene.ana, assignment=one, client_id=one.client_id, question="arousal", chunks=1, device=device
            )
        assert said.value.code == "details_refused"


def test_a_withdrawal_ends_a_trace(at_work):
    scene, one = at_work
    chunk(scene.ana, one, 0, N)
    Permission.objects.all().delete()
    for act in (lambda: chunk(scene.ana, one, 1, [200]), lambda: finish(scene.ana, one, 1)):
        with pytest.raises(Gone):
            act()


def test_abandoned_traces_are_swept_and_can_be_gone_on_with(at_work):
    scene, one = at_work
    chunk(scene.ana, one, 0, N)
    assert traces.sweep_abandoned(timezone.now() + timedelta(hours=23)) == 0
    Assignment.objects.filter(pk=one.pk).update(state="released")
    assert traces.sweep_abandoned(timezone.now() + timedelta(hours=25)) == 1
    assert not TraceChunk.objects.exists()
    assert Stored.objects.get().state == "abandoned"
    assert chunk(scene.ana, one, 0, N).have == [0]


def test_joining_many_chunks_is_the_same_as_one(at_work):
    scene, one = at_work
    rng = np.random.default_rng(3)
    times = np.cumsum(rng.integers(1, 40_000, 300))
    times = times[times < factories.CLIP_US].tolist()
    numbers = rng.uniform(-1, 1, len(times)).tolist()
    for at in range(0, len(times), 37):
        chunk(scene.ana, one, at // 37, times[at : at + 37], numbers[at : at + 37])
    made = finish(scene.ana, one, -(-len(times) // 37))
    assert made.digest == container.make(times, numbers).digest
