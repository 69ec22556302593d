"""Wrapped keys. No plain key is ever stored; the key-encryption keys are files in CONCORD_KEYS, one an epoch.

Keys of participants and persons carry no date and take their owner's id as their own: they must not tell when somebody
enrolled. An owner's data lives in the other database.
"""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from core import ids


class Epoch(models.Model):
    """A key-encryption key's life. Destroying it finishes a shred: copies of keys in old backups become unreadable."""

    number = models.PositiveIntegerField(primary_key=True)
    check_value = models.BinaryField(max_length=32)  # tells a wrong key file from a damaged row
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    retired_at = models.DateTimeField(null=True)
    destroyed_at = models.DateTimeField(null=True)


class StudyKey(models.Model):
    id = models.UUIDField(primary_key=True, default=ids.opaque, editable=False)
    study_id = models.UUIDField()
    version = models.PositiveIntegerField(default=1)
    wrapped = models.BinaryField()
    epoch = models.ForeignKey(Epoch, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study_id", "version"], name="study_key_once")]


class ParticipantKey(models.Model):
    """Wrapped by the study key. When the participant is erased this row is deleted."""

    participant_id = models.UUIDField(primary_key=True)
    study_id = models.UUIDField(db_index=True)
    version = models.PositiveIntegerField(default=1)
    wrapped = models.BinaryField()


class PersonKey(models.Model):
    """Protects a person's identity (name, contact). Wrapped by the KEK epoch: a person spans studies of one controller."""

    person_id = models.UUIDField(primary_key=True)
    version = models.PositiveIntegerField(default=1)
    wrapped = models.BinaryField()
    epoch = models.ForeignKey(Epoch, on_delete=models.PROTECT, related_name="+")


class PackageKey(models.Model):
    """A key of its own for a package about many people (a dataset version, an access package); wrapped by the study key."""

    package_id = models.UUIDField(primary_key=True)
    study_id = models.UUIDField(db_index=True)
    version = models.PositiveIntegerField(default=1)
    wrapped = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)


class AssetKey(models.Model):
    """Wrapped in turn by every subject's participant key, in the order of their ids, or by the package's key; by the
    study key when there are neither."""

    asset_id = models.UUIDField(primary_key=True)
    study_id = models.UUIDField(db_index=True)
    subject_ids = models.JSONField(default=list)
    package_id = models.UUIDField(null=True)
    version = models.PositiveIntegerField(default=1)
    wrapped = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)
