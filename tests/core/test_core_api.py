"""Problem details, strict bodies, tokens, paging, repeated requests."""

from datetime import timedelta

import pytest
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponseNotAllowed
from django.test import Client
from django.urls import include, path
from django.utils import timezone
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.response import Response

from core import access, api, audit, idempotency
from core.errors import Gone, Invalid
from core.models import ApiToken, AuditEvent, IdempotencyKey, User
from core.services import tokens


class Shown(api.Serializer):
    id = serializers.UUIDField(read_only=True)
    name = serializers.CharField(max_length=20)
    weight = serializers.FloatField(required=False)


class Things(idempotency.IdempotentMixin, GenericAPIView):
    """Tokens stand in for a domain's rows."""

    serializer_class = Shown
    queryset = ApiToken.objects.all()

    def get(self, request):
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def post(self, request):
        body = self.checked(request)
        return self.once(request, lambda: tokens.create(user=request.user, name=body["name"])[0])


class Fails(GenericAPIView):
    def get(self, request, how):
        match how:
            case "gone":
                raise Gone("participant_withdrawn", "They withdrew.", due=3)
            case "invalid":
                raise Invalid("label_unknown", "No such label.", fields={"label": ["No such label."]})
            case "bug":
                raise ZeroDivisionError
        return Response(access.within(User.objects.none(), pk=how))


urlpatterns = [
    path("", include("core.urls")),
    path("api/test/things/", Things.as_view()),
    path("api/test/fails/<str:how>/", Fails.as_view()),
    path("api/test/plain/", login_not_required(lambda request: HttpResponseNotAllowed(["POST"]))),
]
handler404 = "core.problems.not_found"
handler500 = "core.problems.server_error"
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture
def ana():
    return User.objects.create(email="ana@lab.example", name="Ana")


@pytest.fixture
def client(ana):
    _row, secret = tokens.create(user=ana, name="test")
    return Client(headers={"Authorization": f"Bearer {secret}"}, raise_request_exception=False)


def post(client, body, **headers):
    return client.post("/api/test/things/", body, content_type="application/json", headers=headers)


def problem(response, status, code):
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    said = response.json()
    assert (said["status"], said["code"]) == (status, code)
    assert said["type"] == f"urn:concord:problem:{code}"
    assert said["title"]
    assert said["instance"] == response["X-Request-Id"]
    return said


@pytest.mark.parametrize(
    ("method", "url", "status", "code"),
    [
        ("get", "/api/nothing/here/", 404, "not_found"),
        ("get", "/api/test/fails/gone/", 410, "participant_withdrawn"),
        ("get", "/api/test/fails/invalid/", 422, "label_unknown"),
        ("get", "/api/test/fails/bug/", 500, "server_error"),
        ("get", "/api/test/fails/01a2041b-5350-75b5-a288-65de4f427b4d/", 404, "not_found"),
        ("put", "/api/test/things/", 405, "method_not_allowed"),
        ("get", "/api/test/plain/", 405, "method_not_allowed"),
        ("get", "/api/test/things/?cursor=forged", 400, "cursor_invalid"),
        ("get", "/api/test/things/?limit=0", 422, "limit_invalid"),
        ("get", "/api/test/things/?limit=9999999999", 422, "limit_invalid"),
    ],
)
def test_every_error_is_problem_details_with_its_code(client, method, url, status, code):
    problem(getattr(client, method)(url), status, code)


def test_facts_and_pointers_are_told(client):
    assert problem(client.get("/api/test/fails/gone/"), 410, "participant_withdrawn")["due"] == 3
    said = problem(client.get("/api/test/fails/invalid/"), 422, "label_unknown")
    assert said["errors"] == [{"pointer": "#/label", "code": "invalid", "detail": "No such label."}]


def test_who_does_not_say_who_they_are_gets_401(client):
    response = Client().get("/api/test/things/")
    problem(response, 401, "not_authenticated")
    assert response["WWW-Authenticate"].startswith("Bearer")
    problem(Client(headers={"Authorization": "Bearer concord_wrong"}).get("/api/test/things/"), 401, "token_invalid")


def test_not_acceptable_and_unsupported_are_problems_too(client):
    problem(client.get("/api/test/things/", headers={"Accept": "image/png"}), 406, "not_acceptable")
    problem(client.post("/api/test/things/", "a", content_type="text/csv"), 415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('{"name": "a", "weight": NaN}', "number_refused"),
        ('{"name": "a", "weight": -Infinity}', "number_refused"),
        ('{"name": "a", "weight": 1E+0999 }', "number_refused"),
        ('{"weight": 12345.6e0400, "name": "a"}', "number_refused"),
        ('{"name": "a", "weight": 1e999}', "number_refused"),
        ('{"name": "a", "weight": 123456789012345678901234567890}', "number_refused"),
        ('{"name": "a\\u0000b"}', "nul_in_text"),
        ('{"name": "\\ud800"}', "not_utf8"),
        (b'{"name": "\xff"}', "not_utf8"),
        ("[" * 100_000, "too_deep"),
        ('{"name": ', "parse_error"),
    ],
)
def test_a_body_that_is_no_json_is_refused_and_nothing_is_made(client, body, code):
    before = ApiToken.objects.count()
    problem(post(client, body), 400, code)
    assert ApiToken.objects.count() == before


def test_a_body_larger_than_accepted_is_413(client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    problem(post(client, '{"name": "' + "x" * 200 + '"}'), 413, "too_large")


def test_an_unknown_field_is_refused_by_name(client):
    said = problem(post(client, {"name": "a", "nmae": "b"}), 422, "unknown_field")
    assert said["errors"] == [
        {"pointer": "#/nmae", "code": "unknown_field", "detail": "There is no such field to write."}
    ]


def test_a_missing_field_is_told_with_its_pointer(client):
    said = problem(post(client, {}), 422, "invalid")
    assert said["errors"][0]["pointer"] == "#/name"
    assert said["errors"][0]["code"] == "required"


class TestTokens:
    def test_only_its_hash_is_kept(self, ana):
        row, secret = tokens.create(user=ana, name="laptop")
        assert secret.startswith("concord_")
        kept = ApiToken.objects.values().get(pk=row.pk)
        assert secret not in str(kept)
        assert len(bytes(kept["digest"])) == 32
        assert AuditEvent.objects.filter(verb="core.token.created", target_id=str(row.pk)).exists()

    @pytest.mark.parametrize("how", ["revoked", "expired", "closed"])
    def test_what_has_ended_does_not_sign_in(self, ana, how):
        row, secret = tokens.create(user=ana, name="laptop")
        client = Client(headers={"Authorization": f"Bearer {secret}"})
        assert client.get("/api/test/things/").status_code == 200
        assert ApiToken.objects.get(pk=row.pk).last_used_on == timezone.now().date()
        if how == "revoked":
            tokens.revoke(row, actor=ana)
        elif how == "expired":
            ApiToken.objects.filter(pk=row.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
        else:
            User.objects.filter(pk=ana.pk).update(is_active=False)
        problem(client.get("/api/test/things/"), 401, "token_invalid")


def test_a_browser_session_needs_the_security_token_to_write(ana):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ana, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert browser.get("/api/test/things/").status_code == 200
    problem(post(browser, {"name": "a"}), 403, "csrf_failed")


class TestPages:
    def test_all_rows_come_once_forward_and_back(self, client, ana):
        for number in range(12):
            tokens.create(user=ana, name=f"t{number}")
        expected = [str(pk) for pk in ApiToken.objects.order_by("id").values_list("id", flat=True)]
        seen, url = [], "/api/test/things/?limit=5"
        while url:
            page = client.get(url).json()
            seen.append([row["id"] for row in page["results"]])
            last, url = page, page["next"]
        assert [one for page in seen for one in page] == expected
        assert len(seen) == 3
        back = client.get(last["previous"]).json()
        assert [row["id"] for row in back["results"]] == seen[1]
        first = client.get(back["previous"]).json()
        assert [row["id"] for row in first["results"]] == seen[0]
        assert first["previous"] is None


class TestIdempotency:
    def test_a_repeat_gives_the_same_object_made_once(self, client):
        first = post(client, {"name": "a"}, **{"Idempotency-Key": "k1"})
        again = post(client, {"name": "a"}, **{"Idempotency-Key": "k1"})
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.json() == again.json()
        assert ApiToken.objects.filter(name="a").count() == 1

    def test_another_body_under_the_same_key_is_refused(self, client):
        post(client, {"name": "a"}, **{"Idempotency-Key": "k1"})
        problem(post(client, {"name": "b"}, **{"Idempotency-Key": "k1"}), 422, "idempotency_key_reused")

    def test_what_failed_may_be_sent_again_under_its_key(self, client):
        problem(post(client, {"name": " x" * 30}, **{"Idempotency-Key": "k1"}), 422, "invalid")
        assert not IdempotencyKey.objects.exists()
        assert post(client, {"name": "a"}, **{"Idempotency-Key": "k1"}).status_code == 201

    def test_what_it_made_may_be_gone(self, client):
        made = post(client, {"name": "a"}, **{"Idempotency-Key": "k1"}).json()["id"]
        ApiToken.objects.filter(pk=made).delete()
        problem(post(client, {"name": "a"}, **{"Idempotency-Key": "k1"}), 410, "object_gone")


def test_an_edit_of_something_that_changed_meanwhile_is_refused(rf):
    current = api.etag("id", 3)
    api.require_match(rf.get("/", headers={"If-Match": current}), current)
    for given, status in ((api.etag("id", 2), 412), ("", 428)):
        with pytest.raises(Exception) as refused:
            api.require_match(rf.get("/", headers={"If-Match": given} if given else {}), current)
        assert refused.value.status == status


def test_the_context_of_one_request_does_not_leak_into_another(client):
    post(client, {"name": "a"})
    assert audit.request_id() == ""
