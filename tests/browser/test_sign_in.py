"""Second factors and passkeys: enrolled on the pages, and signed in with; the pages of these states are looked at on the way."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import CDPSession, Page, expect

from demo import people
from tests.browser.conftest import sign_in
from tests.browser.looks import faults

pytestmark = pytest.mark.browser

PERIOD = 30
MODELS = "from allauth.mfa.models import Authenticator\nfrom core.models import AuditEvent, User\n"
ACCOUNT = """
from core.services import accounts
accounts.create(email={email!r}, name={name!r}, password={password!r})
"""
# What a laptop with a fingerprint reader is to the browser.
READER = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


def account(stack, name: str) -> str:
    """An account of its own, so that nobody else is asked for a second factor; returns its address as Python tells it."""
    email = f"{name}@demo.example"
    stack.ask(ACCOUNT.format(email=email, name=f"{name.title()} Example", password=people.PASSWORD))
    return f"email='{email}'"


def totp(secret: str) -> str:
    """The code of this moment (RFC 6238), with time enough left to type it."""
    if (left := PERIOD - time.time() % PERIOD) < 4:
        time.sleep(left + 0.1)
    key = base64.b32decode(secret)
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // PERIOD), hashlib.sha1).digest()
    at = digest[-1] & 0x0F
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 10**6:06}"


def sign_out(page: Page) -> None:
    page.goto("/accounts/logout/")
    page.locator("main form button[type=submit]").click()
    page.wait_for_url("**/accounts/login/**")


def confirm(page: Page) -> None:
    """Whoever changes how they sign in is asked for the password again."""
    page.wait_for_url("**/accounts/reauthenticate/**")
    page.locator("input[name=password]").fill(people.PASSWORD)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url("**/accounts/2fa/**")


def opened(stack, who: str) -> int:
    """How often somebody's session was opened, as the audit log has it."""
    return stack.value(
        f"AuditEvent.objects.filter(verb='core.session.opened', actor_id=str(User.objects.get({who}).pk)).count()",
        MODELS,
    )


def test_an_authenticator_app_is_enrolled_and_then_asked_for(stack, enter):
    who, found = account(stack, "toni"), []
    with enter("toni") as page:
        page.goto("/accounts/2fa/")
        page.locator("main a[href$='/totp/activate/']").click()
        confirm(page)
        secret = page.locator("#authenticator_secret").input_value()
        expect(page.locator("main img")).to_be_visible()
        assert page.locator("main img").evaluate("one => one.naturalWidth") > 100, "the code to scan is not drawn"
        found += faults(page, "mfa_activate_totp")
        page.locator("input[name=code]").fill(totp(secret))
        page.locator("main form button[type=submit]").click()
        page.wait_for_url("**/2fa/recovery-codes/**")
        codes = page.locator("#recovery_codes").input_value().split()
        assert len(codes) == len(set(codes)) == 10
        found += faults(page, "mfa_view_recovery_codes")
        kinds = f"sorted(Authenticator.objects.filter(user__{who}).values_list('type', flat=True))"
        assert stack.value(kinds, MODELS) == ["recovery_codes", "totp"]
        for name, path in (("deactivate_totp", "totp/deactivate"), ("generate_recovery_codes", "recovery-codes/generate"),
                           ("reauthenticate", "reauthenticate")):  # fmt: skip
            page.goto(f"/accounts/2fa/{path}/")
            found += faults(page, f"mfa_{name}")
        page.goto("/accounts/2fa/")
        found += faults(page, "mfa_index-with-app")
        sign_out(page)
        before = opened(stack, who)
        sign_in(page, "toni")
        page.wait_for_url("**/2fa/authenticate/**")
        found += faults(page, "mfa_authenticate")
        page.goto("/label/")
        assert "/2fa/authenticate/" in page.url, "the password alone opened the door"
        right = totp(secret)
        page.locator("input[name=code]").fill(f"{(int(right) + 1) % 10**6:06}")
        page.locator("input[name=code]").press("Enter")
        expect(page.locator("main [role=alert]")).to_be_visible()
        found += faults(page, "mfa_authenticate-wrong")
        assert opened(stack, who) == before
        page.locator("input[name=code]").fill(totp(secret))
        page.locator("input[name=code]").press("Enter")
        page.wait_for_url(lambda url: "/accounts/" not in url)
        assert page.goto("/account/tokens/").status == 200
        assert opened(stack, who) == before + 1
        sign_out(page)
        sign_in(page, "toni")
        page.locator("input[name=code]").fill(codes[0])  # the phone is lost
        page.locator("input[name=code]").press("Enter")
        page.wait_for_url(lambda url: "/accounts/" not in url)
        page.goto("/accounts/2fa/recovery-codes/")
        confirm(page)
        assert codes[0] not in page.locator("#recovery_codes").input_value()
    assert not found, "\n".join(found)


@contextmanager
def reader(page: Page) -> Iterator[tuple[CDPSession, str]]:
    """A virtual fingerprint reader in the browser."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    yield session, session.send("WebAuthn.addVirtualAuthenticator", {"options": READER})["authenticatorId"]


def test_a_passkey_is_enrolled_and_opens_the_door_without_a_password(stack, enter):
    who, found = account(stack, "kim"), []
    # Passkeys belong to a name; an address of numbers is none.
    with enter("kim", base_url=stack.url.replace("127.0.0.1", "localhost")) as page, reader(page) as (session, made):
        page.goto("/accounts/2fa/")
        page.locator("main a[href$='/webauthn/add/']").click()
        confirm(page)
        page.locator("input[name=passwordless]").check()
        found += faults(page, "mfa_add_webauthn")
        page.locator("#mfa_webauthn_add").click()
        page.wait_for_url("**/2fa/recovery-codes/**")
        (credential,) = session.send("WebAuthn.getCredentials", {"authenticatorId": made})["credentials"]
        assert credential["isResidentCredential"]
        assert credential["rpId"] == "localhost"
        mine = f"Authenticator.objects.get(user__{who}, type='webauthn')"
        assert stack.value(f"{mine}.wrap().is_passwordless", MODELS) is True
        assert stack.value(f"{mine}.last_used_at", MODELS) is None
        key = stack.value(f"{mine}.pk", MODELS)
        for name, path in (("list_webauthn", ""), ("edit_webauthn", f"keys/{key}/edit/"), ("remove_webauthn", f"keys/{key}/remove/"),
                           ("reauthenticate_webauthn", "reauthenticate/")):  # fmt: skip
            page.goto(f"/accounts/2fa/webauthn/{path}")
            found += faults(page, f"mfa_{name}")
        sign_out(page)
        before = opened(stack, who)
        page.locator("#passkey_login").click()
        page.wait_for_url(lambda url: "/accounts/" not in url)
        assert page.goto("/account/tokens/").status == 200
        assert opened(stack, who) == before + 1
        assert stack.value(f"{mine}.last_used_at", MODELS)
        (used,) = session.send("WebAuthn.getCredentials", {"authenticatorId": made})["credentials"]
        assert used["signCount"] > credential["signCount"]
        sign_out(page)
        sign_in(page, "kim")  # the password is the first factor then, and the key the second
        page.wait_for_url("**/2fa/authenticate/**")
        page.locator("#mfa_webauthn_authenticate").click()
        page.wait_for_url(lambda url: "/accounts/" not in url)
        assert opened(stack, who) == before + 2
    assert not found, "\n".join(found)


def test_a_passkey_that_the_server_does_not_know_opens_nothing(stack, enter):
    account(stack, "lou")
    with enter("lou", base_url=stack.url.replace("127.0.0.1", "localhost")) as page, reader(page) as (_session, _made):
        page.goto("/accounts/2fa/webauthn/add/")
        confirm(page)
        page.locator("input[name=passwordless]").check()
        page.locator("#mfa_webauthn_add").click()
        page.wait_for_url("**/2fa/recovery-codes/**")
        stack.ask(f"{MODELS}Authenticator.objects.filter(user__email='lou@demo.example').delete()")
        sign_out(page)
        with page.expect_navigation():  # what the browser signed goes to the server, which sends back here
            page.locator("#passkey_login").click()
        assert "/accounts/login/" in page.url
        expect(page.locator(".toast, main [role=alert]").first).to_be_visible()
        page.goto("/account/tokens/")
        assert "/accounts/login/" in page.url


def test_an_address_is_not_removed_without_a_question(stack, enter):
    who = account(stack, "uma")
    with enter("uma") as page:
        page.goto("/accounts/email/")
        page.locator("input[name=email][type=email]").fill("uma.second@demo.example")
        page.locator("button[name=action_add]").click()
        page.goto("/accounts/email/")
        page.locator("input[name=email][value='uma.second@demo.example']").check()
        asked: list[str] = []
        page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
        page.locator("button[name=action_remove]").click()
        assert asked == ["Do you really want to remove the selected email address?"]
        addresses = f"sorted(User.objects.get({who}).emailaddress_set.values_list('email', flat=True))"
        assert "uma.second@demo.example" in stack.value(addresses, MODELS)
        page.once("dialog", lambda dialog: dialog.accept())
        with page.expect_navigation():
            page.locator("button[name=action_remove]").click()
        assert "uma.second@demo.example" not in stack.value(addresses, MODELS)
