"""Pages of datasets: what was published, what changed, who may have it."""

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
from consent.purposes import Purpose
from consent.views_media import serve
from core import access, views_members
from core.lists import Choice, Column, Listing
from core.models import Job
from core.views import follow
from datasets.models import Dataset, DatasetVersion
from datasets.services import delivery, features, publish, verify
from labeling.models import Annotator, GoldStandard
from labeling.views.studies import crumbs, held_study

SIDES = ("train", "development", "test")


class DatasetForm(forms.Form):
    name = forms.CharField(max_length=120, label=gettext_lazy("Name"))
    about = forms.CharField(widget=forms.Textarea, required=False, label=gettext_lazy("What it is"))


@require_http_methods(["GET", "POST"])
def datasets(request: HttpRequest, study_id: UUID) -> HttpResponse:
    study = held_study(request, study_id, "dataset" if request.method == "POST" else "view")
    form = DatasetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = publish.create_dataset(actor=request.user, study=study, **form.cleaned_data)
        return redirect("datasets:dataset", made.pk)
    listing = Listing(
        request,
        access.visible(request.user, Dataset.objects.filter(study=study)).prefetch_related("versions"),
        name="datasets",
        order="name",
        search=("name",),
        columns=(
            Column("name", _("Dataset"), lambda d: d.name, sort="name"),
            Column("versions", _("Versions"), lambda d: " ".join(v.number for v in d.versions.all()), numeric=True),
        ),
    )
    if listing.wants_csv:
        return listing.csv()
    context = {
        "study": study,
        "listing": listing,
        "form": form,
        "crumbs": crumbs(study, (_("Datasets"), "")),
        "may_make": access.may(request.user, "dataset", study),
    }
    return render(request, "datasets/list.html", context, status=422 if form.is_bound else 200)


class VersionForm(forms.Form):
    """What a version is made from and for."""

    gold_standard = forms.ModelChoiceField(GoldStandard.objects.none(), label=gettext_lazy("Gold standard"))
    number = forms.CharField(
        max_length=20,
        required=False,
        label=gettext_lazy("Number"),
        help_text=gettext_lazy("Left empty, the next one is taken."),
    )
    purpose = forms.ChoiceField(
        choices=[(Purpose.TRAIN_MODELS, Purpose.TRAIN_MODELS.label), (Purpose.SHARE_CONTROLLED, Purpose.SHARE_CONTROLLED.label)],
        label=gettext_lazy("For"), help_text=gettext_lazy("Only items whose people allow this purpose go in."),
    )  # fmt: skip
    profile = forms.ChoiceField(
        choices=[("labels", gettext_lazy("labels and traces")), ("labels_and_text", gettext_lazy("labels, traces and texts"))],
        label=gettext_lazy("Carries"),
    )  # fmt: skip
    seed = forms.IntegerField(min_value=0, max_value=2**31 - 1, initial=1, label=gettext_lazy("Seed of the split"))

    def __init__(self, *args: object, study: Study, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        ready = GoldStandard.objects.filter(campaign__study=study, state=GoldStandard.State.READY).select_related(
            "campaign"
        )
        self.fields["gold_standard"].queryset = ready.order_by("campaign__name", "-number")
        self.fields["gold_standard"].label_from_instance = lambda g: f"{g.campaign.name}, {g.number}"


@require_GET
def dataset(request: HttpRequest, dataset_id: UUID) -> HttpResponse:
    held = _held(request, dataset_id)
    context = _dataset_context(request, held, VersionForm(study=held.study))
    return (
        context["listing"].csv() if context["listing"].wants_csv else render(request, "datasets/dataset.html", context)
    )


@require_http_methods(["GET", "HEAD", "POST"])
def people(request: HttpRequest, dataset_id: UUID) -> HttpResponse:
    held = _held(request, dataset_id, views_members.needed(request, Dataset))
    return views_members.page(
        request, held, study=held.study, title=held.name, lead=_("Who may have this dataset, besides the people of its study."),
        crumbs=crumbs(
            held.study, (_("Datasets"), reverse("datasets:list", args=[held.study_id])),
            (held.name, reverse("datasets:dataset", args=[held.pk])), (_("People"), ""),
        ),
    )  # fmt: skip


@require_POST
def take_role(request: HttpRequest, dataset_id: UUID) -> HttpResponse:
    return views_members.take(request, _held(request, dataset_id, Dataset.members_action))


@require_POST
def publish_version(request: HttpRequest, dataset_id: UUID) -> HttpResponse:
    held = _held(request, dataset_id, "dataset")
    form = VersionForm(request.POST, study=held.study)
    if not form.is_valid():
        return render(request, "datasets/dataset.html", _dataset_context(request, held, form), status=422)
    version = publish.begin(actor=request.user, dataset=held, **form.cleaned_data)
    return follow(request, version.job, reverse("datasets:version", args=[version.pk]))


@require_GET
def version(request: HttpRequest, version_id: UUID) -> HttpResponse:
    held = _held_version(request, version_id)
    allowed = delivery.allowed(held) if held.rows else 0
    released = held.state in (DatasetVersion.State.PUBLISHED, DatasetVersion.State.DEPRECATED)
    context = {
        "version": held,
        "dataset": held.dataset,
        "study": held.dataset.study,
        "splits": _splits(held),
        "unlabeled": held.changes.get("removed", 0) - held.changes.get("withdrawn", 0),
        "allowed": allowed,
        "removed": held.version_rows.exclude(removed="").count(),
        "purpose": Purpose(held.purpose).label,
        "simulated": _simulated(held),
        "verdict": verify.verify(held) if held.root and request.GET.get("verify") else None,
        "open": released and allowed == held.rows,
        "gave_up": held.job is not None and held.job.state in (Job.State.FAILED, Job.State.CANCELLED),
        "packages": delivery.prepared(held)[:1] if released else (),
        "may_export": access.may(request.user, "export", held.dataset),
        "crumbs": crumbs(
            held.dataset.study,
            (_("Datasets"), reverse("datasets:list", args=[held.dataset.study_id])),
            (held.dataset.name, reverse("datasets:dataset", args=[held.dataset_id])),
            (held.number, ""),
        ),
    }
    return render(request, "datasets/version.html", context)


@require_POST
def prepare_package(request: HttpRequest, version_id: UUID) -> HttpResponse:
    held = _held_version(request, version_id, "export")
    job = delivery.start(actor=request.user, version=held)
    return follow(request, job, reverse("datasets:version", args=[held.pk]))


@require_GET
def download(request: HttpRequest, version_id: UUID, asset_id: UUID) -> HttpResponse:
    """Hands out a prepared package: asked of the gate now, and written down, whatever was true when it was prepared."""
    held = _held_version(request, version_id, "export")
    delivery.require_open(held)
    asset = access.within(delivery.prepared(held), pk=asset_id)
    response = serve(request, asset)
    delivery.hand_out(actor=request.user, version=held)
    response["Content-Disposition"] = f'attachment; filename="{delivery.folder(held)}.zip"'
    return response


@require_POST
def measure_voices(request: HttpRequest, study_id: UUID) -> HttpResponse:
    study = held_study(request, study_id, "run")
    job = features.start(actor=request.user, study=study)
    return follow(request, job, reverse("studies:recordings", args=[study.pk]))


def _held(request: HttpRequest, dataset_id: UUID, action: str = "view") -> Dataset:
    held = access.fetch(request.user, action, Dataset.objects.select_related("study"), pk=dataset_id)
    request.study, request.section = held.study, "datasets:list"
    return held


def _held_version(request: HttpRequest, version_id: UUID, action: str = "view") -> DatasetVersion:
    versions = DatasetVersion.objects.select_related(
        "dataset__study", "gold_standard__campaign", "previous", "published_by", "job"
    )
    held = access.fetch(request.user, action, versions, pk=version_id)
    request.study, request.section = held.dataset.study, "datasets:list"
    return held


def _simulated(held: DatasetVersion) -> dict[str, int]:
    """How many of the annotators behind it are simulated, as was frozen at publication."""
    kinds = held.schema.get("annotators", {})
    return {"annotators": kinds.get(Annotator.Kind.SIMULATED, 0), "all_annotators": sum(kinds.values())}


def _splits(held: DatasetVersion) -> list[dict]:
    counts = held.split.get("counts", {})
    total = sum(counts.values()) or 1
    people = {
        side: held.version_rows.filter(split=side).values("subjects__participant").distinct().count() for side in counts
    }
    order = sorted(counts, key=lambda side: SIDES.index(side) if side in SIDES else len(SIDES))
    return [
        {"name": side, "items": counts[side], "people": people[side], "width": f"{100 * counts[side] / total:.2f}"}
        for side in order
    ]


def _versions(request: HttpRequest, held: Dataset) -> Listing:
    return Listing(
        request,
        held.versions.select_related("gold_standard__campaign", "published_by", "job"),
        name=f"{held.slug}-versions",
        order="-id",
        search=("number", "gold_standard__campaign__name"),
        filters=(Choice("state", _("State"), "state", DatasetVersion.State.choices),),
        columns=(
            Column("number", _("Version"), lambda v: v.number, sort="number"),
            Column("state", _("State"), lambda v: v.state, sort="state"),
            Column("gold", _("Made from"), lambda v: f"{v.gold_standard.campaign.name} {v.gold_standard.number}"),
            Column("items", _("Items"), lambda v: v.rows, sort="rows", numeric=True),
            Column("published", _("Published"), lambda v: v.published_at.isoformat() if v.published_at else "", sort="published_at"),
            Column("root", _("Root"), lambda v: v.root),
        ),
    )  # fmt: skip


def _dataset_context(request: HttpRequest, held: Dataset, form: VersionForm) -> dict:
    return {
        "dataset": held,
        "study": held.study,
        "form": form,
        "listing": _versions(request, held),
        "may_publish": access.may(request.user, "dataset", held),
        "crumbs": crumbs(held.study, (_("Datasets"), reverse("datasets:list", args=[held.study_id])), (held.name, "")),
    }
