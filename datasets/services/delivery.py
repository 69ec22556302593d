"""Handing a version out: asked of the gate at the moment of use, written down, and closed when somebody withdraws."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from consent import assets, keys
from consent.models import Asset, Recipient
from core import audit, jobs
from core.errors import ConsentMissing, Gone, Refused
from core.models import Job, User
from datasets.models import Dataset, DatasetVersion, Delivery, VersionFile, VersionPackage
from datasets.services import package, rows
from labeling.models import Item

State = DatasetVersion.State
LARGEST = 2**40  # a package is made here, not uploaded: the limit on uploads is not meant


def require_open(version: DatasetVersion) -> None:
    """Refuse a version that was recalled (410), or that somebody in it does not allow right now (412)."""
    state = DatasetVersion.objects.values_list("state", flat=True).get(pk=version.pk)
    if state == State.RECALLED:
        raise Gone(
            "version_recalled", _("This version was recalled: somebody in it withdrew. A newer version has the rest.")
        )
    if state not in (State.PUBLISHED, State.DEPRECATED):
        raise Refused("version_not_published", _("This version is not published."))
    if missing := version.rows - allowed(version):
        raise ConsentMissing(
            "consent_missing", _("Somebody in this version does not allow this use at the moment, so it cannot be handed out."),
            rows=missing,
        )  # fmt: skip


def allowed(version: DatasetVersion) -> int:
    """How many items of a version may be used for its purpose by its recipients now."""
    held = version.version_rows.filter(kind="item").values("item")
    return rows.allowed(Item.objects.filter(pk__in=held), version).count()


def start(*, actor: User, version: DatasetVersion) -> Job:
    """Have a worker prepare the package."""
    require_open(version)
    return jobs.start("datasets.prepare_package", actor=actor, study_id=version.dataset.study_id, object_id=version.pk)


def prepare(version: DatasetVersion, *, actor: User | None) -> Asset:
    """Make the package and keep it sealed under a key of its own until it is recalled. Made before and still here, it is
    given again. Raises as require_open does, and Refused("package_differs") when the bytes are not the promised ones."""
    require_open(version)
    for known in prepared(version):
        return known
    keys.ensure_package(version.pk, version.dataset.study_id)

    def link(asset: Asset) -> None:
        DatasetVersion.objects.select_for_update().get(pk=version.pk)
        require_open(version)  # somebody may have stopped while it was made
        VersionPackage.objects.create(version=version, asset=asset, codec=package.codec_version())

    return assets.store(
        study=version.dataset.study, kind=Asset.Kind.PACKAGE, source=package.zipped(_as_promised(version), folder(version)),
        media_type="application/zip", package_id=version.pk, file_name=f"{folder(version)}.zip", actor=actor, most_bytes=LARGEST,
        linked=link,
    )  # fmt: skip


def folder(version: DatasetVersion) -> str:
    """The name of a version's archive and of the folder in it."""
    return f"{version.dataset.slug}-{version.number}"


def prepared(version: DatasetVersion):
    """Packages that are ready, made by today's writers, the newest first."""
    made = Asset.objects.filter(
        version_packages__version=version, version_packages__codec=package.codec_version(), state=Asset.State.STORED
    )
    return made.order_by("-created_at")


def _as_promised(version: DatasetVersion):
    """The files, each compared with what was published, as long as the writers are the same."""
    promised = dict(VersionFile.objects.filter(version=version).values_list("name", "sha256"))
    same_writers = version.codec == package.codec_version()
    for file in package.files(version):
        if same_writers and promised.get(file.name) != file.sha256:
            raise Refused(
                "package_differs", _("The package made now is not the one that was published. Verify the version."), file=file.name
            )  # fmt: skip
        yield file


@transaction.atomic
def hand_out(*, actor: User, version: DatasetVersion, recipient: Recipient | None = None) -> Delivery:
    """Write down who takes the package, so that a recall can find them."""
    require_open(version)
    made = Delivery.objects.create(version=version, user=actor, recipient=recipient, purpose=version.purpose)
    audit.record(
        "datasets.version.delivered", actor=actor, target=version, study=version.dataset.study_id, delivery=str(made.pk)
    )
    return made


@transaction.atomic
def recall(version: DatasetVersion, *, reason: str) -> None:
    """Nothing of it is handed out any more; the citation still resolves and says why. Prepared packages are erased."""
    closed = DatasetVersion.objects.filter(pk=version.pk, state__in=(State.PUBLISHED, State.DEPRECATED))
    if closed.update(state=State.RECALLED):
        study_id = Dataset.objects.values_list("study_id", flat=True).get(pk=version.dataset_id)
        audit.record("datasets.version.recalled", target=version, study=study_id, reason=reason)
    # After the commit: a rollback must not have taken the keys of packages that are still good.
    transaction.on_commit(lambda: drop_packages(version.pk))


def drop_packages(version_id: UUID) -> int:
    """Erase the prepared packages of a version with their key. Returns how many. Safe to repeat."""
    made = list(Asset.objects.filter(version_packages__version=version_id).exclude(state=Asset.State.ERASED))
    if made:
        assets.erase(made)
        keys.destroy_package(version_id)
    return len(made)
