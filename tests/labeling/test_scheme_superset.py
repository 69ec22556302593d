"""What the app stores of a scheme has a place in the definition of `affect.schemes`, so the app can take it on whole."""

from __future__ import annotations

import dataclasses
from uuid import uuid4

import pytest

from affect import vocabularies
from affect.schemes import check, read
from affect.schemes.model import QUESTIONS, Anchor, Axis, Label, Range, Scheme, level_of
from affect.schemes.model import Question as Asked
from labeling.models import Label as StoredLabel
from labeling.models import Question, SchemeVersion
from labeling.services import schemes

# Field of the model -> where it stands in the definition: (class, field). Order is the order of lists.
QUESTION = {
    "identity": (Asked, "id"), "key": (Asked, "key"), "kind": None, "level": (Asked, "level"), "prompt": (Asked, "prompt"),
    "hint": (Asked, "hint"), "required": (Asked, "required"), "dimension": (Asked, "dimension"), "uri": (Asked, "uri"),
    "minimum": (Range, "minimum"), "maximum": (Range, "maximum"), "step": (Range, "step"), "anchors": (Range, "anchors"), "position": None,
}  # fmt: skip
LABEL = {
    "identity": (Label, "id"), "code": (Label, "code"), "name": (Label, "name"), "uri": (Label, "uri"), "emotion": (Label, "emotion"),
    "position": None,
}  # fmt: skip
BOOKKEEPING = {"id", "created_at", "updated_at", "scheme_version", "question", "study", "scheme", "frozen_at"}


@pytest.mark.parametrize(("model", "places"), [(Question, QUESTION), (StoredLabel, LABEL)])
def test_every_stored_field_has_its_place(model, places):
    assert {field.name for field in model._meta.concrete_fields} - BOOKKEEPING == set(places)
    for place in filter(None, places.values()):
        assert place[1] in {field.name for field in dataclasses.fields(place[0])}
    assert {field.name for field in SchemeVersion._meta.concrete_fields} - BOOKKEEPING == {"number"}
    assert {"number", "name", "questions"} <= {field.name for field in dataclasses.fields(Scheme)}


def test_every_kind_and_level_and_mark_of_the_app_is_one_of_the_definition():
    assert set(Question.Kind.values) <= {kind.KIND for kind in QUESTIONS}
    assert set(Question.Level.values) <= set(
        next(f for f in dataclasses.fields(Asked) if f.name == "level").metadata["spec"].options
    )
    assert {field.name for field in dataclasses.fields(Anchor)} == {"value", "text"}
    assert {"minimum", "maximum", "low", "high"} <= {field.name for field in dataclasses.fields(Axis)}


PROMPT = {"en": "Which?", "de": "Welche?", "es": "¿Cuál?"}


def document(*questions: schemes.NewQuestion) -> dict:
    """The JSON form of what the app's own builders make, with ids as the app gives them."""
    told = []
    for one in questions:
        question = {
            "kind": str(one.kind), "id": str(uuid4()), "key": one.key, "prompt": dict(one.prompt), "required": one.required,
            "level": str(one.level),
        }  # fmt: skip
        question |= {name: getattr(one, name) for name in ("dimension", "uri") if getattr(one, name)}
        if one.kind == Question.Kind.CHOICE:
            question["labels"] = [
                {"id": str(uuid4()), "code": label.code, "name": dict(label.name), "uri": label.uri}
                | ({"emotion": label.emotion} if label.emotion else {})
                for label in one.labels
            ]
        anchors = [{"value": anchor["value"], "text": anchor["text"]} for anchor in one.anchors]
        if one.kind == Question.Kind.SCALE:
            ends = {"minimum": one.minimum, "maximum": one.maximum, "step": one.step}
            question |= {
                "look": "manikin",
                "range": {name: end for name, end in ends.items() if end is not None} | {"anchors": anchors},
            }
        if one.kind == Question.Kind.TRACE:
            axis = {
                "name": PROMPT,
                "low": anchors[0]["text"],
                "high": anchors[1]["text"],
                "minimum": one.minimum,
                "maximum": one.maximum,
            }
            question["axes"] = [axis]
        told.append(question)
    sources = [{"language": one, "source": "the app", "status": "unvalidated translation"} for one in ("de", "es")]
    return {
        "format": "affect.scheme", "format_version": 1, "id": str(uuid4()), "name": PROMPT, "languages": ["en", "de", "es"],
        "translations": sources, "questions": told,
    }  # fmt: skip


CATEGORIES = [one for one in vocabularies.VOCABULARIES if vocabularies.load(one).kind == "category"]


@pytest.mark.parametrize("vocabulary_id", CATEGORIES)
def test_what_the_app_asks_today_is_a_scheme(vocabulary_id):
    scheme = read(
        document(
            schemes.choice_from(vocabulary_id, key="emotion", prompt=PROMPT),
            schemes.scale_from("sam", "arousal", prompt=PROMPT),
            schemes.scale_from("vad", "valence", key="valence_trace", kind=Question.Kind.TRACE, prompt=PROMPT),
        )
    )
    assert [level_of(question) for question in scheme.questions] == ["nominal", "ordinal", "interval"]
    emotion, arousal, trace = scheme.questions
    given = {
        "media": {"start_us": 0, "end_us": 10},
        "answers": {
            emotion.id: {"value": [{"label": emotion.labels[0].id}]},
            arousal.id: {"value": 9},
            trace.id: {"value": {"times_us": [0], "values": [1]}},
        },
    }
    assert check(scheme, given) == []
