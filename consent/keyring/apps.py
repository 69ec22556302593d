"""The keyring, as an app: its tables live in the database of keys."""

from typing import Any

from django.apps import AppConfig
from django.core import checks


class KeyringConfig(AppConfig):
    name = "consent.keyring"
    label = "keyring"

    def ready(self) -> None:
        checks.register(key_files_are_private, checks.Tags.security)


def key_files_are_private(**_kwargs: Any) -> list[checks.CheckMessage]:
    """Nothing starts with key files that others than their owner may read."""
    from consent.keyring import epochs  # needs the models, which are loaded after this module

    return [
        checks.Error(
            f"{name} can be read by others than its owner.",
            hint="chmod 700 the folder CONCORD_KEYS and chmod 600 the files in it.",
            id="keyring.E001",
        )
        for name in epochs.exposed()
    ]
