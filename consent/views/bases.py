"""On which lawful ground each purpose rests, per role of people."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from consent.models import Basis, Permission
from consent.purposes import BasisKind, PeopleRole, Purpose
from consent.services import studies
from consent.views.frame import crumbs, held_study
from core import access
from core.lists import Choice, Column, Listing


class BasisForm(forms.Form):
    people_role = forms.ChoiceField(choices=PeopleRole.choices, label=gettext_lazy("For people in the part of"))
    purpose = forms.ChoiceField(choices=Purpose.choices, label=gettext_lazy("Purpose"))
    kind = forms.ChoiceField(choices=BasisKind.choices, label=gettext_lazy("Ground"))
    evidence = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4}), required=False, label=gettext_lazy("Where it is shown"),
        help_text=gettext_lazy("The ethics vote, the agreement, the licence. No names of participants."),
    )  # fmt: skip


@require_GET
def listed(request: HttpRequest, study_id: UUID) -> HttpResponseBase:
    study = held_study(request, study_id, "consent")
    listing = Listing(
        request, access.visible(request.user, Basis.objects.filter(study=study), "consent"), name="bases", order="people_role",
        search=("evidence",),
        filters=(
            Choice("role", _("Part"), "people_role", PeopleRole.choices), Choice("purpose", _("Purpose"), "purpose", Purpose.choices),
            Choice("kind", _("Ground"), "kind", BasisKind.choices),
        ),
        columns=(
            Column("role", _("Part"), lambda one: one.people_role, sort="people_role"),
            Column("purpose", _("Purpose"), lambda one: one.purpose, sort="purpose"),
            Column("kind", _("Ground"), lambda one: one.kind, sort="kind"),
            Column("begins", _("Since"), lambda one: one.begins_at.isoformat(), sort="begins_at"),
            Column("ends", _("Until"), lambda one: one.ends_at.isoformat() if one.ends_at else "", sort="ends_at"),
            Column("evidence", _("Where it is shown"), lambda one: one.evidence),
        ),
    )  # fmt: skip
    if listing.wants_csv:
        return listing.csv()
    page = listing.page
    resting = dict(
        Permission.objects.filter(basis__in=[one.pk for one in page], allowed_until__gt=timezone.now())
        .values_list("basis").annotate(n=Count("participant", distinct=True))
    )  # fmt: skip
    for one in page:
        one.people = resting.get(one.pk, 0)
    context = {"study": study, "listing": listing, "page": page, "crumbs": crumbs(study, (_("Bases"), ""))}
    return render(request, "consent/bases.html", context)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, study_id: UUID) -> HttpResponseBase:
    study = held_study(request, study_id, "consent")
    form = BasisForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        studies.set_basis(actor=request.user, study=study, **form.cleaned_data)
        messages.success(request, _("The ground is stated, and what rests on it was worked out again."))
        return redirect("consent:bases", study.pk)
    context = {"study": study, "form": form, "title": _("State a ground"), "submit": _("State it"), "back": reverse("consent:bases", args=[study.pk])}  # fmt: skip
    return render(request, "consent/form.html", context, status=422 if form.errors else 200)


@require_POST
def end(request: HttpRequest, study_id: UUID, basis_id: UUID) -> HttpResponseBase:
    study = held_study(request, study_id, "consent")
    basis = access.fetch(request.user, "consent", Basis.objects.filter(study=study), pk=basis_id)
    studies.end_basis(actor=request.user, basis=basis)
    messages.success(request, _("Ended. What rested on it is not allowed any more."))
    return redirect("consent:bases", study.pk)
