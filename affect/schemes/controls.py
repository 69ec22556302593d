"""The rules of each kind of control: one function a kind, all of one shape. `CONTROLS` is the table.

Segments and traces, which have rules of time, are in `timeline`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from affect.schemes.findings import Findings
from affect.schemes.model import (
    ActionUnits,
    Choice,
    Comparison,
    FreeText,
    Grid,
    Label,
    PrimarySecondary,
    Question,
    Range,
    Scale,
    Segments,
    Trace,
    Wheel,
    YesNo,
)
from affect.schemes.problems import step
from affect.schemes.span import Shown
from affect.schemes.timeline import segments, trace
from affect.schemes.values import chosen, grade, intensity_on, number, only, several

SIDES = ("left", "right", "asymmetric")


def _by_id(labels: tuple[Label, ...]) -> dict[str, Label]:
    return {label.id: label for label in labels}


def _choice(question: Choice, value: Any, at: str, shown: Shown, found: Findings) -> None:
    several(
        _by_id(question.labels), value, at, found,
        minimum=question.minimum, maximum=question.maximum, intensity=intensity_on(question.intensity),
    )  # fmt: skip


def _primary_secondary(question: PrimarySecondary, value: Any, at: str, shown: Shown, found: Findings) -> None:
    if not isinstance(value, dict) or "primary" not in value:
        found.expect(at, "an object with primary and secondary")
        return
    only(value, at, ("primary", "secondary"), found)
    labels, intensity = _by_id(question.labels), intensity_on(question.intensity)
    primary = chosen(labels, value["primary"], step(at, "primary"), found, intensity=intensity)
    if primary and question.primary and primary not in question.primary:
        found.add("not_primary", step(at, "primary"), label=primary)
    others = several(
        labels, value.get("secondary", []), step(at, "secondary"), found,
        minimum=question.minimum, maximum=question.maximum, intensity=intensity,
    )  # fmt: skip
    if primary in others and not question.primary_again:
        found.add("primary_again", step(at, "secondary"))


def _scale(question: Scale, value: Any, at: str, shown: Shown, found: Findings) -> None:
    number(question.range, value, at, found)


def _grid(question: Grid, value: Any, at: str, shown: Shown, found: Findings) -> None:
    if not isinstance(value, list) or len(value) != 2:
        found.expect(at, "a list of two numbers")
        return
    for index, axis in enumerate((question.x, question.y)):
        along = Range(minimum=axis.minimum, maximum=axis.maximum, step=question.step)
        number(along, value[index], step(at, index), found)


def _wheel(question: Wheel, value: Any, at: str, shown: Shown, found: Findings) -> None:
    hub = {label.id for label in question.centre}
    on_rim, in_hub = intensity_on(Range(minimum=1, maximum=question.rings, step=1)), intensity_on(None)

    def ring(one: Mapping[str, Any], here: str, into: Findings) -> None:
        (in_hub if one["label"] in hub else on_rim)(one, here, into)

    several(
        _by_id((*question.labels, *question.centre)), value, at, found,
        minimum=question.minimum, maximum=question.maximum, intensity=ring,
    )  # fmt: skip


def _text(question: FreeText, value: Any, at: str, shown: Shown, found: Findings) -> None:
    if not isinstance(value, str):
        found.expect(at, "a text")
    elif question.lines == "one" and "\n" in value:
        found.expect(at, "one line")
    elif (length := len(value.strip())) < question.minimum:
        found.add("too_short", at, count=length, minimum=question.minimum)
    elif length > question.maximum:
        found.add("too_long", at, count=length, maximum=question.maximum)


def _yes_no(question: YesNo, value: Any, at: str, shown: Shown, found: Findings) -> None:
    if not isinstance(value, bool):
        found.expect(at, "true or false")


def _comparison(question: Comparison, value: Any, at: str, shown: Shown, found: Findings) -> None:
    if len(shown.items) != question.items:
        found.add("wrong_set", at, count=len(shown.items), items=question.items)
        return
    names = ("preferred",) if question.method == "pairwise" else ("best", "worst")
    if not isinstance(value, dict) or any(name not in value for name in names):
        found.expect(at, f"an object with {' and '.join(names)}")
        return
    only(value, at, names, found)
    for name in names:
        item = value[name]
        if item is None and name == "preferred":
            if not question.ties:
                found.add("tie_not_offered", step(at, name))
        elif not isinstance(item, str):
            found.expect(step(at, name), "an item's id")
        elif item not in shown.items:
            found.add("unknown_item", step(at, name), item=item)
    if question.method == "best_worst" and value["best"] == value["worst"]:
        found.add("same_item", at)


def _action_units(question: ActionUnits, value: Any, at: str, shown: Shown, found: Findings) -> None:
    several(
        _by_id(question.labels), value, at, found,
        minimum=question.minimum, maximum=question.maximum, intensity=grade(question.intensity), more=("side",),
    )  # fmt: skip
    for index, one in enumerate(value if isinstance(value, list) else []):
        if isinstance(one, dict) and "side" in one:
            here = step(step(at, index), "side")
            if not question.sides:
                found.add("side_not_asked", here)
            elif one["side"] not in SIDES:
                found.add("unknown_side", here)


CONTROLS: Mapping[type[Question], Callable[[Any, Any, str, Shown, Findings], None]] = {
    Choice: _choice, PrimarySecondary: _primary_secondary, Scale: _scale, Grid: _grid, Wheel: _wheel, FreeText: _text, YesNo: _yes_no,
    Comparison: _comparison, ActionUnits: _action_units, Segments: segments, Trace: trace,
}  # fmt: skip
