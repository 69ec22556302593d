"""Valence, arousal and dominance: on the nine points of the Self-Assessment Manikin, and continuous for traces.

Anchors keep the dimensions apart: arousal runs from passive to activated without pleasant or unpleasant words, which
would turn it into valence. The manikin's figures are under copyright and not part of this package.
"""

from affect.vocabularies.terms import CLOSE, DIMENSION, EXACT, Match, Scale, Term, Vocabulary, names, own_uri
from affect.vocabularies.w3c import FSRE_DIMENSIONS_URI, PAD_DIMENSIONS_URI

# id: name, word at the low end, word at the high end, matches elsewhere
_DIMENSIONS = {
    "valence": (
        names("valence", "Valenz", "valencia"),
        names("unpleasant", "unangenehm", "desagradable"),
        names("pleasant", "angenehm", "agradable"),
        (Match(FSRE_DIMENSIONS_URI, "valence", EXACT), Match(PAD_DIMENSIONS_URI, "pleasure", CLOSE)),
    ),
    "arousal": (
        names("arousal", "Erregung", "activación"),
        names("passive", "passiv", "pasivo"),
        names("activated", "aktiviert", "activado"),
        (Match(FSRE_DIMENSIONS_URI, "arousal", EXACT), Match(PAD_DIMENSIONS_URI, "arousal", EXACT)),
    ),
    "dominance": (
        names("dominance", "Dominanz", "dominancia"),
        names("controlled, submissive", "kontrolliert, unterlegen", "controlado, sumiso"),
        names("in control, dominant", "in Kontrolle, überlegen", "en control, dominante"),
        (Match(PAD_DIMENSIONS_URI, "dominance", EXACT), Match(FSRE_DIMENSIONS_URI, "potency", CLOSE)),
    ),
}


def _terms(vocabulary_id: str, minimum: float, maximum: float, steps: int | None) -> tuple[Term, ...]:
    return tuple(
        Term(
            term_id,
            own_uri(vocabulary_id, term_id),
            words,
            scale=Scale(minimum, maximum, steps, low, high),
            matches=matches,
        )
        for term_id, (words, low, high, matches) in _DIMENSIONS.items()
    )


SAM = Vocabulary(
    id="sam",
    uri=own_uri("sam"),
    kind=DIMENSION,
    names=names("SAM, nine points", "SAM, neun Stufen", "SAM, nueve puntos"),
    terms=_terms("sam", 1, 9, 9),
    source="Bradley & Lang, Measuring emotion, J. Behav. Ther. Exp. Psychiatry 25, 1994",
    licence="The manikin's figures are under copyright and not part of this package; an interface draws its own.",
)
VAD = Vocabulary(
    id="vad",
    uri=own_uri("vad"),
    kind=DIMENSION,
    names=names("Valence, arousal, dominance", "Valenz, Erregung, Dominanz", "Valencia, activación, dominancia"),
    terms=_terms("vad", -1.0, 1.0, None),
    source="Mehrabian & Russell, An Approach to Environmental Psychology, 1974",
)
