"""Parts of schemes made from the vocabularies, with their URIs, marks and anchors, so that nobody types them again."""

from __future__ import annotations

from collections.abc import Iterable

from affect import vocabularies
from affect.schemes.model import Anchor, Axis, Label, Range
from affect.vocabularies.terms import Scale, Term


def labels_from(vocabulary_id: str, ids: Iterable[str] = (), *, on_wheel: bool = False) -> tuple[Label, ...]:
    """A label for each term, or for those named, in the vocabulary's order. KeyError for a term it does not have.

    >>> [label.id for label in labels_from("ekman-6", ["fear", "anger"])]
    ['anger', 'fear']
    """
    vocabulary, wanted = vocabularies.load(vocabulary_id), set(ids)
    for one in wanted:
        vocabulary[one]
    return tuple(
        Label(
            id=term.id, name=dict(term.names), uri=term.uri, emotion=term.token, angle=term.angle if on_wheel else None,
        )
        for term in vocabulary.terms
        if not wanted or term.id in wanted
    )  # fmt: skip


def range_from(vocabulary_id: str, term_id: str, steps: int | None = None) -> Range:
    """The scale of a term with its validated anchors; with `steps`, from 1 to that many points instead of its own.

    >>> range_from("sam", "arousal").anchors[1].text["en"]
    'activated'
    """
    scale = _scaled(vocabulary_id, term_id)[1]
    low, high, count = (1.0, float(steps), steps) if steps else (scale.minimum, scale.maximum, scale.steps)
    anchors = (Anchor(value=low, text=dict(scale.low)), Anchor(value=high, text=dict(scale.high)))
    return Range(minimum=low, maximum=high, step=(high - low) / (count - 1) if count else None, anchors=anchors)


def axis_from(vocabulary_id: str, term_id: str, *, bounded: bool = True) -> Axis:
    """An axis of a grid or a trace, with the range of the term where it is bounded."""
    term, scale = _scaled(vocabulary_id, term_id)
    return Axis(
        name=dict(term.names), low=dict(scale.low), high=dict(scale.high), dimension=term.id, uri=term.uri,
        minimum=scale.minimum if bounded else None, maximum=scale.maximum if bounded else None,
    )  # fmt: skip


def _scaled(vocabulary_id: str, term_id: str) -> tuple[Term, Scale]:
    term = vocabularies.load(vocabulary_id)[term_id]
    if term.scale is None:
        raise ValueError(f"{term_id!r} of {vocabulary_id!r} has no scale")
    return term, term.scale
