"""Each vocabulary of the table is whole, named in every language, and has the terms its source has."""

import pytest

from affect.codecs.trace import make
from affect.corpus import Corpus, Item, Label, Rater, Scheme, Trace
from affect.vocabularies import VOCABULARIES, load
from affect.vocabularies.terms import LANGUAGES, TOKENS, Term, Vocabulary, names


@pytest.mark.parametrize("vocabulary_id", VOCABULARIES)
def test_every_vocabulary_keeps_the_contract(vocabulary_id):
    vocabulary = load(vocabulary_id)
    assert vocabulary.id == vocabulary_id
    assert vocabulary.source
    uris = [term.uri for term in vocabulary.terms]
    assert len(set(uris)) == len(uris)
    assert all(uri.startswith(vocabulary.uri) for uri in uris)
    for thing in (vocabulary, *vocabulary.terms):
        assert set(thing.names) == set(LANGUAGES)
        assert all(thing.names.values())
    for term in vocabulary.terms:
        assert (term.scale is not None) == (vocabulary.kind == "dimension")
        assert term.token in TOKENS or term.scale
        assert vocabulary[term.id] is term
    with pytest.raises(TypeError):
        vocabulary.names["fr"] = "x"


def test_the_w3c_set_has_its_uri_and_six_names():
    vocabulary = load("w3c-big6")
    assert vocabulary.uri == "http://www.w3.org/TR/emotion-voc/xml#big6"
    assert vocabulary.ids == ("anger", "disgust", "fear", "happiness", "sadness", "surprise")


def test_ekmans_sets_differ_by_contempt_and_neutral():
    six, seven = set(load("ekman-6").ids), set(load("ekman-7").ids)
    assert seven - six == {"contempt"}
    assert set(load("ekman-7-neutral").ids) - seven == {"neutral"}
    assert set(load("ekman-6-neutral").ids) - six == {"neutral"}


def test_nine_points_map_to_minus_one_to_one_by_four():
    scale = load("sam")["arousal"].scale
    assert [scale.to_unit(x) for x in (1, 5, 9)] == [-1, 0, 1]
    assert scale.to_unit(6) == (6 - 5) / 4


def test_arousal_runs_from_passive_to_activated():
    scale = load("vad")["arousal"].scale
    assert (scale.low["en"], scale.high["en"]) == ("passive", "activated")
    assert (load("vad")["valence"].scale.low["en"], load("vad")["valence"].scale.high["en"]) == (
        "unpleasant",
        "pleasant",
    )


def test_unknown_vocabularies_languages_tokens_and_doubled_ids():
    with pytest.raises(ValueError, match="ekman-6"):
        load("ekman-5")
    assert load("ekman-6")["fear"].name("fr") == "fear"
    with pytest.raises(ValueError):
        Term("x", "urn:x", names("x", "x", "x"), "bliss")
    term = Term("x", "urn:x", names("x", "x", "x"))
    with pytest.raises(ValueError):
        Vocabulary("v", "urn:v", "category", names("v", "v", "v"), (term, term), "s")


def test_a_corpus_names_what_points_nowhere():
    whole = Corpus(
        "demo",
        "1",
        (Item("i", "r", frozenset({"p"})),),
        (Scheme("s", "nominal", labels=("joy",)), Scheme("t", "trace")),
        (Rater("a"),),
        (Label("i", "s", "a", "joy"),),
        (Trace("i", "t", "a", make([0, 1], [0.0, 1.0])),),
    )
    assert whole.check() == ()
    broken = Corpus("demo", "1", whole.items, whole.schemes[:1], whole.raters * 2, whole.labels, whole.traces)
    assert len(broken.check()) == 2
    for wrong in (
        lambda: Rater("a", "robot"),
        lambda: Scheme("s", "kind"),
        lambda: Item("i", "r", frozenset(), end_us=-1),
    ):
        with pytest.raises(ValueError):
            wrong()
