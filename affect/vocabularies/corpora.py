"""The label sets of two corpora that models are often trained on: AffectNet's faces and GoEmotions' comments.

Codes are the numbers the corpora's files use, so that labels can be read from them and written for them.
"""

from types import MappingProxyType

from affect.vocabularies.terms import CATEGORY, EXACT, Grouping, Match, Term, Vocabulary, names, own_uri
from affect.vocabularies.w3c import BIG6_URI
from affect.vocabularies.words import TOKEN_OF, WORDS

_SOURCE_AFFECTNET = "Mollahosseini, Hasani & Mahoor, AffectNet, IEEE Trans. Affective Computing 10, 2019 (online 2017)"
_SOURCE_GOEMOTIONS = "Demszky et al., GoEmotions: A dataset of fine-grained emotions, ACL 2020"

# In the order of AffectNet's numbers. 8 none, 9 uncertain and 10 no face say that there is no label; they are no terms.
_AFFECTNET = ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt")
_BIG6 = frozenset({"happiness", "sadness", "surprise", "fear", "disgust", "anger"})

AFFECTNET = Vocabulary(
    "affectnet-8",
    own_uri("affectnet-8"),
    CATEGORY,
    names("AffectNet's eight expressions", "AffectNets acht Ausdrücke", "Ocho expresiones de AffectNet"),
    tuple(
        Term(
            one, own_uri("affectnet-8", one), WORDS[one], TOKEN_OF[one],
            matches=(Match(BIG6_URI, one, EXACT),) if one in _BIG6 else (), code=str(at),
        )
        for at, one in enumerate(_AFFECTNET)
    ),
    _SOURCE_AFFECTNET,
)  # fmt: skip

# Table 1 of the paper; neutral is in none of the groups.
SENTIMENT = {
    "positive": (
        "admiration", "amusement", "approval", "caring", "desire", "excitement", "gratitude", "joy", "love", "optimism",
        "pride", "relief",
    ),
    "negative": (
        "anger", "annoyance", "disappointment", "disapproval", "disgust", "embarrassment", "fear", "grief",
        "nervousness", "remorse", "sadness",
    ),
    "ambiguous": ("confusion", "curiosity", "realization", "surprise"),
}  # fmt: skip
# The paper's grouping to Ekman's emotions, with its word joy for happiness.
EKMAN = {
    "anger": ("anger", "annoyance", "disapproval"),
    "disgust": ("disgust",),
    "fear": ("fear", "nervousness"),
    "joy": (
        "joy", "amusement", "approval", "excitement", "gratitude", "love", "optimism", "relief", "pride", "admiration",
        "desire", "caring",
    ),
    "sadness": ("sadness", "disappointment", "embarrassment", "grief", "remorse"),
    "surprise": ("surprise", "realization", "confusion", "curiosity"),
}  # fmt: skip
_GOEMOTIONS = (*sorted(one for group in SENTIMENT.values() for one in group), "neutral")

GOEMOTIONS = Vocabulary(
    "goemotions-28",
    own_uri("goemotions-28"),
    CATEGORY,
    names(
        "GoEmotions: 27 emotions and neutral",
        "GoEmotions: 27 Emotionen und neutral",
        "GoEmotions: 27 emociones y neutral",
    ),
    tuple(
        Term(one, own_uri("goemotions-28", one), WORDS[one], TOKEN_OF.get(one, ""), code=str(at))
        for at, one in enumerate(_GOEMOTIONS)
    ),
    _SOURCE_GOEMOTIONS,
    groupings=(
        Grouping("sentiment", MappingProxyType(SENTIMENT), _SOURCE_GOEMOTIONS),
        Grouping("ekman", MappingProxyType(EKMAN), _SOURCE_GOEMOTIONS),
    ),
)
