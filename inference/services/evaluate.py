"""An evaluation run: the predictions of a model version against a gold standard, grouped by the people the labels are about.

Below 100 labels or 10 groups the numbers are shown as what they are: too few to judge. Beside them stands how far one
person is from the rest, on the same gold standard made without them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, is_dataclass
from typing import Any
from uuid import UUID

import numpy as np
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from affect import evaluation
from consent.gate import Use, permitted
from core import audit, jobs
from core.errors import Refused
from core.models import User
from inference.models import ModelVersion, Prediction, Run
from inference.services import baselines, people
from inference.services.baselines import Pair
from labeling.models import GoldLabel, GoldStandard, Question

SEED, RESAMPLES = 1, 1000


@transaction.atomic
def start(*, actor: User, model_version: ModelVersion, gold_standard: GoldStandard) -> Run:
    """Begin an evaluation. Refused when the model has predicted nothing for the gold standard's campaign."""
    if gold_standard.state != GoldStandard.State.READY:
        raise Refused("gold_not_ready", _("The gold standard is still being made."))
    prelabel = (
        Run.objects.filter(
            model_version=model_version,
            campaign=gold_standard.campaign,
            kind=Run.Kind.PRELABEL,
            predictions__isnull=False,
        )
        .order_by("-id")
        .first()
    )
    if prelabel is None:
        raise Refused(
            "nothing_predicted",
            _("This model has predicted nothing for that campaign yet. Start a prelabel run first."),
        )
    run = Run.objects.create(
        study_id=gold_standard.campaign.study_id, model_version=model_version, campaign=gold_standard.campaign, gold_standard=gold_standard,
        kind=Run.Kind.EVALUATE, question=prelabel.question, started_by=actor, parameters={"predictions_of": str(prelabel.pk), "seed": SEED},
    )  # fmt: skip
    audit.record(
        "inference.run.started",
        actor=actor,
        target=run,
        study=run.study_id,
        kind=run.kind,
        model_version=str(model_version.pk),
    )
    run.job = jobs.start("inference.evaluate", actor=actor, study_id=run.study_id, object_id=run.pk)
    run.save(update_fields=["job"])
    return run


def evaluate(run: Run) -> dict:
    """Do the evaluation; what the worker calls."""
    pairs = _pairs(run)
    results = _plain(_measured(run, pairs))
    results |= {"baselines": baselines.beside(run, pairs), "from_training": _from_training(run, pairs)}
    with transaction.atomic():
        Run.objects.filter(pk=run.pk).update(results=results)
        audit.record("inference.run.ended", target=run, study=run.study_id, kind=run.kind, n=len(pairs))
    return {"n": len(pairs)}


def _measured(run: Run, pairs: Sequence[Pair]) -> evaluation.LabelEvaluation | evaluation.NumberEvaluation:
    gold, predicted, groups = [p.gold for p in pairs], [p.predicted for p in pairs], [p.group for p in pairs]
    if run.question.gives == Question.Gives.LABEL:
        codes = [label.code for label in run.question.labels.all()]
        return evaluation.evaluate_labels(gold, predicted, groups, labels=codes, seed=SEED, resamples=RESAMPLES)
    numbers = np.array(gold, dtype=float), np.array(predicted, dtype=float)
    return evaluation.evaluate_numbers(*numbers, groups, seed=SEED, resamples=RESAMPLES)


def _pairs(run: Run) -> list[Pair]:
    """Every item that has both and is allowed; ties have no gold label and do not count, and neither does an item whose
    people no head of the model has not seen."""
    predicted = {
        item: number if label is None else label
        for item, label, number, notes in _predictions(run).values_list("item_id", "label__code", "number", "notes")
        if "seen_in_training" not in notes
    }
    gold = GoldLabel.objects.filter(
        gold_standard=run.gold_standard, question__identity=run.question.identity, item_id__in=list(predicted)
    )
    groups = _groups(list(predicted))
    pairs = []
    for item, label, number in gold.order_by("item_id").values_list("item_id", "label__code", "number"):
        value = label if run.question.gives == Question.Gives.LABEL else number
        if value is not None and item in groups:
            pairs.append(Pair(item, value, predicted[item], groups[item]))
    return pairs


def _predictions(run: Run) -> QuerySet[Prediction]:
    return permitted(
        Prediction.objects.filter(run_id=run.parameters["predictions_of"], nothing=""), Use("model_inference")
    )


def _from_training(run: Run, pairs: Sequence[Pair]) -> dict[str, int]:
    """How many items the model had learned from: those judged by a head that did not, and those left out for want of one."""
    used = {pair.item for pair in pairs}
    notes = dict(_predictions(run).values_list("item_id", "notes"))
    return {
        "out_of_fold": sum("out_of_fold" in told for item, told in notes.items() if item in used),
        "left_out": sum("seen_in_training" in told for told in notes.values()),
    }


def _groups(items: Sequence[UUID]) -> dict[UUID, str]:
    """Item -> the people it is about; items that share somebody are one group, also when others are in only some of them."""
    return people.components({item: frozenset(map(str, who)) for item, who in people.targets(items).items()})


def _plain(found: Any) -> dict:
    """Dataclasses and arrays as JSON."""

    def plain(value: Any) -> Any:
        if is_dataclass(value):
            return {name: plain(part) for name, part in asdict(value).items()}
        if isinstance(value, np.ndarray):
            return value.tolist()
        if isinstance(value, dict):
            return {name: plain(part) for name, part in value.items()}
        if isinstance(value, list | tuple):
            return [plain(part) for part in value]
        if isinstance(value, np.generic):
            return value.item()
        return value

    return plain(found)
