"""OpenID Connect against a provider of its own, over HTTP on loopback: who was invited comes in, nobody else."""

import json
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import oidc_provider_mock
import pytest
from django.test import Client

from core.models import User
from core.services import accounts

pytestmark = pytest.mark.django_db(transaction=True)


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_args):
        return None


@pytest.fixture
def provider(settings):
    with oidc_provider_mock.run_server_in_thread() as server:
        url = f"http://127.0.0.1:{server.server_port}"
        app = {
            "provider_id": "oidc", "name": "The lab", "client_id": "concord", "secret": "secret",
            "settings": {"server_url": url},
        }  # fmt: skip
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
        yield url


def signed_in(provider: str, subject: str, email: str, verified: bool = True) -> Client:
    claims = json.dumps({"email": email, "email_verified": verified}).encode()
    json_type = {"Content-Type": "application/json"}
    opener = build_opener(_Stay)
    opener.open(Request(f"{provider}/users/{subject}", data=claims, method="PUT", headers=json_type))  # noqa: S310
    client = Client()
    begun = client.post("/accounts/oidc/oidc/login/?process=login")
    assert begun.status_code == 302
    assert begun["Location"].startswith(provider)
    try:
        answer = opener.open(Request(begun["Location"], data=f"sub={subject}".encode(), method="POST"))  # noqa: S310
    except HTTPError as redirect:
        answer = redirect
    back = urlsplit(answer.headers["Location"])
    client.get(f"{back.path}?{back.query}")
    return client


def test_an_invited_person_comes_in(provider):
    ana, _link = accounts.invite("ana@lab.example", "Ana", None)
    client = signed_in(provider, "ana-at-the-lab", "Ana@lab.example")
    assert client.session["_auth_user_id"] == str(ana.pk)
    again = signed_in(provider, "ana-at-the-lab", "Ana@lab.example")
    assert again.session["_auth_user_id"] == str(ana.pk)


@pytest.mark.parametrize(("email", "verified"), [("otto@other.example", True), ("ana@lab.example", False)])
def test_a_stranger_or_an_unproven_address_does_not(provider, email, verified):
    accounts.invite("ana@lab.example", "Ana", None)
    client = signed_in(provider, "somebody", email, verified)
    assert "_auth_user_id" not in client.session
    assert User.objects.count() == 1
