"""Keys under keys: sub-keys by label, and one key sealed under others so that all of them are needed. No database here."""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable, Sequence
from hashlib import sha256
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12
NOBODY = UUID(int=0)


class KeyGone(LookupError):
    """The key was destroyed, or never made: what it sealed cannot be read by anybody any more."""


class KeyDamaged(RuntimeError):
    """A key, a key file or something sealed is not what was written, or belongs to somebody else."""


class Key:
    """An opened key. It never seals anything itself: every use has a sub-key of its own (HKDF-Expand, RFC 5869).

    Labels in use: wrap, media, fields, audit-ref, dedupe, export.
    """

    __slots__ = ("_boxes", "_raw", "_subs", "needs", "study_id")

    def __init__(self, raw: bytes, *, study_id: UUID | None = None, needs: frozenset[UUID] = frozenset()) -> None:
        self._raw, self.study_id, self.needs = raw, study_id, needs
        self._subs: dict[str, bytes] = {}
        self._boxes: dict[str, AESGCM] = {}

    def raw(self) -> bytes:
        return self._raw

    def sub(self, label: str) -> bytes:
        """32 bytes for one use."""
        if (found := self._subs.get(label)) is None:
            found = self._subs[label] = expand(self._raw, b"concord/" + label.encode())
        return found

    def box(self, label: str) -> AESGCM:
        """AES-256-GCM under the sub-key of that label."""
        if (found := self._boxes.get(label)) is None:
            found = self._boxes[label] = AESGCM(self.sub(label))
        return found


def expand(key: bytes, info: bytes) -> bytes:
    """HKDF-Expand with SHA-256 to 32 bytes: one block of RFC 5869, which is one HMAC."""
    return hmac.digest(key, info + b"\x01", sha256)


def fresh(count: int = 1) -> list[bytes]:
    """New random keys."""
    pool = os.urandom(count * KEY_BYTES)
    return [pool[at : at + KEY_BYTES] for at in range(0, len(pool), KEY_BYTES)]


def bound(kind: bytes, owner: UUID, parent: UUID | int, version: int = 1) -> bytes:
    """What a wrapped key is bound to: what it is, whose, under whom or which epoch, and its version."""
    above = parent.bytes if isinstance(parent, UUID) else parent.to_bytes(16, "big")
    return b"concord/key/1/" + kind + b"/" + owner.bytes + above + version.to_bytes(4, "big")


def everybody(owners: Sequence[UUID]) -> bytes:
    """Names a whole set of holders, so that each layer says under whom the others are: none can be left out."""
    return sha256(b"".join(one.bytes for one in owners)).digest()


def seal(boxes: Sequence[AESGCM], plain: bytes, bindings: Iterable[bytes]) -> bytes:
    """Seal under each box in turn; to open it all of them are needed. 28 bytes longer for each."""
    for box, binding in zip(boxes, bindings, strict=True):
        nonce = os.urandom(NONCE_BYTES)
        plain = nonce + box.encrypt(nonce, plain, binding)
    return plain


def unseal(boxes: Sequence[AESGCM], sealed: bytes, bindings: Sequence[bytes]) -> bytes:
    """Undo `seal`, from the last box to the first. Raises KeyDamaged."""
    try:
        for box, binding in zip(reversed(boxes), reversed(bindings), strict=True):
            sealed = box.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], binding)
    except (InvalidTag, ValueError):
        raise KeyDamaged("what was sealed is damaged, or was sealed for somebody else") from None
    return sealed
