"""Whom items are about, on which track they are, and who hangs together: what folds may not part.

Everyone who appears in an item's recording, on whichever track and in whichever role, the household or dyad they belong
to, and the session. Two items that share one of these are in one fold, and so is what hangs together through a third.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.db.models import QuerySet

from affect import splits
from labeling.models import Appearance, Item, ItemTarget, Track

_BATCH = 500


def bonds(items: Sequence[UUID]) -> dict[UUID, frozenset[str]]:
    """Item -> the names of everything it shares with others."""
    found: dict[UUID, frozenset[str]] = {}
    for at in range(0, len(items), _BATCH):
        rows = list(
            Item.objects.filter(pk__in=items[at : at + _BATCH]).values_list("pk", "recording_id", "recording__session")
        )
        appearing: dict[UUID, set[str]] = {}
        people = Appearance.objects.filter(recording__in={recording for _item, recording, _session in rows})
        for recording, person, group in people.values_list("recording_id", "participant_id", "participant__group"):
            appearing.setdefault(recording, set()).update({str(person), f"group {group}"} if group else {str(person)})
        for item, recording, session in rows:
            found[item] = frozenset(appearing.get(recording, set()) | ({session} if session else set()))
    return found


def components(bonds: Mapping[UUID, frozenset[str]]) -> dict[UUID, str]:
    """Item -> the name of its component: items that share a bond, directly or through others, have one name."""
    units = [splits.SplitItem(str(item), shared) for item, shared in bonds.items()]
    return {UUID(item): group[0] for group in splits.components(units) for item in group}


def targets(items: Sequence[UUID]) -> dict[UUID, frozenset[UUID]]:
    """Item -> whom its labels are about."""
    found: dict[UUID, set[UUID]] = {}
    for at in range(0, len(items), _BATCH):
        rows = ItemTarget.objects.filter(item_id__in=items[at : at + _BATCH])
        for item, person in rows.values_list("item_id", "participant_id"):
            found.setdefault(item, set()).add(person)
    return {item: frozenset(people) for item, people in found.items()}


def tracks_about(items: Sequence[UUID], usable: QuerySet[Track]) -> dict[UUID, Track]:
    """Item -> the first usable track of its recording on which somebody appears whom the item is about: of two cameras, the
    one on that person. With originals, appearances and alignments."""
    chosen: dict[UUID, Track] = {}
    about = targets(items)
    for at in range(0, len(items), _BATCH):
        recordings = dict(Item.objects.filter(pk__in=items[at : at + _BATCH]).values_list("pk", "recording_id"))
        of_recording: dict[UUID, list[Track]] = {}
        found = usable.filter(recording__in=set(recordings.values())).select_related("original")
        for track in found.prefetch_related("appearances", "alignments").order_by("position", "id"):
            of_recording.setdefault(track.recording_id, []).append(track)
        for item, recording in recordings.items():
            for track in of_recording.get(recording, ()):
                if any(one.participant_id in about.get(item, ()) for one in track.appearances.all()):
                    chosen.setdefault(item, track)
    return chosen
