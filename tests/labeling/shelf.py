"""A store of the test's own, and what lies in it: so that "nothing half-stored" can be counted."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.storage import storages

from consent import keys
from consent.keyring.models import AssetKey
from consent.models import Asset, Participant, Study
from labeling.models import Lane, Recording, Track
from labeling.services import media, recordings
from labeling.services.recordings import Appears, NewRecording, NewTrack
from tests.labeling import factories


class Shelf:
    """A study with one person in it, and shorthands for a recording of one track."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.owner = factories.user("mia")
        self.study: Study = factories.study(self.owner)
        self.people: list[Participant] = factories.people(self.study, 2)
        self._count = 0

    def track(self, modality: str, **more) -> Track:
        self._count += 1
        row = NewRecording(f"r{self._count}", [NewTrack(modality, "main", [Appears(self.people[0].code)], **more)])
        made = recordings.register(actor=self.owner, study=self.study, rows=[row])
        return Track.objects.select_related("study", "recording").get(pk=made.tracks[0][0])

    def sent(self, track: Track, data: bytes, name: str, rate_hz: float = 0.0) -> Asset:
        return media.attach(actor=self.owner, track=track, source=io.BytesIO(data), file_name=name, rate_hz=rate_hz)

    def read(self, modality: str, data: bytes, name: str, rate_hz: float = 0.0) -> Track:
        """A track after its file was sent and read."""
        track = self.track(modality)
        self.sent(track, data, name, rate_hz)
        media.read_recording(Recording.objects.get(pk=track.recording_id))
        track.refresh_from_db()
        return track

    def stored(self) -> dict[str, int]:
        """What is there: files, rows that hold bytes, keys, lanes."""
        return {
            "files": sum(path.is_file() for path in self.folder.rglob("*")),
            "assets": Asset.objects.exclude(state=Asset.State.ERASED).count(),
            "keys": AssetKey.objects.using("keys").count(),
            "lanes": Lane.objects.count(),
        }


@pytest.fixture
def shelf(db, settings, tmp_path) -> Iterator[Shelf]:
    settings.CONCORD_KEYS = tmp_path / "keys"
    store = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path / "store"}}
    settings.STORAGES = {**settings.STORAGES, "store": store}
    storages._storages.clear()
    keys.forget()
    yield Shelf(tmp_path / "store")
    keys.forget()
    storages._storages.clear()
