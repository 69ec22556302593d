"""What is frozen beside the rows at publication: everything the datasheet and the columns need, in codes and plain facts.

Nothing here is translated: the same version gives the same datasheet whoever publishes it and in whatever language.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db.models import Count

from datasets.models import DatasetVersion
from datasets.services.rows import exported
from labeling.models import Annotator, Question, Recording
from labeling.services import agreement, ratings
from labeling.services.definitions import definition
from labeling.services.schemes import labels_in


def describe(version: DatasetVersion, items: Collection[UUID], published_on: str) -> dict:
    """The facts of a version about to be published with these items."""
    study, campaign, gold = version.dataset.study, version.campaign, version.gold_standard
    report, fresh = agreement.latest(campaign)
    return {
        "dataset": version.dataset.name,
        "about": version.dataset.about,
        "version": version.number,
        "study": {"name": study.name, "purpose": study.purpose, "context": study.context, "fictional": study.fictional, "controller": study.controller.name},
        "bases": sorted([b.people_role, b.purpose, b.kind] for b in study.bases.filter(ends_at=None)),
        "campaign": {"name": campaign.name, "overlap": campaign.overlap, "round": campaign.round, "predictions": campaign.predictions, "seed": campaign.seed},
        "scheme": {"name": campaign.scheme_version.scheme.name, "version": campaign.scheme_version.number},
        "questions": [_question(q) for q in _questions(version)],
        "annotators": _annotators(version),
        "gold": {"version": gold.number, "method": gold.method, "ties": gold.summary.get("ties", 0), "fresh": gold.inputs == ratings.inputs(campaign)},
        "agreement": report.measures if report else [],
        "agreement_fresh": fresh,
        "sources": _sources(version, items),
        "published_on": published_on,
    }  # fmt: skip


def _questions(version: DatasetVersion) -> list[Question]:
    """What was asked, without questions of free words, which leave the house with nobody."""
    return list(version.campaign.scheme_version.questions.exclude(kind=Question.Kind.TEXT).prefetch_related("labels"))


def _question(question: Question) -> dict:
    asked = definition(question.scheme_version_id).form[question.key]
    return {
        "key": exported(asked), "id": question.key, "kind": question.kind, "level": question.level, "prompt": question.prompt, "dimension": question.dimension,
        "minimum": question.minimum, "maximum": question.maximum, "anchors": question.anchors, "uri": question.uri,
        "gold": question.gives if question.gives in Question.FUSED else "",
        "labels": [
            {"code": label.key, "name": dict(label.name), "uri": label.uri} | ({"tier": tier} if tier else {}) for tier, label in labels_in(asked)
        ],
    }  # fmt: skip


def _annotators(version: DatasetVersion) -> dict[str, int]:
    kinds = Annotator.objects.filter(annotations__campaign=version.campaign, annotations__current=True)
    return dict(sorted(kinds.values_list("kind").annotate(n=Count("pk", distinct=True))))


def _sources(version: DatasetVersion, items: Collection[UUID]) -> list[list[str]]:
    """Where the recordings come from, with their licences."""
    chosen = set(items)
    named = Recording.objects.filter(study=version.dataset.study_id).exclude(source="", licence="")
    rows = named.filter(items__gold_labels__gold_standard=version.gold_standard_id)
    pairs = rows.values_list("items", "source", "licence").distinct()
    return [list(pair) for pair in sorted({(source, licence) for item, source, licence in pairs if item in chosen})]
