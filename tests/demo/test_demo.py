"""The demo study: its media are what the manifest says, loading twice changes nothing, and nothing pretends to be real."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MEDIA = ROOT / "demo" / "media"
MANIFEST = json.loads((ROOT / "demo" / "manifest.json").read_text())
COUNTS = """
from django.apps import apps
import json
from core.models import AuditEvent
print(json.dumps({m._meta.label: m.objects.count() for a in ("core", "consent", "labeling", "datasets", "inference")
                  for m in apps.get_app_config(a).get_models()}))
"""

# ana goes through her queue until the second voice of the conversation is at hand; what she skipped comes back.
CONVERSATION = """
import json
from django.db import transaction
from django.test import Client
from core.models import User
from labeling.models import Campaign, Recording
from labeling.services import queue
talk = Recording.objects.get(code='c01')
tracks = [[t.modality, t.name, [[a.participant.code, a.role] for a in t.appearances.all()]] for t in talk.tracks.order_by('name')]
items = {i.code: list(i.targets.values_list('code', flat=True)) for i in talk.items.all()}
ana, pages = User.objects.get(email='ana@demo.example'), {}
campaign = Campaign.objects.get(name='Clips: what is expressed')
client = Client(headers={'accept-language': 'en'})
client.force_login(ana, 'allauth.account.auth_backends.AuthenticationBackend')
with transaction.atomic():
    while len(pages) < 2:
        one = queue.next_assignment(ana, campaign)
        if one.item.code in items:
            pages[one.item.code] = client.get(f'/label/{campaign.pk}/{one.pk}/').content.decode()
        queue.skip(actor=ana, assignment=one)
    transaction.set_rollback(True)
print(json.dumps([tracks, items, pages]))
"""


@pytest.mark.parametrize("entry", MANIFEST, ids=lambda entry: entry["file"])
def test_a_file_is_what_the_manifest_says(entry: dict):
    data = (MEDIA / entry["file"]).read_bytes()
    assert (len(data), sha256(data).hexdigest()) == (entry["bytes"], entry["sha256"])
    assert entry["source"]
    assert entry["license"]


def test_every_file_is_in_the_manifest():
    assert {path.name for path in MEDIA.iterdir()} == {entry["file"] for entry in MANIFEST}


def test_the_text_of_a_licence_that_asks_for_it_is_there():
    assert any("GFDL" in entry["license"] for entry in MANIFEST)
    assert "GNU Free Documentation License" in (ROOT / "demo" / "licences" / "GFDL-1.3.txt").read_text()


def test_loading_again_changes_nothing(demo):
    before = json.loads(demo.ask(COUNTS))
    demo.manage("demo_load")
    assert json.loads(demo.ask(COUNTS)) == before
    assert before["labeling.Recording"] == 39
    assert before["consent.Participant"] > 7


def test_everything_was_read_and_can_be_labeled(demo):
    code = "from labeling.models import Track; print(set(Track.objects.values_list('state', flat=True)))"
    assert demo.ask(code) == "{'ready'}"


def test_a_conversation_is_labeled_voice_by_voice_and_the_question_says_whose(demo):
    tracks, items, pages = json.loads(demo.ask(CONVERSATION))
    assert tracks == [
        ["audio", "voice A", [["P-0005", "target"]]],
        ["audio", "voice B", [["P-0006", "partner"]]],
    ]
    assert items == {"c01.A": ["P-0005"], "c01.B": ["P-0006"]}
    for code, (who,) in items.items():
        other = next(target for (target,) in items.values() if target != who)
        assert f"What does {who} appear to express?" in pages[code]
        assert other not in pages[code]
        assert pages[code].count("<audio ") == 2, "both voices are heard"


def test_simulated_annotators_are_named_so(demo):
    code = (
        "from labeling.models import Annotation, Annotator\n"
        "print(all(a.code.startswith('simulated') and a.kind == 'simulated' for a in "
        "Annotator.objects.filter(annotations__source='simulation').distinct()),"
        "Annotation.objects.filter(source='simulation').exists())"
    )
    assert demo.ask(code) == "True True"


def test_sentences_carry_the_ratings_of_twenty_people(demo):
    code = (
        "from labeling.models import Answer\n"
        "print(sorted(Answer.objects.filter(annotation__item__code='t_' + %r, annotation__source='import')"
        ".values_list('number', flat=True)))"
    )
    sentence = json.loads((MEDIA / "t01_review_snippets_20_with_ratings.json").read_text())[0]
    assert json.loads(demo.ask(code % sentence["id"])) == sorted(float(value) for value in sentence["ratings"])


def test_participants_are_fictional_and_the_page_says_so(demo):
    code = (
        "from consent.models import Participant, Study\n"
        "from core.models import User\n"
        "from django.test import Client\n"
        "study = Study.objects.get(slug='faces-voices-words')\n"
        "client = Client(); client.force_login(User.objects.get(email='mia@demo.example'), 'allauth.account.auth_backends.AuthenticationBackend')\n"
        "page = client.get(f'/studies/{study.pk}/').content.decode()\n"
        "print(set(Participant.objects.values_list('kind', flat=True)), study.fictional, 'fictional' in page.lower())"
    )
    assert demo.ask(code) == "{'fictional'} True True"


def test_the_audit_log_of_the_demo_verifies(demo):
    demo.manage("verify_audit")
