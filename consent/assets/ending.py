"""Keeping assets back, erasing them, and clearing away what was never finished."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from consent import keys
from consent.assets import places
from consent.assets.writing import with_children
from consent.keyring.models import AssetKey
from consent.models import Asset, AssetSubject
from core import audit

UNFINISHED = timedelta(hours=1)
ORPHANED = timedelta(hours=24)
BATCH = 500


def seal(assets: Iterable[Asset], *, actor: Any = None) -> int:
    """Keep assets and all derived from them restricted: one of several people stopped. Returns how many."""
    return _turn(assets, Asset.State.STORED, Asset.State.SEALED, "consent.assets.sealed", actor)


def restore(assets: Iterable[Asset], *, actor: Any = None) -> int:
    """Undo `seal`. Returns how many."""
    return _turn(assets, Asset.State.SEALED, Asset.State.STORED, "consent.assets.restored", actor)


def erase(assets: Iterable[Asset], *, actor: Any = None) -> dict[str, int]:
    """Erase assets and everything derived from them: keys first, then bytes, then what the rows say about people.

    Returns {"assets": rows erased now, "bytes": plain bytes they held, "files": objects removed}. Safe to repeat: what
    an interruption left is finished by the next call. The row itself stays, empty, so that references resolve.
    """
    chosen = with_children(assets)
    keys.destroy_assets(asset.pk for asset in chosen)
    for asset in chosen:
        places.delete(asset.store_key)
    left = [asset for asset in chosen if asset.state != Asset.State.ERASED]
    count = {"assets": len(left), "bytes": sum(asset.plain_bytes for asset in left), "files": len(left)}
    with transaction.atomic():
        for at in range(0, len(left), BATCH):
            batch = [asset.pk for asset in left[at : at + BATCH]]
            AssetSubject.objects.filter(asset_id__in=batch).delete()
            Asset.objects.filter(pk__in=batch).update(
                state=Asset.State.ERASED, file_name=b"", digest=None, plain_bytes=0, media_type=""
            )
        for study_id in {asset.study_id for asset in left}:
            mine = [asset for asset in left if asset.study_id == study_id]
            audit.record("consent.assets.erased", actor=actor, study=study_id, count=len(mine))
    for asset in left:
        asset.state, asset.file_name, asset.digest, asset.plain_bytes, asset.media_type = "erased", b"", None, 0, ""
    return count


def sweep() -> int:
    """Remove what was being written for over an hour, and keys that never got a row for a day. Returns how many."""
    now = timezone.now()
    stale = list(Asset.objects.filter(state=Asset.State.WRITING, created_at__lt=now - UNFINISHED)[:BATCH])
    keys.destroy_assets(asset.pk for asset in stale)
    for asset in stale:
        places.delete(asset.store_key)
    Asset.objects.filter(pk__in=[asset.pk for asset in stale], state=Asset.State.WRITING).delete()
    return len(stale) + _sweep_orphans(now - ORPHANED)


def _sweep_orphans(before: Any) -> int:
    """A transaction that was rolled back took the row with it; key and bytes are found from the key's side."""
    count, last = 0, None
    while True:
        rows = AssetKey.objects.filter(created_at__lt=before).order_by("pk")
        batch = list((rows.filter(pk__gt=last) if last else rows).values_list("pk", "study_id")[:BATCH])
        if not batch:
            return count
        last = batch[-1][0]
        known = set(Asset.objects.filter(pk__in=[pk for pk, _study in batch]).values_list("pk", flat=True))
        orphans = [(pk, study_id) for pk, study_id in batch if pk not in known]
        keys.destroy_assets(pk for pk, _study in orphans)
        for pk, study_id in orphans:
            places.delete(places.store_key(study_id, pk))
        count += len(orphans)


def _turn(assets: Iterable[Asset], before: str, after: str, verb: str, actor: Any) -> int:
    chosen, count = with_children(assets), 0
    with transaction.atomic():
        for study_id in {asset.study_id for asset in chosen}:
            mine = [asset.pk for asset in chosen if asset.study_id == study_id]
            turned = Asset.objects.filter(pk__in=mine, state=before).update(state=after)
            audit.record(verb, actor=actor, study=study_id, count=turned)
            count += turned
    for asset in chosen:
        if asset.state == before:
            asset.state = after
    return count
