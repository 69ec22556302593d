"""Questions made from the vocabularies, with their labels, URIs and validated anchors, and a document around questions.

For campaigns that are drawn up without a scheme, and for the demonstration. Whatever is made is a form like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from affect import vocabularies
from affect.schemes import Scheme, build
from affect.schemes.model import Axis, Choice, Question, Scale, Trace, Translation
from affect.schemes.rules import texts
from affect.vocabularies.terms import UNVALIDATED

SOURCE = "entered with the scheme"


def choice_from(vocabulary_id: str, *, key: str, prompt: Mapping[str, str], required: bool = True) -> Choice:
    """A question of choice whose labels are the terms of a vocabulary of categories. ValueError when it has none."""
    vocabulary = vocabularies.load(vocabulary_id)
    if vocabulary.kind != "category":
        raise ValueError(f"{vocabulary_id!r} holds dimensions, no categories")
    return Choice(id=key, prompt=dict(prompt), required=required, labels=build.labels_from(vocabulary_id))


def scale_from(
    vocabulary_id: str, dimension: str, *, prompt: Mapping[str, str], key: str = "", kind: str = Scale.KIND,
    required: bool = True,
) -> Scale | Trace:  # fmt: skip
    """A scale (or, with kind="trace", a continuous rating) of a vocabulary's dimension, with its validated anchors.

    ValueError for a term that is no dimension.
    """
    term = vocabularies.load(vocabulary_id)[dimension]
    told = {
        "id": key or dimension,
        "prompt": dict(prompt),
        "required": required,
        "dimension": dimension,
        "uri": term.uri,
    }
    range_ = build.range_from(vocabulary_id, dimension)
    if kind == Trace.KIND:
        return Trace(axes=(build.axis_from(vocabulary_id, dimension),), **told)
    look = "manikin" if vocabulary_id == "sam" else "likert" if range_.step else "slider"
    return Scale(look=look, range=range_, **told)


def axis(name: str, minimum: float = -1.0, maximum: float = 1.0, *, low: str = "low", high: str = "high") -> Axis:
    """An axis in plain English, for what no vocabulary has."""
    return Axis(name={"en": name}, low={"en": low}, high={"en": high}, minimum=minimum, maximum=maximum)


def around(questions: Sequence[Question], *, id: str, name: str) -> Scheme:
    """A scheme of these questions, in the languages that all their texts have; the first is English where it is among them."""
    given = [text for one in questions for _at, text in texts(one)]
    held = set.intersection(*map(set, given)) if given else set()
    languages = tuple(sorted(held, key=lambda one: (one != "en", one))) or ("en",)
    told = [Translation(language=one, source=SOURCE, status=UNVALIDATED) for one in languages[1:]]
    return Scheme(
        id=id,
        name=dict.fromkeys(languages, name),
        languages=languages,
        questions=tuple(questions),
        translations=tuple(told),
    )
