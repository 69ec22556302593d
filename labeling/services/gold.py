"""Gold standards: votes and traces fused into one label each, with method, provenance and the spread that was lost.

A gold standard is never changed. Ties give no label and a flag unless a seeded draw was asked for; disagreement stays
in the votes that are kept beside the label.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from affect.codecs import trace as container
from affect.gold.fusion import fuse_mean
from affect.gold.votes import majority, mean_scale
from core import audit, bulk, ids, jobs
from core.errors import Invalid, Refused
from core.models import User
from labeling.models import Campaign, GoldLabel, GoldStandard, Question
from labeling.services import ratings

TIES = ("none", "random")
ATTEMPTS = 5
COLUMNS = (
    "id", "created_at", "gold_standard_id", "item_id", "question_id", "label_id", "number", "spread", "votes", "n", "flag",
    "trace", "trace_spread",
)  # fmt: skip
FLAG = COLUMNS.index("flag")
DEFAULTS = {
    Question.Gives.LABEL: {"method": "majority", "ties": "none"},
    Question.Gives.TRUTH: {"method": "majority", "ties": "none"},
    Question.Gives.NUMBER: {"method": "mean"},
    Question.Gives.TRACE: {"method": "mean_of_traces", "grid_us": ratings.GRID_US},
}


def begin(*, actor: User, campaign: Campaign, methods: Mapping[str, Mapping[str, Any]] | None = None) -> GoldStandard:
    """Open a new version and have a worker fuse it.

    `methods` maps a question's key to its choices: {"emotion": {"method": "majority", "ties": "random", "seed": 7}}.
    Raises Invalid("method_unknown") and Refused("nothing_to_fuse").
    """
    chosen = _methods(campaign, methods or {})
    if not ratings.annotations(campaign).exists():
        raise Refused("nothing_to_fuse", _("Nobody has answered yet, so there is nothing to fuse."))
    with transaction.atomic():
        number = (campaign.gold_standards.aggregate(top=Max("number"))["top"] or 0) + 1
        gold = GoldStandard.objects.create(campaign=campaign, number=number, method=chosen, made_by=actor)
        audit.record("labeling.gold.begun", actor=actor, target=gold, study=campaign.study_id, number=number)
        gold.job = jobs.start("labeling.fuse_gold", actor=actor, study_id=campaign.study_id, object_id=gold.pk)
        gold.save(update_fields=["job"])
    return gold


def fuse(gold: GoldStandard, *, progress: Callable[[int, int], None] | None = None) -> GoldStandard:
    """Fuse every question and write all labels at once: a worker that dies before leaves nothing, and the next one begins
    anew. Reading and fusing hold no lock, so annotators go on; an answer that comes in meanwhile begins it again."""
    if gold.state != GoldStandard.State.MAKING:
        return gold
    campaign = gold.campaign
    for _attempt in range(ATTEMPTS):
        inputs = ratings.inputs(campaign)
        rows = list(_rows(gold, campaign, progress))
        if ratings.inputs(campaign) == inputs:
            return _keep(gold, inputs, rows)
    raise Refused("still_answering", _("Answers keep coming in. Pause the campaign, then fuse."))


@transaction.atomic
def give_up(gold: GoldStandard) -> None:
    """Say that a gold standard will not come: its job failed or was cancelled. One that is ready stays."""
    if GoldStandard.objects.filter(pk=gold.pk, state=GoldStandard.State.MAKING).update(state=GoldStandard.State.FAILED):
        audit.record("labeling.gold.failed", target=gold, study=gold.campaign.study_id, outcome="failed")


def _rows(gold: GoldStandard, campaign: Campaign, progress: Callable[[int, int], None] | None) -> Iterator[tuple]:
    questions = list(campaign.scheme_version.questions.filter(gives__in=Question.FUSED))
    now = timezone.now()
    for done, question in enumerate(questions):
        if progress is not None:
            progress(done, len(questions))
        labels = {str(identity): pk for identity, pk in question.labels.values_list("identity", "pk")}
        for fused in _fused(campaign, question, gold.method[question.key]):
            yield _row(gold, question, labels, now, fused)


@transaction.atomic
def _keep(gold: GoldStandard, inputs: str, rows: list[tuple]) -> GoldStandard:
    gold = GoldStandard.objects.select_for_update().get(pk=gold.pk)
    if gold.state != GoldStandard.State.MAKING:
        return gold  # another worker was faster
    bulk.insert(GoldLabel, COLUMNS, rows)
    gold.inputs = inputs
    gold.state = GoldStandard.State.READY
    gold.summary = {"labels": len(rows), "ties": sum(row[FLAG] == "tie" for row in rows)}
    gold.save(update_fields=["inputs", "state", "summary"])
    audit.record("labeling.gold.fused", target=gold, study=gold.campaign.study_id, **gold.summary)
    return gold


def _methods(campaign: Campaign, asked: Mapping[str, Mapping[str, Any]]) -> dict[str, dict]:
    questions = {q.key: q for q in campaign.scheme_version.questions.filter(gives__in=Question.FUSED)}
    if unknown := sorted(set(asked) - set(questions)):
        raise Invalid("question_unknown", _("The scheme has no question %(key)s.") % {"key": unknown[0][:40]})
    chosen: dict[str, dict] = {}
    for key, question in questions.items():
        chosen[key] = _method(campaign, question, asked.get(key) or {})
    return chosen


def _method(campaign: Campaign, question: Question, asked: Mapping[str, Any]) -> dict:
    default = DEFAULTS[question.gives]
    method = {**default, **asked}
    seed = method.pop("seed", None)
    wrong = set(method) - set(default) or any(method[name] != default[name] for name in default if name != "ties")
    if wrong or method.get("ties", "none") not in TIES:
        raise Invalid("method_unknown", _("This way of fusing is not known for %(key)s.") % {"key": question.key})
    if method.get("ties") != "random":
        return method
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
        raise Invalid("method_unknown", _("A seed is a whole number."))
    return {**method, "seed": campaign.seed if seed is None else seed}


def _fused(campaign: Campaign, question: Question, method: dict) -> list[dict]:
    if question.gives == Question.Gives.TRACE:
        return [_of_traces(one) for one in ratings.traces(campaign, question)]
    table = ratings.table(campaign, question)
    columns = zip(table.items, zip(*table.values, strict=True), strict=True) if table.items else ()
    return [_of_values(item, [v for v in values if v is not None], question, method) for item, values in columns]


def _of_values(item: UUID, values: list, question: Question, method: dict) -> dict:
    if question.gives == Question.Gives.NUMBER:
        fused = mean_scale(values)
        return {"item": item, "number": fused.mean, "spread": fused.sd, "n": fused.n}
    # Each item draws its own lot, so adding an item later changes no other item's label.
    fused = majority(values, ties=method["ties"], seed=method.get("seed"), key=str(item))
    return {
        "item": item, **_winner(question, fused.label), "spread": max((share for _label, share in fused.shares), default=0.0), "n": len(values),
        "flag": "tie" if fused.tied else "", "votes": {label: values.count(label) for label in sorted(set(values))},
    }  # fmt: skip


def _winner(question: Question, label: str | None) -> dict:
    """What most said, as a label or, of yes and no, as 1 or 0."""
    if question.gives == Question.Gives.TRUTH:
        return {"number": None if label is None else float(ratings.TRUTHS.index(label))}
    return {"label": label}


def _of_traces(one: ratings.TracesOfItem) -> dict:
    fused = fuse_mean(one.values)
    present = ~np.isnan(fused.value)
    times, mean, spread = one.times_us[present], fused.value[present], np.nan_to_num(fused.sd[present])
    if not present.any():
        return {"item": one.item, "n": len(one.annotators), "flag": "too_few"}
    return {
        "item": one.item, "n": len(one.annotators), "number": float(mean.mean()), "spread": float(spread.mean()),
        "trace": container.pack(times, mean), "trace_spread": container.pack(times, spread),
    }  # fmt: skip


def _row(gold: GoldStandard, question: Question, labels: Mapping[str, UUID], now: datetime, fused: dict) -> tuple:
    label = fused.get("label")
    return (
        ids.new(), now, gold.pk, fused["item"], question.pk, labels.get(label) if label else None, fused.get("number"),
        fused.get("spread"), fused.get("votes", {}), fused["n"], fused.get("flag", ""), fused.get("trace"),
        fused.get("trace_spread"),
    )  # fmt: skip
