"""Plutchik's eight primary emotions, their three intensities, and the primary dyads that neighbours make.

On the wheel, neighbours are alike and opposites (joy and sadness, trust and disgust, fear and anger, surprise and
anticipation) face each other. Its directions mean nothing by themselves: it is a circle of likeness, not a plane.
"""

from types import MappingProxyType

from affect.vocabularies.terms import CATEGORY, CLOSE, Grouping, Match, Term, Vocabulary, Wheel, names, own_uri
from affect.vocabularies.w3c import BIG6_URI
from affect.vocabularies.words import TOKEN_OF, WORDS

_SOURCE = (
    "Plutchik, A general psychoevolutionary theory of emotion, in Emotion: Theory, Research, and Experience 1, 1980"
)
_SOURCE_DYADS = "Plutchik, The nature of emotions, American Scientist 89, 2001"

# The primary emotion and its strong and weak form, clockwise.
_FAMILIES = {
    "joy": ("ecstasy", "joy", "serenity"),
    "trust": ("admiration", "trust", "acceptance"),
    "fear": ("terror", "fear", "apprehension"),
    "surprise": ("amazement", "surprise", "distraction"),
    "sadness": ("grief", "sadness", "pensiveness"),
    "disgust": ("loathing", "disgust", "boredom"),
    "anger": ("rage", "anger", "annoyance"),
    "anticipation": ("vigilance", "anticipation", "interest"),
}
_DYADS = {
    "love": ("joy", "trust"),
    "submission": ("trust", "fear"),
    "awe": ("fear", "surprise"),
    "disapproval": ("surprise", "sadness"),
    "remorse": ("sadness", "disgust"),
    "contempt": ("disgust", "anger"),
    "aggressiveness": ("anger", "anticipation"),
    "optimism": ("anticipation", "joy"),
}
_BIG6 = {
    "joy": "happiness",
    "fear": "fear",
    "surprise": "surprise",
    "sadness": "sadness",
    "disgust": "disgust",
    "anger": "anger",
}


def _term(vocabulary_id: str, term_id: str, angle: float | None = None, parts: tuple[str, ...] = ()) -> Term:
    matches = (Match(BIG6_URI, _BIG6[term_id], CLOSE),) if term_id in _BIG6 else ()
    return Term(
        term_id, own_uri(vocabulary_id, term_id), WORDS[term_id], TOKEN_OF.get(term_id, ""),
        matches=matches, angle=angle, parts=parts,
    )  # fmt: skip


EIGHT = Vocabulary(
    "plutchik-8",
    own_uri("plutchik-8"),
    CATEGORY,
    names("Plutchik's eight emotions", "Plutchiks acht Emotionen", "Ocho emociones de Plutchik"),
    tuple(_term("plutchik-8", one, 45.0 * at) for at, one in enumerate(_FAMILIES)),
    _SOURCE,
    wheel=Wheel(rings=3),
)
INTENSITIES = Vocabulary(
    "plutchik-24",
    own_uri("plutchik-24"),
    CATEGORY,
    names(
        "Plutchik's eight emotions in three intensities",
        "Plutchiks acht Emotionen in drei Stärken",
        "Ocho emociones de Plutchik en tres intensidades",
    ),
    tuple(_term("plutchik-24", one, 45.0 * at) for at, family in enumerate(_FAMILIES.values()) for one in family),
    _SOURCE,
    groupings=(
        Grouping("family", MappingProxyType(_FAMILIES), _SOURCE),
        Grouping(
            "intensity",
            MappingProxyType(
                {
                    level: tuple(family[at] for family in _FAMILIES.values())
                    for at, level in enumerate(("high", "middle", "low"))
                }
            ),
            _SOURCE,
        ),
    ),
    wheel=Wheel(rings=3),
)
DYADS = Vocabulary(
    "plutchik-dyads",
    own_uri("plutchik-dyads"),
    CATEGORY,
    names("Plutchik's primary dyads", "Plutchiks primäre Dyaden", "Díadas primarias de Plutchik"),
    tuple(_term("plutchik-dyads", one, 45.0 * at + 22.5, parts) for at, (one, parts) in enumerate(_DYADS.items())),
    _SOURCE_DYADS,
    wheel=Wheel(rings=1),
)
