"""What the workspace's templates need and the template language lacks; what is shown itself comes from `labeling.views.questions`."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from django import template
from django.utils.html import format_html_join

from labeling.views.shortcuts import sign

register = template.Library()
Shown = dict[str, Any]  # a question, as `labeling.views.questions.shown` makes it


@register.filter
def points(question: Shown) -> list[dict[str, Any]]:
    """The points of a scale, lowest first; none for a slider."""
    return question.get("points") or []


@register.filter
def grid_lines(question: Shown) -> Iterator[dict[str, Any]]:
    """The lines of a grid in a box of 100 × 100: between the cells where it has steps, and through the middle."""
    for name, (one, other) in {"x": ("x", "y"), "y": ("y", "x")}.items():
        cells = question[name]["cells"]
        places = [round(100 * n / cells, 3) for n in range(1, cells)] if 2 <= cells <= 21 else [25, 75]
        for place, kind in (*((place, "rule") for place in places), (50, "axis")):
            yield {"class": kind, f"{one}1": place, f"{one}2": place, f"{other}1": 0, f"{other}2": 100}


@register.filter
def as_slider(question: Shown) -> Shown:
    """The same scale without its points."""
    return {**question, "points": [], "worded": False}


@register.filter
def every_option(question: Shown) -> Iterator[dict[str, Any]]:
    """Every label of a question, on its tiers, in its hub and among the further ones too."""
    seen = set()
    tiers = [option for tier in question.get("tiers") or () for option in tier["options"]]
    for option in (*question["options"], *(question.get("centre") or ()), *(question.get("secondary") or ()), *tiers):
        if option["id"] not in seen:
            seen.add(option["id"])
            yield option


@register.filter
def tier_data(tiers: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the timeline's script needs of tiers: what can be on them, and how it is drawn."""
    return [
        {
            **{name: tier[name] for name in ("id", "name", "overlap", "apex", "shortest_us", "longest_us")},
            "intensity": bool(tier["intensity"]), "grades": bool(tier["grades"]),
            "labels": [{name: one[name] for name in ("id", "name", "emotion", "mark", "place", "free_text")} for one in tier["options"]],
        }
        for tier in tiers
    ]  # fmt: skip


@register.filter
def has_apex(question: Shown) -> bool:
    return any(tier["apex"] for tier in question["tiers"])


@register.filter
def at(sequence: Sequence[Any], index: int) -> Any:
    """The element at an index, {} where there is none."""
    return sequence[index] if 0 <= index < len(sequence) else {}


@register.filter
def aria_key(place: str) -> str:
    """A place on the keyboard as aria-keyshortcuts names it: "Shift+1"."""
    return sign(place).replace("⇧", "Shift+")


@register.filter
def of_type(questions: list[Shown], kind: str) -> list[Shown]:
    """The questions of one type."""
    return [question for question in questions if question["type"] == kind]


@register.filter
def not_of_type(questions: list[Shown], kind: str) -> list[Shown]:
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
def given(answers: dict[str, Any] | None, question: Shown) -> dict[str, Any]:
    """The answer that was given to a question before, in the wire format; {} where there is none."""
    return (answers or {}).get(question["key"]) or {}


@register.filter
def chose(answer: dict[str, Any], label: str) -> bool:
    """Whether a label is among those of an answer."""
    value = answer.get("value")
    return isinstance(value, list) and any(isinstance(one, dict) and one.get("label") == label for one in value)


@register.filter
def said_so(answer: dict[str, Any], which: str) -> bool:
    """Whether yes (or no) was answered."""
    return answer.get("value") is (which == "yes")


@register.filter
def to_check(work: dict[str, Any]) -> dict[str, Any]:
    """What the browser's checker reads: the questions' form, what was shown, and the answers given before."""
    item, questions = work["item"], work["questions"]
    told: dict[str, Any] = {
        "scheme": {"questions": [one["document"] for one in questions]},
        "answers": work.get("answers") or {},
    }
    start, end = item.get("start_us"), item.get("end_us")
    if end is None and item.get("duration_us"):
        end = (start or 0) + item["duration_us"]
    if item.get("kind") != "text" and end is not None:
        told["media"] = {"start_us": start or 0, "end_us": end}
    if work.get("compared"):
        told["items"] = [str(one["id"]) for one in work["compared"]]
    return told


@register.filter
def as_json(value: Any) -> str:
    """JSON as text for a <template>; a <script> is taken out of parts that come later."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@register.filter
def clock(track: dict[str, Any]) -> str:
    """What places a track on the recording's clock, and how loud it is, as attributes that scripts read."""
    loudness = track.get("loudness")
    told = {
        "track": track["id"], "offset-us": track.get("offset_us") or 0, "drift-ppb": track.get("drift_ppb") or 0,
        "start-us": track.get("start_us") or 0, "duration-us": track.get("duration_us") or "",
        **({"gain-db": f"{loudness['gain_db']:.2f}", "peak-db": f"{loudness['peak_dbtp']:.1f}"} if loudness else {}),
    }  # fmt: skip
    return format_html_join(" ", 'data-{}="{}"', told.items())


@register.filter
def has_lanes(tracks: list[dict[str, Any]]) -> bool:
    """Whether a signal or feature is drawn: then all lanes have names, and stand under a ruler."""
    return any(track.get("lanes") for track in tracks)


@register.filter
def are_heard(tracks: list[dict[str, Any]]) -> bool:
    """Whether anything of known loudness is heard."""
    return any(track.get("loudness") for track in tracks)


@register.filter
def since(us: int, start_us: int | None) -> str:
    """A time of the item for people: minutes, seconds and a tenth."""
    tenths = max(0, us - (start_us or 0)) // 100_000
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest / 10:04.1f}" if hours else f"{minutes}:{rest / 10:04.1f}"
