"""Sealing and opening what people said, and names for people that end with their key.

What is sealed for a participant is sealed under that participant's key; for several, under each in turn, so that losing
any one of them makes it unreadable. Without a participant the study's key is taken. How keys hang together is in
`consent.keyring`; what it protects against, and what not, in docs/keys.md.

Keys are written before what they protect: a key without data does no harm, data without a key cannot be read.
KeyGone says that a key was destroyed (or never made), KeyDamaged that something is not what was written.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from hashlib import sha256
from uuid import UUID

from consent.keyring import tree, wrapping
from consent.keyring.epochs import escrow as escrow_bundle
from consent.keyring.epochs import rotate as rotate_epoch
from consent.keyring.tree import (
    NewAssetKey,
    asset_key,
    destroy_assets,
    destroy_package,
    destroy_participants,
    destroy_person,
    ensure_package,
    ensure_participants,
    ensure_person,
    ensure_study,
    forget,
    make_asset_keys,
    rewrap_asset,
)
from consent.keyring.wrapping import Key, KeyDamaged, KeyGone

__all__ = [
    "KeyDamaged", "KeyGone", "NewAssetKey", "asset_key", "dedupe_key", "destroy_assets", "destroy_package",
    "destroy_participant", "destroy_participants", "destroy_person", "ensure_package", "ensure_participants",
    "ensure_person", "ensure_study", "escrow_bundle", "export_id", "export_ids", "forget", "make_asset_keys", "open_many",
    "open_person", "open_text", "package_key", "rewrap_asset", "rotate_epoch", "seal_many", "seal_person", "seal_text",
    "subject_ref", "subject_refs",
]  # fmt: skip

_FORMAT = b"\x01"


def seal_text(text: str, *, study_id: UUID, participant_ids: Iterable[UUID] = (), aad: bytes = b"") -> bytes:
    """Ciphertext of a text. `aad` binds it to its place (a row's id); the same is needed to open it. "" gives b""."""
    if not text:
        return b""
    keys, bindings = _text_keys(study_id, participant_ids, aad)
    return _FORMAT + wrapping.seal([key.box("fields") for key in keys], text.encode(), bindings)


def open_text(sealed: bytes, *, study_id: UUID, participant_ids: Iterable[UUID] = (), aad: bytes = b"") -> str:
    """The text that `seal_text` was given. Raises KeyGone, KeyDamaged."""
    if not sealed:
        return ""
    keys, bindings = _text_keys(study_id, participant_ids, aad)
    return wrapping.unseal([key.box("fields") for key in keys], _body(sealed), bindings).decode()


def seal_many(
    texts: Sequence[str],
    *,
    study_id: UUID,
    participant_ids: Sequence[Iterable[UUID]] | None = None,
    aads: Sequence[bytes] | None = None,
) -> list[bytes]:
    """`seal_text` for many, in order: `participant_ids[i]` and `aads[i]` go with `texts[i]`. One query per thousand keys."""
    people, places = _each(texts, participant_ids, aads)
    return [
        seal_text(text, study_id=study_id, participant_ids=who, aad=aad)
        for text, who, aad in zip(texts, people, places, strict=True)
    ]


def open_many(
    sealed: Sequence[bytes],
    *,
    study_id: UUID,
    participant_ids: Sequence[Iterable[UUID]] | None = None,
    aads: Sequence[bytes] | None = None,
) -> list[str]:
    """`open_text` for many, in order."""
    people, places = _each(sealed, participant_ids, aads)
    return [
        open_text(one, study_id=study_id, participant_ids=who, aad=aad)
        for one, who, aad in zip(sealed, people, places, strict=True)
    ]


def seal_person(person_id: UUID, text: str, *, aad: bytes = b"") -> bytes:
    """Ciphertext of a text about a person's identity, under the person's own key (`ensure_person` first)."""
    if not text:
        return b""
    box = tree.person_key(person_id).box("fields")
    return _FORMAT + wrapping.seal([box], text.encode(), [_place(person_id, person_id, aad)])


def open_person(person_id: UUID, sealed: bytes, *, aad: bytes = b"") -> str:
    if not sealed:
        return ""
    box = tree.person_key(person_id).box("fields")
    return wrapping.unseal([box], _body(sealed), [_place(person_id, person_id, aad)]).decode()


def subject_ref(participant_id: UUID) -> str:
    """The participant's name in the audit log: 64 hex digits that link to nobody once the key is destroyed.

    Needs the key: take it before an erasure destroys it.
    """
    ref = hmac.digest(tree.participant_key(participant_id).sub("audit-ref"), participant_id.bytes, sha256)
    return ref.hex()


def subject_refs(participant_ids: Iterable[UUID]) -> dict[UUID, str]:
    """`subject_ref` for many, one query per thousand."""
    wanted = set(participant_ids)
    tree.participant_keys(wanted)
    return {one: subject_ref(one) for one in wanted}


def export_id(
    dataset_id: UUID, participant_ids: Iterable[UUID], row_key: bytes, *, study_id: UUID | None = None
) -> bytes:
    """16 bytes that name a row in the exports of one dataset: the same in every version, unlinkable to other datasets,
    and to the row itself once one of its participants is erased. HMAC(HKDF(participant keys, dataset), row).

    What is about nobody in the data (an annotator, a salt) names no participant and takes the key of `study_id`.
    """
    whose = sorted(set(participant_ids))
    if not whose and study_id is None:
        raise ValueError("a row about no participant needs the study's key")
    held = [tree.participant_key(one) for one in whose] or [tree.study_key(study_id)]
    if study_id is not None and any(key.study_id != study_id for key in held):
        raise KeyDamaged("a participant of another study cannot be in this study's dataset")
    return hmac.digest(_dataset_key(dataset_id, held), row_key, sha256)[:16]


def export_ids(dataset_id: UUID, rows: Sequence[tuple[Iterable[UUID], bytes]]) -> list[bytes]:
    """`export_id` for many rows (participants, row key), in order, one query per thousand participants."""
    fixed = [(tuple(who), row_key) for who, row_key in rows]
    tree.participant_keys({one for who, _row_key in fixed for one in who})
    return [export_id(dataset_id, who, row_key) for who, row_key in fixed]


def dedupe_key(study_id: UUID) -> bytes:
    """Key of the study's fingerprints, by which the same bytes or the same outside id are found again."""
    return tree.study_key(study_id).sub("dedupe")


def package_key(package_id: UUID, study_id: UUID) -> bytes:
    """The export key of a package (made with `ensure_package`). Raises KeyGone once destroyed."""
    key = tree.package_key(package_id)
    if key.study_id != study_id:
        raise KeyDamaged("the package belongs to another study")
    return key.sub("export")


def destroy_participant(participant_id: UUID) -> bool:
    """Destroy a participant's key: whatever it was needed for is unreadable from now on, wherever copies lie.

    Not undone by a rollback of the data's database. A new epoch (`rotate_epoch`) closes backups of the keys as well.
    """
    return bool(destroy_participants([participant_id]))


def _text_keys(study_id: UUID, participant_ids: Iterable[UUID], aad: bytes) -> tuple[list[Key], list[bytes]]:
    whose = sorted(set(participant_ids))
    if not whose:
        return [tree.study_key(study_id)], [_place(study_id, wrapping.NOBODY, aad)]
    keys = [tree.participant_key(one) for one in whose]
    if any(key.study_id != study_id for key in keys):
        raise KeyDamaged("a participant of another study cannot hold this study's text")
    together = wrapping.everybody(whose)
    return keys, [_place(study_id, one, together + aad) for one in whose]


def _place(scope: UUID, owner: UUID, aad: bytes) -> bytes:
    return b"concord/text/1/" + scope.bytes + owner.bytes + aad


def _body(sealed: bytes) -> bytes:
    body = bytes(sealed)
    if body[:1] != _FORMAT:
        raise KeyDamaged("this is no sealed text of a format that is known")
    return body[1:]


def _each(
    texts: Sequence, participant_ids: Sequence[Iterable[UUID]] | None, aads: Sequence[bytes] | None
) -> tuple[list[tuple[UUID, ...]], Sequence[bytes]]:
    people = [tuple(who) for who in participant_ids] if participant_ids is not None else [()] * len(texts)
    tree.participant_keys({one for who in people for one in who})
    return people, aads if aads is not None else [b""] * len(texts)


def _dataset_key(dataset_id: UUID, keys: Sequence[Key]) -> bytes:
    extracted = hmac.digest(bytes(32), b"".join(key.sub("export") for key in keys), sha256)
    return wrapping.expand(extracted, b"concord/dataset/" + dataset_id.bytes)
