"""Requests that nobody sends by mistake: a clear refusal with a stable code, never a 500, and nothing stored."""

import json
import re
from contextlib import nullcontext
from http.cookies import SimpleCookie

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from affect.schemes import gallery
from core.models import ApiToken, Job
from tests import guards
from tests.cast import PASSWORD, Cast
from tests.robust.store import stored

pytestmark = pytest.mark.django_db(databases="__all__")
SIGN_IN = "/accounts/login/"


@pytest.fixture(autouse=True)
def _no_attempts_left_over():
    cache.clear()


@pytest.fixture
def mia(browsers) -> Client:
    client = browsers["mia"]
    client.raise_request_exception = False
    return client


def program(cast: Cast, who: str) -> Client:
    client = Client(headers={"authorization": f"Bearer {cast.tokens[who][1]}"}, raise_request_exception=False)
    return client


# What is sent ---------------------------------------------------------------------------------------------------------

DEEP = "[" * 400 + "]" * 400
DEEPER = '{"a":' * 90_000 + "1" + "}" * 90_000
SCHEMES = {
    "the same name twice": ('{"study": "%(study)s", "name": "a", "name": "b", "form": {}}', 400, "duplicate_name"),
    "the same name twice, deep inside": (
        '{"study": "%(study)s", "name": "a", "form": {"questions": [{"id": "v", "id": "w"}]}}', 400, "duplicate_name",
    ),
    "nested without end": (DEEPER, 400, "too_deep"),
    "nested where a text belongs": ('{"study": "%(study)s", "name": ' + DEEP + "}", 422, "invalid"),
    "half a character": ('{"study": "%(study)s", "name": "\\ud800"}', 400, "not_utf8"),
    "NUL in a name of a field": ('{"study": "%(study)s", "na\\u0000me": "x"}', 400, "nul_in_text"),
    "a byte order mark": ('\ufeff{"study": "%(study)s", "name": "x"}', 400, "parse_error"),
    "a number without end": ('{"study": "%(study)s", "name": ' + "9" * 5000 + "}", 400, "number_refused"),
    "an infinite number": ('{"study": "%(study)s", "name": "x", "form": {"number": 1e999}}', 400, "number_refused"),
    "not a number": ('{"study": "%(study)s", "name": NaN}', 400, "number_refused"),
    "a scheme that is none": ('{"study": "%(study)s", "form": ' + DEEP[350:450] + "}", 422, "scheme_refused"),
    "a scheme of nothing": ('{"study": "%(study)s", "form": null}', 422, "invalid"),
    "no scheme at all": ('{"study": "%(study)s", "name": "x"}', 422, "scheme_refused"),
    "two schemes": ('{"study": "%(study)s", "form": {}, "gallery": "laughter"}', 422, "scheme_refused"),
    "a scheme that nobody made": ('{"study": "%(study)s", "gallery": "../laughter"}', 422, "scheme_unknown"),
    "a list": ("[]", 422, "invalid"),
    "nothing": ("", 422, "invalid"),
    "more than asked": ('{"study": "%(study)s", "name": "x", "id": "%(study)s", "revision": 7}', 422, "unknown_field"),
}  # fmt: skip


@pytest.mark.parametrize("case", SCHEMES)
def test_a_hostile_body_is_refused_with_its_code_and_stores_nothing(case, cast):
    text, status, code = SCHEMES[case]
    before = stored()
    response = program(cast, "mia").post(
        "/api/v1/schemes", text.replace("%(study)s", str(cast.ours.study.pk)), content_type="application/json"
    )
    assert (response.status_code, response.json()["code"]) == (status, code), response.content[:300]
    assert response["Content-Type"] == "application/problem+json"
    assert stored() == before


@pytest.mark.parametrize("number", ["nan", "NaN", "inf", "-Infinity", "1e999"])
@pytest.mark.parametrize("where", ["minimum", "maximum", "step", "anchor"])
def test_a_number_that_is_none_is_refused_also_as_a_text(number, where, cast):
    form = json.loads(gallery.text_of("sam-film-clips"))
    question = next(one for one in form["questions"] if one["kind"] == "scale")
    if where == "anchor":
        question["range"]["anchors"][0]["value"] = number
    else:
        question["range"][where] = number
    before = stored()
    response = program(cast, "mia").post(
        "/api/v1/schemes",
        {"study": str(cast.ours.study.pk), "name": "S", "form": form},
        content_type="application/json",
    )
    assert response.status_code == 422, response.content[:300]
    pointers = [error["pointer"] for error in response.json()["errors"]]
    assert [pointer.startswith("#/form/questions/") for pointer in pointers] == [True]
    assert stored() == before


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "multipart/form-data", "application/x-www-form-urlencoded", ""]
)
def test_a_body_of_another_kind_is_415(kind, cast):
    response = program(cast, "mia").generic("POST", "/api/v1/schemes", b'{"name": "x"}', content_type=kind)
    assert response.status_code == 415
    assert response.json()["code"] == "unsupported_media_type"


@pytest.mark.parametrize(
    "kind", ["application/json", "text/plain", "multipart/form-data", "multipart/form-data; boundary=x"]
)
@pytest.mark.parametrize("body", [b"", b"\x00\xff", b"[1]", b'"x"', b"{" * 5000, b"null"])
def test_an_answer_that_is_no_answer_is_refused_on_the_page_too(kind, body, cast, browsers):
    url = reverse("labeling:submit", args=[cast.ours.campaign.pk, cast.ours.assignment.pk])
    browsers["ana"].raise_request_exception = False
    before = stored()
    assert 400 <= browsers["ana"].generic("POST", url, body, content_type=kind).status_code < 500
    assert stored() == before


def test_a_method_cannot_be_smuggled_in(cast):
    client, token = program(cast, "ana"), cast.tokens["ana"][0]
    for header in ("X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"):
        response = client.post(
            f"/api/v1/tokens/{token.pk}?_method=DELETE", {}, content_type="application/json", headers={header: "DELETE"}
        )
        assert response.status_code == 405
    assert ApiToken.objects.get(pk=token.pk).revoked_at is None


@pytest.mark.parametrize(
    "query",
    [
        "?from_us=--5",
        "?from_us=-",
        "?columns=" + "9" * 15,
        "?columns=-1",
        "?to_us=-" + "9" * 14,
        "?from_us=-999999999999999&to_us=999999999999999&columns=2000",
    ],
)
def test_a_stretch_of_a_signal_that_cannot_be_meant_is_no_500(query, cast, mia):
    track, _asset = signal(cast)
    response = mia.get(reverse("labeling:media", args=[track.pk, "lane"]) + query)
    assert response.status_code == 200
    assert response.json()["minimum"] == 1.0


def signal(cast: Cast):
    """A track of ours with a drawn signal."""
    import io

    from labeling.models import Recording, Track
    from labeling.services import media, recordings
    from labeling.services.recordings import Appears, NewItem, NewRecording, NewTrack

    code = cast.ours.participant.code
    row = NewRecording("pulse", [NewTrack("signal", "pulse", [Appears(code)])], [NewItem("pulse", [code])])
    made = recordings.register(actor=cast.mia, study=cast.ours.study, rows=[row])
    track = Track.objects.select_related("study", "original").get(pk=made.tracks[0][0])
    asset = media.attach(actor=cast.mia, track=track, source=io.BytesIO(b"0,1\n0.1,2\n0.2,3\n"), file_name="a.csv")
    media.read_recording(Recording.objects.get(pk=made.recordings[0]))
    return track, asset


# Where one is sent ----------------------------------------------------------------------------------------------------

AWAY = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example",
    "\t//evil.example",
    "javascript:alert(1)",
    "http:evil.example",
    "https:\\\\evil.example",
    "/x\r\nSet-Cookie: a=b",
]


@pytest.mark.parametrize("away", AWAY)
def test_nobody_is_sent_elsewhere(away, cast, mia):
    job = Job.objects.get(pk=cast.ours.job.pk)
    answers = [
        mia.get(reverse("job", args=[job.pk]), {"then": away}),
        mia.post(reverse("set_language"), {"language": "de", "next": away}),
        Client(raise_request_exception=False).post(SIGN_IN, {"login": "ana@lab.example", "password": PASSWORD, "next": away}),
        Client(raise_request_exception=False).post(f"{SIGN_IN}?next=x", {"login": "ben@lab.example", "password": PASSWORD, "next": away}),
    ]  # fmt: skip
    for response in answers:
        assert response.status_code < 400
        there = response.headers.get("Location", "") + response.headers.get("HX-Redirect", "")
        assert "evil" not in there
        assert "javascript" not in there
        assert "\n" not in there
        assert "a" not in response.cookies


@pytest.mark.parametrize("host", ["evil.example", "localhost:8000@evil.example", "localhost/x", "a b", ""])
@pytest.mark.parametrize("path", [SIGN_IN, "/api/v1/studies", "/accounts/password/reset/"])
def test_another_host_is_refused_and_never_said_back(host, path, cast):
    client = Client(raise_request_exception=False)
    response = client.get(path, headers={"host": host}) if host else client.get(path, HTTP_HOST="")
    assert response.status_code in ((400,) if host else (200, 302, 400, 401))
    assert b"evil" not in response.content


# Who one is -----------------------------------------------------------------------------------------------------------


def test_a_session_that_was_there_before_signing_in_is_not_taken_over(cast):
    client = Client()
    client.get(SIGN_IN)
    client.cookies["session"] = "a" * 32
    client.post(SIGN_IN, {"login": "ana@lab.example", "password": PASSWORD})
    assert client.session["_auth_user_id"] == str(cast.ana.pk)
    assert client.cookies["session"].value != "a" * 32


@pytest.mark.parametrize(
    "spelling", ["ANA@lab.example", "Ana@LAB.example", " ana@lab.example", "ana@lab.example ", "aNA@lab.example\t"]
)
def test_another_spelling_of_the_address_is_no_way_around_the_lock(spelling, cast, settings):
    settings.AXES_FAILURE_LIMIT = 3
    client = Client(raise_request_exception=False)
    for _turn in range(3):
        client.post(SIGN_IN, {"login": "ana@lab.example", "password": "wrong"})
    response = client.post(SIGN_IN, {"login": spelling, "password": PASSWORD})
    assert response.status_code == 429
    assert "_auth_user_id" not in client.session


def test_a_locked_account_locks_nobody_else_out(cast, settings):
    settings.AXES_FAILURE_LIMIT = 3
    for _turn in range(3):
        Client(raise_request_exception=False).post(SIGN_IN, {"login": "ana@lab.example", "password": "wrong"})
    client = Client()
    assert client.post(SIGN_IN, {"login": "ben@lab.example", "password": PASSWORD}).status_code == 302
    assert client.session["_auth_user_id"] == str(cast.ben.pk)


def test_a_header_that_names_another_address_is_no_way_around_the_lock(cast, settings):
    settings.AXES_FAILURE_LIMIT = 3
    client = Client(raise_request_exception=False)
    for turn in range(4):
        response = client.post(
            SIGN_IN,
            {"login": "ana@lab.example", "password": "wrong"},
            headers={
                "x-forwarded-for": f"10.0.0.{turn}",
                "x-real-ip": f"10.0.1.{turn}",
                "forwarded": f"for=10.0.2.{turn}",
            },
        )
    assert response.status_code == 429


@pytest.mark.parametrize(
    "login",
    [
        "x" * 5000 + "@lab.example",
        "\0",
        "ana@lab.example\0",
        "\u202eana@lab.example",
        "'; DROP TABLE",
        "a@b@c",
        "٣@lab.example",
    ],
)
def test_a_strange_name_at_the_door_is_no_500(login, cast):
    client = Client(raise_request_exception=False)
    for _turn in range(2):
        assert client.post(SIGN_IN, {"login": login, "password": "p\0" + "x" * 5000}).status_code < 500


def test_a_cookie_that_is_garbage_is_nobody(cast):
    client = Client(raise_request_exception=False)
    for value in ("x", "a" * 5000, '"\\303\\251"', "../../etc/passwd"):
        client.cookies = SimpleCookie({"session": value, "csrf": value, "django_language": value})
        assert client.get("/studies/").status_code == 302
        assert client.get("/api/v1/studies").status_code == 401


# Files ----------------------------------------------------------------------------------------------------------------


def test_who_is_not_signed_in_cannot_fill_the_disk(cast, monkeypatch):
    """A form with a file can be posted to any page; nothing of the file is kept while nobody knows who sends it."""
    from consent.assets import uploads

    made = []
    real = uploads.tempfile.TemporaryFile
    monkeypatch.setattr(uploads.tempfile, "TemporaryFile", lambda *a, **k: made.append(1) or real(*a, **k))
    file = SimpleUploadedFile("a.wav", b"x" * 1_000_000)
    response = Client().post(SIGN_IN, {"login": "a@b.example", "password": "x", "file": file})
    assert response.status_code < 500
    assert made == []


def test_more_files_than_a_page_has_are_refused(cast, mia):
    url = reverse("studies:new_recording", args=[cast.ours.study.pk])
    files = {f"f{n}": SimpleUploadedFile("a.wav", b"x") for n in range(60)}
    response = mia.post(url, {"code": "x", **files})
    assert response.status_code == 413
    assert "larger than is accepted" in response.content.decode()


def test_more_fields_than_a_form_has_are_refused(cast, mia):
    url = reverse("studies:new_recording", args=[cast.ours.study.pk])
    response = mia.post(url, {f"f{n}": "x" for n in range(5000)})
    assert response.status_code in (400, 413)


NAMES = [
    "../../etc/passwd.wav",
    "a\r\nX-Evil: 1.wav",
    "a\0.wav",
    "\u202evaw.exe.wav",
    "x" * 5000 + ".wav",
    "a.wav/../b.svg.wav",
    "C:\\a.wav",
    "<img src=x onerror=alert(1)>.wav",
    "=cmd|' /C calc'!A0.wav",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_any_name_is_served_without_it(name, cast, mia):
    import io

    from labeling.models import Track
    from labeling.services import media, recordings
    from labeling.services.recordings import Appears, NewRecording, NewTrack

    row = NewRecording(
        "n", [NewTrack("audio", "voice", [Appears(cast.ours.participant.code)], duration_us=1, ready=True)]
    )
    made = recordings.register(actor=cast.mia, study=cast.ours.study, rows=[row])
    track = Track.objects.select_related("study", "original").get(pk=made.tracks[0][0])
    media.attach(actor=cast.mia, track=track, source=io.BytesIO(b"RIFF" * 9), file_name=name)
    response = mia.get(reverse("labeling:media", args=[track.pk, "original"]))
    assert response.status_code == 200
    assert response["Content-Disposition"] == "inline"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Type"] == "audio/wav"
    assert "X-Evil" not in response.headers
    assert b"".join(response.streaming_content) == b"RIFF" * 9


RANGES = [
    "bytes=0-0," * 5000 + "1-1",
    "bytes=0-9,5-14",
    "bytes=-" + "9" * 99,
    "bytes=" + "9" * 99 + "-",
    "bytes=5-1",
    "bytes=--1",
    "bytes=٣-٤",
    "items=0-1",
    "bytes=0-18446744073709551616",
]


@pytest.mark.parametrize("header", RANGES)
def test_an_abused_range_gets_the_whole_a_part_or_416_and_never_more(header, cast, mia):
    url = reverse("labeling:media", args=[cast.ours.track.pk, "original"])
    response = mia.get(url, headers={"range": header})
    assert response.status_code in (200, 206, 416)
    if response.status_code != 416:
        assert len(b"".join(response.streaming_content)) == int(response["Content-Length"]) <= 5004


# What is shown --------------------------------------------------------------------------------------------------------

XSS = "\"'><img src=x onerror=alert(1)></script><svg onload=alert(2)>{{7*7}}"


def test_a_name_is_never_markup(cast, browsers):
    """Every free text that a study has, on every page that shows it."""
    from tests.doors import TABLE
    from tests.test_doors import OTHER, THEIRS, address, ids

    ours = cast.ours
    plant(cast)
    values = ids(ours) | {"token_id": cast.tokens["ana"][0].pk, "tokens": cast.tokens["ana"][0].pk} | OTHER
    seen, shown = 0, 0
    for door in TABLE:
        if door.method != "GET" or door.route.startswith((*THEIRS, "api:")):
            continue
        for who in ("mia", "ana", "dana"):
            for more in ({}, {"hx-request": "true"}):
                response = browsers[who].get(address(door.route, values), {"q": XSS, "sort": XSS}, headers=more)
                if response.streaming or not response.headers.get("Content-Type", "").startswith("text/html"):
                    continue
                text = response.content.decode()
                seen += 1
                shown += "onerror=alert(1)" in text
                assert "<img src=x" not in text, (door.route, who)
                assert "<svg onload" not in text, (door.route, who)
                for attribute in re.findall(r'\s[\w-]+="[^"]*"', text):
                    assert (
                        "onerror=alert(1)>" not in attribute
                        or "&quot;" in attribute
                        or "%22" in attribute
                        or "&gt;" in attribute
                    ), attribute
    assert seen > 100
    assert shown > 30


def plant(cast: Cast) -> None:
    """Put the text where people may write what they want; tables directly, whatever a form would say."""
    from consent.models import Controller, NoticeText, Participant, Study
    from core.models import User
    from datasets.models import Dataset
    from inference.models import Model, ModelVersion
    from labeling.models import (
        Annotator,
        Campaign,
        Guideline,
        GuidelineVersion,
        Item,
        Label,
        Question,
        Recording,
        Scheme,
        Track,
    )

    ours = cast.ours
    for model, field in ((Controller, "name"), (Study, "name"), (Study, "purpose"), (User, "name"), (Dataset, "name"), (Dataset, "about"),
                         (Model, "name"), (Campaign, "name"), (Campaign, "about"), (Scheme, "name"), (Track, "name"), (Recording, "source"),
                         (Recording, "licence"), (Recording, "session"), (ModelVersion, "licence"), (NoticeText, "title"), (NoticeText, "summary"), (ApiToken, "name")):  # fmt: skip
        most = model._meta.get_field(field).max_length or 400
        with guards.off(model) if model is NoticeText else nullcontext():
            model.objects.update(**{field: XSS[:most]})
    with guards.off(Question), guards.off(Label):
        Question.objects.update(prompt={"en": XSS}, hint={"en": XSS})
        Label.objects.update(name={"en": XSS})
    for model in (Recording, Item, Participant, Annotator):
        for n, one in enumerate(model.objects.all()):
            model.objects.filter(pk=one.pk).update(code=f"{n}{XSS}"[: model._meta.get_field("code").max_length])
    guideline = Guideline.objects.create(study=ours.study, name=XSS)
    version = GuidelineVersion.objects.create(
        study=ours.study, guideline=guideline, text={"en": [{"heading": XSS, "text": XSS}]}
    )
    Campaign.objects.filter(pk=ours.campaign.pk).update(guideline_version=version)


def test_what_people_wrote_starts_no_formula_in_a_list(cast, mia):
    from labeling.models import Campaign

    Campaign.objects.filter(pk=cast.ours.campaign.pk).update(name="=HYPERLINK(1)")
    response = mia.get(reverse("campaigns:list", args=[cast.ours.study.pk]), {"format": "csv"})
    text = b"".join(response.streaming_content).decode()
    assert "'=HYPERLINK(1)" in text
    assert not re.search(r'(^|[,\n"])=HYPERLINK', text)


def test_an_access_package_that_is_built_again_replaces_the_one_before(cast):
    from consent.models import Request
    from consent.services import packages

    request = cast.ours.request
    first = packages.build(request, actor=cast.dana)
    second = packages.build(Request.objects.get(pk=request.pk), actor=cast.dana)
    first.refresh_from_db()
    assert (first.state, second.state) == ("erased", "stored")
    assert Request.objects.get(pk=request.pk).package_id == second.pk
