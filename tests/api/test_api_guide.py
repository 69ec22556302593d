"""The lines of docs/api.md do what they say."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from string import Template

import pytest
from django.test import Client

from config.api import NOUNS

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
LINES = [line for block in re.findall(r"```bash\n(.*?)```", GUIDE, re.DOTALL) for line in block.strip().splitlines()]


def run(line: str, known: dict[str, str]):
    """A curl line as a request: -X, -H, -d and an address."""
    words = shlex.split(Template(line).substitute(known))
    assert words.pop(0) == "curl"
    method, body, headers, address = "GET", "", {}, ""
    while words:
        word = words.pop(0)
        if word == "-X":
            method = words.pop(0)
        elif word == "-d":
            body = words.pop(0)
        elif word == "-H":
            name, _colon, value = words.pop(0).partition(": ")
            headers[name] = value
        else:
            address = word
    kind = headers.pop("Content-Type", "application/json")
    return Client().generic(method, address, body.encode(), content_type=kind, headers=headers)


def test_every_line_of_the_guide_succeeds(world):
    fresh = world.mia.post(
        "recordings/bulk",
        {"study": world.ids["studies"], "rows": [
            {"code": "fresh", "tracks": [{"modality": "audio", "name": "m", "appearances": [{"participant": world.scene.people[0].code}]}]}
        ]},
    ).json()["rows"][0]  # fmt: skip
    notice = world.mia.get(f"notices/{world.ids['notices']}").json()
    known = {
        "CONCORD": "", "TOKEN": world.mia.secret, "STUDY": world.ids["studies"], "CAMPAIGN": world.ids["campaigns"], "TRACE": world.ids["traces"],
        "PARTICIPANT": world.ids["participants"], "PARTICIPANT_CODE": world.scene.people[0].code, "NOTICE_TEXT": notice["texts"][0]["id"],
        "TRACK": fresh["tracks"][0], "RECORDING": fresh["recording"], "DATASET": world.ids["datasets"], "GOLD": world.ids["gold-standards"],
        "VERSION": world.ids["dataset-versions"], "LABELED": world.ids["recordings"], "EMAIL": world.scene.otto.email,
    }  # fmt: skip
    assert len(LINES) > 12
    for line in LINES:
        answer = run(line, known)
        assert answer.status_code in (200, 201, 202), (line, answer.content)


def test_the_guide_names_every_noun_that_can_only_be_read():
    told = set(re.findall(r"`([a-z-]+)`", GUIDE.split("## What can only be read")[1]))
    silent = {noun for noun, view in NOUNS.items() if not hasattr(view, "create")}
    elsewhere = {
        "items",
        "recordings",
        "tracks",
        "scheme-versions",
        "questions",
        "guideline-versions",
        "jobs",
        "assignments",
        "traces",
        "model-versions",
    }
    assert told - {"permissions"} <= silent
    assert silent - told <= elsewhere
