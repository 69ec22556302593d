"""Pages of a campaign for those who run it: progress, items, annotators, agreement, gold standards."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.db.models import Count, F, OuterRef, Q, Subquery, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from consent.gate import Use, permitted
from core import access, views_members
from core.lists import Choice, Column, Listing, sheet
from core.views import follow
from labeling import pictures
from labeling.models import Annotator, Assignment, Campaign, CampaignItem, GoldLabel, GoldStandard, Question
from labeling.services import agreement as agreement_service
from labeling.services import gold as gold_service
from labeling.services import queue, ratings
from labeling.views.studies import crumbs, held_study

# Who would rather not see something is not counted for it.
SKIPPED = Q(assignments__state=Assignment.State.SKIPPED) & ~Q(assignments__skip_reason__in=queue.CARE_REASONS)


def held_campaign(request: HttpRequest, campaign_id: UUID, action: str = "view") -> Campaign:
    """The campaign of an address, through the door; the navigation shows its study."""
    campaigns = Campaign.objects.select_related("study", "scheme_version__scheme", "guideline_version__guideline")
    campaign = access.fetch(request.user, action, campaigns, pk=campaign_id)
    request.study, request.section = campaign.study, "campaigns:list"
    return campaign


def frame(campaign: Campaign, here: str, **context: object) -> dict:
    """What every tab of a campaign shows: its tabs, and where it is."""
    tabs = [
        (_("Overview"), "campaigns:overview"),
        (_("Items"), "campaigns:items"),
        (_("Annotators"), "campaigns:annotators"),
        (_("People"), "campaigns:people"),
        (_("Practice"), "campaigns:practice"),
        (_("Agreement"), "campaigns:agreement"),
        (_("Gold standard"), "campaigns:gold"),
        (_("Guideline"), "campaigns:guideline"),
        (_("Comments"), "campaigns:comments"),
        (_("Rules"), "campaigns:rules"),
    ]
    return {
        "campaign": campaign,
        "study": campaign.study,
        "tabs": [
            {"label": label, "url": reverse(route, args=[campaign.pk]), "current": route == here}
            for label, route in tabs
        ],
        "crumbs": crumbs(
            campaign.study,
            (_("Campaigns"), reverse("campaigns:list", args=[campaign.study_id])),
            (campaign.name, reverse("campaigns:overview", args=[campaign.pk])),
        ),
        **context,
    }


@require_GET
def campaigns(request: HttpRequest, study_id: UUID) -> HttpResponse:
    study = held_study(request, study_id, "campaign")
    listing = Listing(
        request,
        access.visible(request.user, Campaign.objects.filter(study=study), "campaign")
        .select_related("scheme_version__scheme")
        .annotate(wanted=Sum("campaign_items__wanted"), answered=Sum("campaign_items__answered")),
        name="campaigns",
        order="name",
        search=("name",),
        filters=(Choice("state", _("State"), "state", Campaign.State.choices),),
        columns=(
            Column("name", _("Campaign"), lambda c: c.name, sort="name"),
            Column("scheme", _("Scheme"), lambda c: f"{c.scheme_version.scheme.name} {c.scheme_version.number}"),
            Column("state", _("State"), lambda c: c.state, sort="state"),
            Column("answered", _("Answers"), lambda c: c.answered or 0, sort="answered", numeric=True),
            Column("wanted", _("Wanted"), lambda c: c.wanted or 0, sort="wanted", numeric=True),
        ),
    )
    if listing.wants_csv:
        return listing.csv()
    context = {
        "study": study,
        "listing": listing,
        "crumbs": crumbs(study, (_("Campaigns"), "")),
        "may_campaign": access.may(request.user, "campaign", study),
    }
    return render(request, "labeling/campaign/list.html", context)


@require_GET
def overview(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    campaign = held_campaign(request, campaign_id)
    report, fresh = agreement_service.latest(campaign)
    return render(
        request,
        "labeling/campaign/overview.html",
        frame(
            campaign,
            "campaigns:overview",
            progress=_progress(campaign),
            report=report,
            rows=_measures(campaign, report),
            simulated=ratings.simulated(campaign),
            fresh=fresh,
            may_manage=access.may(request.user, "campaign", campaign),
        ),
    )


@require_GET
def items(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    campaign = held_campaign(request, campaign_id)
    queryset = (
        permitted(CampaignItem.objects.filter(campaign=campaign), Use("human_annotation"))
        .annotate(length_us=F("item__end_us") - F("item__start_us"))
        .select_related("item__recording")
    )
    listing = Listing(
        request,
        queryset.prefetch_related("item__targets"),
        name="items",
        order="item__code",
        search=("item__code",),
        filters=(Choice("open", _("In the queue"), "open", [("True", _("yes")), ("False", _("no"))]),),
        columns=(
            Column("item", _("Item"), lambda r: r.item.code, sort="item__code"),
            Column("target", _("About"), lambda r: " ".join(p.code for p in r.item.targets.all())),
            Column("length", _("Length"), lambda r: r.length_us, sort="length_us", numeric=True),
            Column("answered", _("Answers"), lambda r: r.answered, sort="answered", numeric=True),
            Column("wanted", _("Wanted"), lambda r: r.wanted, sort="wanted", numeric=True),
        ),
    )
    if listing.wants_csv:
        return listing.csv()
    return render(request, "labeling/campaign/items.html", frame(campaign, "campaigns:items", listing=listing))


@require_GET
def annotators(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    campaign = held_campaign(request, campaign_id)
    queryset = (
        Annotator.objects.filter(Q(annotations__campaign=campaign) | Q(assignments__campaign=campaign))
        .distinct()
        .annotate(
            answers=Count("annotations", filter=Q(annotations__campaign=campaign, annotations__current=True), distinct=True),
            skipped=Count("assignments", filter=SKIPPED & Q(assignments__campaign=campaign), distinct=True),
        )
    )  # fmt: skip
    listing = Listing(
        request,
        queryset,
        name="annotators",
        order="code",
        search=("code",),
        filters=(Choice("kind", _("Kind"), "kind", Annotator.Kind.choices),),
        columns=(
            Column("code", _("Annotator"), lambda a: a.code, sort="code"),
            Column("kind", _("Kind"), lambda a: a.kind, sort="kind"),
            Column("answers", _("Answers"), lambda a: a.answers, sort="answers", numeric=True),
            Column("skipped", _("Skipped"), lambda a: a.skipped, sort="skipped", numeric=True),
        ),
    )
    if listing.wants_csv:
        return listing.csv()
    return render(
        request, "labeling/campaign/annotators.html", frame(campaign, "campaigns:annotators", listing=listing)
    )


@require_http_methods(["GET", "HEAD", "POST"])
def people(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """Who may do what in it. Names stand beside codes here, so it is for those who run the campaign alone."""
    campaign = held_campaign(request, campaign_id, Campaign.members_action)
    own = Annotator.objects.filter(study=campaign.study_id, user=OuterRef("user_id"))
    held = Q(assignments__campaign=campaign, assignments__state=Assignment.State.LEASED)
    given = Q(annotations__campaign=campaign, annotations__current=True)
    annotated = {
        "code": Subquery(own.values("code")[:1]),
        "held": Subquery(own.annotate(n=Count("assignments", filter=held, distinct=True)).values("n")[:1]),
        "answers": Subquery(own.annotate(n=Count("annotations", filter=given, distinct=True)).values("n")[:1]),
    }
    around = frame(campaign, "campaigns:people", base="labeling/campaign/_frame.html")
    return views_members.page(request, campaign, annotated=annotated, **around)


@require_POST
def take_role(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    return views_members.take(request, held_campaign(request, campaign_id, Campaign.members_action))


@require_GET
def agreement(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    campaign = held_campaign(request, campaign_id, "agreement")
    report, fresh = agreement_service.latest(campaign)
    if request.GET.get("format") == "csv":
        return sheet("agreement", MEASURED, [_cells(row) for row in _measures(campaign, report)])
    context = frame(
        campaign, "campaigns:agreement", report=report, fresh=fresh, rows=_measures(campaign, report),
        simulated=ratings.simulated(campaign),
        distributions=[d for q in campaign.scheme_version.questions.all() if (d := pictures.distribution(campaign, q))],
    )  # fmt: skip
    return render(request, "labeling/campaign/agreement.html", context)


@require_POST
def measure_agreement(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    campaign = held_campaign(request, campaign_id, "agreement")
    job = agreement_service.start(actor=request.user, campaign=campaign)
    return follow(request, job, reverse("campaigns:agreement", args=[campaign.pk]))


class GoldForm(forms.Form):
    """How ties are broken, per question of choice."""

    def __init__(self, *args: object, campaign: Campaign, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        for question in campaign.scheme_version.questions.filter(
            gives__in=(Question.Gives.LABEL, Question.Gives.TRUTH)
        ):
            self.fields[f"ties-{question.key}"] = forms.ChoiceField(
                choices=[
                    ("none", gettext_lazy("no label, and a flag")),
                    ("random", gettext_lazy("draw a lot, by the campaign’s seed")),
                ],
                label=pictures.said(question.prompt, target=_("the person")),
                initial="none",
            )

    def methods(self) -> dict[str, dict]:
        return {name.removeprefix("ties-"): {"ties": value} for name, value in self.cleaned_data.items()}


@require_GET
def gold(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    campaign = held_campaign(request, campaign_id, "gold")
    standards = campaign.gold_standards.select_related("made_by", "job").order_by("-number")
    chosen = (
        standards.filter(pk=request.GET["version"]).first() if _is_id(request.GET.get("version")) else standards.first()
    )
    context = frame(campaign, "campaigns:gold", form=GoldForm(campaign=campaign), standards=standards, chosen=chosen)
    if chosen is not None and chosen.state == GoldStandard.State.READY:
        listing = _gold_listing(request, chosen)
        if listing.wants_csv:
            return listing.csv()
        context |= {
            "listing": listing,
            "traces": pictures.fused_traces(campaign, chosen),
            "simulated": ratings.simulated(campaign),
        }
    return render(request, "labeling/campaign/gold.html", context)


@require_POST
def make_gold(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    campaign = held_campaign(request, campaign_id, "gold")
    form = GoldForm(request.POST, campaign=campaign)
    if not form.is_valid():
        standards = campaign.gold_standards.order_by("-number")
        return render(
            request,
            "labeling/campaign/gold.html",
            frame(campaign, "campaigns:gold", form=form, standards=standards),
            status=422,
        )
    made = gold_service.begin(actor=request.user, campaign=campaign, methods=form.methods())
    return follow(request, made.job, reverse("campaigns:gold", args=[campaign.pk]))


def _gold_listing(request: HttpRequest, chosen: GoldStandard) -> Listing:
    queryset = permitted(GoldLabel.objects.filter(gold_standard=chosen), Use("human_annotation"))
    return Listing(
        request,
        queryset.select_related("item", "question", "label"),
        name=f"gold-{chosen.number}",
        order="item__code",
        search=("item__code",),
        filters=(
            Choice("question", _("Question"), "question__key", [(q.key, q.key) for q in chosen.campaign.scheme_version.questions.exclude(kind="text")]),
            Choice("flag", _("Flag"), "flag", [("tie", _("tie")), ("too_few", _("too few"))]),
        ),
        columns=(
            Column("item", _("Item"), lambda g: g.item.code, sort="item__code"),
            Column("question", _("Question"), lambda g: g.question.key, sort="question__key"),
            Column("gold", _("Gold"), lambda g: g.label.code if g.label else g.number, sort="number"),
            Column("spread", _("Share or SD"), lambda g: g.spread, sort="spread", numeric=True),
            Column("n", _("Answers"), lambda g: g.n, sort="n", numeric=True),
            Column("flag", _("Flag"), lambda g: g.flag, sort="flag"),
        ),
    )  # fmt: skip


def _progress(campaign: Campaign) -> dict:
    usable = permitted(CampaignItem.objects.filter(campaign=campaign), Use("human_annotation"))
    full = Q(answered__gte=F("wanted"))
    counts = usable.aggregate(
        items=Count("pk"), sum_wanted=Sum("wanted", default=0), sum_answered=Sum("answered", default=0),
        complete=Count("pk", filter=full), begun=Count("pk", filter=Q(answered__gt=0) & ~full), untouched=Count("pk", filter=Q(answered=0)),
    )  # fmt: skip
    counts["left_out"] = CampaignItem.objects.filter(campaign=campaign).count() - counts["items"]
    elsewhere = ratings.annotations(campaign).exclude(source__in=("workspace", "api"))
    counts["imported"] = elsewhere.exclude(source="simulation").count()
    counts["simulated"] = elsewhere.filter(source="simulation").count()
    counts["bar"] = pictures.bar([counts["complete"], counts["begun"], 0, counts["untouched"]])
    return counts


def _measures(campaign: Campaign, report) -> list[dict]:
    """Each question with its measure, in the scheme's order."""
    by_key = {one["question"]: one for one in report.measures} if report else {}
    return [
        {"question": q, "prompt": pictures.said(q.prompt, target=_("the person")), "measure": by_key.get(q.key)}
        for q in campaign.scheme_version.questions.exclude(gives=Question.Gives.NOTHING)
    ]


MEASURED = ("question", "measure", "value", "low", "high", "items", "annotators", "coverage", "undefined")


def _cells(row: dict) -> list:
    """A measured question as a row of the CSV; an interval or a value that there is not stays empty."""
    measure = row["measure"] or {}
    interval = measure.get("interval") or {}
    taken = ("measure", "value"), ("n_units", "n_raters", "coverage", "undefined")
    return [
        row["question"].key,
        *(measure.get(name) for name in taken[0]),
        interval.get("low"),
        interval.get("high"),
        *(measure.get(name) for name in taken[1]),
    ]


def _is_id(text: str | None) -> bool:
    try:
        UUID(text or "")
    except ValueError:
        return False
    return True
