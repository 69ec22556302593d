"""Rules of a definition that need more than one field: what must fit together for a scheme to be askable.

`broken` gives problems, for which a scheme is refused. `warnings` gives what may be meant but seldom is: an anchor of
arousal, valence or dominance that was changed, a scale of pleasure called arousal.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from affect.schemes.conditions import JOINING, Chosen, Condition, Said, Within
from affect.schemes.model import (
    ActionUnits,
    Axis,
    Choice,
    Comparison,
    FreeText,
    Grid,
    Label,
    PrimarySecondary,
    Question,
    Range,
    Scale,
    Scheme,
    Segments,
    Tier,
    Trace,
    Wheel,
    YesNo,
    labels_of,
)
from affect.schemes.problems import Problem, step
from affect.vocabularies.dimensions import VAD

MAX_NESTING = 8


def broken(scheme: Scheme) -> Iterator[Problem]:
    """Every rule the definition breaks, in order of the document."""
    yield from _languages(scheme)
    yield from _twice("/questions", ((at, one.id) for at, one in enumerate(scheme.questions)), "id")
    yield from _twice("/questions", ((at, one.key or one.id) for at, one in enumerate(scheme.questions)), "key")
    earlier: dict[str, Question] = {}
    for index, question in enumerate(scheme.questions):
        at = f"/questions/{index}"
        for name in ("required_if", "asked_if"):
            if (condition := getattr(question, name)) is not None:
                yield from _condition(condition, step(at, name), earlier, 1)
        if question.confidence:
            yield from _range(question.confidence, step(at, "confidence"))
        elif question.confidence_required:
            yield Problem(
                "no_confidence", step(at, "confidence_required"), "A confidence is due that is not asked for."
            )
        yield from _twice(step(at, "skip"), ((n, one.id) for n, one in enumerate(question.skip)), "id")
        yield from _RULES.get(type(question), _none)(question, at)
        earlier[question.id] = question


def warnings(scheme: Scheme) -> Iterator[Problem]:
    """What may be meant, but is told before it is used."""
    for index, question in enumerate(scheme.questions):
        at = f"/questions/{index}"
        if isinstance(question, Scale):
            ends = {one.value: (n, one.text) for n, one in enumerate(question.range.anchors)}
            for value, end in ((question.range.minimum, "low"), (question.range.maximum, "high")):
                if value in ends:
                    place, text = ends[value]
                    yield from _anchor(question.dimension, end, text, f"{at}/range/anchors/{place}/text")
        axes = {"x": question.x, "y": question.y} if isinstance(question, Grid) else {}
        if isinstance(question, Trace):
            axes = {f"axes/{n}": one for n, one in enumerate(question.axes)}
        for name, axis in axes.items():
            yield from _anchor(axis.dimension, "low", axis.low, f"{at}/{name}/low")
            yield from _anchor(axis.dimension, "high", axis.high, f"{at}/{name}/high")


def _anchor(dimension: str, end: str, text: Mapping[str, str], at: str) -> Iterator[Problem]:
    if dimension not in VAD.ids:
        return
    known = getattr(VAD[dimension].scale, end)
    for language, words in text.items():
        if language in known and words != known[language]:
            yield Problem(
                "anchor_changed", step(at, language), f"The validated anchor of {dimension} is {known[language]!r}; this says {words!r}.",
                {"dimension": dimension, "validated": known[language]},
            )  # fmt: skip


# languages ---------------------------------------------------------------------------------------------------------------


def _languages(scheme: Scheme) -> Iterator[Problem]:
    yield from _twice("/languages", enumerate(scheme.languages), "language")
    told = {one.language for one in scheme.translations}
    for language in scheme.languages[1:]:
        if language not in told:
            yield Problem(
                "no_translation_source",
                "/languages",
                f"Tell where the texts in {language} come from.",
                {"language": language},
            )
    for at, text in texts(scheme):
        missing = [language for language in scheme.languages if language not in text]
        if missing:
            yield Problem("untranslated", at, f"This text is missing in {', '.join(missing)}.", {"languages": missing})


def texts(scheme: Scheme) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Every text of the scheme with its place."""
    yield from _texts(scheme, "")


def _texts(value: Any, at: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    if isinstance(value, Mapping):
        yield at, value
    elif isinstance(value, tuple):
        for index, one in enumerate(value):
            yield from _texts(one, step(at, index))
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from _texts(getattr(value, name), step(at, name))


# conditions --------------------------------------------------------------------------------------------------------------


def _condition(condition: Condition, at: str, earlier: Mapping[str, Question], depth: int) -> Iterator[Problem]:
    if isinstance(condition, JOINING):
        if depth >= MAX_NESTING:
            yield Problem("too_deep", at, f"Conditions nest {MAX_NESTING} levels at most.")
            return
        for index, one in enumerate(condition.conditions):
            yield from _condition(one, f"{at}/conditions/{index}", earlier, depth + 1)
        return
    question = earlier.get(condition.question)
    if question is None:
        yield Problem("not_earlier", step(at, "question"), f"{condition.question!r} is no question before this one.")
    elif isinstance(condition, Chosen):
        known = {label.id for label in labels_of(question)}
        for index, label in enumerate(condition.labels):
            if label not in known:
                yield Problem("unknown_label", f"{at}/labels/{index}", f"{label!r} is no label of {question.id!r}.")
    elif (isinstance(condition, Within) and not isinstance(question, Scale)) or (
        isinstance(condition, Said) and not isinstance(question, YesNo)
    ):
        yield Problem(
            "wrong_test",
            step(at, "test"),
            f"{question.id!r} is a {question.KIND}, which {condition.KIND!r} cannot test.",
        )
    elif isinstance(condition, Within) and _upside_down(condition.minimum, condition.maximum):
        yield Problem("upside_down", at, "The minimum lies above the maximum.")


def _upside_down(low: float | None, high: float | None) -> bool:
    return low is not None and high is not None and low > high


# parts -------------------------------------------------------------------------------------------------------------------


def _twice(at: str, named: Iterable[tuple[int, str]], what: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, name in named:
        if name in seen:
            yield Problem("twice", step(at, index), f"The {what} {name!r} stands twice.", {"name": name})
        seen.add(name)


def _range(range_: Range, at: str) -> Iterator[Problem]:
    if range_.minimum >= range_.maximum:
        yield Problem("upside_down", at, "The minimum must lie below the maximum.")
        return
    if range_.step and not on_step(range_.maximum, range_.minimum, range_.step):
        yield Problem("uneven_step", step(at, "step"), "Steps from the minimum do not meet the maximum.")
    for index, anchor in enumerate(range_.anchors):
        if not range_.minimum <= anchor.value <= range_.maximum:
            yield Problem("anchor_outside", f"{at}/anchors/{index}/value", "This anchor lies outside the scale.")
    yield from _twice(step(at, "anchors"), ((n, str(one.value)) for n, one in enumerate(range_.anchors)), "value")


def on_step(value: float, minimum: float, size: float) -> bool:
    """Whether a number is one of minimum, minimum + size, …

    >>> on_step(0.3, 0, 0.1), on_step(0.35, 0, 0.1)
    (True, False)
    """
    steps = (value - minimum) / size
    return abs(steps - math.floor(steps + 0.5)) < 1e-6


def _labels(labels: tuple[Label, ...], at: str, *, on_wheel: bool = False) -> Iterator[Problem]:
    yield from _twice(at, ((n, one.id) for n, one in enumerate(labels)), "id")
    yield from _twice(at, ((n, one.key) for n, one in enumerate(labels)), "code")
    yield from _twice(at, ((n, one.shortcut) for n, one in enumerate(labels) if one.shortcut), "shortcut")
    yield from _twice(at, ((n, one.mark.text) for n, one in enumerate(labels) if one.mark), "mark's text")
    for language in {language for one in labels for language in one.name}:
        named = ((n, one.name[language]) for n, one in enumerate(labels) if language in one.name)
        yield from _twice(at, named, f"name ({language})")
    for index, one in enumerate(labels):
        if (one.angle is not None) != on_wheel:
            said = (
                "A label on the rim of a wheel needs its angle."
                if on_wheel
                else "Only labels on the rim of a wheel have an angle."
            )
            yield Problem("angle", f"{at}/{index}", said)


def _counts(question: Any, at: str, most: int) -> Iterator[Problem]:
    if question.minimum > question.maximum:
        yield Problem("upside_down", step(at, "minimum"), "The minimum lies above the maximum.")
    elif question.minimum > most:
        yield Problem("too_many_due", step(at, "minimum"), f"{question.minimum} are due and there are {most}.")


def _axis(axis: Axis, at: str, *, bounded: bool = True) -> Iterator[Problem]:
    given = [axis.minimum is not None, axis.maximum is not None]
    if bounded and not all(given):
        yield Problem("no_bounds", at, "This axis needs a minimum and a maximum.")
    elif not bounded and any(given):
        yield Problem("bounds", at, "An unbounded axis has no minimum and no maximum.")
    elif bounded and axis.minimum >= axis.maximum:
        yield Problem("upside_down", at, "The minimum must lie below the maximum.")


# kinds -------------------------------------------------------------------------------------------------------------------


def _none(question: Question, at: str) -> Iterator[Problem]:
    yield from ()


def _choice(question: Choice | PrimarySecondary, at: str) -> Iterator[Problem]:
    yield from _labels(question.labels, step(at, "labels"))
    yield from _counts(question, at, len(question.labels))
    if question.intensity:
        yield from _range(question.intensity, step(at, "intensity"))
    known = {label.id for label in question.labels}
    for index, label in enumerate(getattr(question, "primary", ())):
        if label not in known:
            yield Problem("unknown_label", f"{at}/primary/{index}", f"{label!r} is no label of this question.")


def _scale(question: Scale, at: str) -> Iterator[Problem]:
    yield from _range(question.range, step(at, "range"))
    if question.look == "likert" and not question.range.step:
        yield Problem("no_step", step(at, "range"), "A Likert scale needs a step.")
    if question.look == "manikin":
        if question.dimension not in VAD.ids:
            yield Problem("no_manikin", step(at, "dimension"), f"Manikins are drawn for {', '.join(VAD.ids)}.")
        if question.range.step != 1 or question.range.maximum - question.range.minimum + 1 not in (5, 7, 9):
            yield Problem("no_manikin", step(at, "range"), "Manikins have 5, 7 or 9 points, one apart.")


def _grid(question: Grid, at: str) -> Iterator[Problem]:
    for name in ("x", "y"):
        axis = getattr(question, name)
        found = list(_axis(axis, step(at, name)))
        yield from found
        if not found and question.step and not on_step(axis.maximum, axis.minimum, question.step):
            yield Problem("uneven_step", step(at, "step"), f"Steps from the minimum do not meet the maximum of {name}.")


def _wheel(question: Wheel, at: str) -> Iterator[Problem]:
    yield from _labels(question.labels, step(at, "labels"), on_wheel=True)
    yield from _labels(question.centre, step(at, "centre"))
    rim = {one.id for one in question.labels}
    for index, one in enumerate(question.centre):
        if one.id in rim:
            yield Problem("twice", f"{at}/centre/{index}", f"The id {one.id!r} stands twice.", {"name": one.id})
    angles = ((n, str(one.angle)) for n, one in enumerate(question.labels) if one.angle is not None)
    yield from _twice(step(at, "labels"), angles, "angle")
    yield from _counts(question, at, len(question.labels))


def _text(question: FreeText, at: str) -> Iterator[Problem]:
    yield from _counts(question, at, question.maximum)


def _comparison(question: Comparison, at: str) -> Iterator[Problem]:
    if question.method == "pairwise" and question.items != 2:
        yield Problem("wrong_number", step(at, "items"), "A pair has two items.")
    if question.method == "best_worst" and question.items < 3:
        yield Problem("wrong_number", step(at, "items"), "Best and worst need three items at least.")
    if question.method == "best_worst" and question.ties:
        yield Problem("wrong_number", step(at, "ties"), "Only a pair can be called equal.")


def _units(question: ActionUnits, at: str) -> Iterator[Problem]:
    yield from _labels(question.labels, step(at, "labels"))
    yield from _counts(question, at, len(question.labels))


def _segments(question: Segments, at: str) -> Iterator[Problem]:
    yield from _twice(step(at, "tiers"), ((n, one.id) for n, one in enumerate(question.tiers)), "id")
    for index, tier in enumerate(question.tiers):
        yield from _tier(tier, f"{at}/tiers/{index}")


def _tier(tier: Tier, at: str) -> Iterator[Problem]:
    yield from _labels(tier.labels, step(at, "labels"))
    yield from _counts(tier, at, tier.maximum)
    if tier.intensity:
        yield from _range(tier.intensity, step(at, "intensity"))
    if tier.longest_us is not None and tier.shortest_us > tier.longest_us:
        yield Problem("upside_down", step(at, "shortest_us"), "The shortest segment is longer than the longest.")


def _trace(question: Trace, at: str) -> Iterator[Problem]:
    for index, axis in enumerate(question.axes):
        yield from _axis(axis, f"{at}/axes/{index}", bounded=question.bounded)
    for device, count in Counter(question.devices).items():
        if count > 1:
            yield Problem("twice", step(at, "devices"), f"The device {device!r} stands twice.", {"name": device})


_RULES = {
    Choice: _choice, PrimarySecondary: _choice, Scale: _scale, Grid: _grid, Wheel: _wheel, FreeText: _text, Comparison: _comparison,
    ActionUnits: _units, Segments: _segments, Trace: _trace,
}  # fmt: skip
