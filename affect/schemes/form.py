"""The JSON form of a scheme: `loads` and `dumps`, and the JSON Schema that `docs/schemas/scheme.json` publishes.

What was read is written back the same: `dumps` gives the canonical form of RFC 8785 (members in order, nothing padded,
what is left at its default left out), so that equal schemes have equal bytes and a hash means something.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import rfc8785

from affect.schemes.conditions import CONDITION
from affect.schemes.fields import OneOf, Part
from affect.schemes.model import (
    QUESTION,
    Anchor,
    Axis,
    Example,
    Label,
    Mark,
    Range,
    Reason,
    Scheme,
    Tier,
    Translation,
)
from affect.schemes.places import places
from affect.schemes.problems import Problem, SchemeError, step
from affect.schemes.rules import broken

FORMAT = "affect.scheme"
VERSION = 1
MAX_CHARACTERS = 2_000_000
MAX_DEPTH = 60

_SCHEME = Part(Scheme, (("format", FORMAT), ("format_version", VERSION)))
_PARTS = tuple(Part(one) for one in (Anchor, Axis, Example, Label, Mark, Range, Reason, Tier, Translation))


def loads(text: str) -> Scheme:
    """The scheme that a JSON text holds. SchemeError tells each problem with its pointer, line and column.

    >>> loads('{"format": "affect.scheme",')
    Traceback (most recent call last):
    affect.schemes.problems.SchemeError: line 1, column 28, the whole: This is no JSON: expecting property name enclosed in double quotes.
    """
    document = parsed(text)
    try:
        return read(document)
    except SchemeError as error:
        where = places(text)
        raise SchemeError(_placed(error.problems, where)) from None


def read(document: Any) -> Scheme:
    """The scheme that parsed JSON holds. SchemeError tells each problem with its pointer."""
    found = formal(document)
    if found:
        raise SchemeError(found)
    scheme = _SCHEME.read(document, "", [])
    if found := list(broken(scheme)):
        raise SchemeError(found)
    return scheme


def formal(document: Any) -> list[Problem]:
    """What is wrong with the form alone: exactly what the published JSON Schema refuses, told in sentences."""
    found: list[Problem] = []
    _SCHEME.read(document, "", found)
    return found


def document_of(scheme: Scheme) -> dict[str, Any]:
    """The scheme as plain JSON values."""
    return _SCHEME.write(scheme)


def dumps(scheme: Scheme) -> str:
    """The canonical JSON text."""
    return rfc8785.dumps(document_of(scheme)).decode()


def pretty(scheme: Scheme) -> str:
    """The same for people: indented, members in the order of the definition."""
    return json.dumps(document_of(scheme), ensure_ascii=False, indent=2) + "\n"


def parsed(text: str) -> Any:
    """JSON values of a text. SchemeError where it is no JSON, holds a member twice or what no JSON reader agrees on."""
    if len(text) > MAX_CHARACTERS:
        raise SchemeError(
            [Problem("too_long", "", f"A scheme has {MAX_CHARACTERS:,} characters at most, this has {len(text):,}.")]
        )
    try:
        document = json.loads(text, object_pairs_hook=_once, parse_constant=_constant)
    except json.JSONDecodeError as error:
        why = error.msg[0].lower() + error.msg[1:]
        raise SchemeError(
            [Problem("not_json", "", f"This is no JSON: {why}.", {}, error.lineno, error.colno)]
        ) from None
    except _Refused as error:
        raise SchemeError([Problem("not_json", "", str(error))]) from None
    except (RecursionError, ValueError) as error:
        # Nested too deep, or a number of thousands of digits.
        raise SchemeError([Problem("not_json", "", f"This JSON cannot be read: {error}.")]) from None
    if found := list(_strange(document, "", 0)):
        raise SchemeError(found)
    return document


class _Refused(ValueError):
    """A hook's word against a JSON text."""


def _once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    told = dict(members)
    if len(told) != len(members):
        names = [name for name, _ in members]
        twice = next(name for name in names if names.count(name) > 1)
        raise _Refused(f"An object has the member {twice!r} twice.")
    return told


def _constant(name: str) -> None:
    raise _Refused(f"{name} is no number in JSON.")


def _strange(value: Any, at: str, depth: int) -> Iterable[Problem]:
    """Half characters, and nesting that no scheme has."""
    if depth > MAX_DEPTH:
        yield Problem("too_deep", at, f"This is nested more than {MAX_DEPTH} levels deep.")
    elif isinstance(value, str):
        if any("\ud800" <= character <= "\udfff" for character in value):
            yield Problem("half_character", at, "This text holds half of a character (a lone surrogate).")
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from _strange(name, step(at, ""), depth)
            yield from _strange(one, step(at, name), depth + 1)
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _strange(one, step(at, index), depth + 1)


def _placed(problems: Iterable[Problem], where: dict[str, tuple[int, int]]) -> Iterable[Problem]:
    """Problems with line and column: of the member itself, or of the nearest one around it when it was left out."""
    for one in problems:
        at = one.at
        while at not in where:
            at = at.rpartition("/")[0]
        line, column = where[at]
        yield replace(one, line=line, column=column)


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the form. Rules over several fields are not in it; `rules` holds them."""
    defs = {part.cls.__name__: part.definition() for part in _PARTS}
    for union in (QUESTION, CONDITION):
        defs |= _union(union)
    whole = _SCHEME.definition()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:x-affect:schema:scheme:1",
        "title": "A labeling scheme",
        **whole,
        "$defs": dict(sorted(defs.items())),
    }


def _union(union: OneOf) -> dict[str, Any]:
    return {union.name: union.definition()} | {part.cls.__name__: part.definition() for part in union.parts.values()}
