"""Wrapped keys. No plain key is ever stored; the key-encryption keys are files in CONCORD_KEYS, one an epoch."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from core import ids


class KeyRow(models.Model):
    """A wrapped key. `owner_id` is the id of what it is for; the data it belongs to lives in the other database."""

    id = models.UUIDField(primary_key=True, default=ids.opaque, editable=False)
    version = models.PositiveIntegerField(default=1)
    wrapped = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        abstract = True


class Epoch(models.Model):
    """A key-encryption key's life. Destroying it finishes a shred: copies of keys in old backups become unreadable."""

    number = models.PositiveIntegerField(primary_key=True)
    check_value = models.BinaryField(max_length=32)  # tells a wrong key file from a damaged row
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    retired_at = models.DateTimeField(null=True)
    destroyed_at = models.DateTimeField(null=True)


class StudyKey(KeyRow):
    study_id = models.UUIDField()
    epoch = models.ForeignKey(Epoch, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study_id", "version"], name="study_key_once")]


class ParticipantKey(KeyRow):
    """Wrapped by the study key. When the participant is erased this row is deleted."""

    participant_id = models.UUIDField(unique=True)
    study_id = models.UUIDField(db_index=True)


class PersonKey(KeyRow):
    """Protects a person's identity (name, contact). Wrapped by the KEK epoch: a person spans studies of one controller."""

    person_id = models.UUIDField(unique=True)
    epoch = models.ForeignKey(Epoch, on_delete=models.PROTECT, related_name="+")


class AssetKey(KeyRow):
    """Wrapped in turn by every subject's participant key, in the order of their ids; by the study key when there are none."""

    asset_id = models.UUIDField(unique=True)
    study_id = models.UUIDField(db_index=True)
    subject_ids = models.JSONField(default=list)


class PackageKey(KeyRow):
    """A key of its own for a package about many people (a dataset version, an access package); wrapped by the study key."""

    package_id = models.UUIDField(unique=True)
    study_id = models.UUIDField(db_index=True)
