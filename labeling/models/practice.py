"""Practice that measures: what a known target told about an annotator's hand, and whether headphones are worn.

Append-only like answers: trying again is another row. The samples are kept, so that the numbers can be made again.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.models import Row
from labeling.models.campaigns import Annotator, Campaign


class Practice(Row):
    """One try at one test. `lag_us` and `ccc` are of the tests that are followed, `right` of the one that is answered."""

    class Kind(models.TextChoices):
        BRIGHTNESS = "brightness", _("Brightness")
        TONE = "tone", _("Tone")
        FACE = "face", _("Drawn face")
        HEADPHONES = "headphones", _("Headphones")

    FOLLOWED = (Kind.BRIGHTNESS, Kind.TONE, Kind.FACE)
    HAND = (Kind.BRIGHTNESS, Kind.TONE)  # nothing to judge: the delay is the hand's alone

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="practices")
    annotator = models.ForeignKey(Annotator, on_delete=models.PROTECT, related_name="practices")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    seed = models.BigIntegerField()  # what was shown is made of it
    lag_us = models.BigIntegerField(null=True, blank=True)
    ccc = models.FloatField(null=True, blank=True)  # concordance once the lag is taken off
    right = models.PositiveSmallIntegerField(null=True, blank=True)  # of six
    undefined = models.CharField(max_length=20, blank=True)  # why there is no number
    pass_mark = models.FloatField()  # the campaign's at that time
    passed = models.BooleanField()
    packed = models.BinaryField(null=True, blank=True)  # affect.codecs.trace
    device = models.JSONField(default=dict)

    access_path = ("campaign", "campaign__study")
    access_own = {"label": "annotator__user"}

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "annotator", "kind", "seed"], name="practice_try_once")
        ]

    @property
    def lag_s(self) -> float | None:
        """The lag in seconds, as people are told it."""
        return None if self.lag_us is None else self.lag_us / 1_000_000
