"""The models' folder for all tests that predict: filled once by the real set-up, then only checked.

`CONCORD_TEST_MODELS` names a folder to keep it in; the packages it was made from lie beside it for the tests of the
set-up itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.storage import storages

from consent import keys
from inference import fetch

ROOT = Path(__file__).resolve().parents[2]


def _kept() -> Path:
    default = Path(os.environ.get("CONCORD_DATA", ROOT / ".data")) / "test-models"
    return Path(os.environ.get("CONCORD_TEST_MODELS", default))


@pytest.fixture(scope="session")
def model_bundle() -> Path:
    """The pinned packages, as `python -m inference.fetch --bundle` downloads them."""
    bundle = _kept() / "bundle"
    fetch.fill_bundle(bundle)
    return bundle


@pytest.fixture(scope="session")
def models(model_bundle: Path) -> Path:
    """Models as `python -m inference.fetch --to … --from …` makes them."""
    fetch.fetch(_kept() / "models", bundle=model_bundle)
    return _kept() / "models"


@pytest.fixture(scope="session")
def media() -> Path:
    return ROOT / "demo" / "media"


@pytest.fixture
def installed(settings, models: Path) -> None:
    """The application finds the models where the set-up put them."""
    settings.CONCORD_MODELS = models


@pytest.fixture
def own_folders(settings, tmp_path: Path) -> Iterator[None]:
    """Keys, ledger and store of the test's own."""
    settings.CONCORD_KEYS, settings.CONCORD_LEDGER = tmp_path / "keys", tmp_path / "ledger"
    store = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path / "store"}}
    settings.STORAGES = {**settings.STORAGES, "store": store}
    storages._storages.clear()
    keys.forget()
    yield
    keys.forget()
    storages._storages.clear()
