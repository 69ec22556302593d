"""A prelabel run: a model version predicts for the items of a campaign, in small batches that each stand on their own.

The gate is asked when the run starts and again for every batch at the moment it is stored, so somebody who withdraws in
between is in no prediction. A run that is taken over after a worker's death goes on where the stored batches end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from consent import assets, keys
from consent.gate import Use, permitted, require
from consent.models import Asset
from consent.purposes import Modality
from core import audit, jobs
from core.errors import Refused
from core.models import User
from inference import backends, mapping
from inference.backends import Input, Output
from inference.models import ModelVersion, Prediction, Run
from inference.services import people
from labeling.models import Alignment, Campaign, Item, ItemTarget, Track
from labeling.services.suggestions import NewSuggestion, hand_down

USE = Use("model_inference")
BATCH = 4


@transaction.atomic
def start(*, actor: User, model_version: ModelVersion, campaign: Campaign) -> Run:
    """Begin a run. Refused when the scheme asks nothing the model can answer, or nobody allows predictions."""
    kind = backends.find(model_version.model.backend)
    if model_version.model.study_id != campaign.study_id:
        raise Refused("model_of_other_study", _("This model is registered in another study."))
    question = mapping.question_for(kind.task, list(campaign.scheme_version.questions.prefetch_related("labels")))
    if not items(campaign, kind.modality).exists():
        _refuse(campaign, kind.modality)
    run = Run.objects.create(
        study_id=campaign.study_id,
        model_version=model_version,
        campaign=campaign,
        kind=Run.Kind.PRELABEL,
        question=question,
        started_by=actor,
    )
    audit.record(
        "inference.run.started",
        actor=actor,
        target=run,
        study=campaign.study_id,
        kind=run.kind,
        model_version=str(model_version.pk),
    )
    run.job = jobs.start("inference.prelabel", actor=actor, study_id=campaign.study_id, object_id=run.pk)
    run.save(update_fields=["job"])
    return run


def items(campaign: Campaign, modality: str) -> QuerySet[Item]:
    """The items of a campaign whose targets appear on a track of the modality that may be used for predictions now."""
    usable = tracks(modality).filter(study=campaign.study_id)
    about = ItemTarget.objects.filter(
        item__campaign_items__campaign=campaign, item__recording__tracks__in=usable,
        item__recording__tracks__appearances__participant=F("participant"),
    )  # fmt: skip
    return permitted(Item.objects.filter(pk__in=about.values("item")), USE)


def tracks(modality: str) -> QuerySet[Track]:
    """The tracks that a model may look at: who appears on that very track allows it."""
    return permitted(Track.objects.filter(modality=modality, state=Track.State.READY), USE)


def _refuse(campaign: Campaign, modality: str) -> None:
    """Say why nothing can be predicted: prohibited (403), withdrawn (410), not allowed (412), or nothing of the kind."""
    seen = Item.objects.filter(campaign_items__campaign=campaign, recording__tracks__modality=modality)
    first = seen.order_by("code").first()
    if first is not None:
        require(first, USE)
    raise Refused(
        "nothing_to_predict",
        _("No item of this campaign has what the model looks at and may be used for predictions."),
    )


def predict(run: Run, running: jobs.Running) -> dict:
    """Do the run; what the worker calls."""
    kind = backends.find(run.model_version.model.backend)
    backend = load(run.model_version)
    done = set(run.predictions.values_list("item_id", flat=True))
    todo = [
        item
        for item in items(run.campaign, kind.modality).select_related("recording").order_by("code")
        if item.pk not in done
    ]
    total = len(done) + len(todo)
    for at in range(0, len(todo), BATCH):
        running.progress(len(done) + at, total)
        batch = todo[at : at + BATCH]
        outputs = list(
            backend.predict(_inputs(batch, kind.modality), should_stop=_asked(running, len(done) + at, total))
        )
        running.check()  # cancelled meanwhile, or taken over by another worker: this batch is theirs
        store(run, batch, outputs, kind.task)
    running.progress(total, total)
    return _conclude(run)


def _asked(running: jobs.Running, at: int, total: int) -> Callable[[], bool]:
    """What a back end asks between two texts or two pictures, so that a cancelled run does not watch a film to its end."""

    def should_stop() -> bool:
        running.progress(at, total)  # raises Cancelled
        return False

    return should_stop


def load(version: ModelVersion) -> backends.Predicting:
    """The back end of a model version, with the head that was trained here when it has one."""
    head = version.parameters.get("head_asset")
    if not head:
        return backends.load(version.model.backend, settings.CONCORD_MODELS)
    with assets.open_asset(Asset.objects.get(pk=head)) as stream:
        return backends.find(version.model.backend).load(Path(settings.CONCORD_MODELS), head=stream.read())


@transaction.atomic
def store(run: Run, batch: Sequence[Item], outputs: Sequence[Output], task: backends.Task) -> int:
    """Store a batch: only for items that are still allowed. Predictions stand apart from annotations."""
    Run.objects.select_for_update().get(
        pk=run.pk
    )  # a worker that was only asleep waits here, and then finds them stored
    asked = [item.pk for item in batch]
    allowed = set(permitted(Item.objects.filter(pk__in=asked), USE).values_list("pk", flat=True))
    allowed -= set(run.predictions.filter(item__in=asked).values_list("item_id", flat=True))
    made, shown = [], []
    for output in outputs:
        item_id = UUID(output.key)
        if item_id not in allowed:
            continue
        found = mapping.answer(output, task, run.question)
        prediction = Prediction(
            study_id=run.study_id, run=run, model_version_id=run.model_version_id, item_id=item_id, question=run.question, label=found.label,
            number=found.number, confidence=found.confidence, distribution=found.distribution, input_hash=output.input_hash, nothing=found.nothing,
            interval_low=found.interval and found.interval[0], interval_high=found.interval and found.interval[1], coverage=output.coverage,
            notes=list(output.notes),
        )  # fmt: skip
        made.append(prediction)
        if not found.nothing:
            shown.append(
                NewSuggestion(
                    item_id, prediction.pk, found.label.pk if found.label else None, found.number, found.confidence
                )
            )
    Prediction.objects.bulk_create(made)
    version = run.model_version
    hand_down(
        campaign=run.campaign,
        question=run.question,
        model_name=version.model.name,
        model_version=version.number,
        suggestions=shown,
    )
    audit.record(
        "inference.predictions.stored",
        target=run,
        study=run.study_id,
        predictions=len(made),
        left_out=len(outputs) - len(made),
    )
    return len(made)


def _inputs(batch: Sequence[Item], modality: str) -> Iterator[Input]:
    """What a back end looks at. Who stopped since the run began is left out here, before anything of theirs is opened."""
    chosen = people.tracks_about([item.pk for item in batch], tracks(modality))
    bonds = people.bonds([item.pk for item in batch])
    for item in batch:
        track = chosen.get(item.pk)
        if track is None:
            continue
        groups = tuple(sorted(bonds[item.pk]))
        if modality == Modality.TEXT:
            appear = [one.participant_id for one in track.appearances.all()]
            text = keys.open_text(bytes(track.text), study_id=item.study_id, participant_ids=appear)
            yield Input(str(item.pk), text=text, groups=groups)
        elif track.original is not None:
            yield Input(str(item.pk), open=_opener(track), groups=groups, span_us=_span(item, track))


def _opener(track: Track) -> Callable[[], BinaryIO]:
    return lambda: assets.open_asset(track.original)


def _span(item: Item, track: Track) -> tuple[int, int] | None:
    """The item's part of the track, on the track's own clock; None for all of it."""
    if item.kind == Item.Kind.WHOLE:
        return None
    newest = max(track.alignments.all(), key=lambda one: one.number, default=Alignment())
    start, end = (_on_track(at, newest) for at in (item.start_us, item.end_us))
    covers = start <= track.start_us and end >= track.start_us + track.duration_us
    return None if covers or item.end_us <= item.start_us else (start, end)


def _on_track(at_us: int, alignment: Alignment) -> int:
    """A time of the recording clock on the track's: recording = offset + track × (1 + drift)."""
    return (at_us - alignment.offset_us) * 1_000_000_000 // (1_000_000_000 + alignment.drift_ppb)


@transaction.atomic
def _conclude(run: Run) -> dict:
    found = {
        "predictions": run.predictions.filter(nothing="").count(),
        "nothing": run.predictions.exclude(nothing="").count(),
    }
    held = Run.objects.select_for_update().get(pk=run.pk)
    if held.results != found:  # a worker that died right after this had said it already
        held.results = found
        held.save(update_fields=["results"])
        audit.record("inference.run.ended", target=run, study=run.study_id, **found)
    return found


def shown(predictions):
    """The predictions that may be shown: everyone who appears still allows predictions."""
    return permitted(predictions, USE)
