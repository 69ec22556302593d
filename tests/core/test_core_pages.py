"""Pages of core: the first administrator, signing in, tokens, jobs, health."""

import re
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client

from core import jobs
from core.models import ApiToken, AuditEvent, Job, User
from core.services import accounts

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough pass phrase"


@jobs.kind("core.page_test", label="Page test")
def page_test(job: jobs.Running) -> dict:
    job.progress(1, 2)
    return {}


@pytest.fixture(autouse=True)
def _no_attempts_left_over():
    cache.clear()


@pytest.fixture
def ana():
    user, _link = accounts.invite("ana@lab.example", "Ana Ribeiro", None)
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def signed_in(ana):
    client = Client()
    client.force_login(ana, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


class TestFirstStart:
    data = {"email": "otto@lab.example", "name": "Otto", "password": PASSWORD}

    def test_it_works(self):
        client = Client()
        assert client.get("/accounts/login/")["Location"] == "/welcome/"
        assert client.get("/welcome/").status_code == 200
        assert client.post("/welcome/", self.data).status_code == 302
        user = User.objects.get()
        assert user.is_operator
        assert not user.is_superuser
        assert client.session["_auth_user_id"] == str(user.pk)
        assert AuditEvent.objects.filter(verb="core.administrator.made", target_id=str(user.pk)).exists()

    def test_it_is_closed_for_ever_afterwards(self, ana):
        assert Client().get("/welcome/").status_code == 404
        assert Client().post("/welcome/", self.data).status_code == 404
        assert User.objects.count() == 1

    def test_a_weak_password_makes_nobody(self):
        response = Client().post("/welcome/", self.data | {"password": "password"})
        assert response.status_code == 422
        assert not User.objects.exists()


class TestSigningIn:
    def test_it_works(self, ana):
        client = Client()
        page = client.get("/accounts/login/").content.decode()
        assert "style=" not in page
        assert not re.search(r"<script(?![^>]*(nonce=|type=\"application/json\"))", page)
        response = client.post("/accounts/login/", {"login": "ANA@lab.example", "password": PASSWORD})
        assert response.status_code == 302
        assert AuditEvent.objects.filter(verb="core.session.opened", actor_id=str(ana.pk)).exists()

    def test_nobody_signs_themselves_up(self, ana):
        response = Client().post(
            "/accounts/signup/", {"email": "x@lab.example", "password1": PASSWORD, "password2": PASSWORD}
        )
        assert response.status_code == 200
        assert User.objects.count() == 1

    def test_too_many_wrong_passwords_lock_the_account_with_a_sentence(self, ana, settings):
        settings.AXES_FAILURE_LIMIT = 3
        client = Client()
        for _turn in range(3):
            response = client.post("/accounts/login/", {"login": ana.email, "password": "wrong"})
        assert response.status_code == 429
        assert "Too many wrong passwords" in response.content.decode()
        assert client.post("/accounts/login/", {"login": ana.email, "password": PASSWORD}).status_code == 429

    def test_an_invitation_is_a_link_by_which_a_password_is_set_once(self, ana):
        user, link = accounts.invite("ben@lab.example", "Ben", ana)
        assert not user.has_usable_password()
        where = link.removeprefix("http://127.0.0.1:8000")
        client = Client()
        form = client.get(where, follow=True)
        assert form.status_code == 200
        client.post(form.request["PATH_INFO"], {"password1": PASSWORD, "password2": PASSWORD})
        user.refresh_from_db()
        assert user.check_password(PASSWORD)
        other = Client()
        again = other.get(where, follow=True)
        other.post(again.request["PATH_INFO"], {"password1": "another long phrase", "password2": "another long phrase"})
        user.refresh_from_db()
        assert user.check_password(PASSWORD)

    def test_the_pages_of_an_account_are_there(self, signed_in):
        for url in ("/accounts/password/change/", "/accounts/2fa/", "/accounts/logout/", "/account/tokens/"):
            response = signed_in.get(url)
            assert response.status_code == 200, url
            assert "style=" not in response.content.decode(), url
        assert Client().get("/accounts/password/reset/").status_code == 200


def test_a_token_is_shown_once_and_revoked(signed_in, ana):
    page = signed_in.post("/account/tokens/", {"name": "laptop"}).content.decode()
    secret = re.search(r"data-secret>(concord_[^<]+)<", page)[1]
    assert secret not in signed_in.get("/account/tokens/").content.decode()
    token = ApiToken.objects.get()
    assert Client().post(f"/account/tokens/{token.pk}/revoke/").status_code == 302
    stranger = Client()
    stranger.force_login(
        accounts.invite("o@lab.example", "O", None)[0], backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    assert stranger.post(f"/account/tokens/{token.pk}/revoke/").status_code == 404
    signed_in.post(f"/account/tokens/{token.pk}/revoke/")
    assert ApiToken.objects.get().revoked_at


class TestJobs:
    def test_the_bar_is_seen_by_who_started_it_alone(self, signed_in, ana, settings):
        settings.JOB_VIEWERS = ""
        job = Job.objects.create(kind="core.page_test", actor=ana, state="running", done=3, total=9)
        page = signed_in.get(f"/jobs/{job.pk}/").content.decode()
        assert 'value="3" max="9"' in page
        assert 'hx-trigger="every 1s"' in page
        stranger = Client()
        stranger.force_login(
            accounts.invite("o@lab.example", "O", None)[0],
            backend="allauth.account.auth_backends.AuthenticationBackend",
        )
        assert stranger.get(f"/jobs/{job.pk}/").status_code == 404
        assert stranger.post(f"/jobs/{job.pk}/cancel/").status_code == 404
        assert Client().get(f"/jobs/{job.pk}/").status_code == 302
        assert signed_in.post(f"/jobs/{job.pk}/cancel/").status_code == 200
        job.refresh_from_db()
        assert job.cancel_asked

    def test_the_rest_of_the_page_hears_of_a_job_whose_state_is_another_now(self, signed_in, ana):
        job = Job.objects.create(kind="core.page_test", actor=ana, state="running")
        assert f"/jobs/{job.pk}/?was=running" in signed_in.get(f"/jobs/{job.pk}/").content.decode()
        heard = {was: signed_in.get(f"/jobs/{job.pk}/?was={was}").get("HX-Trigger") for was in ("queued", "running")}
        assert heard == {"queued": "job-moved", "running": None}
        assert signed_in.get(f"/jobs/{job.pk}/").get("HX-Trigger") is None
        assert signed_in.post(f"/jobs/{job.pk}/cancel/")["HX-Trigger"] == "job-moved"

    def test_an_ended_job_asks_no_more(self, signed_in, ana):
        job = Job.objects.create(kind="core.page_test", actor=ana)
        assert jobs.run(job.pk).state == "done"
        assert jobs.run(job.pk) is None
        assert "hx-get" not in signed_in.get(f"/jobs/{job.pk}/").content.decode()


class TestHealth:
    def test_the_process_answers_without_anybody_having_an_account(self):
        assert Client().get("/healthz").content == b"ok\n"

    def test_metrics_are_for_this_machine_or_the_token(self, settings):
        assert b"concord_audit_events" in Client().get("/metrics").content
        assert Client(REMOTE_ADDR="203.0.113.9").get("/metrics").status_code == 404
        assert Client().get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 404
        settings.METRICS_TOKEN = "secret"
        assert Client().get("/metrics").status_code == 404
        assert Client().get("/metrics", headers={"Authorization": "Bearer secret"}).status_code == 200


def test_an_unknown_page_says_so_with_the_number_of_the_request(ana):
    response = Client().get(f"/nothing/{uuid4()}/", headers={"Accept": "text/html"})
    assert response.status_code == 404
    assert response["X-Request-Id"] in response.content.decode()
    assert "Not found" in response.content.decode()
    fragment = Client().get("/nothing/", headers={"HX-Request": "true"})
    assert fragment.content.decode().lstrip().startswith('<div class="notice bad"')


def test_the_language_of_the_account_stands_above_the_browsers(signed_in, ana):
    assert signed_in.post("/account/language/", {"language": "de", "next": "//evil.example/"})["Location"] == "/"
    ana.refresh_from_db()
    assert ana.language == "de"
    assert 'lang="de"' in signed_in.get("/account/tokens/", headers={"Accept-Language": "en"}).content.decode()
    assert signed_in.post("/account/language/", {"language": "xx"}).status_code == 422
    assert signed_in.post("/account/theme/", {"theme": "dark"}).status_code == 204
    assert signed_in.post("/account/theme/", {"theme": "pink"}).status_code == 422
