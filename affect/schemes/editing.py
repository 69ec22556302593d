"""Editing a scheme step by step: small changes to its plain JSON document, and pointers (RFC 6901) that say where.

A document that is being edited need not be a scheme yet: whoever edits names a question before its labels. So nothing here
reads or judges; `form.read` does. Every function gives a new document and leaves the one it was given alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any

from affect.schemes.fields import MISSING
from affect.schemes.model import QUESTIONS
from affect.vocabularies.dimensions import VAD
from affect.vocabularies.terms import Term, Vocabulary

KINDS: tuple[str, ...] = tuple(one.KIND for one in QUESTIONS)
Document = dict[str, Any]


def steps(at: str) -> list[str]:
    """The members a pointer goes through.

    >>> steps("/questions/0/a~1b")
    ['questions', '0', 'a/b']
    """
    return [one.replace("~1", "/").replace("~0", "~") for one in at.split("/")[1:]]


def value_at(document: Any, at: str, default: Any = None) -> Any:
    """What stands at a place, or the default where nothing does.

    >>> value_at({"questions": [{"id": "mood"}]}, "/questions/0/id")
    'mood'
    """
    for one in steps(at):
        if isinstance(document, dict) and one in document:
            document = document[one]
        elif isinstance(document, list) and one.isdecimal() and int(one) < len(document):
            document = document[int(one)]
        else:
            return default
    return document


def put(document: Any, at: str, value: Any) -> Any:
    """The document with another value at a place; MISSING takes the member away. Objects on the way are made.

    >>> put({"a": 1}, "/b/c", 2)
    {'a': 1, 'b': {'c': 2}}
    """
    made = deepcopy(document)
    *way, last = steps(at)
    place = made
    for one in way:
        place = place[int(one)] if isinstance(place, list) else place.setdefault(one, {})
    if isinstance(place, list):
        if value is MISSING:
            del place[int(last)]
        else:
            place[int(last)] = value
    elif value is MISSING:
        place.pop(last, None)
    else:
        place[last] = value
    return made


def append(document: Any, at: str, value: Any) -> Any:
    """The document with one member more in the list at a place."""
    return put(document, at, [*(value_at(document, at) or []), deepcopy(value)])


def move(document: Any, at: str, by: int) -> Any:
    """The document with the member of a list moved by so many places, as far as the list goes.

    >>> move({"a": [1, 2, 3]}, "/a/2", -1)
    {'a': [1, 3, 2]}
    """
    around, _, place = at.rpartition("/")
    members = list(value_at(document, around) or [])
    if not place.isdecimal() or int(place) >= len(members):
        return deepcopy(document)
    member = members.pop(int(place))
    members.insert(max(0, min(len(members), int(place) + by)), member)
    return put(document, around, members)


def free_id(name: str, taken: Sequence[str], default: str) -> str:
    """An id of a name that none of the others has.

    >>> free_id("Überraschung!", [], "label"), free_id("Joy", ["joy"], "label"), free_id("喜", [], "label")
    ('uberraschung', 'joy-2', 'label')
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    wanted = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:56] or default
    found, n = wanted, 1
    while found in taken:
        n += 1
        found = f"{wanted}-{n}"
    return found


def ids_in(document: Mapping[str, Any], at: str) -> list[str]:
    """The ids of a list's members."""
    return [one.get("id", "") for one in value_at(document, at) or [] if isinstance(one, dict)]


def add_question(document: Document, kind: str, name: str = "") -> tuple[Document, str]:
    """The document with a question of a kind at its end, complete enough to be answered; and the question's id."""
    taken = ids_in(document, "/questions")
    question_id = free_id(name, taken, free_id(kind.replace("_", "-"), taken, kind))
    languages = document.get("languages") or ["en"]
    return append(document, "/questions", blank(kind, question_id, name, languages)), question_id


def add_label(document: Document, at: str, name: str) -> Document:
    """The document with a label of a name in the list of labels at a place."""
    languages = document.get("languages") or ["en"]
    label: dict[str, Any] = {
        "id": free_id(name, _labels_near(document, at), "label"),
        "name": dict.fromkeys(languages, name),
    }
    if steps(at)[-1] == "labels" and "rings" in (value_at(document, at.rpartition("/")[0]) or {}):
        label["angle"] = 0
        return spread(append(document, at, label), at)
    return append(document, at, label)


def add_terms(document: Document, at: str, vocabulary: Vocabulary) -> Document:
    """The document with those terms of a vocabulary as labels that the list at a place does not have yet."""
    languages = document.get("languages") or ["en"]
    uris = {one.get("uri") for one in value_at(document, at) or []}
    for term in vocabulary.terms:
        if term.uri not in uris:
            document = append(document, at, of_term(term, languages, _labels_near(document, at)))
    if "rings" in (value_at(document, at.rpartition("/")[0]) or {}):
        return spread(document, at)
    return document


def of_term(term: Term, languages: Sequence[str], taken: Sequence[str] = ()) -> dict[str, Any]:
    """A label that stands for a term of a vocabulary. A language without a name of its own gets the English one."""
    label: dict[str, Any] = {
        "id": free_id(term.id, taken, "label"),
        "name": {one: term.names.get(one) or term.names["en"] for one in languages},
        "uri": term.uri,
    }
    return label | ({"emotion": term.token} if term.token else {})


def spread(document: Document, at: str) -> Document:
    """The labels of a wheel, set around the hub at equal angles in their order."""
    labels = value_at(document, at) or []
    return put(document, at, [one | {"angle": round(360 * n / len(labels), 4)} for n, one in enumerate(labels)])


def _labels_near(document: Document, at: str) -> list[str]:
    """Ids that a new label must not have: of its own list, and on a wheel of the hub as well."""
    question = at.rpartition("/")[0]
    return [one for name in ("labels", "centre") for one in ids_in(document, f"{question}/{name}")] + ids_in(
        document, at
    )


# complete questions to begin with --------------------------------------------------------------------------------------


def blank(kind: str, question_id: str, name: str, languages: Sequence[str]) -> dict[str, Any]:
    """A question of a kind with the least that makes it one. ValueError for a kind that does not exist."""
    if kind not in _BLANK:
        raise ValueError(f"unknown kind {kind!r}; one of {', '.join(KINDS)} would have been right")

    def words(text: str) -> dict[str, str]:
        return dict.fromkeys(languages, text)

    prompt = words(name or _PROMPTS[kind])
    return {"kind": kind, "id": question_id, "prompt": prompt, **_BLANK[kind](words)}


Say = Callable[[str], dict[str, str]]


def _two(words: Say) -> list[dict[str, Any]]:
    return [{"id": "first", "name": words("first label")}, {"id": "second", "name": words("second label")}]


def _range(words: Say, low: str = "low", high: str = "high", most: int = 9) -> dict[str, Any]:
    anchors = [{"value": 1, "text": words(low)}, {"value": most, "text": words(high)}]
    return {"minimum": 1, "maximum": most, "step": 1, "anchors": anchors}


def _axis(words: Say, dimension: str) -> dict[str, Any]:
    """An axis with the validated anchors of its dimension, in each language that has them."""
    term = VAD[dimension]

    def known(texts: Mapping[str, str]) -> dict[str, str]:
        return {language: texts.get(language) or texts["en"] for language in words("")}

    return {
        "name": known(term.names), "low": known(term.scale.low), "high": known(term.scale.high), "minimum": -1, "maximum": 1,
        "dimension": dimension, "uri": term.uri,
    }  # fmt: skip


_PROMPTS = {
    "choice": "What does {target} appear to express?", "primary_secondary": "Which emotion stands out, and which others are there?",
    "scale": "How pleasant does {target} appear?", "grid": "Where does {target} appear to be?",
    "wheel": "What does {target} appear to express, and how strongly?", "text": "What else do you notice?",
    "yes_no": "Does {target} speak?", "comparison": "Which of these appears more pleasant?",
    "action_units": "Which action units do you see?", "segments": "Where does it begin and end?",
    "trace": "How active does {target} appear while time goes by?",
}  # fmt: skip
_BLANK: dict[str, Callable[[Say], dict[str, Any]]] = {
    "choice": lambda words: {"labels": _two(words)},
    "primary_secondary": lambda words: {"labels": _two(words)},
    "scale": lambda words: {"look": "likert", "range": _range(words, "unpleasant", "pleasant")},
    "grid": lambda words: {
        "x": _axis(words, "valence"), "y": _axis(words, "arousal"),
    },
    "wheel": lambda words: {
        "labels": [
            {"id": name, "name": words(f"{name} label"), "angle": 120 * n} for n, name in enumerate(("first", "second", "third"))
        ],
        "rings": 3,
    },
    "text": lambda words: {"required": False},
    "yes_no": lambda words: {},
    "comparison": lambda words: {"method": "pairwise", "items": 2},
    "action_units": lambda words: {
        "labels": [
            {"id": "au4", "name": words("brow lowerer"), "uri": "urn:x-affect:vocabulary:facs#au4"},
            {"id": "au12", "name": words("lip corner puller"), "uri": "urn:x-affect:vocabulary:facs#au12"},
        ]
    },
    "segments": lambda words: {"tiers": [{"id": "first", "name": words("first tier"), "labels": _two(words)}]},
    "trace": lambda words: {"axes": [_axis(words, "arousal")]},
}  # fmt: skip
