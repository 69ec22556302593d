"""What a scheme version asks, read once into plain values: the form, and the rows that answers refer to.

A frozen version is kept in memory, since it cannot change any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from uuid import UUID

from affect.schemes import Scheme, form
from affect.schemes import model as asking
from labeling.models import Question, SchemeVersion


@dataclass(frozen=True)
class AskedLabel:
    id: UUID
    code: str
    name: Mapping[str, str]
    emotion: str


@dataclass(frozen=True)
class Asked:
    """A question of the form with its row. Labels by (tier, code); the tier is "" where a question has none."""

    id: UUID
    key: str
    kind: str
    form: asking.Question
    labels: Mapping[tuple[str, str], AskedLabel]

    @property
    def required(self) -> bool:
        return self.form.required

    @property
    def axis(self) -> asking.Axis:
        """The first dimension of a trace."""
        return self.form.axes[0]

    @property
    def minimum(self) -> float | None:
        """The lowest value of a trace; None where it has no end."""
        return self.axis.minimum

    @property
    def maximum(self) -> float | None:
        return self.axis.maximum


@dataclass(frozen=True)
class Definition:
    """A whole version: questions by key, in their order."""

    version_id: UUID
    scheme_id: UUID
    number: int
    frozen: bool
    form: Scheme
    questions: Mapping[str, Asked]

    @property
    def traces(self) -> list[Asked]:
        return [one for one in self.questions.values() if one.kind == Question.Kind.TRACE]

    @cached_property
    def in_time(self) -> bool:
        """Whether something is asked whose check needs the media's start and end."""
        return any(isinstance(one.form, asking.Segments | asking.Trace) for one in self.questions.values())

    @cached_property
    def codes(self) -> Mapping[UUID, str]:
        """The code of every label, by its row."""
        return {label.id: label.code for one in self.questions.values() for label in one.labels.values()}

    @cached_property
    def by_id(self) -> Mapping[UUID, Asked]:
        return {one.id: one for one in self.questions.values()}


def definition(version_id: UUID) -> Definition:
    """What a scheme version asks."""
    try:
        return _frozen(version_id)
    except _NotFrozen as found:
        return found.definition


class _NotFrozen(Exception):
    """Carries a definition past the cache: it may change yet."""

    def __init__(self, found: Definition) -> None:
        super().__init__()
        self.definition = found


@lru_cache(maxsize=256)
def _frozen(version_id: UUID) -> Definition:
    version = SchemeVersion.objects.get(pk=version_id)
    scheme = form.read(version.form)
    rows = {one.key: one for one in version.questions.prefetch_related("labels")}
    found = Definition(
        version.pk, version.scheme_id, version.number, version.frozen_at is not None, scheme,
        {one.id: _asked(rows[one.id], one) for one in scheme.questions},
    )  # fmt: skip
    if not found.frozen:
        raise _NotFrozen(found)
    return found


def _asked(row: Question, question: asking.Question) -> Asked:
    labels = {(one.tier, one.code): AskedLabel(one.pk, one.code, one.name, one.emotion) for one in row.labels.all()}
    return Asked(row.pk, row.key, row.kind, question, labels)
