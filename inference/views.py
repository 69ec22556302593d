"""Pages of models: what is registered, runs with their progress, and how predictions meet a gold standard."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from consent.models import Study
from consent.purposes import Modality
from core import access, views_members
from core.lists import Choice, Column, Listing
from core.models import Job
from core.views import follow
from inference import backends, pictures
from inference.models import Model, ModelVersion, Prediction, Run
from inference.services import evaluate, prelabel, registry, train
from labeling.models import Campaign, GoldStandard
from labeling.services import ratings
from labeling.views.studies import crumbs, held_study

# The forms of one page ask for the same things: the ids of their fields tell them apart, for labels point at ids.
PRELABEL, EVALUATE, TRAIN = "prelabel_%s", "evaluate_%s", "train_%s"


class RegisterForm(forms.Form):
    backend = forms.ChoiceField(choices=[(name, name) for name in backends.BACKENDS], label=gettext_lazy("Back end"))


class PrelabelForm(forms.Form):
    model_version = forms.ModelChoiceField(ModelVersion.objects.none(), label=gettext_lazy("Model"))
    campaign = forms.ModelChoiceField(Campaign.objects.none(), label=gettext_lazy("Campaign"))

    def __init__(self, *args: object, study: Study, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["model_version"].queryset = _versions(study)
        self.fields["model_version"].label_from_instance = lambda v: f"{v.model.name}, {v.number}"
        self.fields["campaign"].queryset = Campaign.objects.filter(study=study).order_by("name")
        self.fields["campaign"].label_from_instance = lambda c: c.name


class EvaluateForm(forms.Form):
    model_version = forms.ModelChoiceField(ModelVersion.objects.none(), label=gettext_lazy("Model"))
    gold_standard = forms.ModelChoiceField(GoldStandard.objects.none(), label=gettext_lazy("Gold standard"))

    def __init__(self, *args: object, study: Study, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["model_version"].queryset = _versions(study)
        self.fields["model_version"].label_from_instance = lambda v: f"{v.model.name}, {v.number}"
        ready = GoldStandard.objects.filter(campaign__study=study, state=GoldStandard.State.READY).select_related(
            "campaign"
        )
        self.fields["gold_standard"].queryset = ready.order_by("campaign__name", "-number")
        self.fields["gold_standard"].label_from_instance = lambda g: f"{g.campaign.name}, {g.number}"


@require_GET
def models(request: HttpRequest, study_id: UUID) -> HttpResponse:
    study = held_study(request, study_id, "run")
    return _page(request, study)


@require_POST
def register(request: HttpRequest, study_id: UUID) -> HttpResponse:
    study = held_study(request, study_id, "run")
    form = RegisterForm(request.POST)
    if not form.is_valid():
        return _page(request, study, register_form=form)
    registry.register(actor=request.user, study=study, **form.cleaned_data)
    return redirect("inference:models", study.pk)


@require_POST
def start_prelabel(request: HttpRequest, study_id: UUID) -> HttpResponse:
    study = held_study(request, study_id, "run")
    form = PrelabelForm(request.POST, study=study, auto_id=PRELABEL)
    if not form.is_valid():
        return _page(request, study, prelabel_form=form)
    run = prelabel.start(actor=request.user, **form.cleaned_data)
    return follow(request, run.job, reverse("inference:run", args=[run.pk]))


@require_POST
def start_evaluate(request: HttpRequest, study_id: UUID) -> HttpResponse:
    study = held_study(request, study_id, "run")
    form = EvaluateForm(request.POST, study=study, auto_id=EVALUATE)
    if not form.is_valid():
        return _page(request, study, evaluate_form=form)
    run = evaluate.start(actor=request.user, **form.cleaned_data)
    return follow(request, run.job, reverse("inference:run", args=[run.pk]))


@require_POST
def start_train(request: HttpRequest, study_id: UUID) -> HttpResponse:
    study = held_study(request, study_id, "run")
    form = EvaluateForm(request.POST, study=study, auto_id=TRAIN)
    if not form.is_valid():
        return _page(request, study, train_form=form)
    run = train.start(actor=request.user, **form.cleaned_data)
    return follow(request, run.job, reverse("inference:run", args=[run.pk]))


@require_http_methods(["GET", "HEAD", "POST"])
def people(request: HttpRequest, model_id: UUID) -> HttpResponse:
    held = _held_model(request, model_id, views_members.needed(request, Model))
    return views_members.page(
        request, held, study=held.study, title=held.name, lead=_("Who may use this model, besides the people of its study."),
        crumbs=crumbs(
            held.study, (_("Models"), reverse("inference:models", args=[held.study_id])), (held.name, ""), (_("People"), "")
        ),
    )  # fmt: skip


@require_POST
def take_role(request: HttpRequest, model_id: UUID) -> HttpResponse:
    return views_members.take(request, _held_model(request, model_id, Model.members_action))


def _held_model(request: HttpRequest, model_id: UUID, action: str) -> Model:
    held = access.fetch(request.user, action, Model.objects.select_related("study"), pk=model_id)
    request.study, request.section = held.study, "inference:models"
    return held


@require_GET
def run(request: HttpRequest, run_id: UUID) -> HttpResponse:
    runs = Run.objects.select_related(
        "study", "model_version__model", "campaign", "gold_standard", "question", "job", "started_by"
    )
    held = access.fetch(request.user, "run", runs, pk=run_id)
    request.study, request.section = held.study, "inference:models"
    context = {
        "run": held,
        "study": held.study,
        "kind": backends.find(held.model_version.model.backend),
        "under_way": held.job is not None and held.job.state in ("queued", "running"),
        "crumbs": crumbs(held.study, (_("Models"), reverse("inference:models", args=[held.study_id])), (f"{held.model_version.model.name}, {held.get_kind_display()}", "")),
    }  # fmt: skip
    if held.kind == Run.Kind.PRELABEL:
        listing = _predictions(request, held)
        if listing.wants_csv:
            return listing.csv()
        page = listing.page
        for one in page:
            one.why_not = backends.REASONS.get(one.nothing, one.nothing)
            one.qualified = [backends.NOTES.get(note, note) for note in one.notes]
        return render(request, "inference/prelabel.html", {**context, "listing": listing, "page": page})
    if held.kind == Run.Kind.TRAIN:
        made = ModelVersion.objects.filter(pk=held.results.get("model_version")).first()
        return render(request, "inference/training.html", {**context, "made": made})
    context["simulated"] = ratings.simulated(held.campaign)
    return render(request, "inference/evaluation.html", {**context, **pictures.evaluation(held)})


def _page(request: HttpRequest, study: Study, **forms_: forms.Form) -> HttpResponse:
    registered, runs = _registered(request, study), _runs(request, study)
    for listing in (registered, runs):
        if listing.wants_csv:
            return listing.csv()
    for one in registered.page:
        looks_at = one.parameters.get("modality", "")
        one.looks_at = Modality(looks_at).label if looks_at in Modality.values else looks_at
    context = {
        "study": study,
        "registered": registered,
        "runs": runs,
        "register_form": RegisterForm(),
        "prelabel_form": PrelabelForm(study=study, auto_id=PRELABEL),
        "evaluate_form": EvaluateForm(study=study, auto_id=EVALUATE),
        "train_form": EvaluateForm(study=study, auto_id=TRAIN),
        "crumbs": crumbs(study, (_("Models"), "")),
        **forms_,
    }
    return render(request, "inference/models.html", context, status=422 if forms_ else 200)


def _registered(request: HttpRequest, study: Study) -> Listing:
    return Listing(
        request,
        _versions(study),
        name="models",
        prefix="m-",
        order="model__name",
        search=("model__name", "model__about", "number"),
        columns=(
            Column("model", _("Model"), lambda v: v.model.name, sort="model__name"),
            Column("version", _("Version"), lambda v: f"{v.number} {v.files_hash}", sort="created_at"),
            Column("looks_at", _("Looks at"), lambda v: v.parameters.get("modality", "")),
            Column("licence", _("Licence"), lambda v: v.licence, sort="licence"),
        ),
    )


def _runs(request: HttpRequest, study: Study) -> Listing:
    return Listing(
        request,
        Run.objects.filter(study=study).select_related("model_version__model", "campaign", "job"),
        name="runs",
        prefix="r-",
        order="-id",
        search=("model_version__model__name", "campaign__name"),
        filters=(
            Choice("kind", _("Run"), "kind", Run.Kind.choices),
            Choice("state", _("State"), "job__state", Job.State.choices),
        ),
        columns=(
            Column("run", _("Run"), lambda r: f"{r.kind} {r.created_at.isoformat()}", sort="id"),
            Column("model", _("Model"), lambda r: f"{r.model_version.model.name} {r.model_version.number}", sort="model_version__model__name"),
            Column("campaign", _("Campaign"), lambda r: r.campaign.name, sort="campaign__name"),
            Column("state", _("State"), lambda r: r.job.state if r.job else "", sort="job__state"),
        ),
    )  # fmt: skip


def _versions(study: Study):
    return (
        ModelVersion.objects.filter(model__study=study).select_related("model").order_by("model__name", "-created_at")
    )


def _predictions(request: HttpRequest, held: Run) -> Listing:
    from_run = access.visible(request.user, held.predictions.all(), "run")
    queryset = prelabel.shown(from_run).select_related("item", "label")
    return Listing(
        request,
        queryset,
        name="predictions",
        order="item__code",
        search=("item__code",),
        filters=(Choice("nothing", _("Without prediction"), "nothing", [(code, sentence) for code, sentence in backends.REASONS.items()]),),
        columns=(
            Column("item", _("Item"), lambda p: p.item.code, sort="item__code"),
            Column("predicted", _("Predicted"), lambda p: p.label.code if p.label else p.number, sort="number"),
            Column("interval", _("Nine of ten within"), _interval, numeric=True),
            Column("confidence", _("Confidence"), lambda p: p.confidence, sort="confidence", numeric=True),
            Column("coverage", _("Looked at"), lambda p: p.coverage, sort="coverage", numeric=True),
            Column("notes", _("Notes"), lambda p: " ".join(p.notes)),
            Column("input", _("Input, SHA-256"), lambda p: p.input_hash),
            Column("nothing", _("Why not"), lambda p: p.nothing, sort="nothing"),
        ),
    )  # fmt: skip


def _interval(prediction: Prediction) -> str:
    """Low and high of a file's row; nothing where the model states no interval."""
    if prediction.interval_low is None:
        return ""
    return f"{prediction.interval_low} {prediction.interval_high}"
