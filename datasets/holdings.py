"""What datasets hold about a participant: rows of versions, files that came in. See consent.registry for the protocol."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction

from consent.models import Participant
from datasets.models import DatasetVersion, Delivery, IngestFile, VersionRow
from datasets.services import delivery, package

NAME = "datasets"
COVERS = {
    "datasets.VersionRow",
    "datasets.VersionSubject",
    "datasets.IngestFile",
    "datasets.VersionFile",
    "datasets.Delivery",
}


def describe(participant: Participant) -> list[tuple[str, int]]:
    rows = _rows(participant)
    return [
        ("rows in dataset versions", rows.count()),
        ("dataset versions", rows.values("version").distinct().count()),
        ("deliveries", Delivery.objects.filter(version__version_rows__in=rows).distinct().count()),
    ]


def export(participant: Participant, out: Any) -> None:
    """The labels about this person in every version, and who received them."""
    said = []
    for row in _rows(participant).select_related("version__dataset").prefetch_related("subjects").exclude(content=b""):
        said.append(
            {
                "dataset": row.version.dataset.name,
                "version": row.version.number,
                "row": package.opened(row, participant.study_id),
            }
        )
    out.add_json("dataset_rows.json", said)
    deliveries = (
        Delivery.objects.filter(version__version_rows__in=_rows(participant))
        .distinct()
        .select_related("recipient", "version__dataset")
    )
    out.add_json(
        "recipients.json",
        [
            {"to": d.recipient.name if d.recipient else "the study's own team", "dataset": d.version.dataset.name, "version": d.version.number,
             "on": d.created_at.date().isoformat(), "purpose": d.purpose}
            for d in deliveries
        ],
    )  # fmt: skip


def received(participant: Participant) -> list[tuple[str, str, date]]:
    """Who outside the team was handed a version this person is in: (who, what, when), for the participant's own page."""
    given = Delivery.objects.filter(version__version_rows__in=_rows(participant)).exclude(recipient=None).distinct()
    return [
        (one.recipient.name, f"{one.version.dataset.name} {one.version.number}", one.created_at.date())
        for one in given.select_related("recipient", "version__dataset")
    ]


def suspend(participant: Participant) -> dict[str, int]:
    """Stopping recalls every version the person is in. A pause needs nothing here: the gate closes downloads while it lasts."""
    if participant.state != Participant.State.STOPPED:
        return {}
    versions = DatasetVersion.objects.filter(version_rows__subjects__participant=participant).distinct()
    for version in versions:
        delivery.recall(version, reason="participant_withdrawn")
    return {"versions": len(versions)}


def resume(participant: Participant) -> dict[str, int]:
    return {}


@transaction.atomic
def erase(participant: Participant) -> dict[str, int]:
    """Content and salt go, the leaf stays: the version's id still verifies and tells nothing."""
    rows = _rows(participant)
    for version in DatasetVersion.objects.filter(version_rows__in=rows).distinct():
        delivery.recall(version, reason="participant_erased")
    held = list(rows.values_list("pk", flat=True))
    VersionRow.objects.filter(pk__in=held).update(content=b"", salt=b"", item=None, removed="erased")
    files = IngestFile.objects.filter(recording__appearances__participant=participant).delete()[0]
    return {"rows": len(held), "files": files}


def _rows(participant: Participant):
    return VersionRow.objects.filter(subjects__participant=participant)
