"""A database of before schemes were documents is brought up by the real migration, and its guards stand afterwards."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.long  # every migration, twice over
@pytest.mark.own_database
def test_a_frozen_version_gets_its_document_and_every_guard_stands(tmp_path):
    env = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "KEYS_DATABASE_URL")}
    done = subprocess.run(
        [sys.executable, "-m", "tests.labeling.upgrading"], cwd=ROOT, env=env | {"CONCORD_DATA": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["lost"] == []
    assert told["labels"] == [["laughter", "laugh"]]
    assert told["questions"] == [["segments", "nothing"]]
    assert [(one["id"], one["overlap"]) for one in told["tiers"]] == [("laughter", True)]
    assert told["asked"] == ["laughter"]
    assert told["refused"] == [True] * 4
