"""When a question is asked or an answer due: small tests of the answers given so far, joined by all, any and not.

A test of a question that has no answer (not asked, skipped, cannot tell) does not hold, whatever it tests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from affect.schemes.fields import Later, ListOf, Number, OneOf, Text, Truth, of

ID = Text(1, 64, r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_CONDITION = Later()


@dataclass(frozen=True, kw_only=True)
class Answered:
    """Holds when the question has an answer."""

    KIND: ClassVar = "answered"
    question: str = of(ID, "The id of an earlier question.")

    def holds(self, values: Mapping[str, Any]) -> bool:
        return self.question in values


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Holds when one of the labels is chosen, in any place of the answer."""

    KIND: ClassVar = "chosen"
    question: str = of(ID, "The id of an earlier question.")
    labels: tuple[str, ...] = of(ListOf(ID, 1), "Ids of its labels.")

    def holds(self, values: Mapping[str, Any]) -> bool:
        return not set(self.labels).isdisjoint(labels_in(values.get(self.question)))


@dataclass(frozen=True, kw_only=True)
class Within:
    """Holds when the number given lies from minimum to maximum, both included."""

    KIND: ClassVar = "within"
    question: str = of(ID, "The id of an earlier scale.")
    minimum: float | None = of(Number(), "The lowest number; absent: no lowest one.", None)
    maximum: float | None = of(Number(), "The highest number; absent: no highest one.", None)

    def holds(self, values: Mapping[str, Any]) -> bool:
        value = values.get(self.question)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return (self.minimum is None or value >= self.minimum) and (self.maximum is None or value <= self.maximum)


@dataclass(frozen=True, kw_only=True)
class Said:
    """Holds when a question of yes or no was answered so."""

    KIND: ClassVar = "said"
    question: str = of(ID, "The id of an earlier question of yes or no.")
    yes: bool = of(Truth(), "Which of the two answers.", True)

    def holds(self, values: Mapping[str, Any]) -> bool:
        return values.get(self.question) is self.yes


@dataclass(frozen=True, kw_only=True)
class All:
    """Holds when every one of the conditions does."""

    KIND: ClassVar = "all"
    conditions: tuple = of(ListOf(_CONDITION, 1, 20), "Conditions.")

    def holds(self, values: Mapping[str, Any]) -> bool:
        return all(one.holds(values) for one in self.conditions)


@dataclass(frozen=True, kw_only=True)
class Some:
    """Holds when one of the conditions does."""

    KIND: ClassVar = "any"
    conditions: tuple = of(ListOf(_CONDITION, 1, 20), "Conditions.")

    def holds(self, values: Mapping[str, Any]) -> bool:
        return any(one.holds(values) for one in self.conditions)


@dataclass(frozen=True, kw_only=True)
class Not:
    """Holds when none of the conditions does."""

    KIND: ClassVar = "not"
    conditions: tuple = of(ListOf(_CONDITION, 1, 20), "Conditions.")

    def holds(self, values: Mapping[str, Any]) -> bool:
        return not any(one.holds(values) for one in self.conditions)


CONDITION = OneOf("test", "Condition", (Answered, Chosen, Within, Said, All, Some, Not))
_CONDITION.spec = CONDITION
Condition = Answered | Chosen | Within | Said | All | Some | Not
JOINING = (All, Some, Not)


def labels_in(value: Any) -> Iterator[str]:
    """Every label id in a value, wherever it stands."""
    if isinstance(value, Mapping):
        if isinstance(value.get("label"), str):
            yield value["label"]
        for one in value.values():
            yield from labels_in(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from labels_in(one)
