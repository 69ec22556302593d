"""A fresh installation, from its first page to a second person at work: nothing of it needs a shell."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import ROOT, Watched
from tests.browser.looks import faults
from tests.conftest import OURS
from tests.web_server import web_server

pytestmark = pytest.mark.browser

PASSWORD = "a long enough pass phrase"
LOOKS = [(1280, "light"), (390, "dark"), (1280, "dark"), (390, "light")]
# One sentence that may be labeled, as an import brings it in; recordings have pages and tests of their own.
SENTENCE = """
import django; django.setup()
from consent.models import Study
from consent.services import participants, studies
from consent.services.participants import NewParticipant
from core.models import User
from labeling.services import recordings
from labeling.services.recordings import Appears, NewItem, NewRecording, NewTrack
study, actor = Study.objects.get(), User.objects.get(is_operator=True)
for purpose in ("collect", "human_annotation"):
    studies.set_basis(actor=actor, study=study, purpose=purpose, kind="acted_or_fictional")
participants.add_participants(actor=actor, study=study, rows=[NewParticipant(code="P-1", kind="fictional")])
recordings.register(actor=actor, study=study, rows=[
    NewRecording("t0", [NewTrack("text", "text", [Appears("P-1")], text="What a day.", language="en")], [NewItem("t0", ["P-1"], "utterance")])
])
"""


@dataclass
class Fresh:
    url: str
    env: dict[str, str]

    def run(self, *argv: str) -> None:
        ran = subprocess.run(
            [sys.executable, *argv], cwd=ROOT, env=self.env, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stderr


@pytest.fixture
def fresh(own_data: Path) -> Iterator[Fresh]:
    """An installation with tables and nothing in them, as `make run` leaves it before its first page is answered."""
    env = {name: value for name, value in os.environ.items() if name not in OURS} | {
        "CONCORD_DATA": str(own_data), "CONCORD_LEDGER": str(own_data.with_name("ledger")), "SECRET_KEY": "for tests only",
        "DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    Fresh("", env).run("manage.py", "collectstatic", "--noinput", "--verbosity", "0")
    with web_server(env) as (port, _process):
        yield Fresh(f"http://127.0.0.1:{port}", env)


@contextmanager
def at(chrome: Browser, fresh: Fresh) -> Iterator[Page]:
    with closing(chrome.new_context(viewport={"width": 1280, "height": 900}, base_url=fresh.url)) as context:
        page = context.new_page()
        page.set_default_timeout(90_000)  # the first page of a server that has just begun
        watched = Watched(page, fresh.url)
        yield page
        assert watched.wrong == []


def looked_at(page: Page, name: str) -> list[str]:
    found: list[str] = []
    for width, colours in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=colours)
        found += faults(page, f"people-{name}-{width}-{colours}")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")
    return found


def test_the_first_administrator_brings_a_second_person_to_work(chrome, fresh):
    found: list[str] = []
    with at(chrome, fresh) as olga, at(chrome, fresh) as ana:
        olga.goto("/")
        for name, value in (("email", "olga@lab.example"), ("name", "Olga Petrova"), ("password", PASSWORD)):
            olga.locator(f"input[name={name}]").fill(value)
        olga.locator("input[name=password]").press("Enter")
        olga.wait_for_url("**/studies/")

        olga.get_by_role("link", name="New study").first.click()
        olga.locator("input[name=name]").fill("Voices")
        olga.locator("input[name=controller]").fill("University of Voices")
        olga.locator("select[name=context]").select_option("lab_research")
        olga.locator("main button[type=submit]").click()
        olga.wait_for_url("**/studies/*-*/")
        study = olga.url
        fresh.run("-c", SENTENCE)

        olga.get_by_role("link", name="Accounts").click()
        found += looked_at(olga, "accounts-alone")
        olga.locator("input[name=email]").fill("ana@lab.example")
        olga.locator("input[name=name]").fill("Ana Ribeiro")
        olga.get_by_role("button", name="Invite", exact=True).click()
        link = olga.locator("[data-secret]").inner_text()
        found += looked_at(olga, "accounts-invited")
        olga.get_by_role("row", name="ana@lab.example").locator("summary").click()
        found += looked_at(olga, "accounts-acts")

        ana.goto(link.replace("http://127.0.0.1:8000", fresh.url))
        ana.locator("input[name=password1]").fill(PASSWORD)
        ana.locator("input[name=password2]").fill(PASSWORD)
        ana.locator("main button[name=action]").click()
        ana.goto("/")
        ana.locator("input[name=login]").fill("ana@lab.example")
        ana.locator("input[name=password]").fill(PASSWORD)
        ana.locator("input[name=password]").press("Enter")
        ana.wait_for_url("**/label/")
        expect(ana.get_by_text("First pass")).to_have_count(0)

        olga.goto(f"{study}campaigns/new/")
        olga.locator("input[name=name]").fill("First pass")
        olga.locator("input[name=scales][value=valence]").check()
        olga.locator("main button[type=submit]").click()
        olga.get_by_role("button", name="Find").click()
        olga.get_by_role("button", name="Add 1 item").click()
        olga.get_by_role("button", name="Open the campaign").click()
        olga.get_by_role("navigation", name="Campaign", exact=True).get_by_role("link", name="People").click()
        olga.locator("input[name=email]").fill("ana@lab.example")
        olga.locator("select#id_role").select_option("annotator")
        olga.get_by_role("button", name="Give the role").click()
        row = olga.get_by_role("row", name="Ana Ribeiro")
        expect(row).to_contain_text("A01")
        found += looked_at(olga, "campaign")
        row.locator("summary").click()
        found += looked_at(olga, "campaign-take")

        ana.goto("/label/")
        ana.get_by_role("link", name="First pass").first.click()
        expect(ana.get_by_text("What a day.")).to_be_visible()

        olga.goto(f"{study}people/")
        olga.locator("input[name=email]").fill("nobody@lab.example")
        olga.get_by_role("button", name="Give the role").click()
        expect(olga.get_by_role("alert")).to_contain_text("Tick the box to invite its person.")
        found += looked_at(olga, "study-refused")
    assert not found, "\n".join(found)
