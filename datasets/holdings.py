"""What datasets hold about a participant: rows of versions, files that came in. See consent.registry for the protocol."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from consent.models import Participant
from consent.purposes import Purpose
from consent.registry import Held
from datasets.models import DatasetVersion, Delivery, IngestFile, VersionRow, VersionSubject
from datasets.services import delivery, package, rows

NAME = "datasets"
COVERS = {
    "datasets.VersionRow",
    "datasets.VersionSubject",
    "datasets.VersionPackage",
    "datasets.IngestFile",
}


def describe(participant: Participant) -> list[Held]:
    held = _rows(participant)
    return [
        Held(_("rows in dataset versions"), held.count()),
        Held(_("dataset versions"), held.values("version").distinct().count()),
        Held(_("times a dataset version was handed out"), _deliveries(participant).count()),
    ]


def export(participant: Participant, out: Any) -> None:
    """The labels about this person in every version, and who received them. Rows about others with whom they appear stay out."""
    said = []
    held = _rows(participant).exclude(content=b"").select_related("version__dataset").prefetch_related("subjects")
    for row in held.order_by("version__published_at", "export_id"):
        content = json.loads(package.opened(row, participant.study_id))
        name = rows.participant_name(row.version.dataset_id, participant.pk, participant.study_id)
        if name in content["targets"]:
            place = {"dataset": row.version.dataset.name, "version": row.version.number, "you_are": name}
            said.append({**place, "row": content})
    out.add_json("data/dataset_rows.json", said)
    handed = [
        {"to": d.recipient.name if d.recipient else _("the study's own team"), "dataset": d.version.dataset.name, "version": d.version.number,
         "on": d.created_at.date().isoformat(), "purpose": d.purpose}
        for d in _deliveries(participant).select_related("recipient", "version__dataset").order_by("id")
    ]  # fmt: skip
    out.add_json("data/recipients.json", handed)
    shown = [
        [one["on"], one["to"], f"{one['dataset']} {one['version']}", Purpose(one["purpose"]).label] for one in handed
    ]
    out.section(_("Who received datasets with you in them"), shown)


def received(participant: Participant) -> list[tuple[str, str, date]]:
    """Who outside the team was handed a version this person is in: (who, what, when), for the participant's own page."""
    given = Delivery.objects.filter(version__version_rows__in=_rows(participant)).exclude(recipient=None).distinct()
    return [
        (one.recipient.name, f"{one.version.dataset.name} {one.version.number}", one.created_at.date())
        for one in given.select_related("recipient", "version__dataset")
    ]


def suspend(participant: Participant) -> None:
    """Stopping recalls every version the person is in. A pause needs nothing here: the gate closes downloads while it lasts."""
    if participant.state == Participant.State.STOPPED:
        for version in _versions(participant):
            delivery.recall(version, reason="participant_withdrawn")


def resume(participant: Participant) -> None:
    """A recalled version stays recalled; who comes back is in the next one."""


@transaction.atomic
def erase(participant: Participant) -> dict[str, int]:
    """Content and salt go, the leaf stays: the version's id still verifies and tells nothing."""
    versions = list(_versions(participant))
    for version in versions:
        delivery.recall(version, reason="participant_erased")
    packages = sum(delivery.drop_packages(version.pk) for version in versions)
    held = list(_rows(participant).values_list("pk", flat=True))
    count = VersionRow.objects.filter(pk__in=held).update(content=b"", salt=b"", item=None, removed="erased")
    VersionSubject.objects.filter(row__in=held).delete()
    files = IngestFile.objects.filter(recording__appearances__participant=participant).delete()[0]
    return {"rows": count, "packages": packages, "files": files}


def _rows(participant: Participant):
    return VersionRow.objects.filter(pk__in=VersionSubject.objects.filter(participant=participant).values("row"))


def _versions(participant: Participant):
    return DatasetVersion.objects.filter(pk__in=_rows(participant).values("version"))


def _deliveries(participant: Participant):
    return Delivery.objects.filter(version__in=_versions(participant))
