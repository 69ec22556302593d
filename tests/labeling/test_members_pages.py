"""Who holds which role: given by an address, taken back, on every root that has roles, by pages and by programs."""

from __future__ import annotations

import html
import json
import re

import pytest
from django.apps import apps
from django.core import mail
from django.test import Client
from django.urls import reverse

from core import access
from core.errors import Refused
from core.models import AuditEvent, User
from core.services import accounts, members
from labeling.models import Annotator, Assignment, QueuePlace
from tests.cast import Cast
from tests.conftest import BACKEND

pytestmark = pytest.mark.django_db(databases="__all__")
ROOTS = [model for model in apps.get_models() if hasattr(model, "roles")]
PAGES = {"study": "studies:people", "campaign": "campaigns:people", "dataset": "datasets:people", "model": "inference:people"}  # fmt: skip
NOUNS = {"study": "studies", "campaign": "campaigns", "dataset": "datasets", "model": "models"}
SOME = {"study": "auditor", "campaign": "reviewer", "dataset": "reader", "model": "reader"}
EVERY_ROOT = pytest.mark.parametrize("kind", PAGES)


def page_of(cast: Cast, kind: str) -> str:
    return reverse(PAGES[kind], args=[getattr(cast.ours, kind).pk])


def text(answer) -> str:
    return html.unescape(answer.content.decode())


def test_every_root_with_roles_has_a_page_and_says_in_words_what_each_role_may_do():
    assert {model._meta.model_name for model in ROOTS} == set(PAGES)
    for root in ROOTS:
        assert set(root.role_words) == set(root.roles)
        assert root.members_action in {action for actions in root.roles.values() for action in actions} | {"members"}


@EVERY_ROOT
def test_a_role_is_given_by_an_address_and_taken_back(kind: str, cast: Cast, browsers):
    root, role, url = getattr(cast.ours, kind), SOME[kind], page_of(cast, kind)
    before = browsers["otto"].get(url).status_code
    assert browsers["mia"].post(url, {"email": "OTTO@lab.example", "role": role}).status_code == 302
    assert access.roles(cast.otto, root) == {role}
    listed = text(browsers["mia"].get(url))
    assert "Otto Brandt" in listed
    assert str(root.role_words[role]) in listed
    assert browsers["mia"].post(f"{url}take/", {"user": cast.otto.pk, "role": role}).status_code == 302
    assert access.roles(cast.otto, root) == set()
    assert browsers["otto"].get(url).status_code == before == 404
    kept = AuditEvent.objects.filter(target_id=str(root.pk), verb__startswith="core.role.").order_by("-seq")[:2]
    assert [one.verb for one in kept] == ["core.role.revoked", "core.role.granted"]
    assert {json.loads(one.facts)["user"] for one in kept} == {str(cast.otto.pk)}


@EVERY_ROOT
@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"email": "nobody@lab.example"}, "Tick the box to invite its person."),
        ({"email": "not an address"}, "Enter a valid email address."),
        ({"role": "emperor"}, "Select a valid choice."),
        ({"role": ""}, "This field is required."),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_sentence(kind: str, said, sentence, cast: Cast, browsers):
    before = access.members(getattr(cast.ours, kind))
    answer = browsers["mia"].post(page_of(cast, kind), {"email": "otto@lab.example", "role": SOME[kind]} | said)
    assert answer.status_code == 422
    assert sentence in text(answer)
    assert access.members(getattr(cast.ours, kind)) == before


def test_a_closed_account_gets_no_role(cast: Cast, browsers):
    accounts.set_active(cast.otto, False, None)
    answer = browsers["mia"].post(page_of(cast, "study"), {"email": "otto@lab.example", "role": "auditor"})
    assert answer.status_code == 422
    assert "The account of this address is closed." in text(answer)


def test_somebody_without_an_account_is_invited_with_the_role_by_who_leads_the_study(cast: Cast, browsers):
    said = {"email": "new@lab.example", "role": "reviewer", "new": "on", "name": "Neve Newman", "language": "es"}
    answer = browsers["mia"].post(page_of(cast, "campaign"), said)
    link = re.search(r"data-secret>([^<]+)<", answer.content.decode())[1]
    neve = User.objects.get(email="new@lab.example")
    assert access.roles(neve, cast.ours.campaign) == {"reviewer"}
    assert (neve.language, neve.is_operator) == ("es", False)
    (sent,) = mail.outbox
    assert link in sent.body
    assert link not in text(browsers["mia"].get(page_of(cast, "campaign")))


def test_who_runs_a_campaign_and_does_not_lead_the_study_invites_nobody(cast: Cast, browsers):
    url = page_of(cast, "campaign")
    assert 'name="new"' not in text(browsers["rhea"].get(url))
    said = {"email": "new@lab.example", "role": "reviewer", "new": "on", "name": "Neve", "language": "en"}
    answer = browsers["rhea"].post(url, said)
    assert answer.status_code == 422
    assert "Whoever leads the study can invite its person." in text(answer)
    assert not User.objects.filter(email="new@lab.example").exists()
    assert browsers["rhea"].post(url, {"email": "otto@lab.example", "role": "reviewer"}).status_code == 302


def test_the_last_owner_of_a_study_stays(cast: Cast, browsers):
    study, url = cast.ours.study, page_of(cast, "study")
    answer = browsers["mia"].post(
        f"{url}take/", {"user": cast.mia.pk, "role": "owner"}, headers={"Accept": "text/html"}
    )
    assert answer.status_code == 409
    assert "Somebody must stay who holds this role (owner)." in text(answer)
    members.give(actor=cast.mia, root=study, role="owner", user=cast.rhea)
    accounts.set_active(cast.rhea, False, None)
    with pytest.raises(Refused):  # one who cannot sign in leads nothing
        members.take(actor=cast.mia, root=study, role="owner", user=cast.mia)
    accounts.set_active(cast.rhea, True, None)
    answer = browsers["mia"].post(f"{url}take/", {"user": cast.mia.pk, "role": "owner"})
    assert answer["Location"] == "/"  # the page is no longer theirs to change
    assert "owner" not in access.roles(cast.mia, study)


def test_who_leads_a_study_alone_is_told_before_the_account_is_closed(cast: Cast, browsers):
    assert members.kept_alone() == {cast.mia.pk: 1, cast.otto.pk: 1}
    assert "1 study has no other owner and is then led by nobody." in text(browsers["mia"].get("/people/"))
    members.give(actor=cast.mia, root=cast.theirs.study, role="owner", user=cast.rhea)
    assert members.kept_alone() == {cast.mia.pk: 1}


def test_an_annotator_gets_a_code_and_a_place_in_the_queue_and_leaves_what_they_hold_to_others(cast: Cast, browsers):
    campaign, url = cast.ours.campaign, page_of(cast, "campaign")
    browsers["mia"].post(url, {"email": "rhea@lab.example", "role": "annotator"})
    rhea = Annotator.objects.get(study=cast.ours.study, user=cast.rhea)
    assert rhea.kind == "member"
    assert QueuePlace.objects.filter(campaign=campaign, annotator=rhea).exists()
    row = re.search(r"<tr><th[^>]*>Rhea Menon</th>.*?</tr>", text(browsers["mia"].get(url)), re.S)[0]
    assert f"<td>{rhea.code}</td>" in row
    ana = re.search(r"<tr><th[^>]*>Ana Ribeiro</th>.*?</tr>", text(browsers["mia"].get(url)), re.S)[0]
    assert "1 held item is handed to others. 3 answers stay." in ana
    browsers["mia"].post(f"{url}take/", {"user": cast.ana.pk, "role": "annotator"})
    assert access.roles(cast.ana, campaign) == set()
    assert Assignment.objects.get(pk=cast.ours.assignment.pk).state == "released"
    assert campaign.annotations.filter(annotator__user=cast.ana).count() == 3


def test_names_beside_codes_are_for_who_runs_the_campaign_alone(cast: Cast, browsers):
    members.give(actor=cast.mia, root=cast.ours.campaign, role="reviewer", user=cast.otto)
    assert browsers["otto"].get(reverse("campaigns:overview", args=[cast.ours.campaign.pk])).status_code == 200
    assert browsers["otto"].get(page_of(cast, "campaign")).status_code == 403
    assert browsers["ana"].get(page_of(cast, "campaign")).status_code == 404


def test_addresses_are_for_who_gives_roles(cast: Cast, browsers):
    url = page_of(cast, "study")
    assert "dana@lab.example" in text(browsers["mia"].get(url))
    for who in ("rhea", "dana"):
        seen = text(browsers[who].get(url))
        assert "Mia Lindqvist" in seen
        assert "mia@lab.example" not in seen
        assert "Mia Lindqvist" not in text(browsers[who].get(url, {"q": "mia@lab"}))


class TestPrograms:
    """The same by REST."""

    def address(self, cast: Cast, kind: str) -> str:
        return f"/api/v1/{NOUNS[kind]}/{getattr(cast.ours, kind).pk}/members"

    def sent(self, client: Client, url: str, body: dict, **more):
        return client.post(url, json.dumps(body), content_type="application/json", **more)

    @EVERY_ROOT
    def test_a_role_is_listed_given_and_taken(self, kind: str, cast: Cast, browsers):
        url, role = self.address(cast, kind), SOME[kind]
        made = self.sent(browsers["mia"], url, {"email": "otto@lab.example", "role": role})
        assert made.status_code == 201
        assert made.json() == {
            "user": str(cast.otto.pk),
            "name": "Otto Brandt",
            "email": "otto@lab.example",
            "roles": [role],
        }
        listed = browsers["mia"].get(url).json()["results"]
        assert made.json() in listed
        assert len(listed) == len(access.members(getattr(cast.ours, kind)))
        assert self.sent(browsers["mia"], url, {"email": "otto@lab.example", "role": role}).status_code == 201
        assert browsers["mia"].delete(f"{url}/{cast.otto.pk}/{role}").status_code == 204
        assert access.roles(cast.otto, getattr(cast.ours, kind)) == set()
        assert browsers["mia"].delete(f"{url}/{cast.otto.pk}/{role}").status_code == 404  # who holds nothing here

    def test_a_request_sent_again_with_its_key_gives_the_role_once(self, cast: Cast, browsers):
        url, body = self.address(cast, "study"), {"email": "otto@lab.example", "role": "auditor"}
        key = {"headers": {"Idempotency-Key": "a"}}
        first, again = self.sent(browsers["mia"], url, body, **key), self.sent(browsers["mia"], url, body, **key)
        assert first.json() == again.json()
        other = self.sent(browsers["mia"], url, body | {"role": "owner"}, **key)
        assert other.json()["code"] == "idempotency_key_reused"
        assert AuditEvent.objects.filter(verb="core.role.granted", facts__contains=str(cast.otto.pk), study_id=str(cast.ours.study.pk)).count() == 1  # fmt: skip

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"email": "nobody@lab.example", "role": "auditor"}, "account_unknown"),
            ({"email": "otto@lab.example", "role": "emperor"}, "role_unknown"),
            ({"email": "otto@lab.example"}, "invalid"),
            ({"email": "otto@lab.example", "role": "auditor", "operator": True}, "unknown_field"),
        ],
    )
    def test_what_cannot_be_meant_is_refused_by_its_code(self, body, code, cast: Cast, browsers):
        answer = self.sent(browsers["mia"], self.address(cast, "study"), body)
        assert answer.status_code == 422
        assert answer.json()["code"] == code
        assert access.roles(cast.otto, cast.ours.study) == set()

    def test_the_last_owner_stays_here_too(self, cast: Cast, browsers):
        answer = browsers["mia"].delete(f"{self.address(cast, 'study')}/{cast.mia.pk}/owner")
        assert (answer.status_code, answer.json()["code"]) == (409, "last_of_role")

    def test_addresses_are_for_who_gives_roles_here_too(self, cast: Cast, browsers):
        for who, email in (("mia", "dana@lab.example"), ("rhea", None)):
            listed = browsers[who].get(self.address(cast, "study")).json()["results"]
            assert next(one for one in listed if one["user"] == str(cast.dana.pk))["email"] == email
        assert browsers["rhea"].delete(f"{self.address(cast, 'study')}/{cast.dana.pk}/privacy").status_code == 403


def test_a_person_with_a_role_that_was_given_here_finds_their_way(cast: Cast):
    """The whole of it for an account that is new: invited with the role, signed in, at work."""
    neve, _link = members.invite(actor=cast.mia, root=cast.ours.campaign, role="annotator", email="n@lab.example")
    client = Client()
    client.force_login(neve, backend=BACKEND)
    assert cast.ours.campaign.name in client.get("/label/").content.decode()
