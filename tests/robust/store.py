"""What is stored, as one value to compare: the rows of every table and the files of the store."""

from __future__ import annotations

from pathlib import Path

from django.apps import apps
from django.core.files.storage import storages

# What a refused request may leave: that somebody was here, and that they were refused.
TRACES = ("sessions.Session", "axes.AccessAttempt", "axes.AccessFailureLog", "axes.AccessLog", "core.AuditEvent")


def stored() -> dict[str, int]:
    """How many rows each table has, and how many files there are."""
    tables = [model for model in apps.get_models() if model._meta.label not in TRACES and not model._meta.proxy]
    found = {model._meta.label: model._default_manager.count() for model in tables}
    folder = Path(storages["store"].location)
    return found | {"files": sum(path.is_file() for path in folder.rglob("*"))}
