"""What a vocabulary is made of: terms with ids, names by language, URIs and, for dimensions, a scale with its anchors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

LANGUAGES = ("en", "de", "es")

# The emotion marks of the interface; each has a hue, a shape and a word.
TOKENS = frozenset(
    {"joy", "interest", "surprise", "anger", "disgust", "contempt", "fear", "sadness", "calm", "neutral"}
)

CATEGORY, DIMENSION = KINDS = ("category", "dimension")
EXACT, CLOSE, BROAD = CLOSENESS = ("exact", "close", "broad")


def names(en: str, de: str, es: str) -> Mapping[str, str]:
    """A text in the languages that ship, read-only.

    >>> names("anger", "Ärger", "ira")["de"]
    'Ärger'
    """
    return MappingProxyType({"en": en, "de": de, "es": es})


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
    """One term. `id` survives renaming; `uri` is unique; `token` names its emotion mark, or is "" where none fits."""

    id: str
    uri: str
    names: Mapping[str, str]
    token: str = ""
    scale: Scale | None = None
    matches: tuple[Match, ...] = ()

    def __post_init__(self):
        if self.token and self.token not in TOKENS:
            raise ValueError(f"{self.token!r} is no emotion mark; {', '.join(sorted(TOKENS))} are")

    def name(self, language: str) -> str:
        """The name in that language ("de", "de-AT"), in English when there is none.

        >>> Term("fear", "urn:x", names("fear", "Angst", "miedo")).name("de-AT")
        'Angst'
        """
        return self.names.get(language.partition("-")[0].lower(), self.names["en"])


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A set of terms in their usual order. `source` is the publication it is taken from."""

    id: str
    uri: str
    kind: str
    names: Mapping[str, str]
    terms: tuple[Term, ...]
    source: str

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind!r} is not one of {', '.join(KINDS)}")
        if len({term.id for term in self.terms}) != len(self.terms):
            raise ValueError(f"vocabulary {self.id} has two terms of one id")

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


def own_uri(vocabulary_id: str, term_id: str = "") -> str:
    """The name this package gives to a vocabulary, or to a term of it, where its authors published no URI.

    >>> own_uri("ekman-6", "anger")
    'urn:x-affect:vocabulary:ekman-6#anger'
    """
    return f"urn:x-affect:vocabulary:{vocabulary_id}" + (f"#{term_id}" if term_id else "")
