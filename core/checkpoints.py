"""Signed sums of the audit log, kept outside the database: what its owner could rewrite, they cannot rewrite unseen.

A checkpoint is C2SP's tlog-checkpoint text (origin, number of events, base64 root of the Merkle tree over them) as a
signed note with Ed25519. One file a checkpoint lies in CONCORD_LEDGER; copy that folder to another place daily. The
verifier's key is written next to them, the signing key stays in CONCORD_DATA.
Sources: https://c2sp.org/tlog-checkpoint, https://c2sp.org/signed-note, RFC 6962.

The same folder tells when a database was put back from an older backup: it is then newer than the database.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from core import audit, merkle
from core.models import AuditEvent, User

ORIGIN = "concord.audit"
_ED25519 = b"\x01"


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint says: the first `size` events have this Merkle root."""

    size: int
    root: bytes


@dataclass(frozen=True)
class Verdict:
    """What a verification found. `altered` is the number of the first event that is not what it was, if any."""

    size: int
    checkpoints: int
    altered: int | None = None
    reason: str = ""

    @property
    def sound(self) -> bool:
        return not self.reason


def write() -> Path:
    """Sign the log as it stands. Returns the file; the same file when nothing was added since."""
    tree = merkle.Frontier()
    for line in _lines():
        tree.append(merkle.leaf(audit.canonical(line)))
    path = _folder() / f"{tree.size:012d}.txt"
    if not path.exists():
        _keep(path, _sign(Checkpoint(tree.size, tree.root()), _signer()))
    return path


def verify() -> Verdict:
    """Recompute every digest, the chain, and the root at every checkpoint. Reads all events once, in order."""
    sums, unreadable = _read_all()
    if unreadable:
        return Verdict(
            0, len(sums), None, _("The checkpoint %(file)s is not signed by this installation.") % {"file": unreadable}
        )
    tree, previous, last = merkle.Frontier(), audit.GENESIS, 0
    for line in _lines():
        wrong = _wrong(line, last + 1, previous)
        if wrong:
            return Verdict(last, len(sums), min(line["seq"], last + 1), wrong)
        last, previous = line["seq"], line["digest"]
        tree.append(merkle.leaf(audit.canonical(line)))
        if last in sums and sums[last] != tree.root():
            return Verdict(
                last, len(sums), None, _("The log up to event %(seq)d is not the one that was signed.") % {"seq": last}
            )
    if sums and max(sums) > last:
        return Verdict(last, len(sums), last + 1, _("Events from %(seq)d on are missing.") % {"seq": last + 1})
    return Verdict(last, len(sums))


def behind() -> int:
    """How many signed events the database lacks: above zero, it was put back from an older backup. Cheap."""
    newest = max((int(path.stem) for path in _files()), default=0)
    if not newest:
        return 0
    last = AuditEvent.objects.order_by("-seq").values_list("seq", flat=True).first() or 0
    return max(0, newest - last)


def accept_restore(actor: User | None = None) -> list[Path]:
    """After a backup was put back on purpose: set the newer checkpoints aside (they are kept) and write that down."""
    last = AuditEvent.objects.order_by("-seq").values_list("seq", flat=True).first() or 0
    aside = _folder() / datetime.now(UTC).strftime("superseded-%Y%m%dT%H%M%SZ")
    newer = [path for path in _files() if int(path.stem) > last]
    if newer:
        aside.mkdir()
    moved = [path.rename(aside / path.name) for path in newer]
    with transaction.atomic():
        audit.record("core.restore.accepted", actor=actor, last_event=last, checkpoints=len(moved))
    return moved


def read(text: str) -> Checkpoint:
    """A checkpoint from its signed note. Raises ValueError when no key of this installation signed it."""
    body, _blank, signatures = text.partition("\n\n")
    body += "\n"
    try:
        origin, size, root = body.splitlines()[:3]
        lines = [line.split(" ") for line in signatures.splitlines() if line.startswith("\u2014 ")]
        given = [base64.b64decode(line[2], validate=True) for line in lines if line[1] == ORIGIN]
    except (ValueError, IndexError) as broken:
        raise ValueError("This is no checkpoint.") from broken
    if origin != ORIGIN or not any(_signed(body.encode(), signature) for signature in given):
        raise ValueError("This checkpoint is not signed by a known key.")
    return Checkpoint(int(size), base64.b64decode(root))


def _sign(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    body = f"{ORIGIN}\n{checkpoint.size}\n{base64.b64encode(checkpoint.root).decode()}\n"
    signature = _key_id(key.public_key()) + key.sign(body.encode())
    return f"{body}\n\u2014 {ORIGIN} {base64.b64encode(signature).decode()}\n"


def _signed(body: bytes, signature: bytes) -> bool:
    for key in _known_keys():
        if signature[:4] == _key_id(key):
            try:
                key.verify(signature[4:], body)
            except InvalidSignature:
                return False
            return True
    return False


def _key_id(key: Ed25519PublicKey) -> bytes:
    return sha256(ORIGIN.encode() + b"\n" + _ED25519 + key.public_bytes_raw()).digest()[:4]


def _signer() -> Ed25519PrivateKey:
    path = Path(settings.CONCORD_DATA) / "checkpoint_key"
    if path.exists():
        return Ed25519PrivateKey.from_private_bytes(base64.b64decode(path.read_text()))
    key = Ed25519PrivateKey.generate()
    # The key that checks is known before the first signature, or a crash in between would leave an unknown one.
    with (_folder() / "verifier_keys.txt").open("a") as known:
        told = base64.b64encode(_ED25519 + key.public_key().public_bytes_raw()).decode()
        known.write(f"{ORIGIN}+{_key_id(key.public_key()).hex()}+{told}\n")
    _keep(path, base64.b64encode(key.private_bytes_raw()).decode())
    return key


def _known_keys() -> list[Ed25519PublicKey]:
    path = _folder() / "verifier_keys.txt"
    lines = path.read_text().split() if path.exists() else []
    return [Ed25519PublicKey.from_public_bytes(base64.b64decode(line.split("+", 2)[2])[1:]) for line in lines]


def _read_all() -> tuple[dict[int, bytes], str]:
    sums: dict[int, bytes] = {}
    for path in _files():
        try:
            found = read(path.read_text())
        except ValueError:
            return sums, path.name
        if found.size != int(path.stem):
            return sums, path.name
        sums[found.size] = found.root
    return sums, ""


def _files() -> list[Path]:
    folder = Path(settings.CONCORD_LEDGER) / "checkpoints"
    return sorted(path for path in folder.glob("*.txt") if path.stem.isdigit()) if folder.exists() else []


def _folder() -> Path:
    folder = Path(settings.CONCORD_LEDGER) / "checkpoints"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _keep(path: Path, text: str) -> None:
    """Write a file whole or not at all, readable by its owner alone."""
    part = path.with_name(path.name + ".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)


def _lines() -> Iterator[dict[str, Any]]:
    return AuditEvent.objects.order_by("seq").values(*audit.COLUMNS, "digest").iterator(chunk_size=5000)


def _wrong(line: dict[str, Any], expected: int, previous: str) -> str:
    if line["seq"] != expected:
        return _("Event %(seq)d is missing.") % {"seq": expected}
    if line["previous"] != previous:
        return _("Event %(seq)d does not follow the one before it.") % {"seq": expected}
    if audit.digest(line) != line["digest"]:
        return _("Event %(seq)d was altered.") % {"seq": expected}
    return ""
