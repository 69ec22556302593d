"""Schemes: what is asked, in versions. A version that a campaign opened with is frozen and refuses every change.

`definition` reads a version once into plain values; a frozen one is kept in memory, since it cannot change any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from affect import vocabularies
from consent.models import Study
from core import audit, ids
from core.errors import Invalid, Refused
from core.models import User
from labeling.models import Label, Question, Scheme, SchemeVersion


@dataclass(frozen=True)
class NewLabel:
    code: str
    name: Mapping[str, str]
    uri: str = ""
    emotion: str = ""
    identity: UUID | None = None


@dataclass(frozen=True)
class NewQuestion:
    """A question to ask. `kind` and `level` are codes of Question; texts are maps by language."""

    key: str
    kind: str
    prompt: Mapping[str, str]
    level: str = ""
    hint: Mapping[str, str] = field(default_factory=dict)
    required: bool = True
    labels: Sequence[NewLabel] = ()
    dimension: str = ""
    uri: str = ""
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    anchors: Sequence[Mapping[str, Any]] = ()  # {"value": 1, "text": {"en": "passive"}}
    identity: UUID | None = None


@dataclass(frozen=True)
class AskedLabel:
    id: UUID
    code: str
    name: Mapping[str, str]
    emotion: str


@dataclass(frozen=True)
class Asked:
    """A question as it is asked and checked: plain values, no queries."""

    id: UUID
    key: str
    kind: str
    prompt: Mapping[str, str]
    hint: Mapping[str, str]
    required: bool
    minimum: float | None
    maximum: float | None
    step: float | None
    anchors: Sequence[Mapping[str, Any]]
    labels: Mapping[UUID, AskedLabel]


@dataclass(frozen=True)
class Definition:
    """A whole version: questions by key, in their order."""

    version_id: UUID
    scheme_id: UUID
    number: int
    frozen: bool
    questions: Mapping[str, Asked]

    @property
    def traces(self) -> list[Asked]:
        return [one for one in self.questions.values() if one.kind == Question.Kind.TRACE]


def definition(version_id: UUID) -> Definition:
    """What a scheme version asks."""
    try:
        return _frozen(version_id)
    except _NotFrozen as found:
        return found.definition


def choice_from(vocabulary_id: str, *, key: str, prompt: Mapping[str, str], required: bool = True) -> NewQuestion:
    """A question of choice whose labels are the terms of a vocabulary of categories. ValueError when it has none."""
    vocabulary = vocabularies.load(vocabulary_id)
    if vocabulary.kind != "category":
        raise ValueError(f"{vocabulary_id!r} holds dimensions, no categories")
    labels = [NewLabel(term.id, dict(term.names), term.uri, term.token) for term in vocabulary.terms]
    return NewQuestion(key, Question.Kind.CHOICE, prompt, Question.Level.NOMINAL, required=required, labels=labels)


def scale_from(
    vocabulary_id: str,
    dimension: str,
    *,
    prompt: Mapping[str, str],
    key: str = "",
    kind: str = Question.Kind.SCALE,
    required: bool = True,
) -> NewQuestion:
    """A scale (or, with kind="trace", a continuous rating) of a vocabulary's dimension, with its validated anchors."""
    term = vocabularies.load(vocabulary_id)[dimension]
    if term.scale is None:
        raise ValueError(f"{dimension!r} of {vocabulary_id!r} is no dimension")
    scale = term.scale
    step = (scale.maximum - scale.minimum) / (scale.steps - 1) if scale.steps else None
    level = Question.Level.ORDINAL if scale.steps and kind == Question.Kind.SCALE else Question.Level.INTERVAL
    return NewQuestion(
        key or dimension, kind, prompt, level, required=required, dimension=dimension, uri=term.uri,
        minimum=scale.minimum, maximum=scale.maximum, step=step if kind == Question.Kind.SCALE else None,
        anchors=[{"value": scale.minimum, "text": dict(scale.low)}, {"value": scale.maximum, "text": dict(scale.high)}],
    )  # fmt: skip


@transaction.atomic
def create_scheme(*, actor: User | None, study: Study, name: str, questions: Sequence[NewQuestion]) -> SchemeVersion:
    """A scheme with its first version, open to change until a campaign opens with it."""
    if Scheme.objects.filter(study=study, name=name).exists():
        raise Refused("name_taken", _("This study has a scheme of that name."))
    scheme = Scheme.objects.create(study=study, name=name)
    version = SchemeVersion.objects.create(study=study, scheme=scheme, number=1)
    for question in questions:
        _add(version, question)
    audit.record("labeling.scheme.created", actor=actor, target=version, questions=len(questions))
    return version


@transaction.atomic
def add_question(*, actor: User | None, version: SchemeVersion, question: NewQuestion) -> Question:
    """Ask one thing more. Refused when the version is frozen."""
    version = _changeable(version)
    made = _add(version, question)
    audit.record("labeling.scheme.changed", actor=actor, target=version, added=made.pk)
    return made


@transaction.atomic
def remove_question(*, actor: User | None, version: SchemeVersion, key: str) -> None:
    """Ask one thing less. Refused when the version is frozen."""
    version = _changeable(version)
    for question in Question.objects.filter(scheme_version=version, key=key):
        question.labels.all().delete()
        question.delete()
        audit.record("labeling.scheme.changed", actor=actor, target=version, removed=question.identity)


@transaction.atomic
def next_version(*, actor: User | None, version: SchemeVersion) -> SchemeVersion:
    """A copy of a version to change: questions and labels keep their identities."""
    number = SchemeVersion.objects.filter(scheme_id=version.scheme_id).aggregate(Max("number"))["number__max"] + 1
    made = SchemeVersion.objects.create(study_id=version.study_id, scheme_id=version.scheme_id, number=number)
    for old in version.questions.prefetch_related("labels"):
        labels = [NewLabel(one.code, one.name, one.uri, one.emotion, one.identity) for one in old.labels.all()]
        _add(made, NewQuestion(
            old.key, old.kind, old.prompt, old.level, old.hint, old.required, labels, old.dimension, old.uri,
            old.minimum, old.maximum, old.step, old.anchors, old.identity,
        ))  # fmt: skip
    audit.record("labeling.scheme.version_begun", actor=actor, target=made, number=number)
    return made


@transaction.atomic
def freeze(*, actor: User | None, version: SchemeVersion) -> SchemeVersion:
    """End all change of a version. Freezing twice does no harm."""
    if SchemeVersion.objects.filter(pk=version.pk, frozen_at=None).update(frozen_at=timezone.now()):
        audit.record("labeling.scheme.frozen", actor=actor, target=version)
    version.refresh_from_db()
    return version


def _add(version: SchemeVersion, question: NewQuestion) -> Question:
    _check(version, question)
    trace, scale = question.kind == Question.Kind.TRACE, question.kind == Question.Kind.SCALE
    made = Question.objects.create(
        scheme_version=version, identity=question.identity or ids.new(), position=version.questions.count(),
        key=question.key, kind=question.kind, level=question.level or _level(question.kind),
        prompt=dict(question.prompt), hint=dict(question.hint), required=question.required,
        dimension=question.dimension, uri=question.uri,
        minimum=-1.0 if trace and question.minimum is None else question.minimum,
        maximum=1.0 if trace and question.maximum is None else question.maximum,
        step=1.0 if scale and question.step is None and float(question.minimum).is_integer() and question.maximum > 1 else question.step,
        anchors=[dict(anchor) for anchor in question.anchors],
    )  # fmt: skip
    Label.objects.bulk_create(
        Label(
            question=made, identity=one.identity or ids.new(), position=at, code=one.code, name=dict(one.name), uri=one.uri,
            emotion=one.emotion,
        )
        for at, one in enumerate(question.labels)
    )  # fmt: skip
    return made


def _check(version: SchemeVersion, question: NewQuestion) -> None:
    wrong = ""
    if question.kind not in Question.Kind.values:
        wrong = _("A question is one of %(kinds)s.") % {"kinds": ", ".join(Question.Kind.values)}
    elif not question.key or slugify(question.key).replace("-", "_") != question.key.lower().replace("-", "_"):
        wrong = _("A key is made of letters, digits, hyphens and underscores.")
    elif question.kind == Question.Kind.CHOICE and len(question.labels) < 2:
        wrong = _("A choice needs two labels at least.")
    elif question.kind == Question.Kind.SEGMENTS and not question.labels:
        wrong = _("A tier needs a label at least.")
    elif len({one.code for one in question.labels}) != len(question.labels):
        wrong = _("Two labels have one code.")
    elif question.kind == Question.Kind.SCALE and not _is_range(question.minimum, question.maximum):
        wrong = _("A scale needs a lowest and a higher highest value.")
    elif version.questions.filter(key=question.key).exists():
        wrong = _("Two questions have one key.")
    if wrong:
        raise Invalid("question_refused", wrong, fields={f"questions.{question.key}": [wrong]})


def _is_range(minimum: float | None, maximum: float | None) -> bool:
    return minimum is not None and maximum is not None and minimum < maximum


def _level(kind: str) -> str:
    return {Question.Kind.SCALE: Question.Level.ORDINAL, Question.Kind.TRACE: Question.Level.INTERVAL}.get(
        kind, Question.Level.NOMINAL
    )


def _changeable(version: SchemeVersion) -> SchemeVersion:
    version = SchemeVersion.objects.select_for_update().get(pk=version.pk)
    if version.frozen_at is not None:
        raise Refused("scheme_frozen", _("A campaign was opened with this version. Begin a new version to change it."))
    return version


class _NotFrozen(Exception):
    """Carries a definition past the cache: it may change yet."""

    def __init__(self, found: Definition) -> None:
        super().__init__()
        self.definition = found


@lru_cache(maxsize=256)
def _frozen(version_id: UUID) -> Definition:
    version = SchemeVersion.objects.get(pk=version_id)
    found = Definition(
        version.pk, version.scheme_id, version.number, version.frozen_at is not None,
        {
            one.key: Asked(
                one.pk, one.key, one.kind, one.prompt, one.hint, one.required, one.minimum, one.maximum, one.step, one.anchors,
                {label.pk: AskedLabel(label.pk, label.code, label.name, label.emotion) for label in one.labels.all()},
            )
            for one in version.questions.prefetch_related("labels")
        },
    )  # fmt: skip
    if not found.frozen:
        raise _NotFrozen(found)
    return found
