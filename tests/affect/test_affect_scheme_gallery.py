"""The gallery: ten complete schemes, each with an answer that is right and one that is wrong."""

from __future__ import annotations

import copy
from importlib.resources import files

import pytest

from affect import vocabularies
from affect.schemes import check, loads, warnings
from affect.schemes.gallery import NAMES, load, manifest, text_of
from affect.schemes.marks import marked
from affect.schemes.model import Scale, labels_of
from affect.schemes.rules import texts
from affect.vocabularies.terms import LANGUAGES

SECOND = 1_000_000


def value(of, **more) -> dict:
    return {"value": of, **more}


def trace(seconds: int, rate: int, device: str = "gamepad") -> dict:
    n = seconds * rate
    return value(
        {
            "times_us": [at * SECOND // rate for at in range(n)],
            "values": [(at % 21 - 10) / 10 for at in range(n)],
            "device": device,
        }
    )


def segment(tier: str, start: float, end: float, label: str, **more) -> dict:
    return {"tier": tier, "start_us": int(start * SECOND), "end_us": int(end * SECOND), "label": label, **more}


def media(seconds: int) -> dict:
    return {"start_us": 0, "end_us": seconds * SECOND}


LIKERT = {name: value(4) for name in ("agreement", "social-dominance", "engagement", "performance", "rapport")}
RIGHT = {
    "call-centre": {
        "answers": {
            "emotion": value({"primary": {"label": "anger"}, "secondary": [{"label": "sadness"}]}, confidence=4),
            "intensity": value(3), "valence": value(2), "overlap": value(False),
        }
    },
    "sam-film-clips": {
        "answers": {
            "valence": value(2), "arousal": value(8), "dominance": {"skip": {"reason": "other", "text": "I do not know."}},
            "wheel": value([{"label": "fear", "intensity": 5}, {"label": "other", "text": "suspense"}]), "seen": value(False),
        }
    },
    "recola-style": {"media": media(10), "answers": {"arousal-trace": trace(10, 25), "valence-trace": trace(10, 25), **LIKERT}},
    "sewa-style": {
        "media": media(10),
        "answers": {f"{one}-trace": trace(10, 20) for one in ("valence", "arousal", "liking")} | {"usable": value([{"label": "yes"}])},
    },
    "msp-podcast-style": {
        "answers": {
            "emotion": value({"primary": {"label": "anger"}, "secondary": [{"label": "anger"}, {"label": "frustrated"}, {"label": "other", "text": "weary"}]}),
            "valence": value(2), "arousal": value(6), "dominance": value(7),
        }
    },
    "action-units": {
        "media": media(3),
        "answers": {
            "units": value([
                segment("upper", 0.4, 1.6, "au1", intensity="B", apex_us=900_000), segment("upper", 0.5, 1.5, "au2", intensity="C"),
                segment("lower", 0.5, 2.5, "au12", intensity="D", apex_us=SECOND), segment("visibility", 2.5, 3, "au73"),
            ]),
            "peak": value([{"label": "au1", "intensity": "B"}, {"label": "au12", "intensity": "D", "side": "left"}]),
        }
    },
    "therapy-session": {
        "media": media(3000),
        "answers": {
            "strains": value([segment("ruptures", 100, 220, "withdrawal", intensity=2), segment("repairs", 200, 260, "resolution")]),
            "emotion": value([{"label": "shame"}, {"label": "sadness"}]), "peak-arousal": value(5), "modal-arousal": value(3),
        }
    },
    "text-emotions": {
        "answers": {"emotions": value([{"label": "admiration"}, {"label": "gratitude"}]), "sarcasm": value(True), "sarcasm-words": value("oh great")}
    },
    "physiological-stress": {
        "media": media(1200),
        "answers": {
            "phases": value([segment("phase", 0, 300, "baseline"), segment("phase", 300, 900, "stress"), segment("phase", 900, 1200, "transition")]),
            "valence": value(3), "arousal": value(8), "stress-felt": value(5), "cause": value("The jury."), "grid": value([3, 8]),
        }
    },
    "laughter": {
        "media": media(60),
        "answers": {"laughter": value([segment("target", 1.0, 2.4, "laughter", intensity=3), segment("others", 1.2, 2.0, "posed", intensity=1)])},
    },
}  # fmt: skip
# What to put where into the right answers, and what then is wrong.
WRONG = {
    "call-centre": (("intensity", None), ("missing", "/answers/intensity")),
    "sam-film-clips": (("wheel", value([{"label": "none"}, {"label": "joy", "intensity": 2}])), ("exclusive", "/answers/wheel/value")),
    "recola-style": (("valence-trace", trace(9, 25)), ("coverage", "/answers/valence-trace/value")),
    "sewa-style": (("liking-trace", trace(10, 5)), ("too_sparse", "/answers/liking-trace/value")),
    "msp-podcast-style": (("emotion", value({"primary": {"label": "frustrated"}})), ("not_primary", "/answers/emotion/value/primary")),
    "action-units": (("peak", value([{"label": "au12", "intensity": 4}])), ("unknown_grade", "/answers/peak/value/0/intensity")),
    "therapy-session": (("emotion", value([{"label": "none"}])), ("not_asked", "/answers/peak-arousal")),
    "text-emotions": (("emotions", value([{"label": "neutral"}, {"label": "joy"}])), ("exclusive", "/answers/emotions/value")),
    "physiological-stress": (("phases", value([segment("phase", 0, 1199, "baseline")])), ("gap", "/answers/phases/value")),
    "laughter": (("laughter", value([segment("target", 1, 3, "laughter", intensity=3), segment("target", 2, 4, "posed", intensity=1)])), ("overlap", "/answers/laughter/value/1")),
}  # fmt: skip
EVERY = pytest.mark.parametrize("name", NAMES)


def test_the_gallery_has_the_ten_schemes_and_no_file_besides():
    assert len(NAMES) == 10
    assert set(NAMES) == set(RIGHT) == set(WRONG)
    there = {one.name for one in files("affect.schemes.gallery").iterdir() if one.name.endswith(".json")}
    assert there == {f"{name}.json" for name in NAMES} | {"manifest.json"}
    with pytest.raises(ValueError, match="laughter"):
        text_of("../manifest")


@EVERY
def test_a_scheme_accepts_a_plausible_answer(name):
    assert check(load(name), RIGHT[name]) == []


@EVERY
def test_a_scheme_refuses_a_wrong_answer_and_says_where(name):
    (question, answer), expected = WRONG[name]
    given = copy.deepcopy(RIGHT[name])
    if answer is None:
        del given["answers"][question]
    else:
        given["answers"][question] = answer
    found = [(one.code, one.at) for one in check(load(name), given)]
    assert expected in found
    assert len(found) <= 2


@EVERY
def test_an_empty_answer_set_misses_what_is_due(name):
    found = check(load(name), {"answers": {}})
    assert found
    assert {one.code for one in found} == {"missing"}


@EVERY
def test_a_scheme_tells_source_guideline_and_every_text_in_three_languages(name):
    scheme = load(name)
    assert scheme.source
    assert scheme.languages == LANGUAGES
    assert scheme.guideline
    assert scheme.description
    for at, words in texts(scheme):
        assert set(words) == set(LANGUAGES), at
        for language in LANGUAGES:
            assert words[language] == words[language].strip(), at
            assert ("{target}" in words["en"]) == ("{target}" in words[language]), at
    assert {one.language: one.status for one in scheme.translations} == dict.fromkeys(
        ("de", "es"), "unvalidated translation"
    )


@EVERY
def test_a_scheme_keeps_the_validated_anchors_and_the_terms_of_the_vocabularies(name):
    scheme = load(name)
    assert list(warnings(scheme)) == []
    known = {term.uri: term for one in vocabularies.VOCABULARIES for term in vocabularies.load(one).terms}
    sets = {vocabularies.load(one).uri for one in vocabularies.VOCABULARIES}
    for question in scheme.questions:
        assert not question.uri or question.uri in known or question.uri in sets
        for label in labels_of(question):
            if label.uri:
                assert label.name["en"] == known[label.uri].names["en"]
                assert label.emotion == known[label.uri].token
        if isinstance(question, Scale) and question.look == "manikin":
            assert question.range.minimum == 1
            assert question.range.maximum in (7, 9)


@EVERY
def test_every_label_gets_a_mark_and_the_marked_scheme_is_a_scheme(name):
    scheme = marked(load(name))
    assert all(label.mark for question in scheme.questions for label in labels_of(question))
    assert marked(scheme) == scheme
    assert check(scheme, RIGHT[name]) == []


def test_an_anchor_that_was_changed_is_told():
    text = text_of("sam-film-clips").replace('"activated"', '"excited"', 1)
    (warning,) = warnings(loads(text))
    assert warning.code == "anchor_changed"
    assert warning.at == "/questions/1/range/anchors/1/text/en"
    assert "'activated'" in warning.message
    assert "'excited'" in warning.message


def test_the_manifest_tells_what_the_schemes_say():
    for one in manifest():
        scheme = load(one["name"])
        assert scheme.id == one["name"]
        assert one["title"] == scheme.name
        assert one["about"] == scheme.description
        assert one["source"] == scheme.source
        assert one["questions"] == [question.KIND for question in scheme.questions]
        assert set(one["modalities"]) <= {"audio", "video", "text", "signal"}
        assert one["answered_by"] in {"observers", "participants", "experts"}
