"""What the workspace's templates show of a scheme: `shown` makes plain values of a form's questions, one dict a question.

Pure: a scheme, a language and a name in, values out; no database and no request. A dict has what all kinds have (`key` the
question's id, `type` its kind, `prompt`, `required`, …), what its kind needs (`options`, `points`, `tiers`, …), the keys
that answer it, and `document`, the part of the form that the browser's checker reads.

`posted` is the way back for a page without scripts: the fields of a plain form as answers in the wire format.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from affect.schemes.form import document_of
from affect.schemes.marks import COLOURS, marked
from affect.schemes.model import (
    GRADES,
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
    Trace,
    Wheel,
    YesNo,
    labels_of,
)
from labeling.views.manikins import figure
from labeling.views.shortcuts import DIGITS, ROWS, Shortcuts, shifted, sign, steps_of
from labeling.views.wheels import drawing
from labeling.words import DEVICES

MOST_POINTS = 11  # a longer scale is drawn as a slider
# Words and looks: what a checker has no use for.
_LOOKS = frozenset({
    "prompt", "hint", "name", "examples", "definition", "uri", "emotion", "mark", "anchors", "low", "high", "fit", "shortcut",
    "angle", "right", "up", "code", "key", "look", "dimension", "level", "past",
})  # fmt: skip


def shown(form: Scheme, language: str, target: str) -> list[dict[str, Any]]:
    """A dict for each question, in order. `target` is whom the labels are about, "" where nobody is named."""
    form = marked(form)
    say = _Saying(language, form.languages[0], target or _("the person"))
    keys = Shortcuts(form, MOST_POINTS)
    documents = {one["id"]: _bare(one) for one in document_of(form)["questions"]}
    return [
        {**_common(one, say), "document": documents[one.id], **_KINDS[type(one)](one, say, keys)}
        for one in form.questions
    ]


class _Saying:
    """Texts in one language, with the target's name where a text speaks of it."""

    def __init__(self, language: str, original: str, target: str) -> None:
        self.language, self.original, self.target = language, original, target

    def __call__(self, texts: Mapping[str, str] | None) -> str:
        if not texts:
            return ""
        found = texts.get(self.language) or texts.get(self.language.partition("-")[0]) or texts.get(self.original)
        return (found or next(iter(texts.values()))).replace("{target}", self.target)


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _bare(one) for name, one in value.items() if name not in _LOOKS}
    return [_bare(one) for one in value] if isinstance(value, list) else value


def _common(question: Question, say: _Saying) -> dict[str, Any]:
    conditional = question.asked_if is not None or question.required_if is not None
    outs = question.cannot_tell or bool(question.skip)
    return {
        "key": question.id, "type": question.KIND, "template": f"labeling/workspace/_{question.KIND}.html",
        "prompt": say(question.prompt), "hint": say(question.hint), "required": question.required and not conditional,
        # What the browser itself may insist on, where no script knows better.
        "insists": question.required and not conditional and not outs,
        "conditional": question.asked_if is not None, "row": "", "options": [],
        "examples": [{"text": say(one.text), "media": one.media} for one in question.examples],
        "explained": _explained(question),
        "cannot_tell": question.cannot_tell,
        "skip": [{"id": one.id, "name": say(one.name), "free_text": one.free_text} for one in question.skip],
        "confidence": _range(question.confidence, say) if question.confidence else None,
        "confidence_required": question.confidence_required,
    }  # fmt: skip


def _explained(question: Question) -> bool:
    """Whether there is more to read than the prompt and its hint: definitions or examples."""
    return bool(question.examples) or any(one.definition or one.examples for one in labels_of(question))


# parts --------------------------------------------------------------------------------------------------------------------


def plain(number: float) -> int | float:
    """5 and not 5.0; and no tail of binary fractions."""
    return int(number) if float(number).is_integer() else round(float(number), 6)


def _option(label: Label, say: _Saying, place: str = "") -> dict[str, Any]:
    colours = [light for light, _dark in COLOURS]
    mark = label.mark
    return {
        "id": label.id, "code": label.key, "name": say(label.name), "definition": say(label.definition),
        "examples": [{"text": say(one.text), "media": one.media} for one in label.examples],
        "emotion": label.emotion, "exclusive": label.exclusive, "free_text": label.free_text, "angle": label.angle,
        "key": sign(place), "place": place,
        "mark": {"colour": colours.index(mark.light) + 1 if mark.light in colours else 0, "light": mark.light,
                 "dark": mark.dark, "shape": mark.shape, "text": mark.text},
    }  # fmt: skip


def _options(labels: Iterable[Label], say: _Saying, places: Iterable[str] = ()) -> list[dict[str, Any]]:
    labels = list(labels)
    places = [*places, *[""] * len(labels)]
    found = [_option(label, say, place) for label, place in zip(labels, places, strict=False)]
    # An emotion of the interface has its mark everywhere; two labels that share one are told apart by the marks of the scheme.
    shared = Counter(one["emotion"] for one in found)
    for one in found:
        if shared[one["emotion"]] > 1:
            one["emotion"] = ""
    return found


def _range(range_: Range, say: _Saying, row: str = "") -> dict[str, Any]:
    """Numbers to choose from: points where there are few, else the ends of a slider; the words at the low and high end."""
    anchors = {plain(one.value): say(one.text) for one in range_.anchors}
    count = round((range_.maximum - range_.minimum) / range_.step) + 1 if range_.step else 0
    points = []
    if 2 <= count <= MOST_POINTS:
        places = ROWS.get(row, ())
        places = places if len(places) >= count else ()
        for index in range(count):
            value = plain(range_.minimum + index * range_.step)
            place = places[index] if places else ""
            points.append({"value": value, "anchor": anchors.get(value, ""), "key": sign(place), "place": place,
                           "share": index / (count - 1)})  # fmt: skip
    ends = sorted(anchors.items())
    middle = plain((range_.minimum + range_.maximum) / 2)
    return {
        "minimum": plain(range_.minimum), "maximum": plain(range_.maximum), "anchors": anchors, "points": points,
        "step": plain(range_.step) if range_.step else "any",
        "low": ends[0][1] if ends else "", "high": ends[-1][1] if len(ends) > 1 else "",
        "middle": anchors.get(middle, "") if len(ends) > 2 else "",
        "worded": 2 <= count <= 5 and all(one["anchor"] for one in points),
    }  # fmt: skip


def _letters(keys: Shortcuts) -> str:
    """The row that intensities may use: the top one, where no scale has it."""
    return "top" if keys.letters_are_free else ""


# kinds --------------------------------------------------------------------------------------------------------------------


def _choice(question: Choice, say: _Saying, keys: Shortcuts) -> dict[str, Any]:
    several = question.maximum > 1
    many = len(question.labels) > len(DIGITS)
    places = list(keys.labels(question.labels, keeps=several))
    return {
        "options": _options(question.labels, say, places), "several": several, "many": many, "row": "digits",
        "least": question.minimum, "most": min(question.maximum, len(question.labels)),
        "intensity": _range(question.intensity, say, "" if many else _letters(keys)) if question.intensity else None,
    }  # fmt: skip


def _primary_secondary(question: PrimarySecondary, say: _Saying, keys: Shortcuts) -> dict[str, Any]:
    first = [one for one in question.labels if not question.primary or one.id in question.primary]
    rest = [one for one in question.labels if one not in first]
    places = dict(zip((one.id for one in (*first, *rest)), keys.labels((*first, *rest), keeps=False), strict=True))
    plain_ones = {name: place for name, place in places.items() if not place.startswith("Shift+")}
    keys.keep_shift()
    options = {one["id"]: one for one in _options(question.labels, say)}
    also = {name: shifted(place) for name, place in plain_ones.items()}

    def keyed(label: Label, place: str) -> dict[str, Any]:
        return {**options[label.id], "key": sign(place), "place": place}

    return {
        "options": [keyed(one, plain_ones.get(one.id, "")) for one in first], "row": "digits",
        "secondary": [keyed(one, also.get(one.id, "")) for one in (*first, *rest)], "again": question.primary_again,
        "least": question.minimum, "most": min(question.maximum, len(question.labels)),
        "intensity": _range(question.intensity, say) if question.intensity else None,
    }  # fmt: skip


def _scale(question: Scale, say: _Saying, keys: Shortcuts) -> dict[str, Any]:
    row = keys.row(question)
    found = _range(question.range, say, row)
    look = "slider" if question.look == "slider" or not found["points"] else question.look
    for at, one in enumerate(found["points"]):
        drawn = look == "manikin" and (len(found["points"]) < 8 or at % 2 == 0)
        one["figure"] = figure(question.dimension, one["share"]) if drawn else None
    return {**found, "look": look, "row": row if found["points"] and found["points"][0]["place"] else "",
            "dimension": question.dimension, "steps": steps_of(question)}  # fmt: skip


def _axis(axis: Axis, say: _Saying) -> dict[str, Any]:
    return {
        "name": say(axis.name), "low": say(axis.low), "high": say(axis.high), "dimension": axis.dimension,
        "minimum": None if axis.minimum is None else plain(axis.minimum),
        "maximum": None if axis.maximum is None else plain(axis.maximum),
    }  # fmt: skip


def _grid(question: Grid, say: _Saying, keys: Shortcuts) -> dict[str, Any]:
    axes = {}
    for name in ("x", "y"):
        axis = _axis(getattr(question, name), say)
        axis["step"] = plain(question.step) if question.step else plain((axis["maximum"] - axis["minimum"]) / 100)
        axis["cells"] = round((axis["maximum"] - axis["minimum"]) / question.step) + 1 if question.step else 0
        axes[name] = axis
    return {**axes, "stepped": question.step is not None}


def _wheel(question: Wheel, say: _Saying, keys: Shortcuts) -> dict[str, Any]:
    options = _options((*question.labels, *question.centre), say)
    rim, hub = options[: len(question.labels)], options[len(question.labels) :]
    return {
        "options": rim, "centre": hub, "rings": question.rings, "least": question.minimum,
        "most": min(question.maximum, len(options)), "drawing": drawing(rim, question.rings, bool(hub)),
        "right": say(question.right), "up": say(question.up),
    }  # fmt: skip


def _text(question: FreeText, say: _Saying, keys: Shortcuts) -> dict[str, Any]:
    return {"least": question.minimum, "most": question.maximum, "lines": question.lines}


def _yes_no(question: YesNo, say: _Saying, keys: Shortcuts) -> dict[str, Any]:
    both = (Label(id="yes", name={"en": "yes"}), Label(id="no", name={"en": "no"}))
    places = list(keys.labels(both, keeps=False))
    return {
        "row": "digits",
        "options": [{"id": one.id, "name": name, "key": sign(place), "place": place}
                    for one, name, place in zip(both, (_("Yes"), _("No")), places, strict=True)],
    }  # fmt: skip


def _comparison(question: Comparison, say: _Saying, keys: Shortcuts) -> dict[str, Any]:
    count = 3 if question.ties else 2
    letters = tuple(Label(id=str(n), name={"en": str(n)}) for n in range(count))
    places = list(keys.labels(letters, keeps=False)) if question.method == "pairwise" else []
    return {"method": question.method, "ties": question.ties, "count": question.items,
            "keys": [{"key": sign(one), "place": one} for one in places]}  # fmt: skip


def _action_units(question: ActionUnits, say: _Saying, keys: Shortcuts) -> dict[str, Any]:
    return {
        "options": _options(question.labels, say), "grades": list(GRADES) if question.intensity != "none" else [],
        # As coders write it down.
        "example": "1B+2B+L12D" if question.sides else "1B+2B+12D" if question.intensity != "none" else "1+2+12",
        "grade_required": question.intensity == "required", "sides": question.sides, "least": question.minimum,
        "most": min(question.maximum, len(question.labels)),
    }  # fmt: skip


def _segments(question: Segments, say: _Saying, keys: Shortcuts) -> dict[str, Any]:
    tiers = []
    for tier in question.tiers:
        # A tier's labels have the digits while the tier is at hand, so each tier begins again at 1.
        places = [*DIGITS, *map(shifted, DIGITS), *[""] * len(tier.labels)]
        named = [label.shortcut or place for label, place in zip(tier.labels, places, strict=False)]
        tiers.append({
            "id": tier.id, "name": say(tier.name), "options": _options(tier.labels, say, named), "overlap": tier.overlap,
            "intensity": _range(tier.intensity, say) if tier.intensity else None, "apex": tier.apex,
            "grades": list(GRADES) if tier.grades else [], "no_gap": tier.no_gap, "coverage": tier.coverage,
            "shortest_us": tier.shortest_us, "longest_us": tier.longest_us,
        })  # fmt: skip
    return {"tiers": tiers}


def _trace(question: Trace, say: _Saying, keys: Shortcuts) -> dict[str, Any]:
    """An axis without ends is drawn from −1 to 1. Of one axis the words stand at its ends, in percent of the pad's height."""
    axes = [_axis(one, say) for one in question.axes]
    for axis in axes if not question.bounded else ():
        axis["minimum"], axis["maximum"] = -1, 1
    first = axes[0]
    return {
        "axes": axes, "bounded": question.bounded, "past": question.past, "devices": list(question.devices),
        "device_names": [str(DEVICES.get(one, one)) for one in question.devices], "coverage": question.coverage,
        "no_gap": question.no_gap, "longest_step_us": question.longest_step_us,
        "levels": [{"y": 8, "text": first["high"]}, {"y": 92, "text": first["low"]}],
    }  # fmt: skip


_KINDS: Mapping[type[Question], Callable[[Any, _Saying, Shortcuts], dict[str, Any]]] = {
    Choice: _choice, PrimarySecondary: _primary_secondary, Scale: _scale, Grid: _grid, Wheel: _wheel, FreeText: _text, YesNo: _yes_no,
    Comparison: _comparison, ActionUnits: _action_units, Segments: _segments, Trace: _trace,
}  # fmt: skip
