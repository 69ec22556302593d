"""A keyring and a store of their own for every test here, in a folder that can be searched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from django.core.files.storage import storages

from consent import keys
from consent.models import Controller, Participant, Study
from core import ids


@pytest.fixture
def folder(tmp_path: Path, settings) -> Iterator[Path]:
    settings.CONCORD_DATA = tmp_path
    settings.CONCORD_KEYS = tmp_path / "keys"
    options = {"location": tmp_path / "store", "file_permissions_mode": 0o600, "directory_permissions_mode": 0o700}
    store = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "store": store}
    storages._storages.clear()
    keys.forget()
    yield tmp_path
    keys.forget()
    storages._storages.clear()


@pytest.fixture
def study(db, folder: Path) -> Study:
    study_id = ids.new()
    keys.ensure_study(study_id)
    controller = Controller.objects.create(name="A university")
    return Study.objects.create(pk=study_id, controller=controller, name="A study", slug=f"s-{study_id.hex[-8:]}")


@pytest.fixture
def people(study: Study):
    """people(n): participants of the study who have keys."""

    def make(count: int) -> list[Participant]:
        made = [Participant(study=study, code=f"P{ids.opaque().hex[:8]}") for _ in range(count)]
        keys.ensure_participants(study.pk, [one.pk for one in made])
        return Participant.objects.bulk_create(made)

    return make


def pks(people: list[Participant]) -> list[UUID]:
    return [one.pk for one in people]
