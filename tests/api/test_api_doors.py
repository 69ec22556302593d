"""Who sees what: every list and every object of every noun, for its owner, for an outsider, for nobody."""

from __future__ import annotations

from uuid import uuid4

import pytest

from config.api import NOUNS
from consent.api.base import Noun
from consent.services import consents
from core.models import IdempotencyKey
from datasets.models import Dataset
from labeling.models import Campaign, Recording, Scheme
from tests.api.conftest import build

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
LISTS = [*NOUNS, "annotations"]
OF_PEOPLE = (
    "recordings", "tracks", "appearances", "alignments", "items", "lanes", "qualities", "traces", "segments", "gold-labels",
    "suggestions", "predictions", "assets", "annotations", "queue-ranks",
)  # fmt: skip


def problem(response, status: int, code: str = "") -> dict:
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    told = response.json()
    assert told["status"] == status
    assert not code or told["code"] == code
    return told


def test_the_owner_sees_every_noun_and_the_outsider_none(world):
    for noun in LISTS:
        if noun == "tokens":
            continue
        assert world.mia.get(noun).json()["results"], noun
        seen = world.otto.get(noun)
        assert seen.status_code == 200
        assert seen.json() == {"results": [], "next": None, "previous": None}, noun


def test_an_object_is_shown_to_its_owner_and_is_not_there_for_an_outsider(world):
    for noun, view in NOUNS.items():
        if not issubclass(view, Noun) or noun == "tokens":
            continue
        path = f"{noun}/{world.ids[noun]}"
        shown = world.mia.get(path)
        assert shown.status_code == 200, (noun, shown.content)
        assert shown.json()["id"] == world.ids[noun]
        problem(world.otto.get(path), 404, "not_found")
        problem(world.mia.get(f"{noun}/{uuid4()}"), 404, "not_found")


def test_nobody_is_told_to_sign_in(world, anonymous):
    for noun in [*LISTS, "me"]:
        told = problem(anonymous.get(noun), 401, "not_authenticated")
        assert told["detail"]
    refused = anonymous.client.get("/api/v1/me", HTTP_AUTHORIZATION="Bearer concord_wrong")
    problem(refused, 401, "token_invalid")
    assert refused["WWW-Authenticate"].startswith("Bearer")


def test_sealed_columns_and_storage_keys_are_nowhere(world):
    hidden = {
        "external_id",
        "text_sealed",
        "file_name",
        "store_key",
        "digest_hmac",
        "words",
        "contact",
        "person",
        "password",
        "packed",
    }
    for noun in LISTS:
        for row in world.mia.get(noun).json()["results"]:
            assert not hidden & set(row), noun
    assert "text" not in world.mia.get("tracks").json()["results"][0]


def test_who_stopped_is_gone_from_every_list_at_once(world):
    one = world.scene.people[0]
    before = {noun: len(world.mia.get(noun).json()["results"]) for noun in OF_PEOPLE}
    for person in world.scene.people:
        consents.stop(participant=person, actor=world.scene.mia)
    for noun in OF_PEOPLE:
        assert before[noun], noun
        assert world.mia.get(noun).json()["results"] == [], noun
        if noun in world.ids:
            problem(world.mia.get(f"{noun}/{world.ids[noun]}"), 404)
    assert world.mia.get(f"participants/{one.pk}").json()["state"] == "stopped"


def foreign_bodies(own: dict[str, str], other: dict[str, str], email: str) -> list[tuple[str, dict]]:
    """(address, body): an own root with somebody else's parts, and somebody else's root."""
    form = {"form": {"format": "affect.scheme"}}
    return [
        ("participants", {"study": other["studies"]}),
        ("notices", {"study": other["studies"], "choices": [], "texts": []}),
        ("bases", {"study": other["studies"], "purpose": "collect", "kind": "contract"}),
        ("requests", {"study": other["studies"], "kind": "access", "channel": "email"}),
        ("requests", {"study": own["studies"], "kind": "access", "channel": "email", "participant": other["participants"]}),
        ("consent-events", {"participant": other["participants"], "notice_text": own["notice_text"], "answers": {"collect": True}, "method": "paper"}),
        ("consent-events", {"participant": own["participants"], "notice_text": other["notice_text"], "answers": {"collect": True}, "method": "paper"}),
        (f"participants/{other['participants']}/pause", {"method": "phone"}),
        (f"participants/{other['participants']}/stop", {"method": "phone"}),
        (f"participants/{other['participants']}/resume", {"method": "phone"}),
        (f"participants/{other['participants']}/withdraw", {"method": "phone", "purpose": "collect"}),
        (f"notices/{other['notices']}/publish", {}),
        (f"requests/{other['requests']}/move", {"to": "acknowledged"}),
        ("recipients", {"study": other["studies"], "name": "R", "recipient_class": "partner", "country": "IE"}),
        ("exhibits", {"study": other["studies"], "title": "E", "licence": "CC0", "source": "own"}),
        ("alignments", {"track": other["tracks"], "offset_us": 5}),
        ("items", {"recording": other["recordings"], "code": "n", "targets": [own["participants"]]}),
        ("items", {"recording": own["recordings"], "code": "n", "targets": [other["participants"]]}),
        ("guidelines", {"study": other["studies"], "name": "G", "text": {"en": [{"heading": "h", "text": "t"}]}}),
        (f"guidelines/{other['guidelines']}/versions", {"text": {"en": [{"heading": "h", "text": "t"}]}}),
        (f"campaigns/{other['campaigns']}/rank", {"source": "x", "ranks": [{"item": own["items"], "rank": 1}]}),
        (f"campaigns/{own['campaigns']}/rank", {"source": "x", "ranks": [{"item": other["items"], "rank": 1}]}),
        ("recordings/bulk", {"study": other["studies"], "rows": [{"code": "x", "tracks": []}]}),
        ("recordings/bulk", {"study": own["studies"], "rows": [{"code": "x", "tracks": [
            {"modality": "audio", "name": "a", "appearances": [{"participant": other["code"]}]}]}]}),
        (f"recordings/{other['recordings']}/read", {}),
        ("schemes", {"study": other["studies"], "name": "S", "gallery": "laughter"}),
        (f"scheme-versions/{other['scheme-versions']}/next", {}),
        (f"scheme-versions/{other['scheme-versions']}/freeze", {}),
        (f"scheme-versions/{other['scheme-versions']}/next", form),
        ("campaigns", {"study": other["studies"], "name": "C", "scheme_version": other["scheme-versions"]}),
        ("campaigns", {"study": own["studies"], "name": "C", "scheme_version": other["scheme-versions"]}),
        ("campaigns", {"study": own["studies"], "name": "C", "scheme_version": own["scheme-versions"], "guideline_version": other["guideline-versions"]}),
        (f"campaigns/{other['campaigns']}/open", {}),
        (f"campaigns/{other['campaigns']}/pause", {}),
        (f"campaigns/{other['campaigns']}/close", {}),
        (f"campaigns/{other['campaigns']}/items", {"items": [own["items"]]}),
        (f"campaigns/{own['campaigns']}/items", {"items": [other["items"]]}),
        (f"campaigns/{other['campaigns']}/annotators", {"email": email}),
        ("annotators", {"study": other["studies"], "code": "X1", "kind": "imported"}),
        ("agreement-reports", {"campaign": other["campaigns"]}),
        ("gold-standards", {"campaign": other["campaigns"]}),
        ("datasets", {"study": other["studies"], "name": "D"}),
        ("dataset-versions", {"dataset": other["datasets"], "gold_standard": other["gold-standards"]}),
        ("dataset-versions", {"dataset": own["datasets"], "gold_standard": other["gold-standards"]}),
        (f"dataset-versions/{other['dataset-versions']}/package", {}),
        ("models", {"study": other["studies"], "backend": "vader-text-valence"}),
        ("runs", {"kind": "prelabel", "model_version": other["model-versions"], "campaign": own["campaigns"]}),
        ("runs", {"kind": "prelabel", "model_version": own["model-versions"], "campaign": other["campaigns"]}),
        ("runs", {"kind": "evaluate", "model_version": own["model-versions"], "gold_standard": other["gold-standards"]}),
        (f"jobs/{other['jobs']}/cancel", {}),
        ("assignments/next", {"campaign": other["campaigns"]}),
    ]  # fmt: skip


def with_parts(world) -> dict[str, str]:
    text = world.mia.get(f"notices/{world.ids['notices']}").json()["texts"][0]["id"]
    return world.ids | {"notice_text": text, "code": world.scene.people[0].code}


def test_no_post_reaches_into_another_study(world):
    other = build()
    before = {
        noun: len(other.mia.get(f"{noun}?limit=500").json()["results"]) for noun in LISTS if noun != "audit-events"
    }
    own = {model: model.objects.count() for model in (Campaign, Dataset, Recording, Scheme)}
    for path, body in foreign_bodies(with_parts(world), with_parts(other), other.scene.ana.email):
        answer = world.mia.post(path, body)
        assert answer.status_code in (404, 422), (path, body, answer.content)
        problem(answer, answer.status_code)
    assert before == {noun: len(other.mia.get(f"{noun}?limit=500").json()["results"]) for noun in before}
    assert own == {model: model.objects.count() for model in own}
    assert not IdempotencyKey.objects.exists()


def test_a_role_that_does_not_include_it_is_403_on_what_is_seen(world):
    from core import access

    access.grant(world.scene.otto, "auditor", world.scene.study, actor=None)
    problem(world.otto.post("schemes", {"study": world.ids["studies"], "name": "S"}), 403, "role_missing")
    problem(world.otto.post(f"campaigns/{world.ids['campaigns']}/close", {}), 403, "role_missing")
    assert world.otto.get("audit-events").json()["results"]
    assert world.otto.get("participants").json()["results"] == []
