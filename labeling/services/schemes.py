"""Schemes: what is asked, in versions. A version that a campaign opened with is frozen and refuses every change.

A version is a document (`affect.schemes`, docs/schemes.md). It comes as JSON, from the gallery, or from questions that the
builders make; what is wrong with it is told with pointer, line and column. Its questions and labels are written as rows
each time it is stored: an id that an earlier version of the scheme had keeps its identity.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from affect.schemes import Problem, SchemeError, form, gallery
from affect.schemes import Scheme as Form
from affect.schemes import model as asking
from affect.schemes.marks import marked
from affect.schemes.problems import step
from consent.models import Study
from core import audit, ids
from core.errors import Invalid, Refused
from core.models import User
from labeling.models import Label, Question, Scheme, SchemeVersion
from labeling.services.builders import around, axis, choice_from, scale_from
from labeling.services.definitions import Asked, AskedLabel, Definition, definition
from labeling.services.scheme_sentences import placed, worded

__all__ = [
    "Asked", "AskedLabel", "Definition", "around", "axis", "change_version", "choice_from", "create_scheme", "definition", "freeze",
    "from_gallery", "labels_in", "next_version", "read", "scale_from",
]  # fmt: skip

Document = Form | Mapping[str, Any] | str
# One label of several, or a set of them: what an answer of these kinds is depends on how many may be chosen.
_LABELLED = (asking.Choice, asking.Wheel)
_GIVES = {
    asking.PrimarySecondary: Question.Gives.LABEL, asking.Scale: Question.Gives.NUMBER, asking.YesNo: Question.Gives.TRUTH,
    asking.ActionUnits: Question.Gives.LABELS,
}  # fmt: skip


def read(document: Document) -> Form:
    """The scheme that a text, parsed JSON or a scheme is. Raises Invalid("scheme_refused"), whose fields tell each mistake by
    its place: "form/questions/0/range" -> ["line 12, column 5: …"]; `problems` has the same for programs."""
    try:
        if isinstance(document, str):
            made = form.loads(document)
        else:
            made = form.read(form.document_of(document) if isinstance(document, Form) else document)
    except SchemeError as error:
        raise refused(error.problems) from None
    if found := list(_unstorable(form.document_of(made), "")):
        raise refused(found)
    return made


def _unstorable(value: Any, at: str) -> Iterator[Problem]:
    """Texts with a NUL, which PostgreSQL has no place for."""
    if isinstance(value, str) and "\x00" in value:
        yield Problem("text_refused", at, _("This text holds characters that cannot be stored."))
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from _unstorable(one, step(at, name))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _unstorable(one, step(at, index))


def refused(problems: Sequence[Problem], name: str = "form") -> Invalid:
    """What is wrong with a document, as the person who sent it is told."""
    problems = worded(problems)
    fields: dict[str, list[str]] = {}
    for one in problems:
        fields.setdefault(f"{name}{one.at}", []).append(
            _("Line %(line)d, column %(column)d: %(what)s")
            % {"line": one.line, "column": one.column, "what": one.message}
            if one.line
            else one.message
        )
    told = [
        {"code": one.code, "at": one.at, "line": one.line, "column": one.column, "message": one.message}
        for one in problems
    ]
    return Invalid(
        "scheme_refused",
        _("This is no scheme yet: %(what)s") % {"what": placed(problems[0])},
        fields=fields,
        problems=told,
    )


def from_gallery(name: str) -> Form:
    """A scheme of the gallery. Raises Invalid("scheme_unknown")."""
    if name not in gallery.NAMES:
        said = _("The gallery has no scheme of that name.")
        raise Invalid("scheme_unknown", said, fields={"gallery": [said]})
    return gallery.load(name)


@transaction.atomic
def create_scheme(
    *, actor: User | None, study: Study, name: str = "", questions: Sequence[asking.Question] = (), document: Document | None = None
) -> SchemeVersion:  # fmt: skip
    """A scheme with its first version, open to change until a campaign opens with it: from a document or from questions.

    Without a name it has the document's own, in its first language. Raises Invalid as `read`, Refused("name_taken").
    """
    scheme = Scheme(study=study)
    made = read(document if document is not None else around(questions, id=str(scheme.pk), name=name))
    scheme.name = name or made.name[made.languages[0]][:120]
    if Scheme.objects.filter(study=study, name=scheme.name).exists():
        raise Refused("name_taken", _("This study has a scheme of that name."))
    scheme.save(force_insert=True)
    version = SchemeVersion(study=study, scheme=scheme, number=1)
    _write(version, made)
    audit.record("labeling.scheme.created", actor=actor, target=version, questions=len(made.questions))
    return version


@transaction.atomic
def change_version(*, actor: User | None, version: SchemeVersion, document: Document) -> SchemeVersion:
    """Another document in the place of a version's own. Refused when the version is frozen."""
    made = read(document)
    held = SchemeVersion.objects.select_for_update().get(pk=version.pk)
    if held.frozen_at is not None:
        raise Refused("scheme_frozen", _("A campaign was opened with this version. Begin a new version to change it."))
    before = held.form
    _write(held, made)
    if held.form != before:
        audit.record("labeling.scheme.changed", actor=actor, target=held, questions=len(made.questions))
    return held


@transaction.atomic
def next_version(*, actor: User | None, version: SchemeVersion, document: Document | None = None) -> SchemeVersion:
    """The next version, open to change: what the document asks, or a copy. Equal ids keep their identities."""
    made = read(document if document is not None else version.form)
    Scheme.objects.select_for_update().get(pk=version.scheme_id)
    number = SchemeVersion.objects.filter(scheme_id=version.scheme_id).aggregate(Max("number"))["number__max"] + 1
    following = SchemeVersion(study_id=version.study_id, scheme_id=version.scheme_id, number=number)
    _write(following, made)
    audit.record("labeling.scheme.version_begun", actor=actor, target=following, number=number)
    return following


@transaction.atomic
def freeze(*, actor: User | None, version: SchemeVersion) -> SchemeVersion:
    """End all change of a version. Freezing twice does no harm."""
    if SchemeVersion.objects.filter(pk=version.pk, frozen_at=None).update(frozen_at=timezone.now()):
        audit.record("labeling.scheme.frozen", actor=actor, target=version)
    version.refresh_from_db()
    return version


# rows ------------------------------------------------------------------------------------------------------------------


def _write(version: SchemeVersion, made: Form) -> None:
    """Store the document with a mark for every label, and its index. Rows of ids that stay are kept: drafts may be referred to."""
    made = replace(marked(made), number=version.number)
    version.form = form.document_of(made)
    version.save()
    there = {one.key: one for one in version.questions.prefetch_related("labels")}
    for key in set(there) - {one.id for one in made.questions}:
        there[key].labels.all().delete()
        there[key].delete()
    known = _identities(version)
    for position, question in enumerate(made.questions):
        row = there.get(question.id) or Question(scheme_version=version, key=question.id)
        row.identity = known.get((question.id, question.KIND)) or ids.new()
        for name, value in _columns(question).items():
            setattr(row, name, value)
        row.position = position
        row.save()
        _write_labels(row, question, known)


def _write_labels(row: Question, question: asking.Question, known: Mapping[tuple[str, ...], UUID]) -> None:
    asked = list(labels_in(question))
    there = {(one.tier, one.code): one for one in row.labels.all()}
    gone = [one.pk for place, one in there.items() if place not in {(tier, label.id) for tier, label in asked}]
    Label.objects.filter(pk__in=gone).delete()
    new = []
    for position, (tier, label) in enumerate(asked):
        one = there.get((tier, label.id))
        told = {"position": position, "name": dict(label.name), "uri": label.uri, "emotion": label.emotion}
        if one is None:
            identity = known.get((question.id, tier, label.id)) or ids.new()
            new.append(Label(question=row, tier=tier, code=label.id, identity=identity, **told))
        elif any(getattr(one, name) != value for name, value in told.items()):
            Label.objects.filter(pk=one.pk).update(**told)
    Label.objects.bulk_create(new)


def labels_in(question: asking.Question) -> Iterator[tuple[str, asking.Label]]:
    """Every label of a question with the id of its tier, "" where there are none."""
    if isinstance(question, asking.Segments):
        yield from ((tier.id, label) for tier in question.tiers for label in tier.labels)
    else:
        yield from (("", label) for label in asking.labels_of(question))


def _columns(question: asking.Question) -> dict[str, Any]:
    """What a question's row tells beside its id: what lists, measures and models look for without reading the form."""
    told = {
        "kind": question.KIND, "gives": _gives(question), "level": asking.level_of(question) or Question.Level.NOMINAL,
        "prompt": dict(question.prompt), "hint": dict(question.hint or {}), "required": question.required,
        "dimension": question.dimension, "uri": question.uri, "minimum": None, "maximum": None, "step": None, "anchors": [],
    }  # fmt: skip
    if isinstance(question, asking.Scale):
        range_ = question.range
        anchors = [{"value": one.value, "text": dict(one.text)} for one in range_.anchors]
        told |= {"minimum": range_.minimum, "maximum": range_.maximum, "step": range_.step, "anchors": anchors}
    elif isinstance(question, asking.Trace | asking.Grid):
        along = question.axes[0] if isinstance(question, asking.Trace) else question.x
        told |= {"minimum": along.minimum, "maximum": along.maximum}
        ends = ((along.minimum, along.low), (along.maximum, along.high))
        told["anchors"] = [{"value": value, "text": dict(text)} for value, text in ends if value is not None]
        told["dimension"] = question.dimension or along.dimension
    return told


def _gives(question: asking.Question) -> str:
    if isinstance(question, _LABELLED):
        return Question.Gives.LABEL if question.maximum == 1 else Question.Gives.LABELS
    if isinstance(question, asking.Trace):
        return Question.Gives.TRACE if len(question.axes) == 1 else Question.Gives.NOTHING
    return _GIVES.get(type(question), Question.Gives.NOTHING)


def _identities(version: SchemeVersion) -> dict[tuple[str, ...], UUID]:
    """The identity that every id of the scheme has had, the newest version's last: by (question, kind), since answers of
    another kind are no answers to the same question, and by (question, tier, label)."""
    mine = Question.objects.filter(scheme_version__scheme_id=version.scheme_id).order_by("scheme_version__number")
    known = {(key, kind): identity for key, kind, identity in mine.values_list("key", "kind", "identity")}
    labels = Label.objects.filter(question__in=mine.order_by()).order_by("question__scheme_version__number")
    rows = labels.values_list("question__key", "tier", "code", "identity")
    return known | {(key, tier, code): identity for key, tier, code, identity in rows}
