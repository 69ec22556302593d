"""The models' folder for all tests that predict: filled once by the real set-up, then only checked."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from inference import fetch

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def models() -> Path:
    """Models as `python -m inference.fetch` makes them. `CONCORD_TEST_MODELS` names another place to keep them."""
    default = Path(os.environ.get("CONCORD_DATA", ROOT / ".data")) / "test-models"
    folder = Path(os.environ.get("CONCORD_TEST_MODELS", default))
    fetch.fetch(folder)
    return folder


@pytest.fixture(scope="session")
def media() -> Path:
    return ROOT / "demo" / "media"
