"""Pages of a study: what is in it, its recordings, its schemes."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from consent.gate import Use, permitted
from consent.models import Study
from consent.purposes import Context, Modality
from consent.services import studies as study_services
from core import access, views_members
from core.lists import Choice, Column, Listing
from labeling.models import Campaign, Item, Recording


def held_study(request: HttpRequest, study_id: UUID, action: str = "view") -> Study:
    """The study of an address, through the door; the navigation shows it."""
    study = access.fetch(request.user, action, Study.objects.select_related("controller"), pk=study_id)
    request.study = study
    return study


def crumbs(study: Study, *more: tuple[str, str]) -> list[dict]:
    """Where a page is: the study, then what is named."""
    first = {"label": study.name, "url": reverse("studies:overview", args=[study.pk])}
    return [first, *({"label": label, "url": url} for label, url in more)]


@require_GET
def studies(request: HttpRequest) -> HttpResponse:
    listed = access.visible(request.user, Study.objects.all()).annotate(
        campaign_count=Count("campaigns", distinct=True), participant_count=Count("participants", distinct=True)
    )
    listing = Listing(
        request,
        listed,
        name="studies",
        order="name",
        search=("name", "purpose"),
        filters=(Choice("context", _("Context"), "context", Context.choices),),
        columns=(
            Column("name", _("Study"), lambda s: s.name, sort="name"),
            Column("context", _("Context"), lambda s: s.context, sort="context"),
            Column("campaigns", _("Campaigns"), lambda s: s.campaign_count, sort="campaign_count", numeric=True),
            Column("participants", _("Participants"), lambda s: s.participant_count, sort="participant_count", numeric=True),
        ),
    )  # fmt: skip
    if listing.wants_csv:
        return listing.csv()
    return render(request, "labeling/study/list.html", {"listing": listing})


class NewStudyForm(forms.Form):
    name = forms.CharField(max_length=200, label=gettext_lazy("Name"))
    purpose = forms.CharField(
        widget=forms.Textarea, required=False, label=gettext_lazy("What it is for"),
        help_text=gettext_lazy("Two or three sentences that a participant would understand."),
    )  # fmt: skip
    context = forms.ChoiceField(
        choices=Context.choices, label=gettext_lazy("Context"),
        help_text=gettext_lazy("Decides what is prohibited: at work and in education nobody’s emotions are inferred."),
    )  # fmt: skip
    controller = forms.CharField(
        max_length=200,
        label=gettext_lazy("Controller"),
        help_text=gettext_lazy("Who decides why and how data are used."),
    )


@require_http_methods(["GET", "POST"])
@transaction.atomic
def new(request: HttpRequest) -> HttpResponse:
    if not request.user.is_operator:
        raise PermissionDenied
    form = NewStudyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = dict(form.cleaned_data)
        controller = study_services.create_controller(actor=request.user, name=said.pop("controller"))
        study = study_services.create_study(actor=request.user, owner=request.user, controller=controller, **said)
        return redirect("studies:overview", study.pk)
    return render(request, "labeling/study/new.html", {"form": form}, status=422 if form.is_bound else 200)


@require_POST
def support(request: HttpRequest, study_id: UUID) -> HttpResponse:
    """Whom annotators can turn to; shown to them in the workspace."""
    study = held_study(request, study_id, "manage")
    said = request.POST.get("support", "").strip()[:600]
    study_services.edit_study(actor=request.user, study=study, revision=study.revision, support=said)
    return redirect("studies:overview", study.pk)


@require_GET
def overview(request: HttpRequest, study_id: UUID) -> HttpResponse:
    study = held_study(request, study_id)
    may = {action: access.may(request.user, action, study) for action in ("campaign", "ingest", "consent", "manage")}
    return render(
        request,
        "labeling/study/overview.html",
        {
            "study": study,
            "may": may,
            "counts": {
                "participants": study.participants.count(),
                "recordings": study.recordings.count(),
                "items": study.items.count(),
                "usable": permitted(Item.objects.filter(study=study), Use("human_annotation")).count(),
            },
            "campaigns": study.campaigns.order_by("name") if may["campaign"] else Campaign.objects.none(),
            "bases": study.bases.filter(ends_at=None).order_by("people_role", "purpose"),
            "crumbs": crumbs(study),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def people(request: HttpRequest, study_id: UUID) -> HttpResponse:
    study = held_study(request, study_id, views_members.needed(request, Study))
    return views_members.page(
        request, study, study=study, title=_("People"), lead=_("Who holds which role in this study."),
        crumbs=crumbs(study, (_("People"), "")),
    )  # fmt: skip


@require_POST
def take_role(request: HttpRequest, study_id: UUID) -> HttpResponse:
    return views_members.take(request, held_study(request, study_id, Study.members_action))


@require_GET
def recordings(request: HttpRequest, study_id: UUID) -> HttpResponse:
    study = held_study(request, study_id)
    usable = permitted(Recording.objects.filter(study=study), Use("human_annotation")).values("pk")
    queryset = (
        access.visible(request.user, Recording.objects.filter(study=study))
        .annotate(track_count=Count("tracks", distinct=True), item_count=Count("items", distinct=True), usable=Count("pk", filter=Q(pk__in=usable)))
        .prefetch_related("tracks", "appearances__participant")
    )  # fmt: skip
    listing = Listing(
        request,
        queryset,
        name="recordings",
        order="code",
        search=("code", "source", "session"),
        filters=(
            Choice("state", _("State"), "state", Recording.State.choices),
            Choice("modality", _("Modality"), "tracks__modality", Modality.choices),
        ),
        columns=(
            Column("code", _("Recording"), lambda r: r.code, sort="code"),
            Column("tracks", _("Tracks"), lambda r: " ".join(t.name for t in r.tracks.all())),
            Column(
                "people",
                _("Who appears"),
                lambda r: " ".join(sorted({a.participant.code for a in r.appearances.all()})),
            ),
            Column("duration", _("Length"), lambda r: r.duration_us, sort="duration_us", numeric=True),
            Column("items", _("Items"), lambda r: r.item_count, sort="item_count", numeric=True),
            Column("state", _("State"), lambda r: r.state, sort="state"),
            Column("licence", _("Source and licence"), lambda r: f"{r.source}; {r.licence}"),
        ),
    )
    if listing.wants_csv:
        return listing.csv()
    context = {
        "study": study,
        "listing": listing,
        "crumbs": crumbs(study, (_("Recordings"), "")),
        "may_ingest": access.may(request.user, "ingest", study),
    }
    return render(request, "labeling/study/recordings.html", context)
