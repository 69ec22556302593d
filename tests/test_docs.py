"""What the documents name exists: files, commands, settings, targets."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import get_commands

from config import env
from launch.commands import COMMANDS

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
EVERY_PAGE = pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
# Read by the launcher, before there is a Django to read settings; docs/settings.md lists them under their own heading.
LAUNCH = {"CONCORD_BUNDLE", "CONCORD_CHROMIUM", "PYTHON", "WEB_WORKERS", "WEB_THREADS", "WORKER_PROCESSES", "YES"}


def settings_in(text: str) -> dict[str, tuple[str, str]]:
    """Name -> (default, what it is for)."""
    rows = re.findall(r"^\| `([A-Z0-9_]+)` \| (.*?) \| (.*?) \|$", text, flags=re.M)
    return {name: (default, about) for name, default, about in rows}


def settings_known() -> dict[str, tuple[str, str]]:
    return {
        name: (f"`{one.default}`" if one.default else "nothing", one.about.replace("|", r"\|"))
        for name, one in env.KNOWN.items()
    }


@EVERY_PAGE
def test_every_link_leads_somewhere(path: Path):
    text = re.sub(r"```.*?```", "", path.read_text(), flags=re.S)
    missing = []
    for target in re.findall(r"\]\(([^)\s]+)\)|<img[^>]*src=\"([^\"]+)\"", text):
        link = next(filter(None, target)).split("#")[0]
        if link and "://" not in link and not link.startswith("mailto:") and not (path.parent / link).exists():
            missing.append(link)
    assert not missing


@EVERY_PAGE
def test_every_command_exists(path: Path):
    text = path.read_text()
    known = set(get_commands())
    assert {name for name in re.findall(r"manage\.py ([a-z_]+)", text) if name not in known} == set()
    targets = {
        name
        for name in re.findall(r"`make ([a-z-]+)[^`]*`|^\s*make ([a-z-]+)\b", text, flags=re.M)
        for name in name
        if name
    }
    assert targets - {*COMMANDS, "help"} == set()


@EVERY_PAGE
def test_every_file_in_backticks_exists(path: Path):
    """`core/access.py` and the like; placeholders in <> or … are not files."""
    named = re.findall(
        r"`((?:affect|benchmarks|config|consent|core|datasets|demo|docker|docs|inference|labeling|launch|static|templates|tests)/[\w./-]+\.\w+)`",
        path.read_text(),
    )
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_settings_are_listed_as_they_are():
    listed = settings_in((ROOT / "docs" / "settings.md").read_text())
    told = settings_known()
    assert told.items() <= listed.items(), "Write it anew: manage.py settings_table"
    assert set(listed) - set(told) == LAUNCH


def test_a_default_that_is_told_names_no_folder_of_a_machine():
    assert [name for name, one in env.KNOWN.items() if str(ROOT) in one.default or "/root" in one.default] == []
    assert env.KNOWN["PORT"].default == "8000"
    assert env.KNOWN["DATABASE_URL"].default == "sqlite:///CONCORD_DATA/concord.sqlite3"


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("WEB_WORKERS", "launch/supervise.py"),
        ("WEB_THREADS", "launch/supervise.py"),
        ("WEB_WORKERS", "docker/Dockerfile"),
        ("WEB_THREADS", "docker/Dockerfile"),
    ],
)
def test_a_default_of_the_launcher_is_the_one_that_is_told(name: str, where: str):
    listed = settings_in((ROOT / "docs" / "settings.md").read_text())
    (used,) = re.findall(rf"{name}(?:\"\) or \"|:-)(\d+)", (ROOT / where).read_text())
    assert listed[name][0] == f"`{used}`"


def test_make_help_lists_every_target_and_make_knows_them():
    ran = subprocess.run(
        [sys.executable, "-B", "-m", "launch", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in COMMANDS:
        assert re.search(rf"^  {re.escape(name)} +\S", ran.stdout, flags=re.M), name
    targets = set(re.search(r"^help [^:]*:", (ROOT / "Makefile").read_text(), flags=re.M).group(0).rstrip(":").split())
    assert targets == {"help", *COMMANDS}


def test_the_table_of_settings_is_what_the_command_prints(tmp_path: Path):
    more = {"CONCORD_DATA": str(tmp_path), "SECRET_KEY": "only for this"}
    ran = subprocess.run(
        [sys.executable, "manage.py", "settings_table"],
        cwd=ROOT,
        env=os.environ | more,
        capture_output=True,
        text=True,
        check=True,
    )
    assert settings_in(ran.stdout) == settings_known()
