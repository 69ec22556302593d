"""Requests of data subjects: the queue by time left, and one of them with its clock, steps and acts."""

from __future__ import annotations

from datetime import datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from consent import clocks, registry
from consent.models import Participant, Request, RequestStep, Study
from consent.services import erasure
from consent.services import requests as services
from consent.views.frame import crumbs, held_study
from consent.views_media import serve
from core import access
from core.errors import Refused
from core.lists import Choice, Column, Listing

ROUND = 50.27  # circumference of the drawn clock
SHOWS = {"open": Q(state__in=services.OPEN), "closed": Q(state__in=services.CLOSED), "all": Q()}


class RequestForm(forms.Form):
    kind = forms.ChoiceField(choices=Request.Kind.choices, label=gettext_lazy("Asks for"))
    code = forms.CharField(max_length=40, required=False, label=gettext_lazy("Participant’s code"))
    channel = forms.ChoiceField(
        choices=[
            ("letter", gettext_lazy("letter")), ("email", gettext_lazy("e-mail")), ("phone", gettext_lazy("phone")),
            ("in_person", gettext_lazy("in person")),
        ],
        label=gettext_lazy("Came by"),
    )  # fmt: skip
    received_on = forms.DateField(
        widget=forms.DateInput(attrs={"type": "date"}), label=gettext_lazy("Received on"),
        help_text=gettext_lazy("The clock runs from this day, also when it is recorded later."),
    )  # fmt: skip
    words = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4}), required=False, max_length=8000, label=gettext_lazy("In their words")
    )

    def __init__(self, *args, study: Study, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.study = study

    def clean_code(self) -> Participant | None:
        code = self.cleaned_data["code"].strip()
        if not code:
            return None
        found = Participant.objects.filter(study=self.study, code=code).exclude(state=Participant.State.ERASED).first()
        if found is None:
            raise forms.ValidationError(_("No participant has this code."))
        return found

    def clean_received_on(self) -> datetime:
        on = self.cleaned_data["received_on"]
        place = ZoneInfo(clocks.ZONES.get(self.study.jurisdiction, "UTC"))
        at = datetime.combine(on, time(0, 0), place)
        if at > timezone.now():
            raise forms.ValidationError(_("A request cannot have come in the future."))
        return at


@require_GET
def listed(request: HttpRequest, study_id: UUID) -> HttpResponseBase:
    study = held_study(request, study_id, "request")
    show = request.GET.get("show", "open")
    rows = access.visible(request.user, Request.objects.filter(study=study), "request").select_related("participant")
    counts = {name: rows.filter(condition).count() for name, condition in SHOWS.items()}
    listing = Listing(
        request, rows.filter(SHOWS.get(show, SHOWS["open"])), name="requests", order="due_on",
        search=("participant__code",),
        filters=(Choice("kind", _("Asks for"), "kind", Request.Kind.choices), Choice("state", _("State"), "state", Request.State.choices)),
        columns=(
            Column("number", _("Request"), lambda one: f"R-{one.number}", sort="number"),
            Column("kind", _("Asks for"), lambda one: one.kind, sort="kind"),
            Column("state", _("State"), lambda one: one.state, sort="state"),
            Column("received", _("Received"), lambda one: one.received_at.date().isoformat(), sort="received_at"),
            Column("due", _("Time left"), lambda one: one.due_on.isoformat(), sort="due_on"),
        ),
    )  # fmt: skip
    if listing.wants_csv:
        return listing.csv()
    page = listing.page
    for one in page:
        one.clock = clock(one, study)
    context = {
        "study": study, "listing": listing, "page": page, "counts": counts, "show": show if show in SHOWS else "open",
        "crumbs": crumbs(study, (_("Requests"), "")),
    }  # fmt: skip
    return render(request, "consent/requests.html", context)


def clock(one: Request, study: Study) -> dict:
    """What the drawn clock needs: share gone, days left, and whether it is near (75 %) or late (90 %)."""
    today = clocks.local_date(timezone.now(), study.jurisdiction)
    received = clocks.local_date(one.received_at, study.jurisdiction)
    gone = clocks.share_gone(received, one.due_on, today)
    if one.state in services.CLOSED:
        return {"closed": True}
    left = (one.due_on - today).days
    return {
        "left": left, "over": -left, "state": "late" if gone >= 0.9 else "near" if gone >= 0.75 else "",
        "dash": f"{gone * ROUND:.1f} {ROUND}", "until": one.due_on,
    }  # fmt: skip


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, study_id: UUID) -> HttpResponseBase:
    study = held_study(request, study_id, "request")
    form = RequestForm(request.POST or None, study=study)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        made = services.open_request(
            actor=request.user, study=study, kind=said["kind"], channel=said["channel"], participant=said["code"],
            received_at=said["received_on"], words=said["words"],
        )  # fmt: skip
        return redirect("consent:request", study.pk, made.pk)
    context = {"study": study, "form": form, "title": _("Record a request"), "submit": _("Record"), "back": reverse("consent:requests", args=[study.pk])}  # fmt: skip
    return render(request, "consent/form.html", context, status=422 if form.errors else 200)


@require_GET
def detail(request: HttpRequest, study_id: UUID, request_id: UUID) -> HttpResponseBase:
    study, held = _held(request, study_id, request_id)
    person = held.participant
    holds = registry.describe(person) if person and person.state != Participant.State.ERASED else []
    labels = dict(Request.State.choices)
    context = {
        "study": study,
        "one": held,
        "clock": clock(held, study),
        "words": services.words(held) if not (person and person.state == Participant.State.ERASED) else "",
        "steps": _steps(held),
        "moves": [(to, labels[to]) for to in services.moves(held) if to != Request.State.REFUSED],
        "refusals": services.REFUSALS if Request.State.REFUSED in services.moves(held) else (),
        "may_extend": held.state not in services.CLOSED and held.extended_at is None,
        "holds": holds,
        "things": sum(one.count for one in holds),
        "erasure": held.erasures.select_related("job").order_by("-id").first(),
        "waivers": erasure.WAIVERS,
        "may_erase": access.may(request.user, "erase", study),
        "can_erase": held.kind == Request.Kind.ERASURE and held.state in ("verified", "collecting", "approval"),
        "can_package": held.kind in ("access", "portability") and held.state in ("verified", "collecting", "approval"),
        "crumbs": crumbs(study, (_("Requests"), reverse("consent:requests", args=[study.pk])), (f"R-{held.number}", "")),
    }  # fmt: skip
    response = render(request, "consent/request.html", context)
    response["Cache-Control"] = "no-store"
    return response


def _steps(held: Request) -> list[RequestStep]:
    steps = list(held.steps.select_related("actor"))
    for step in steps:
        step.said = Request.State(step.after).label
    return steps


@require_POST
def move(request: HttpRequest, study_id: UUID, request_id: UUID) -> HttpResponseBase:
    study, held = _held(request, study_id, request_id)
    revision = request.POST.get("revision", "")
    services.move(
        actor=request.user, request=held, to=request.POST.get("to", ""), reason=request.POST.get("reason", ""),
        revision=int(revision) if revision.isdecimal() else None,
    )  # fmt: skip
    return redirect("consent:request", study.pk, held.pk)


@require_POST
def extend(request: HttpRequest, study_id: UUID, request_id: UUID) -> HttpResponseBase:
    study, held = _held(request, study_id, request_id)
    services.extend(actor=request.user, request=held, reason=request.POST.get("reason", ""))
    messages.success(request, _("Extended. Tell the person today, with the reason."))
    return redirect("consent:request", study.pk, held.pk)


@require_POST
def package(request: HttpRequest, study_id: UUID, request_id: UUID) -> HttpResponseBase:
    study, held = _held(request, study_id, request_id)
    services.start_package(actor=request.user, request=held)
    return redirect("consent:request", study.pk, held.pk)


@require_GET
def download(request: HttpRequest, study_id: UUID, request_id: UUID) -> HttpResponseBase:
    """The package, to be handed over by the channel that the person asked for."""
    _study, held = _held(request, study_id, request_id)
    if held.package is None:
        raise Http404
    response = serve(request, held.package)
    response["Content-Disposition"] = f'attachment; filename="R-{held.number}.zip"'
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def erase(request: HttpRequest, study_id: UUID, request_id: UUID) -> HttpResponseBase:
    study, held = _held(request, study_id, request_id, "erase")
    services.start_erasure(actor=request.user, request=held, method=request.POST.get("method", held.channel))
    messages.success(request, _("Use has ended. The erasure runs as soon as the cooling-off is over."))
    return redirect("consent:request", study.pk, held.pk)


@require_POST
def waive(request: HttpRequest, study_id: UUID, request_id: UUID) -> HttpResponseBase:
    """The cooling-off is not waited for, with a reason that stays in the request's steps and in the audit log."""
    study, held = _held(request, study_id, request_id, "erase")
    waiting = held.erasures.order_by("-id").first()
    if waiting is None:
        raise Refused("erasure_not_open", _("No erasure waits here."))
    erasure.waive_cooling_off(waiting, actor=request.user, reason=request.POST.get("reason", ""))
    messages.success(request, _("The erasure begins now."))
    return redirect("consent:request", study.pk, held.pk)


def _held(request: HttpRequest, study_id: UUID, request_id: UUID, action: str = "request") -> tuple[Study, Request]:
    study = held_study(request, study_id, action)
    rows = Request.objects.filter(study=study).select_related("participant", "job", "package", "study")
    return study, access.fetch(request.user, action, rows, pk=request_id)
