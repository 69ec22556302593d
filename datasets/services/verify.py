"""Does a version still say what was published? Tells *recalled* (content taken away, leaf kept) from *corrupt*."""

from __future__ import annotations

from dataclasses import dataclass

from consent import keys
from core import merkle
from datasets.models import DatasetVersion
from datasets.services import package


@dataclass(frozen=True)
class Verdict:
    """`root_holds`: the leaves still make the published root. Rows are counted by what was found."""

    root_holds: bool
    intact: int
    recalled: int
    corrupt: int

    @property
    def good(self) -> bool:
        return self.root_holds and not self.corrupt


def verify(version: DatasetVersion) -> Verdict:
    """Recompute every leaf whose content is still there, and the root over all leaves."""
    intact = recalled = corrupt = 0
    leaves = []
    rows = version.version_rows.filter(kind="item").prefetch_related("subjects")
    for row in sorted(rows, key=lambda r: bytes(r.export_id)):
        leaves.append(bytes(row.leaf))
        if row.removed:
            recalled += 1
        elif _matches(row, version):
            intact += 1
        else:
            corrupt += 1
    return Verdict(merkle.root(leaves).hex() == version.root, intact, recalled, corrupt)


def _matches(row, version: DatasetVersion) -> bool:
    try:
        text = package.opened(row, version.dataset.study_id)
    except (keys.KeyGone, keys.KeyDamaged):
        return False
    return merkle.leaf(bytes(row.salt) + text.encode()) == bytes(row.leaf)
