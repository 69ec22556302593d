"""Sends the keyring's tables to the `keys` database, and nothing else there."""

from __future__ import annotations

from typing import Any


class KeyringRouter:
    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return "keys" if model._meta.app_label == "keyring" else None

    db_for_write = db_for_read

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool | None:
        if "keyring" in {one._meta.app_label, other._meta.app_label}:
            return one._meta.app_label == other._meta.app_label
        return None

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        return (db == "keys") == (app_label == "keyring")
