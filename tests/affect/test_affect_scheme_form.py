"""The JSON form: the published schema and the code agree, what is read is written the same, and mistakes have a place."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import rfc8785
from hypothesis import HealthCheck, Phase, given, settings

from affect.schemes import Problem, Scheme, SchemeError, dumps, form, loads, pretty, read, schema
from affect.schemes.form import MAX_CHARACTERS, document_of, formal
from affect.schemes.gallery import NAMES, text_of
from affect.schemes.places import places
from affect.schemes.rules import broken
from tests.affect.scheme_strategies import documents, schemes, spoiled

PUBLISHED = Path(__file__).resolve().parents[2] / "docs" / "schemas" / "scheme.json"
VALIDATOR = jsonschema.Draft202012Validator(schema())
# Whole documents are large, so a failing one is shown as it is: making it smaller takes minutes.
LARGE = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
MANY = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))

SMALL = """{
  "format": "affect.scheme",
  "format_version": 1,
  "id": "small",
  "name": {"en": "Small"},
  "languages": ["en"],
  "questions": [
    {"kind": "choice", "id": "emotion", "prompt": {"en": "What does {target} appear to express?"},
     "labels": [{"id": "joy", "name": {"en": "joy"}},
                {"id": "anger", "name": {"en": "anger"}}]},
    {"kind": "yes_no", "id": "sure", "prompt": {"en": "Sure?"},
     "asked_if": {"test": "chosen", "question": "emotion", "labels": ["joy"]}}
  ]
}
"""


def problems(text: str) -> list[tuple[str, str, int, int]]:
    with pytest.raises(SchemeError) as refused:
        loads(text)
    return [(one.code, one.at, one.line, one.column) for one in refused.value.problems]


def small(*changes: tuple[str, str]) -> str:
    text = SMALL
    for old, new in changes:
        assert text.count(old) >= 1, old
        text = text.replace(old, new, 1)
    return text


def test_a_scheme_is_read_and_written_the_same():
    scheme = loads(SMALL)
    assert isinstance(scheme, Scheme)
    assert [question.id for question in scheme.questions] == ["emotion", "sure"]
    assert loads(dumps(scheme)) == loads(pretty(scheme)) == scheme
    assert dumps(scheme) == rfc8785.dumps(json.loads(SMALL)).decode()


def test_the_published_schema_is_the_one_the_code_gives():
    assert PUBLISHED.read_text() == json.dumps(schema(), ensure_ascii=False, indent=2) + "\n"
    jsonschema.Draft202012Validator.check_schema(schema())


@LARGE
@given(documents())
def test_documents_of_the_right_form_are_right_for_the_code_and_for_the_schema(document):
    assert formal(document) == []
    VALIDATOR.validate(document)


@MANY
@given(spoiled())
def test_the_code_and_the_schema_refuse_the_same_documents(document):
    assert (formal(document) == []) == VALIDATOR.is_valid(document), formal(document)


@LARGE
@given(documents())
def test_a_document_of_the_right_form_is_a_scheme_or_every_problem_has_a_line(document):
    found: tuple[Problem, ...] = ()
    try:
        loads(json.dumps(document, indent=1))
    except SchemeError as refused:
        found = refused.problems
    assert all(one.line and one.column for one in found)
    assert bool(found) == bool(list(broken(form._SCHEME.read(document, "", []))))


@MANY
@given(schemes())
def test_schemes_that_fit_together_keep_the_schema_and_are_written_back_the_same(scheme):
    VALIDATOR.validate(document_of(scheme))
    assert loads(dumps(scheme)) == loads(pretty(scheme)) == scheme
    assert dumps(loads(pretty(scheme))) == dumps(scheme)


@pytest.mark.parametrize("name", NAMES)
def test_the_gallery_keeps_the_published_schema_and_is_written_back_byte_for_byte(name):
    VALIDATOR.validate(json.loads(text_of(name)))
    scheme = loads(text_of(name))
    assert pretty(scheme) == text_of(name)
    assert loads(dumps(scheme)) == scheme


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ("", 1, 1, "expecting value"),
        ('{"format": "affect.scheme"', 1, 27, "expecting ',' delimiter"),
        ('{\n  "id": small\n}', 2, 9, "expecting value"),
        ('{"a": 1,}', 1, 8, "illegal trailing comma"),
        ('{"a": "\t"}', 1, 8, "invalid control character"),
        ('{"a": 1} x', 1, 10, "extra data"),
    ],
)
def test_text_that_is_no_json_is_refused_with_its_line_and_column(text, line, column, said):
    with pytest.raises(SchemeError) as refused:
        loads(text)
    (one,) = refused.value.problems
    assert one.code == "not_json"
    assert said in one.message or "expecting property name" in one.message
    assert (one.line, one.column) == (line, column) or said.startswith("illegal")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"a": 1, "a": 2}', "not_json"),
        ('{"a": NaN}', "not_json"),
        ('{"a": -Infinity}', "not_json"),
        ("[" * 100_000, "not_json"),
        ("[" * 100 + "]" * 100, "too_deep"),
        ('{"a": ' + "9" * 5000 + "}", "not_json"),
        ('{"a": "\\ud83d"}', "half_character"),
        (" " * (MAX_CHARACTERS + 1), "too_long"),
    ],
    ids=["twice", "nan", "infinity", "deep", "nested", "digits", "surrogate", "long"],
)
def test_json_that_readers_do_not_agree_on_is_refused(text, code):
    with pytest.raises(SchemeError) as refused:
        loads(text)
    assert [one.code for one in refused.value.problems] == [code]


def test_mistakes_of_form_are_told_together_with_pointer_line_and_column():
    found = problems(
        small(
            ('"name": {"en": "Small"}', '"name": 3'), ('"id": "anger", ', ""), ('"kind": "yes_no"', '"kind": "maybe"')
        )
    )
    assert found == [
        ("wrong_form", "/name", 5, 3),
        ("missing_field", "/questions/0/labels/1", 10, 17),
        ("unknown_word", "/questions/1/kind", 11, 6),
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([('"format_version": 1', '"format_version": 2')], ("unknown_word", "/format_version")),
        ([('"format_version": 1', '"format_version": true')], ("unknown_word", "/format_version")),
        ([('"id": "anger"', '"id": "joy"')], ("twice", "/questions/0/labels/1")),
        ([('{"en": "anger"}', '{"en": "joy"}')], ("twice", "/questions/0/labels/1")),
        ([('"id": "sure"', '"id": "emotion"')], ("twice", "/questions/1")),
        ([('"labels": ["joy"]', '"labels": ["fear"]')], ("unknown_label", "/questions/1/asked_if/labels/0")),
        ([('"question": "emotion"', '"question": "sure"')], ("not_earlier", "/questions/1/asked_if/question")),
        ([('"test": "chosen", "question": "emotion", "labels": ["joy"]', '"test": "within", "question": "emotion"')], ("wrong_test", "/questions/1/asked_if/test")),
        ([('"languages": ["en"]', '"languages": ["en", "de"]')], ("no_translation_source", "/languages")),
        ([('{"en": "Sure?"}', '{"de": "Sicher?"}')], ("untranslated", "/questions/1/prompt")),
        ([('"languages": ["en"]', '"languages": ["English"]')], ("wrong_text", "/languages/0")),
        ([('"prompt": {"en": "Sure?"}', '"prompt": {"en": "Sure?"}, "confidence_required": true')], ("no_confidence", "/questions/1/confidence_required")),
        ([('"id": "joy",', '"id": "joy", "angle": 9,')], ("angle", "/questions/0/labels/0")),
        ([('"id": "joy",', '"id": "joy", "colour": "red",')], ("unknown_field", "/questions/0/labels/0/colour")),
        ([('"id": "joy",', '"id": "not good",')], ("wrong_text", "/questions/0/labels/0/id")),
        ([('"id": "emotion", "prompt"', '"id": "emotion", "minimum": 2, "prompt"')], ("upside_down", "/questions/0/minimum")),
        ([('"id": "emotion", "prompt"', '"id": "emotion", "minimum": 3, "maximum": 3, "prompt"')], ("too_many_due", "/questions/0/minimum")),
    ],
)  # fmt: skip
def test_a_scheme_that_does_not_fit_together_is_refused_with_the_place(changes, expected):
    found = problems(small(*changes))
    assert expected in [one[:2] for one in found]
    assert all(line and column for _, _, line, column in found)


RANGE = {"minimum": 1, "maximum": 9, "step": 1}
AXIS = {"name": {"en": "x"}, "low": {"en": "low"}, "high": {"en": "high"}, "minimum": -1, "maximum": 1}
RIM = [{"id": f"l{n}", "name": {"en": f"l{n}"}, "angle": 40 * n} for n in range(3)]
TIER = {"id": "t", "name": {"en": "t"}}


def question(kind: str, **more) -> dict:
    return json.loads(SMALL) | {"questions": [{"kind": kind, "id": "q", "prompt": {"en": "?"}, **more}]}


@pytest.mark.parametrize(
    ("document", "code", "at"),
    [
        (question("scale", look="slider", range=RANGE | {"minimum": 9}), "upside_down", "/range"),
        (question("scale", look="slider", range=RANGE | {"step": 3}), "uneven_step", "/range/step"),
        (question("scale", look="slider", range=RANGE | {"anchors": [{"value": 10, "text": {"en": "much"}}]}), "anchor_outside", "/range/anchors/0/value"),
        (question("scale", look="likert", range={"minimum": 1, "maximum": 5}), "no_step", "/range"),
        (question("scale", look="manikin", range=RANGE), "no_manikin", "/dimension"),
        (question("scale", look="manikin", dimension="valence", range=RANGE | {"maximum": 10}), "no_manikin", "/range"),
        (question("grid", x=AXIS, y=AXIS | {"minimum": 1}), "upside_down", "/y"),
        (question("grid", x=AXIS, y=AXIS, step=0.3), "uneven_step", "/step"),
        (question("wheel", labels=[*RIM[:2], {"id": "x", "name": {"en": "x"}}], rings=5), "angle", "/labels/2"),
        (question("wheel", labels=[*RIM, RIM[0] | {"id": "x", "name": {"en": "x"}}], rings=5), "twice", "/labels/3"),
        (question("wheel", labels=RIM, rings=5, centre=[{"id": "l0", "name": {"en": "none"}}]), "twice", "/centre/0"),
        (question("text", minimum=9, maximum=8), "upside_down", "/minimum"),
        (question("comparison", method="pairwise", items=3), "wrong_number", "/items"),
        (question("comparison", method="best_worst", items=2), "wrong_number", "/items"),
        (question("comparison", method="best_worst", items=4, ties=True), "wrong_number", "/ties"),
        (question("segments", tiers=[TIER, TIER]), "twice", "/tiers/1"),
        (question("segments", tiers=[TIER | {"shortest_us": 9, "longest_us": 8}]), "upside_down", "/tiers/0/shortest_us"),
        (question("trace", axes=[{key: value for key, value in AXIS.items() if key != "maximum"}]), "no_bounds", "/axes/0"),
        (question("trace", axes=[AXIS], bounded=False), "bounds", "/axes/0"),
        (question("trace", axes=[AXIS], devices=["mouse", "mouse"]), "twice", "/devices"),
        (question("trace", axes=[AXIS, AXIS, AXIS]), "wrong_length", "/axes"),
        (question("choice", labels=[{"id": "a", "name": {"en": "a"}}]), "wrong_length", "/labels"),
    ],
)  # fmt: skip
def test_each_kind_of_question_has_its_rules(document, code, at):
    with pytest.raises(SchemeError) as refused:
        read(document)
    assert (code, f"/questions/0{at}") in [(one.code, one.at) for one in refused.value.problems]


def test_conditions_nest_only_so_deep():
    inner = {"test": "answered", "question": "emotion"}
    for _ in range(8):
        inner = {"test": "not", "conditions": [inner]}
    document = json.loads(SMALL)
    document["questions"][1]["asked_if"] = inner
    with pytest.raises(SchemeError) as refused:
        read(document)
    assert [one.code for one in refused.value.problems] == ["too_deep"]
    document["questions"][1]["asked_if"] = inner["conditions"][0]
    assert read(document)["sure"]


def test_places_finds_members_in_any_layout():
    text = '{ "a" :[ 1 , {"b\\"/~" : null}\n, "x" ], "c": {} }'
    where = places(text)
    assert where == {
        "": (1, 1),
        "/a": (1, 3),
        "/a/0": (1, 10),
        "/a/1": (1, 14),
        '/a/1/b"~1~0': (1, 15),
        "/a/2": (2, 3),
        "/c": (2, 10),
    }
    lines = text.split("\n")
    assert lines[1][where["/c"][1] - 1 :].startswith('"c"')
