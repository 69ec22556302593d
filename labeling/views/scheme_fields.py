"""The editor's form of a scheme: what can be filled in, made from the definition itself, and read back from what was posted.

`affect.schemes.model` tells of every field what belongs there; here each becomes an input whose name is its place in the
document (a JSON Pointer), so that a mistake that the definition finds is shown beside the input that caused it. A field
that is added to the definition is in the editor at once. What few need and no form shows well (marks, conditions of many
parts) is left to the JSON.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from math import isfinite
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from affect.schemes import fields as spec
from affect.schemes import model
from affect.schemes.conditions import CONDITION, ID
from affect.schemes.editing import put, value_at
from affect.schemes.fields import MISSING
from affect.schemes.problems import step
from labeling.pictures import said

# A condition of one part that the form can tell: after an answer, a label, a yes or a no.
_CHOSEN, _SAID, _ANSWERED = "chosen", "said", "answered"
_LEFT_OUT = frozenset({"id", "questions", "mark", "number", "translations", "examples", "languages", "shortcut"})
_RULES = ("required", "required_if", "asked_if", "cannot_tell", "skip", "confidence", "confidence_required")
_MORE = ("key", "level", "dimension", "uri", "code", "fit", "emotion", "exclusive", "free_text", "angle", "definition", "source",
         "licence", "guideline", "devices", "longest_step_us", "shortest_us", "longest_us", "right", "up")  # fmt: skip

_NAMES = {
    "name": gettext_noop("Name"), "description": gettext_noop("What it is for"), "guideline": gettext_noop("To be read first"),
    "source": gettext_noop("Source"), "licence": gettext_noop("Licence"), "prompt": gettext_noop("Wording"),
    "key": gettext_noop("Name in files"), "code": gettext_noop("Name in files"), "hint": gettext_noop("Hint"),
    "required": gettext_noop("An answer is required, or a skip with a reason"), "required_if": gettext_noop("Required only"),
    "asked_if": gettext_noop("Asked only"), "cannot_tell": gettext_noop("Offer “cannot tell”"),
    "skip": gettext_noop("Reasons to skip"), "confidence": gettext_noop("Ask for confidence"),
    "confidence_required": gettext_noop("Confidence is required"), "level": gettext_noop("Level of measurement"),
    "dimension": gettext_noop("Dimension"), "uri": gettext_noop("Term (URI)"), "fit": gettext_noop("Fit of the term"),
    "emotion": gettext_noop("Emotion mark"), "definition": gettext_noop("Definition"), "exclusive": gettext_noop("Excludes all others"),
    "free_text": gettext_noop("Wants a text"), "angle": gettext_noop("Angle, degrees"), "labels": gettext_noop("Labels"),
    "centre": gettext_noop("In the hub"), "rings": gettext_noop("Rings of intensity"), "intensity": gettext_noop("Ask for intensity"),
    "primary": gettext_noop("May be primary"), "primary_again": gettext_noop("The primary one may be chosen again"),
    "look": gettext_noop("Drawn as"), "range": gettext_noop("Values"), "minimum": gettext_noop("Lowest"),
    "maximum": gettext_noop("Highest"), "step": gettext_noop("Step"), "anchors": gettext_noop("Words at values"),
    "value": gettext_noop("Value"), "text": gettext_noop("Text"), "low": gettext_noop("At the low end"),
    "high": gettext_noop("At the high end"), "x": gettext_noop("To the right"), "y": gettext_noop("Upwards"),
    "right": gettext_noop("To the right"), "up": gettext_noop("Upwards"), "lines": gettext_noop("Lines"),
    "method": gettext_noop("Compared by"), "items": gettext_noop("Items at once"), "ties": gettext_noop("A pair may be called equal"),
    "sides": gettext_noop("Ask for the side of the face"), "tiers": gettext_noop("Tiers"), "overlap": gettext_noop("Segments may overlap"),
    "no_gap": gettext_noop("Without a gap"), "coverage": gettext_noop("Least share covered, 0 to 1"),
    "shortest_us": gettext_noop("Shortest, microseconds"), "longest_us": gettext_noop("Longest, microseconds"),
    "grades": gettext_noop("Ask for a letter, A to E"), "apex": gettext_noop("A segment may tell its apex"),
    "axes": gettext_noop("Dimensions"), "bounded": gettext_noop("Values end at the ends of the axis"),
    "past": gettext_noop("What was traced is"), "longest_step_us": gettext_noop("A gap is longer than, microseconds"),
    "rate_hz": gettext_noop("Least samples a second"), "devices": gettext_noop("Devices that may be used"),
}  # fmt: skip
_COUNTS = {"minimum": gettext_noop("At least"), "maximum": gettext_noop("At most")}
_WORDS = {
    "": gettext_noop("what the kind has"), "nominal": gettext_noop("Nominal"), "ordinal": gettext_noop("Ordinal"),
    "interval": gettext_noop("Interval"), "ratio": gettext_noop("Ratio"), "manikin": gettext_noop("manikins"),
    "likert": gettext_noop("Likert scale"), "slider": gettext_noop("slider"), "one": gettext_noop("one"),
    "many": gettext_noop("many"), "pairwise": gettext_noop("pairs"), "best_worst": gettext_noop("best and worst"),
    "required": gettext_noop("required"), "optional": gettext_noop("optional"), "none": gettext_noop("not asked"),
    "shown": gettext_noop("shown"), "hidden": gettext_noop("hidden"), "exact": gettext_noop("exact"),
    "mouse": gettext_noop("mouse"), "wheel": gettext_noop("wheel"), "keys": gettext_noop("keys"),
    "gamepad": gettext_noop("gamepad"), "touch": gettext_noop("touch"),
    "close": gettext_noop("close in meaning"), "broad": gettext_noop("broader in meaning"), "joy": gettext_noop("joy"),
    "interest": gettext_noop("interest"), "surprise": gettext_noop("surprise"), "anger": gettext_noop("anger"),
    "disgust": gettext_noop("disgust"), "contempt": gettext_noop("contempt"), "fear": gettext_noop("fear"),
    "sadness": gettext_noop("sadness"), "calm": gettext_noop("calm"), "neutral": gettext_noop("neutral"),
}  # fmt: skip


@dataclasses.dataclass
class Field:
    """One input: `at` is its place in the document, and its name in the form. `shape` says which input is drawn."""

    at: str
    name: str
    shape: str  # text, long, number, truth, option, boxes, words, condition, members, part
    value: Any = None
    options: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    fields: list[Field] = dataclasses.field(default_factory=list)  # of a part
    members: list[Member] = dataclasses.field(default_factory=list)
    optional: bool = False  # a part that may be left out
    group: str = "main"
    named: bool = False  # a list whose members are added by their name
    labels: bool = False  # a list of labels, which vocabularies have as well
    problems: list[str] = dataclasses.field(default_factory=list)

    @property
    def id(self) -> str:
        return "f" + self.at.replace("/", "-")

    @property
    def there(self) -> bool:
        return self.value is not None


@dataclasses.dataclass
class Member:
    at: str
    title: str
    emotion: str
    fields: list[Field]
    problems: list[str]

    @property
    def id(self) -> str:
        return "f" + self.at.replace("/", "-")


class Outline:
    """The fields of one question (or of the scheme itself) of a document, with the problems that stand beside them."""

    def __init__(self, document: Mapping[str, Any], problems: Mapping[str, list[str]]) -> None:
        self.document, self.problems = document, dict(problems)
        self.languages = [one for one in document.get("languages") or ["en"] if isinstance(one, str)]

    def question(self, index: int) -> list[Field]:
        at = f"/questions/{index}"
        kind = value_at(self.document, f"{at}/kind")
        cls = next((one for one in model.QUESTIONS if kind == one.KIND), None)
        return list(self.part(cls, at)) if cls else []

    def scheme(self) -> list[Field]:
        return list(self.part(model.Scheme, ""))

    def part(self, cls: type, at: str) -> Iterator[Field]:
        for one in dataclasses.fields(cls):
            if one.name not in _LEFT_OUT and (found := self._field(cls, one, step(at, one.name))):
                found.group = "rules" if one.name in _RULES else "more" if one.name in _MORE else "main"
                yield found

    def _field(self, cls: type, one: dataclasses.Field, at: str) -> Field | None:
        what = one.metadata["spec"]
        name = _(
            _COUNTS[one.name]
            if one.name in _COUNTS and cls not in (model.Range, model.Axis)
            else _NAMES.get(one.name, one.name)
        )
        value = value_at(self.document, at)
        made = Field(at, name, "text", value, problems=self.problems.get(at, []))
        default = None if one.default is MISSING else one.default
        if what is CONDITION:
            made.shape, made.options = "condition", self._conditions(at, value)
            made.value = told(value)
        elif isinstance(what, spec.Truth):
            made.shape, made.value = "truth", default if value is None else value
        elif isinstance(what, spec.Number):
            made.shape, made.value = "number", default if value is None else value
        elif isinstance(what, spec.Option):
            made.shape, made.value = "option", default if value is None else value
            words = what.options if default is None or default in what.options else ("", *what.options)
            made.options = [(word, _(_WORDS.get(word, word))) for word in words]
            if one.name == "emotion":
                made.options[0] = ("", _("none"))
        elif isinstance(what, spec.Words):
            texts = value if isinstance(value, dict) else {}
            made.shape, made.value = ("words" if one.name not in ("hint", "description", "guideline", "definition") else "texts"), [
                (language, step(at, language), texts.get(language, ""), self.problems.get(step(at, language), []))
                for language in self.languages
            ]  # fmt: skip
        elif isinstance(what, spec.ListOf):
            self._list(made, what, at)
        elif isinstance(what, spec.Part):
            made.shape, made.optional = "part", one.default is not MISSING
            made.fields = list(self.part(what.cls, at)) if value is not None else []
        return made

    def _list(self, made: Field, what: spec.ListOf, at: str) -> None:
        members = made.value if isinstance(made.value, list) else []
        if isinstance(what.spec, spec.Option):
            made.shape, made.options = "boxes", [(word, _(_WORDS.get(word, word))) for word in what.spec.options]
        elif what.spec is ID:
            labels = value_at(self.document, f"{at.rpartition('/')[0]}/labels") or []
            made.shape, made.options = "boxes", [(one.get("id", ""), said(one.get("name") or {})) for one in labels]
        else:
            made.shape, made.named = "members", what.spec.cls in (model.Label, model.Tier, model.Reason)
            made.labels = what.spec.cls is model.Label
            made.members = [self._member(what.spec.cls, one, step(at, n)) for n, one in enumerate(members)]
        if made.shape == "boxes":
            made.value = members

    def _member(self, cls: type, value: Any, at: str) -> Member:
        value = value if isinstance(value, dict) else {}
        return Member(
            at, said(value.get("name") or {}) or value.get("id", "") or _at_value(value), value.get("emotion", ""), list(self.part(cls, at)),
            self.problems.get(at, []),
        )  # fmt: skip

    def _conditions(self, at: str, value: Any) -> list[tuple[str, str]]:
        """What a question may hang from: the questions before it."""
        place = int(at.split("/")[2])
        options = [("", _("always"))]
        for one in self.document["questions"][:place]:
            prompt = said(one.get("prompt") or {}) or one.get("id", "")
            if one.get("kind") == "yes_no":
                options.append((f"{_SAID} {one['id']} yes", _("after yes to “%(question)s”") % {"question": prompt}))
                options.append((f"{_SAID} {one['id']} no", _("after no to “%(question)s”") % {"question": prompt}))
            for label in [*one.get("labels", ()), *one.get("centre", ())]:
                said_ = said(label.get("name") or {}) or label.get("id", "")
                options.append(
                    (f"{_CHOSEN} {one['id']} {label['id']}", _("after %(label)s in “%(question)s”") % {"label": said_, "question": prompt})
                )  # fmt: skip
            options.append((f"{_ANSWERED} {one['id']}", _("after an answer to “%(question)s”") % {"question": prompt}))
        if value is not None and told(value) not in dict(options):
            options.append((told(value), _("as the JSON says")))
        return options


def _at_value(anchor: Mapping[str, Any]) -> str:
    return f"{anchor.get('value', '')}: {said(anchor.get('text') or {})}"


def told(condition: Any) -> str:
    """A condition as the value of an option; "json" for one of more parts than an option has."""
    if condition is None:
        return ""
    kind, question = condition.get("test"), condition.get("question")
    if kind == _ANSWERED:
        return f"{kind} {question}"
    if kind == _SAID:
        return f"{kind} {question} {'yes' if condition.get('yes', True) else 'no'}"
    if kind == _CHOSEN and len(condition.get("labels", ())) == 1:
        return f"{kind} {question} {condition['labels'][0]}"
    return "json"


def condition_of(option: str) -> Any:
    """The condition that an option stands for; MISSING for none."""
    kind, _space, rest = option.partition(" ")
    question, _space, last = rest.rpartition(" ") if kind != _ANSWERED else (rest, "", "")
    if kind == _ANSWERED:
        return {"test": kind, "question": question}
    if kind == _SAID:
        return {"test": kind, "question": question, "yes": last == "yes"}
    if kind == _CHOSEN:
        return {"test": kind, "question": question, "labels": [last]}
    return MISSING


def filled(document: dict[str, Any], fields: Iterable[Field], posted: Mapping[str, Any]) -> dict[str, Any]:
    """The document with what was typed. Only what the form showed is taken: `posted` cannot reach any other place.

    A number that is none stays the text it is, so that the definition says what is wrong with it, at its place.
    """
    for one in fields:
        if one.shape == "members":
            for member in one.members:
                document = filled(document, member.fields, posted)
        elif one.shape == "part":
            document = filled(document, one.fields, posted)
        elif one.shape in ("words", "texts"):
            texts = {language: posted.get(at, "").strip() for language, at, *_rest in one.value}
            document = put(document, one.at, {language: text for language, text in texts.items() if text} or MISSING)
        elif one.shape == "boxes":
            ticked, before = posted.getlist(one.at), list(one.value)
            known = [
                *before,
                *(word for word, _name in one.options if word not in before),
            ]  # an order that was meant stays
            document = put(document, one.at, [word for word in known if word in ticked] or MISSING)
        elif one.shape == "truth":
            document = put(document, one.at, one.at in posted)
        elif one.shape == "condition":
            if posted.get(one.at) != "json":
                document = put(document, one.at, condition_of(posted.get(one.at, "")))
        else:
            document = put(document, one.at, _typed(one.shape, posted.get(one.at, "").strip()))
    return document


def offered(fields: Iterable[Field]) -> Iterator[str]:
    """Every place that the form offers to change: an act that was posted reaches no other."""
    for one in fields:
        yield one.at
        yield from offered(one.fields)
        for member in one.members:
            yield member.at
            yield from offered(member.fields)


def _typed(shape: str, text: str) -> Any:
    if not text:
        return MISSING
    if shape != "number":
        return text
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return text
    if not isfinite(number):
        return text
    return int(number) if number.is_integer() and abs(number) < 1e15 else number
