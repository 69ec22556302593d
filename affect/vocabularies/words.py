"""The emotion words that vocabularies share, each once in English, German and Spanish.

A word is named the same wherever it occurs; a vocabulary that holds two words which one language does not tell apart
gives its own name for one of them.
"""

from affect.vocabularies.terms import names

# Terms that have an emotion mark of their own in the interface; a mark is given for the emotion itself, not for its kin.
TOKEN_OF = {
    "anger": "anger", "calmness": "calm", "contempt": "contempt", "disgust": "disgust", "fear": "fear", "happiness": "joy",
    "interest": "interest", "joy": "joy", "neutral": "neutral", "sadness": "sadness", "surprise": "surprise",
}  # fmt: skip

_LINES = """
acceptance | acceptance | Akzeptanz | aceptación
admiration | admiration | Bewunderung | admiración
aggressiveness | aggressiveness | Aggressivität | agresividad
amazement | amazement | Erstaunen | asombro
amusement | amusement | Belustigung | diversión
anger | anger | Ärger | ira
annoyance | annoyance | Verärgerung | molestia
anticipation | anticipation | Erwartung | anticipación
anxiety | anxiety | Ängstlichkeit | ansiedad
apprehension | apprehension | Besorgnis | aprensión
approval | approval | Zustimmung | aprobación
arrogance | arrogance | Arroganz | arrogancia
awe | awe | Ehrfurcht | sobrecogimiento
being-hurt | being hurt | Gekränktsein | sentirse herido
boredom | boredom | Langeweile | aburrimiento
caring | caring | Fürsorge | cariño
compassion | compassion | Mitgefühl | compasión
confusion | confusion | Verwirrung | confusión
contempt | contempt | Verachtung | desprecio
contentment | contentment | Zufriedenheit | satisfacción serena
curiosity | curiosity | Neugier | curiosidad
desire | desire | Verlangen | deseo
despair | despair | Verzweiflung | desesperación
disappointment | disappointment | Enttäuschung | decepción
disapproval | disapproval | Missbilligung | desaprobación
disgust | disgust | Ekel | asco
distraction | distraction | Ablenkung | distracción
distress | distress | Kummer | aflicción
ecstasy | ecstasy | Ekstase | éxtasis
embarrassment | embarrassment | Verlegenheit | vergüenza social
enjoyment | enjoyment | Genuss | disfrute
excitement | excitement | Begeisterung | entusiasmo
fear | fear | Angst | miedo
fears-confirmed | fears confirmed | bestätigte Befürchtung | temores confirmados
gloating | gloating | Schadenfreude | regodeo
gratification | gratification | Genugtuung | gratificación
gratitude | gratitude | Dankbarkeit | gratitud
grief | grief | tiefe Trauer | duelo
guilt | guilt | Schuldgefühl | culpa
happiness | happiness | Freude | alegría
happy-for | happy for someone | Mitfreude | alegría por otro
hate | hate | Hass | odio
hope | hope | Hoffnung | esperanza
humility | humility | Demut | humildad
indifference | indifference | Gleichgültigkeit | indiferencia
interest | interest | Interesse | interés
irritation | irritation | Gereiztheit | irritación
jealousy | jealousy | Eifersucht | celos
joy | joy | Freude | alegría
loathing | loathing | Abscheu | aversión
love | love | Liebe | amor
nervousness | nervousness | Nervosität | nerviosismo
neutral | neutral | neutral | neutral
optimism | optimism | Optimismus | optimismo
pensiveness | pensiveness | Nachdenklichkeit | melancolía
pity | pity | Mitleid | lástima
pleasure | pleasure | Vergnügen | placer
pride | pride | Stolz | orgullo
rage | rage | Wut | furia
realization | realization | Erkenntnis | comprensión
regret | regret | Bedauern | pesar
relief | relief | Erleichterung | alivio
remorse | remorse | Reue | remordimiento
reproach | reproach | Vorwurf | reproche
resentment | resentment | Groll | resentimiento
resignation | resignation | Resignation | resignación
sadness | sadness | Trauer | tristeza
satisfaction | satisfaction | Befriedigung | satisfacción
serenity | serenity | Gelassenheit | serenidad
shame | shame | Scham | vergüenza
shock | shock | Schock | conmoción
stress | stress | Stress | estrés
submission | submission | Unterwerfung | sumisión
surprise | surprise | Überraschung | sorpresa
terror | terror | Entsetzen | terror
trust | trust | Vertrauen | confianza
vigilance | vigilance | Wachsamkeit | vigilancia
"""


def table(lines: str) -> dict:
    """Names by id, from lines "id | English | German | Spanish".

    >>> table("fear | fear | Angst | miedo")["fear"]["es"]
    'miedo'
    """
    found = {}
    for line in filter(None, map(str.strip, lines.splitlines())):
        term_id, en, de, es = (cell.strip() for cell in line.split("|"))
        if term_id in found:
            raise ValueError(f"{term_id} stands twice")
        found[term_id] = names(en, de, es)
    return found


WORDS = table(_LINES)
