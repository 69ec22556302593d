"""From one vocabulary to another, where someone published how. `CROSSWALKS` is the table: (from, to) -> Crosswalk.

A walk loses something nearly always; each step says how much: exact, close (another word for much the same) or broad (a
wider term). What a walk leaves out has no counterpart and must stay as it is or be dropped by a decision of a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from affect.vocabularies.corpora import AFFECTNET, EKMAN, GOEMOTIONS
from affect.vocabularies.dimensions import SAM, VAD
from affect.vocabularies.ekman import SEVEN, SEVEN_NEUTRAL, SIX, SIX_NEUTRAL
from affect.vocabularies.plutchik import EIGHT, INTENSITIES
from affect.vocabularies.terms import BROAD, CLOSE, CLOSENESS, EXACT, Vocabulary
from affect.vocabularies.w3c import BIG6, FSRE_DIMENSIONS, PAD_DIMENSIONS


@dataclass(frozen=True, slots=True)
class Crosswalk:
    """steps: term of the one -> (term of the other, how close). `source` is the publication it is taken from."""

    start: str
    end: str
    steps: Mapping[str, tuple[str, str]]
    source: str

    def __post_init__(self):
        for _, closeness in self.steps.values():
            if closeness not in CLOSENESS:
                raise ValueError(f"{closeness!r} is not one of {', '.join(CLOSENESS)}")

    def to(self, term_id: str) -> str:
        """The counterpart of a term, "" when it has none."""
        return self.steps[term_id][0] if term_id in self.steps else ""


def _walk(start: Vocabulary, end: Vocabulary, steps: dict[str, tuple[str, str]], source: str) -> Crosswalk:
    for one, (other, _) in steps.items():
        start[one], end[other]  # KeyError where a step leads nowhere
    return Crosswalk(start.id, end.id, MappingProxyType(steps), source)


def _goemotions(end: Vocabulary) -> Crosswalk:
    """The paper's grouping. Its word joy stands for Ekman's happiness."""
    steps = {}
    for group, members in EKMAN.items():
        target = "happiness" if group == "joy" else group
        steps |= {one: (target, EXACT if one in (group, target) else BROAD) for one in members}
    if "neutral" in end.ids:
        steps["neutral"] = ("neutral", EXACT)
    return _walk(GOEMOTIONS, end, steps, GOEMOTIONS.source)


def _same(start: Vocabulary, end: Vocabulary, source: str) -> Crosswalk:
    return _walk(start, end, {one: (one, EXACT) for one in start.ids if one in end.ids}, source)


_SHARED = ("fear", "surprise", "sadness", "disgust", "anger")
_EMOLEX = "Mohammad & Turney, Crowdsourcing a word-emotion association lexicon, Computational Intelligence 29, 2013 (Plutchik's eight hold Ekman's six, and trust and anticipation)"
_ALL = (
    _goemotions(SIX),
    _goemotions(SIX_NEUTRAL),
    _same(AFFECTNET, SEVEN_NEUTRAL, AFFECTNET.source),
    _same(SIX, BIG6, BIG6.source),
    _same(BIG6, SIX, BIG6.source),
    _same(SIX, SEVEN, SEVEN.source),
    _walk(EIGHT, SIX, {"joy": ("happiness", CLOSE)} | {one: (one, CLOSE) for one in _SHARED}, _EMOLEX),
    _walk(
        INTENSITIES,
        EIGHT,
        {
            one: (family, EXACT if one == family else BROAD)
            for family, members in INTENSITIES.grouping("family").groups.items()
            for one in members
        },
        EIGHT.source,
    ),
    _walk(
        VAD,
        PAD_DIMENSIONS,
        {"valence": ("pleasure", CLOSE), "arousal": ("arousal", EXACT), "dominance": ("dominance", EXACT)},
        VAD.source,
    ),
    _walk(
        SAM,
        PAD_DIMENSIONS,
        {"valence": ("pleasure", CLOSE), "arousal": ("arousal", EXACT), "dominance": ("dominance", EXACT)},
        SAM.source,
    ),
    _walk(
        VAD,
        FSRE_DIMENSIONS,
        {"valence": ("valence", EXACT), "arousal": ("arousal", EXACT), "dominance": ("potency", CLOSE)},
        "Fontaine, Scherer, Roesch & Ellsworth, The world of emotions is not two-dimensional, Psychological Science 18, 2007",
    ),
)
CROSSWALKS: Mapping[tuple[str, str], Crosswalk] = MappingProxyType({(one.start, one.end): one for one in _ALL})
