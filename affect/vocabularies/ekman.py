"""Ekman's basic emotions: six, seven with contempt, each with or without a neutral option.

Neutral is no emotion of Ekman's; it is offered because raters need a place for "none of these".
"""

from affect.vocabularies.terms import CATEGORY, EXACT, Match, Term, Vocabulary, names, own_uri
from affect.vocabularies.w3c import BIG6_URI, FSRE_CATEGORIES_URI

_SOURCE_SIX = "Ekman, An argument for basic emotions, Cognition and Emotion 6, 1992"
_SOURCE_SEVEN = "Ekman & Friesen, A new pan-cultural facial expression of emotion, Motivation and Emotion 10, 1986"

_WORDS = {
    "anger": (names("anger", "Ärger", "ira"), "anger", BIG6_URI),
    "contempt": (names("contempt", "Verachtung", "desprecio"), "contempt", FSRE_CATEGORIES_URI),
    "disgust": (names("disgust", "Ekel", "asco"), "disgust", BIG6_URI),
    "fear": (names("fear", "Angst", "miedo"), "fear", BIG6_URI),
    "happiness": (names("happiness", "Freude", "alegría"), "joy", BIG6_URI),
    "sadness": (names("sadness", "Trauer", "tristeza"), "sadness", BIG6_URI),
    "surprise": (names("surprise", "Überraschung", "sorpresa"), "surprise", BIG6_URI),
    "neutral": (names("neutral", "neutral", "neutral"), "neutral", ""),
}
_SIX = ("anger", "disgust", "fear", "happiness", "sadness", "surprise")
_SEVEN = ("anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise")


def _vocabulary(vocabulary_id: str, en: str, de: str, es: str, ids: tuple[str, ...], source: str) -> Vocabulary:
    terms = []
    for term_id in ids:
        words, token, elsewhere = _WORDS[term_id]
        matches = (Match(elsewhere, term_id, EXACT),) if elsewhere else ()
        terms.append(Term(term_id, own_uri(vocabulary_id, term_id), words, token, matches=matches))
    return Vocabulary(vocabulary_id, own_uri(vocabulary_id), CATEGORY, names(en, de, es), tuple(terms), source)


SIX = _vocabulary(
    "ekman-6", "Ekman's six emotions", "Ekmans sechs Emotionen", "Seis emociones de Ekman", _SIX, _SOURCE_SIX
)
SIX_NEUTRAL = _vocabulary(
    "ekman-6-neutral",
    "Ekman's six emotions and neutral",
    "Ekmans sechs Emotionen und neutral",
    "Seis emociones de Ekman y neutral",
    (*_SIX, "neutral"),
    _SOURCE_SIX,
)
SEVEN = _vocabulary(
    "ekman-7", "Ekman's seven emotions", "Ekmans sieben Emotionen", "Siete emociones de Ekman", _SEVEN, _SOURCE_SEVEN
)
SEVEN_NEUTRAL = _vocabulary(
    "ekman-7-neutral",
    "Ekman's seven emotions and neutral",
    "Ekmans sieben Emotionen und neutral",
    "Siete emociones de Ekman y neutral",
    (*_SEVEN, "neutral"),
    _SOURCE_SEVEN,
)
