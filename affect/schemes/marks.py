"""Marks by which labels are told apart: eight colours that eyes of every kind keep apart, twelve shapes, and a text.

The eight colours, on a light and on a dark ground, were searched so that the two nearest lie as far apart as can be for
normal sight and for protanopes, deuteranopes and tritanopes, with a contrast of 3 to the ground; tests measure it. More
labels than colours use a colour again with another shape: two labels differ in colour or in shape, and always in the text.
A mark that a label has already is kept, so that a label looks the same in every version.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, replace

from affect.schemes.model import SHAPES, Label, Mark, Question, Scheme, Segments

# (on a light ground, on a dark ground)
COLOURS = (
    ("#772dc7", "#8a45dd"),
    ("#ba894a", "#d19f25"),
    ("#28615f", "#3b7472"),
    ("#a675f0", "#a498fa"),
    ("#7b5a02", "#8c5e1a"),
    ("#5c9592", "#49b19f"),
    ("#291c56", "#bcf8fe"),
    ("#4e091b", "#eeefc1"),
)
# The grounds the contrast is measured against: the interface's surfaces.
LIGHT_GROUND, DARK_GROUND = "#fcfdfd", "#181d1f"
MAX_LABELS = len(COLOURS) * len(SHAPES)


def marked(scheme: Scheme) -> Scheme:
    """The scheme with a mark for every label; those that have one keep it."""
    return replace(scheme, questions=tuple(_question(one, scheme.languages[0]) for one in scheme.questions))


def mark_all(labels: Sequence[Label], language: str) -> tuple[Label, ...]:
    """The labels with marks, texts made of their names in that language. Beyond 96 labels colour and shape come again.

    >>> one = Label(id="joy", name={"en": "joy"})
    >>> two = Label(id="jolly", name={"en": "jolly"})
    >>> [label.mark.text for label in mark_all([one, two], "en")]
    ['Jo', 'Jl']
    """
    given = [label.mark for label in labels if label.mark]
    looks = {(mark.light, mark.shape) for mark in given}
    texts = {mark.text.casefold() for mark in given}
    free = _looks(looks, again=len(labels) > MAX_LABELS)
    told = []
    for label in labels:
        if label.mark is None:
            (light, dark), shape = next(free)
            text = next(one for one in _texts(label, language) if one.casefold() not in texts)
            texts.add(text.casefold())
            label = replace(label, mark=Mark(light=light, dark=dark, shape=shape, text=text))
        told.append(label)
    return tuple(told)


def _question(question: Question, language: str) -> Question:
    if isinstance(question, Segments):
        tiers = tuple(replace(tier, labels=mark_all(tier.labels, language)) for tier in question.tiers)
        return replace(question, tiers=tiers)
    parts = [one.name for one in fields(question) if one.name in ("labels", "centre")]
    if not parts:
        return question
    together = [label for part in parts for label in getattr(question, part)]
    done = iter(mark_all(together, language))
    return replace(question, **{part: tuple(next(done) for _ in getattr(question, part)) for part in parts})


def _looks(taken: set[tuple[str, str]], *, again: bool) -> Iterator[tuple[tuple[str, str], str]]:
    """Colours with shapes, none that is taken: first each colour with a shape of its own, then shifted by one."""
    while True:
        for round_ in range(len(SHAPES)):
            for index, pair in enumerate(COLOURS):
                shape = SHAPES[(index + round_) % len(SHAPES)]
                if (pair[0], shape) not in taken:
                    yield pair, shape
        if not again:
            return
        taken = set()


def _texts(label: Label, language: str) -> Iterable[str]:
    """Short texts for a label, the best first: the number in its id, two letters of its name, a letter and a number."""
    digits = "".join(character for character in label.id if character.isdigit())
    if digits and label.id.endswith(digits) and len(digits) <= 4:
        yield digits
    letters = [one for one in (label.name.get(language) or label.id) if one.isalnum()] or ["?"]
    first = letters[0].upper()
    for other in letters[1:]:
        yield first + other.lower()
    yield first
    for number in range(2, 1000):
        yield f"{first}{number}"
