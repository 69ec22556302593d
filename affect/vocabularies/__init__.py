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
    "plutchik-8": "affect.vocabularies.plutchik:EIGHT",
    "plutchik-24": "affect.vocabularies.plutchik:INTENSITIES",
    "plutchik-dyads": "affect.vocabularies.plutchik:DYADS",
    "gew-20": "affect.vocabularies.gew:GEW",
    "affectnet-8": "affect.vocabularies.corpora:AFFECTNET",
    "goemotions-28": "affect.vocabularies.corpora:GOEMOTIONS",
    "panas-20": "affect.vocabularies.panas:PANAS",
    "facs": "affect.vocabularies.facs:FACS",
    "w3c-big6": "affect.vocabularies.w3c:BIG6",
    "w3c-everyday-categories": "affect.vocabularies.w3c:EVERYDAY",
    "w3c-occ-categories": "affect.vocabularies.w3c:OCC",
    "w3c-fsre-categories": "affect.vocabularies.w3c:FSRE",
    "w3c-frijda-categories": "affect.vocabularies.w3c:FRIJDA",
    "w3c-pad-dimensions": "affect.vocabularies.w3c:PAD_DIMENSIONS",
    "w3c-fsre-dimensions": "affect.vocabularies.w3c:FSRE_DIMENSIONS",
    "w3c-intensity-dimension": "affect.vocabularies.w3c:INTENSITY",
    "w3c-occ-appraisals": "affect.vocabularies.w3c:OCC_APPRAISALS",
    "w3c-scherer-appraisals": "affect.vocabularies.w3c:SCHERER_APPRAISALS",
    "w3c-ema-appraisals": "affect.vocabularies.w3c:EMA_APPRAISALS",
    "w3c-frijda-action-tendencies": "affect.vocabularies.w3c:FRIJDA_TENDENCIES",
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
