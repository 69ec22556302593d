"""Every address × every member of the cast: who gets in, who is refused, and to whom it does not exist.

A row says who is answered how; everybody signed in whom it does not name gets 404 (or what `others` says), and the
anonymous are sent to sign in (pages) or get 401 (the API). A URL without a row fails the suite, as does a row without
a URL, so a page cannot be added without saying whom it is for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
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

pytestmark = pytest.mark.django_db(databases="__all__")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
STAFF = "mia rhea dana"
SIGN_IN = 302


@dataclass(frozen=True)
class Door:
    """One method of one address. `to` maps a status to names; `data` is what is sent."""

    route: str
    method: str
    to: Mapping[int, str]
    others: int = 404
    anonymous: int = SIGN_IN
    data: Mapping[str, Any] = field(default_factory=dict)

    def expected(self, who: str) -> int:
        if who == ANONYMOUS:
            return self.anonymous
        return next((status for status, names in self.to.items() if who in names.split()), self.others)


def page(route: str, get: Mapping[int, str], **more: Any) -> Door:
    return Door(route, "GET", get, **more)


def act(route: str, post: Mapping[int, str], **more: Any) -> Door:
    return Door(route, "POST", post, **more)


def api(route: str, method: str, to: Mapping[int, str], **more: Any) -> Door:
    return Door(route, method, to, anonymous=401, **more)


def own(route: str, method: str = "GET", status: int = 200, **more: Any) -> Door:
    """For everybody who is signed in."""
    return Door(route, method, {}, others=status, **more)


def public(route: str, status: int = 200, method: str = "GET", **more: Any) -> Door:
    """The same for everybody, signed in or not."""
    return Door(route, method, {}, others=status, anonymous=status, **more)


NO_LABELER = {403: STAFF}  # they see the campaign; its items are handed to annotators only
CORE = (
    own("home", status=302),
    public("healthz"),
    public("readyz", 503),  # no broker runs here; core tests it with one
    public("metrics"),  # from this machine; see test_core_pages for others
    public("welcome", 404),  # there only until somebody has an account
    public("welcome", 404, "POST"),
    own("tokens"),
    own("tokens", "POST", 422, data={"name": ""}),
    act("token_revoke", {302: "ana"}),
    own("theme", "POST", 204, data={"theme": "dark"}),
    public("set_language", 302, "POST", data={"language": "de"}),
    page("job", {200: STAFF}),
    act("job_cancel", {200: STAFF}),
)
LABELING = (
    own("labeling:home"),
    page("labeling:current", {302: "ana ben", **NO_LABELER}),
    own("labeling:stop", status=303),
    act("labeling:stop", {303: "ana ben", **NO_LABELER}),
    page("labeling:item", {200: "ana", **NO_LABELER}),
    act("labeling:submit", {422: "ana", **NO_LABELER}),
    act("labeling:trace_chunk", {422: "ana", **NO_LABELER}),
    act("labeling:trace_finish", {422: "ana", **NO_LABELER}),
    act("labeling:skip", {303: "ana", **NO_LABELER}),
    act("labeling:flag", {303: "ana", **NO_LABELER}),
    act("labeling:heartbeat", {200: "ana", **NO_LABELER}),
    page("labeling:media", {200: "mia rhea ana ben"}),  # ana and ben labeled it; a privacy officer needs no media
)
STUDIES = (
    own("studies:list"),
    page("studies:new", {200: "mia"}, others=403),
    act("studies:new", {422: "mia"}, others=403, data={"name": ""}),
    page("studies:overview", {200: STAFF}),
    page("studies:recordings", {200: STAFF}),
    page("studies:schemes", {200: STAFF}),
    page("campaigns:list", {200: "mia rhea", 403: "dana"}),
    page("campaigns:overview", {200: STAFF}),
    page("campaigns:items", {200: STAFF}),
    page("campaigns:annotators", {200: STAFF}),
    page("campaigns:agreement", {200: "mia rhea", 403: "dana"}),
    act("campaigns:measure_agreement", {302: "mia rhea", 403: "dana"}),
    page("campaigns:gold", {200: "mia rhea", 403: "dana"}),
    act("campaigns:make_gold", {422: "mia rhea", 403: "dana"}),
    page("datasets:list", {200: STAFF}),
    act("datasets:list", {422: "mia rhea", 403: "dana"}, data={"name": ""}),
    page("datasets:dataset", {200: STAFF}),
    act("datasets:publish", {422: "mia rhea", 403: "dana"}),
    page("datasets:version", {200: STAFF}),
    act("datasets:package", {302: "mia rhea", 403: "dana"}),
    act("datasets:download", {200: "mia rhea", 403: "dana"}),
    page("inference:models", {200: "mia rhea", 403: "dana"}),
    act("inference:register", {422: "mia rhea", 403: "dana"}),
    act("inference:prelabel", {422: "mia rhea", 403: "dana"}),
    act("inference:evaluate", {422: "mia rhea", 403: "dana"}),
    page("inference:run", {200: "mia rhea", 403: "dana"}),
)
API = (
    public("schema"),
    api("labeling_api:next", "POST", {}, others=415),
    api("labeling_api:assignment", "GET", {200: "ana", **NO_LABELER}),
    api("labeling_api:heartbeat", "POST", {200: "ana", **NO_LABELER}),
    api("labeling_api:skip", "POST", {415: "ana", **NO_LABELER}),
    api("labeling_api:annotations", "POST", {}, others=415),
    api("labeling_api:annotation", "GET", {200: "mia rhea ana", 403: "dana"}),
    api("labeling_api:trace_chunks", "POST", {}, others=415),
    api("labeling_api:trace_finish", "POST", {}, others=415),
)
# Signing in. Pages of allauth that change a way to sign in ask for the password again first: 302.
SIGNING_IN = (
    page("account_login", {}, others=302, anonymous=200),
    act("account_login", {}, others=302, anonymous=200),
    own("account_logout"),
    act("account_logout", {}, others=302),
    public("account_inactive"),
    page("account_signup", {}, others=302, anonymous=200),
    act("account_signup", {}, others=302, anonymous=200),
    own("account_reauthenticate"),
    own("account_reauthenticate", "POST"),
    own("account_email"),
    own("account_email", "POST", 302),
    public("account_email_verification_sent"),
    own("account_change_password"),
    own("account_change_password", "POST"),
    own("account_set_password", status=302),
    own("account_set_password", "POST", 302),
    public("account_reset_password"),
    public("account_reset_password", method="POST"),
    public("account_confirm_login_code", 302),
    public("account_confirm_login_code", 302, "POST"),
    public("account_confirm_email"),
    public("account_confirm_email", 404, "POST"),
    public("account_reset_password_from_key_done"),
    public("account_reset_password_from_key"),
    public("account_reset_password_from_key", method="POST"),
    public("account_reset_password_done"),
    own("mfa_index"),
    public("mfa_authenticate", 302),
    public("mfa_authenticate", 302, "POST"),
    own("mfa_reauthenticate", status=302),
    own("mfa_reauthenticate", "POST", 302),
    own("mfa_activate_totp", status=302),
    own("mfa_activate_totp", "POST", 302),
    own("mfa_deactivate_totp", status=404),
    own("mfa_deactivate_totp", "POST", 404),
    own("mfa_view_recovery_codes", status=404),
    own("mfa_generate_recovery_codes", status=302),
    own("mfa_generate_recovery_codes", "POST", 302),
    own("mfa_download_recovery_codes", status=404),
    own("mfa_download_recovery_codes", "POST", 404),
    own("mfa_list_webauthn"),
    own("mfa_add_webauthn", status=302),
    own("mfa_add_webauthn", "POST", 302),
    own("mfa_reauthenticate_webauthn", status=302),
    own("mfa_reauthenticate_webauthn", "POST", 302),
    own("mfa_remove_webauthn", status=404),
    own("mfa_remove_webauthn", "POST", 404),
    own("mfa_edit_webauthn", status=404),
    own("mfa_edit_webauthn", "POST", 404),
    public("mfa_login_webauthn", 302),
    public("mfa_login_webauthn", 302, "POST"),
    public("socialaccount_login_cancelled"),
    own("socialaccount_login_error", status=401),
    public("socialaccount_signup", 302),
    public("socialaccount_signup", 302, "POST"),
    own("socialaccount_connections"),
    own("socialaccount_connections", "POST"),
    own("openid_connect_login", status=404),
    own("openid_connect_login", "POST", 404),
    own("openid_connect_callback", status=404),
    own("openid_connect_callback", "POST", 404),
)
TABLE = (*CORE, *LABELING, *STUDIES, *API, *SIGNING_IN)
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
        "dataset_id": things.dataset.pk, "version_id": things.version.pk, "asset_id": things.package.pk,
        "run_id": things.run.pk, "job_id": things.job.pk, "token": things.token, "participant_id": things.participant.pk,
        "notice_id": things.notice.pk, "text_id": things.text.pk, "request_id": things.request.pk,
        "basis_id": things.study.bases.first().pk, "item_id": things.items[0].pk, "model_id": things.model.pk,
        "recording_id": things.items[0].recording_id, "gold_id": things.gold.pk,
    }  # fmt: skip


OTHER = {"key": "made-up-key", "uidb36": "0", "pk": 1, "provider_id": "oidc"}


def address(route: str, values: Mapping[str, Any]) -> str:
    return reverse(route, kwargs={name: values[name] for name in names_in(route)})


def names_in(route: str) -> list[str]:
    """What stands in an address, in its order: `<uuid:study_id>` or `(?P<key>…)`."""
    return [either or other for either, other in re.findall(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>", ROUTES[route])]


class Visitors:
    """A browser for each member; every visit is undone, also what it did to the session."""

    def __init__(self, cast: Cast) -> None:
        self.clients = {ANONYMOUS: Client(), **{name: Client() for name in NAMES}}
        for name, user in cast.users.items():
            self.clients[name].force_login(user, backend=BACKEND)
        self.cookies = {name: client.cookies.output(header="", sep=";") for name, client in self.clients.items()}

    def visit(self, who: str, method: str, url: str, data: Mapping[str, Any] | None = None) -> HttpResponse:
        client = self.clients[who]
        client.cookies = SimpleCookie(self.cookies[who])
        point = {alias: transaction.savepoint(using=alias) for alias in ("default", "keys")}
        try:
            return getattr(client, method.lower())(url, data or {})
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
    return ids(cast.ours) | {"token_id": cast.tokens["ana"][0].pk} | OTHER


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
    {(door.route, door.method) for door in TABLE if any(name.endswith("_id") for name in names_in(door.route))}
)
PEOPLE_OF_OURS = ("mia", "rhea", "dana", "ana", "ben")


@pytest.mark.parametrize(("route", "method"), WITH_IDS, ids=lambda word: word)
def test_things_of_another_study_are_not_there(route: str, method: str, cast: Cast, visitors: Visitors):
    foreign = ids(cast.theirs) | {"token_id": cast.tokens["otto"][0].pk} | OTHER
    url = address(route, foreign)
    if (route, method) == ("labeling:stop", "GET"):
        return  # the way back to one's own list asks nothing of the campaign
    got = {who: visitors.visit(who, method, url).status_code for who in PEOPLE_OF_OURS}
    assert got == dict.fromkeys(PEOPLE_OF_OURS, 404)


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
    rest = {"what": "original", "token": "x" * 43} | OTHER
    if (route, method) == ("labeling:stop", "GET"):
        return
    status = visitors.visit("mia", method, address(route, rest | made_up)).status_code
    assert status == 404


POSTS = sorted({door.route for door in TABLE if door.method == "POST"})


@pytest.mark.parametrize("route", POSTS)
def test_a_post_without_its_token_is_refused(route: str, cast: Cast, values: dict):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.ana, backend=BACKEND)
    assert client.post(address(route, values)).status_code == 403
