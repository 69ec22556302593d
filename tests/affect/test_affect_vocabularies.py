"""Each vocabulary of the table is whole, named in every language, and has the terms its source has."""

import pytest

from affect.codecs.trace import make
from affect.corpus import Corpus, Item, Label, Rater, Scheme, Trace
from affect.vocabularies import VOCABULARIES, load
from affect.vocabularies.crosswalks import CROSSWALKS
from affect.vocabularies.facs import INTENSITIES
from affect.vocabularies.panas import ANCHORS, scores
from affect.vocabularies.terms import (
    LANGUAGES,
    RATED,
    TOKENS,
    Grouping,
    Scale,
    Term,
    Translation,
    Vocabulary,
    names,
)

# Happiness and joy are two terms of this set, and the interface has one mark for both.
TWO_WORDS_FOR_JOY = {"w3c-fsre-categories"}
# How many terms each source lists.
PUBLISHED = {
    "ekman-6": 6, "ekman-6-neutral": 7, "ekman-7": 7, "ekman-7-neutral": 8, "plutchik-8": 8, "plutchik-24": 24, "plutchik-dyads": 8,
    "gew-20": 20, "affectnet-8": 8, "goemotions-28": 28, "panas-20": 20, "facs": 73, "sam": 3, "vad": 3, "w3c-big6": 6,
    "w3c-everyday-categories": 17, "w3c-occ-categories": 22, "w3c-fsre-categories": 24, "w3c-frijda-categories": 12,
    "w3c-pad-dimensions": 3, "w3c-fsre-dimensions": 4, "w3c-intensity-dimension": 1, "w3c-occ-appraisals": 11,
    "w3c-scherer-appraisals": 20, "w3c-ema-appraisals": 12, "w3c-frijda-action-tendencies": 10,
}  # fmt: skip


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
        assert (term.scale is not None) == (vocabulary.kind in RATED)
        assert term.token in TOKENS | {""}
        assert vocabulary[term.id] is term
        assert set(term.parts).isdisjoint({term.id})
    for language in LANGUAGES:
        words = [term.names[language] for term in vocabulary.terms]
        assert len(set(words)) == len(words), f"two terms have one name in {language}"
        assert vocabulary.translations[language].source
    assert vocabulary.translations["en"].status == "original"
    tokens = [term.token for term in vocabulary.terms if term.token]
    assert len(set(tokens)) == len(tokens) or vocabulary_id in TWO_WORDS_FOR_JOY
    with pytest.raises(TypeError):
        vocabulary.names["fr"] = "x"


def test_the_w3c_set_has_its_uri_and_six_names():
    vocabulary = load("w3c-big6")
    assert vocabulary.uri == "http://www.w3.org/TR/emotion-voc/xml#big6"
    assert vocabulary.ids == ("anger", "disgust", "fear", "happiness", "sadness", "surprise")


def test_each_vocabulary_has_as_many_terms_as_its_source_lists():
    assert {one: len(load(one)) for one in VOCABULARIES} == PUBLISHED


def test_the_twelve_emotionml_sets_have_their_w3c_uris():
    ids = [one for one in VOCABULARIES if one.startswith("w3c-")]
    assert len(ids) == 12
    for one in ids:
        assert load(one).uri == f"http://www.w3.org/TR/emotion-voc/xml#{one.removeprefix('w3c-')}"
        assert all(term.scale is None or (term.scale.minimum, term.scale.maximum) == (0, 1) for term in load(one).terms)


@pytest.mark.parametrize(
    "vocabulary_id", ["ekman-6", "ekman-6-neutral", "ekman-7", "ekman-7-neutral", "affectnet-8", "w3c-big6"]
)
def test_the_basic_emotions_all_have_a_mark(vocabulary_id):
    assert all(term.token for term in load(vocabulary_id).terms)


def test_plutchiks_opposites_face_each_other_and_a_dyad_lies_between_its_parts():
    eight = load("plutchik-8")
    for one, other in (("joy", "sadness"), ("trust", "disgust"), ("fear", "anger"), ("surprise", "anticipation")):
        assert abs(eight[one].angle - eight[other].angle) == 180
    dyads = load("plutchik-dyads")
    assert {one.id: one.parts for one in dyads.terms}["contempt"] == ("disgust", "anger")
    for dyad in dyads.terms:
        first, second = (eight[part].angle for part in dyad.parts)
        assert (dyad.angle - first) % 360 == (second - dyad.angle) % 360 == 22.5
    strong = load("plutchik-24").grouping("intensity").groups["high"]
    assert strong == ("ecstasy", "admiration", "terror", "amazement", "grief", "loathing", "rage", "vigilance")


def test_the_geneva_wheel_has_five_emotions_to_a_quadrant_and_none_on_an_axis():
    wheel = load("gew-20")
    assert (wheel.wheel.rings, wheel.wheel.horizontal, wheel.wheel.vertical) == (5, "valence", "control")
    quadrants = {}
    for term in wheel.terms:
        right, up = term.place
        assert abs(right) > 0.1
        assert abs(up) > 0.1
        assert right**2 + up**2 == pytest.approx(1)
        quadrants.setdefault((right > 0, up > 0), []).append(term.id)
    assert quadrants == {
        (True, True): ["interest", "amusement", "pride", "joy", "pleasure"],
        (True, False): ["contentment", "love", "admiration", "relief", "compassion"],
        (False, False): ["sadness", "guilt", "regret", "shame", "disappointment"],
        (False, True): ["fear", "disgust", "contempt", "hate", "anger"],
    }
    assert "not free" in wheel.licence


def test_affectnets_codes_are_its_files_numbers():
    assert [(term.code, term.id) for term in load("affectnet-8").terms] == [
        ("0", "neutral"), ("1", "happiness"), ("2", "sadness"), ("3", "surprise"), ("4", "fear"), ("5", "disgust"), ("6", "anger"),
        ("7", "contempt"),
    ]  # fmt: skip


def test_goemotions_has_the_papers_groups():
    found = load("goemotions-28")
    assert {group: len(members) for group, members in found.grouping("sentiment").groups.items()} == {
        "positive": 12, "negative": 11, "ambiguous": 4,
    }  # fmt: skip
    ekman = found.grouping("ekman")
    assert {group: len(members) for group, members in ekman.groups.items()} == {
        "anger": 3, "disgust": 1, "fear": 2, "joy": 12, "sadness": 5, "surprise": 4,
    }  # fmt: skip
    assert sorted(one for members in ekman.groups.values() for one in members) == sorted(set(found.ids) - {"neutral"})
    assert (ekman.group_of("embarrassment"), ekman.group_of("neutral")) == ("sadness", "")
    assert (found["admiration"].code, found["surprise"].code, found["neutral"].code) == ("0", "26", "27")


def test_panas_has_the_papers_order_scoring_and_anchors():
    found = load("panas-20")
    positive = [int(found[one].code) for one in found.grouping("affect").groups["positive"]]
    assert positive == [1, 3, 5, 9, 10, 12, 14, 16, 17, 19]
    assert found.ids[:3] == ("interested", "distressed", "excited")
    assert [words["en"] for words in ANCHORS.values()] == [
        "very slightly or not at all", "a little", "moderately", "quite a bit", "extremely",
    ]  # fmt: skip
    assert scores(dict.fromkeys(found.ids, 5)) == {"positive": 50, "negative": 50}
    with pytest.raises(ValueError, match="afraid"):
        scores(dict.fromkeys(found.ids, 3) | {"afraid": 6})
    assert "American Psychological Association" in found.licence
    assert {language: one.status for language, one in found.translations.items()} == {
        "en": "original", "de": "validated translation", "es": "unvalidated translation",
    }  # fmt: skip


def test_facs_has_numbers_letters_and_no_unit_twice():
    found = load("facs")
    assert [int(term.code) for term in found.terms] == sorted({int(term.code) for term in found.terms})
    assert "".join(INTENSITIES) == "ABCDE"
    assert found["au12"].names["en"] == "lip corner puller"
    assert found["ad19"].code == "19"
    regions = found.grouping("region").groups
    assert [len(members) for members in regions.values()] == [9, 15, 3, 15, 8, 8, 5, 10]
    openface = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 28, 45)
    assert {f"au{one}" for one in openface} <= set(found.ids)


def test_crosswalks_lead_from_terms_to_terms_and_say_how_close():
    for (start, end), walk in CROSSWALKS.items():
        assert walk.source
        assert set(walk.steps) <= set(load(start).ids)
        assert {other for other, _ in walk.steps.values()} <= set(load(end).ids)
    go = CROSSWALKS["goemotions-28", "ekman-6"]
    assert (go.to("joy"), go.to("caring"), go.to("curiosity"), go.to("neutral")) == (
        "happiness",
        "happiness",
        "surprise",
        "",
    )
    assert (go.steps["joy"], go.steps["caring"]) == (("happiness", "exact"), ("happiness", "broad"))
    assert len(go.steps) == 27
    plutchik = CROSSWALKS["plutchik-8", "ekman-6"]
    assert {one for one in load("plutchik-8").ids if not plutchik.to(one)} == {"trust", "anticipation"}
    assert plutchik.steps["joy"] == ("happiness", "close")
    assert CROSSWALKS["plutchik-24", "plutchik-8"].to("vigilance") == "anticipation"
    assert CROSSWALKS["affectnet-8", "ekman-7-neutral"].to("contempt") == "contempt"
    assert CROSSWALKS["vad", "w3c-pad-dimensions"].steps["valence"] == ("pleasure", "close")


def test_groupings_of_strange_terms_and_unknown_statuses_are_refused():
    term = Term("x", "urn:x", names("x", "x", "x"))
    with pytest.raises(ValueError, match="names y"):
        Vocabulary(
            "v", "urn:v", "category", names("v", "v", "v"), (term,), "s", groupings=(Grouping("g", {"a": ("y",)}, "s"),)
        )
    with pytest.raises(ValueError, match="validated"):
        Translation("somebody", "good")
    with pytest.raises(ValueError, match="no place"):
        _ = term.place
    assert Scale(0, 1, None, names("a", "a", "a"), names("b", "b", "b")).centre == 0.5


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
