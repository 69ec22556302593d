"""Editing a scheme's document step by step."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affect import vocabularies
from affect.schemes import editing, form, gallery
from affect.schemes.editing import add_label, add_question, add_terms, append, move, put, value_at
from affect.schemes.fields import MISSING

EMPTY = {
    "format": "affect.scheme", "format_version": 1, "id": "mine", "name": {"en": "Mine"}, "languages": ["en"], "questions": [],
}  # fmt: skip


@pytest.mark.parametrize("kind", editing.KINDS)
@pytest.mark.parametrize("languages", [["en"], ["en", "de", "es"]])
def test_a_question_of_every_kind_can_be_answered_as_soon_as_it_is_added(kind, languages):
    document = {**EMPTY, "languages": languages, "name": dict.fromkeys(languages, "Mine")}
    if len(languages) > 1:
        document["translations"] = [
            {"language": one, "source": "us", "status": "unvalidated translation"} for one in languages[1:]
        ]
    made, question = add_question(document, kind)
    made, second = add_question(made, kind)
    assert [one.id for one in form.read(made).questions] == [question, second]
    assert question != second


def test_a_kind_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="unknown kind 'guess'"):
        add_question(EMPTY, "guess")


def test_labels_get_ids_of_their_names_and_keep_a_wheel_round():
    made, _question = add_question(EMPTY, "wheel", "Feeling")
    made = add_label(made, "/questions/0/labels", "Überrascht")
    labels = form.read(made).questions[0].labels
    assert [one.id for one in labels] == ["first", "second", "third", "uberrascht"]
    assert [one.angle for one in labels] == [0, 90, 180, 270]
    made = add_label(made, "/questions/0/labels", "überrascht")
    assert form.read(made).questions[0].labels[-1].id == "uberrascht-2"


def test_the_terms_of_a_vocabulary_come_once_with_their_uris_and_marks():
    ekman = vocabularies.load("ekman-6")
    made, _question = add_question(EMPTY, "choice")
    made = add_terms(made, "/questions/0/labels", ekman)
    assert add_terms(made, "/questions/0/labels", ekman) == made
    labels = form.read(made).questions[0].labels[2:]
    assert [(one.id, one.uri, one.emotion) for one in labels] == [(one.id, one.uri, one.token) for one in ekman.terms]


@pytest.mark.parametrize("name", gallery.NAMES)
def test_nothing_is_changed_in_the_document_that_was_given(name):
    document = form.document_of(gallery.load(name))
    before = copy.deepcopy(document)
    add_question(document, "choice")
    move(document, "/questions/0", 1)
    put(document, "/questions/0/prompt/en", "other")
    put(document, "/questions/0/hint", MISSING)
    append(document, "/questions/0/skip", {"id": "x", "name": {"en": "x"}})
    assert document == before


paths = st.sampled_from(["/a", "/a/0", "/a/1/b", "/c/d/e", "/f~1g/h~0i"])


@given(paths, st.integers() | st.text() | st.booleans())
def test_what_was_put_somewhere_stands_there_and_can_be_taken_away(at, value):
    document = {"a": [1, {"b": 2}], "c": {}}
    assert value_at(put(document, at, value), at) == value
    assert value_at(put(document, "/c/d/e", MISSING), "/c/d/e", "gone") == "gone"


@given(st.lists(st.integers(), max_size=6), st.integers(0, 7), st.integers(-8, 8))
def test_moving_loses_and_doubles_nothing(members, place, by):
    moved = move({"a": members}, f"/a/{place}", by)["a"]
    assert sorted(moved) == sorted(members)
    if place < len(members):
        assert moved[max(0, min(len(members) - 1, place + by))] == members[place]
