"""Tables that every part of the house stands on: people who sign in, their tokens, jobs, repeated requests, the audit log."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core import ids


class Row(models.Model):
    """A domain row: UUIDv7 key, moment of creation."""

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        abstract = True


class UserManager(BaseUserManager):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin, Row):
    """Somebody who signs in. Rights come from roles on roots (core.access) alone; nobody is a superuser."""

    email = models.EmailField(_("e-mail"), max_length=254)
    name = models.CharField(_("name"), max_length=120, blank=True)
    language = models.CharField(_("language"), max_length=12, blank=True)
    theme = models.CharField(max_length=6, choices=[("", "system"), ("light", "light"), ("dark", "dark")], blank=True)
    is_active = models.BooleanField(default=True)
    is_operator = models.BooleanField(
        default=False, help_text=_("Runs the installation: makes studies and accounts, sees no data by that.")
    )

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: list[str] = []

    objects = UserManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_once"),
            models.CheckConstraint(condition=Q(is_superuser=False), name="nobody_is_superuser"),
        ]

    @property
    def first_name(self) -> str:
        return self.name.split(" ")[0] if self.name else self.email.split("@")[0]


class ApiToken(Row):
    """A key for programs. Shown once when made; only its SHA-256 is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    digest = models.BinaryField(max_length=32, unique=True)
    hint = models.CharField(max_length=8, help_text=_("The first characters, to tell tokens apart."))
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_on = models.DateField(null=True, blank=True)


class IdempotencyKey(Row):
    """A POST that was done: a hash of its key and body, and the object it made; never a response (decisions 32)."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key_hash = models.BinaryField(max_length=32)
    request_hash = models.BinaryField(max_length=32)
    object_id = models.UUIDField(null=True)
    status = models.PositiveSmallIntegerField(default=201)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key_hash"], name="idempotency_key_once")]
        indexes = [models.Index(fields=["created_at"], name="idempotency_created")]


class Job(Row):
    """Background work. The row is the truth; the broker's message carries its id alone."""

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    kind = models.CharField(max_length=80)
    study_id = models.UUIDField(null=True, blank=True, db_index=True)
    object_id = models.UUIDField(null=True, blank=True, db_index=True)
    actor = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    params = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    stage = models.CharField(max_length=80, blank=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    worker = models.CharField(max_length=120, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    cancel_asked = models.BooleanField(default=False)
    error_code = models.CharField(max_length=80, blank=True)
    error_message = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["state", "heartbeat_at"], name="job_state_heartbeat")]


class AuditEvent(models.Model):
    """One line of the audit log. The table is made by migration, guarded by triggers, appended by `core.audit` alone.

    Holds ids, codes and numbers; never personal data or free text, so it survives an erasure.
    """

    seq = models.BigIntegerField(primary_key=True)
    at = models.CharField(max_length=27)  # RFC 3339, UTC, microseconds: the exact text that was hashed
    verb = models.CharField(max_length=80)
    outcome = models.CharField(max_length=12)
    actor_id = models.CharField(max_length=36)
    study_id = models.CharField(max_length=36)
    target_type = models.CharField(max_length=60)
    target_id = models.CharField(max_length=36)
    subject_ref = models.CharField(max_length=64)
    request_id = models.CharField(max_length=36)
    facts = models.TextField()  # canonical JSON (RFC 8785)
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)

    class Meta:
        managed = False
        db_table = "audit_event"
        ordering = ["seq"]
