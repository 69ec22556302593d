"""Pages of a study's schemes: what every version asks, readably, and as the file that it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, Count, ExpressionWrapper, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from affect.schemes import form
from affect.schemes import model as asking
from core import access
from core.lists import Choice, Column, Listing
from labeling.models import Question, SchemeVersion
from labeling.pictures import said
from labeling.views.studies import crumbs, held_study


@require_GET
def schemes(request: HttpRequest, study_id: UUID) -> HttpResponse:
    study = held_study(request, study_id)
    versions = SchemeVersion.objects.filter(study=study).select_related("scheme").prefetch_related("questions")
    listing = Listing(
        request,
        versions.annotate(
            question_count=Count("questions"), draft=ExpressionWrapper(Q(frozen_at=None), output_field=BooleanField())
        ),
        name="schemes",
        order="scheme__name",
        search=("scheme__name",),
        filters=(Choice("state", _("State"), "draft", [("False", _("in use")), ("True", _("draft"))]),),
        columns=(
            Column("scheme", _("Scheme"), lambda v: v.scheme.name, sort="scheme__name"),
            Column("version", _("Version"), lambda v: v.number, sort="number", numeric=True),
            Column("state", _("State"), lambda v: "frozen" if v.frozen_at else "draft", sort="frozen_at"),
            Column("questions", _("Questions"), lambda v: " ".join(q.key for q in v.questions.all()), sort="question_count"),
        ),
    )  # fmt: skip
    if listing.wants_csv:
        return listing.csv()
    shown = [(version, described(form.read(version.form))) for version in listing.page]
    context = {
        "study": study, "listing": listing, "shown": shown, "crumbs": crumbs(study, (_("Schemes"), "")),
        "may_edit": access.may(request.user, "campaign", study),
    }  # fmt: skip
    return render(request, "labeling/study/schemes.html", context)


@require_GET
def scheme_file(request: HttpRequest, study_id: UUID, scheme_version_id: UUID) -> HttpResponse:
    """A version as a JSON file (docs/schemes.md)."""
    study = held_study(request, study_id)
    version = access.within(SchemeVersion.objects.filter(study=study).select_related("scheme"), pk=scheme_version_id)
    response = HttpResponse(form.pretty(form.read(version.form)), content_type="application/json; charset=utf-8")
    name = f"{slugify(version.scheme.name) or 'scheme'}-{version.number}.json"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


# what is asked, in words -----------------------------------------------------------------------------------------------


def described(scheme: asking.Scheme) -> list[dict[str, Any]]:
    """The questions of a scheme for reading: what is asked, of which kind, what may be answered, and under which rules."""
    kinds = dict(Question.Kind.choices)
    return [
        {
            "id": one.id, "prompt": said(one.prompt), "hint": said(one.hint or {}), "kind": kinds[one.KIND], "groups": list(_groups(one)),
            "values": list(_values(one)), "rules": list(_rules(one)),
        }
        for one in scheme.questions
    ]  # fmt: skip


def _groups(question: asking.Question) -> Iterator[dict[str, Any]]:
    """Labels, by tier where there are tiers."""
    if isinstance(question, asking.Segments):
        for tier in question.tiers:
            yield {"name": said(tier.name), "labels": _labels(tier.labels), "rules": list(_tier(tier))}
    elif labels := asking.labels_of(question):
        yield {"name": "", "labels": _labels(labels), "rules": []}


def _labels(labels: tuple[asking.Label, ...]) -> list[dict[str, str]]:
    return [
        {"name": said(one.name), "emotion": one.emotion, "definition": said(one.definition or {})} for one in labels
    ]


def _values(question: asking.Question) -> Iterator[str]:
    """Numbers with their anchors, and other values that are no labels."""
    if isinstance(question, asking.Scale):
        yield from _range(question.range)
    elif isinstance(question, asking.Grid):
        yield from map(_axis, (question.x, question.y))
    elif isinstance(question, asking.Trace):
        yield from map(_axis, question.axes)
    elif isinstance(question, asking.YesNo):
        yield _("yes or no")
    elif isinstance(question, asking.Wheel):
        yield ngettext("%(n)d ring of intensity", "%(n)d rings of intensity", question.rings) % {"n": question.rings}
    elif isinstance(question, asking.FreeText):
        yield _("%(minimum)d to %(maximum)d characters") % {"minimum": question.minimum, "maximum": question.maximum}
    elif isinstance(question, asking.Comparison):
        yield ngettext("%(n)d item at once", "%(n)d items at once", question.items) % {"n": question.items}


def _range(range_: asking.Range) -> Iterator[str]:
    yield _ends(range_)
    yield from (f"{one.value:g}: {said(one.text)}" for one in range_.anchors)


def _ends(range_: asking.Range) -> str:
    ends = _("%(minimum)s to %(maximum)s") % {"minimum": f"{range_.minimum:g}", "maximum": f"{range_.maximum:g}"}
    return _("%(ends)s in steps of %(step)s") % {"ends": ends, "step": f"{range_.step:g}"} if range_.step else ends


def _axis(axis: asking.Axis) -> str:
    ends = [said(axis.low), said(axis.high)]
    if axis.minimum is not None:
        ends = [f"{axis.minimum:g} {ends[0]}", f"{axis.maximum:g} {ends[1]}"]
    return _("%(name)s: %(low)s to %(high)s") % {"name": said(axis.name), "low": ends[0], "high": ends[1]}


def _rules(question: asking.Question) -> Iterator[str]:
    if question.asked_if is not None:
        yield _("asked under a condition")
    if question.required_if is not None:
        yield _("due under a condition")
    elif not question.required:
        yield _("optional")
    if hasattr(question, "labels") and (question.minimum, question.maximum) != (1, 1):
        yield _counted(question.minimum, min(question.maximum, len(asking.labels_of(question))))
    intensity = getattr(question, "intensity", None)
    if isinstance(intensity, asking.Range):
        yield _("with intensity, %(ends)s") % {"ends": _ends(intensity)}
    elif intensity in ("required", "optional"):
        yield _("with intensity A to E")
    if getattr(question, "sides", False):
        yield _("with the side of the face")
    if question.confidence:
        yield _("with confidence, %(ends)s") % {"ends": _ends(question.confidence)}
    if question.cannot_tell:
        yield _("“cannot tell” is offered")
    if question.skip:
        yield _("may be skipped: %(reasons)s") % {"reasons": ", ".join(said(one.name) for one in question.skip)}


def _tier(tier: asking.Tier) -> Iterator[str]:
    if not tier.labels:
        yield _("in words")
    if tier.overlap:
        yield _("segments may overlap")
    if tier.no_gap:
        yield _("without gaps")
    elif tier.coverage:
        yield _("covers %(share)d %% at least") % {"share": round(100 * tier.coverage)}
    if tier.intensity:
        yield _("with intensity, %(ends)s") % {"ends": _ends(tier.intensity)}
    if tier.grades:
        yield _("with intensity A to E")
    if tier.apex:
        yield _("with its apex")


def _counted(least: int, most: int) -> str:
    return _("%(least)d to %(most)d labels") % {"least": least, "most": most}
