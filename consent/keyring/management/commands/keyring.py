"""`manage.py keyring status | rotate | escrow | restore`: the key-encryption keys, by the operator."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consent.keyring import epochs
from consent.keyring.models import AssetKey, Epoch, PackageKey, ParticipantKey, PersonKey, StudyKey
from consent.keyring.wrapping import KeyDamaged


class Command(BaseCommand):
    help = "Show the keyring, begin a new key epoch, or copy an epoch's key to and from escrow."

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        acts.add_parser("status", help="Epochs, algorithms and how many keys there are.")
        acts.add_parser("rotate", help="Begin a new epoch; destroys the old key file.")
        for act, about in (("escrow", "Write an epoch's key, sealed by a passphrase."), ("restore", "Put it back.")):
            one = acts.add_parser(act, help=about)
            one.add_argument("file", type=Path)
            one.add_argument("--passphrase-file", type=Path, required=True)
            if act == "escrow":
                one.add_argument("--epoch", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['act']}")(options)
        except (KeyDamaged, Epoch.DoesNotExist, FileNotFoundError, FileExistsError) as error:
            raise CommandError(str(error)) from error

    def _status(self, _options: dict[str, Any]) -> None:
        for epoch in Epoch.objects.order_by("number"):
            end = epoch.destroyed_at or epoch.retired_at
            self.stdout.write(
                f"epoch {epoch.number}: {epoch.created_at:%Y-%m-%d} to {f'{end:%Y-%m-%d}' if end else 'now'}"
            )
        for model in (StudyKey, ParticipantKey, PersonKey, PackageKey, AssetKey):
            self.stdout.write(f"{model.__name__}: {model.objects.count()}")
        self.stdout.write("keys: AES-256-GCM, HKDF-SHA-256; bytes: c2sp.org/chunked-encryption, SHA-512, AES-256-GCM")
        for name in epochs.exposed():
            self.stderr.write(f"{name} can be read by others than its owner")

    def _rotate(self, _options: dict[str, Any]) -> None:
        self.stdout.write(f"epoch {epochs.rotate()} has begun; put its key in escrow now")

    def _escrow(self, options: dict[str, Any]) -> None:
        number = options["epoch"] or Epoch.objects.filter(retired_at=None).latest("number").number
        bundle = epochs.escrow(number, _passphrase(options["passphrase_file"]))
        handle = os.open(options["file"], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(bundle)
        self.stdout.write(f"epoch {number} is in {options['file']}; keep it and the passphrase apart")

    def _restore(self, options: dict[str, Any]) -> None:
        number = epochs.restore(options["file"].read_bytes(), _passphrase(options["passphrase_file"]))
        self.stdout.write(f"the key file of epoch {number} is back")


def _passphrase(path: Path) -> str:
    text = path.read_text().strip()
    if len(text) < 16:
        raise CommandError("the passphrase has fewer than 16 characters")
    return text
