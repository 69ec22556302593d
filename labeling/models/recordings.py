"""Recordings, their tracks, who appears in them, and the items that are labeled.

Media time is signed 64-bit microseconds on the recording clock, half-open [start, end). `Appearance` is the only link
between people and media; an item names whom its label is about (its targets), the gate tests everyone who appears.

Rows come in by the ten thousand, and every index is paid for by each of them: a foreign key has none of its own where a
constraint already begins with it, or where nobody looks from the other side.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from consent.fields import SealedField
from consent.models import Asset, Participant, Study
from consent.purposes import Modality, PeopleRole
from core.models import Row, User


class Warned(models.TextChoices):
    """What a recording may hold that somebody may not want to meet unprepared."""

    DISTRESS = "distress", _("Distress or crying")
    VIOLENCE = "violence", _("Violence or threat")
    INJURY = "injury", _("Injury, illness or medical procedures")
    SELF_HARM = "self_harm", _("Self-harm or suicide")
    ABUSE = "abuse", _("Abuse or discrimination")
    SEXUAL = "sexual", _("Sexual content")
    GRIEF = "grief", _("Death or grief")
    LOUD = "loud", _("Screaming or sudden loud sound")
    FLASHES = "flashes", _("Flashing light")


class Recording(Row):
    """One session of one or more participants."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")  # registered; tracks are being probed
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")  # no track could be read
        SEALED = (
            "sealed",
            _("Sealed"),
        )  # one of several people stopped: kept restricted until a redaction is confirmed or the deadline
        ERASED = "erased", _("Erased")

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="recordings", db_index=False)
    code = models.CharField(max_length=80)
    session = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    duration_us = models.BigIntegerField(default=0)
    external_id = SealedField()
    source = models.CharField(max_length=200, blank=True)
    licence = models.CharField(max_length=200, blank=True)
    # What somebody is told before they see or hear it: codes of WARNINGS.
    warnings = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))

    access_path = ("study",)
    consent_path = ""  # the way from this model to the recording whose appearances the gate tests

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "code"], name="recording_code_once")]
        indexes = [models.Index(fields=["study", "state"], name="recording_study_state")]


class Track(Row):
    """One modality of a recording, with a clock of its own (time base as a fraction, start, timestamps when variable)."""

    class State(models.TextChoices):
        REGISTERED = "registered", _("Registered")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="+")
    recording = models.ForeignKey(Recording, on_delete=models.PROTECT, related_name="tracks", db_index=False)
    modality = models.CharField(max_length=8, choices=Modality.choices)
    name = models.CharField(max_length=80)
    position = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State.choices, default=State.REGISTERED)
    failure = models.CharField(max_length=40, blank=True)  # the code of why probing failed
    original = models.ForeignKey(
        Asset, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    proxy = models.ForeignKey(Asset, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    peaks = models.ForeignKey(Asset, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    text = SealedField()  # of a text track: sealed under the keys of those who appear
    language = models.CharField(max_length=12, blank=True)
    time_base_num = models.PositiveIntegerField(default=1)
    time_base_den = models.PositiveIntegerField(default=1_000_000)
    start_us = models.BigIntegerField(default=0)
    duration_us = models.BigIntegerField(default=0)
    rate_num = models.PositiveIntegerField(default=0)  # frames or samples a second, as a fraction
    rate_den = models.PositiveIntegerField(default=1)
    variable_rate = models.BooleanField(default=False)
    probe = models.JSONField(default=dict)  # codec, size, channels…: facts about the file, none about people
    separable = models.BooleanField(default=False)  # own microphone and confirmed without cross-talk

    access_path = ("study",)
    consent_path = "recording"

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["recording", "name"], name="track_name_once")]


class Appearance(Row):
    """A participant in a track, with the part they have there. The only link between people and media."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="+", db_index=False)
    recording = models.ForeignKey(
        Recording, on_delete=models.PROTECT, related_name="appearances", db_index=False
    )  # the track's, for the gate
    track = models.ForeignKey(Track, on_delete=models.PROTECT, related_name="appearances", db_index=False)
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="appearances")
    role = models.CharField(max_length=12, choices=PeopleRole.choices, default=PeopleRole.TARGET)

    access_path = ("study",)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["track", "participant"], name="appearance_once")]
        indexes = [models.Index(fields=["recording", "participant"], name="appearance_recording")]


class Alignment(Row):
    """A mapping of a track's clock to the recording clock: recording = offset + track × (1 + drift). Versions; the newest
    counts for showing, and every trace and segment remembers the one it was made under."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="+", db_index=False)
    track = models.ForeignKey(Track, on_delete=models.PROTECT, related_name="alignments", db_index=False)
    number = models.PositiveIntegerField(default=1)
    offset_us = models.BigIntegerField(default=0)
    drift_ppb = models.BigIntegerField(default=0)
    method = models.CharField(max_length=40, default="container")
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)

    access_path = ("study",)
    consent_path = "track__recording"

    class Meta:
        constraints = [models.UniqueConstraint(fields=["track", "number"], name="alignment_number_once")]


class Exhibit(Row):
    """Material without participants (practice clips, tests, examples). It can never become an item of a dataset."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="exhibits")
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, null=True, blank=True, related_name="+")  # null: to come
    title = models.CharField(max_length=200)
    licence = models.CharField(max_length=200)
    source = models.CharField(max_length=200)

    access_path = ("study",)


class Item(Row):
    """What is labeled: a whole recording, a segment of it, an utterance. Times are on the recording clock."""

    class Kind(models.TextChoices):
        WHOLE = "whole", _("Whole")
        SEGMENT = "segment", _("Segment")
        UTTERANCE = "utterance", _("Utterance")

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="items", db_index=False)
    recording = models.ForeignKey(Recording, on_delete=models.PROTECT, related_name="items")
    code = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.WHOLE)
    start_us = models.BigIntegerField(default=0)
    end_us = models.BigIntegerField(default=0)
    targets = models.ManyToManyField(Participant, through="ItemTarget", related_name="items")

    access_path = ("study",)
    consent_path = "recording"

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "code"], name="item_code_once"),
            models.CheckConstraint(condition=Q(end_us__gte=F("start_us")), name="item_ends_after_start"),
        ]


class ItemTarget(Row):
    """Whom an item's label is about."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="item_targets", db_index=False)
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "participant"], name="item_target_once")]
