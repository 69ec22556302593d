"""Stored bytes: one row an asset, sealed in the store under a key that all its subjects' keys are needed for."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.fields import SealedField
from consent.models.people import Participant
from consent.models.studies import Study
from core import ids
from core.models import Row


class Asset(Row):
    """Bytes in the store. A derived asset names its parent; erasure walks that tree (decisions 22–25)."""

    class Kind(models.TextChoices):
        ORIGINAL = "original", _("Original")
        PROXY = "proxy", _("Proxy")
        REDACTED = "redacted", _("Redacted")
        PEAKS = "peaks", _("Peaks")
        SPECTROGRAM = "spectrogram", _("Spectrogram")
        POSTER = "poster", _("Poster")
        TRANSCRIPT = "transcript", _("Transcript")
        FEATURE = "feature", _("Feature")
        LANE = "lane", _("Lane")
        TRACE = "trace", _("Trace")
        ARTEFACT = "artefact", _("Artefact")
        PACKAGE = "package", _("Package")
        SCAN = "scan", _("Scan")

    class State(models.TextChoices):
        WRITING = "writing", _("Writing")  # bytes may be in the store, nobody can read them; swept when it stays so
        STORED = "stored", _("Stored")
        SEALED = "sealed", _("Sealed")  # kept restricted: one of several people stopped
        ERASED = "erased", _("Erased")

    id = models.UUIDField(primary_key=True, default=ids.opaque, editable=False)
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="assets")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    media_type = models.CharField(max_length=100)
    plain_bytes = models.BigIntegerField(default=0)
    store_key = models.CharField(max_length=200, unique=True)
    format = models.CharField(max_length=20, default="chunked-1")
    key_version = models.PositiveIntegerField(default=1)
    digest = models.BinaryField(
        max_length=32, null=True, db_index=True
    )  # HMAC of the plain bytes: duplicate check only
    file_name = SealedField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WRITING)

    access_path = ("study",)
    subjects = models.ManyToManyField(Participant, through="AssetSubject", related_name="assets")


class AssetSubject(Row):
    """A participant whose key the asset is wrapped under."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="asset_subjects")
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["asset", "participant"], name="asset_subject_once")]
