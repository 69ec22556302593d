"""What a scheme is made of: frozen dataclasses, each field with its form (`fields`) and a sentence on what it is about.

Ids are for good: they name a question, a label or a tier through every version and every renaming, and answers refer to
them. Texts are maps by language. Times are whole microseconds of media time, stretches are half-open [start, end).
"""

# ruff: noqa: RUF009 - `of` only describes a field; it makes a new description at each call and no shared value.

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from affect.schemes.conditions import CONDITION, ID, Condition
from affect.schemes.fields import LANGUAGE, ListOf, Number, OneOf, Option, Part, Text, Truth, Words, of, whole
from affect.vocabularies.terms import CLOSENESS, STATUSES, TOKENS

WORDS = Words()
KEY = Text(1, 60, r"[A-Za-z0-9][A-Za-z0-9_-]*")
URI = Text(1, 200, r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+")
COLOUR = Text(7, 7, r"#[0-9a-f]{6}")
SHAPES = ("circle", "square", "triangle", "diamond", "plus", "cross", "star", "bar", "ring", "drop", "hexagon", "half")
LEVELS = ("nominal", "ordinal", "interval", "ratio")
DEVICES = ("mouse", "wheel", "keys", "gamepad", "touch")
GRADES = ("A", "B", "C", "D", "E")


@dataclass(frozen=True, kw_only=True)
class Translation:
    """Where the texts of a language come from, and whether they were validated."""

    language: str = of(Text(2, 20, LANGUAGE), "The language tag.")
    source: str = of(Text(1, 400), "Who translated, or the publication.")
    status: str = of(Option(STATUSES), "Whether the wording was validated as an instrument.")


@dataclass(frozen=True, kw_only=True)
class Example:
    """A worked example: what it shows and, where there is one, its media."""

    text: Mapping[str, str] = of(WORDS, "What is to be seen or heard, and why it is labeled so.")
    media: str = of(Text(1, 200), "The id or path of a clip; absent: words only.", "")


@dataclass(frozen=True, kw_only=True)
class Mark:
    """How a label is told apart: a colour for light and for dark grounds, a shape, and a text of its own."""

    light: str = of(COLOUR, "The colour on a light ground.")
    dark: str = of(COLOUR, "The colour on a dark ground.")
    shape: str = of(Option(SHAPES), "The shape that goes with it.")
    text: str = of(Text(1, 4), "A few characters that no other label of the question has.")


@dataclass(frozen=True, kw_only=True)
class Label:
    """One thing to choose."""

    id: str = of(ID, "Its identity: survives renaming, answers refer to it.")
    name: Mapping[str, str] = of(WORDS, "What people read.")
    code: str = of(KEY, "The name in exported files; absent: the id.", "")
    definition: Mapping[str, str] | None = of(WORDS, "What it means, one key away while labeling.", None)
    examples: tuple[Example, ...] = of(ListOf(Part(Example), 1, 20), "Worked examples.", ())
    uri: str = of(URI, "The term of a vocabulary it stands for.", "")
    fit: str = of(Option(CLOSENESS), "How close it is to that term; absent: exact.", "exact")
    emotion: str = of(Option(tuple(sorted(TOKENS))), "The emotion mark of the interface; absent: none fits.", "")
    mark: Mark | None = of(Part(Mark), "Colour, shape and text; absent: assigned by the rules of this package.", None)
    shortcut: str = of(Text(1, 24, r"[A-Za-z0-9+]+"), "The physical key (KeyboardEvent.code); absent: by position.", "")
    exclusive: bool = of(Truth(), "Excludes all others where several may be chosen, as none does.", False)
    free_text: bool = of(Truth(), "Wants a text with it, as other does.", False)
    angle: float | None = of(Number(0, 359.999999), "On a wheel: degrees clockwise from the top.", None)

    @property
    def key(self) -> str:
        return self.code or self.id


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """A word at a value of a scale."""

    value: float = of(Number(), "Where it stands.")
    text: Mapping[str, str] = of(WORDS, "What it says.")


@dataclass(frozen=True, kw_only=True)
class Range:
    """Numbers from minimum to maximum, in steps where they are counted."""

    minimum: float = of(Number(), "The lowest number.")
    maximum: float = of(Number(), "The highest number.")
    step: float | None = of(Number(1e-6), "The distance of neighbours; absent: any number between.", None)
    anchors: tuple[Anchor, ...] = of(ListOf(Part(Anchor), 1, 101), "Words at some of the values.", ())


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One dimension of a grid or of a trace, with the words at its ends."""

    name: Mapping[str, str] = of(WORDS, "What people read.")
    low: Mapping[str, str] = of(WORDS, "The word at the low end.")
    high: Mapping[str, str] = of(WORDS, "The word at the high end.")
    minimum: float | None = of(Number(), "The lowest value; absent where a trace is unbounded.", None)
    maximum: float | None = of(Number(), "The highest value; absent where a trace is unbounded.", None)
    dimension: str = of(KEY, "valence, arousal, dominance…", "")
    uri: str = of(URI, "The term of a vocabulary it stands for.", "")


@dataclass(frozen=True, kw_only=True)
class Reason:
    """A reason for which a question may be skipped."""

    id: str = of(ID, "Its identity.")
    name: Mapping[str, str] = of(WORDS, "What people read.")
    free_text: bool = of(Truth(), "Wants a text with it.", False)


@dataclass(frozen=True, kw_only=True)
class Question:
    """What all kinds of questions have."""

    id: str = of(ID, "Its identity: survives renaming, answers refer to it.")
    prompt: Mapping[str, str] = of(WORDS, "What is asked; {target} stands for whom the label is about.")
    key: str = of(KEY, "The name in exported files; absent: the id.", "")
    hint: Mapping[str, str] | None = of(WORDS, "A help beside the question.", None)
    examples: tuple[Example, ...] = of(ListOf(Part(Example), 1, 20), "Worked examples.", ())
    required: bool = of(Truth(), "An answer, cannot tell or a skip is due.", True)
    required_if: Condition | None = of(CONDITION, "It is due only when this holds.", None)
    asked_if: Condition | None = of(CONDITION, "It is asked only when this holds.", None)
    cannot_tell: bool = of(Truth(), "Offers cannot tell.", False)
    skip: tuple[Reason, ...] = of(ListOf(Part(Reason), 1, 20), "Reasons to skip; absent: no skipping.", ())
    confidence: Range | None = of(Part(Range), "Asks for the confidence in the answer.", None)
    confidence_required: bool = of(Truth(), "The confidence is due with the answer.", False)
    level: str = of(Option(LEVELS), "The level of measurement; absent: what the kind has.", "")
    dimension: str = of(KEY, "valence, arousal, dominance…", "")
    uri: str = of(URI, "The term or set of a vocabulary it asks about.", "")


LABEL = Part(Label)


@dataclass(frozen=True, kw_only=True)
class Choice(Question):
    """One or several labels, each with an intensity where that is asked."""

    KIND: ClassVar = "choice"
    labels: tuple[Label, ...] = of(ListOf(LABEL, 2), "What may be chosen.")
    minimum: int = of(whole(1, 500), "The least labels of an answer.", 1)
    maximum: int = of(whole(1, 500), "The most labels of an answer.", 1)
    intensity: Range | None = of(Part(Range), "Asks for the intensity of each label chosen.", None)


@dataclass(frozen=True, kw_only=True)
class PrimarySecondary(Question):
    """The one emotion that stands out, and others that are there as well."""

    KIND: ClassVar = "primary_secondary"
    labels: tuple[Label, ...] = of(ListOf(LABEL, 2), "What may be chosen.")
    primary: tuple[str, ...] = of(ListOf(ID, 1), "Ids of the labels that may be primary; absent: all.", ())
    minimum: int = of(whole(0, 500), "The least secondary labels.", 0)
    maximum: int = of(whole(1, 500), "The most secondary labels.", 500)
    primary_again: bool = of(Truth(), "The primary label may stand among the secondary ones.", False)
    intensity: Range | None = of(Part(Range), "Asks for the intensity of each label chosen.", None)


@dataclass(frozen=True, kw_only=True)
class Scale(Question):
    """A number on a scale: manikins, a Likert scale or a slider."""

    KIND: ClassVar = "scale"
    look: str = of(Option(("manikin", "likert", "slider")), "How it is drawn.")
    range: Range = of(Part(Range), "The numbers and their anchors.")


@dataclass(frozen=True, kw_only=True)
class Grid(Question):
    """A point in a plane, as the affect grid is."""

    KIND: ClassVar = "grid"
    x: Axis = of(Part(Axis), "To the right.")
    y: Axis = of(Part(Axis), "Upwards.")
    step: float | None = of(Number(1e-6), "The distance of neighbours on both axes; absent: any point.", None)


@dataclass(frozen=True, kw_only=True)
class Wheel(Question):
    """Labels around a hub; the ring says how intense."""

    KIND: ClassVar = "wheel"
    labels: tuple[Label, ...] = of(ListOf(LABEL, 3), "The labels on the rim, each with its angle.")
    rings: int = of(whole(1, 10), "Intensities from 1 at the hub outward.")
    centre: tuple[Label, ...] = of(ListOf(LABEL, 1, 4), "What the hub offers, as none and other.", ())
    minimum: int = of(whole(1, 500), "The least labels of an answer.", 1)
    maximum: int = of(whole(1, 500), "The most labels of an answer.", 1)
    right: Mapping[str, str] | None = of(WORDS, "What lies to the right.", None)
    up: Mapping[str, str] | None = of(WORDS, "What lies upwards.", None)


@dataclass(frozen=True, kw_only=True)
class FreeText(Question):
    """A text in the annotator's words."""

    KIND: ClassVar = "text"
    minimum: int = of(whole(1, 100_000), "The least characters.", 1)
    maximum: int = of(whole(1, 100_000), "The most characters.", 2000)
    lines: str = of(Option(("one", "many")), "One line or many.", "many")


@dataclass(frozen=True, kw_only=True)
class YesNo(Question):
    """Yes or no."""

    KIND: ClassVar = "yes_no"


@dataclass(frozen=True, kw_only=True)
class Comparison(Question):
    """Items against each other: the one preferred of two, or the best and the worst of a few."""

    KIND: ClassVar = "comparison"
    method: str = of(Option(("pairwise", "best_worst")), "How they are compared.")
    items: int = of(whole(2, 12), "How many are shown at once: 2 for pairs.", 2)
    ties: bool = of(Truth(), "A pair may be called equal.", False)


@dataclass(frozen=True, kw_only=True)
class ActionUnits(Question):
    """Action units that are seen, with the letters A to E for intensity and, where asked, the side of the face."""

    KIND: ClassVar = "action_units"
    labels: tuple[Label, ...] = of(ListOf(LABEL, 1), "The units to look for.")
    intensity: str = of(Option(("required", "optional", "none")), "Whether a unit takes a letter.", "required")
    sides: bool = of(Truth(), "A unit may be told to be on the left or right only, or asymmetric.", False)
    minimum: int = of(whole(0, 500), "The least units of an answer; 0: a face without any is an answer.", 0)
    maximum: int = of(whole(1, 500), "The most units of an answer.", 500)


@dataclass(frozen=True, kw_only=True)
class Tier:
    """One line of segments on the timeline."""

    id: str = of(ID, "Its identity.")
    name: Mapping[str, str] = of(WORDS, "What people read.")
    labels: tuple[Label, ...] = of(ListOf(LABEL, 1), "What a segment may be; absent: segments carry a text.", ())
    overlap: bool = of(Truth(), "Segments may overlap.", False)
    no_gap: bool = of(Truth(), "Every microsecond of the media belongs to a segment.", False)
    coverage: float = of(Number(0, 1), "The least share of the media that segments cover.", 0.0)
    minimum: int = of(whole(0, 100_000), "The least segments.", 0)
    maximum: int = of(whole(1, 100_000), "The most segments.", 100_000)
    shortest_us: int = of(whole(1), "The shortest segment.", 1)
    longest_us: int | None = of(whole(1), "The longest segment; absent: as long as the media.", None)
    intensity: Range | None = of(Part(Range), "Asks for the intensity of each segment.", None)
    grades: bool = of(Truth(), "Asks for a letter from A to E for each segment, as action units have.", False)
    apex: bool = of(Truth(), "A segment may tell the moment of its apex.", False)


@dataclass(frozen=True, kw_only=True)
class Segments(Question):
    """Stretches of the media, on one tier or several."""

    KIND: ClassVar = "segments"
    tiers: tuple[Tier, ...] = of(ListOf(Part(Tier), 1, 20), "The tiers.")


@dataclass(frozen=True, kw_only=True)
class Trace(Question):
    """A rating that follows the media, in one dimension or two."""

    KIND: ClassVar = "trace"
    axes: tuple[Axis, ...] = of(ListOf(Part(Axis), 1, 2), "One dimension, or two at once.")
    bounded: bool = of(Truth(), "Values end at the axes' minimum and maximum.", True)
    past: str = of(Option(("shown", "hidden")), "Whether the rater sees what they have traced.", "shown")
    coverage: float = of(Number(0, 1), "The least share of the media that the trace covers.", 0.0)
    no_gap: bool = of(Truth(), "The trace covers the media without a gap.", False)
    longest_step_us: int = of(whole(1), "Two samples further apart than this leave a gap between them.", 1_000_000)
    rate_hz: float = of(Number(0, 1000), "The least samples a second where it covers the media.", 0.0)
    devices: tuple[str, ...] = of(ListOf(Option(DEVICES), 1, 5), "Devices that may be used; absent: any.", ())


QUESTIONS = (
    Choice, PrimarySecondary, Scale, Grid, Wheel, FreeText, YesNo, Comparison, ActionUnits, Segments, Trace,
)  # fmt: skip

QUESTION = OneOf("kind", "Question", QUESTIONS)


@dataclass(frozen=True, kw_only=True)
class Scheme:
    """A complete scheme: what is asked of an item, in order, with the words for it in its languages."""

    id: str = of(ID, "Its identity through all versions.")
    name: Mapping[str, str] = of(WORDS, "What people read.")
    languages: tuple[str, ...] = of(
        ListOf(Text(2, 20, LANGUAGE), 1, 30), "Languages every text has; the first is the original."
    )
    questions: tuple[Question, ...] = of(ListOf(QUESTION, 1, 200), "What is asked, in order.")
    number: int = of(whole(1, 1_000_000), "The version.", 1)
    description: Mapping[str, str] | None = of(WORDS, "What it is for.", None)
    guideline: Mapping[str, str] | None = of(Words(20_000), "What annotators are to read first.", None)
    source: str = of(Text(1, 1000), "The publication it follows.", "")
    licence: str = of(Text(1, 1000), "What the source says about use.", "")
    translations: tuple[Translation, ...] = of(ListOf(Part(Translation), 1, 30), "One for each further language.", ())

    def __getitem__(self, question_id: str) -> Question:
        for one in self.questions:
            if one.id == question_id:
                return one
        raise KeyError(question_id)


def labels_of(question: Question) -> tuple[Label, ...]:
    """Every label a question has, on its tiers and in its hub too."""
    if isinstance(question, Segments):
        return tuple(label for tier in question.tiers for label in tier.labels)
    return (*getattr(question, "labels", ()), *getattr(question, "centre", ()))


def level_of(question: Question) -> str:
    """The level of measurement: as told, or what the kind has; "" where answers are no measurement (text, segments)."""
    if question.level:
        return question.level
    if isinstance(question, Scale):
        return "ordinal" if question.range.step else "interval"
    if isinstance(question, Grid | Trace):
        return "interval"
    return "" if isinstance(question, FreeText | Segments) else "nominal"
