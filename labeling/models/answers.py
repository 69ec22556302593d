"""What annotators said. Append-only: a change of mind is a new revision; one is current per item × annotator × repetition.

The typed children are the only copy of the values. A trace is one row: chunks are rows while it is recorded, then packed
into an immutable container (affect.codecs.trace) with a hash over its unpacked content.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from consent.fields import SealedField
from consent.models import Asset
from core.models import Row
from labeling.models.campaigns import Annotator, Assignment, Campaign
from labeling.models.recordings import Alignment, Item, Track
from labeling.models.schemes import GuidelineVersion, Label, Question, SchemeVersion


class Annotation(Row):
    """One annotator's answer to one item, in one revision."""

    class State(models.TextChoices):
        SUBMITTED = "submitted", _("Submitted")
        RETURNED = "returned", _("Returned")
        ACCEPTED = "accepted", _("Accepted")

    class Source(models.TextChoices):
        WORKSPACE = "workspace", _("Workspace")
        API = "api", _("Api")
        IMPORT = "import", _("Import")
        SIMULATION = "simulation", _("Simulation")
        MIGRATION = "migration", _("Migration")  # brought over from an older version of the scheme

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="annotations")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="annotations")
    annotator = models.ForeignKey(Annotator, on_delete=models.PROTECT, related_name="annotations")
    assignment = models.ForeignKey(
        Assignment, on_delete=models.PROTECT, null=True, blank=True, related_name="annotations"
    )
    scheme_version = models.ForeignKey(SchemeVersion, on_delete=models.PROTECT, related_name="+")
    guideline_version = models.ForeignKey(
        GuidelineVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    repetition = models.PositiveSmallIntegerField(default=1)
    revision = models.PositiveIntegerField(default=1)
    current = models.BooleanField(default=True)
    supersedes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )
    client_id = models.UUIDField()
    fingerprint = models.BinaryField(
        max_length=32, default=b""
    )  # keyed hash of what was sent: tells a repeat from a reuse
    source = models.CharField(max_length=10, choices=Source.choices, default=Source.WORKSPACE)
    state = models.CharField(max_length=10, choices=State.choices, default=State.SUBMITTED)
    perceived = models.JSONField(default=dict)  # what was shown and heard
    started_at = models.DateTimeField(null=True, blank=True)  # the browser's clock: evidence, never order
    duration_ms = models.PositiveIntegerField(default=0)
    played_us = models.BigIntegerField(default=0)

    repeated = False  # set by the service when a client sent again what is stored already

    access_path = ("campaign", "campaign__study")
    access_own = {"label": "annotator__user"}
    consent_path = "item__recording"

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "item", "annotator", "repetition"],
                condition=Q(current=True),
                name="annotation_one_current",
            ),
            models.UniqueConstraint(fields=["annotator", "client_id"], name="annotation_client_id_once"),
        ]
        indexes = [
            models.Index(fields=["campaign", "item"], condition=Q(current=True), name="annotation_campaign_current")
        ]


class Answer(Row):
    """One value of a question: a label, a number, a point, or sealed text. A question that takes several labels has a row
    for each; one that was answered by none of them has a row without a label."""

    class State(models.TextChoices):
        ANSWERED = "answered", _("Answered")
        CANNOT_TELL = "cannot_tell", _("Cannot tell")
        SKIPPED = "skipped", _("Skipped")

    class Role(models.TextChoices):
        PRIMARY = "primary", _("Primary")
        SECONDARY = "secondary", _("Secondary")

    annotation = models.ForeignKey(Annotation, on_delete=models.PROTECT, related_name="answers")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField(default=0)  # its place among the rows of the question
    state = models.CharField(max_length=12, choices=State.choices, default=State.ANSWERED)
    role = models.CharField(max_length=10, choices=Role.choices, blank=True)
    label = models.ForeignKey(Label, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    number = models.FloatField(null=True, blank=True)  # of yes or no: 1 or 0
    x = models.FloatField(null=True, blank=True)
    y = models.FloatField(null=True, blank=True)
    intensity = models.FloatField(null=True, blank=True)
    grade = models.CharField(max_length=1, blank=True)  # A to E, of an action unit
    side = models.CharField(max_length=10, blank=True)  # left, right, asymmetric
    confidence = models.FloatField(null=True, blank=True)  # in the whole answer: on its first row
    reason = models.CharField(max_length=64, blank=True)  # the form's id of it, where the question was skipped
    text = SealedField()

    consent_path = "annotation__item__recording"

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["annotation", "question", "position"], name="answer_position_once"),
        ]


class Segment(Row):
    """A labelled interval on a tier. Keeps the alignment it was made under; a new alignment never moves it."""

    annotation = models.ForeignKey(Annotation, on_delete=models.PROTECT, related_name="segments")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="+")
    tier = models.CharField(max_length=64, blank=True)  # the form's id of it
    position = models.PositiveIntegerField(default=0)  # its place in the answer
    label = models.ForeignKey(Label, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    track = models.ForeignKey(Track, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    alignment = models.ForeignKey(Alignment, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    start_us = models.BigIntegerField()
    end_us = models.BigIntegerField()
    apex_us = models.BigIntegerField(null=True, blank=True)
    number = models.FloatField(null=True, blank=True)
    intensity = models.FloatField(null=True, blank=True)
    grade = models.CharField(max_length=1, blank=True)
    text = SealedField()

    consent_path = "annotation__item__recording"

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(end_us__gte=F("start_us")), name="segment_ends_after_start")]


class Trace(Row):
    """A continuous rating over media time, one dimension."""

    class State(models.TextChoices):
        RECORDING = "recording", _("Recording")
        PACKED = "packed", _("Packed")
        ABANDONED = "abandoned", _("Abandoned")

    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, null=True, blank=True, related_name="traces")
    annotation = models.ForeignKey(Annotation, on_delete=models.PROTECT, null=True, blank=True, related_name="traces")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="+")
    track = models.ForeignKey(
        Track, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )  # the one perceived
    alignment = models.ForeignKey(Alignment, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    client_id = models.UUIDField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.RECORDING)
    start_us = models.BigIntegerField(default=0)
    end_us = models.BigIntegerField(default=0)
    samples = models.PositiveIntegerField(default=0)
    largest_gap_us = models.BigIntegerField(default=0)
    coverage = models.FloatField(default=0)  # share of the item's time that was rated without a hole
    format = models.CharField(max_length=20, blank=True)
    digest = models.CharField(max_length=64, blank=True)  # over the unpacked content
    packed = models.BinaryField(null=True, blank=True)
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, null=True, blank=True, related_name="+")  # above 1 MB
    device = models.JSONField(default=dict)  # device, axis, gain, dead zone; play, pause, stall, blur counts

    consent_path = "annotation__item__recording"

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assignment", "question", "client_id"], name="trace_client_id_once")
        ]


class TraceChunk(Row):
    """A second or so of samples, while the trace is being recorded. Deleted when it is packed."""

    trace = models.ForeignKey(Trace, on_delete=models.CASCADE, related_name="chunks")
    sequence = models.PositiveIntegerField()
    packed = models.BinaryField()
    end_us = models.BigIntegerField()

    class Meta:
        ordering = ["sequence"]
        constraints = [models.UniqueConstraint(fields=["trace", "sequence"], name="trace_chunk_once")]
