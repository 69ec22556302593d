"""The catalogues hold every text of the code, translated, with its placeholders, and the compiled ones are current.

Texts are found without GNU gettext, which a fresh machine lacks: in Python by reading the code, in templates by what
Django itself would hand to xgettext.
"""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("affect", "config", "consent", "core", "datasets", "demo", "inference", "labeling")
CALLS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
IN_TEMPLATES = re.compile(r"\b(?:n?gettext|_)\((u?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"))")
PLACEHOLDER = re.compile(r"%\(\w+\)[\d.]*[a-z]|%[\d.]*[dsfg]\b|%%|\{\w+\}|</?\w+[^>]*>")
LANGUAGES = [code for code, _name in settings.LANGUAGES if code != "en"]
EVERY_LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)


def folder(language: str) -> Path:
    return ROOT / "locale" / language / "LC_MESSAGES"


def in_python() -> Iterator[str]:
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(), str(path))):
            named = getattr(node, "func", None)
            if (getattr(named, "id", None) or getattr(named, "attr", None)) in CALLS and node.args:
                text = node.args[0]
                if isinstance(text, ast.Constant) and isinstance(text.value, str):
                    yield text.value


def in_templates() -> Iterator[str]:
    for path in (ROOT / "templates").rglob("*.html"):
        for found in IN_TEMPLATES.findall(templatize(path.read_text(), origin=str(path))):
            yield ast.literal_eval(found)


def catalogue(path: Path) -> Iterator[dict]:
    """The entries of a .po file: flags, msgid, msgid_plural and msgstr or msgstr[n]."""
    for block in path.read_text().split("\n\n"):
        entry: dict = {"flags": ""}
        name = ""
        for line in block.splitlines():
            if line.startswith("#,"):
                entry["flags"] += line
            elif line.startswith("#"):
                continue
            elif line.startswith('"'):
                entry[name] += ast.literal_eval(line)
            else:
                name, text = line.split(" ", 1)
                entry[name] = ast.literal_eval(text)
        if entry.get("msgid"):
            yield entry


def translations(entry: dict) -> list[tuple[str, str]]:
    """Pairs of a text and its translation."""
    if "msgid_plural" in entry:
        return [(entry["msgid"], entry["msgstr[0]"]), (entry["msgid_plural"], entry["msgstr[1]"])]
    return [(entry["msgid"], entry["msgstr"])]


def test_texts_are_found_in_python_and_in_templates():
    assert "Sign in first." in set(in_python())
    assert {"Saved", "{percent} %% of what has played", "%(n)s campaign"} <= set(in_templates())


@EVERY_LANGUAGE
def test_every_text_of_the_code_is_in_the_catalogue(language: str):
    known = {entry["msgid"] for entry in catalogue(folder(language) / "django.po")}
    texts = {text for text in (*in_python(), *in_templates()) if text}
    assert sorted(texts - known) == []


@EVERY_LANGUAGE
def test_every_entry_is_translated_and_none_is_a_guess(language: str):
    entries = list(catalogue(folder(language) / "django.po"))
    assert [entry["msgid"] for entry in entries if not all(said for _text, said in translations(entry))] == []
    assert [entry["msgid"] for entry in entries if "fuzzy" in entry["flags"]] == []


@EVERY_LANGUAGE
def test_translations_keep_placeholders_and_markup(language: str):
    wrong = [
        (text, said)
        for entry in catalogue(folder(language) / "django.po")
        for text, said in translations(entry)
        if sorted(PLACEHOLDER.findall(text)) != sorted(PLACEHOLDER.findall(said))
    ]
    assert wrong == []


@EVERY_LANGUAGE
def test_the_compiled_catalogue_says_what_the_source_says(language: str):
    with (folder(language) / "django.mo").open("rb") as compiled:
        known = gettext.GNUTranslations(compiled)
    for entry in catalogue(folder(language) / "django.po"):
        if "msgid_plural" in entry:
            plural = entry["msgid_plural"]
            assert known.ngettext(entry["msgid"], plural, 1) == entry["msgstr[0]"]
            assert known.ngettext(entry["msgid"], plural, 2) == entry["msgstr[1]"]
        else:
            assert known.gettext(entry["msgid"]) == entry["msgstr"], "Compile anew: manage.py compilemessages"


@EVERY_LANGUAGE
def test_nobody_is_said_to_be_an_emotion(language: str):
    """A person appears to express; only the words of a vocabulary name emotions, and they are data."""
    emotions = {"de": r"\bist (wütend|traurig|ängstlich|fröhlich)", "es": r"\best[áa] (enfadad|triste|alegre|asustad)"}
    texts = [said for entry in catalogue(folder(language) / "django.po") for _text, said in translations(entry)]
    assert [said for said in texts if re.search(emotions[language], said)] == []


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "word"), [("de", "Anmelden"), ("es", "Iniciar sesión"), ("en", "Sign in")])
def test_a_page_speaks_the_language_the_browser_asks_for(language: str, word: str, django_user_model):
    django_user_model.objects.create(email="ana@people.example", name="Ana")
    with translation.override(None):
        page = Client().get("/accounts/login/", headers={"accept-language": language}).content.decode()
    assert word in page
    assert f'lang="{language}"' in page
