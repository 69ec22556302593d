"""PANAS: twenty words for positive and negative affect, each rated from 1 to 5, in the questionnaire's order.

A score is the sum of ten words, so 10 to 50; the time frame that was asked about (this moment, today, the past week…)
belongs to the result, because the two differ in what they measure.
"""

from collections.abc import Mapping
from types import MappingProxyType

from affect.vocabularies.terms import (
    ITEM,
    VALIDATED,
    Grouping,
    Scale,
    Term,
    Translation,
    Vocabulary,
    names,
    own_uri,
    translated,
)
from affect.vocabularies.words import table

_SOURCE = "Watson, Clark & Tellegen, Development and validation of brief measures of positive and negative affect, J. Personality and Social Psychology 54, 1988"
_ITEMS = table("""
interested | interested | interessiert | interesado
distressed | distressed | bekümmert | angustiado
excited | excited | freudig erregt | ilusionado
upset | upset | verärgert | disgustado
strong | strong | stark | fuerte
guilty | guilty | schuldig | culpable
scared | scared | erschrocken | asustado
hostile | hostile | feindselig | hostil
enthusiastic | enthusiastic | begeistert | entusiasmado
proud | proud | stolz | orgulloso
irritable | irritable | gereizt | irritable
alert | alert | wach | despierto
ashamed | ashamed | beschämt | avergonzado
inspired | inspired | angeregt | inspirado
nervous | nervous | nervös | nervioso
determined | determined | entschlossen | decidido
attentive | attentive | aufmerksam | atento
jittery | jittery | durcheinander | inquieto
active | active | aktiv | activo
afraid | afraid | ängstlich | temeroso
""")
_POSITIVE = (1, 3, 5, 9, 10, 12, 14, 16, 17, 19)
_ORDER = tuple(_ITEMS)

# What the five points say.
ANCHORS: Mapping[int, Mapping[str, str]] = MappingProxyType(
    {
        1: names("very slightly or not at all", "gar nicht", "muy poco o nada"),
        2: names("a little", "ein bisschen", "un poco"),
        3: names("moderately", "einigermaßen", "moderadamente"),
        4: names("quite a bit", "erheblich", "bastante"),
        5: names("extremely", "äußerst", "extremadamente"),
    }
)
TIME_FRAMES = ("moment", "today", "past few days", "week", "past few weeks", "year", "general")
_SCALE = Scale(1, 5, 5, ANCHORS[1], ANCHORS[5])

PANAS = Vocabulary(
    "panas-20",
    own_uri("panas-20"),
    ITEM,
    names("PANAS, twenty items", "PANAS, zwanzig Items", "PANAS, veinte ítems"),
    tuple(
        Term(one, own_uri("panas-20", one), words, scale=_SCALE, code=str(at))
        for at, (one, words) in enumerate(_ITEMS.items(), 1)
    ),
    _SOURCE,
    licence="Copyright 1988 by the American Psychological Association: cite the source; whoever uses it beyond their own "
    "research, or commercially, asks the Association for permission first.",
    groupings=(
        Grouping(
            "affect",
            MappingProxyType(
                {
                    "positive": tuple(_ORDER[at - 1] for at in _POSITIVE),
                    "negative": tuple(one for at, one in enumerate(_ORDER, 1) if at not in _POSITIVE),
                }
            ),
            _SOURCE,
        ),
    ),
    translations=translated(
        de=Translation(
            "Krohne, Egloff, Kohlmann & Tausch, Diagnostica 42, 1996 (also Breyer & Bluemke, ZIS 242, 2016)", VALIDATED
        )
    ),
)


def scores(ratings: Mapping[str, int]) -> dict[str, int]:
    """Positive and negative affect, each the sum of its ten items. ValueError when one is missing or not 1 to 5.

    >>> scores(dict.fromkeys(PANAS.ids, 1) | {"interested": 5, "afraid": 2})
    {'positive': 14, 'negative': 11}
    """
    for one in PANAS.ids:
        if ratings.get(one) not in (1, 2, 3, 4, 5):
            raise ValueError(f"{one} needs a rating from 1 to 5, not {ratings.get(one)!r}")
    return {group: sum(ratings[one] for one in members) for group, members in PANAS.grouping("affect").groups.items()}
