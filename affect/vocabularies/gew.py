"""The twenty emotion families of the Geneva Emotion Wheel, version 3, with the wheel's geometry.

Terms lie evenly on the rim, none on an axis: right is pleasant, up is high control. Five rings grow from the hub outward, and
the hub offers "none" and "other". Words and geometry only: the authors' drawing is theirs, an interface draws its own.
"""

from affect.vocabularies.terms import CATEGORY, Term, Vocabulary, Wheel, names, own_uri
from affect.vocabularies.words import TOKEN_OF, WORDS

# Clockwise from the top; five to a quadrant.
_ORDER = (
    "interest", "amusement", "pride", "joy", "pleasure",
    "contentment", "love", "admiration", "relief", "compassion",
    "sadness", "guilt", "regret", "shame", "disappointment",
    "fear", "disgust", "contempt", "hate", "anger",
)  # fmt: skip
STEP = 360 / len(_ORDER)

GEW = Vocabulary(
    "gew-20",
    own_uri("gew-20"),
    CATEGORY,
    names("Geneva Emotion Wheel", "Genfer Emotionsrad", "Rueda de emociones de Ginebra"),
    tuple(
        Term(one, own_uri("gew-20", one), WORDS[one], TOKEN_OF.get(one, ""), angle=STEP * (at + 0.5))
        for at, one in enumerate(_ORDER)
    ),
    "Scherer, Shuman, Fontaine & Soriano, The GRID meets the wheel, in Components of Emotional Meaning, 2013; "
    "Scherer, What are emotions? And how can they be measured?, Social Science Information 44, 2005",
    licence="The authors' drawing and instructions are not free and not part of this package; ask the Swiss Center for "
    "Affective Sciences before using the instrument commercially.",
    wheel=Wheel(rings=5, horizontal="valence", vertical="control", centre=("none", "other")),
)
