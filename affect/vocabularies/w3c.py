"""The W3C's vocabularies for EmotionML (Working Group Note, 1 April 2014).

The Note gives a URI to each set; a term is named by the pair of set URI and name. A term's own `uri` here joins the two
with a slash, because labels need one string; EmotionML is written from the set URI and the term's id.
"""

from affect.vocabularies.terms import CATEGORY, Term, Vocabulary, names

BASE = "http://www.w3.org/TR/emotion-voc/xml#"
BIG6_URI = BASE + "big6"
FSRE_CATEGORIES_URI = BASE + "fsre-categories"
FSRE_DIMENSIONS_URI = BASE + "fsre-dimensions"
PAD_DIMENSIONS_URI = BASE + "pad-dimensions"

BIG6 = Vocabulary(
    id="w3c-big6",
    uri=BIG6_URI,
    kind=CATEGORY,
    names=names("W3C big six", "W3C Big Six", "W3C big six"),
    terms=(
        Term("anger", f"{BIG6_URI}/anger", names("anger", "Ärger", "ira"), "anger"),
        Term("disgust", f"{BIG6_URI}/disgust", names("disgust", "Ekel", "asco"), "disgust"),
        Term("fear", f"{BIG6_URI}/fear", names("fear", "Angst", "miedo"), "fear"),
        Term("happiness", f"{BIG6_URI}/happiness", names("happiness", "Freude", "alegría"), "joy"),
        Term("sadness", f"{BIG6_URI}/sadness", names("sadness", "Trauer", "tristeza"), "sadness"),
        Term("surprise", f"{BIG6_URI}/surprise", names("surprise", "Überraschung", "sorpresa"), "surprise"),
    ),
    source="Ashimura et al., Vocabularies for EmotionML, W3C Working Group Note, 1 April 2014",
)
