"""An evaluation as a page shows it: measures in order, and the confusion matrix with shares of each row."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from affect.evaluation import MIN_GROUPS, MIN_LABELS
from inference.models import Run
from labeling.pictures import said

MEASURES = {
    "uar": _("UAR"), "macro_f1": _("macro F1"), "accuracy": _("accuracy"), "ccc": _("CCC"), "mae": _("mean absolute error"),
}  # fmt: skip
BASELINES = {
    "one_person": _("one person against the rest"),
    "model_on_the_same": _("the model against the same"),
    "chance": _("chance"),
}
LABEL_MEASURES, NUMBER_MEASURES = ("uar", "macro_f1", "accuracy"), ("ccc", "mae")


def evaluation(run: Run) -> dict:
    """Context of the evaluation page: measures, sufficiency, confusion (None for numbers)."""
    results = run.results
    if not results:
        return {"measures": [], "sufficiency": None, "confusion": None, "n": 0, "n_groups": 0}
    names = [name for name in (*LABEL_MEASURES, *NUMBER_MEASURES) if name in results]
    return {
        "measures": [{"name": name, "label": MEASURES[name], **results[name]} for name in names],
        "sufficiency": _sufficiency(results),
        "n": results["n"],
        "of": run.gold_standard.labels.filter(question=run.question).exclude(label=None, number=None).count(),
        "n_groups": results["n_groups"],
        "confusion": _confusion(run) if "confusion" in results else None,
        "baselines": _beside(results),
        "baseline_measures": [MEASURES[name] for name in names],
    }


def _sufficiency(results: dict) -> dict:
    """Whether there is enough to judge by, with the sentence in the reader's language."""
    found = results["sufficiency"]
    sentence = {
        "too_few_labels": _("There are %(n)d labels, and %(needed)d are needed.")
        % {"n": results["n"], "needed": MIN_LABELS},
        "too_few_groups": _("There are %(n)d groups of people, and %(needed)d are needed.")
        % {"n": results["n_groups"], "needed": MIN_GROUPS},
    }.get(found["code"], "")
    return {**found, "why": sentence}


def _beside(results: dict) -> list[dict]:
    names = [name for name in (*LABEL_MEASURES, *NUMBER_MEASURES) if name in results]
    return [
        {"label": BASELINES[row["name"]], "n": row["n"], "values": [row.get(name) for name in names]}
        for row in results.get("baselines", [])
    ]


def _confusion(run: Run) -> dict:
    labels = {label.code: label for label in run.question.labels.all()}
    codes = run.results["labels"]
    rows = []
    for code, counts in zip(codes, run.results["confusion"], strict=True):
        total = sum(counts)
        cells = [
            {
                "count": count,
                "share": count / total if total else None,
                "step": round(9 * count / total) if total else 0,
            }
            for count in counts
        ]
        rows.append({"label": labels[code], "name": said(labels[code].name), "cells": cells, "n": total})
    return {"columns": [{"label": labels[code], "name": said(labels[code].name)} for code in codes], "rows": rows}
