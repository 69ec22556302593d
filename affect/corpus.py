"""A corpus as this package sees it: items, people who rated them, what they said. Plain frozen data, no behaviour.

Codecs read and write corpora; whoever holds a database turns rows into these and back. All times are signed integer
microseconds on the recording's clock, half-open [start, end). Ids are opaque text, unique within their kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from affect.codecs.trace import Trace as Samples

HUMAN, MACHINE, GOLD, SIMULATED = RATER_KINDS = ("human", "machine", "gold", "simulated")
NOMINAL, ORDINAL, INTERVAL, TRACE, TEXT = ANSWER_KINDS = ("nominal", "ordinal", "interval", "trace", "text")


@dataclass(frozen=True, slots=True)
class Rater:
    """Who a label comes from. A gold standard and a model are raters of their own kind, never mixed with people."""

    id: str
    kind: str = HUMAN
    description: str = ""

    def __post_init__(self):
        if self.kind not in RATER_KINDS:
            raise ValueError(f"{self.kind!r} is no kind of rater; {', '.join(RATER_KINDS)} are")


@dataclass(frozen=True, slots=True)
class Scheme:
    """One question: its kind, the label ids that may answer it in order, or the range of its numbers.

    names maps language to the question's name; vocabulary is the URI the labels come from, or "".
    """

    id: str
    kind: str
    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    labels: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    vocabulary: str = ""

    def __post_init__(self):
        if self.kind not in ANSWER_KINDS:
            raise ValueError(f"{self.kind!r} is no kind of answer; {', '.join(ANSWER_KINDS)} are")


@dataclass(frozen=True, slots=True)
class Item:
    """What is labeled: a stretch of a recording, or all of it (end_us None: to the end). participants are its targets."""

    id: str
    recording: str
    participants: frozenset[str]
    session: str = ""
    start_us: int = 0
    end_us: int | None = None
    split: str = ""

    def __post_init__(self):
        if self.end_us is not None and self.end_us < self.start_us:
            raise ValueError(f"item {self.id} ends before it starts")


@dataclass(frozen=True, slots=True)
class Label:
    """One rater's answer to one question about one item, or about [start_us, end_us) of it.

    value is a label id (nominal), a number (ordinal, interval) or text.
    """

    item: str
    scheme: str
    rater: str
    value: str | float | int
    start_us: int | None = None
    end_us: int | None = None
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """One rater's continuous rating of one dimension over one item; `samples` is what the trace container holds."""

    item: str
    scheme: str
    rater: str
    samples: Samples


@dataclass(frozen=True, slots=True)
class Corpus:
    """Everything of one dataset version. `check` names what points nowhere."""

    name: str
    version: str
    items: tuple[Item, ...]
    schemes: tuple[Scheme, ...]
    raters: tuple[Rater, ...]
    labels: tuple[Label, ...] = ()
    traces: tuple[Trace, ...] = ()

    def check(self) -> tuple[str, ...]:
        """A sentence for each id used twice or pointing nowhere; empty when the corpus is whole.

        >>> Corpus("c", "1", (), (), (), (Label("i1", "s", "r", "joy"),)).check()[0]
        "label names item 'i1', which the corpus does not hold"
        """
        found = []
        held = {}
        for kind, things in (("item", self.items), ("scheme", self.schemes), ("rater", self.raters)):
            held[kind] = {thing.id for thing in things}
            if len(held[kind]) != len(things):
                found.append(f"two {kind}s have the same id")
        for what, answers in (("label", self.labels), ("trace", self.traces)):
            for answer in answers:
                for kind, ids in held.items():
                    if getattr(answer, kind) not in ids:
                        found.append(f"{what} names {kind} {getattr(answer, kind)!r}, which the corpus does not hold")
        return tuple(found)
