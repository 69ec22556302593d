"""Publishing a version: rows frozen, split, hashed into one root; after that nothing can be added or altered.

The id of a version is the RFC 6962 Merkle root over salted hashes of its rows' content, in the order of their export ids.
Salts come from a key of the dataset. Erasure may later take content and salt away and leaves the leaf, so the id still
verifies (datasets/services/verify.py), which tells *recalled* from *corrupt*.

What takes long (reading, sealing, writing files) is done before the one transaction that publishes. That transaction holds
everybody who is in it and asks the gate again, so nobody can stop between the look and the release.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from affect import splits
from consent import keys
from consent.models import Participant, Study
from consent.purposes import Purpose, RecipientClass
from core import audit, bulk, ids, jobs, merkle
from core.errors import Invalid, Refused
from core.models import Job, User
from datasets.models import Dataset, DatasetVersion, VersionFile, VersionRow, VersionSubject
from datasets.services import package, rows
from datasets.services.changes import since
from datasets.services.describe import describe
from labeling.models import GoldStandard

State = DatasetVersion.State
SHARES = {"train": 0.6, "development": 0.2, "test": 0.2}
PROFILES = ("labels", "labels_and_text")
# Who a purpose hands data to, when nothing else is said.
RECIPIENTS = {Purpose.SHARE_CONTROLLED: RecipientClass.PARTNER, Purpose.PUBLISH_OPEN: RecipientClass.PUBLIC}
NUMBER = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4}){1,2}\Z")
TRIES = 3


@dataclass(frozen=True)
class Frozen:
    """A version as it would be published now: what goes to the tables, and the set of items the gate allowed."""

    items: frozenset[UUID]
    people: frozenset[UUID]
    rows: list[tuple]
    subjects: list[tuple]
    files: list[package.File]


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
    if abs(sum(shares.values()) - 1) > 1e-6 or any(share <= 0 for share in shares.values()):
        raise Invalid("shares_wrong", _("The shares of a split are above 0 and sum to 1."))
    if number and not NUMBER.match(number):
        raise Invalid("number_wrong", _("A version's number is like 1.0 or 2.1.3."))
    # Held until commit: two people who publish at once take turns, and each gets a number of their own.
    Dataset.objects.select_for_update().get(pk=dataset.pk)
    _settle(dataset)
    taken = set(dataset.versions.values_list("number", flat=True))
    if number in taken:
        raise Refused(
            "version_exists", _("Version %(number)s exists, and a version never changes.") % {"number": number}
        )
    version = DatasetVersion.objects.create(
        dataset=dataset, number=number or _next(taken), gold_standard=gold_standard, campaign=gold_standard.campaign,
        profile=profile, purpose=purpose, recipient_class=recipient_class, seed=seed, split={"shares": shares}, published_by=actor,
    )  # fmt: skip
    audit.record("datasets.version.begun", actor=actor, target=version, study=dataset.study_id, number=version.number)
    version.job = jobs.start("datasets.publish", actor=actor, study_id=dataset.study_id, object_id=version.pk)
    version.save(update_fields=["job"])
    return version


def publish(version: DatasetVersion) -> DatasetVersion:
    """Freeze the rows of a draft and publish it. A killed worker leaves a draft without rows; run again, it is made anew.

    Safe to repeat: a published version is returned as it is. Raises Refused: `nothing_to_publish`, what the split refuses,
    `consent_changing` when permissions changed each time it was tried, `version_failed`.
    """
    for _attempt in range(TRIES):
        version = DatasetVersion.objects.select_related(
            "dataset__study__controller", "gold_standard", "campaign__scheme_version__scheme"
        ).get(pk=version.pk)
        if version.state == State.FAILED:
            raise Refused("version_failed", _("This version could not be published. Begin a new one."))
        if version.state != State.DRAFT:
            return version
        frozen = _freeze(version)
        if _release(version, frozen):
            return version
    raise Refused("consent_changing", _("Permissions changed while the version was made. Try again in a moment."))


def failed(version_id: UUID, code: str) -> None:
    """A draft that could not be published says so; its number is free again."""
    with transaction.atomic():
        if DatasetVersion.objects.filter(pk=version_id, state=State.DRAFT).update(
            state=State.FAILED, number=f"failed-{str(version_id)[-8:]}"
        ):
            audit.record(
                "datasets.version.failed", target=DatasetVersion.objects.get(pk=version_id), outcome="failed", code=code
            )


def _settle(dataset: Dataset) -> None:
    """Drafts whose job ended without publishing them (cancelled, or its worker died each time) give their number back."""
    ended = dataset.versions.filter(state=State.DRAFT, job__state__in=(Job.State.FAILED, Job.State.CANCELLED))
    for version_id, code in ended.values_list("pk", "job__error_code"):
        failed(version_id, code or "cancelled")


def _next(taken: set[str]) -> str:
    """The minor number after the highest: 1.10 after 1.9."""
    numbered = [tuple(map(int, number.split("."))) for number in taken if NUMBER.match(number)]
    if not numbered:
        return "1.0"
    major, minor, *_rest = max(numbered)
    return f"{major}.{minor + 1}"


def _freeze(version: DatasetVersion) -> Frozen:
    """Everything of the version, worked out and not stored; sets the fields of `version`."""
    built = list(rows.build(version))
    if not built:
        raise Refused("nothing_to_publish", _("No item of this gold standard may be used for this purpose now."))
    where, groups = _split(version, built)
    stored, subjects, contents = _rows(version, built, where)
    version.previous = _previous(version)
    version.root = merkle.root([row[LEAF] for row in stored]).hex()
    version.rows = len(built)
    version.codec = package.codec_version()
    version.split = {"shares": version.split["shares"], "groups": groups, "counts": dict(Counter(where.values()))}
    version.changes = since(version.previous, version, {row[ITEM]: row[LEAF] for row in stored})
    version.published_at = timezone.now()
    version.schema = describe(version, list(where), version.published_at.date().isoformat())
    people = frozenset(one for row in built for one in row.participants)
    return Frozen(frozenset(where), people, stored, subjects, list(package.files(version, contents)))


@transaction.atomic
def _release(version: DatasetVersion, frozen: Frozen) -> bool:
    """Store what was frozen and publish. False when the draft, what came before it, or what is allowed changed meanwhile."""
    held = DatasetVersion.objects.select_for_update(of=("self",)).get(pk=version.pk)
    Dataset.objects.select_for_update().get(pk=version.dataset_id)
    # Who stops, pauses or withdraws takes these rows too: either their act is seen below, or it sees this version.
    _hold(frozen.people)
    now_allowed = frozenset(rows.items(version).values_list("pk", flat=True))
    if held.state != State.DRAFT or now_allowed != frozen.items or _previous(version) != version.previous:
        return False
    bulk.insert(VersionRow, ROW, frozen.rows)
    bulk.insert(VersionSubject, ("id", "created_at", "row_id", "participant_id"), frozen.subjects)
    VersionFile.objects.bulk_create(
        VersionFile(version=version, name=f.name, about=f.about, size=len(f.content), sha256=f.sha256)
        for f in frozen.files
    )
    version.state = State.PUBLISHED
    version.save()
    audit.record(
        "datasets.version.published", target=version, study=version.dataset.study_id, rows=version.rows, root=version.root
    )  # fmt: skip
    return True


def _hold(people: frozenset[UUID]) -> None:
    """Take turns with the acts of these participants until commit, in the order of their keys so that nobody waits in a ring."""
    ordered = sorted(people)
    for at in range(0, len(ordered), 1000):
        chosen = Participant.objects.select_for_update().filter(pk__in=ordered[at : at + 1000])
        list(chosen.order_by("pk").values_list("pk", flat=True))


def _previous(version: DatasetVersion) -> DatasetVersion | None:
    """The version published last before this one, recalled or not."""
    published = DatasetVersion.objects.filter(dataset=version.dataset_id).exclude(published_at=None)
    return published.exclude(pk=version.pk).order_by("-published_at", "-id").first()


def _split(version: DatasetVersion, built: list[rows.Row]) -> tuple[dict[UUID, str], int]:
    """Every row's side: nobody who appears, and no session, is on two sides."""
    units = [splits.SplitItem(r.code, r.together, r.session, r.stratum) for r in built]
    try:
        made = splits.speaker_disjoint(units, seed=version.seed, shares=version.split["shares"])
    except splits.SplitRefused as refused:
        raise Refused(refused.code, _why(refused, len(units))) from refused
    return {r.item: made.assignment[r.code] for r in built}, len(made.components)


def _why(refused: splits.SplitRefused, n: int) -> str:
    if refused.code == splits.COMPONENT_TOO_LARGE:
        return _(
            "%(share)d %% of the items hang together through shared participants, groups or sessions (%(who)s). "
            "Above 50 %% no split can keep people apart."
        ) % {"share": round(100 * len(refused.items) / n), "who": ", ".join(refused.participants[:5])}
    if refused.code == splits.TOO_FEW_COMPONENTS:
        return _(
            "There are fewer groups of people who share nothing than sides of the split, so it cannot keep them apart."
        )
    return str(refused)


ROW = ("id", "created_at", "version_id", "item_id", "kind", "export_id", "split", "content", "salt", "leaf", "removed")
ITEM, EXPORT_ID, LEAF = ROW.index("item_id"), ROW.index("export_id"), ROW.index("leaf")


def _rows(version: DatasetVersion, built: list[rows.Row], where: Mapping[UUID, str]) -> tuple[list, list, list]:
    """Rows, subjects and (export id, content), each in the order of export ids."""
    study_id, dataset_id, now = version.dataset.study_id, version.dataset_id, timezone.now()
    contents = [{**row.content, "split": where[row.item]} for row in built]
    texts = [rows.canonical(one) for one in contents]
    sealed = keys.seal_many(texts, study_id=study_id, participant_ids=[row.participants for row in built])
    stored, subjects, said = [], [], []
    for row, content, text, sealed_text in zip(built, contents, texts, sealed, strict=True):
        export_id = keys.export_id(dataset_id, row.participants, b"item:" + row.item.bytes, study_id=study_id)
        salt = rows.salt(dataset_id, row.participants, export_id, study_id)
        leaf, row_id = merkle.leaf(salt + text.encode()), ids.new()
        stored.append(
            (row_id, now, version.pk, row.item, "item", export_id, where[row.item], sealed_text, salt, leaf, "")
        )
        subjects += [(ids.new(), now, row_id, person) for person in row.participants]
        said.append((export_id, content))
    stored.sort(key=lambda row: row[EXPORT_ID])
    said.sort(key=lambda pair: pair[0])
    return stored, subjects, said
