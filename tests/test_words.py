"""Every state, kind and role that a page shows is said in the reader's language, and nobody is said to be an emotion.

Codes are English and stay so in the database, the API and exports; what stands on a page goes through a label.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from django.apps import apps
from django.db import models
from django.utils import translation
from django.utils.functional import Promise

from affect.agreement import MEASURES
from affect.undefined import CODES
from consent import registry
from consent import words as consent_words
from consent.purposes import Purpose
from consent.services import erasure as erasure_services
from consent.services import requests as request_services
from consent.services.packages import Package
from datasets import words as dataset_words
from labeling import words as labeling_words
from labeling.models import Question
from tests.cast import Cast
from tests.doors import TABLE, Door
from tests.test_doors import THEIRS, address, opened, values, visitors  # noqa: F401 - fixtures
from tests.test_translations import LANGUAGES, ROOT, catalogue, folder, in_python, in_templates

OURS = ("core", "consent", "labeling", "datasets", "inference")


def enumerations() -> Iterator[type[models.TextChoices]]:
    """Every closed list of ours, wherever it is written."""
    waiting = [models.TextChoices]
    while waiting:
        for found in waiting.pop().__subclasses__():
            waiting.append(found)
            if found.__module__.partition(".")[0] in OURS:
                yield found


LISTS = sorted(enumerations(), key=lambda one: (one.__module__, one.__qualname__))
EVERY_LIST = pytest.mark.parametrize("choices", LISTS, ids=lambda one: f"{one.__module__}.{one.__qualname__}")
EVERY_LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)
ROOTS = [one for one in apps.get_models() if hasattr(one, "roles")]


def in_language(language: str, text: object) -> str:
    with translation.override(language):
        return str(text)


def catalogued(language: str) -> set[str]:
    return {entry["msgid"] for entry in catalogue(folder(language) / "django.po")}


@EVERY_LIST
def test_every_value_of_a_closed_list_has_a_label_that_can_be_translated(choices: type[models.TextChoices]):
    assert [one for one in choices if not isinstance(one._label_, Promise)] == []


@EVERY_LANGUAGE
def test_every_label_of_a_closed_list_is_translated(language: str):
    known = catalogued(language)
    labels = {in_language("en", label) for choices in LISTS for label in choices.labels}
    assert sorted(labels - known) == []


def test_choices_of_a_field_have_labels_that_can_be_translated():
    plain = [
        f"{model.__name__}.{field.name}: {label}"
        for model in apps.get_models()
        if model._meta.app_label in OURS
        for field in model._meta.fields
        for _value, label in field.choices or ()
        if field.name != "theme" and not isinstance(label, Promise) and not _of_a_list(label)
    ]
    assert plain == []


def _of_a_list(label: str) -> bool:
    """Django hands out the labels of an enumeration already said; the enumeration itself is looked at above."""
    return any(label in choices.labels for choices in LISTS)


@pytest.mark.parametrize("root", ROOTS, ids=lambda one: one.__name__)
@EVERY_LANGUAGE
def test_every_role_has_a_name_in_every_language(root: type[models.Model], language: str):
    assert set(root.role_names) == set(root.roles)
    assert {in_language("en", name) for name in root.role_names.values()} <= catalogued(language)


def test_every_code_that_pages_say_in_words_has_words():
    asked = {f"alpha_{level}" for level in Question.Level.values} | {"concordance_pairwise"}  # by labeling's agreement
    assert asked <= set(labeling_words.MEASURE) <= set(MEASURES)
    assert set(labeling_words.UNDEFINED) == set(CODES)
    assert set(consent_words.CHANNEL) == set(request_services.CHANNELS)
    assert set(consent_words.REASON) >= set(request_services.REFUSALS)
    assert set(consent_words.WAIVER) == set(erasure_services.WAIVERS)
    assert set(consent_words.REASON) >= {f"waived_{one}" for one in erasure_services.WAIVERS}
    assert set(consent_words.METHOD) >= {
        "link",
        "session",
        "paper",
        "phone",
        "import",
        "demonstration",
        "officer",
        "code",
    }


class Shown(HTMLParser):
    """What a page says in its own language: texts and the attributes that are read out, in the parts in which they are shown.

    Scripts and codes are passed over, and what the page marks as being in another language: a notice is told in its own.
    """

    SAID = ("aria-label", "title", "placeholder", "alt")
    NOT_SAID = ("script", "style", "code")
    VOID = ("br", "hr", "img", "input", "link", "meta", "source", "wbr")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.parts: set[str] = set()
        self._open: list[bool] = []  # for each open element, whether it is passed over
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        foreign = tag != "html" and any(name == "lang" for name, _value in attrs)
        silent = foreign or tag in self.NOT_SAID or bool(self._open and self._open[-1])
        if not silent:
            for name, value in attrs:
                if name in self.SAID and value:
                    self._add(value)
        if tag not in self.VOID:
            self._open.append(silent)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if not (self._open and self._open[-1]):
            self._add(data)

    def _add(self, text: str) -> None:
        self.parts |= parts(text)


def parts(text: str) -> set[str]:
    """A text, and what stands in it between commas and the like."""
    return {part.strip() for part in re.split(r"[,;:·()\n]|\s–\s", text)} | {" ".join(text.split())}


def english(language: str) -> set[str]:
    """Labels and bare codes that must not stand on a page in this language: those which it says otherwise."""
    found = set()
    named = [label for table in _tables() for label in table.items()]
    listed = [(one.value, one._label_) for choices in LISTS for one in choices]
    roles = [pair for root in ROOTS for pair in root.role_names.items()]
    for code, label in (*named, *listed, *roles):
        here = in_language(language, label)
        found |= {text for text in (code, in_language("en", label)) if text.casefold() != here.casefold()}
    # A word of the other language may be spelled like an English one.
    return found - {part for _code, label in (*named, *listed, *roles) for part in parts(in_language(language, label))}


def _tables() -> list[dict]:
    modules = (consent_words, labeling_words, dataset_words)
    return [
        value
        for module in modules
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, dict)
    ]


# Words of the cast that people typed: names of tracks, codes and keys are data and stand as they were entered.
TYPED = {"text", "voice", "emotion", "1"}
PAGES = [
    door for door in TABLE
    if door.method == "GET" and not door.route.startswith(("api:", *THEIRS, "schema", "metrics", "healthz", "readyz"))
    and (200 in door.to or 200 in (door.others, door.anonymous))
]  # fmt: skip


@pytest.mark.django_db(databases="__all__")
@pytest.mark.parametrize("door", PAGES, ids=lambda door: door.route)
@EVERY_LANGUAGE
def test_no_page_says_a_state_a_kind_or_a_role_in_english(door: Door, language: str, visitors, values: dict):  # noqa: F811
    people = [who for who in visitors.clients if door.expected(who) == 200]
    url = address(door.route, values)
    wrong = {}
    for who in people[:3]:
        with translation.override(None):
            visitors.clients[who].defaults["HTTP_ACCEPT_LANGUAGE"] = language
            answer = visitors.visit(who, "GET", url)
        if not answer.get("Content-Type", "").startswith("text/html"):
            continue
        page = answer.content.decode()
        assert f'lang="{language}"' in page or "<html" not in page
        if found := (Shown(page).parts & english(language)) - TYPED:
            wrong[who] = sorted(found)
    assert wrong == {}


def test_the_look_for_english_finds_it():
    page = '<p>Widerruf · <span class="badge">Withdrawn</span></p><td aria-label="identity_pending">x</td>'
    assert {"Withdrawn", "identity_pending"} <= Shown(page).parts & english("de")
    assert not {"Import", "nominal"} & english("de")  # German spells them alike
    assert not Shown('<html lang="de"><section lang="en">Withdrawn<br></section></html>').parts & english("de")


@pytest.mark.django_db(databases="__all__")
@EVERY_LANGUAGE
def test_the_copy_a_participant_gets_says_states_and_purposes_in_their_language(language: str, cast: Cast):
    with translation.override(language):
        copy = Package()
        for _name, holding in registry.holdings():
            holding.export(cast.ours.participant, copy)
    said = {cell for _title, rows in copy.sections for row in rows for cell in row}
    assert in_language(language, Purpose.TRAIN_MODELS.label) in said
    assert said & english(language) - TYPED == set()


# Wording: people appear to express, models predict --------------------------------------------------------------------

FEELINGS = {
    "en": r"angry|sad|happy|afraid|scared|fearful|disgusted|surprised|anxious|depressed|stressed|joyful|contemptuous|upset",
    "de": r"wütend|zornig|traurig|glücklich|ängstlich|fröhlich|angewidert|überrascht|gestresst|deprimiert|verärgert",
    "es": r"enfadad[oa]|triste|feliz|contento|contenta|asustad[oa]|alegre|sorprendid[oa]|estresad[oa]|deprimid[oa]|enojad[oa]",
}
SAID_TO_BE = {
    "en": rf"\b(?:is|are|was|were|am|feels?|felt|be|being)\s+(?:\w+\s+)?(?:{FEELINGS['en']})\b",
    "de": rf"\b(?:ist|sind|war|waren|fühlt sich|fühlen sich|sei)\s+(?:\w+\s+)?(?:{FEELINGS['de']})\b",
    "es": rf"\b(?:es|son|está|están|estaba|se siente|se sienten)\s+(?:\w+\s+)?(?:{FEELINGS['es']})s?\b",
}
# A program predicts what people would say; it finds, reads and knows no feeling.
DOES = {
    "en": r"\b(?:detects?|recogni[sz]es?|reads?|knows?|measures?|understands?|infers?)\s+(?:\w+\s+){0,2}(?:emotions?|feelings?|moods?)\b",
    "de": r"\b(?:Emotionen|Gefühle|Stimmungen)\s+(?:zu\s+)?(?:erkenn|les|mess|versteh|ermittel)\w*|\b(?:erkennt|liest|misst|versteht)\s+(?:\w+\s+){0,2}(?:Emotion|Gefühl|Stimmung)",
    "es": r"\b(?:detecta|reconoce|lee|mide|entiende|infiere)n?\s+(?:\w+\s+){0,2}(?:emoci|sentimient|estado de ánimo)",
}


# Says what must not be done.
PROHIBITION = "Decides what is prohibited: at work and in education nobody’s emotions are inferred."


def sentences() -> Iterator[tuple[str, str, str]]:
    """(language, where, text) of everything that a person reads: texts of the code, scripts, catalogues, documents."""
    for text in (*in_python(), *in_templates()):
        yield "en", "a text of the code", text
    for path in (*(ROOT / "static" / "js").rglob("*.js"), ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        yield "en", str(path.relative_to(ROOT)), path.read_text()
    for path in (ROOT / "templates").rglob("*.html"):
        yield "en", str(path.relative_to(ROOT)), re.sub(r"<[^>]+>|{%.*?%}", " ", path.read_text())
    for language in LANGUAGES:
        for entry in catalogue(folder(language) / "django.po"):
            for name, text in entry.items():
                if name.startswith("msgstr"):
                    yield language, entry["msgid"], text


def test_nobody_is_said_to_be_an_emotion_and_no_program_to_find_one():
    wrong = [
        (where, found[0])
        for language, where, text in sentences()
        for rule in (SAID_TO_BE[language], DOES[language])
        if (found := re.search(rule, text, re.IGNORECASE)) and PROHIBITION not in (where, text)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The person is very angry."), ("en", "She feels sad"), ("en", "The model detects emotions."),
        ("de", "Die Person ist sehr wütend."), ("de", "Das Modell erkennt die Gefühle."), ("es", "La persona está muy triste."),
        ("es", "El modelo reconoce las emociones."),
    ],
)  # fmt: skip
def test_the_look_for_such_words_finds_them(language: str, text: str):
    assert re.search(SAID_TO_BE[language], text, re.IGNORECASE) or re.search(DOES[language], text, re.IGNORECASE)
