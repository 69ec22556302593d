"""The fields that definitions are made of: each reads itself from JSON, writes itself, and tells its JSON Schema.

One description gives all three, so that the code and the published schema cannot drift apart. Reading collects every
problem with its place instead of ending at the first. What needs more than one field to judge (a minimum below a
maximum, an id that must exist) is no matter of form and stands in `rules`.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from affect.schemes.problems import Problem, step

MISSING = dataclasses.MISSING
# Whole numbers that every reader of JSON keeps exactly.
MAX_INTEGER = 2**53 - 1
MAX_NUMBER = 1e15


class Spec(Protocol):
    def read(self, value: Any, at: str, found: list[Problem]) -> Any: ...
    def write(self, value: Any) -> Any: ...
    def schema(self) -> dict[str, Any]: ...


def of(spec: Spec, about: str, default: Any = MISSING) -> Any:
    """A field of a dataclass: its form, what it is about, and what it is when the JSON leaves it out."""
    return dataclasses.field(default=default, metadata={"spec": spec, "about": about})


def named(value: Any) -> str:
    """What a JSON value is, for a sentence.

    >>> named(True), named([]), named("x")
    ('true or false', 'a list', 'a text')
    """
    if value is None:
        return "null"
    for kinds, name in (
        (bool, "true or false"),
        ((int, float), "a number"),
        (str, "a text"),
        (list, "a list"),
        (dict, "an object"),
    ):
        if isinstance(value, kinds):
            return name
    return type(value).__name__


def wrong(found: list[Problem], at: str, expected: str, value: Any) -> None:
    found.append(Problem("wrong_form", at, f"Here belongs {expected}, not {named(value)}."))


@dataclass(frozen=True)
class Text:
    """A text of minimum to maximum characters, of a form where `pattern` is given."""

    minimum: int = 1
    maximum: int = 200
    pattern: str = ""

    def read(self, value: Any, at: str, found: list[Problem]) -> str:
        if not isinstance(value, str):
            wrong(found, at, "a text", value)
        elif not self.minimum <= len(value) <= self.maximum:
            found.append(
                Problem(
                    "wrong_length",
                    at,
                    f"This text has {len(value)} characters; {self.minimum} to {self.maximum} are allowed.",
                )
            )
        elif self.pattern and not re.fullmatch(self.pattern, value):
            found.append(Problem("wrong_text", at, f"{value!r} is not of the form {self.pattern}."))
        return value

    def write(self, value: str) -> str:
        return value

    def schema(self) -> dict[str, Any]:
        told = {"type": "string", "minLength": self.minimum, "maxLength": self.maximum}
        return told | ({"pattern": f"^(?:{self.pattern})$"} if self.pattern else {})


@dataclass(frozen=True)
class Option:
    """One of a few words."""

    options: tuple[str, ...]

    def read(self, value: Any, at: str, found: list[Problem]) -> str:
        if value not in self.options if isinstance(value, str) else True:
            shown = f"{value!r}" if isinstance(value, str) else named(value)
            found.append(Problem("unknown_word", at, f"Here belongs one of {', '.join(self.options)}, not {shown}."))
        return value

    def write(self, value: str) -> str:
        return value

    def schema(self) -> dict[str, Any]:
        return {"enum": list(self.options)}


@dataclass(frozen=True)
class Truth:
    def read(self, value: Any, at: str, found: list[Problem]) -> bool:
        if not isinstance(value, bool):
            wrong(found, at, "true or false", value)
        return value

    def write(self, value: bool) -> bool:
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True)
class Number:
    """A finite number, whole where `whole`; within [minimum, maximum]."""

    minimum: float = -MAX_NUMBER
    maximum: float = MAX_NUMBER
    whole: bool = False

    def read(self, value: Any, at: str, found: list[Problem]) -> float | int:
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
            wrong(found, at, "a whole number" if self.whole else "a number", value)
            return value
        if not self.minimum <= value <= self.maximum:
            found.append(Problem("out_of_range", at, f"{value} is not from {self.minimum:g} to {self.maximum:g}."))
            return value
        if self.whole and value != math.floor(value):
            found.append(Problem("not_whole", at, f"Here belongs a whole number, not {value}."))
            return value
        return int(value) if self.whole else float(value)

    def write(self, value: float) -> float | int:
        return int(value) if value == math.floor(value) and abs(value) <= MAX_INTEGER else value

    def schema(self) -> dict[str, Any]:
        return {
            "type": "integer" if self.whole else "number",
            "minimum": self.write(self.minimum),
            "maximum": self.write(self.maximum),
        }


def whole(minimum: int = 0, maximum: int = MAX_INTEGER) -> Number:
    return Number(minimum, maximum, whole=True)


LANGUAGE = r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*"


@dataclass(frozen=True)
class Words:
    """A text by language: {"en": "joy", "de": "Freude"}; none where `empty` allows it."""

    maximum: int = 2000

    def read(self, value: Any, at: str, found: list[Problem]) -> Mapping[str, str]:
        if not isinstance(value, dict):
            wrong(found, at, 'an object like {"en": "joy"}', value)
            return value
        if not value:
            found.append(Problem("wrong_length", at, "A text needs one language at least."))
        for language, text in value.items():
            if not re.fullmatch(LANGUAGE, language):
                found.append(
                    Problem("unknown_word", step(at, language), f"{language!r} is no language tag, as en or de-AT are.")
                )
            else:
                Text(1, self.maximum).read(text, step(at, language), found)
        return MappingProxyType(dict(value))

    def write(self, value: Mapping[str, str]) -> dict[str, str]:
        return dict(value)

    def schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"pattern": f"^(?:{LANGUAGE})$"},
            "additionalProperties": Text(1, self.maximum).schema(),
        }


@dataclass(frozen=True)
class ListOf:
    spec: Spec
    minimum: int = 0
    maximum: int = 500

    def read(self, value: Any, at: str, found: list[Problem]) -> tuple[Any, ...]:
        if not isinstance(value, list):
            wrong(found, at, "a list", value)
            return ()
        if not self.minimum <= len(value) <= self.maximum:
            found.append(
                Problem(
                    "wrong_length",
                    at,
                    f"This list has {len(value)} members; {self.minimum} to {self.maximum} are allowed.",
                )
            )
        return tuple(self.spec.read(one, step(at, index), found) for index, one in enumerate(value))

    def write(self, value: tuple[Any, ...]) -> list[Any]:
        return [self.spec.write(one) for one in value]

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": self.spec.schema(), "minItems": self.minimum, "maxItems": self.maximum}


@dataclass(frozen=True)
class Part:
    """An object that is read into a dataclass. `fixed` are members that must be there and are not kept (format, kind)."""

    cls: type
    fixed: tuple[tuple[str, Any], ...] = ()

    def read(self, value: Any, at: str, found: list[Problem]) -> Any:
        if not isinstance(value, dict):
            wrong(found, at, "an object", value)
            return None
        before, told = len(found), {}
        known = {one.name: one for one in dataclasses.fields(self.cls)}
        for name, must in self.fixed:
            if name not in value:
                found.append(Problem("missing_field", at, f"{name!r} is missing."))
            elif type(value[name]) is not type(must) or value[name] != must:
                found.append(Problem("unknown_word", step(at, name), f"Here belongs {must!r}, not {value[name]!r}."))
        for name in value:
            if name not in known and name not in dict(self.fixed):
                found.append(
                    Problem("unknown_field", step(at, name), f"{name!r} is no field here; {', '.join(known)} are.")
                )
        for name, one in known.items():
            if name in value:
                told[name] = one.metadata["spec"].read(value[name], step(at, name), found)
            elif one.default is MISSING:
                found.append(Problem("missing_field", at, f"{name!r} is missing."))
        return self.cls(**told) if len(found) == before else None

    def write(self, value: Any) -> dict[str, Any]:
        told = dict(self.fixed)
        for one in dataclasses.fields(self.cls):
            mine = getattr(value, one.name)
            if one.default is MISSING or mine != one.default:
                told[one.name] = one.metadata["spec"].write(mine)
        return told

    def schema(self) -> dict[str, Any]:
        return {"$ref": f"#/$defs/{self.cls.__name__}"}

    def definition(self) -> dict[str, Any]:
        """The JSON Schema of the object itself, for `$defs`."""
        fields = dataclasses.fields(self.cls)
        properties: dict[str, Any] = {name: {"const": must} for name, must in self.fixed}
        for one in fields:
            properties[one.name] = one.metadata["spec"].schema() | {"description": one.metadata["about"]}
        required = [name for name, _ in self.fixed] + [one.name for one in fields if one.default is MISSING]
        about = " ".join((self.cls.__doc__ or "").split("\n\n")[0].split())
        return {
            "type": "object", "description": about, "properties": properties, "required": required,
            "additionalProperties": False,
        }  # fmt: skip


@dataclass(frozen=True)
class OneOf:
    """An object of one of several kinds, told apart by the member `tag`; each class has its word in `KIND`."""

    tag: str
    name: str
    classes: tuple[type, ...]

    @property
    def parts(self) -> dict[str, Part]:
        return {cls.KIND: Part(cls, ((self.tag, cls.KIND),)) for cls in self.classes}

    def read(self, value: Any, at: str, found: list[Problem]) -> Any:
        if not isinstance(value, dict):
            wrong(found, at, "an object", value)
        elif self.tag not in value:
            found.append(
                Problem("missing_field", at, f"{self.tag!r} is missing; it is one of {', '.join(self.parts)}.")
            )
        else:
            before = len(found)
            kind = Option(tuple(self.parts)).read(value[self.tag], step(at, self.tag), found)
            if len(found) == before:
                return self.parts[kind].read(value, at, found)
        return None

    def write(self, value: Any) -> dict[str, Any]:
        return self.parts[type(value).KIND].write(value)

    def schema(self) -> dict[str, Any]:
        return {"$ref": f"#/$defs/{self.name}"}

    def definition(self) -> dict[str, Any]:
        return {"oneOf": [part.schema() for part in self.parts.values()]}


class Later:
    """A spec that is named before it is there: conditions hold conditions."""

    def __init__(self) -> None:
        self.spec: Spec | None = None

    def read(self, value: Any, at: str, found: list[Problem]) -> Any:
        return self.spec.read(value, at, found)

    def write(self, value: Any) -> Any:
        return self.spec.write(value)

    def schema(self) -> dict[str, Any]:
        return self.spec.schema()
