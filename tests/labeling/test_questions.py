"""What the workspace shows of a scheme, as plain values: words, marks, keys that do not fight; and the way back from a plain form."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest
from django.http import QueryDict

from affect.schemes import check, read
from affect.schemes.form import document_of
from affect.schemes.gallery import NAMES, load
from labeling.templatetags.workspace import aria_key
from labeling.views.manikins import figure
from labeling.views.posted import posted
from labeling.views.questions import shown
from labeling.views.shortcuts import sign


def scheme(*questions: dict):
    return read(
        {"format": "affect.scheme", "format_version": 1, "id": "s", "name": {"en": "S"}, "languages": ["en"], "questions": list(questions)}
    )  # fmt: skip


def labels(*ids: str, **more) -> list[dict]:
    return [{"id": one, "name": {"en": one}, **more} for one in ids]


def choice(id_: str, *ids: str, **more) -> dict:
    return {"kind": "choice", "id": id_, "prompt": {"en": "{target}?"}, "labels": labels(*ids), **more}


def scale(id_: str, most: int = 9, **more) -> dict:
    return {
        "kind": "scale",
        "id": id_,
        "prompt": {"en": "?"},
        "look": "likert",
        "range": {"minimum": 1, "maximum": most, "step": 1},
        **more,
    }


def places(question: dict) -> list[str]:
    return [one["place"] for one in question["options"]]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", ["en", "de", "es-MX"])
def test_every_question_of_the_gallery_is_shown_in_the_language_asked_for(name: str, language: str):
    form = load(name)
    questions = shown(form, language, "P-07")
    assert [one["key"] for one in questions] == [one.id for one in form.questions]
    for question, one in zip(questions, form.questions, strict=True):
        assert question["prompt"] == one.prompt[language[:2]].replace("{target}", "P-07")
        assert question["template"].endswith(f"/_{one.KIND}.html")
        for option in question["options"]:
            assert option["name"]
            if one.KIND != "yes_no":
                assert option["mark"]["shape"]
                assert option["mark"]["text"]


@pytest.mark.parametrize("name", NAMES)
def test_what_the_browser_checks_by_is_the_form_without_its_words(name: str):
    form = load(name)
    documents = [one["document"] for one in shown(form, "en", "")]
    text = json.dumps(documents)
    assert '"prompt"' not in text
    assert '"name"' not in text
    whole = document_of(form)["questions"]
    for short, long in zip(documents, whole, strict=True):
        for field in (
            "kind",
            "id",
            "minimum",
            "maximum",
            "asked_if",
            "required_if",
            "required",
            "cannot_tell",
            "rings",
            "method",
            "bounded",
        ):
            assert short.get(field) == long.get(field)


def test_no_two_labels_of_a_question_have_one_key_and_no_two_rows_meet():
    for name in NAMES:
        questions = shown(load(name), "en", "")
        for question in questions:
            own = [place for place in places(question) if place] if question["type"] != "segments" else []
            assert len(own) == len(set(own)), (name, question["key"])
        rows = [one["row"] for one in questions if one["type"] == "scale" and one["row"]]
        assert len(rows) == len(set(rows)), name


def test_questions_of_one_label_share_the_digits_and_one_of_several_keeps_them():
    first, second, third = shown(
        scheme(choice("a", "x", "y"), choice("b", "x", "y", maximum=2), choice("c", "x", "y")), "en", ""
    )
    assert places(first) == places(second) == ["Digit1", "Digit2"]
    assert places(third) == ["Shift+Digit1", "Shift+Digit2"]
    assert [one["key"] for one in third["options"]] == ["⇧1", "⇧2"]


def test_labels_beyond_the_tenth_take_letters_unless_a_scale_needs_them():
    many = [f"l{n}" for n in range(12)]
    (alone,) = shown(scheme(choice("a", *many)), "en", "")
    assert places(alone)[9:] == ["Digit0", "KeyQ", "KeyW"]
    beside, rated = shown(scheme(choice("a", *many), scale("s")), "en", "")
    assert places(beside)[9:] == ["Digit0", "Shift+Digit1", "Shift+Digit2"]
    assert [point["place"] for point in rated["points"]][:2] == ["KeyQ", "KeyW"]


def test_a_shortcut_of_the_scheme_stands_before_the_order():
    question = choice("a", "x", "y", "z")
    question["labels"][1]["shortcut"] = "KeyJ"
    question["labels"][2]["shortcut"] = "Digit1"
    (found,) = shown(scheme(question), "en", "")
    assert places(found) == ["Digit2", "KeyJ", "Digit1"]


def test_what_stands_out_and_what_else_is_there_have_one_digit_with_and_without_shift():
    (found,) = shown(
        scheme(
            {
                "kind": "primary_secondary",
                "id": "a",
                "prompt": {"en": "?"},
                "labels": labels("x", "y", "z"),
                "primary": ["z", "x"],
            }
        ),
        "en",
        "",
    )
    assert {one["id"]: one["place"] for one in found["options"]} == {"x": "Digit1", "z": "Digit2"}
    assert {one["id"]: one["place"] for one in found["secondary"]} == {
        "x": "Shift+Digit1",
        "z": "Shift+Digit2",
        "y": "Shift+Digit3",
    }


def test_long_scales_are_sliders_and_manikins_are_drawn_for_each_dimension():
    (long,) = shown(scheme(scale("s", 100)), "en", "")
    assert (long["look"], long["points"]) == ("slider", [])
    for dimension in ("valence", "arousal", "dominance"):
        (question,) = shown(scheme(scale("s", 5, look="manikin", dimension=dimension)), "en", "")
        drawn = [json.dumps(point["figure"]) for point in question["points"]]
        assert len(set(drawn)) == 5, "each point has a figure of its own"
        for share in (0, 0.3, 0.65, 1):
            for shape in figure(dimension, share)["shapes"]:
                assert ElementTree.fromstring(f'<path d="{shape["d"]}"/>').get("d")  # noqa: S314 our own drawing
    assert figure("liking", 0.5) == {}


def test_two_labels_of_one_emotion_are_told_apart_by_marks_of_their_own():
    question = choice("a", "x", "y", "z")
    for one, emotion in zip(question["labels"], ("joy", "joy", "fear"), strict=True):
        one["emotion"] = emotion
    (found,) = shown(scheme(question), "en", "")
    assert [one["emotion"] for one in found["options"]] == ["", "", "fear"]
    looks = {(one["mark"]["colour"], one["mark"]["shape"]) for one in found["options"]}
    assert len(looks) == 3


def test_signs_of_keys_are_what_stands_on_them():
    assert [sign(one) for one in ("Digit0", "Shift+KeyA", "Minus", "Numpad3", "")] == ["0", "⇧A", "−", "3", ""]
    assert [aria_key(one) for one in ("KeyQ", "Shift+Digit1")] == ["Q", "Shift+1"]


FORM = scheme(
    choice("emotion", "joy", "fear", "other", maximum=2, intensity={"minimum": 1, "maximum": 5, "step": 1}, confidence={"minimum": 0, "maximum": 1},
           cannot_tell=True, skip=[{"id": "noise", "name": {"en": "noise"}, "free_text": True}]),
    scale("how", required=False),
    {"kind": "text", "id": "why", "prompt": {"en": "?"}, "required": False},
    {"kind": "yes_no", "id": "sure", "prompt": {"en": "?"}, "required": False},
)  # fmt: skip


def test_a_plain_form_says_the_same_as_the_page_with_scripts():
    sent = QueryDict(
        "q.emotion=joy&q.emotion=fear&q.emotion:intensity:joy=5&q.emotion:intensity:fear=2&q.emotion:confidence=0.5&q.how=7&q.why=+a%0D%0Ab+&q.sure=no"
    )
    answers = posted(FORM, sent)
    assert answers == {
        "emotion": {"value": [{"label": "joy", "intensity": 5}, {"label": "fear", "intensity": 2}], "confidence": 0.5},
        "how": {"value": 7}, "why": {"value": "a\nb"}, "sure": {"value": False},
    }  # fmt: skip
    assert check(FORM, {"answers": answers}) == []


def test_an_empty_form_answers_nothing_and_what_is_no_number_is_told_by_the_checker():
    assert posted(FORM, QueryDict("q.how=&q.why=++&q.sure=&q.emotion:cannot_tell=1")) == {
        "emotion": {"cannot_tell": True}
    }
    assert posted(FORM, QueryDict("q.emotion:skip=noise&q.emotion:skip-text=drill")) == {
        "emotion": {"skip": {"reason": "noise", "text": "drill"}}
    }
    answers = posted(FORM, QueryDict("q.emotion=joy&q.emotion:intensity:joy=x&q.how=much"))
    assert [(one.code, one.at) for one in check(FORM, {"answers": answers})] == [
        ("wrong_form", "/answers/emotion/value/0/intensity"), ("wrong_form", "/answers/how/value")]  # fmt: skip
