"""Drawing up a campaign, and its rules: items, annotators, predictions, and whether it is open. Every act says what it does."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from affect import vocabularies
from affect.schemes import model as asking
from consent.gate import Use, permitted
from consent.models import Study
from consent.purposes import Modality
from core import access
from core.errors import Invalid, Refused
from labeling.models import Annotator, Assignment, Campaign, CampaignItem, Item, Question, SchemeVersion
from labeling.services import campaigns as services
from labeling.services import care as care_services
from labeling.services import rules as rule_services
from labeling.services import schemes
from labeling.services.perceiving import RULES
from labeling.views.campaigns import frame, held_campaign
from labeling.views.studies import crumbs, held_study

USE = Use("human_annotation")
PREDICTIONS = [
    ("never", gettext_lazy("Never")),
    ("after", gettext_lazy("After the annotator’s own answer")),
    ("suggestion", gettext_lazy("Before, as a suggestion")),
]
PERCEIVED = [
    ("video", gettext_lazy("the picture")),
    ("audio", gettext_lazy("the sound")),
    ("transcript", gettext_lazy("the transcript")),
    ("band_passed", gettext_lazy("speech only without its words")),
    ("physiology", gettext_lazy("physiological signals")),
    ("features", gettext_lazy("computed features")),
    ("models", gettext_lazy("what models predict, as lanes")),
]
PROMPTS = {
    "valence": {"en": "How pleasant does {target} appear to feel?", "de": "Wie angenehm scheint sich {target} zu fühlen?", "es": "¿Hasta qué punto parece agradable lo que siente {target}?"},
    "arousal": {"en": "How activated does {target} appear to be?", "de": "Wie aktiviert scheint {target} zu sein?", "es": "¿Hasta qué punto parece activada {target}?"},
    "dominance": {"en": "How much in control does {target} appear to be?", "de": "Wie sehr scheint {target} die Lage zu beherrschen?", "es": "¿Cuánto control parece tener {target}?"},
}  # fmt: skip
EXPRESSED = {"en": "What does {target} appear to express?", "de": "Was scheint {target} auszudrücken?", "es": "¿Qué parece expresar {target}?"}  # fmt: skip


class CampaignForm(forms.Form):
    name = forms.CharField(max_length=120, label=gettext_lazy("Name"))
    about = forms.CharField(
        max_length=400, required=False, label=gettext_lazy("What annotators are told"), widget=forms.Textarea({"rows": 2})
    )  # fmt: skip
    scheme = forms.ModelChoiceField(
        SchemeVersion.objects.none(), required=False, label=gettext_lazy("Scheme"),
        empty_label=gettext_lazy("a new one, from what is chosen below"),
    )  # fmt: skip
    categories = forms.ChoiceField(required=False, label=gettext_lazy("Categories"))
    scales = forms.MultipleChoiceField(
        required=False, label=gettext_lazy("Scales of nine points"), widget=forms.CheckboxSelectMultiple,
        choices=[("valence", gettext_lazy("valence")), ("arousal", gettext_lazy("arousal")), ("dominance", gettext_lazy("dominance"))],
    )  # fmt: skip
    trace = forms.ChoiceField(
        required=False, label=gettext_lazy("A continuous trace while it plays"),
        choices=[("", gettext_lazy("none")), ("valence", gettext_lazy("valence")), ("arousal", gettext_lazy("arousal")), ("dominance", gettext_lazy("dominance"))],
    )  # fmt: skip
    overlap = forms.IntegerField(
        min_value=1, max_value=1000, initial=3, label=gettext_lazy("Answers for each item"),
        help_text=gettext_lazy("Agreement needs two at least."),
    )  # fmt: skip
    predictions = forms.ChoiceField(
        choices=PREDICTIONS, initial="never", label=gettext_lazy("Show predictions of models")
    )
    perceived = forms.MultipleChoiceField(
        required=False, label=gettext_lazy("What annotators perceive"), choices=PERCEIVED, widget=forms.CheckboxSelectMultiple,
        initial=[rule for rule, on in RULES.items() if on],
    )  # fmt: skip
    closes_on = forms.DateField(
        required=False, label=gettext_lazy("Last day"), widget=forms.DateInput({"type": "date"}),
        help_text=gettext_lazy("Told to annotators; the campaign is closed by you."),
    )  # fmt: skip

    def __init__(self, *args: object, study: Study, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        versions = (
            SchemeVersion.objects.filter(study=study).select_related("scheme").order_by("scheme__name", "-number")
        )
        self.fields["scheme"].queryset = versions
        self.fields["scheme"].label_from_instance = lambda one: f"{one.scheme.name} {one.number}"
        found = {key: vocabularies.load(key) for key in vocabularies.VOCABULARIES}
        self.fields["categories"].choices = [
            ("", _("none")),
            *((key, _("%(name)s: %(n)d labels") % {"name": one.names["en"], "n": len(one.terms)}) for key, one in found.items() if one.kind == "category"),
        ]  # fmt: skip

    def clean(self) -> dict:
        said = super().clean()
        if not said.get("scheme") and not any(said.get(name) for name in ("categories", "scales", "trace")):
            self.add_error("scheme", _("Choose a scheme, or categories, scales or a trace for a new one."))
        return said

    def rules(self) -> dict[str, bool]:
        """What is perceived. With nothing ticked there would be nothing to label, so that means what is so by itself."""
        ticked = self.cleaned_data["perceived"]
        return {rule: rule in ticked for rule in RULES} if ticked else dict(RULES)

    def questions(self) -> list[asking.Question]:
        said, asked = self.cleaned_data, []
        if said["categories"]:
            asked.append(schemes.choice_from(said["categories"], key="emotion", prompt=EXPRESSED))
        asked += [schemes.scale_from("sam", one, prompt=PROMPTS[one]) for one in said["scales"]]
        if said["trace"]:
            key = f"{said['trace']}_trace"
            asked.append(
                schemes.scale_from(
                    "vad", said["trace"], key=key, kind=Question.Kind.TRACE, prompt=PROMPTS[said["trace"]]
                )
            )
        return asked


class ItemsForm(forms.Form):
    """Which items of the study: everything that is left empty narrows nothing."""

    modality = forms.ChoiceField(
        required=False, choices=[("", gettext_lazy("any")), *Modality.choices], label=gettext_lazy("With a track of")
    )
    kind = forms.ChoiceField(
        required=False, choices=[("", gettext_lazy("any")), *Item.Kind.choices], label=gettext_lazy("Kind")
    )
    code = forms.CharField(required=False, max_length=80, label=gettext_lazy("Code begins with"))
    session = forms.CharField(required=False, max_length=80, label=gettext_lazy("Session"))

    def found(self, campaign: Campaign) -> QuerySet[Item]:
        """Items that may be labeled now and are not in the campaign yet."""
        said = self.cleaned_data
        items = permitted(Item.objects.filter(study=campaign.study, recording__state="ready"), USE)
        items = items.exclude(pk__in=CampaignItem.objects.filter(campaign=campaign).values("item_id"))
        if said["modality"]:
            items = items.filter(recording__tracks__modality=said["modality"])
        if said["kind"]:
            items = items.filter(kind=said["kind"])
        if said["code"]:
            items = items.filter(code__istartswith=said["code"])
        if said["session"]:
            items = items.filter(recording__session=said["session"])
        return items.distinct()


class AnnotatorsForm(forms.Form):
    emails = forms.CharField(
        max_length=4000, widget=forms.Textarea({"rows": 3}), label=gettext_lazy("E-mail addresses"),
        help_text=gettext_lazy("Of people who have an account here, one a line."),
    )  # fmt: skip

    def addresses(self) -> list[str]:
        return list(dict.fromkeys(self.cleaned_data["emails"].replace(",", " ").replace(";", " ").split()))


class PredictionsForm(forms.Form):
    predictions = forms.ChoiceField(choices=PREDICTIONS, label=gettext_lazy("Show predictions of models"))


class CareForm(forms.Form):
    """How long people work on end, and how much is made ready for them."""

    session_minutes = forms.IntegerField(
        required=False, min_value=5, max_value=480, label=gettext_lazy("Minutes of work before a break"),
        help_text=gettext_lazy("Empty: no limit. What was entered is stored; the break is a page that says when it goes on."),
    )  # fmt: skip
    break_minutes = forms.IntegerField(min_value=1, max_value=120, label=gettext_lazy("Minutes of a break"))
    ahead = forms.IntegerField(
        min_value=0, max_value=10, label=gettext_lazy("Items made ready ahead"),
        help_text=gettext_lazy("Each is held by who comes to it next, and given back when they leave. 0: none."),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, study_id: UUID) -> HttpResponse:
    """Draw up a campaign; it opens only when its manager says so."""
    study = held_study(request, study_id, "campaign")
    request.section = "campaigns:list"
    form = CampaignForm(request.POST or None, study=study)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            campaign = rule_services.draw_up(
                actor=request.user, study=study, scheme_version=said["scheme"], questions=form.questions(), name=said["name"],
                about=said["about"], overlap=said["overlap"], predictions=said["predictions"], closes_on=said["closes_on"],
                perceived=form.rules(),
            )  # fmt: skip
            return redirect("campaigns:rules", campaign.pk)
        except Refused as refused:
            _say(form, refused)
    context = {
        "study": study,
        "form": form,
        "crumbs": crumbs(study, (_("Campaigns"), reverse("campaigns:list", args=[study.pk])), (_("New campaign"), "")),
    }
    return render(request, "labeling/campaign/new.html", context, status=422 if form.is_bound else 200)


@require_GET
def rules(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """The rules as they stand. `?find=` shows how many items a filter finds before they are added."""
    campaign = held_campaign(request, campaign_id, "campaign")
    finding = "find" in request.GET
    form = ItemsForm(request.GET if finding else None)
    found = form.found(campaign).count() if finding and form.is_valid() else None
    return _page(request, campaign, items_form=form, found=found)


@require_POST
def add_items(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    campaign = held_campaign(request, campaign_id, "campaign")
    form = ItemsForm(request.POST)
    if not form.is_valid():
        return _page(request, campaign, items_form=form, status=422)
    ids = list(form.found(campaign).values_list("pk", flat=True))
    added = services.add_items(actor=request.user, campaign=campaign, items=ids)
    messages.success(request, ngettext("%(n)d item was added.", "%(n)d items were added.", added) % {"n": added})
    return redirect("campaigns:rules", campaign.pk)


@require_POST
def add_annotators(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    campaign = held_campaign(request, campaign_id, "campaign")
    form = AnnotatorsForm(request.POST)
    if form.is_valid():
        try:
            rule_services.add_by_email(actor=request.user, campaign=campaign, emails=form.addresses())
            return redirect("campaigns:rules", campaign.pk)
        except Invalid as invalid:
            _say(form, invalid)
    return _page(request, campaign, annotators_form=form, status=422)


@require_POST
def remove_annotator(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    campaign = held_campaign(request, campaign_id, "campaign")
    annotator = access.within(_members(campaign), code=request.POST.get("code", "")[:40])
    services.remove_annotator(actor=request.user, campaign=campaign, user=annotator.user)
    return redirect("campaigns:rules", campaign.pk)


@require_POST
def predictions(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    campaign = held_campaign(request, campaign_id, "campaign")
    form = PredictionsForm(request.POST)
    if not form.is_valid():
        return _page(request, campaign, predictions_form=form, status=422)
    rule_services.show_predictions(actor=request.user, campaign=campaign, when=form.cleaned_data["predictions"])
    return redirect("campaigns:rules", campaign.pk)


@require_POST
def care(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    campaign = held_campaign(request, campaign_id, "campaign")
    form = CareForm(request.POST)
    if not form.is_valid():
        return _page(request, campaign, care_form=form, status=422)
    care_services.set_session(actor=request.user, campaign=campaign, **form.cleaned_data)
    return redirect("campaigns:rules", campaign.pk)


@require_POST
def state(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """Open, pause or close. Closing is for good, so it is asked again: `sure` is a tick beside the button."""
    campaign = held_campaign(request, campaign_id, "campaign")
    act = request.POST.get("act", "")
    acts = {"open": services.open_campaign, "pause": services.pause_campaign, "close": services.close_campaign}
    try:
        if act not in acts:
            raise Invalid("act_unknown", _("A campaign is opened, paused or closed."))
        if act == "close" and request.POST.get("sure") != "on":
            raise Invalid("not_sure", _("Closing is for good. Tick the box to say that you mean it."))
        acts[act](actor=request.user, campaign=campaign)
    except Refused as refused:
        return _page(request, campaign, refusal=refused.message, status=refused.status)
    return redirect("campaigns:rules", campaign.pk)


def _page(request: HttpRequest, campaign: Campaign, *, status: int = 200, **given: object) -> HttpResponse:
    context = {
        "items_form": ItemsForm(), "annotators_form": AnnotatorsForm(), "found": None, "refusal": "",
        "care_form": CareForm(initial={
            "session_minutes": campaign.session_minutes, "break_minutes": campaign.break_minutes, "ahead": campaign.ahead,
        }),
        "predictions_form": PredictionsForm(initial={"predictions": campaign.predictions}),
        "progress": services.progress(campaign), "members": _counted(campaign), **given,
    }  # fmt: skip
    return render(request, "labeling/campaign/rules.html", frame(campaign, "campaigns:rules", **context), status=status)


def _members(campaign: Campaign) -> QuerySet[Annotator]:
    """Who may label in it now: people with accounts and the role."""
    users = [user.pk for user, held in access.members(campaign) if "annotator" in held]
    return Annotator.objects.filter(study_id=campaign.study_id, user__in=users).select_related("user")


def _counted(campaign: Campaign) -> QuerySet[Annotator]:
    """The same, with what taking each of them out would touch."""
    return _members(campaign).order_by("code").annotate(
        held=Count("assignments", filter=Q(assignments__campaign=campaign, assignments__state=Assignment.State.LEASED), distinct=True),
        answers=Count("annotations", filter=Q(annotations__campaign=campaign, annotations__current=True), distinct=True),
    )  # fmt: skip


def _say(form: forms.Form, refused: Refused) -> None:
    fields = (
        refused.fields
        if isinstance(refused, Invalid)
        else {"name": [refused.message]}
        if refused.code == "name_taken"
        else {}
    )
    if not fields:
        form.add_error(None, str(refused.message))
    for name, sentences in fields.items():
        for sentence in sentences:
            form.add_error(name if name in form.fields else None, str(sentence))
