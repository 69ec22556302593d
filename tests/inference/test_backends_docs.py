"""The documentation of the models names what there is."""

from __future__ import annotations

import pytest

from inference.backends import BACKENDS, NOTES, REASONS
from tests.inference.conftest import ROOT


@pytest.mark.parametrize("name", [*BACKENDS, *REASONS, *NOTES])
def test_every_model_reason_and_note_is_documented(name: str) -> None:
    assert f"`{name}`" in (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
