"""Practice: the tests of a campaign and one's results; and, for those who run the campaign, everybody's and what is required."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from affect import tracking
from core import access
from core.api import JSONParser
from core.errors import Invalid
from core.lists import Choice, Column, Listing
from labeling.models import Annotator, Campaign, Practice
from labeling.services import practice, queue
from labeling.views.campaigns import frame, held_campaign

_CAMPAIGN = access.Fetch("label", lambda: Campaign.objects.select_related("study"))
ABOUT = {
    "brightness": gettext_lazy("A disc grows brighter and darker; follow it for 24 seconds. It tells how late and how near your hand is."),
    "tone": gettext_lazy("The same with a tone that rises and falls, for recordings that are only heard."),
    "face": gettext_lazy("A drawn face is more or less pleased. What it shows is known, because it was drawn; afterwards you see both curves."),
    "headphones": gettext_lazy("Six times three tones; say which is the quietest. Over loudspeakers that cannot be told."),
}  # fmt: skip
ASKED = {
    "brightness": gettext_lazy("How bright is the disc?"), "tone": gettext_lazy("How high is the tone?"),
    "face": gettext_lazy("How pleased does the face look?"),
}  # fmt: skip
ENDS = {
    "brightness": (gettext_lazy("bright"), gettext_lazy("dark")), "tone": (gettext_lazy("high"), gettext_lazy("low")),
    "face": (gettext_lazy("pleased"), gettext_lazy("displeased")),
}  # fmt: skip


class RulesForm(forms.Form):
    required = forms.MultipleChoiceField(
        choices=Practice.Kind.choices, required=False, widget=forms.CheckboxSelectMultiple,
        label=gettext_lazy("To be passed before the first trace"),
    )  # fmt: skip
    pass_mark = forms.FloatField(min_value=0, max_value=1, label=gettext_lazy("Least concordance that passes"))


@require_GET
@login_required
def index(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """The tests, which of them are due, and one's newest result of each."""
    campaign, annotator = _held(request, campaign_id)
    newest: dict[str, Practice] = {}
    for one in Practice.objects.filter(campaign=campaign, annotator=annotator).order_by("id"):
        newest[one.kind] = one
    left = practice.missing(campaign, annotator.pk)
    tests = [
        {
            "kind": kind, "name": name, "about": ABOUT[kind], "required": kind in campaign.practice_required,
            "due": kind in left, "url": reverse("labeling:practice_test", args=[campaign.pk, kind]),
            "result": newest.get(kind), "sentence": practice.sentence(newest[kind]) if kind in newest else "",
        }
        for kind, name in Practice.Kind.choices
    ]  # fmt: skip
    context = {"campaign": campaign, "tests": tests, "left": left, "crumbs": _crumbs(campaign)}
    return render(request, "labeling/practice/index.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def test(request: HttpRequest, campaign_id: UUID, kind: str) -> HttpResponse:
    """One test; its samples or answers are posted here, and the result comes back in numbers and in a sentence."""
    campaign, annotator = _held(request, campaign_id)
    if kind not in Practice.Kind.values:
        raise Http404
    if request.method == "POST":
        return _measured(request, campaign, annotator, kind)
    ticket = practice.ticket(annotator, campaign, kind)
    name = dict(Practice.Kind.choices)[kind]
    context = {
        "campaign": campaign, "kind": kind, "name": name, "about": ABOUT[kind], "ticket": ticket,
        "asked": ASKED.get(kind), "ends": ENDS.get(kind), "seconds": tracking.DURATION_US // 1_000_000,
        "trials": tracking.TRIALS, "crumbs": _crumbs(campaign, (name, "")),
    }  # fmt: skip
    page = "headphones" if kind == Practice.Kind.HEADPHONES else "follow"
    return render(request, f"labeling/practice/{page}.html", context)


@require_http_methods(["GET", "POST"])
def results(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """Everybody's results, and which tests are required."""
    campaign = held_campaign(request, campaign_id, "campaign" if request.method == "POST" else "view")
    initial = {"required": campaign.practice_required, "pass_mark": campaign.practice_pass}
    form = RulesForm(request.POST) if request.method == "POST" else RulesForm(initial=initial)
    if request.method == "POST" and form.is_valid():
        practice.set_rules(actor=request.user, campaign=campaign, **form.cleaned_data)
        return redirect("campaigns:practice", campaign.pk)
    listing = Listing(
        request,
        Practice.objects.filter(campaign=campaign).select_related("annotator"),
        name="practice",
        order="-created_at",
        search=("annotator__code",),
        filters=(Choice("kind", _("Test"), "kind", Practice.Kind.choices),),
        columns=(
            Column("annotator", _("Annotator"), lambda one: one.annotator.code, sort="annotator__code"),
            Column("kind", _("Test"), lambda one: one.kind, sort="kind"),
            Column("at", _("When"), lambda one: one.created_at.isoformat(), sort="created_at"),
            Column("lag", _("Lag, s"), lambda one: "" if one.lag_us is None else one.lag_us / 1e6, numeric=True),
            Column("ccc", _("Concordance"), lambda one: "" if one.ccc is None else one.ccc, sort="ccc", numeric=True),
            Column("right", _("Right of six"), lambda one: "" if one.right is None else one.right, numeric=True),
            Column("passed", _("Passed"), lambda one: one.passed, sort="passed"),
        ),
    )
    if listing.wants_csv:
        return listing.csv()
    may = access.visible(request.user, Campaign.objects.filter(pk=campaign.pk), "campaign").exists()
    context = frame(campaign, "campaigns:practice", listing=listing, form=form, may=may)
    return render(request, "labeling/campaign/practice.html", context, status=422 if form.errors else 200)


def lag_shown(campaign: Campaign, annotator: Annotator) -> str:
    """The annotator's lag as the workspace tells it; empty where none was measured."""
    found = practice.lag_of(campaign, annotator.pk)
    if found is None:
        return ""
    return _("%(lag).2f s, measured in practice on %(day)s") % {
        "lag": found.lag_us / 1e6, "day": found.created_at.date().isoformat(),
    }  # fmt: skip


def _held(request: HttpRequest, campaign_id: UUID) -> tuple[Campaign, Annotator]:
    campaign = _CAMPAIGN(request.user, campaign_id)
    place = queue.place_of(request.user, campaign)
    if place is None:
        raise Http404
    return campaign, place.annotator


def _measured(request: HttpRequest, campaign: Campaign, annotator: Annotator, kind: str) -> HttpResponse:
    body: Any = JSONParser().parse(request)
    if not isinstance(body, dict):
        raise Invalid("wrong_type", _("A JSON object is needed."), status=400)
    made = practice.submit(
        actor=request.user, annotator=annotator, campaign=campaign, kind=kind, sealed=body.get("ticket"),
        samples=body.get("samples"), answers=body.get("answers"), device=body.get("device"),
    )  # fmt: skip
    told = {
        "passed": made.passed, "lag_us": made.lag_us, "ccc": made.ccc, "right": made.right, "undefined": made.undefined,
        "pass_mark": made.pass_mark, "sentence": practice.sentence(made),
        "left": practice.missing(campaign, annotator.pk),
    }  # fmt: skip
    return JsonResponse(told, status=201)


def _crumbs(campaign: Campaign, *more: tuple[Any, str]) -> list[dict[str, Any]]:
    steps = [
        (_("My work"), reverse("labeling:home")), (campaign.name, ""),
        (_("Practice"), reverse("labeling:practice", args=[campaign.pk])), *more,
    ]  # fmt: skip
    return [{"label": label, "url": url} for label, url in steps]
