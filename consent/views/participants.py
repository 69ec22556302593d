"""Participants of a study: the list with what each allows, and one of them with history, acts and link."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from consent import registry
from consent.models import Participant, Permission
from consent.purposes import PeopleRole, Purpose
from consent.services import consents, links
from consent.services import participants as services
from consent.views.frame import crumbs, held_participant, held_study
from core import access
from core.lists import Choice, Column, Listing

ACTS = {"pause": consents.pause, "resume": consents.resume, "stop": consents.stop}


class NewParticipantForm(forms.Form):
    code = forms.CharField(
        max_length=40, required=False, label=gettext_lazy("Code"), help_text=gettext_lazy("Empty: the next number.")
    )
    people_role = forms.ChoiceField(choices=PeopleRole.choices, label=gettext_lazy("Part in the study"))
    kind = forms.ChoiceField(
        choices=[
            ("real", gettext_lazy("real")),
            ("acted", gettext_lazy("acted")),
            ("fictional", gettext_lazy("fictional")),
        ],
        label=gettext_lazy("Kind"),
    )
    name = forms.CharField(max_length=200, required=False, label=gettext_lazy("Name"))
    contact = forms.CharField(
        max_length=200, required=False, label=gettext_lazy("Contact"),
        help_text=gettext_lazy("Stored sealed and apart; needed to answer requests and to send a code."),
    )  # fmt: skip
    external_id = forms.CharField(max_length=200, required=False, label=gettext_lazy("Outside id"))
    language = forms.CharField(max_length=12, required=False, label=gettext_lazy("Language"))
    group = forms.CharField(
        max_length=40,
        required=False,
        label=gettext_lazy("Group"),
        help_text=gettext_lazy("Household or dyad; kept on one side of a split."),
    )


@require_GET
def listed(request: HttpRequest, study_id: UUID) -> HttpResponseBase:
    study = held_study(request, study_id, "participants")
    valid = Permission.objects.filter(allowed_until__gt=timezone.now()).select_related("basis").order_by("modality")
    rows = access.visible(request.user, Participant.objects.filter(study=study), "participants").prefetch_related(
        Prefetch("permissions", queryset=valid, to_attr="valid")
    )
    listing = Listing(
        request, rows, name="participants", order="code", search=("code", "group"),
        filters=(
            Choice("state", _("State"), "state", Participant.State.choices),
            Choice("role", _("Part"), "people_role", PeopleRole.choices),
            Choice("allows", _("Allows"), "permissions__purpose", Purpose.choices),
        ),
        columns=(
            Column("code", _("Participant"), lambda one: one.code, sort="code"),
            Column("role", _("Part"), lambda one: one.get_people_role_display(), sort="people_role"),
            Column("state", _("State"), lambda one: one.state, sort="state"),
            Column("allows", _("Allows now"), lambda one: "; ".join(f"{p}: {' '.join(m)} ({b})" for p, m, b in allowed(one))),
        ),
    )  # fmt: skip
    listing.queryset = listing.queryset.distinct()
    if listing.wants_csv:
        return listing.csv()
    page = listing.page
    for one in page:
        one.allowed = allowed(one)
    context = {"study": study, "listing": listing, "page": page, "may_add": access.may(request.user, "ingest", study)}
    return render(request, "consent/participants.html", {**context, "crumbs": crumbs(study, (_("Participants"), ""))})


def allowed(participant: Participant) -> list[tuple[str, list[str], str]]:
    """(purpose, modalities, basis) of what is allowed now, in the order of the purposes; `valid` is prefetched."""
    found: dict[str, tuple[list[str], str]] = {}
    if participant.state == Participant.State.ACTIVE:
        for one in participant.valid:
            modalities, _basis = found.setdefault(one.purpose, ([], one.basis.get_kind_display()))
            if one.get_modality_display() not in modalities:
                modalities.append(one.get_modality_display())
    return [(Purpose(code).label, *found[code]) for code in Purpose.values if code in found]


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, study_id: UUID) -> HttpResponseBase:
    study = held_study(request, study_id, "ingest")
    form = NewParticipantForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        row = services.NewParticipant(**form.cleaned_data)
        made = services.add_participant(actor=request.user, study=study, row=row)
        messages.success(request, _("%(code)s is in the study.") % {"code": made.code})
        return redirect("consent:participants", study.pk)
    context = {"study": study, "form": form, "title": _("New participant"), "submit": _("Add"), "back": reverse("consent:participants", args=[study.pk])}  # fmt: skip
    return render(request, "consent/form.html", context, status=422 if form.errors else 200)


@require_GET
def detail(request: HttpRequest, study_id: UUID, participant_id: UUID) -> HttpResponseBase:
    return _detail(request, held_participant(request, study_id, participant_id, "participants"))


def _detail(request: HttpRequest, participant: Participant, link: str = "") -> HttpResponseBase:
    participant.valid = list(
        participant.permissions.filter(allowed_until__gt=timezone.now()).select_related("basis").order_by("modality")
    )
    study = participant.study
    context = {
        "study": study,
        "participant": participant,
        "allowed": allowed(participant),
        "events": participant.consent_events.select_related("actor", "notice_text__notice").order_by("-id")[:100],
        "held": registry.describe(participant),
        "requests": participant.requests.order_by("-number"),
        "erasures": participant.erasures.order_by("-id"),
        "may_act": access.may(request.user, "consent", study),
        "link": link,
        "links": participant.links.filter(revoked_at=None, expires_at__gt=timezone.now()).order_by("-created_at"),
        "crumbs": crumbs(study, (_("Participants"), reverse("consent:participants", args=[study.pk])), (participant.code, "")),
    }  # fmt: skip
    response = render(request, "consent/participant.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def act(request: HttpRequest, study_id: UUID, participant_id: UUID) -> HttpResponseBase:
    """Pause, resume or stop on the person's behalf, as they asked by letter or phone."""
    participant = held_participant(request, study_id, participant_id, "consent")
    what = request.POST.get("act", "")
    if what in ACTS:
        ACTS[what](participant=participant, actor=request.user, method="officer")
        messages.success(request, _("Done. It counts from now on."))
    return redirect("consent:participant", study_id, participant.pk)


@require_POST
def link(request: HttpRequest, study_id: UUID, participant_id: UUID) -> HttpResponseBase:
    """A new link to the participant's own page, or all of theirs taken back. The address is shown in this answer only."""
    participant = held_participant(request, study_id, participant_id, "consent")
    if request.POST.get("act") == "revoke":
        for one in participant.links.filter(revoked_at=None):
            links.revoke_link(link=one, actor=request.user)
        messages.success(request, _("Every link of this participant was taken back."))
        return redirect("consent:participant", study_id, participant.pk)
    _made, token = links.make_link(participant=participant, actor=request.user)
    return _detail(request, participant, settings.PUBLIC_URL.rstrip("/") + reverse("consent:mine", args=[token]))
