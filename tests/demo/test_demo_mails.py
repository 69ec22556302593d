"""The mails of a demo are read on a page by whoever runs it; in any other installation there is no such page."""

from __future__ import annotations

import html

import pytest
from django.core.mail import send_mail
from django.test import Client

from consent.services import consents
from demo import mails
from tests.cast import Cast

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def demo_of_mails(settings, tmp_path):
    settings.DEMO_MAILS, settings.EMAIL_FILE_PATH = True, tmp_path / "mail"
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"


def test_a_mail_is_shown_whole_and_newest_first(demo_of_mails, cast: Cast, browsers):
    assert "Nothing was mailed yet." in browsers["mia"].get("/demo/mails/").content.decode()
    send_mail("Prüfung eins", "Grüße\n\nhttp://127.0.0.1:8000/x/", None, ["ana@demo.example"])
    send_mail("Two", "<script>alert(1)</script>", None, ["ben@demo.example"])
    assert [(one.subject, one.to) for one in mails.newest()] == [
        ("Two", "ben@demo.example"),
        ("Prüfung eins", "ana@demo.example"),
    ]
    shown = browsers["mia"].get("/demo/mails/").content.decode()
    assert "Prüfung eins" in shown
    assert 'href="http://127.0.0.1:8000/x/"' in shown
    assert "<script>alert" not in shown
    assert "Mails of the demo" in browsers["mia"].get("/studies/").content.decode()


def test_the_code_of_an_erasure_is_found_by_who_runs_the_demo(
    demo_of_mails, cast: Cast, browsers, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        _erasure, code = consents.ask_erasure(participant=cast.ours.participant)
    page = Client().get(f"/p/{cast.ours.token}/erase/code/").content.decode()
    assert "This is a demo and mails nothing." in html.unescape(page)
    assert code not in page
    assert code in browsers["mia"].get("/demo/mails/").content.decode()


def test_where_mails_are_sent_or_it_is_no_demo_there_is_no_such_page(demo_of_mails, cast: Cast, browsers, settings):
    assert browsers["mia"].get("/demo/mails/").status_code == 200
    settings.DEMO_MAILS = False  # when it is which: tests/test_settings.py
    assert browsers["mia"].get("/demo/mails/").status_code == 404
    assert "Mails of the demo" not in browsers["mia"].get("/studies/").content.decode()


def test_nobody_else_reads_the_mails_of_a_demo(demo_of_mails, cast: Cast, browsers):
    for who in ("ana", "dana", "otto"):
        assert browsers[who].get("/demo/mails/").status_code == 404
    assert Client().get("/demo/mails/").status_code == 302


def test_no_code_page_speaks_of_a_demo_elsewhere(cast: Cast):
    consents.ask_erasure(participant=cast.ours.participant)
    assert "demo" not in Client().get(f"/p/{cast.ours.token}/erase/code/").content.decode().split("<main", 1)[1]
