"""What the workspace's templates need and the template language lacks: the points of a scale with their keys and figures."""

from typing import Any

from django import template

from labeling.words import DEVICES

register = template.Library()

ROWS = {
    "digits": [("1", "Digit1"), ("2", "Digit2"), ("3", "Digit3"), ("4", "Digit4"), ("5", "Digit5"), ("6", "Digit6"),
               ("7", "Digit7"), ("8", "Digit8"), ("9", "Digit9"), ("0", "Digit0")],
    "top": [(letter, f"Key{letter}") for letter in "QWERTYUIO"],
    "home": [(letter, f"Key{letter}") for letter in "ASDFGHJKL"],
    "bottom": [(letter, f"Key{letter}") for letter in "ZXCVBNM"] + [(",", "Comma"), (".", "Period")],
}  # fmt: skip
FIGURES = {"valence": "valence", "pleasantness": "valence", "arousal": "arousal", "dominance": "dominance"}
MOST_POINTS = 11  # a longer scale is drawn as a slider


def _plain(number: float) -> int | float:
    return int(number) if float(number).is_integer() else round(float(number), 6)


@register.filter
def points(question: dict[str, Any]) -> list[dict[str, Any]]:
    """The points of a scale question, lowest first; empty when there are too many to draw (a slider is shown then).

    Each: value, key and code (its place on the keyboard, or empty), anchor (its text, or empty), figure (the id of its drawing,
    or empty; five drawings stand at the ends, the middle and between).
    """
    least, most, step = (float(question[name]) for name in ("minimum", "maximum", "step"))
    if step <= 0 or most <= least:
        return []
    count = round((most - least) / step) + 1
    if count > MOST_POINTS:
        return []
    keys = ROWS.get(question.get("row") or "", [])
    keys = keys if len(keys) >= count else []
    anchors = {_plain(float(value)): text for value, text in (question.get("anchors") or {}).items()}
    family = FIGURES.get(question["key"], "")
    result = []
    for index in range(count):
        value = _plain(least + index * step)
        ninth = 1 + index * 8 / (count - 1)
        drawn = family and float(ninth).is_integer() and int(ninth) % 2 == 1
        result.append(
            {
                "value": value,
                "key": keys[index][0] if keys else "",
                "code": keys[index][1] if keys else "",
                "anchor": anchors.get(value, ""),
                "figure": f"sam-{family}-{int(ninth)}" if drawn else "",
            }
        )
    return result


@register.filter
def ends(question: dict[str, Any]) -> list[str]:
    """The texts under a scale: of its lowest, middle and highest anchor (the middle may be missing)."""
    anchors = sorted((float(value), text) for value, text in (question.get("anchors") or {}).items())
    if len(anchors) < 2:
        return [text for _, text in anchors]
    middle = (float(question["minimum"]) + float(question["maximum"])) / 2
    return [anchors[0][1], *[text for value, text in anchors if value == middle], anchors[-1][1]]


@register.filter
def axes(question: dict[str, Any]) -> list[dict[str, Any]]:
    """The axes of a trace: {minimum, maximum, low, high} each. Where the question tells none, there is one from its lowest to its
    highest value; numbers are written as scripts read them, whatever the language of the page."""
    given = question.get("axes") or [{"minimum": question.get("minimum"), "maximum": question.get("maximum")}]
    ends = [("minimum", -1), ("maximum", 1)]
    return [
        {"low": one.get("low") or "", "high": one.get("high") or "",
         **{name: plain(default if one.get(name) is None else one[name]) for name, default in ends}}
        for one in given
    ]  # fmt: skip


@register.filter
def plain(number: float) -> str:
    """A number as scripts and attributes read it."""
    return str(_plain(number))


@register.filter
def device_name(code: str) -> str:
    """A device of the hand as people call it."""
    return str(DEVICES.get(code, code))


@register.filter
def levels(question: dict[str, Any]) -> list[dict[str, Any]]:
    """The anchors of a trace as {y, text}, y in percent of the pad's height (8 = highest, 92 = lowest); of an axis without any,
    the words at its ends."""
    if not question.get("anchors") and question.get("axes"):
        first = question["axes"][0]
        return [{"y": 8, "text": first.get("high") or ""}, {"y": 92, "text": first.get("low") or ""}]
    least = -1.0 if question["minimum"] is None else float(question["minimum"])
    most = 1.0 if question["maximum"] is None else float(question["maximum"])
    anchors = sorted(((float(value), text) for value, text in (question.get("anchors") or {}).items()), reverse=True)
    return [{"y": round(92 - 84 * (value - least) / (most - least), 2), "text": text} for value, text in anchors]


@register.filter
def code(option: dict[str, Any]) -> str:
    """The place on the keyboard of an option's key: "Digit3" for "3", "KeyQ" for "q"."""
    key = str(option.get("key") or "").upper()
    if key.isdigit() and len(key) == 1:
        return f"Digit{key}"
    return f"Key{key}" if len(key) == 1 and key.isascii() and key.isalpha() else ""


@register.filter
def of_type(questions: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """The questions of one type."""
    return [question for question in questions if question["type"] == kind]


@register.filter
def not_of_type(questions: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """The questions of every other type."""
    return [question for question in questions if question["type"] != kind]


@register.filter
def seconds(us: int | None) -> str:
    """Microseconds as m:ss.s, cut."""
    if us is None:
        return "–"
    tenths = int(us) // 100_000
    return f"{tenths // 600}:{tenths // 10 % 60:02d}.{tenths % 10}"


@register.filter
def given(answers: dict[str, Any] | None, question: dict[str, Any]) -> dict[str, Any]:
    """The answer that was given to a question before: {"label": id}, {"number": n}, {"text": s}, {"trace": id}, or {}."""
    return (answers or {}).get(question["key"]) or {}
