"""What a model's numbers are compared with: one person against the rest, and chance.

*One person against the rest*: each annotator in turn is left out of the gold standard and scored on what the others say;
the model is scored on exactly the same gold values, so the two rows can be compared. It is no bar that a model should
pass: the annotators have seen the material, the gold standard of the rest is noisier than the whole one (Wöllmer et al.).
*Chance* is what is reached without looking: always the most frequent label, always the mean.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from uuid import UUID

import numpy as np

from affect import evaluation
from affect.agreement.concordance import concordance
from affect.gold.votes import majority
from affect.undefined import Undefined
from consent.gate import Use
from inference.models import Run
from labeling.models import Question
from labeling.services import ratings


@dataclass(frozen=True)
class Pair:
    """An item's gold value and what was predicted; items of one group share people."""

    item: UUID
    gold: str | float
    predicted: str | float
    group: str


def beside(run: Run, pairs: Sequence[Pair]) -> list[dict]:
    """[{"name", "n", "raters", measure: value | None}] in the order in which they are shown; [] without pairs."""
    if not pairs:
        return []
    score = _of_labels if run.question.gives == Question.Gives.LABEL else _of_numbers
    left_out = _left_out(run, {pair.item: pair.predicted for pair in pairs})
    rows = []
    if left_out:
        rest, person, model, raters = (list(one) for one in zip(*left_out, strict=True))
        counted = {"n": len(rest), "raters": len(set(raters))}
        rows.append({"name": "one_person", **counted, **score(rest, person)})
        rows.append({"name": "model_on_the_same", **counted, **score(rest, model)})
    gold = [pair.gold for pair in pairs]
    return [*rows, {"name": "chance", "n": len(gold), "raters": 0, **score(gold, _blind(gold))}]


def _left_out(run: Run, predicted: dict[UUID, str | float]) -> list[tuple]:
    """(what the rest say, what one person says, what the model predicts, the person) of every rating with two others beside it."""
    table = ratings.table(run.campaign, run.question, Use("human_annotation"))
    codes = {str(label.identity): label.code for label in run.question.labels.all()}
    choice = run.question.gives == Question.Gives.LABEL
    found = []
    for at, item in enumerate(table.items):
        if item not in predicted:
            continue
        said = {who: row[at] for who, row in zip(table.annotators, table.values, strict=True) if row[at] is not None}
        for who, own in said.items():
            others = [value for other, value in said.items() if other != who]
            rest = _fused(others, choice)
            if len(others) < 2 or rest is None:
                continue
            pair = (codes[rest], codes[own]) if choice else (rest, own)
            found.append((*pair, predicted[item], who))
    return found


def _fused(values: list, choice: bool) -> str | float | None:
    return majority(values, ties="none").label if choice else fmean(values)


def _blind(gold: list) -> list:
    """The answer of somebody who never looks: the most frequent label (the first by name when equal), or the mean."""
    if isinstance(gold[0], str):
        counts = Counter(gold)
        return [min(counts, key=lambda label: (-counts[label], label))] * len(gold)
    return [fmean(gold)] * len(gold)


def _of_labels(gold: list[str], given: list[str]) -> dict[str, float | None]:
    labels = sorted({*gold, *given})
    confusion = evaluation.confusion_matrix(gold, given, labels)
    return {
        "uar": evaluation.uar(confusion), "macro_f1": evaluation.macro_f1(confusion),
        "accuracy": float(np.trace(confusion) / confusion.sum()),
    }  # fmt: skip


def _of_numbers(gold: list[float], given: list[float]) -> dict[str, float | None]:
    try:
        ccc = float(concordance(np.array(gold, float), np.array(given, float)))
    except Undefined:
        ccc = None
    return {"ccc": ccc, "mae": evaluation.mean_absolute_error(gold, given)}
