"""The participant's own page and the privacy officer's pages, over HTTP."""

import io
import re
import zipfile
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consent.models import ConsentEvent, Erasure, Notice, Request
from consent.services import consents, links, packages, requests
from core import access, jobs
from core.models import Job
from tests.consent import factories as make

pytestmark = pytest.mark.django_db(databases=["default", "keys"])


@pytest.fixture
def page(ada, text):
    """Ada's page: (client, address(name, *args))."""
    _link, token = links.make_link(participant=ada, actor=None)
    return Client(), lambda name="mine", *args: reverse(f"consent:{name}", args=[token, *args])


def login(user):
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def officer(talk, dana):
    return login(dana)


def allowed(ada):
    return set(ada.permissions.values_list("purpose", flat=True))


def test_the_page_opens_with_the_link_alone_and_is_kept_nowhere(page):
    client, at = page
    answer = client.get(at())
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "same-origin"
    assert 'http-equiv="refresh"' not in answer.content.decode()
    assert not re.search(r'href="https?://', answer.content.decode()), "no way out that would tell the address"


def test_nothing_is_ticked_before_somebody_agreed(page):
    client, at = page
    assert " checked" not in client.get(at()).content.decode()


def test_giving_shows_the_notice_first_and_taking_back_takes_fewer_steps(page, ada, text):
    client, at = page
    shown = client.post(at("mine_choose"), {"purpose": ["collect", "human_annotation"]})
    assert text.title in shown.content.decode()
    assert allowed(ada) == set()
    client.post(at("mine_agree"), {"purpose": ["collect", "human_annotation"], "digest": text.digest})
    assert allowed(ada) == {"collect", "human_annotation"}
    client.post(at("mine_choose"), {"purpose": ["collect"]})
    assert allowed(ada) == {"collect"}, "one step"


def test_an_agreement_to_another_text_does_not_count(page, ada):
    client, at = page
    client.post(at("mine_agree"), {"purpose": ["collect"], "digest": "0" * 64})
    assert allowed(ada) == set()


def test_pause_resume_stop_and_erase_are_four_buttons(page, ada, text):
    client, at = page
    consents.record_consent(participant=ada, notice_text=text, answers={"collect": True})
    client.post(at("mine_pause"))
    ada.refresh_from_db()
    assert (ada.state, allowed(ada), Erasure.objects.count()) == ("paused", set(), 0)
    client.post(at("mine_resume"))
    assert allowed(ada) == {"collect"}
    assert "At once" in client.get(at("mine_stop")).content.decode()
    assert allowed(ada) == {"collect"}, "looking is not stopping"
    client.post(at("mine_stop"))
    ada.refresh_from_db()
    assert (ada.state, allowed(ada)) == ("stopped", set())
    assert Erasure.objects.get().state == "scheduled"
    client.post(at("mine_erase"))
    said = list(ConsentEvent.objects.values_list("kind", flat=True))
    wrong = client.post(at("mine_code"), {"code": "00000000"})
    assert wrong.status_code == 422
    assert "This code is wrong or too old." in wrong.content.decode()
    erasure = Erasure.objects.get()
    assert (erasure.state, erasure.confirmed_by, erasure.confirm_tries) == ("scheduled", "", 1)
    assert list(ConsentEvent.objects.values_list("kind", flat=True)) == said, "nothing was confirmed"
    assert not Job.objects.exists()
    ada.refresh_from_db()
    assert ada.state == "stopped"


def test_who_confirmed_with_the_code_need_not_wait(page, ada, talk):
    client, at = page
    talk.cooling_off_days = 5
    talk.save()
    client.post(at("mine_erase"))
    assert client.post(at("mine_waive"))["Location"] == at("mine_code"), "the code comes first"
    assert Erasure.objects.get().not_before > timezone.now()
    consents.confirm_by_code(erasure=Erasure.objects.get())
    assert "You need not wait." in client.get(at()).content.decode()
    assert "Erase now, without waiting" in client.get(at("mine_code")).content.decode()
    client.post(at("mine_waive"))
    begun = Erasure.objects.get()
    assert begun.job is not None
    assert begun.not_before <= timezone.now()
    assert "You need not wait." not in client.get(at()).content.decode()
    jobs.run(begun.job_id)
    ada.refresh_from_db()
    assert ada.state == "erased"


def test_a_copy_holds_what_was_said_and_every_file_is_in_the_manifest(page, ada, text):
    client, at = page
    consents.record_consent(participant=ada, notice_text=text, answers={"collect": True})
    client.post(at("mine_copy"))
    asked = Request.objects.get()
    assert (asked.kind, asked.state) == ("access", "collecting")
    jobs.run(asked.job_id)
    asked.refresh_from_db()
    answer = client.get(at("mine_download", asked.pk))
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    names = set(archive.namelist())
    assert {"index.html", "data.json", "manifest.json", "consent/events.json"} <= names
    listed = {one["path"] for one in __import__("json").loads(archive.read("manifest.json"))["files"]}
    assert names - {"manifest.json"} == listed
    assert b"Ada Example" in archive.read("data/identity.json")
    assert b"<script" not in archive.read("index.html")


def test_a_question_is_stored_sealed_and_read_by_the_officer(page, officer, talk):
    client, at = page
    client.post(at("mine_question"), {"words": "Who <b>labels</b> my clips?"})
    asked = Request.objects.get(kind="information")
    assert b"labels" not in bytes(asked.words)
    shown = officer.get(reverse("consent:request", args=[talk.pk, asked.pk])).content.decode()
    assert "Who &lt;b&gt;labels&lt;/b&gt; my clips?" in shown


def test_the_notice_is_shown_as_it_was_told(page, text, talk):
    client, at = page
    assert text.summary in client.get(at("mine_notice", text.pk)).content.decode()
    other = make.notice_text(make.study())
    assert client.get(at("mine_notice", other.pk)).status_code == 404


def test_a_link_ends_by_date_and_when_taken_back(page, ada):
    client, at = page
    with time_machine.travel(timezone.now() + timedelta(days=181)):
        assert client.get(at()).status_code == 404
    links.revoke_link(link=ada.links.get(), actor=None)
    assert client.get(at()).status_code == 404
    assert client.get(reverse("consent:mine", args=["x" * 43])).status_code == 404


def test_fictional_people_are_told_apart(page, ada):
    client, at = page
    ada.kind = "fictional"
    ada.save()
    assert "stands for no real person" in client.get(at()).content.decode()


STUDY_PAGES = [
    "participants",
    "participant_new",
    "bases",
    "basis_new",
    "notices",
    "notice_new",
    "requests",
    "request_new",
    "audit",
]


@pytest.mark.parametrize("name", STUDY_PAGES)
def test_every_page_of_the_officer_opens_for_her_and_is_nowhere_for_an_outsider(officer, talk, ada, text, name):
    address = reverse(f"consent:{name}", args=[talk.pk])
    assert officer.get(address).status_code == 200
    assert login(make.user("otto")).get(address).status_code == 404
    assert Client().get(address).status_code in (302, 404)


@pytest.mark.parametrize("name", ["participants", "bases", "notices", "requests", "audit"])
def test_every_list_filters_sorts_and_exports(officer, talk, ada, text, name):
    address = reverse(f"consent:{name}", args=[talk.pk])
    for query in ("?q=P-0001&sort=-code&page=1", "?sort=nonsense&state=active&page=999", "?q=%00"):
        assert officer.get(address + query).status_code == 200
    answer = officer.get(address + "?format=csv")
    assert answer["Content-Type"].startswith("text/csv")
    assert b"".join(answer.streaming_content)


def test_an_outsider_gets_404_from_every_act(talk, ada, text):
    otto = login(make.user("otto"))
    asked = requests.open_request(actor=None, study=talk, kind="erasure", participant=ada, channel="letter")
    basis = talk.bases.first()
    one, notice = [talk.pk, ada.pk], [talk.pk, text.notice_id]
    acts = [
        ("participant_act", one), ("participant_link", one), ("basis_end", [talk.pk, basis.pk]), ("notice_publish", notice),
        *[(f"request_{act}", [talk.pk, asked.pk]) for act in ("move", "extend", "package", "erase", "waive")], ("audit_verify", [talk.pk]),
    ]  # fmt: skip
    for name, args in acts:
        assert otto.post(reverse(f"consent:{name}", args=args)).status_code == 404, name
    for name, args in [("participant", one), ("notice", notice), ("request", [talk.pk, asked.pk])]:
        assert otto.get(reverse(f"consent:{name}", args=args)).status_code == 404, name
    ada.refresh_from_db()
    assert ada.state == "active"


def test_the_officer_waives_the_cooling_off_and_the_reason_is_kept(officer, dana, talk, ada, text):
    talk.cooling_off_days = 5
    talk.save()
    asked = requests.open_request(actor=None, study=talk, kind="erasure", participant=ada, channel="letter")
    for to in ("acknowledged", "verified"):
        asked = requests.move(actor=None, request=asked, to=to)
    url, now = (
        reverse("consent:request", args=[talk.pk, asked.pk]),
        reverse("consent:request_waive", args=[talk.pk, asked.pk]),
    )
    html = {"Accept": "text/html"}
    assert officer.post(now, {"reason": "harm"}, headers=html).status_code == 403, "who leads a study does not erase"
    access.grant(dana, "privacy", talk, actor=None)
    assert officer.post(now, {"reason": "harm"}, headers=html).status_code == 409, "nothing waits yet"
    officer.post(reverse("consent:request_erase", args=[talk.pk, asked.pk]), {"method": "letter"})
    assert "Erase now, without waiting" in officer.get(url).content.decode()
    refused = officer.post(now, {"reason": "in a hurry"}, headers=html)
    assert refused.status_code == 422
    assert "Say why the cooling-off is waived." in refused.content.decode()
    assert Erasure.objects.get().waits
    officer.post(now, {"reason": "ordered"})
    begun = Erasure.objects.get()
    assert (begun.waits, begun.job is not None) == (False, True)
    shown = officer.get(url).content.decode()
    assert "cooling-off waived: an authority or a court has ordered it" in shown
    assert "Erase now, without waiting" not in shown


def test_the_officer_stops_somebody_and_makes_a_link(officer, talk, ada, text):
    consents.record_consent(participant=ada, notice_text=text, answers={"collect": True})
    made = officer.post(reverse("consent:participant_link", args=[talk.pk, ada.pk]), {"act": "make"}).content.decode()
    token = re.search(r"/p/([\w-]{43})/", made)[1]
    assert Client().get(reverse("consent:mine", args=[token])).status_code == 200
    officer.post(reverse("consent:participant_act", args=[talk.pk, ada.pk]), {"act": "stop"})
    ada.refresh_from_db()
    assert ada.state == "stopped"
    shown = officer.get(reverse("consent:participant", args=[talk.pk, ada.pk])).content.decode()
    assert token not in shown


def test_a_notice_is_drafted_edited_and_published_from_the_page(officer, talk):
    words = {
        "language": "en", "title": "A talk", "summary": "We record you.", "sections": "# Why\nTo learn.", "valid_days": 30,
        "collect_asked": "on", "collect_modalities": ["audio"], "collect_recipient": "controller", "collect_title": "Recording",
        "collect_text": "Your voice.",
    }  # fmt: skip
    missing = officer.post(reverse("consent:notice_new", args=[talk.pk]), {**words, "collect_title": ""})
    assert missing.status_code == 422
    officer.post(reverse("consent:notice_new", args=[talk.pk]), words)
    draft = Notice.objects.get(study=talk)
    edit = reverse("consent:notice_edit", args=[talk.pk, draft.pk])
    assert "# Why" in officer.get(edit).content.decode()
    officer.post(edit, {**words, "title": "A better talk"})
    officer.post(reverse("consent:notice_publish", args=[talk.pk, draft.pk]))
    assert officer.post(edit, words).status_code == 409
    assert draft.texts.get().title == "A better talk"
    assert "A better talk" in officer.get(reverse("consent:notice", args=[talk.pk, draft.pk])).content.decode()


def test_a_request_by_letter_walks_to_its_end(officer, talk, ada):
    today = timezone.now().date()
    future = {"kind": "access", "code": ada.code, "channel": "letter", "received_on": str(today + timedelta(days=2))}
    assert officer.post(reverse("consent:request_new", args=[talk.pk]), future).status_code == 422
    officer.post(
        reverse("consent:request_new", args=[talk.pk]), {**future, "received_on": str(today - timedelta(days=3))}
    )
    asked = Request.objects.get()
    at = lambda act: reverse(f"consent:request{act}", args=[talk.pk, asked.pk])  # noqa: E731
    assert officer.post(at("_move"), {"to": "fulfilled"}).status_code == 409
    assert officer.post(at("_move"), {"to": "acknowledged", "revision": "99"}).status_code == 412
    for to in ("acknowledged", "verified"):
        officer.post(at("_move"), {"to": to})
    officer.post(at("_package"))
    asked.refresh_from_db()
    packages.build(asked, actor=None)
    for to in ("approval", "delivering", "fulfilled"):
        officer.post(at("_move"), {"to": to})
    asked.refresh_from_db()
    assert asked.state == "fulfilled"
    assert officer.get(at("")).status_code == 200
    assert officer.get(at("_download")).status_code == 200


def test_the_officer_verifies_the_chain(officer, talk):
    shown = officer.post(reverse("consent:audit_verify", args=[talk.pk])).content.decode()
    assert "The chain is whole." in shown
