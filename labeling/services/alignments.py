"""Alignments: how a track's clock lies on the recording clock, in versions.

The newest counts for showing. What was labeled keeps the alignment it was made under, and its stored times never move.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from core import audit
from core.errors import Invalid
from core.models import User
from labeling.models import Alignment, Track

MOST_OFFSET_US = 7 * 24 * 3_600_000_000
MOST_DRIFT_PPB = 100_000_000  # a tenth: beyond it, somebody played at another speed


@transaction.atomic
def align(*, actor: User | None, track: Track, offset_us: int, drift_ppb: int = 0, method: str = "manual") -> Alignment:
    """The next version: recording = offset + track × (1 + drift). Raises Invalid("alignment_refused") beyond a week or a tenth."""
    wrong: dict[str, list[str]] = {}
    if abs(offset_us) > MOST_OFFSET_US:
        wrong["offset_us"] = [_("Two clocks lie at most a week apart.")]
    if abs(drift_ppb) > MOST_DRIFT_PPB:
        wrong["drift_ppb"] = [_("Two clocks drift by at most a tenth.")]
    if wrong:
        raise Invalid("alignment_refused", next(iter(wrong.values()))[0], fields=wrong)
    track = Track.objects.select_for_update().get(pk=track.pk)  # two versions get two numbers
    number = (track.alignments.aggregate(Max("number"))["number__max"] or 0) + 1
    made = Alignment.objects.create(
        study_id=track.study_id,
        track=track,
        number=number,
        offset_us=offset_us,
        drift_ppb=drift_ppb,
        method=method,
        made_by=actor,
    )
    audit.record(
        "labeling.track.aligned", actor=actor, target=made, number=number, offset_us=offset_us, drift_ppb=drift_ppb
    )
    return made
