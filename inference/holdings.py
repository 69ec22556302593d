"""What inference holds about a participant: predictions on items they appear in. See consent.registry for the protocol."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from consent.models import Participant
from inference.models import Prediction

NAME = "inference"
COVERS = {"inference.Prediction"}


def describe(participant: Participant) -> list[tuple[str, int]]:
    return [(_("predictions"), _held(participant).count())]


def export(participant: Participant, out: Any) -> None:
    """Every prediction with the model that made it; an output of a program, not a fact about the person."""
    rows = _held(participant).select_related("model_version__model", "item", "question", "label")
    out.add_json(
        "predictions.json",
        [
            {
                "model": p.model_version.model.name, "version": p.model_version.number, "item": p.item.code, "question": p.question.key,
                "predicted": p.label.code if p.label else p.number, "confidence": p.confidence, "distribution": p.distribution,
                "interval": [p.interval_low, p.interval_high] if p.interval_low is not None else None, "coverage": p.coverage, "notes": p.notes,
                "nothing": p.nothing, "input_sha256": p.input_hash,
                "meaning": "what a program predicts that people would say; not a fact about you",
            }
            for p in rows
        ],
    )  # fmt: skip


def suspend(participant: Participant) -> dict[str, int]:
    """Nothing to close: every reader asks the gate."""
    return {}


def resume(participant: Participant) -> dict[str, int]:
    return {}


@transaction.atomic
def erase(participant: Participant) -> dict[str, int]:
    return {"predictions": _held(participant).delete()[0]}


def _held(participant: Participant):
    return Prediction.objects.filter(item__recording__appearances__participant=participant).distinct()
