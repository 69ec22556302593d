"""Requests of data subjects, their clocks and steps; erasures and what they did; who received what."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.fields import SealedField
from consent.models.assets import Asset
from consent.models.people import Participant, Person
from consent.models.studies import Study
from core.models import Job, Row, User


class Request(Row):
    """One request (DSAR). `due_on` is the strict deadline, computed by dated rules on the study's calendar."""

    class Kind(models.TextChoices):
        ACCESS = "access", _("Access")
        PORTABILITY = "portability", _("Portability")
        RECTIFICATION = "rectification", _("Rectification")
        ERASURE = "erasure", _("Erasure")
        RESTRICTION = "restriction", _("Restriction")
        OBJECTION = "objection", _("Objection")
        WITHDRAWAL = "withdrawal", _("Withdrawal")
        COMPLAINT = "complaint", _("Complaint")
        INFORMATION = "information", _("Information")

    class State(models.TextChoices):
        RECEIVED = "received", _("Received")
        ACKNOWLEDGED = "acknowledged", _("Acknowledged")
        IDENTITY_PENDING = "identity_pending", _("Identity Pending")
        VERIFIED = "verified", _("Verified")
        COLLECTING = "collecting", _("Collecting")
        APPROVAL = "approval", _("Approval")
        DELIVERING = "delivering", _("Delivering")
        FULFILLED = "fulfilled", _("Fulfilled")
        REFUSED = "refused", _("Refused")
        RETRACTED = "retracted", _("Retracted")

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="requests")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="requests")
    participant = models.ForeignKey(
        Participant, on_delete=models.PROTECT, null=True, blank=True, related_name="requests"
    )
    number = models.PositiveIntegerField()  # R-121, counted per study
    kind = models.CharField(max_length=14, choices=Kind.choices)
    state = models.CharField(max_length=18, choices=State.choices, default=State.RECEIVED)
    channel = models.CharField(max_length=20, default="link")
    received_at = models.DateTimeField(default=timezone.now)
    due_on = models.DateField()
    extended_at = models.DateTimeField(null=True, blank=True)  # once, before the first deadline, by two months
    rule_version = models.CharField(max_length=40)
    words = SealedField()
    package = models.ForeignKey(Asset, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=1)

    access_path = ("study",)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "number"], name="request_number_once")]

    @property
    def code(self) -> str:
        """What people call it: R-121."""
        return f"R-{self.number}"


class RequestStep(Row):
    """A transition of a request: who, from what to what, with which coded reason. Append-only."""

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="steps")
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    before = models.CharField(max_length=18, blank=True)
    after = models.CharField(max_length=18)
    reason = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["id"]


class Erasure(Row):
    """The erasing of one participant: scheduled by stop or request, confirmed by a second channel, done by a job."""

    class State(models.TextChoices):
        SCHEDULED = "scheduled", _("Scheduled")
        CONFIRMED = "confirmed", _("Confirmed")
        RUNNING = "running", _("Running")
        LIVE_COMPLETE = "live_complete", _("Live Complete")
        FINAL = "final", _("Final")
        CALLED_OFF = "called_off", _("Called Off")

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="erasures")
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="erasures")
    request = models.ForeignKey(Request, on_delete=models.PROTECT, null=True, blank=True, related_name="erasures")
    state = models.CharField(max_length=14, choices=State.choices, default=State.SCHEDULED)
    confirm_digest = models.BinaryField(max_length=32, null=True)  # of the code sent by the second channel
    confirm_until = models.DateTimeField(null=True)
    confirm_tries = models.PositiveSmallIntegerField(default=0)
    confirmed_by = models.CharField(max_length=20, blank=True)  # code, letter, phone, in_person
    not_before = models.DateTimeField()  # end of the cooling-off
    due_at = models.DateTimeField()
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    certificate = models.JSONField(default=dict)
    finished_at = models.DateTimeField(null=True, blank=True)

    access_path = ("study",)

    @property
    def waits(self) -> bool:
        """Whether it is confirmed and begins only when the cooling-off is over."""
        return self.state == Erasure.State.CONFIRMED and self.not_before > timezone.now()


class ErasureStep(Row):
    """What one holding erased: counts only. A step that is written is not done again when a worker dies in between."""

    erasure = models.ForeignKey(Erasure, on_delete=models.PROTECT, related_name="steps")
    holding = models.CharField(max_length=60)
    counts = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["erasure", "holding"], name="erasure_step_once")]


class Recipient(Row):
    """Somebody who may receive data: class, country and transfer tool decide what the gate lets them have."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="recipients")
    name = models.CharField(max_length=200)
    recipient_class = models.CharField(max_length=12)
    country = models.CharField(max_length=2)
    transfer_tool = models.CharField(max_length=40, blank=True)
    email = models.EmailField(blank=True)

    access_path = ("study",)
