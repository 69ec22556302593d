"""What people were told and what they said. Notices are versions, consent is an append-only stream, and the
permissions that the gate reads are its projection, written in the same transaction."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.models.people import Participant
from consent.models.studies import Basis, Study
from consent.purposes import Modality, Purpose, RecipientClass
from core.models import Row, User


class Notice(Row):
    """A version of what participants are told. Once published it cannot change."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="notices")
    number = models.PositiveIntegerField()
    published_at = models.DateTimeField(null=True, blank=True)
    valid_days = models.PositiveIntegerField(default=3 * 365)  # how long a consent given under it lasts
    # What is asked: [{"purpose", "modalities": [...], "recipient_class", "required": bool}], in the order it is shown.
    choices = models.JSONField(default=list)

    access_path = ("study",)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "number"], name="notice_number_once")]


class NoticeText(Row):
    """The words, in one language. `digest` is the SHA-256 of the canonical content, and what a consent event points at."""

    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="texts")
    language = models.CharField(max_length=12)
    title = models.CharField(max_length=200)
    summary = models.TextField()
    sections = models.JSONField(default=list)  # [{"heading", "text"}], one thought each
    purposes = models.JSONField(default=dict)  # purpose -> {"title", "text"}
    digest = models.CharField(max_length=64)

    access_path = ("notice__study",)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["notice", "language"], name="notice_language_once")]


class ConsentEvent(Row):
    """One thing that was said about one purpose. Never changed, never deleted but by erasure of the participant."""

    class Kind(models.TextChoices):
        REQUESTED = "requested", _("Requested")
        GIVEN = "given", _("Given")
        REFUSED = "refused", _("Refused")
        RENEWED = "renewed", _("Renewed")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        EXPIRED = "expired", _("Expired")
        INVALIDATED = "invalidated", _("Invalidated")
        TERMINATED = "terminated", _("Terminated")
        PAUSED = "paused", _("Paused")  # the three acts on everything carry no purpose
        RESUMED = "resumed", _("Resumed")
        ERASURE_ASKED = "erasure_asked", _("Erasure Asked")
        ERASURE_CONFIRMED = "erasure_confirmed", _("Erasure Confirmed")

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="consent_events")
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="consent_events")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    purpose = models.CharField(max_length=20, choices=Purpose.choices, blank=True)
    modality = models.CharField(max_length=8, choices=Modality.choices, blank=True)
    recipient_class = models.CharField(max_length=12, choices=RecipientClass.choices, default=RecipientClass.CONTROLLER)
    notice_text = models.ForeignKey(NoticeText, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    method = models.CharField(max_length=20, default="link")  # link, session, paper, phone, import, demonstration
    effective_at = models.DateTimeField(default=timezone.now)
    valid_until = models.DateTimeField(null=True, blank=True)
    actor = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )  # null: the participant
    evidence = models.JSONField(default=dict)  # choices shown, interface version, step-up method: codes only

    access_path = ("study",)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["participant", "purpose"], name="consent_event_participant")]


class Permission(Row):
    """What is allowed now: the projection of events and bases that the gate reads. Tested with `allowed_until > now`,
    so expiry needs no job; a person who paused or stopped has no rows that pass, whatever their dates."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="+")
    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="permissions")
    purpose = models.CharField(max_length=20, choices=Purpose.choices)
    modality = models.CharField(max_length=8, choices=Modality.choices)
    recipient_class = models.CharField(max_length=12, choices=RecipientClass.choices)
    allowed_until = models.DateTimeField()
    basis = models.ForeignKey(Basis, on_delete=models.PROTECT, related_name="+")
    event = models.ForeignKey(ConsentEvent, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["participant", "purpose", "modality", "recipient_class"], name="permission_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["participant", "purpose", "recipient_class", "modality", "allowed_until"],
                name="permission_gate",
            )
        ]
