"""Vocabularies of the field. `VOCABULARIES` is the table: id -> dotted name of a module constant.

A further vocabulary is one module (or a constant in one) and one line here.
"""

from importlib import import_module

from affect.vocabularies.terms import Match, Scale, Term, Vocabulary

__all__ = ["VOCABULARIES", "Match", "Scale", "Term", "Vocabulary", "load"]

VOCABULARIES = {
    "ekman-6": "affect.vocabularies.ekman:SIX",
    "ekman-6-neutral": "affect.vocabularies.ekman:SIX_NEUTRAL",
    "ekman-7": "affect.vocabularies.ekman:SEVEN",
    "ekman-7-neutral": "affect.vocabularies.ekman:SEVEN_NEUTRAL",
    "w3c-big6": "affect.vocabularies.w3c:BIG6",
    "sam": "affect.vocabularies.dimensions:SAM",
    "vad": "affect.vocabularies.dimensions:VAD",
}


def load(vocabulary_id: str) -> Vocabulary:
    """The vocabulary of that id.

    >>> load("ekman-6").ids
    ('anger', 'disgust', 'fear', 'happiness', 'sadness', 'surprise')
    """
    if vocabulary_id not in VOCABULARIES:
        raise ValueError(
            f"unknown vocabulary {vocabulary_id!r}; one of {', '.join(VOCABULARIES)} would have been right"
        )
    module, _, constant = VOCABULARIES[vocabulary_id].partition(":")
    return getattr(import_module(module), constant)
