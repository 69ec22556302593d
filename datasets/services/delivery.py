"""Handing a version out: asked of the gate at the moment of use, written down, and closed when somebody withdraws."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from consent import assets
from consent.gate import Use, permitted
from consent.models import Asset, Participant, Recipient
from core import audit, jobs
from core.errors import ConsentMissing, Gone, Refused
from core.models import Job, User
from datasets.models import Dataset, DatasetVersion, Delivery, VersionRow
from datasets.services import package
from labeling.models import Item


def require_open(version: DatasetVersion) -> None:
    """Refuse a version that was recalled (410), or that somebody in it does not allow right now (412)."""
    if version.state == DatasetVersion.State.RECALLED:
        raise Gone(
            "version_recalled", _("This version was recalled: somebody in it withdrew. A newer version has the rest.")
        )
    if version.state not in (DatasetVersion.State.PUBLISHED, DatasetVersion.State.DEPRECATED):
        raise Refused("version_not_published", _("This version is not published."))
    wanted = version.version_rows.filter(kind="item")
    items = Item.objects.filter(pk__in=wanted.values("item"))
    allowed = permitted(items, Use(version.purpose, version.recipient_class)).count()
    if allowed < wanted.count():
        raise ConsentMissing(
            "consent_missing", _("Somebody in this version does not allow this use at the moment, so it cannot be handed out."),
            rows=wanted.count() - allowed,
        )  # fmt: skip


def start(*, actor: User, version: DatasetVersion) -> Job:
    """Have a worker prepare the package."""
    require_open(version)
    return jobs.start("datasets.prepare_package", actor=actor, study_id=version.dataset.study_id, object_id=version.pk)


def prepare(version: DatasetVersion, *, actor: User | None) -> Asset:
    """Make the package and keep it sealed under a key of its own until it is taken or recalled."""
    require_open(version)
    people = Participant.objects.filter(
        pk__in=VersionRow.objects.filter(version=version).values("subjects__participant")
    )
    return assets.store(
        study=version.dataset.study, kind=Asset.Kind.PACKAGE, source=package.archive(version), media_type="application/zip",
        subjects=list(people), file_name=f"{version.dataset.slug}-{version.number}.zip", actor=actor,
    )  # fmt: skip


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
    """Nothing of it is handed out any more; the citation still resolves and says why."""
    if DatasetVersion.objects.filter(pk=version.pk, state__in=("published", "deprecated")).update(
        state=DatasetVersion.State.RECALLED
    ):
        audit.record(
            "datasets.version.recalled",
            target=version,
            study=Dataset.objects.get(pk=version.dataset_id).study_id,
            reason=reason,
        )
