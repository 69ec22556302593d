"""Does a version still say what was published? Tells *recalled* (content taken away, leaf kept) from *corrupt*."""

from __future__ import annotations

from dataclasses import dataclass

from consent import keys
from consent.models import Participant
from core import merkle
from datasets.models import DatasetVersion, VersionRow, VersionSubject
from datasets.services import package, rows


@dataclass(frozen=True)
class Verdict:
    """`root_holds`: the leaves still make the published root, and none is missing. Rows are counted by what was found."""

    root_holds: bool
    intact: int
    recalled: int
    corrupt: int

    @property
    def good(self) -> bool:
        return self.root_holds and not self.corrupt


def verify(version: DatasetVersion) -> Verdict:
    """Recompute every leaf whose content is still there, and the root over all leaves."""
    held = list(version.version_rows.filter(kind="item"))
    held.sort(key=lambda row: bytes(row.export_id))
    people, erased = package.subjects(version), _erased(version)
    intact = recalled = corrupt = 0
    for row in held:
        subjects = people.get(row.pk, [])
        if row.removed and not row.content and not row.salt:
            recalled += 1
        elif not erased.isdisjoint(subjects):
            recalled += 1  # the keys are gone already; that the row is not blank yet is the erasure's to finish
        elif _matches(row, sorted(subjects), version):
            intact += 1
        else:
            corrupt += 1
    root = merkle.root([bytes(row.leaf) for row in held]).hex()
    return Verdict(root == version.root and len(held) == version.rows, intact, recalled, corrupt)


def _erased(version: DatasetVersion) -> set:
    gone = VersionSubject.objects.filter(row__version=version, participant__state=Participant.State.ERASED)
    return set(gone.values_list("participant_id", flat=True))


def _matches(row: VersionRow, subjects: list, version: DatasetVersion) -> bool:
    """The content opens, its salt is the one of this place, and both make the leaf."""
    study_id, export_id = version.dataset.study_id, bytes(row.export_id)
    try:
        text = keys.open_text(bytes(row.content), study_id=study_id, participant_ids=subjects)
        salt = rows.salt(version.dataset_id, subjects, export_id, study_id)
    except (keys.KeyGone, keys.KeyDamaged):
        return False
    return salt == bytes(row.salt) and merkle.leaf(salt + text.encode()) == bytes(row.leaf)
