"""Datasets and their immutable versions, what came in, and who took what out (decisions 26–28)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.fields import SealedField
from consent.models import Asset, Participant, Recipient, Study
from core.access import RoleGrant, role_permissions
from core.models import Job, Row, User
from labeling.models import Campaign, GoldStandard, Item, Recording

DATASET_ROLES: dict[str, tuple[str, ...]] = {
    "editor": ("view", "dataset", "export"),
    "reader": ("view", "export"),
}
DATASET_ROLE_NAMES = {
    "editor": _("editor"), "reader": _("reader"),
}  # fmt: skip
DATASET_ROLE_WORDS = {
    "editor": _("Publishes versions of this dataset and exports them."),
    "reader": _("Sees the versions of this dataset and exports them."),
}


class Dataset(Row):
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="datasets")
    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=80)
    about = models.TextField(blank=True)

    roles = DATASET_ROLES
    role_names = DATASET_ROLE_NAMES
    role_words = DATASET_ROLE_WORDS
    members_action = "members"
    access_path = ("", "study")

    class Meta:
        permissions = role_permissions(*DATASET_ROLES)
        constraints = [models.UniqueConstraint(fields=["study", "slug"], name="dataset_slug_once")]


class DatasetRole(RoleGrant):
    content_object = models.ForeignKey(Dataset, on_delete=models.CASCADE)


class DatasetVersion(Row):
    """An immutable release. Its id for the world is `root`: a Merkle root over salted hashes of its rows' content."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")
        DEPRECATED = "deprecated", _("Deprecated")
        RECALLED = "recalled", _("Recalled")
        FAILED = "failed", _("Failed")

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="versions")
    number = models.CharField(max_length=20)  # 1.0, 1.1
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    previous = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    gold_standard = models.ForeignKey(GoldStandard, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+")
    profile = models.CharField(
        max_length=20, default="labels"
    )  # what the package carries; media only when it ships them
    recipient_class = models.CharField(max_length=12, default="controller")
    purpose = models.CharField(max_length=20, default="train_models")
    seed = models.PositiveIntegerField(default=1)
    split = models.JSONField(default=dict)  # shares asked for, groups found, counts got
    schema = models.JSONField(default=dict)  # the columns and their meaning, at publication
    changes = models.JSONField(default=dict)  # added, changed, removed with reasons, as counts
    root = models.CharField(max_length=64, blank=True)
    rows = models.PositiveIntegerField(default=0)
    codec = models.CharField(max_length=120, blank=True)  # version of the writers: bytes are promised under it
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    published_at = models.DateTimeField(null=True, blank=True)
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    access_path = ("dataset", "dataset__study")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dataset", "number"], name="dataset_version_number_once")]


class VersionRow(Row):
    """One row of a version. Erasure deletes content and salt and keeps the leaf: the root still verifies."""

    version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="version_rows")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=12, default="item")  # item, rating, trace
    export_id = models.BinaryField(max_length=16)
    split = models.CharField(max_length=12, blank=True)
    content = SealedField()  # canonical JSON under the targets' keys; empty once erased
    salt = models.BinaryField(max_length=16, blank=True, default=b"")
    leaf = models.BinaryField(max_length=32)
    removed = models.CharField(max_length=20, blank=True)  # erased, recalled

    consent_path = "item__recording"

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "kind", "export_id"], name="version_row_once")]
        indexes = [models.Index(fields=["version", "export_id"], name="version_row_order")]


class VersionSubject(Row):
    """Which participants a row is about: recall and erasure find rows by it."""

    row = models.ForeignKey(VersionRow, on_delete=models.CASCADE, related_name="subjects")
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="+")


class VersionFile(Row):
    """A file of a version's package, as it was made: name, size, sha256."""

    version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(max_length=120)
    about = models.CharField(max_length=200)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "name"], name="version_file_once")]


class VersionPackage(Row):
    """A version's package as it lies sealed in the store, under a key that is the version's own."""

    version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="packages")
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="version_packages")
    codec = models.CharField(max_length=120)  # the writers it was made by

    access_path = ("version__dataset", "version__dataset__study")


class Delivery(Row):
    """A package that somebody took, so that a recall can find them."""

    version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="deliveries")
    recipient = models.ForeignKey(Recipient, on_delete=models.PROTECT, null=True, blank=True, related_name="deliveries")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=20)
    noticed_at = models.DateTimeField(null=True, blank=True)  # told of a recall
    acknowledged_at = models.DateTimeField(null=True, blank=True)

    access_path = ("version__dataset", "version__dataset__study")


class Ingest(Row):
    """A batch of files or rows that came in, with an error file; nothing of it is half-stored."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="ingests")
    kind = models.CharField(max_length=20)  # upload, manifest, demo
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    summary = models.JSONField(default=dict)

    access_path = ("study",)


class IngestFile(Row):
    ingest = models.ForeignKey(Ingest, on_delete=models.PROTECT, related_name="files")
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    recording = models.ForeignKey(Recording, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    error_code = models.CharField(max_length=40, blank=True)
