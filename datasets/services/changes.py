"""What is new, different or gone since the version before, as counts; what is gone says why."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from datasets.models import DatasetVersion, VersionRow
from datasets.services import rows
from labeling.models import Item

NOTHING_BEFORE = {"since": "", "added": 0, "changed": 0, "removed": 0, "withdrawn": 0}


def since(previous: DatasetVersion | None, version: DatasetVersion, after: Mapping[UUID, bytes]) -> dict:
    """Counts of items. `after` maps the items of the new version to their leaves.

    `withdrawn` is the part of `removed` that somebody who appears no longer allows (erased, stopped, paused, or without
    this purpose); the rest is gone because the gold standard has no label for it any more.
    """
    if previous is None:
        return {**NOTHING_BEFORE, "added": len(after)}
    kept = VersionRow.objects.filter(version=previous, kind="item").values_list("item_id", "leaf")
    before = {item: bytes(leaf) for item, leaf in kept if item is not None}
    erased = previous.rows - len(before)  # their rows are blank and name no item any more
    gone = set(before) - set(after)
    return {
        "since": previous.number,
        "added": len(set(after) - set(before)),
        "changed": sum(before[item] != after[item] for item in set(before) & set(after)),
        "removed": erased + len(gone),
        "withdrawn": erased + len(gone - _allowed(gone, version)),
    }


def _allowed(items: set[UUID], version: DatasetVersion) -> set[UUID]:
    found, ordered = set(), sorted(items)
    for at in range(0, len(ordered), 1000):
        chosen = Item.objects.filter(pk__in=ordered[at : at + 1000])
        found |= set(rows.allowed(chosen, version).values_list("pk", flat=True))
    return found
