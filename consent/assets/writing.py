"""Putting bytes into the store: one stream of any length, or many small pieces at once."""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, BinaryIO
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from consent import keys
from consent.assets import places
from consent.chunked import FORMAT, SealingReader
from consent.models import Asset, AssetSubject, Participant, Study
from core import audit, ids
from core.errors import Refused

Bytes = bytes | bytearray | memoryview
BULK_ROWS = 500


@dataclass(frozen=True)
class NewAsset:
    """One of many small assets for `store_many`."""

    source: bytes
    media_type: str
    subjects: Sequence[Participant | UUID] = field(default_factory=tuple)
    parent: Asset | None = None
    file_name: str = ""


def store(
    *,
    study: Study,
    kind: str,
    source: Bytes | BinaryIO | Iterable[bytes],
    media_type: str,
    subjects: Iterable[Participant | UUID] = (),
    parent: Asset | None = None,
    file_name: str = "",
    actor: Any = None,
    package_id: UUID | None = None,
    most_bytes: int | None = None,
    linked: Callable[[Asset], Any] = lambda asset: None,
) -> Asset:
    """Seal bytes into the store while they are read; a request's body can be the source. Memory: one block.

    `linked` hangs the asset on what it belongs to, in the transaction in which it becomes readable: a process that dies at
    any moment leaves both or neither, and no readable bytes that nothing leads to.

    The key needs every one of `subjects`; or `package_id` for a package about many; or the study alone. Not to be
    called inside a long transaction: the row must be seen by `sweep` should this process die. Raises Refused `too_large`
    above `most_bytes` (UPLOAD_MAX_MB when not given); nothing is left behind then.
    """
    who = _ids(subjects)
    most = settings.UPLOAD_MAX_BYTES if most_bytes is None else most_bytes
    if (getattr(source, "size", None) or 0) > most:
        raise _too_large(most)
    asset = _new(study, kind, media_type, parent)
    key = keys.make_asset_keys(study.pk, [keys.NewAssetKey(asset.pk, who, package_id)])[0]
    asset.file_name = keys.seal_text(file_name, study_id=study.pk, participant_ids=who, aad=asset.pk.bytes)
    incoming = _Incoming(source, keys.dedupe_key(study.pk), most)
    with transaction.atomic():
        asset.save(force_insert=True)
        AssetSubject.objects.bulk_create([AssetSubject(asset=asset, participant_id=one) for one in who])
    try:
        places.write(asset.store_key, SealingReader(incoming, key, places.context(asset.pk, asset.key_version)))
    except BaseException:
        _undo([asset])
        raise
    asset.state, asset.plain_bytes, asset.digest = Asset.State.STORED, incoming.count, incoming.digest()
    try:
        with transaction.atomic():
            asset.save(update_fields=["state", "plain_bytes", "digest"])
            linked(asset)
            audit.record(
                "consent.asset.stored",
                actor=actor,
                target=asset,
                kind=str(kind),
                bytes=incoming.count,
                subjects=len(who),
            )
    except BaseException:
        _undo([asset])
        raise
    return asset


def store_many(*, study: Study, kind: str, rows: Sequence[NewAsset], actor: Any = None) -> list[Asset]:
    """`store` for many small pieces that are in memory: few statements, one audit event, one wait for the disk."""
    wanted = [(_new(study, kind, row.media_type, row.parent), _ids(row.subjects), row) for row in rows]
    secrets = keys.make_asset_keys(study.pk, [keys.NewAssetKey(asset.pk, who) for asset, who, _row in wanted])
    names = keys.seal_many(
        [row.file_name for *_rest, row in wanted],
        study_id=study.pk,
        participant_ids=[who for _asset, who, _row in wanted],
        aads=[asset.pk.bytes for asset, *_rest in wanted],
    )
    fingerprint, made = keys.dedupe_key(study.pk), [asset for asset, *_rest in wanted]
    for (asset, _who, row), name in zip(wanted, names, strict=True):
        asset.file_name, asset.plain_bytes = name, len(row.source)
        asset.digest = hmac.digest(fingerprint, row.source, sha256)
    with transaction.atomic():
        Asset.objects.bulk_create(made, batch_size=BULK_ROWS)
        links = [AssetSubject(asset=asset, participant_id=one) for asset, who, _row in wanted for one in who]
        AssetSubject.objects.bulk_create(links, batch_size=BULK_ROWS)
    try:
        for (asset, _who, row), key in zip(wanted, secrets, strict=True):
            sealed = SealingReader([row.source], key, places.context(asset.pk, asset.key_version))
            places.write(asset.store_key, sealed, to_disk=False)
        os.sync()
    except BaseException:
        _undo(made)
        raise
    with transaction.atomic():
        for at in range(0, len(made), BULK_ROWS):
            batch = [asset.pk for asset in made[at : at + BULK_ROWS]]
            Asset.objects.filter(pk__in=batch).update(state=Asset.State.STORED)
        total = sum(asset.plain_bytes for asset in made)
        audit.record("consent.assets.stored", actor=actor, study=study, kind=str(kind), count=len(made), bytes=total)
    for asset in made:
        asset.state = Asset.State.STORED
    return made


def set_subjects(assets: Iterable[Asset], subjects: Iterable[Participant | UUID], *, actor: Any = None) -> None:
    """Say anew who appears in assets and in what was derived from them. The keys are wrapped anew, bytes stay as they are."""
    who = _ids(subjects)
    for asset in with_children(assets):
        before = list(asset.asset_subjects.values_list("participant_id", flat=True))
        place = {"study_id": asset.study_id, "aad": asset.pk.bytes}
        name = keys.open_text(bytes(asset.file_name), participant_ids=before, **place)
        sealed = keys.seal_text(name, participant_ids=who, **place)
        # Rows that name too many keep an asset back; rows that name too few would let it out. So the rows grow first.
        with transaction.atomic():
            AssetSubject.objects.bulk_create(
                [AssetSubject(asset=asset, participant_id=one) for one in set(who) - set(before)]
            )
        keys.rewrap_asset(asset.pk, who)
        with transaction.atomic():
            asset.asset_subjects.exclude(participant_id__in=who).delete()
            Asset.objects.filter(pk=asset.pk).update(file_name=sealed)
            audit.record("consent.asset.subjects_set", actor=actor, target=asset, subjects=len(who))


def digest_of(study: Study, source: Bytes | BinaryIO | Iterable[bytes]) -> bytes:
    """The study's fingerprint of bytes, to look for them with `find_duplicate` before they are stored."""
    incoming = _Incoming(source, keys.dedupe_key(study.pk), 2**63)
    for _block in incoming:
        continue
    return incoming.digest()


def find_duplicate(study: Study, digest: bytes) -> Asset | None:
    """An original of this study with the same bytes, if there is one."""
    same = Asset.objects.filter(study=study, digest=digest, kind=Asset.Kind.ORIGINAL, state=Asset.State.STORED)
    return same.order_by("created_at").first()


def with_children(assets: Iterable[Asset]) -> list[Asset]:
    """The assets and everything derived from them, parents first, each once."""
    found = {asset.pk: asset for asset in assets}
    level = list(found)
    while level:
        below = Asset.objects.filter(parent_id__in=level).exclude(pk__in=list(found))
        level = [child.pk for child in below]
        found |= {child.pk: child for child in below}
    return list(found.values())


class _Incoming:
    """The blocks of a source, counted, fingerprinted and refused above a size while they pass."""

    def __init__(self, source: Any, fingerprint_key: bytes, most: int) -> None:
        self._source, self._most, self.count = source, most, 0
        self._mac = hmac.new(fingerprint_key, digestmod=sha256)

    def __iter__(self) -> Iterator[Bytes]:
        for block in _blocks(self._source):
            self.count += len(block)
            if self.count > self._most:
                raise _too_large(self._most)
            self._mac.update(block)
            yield block

    def digest(self) -> bytes:
        return self._mac.digest()


def _blocks(source: Any) -> Iterator[Bytes]:
    if isinstance(source, bytes | bytearray | memoryview):
        view = memoryview(source)
        yield from (view[at : at + places.BLOCK_BYTES] for at in range(0, len(view), places.BLOCK_BYTES))
    elif hasattr(source, "read"):
        while block := source.read(places.BLOCK_BYTES):
            yield block
    else:
        yield from source


def _new(study: Study, kind: str, media_type: str, parent: Asset | None) -> Asset:
    if parent is not None and parent.study_id != study.pk:
        raise ValueError("what is derived belongs to the study of its parent")
    pk = ids.opaque()
    key = places.store_key(study.pk, pk)
    return Asset(pk=pk, study=study, kind=kind, parent=parent, media_type=media_type, store_key=key, format=FORMAT)


def _undo(assets: Sequence[Asset]) -> None:
    chosen = [asset.pk for asset in assets]
    keys.destroy_assets(chosen)
    for asset in assets:
        places.delete(asset.store_key)
    Asset.objects.filter(pk__in=chosen, state=Asset.State.WRITING).delete()


def _ids(subjects: Iterable[Participant | UUID]) -> list[UUID]:
    return sorted({one if isinstance(one, UUID) else one.pk for one in subjects})


def _too_large(most: int) -> Refused:
    message = _("The file is larger than %(most)s MB, the most that is accepted here.") % {"most": most // 1024**2}
    return Refused("too_large", message, status=413, most_bytes=most)
