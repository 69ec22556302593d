"""Accounts: inviting, a new link, letting in and keeping out, and that somebody always runs the installation."""

from __future__ import annotations

import re
from smtplib import SMTPConnectError

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import translation

from core.errors import Invalid, Refused
from core.models import AuditEvent, User
from core.services import accounts, tokens

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough pass phrase"
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


class NoServer(EmailBackend):
    def send_messages(self, messages):
        raise SMTPConnectError(421, "closed for tonight")


@pytest.fixture
def olga():
    return accounts.create(email="olga@lab.example", name="Olga Petrova", password=PASSWORD, operator=True)


@pytest.fixture
def ana():
    return accounts.create(email="ana@lab.example", name="Ana Ribeiro", password=PASSWORD)


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def invite(client: Client, **more: str):
    said = {"email": "ben@lab.example", "name": "Ben Okafor", "language": "en"} | more
    return client.post("/people/", said)


def shown_link(page: str) -> str:
    found = re.search(r"data-secret>([^<]+)<", page)
    return found[1] if found else ""


def verbs(user: User) -> list[str]:
    return list(AuditEvent.objects.filter(target_id=str(user.pk)).order_by("seq").values_list("verb", flat=True))


def path(url: str) -> str:
    return url.removeprefix("http://127.0.0.1:8000")


class TestInviting:
    def test_the_link_is_shown_once_and_mailed_in_the_language_of_the_invited_person(self, olga):
        client = browser(olga)
        answer = invite(client, language="de")
        link = shown_link(answer.content.decode())
        assert link
        assert answer["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
        assert link not in client.get("/people/").content.decode()
        (sent,) = mail.outbox
        assert sent.to == ["ben@lab.example"]
        assert link in sent.body
        with translation.override("de"):
            assert (
                sent.subject == translation.gettext("An account for you in Concord") != "An account for you in Concord"
            )
        ben = User.objects.get(email="ben@lab.example")
        assert (ben.language, ben.is_operator, ben.has_usable_password()) == ("de", False, False)
        assert verbs(ben) == ["core.user.invited"]

    def test_the_link_opens_a_page_on_which_the_person_chooses_a_password_and_is_then_let_in(self, olga):
        link = shown_link(invite(browser(olga)).content.decode())
        client = Client()
        form = client.get(path(link), follow=True)
        client.post(form.request["PATH_INFO"], {"password1": PASSWORD, "password2": PASSWORD})
        assert client.post("/accounts/login/", {"login": "ben@lab.example", "password": PASSWORD}).status_code == 302
        assert "_auth_user_id" in client.session

    @pytest.mark.parametrize(
        ("said", "sentence"),
        [
            ({"email": "ANA@lab.example"}, "This address has an account already."),
            ({"email": "nobody"}, "Enter a valid email address."),
            ({"email": ""}, "This field is required."),
            ({"name": "Ben\u202eOkafor"}, "A name holds no invisible or control characters."),
            ({"language": "xx"}, "Select a valid choice."),
        ],
    )
    def test_what_cannot_be_invited_is_refused_with_a_sentence(self, olga, ana, said, sentence):
        answer = invite(browser(olga), **said)
        assert answer.status_code == 422
        assert sentence in answer.content.decode()
        assert User.objects.count() == 2
        assert not mail.outbox

    def test_a_mail_server_that_is_down_leaves_the_invitation_and_says_so(self, olga, settings):
        settings.EMAIL_BACKEND = f"{__name__}.NoServer"
        page = invite(browser(olga)).content.decode()
        assert "could not be sent" in page
        assert shown_link(page)
        assert User.objects.filter(email="ben@lab.example").exists()

    def test_accounts_are_not_there_for_who_does_not_run_the_installation(self, olga, ana):
        client = browser(ana)
        assert client.get("/people/").status_code == 404
        assert invite(client).status_code == 404
        assert client.post(f"/people/{olga.pk}/set/", {"act": "close"}).status_code == 404
        assert client.post(f"/people/{olga.pk}/link/").status_code == 404
        assert User.objects.count() == 2


class TestANewLink:
    def test_it_is_shown_while_nobody_has_used_the_account(self, olga):
        client = browser(olga)
        first = shown_link(invite(client).content.decode())
        ben = User.objects.get(email="ben@lab.example")
        page = client.post(f"/people/{ben.pk}/link/").content.decode()
        assert shown_link(page)
        assert [one.to for one in mail.outbox] == [["ben@lab.example"]] * 2
        assert first in mail.outbox[0].body
        assert verbs(ben) == ["core.user.invited", "core.user.link_made"]

    def test_of_an_account_in_use_it_is_mailed_to_its_person_and_nobody_else_sees_it(self, olga, ana):
        answer = browser(olga).post(f"/people/{ana.pk}/link/")
        (sent,) = mail.outbox
        link = re.search(r"http://\S+", sent.body)[0]
        assert sent.to == [ana.email]
        assert link not in answer.content.decode()
        assert shown_link(answer.content.decode()) == ""
        assert Client().get(path(link), follow=True).status_code == 200

    def test_who_signed_in_without_a_password_is_in_use_too(self, olga, ana):
        ana.set_unusable_password()
        ana.save()
        browser(ana)  # by single sign-on
        assert shown_link(browser(olga).post(f"/people/{ana.pk}/link/").content.decode()) == ""

    def test_a_closed_account_gets_none(self, olga, ana):
        accounts.set_active(ana, False, olga)
        answer = browser(olga).post(f"/people/{ana.pk}/link/", headers={"Accept": "text/html"})
        assert answer.status_code == 409
        assert "This account is closed. Open it first." in answer.content.decode()
        assert not mail.outbox


class TestOpenAndClosed:
    def test_who_is_kept_out_is_signed_out_everywhere_and_comes_back_as_they_were(self, olga, ana):
        client, secret = browser(ana), tokens.create(user=ana, name="laptop")[1]
        program = {"Authorization": f"Bearer {secret}"}
        assert client.get("/account/tokens/").status_code == 200
        assert Client().get("/api/v1/me", headers=program).status_code == 200
        assert browser(olga).post(f"/people/{ana.pk}/set/", {"act": "close"}).status_code == 302
        assert client.get("/account/tokens/").status_code == 302
        assert Client().get("/api/v1/me", headers=program).status_code == 401
        assert browser(olga).post(f"/people/{ana.pk}/set/", {"act": "open"}).status_code == 302
        assert Client().get("/api/v1/me", headers=program).status_code == 200
        assert verbs(ana)[-2:] == ["core.user.closed", "core.user.opened"]

    def test_the_last_who_runs_the_installation_stays(self, olga, ana):
        for operators in ((olga,), (olga, ana)):
            for one in operators:
                accounts.set_operator(one, True, None)
            if len(operators) == 2:
                accounts.set_active(ana, False, None)  # one who cannot sign in does not count
            with pytest.raises(Refused) as refused:
                accounts.set_operator(olga, False, ana)
            assert refused.value.code == "last_operator"
            with pytest.raises(Refused) as refused:
                accounts.set_active(olga, False, ana)
            assert refused.value.code == "last_operator"
        olga.refresh_from_db()
        assert (olga.is_operator, olga.is_active) == (True, True)

    def test_the_command_line_keeps_the_last_too(self, olga):
        with pytest.raises(CommandError, match="last administrator"):
            call_command("accounts", "close", olga.email)

    def test_nobody_closes_their_own_account(self, olga, ana):
        accounts.set_operator(ana, True, olga)
        answer = browser(olga).post(f"/people/{olga.pk}/set/", {"act": "close"}, headers={"Accept": "text/html"})
        assert answer.status_code == 409
        assert "Nobody closes their own account" in answer.content.decode()

    def test_another_is_let_run_the_installation_and_no_longer(self, olga, ana):
        client = browser(olga)
        client.post(f"/people/{ana.pk}/set/", {"act": "operator"})
        assert browser(ana).get("/people/").status_code == 200
        client.post(f"/people/{ana.pk}/set/", {"act": "no_operator"})
        assert browser(ana).get("/people/").status_code == 404
        assert verbs(ana)[-2:] == ["core.operator.made", "core.operator.unmade"]

    def test_an_unknown_act_is_refused(self, olga, ana):
        assert browser(olga).post(f"/people/{ana.pk}/set/", {"act": "promote"}).status_code == 422


def test_the_list_tells_who_was_invited_who_is_closed_and_who_was_never_here(olga, ana):
    ben, _link = accounts.invite("ben@lab.example", "Ben Okafor", olga)
    accounts.set_active(ana, False, olga)
    client = browser(olga)
    rows = b"".join(client.get("/people/", {"format": "csv"}).streaming_content).decode().splitlines()
    assert rows[0].startswith("Person,E-mail,State,")
    assert [row.split(",")[1:3] for row in rows[1:]] == [
        ["ana@lab.example", "closed"], ["ben@lab.example", "invited"], ["olga@lab.example", "open"],
    ]  # fmt: skip
    waiting = client.get("/people/", {"waits": "True"}).content.decode()
    assert ben.email in waiting
    assert ana.email not in waiting


def test_an_invitation_in_a_language_there_is_not_makes_nobody(olga):
    with pytest.raises(Invalid, match="This language is not here"):
        accounts.invite("ben@lab.example", "Ben", olga, language="tlh")
    assert User.objects.count() == 1
