"""A train run: a new head on the text embedding, learned from a gold standard of the study. A new version of the model.

Refused, with the reason, below what could only be memorised (100 labels, 10 people): before a job is started and again by
the worker. Only texts whose people allow training are read. Folds share nobody who appears, no household and no session,
so the figures that stand in the version's `trained_on` are those of people the head has not seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from consent import assets, keys
from consent.gate import Use, permitted
from consent.models import Asset
from consent.purposes import Modality
from core import audit, jobs
from core.errors import Refused
from core.models import User
from inference import backends, mapping
from inference.backends import heads, minilm
from inference.models import ModelVersion, Run
from inference.services import people, registry
from labeling.models import GoldLabel, GoldStandard, Question, Track

USE = Use("train_models")


@dataclass(frozen=True)
class Material:
    """What a head learns from: one entry a label."""

    texts: list[str]
    values: list[float]
    groups: list[str]  # what hangs together through people, households and sessions
    names: list[frozenset[str]]  # by which of these the sources of a label are known again
    people: int  # how many the labels are about


def start(*, actor: User, model_version: ModelVersion, gold_standard: GoldStandard) -> Run:
    """Begin to train. Raises Refused: `not_trainable`, `gold_not_ready`, `model_of_other_study`, `question_not_answered`,
    `too_few_labels`, `too_few_groups`, `too_few_separate_groups`."""
    kind = backends.find(model_version.model.backend)
    campaign = gold_standard.campaign
    if minilm.HEAD not in kind.files:
        raise Refused("not_trainable", _("This model has no head that could be trained."))
    if model_version.model.study_id != campaign.study_id:
        raise Refused("model_of_other_study", _("This model is registered in another study."))
    if gold_standard.state != GoldStandard.State.READY:
        raise Refused("gold_not_ready", _("The gold standard is still being made."))
    question = mapping.question_for(kind.task, list(campaign.scheme_version.questions.prefetch_related("labels")))
    items = [item for item, *_rest in _labels(gold_standard, question)]
    heads.check_enough(len(items), _people(items))
    heads.check_separate(len(set(people.components(people.bonds(items)).values())), heads.FOLDS)
    with transaction.atomic():
        run = Run.objects.create(
            study_id=campaign.study_id, model_version=model_version, campaign=campaign, gold_standard=gold_standard,
            kind=Run.Kind.TRAIN, question=question, started_by=actor,
        )  # fmt: skip
        audit.record(
            "inference.run.started", actor=actor, target=run, study=run.study_id, kind=run.kind, model_version=str(model_version.pk)
        )  # fmt: skip
        run.job = jobs.start("inference.train", actor=actor, study_id=run.study_id, object_id=run.pk)
        run.save(update_fields=["job"])
    return run


def train(run: Run, running: jobs.Running) -> dict:
    """Do the training; what the worker calls. Run again after a worker's death it starts from nothing."""
    if "model_version" in run.results:
        return run.results
    question, folder = run.question, Path(settings.CONCORD_MODELS)
    material = _material(run.gold_standard, question)
    head = heads.train_text_head(
        material.texts, material.values, material.groups, features=minilm.feature_matrix(folder, progress=running.progress),
        feature_names=minilm.FEATURES, corpus=f"campaign {run.campaign_id}, gold standard {run.gold_standard.number}",
        scale=(question.minimum, question.maximum), names=material.names, people=material.people,
    )  # fmt: skip
    running.check()  # from here on there is a new version
    assets.store(
        study=run.study, kind=Asset.Kind.ARTEFACT, source=head.dumps(), media_type="application/octet-stream", actor=running.actor,
        linked=lambda asset: _register(run, head, asset),
    )  # fmt: skip
    run.refresh_from_db(fields=["results"])
    return run.results


def _register(run: Run, head: heads.Head, asset: Asset) -> None:
    model, before = run.model_version.model, run.model_version
    version = ModelVersion.objects.create(
        model=model, number=f"{model.versions.count() + 1}", files_hash=head.meta["training_hash"], licence=before.licence,
        parameters={**before.parameters, "head_asset": str(asset.pk)}, trained_on=registry.told(head),
    )  # fmt: skip
    results = {
        "model_version": str(version.pk),
        "n": head.meta["n"],
        "n_groups": head.meta["groups"],
        "n_people": head.meta["people"],
        "out_of_fold": head.meta["out_of_fold"],
    }
    Run.objects.filter(pk=run.pk).update(results=results)
    audit.record("inference.run.ended", target=run, study=run.study_id, kind=run.kind, n=head.meta["n"])


def _labels(gold: GoldStandard, question: Question) -> list[tuple]:
    """(item, value, track) of every gold number whose text may be used for training."""
    usable = permitted(Track.objects.filter(study=gold.campaign.study_id, modality=Modality.TEXT), USE)
    numbers = permitted(
        GoldLabel.objects.filter(gold_standard=gold, question__identity=question.identity).exclude(number=None), USE
    )
    rows = list(numbers.order_by("item__code").values_list("item_id", "number"))
    chosen = people.tracks_about([item for item, _value in rows], usable)
    return [(item, value, chosen[item]) for item, value in rows if item in chosen]


def _people(items: list[UUID]) -> int:
    """How many people the labels are about; two in one item are two."""
    return len(frozenset().union(*people.targets(items).values()))


def _material(gold: GoldStandard, question: Question) -> Material:
    found = _labels(gold, question)
    items = [item for item, *_rest in found]
    bonds = people.bonds(items)
    groups = people.components(bonds)
    texts = keys.open_many(
        [bytes(track.text) for _item, _value, track in found],
        study_id=gold.campaign.study_id,
        participant_ids=[[one.participant_id for one in track.appearances.all()] for _item, _value, track in found],
    )
    values = [value for _item, value, _track in found]
    return Material(texts, values, [groups[item] for item in items], [bonds[item] for item in items], _people(items))
