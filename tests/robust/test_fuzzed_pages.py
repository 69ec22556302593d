"""Every page and every form with values that cannot be meant, in every name that the code reads anywhere: no 500."""

import re
from itertools import chain
from pathlib import Path

import pytest
from django import forms

from tests.doors import TABLE, Door
from tests.test_doors import OTHER, THEIRS, Visitors, address, ids

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.long]
ROOT = Path(__file__).resolve().parents[2]
APPS = ("core", "consent", "labeling", "datasets", "inference", "config")
VALUES = (
    "\0", "--5", "9" * 400, "-9223372036854775809", "٣", "\u202e<script>alert(1)</script>", "' OR 1=1 --", "[[[]]]", "../../etc/passwd",
    "1e999", "NaN", "0001-01-01", "9999-12-31", "=1+1\r\nX: y", "",
)  # fmt: skip
CODE = "\n".join(path.read_text() for app in APPS for path in (ROOT / app).rglob("*.py"))
ASKED = {"q", "sort", "page", "format", "limit", "cursor", "study", "state", "kind"}
ASKED |= set(re.findall(r'(?:GET|query_params)\.get\w*\(\s*"(\w+)"', CODE))
ASKED |= set(re.findall(r'_whole\(request, "(\w+)"', CODE))
POSTED = set(re.findall(r'(?:POST|_body\(request\)|body|said|sent)\.get\w*\(\s*"([\w.]+)"', CODE))


def every_form(base: type = forms.BaseForm) -> list[type[forms.BaseForm]]:
    found = chain.from_iterable([one, *every_form(one)] for one in base.__subclasses__())
    return [one for one in found if one.__module__.partition(".")[0] in APPS]


def filled(value: str, *, plausible: bool) -> dict[str, str]:
    """A value for every field of every form; where choices are asked, the first of them, so that texts come through."""
    said = dict.fromkeys(POSTED, value)
    for form in every_form():
        for name, field in form.base_fields.items():
            meant = _plausible(field, value) if plausible else value
            said |= {name: meant, f"t0-{name}": meant}
    return said


def _plausible(field: forms.Field, value: str) -> str:
    if isinstance(field, forms.ChoiceField) and not isinstance(field, forms.ModelChoiceField):
        return next((str(code) for code, label in field.choices if code and not isinstance(label, list | tuple)), value)
    kinds = {
        forms.BooleanField: "on",
        forms.IntegerField: "1",
        forms.DateField: "2020-01-01",
        forms.EmailField: "x@y.example",
    }
    return next((meant for kind, meant in kinds.items() if isinstance(field, kind)), value)


def insider(door: Door) -> str:
    return next((names.split()[0] for status, names in door.to.items() if status not in (403, 404)), "mia")


@pytest.fixture(scope="module")
def opened(stage) -> Visitors:
    visitors = Visitors(stage)
    for client in visitors.clients.values():
        client.raise_request_exception = False
    return visitors


@pytest.fixture
def values(cast):
    return ids(cast.ours) | {"token_id": cast.tokens["ana"][0].pk, "tokens": cast.tokens["ana"][0].pk} | OTHER


OURS = [door for door in TABLE if not door.route.startswith(THEIRS) and door.route != "readyz"]


@pytest.mark.parametrize("door", [one for one in OURS if one.method == "GET"], ids=lambda door: door.route)
def test_no_question_makes_a_500(door, cast, opened, values):
    got = {}
    for value in VALUES:
        response = opened.visit(insider(door), "GET", address(door.route, values), dict.fromkeys(ASKED, value))
        if response.streaming:
            b"".join(response.streaming_content)
        got[value] = response.status_code
    assert {value: status for value, status in got.items() if status >= 500} == {}


FORMS = [one for one in OURS if one.method == "POST" and not one.route.startswith("api:")]


@pytest.mark.parametrize("door", FORMS, ids=lambda door: door.route)
def test_no_form_makes_a_500(door, cast, opened, values):
    got = {}
    for value in VALUES:
        for plausible in (False, True):
            said = filled(value, plausible=plausible)
            got[value, plausible] = opened.visit(insider(door), "POST", address(door.route, values), said).status_code
    assert {value: status for value, status in got.items() if status >= 500} == {}
