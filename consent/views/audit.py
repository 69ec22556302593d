"""The audit log of a study, and the proof that its chain is whole."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from consent import words
from consent.views.frame import crumbs, held_study
from core import checkpoints
from core.lists import Choice, Column, Listing
from core.models import AuditEvent, User


def _listing(request: HttpRequest, study_id: UUID) -> Listing:
    return Listing(
        request, AuditEvent.objects.filter(study_id=str(study_id)), name="audit", order="-seq",
        search=("verb", "facts", "target_id", "subject_ref", "actor_id"),
        filters=(Choice("outcome", _("Outcome"), "outcome", tuple(words.OUTCOME.items())),),
        columns=(
            Column("seq", _("Number"), lambda one: one.seq, sort="seq", numeric=True),
            Column("at", _("When"), lambda one: one.at, sort="at"),
            Column("verb", _("What"), lambda one: one.verb, sort="verb"),
            Column("outcome", _("Outcome"), lambda one: one.outcome, sort="outcome"),
            Column("actor", _("Who"), lambda one: one.actor_id, sort="actor_id"),
            Column("target", _("Of what"), lambda one: f"{one.target_type} {one.target_id}".strip()),
            Column("facts", _("Facts"), lambda one: one.facts),
            Column("digest", _("Digest"), lambda one: one.digest),
        ),
    )  # fmt: skip


def _page(request: HttpRequest, study_id: UUID, verdict: checkpoints.Verdict | None) -> HttpResponseBase:
    study = held_study(request, study_id, "audit")
    listing = _listing(request, study.pk)
    if listing.wants_csv:
        return listing.csv()
    page = listing.page
    names = {
        str(one.pk): one.name or one.email
        for one in User.objects.filter(pk__in={e.actor_id for e in page if e.actor_id})
    }
    for event in page:
        event.actor_name = names.get(event.actor_id, "")
    context = {"study": study, "listing": listing, "page": page, "verdict": verdict, "crumbs": crumbs(study, (_("Audit log"), ""))}  # fmt: skip
    return render(request, "consent/audit.html", context)


@require_GET
def listed(request: HttpRequest, study_id: UUID) -> HttpResponseBase:
    return _page(request, study_id, None)


@require_POST
def verify(request: HttpRequest, study_id: UUID) -> HttpResponseBase:
    """Recompute the whole chain and compare it with the signed checkpoints."""
    held_study(request, study_id, "audit")
    return _page(request, study_id, checkpoints.verify())
