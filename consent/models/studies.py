"""The study: the boundary of isolation. Everything protected carries its id and hangs from it."""

from __future__ import annotations

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.purposes import BasisKind, Context, PeopleRole, Purpose
from core.access import RoleGrant, role_permissions
from core.models import Row

# What each role of a study may do. An action is a word of the door; pages and endpoints name the one they need.
STUDY_ROLES: dict[str, tuple[str, ...]] = {
    "owner": (
        "view", "manage", "participants", "ingest", "scheme", "campaign", "annotations", "agreement", "gold", "dataset", "export",
        "run", "consent", "request", "audit", "members",
    ),
    "curator": ("view", "participants", "ingest", "scheme"),
    "researcher": ("view", "scheme", "ingest", "campaign", "annotations", "agreement", "gold", "dataset", "export", "run"),
    "privacy": ("view", "participants", "consent", "request", "erase", "audit"),
    "dpo": ("view", "participants", "consent", "request", "audit"),
    "auditor": ("view", "audit"),
    "engineer": ("view", "run", "export"),
}  # fmt: skip
STUDY_ROLE_NAMES = {
    "owner": _("owner"), "curator": _("curator"), "researcher": _("researcher"), "privacy": _("privacy officer"),
    "dpo": _("data protection officer"), "auditor": _("auditor"), "engineer": _("engineer"),
}  # fmt: skip
STUDY_ROLE_WORDS = {
    "owner": _("Leads the study: gives roles and does everything in it, except erase a participant."),
    "curator": _("Brings in participants and recordings, and draws up schemes."),
    "researcher": _("Runs campaigns, measures agreement, makes datasets and runs models; does not see who the participants are."),
    "privacy": _("Sees consent, answers requests, erases, and reads the audit log; does not label or export."),
    "dpo": _("Advises: sees consent, handles requests and reads the audit log; does not erase."),
    "auditor": _("Sees what is in the study and reads the audit log."),
    "engineer": _("Runs models and exports datasets."),
}  # fmt: skip


class Controller(Row):
    """Who decides why and how data are used, with the words a notice must give."""

    name = models.CharField(max_length=200)
    address = models.TextField(blank=True)
    email = models.EmailField(blank=True)
    officer = models.CharField(max_length=200, blank=True)
    officer_email = models.EmailField(blank=True)
    authority = models.CharField(max_length=200, blank=True)
    country = models.CharField(max_length=2, default="IE")


class Client(Row):
    """When the controller only processes for someone: whose instructions are on file."""

    controller = models.ForeignKey(Controller, on_delete=models.PROTECT, related_name="clients")
    name = models.CharField(max_length=200)
    instructions = models.ForeignKey("consent.Asset", on_delete=models.PROTECT, null=True, blank=True, related_name="+")


class Study(Row):
    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        OPEN = "open", _("Open")
        CLOSED = "closed", _("Closed")

    controller = models.ForeignKey(Controller, on_delete=models.PROTECT, related_name="studies")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, null=True, blank=True, related_name="studies")
    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=80, unique=True)
    purpose = models.TextField(blank=True)
    context = models.CharField(max_length=20, choices=Context.choices)
    jurisdiction = models.CharField(max_length=2, default="IE")
    subdivision = models.CharField(max_length=10, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    fictional = models.BooleanField(default=False)  # its participants are records made for a demonstration
    cooling_off_days = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(7)])
    offline_media = models.BooleanField(default=False)
    # Whom annotators can turn to when something they saw stays with them: shown in the workspace.
    support = models.TextField(blank=True, default="", db_default="")
    revision = models.PositiveIntegerField(default=1)

    roles = STUDY_ROLES
    role_names = STUDY_ROLE_NAMES
    role_words = STUDY_ROLE_WORDS
    role_kept = "owner"
    members_action = "members"
    access_path = ("",)

    class Meta:
        permissions = role_permissions(*STUDY_ROLES)
        verbose_name_plural = "studies"


class StudyRole(RoleGrant):
    content_object = models.ForeignKey(Study, on_delete=models.CASCADE)


class Basis(Row):
    """The lawful ground, per study × role of people × purpose. Append-only: a change ends one row and begins another."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="bases")
    people_role = models.CharField(max_length=12, choices=PeopleRole.choices)
    purpose = models.CharField(max_length=20, choices=Purpose.choices)
    kind = models.CharField(max_length=28, choices=BasisKind.choices)
    evidence = models.TextField(blank=True)
    agreement = models.ForeignKey("consent.Asset", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    seats = models.PositiveIntegerField(null=True, blank=True)
    redistribution = models.CharField(max_length=80, blank=True)
    begins_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField(null=True, blank=True)

    access_path = ("study",)

    class Meta:
        verbose_name_plural = "bases"
        constraints = [
            models.UniqueConstraint(
                fields=["study", "people_role", "purpose"], condition=models.Q(ends_at=None), name="basis_one_in_force"
            )
        ]
