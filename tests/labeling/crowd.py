"""Answers written straight to the tables, thousands at a time: what agreement and gold standards are computed from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import uuid4

import numpy as np
from django.utils import timezone

from affect.codecs import trace as container
from core import bulk, ids
from labeling.models import Annotation, Annotator, Answer, Campaign, Item, Question, Trace
from labeling.services import campaigns

Table = Sequence[Sequence[str | float | None]]  # annotators × items


def annotators(campaign: Campaign, n: int) -> list[Annotator]:
    return [
        campaigns.add_annotator_without_account(actor=None, study=campaign.study, code=f"Z{at:03}") for at in range(n)
    ]


def say(campaign: Campaign, items: Sequence[Item], tables: Mapping[str, Table]) -> list[Annotator]:
    """Store tables of answers (question key -> annotators × items, None where one gave none; labels by code)."""
    who = annotators(campaign, len(next(iter(tables.values()))))
    now, version = timezone.now(), campaign.scheme_version
    questions = {one.key: one for one in version.questions.prefetch_related("labels")}
    labels = {key: {label.code: label.pk for label in one.labels.all()} for key, one in questions.items()}
    said, answers = [], []
    for row, annotator in enumerate(who):
        for column, item in enumerate(items):
            given = {key: table[row][column] for key, table in tables.items() if table[row][column] is not None}
            if not given:
                continue
            annotation_id = ids.new()
            said.append(
                (
                    annotation_id,
                    now,
                    item.pk,
                    campaign.pk,
                    annotator.pk,
                    version.pk,
                    1,
                    1,
                    True,
                    uuid4(),
                    b"",
                    "import",
                    "submitted",
                    {},
                    0,
                    0,
                )
            )
            for key, value in given.items():
                choice = questions[key].kind == Question.Kind.CHOICE
                label, number = (labels[key][value], None) if choice else (None, float(value))
                answers.append(
                    (
                        ids.new(),
                        now,
                        annotation_id,
                        questions[key].pk,
                        0,
                        "answered",
                        "",
                        label,
                        number,
                        "",
                        "",
                        "",
                        b"",
                    )
                )
    bulk.insert(
        Annotation,
        (
            "id",
            "created_at",
            "item_id",
            "campaign_id",
            "annotator_id",
            "scheme_version_id",
            "repetition",
            "revision",
            "current",
            "client_id",
            "fingerprint",
            "source",
            "state",
            "perceived",
            "duration_ms",
            "played_us",
        ),
        said,
    )
    bulk.insert(Answer, (
        "id", "created_at", "annotation_id", "question_id", "position", "state", "role", "label_id", "number", "grade", "side", "reason", "text",
    ), answers)  # fmt: skip
    return who


def trace(
    campaign: Campaign,
    item: Item,
    annotator: Annotator,
    key: str,
    times_us: Sequence[int],
    values: Sequence[float],
    flags: Sequence[int] | None = None,
) -> Trace:
    """Store one packed trace as an annotator's answer to an item."""
    annotation = Annotation.objects.create(
        item=item,
        campaign=campaign,
        annotator=annotator,
        scheme_version=campaign.scheme_version,
        client_id=uuid4(),
        source="import",
    )
    packed = container.pack(np.asarray(times_us, dtype=np.int64), np.asarray(values, dtype=np.float64), flags)
    return Trace.objects.create(
        annotation=annotation,
        question=campaign.scheme_version.questions.get(key=key),
        client_id=uuid4(),
        packed=packed,
        state=Trace.State.PACKED,
        samples=len(times_us),
        start_us=item.start_us,
        end_us=item.end_us,
    )
