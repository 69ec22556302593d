"""Publishing a version: rows frozen, split, hashed into one root; after that nothing can be added or altered.

The id of a version is the RFC 6962 Merkle root over salted hashes of its rows' content, in the order of their export ids.
Salts come from a key of the dataset. Erasure may later take content and salt away and leaves the leaf, so the id still
verifies (datasets/services/verify.py), which tells *recalled* from *corrupt*.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from affect import splits
from consent import keys
from consent.models import Study
from consent.purposes import Purpose, RecipientClass
from core import audit, bulk, ids, jobs, merkle
from core.errors import Invalid, Refused
from core.models import User
from datasets.models import Dataset, DatasetVersion, VersionFile, VersionRow, VersionSubject
from datasets.services import package, rows
from labeling.models import GoldStandard

SHARES = {"train": 0.6, "development": 0.2, "test": 0.2}
PROFILES = ("labels", "labels_and_text")
# Who a purpose hands data to, when nothing else is said.
RECIPIENTS = {Purpose.SHARE_CONTROLLED: RecipientClass.PARTNER, Purpose.PUBLISH_OPEN: RecipientClass.PUBLIC}


@transaction.atomic
def create_dataset(*, actor: User, study: Study, name: str, about: str = "") -> Dataset:
    """A dataset, empty until a version is published."""
    slug = slugify(name)[:80] or "dataset"
    if Dataset.objects.filter(study=study, slug=slug).exists():
        raise Refused("dataset_exists", _("There is a dataset of this name in the study already."))
    made = Dataset.objects.create(study=study, name=name, slug=slug, about=about)
    audit.record("datasets.dataset.created", actor=actor, target=made, study=study)
    return made


@transaction.atomic
def begin(
    *,
    actor: User,
    dataset: Dataset,
    gold_standard: GoldStandard,
    number: str = "",
    purpose: str = Purpose.TRAIN_MODELS,
    recipient_class: str = "",
    profile: str = "labels",
    shares: Mapping[str, float] | None = None,
    seed: int = 1,
) -> DatasetVersion:
    """Open a draft and have a worker publish it. Raises Invalid and Refused with a sentence for every wrong choice."""
    shares = dict(shares or SHARES)
    recipient_class = recipient_class or RECIPIENTS.get(purpose, RecipientClass.CONTROLLER)
    if gold_standard.campaign.study_id != dataset.study_id:
        raise Invalid("gold_of_other_study", _("This gold standard belongs to another study."))
    if gold_standard.state != GoldStandard.State.READY:
        raise Refused("gold_not_ready", _("The gold standard is still being made."))
    if purpose not in Purpose.values or recipient_class not in RecipientClass.values or profile not in PROFILES:
        raise Invalid("choice_unknown", _("Purpose, recipients or profile are not among the known ones."))
    if abs(sum(shares.values()) - 1) > 1e-6 or any(share < 0 for share in shares.values()):
        raise Invalid("shares_wrong", _("The shares of a split are not negative and sum to 1."))
    previous = dataset.versions.exclude(state=DatasetVersion.State.FAILED).order_by("-id").first()
    number = number or _next(previous)
    if dataset.versions.filter(number=number).exists():
        raise Refused(
            "version_exists", _("Version %(number)s exists, and a version never changes.") % {"number": number}
        )
    version = DatasetVersion.objects.create(
        dataset=dataset, number=number, previous=previous, gold_standard=gold_standard, campaign=gold_standard.campaign,
        profile=profile, purpose=purpose, recipient_class=recipient_class, seed=seed, split={"shares": shares}, published_by=actor,
    )  # fmt: skip
    audit.record("datasets.version.begun", actor=actor, target=version, study=dataset.study_id, number=number)
    version.job = jobs.start("datasets.publish", actor=actor, study_id=dataset.study_id, object_id=version.pk)
    version.save(update_fields=["job"])
    return version


@transaction.atomic
def publish(version: DatasetVersion) -> DatasetVersion:
    """Freeze the rows of a draft and publish it; all in one transaction, so a killed worker leaves a draft without rows."""
    version = (
        DatasetVersion.objects.select_for_update(of=("self",))
        .select_related("dataset__study", "gold_standard", "campaign")
        .get(pk=version.pk)
    )
    if version.state != DatasetVersion.State.DRAFT:
        return version
    built = list(rows.build(version))
    if not built:
        raise Refused("nothing_to_publish", _("No item of this gold standard may be used for this purpose now."))
    where, groups = _split(version, built)
    leaves = _store_rows(version, built, where)
    version.root = merkle.root([leaf for _id, leaf in sorted(leaves)]).hex()
    version.rows = len(built)
    version.codec = package.codec_version()
    version.split = {**version.split, "groups": groups, "counts": dict(Counter(where.values()))}
    version.changes = _changes(version)
    version.published_at = timezone.now()
    version.schema = package.describe(version)
    version.state = DatasetVersion.State.PUBLISHED
    files = package.files(version)
    VersionFile.objects.bulk_create(
        VersionFile(version=version, name=f.name, about=f.about, size=len(f.content), sha256=f.sha256) for f in files
    )
    version.save()
    audit.record(
        "datasets.version.published",
        target=version,
        study=version.dataset.study_id,
        rows=version.rows,
        root=version.root,
    )
    return version


def failed(version_id: UUID, code: str) -> None:
    """A draft that could not be published says so; its number is free again."""
    with transaction.atomic():
        if DatasetVersion.objects.filter(pk=version_id, state=DatasetVersion.State.DRAFT).update(
            state=DatasetVersion.State.FAILED, number=f"failed-{str(version_id)[-8:]}"
        ):
            audit.record(
                "datasets.version.failed", target=DatasetVersion.objects.get(pk=version_id), outcome="failed", code=code
            )


def _next(previous: DatasetVersion | None) -> str:
    if previous is None:
        return "1.0"
    major, _dot, minor = previous.number.partition(".")
    return f"{major}.{int(minor or 0) + 1}" if major.isdigit() and (minor or "0").isdigit() else "1.0"


def _split(version: DatasetVersion, built: list[rows.Row]) -> tuple[dict[UUID, str], int]:
    """Every row's side: nobody who appears, and no session, is on two sides."""
    units = [splits.SplitItem(r.code, frozenset(str(p) for p in r.participants), r.session, r.stratum) for r in built]
    try:
        made = splits.speaker_disjoint(units, seed=version.seed, shares=version.split["shares"])
    except splits.SplitRefused as refused:
        raise Refused(refused.code, str(refused)) from refused
    return {r.item: made.assignment[r.code] for r in built}, len(made.components)


def _store_rows(version: DatasetVersion, built: list[rows.Row], where: Mapping[UUID, str]) -> list[tuple[bytes, bytes]]:
    study_id, dataset_id = version.dataset.study_id, version.dataset_id
    now = timezone.now()
    texts = [rows.canonical({**row.content, "split": where[row.item]}) for row in built]
    sealed = keys.seal_many(texts, study_id=study_id, participant_ids=[list(row.participants) for row in built])
    stored, subjects, leaves = [], [], []
    for row, text, content in zip(built, texts, sealed, strict=True):
        export_id = keys.export_id(dataset_id, list(row.participants), b"item:" + row.item.bytes, study_id=study_id)
        salt = keys.export_id(dataset_id, [], b"salt:" + export_id, study_id=study_id)
        leaf = merkle.leaf(salt + text.encode())
        row_id = ids.new()
        stored.append((row_id, now, version.pk, row.item, "item", export_id, where[row.item], content, salt, leaf, ""))
        subjects += [(ids.new(), now, row_id, person) for person in row.participants]
        leaves.append((export_id, leaf))
    bulk.insert(
        VersionRow,
        (
            "id",
            "created_at",
            "version_id",
            "item_id",
            "kind",
            "export_id",
            "split",
            "content",
            "salt",
            "leaf",
            "removed",
        ),
        stored,
    )
    bulk.insert(VersionSubject, ("id", "created_at", "row_id", "participant_id"), subjects)
    return leaves


def _changes(version: DatasetVersion) -> dict:
    """What is new, different or gone since the version before, as counts; gone items say why."""
    if version.previous is None:
        return {"since": "", "added": version.rows, "changed": 0, "removed": 0, "withdrawn": 0}
    before = dict(VersionRow.objects.filter(version=version.previous, kind="item").values_list("item_id", "leaf"))
    after = dict(VersionRow.objects.filter(version=version, kind="item").values_list("item_id", "leaf"))
    gone = set(before) - set(after)
    still_labeled = set(
        version.gold_standard.labels.filter(item_id__in=[g for g in gone if g]).values_list("item_id", flat=True)
    )
    allowed = set(rows.items(version).filter(pk__in=[g for g in gone if g]).values_list("pk", flat=True))
    withdrawn = {g for g in gone if g is None or g in still_labeled - allowed or g not in allowed}
    return {
        "since": version.previous.number,
        "added": len(set(after) - set(before)),
        "changed": sum(bytes(before[i]) != bytes(after[i]) for i in set(before) & set(after)),
        "removed": len(gone),
        "withdrawn": len(withdrawn),
    }
