"""Every address × every member of the cast: who gets in, who is refused, and to whom it does not exist.

The table is in `doors.py`. A URL without a row fails the suite, as does a row without a URL, so a page cannot be added
without saying whom it is for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from http.cookies import SimpleCookie
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse

from tests.cast import ANONYMOUS, NAMES, Cast, Things
from tests.conftest import BACKEND
from tests.doors import TABLE, Door

pytestmark = pytest.mark.django_db(databases="__all__")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# allauth keeps the addresses of its older releases as redirects without a name.
REDIRECTS = (
    "accounts/social/login/cancelled/",
    "accounts/social/login/error/",
    "accounts/social/signup/",
    "accounts/social/connections/",
)
THEIRS = ("account_", "mfa_", "socialaccount_", "openid_connect_")


def walk(patterns: list, spaces: tuple[str, ...] = (), start: str = "") -> Iterator[tuple[str, str]]:
    """(route name, path) of every address; a path without a name has the name ""."""
    for one in patterns:
        if isinstance(one, URLResolver):
            deeper = (*spaces, one.namespace) if one.namespace else spaces
            yield from walk(one.url_patterns, deeper, start + str(one.pattern))
        else:
            yield ":".join((*spaces, one.name)) if one.name else "", start + str(one.pattern)


ROUTES = {name: path for name, path in walk(get_resolver().url_patterns) if name}


def ids(things: Things) -> dict[str, Any]:
    """What stands in the addresses of one study."""
    return {
        "study_id": things.study.pk, "campaign_id": things.campaign.pk, "assignment_id": things.assignment.pk,
        "track_id": things.track.pk, "what": "original", "annotation_id": things.annotation.pk,
        "scheme_version_id": things.campaign.scheme_version_id, "dataset_id": things.dataset.pk, "version_id": things.version.pk, "asset_id": things.package.pk,
        "run_id": things.run.pk, "job_id": things.job.pk, "token": things.token, "participant_id": things.participant.pk,
        "notice_id": things.draft.pk, "text_id": things.text.pk, "request_id": things.request.pk,
        "basis_id": things.study.bases.first().pk, "item_id": things.items[0].pk, "model_id": things.model.pk,
        "recording_id": things.items[0].recording_id, "gold_id": things.gold.pk, "kind": "brightness",
        "user_id": things.assignment.annotator.user_id,
        **{name: row.pk for name, row in rows(things).items()},
    }  # fmt: skip


NOUNS = sorted(
    {
        route.removeprefix("api:").removesuffix("-list")
        for route in ROUTES
        if route.startswith("api:") and route.endswith("-list")
    }
)
OTHER = {"key": "made-up-key", "uidb36": "0", "pk": 1, "provider_id": "oidc", "nobody": uuid4(), "role": "emperor"}


def rows(things: Things) -> dict[str, Any]:
    """The row that stands in the addresses of each noun of the API; a noun that the cast has none of is left out."""
    track, version = things.track, things.campaign.scheme_version
    return {
        "studies": things.study, "controllers": things.study.controller, "bases": things.study.bases.first(),
        "assets": things.package, "participants": things.participant, "notices": things.notice,
        "consent-events": things.participant.consent_events.first(), "permissions": things.participant.permissions.first(),
        "requests": things.request, "recordings": track.recording, "tracks": track, "items": things.items[0],
        "appearances": track.appearances.first(), "alignments": track.alignments.first(), "schemes": version.scheme,
        "scheme-versions": version, "questions": version.questions.get(), "campaigns": things.campaign,
        "annotators": things.assignment.annotator, "assignments": things.assignment, "annotations": things.annotation,
        "agreement-reports": things.report, "gold-standards": things.gold, "gold-labels": things.gold.labels.first(),
        "datasets": things.dataset, "dataset-versions": things.version, "versions": things.version, "models": things.model,
        "model-versions": things.model_version, "runs": things.run, "predictions": things.prediction, "jobs": things.job,
    }  # fmt: skip


def noun(route: str) -> str:
    """`api:scheme-versions-add-question` is about scheme-versions."""
    words = route.removeprefix("api:")
    return max((one for one in NOUNS if words.startswith(f"{one}-")), key=len, default="")


def address(route: str, values: Mapping[str, Any]) -> str:
    given = {name: values[name] for name in names_in(route) if name != "pk"}
    if "pk" in names_in(route):
        given["pk"] = values["pk"] if not route.startswith("api:") else values.get(noun(route), values["nobody"])
    return reverse(route, kwargs=given)


def names_in(route: str) -> list[str]:
    """What stands in an address, in its order: `<uuid:study_id>` or `(?P<key>…)`."""
    return [either or other for either, other in re.findall(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>", ROUTES.get(route, ""))]


class Visitors:
    """A browser for each member; every visit is undone, also what it did to the session."""

    def __init__(self, cast: Cast) -> None:
        self.clients = {ANONYMOUS: Client(), **{name: Client() for name in NAMES}}
        for name, user in cast.users.items():
            self.clients[name].force_login(user, backend=BACKEND)
        self.cookies = {name: client.cookies.output(header="", sep=";") for name, client in self.clients.items()}

    def visit(self, who: str, method: str, url: str, data: Mapping[str, Any] | None = None) -> HttpResponse:
        more = {"content_type": "application/json"} if url.startswith("/api/") and method != "GET" else {}
        client = self.clients[who]
        client.cookies = SimpleCookie(self.cookies[who])
        point = {alias: transaction.savepoint(using=alias) for alias in ("default", "keys")}
        try:
            return getattr(client, method.lower())(url, data or {}, **more)
        finally:
            for alias, sid in point.items():
                transaction.savepoint_rollback(sid, using=alias)


@pytest.fixture(scope="module")
def opened(stage: Cast) -> Visitors:
    return Visitors(stage)


@pytest.fixture
def visitors(cast: Cast, opened: Visitors) -> Visitors:
    return opened


@pytest.fixture
def values(cast: Cast) -> dict[str, Any]:
    return ids(cast.ours) | {"token_id": cast.tokens["ana"][0].pk, "tokens": cast.tokens["ana"][0].pk} | OTHER


def test_every_address_is_in_the_table():
    named = {(door.route, door.method) for door in TABLE}
    assert len(named) == len(TABLE), "A row stands twice in the table."
    unnamed = [path for name, path in walk(get_resolver().url_patterns) if not name and path not in REDIRECTS]
    missing = sorted(set(ROUTES) - {route for route, _method in named})
    assert not missing + unnamed, (
        f"These addresses have no row in tests/test_doors.py; say whom they are for: {missing + unnamed}"
    )
    gone = sorted({route for route, _method in named} - set(ROUTES))
    assert not gone, f"These rows of tests/test_doors.py name no address any more: {gone}"


@pytest.mark.parametrize("door", TABLE, ids=lambda door: f"{door.method} {door.route}")
def test_each_door_opens_for_whom_the_table_says(door: Door, visitors: Visitors, values: dict):
    url = address(door.route, values)
    got = {who: visitors.visit(who, door.method, url, door.data).status_code for who in visitors.clients}
    assert got == {who: door.expected(who) for who in visitors.clients}


@pytest.mark.parametrize("route", sorted(route for route in ROUTES if not route.startswith(THEIRS)))
def test_a_method_that_the_table_does_not_name_is_refused(route: str, visitors: Visitors, values: dict):
    url = address(route, values)
    closed = [one for one in METHODS if (route, one) not in {(door.route, door.method) for door in TABLE}]
    got = {one: visitors.visit("mia", one, url).status_code for one in closed}
    # A page that is not there for this person may say so before it looks at the method.
    assert {one: status for one, status in got.items() if status not in (405, 404, 403)} == {}


WITH_IDS = sorted(
    {
        (door.route, door.method)
        for door in TABLE
        if not door.route.startswith(THEIRS)
        and any(name.endswith("_id") or name == "pk" for name in names_in(door.route))
    }
)
PEOPLE_OF_OURS = ("mia", "dana", "ana")
# Whoever runs the installation makes studies, picks their controller among all there are, and sees all accounts.
OPERATORS = ("api:controllers-detail", "api:controllers-list", "people_link", "people_set")


@pytest.mark.parametrize(("route", "method"), WITH_IDS, ids=lambda word: word)
def test_things_of_another_study_are_not_there(route: str, method: str, cast: Cast, visitors: Visitors):
    foreign = ids(cast.theirs) | {"token_id": cast.tokens["otto"][0].pk, "tokens": cast.tokens["otto"][0].pk} | OTHER
    url = address(route, foreign)
    if (route, method) == ("labeling:stop", "GET"):
        return  # the way back to one's own list asks nothing of the campaign
    if route == "consent:mine_notice":
        return  # the token in the address is the right to see it, whoever holds it
    people = [who for who in PEOPLE_OF_OURS if who != "mia" or route not in OPERATORS]
    assert {who: visitors.visit(who, method, url).status_code for who in people} == dict.fromkeys(people, 404)


@pytest.mark.parametrize(
    ("route", "method"), [one for one in WITH_IDS if len(names_in(one[0])) > 1], ids=lambda word: word
)
def test_things_of_another_study_cannot_be_reached_through_ones_own(
    route: str, method: str, cast: Cast, visitors: Visitors
):
    """The outer id is ours, the inner one another study's, in an address with two."""
    mixed, foreign = ids(cast.ours), ids(cast.theirs)
    inner = [name for name in names_in(route) if name.endswith("_id")][-1:]
    url = address(route, mixed | {name: foreign[name] for name in inner} | OTHER)
    got = {who: visitors.visit(who, method, url).status_code for who in ("mia", "dana", "ana")}
    assert got["mia"] in (404, 403)
    assert set(got.values()) <= {404, 403}


@pytest.mark.parametrize(("route", "method"), WITH_IDS, ids=lambda word: word)
def test_an_id_that_nobody_gave_is_not_there(route: str, method: str, visitors: Visitors):
    made_up = {name: uuid4() for name in names_in(route) if name.endswith("_id")}
    rest = {"what": "original", "token": "x" * 43, "kind": "brightness"} | OTHER
    if (route, method) == ("labeling:stop", "GET"):
        return
    status = visitors.visit("mia", method, address(route, rest | made_up)).status_code
    assert status == 404


LISTS = sorted(route for route in ROUTES if route.startswith("api:") and route.endswith("-list"))


@pytest.mark.parametrize("route", LISTS)
def test_lists_hold_nothing_of_another_study(route: str, cast: Cast, visitors: Visitors):
    foreign = {str(row.pk) for row in rows(cast.theirs).values()} | {str(cast.theirs.study.pk)}
    ours = {str(row.pk) for row in rows(cast.ours).values()} | {str(cast.ours.study.pk)}
    for who in PEOPLE_OF_OURS:
        if who == "mia" and route in OPERATORS:
            continue
        text = visitors.visit(who, "GET", address(route, {})).content.decode()
        assert not [one for one in foreign if one in text], who
    text = visitors.visit("otto", "GET", address(route, {})).content.decode()
    assert not [one for one in ours if one in text]


POSTS = sorted({door.route for door in TABLE if door.method == "POST"})


@pytest.mark.parametrize("route", POSTS)
def test_a_post_without_its_token_is_refused(route: str, cast: Cast, values: dict):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.ana, backend=BACKEND)
    assert client.post(address(route, values)).status_code == 403
