"""Participants, pseudonymous in their study; persons, whose identity is kept apart; links that need no account."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.fields import SealedField
from consent.models.studies import Controller, Study
from consent.purposes import PeopleRole
from core import ids
from core.models import Row


class Person(Row):
    """A human being as a controller knows them: joins their participants across studies. Requests act on it."""

    id = models.UUIDField(primary_key=True, default=ids.opaque, editable=False)
    created_at = None  # must not tell when someone enrolled
    controller = models.ForeignKey(Controller, on_delete=models.PROTECT, related_name="persons")
    name = SealedField()
    contact = SealedField()
    contact_hash = models.BinaryField(max_length=32, null=True, db_index=True)  # keyed; finds a person who writes in
    language = models.CharField(max_length=12, blank=True)
    born_on = SealedField()


class Participant(Row):
    """A person in the data of one study, by a code."""

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")  # restriction: nothing is used, nothing is deleted
        STOPPED = "stopped", _("Stopped")  # withdrawn: use has ended, erasure of what nothing else needs is scheduled
        ERASED = "erased", _("Erased")

    id = models.UUIDField(primary_key=True, default=ids.opaque, editable=False)
    created_at = None
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="participants")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="participants")
    code = models.CharField(max_length=40)
    kind = models.CharField(
        max_length=10,
        choices=[("real", _("real")), ("acted", _("acted")), ("fictional", _("fictional"))],
        default="real",
    )
    # The part for which they are in the study: names the row of the study's bases that holds for them.
    people_role = models.CharField(max_length=12, choices=PeopleRole.choices, default=PeopleRole.TARGET)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ACTIVE)
    state_since = models.DateTimeField(null=True)
    external_id = SealedField()
    language = models.CharField(max_length=12, blank=True)
    group = models.CharField(max_length=40, blank=True)  # household, dyad: kept on one side of a split

    access_path = ("study",)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "code"], name="participant_code_once")]
        indexes = [models.Index(fields=["study", "state"], name="participant_study_state")]


class ParticipantLink(Row):
    """A signed link that opens a participant's own page. Only a digest is kept; it ends by date or when taken back."""

    id = models.UUIDField(primary_key=True, default=ids.opaque, editable=False)
    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="links")
    digest = models.BinaryField(max_length=32, unique=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
