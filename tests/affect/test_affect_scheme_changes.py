"""Versions of a scheme: what differs, and answers that follow by a plan whose effect is counted first."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
from hypothesis import given, settings

from affect.schemes import check, diff, dumps, migrate, preview, read
from affect.schemes.build import labels_from
from affect.schemes.changes import WEIGHTS
from affect.schemes.form import document_of
from affect.schemes.migration import Drop, Merge, Plan, Rename, Split, document_of_plan, plan_of, unresolved
from affect.schemes.model import (
    ActionUnits,
    Choice,
    FreeText,
    Label,
    PrimarySecondary,
    Range,
    Scheme,
    Segments,
    Tier,
    Wheel,
    YesNo,
)
from affect.schemes.problems import SchemeError
from tests.affect.scheme_strategies import schemes


def text(words: str) -> dict[str, str]:
    return {"en": words}


def label(name: str, **more) -> Label:
    return Label(id=name, name=text(name), **more)


INTENSITY = Range(minimum=1, maximum=5, step=1)
EMOTIONS = tuple(label(one) for one in ("anger", "annoyance", "joy", "sadness"))
OLD = Scheme(
    id="s", name=text("S"), languages=("en",),
    questions=(
        Choice(id="emotion", prompt=text("Which?"), labels=EMOTIONS, maximum=4, intensity=INTENSITY),
        PrimarySecondary(id="first", prompt=text("First?"), labels=EMOTIONS),
        Segments(id="where", prompt=text("Where?"), tiers=(Tier(id="t", name=text("t"), labels=EMOTIONS),)),
        ActionUnits(id="units", prompt=text("Units?"), labels=labels_from("facs", ["au1", "au2", "au12"])),
        YesNo(id="sarcasm", prompt=text("Sarcasm?")),
        FreeText(id="note", prompt=text("Note?"), required=False),
    ),
)  # fmt: skip


def with_question(scheme: Scheme, question_id: str, **changes) -> Scheme:
    questions = tuple(replace(one, **changes) if one.id == question_id else one for one in scheme.questions)
    return replace(scheme, questions=questions, number=scheme.number + 1)


def without(labels: tuple[Label, ...], *gone: str, more: tuple[Label, ...] = ()) -> tuple[Label, ...]:
    return tuple(one for one in labels if one.id not in gone) + more


def answers(**values) -> dict:
    return {
        "media": {"start_us": 0, "end_us": 1000},
        "answers": {name: {"value": value} for name, value in values.items()},
    }


def found(old: Scheme, new: Scheme) -> list[tuple[str, tuple[str, ...], str]]:
    return [(one.kind, one.path, one.weight) for one in diff(old, new) if one.path != ("number",)]


# differences -------------------------------------------------------------------------------------------------------------


def test_a_scheme_does_not_differ_from_itself():
    assert diff(OLD, OLD) == ()
    assert diff(OLD, read(document_of(OLD))) == ()


def test_a_renamed_label_is_the_same_label_and_only_wording():
    renamed = tuple(replace(one, name=text("delight")) if one.id == "joy" else one for one in EMOTIONS)
    (change,) = [one for one in diff(OLD, with_question(OLD, "emotion", labels=renamed)) if one.kind != "changed"]
    assert (change.kind, change.path, change.weight) == ("renamed", ("emotion", "labels", "joy", "name"), "wording")
    assert (change.old, change.new) == (text("joy"), text("delight"))


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (with_question(OLD, "emotion", labels=without(EMOTIONS, "joy")), ("label_removed", ("emotion", "labels", "joy"), "answers")),
        (with_question(OLD, "emotion", labels=(*EMOTIONS, label("fear"))), ("label_added", ("emotion", "labels", "fear"), "wording")),
        (with_question(OLD, "emotion", labels=EMOTIONS[::-1]), ("reordered", ("emotion", "labels"), "wording")),
        (with_question(OLD, "emotion", maximum=2), ("changed", ("emotion", "maximum"), "rules")),
        (with_question(OLD, "emotion", prompt=text("What?")), ("changed", ("emotion", "prompt"), "wording")),
        (with_question(OLD, "emotion", intensity=replace(INTENSITY, maximum=7)), ("changed", ("emotion", "intensity", "maximum"), "rules")),
        (with_question(OLD, "emotion", intensity=None), ("changed", ("emotion", "intensity"), "rules")),
        (with_question(OLD, "sarcasm", required=False), ("changed", ("sarcasm", "required"), "rules")),
        (with_question(OLD, "where", tiers=(Tier(id="u", name=text("t"), labels=EMOTIONS),)), ("tier_removed", ("where", "tiers", "t"), "answers")),
        (replace(OLD, questions=OLD.questions[:-1]), ("question_removed", ("note",), "answers")),
        (replace(OLD, questions=(*OLD.questions, YesNo(id="x", prompt=text("?")))), ("question_added", ("x",), "rules")),
        (replace(OLD, questions=(YesNo(id="note", prompt=text("Note?")), *OLD.questions[:-1])), ("kind_changed", ("note",), "answers")),
        (replace(OLD, questions=OLD.questions[::-1]), ("reordered", (), "wording")),
    ],
)  # fmt: skip
def test_each_change_is_found_with_its_weight(new, expected):
    assert expected in found(OLD, new)


@settings(max_examples=40, deadline=None)
@given(schemes(), schemes())
def test_two_schemes_differ_just_when_their_canonical_text_does(one, other):
    assert (diff(one, other) == ()) == (dumps(one) == dumps(other))
    assert all(change.weight in WEIGHTS for change in diff(one, other))


# migration ---------------------------------------------------------------------------------------------------------------

MERGED = with_question(OLD, "emotion", labels=without(EMOTIONS, "annoyance"))
MERGE = Plan(steps=(Merge(question="emotion", labels=("annoyance",), into="anger"),))


def test_a_renaming_changes_no_answer():
    given = answers(emotion=[{"label": "joy", "intensity": 3}])
    plan = Plan(steps=(Rename(question="emotion", label="joy", name=text("delight")),))
    moved = migrate(given, plan)
    assert moved.given == given
    assert not moved.changed | moved.again
    (count,) = preview([given, answers(emotion=[{"label": "anger", "intensity": 1}])], plan)
    assert (count.answers, count.changed, count.again) == (1, 0, 0)


def test_a_merge_keeps_the_stronger_of_two_and_leaves_what_was_given_alone():
    given = answers(
        emotion=[
            {"label": "annoyance", "intensity": 4},
            {"label": "joy", "intensity": 1},
            {"label": "anger", "intensity": 2},
        ]
    )
    before = copy.deepcopy(given)
    moved = migrate(given, MERGE)
    assert moved.given["answers"]["emotion"]["value"] == [
        {"label": "anger", "intensity": 4},
        {"label": "joy", "intensity": 1},
    ]
    assert moved.changed == {"emotion"}
    assert given == before


def test_merged_answers_keep_the_new_version():
    given = answers(
        emotion=[{"label": "annoyance", "intensity": 4}],
        first={"primary": {"label": "joy"}},
        where=[],
        units=[],
        sarcasm=False,
    )
    assert check(OLD, given) == []
    assert [one.code for one in check(MERGED, given)] == ["unknown_label"]
    assert check(MERGED, migrate(given, MERGE).given) == []


def test_a_merge_reaches_primary_secondary_segments_and_units():
    plan = Plan(
        steps=(
            Merge(question="first", labels=("annoyance", "sadness"), into="anger"),
            Merge(question="where", labels=("annoyance",), into="anger"),
            Merge(question="units", labels=("au2",), into="au1"),
        )
    )
    given = answers(
        first={
            "primary": {"label": "annoyance"},
            "secondary": [{"label": "anger"}, {"label": "joy"}, {"label": "sadness"}],
        },
        where=[
            {"tier": "t", "start_us": 0, "end_us": 5, "label": "annoyance"},
            {"tier": "t", "start_us": 5, "end_us": 9, "label": "anger"},
        ],
        units=[
            {"label": "au1", "intensity": "B"},
            {"label": "au2", "intensity": "D"},
            {"label": "au12", "intensity": "A"},
        ],
    )
    values = {name: one["value"] for name, one in migrate(given, plan).given["answers"].items()}
    assert values["first"] == {"primary": {"label": "anger"}, "secondary": [{"label": "joy"}]}
    assert [one["label"] for one in values["where"]] == ["anger", "anger"]
    assert [(one["start_us"], one["end_us"]) for one in values["where"]] == [(0, 5), (5, 9)]
    assert values["units"] == [{"label": "au1", "intensity": "D"}, {"label": "au12", "intensity": "A"}]


def test_a_primary_label_that_stood_among_the_secondary_ones_stays_there():
    plan = Plan(steps=(Merge(question="first", labels=("annoyance",), into="anger"),))
    given = answers(first={"primary": {"label": "annoyance"}, "secondary": [{"label": "annoyance"}]})
    assert migrate(given, plan).given["answers"]["first"]["value"] == {
        "primary": {"label": "anger"},
        "secondary": [{"label": "anger"}],
    }


def test_a_split_goes_by_intensity_where_cuts_are_given_and_back_to_the_rater_where_not():
    by_cut = Plan(steps=(Split(question="emotion", label="anger", into=("irritation", "ire", "rage"), cuts=(2, 4)),))
    for intensity, becomes in ((1, "irritation"), (2, "ire"), (3, "ire"), (4, "rage"), (5, "rage")):
        moved = migrate(answers(emotion=[{"label": "anger", "intensity": intensity}]), by_cut)
        assert moved.given["answers"]["emotion"]["value"] == [{"label": becomes, "intensity": intensity}]
    again = Plan(steps=(Split(question="emotion", label="anger", into=("irritation", "rage")),))
    given = answers(emotion=[{"label": "anger", "intensity": 1}], sarcasm=True)
    moved = migrate(given, again)
    assert moved.again == {"emotion"}
    assert moved.given["answers"] == {"sarcasm": {"value": True}}
    no_number = migrate(
        answers(first={"primary": {"label": "anger"}}), Plan(steps=(replace(by_cut.steps[0], question="first"),))
    )
    assert no_number.again == {"first"}


def test_dropping_a_label_asks_again_and_dropping_a_question_does_not():
    given = answers(emotion=[{"label": "joy", "intensity": 1}], note="x")
    moved = migrate(given, Plan(steps=(Drop(question="emotion", label="joy"), Drop(question="note"))))
    assert (moved.given["answers"], moved.again, moved.changed) == ({}, {"emotion"}, {"note"})


def test_answers_without_a_value_and_other_questions_are_left_alone():
    given = {"answers": {"emotion": {"cannot_tell": True}, "first": {"skip": {"reason": "annoyance"}}}}
    plan = Plan(steps=(*MERGE.steps, Merge(question="first", labels=("annoyance",), into="anger")))
    assert migrate(given, plan).given == given


def test_the_preview_counts_what_migrating_does():
    sets = (
        [answers(emotion=[{"label": "annoyance", "intensity": 1}])] * 3
        + [answers(emotion=[{"label": "joy", "intensity": 1}, {"label": "anger", "intensity": 5}])] * 2
        + [answers(emotion=[{"label": "sadness", "intensity": 1}], note="x")]
        + [{"answers": {}}]
    )
    plan = Plan(
        steps=(
            Merge(question="emotion", labels=("annoyance",), into="anger"),
            Split(question="emotion", label="anger", into=("irritation", "rage"), cuts=(3,)),
            Drop(question="emotion", label="sadness"),
            Drop(question="note"),
        )
    )
    counts = preview(iter(sets), plan)
    assert [(one.answers, one.changed, one.again) for one in counts] == [(3, 3, 0), (5, 5, 0), (1, 0, 1), (1, 1, 0)]
    moved = [migrate(one, plan) for one in sets]
    assert sum(bool(one.again) for one in moved) == 1
    assert sum("emotion" in one.changed for one in moved) == 5


def test_a_plan_is_told_what_it_forgets_and_where_it_leads_nowhere():
    assert unresolved(OLD, MERGED, MERGE) == []
    (forgotten,) = unresolved(OLD, MERGED, Plan(steps=()))
    assert forgotten.code == "no_step"
    assert "annoyance" in forgotten.message
    wrong = Plan(
        steps=(
            Merge(question="emotion", labels=("annoyance", "bliss"), into="ire"),
            Split(question="emotion", label="joy", into=("joy", "anger"), cuts=(3, 2)),
            Drop(question="mood"),
        )
    )
    assert [(one.code, one.at) for one in unresolved(OLD, MERGED, wrong)] == [
        ("step_leads_nowhere", "/steps/0"),
        ("step_leads_nowhere", "/steps/0"),
        ("step_leads_nowhere", "/steps/1"),
        ("step_leads_nowhere", "/steps/2"),
    ]
    gone = replace(OLD, questions=OLD.questions[:-1])
    assert [one.code for one in unresolved(OLD, gone, Plan(steps=()))] == ["no_step"]
    assert unresolved(OLD, gone, Plan(steps=(Drop(question="note"),))) == []


def test_a_label_on_the_hub_of_a_wheel_migrates_too():
    rim = tuple(label(one, angle=at * 90.0) for at, one in enumerate(("a", "b", "c")))
    wheel = Wheel(id="w", prompt=text("?"), labels=rim, rings=5, centre=(label("none"), label("nothing")), maximum=3)
    plan = Plan(
        steps=(Merge(question="w", labels=("nothing",), into="none"), Merge(question="w", labels=("b",), into="a"))
    )
    old = replace(OLD, questions=(wheel,))
    new = replace(OLD, questions=(replace(wheel, labels=(rim[0], rim[2]), centre=wheel.centre[:1]),))
    assert unresolved(old, new, plan) == []
    moved = migrate(answers(w=[{"label": "nothing"}]), plan)
    assert moved.given["answers"]["w"]["value"] == [{"label": "none"}]


def test_a_plan_has_a_json_form():
    plan = Plan(
        steps=(
            *MERGE.steps,
            Split(question="q", label="a", into=("b", "c"), cuts=(2.0,)),
            Drop(question="q"),
            Rename(question="q", label="a", name=text("A")),
        )
    )
    document = document_of_plan(plan)
    assert (document["format"], document["format_version"]) == ("affect.scheme_plan", 1)
    assert plan_of(document) == plan
    with pytest.raises(SchemeError) as refused:
        plan_of(document | {"steps": [{"step": "merge", "question": "q", "labels": []}]})
    assert [(one.code, one.at) for one in refused.value.problems] == [
        ("wrong_length", "/steps/0/labels"),
        ("missing_field", "/steps/0"),
    ]
