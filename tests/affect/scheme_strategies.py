"""Scheme documents for hypothesis: of the right form, drawn from the fields themselves, and spoiled in one place."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

from hypothesis import strategies as st

from affect.schemes import conditions, fields, form, model

PLAIN = st.characters(codec="utf-8", exclude_characters="\x00")


def documents() -> st.SearchStrategy[dict[str, Any]]:
    """Documents of the right form; whether they fit together is another matter."""
    return value_of(form._SCHEME, depth=0)


def value_of(spec: Any, depth: int) -> st.SearchStrategy[Any]:
    if isinstance(spec, fields.Text):
        if spec.pattern:
            return st.from_regex(spec.pattern, fullmatch=True, alphabet=st.characters(codec="ascii")).filter(
                lambda text: spec.minimum <= len(text) <= spec.maximum
            )
        return st.text(PLAIN, min_size=spec.minimum, max_size=min(spec.maximum, spec.minimum + 6))
    if isinstance(spec, fields.Option):
        return st.sampled_from(spec.options)
    if isinstance(spec, fields.Truth):
        return st.booleans()
    if isinstance(spec, fields.Number):
        if spec.whole:
            return st.integers(int(spec.minimum), int(spec.maximum))
        return st.floats(spec.minimum, spec.maximum, allow_nan=False)
    if isinstance(spec, fields.Words):
        return st.dictionaries(
            st.sampled_from(["en", "de", "es", "zh-Hant"]), st.text(PLAIN, min_size=1, max_size=8), min_size=1
        )
    if isinstance(spec, fields.ListOf):
        return st.lists(
            value_of(spec.spec, depth + 1), min_size=spec.minimum, max_size=min(spec.maximum, spec.minimum + 1)
        )
    if isinstance(spec, fields.Later):
        return value_of(spec.spec, depth)
    if isinstance(spec, fields.OneOf):
        parts = list(spec.parts.values())
        if spec is conditions.CONDITION and depth > 6:
            parts = [part for part in parts if part.cls not in conditions.JOINING]
        return st.one_of([value_of(part, depth) for part in parts])
    return _object(spec, depth)


def _object(part: fields.Part, depth: int) -> st.SearchStrategy[dict[str, Any]]:
    due, free = {name: st.just(must) for name, must in part.fixed}, {}
    for one in dataclasses.fields(part.cls):
        into = due if one.default is dataclasses.MISSING else free
        into[one.name] = st.deferred(lambda spec=one.metadata["spec"]: value_of(spec, depth + 1))
    return st.fixed_dictionaries(due, optional=free)


ODD = [
    None,
    True,
    False,
    0,
    -1,
    1,
    1.0,
    1.5,
    2**60,
    1e300,
    "",
    "x",
    "Ä",
    "a b",
    "x" * 3000,
    [],
    [None],
    {},
    {"en": ""},
    {"x": "y"},
]


@st.composite
def spoiled(draw: Any) -> dict[str, Any]:
    """A document in which one member was replaced, taken away or added; by chance it may still be right."""
    document = copy.deepcopy(form.document_of(draw(schemes())))
    holders = list(_holders(document))
    holder = draw(st.sampled_from(holders))
    keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
    how = draw(st.sampled_from(["replace", "remove", "add"]))
    if how == "add" or not keys:
        if isinstance(holder, dict):
            holder[draw(st.sampled_from(["surplus", "kind", "id", "EN", "en"]))] = draw(st.sampled_from(ODD))
        else:
            holder.append(draw(st.sampled_from(ODD)))
    elif how == "remove":
        del holder[draw(st.sampled_from(keys))]
    else:
        holder[draw(st.sampled_from(keys))] = draw(st.sampled_from(ODD))
    return document


def _holders(value: Any):
    if isinstance(value, dict | list):
        yield value
        for one in value.values() if isinstance(value, dict) else value:
            yield from _holders(one)


# schemes that fit together ------------------------------------------------------------------------------------------------

IDS = [f"{letter}{n}" for letter in "abc" for n in range(6)]
TEXTS = st.fixed_dictionaries({"en": st.text(PLAIN, min_size=1, max_size=6)})


@st.composite
def _labels(
    draw: Any, *, least: int = 2, most: int = 6, rim: bool = False, prefix: str = ""
) -> tuple[model.Label, ...]:
    ids = draw(st.lists(st.sampled_from(IDS), min_size=least, max_size=most, unique=True))
    return tuple(
        model.Label(
            id=prefix + one, name={"en": f"{prefix}{one}"}, exclusive=draw(st.booleans()), free_text=draw(st.booleans()),
            angle=float(at * 50) if rim else None, definition=draw(st.none() | TEXTS),
        )
        for at, one in enumerate(ids)
    )  # fmt: skip


@st.composite
def _ranges(draw: Any) -> model.Range:
    low, steps = draw(st.integers(-5, 5)), draw(st.integers(2, 9))
    anchors = (model.Anchor(value=float(low), text=draw(TEXTS)),)
    return model.Range(
        minimum=float(low), maximum=float(low + steps), step=draw(st.sampled_from([None, 1.0, 0.5])), anchors=anchors
    )


@st.composite
def _axes(draw: Any, bounded: bool) -> model.Axis:
    ends = {"minimum": -1.0, "maximum": draw(st.sampled_from([1.0, 3.0]))} if bounded else {}
    return model.Axis(name=draw(TEXTS), low=draw(TEXTS), high=draw(TEXTS), **ends)


@st.composite
def _tiers(draw: Any, index: int) -> model.Tier:
    return model.Tier(
        id=f"tier{index}", name=draw(TEXTS), labels=draw(_labels() | st.just(())), overlap=draw(st.booleans()), no_gap=draw(st.booleans()),
        coverage=draw(st.sampled_from([0.0, 0.5, 1.0])), minimum=draw(st.integers(0, 2)), shortest_us=draw(st.integers(1, 50)),
        longest_us=draw(st.sampled_from([None, 50, 10**7])), intensity=draw(st.none() | _ranges()), apex=draw(st.booleans()),
    )  # fmt: skip


@st.composite
def _questions(draw: Any, index: int, earlier: list[model.Question]) -> model.Question:
    base: dict[str, Any] = {
        "id": f"q{index}", "prompt": draw(TEXTS), "hint": draw(st.none() | TEXTS), "required": draw(st.booleans()),
        "cannot_tell": draw(st.booleans()), "confidence": draw(st.none() | _ranges()),
        "skip": draw(st.sampled_from([(), (model.Reason(id="why", name={"en": "why"}),)])),
    }  # fmt: skip
    if earlier:
        base["asked_if"] = draw(st.none() | _conditions(earlier))
        base["required_if"] = draw(st.none() | _conditions(earlier))
    kind, bounded = draw(st.sampled_from(model.QUESTIONS)), draw(st.booleans())
    own: dict[type, dict[str, st.SearchStrategy[Any]]] = {
        model.Choice: {"labels": _labels(), "maximum": st.integers(1, 6), "intensity": st.none() | _ranges()},
        model.PrimarySecondary: {"labels": _labels(), "maximum": st.integers(1, 6), "primary_again": st.booleans()},
        model.Scale: {"look": st.just("slider"), "range": _ranges()},
        model.Grid: {"x": _axes(True), "y": _axes(True), "step": st.sampled_from([None, 1.0])},
        model.Wheel: {"labels": _labels(least=3, rim=True), "rings": st.integers(1, 5), "centre": _labels(least=1, most=4, prefix="hub") | st.just(())},
        model.FreeText: {"maximum": st.integers(1, 50), "lines": st.sampled_from(["one", "many"])},
        model.YesNo: {},
        model.Comparison: {"method": st.just("pairwise"), "ties": st.booleans()},
        model.ActionUnits: {"labels": _labels(least=1), "sides": st.booleans(), "intensity": st.sampled_from(["required", "optional", "none"])},
        model.Segments: {"tiers": st.tuples(_tiers(0), _tiers(1))},
        model.Trace: {
            "axes": st.lists(_axes(bounded), min_size=1, max_size=2).map(tuple), "bounded": st.just(bounded),
            "coverage": st.sampled_from([0.0, 0.5]), "no_gap": st.booleans(), "past": st.sampled_from(["shown", "hidden"]),
        },
    }  # fmt: skip
    return kind(**base, **{name: draw(strategy) for name, strategy in own[kind].items()})


@st.composite
def _conditions(draw: Any, earlier: list[model.Question]) -> conditions.Condition:
    question = draw(st.sampled_from(earlier))
    labels = [label.id for label in model.labels_of(question)]
    if isinstance(question, model.YesNo):
        plain = conditions.Said(question=question.id, yes=draw(st.booleans()))
    elif isinstance(question, model.Scale):
        plain = conditions.Within(
            question=question.id, minimum=draw(st.sampled_from([None, 0.0])), maximum=draw(st.sampled_from([None, 2.0]))
        )
    elif labels:
        plain = conditions.Chosen(question=question.id, labels=(draw(st.sampled_from(labels)),))
    else:
        plain = conditions.Answered(question=question.id)
    join = draw(st.sampled_from([None, *conditions.JOINING]))
    return join(conditions=(plain, conditions.Answered(question=question.id))) if join else plain


@st.composite
def schemes(draw: Any) -> model.Scheme:
    """Schemes that keep every rule, of up to five questions of any kind."""
    questions: list[model.Question] = []
    for index in range(draw(st.integers(1, 5))):
        questions.append(draw(_questions(index, questions)))
    return model.Scheme(
        id="drawn", name=draw(TEXTS), languages=("en",), questions=tuple(questions), number=draw(st.integers(1, 99))
    )
