"""What a vocabulary is made of: terms with ids, names by language, URIs and, for dimensions, a scale with its anchors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

LANGUAGES = ("en", "de", "es")

# The emotion marks of the interface; each has a hue, a shape and a word.
TOKENS = frozenset(
    {"joy", "interest", "surprise", "anger", "disgust", "contempt", "fear", "sadness", "calm", "neutral"}
)

# Categories are chosen; dimensions, appraisals, action tendencies and items of questionnaires are rated on a scale; action
# units are found or not, with an intensity.
CATEGORY, DIMENSION, APPRAISAL, TENDENCY, ITEM, ACTION_UNIT = KINDS = (
    "category", "dimension", "appraisal", "action-tendency", "item", "action-unit",
)  # fmt: skip
RATED = frozenset({DIMENSION, APPRAISAL, TENDENCY, ITEM})
EXACT, CLOSE, BROAD = CLOSENESS = ("exact", "close", "broad")
ORIGINAL, VALIDATED, UNVALIDATED = STATUSES = ("original", "validated translation", "unvalidated translation")


def names(en: str, de: str, es: str) -> Mapping[str, str]:
    """A text in the languages that ship, read-only.

    >>> names("anger", "Ärger", "ira")["de"]
    'Ärger'
    """
    return MappingProxyType({"en": en, "de": de, "es": es})


@dataclass(frozen=True, slots=True)
class Translation:
    """Where a language's words come from, and whether they were validated as an instrument in that language."""

    source: str
    status: str

    def __post_init__(self):
        if self.status not in STATUSES:
            raise ValueError(f"{self.status!r} is not one of {', '.join(STATUSES)}")


_OWN = Translation("translated for this package", UNVALIDATED)


def translated(**known: Translation) -> Mapping[str, Translation]:
    """Where the words of each language come from: English from the source, others from this package unless told.

    >>> translated()["de"].status
    'unvalidated translation'
    """
    return MappingProxyType({"en": Translation("the source", ORIGINAL), "de": _OWN, "es": _OWN} | known)


@dataclass(frozen=True, slots=True)
class Grouping:
    """A published way to put a vocabulary's terms into groups: group -> term ids, in the source's order."""

    id: str
    groups: Mapping[str, tuple[str, ...]]
    source: str

    def group_of(self, term_id: str) -> str:
        """The group a term is in, "" when the source leaves it out."""
        return next((group for group, members in self.groups.items() if term_id in members), "")


@dataclass(frozen=True, slots=True)
class Wheel:
    """How terms with an `angle` lie on a wheel: intensity rings from the centre out, what right and up mean.

    horizontal and vertical name dimensions, or are "" where the source gives the directions no meaning. centre holds
    the ids of what the hub offers besides the terms.
    """

    rings: int
    horizontal: str = ""
    vertical: str = ""
    centre: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """The same or a like term elsewhere: the set's URI, the name in that set, and how close it is."""

    uri: str
    name: str
    closeness: str

    def __post_init__(self):
        if self.closeness not in CLOSENESS:
            raise ValueError(f"{self.closeness!r} is not one of {', '.join(CLOSENESS)}")


@dataclass(frozen=True, slots=True)
class Scale:
    """The range of a dimension and the words at its ends. `steps` is None for a continuous scale.

    low and high are maps by language; `centre` is the value of the middle.
    """

    minimum: float
    maximum: float
    steps: int | None
    low: Mapping[str, str]
    high: Mapping[str, str]

    @property
    def centre(self) -> float:
        return (self.minimum + self.maximum) / 2

    def to_unit(self, value: float) -> float:
        """A value of this scale on -1..1; for nine points (x - 5) / 4.

        >>> Scale(1, 9, 9, names("a", "a", "a"), names("b", "b", "b")).to_unit(7)
        0.5
        """
        return (value - self.centre) / (self.maximum - self.centre)


@dataclass(frozen=True, slots=True)
class Term:
    """One term. `id` survives renaming; `uri` is unique; `token` names its emotion mark, or is "" where none fits.

    code is the number or letter its source gives it; angle its place on a wheel, in degrees clockwise from the top;
    parts are the terms it is made of (a dyad's two).
    """

    id: str
    uri: str
    names: Mapping[str, str]
    token: str = ""
    scale: Scale | None = None
    matches: tuple[Match, ...] = ()
    code: str = ""
    angle: float | None = None
    parts: tuple[str, ...] = ()

    def __post_init__(self):
        if self.token and self.token not in TOKENS:
            raise ValueError(f"{self.token!r} is no emotion mark; {', '.join(sorted(TOKENS))} are")

    @property
    def place(self) -> tuple[float, float]:
        """Where the term lies on the wheel's rim, as (right, up) on the unit circle. ValueError when it has no angle.

        >>> Term("pride", "urn:x", names("pride", "Stolz", "orgullo"), angle=90.0).place
        (1.0, 0.0)
        """
        if self.angle is None:
            raise ValueError(f"{self.id} has no place on a wheel")
        turn = math.radians(self.angle)
        return round(math.sin(turn), 12) + 0.0, round(math.cos(turn), 12) + 0.0

    def name(self, language: str) -> str:
        """The name in that language ("de", "de-AT"), in English when there is none.

        >>> Term("fear", "urn:x", names("fear", "Angst", "miedo")).name("de-AT")
        'Angst'
        """
        return self.names.get(language.partition("-")[0].lower(), self.names["en"])


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A set of terms in their usual order. `source` is the publication it is taken from.

    licence tells what the source says about use, "" where nothing is known to bind; translations tells for each
    language where its words come from.
    """

    id: str
    uri: str
    kind: str
    names: Mapping[str, str]
    terms: tuple[Term, ...]
    source: str
    licence: str = ""
    groupings: tuple[Grouping, ...] = ()
    wheel: Wheel | None = None
    translations: Mapping[str, Translation] = field(default_factory=translated)

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind!r} is not one of {', '.join(KINDS)}")
        if len({term.id for term in self.terms}) != len(self.terms):
            raise ValueError(f"vocabulary {self.id} has two terms of one id")
        known = set(self.ids)
        for grouping in self.groupings:
            lost = [one for members in grouping.groups.values() for one in members if one not in known]
            if lost:
                raise ValueError(f"grouping {grouping.id} of {self.id} names {', '.join(lost)}, which it does not have")

    def __getitem__(self, term_id: str) -> Term:
        for term in self.terms:
            if term.id == term_id:
                return term
        raise KeyError(term_id)

    def __len__(self) -> int:
        return len(self.terms)

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(term.id for term in self.terms)

    def grouping(self, grouping_id: str) -> Grouping:
        for one in self.groupings:
            if one.id == grouping_id:
                return one
        raise KeyError(grouping_id)


def own_uri(vocabulary_id: str, term_id: str = "") -> str:
    """The name this package gives to a vocabulary, or to a term of it, where its authors published no URI.

    >>> own_uri("ekman-6", "anger")
    'urn:x-affect:vocabulary:ekman-6#anger'
    """
    return f"urn:x-affect:vocabulary:{vocabulary_id}" + (f"#{term_id}" if term_id else "")
