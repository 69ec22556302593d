"""Small checks that several controls share: numbers on a range, members of an object, labels with intensity and text."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from affect.schemes.findings import Findings
from affect.schemes.model import GRADES, Label, Range
from affect.schemes.problems import step
from affect.schemes.rules import on_step


def is_number(value: Any) -> bool:
    """A finite number; true and false are none."""
    return not isinstance(value, bool) and isinstance(value, int | float) and abs(value) < math.inf


def is_whole(value: Any) -> bool:
    """A whole number, as 5 and 5.0 both are in JSON."""
    return is_number(value) and value == math.floor(value)


def only(value: Mapping[str, Any], at: str, names: Iterable[str], found: Findings) -> None:
    """Tell every member that does not belong there."""
    known = set(names)
    for name in value:
        if name not in known:
            found.add("unknown_field", step(at, name), name=name)


def number(range_: Range, value: Any, at: str, found: Findings) -> None:
    if not is_number(value):
        found.expect(at, "a number")
    elif not range_.minimum <= value <= range_.maximum:
        found.add("out_of_range", at, value=value, minimum=plain(range_.minimum), maximum=plain(range_.maximum))
    elif range_.step and not on_step(value, range_.minimum, range_.step):
        found.add("off_step", at, value=value)


def plain(value: float) -> float | int:
    """A number as people write it: 5, not 5.0."""
    return int(value) if value == math.floor(value) else value


def text_of(value: Mapping[str, Any], at: str, wanted: bool, found: Findings) -> None:
    """The text that goes with a label or a reason: wanted and there, or not wanted and absent."""
    if "text" not in value:
        if wanted:
            found.add("text_missing", at)
    elif not wanted:
        found.add("text_not_wanted", step(at, "text"))
    elif not isinstance(value["text"], str):
        found.expect(step(at, "text"), "a text")
    elif not value["text"].strip():
        found.add("text_missing", step(at, "text"))


def count(given: int, minimum: int, maximum: int, at: str, found: Findings) -> None:
    if given < minimum:
        found.add("too_few", at, count=given, minimum=minimum)
    elif given > maximum:
        found.add("too_many", at, count=given, maximum=maximum)


def intensity_on(range_: Range | None) -> Callable[[Mapping[str, Any], str, Findings], None]:
    """The check of an intensity on a range, or that there is none."""

    def checked(value: Mapping[str, Any], at: str, found: Findings) -> None:
        if "intensity" not in value:
            if range_:
                found.add("intensity_missing", at)
        elif range_ is None:
            found.add("intensity_not_asked", step(at, "intensity"))
        else:
            number(range_, value["intensity"], step(at, "intensity"), found)

    return checked


def grade(wanted: str) -> Callable[[Mapping[str, Any], str, Findings], None]:
    """The check of a letter from A to E: required, optional or none."""

    def checked(value: Mapping[str, Any], at: str, found: Findings) -> None:
        if "intensity" not in value:
            if wanted == "required":
                found.add("intensity_missing", at)
        elif wanted == "none":
            found.add("intensity_not_asked", step(at, "intensity"))
        elif value["intensity"] not in GRADES:
            found.add("unknown_grade", step(at, "intensity"))

    return checked


def chosen(
    labels: Mapping[str, Label],
    value: Any,
    at: str,
    found: Findings,
    *,
    intensity: Callable[[Mapping[str, Any], str, Findings], None],
    more: tuple[str, ...] = (),
) -> str:
    """Check one object with a label; the label's id, "" when it has none that is known."""
    if not isinstance(value, dict) or not isinstance(value.get("label"), str):
        found.expect(at, "an object with a label")
        return ""
    only(value, at, ("label", "intensity", "text", *more), found)
    label = labels.get(value["label"])
    if label is None:
        found.add("unknown_label", step(at, "label"), label=value["label"])
        return ""
    intensity(value, at, found)
    text_of(value, at, label.free_text, found)
    return label.id


def several(
    labels: Mapping[str, Label],
    value: Any,
    at: str,
    found: Findings,
    *,
    minimum: int,
    maximum: int,
    intensity: Callable[[Mapping[str, Any], str, Findings], None],
    more: tuple[str, ...] = (),
) -> list[str]:
    """Check a list of objects with labels: each once, an exclusive one alone, as many as asked. The ids that are known."""
    if not isinstance(value, list):
        found.expect(at, "a list")
        return []
    ids: list[str] = []
    for index, one in enumerate(value):
        label = chosen(labels, one, step(at, index), found, intensity=intensity, more=more)
        if label and label in ids:
            found.add("label_twice", step(at, index), label=label)
        elif label:
            ids.append(label)
    for label in ids:
        if labels[label].exclusive and len(value) > 1:
            found.add("exclusive", at, label=label)
    count(len(value), minimum, maximum, at, found)
    return ids
