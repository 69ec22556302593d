"""Key-encryption keys: one file an epoch, outside every database.

A new epoch re-wraps what survives in one transaction and then destroys the old file. From then on a copy of the keys'
database from before, in whatever backup, opens nothing: this is what finishes the shredding of a participant's key.
"""

from __future__ import annotations

import hmac
import json
import os
import stat
import time
from base64 import b64decode, b64encode
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from django.conf import settings
from django.db import connections, transaction
from django.utils import timezone

from consent.keyring import wrapping
from consent.keyring.models import Epoch, PersonKey, StudyKey
from consent.keyring.wrapping import Key, KeyDamaged

KEEP_SECONDS = 60.0
ESCROW_FORMAT = "concord-escrow"
_opened: dict[str, tuple[float, Key]] = {}


def path_of(number: int) -> Path:
    return Path(settings.CONCORD_KEYS) / f"epoch-{number:04d}.key"


def current() -> tuple[Epoch, Key]:
    """The epoch that new keys are wrapped under, held until the transaction ends; the first call makes epoch 1."""
    if not connections["keys"].in_atomic_block:
        raise RuntimeError("the epoch is held by the transaction that wraps a key under it")
    epoch = Epoch.objects.select_for_update().filter(retired_at=None).order_by("-number").first()
    if epoch is None:
        if Epoch.objects.exists():
            raise KeyDamaged("the keyring has no current epoch; restore the keys' database")
        epoch = _begin(1)
    return epoch, kek(epoch)


def kek(epoch: Epoch) -> Key:
    """The key of an epoch, from its file. Raises KeyDamaged when the file is missing, another one, or open to others."""
    path = path_of(epoch.number)
    found = _opened.get(str(path))
    if found and found[0] > time.monotonic():
        return found[1]
    key = Key(_read(path))
    if not hmac.compare_digest(key.sub("check"), bytes(epoch.check_value)):
        raise KeyDamaged(f"{path.name} is not the file that epoch {epoch.number} of this keyring was made with")
    _opened[str(path)] = (time.monotonic() + KEEP_SECONDS, key)
    return key


def rotate() -> int:
    """Begin a new epoch, re-wrap every surviving key under it and destroy the old key file. Returns the epoch's number.

    May be killed at any moment: the re-wrapping is one transaction, and calling it again finishes what was left over.
    """
    leftover = list(Epoch.objects.exclude(retired_at=None).filter(destroyed_at=None))
    if not leftover:
        with transaction.atomic(using="keys", durable=True):
            old, old_key = current()
            new = _begin(old.number + 1)
            _rewrap(StudyKey, b"study", "study_id", old, old_key, new)
            _rewrap(PersonKey, b"person", "person_id", old, old_key, new)
            Epoch.objects.filter(pk=old.pk).update(retired_at=timezone.now())
        leftover = [old]
    for epoch in leftover:
        _destroy(epoch)
    return Epoch.objects.filter(retired_at=None).latest("number").number


def escrow(number: int, passphrase: str) -> bytes:
    """A copy of an epoch's key under a passphrase, to be kept by people apart from the machine. JSON."""
    key = kek(Epoch.objects.get(pk=number))
    salt, nonce = os.urandom(16), os.urandom(wrapping.NONCE_BYTES)
    sealed = AESGCM(_stretch(passphrase, salt)).encrypt(nonce, key.raw(), _escrow_binding(number))
    parts = {"salt": salt, "nonce": nonce, "sealed": sealed}
    named = {name: b64encode(value).decode() for name, value in parts.items()}
    head = {"format": ESCROW_FORMAT, "format_version": 1, "epoch": number, "kdf": "scrypt n=2^17 r=8 p=1"}
    return json.dumps({**head, **named}, indent=1).encode()


def restore(bundle: bytes, passphrase: str) -> int:
    """Put an epoch's key file back from its escrow. Raises KeyDamaged for a wrong passphrase or another keyring's file."""
    held = json.loads(bundle)
    if held.get("format") != ESCROW_FORMAT or held.get("format_version") != 1:
        raise KeyDamaged("this is no escrow file of a format that is known")
    number, sealed = int(held["epoch"]), b64decode(held["nonce"]) + b64decode(held["sealed"])
    box = AESGCM(_stretch(passphrase, b64decode(held["salt"])))
    raw = wrapping.unseal([box], sealed, [_escrow_binding(number)])
    epoch = Epoch.objects.filter(pk=number).first()
    if epoch is not None and not hmac.compare_digest(Key(raw).sub("check"), bytes(epoch.check_value)):
        raise KeyDamaged(f"the escrow holds epoch {number} of another keyring")
    _write(path_of(number), raw)
    return number


def exposed() -> list[str]:
    """Key files, or their folder, that others than the owner may read or write. Empty when all is well."""
    folder = Path(settings.CONCORD_KEYS)
    paths = [folder, *sorted(folder.glob("epoch-*.key"))] if folder.exists() else []
    return [path.name for path in paths if stat.S_IMODE(path.stat().st_mode) & 0o077]


def checkpoint() -> None:
    """Let nothing of a destroyed key wait in a log file of the database. Does nothing inside a transaction."""
    connection = connections["keys"]
    if connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        else:  # frees what deleted rows held; PostgreSQL warns and goes on when the role owns no tables
            cursor.execute("VACUUM")


def _begin(number: int) -> Epoch:
    path = path_of(number)
    if not path.exists():
        _write(path, wrapping.fresh()[0])
    return Epoch.objects.create(number=number, check_value=Key(_read(path)).sub("check"))


def _rewrap(model: type, kind: bytes, owner: str, old: Epoch, old_key: Key, new: Epoch) -> None:
    """Every row of the old epoch to the new one; each is opened again before it counts."""
    old_box, new_box = [old_key.box("wrap")], [kek(new).box("wrap")]
    rows = list(model.objects.select_for_update().filter(epoch=old))
    for row in rows:
        whose = getattr(row, owner)
        before, after = ([wrapping.bound(kind, whose, epoch.number, row.version)] for epoch in (old, new))
        raw = wrapping.unseal(old_box, bytes(row.wrapped), before)
        row.wrapped, row.epoch = wrapping.seal(new_box, raw, after), new
        if wrapping.unseal(new_box, row.wrapped, after) != raw:
            raise KeyDamaged(f"re-wrapping the key of {kind.decode()} {whose} failed")
    model.objects.bulk_update(rows, ["wrapped", "epoch"], batch_size=500)


def _destroy(epoch: Epoch) -> None:
    """Zero and remove the file of a retired epoch. Never while a key still hangs from it."""
    if any(model.objects.filter(epoch=epoch).exists() for model in (StudyKey, PersonKey)):
        raise KeyDamaged(f"keys still hang from epoch {epoch.number}; its file stays")
    checkpoint()
    path = path_of(epoch.number)
    _opened.pop(str(path), None)
    if path.exists():
        with path.open("r+b") as file:
            file.write(bytes(wrapping.KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
        _sync_folder(path.parent)
    Epoch.objects.filter(pk=epoch.pk).update(destroyed_at=timezone.now())


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise KeyDamaged(
                    f"{path.name} can be read by others than its owner; take those rights away (chmod 600)"
                )
            raw = file.read()
    except FileNotFoundError:
        raise KeyDamaged(f"{path.name} is missing from CONCORD_KEYS; restore it from escrow") from None
    if len(raw) != wrapping.KEY_BYTES:
        raise KeyDamaged(f"{path.name} is not a key file")
    return raw


def _write(path: Path, raw: bytes) -> None:
    """Whole or not at all, readable by the owner alone; a file that is there stays (somebody was quicker)."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _stretch(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=wrapping.KEY_BYTES, n=2**17, r=8, p=1).derive(passphrase.encode())


def _escrow_binding(number: int) -> bytes:
    return wrapping.bound(b"escrow", UUID(int=0), number)
