"""What upper layers hand down for the workspace to show. They call these functions; the workspace never looks upward."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from labeling.models import Campaign, Question, Suggestion


@dataclass(frozen=True)
class NewSuggestion:
    """A prediction as the workspace may show it; `prediction_id` is the upper layer's own row."""

    item_id: UUID
    prediction_id: UUID
    label_id: UUID | None = None
    number: float | None = None
    confidence: float | None = None


@transaction.atomic
def hand_down(
    *, campaign: Campaign, question: Question, model_name: str, model_version: str, suggestions: Sequence[NewSuggestion]
) -> int:
    """Put predictions in the place of those that were shown for these items before. Whether an annotator sees them is the
    campaign's rule, asked when the item is shown. Returns how many are new; handing down the same twice does no harm."""
    known = set(
        Suggestion.objects.filter(prediction_id__in=[s.prediction_id for s in suggestions]).values_list(
            "prediction_id", flat=True
        )
    )
    new = [s for s in suggestions if s.prediction_id not in known]
    Suggestion.objects.filter(
        campaign=campaign, question=question, item_id__in=[s.item_id for s in new], current=True
    ).update(current=False)
    Suggestion.objects.bulk_create(
        Suggestion(
            study_id=campaign.study_id, campaign=campaign, question=question, item_id=s.item_id, label_id=s.label_id, number=s.number,
            confidence=s.confidence, model_name=model_name, model_version=model_version, prediction_id=s.prediction_id,
        )
        for s in new
    )  # fmt: skip
    return len(new)
