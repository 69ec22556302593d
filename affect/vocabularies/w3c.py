"""The W3C's twelve vocabularies for EmotionML (Working Group Note, 1 April 2014).

The Note gives a URI to each set; a term is named by the pair of set URI and name. A term's own `uri` here joins the two
with a slash, because labels need one string; EmotionML is written from the set URI and the term's id. What is no category
has a value from 0 to 1 there, so these scales run from 0 to 1.
"""

from collections.abc import Mapping

from affect.vocabularies.terms import APPRAISAL, CATEGORY, DIMENSION, TENDENCY, Scale, Term, Vocabulary, names
from affect.vocabularies.words import TOKEN_OF, WORDS, table

BASE = "http://www.w3.org/TR/emotion-voc/xml#"
BIG6_URI = BASE + "big6"
FSRE_CATEGORIES_URI = BASE + "fsre-categories"
FSRE_DIMENSIONS_URI = BASE + "fsre-dimensions"
PAD_DIMENSIONS_URI = BASE + "pad-dimensions"

_NOTE = "Ashimura et al., Vocabularies for EmotionML, W3C Working Group Note, 1 April 2014"

_EVERYDAY = table("""
affectionate | affectionate | liebevoll | afectuoso
afraid | afraid | ängstlich | asustado
amused | amused | amüsiert | divertido
angry | angry | ärgerlich | enfadado
bored | bored | gelangweilt | aburrido
confident | confident | zuversichtlich | seguro de sí
content | content | zufrieden | contento
disappointed | disappointed | enttäuscht | decepcionado
excited | excited | aufgeregt | emocionado
happy | happy | glücklich | feliz
interested | interested | interessiert | interesado
loving | loving | liebend | amoroso
pleased | pleased | erfreut | complacido
relaxed | relaxed | entspannt | relajado
sad | sad | traurig | triste
satisfied | satisfied | befriedigt | satisfecho
worried | worried | besorgt | preocupado
""")
_EVERYDAY_TOKENS = {"afraid": "fear", "angry": "anger", "happy": "joy", "interested": "interest", "sad": "sadness"}
_RATED = table("""
adaptability | adaptability | Anpassungsfähigkeit | adaptabilidad
adjustment-possible | adjustment possible | Anpassung möglich | ajuste posible
agency | agency | Urheberschaft | agencia
agent-nature | caused by nature | von der Natur verursacht | causado por la naturaleza
agent-other | caused by someone else | von anderen verursacht | causado por otra persona
agent-self | caused by oneself | selbst verursacht | causado por uno mismo
agonistic | agonistic | kämpferisch | agonista
appealingness | appealingness | Reiz | atractivo
approach | approach | Annäherung | aproximación
arousal | arousal | Erregung | activación
attending | attending | Zuwendung | atención
avoidance | avoidance | Vermeidung | evitación
being-with | being with | Beisammensein | estar con
blame | blame | Schuldzuweisung | culpabilización
cause-intentional | intentional cause | absichtlich verursacht | causa intencionada
changeability | changeability | Veränderbarkeit | modificabilidad
consonant-with-expectation | consonant with expectation | der Erwartung gemäß | conforme a lo esperado
control | control | Kontrolle | control
controllability | controllability | Kontrollierbarkeit | controlabilidad
deservingness | deservingness | Verdientheit | merecimiento
desirability | desirability | Wünschbarkeit | deseabilidad
desirability-for-other | desirability for the other | Wünschbarkeit für andere | deseabilidad para el otro
dominance | dominance | Dominanz | dominancia
dominating | dominating | Dominieren | dominación
effort | effort | Anstrengung | esfuerzo
ego-involvement | ego involvement | Ich-Beteiligung | implicación del yo
expectation-of-deviation | expectation of deviation | Erwartungsabweichung | desviación de lo esperado
familiarity | familiarity | Vertrautheit | familiaridad
goal-conduciveness | goal conduciveness | Zieldienlichkeit | favorable a los objetivos
intensity | intensity | Intensität | intensidad
interrupting | interrupting | Unterbrechen | interrupción
intrinsic-pleasantness | intrinsic pleasantness | innere Angenehmheit | agrado intrínseco
likelihood | likelihood | Wahrscheinlichkeit | probabilidad
liking | liking | Mögen | agrado
nonattending | nonattending | Nichtbeachtung | desatención
norm-compatibility | compatibility with norms | Vereinbarkeit mit Normen | compatibilidad con las normas
outcome-probability | outcome probability | Wahrscheinlichkeit des Ausgangs | probabilidad del resultado
pleasure | pleasure | Lust | placer
potency | potency | Potenz | potencia
power | power | Macht | poder
praiseworthiness | praiseworthiness | Lobenswürdigkeit | mérito de elogio
predictability | predictability | Vorhersagbarkeit | previsibilidad
rejecting | rejecting | Zurückweisung | rechazo
relevance | relevance | Bedeutsamkeit | relevancia
relevance-person | relevance to the person | Bedeutsamkeit für die Person | relevancia para la persona
relevance-relationship | relevance to relationships | Bedeutsamkeit für Beziehungen | relevancia para las relaciones
relevance-social-order | relevance to the social order | Bedeutsamkeit für die soziale Ordnung | relevancia para el orden social
self-compatibility | compatibility with the self | Vereinbarkeit mit dem Selbst | compatibilidad con el yo
strength-of-identification | strength of identification | Stärke der Identifikation | fuerza de la identificación
submitting | submitting | Unterordnung | sometimiento
suddenness | suddenness | Plötzlichkeit | brusquedad
unexpectedness | unexpectedness | Unerwartetheit | carácter inesperado
unpredictability | unpredictability | Unvorhersagbarkeit | imprevisibilidad
urgency | urgency | Dringlichkeit | urgencia
valence | valence | Valenz | valencia
""")
_ENDS = (names("not at all", "gar nicht", "nada"), names("very much", "sehr stark", "muchísimo"))
# Dimensions with two poles; what has one pole runs from not at all to very much.
_POLES = {
    "pleasure": (names("unpleasant", "unangenehm", "desagradable"), names("pleasant", "angenehm", "agradable")),
    "valence": (names("unpleasant", "unangenehm", "desagradable"), names("pleasant", "angenehm", "agradable")),
    "arousal": (names("passive", "passiv", "pasivo"), names("activated", "aktiviert", "activado")),
    "dominance": (
        names("controlled, submissive", "kontrolliert, unterlegen", "controlado, sumiso"),
        names("in control, dominant", "in Kontrolle, überlegen", "en control, dominante"),
    ),
    "potency": (names("weak", "schwach", "débil"), names("powerful", "mächtig", "poderoso")),
    "unpredictability": (
        names("predictable", "vorhersagbar", "previsible"),
        names("unpredictable", "unvorhersagbar", "imprevisible"),
    ),
}


def _set(set_id: str, kind: str, titles: tuple[str, str, str], terms: tuple[Term, ...]) -> Vocabulary:
    return Vocabulary(f"w3c-{set_id}", BASE + set_id, kind, names(*titles), terms, _NOTE)


def _categories(set_id: str, titles: tuple[str, str, str], ids: str, own: Mapping | None = None) -> Vocabulary:
    words = WORDS | (own or {})
    terms = [Term(one, f"{BASE}{set_id}/{one}", words[one], TOKEN_OF.get(one, "")) for one in ids.split()]
    return _set(set_id, CATEGORY, titles, tuple(terms))


def _rated(set_id: str, kind: str, titles: tuple[str, str, str], ids: str) -> Vocabulary:
    terms = [
        Term(one, f"{BASE}{set_id}/{one}", _RATED[one], scale=Scale(0.0, 1.0, None, *_POLES.get(one, _ENDS)))
        for one in ids.split()
    ]
    return _set(set_id, kind, titles, tuple(terms))


BIG6 = _categories(
    "big6", ("W3C big six", "W3C Big Six", "W3C big six"), "anger disgust fear happiness sadness surprise"
)
EVERYDAY = _set(
    "everyday-categories",
    CATEGORY,
    ("W3C everyday emotions", "W3C Alltagsemotionen", "W3C emociones cotidianas"),
    tuple(
        Term(one, f"{BASE}everyday-categories/{one}", words, _EVERYDAY_TOKENS.get(one, ""))
        for one, words in _EVERYDAY.items()
    ),
)
OCC = _categories(
    "occ-categories",
    ("W3C OCC categories", "W3C OCC-Kategorien", "W3C categorías OCC"),
    "admiration anger disappointment distress fear fears-confirmed gloating gratification gratitude happy-for hate hope"
    " joy love pity pride relief remorse reproach resentment satisfaction shame",
)
FSRE = _categories(
    "fsre-categories",
    ("W3C FSRE categories", "W3C FSRE-Kategorien", "W3C categorías FSRE"),
    "anger anxiety being-hurt compassion contempt contentment despair disappointment disgust fear guilt happiness hate"
    " interest irritation jealousy joy love pleasure pride sadness shame stress surprise",
    {"happiness": names("happiness", "Glück", "felicidad")},
)
FRIJDA = _categories(
    "frijda-categories",
    ("W3C Frijda's categories", "W3C Frijdas Kategorien", "W3C categorías de Frijda"),
    "anger arrogance desire disgust enjoyment fear humility indifference interest resignation shock surprise",
)
PAD_DIMENSIONS = _rated(
    "pad-dimensions", DIMENSION, ("W3C PAD dimensions", "W3C PAD-Dimensionen", "W3C dimensiones PAD"),
    "pleasure arousal dominance",
)  # fmt: skip
FSRE_DIMENSIONS = _rated(
    "fsre-dimensions", DIMENSION, ("W3C FSRE dimensions", "W3C FSRE-Dimensionen", "W3C dimensiones FSRE"),
    "valence potency arousal unpredictability",
)  # fmt: skip
INTENSITY = _rated("intensity-dimension", DIMENSION, ("W3C intensity", "W3C Intensität", "W3C intensidad"), "intensity")
OCC_APPRAISALS = _rated(
    "occ-appraisals",
    APPRAISAL,
    ("W3C OCC appraisals", "W3C OCC-Bewertungen", "W3C evaluaciones OCC"),
    "desirability praiseworthiness appealingness desirability-for-other deservingness liking likelihood effort"
    " strength-of-identification expectation-of-deviation familiarity",
)
SCHERER_APPRAISALS = _rated(
    "scherer-appraisals",
    APPRAISAL,
    ("W3C Scherer's appraisals", "W3C Scherers Bewertungen", "W3C evaluaciones de Scherer"),
    "suddenness familiarity predictability intrinsic-pleasantness relevance-person relevance-relationship"
    " relevance-social-order outcome-probability consonant-with-expectation goal-conduciveness urgency agent-self"
    " agent-other agent-nature cause-intentional control power adjustment-possible norm-compatibility self-compatibility",
)
EMA_APPRAISALS = _rated(
    "ema-appraisals",
    APPRAISAL,
    ("W3C EMA appraisals", "W3C EMA-Bewertungen", "W3C evaluaciones EMA"),
    "relevance desirability agency blame likelihood unexpectedness urgency ego-involvement controllability changeability"
    " power adaptability",
)
FRIJDA_TENDENCIES = _rated(
    "frijda-action-tendencies",
    TENDENCY,
    ("W3C Frijda's action tendencies", "W3C Frijdas Handlungstendenzen", "W3C tendencias de acción de Frijda"),
    "approach avoidance being-with attending rejecting nonattending agonistic interrupting dominating submitting",
)
