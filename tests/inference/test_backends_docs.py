"""The documentation of the models names what there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from inference.backends import BACKENDS, NOTES, REASONS

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", [*BACKENDS, *REASONS, *NOTES])
def test_every_model_reason_and_note_is_documented(name: str) -> None:
    assert f"`{name}`" in (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
