"""Answers of an older version brought to a newer one, by a plan of steps that people saw the effect of first.

A renaming changes no answer, since answers refer to ids. A merge replaces labels by one of them or a new one. A split is
decided by the intensity that was given, or the question goes back to be rated again: nobody's answer is guessed. What is
rated again or dropped disappears from the migrated copy only; the answer as it was given stays where it is stored.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from affect.schemes.changes import ANSWERS, diff
from affect.schemes.conditions import ID, labels_in
from affect.schemes.fields import ListOf, Number, OneOf, Part, of
from affect.schemes.model import GRADES, WORDS, Scheme, labels_of
from affect.schemes.problems import Problem, SchemeError

_LABELS = ListOf(ID, 1)


@dataclass(frozen=True, kw_only=True)
class Rename:
    """A label gets another name; answers stay as they are."""

    KIND: ClassVar = "rename"
    question: str = of(ID, "The question.")
    label: str = of(ID, "The label.")
    name: Mapping[str, str] = of(WORDS, "Its name from now on.")


@dataclass(frozen=True, kw_only=True)
class Merge:
    """Several labels become one."""

    KIND: ClassVar = "merge"
    question: str = of(ID, "The question.")
    labels: tuple[str, ...] = of(_LABELS, "The labels that end.")
    into: str = of(ID, "The label they become.")


@dataclass(frozen=True, kw_only=True)
class Split:
    """One label becomes several: by its intensity where cuts are given, else its answers are rated again."""

    KIND: ClassVar = "split"
    question: str = of(ID, "The question.")
    label: str = of(ID, "The label that ends.")
    into: tuple[str, ...] = of(ListOf(ID, 2), "What it becomes, from weak to strong where there are cuts.")
    cuts: tuple[float, ...] = of(ListOf(Number(), 1), "Intensities from which the next label holds, ascending.", ())


@dataclass(frozen=True, kw_only=True)
class Drop:
    """A label, or with none named the whole question, ends; answers with the label are rated again."""

    KIND: ClassVar = "drop"
    question: str = of(ID, "The question.")
    label: str = of(ID, "The label that ends; absent: the whole question.", "")


STEP = OneOf("step", "Step", (Rename, Merge, Split, Drop))
Step = Rename | Merge | Split | Drop


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The steps from one version to another, in order."""

    steps: tuple[Step, ...] = of(ListOf(STEP), "The steps.")


_PLAN = Part(Plan, (("format", "affect.scheme_plan"), ("format_version", 1)))


def plan_of(document: Any) -> Plan:
    """The plan that parsed JSON holds. SchemeError tells each problem."""
    found: list[Problem] = []
    plan = _PLAN.read(document, "", found)
    if found:
        raise SchemeError(found)
    return plan


def document_of_plan(plan: Plan) -> dict[str, Any]:
    return _PLAN.write(plan)


def unresolved(old: Scheme, new: Scheme, plan: Plan) -> list[Problem]:
    """What keeps a plan from leading from the old version to the new one: steps that miss, and losses no step tells of."""
    found = []
    for index, one in enumerate(plan.steps):
        found += [Problem("step_leads_nowhere", f"/steps/{index}", why) for why in _misses(old, new, one)]
    ended = {(one.question, label) for one in plan.steps for label in _ended(one)}
    for change in diff(old, new):
        question, label = change.path[0], change.path[-1] if change.kind == "label_removed" else ""
        if (
            change.weight == ANSWERS
            and change.kind != "reason_removed"
            and not ended & {(question, label), (question, "")}
        ):
            found.append(
                Problem(
                    "no_step",
                    "/steps",
                    f"{' / '.join(change.path)} is gone and no step says what becomes of its answers.",
                )
            )
    return found


def _ended(one: Step) -> tuple[str, ...]:
    if isinstance(one, Rename):
        return ()
    return one.labels if isinstance(one, Merge) else (one.label,)


def _misses(old: Scheme, new: Scheme, one: Step) -> Iterator[str]:
    before, after = _label_ids(old, one.question), _label_ids(new, one.question)
    if before is None:
        yield f"The old version has no question {one.question!r}."
        return
    for label in (one.label,) if isinstance(one, Rename) else _ended(one):
        if label and label not in before:
            yield f"{one.question!r} has no label {label!r}."
    targets = {Rename: lambda: (one.label,), Merge: lambda: (one.into,), Split: lambda: one.into}.get(
        type(one), tuple
    )()
    for label in targets:
        if after is None or label not in after:
            yield f"The new version has no label {label!r} in {one.question!r}."
    if (
        isinstance(one, Split)
        and one.cuts
        and (len(one.cuts) != len(one.into) - 1 or list(one.cuts) != sorted(set(one.cuts)))
    ):
        yield "A split into n labels has n - 1 ascending cuts."


def _label_ids(scheme: Scheme, question: str) -> set[str] | None:
    try:
        return {label.id for label in labels_of(scheme[question])}
    except KeyError:
        return None


# answers -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Moved:
    """given: the answers for the new version; changed and again: ids of questions that were altered, or must be asked again."""

    given: dict[str, Any]
    changed: frozenset[str] = frozenset()
    again: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Counted:
    """What a step does to a collection of answer sets: how many answers it concerns, alters, and sends back."""

    step: Step
    answers: int = 0
    changed: int = 0
    again: int = 0


def migrate(given: Mapping[str, Any], plan: Plan) -> Moved:
    """One set of answers by the plan; what was given is not altered."""
    moved = Moved(dict(given))
    for one in plan.steps:
        moved = _apply(moved, one)[0]
    return moved


def preview(sets: Iterable[Mapping[str, Any]], plan: Plan) -> tuple[Counted, ...]:
    """What each step would do to all sets of answers, in the order of the steps. Sets are read once and not kept."""
    counts = [Counted(one) for one in plan.steps]
    for given in sets:
        moved = Moved(dict(given))
        for index, one in enumerate(plan.steps):
            moved, concerned, altered, again = _apply(moved, one)
            before = counts[index]
            counts[index] = replace(
                before,
                answers=before.answers + concerned,
                changed=before.changed + altered,
                again=before.again + again,
            )
    return tuple(counts)


def _apply(moved: Moved, one: Step) -> tuple[Moved, bool, bool, bool]:
    """The set after a step; whether the step concerns it, alters it, sends its answer back."""
    answers = moved.given.get("answers", {})
    answer = answers.get(one.question)
    if isinstance(one, Drop) and not one.label:
        if answer is None:
            return moved, False, False, False
        rest = {key: value for key, value in answers.items() if key != one.question}
        return Moved(moved.given | {"answers": rest}, moved.changed | {one.question}, moved.again), True, True, False
    there = set(labels_in(answer.get("value"))) if isinstance(answer, Mapping) else set()
    named = {one.label} if isinstance(one, Rename) else set(_ended(one))
    if there.isdisjoint(named):
        return moved, False, False, False
    if isinstance(one, Rename):
        return moved, True, False, False
    try:
        value = _moved(answer["value"], one)
    except _Again:
        rest = {key: value for key, value in answers.items() if key != one.question}
        return Moved(moved.given | {"answers": rest}, moved.changed, moved.again | {one.question}), True, False, True
    rest = answers | {one.question: {**answer, "value": value}}
    return Moved(moved.given | {"answers": rest}, moved.changed | {one.question}, moved.again), True, True, False


class _Again(Exception):
    """The step cannot be decided from what was answered."""


def _moved(value: Any, one: Step) -> Any:
    """A value with its labels replaced, and no label twice where each stands once."""
    if isinstance(value, Mapping) and "primary" in value:
        primary = _label(value["primary"], one)
        again = any(other["label"] == value["primary"]["label"] for other in value.get("secondary", []))
        others = _once([_label(other, one) for other in value.get("secondary", [])])
        kept = [other for other in others if again or other["label"] != primary["label"]]
        return {**value, "primary": primary} | ({"secondary": kept} if "secondary" in value else {})
    replaced = [_label(entry, one) for entry in value]
    return replaced if any("tier" in entry for entry in replaced) else _once(replaced)


def _label(entry: Mapping[str, Any], one: Step) -> dict[str, Any]:
    if entry.get("label") not in _ended(one):
        return dict(entry)
    if isinstance(one, Merge):
        return {**entry, "label": one.into}
    intensity = entry.get("intensity")
    if isinstance(one, Drop) or not one.cuts or isinstance(intensity, bool) or not isinstance(intensity, int | float):
        raise _Again
    return {**entry, "label": one.into[bisect_right(one.cuts, intensity)]}


def _once(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each label once, with the strongest intensity it was given."""
    kept: dict[str, dict[str, Any]] = {}
    for entry in entries:
        other = kept.get(entry["label"])
        if other is None or _strength(entry) > _strength(other):
            kept[entry["label"]] = entry
    return list(kept.values())


def _strength(entry: Mapping[str, Any]) -> float:
    intensity = entry.get("intensity")
    if intensity in GRADES:
        return float(GRADES.index(intensity))
    return float(intensity) if isinstance(intensity, int | float) else float("-inf")
