"""What is wrong with a scheme is said in the reader's language; in English as `affect.schemes` says it."""

from __future__ import annotations

import ast
import json
from dataclasses import replace
from pathlib import Path

import pytest
from django.utils import translation
from hypothesis import HealthCheck, given, settings

import affect.schemes
from affect.schemes import Problem, SchemeError, editing, form, gallery, warnings
from affect.schemes.changes import WEIGHTS
from core.errors import Invalid
from labeling import words
from labeling.services import schemes
from labeling.services.scheme_sentences import SENTENCES, placed, sentence_of, worded
from labeling.views.scheme_fields import Outline
from tests.affect.scheme_strategies import spoiled

DEFINING = ("fields.py", "rules.py", "form.py")  # where definitions, not answers, are judged
SAME = "twice"  # a name for what changes, the same in every sentence


def in_source() -> set[tuple[str, str]]:
    """(code, sentence) of every problem of a definition that the code tells in one text; what changes is "twice"."""
    found = set()
    for name in DEFINING:
        tree = ast.parse((Path(affect.schemes.__file__).parent / name).read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Problem" and len(node.args) > 2:
                code, _at, said = node.args[:3]
                if isinstance(said, ast.Constant | ast.JoinedStr):
                    pieces = said.values if isinstance(said, ast.JoinedStr) else [said]
                    found.add((code.value, "".join(getattr(one, "value", "") if isinstance(one, ast.Constant) else SAME for one in pieces)))  # fmt: skip
    return found


def in_german(problem: Problem) -> str:
    with translation.override("de"):
        return sentence_of(problem)


def test_every_sentence_of_a_definition_is_known_and_translated():
    told = in_source()
    assert len(told) > 30
    # Which of several things stands twice is told by its name.
    told = {(code, said.replace(f"The {SAME} ", "The id ")) for code, said in told}
    others = {"angle", "wrong_form"}  # said in two texts; said of what is expected
    assert {code for code, _said in told} | others == set(SENTENCES)
    for code, said in told:
        assert sentence_of(Problem(code, "", said)) == said
        assert in_german(Problem(code, "", said)) != said, said


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(spoiled())
def test_in_english_nothing_is_said_otherwise_and_in_german_everything(document):
    for one in form.formal(document):
        assert sentence_of(one) == one.message
        assert in_german(one) != one.message


@pytest.mark.parametrize(
    ("code", "english", "german"),
    [
        ("wrong_form", "Here belongs a number, not a text.", "Hierher gehört eine Zahl, nicht ein Text."),
        ("unknown_word", "Here belongs one of a, b, not a list.", "Hierher gehört eines von a, b, nicht eine Liste."),
        ("not_json", "This is no JSON: expecting value.", "Das ist kein JSON: erwartet wird ein Wert."),
        ("twice", "The name (en) 'joy' stands twice.", "Der Name (en) 'joy' steht zweimal da."),
        ("twice", "The mark's text 'x' stands twice.", "Der Text des Zeichens 'x' steht zweimal da."),
        ("angle", "A label on the rim of a wheel needs its angle.", "Ein Label am Rand eines Rads braucht seinen Winkel."),
        ("missing_field", "'%(x)s' is missing.", "'%(x)s' fehlt."),
        ("missing_field", "Something else.", "Something else."),
        ("no_such_code", "'id' is missing.", "'id' is missing."),
        ("wrong_text", "x" * 6_000 + " is not of the form y.", "x" * 6_000 + " is not of the form y."),
    ],
)  # fmt: skip
def test_a_sentence_is_told_with_what_it_names_and_an_unknown_one_stays(code, english, german):
    assert in_german(Problem(code, "/questions/0", english)) == german


def test_a_changed_anchor_is_told_with_the_name_of_its_dimension():
    document, _id = editing.add_question(form.document_of(gallery.load("laughter")), "trace")
    last = len(document["questions"]) - 1
    scheme = form.read(editing.put(document, f"/questions/{last}/axes/0/low/de", "ruhig"))
    with translation.override("de"):
        (one,) = worded(warnings(scheme))
    assert one.message == "Der validierte Anker von Erregung ist 'passiv'; hier steht 'ruhig'."


def test_a_problem_with_its_place():
    one = Problem("missing_field", "", "'id' is missing.", {}, 3, 4)
    assert placed(one) == str(one)
    assert placed(replace(one, line=0, at="/name")) == str(replace(one, line=0, at="/name"))
    with translation.override("de"):
        (said,) = worded([one])
        assert placed(said) == "Zeile 3, Spalte 4, das Ganze: 'id' fehlt."


def test_who_sends_a_document_is_told_in_their_language():
    document = form.document_of(gallery.load("laughter")) | {"surplus": 1}
    with translation.override("de"), pytest.raises(Invalid) as refused:
        schemes.read(json.dumps(document))
    assert "'surplus' ist hier kein Feld" in str(refused.value)
    assert refused.value.fields["form/surplus"][0].startswith("Zeile 1, Spalte ")
    assert "'surplus' ist hier kein Feld" in refused.value.fields["form/surplus"][0]
    assert refused.value.facts["problems"][0]["code"] == "unknown_field"
    with pytest.raises(SchemeError):
        form.read(document)


def test_changes_weights_and_options_have_words():
    kinds = {"kind_changed", "reordered", "renamed", "changed"}
    kinds |= {f"{what}_{how}" for what in ("question", "label", "tier", "reason") for how in ("added", "removed")}
    assert set(words.CHANGE) == kinds
    assert set(words.WEIGHT) == set(WEIGHTS)
    document, _id = editing.add_question(form.document_of(gallery.load("laughter")), "choice")
    with translation.override("de"):
        fields = Outline(document, {}).question(len(document["questions"]) - 1)
        label = next(one for one in fields if one.name == "Labels").members[0]
        options = {one.at.rpartition("/")[2]: dict(one.options) for one in label.fields if one.shape == "option"}
    assert (options["emotion"][""], options["emotion"]["joy"]) == ("keine", "Freude")
    assert options["fit"] == {"exact": "genau", "close": "ähnlich", "broad": "weiter gefasst"}
