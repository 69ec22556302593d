"""Scheme documents for hypothesis: of the right form, drawn from the fields themselves, and spoiled in one place."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

from hypothesis import strategies as st

from affect.schemes import conditions, fields, form

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
        return st.dictionaries(st.sampled_from(["en", "de", "es", "zh-Hant"]), st.text(PLAIN, min_size=1, max_size=8), min_size=1)
    if isinstance(spec, fields.ListOf):
        return st.lists(value_of(spec.spec, depth + 1), min_size=spec.minimum, max_size=min(spec.maximum, spec.minimum + 1))
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


ODD = [None, True, False, 0, -1, 1, 1.0, 1.5, 2**60, 1e300, "", "x", "Ä", "a b", "x" * 3000, [], [None], {}, {"en": ""}, {"x": "y"}]


@st.composite
def spoiled(draw: Any) -> dict[str, Any]:
    """A document in which one member was replaced, taken away or added; by chance it may still be right."""
    document = copy.deepcopy(draw(documents()))
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
