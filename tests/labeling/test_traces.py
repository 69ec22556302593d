"""Traces: every sample kept once, in order, within the clip; joined as the browser joins; packed with a hash."""

import math
from datetime import timedelta
from uuid import uuid4

import numpy as np
import pytest
from django.utils import timezone

from affect.codecs import trace as container
from affect.schemes import read
from affect.schemes.model import Trace
from consent.models import Permission
from core.errors import Gone, Invalid, Refused
from labeling.models import Annotator, Assignment, Item, TraceChunk
from labeling.models import Trace as Stored
from labeling.services import annotations, campaigns, queue, ratings, schemes, trace_parts, trace_rules, traces
from tests.labeling import crowd, factories

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


# What schemes demand ------------------------------------------------------------------------------------------------------

AXES = [
    {"name": {"en": "valence"}, "low": {"en": "unpleasant"}, "high": {"en": "pleasant"}, "minimum": -1, "maximum": 1, "dimension": "valence"},
    {"name": {"en": "arousal"}, "low": {"en": "passive"}, "high": {"en": "activated"}, "minimum": 0, "maximum": 10, "dimension": "arousal"},
]  # fmt: skip
ITEM = Item(start_us=0, end_us=10_000_000)


def rules(axes=1, **more):
    """A trace question as a scheme's file has it."""
    own = [
        {name: value for name, value in axis.items() if more.get("bounded", True) or name not in ("minimum", "maximum")}
        for axis in AXES
    ]
    asked = {"kind": "trace", "id": "affect", "prompt": {"en": "How does it feel?"}, "axes": own[:axes], **more}
    document = {"format": "affect.scheme", "format_version": 1, "id": "s", "name": {"en": "S"}, "languages": ["en"]}
    return read({**document, "questions": [asked]})["affect"]


def test_two_axes_travel_as_pairs_and_are_one_trace():
    plane = rules(2)
    parts = [
        trace_parts.read(plane, ITEM, [0, 20_000, 40_000], [[-1, 0], [0.5, 2.5], [1, 10]], [0, 0, 0], [5, 21_000, 40_100]),
        trace_parts.read(plane, ITEM, [20_000, 60_000], [[0, 5], [0.25, 6]], [int(container.Flag.SEEK_BEFORE), 0], [99_000, 140_000]),
    ]  # fmt: skip
    stored = container.unpack(trace_parts.packed(trace_parts.join(parts)))
    assert stored.times_us.tolist() == [0, 20_000, 60_000]
    assert stored.values.tolist() == [[-1, 0], [0, 5], [0.25, 6]]
    assert stored.clock_us.tolist() == [5, 99_000, 140_000]
    assert stored.axis(1).values.tolist() == [0, 5, 6]


@pytest.mark.parametrize(
    ("numbers", "code"),
    [
        ([[0, 11]], "out_of_range"), ([[-1.5, 0]], "out_of_range"), ([0.5], "shape"), ([[0.5]], "shape"), ([[0, 1, 2]], "shape"),
        ([["0", 1]], "not_a_number"), ([[True, 1]], "not_a_number"), ([[math.nan, 1]], "not_a_number"),
    ],
)  # fmt: skip
def test_a_point_that_is_none_is_refused(numbers, code):
    with pytest.raises(Invalid) as said:
        trace_parts.read(rules(2), ITEM, [0], numbers, [0])
    assert said.value.code == code


def test_an_unbounded_trace_goes_as_far_as_the_hand_does():
    free = rules(bounded=False)
    assert trace_parts.read(free, ITEM, [0, 1], [-40.0, 1e6], None).values.tolist() == [-40.0, 1e6]
    with pytest.raises(Invalid) as said:
        trace_parts.read(free, ITEM, [0], [math.inf], None)
    assert said.value.code == "not_a_number"
    with pytest.raises(Invalid) as said:
        trace_parts.read(rules(), ITEM, [0], [1.01], None)
    assert said.value.code == "out_of_range"


def test_a_clock_that_is_none_is_refused():
    for clock, code in (([0.5, 1], "not_a_number"), ([0], "shape"), ([0, 2**63], "time_out_of_range")):
        with pytest.raises(Invalid) as said:
            trace_parts.read(rules(), ITEM, [0, 1], [0, 0], [0, 0], clock)
        assert (said.value.code, list(said.value.fields)) == (code, ["clock_us"])


def missing(asked, found, evidence=None):
    return trace_rules.missing(asked, trace_rules.told(asked, found, 10_000_000, evidence), (0, 10_000_000))


def test_only_allowed_devices_count():
    found = container.make([0, 40_000], [0.0, 0.5])
    gamepad = rules(devices=["gamepad"])
    assert (
        missing(rules(devices=["gamepad", "touch"]), found, {"kind": "gamepad", "used": {"gamepad": 3, "touch": 1}})
        == []
    )
    assert missing(rules(), found, {"kind": "mouse", "used": {"mouse": 3}}) == []
    assert missing(gamepad, found, {"kind": "none", "used": {}}) == [], "the hand rested"
    (lack,) = missing(gamepad, found, {"kind": "gamepad", "used": {"gamepad": 3, "mouse": 1}})
    assert (lack["code"], lack["device"]) == ("device_not_allowed", "mouse")
    assert trace_rules.sentence(lack) == "This scheme is rated with gamepad, not with mouse."
    for nothing in (None, {}, [], {"kind": 3}):
        (lack,) = missing(gamepad, found, nothing)
        assert trace_rules.sentence(lack) == "This device may not be used here.", "nothing is told of a device"


def test_what_a_trace_lacks_is_told_with_its_place():
    whole = container.make(range(0, 10_000_001, 40_000), [0.0] * 251)
    holey = container.make([*range(0, 4_000_001, 40_000), *range(6_000_000, 10_000_001, 40_000)], [0.0] * 202)
    for asked in (rules(coverage=0.9), rules(no_gap=True), rules(rate_hz=20)):
        assert missing(asked, whole) == []
    (short,) = missing(rules(coverage=0.9), holey)
    assert (short["code"], short["covered_us"]) == ("coverage", 8_000_000)
    (hole,) = missing(rules(no_gap=True), holey)
    assert (hole["code"], hole["start_us"], hole["end_us"]) == ("gap", 4_000_000, 6_000_000)
    assert trace_rules.sentence(hole) == "From 4.0 s to 6.0 s nothing is rated: go back and rate it."
    (sparse,) = missing(rules(rate_hz=30), whole)
    assert sparse["code"] == "too_sparse"


def test_a_pause_in_which_the_media_stood_still_is_no_hole_in_the_media():
    times = list(range(0, 10_000_001, 40_000))
    for gap_us, holes in ((0, 0), (160_000, 0), (1_000_000, 1)):
        kept = [us for us in times if us <= 4_000_000 or us > 4_000_000 + gap_us]
        flags = [int(container.Flag.GAP_BEFORE) if before == 4_000_000 else 0 for before in [-1, *kept[:-1]]]
        found = container.make(kept, [0.0] * len(kept), flags)
        assert len(missing(rules(no_gap=True), found)) == holes


def test_the_server_says_what_it_has(at_work):
    scene, one = at_work
    assert traces.kept(assignment=one, question="arousal").have == []
    chunk(scene.ana, one, 0, [0, 100_000])
    chunk(scene.ana, one, 2, [500_000])
    for client_id in (None, str(one.client_id)):
        told = traces.kept(assignment=one, question="arousal", client_id=client_id)
        assert (told.kept_until_us, told.have, told.client_id, told.finished) == (100_000, [0, 2], one.client_id, False)
    chunk(scene.ana, one, 1, [300_000])
    finish(scene.ana, one, 3)
    told = traces.kept(assignment=one, question="arousal", client_id=one.client_id)
    assert (told.have, told.finished) == ([0, 1, 2], True)
    assert traces.kept(assignment=one, question="arousal").have == [], "a finished trace is not gone on with"


def test_a_seam_is_declared_in_the_trace_and_where_it_is_exported(at_work):
    scene, one = at_work
    seam = int(container.Flag.RESUMED | container.Flag.GAP_BEFORE)
    chunk(scene.ana, one, 0, [0, 100_000, 200_000], clock_us=[1_000, 101_000, 201_000])
    chunk(scene.ana, one, 1, [240_000, 300_000], flags=[seam, 0], clock_us=[500, 60_500])
    made = finish(scene.ana, one, 2)
    assert made.format == "affect.trace/2"
    ((key, stored),) = traces.columns(made)
    assert key == "arousal"
    assert stored.flags.tolist() == [0, 0, 0, seam, 0]
    assert stored.clock_us.tolist() == [1_000, 101_000, 201_000, 500, 60_500], "another sitting, another clock"


def test_agreement_and_gold_read_one_dimension_of_two_at_a_time():
    scene = factories.scene(n=1, kinds=("trace",))
    (item,) = scene.items
    item.refresh_from_db()
    question = scene.campaign.scheme_version.questions.get(key="arousal")
    times = list(range(0, factories.CLIP_US, 100_000))
    for annotator, x in zip(Annotator.objects.filter(user__in=[scene.ana, scene.ben]), (0.25, 0.75), strict=True):
        crowd.trace(scene.campaign, item, annotator, "arousal", times, [[x, -x]] * len(times))
    for axis, expected in ((0, {0.25, 0.75}), (1, {-0.25, -0.75})):
        (found,) = ratings.traces(scene.campaign, question, axis=axis)
        assert {float(row[0]) for row in found.values} == expected
        assert not np.isnan(found.values).any()
    (stored, _other) = Stored.objects.all()
    assert [name for name, _samples in traces.columns(stored)] == ["arousal.x", "arousal.y"]
    assert [name for name, _samples in traces.columns(stored, "activity")] == ["activity.x", "activity.y"], (
        "as files call it"
    )
