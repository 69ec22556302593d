"""The tree of keys: study under epoch, participant under study, asset under all of its participants.

Opened keys are kept in this process for at most a minute, so that hot paths touch no database. Destroying a key forgets
it, and what hangs from it, here at once; another process may still hold it for the rest of its minute. That is why
reads go through the consent gate, which asks the data's own database each time: the gate refuses at once, the keys make
sure that no later mistake can undo it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from django.db import connections, models, transaction
from django.utils import timezone

from consent.keyring import epochs, wrapping
from consent.keyring.models import AssetKey, PackageKey, ParticipantKey, PersonKey, StudyKey
from consent.keyring.wrapping import Key, KeyDamaged, KeyGone

KEEP_SECONDS = 60.0
MOST_KEPT = 50_000
BATCH = 1000
_kept: dict[tuple[str, UUID], tuple[float, Key]] = {}
_Any = TypeVar("_Any")


# Making -------------------------------------------------------------------------------------------------------------


def ensure_study(study_id: UUID) -> None:
    """Make the study's key unless it has one. Call it before the study's row is written."""
    _ensure_under_epoch(StudyKey, b"study", "study_id", study_id)


def ensure_person(person_id: UUID) -> None:
    """Make the person's key unless there is one."""
    _ensure_under_epoch(PersonKey, b"person", "person_id", person_id)


def ensure_participants(study_id: UUID, participant_ids: Iterable[UUID]) -> int:
    """Make a key for every participant that has none, in one statement. Returns how many were made."""
    box, wanted = study_key(study_id).box("wrap"), list(dict.fromkeys(participant_ids))
    rows = (
        (one, study_id, 1, wrapping.seal([box], raw, [wrapping.bound(b"participant", one, study_id)]))
        for one, raw in zip(wanted, wrapping.fresh(len(wanted)), strict=True)
    )
    with transaction.atomic(using="keys"):
        return _insert(ParticipantKey, ("participant_id", "study_id", "version", "wrapped"), rows)


def ensure_package(package_id: UUID, study_id: UUID) -> None:
    """Make the key of a package about many people, under the study's."""
    box = study_key(study_id).box("wrap")
    wrapped = wrapping.seal([box], wrapping.fresh()[0], [wrapping.bound(b"package", package_id, study_id)])
    columns = ("package_id", "study_id", "version", "wrapped", "created_at")
    with transaction.atomic(using="keys"):
        _insert(PackageKey, columns, [(package_id, study_id, 1, wrapped, timezone.now())])


@dataclass(frozen=True)
class NewAssetKey:
    """An asset whose key is to be made: under all its participants, or its package, or the study alone."""

    asset_id: UUID
    participant_ids: Sequence[UUID] = field(default_factory=tuple)
    package_id: UUID | None = None


def make_asset_keys(study_id: UUID, wanted: Sequence[NewAssetKey]) -> list[bytes]:
    """Make and store the keys of new assets, in order. Raises KeyGone when a participant or package has no key."""
    participant_keys({one for new in wanted for one in new.participant_ids})
    raws, now, rows = wrapping.fresh(len(wanted)), timezone.now(), []
    for new, raw in zip(wanted, raws, strict=True):
        subjects = sorted(set(new.participant_ids))
        boxes, bindings = _above(new.asset_id, study_id, subjects, new.package_id)
        sealed = wrapping.seal(boxes, raw, bindings)
        rows.append((new.asset_id, study_id, [str(one) for one in subjects], new.package_id, 1, sealed, now))
    columns = ("asset_id", "study_id", "subject_ids", "package_id", "version", "wrapped", "created_at")
    with transaction.atomic(using="keys"):
        _insert(AssetKey, columns, rows)
    return raws


def rewrap_asset(asset_id: UUID, participant_ids: Sequence[UUID]) -> None:
    """Wrap an asset's key under other participants (one more appears in it). Its bytes stay as they are."""
    with transaction.atomic(using="keys"):
        row = AssetKey.objects.select_for_update().filter(pk=asset_id).first()
        if row is None:
            raise KeyGone(f"asset {asset_id} has no key")
        raw = _open_asset(row).raw()
        subjects = sorted(set(participant_ids))
        boxes, bindings = _above(asset_id, row.study_id, subjects, row.package_id)
        row.wrapped = wrapping.seal(boxes, raw, bindings)
        row.subject_ids = [str(one) for one in subjects]
        row.save(update_fields=["wrapped", "subject_ids"])
    _kept.pop(("asset", asset_id), None)


# Opening ------------------------------------------------------------------------------------------------------------


def study_key(study_id: UUID) -> Key:
    return _under_epoch(StudyKey, b"study", "study_id", study_id)


def person_key(person_id: UUID) -> Key:
    return _under_epoch(PersonKey, b"person", "person_id", person_id)


def participant_key(participant_id: UUID) -> Key:
    return _recall("participant", participant_id) or participant_keys([participant_id])[participant_id]


def participant_keys(participant_ids: Iterable[UUID]) -> dict[UUID, Key]:
    """The keys of many participants, one query per thousand that are not at hand. Raises KeyGone for the first missing."""
    found: dict[UUID, Key] = {}
    missing = []
    for one in set(participant_ids):
        if key := _recall("participant", one):
            found[one] = key
        else:
            missing.append(one)
    for batch in _batches(missing, BATCH):
        for one, study_id, version, wrapped in _participant_rows(batch):
            binding = [wrapping.bound(b"participant", one, study_id, version)]
            raw = wrapping.unseal([study_key(study_id).box("wrap")], wrapped, binding)
            found[one] = _keep("participant", one, Key(raw, study_id=study_id))
    for one in missing:
        if one not in found:
            raise KeyGone(f"participant {one} has no key: erased, or never made")
    return found


def package_key(package_id: UUID) -> Key:
    if key := _recall("package", package_id):
        return key
    row = PackageKey.objects.filter(pk=package_id).first()
    if row is None:
        raise KeyGone(f"package {package_id} has no key")
    binding = [wrapping.bound(b"package", package_id, row.study_id, row.version)]
    raw = wrapping.unseal([study_key(row.study_id).box("wrap")], bytes(row.wrapped), binding)
    return _keep("package", package_id, Key(raw, study_id=row.study_id))


def asset_key(asset_id: UUID) -> bytes:
    """The key of an asset's bytes. Raises KeyGone when its own key or that of any of its participants was destroyed."""
    if key := _recall("asset", asset_id):
        return key.raw()
    row = AssetKey.objects.filter(pk=asset_id).first()
    if row is None:
        raise KeyGone(f"asset {asset_id} has no key")
    return _keep("asset", asset_id, _open_asset(row)).raw()


# Destroying ---------------------------------------------------------------------------------------------------------


def destroy_participants(participant_ids: Iterable[UUID]) -> int:
    return _destroy(ParticipantKey, "participant", participant_ids)


def destroy_person(person_id: UUID) -> int:
    return _destroy(PersonKey, "person", [person_id])


def destroy_package(package_id: UUID) -> int:
    return _destroy(PackageKey, "package", [package_id])


def destroy_assets(asset_ids: Iterable[UUID]) -> int:
    return _destroy(AssetKey, "asset", asset_ids)


def forget() -> None:
    """Drop every opened key from this process."""
    _kept.clear()


def _destroy(model: type[models.Model], kind: str, owners: Iterable[UUID]) -> int:
    """Delete the rows, whatever else is going on, and forget the keys and all that hangs from them. Returns how many."""
    gone, count = set(owners), 0
    for batch in _batches(gone, BATCH):
        count += model.objects.filter(pk__in=batch).delete()[0]
    for slot, (_until, key) in list(_kept.items()):
        if (slot[0] == kind and slot[1] in gone) or not gone.isdisjoint(key.needs):
            _kept.pop(slot, None)
    epochs.checkpoint()
    return count


# Inside -------------------------------------------------------------------------------------------------------------


def _ensure_under_epoch(model: type[models.Model], kind: bytes, owner: str, owner_id: UUID) -> None:
    with transaction.atomic(using="keys"):
        if model.objects.filter(**{owner: owner_id}).exists():
            return
        # Held until commit: a rotation under way cannot destroy the epoch before this key has moved with it.
        epoch, above = epochs.current()
        binding = [wrapping.bound(kind, owner_id, epoch.number)]
        wrapped = wrapping.seal([above.box("wrap")], wrapping.fresh()[0], binding)
        model.objects.bulk_create([model(**{owner: owner_id}, wrapped=wrapped, epoch=epoch)], ignore_conflicts=True)


def _under_epoch(model: type[models.Model], kind: bytes, owner: str, owner_id: UUID) -> Key:
    name = kind.decode()
    if key := _recall(name, owner_id):
        return key
    for last_try in (False, True):
        row = model.objects.select_related("epoch").filter(**{owner: owner_id}).order_by("-version").first()
        if row is None:
            raise KeyGone(f"{name} {owner_id} has no key")
        try:
            above = epochs.kek(row.epoch)
        except KeyDamaged:
            if last_try:
                raise
            continue  # an epoch ended between the two reads: the row has moved on, and names the new one
        binding = [wrapping.bound(kind, owner_id, row.epoch_id, row.version)]
        raw = wrapping.unseal([above.box("wrap")], bytes(row.wrapped), binding)
        return _keep(name, owner_id, Key(raw, study_id=owner_id if name == "study" else None))
    raise AssertionError("unreachable")


def _open_asset(row: AssetKey) -> Key:
    subjects = [UUID(one) for one in row.subject_ids]
    boxes, bindings = _above(row.asset_id, row.study_id, subjects, row.package_id)
    raw = wrapping.unseal(boxes, bytes(row.wrapped), bindings)
    needs = frozenset([*subjects, *([row.package_id] if row.package_id else [])])
    return Key(raw, study_id=row.study_id, needs=needs)


def _above(
    asset_id: UUID, study_id: UUID, subjects: Sequence[UUID], package_id: UUID | None
) -> tuple[list[Any], list[bytes]]:
    """The boxes an asset's key is sealed under, in order, and what each layer is bound to."""
    above = [package_key(package_id)] if package_id else []
    known = participant_keys(subjects) if subjects else {}
    above += [known[one] for one in subjects]
    if any(key.study_id != study_id for key in above):
        raise KeyDamaged("a participant or package of another study cannot hold this study's asset")
    above = above or [study_key(study_id)]
    binding = wrapping.bound(b"asset", asset_id, study_id) + wrapping.everybody(subjects)
    return [key.box("media") for key in above], [binding] * len(above)


def _recall(kind: str, owner: UUID) -> Key | None:
    found = _kept.get((kind, owner))
    return found[1] if found and found[0] > time.monotonic() else None


def _keep(kind: str, owner: UUID, key: Key) -> Key:
    if len(_kept) >= MOST_KEPT:
        _kept.clear()
    _kept[kind, owner] = (time.monotonic() + KEEP_SECONDS, key)
    return key


def _batches(things: Iterable[_Any], size: int) -> Iterator[list[_Any]]:
    rest = iter(things)
    while batch := list(islice(rest, size)):
        yield batch


def _participant_rows(participant_ids: Sequence[UUID]) -> Iterator[tuple[UUID, UUID, int, bytes]]:
    """Rows as tuples, around the ORM, whose conversions would cost more than the decryption."""
    connection = connections["keys"]
    native = connection.features.has_native_uuid_field
    asked = {one if native else one.hex: one for one in participant_ids}
    studies: dict[Any, UUID] = {}
    table, places = connection.ops.quote_name(ParticipantKey._meta.db_table), ", ".join(["%s"] * len(asked))
    query = f"SELECT participant_id, study_id, version, wrapped FROM {table} WHERE participant_id IN ({places})"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(query, list(asked))
        for one, study, version, wrapped in cursor.fetchall():
            if study not in studies:
                studies[study] = study if native else UUID(study)
            yield asked[one], studies[study], version, bytes(wrapped)


def _insert(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Many rows in one go; a row that somebody else made meanwhile stays as it is. Returns how many are new."""
    connection = connections["keys"]
    fields = [model._meta.get_field(name) for name in columns]
    prepare = [_preparer(field, connection) for field in fields]
    names = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    table, places = connection.ops.quote_name(model._meta.db_table), ", ".join(["%s"] * len(fields))
    statement = f"INSERT INTO {table} ({names}) VALUES ({places}) ON CONFLICT DO NOTHING"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.executemany(statement, [[one(v) for one, v in zip(prepare, row, strict=True)] for row in rows])
        return max(cursor.rowcount, 0)


def _preparer(field: models.Field, connection: Any) -> Callable[[Any], Any]:
    if isinstance(field, models.UUIDField):
        native = connection.features.has_native_uuid_field
        return lambda value: value if native or value is None else value.hex
    if isinstance(field, models.BinaryField | models.IntegerField):
        return lambda value: value
    return lambda value: field.get_db_prep_save(value, connection)
