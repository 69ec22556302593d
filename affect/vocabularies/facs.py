"""The action units of the Facial Action Coding System (2002): numbers, names and the five letters of intensity.

Numbers and names only; what a unit looks like is told in the manual, which is under copyright, and coders are certified.
"""

from collections.abc import Mapping
from types import MappingProxyType

from affect.vocabularies.terms import ACTION_UNIT, Grouping, Term, Vocabulary, names, own_uri

_SOURCE = "Ekman, Friesen & Hager, Facial Action Coding System: the manual on CD-ROM, 2002"

# Letter -> what it says; a unit that is absent has none.
INTENSITIES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "A": names("trace", "Spur", "traza"),
        "B": names("slight", "leicht", "leve"),
        "C": names("marked or pronounced", "deutlich oder ausgeprägt", "marcada o pronunciada"),
        "D": names("severe or extreme", "stark oder extrem", "severa o extrema"),
        "E": names("maximum", "maximal", "máxima"),
    }
)

_UNITS = {
    "upper face": """
1 | inner brow raiser | innere Augenbraue heben | elevar el interior de las cejas
2 | outer brow raiser | äußere Augenbraue heben | elevar el exterior de las cejas
4 | brow lowerer | Augenbrauen senken | bajar las cejas
5 | upper lid raiser | Oberlid heben | elevar el párpado superior
6 | cheek raiser | Wangen heben | elevar las mejillas
7 | lid tightener | Lider anspannen | tensar los párpados
43 | eye closure | Augen schließen | cerrar los ojos
45 | blink | Blinzeln | parpadeo
46 | wink | Zwinkern | guiño
""",
    "lower face": """
9 | nose wrinkler | Nase rümpfen | arrugar la nariz
10 | upper lip raiser | Oberlippe heben | elevar el labio superior
11 | nasolabial furrow deepener | Nasolabialfurche vertiefen | profundizar el surco nasolabial
12 | lip corner puller | Mundwinkel hochziehen | estirar las comisuras hacia arriba
13 | sharp lip puller | Mundwinkel scharf hochziehen | estirar las comisuras en punta
14 | dimpler | Grübchen bilden | formar hoyuelos
15 | lip corner depressor | Mundwinkel senken | bajar las comisuras
16 | lower lip depressor | Unterlippe senken | bajar el labio inferior
17 | chin raiser | Kinn heben | elevar el mentón
18 | lip pucker | Lippen spitzen | fruncir los labios
20 | lip stretcher | Lippen dehnen | estirar los labios
22 | lip funneler | Lippen trichtern | labios en embudo
23 | lip tightener | Lippen spannen | tensar los labios
24 | lip presser | Lippen pressen | presionar los labios
28 | lips suck | Lippen einsaugen | succionar los labios
""",
    "lips parting and jaw": """
25 | lips part | Lippen öffnen | separar los labios
26 | jaw drop | Kiefer fallen lassen | dejar caer la mandíbula
27 | mouth stretch | Mund aufreißen | abrir mucho la boca
""",
    "miscellaneous": """
0 | neutral face | neutrales Gesicht | rostro neutral
8 | lips toward each other | Lippen zueinander | labios uno hacia otro
19 | tongue show | Zunge zeigen | mostrar la lengua
21 | neck tightener | Hals spannen | tensar el cuello
29 | jaw thrust | Kiefer vorschieben | adelantar la mandíbula
30 | jaw sideways | Kiefer seitwärts | mandíbula hacia un lado
31 | jaw clencher | Kiefer zusammenpressen | apretar la mandíbula
32 | bite | auf die Lippe beißen | morderse el labio
33 | blow | Blasen | soplar
34 | puff | Backen aufblasen | inflar las mejillas
35 | suck | Backen einsaugen | succionar las mejillas
36 | bulge | Zunge wölbt Wange | abultar con la lengua
37 | lip wipe | Lippen ablecken | limpiarse los labios
38 | nostril dilator | Nasenflügel weiten | dilatar las fosas nasales
39 | nostril compressor | Nasenflügel verengen | comprimir las fosas nasales
""",
    "head": """
51 | head turn left | Kopf nach links drehen | girar la cabeza a la izquierda
52 | head turn right | Kopf nach rechts drehen | girar la cabeza a la derecha
53 | head up | Kopf hoch | cabeza arriba
54 | head down | Kopf runter | cabeza abajo
55 | head tilt left | Kopf nach links neigen | inclinar la cabeza a la izquierda
56 | head tilt right | Kopf nach rechts neigen | inclinar la cabeza a la derecha
57 | head forward | Kopf vor | cabeza adelante
58 | head back | Kopf zurück | cabeza atrás
""",
    "eyes": """
61 | eyes left | Augen links | ojos a la izquierda
62 | eyes right | Augen rechts | ojos a la derecha
63 | eyes up | Augen hoch | ojos arriba
64 | eyes down | Augen runter | ojos abajo
65 | walleye | Augen auswärts | ojos divergentes
66 | crosseye | Augen einwärts | ojos bizcos
68 | eyes roll | Augen rollen | ojos en blanco
69 | look toward | zu jemandem blicken | mirar hacia alguien
""",
    "visibility": """
70 | brows not visible | Brauen nicht sichtbar | cejas no visibles
71 | eyes not visible | Augen nicht sichtbar | ojos no visibles
72 | lower face not visible | untere Gesichtshälfte nicht sichtbar | parte inferior no visible
73 | entire face not visible | ganzes Gesicht nicht sichtbar | rostro entero no visible
74 | unscorable | nicht kodierbar | no codificable
""",
    "gross behaviour": """
40 | sniff | Schniefen | sorber por la nariz
50 | speech | Sprechen | habla
80 | swallow | Schlucken | tragar
81 | chewing | Kauen | masticar
82 | shoulder shrug | Schulterzucken | encogerse de hombros
83 | head up and turned or tilted | Kopf hoch und gedreht oder geneigt | cabeza arriba y girada o inclinada
84 | head shake | Kopfschütteln | negar con la cabeza
85 | head nod | Nicken | asentir
91 | flash | kurzes Aufblitzen | destello
92 | partial flash | teilweises Aufblitzen | destello parcial
""",
}
# Action descriptors: told apart in the manual because their muscles are not known as exactly.
_DESCRIPTORS = frozenset({19, 29, 30, 32, 33, 34, 35, 36, 37})


def _terms() -> dict[str, tuple[Term, ...]]:
    found = {}
    for group, lines in _UNITS.items():
        terms = []
        for line in lines.strip().splitlines():
            number, en, de, es = (cell.strip() for cell in line.split("|"))
            term_id = ("ad" if int(number) in _DESCRIPTORS else "au") + number
            terms.append(Term(term_id, own_uri("facs", term_id), names(en, de, es), code=number))
        found[group] = tuple(terms)
    return found


_BY_GROUP = _terms()
FACS = Vocabulary(
    "facs",
    own_uri("facs"),
    ACTION_UNIT,
    names("FACS action units", "FACS-Action-Units", "Unidades de acción FACS"),
    tuple(sorted((term for terms in _BY_GROUP.values() for term in terms), key=lambda term: int(term.code))),
    _SOURCE,
    licence="The manual is under copyright and not part of this package: numbers and names only. Coding needs its training.",
    groupings=(
        Grouping(
            "region",
            MappingProxyType({group: tuple(term.id for term in terms) for group, terms in _BY_GROUP.items()}),
            _SOURCE,
        ),
    ),
)
