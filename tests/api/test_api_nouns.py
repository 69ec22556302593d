"""Nouns that are entered over REST and what may be edited: recipients, exhibits, alignments, items, guidelines, queue ranks;
studies and campaigns by revision."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction

from consent.models import Asset, Participant, Recipient
from core import access
from core.errors import Invalid
from core.models import AuditEvent
from labeling.models import Annotation, Campaign, Exhibit, GuidelineVersion, Item, QueueRank, Track
from labeling.services import annotations, campaigns, queue, recordings, traces
from labeling.services.recordings import Appears, NewRecording, NewTrack
from tests.api.test_api_doors import problem
from tests.labeling import factories

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
TEXT = {"en": [{"heading": "Look", "text": "At the face."}], "pt-BR": [{"heading": "Olhe", "text": "O rosto."}]}


def events(verb: str) -> int:
    return AuditEvent.objects.filter(verb=verb).count()


def bodies(world) -> dict[str, dict]:
    """A body that is taken, for each noun that can be entered here."""
    ids = world.ids
    return {
        "recipients": {"study": ids["studies"], "name": "Clinic", "recipient_class": "partner", "country": "IE"},
        "exhibits": {"study": ids["studies"], "title": "Warm up", "licence": "CC0", "source": "own"},
        "alignments": {"track": ids["tracks"], "offset_us": -40_000, "drift_ppb": 12, "method": "clap"},
        "items": {"recording": ids["recordings"], "code": "part", "targets": [ids["participants"]], "kind": "utterance",
                  "start_us": 10, "end_us": 20},
        "guidelines": {"study": ids["studies"], "name": "Main", "text": TEXT},
    }  # fmt: skip


VERBS = {
    "recipients": "consent.recipient.added", "exhibits": "labeling.exhibit.added", "alignments": "labeling.track.aligned",
    "items": "labeling.item.added", "guidelines": "labeling.guideline.version_added",
}  # fmt: skip


@pytest.mark.parametrize("noun", VERBS)
def test_it_is_made_once_with_its_event_and_shown(world, noun):
    body, before = bodies(world)[noun], events(VERBS[noun])
    made = world.mia.post(noun, body, idempotency_key="once")
    assert made.status_code == 201, made.content
    assert world.mia.post(noun, body, idempotency_key="once").json() == made.json()
    assert events(VERBS[noun]) == before + 1
    shown = made.json()
    told = {name: shown[name] for name in body if name in shown}
    assert told == {name: body[name] for name in told}
    address = f"guideline-versions/{shown['id']}" if noun == "guidelines" else f"{noun}/{shown['id']}"
    assert world.mia.get(address).json() == shown


IDS, WORDS, NUMBERS = ("nonsense", [], {}, None), ([], {"x": 1}, None, True, "x" * 5000), ("x", [], 2**60, 1.5, None)
WRONG = {
    "study": IDS, "track": IDS, "recording": IDS, "name": WORDS, "title": WORDS, "licence": WORDS, "source": WORDS, "code": WORDS,
    "method": WORDS, "recipient_class": ("x", [], None), "kind": ("x", [], None), "country": ("Ireland", "ie", [], None),
    "offset_us": NUMBERS, "drift_ppb": NUMBERS, "start_us": (*NUMBERS, -1), "end_us": (*NUMBERS, -1),
    "targets": ("x", {}, [], None, ["x"], [None]),
    "text": ("x", [], {}, None, {"en": "x"}, {"en": [{"heading": "h"}]}, {"en": [{"heading": "h", "text": "t", "colour": 1}]}),
}  # fmt: skip
OPTIONAL = {"kind", "method", "drift_ppb", "start_us", "end_us"}


@pytest.mark.parametrize("noun", VERBS)
def test_unknown_fields_wrong_types_and_missing_ones_are_refused_and_nothing_is_made(world, noun):
    good, before = bodies(world)[noun], events(VERBS[noun])
    problem(world.mia.post(noun, good | {"colour": "red"}), 422, "unknown_field")
    for name in good:
        for wrong in WRONG[name]:
            answer = world.mia.post(noun, good | {name: wrong})
            assert answer.status_code == 422, (name, wrong, answer.content)
        if name not in OPTIONAL:
            told = problem(world.mia.post(noun, {k: v for k, v in good.items() if k != name}), 422)
            assert told["errors"][0]["pointer"] == f"#/{name}"
    for wrong in ([], "x", 5, None):
        assert world.mia.post(noun, wrong).status_code in (400, 422)
    assert events(VERBS[noun]) == before


@pytest.mark.parametrize(
    ("noun", "change", "code"),
    [
        ("recipients", {"country": "US"}, "recipient_refused"),
        ("recipients", {"recipient_class": "controller"}, "invalid"),
        ("alignments", {"offset_us": 8 * 24 * 3_600_000_000}, "alignment_refused"),
        ("alignments", {"drift_ppb": 100_000_001}, "alignment_refused"),
        ("items", {"start_us": 30}, "item_refused"),
        ("items", {"end_us": factories.CLIP_US * 2}, "item_refused"),
        ("guidelines", {"text": {}}, "guideline_refused"),
        ("guidelines", {"text": {"en": []}}, "guideline_refused"),
        ("guidelines", {"text": {"not a language": TEXT["en"]}}, "guideline_refused"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_422_with_its_field(world, noun, change, code):
    told = problem(world.mia.post(noun, bodies(world)[noun] | change), 422)
    assert told["code"] in (code, "invalid", "invalid_choice"), told
    assert told["errors"]


def test_taken_names_and_codes_are_409(world):
    for noun, code in (("recipients", "name_taken"), ("items", "code_taken"), ("guidelines", "name_taken")):
        body = bodies(world)[noun]
        assert world.mia.post(noun, body).status_code == 201
        problem(world.mia.post(noun, body), 409, code)


def test_a_recipient_outside_the_adequate_countries_names_its_transfer_tool(world):
    body = bodies(world)["recipients"] | {"country": "US"}
    told = problem(world.mia.post("recipients", body), 422, "recipient_refused")
    assert told["errors"][0]["pointer"] == "#/transfer_tool"
    assert world.mia.post("recipients", body | {"transfer_tool": "SCC 2021/914"}).status_code == 201
    assert Recipient.objects.get(country="US").transfer_tool == "SCC 2021/914"


def test_roles_decide_who_may_enter_what(world):
    study = world.scene.study
    access.grant(world.scene.otto, "auditor", study, actor=None)
    for noun, body in bodies(world).items():
        answer = world.otto.post(noun, body)
        problem(answer, 404 if noun in ("alignments", "items") and answer.status_code == 404 else 403)
    access.grant(world.scene.otto, "curator", study, actor=None)
    for noun in ("exhibits", "alignments", "items", "guidelines"):
        assert world.otto.post(noun, bodies(world)[noun]).status_code == 201, noun
    problem(world.otto.post("recipients", bodies(world)["recipients"]), 403, "role_missing")


def test_an_alignment_is_a_new_version_and_moves_nothing_that_was_labeled(world):
    segment = world.mia.get(f"segments/{world.ids['segments']}").json()
    trace = world.mia.get(f"traces/{world.ids['traces']}").json()
    first = world.mia.get(f"alignments/{world.ids['alignments']}").json()
    made = world.mia.post("alignments", bodies(world)["alignments"]).json()
    assert (made["number"], made["made_by"]) == (first["number"] + 1, str(world.scene.mia.pk))
    assert world.mia.get(f"alignments/{world.ids['alignments']}").json() == first
    assert world.mia.get(f"segments/{world.ids['segments']}").json() == segment
    assert world.mia.get(f"traces/{world.ids['traces']}").json() == trace
    assert trace["alignment"] == first["id"]


def test_who_stopped_is_aligned_and_divided_no_more(world):
    for person in Participant.objects.filter(appearances__recording=world.ids["recordings"]):
        world.mia.post(f"participants/{person.pk}/stop", {"method": "phone"})
    for noun in ("alignments", "items"):
        answer = world.mia.post(noun, bodies(world)[noun])
        problem(answer, 410, "participant_withdrawn")


def test_the_file_of_an_exhibit_is_sealed_under_the_study_alone_and_never_becomes_a_track(world):
    exhibit = world.mia.post("exhibits", bodies(world)["exhibits"]).json()
    assert exhibit["asset"] is None
    path = f"exhibits/{exhibit['id']}/original?file_name=practice.wav"
    problem(world.otto("PUT", path, b"RIFF"), 404)
    problem(world.mia("PUT", path.replace(".wav", ".exe"), b"RIFF"), 422, "media_type_unknown")
    problem(world.mia("PUT", path.split("?")[0], b"RIFF"), 422, "file_name_invalid")
    stored = world.mia("PUT", path, b"RIFF" * 1000)
    assert stored.status_code == 201, stored.content
    assert world.mia.get(f"exhibits/{exhibit['id']}").json()["asset"] == stored.json()["id"]
    problem(world.mia("PUT", path, b"RIFF"), 409, "has_original")
    asset = Asset.objects.get(pk=stored.json()["id"])
    assert (asset.plain_bytes, asset.subjects.count()) == (4000, 0)
    track = Track.objects.get(pk=world.ids["tracks"])
    with pytest.raises(DatabaseError, match="no track"), transaction.atomic():
        Track.objects.filter(pk=track.pk).update(original=asset)
    person = world.scene.people[0].code
    row = NewRecording("x", [NewTrack("audio", "x", [Appears(person)], asset_id=asset.pk, duration_us=5)])
    with pytest.raises(Invalid) as refused:
        recordings.register(actor=world.scene.mia, study=track.study, rows=[row])
    assert list(refused.value.fields) == ["rows/0/tracks/0"]
    for with_people in (track.original, Asset.objects.filter(asset_subjects__isnull=False).first()):
        with pytest.raises(DatabaseError, match="nobody appears"), transaction.atomic():
            Exhibit.objects.create(study=track.study, title="x", licence="x", source="x", asset=with_people)
        with pytest.raises(DatabaseError, match="nobody appears"), transaction.atomic():
            Exhibit.objects.filter(pk=exhibit["id"]).update(asset=with_people)


def test_material_without_people_is_registered_as_no_recording(world):
    rows = [{"code": "practice", "tracks": [{"modality": "audio", "name": "a", "appearances": []}]}]
    problem(world.mia.post("recordings/bulk", {"study": world.ids["studies"], "rows": rows}), 422, "rows_refused")
    problem(
        world.mia.post(
            "items", {"recording": world.ids["exhibits"], "code": "x", "targets": [world.ids["participants"]]}
        ),
        404,
    )
    problem(world.mia.post(f"campaigns/{world.ids['campaigns']}/items", {"items": [world.ids["exhibits"]]}), 422)


def test_an_item_is_about_somebody_who_appears_and_gets_the_length_of_its_recording(world):
    stranger = next(one for one in world.scene.people if str(one.pk) != world.ids["participants"])
    here = Item.objects.get(pk=world.ids["items"]).targets.get()
    other = stranger if stranger.pk != here.pk else world.scene.people[0]
    body = bodies(world)["items"] | {"targets": [str(other.pk)]}
    told = problem(world.mia.post("items", body), 422, "item_refused")
    assert told["errors"][0]["pointer"] == "#/targets"
    whole = {"recording": world.ids["recordings"], "code": "whole", "targets": [str(here.pk), str(here.pk)]}
    made = world.mia.post("items", whole).json()
    assert (made["targets"], made["kind"], made["end_us"]) == ([str(here.pk)], "segment", factories.CLIP_US)


def test_a_guideline_gets_versions_and_every_answer_remembers_its_own(world):
    first = world.mia.post("guidelines", bodies(world)["guidelines"]).json()
    second = world.mia.post(
        f"guidelines/{first['guideline']}/versions",
        {"text": {"en": [{"heading": "B", "text": "b"}]}},
        idempotency_key="v2",
    )
    assert (second.status_code, second.json()["number"]) == (201, 2)
    same = {"text": {"en": [{"heading": "B", "text": "b"}]}}
    assert (
        world.mia.post(f"guidelines/{first['guideline']}/versions", same, idempotency_key="v2").json() == second.json()
    )
    assert world.mia.get(f"guideline-versions/{first['id']}").json() == first
    scene = world.scene
    campaign = campaigns.create_campaign(
        actor=scene.mia, study=scene.study, name="Guided", scheme_version=scene.campaign.scheme_version, overlap=2,
        guideline_version=GuidelineVersion.objects.get(pk=first["id"]),
    )  # fmt: skip
    campaigns.add_items(actor=scene.mia, campaign=campaign, items=[one.pk for one in scene.items])
    campaigns.add_annotator(actor=scene.mia, campaign=campaign, user=scene.ana)
    campaigns.open_campaign(actor=scene.mia, campaign=campaign)
    made = [answered(scene.ana, campaign)]
    path = f"campaigns/{campaign.pk}"
    edited = world.mia("PATCH", path, {"guideline_version": second.json()["id"]}, if_match=world.mia.get(path)["ETag"])
    assert edited.status_code == 200, edited.content
    made.append(answered(scene.ana, campaign))
    assert [str(one.guideline_version_id) for one in made] == [first["id"], second.json()["id"]]
    listed = world.mia.get(f"annotations?campaign={campaign.pk}").json()["results"]
    assert [one["guideline_version"] for one in listed] == [first["id"], second.json()["id"]]


def answered(user, campaign) -> Annotation:
    campaign = Campaign.objects.get(pk=campaign.pk)
    held = queue.next_assignment(user, campaign)
    sent = {"actor": user, "assignment": held, "client_id": held.client_id, "question": "arousal"}
    traces.add_chunk(**sent, sequence=0, times_us=[0, 1], values_=[0.0, 0.5])
    traces.finish(**sent, chunks=1)
    return annotations.submit_annotation(
        actor=user, assignment=held, client_id=held.client_id,
        answers={**factories.answers(campaign), "arousal": {"value": {"trace": str(held.client_id)}}},
    )  # fmt: skip


def test_an_order_is_handed_down_and_read_back(world):
    items = [str(one.pk) for one in world.scene.items]
    ranks = [{"item": one, "rank": 100 - at} for at, one in enumerate(items)]
    done = world.mia.post(f"campaigns/{world.ids['campaigns']}/rank", {"source": "uncertainty", "ranks": ranks})
    assert done.json() == {"ranked": len(items)}
    rows = world.mia.get("queue-ranks?source=uncertainty").json()["results"]
    assert {row["item"]: row["rank"] for row in rows} == {one["item"]: one["rank"] for one in ranks}
    assert QueueRank.objects.filter(campaign=world.ids["campaigns"]).count() == len(items)
    problem(
        world.mia.post(
            f"campaigns/{world.ids['campaigns']}/rank", {"source": "x", "ranks": [{"item": str(uuid4()), "rank": 1}]}
        ),
        422,
        "reference_unknown",
    )


def test_a_person_is_a_key_without_a_name_for_those_who_see_participants(world):
    shown = world.mia.get(f"persons/{world.ids['persons']}")
    assert set(shown.json()) == {"id", "controller", "language", "participants"}
    assert "Ada" not in shown.content.decode()
    assert len(shown.json()["participants"]) == 1
    access.grant(world.scene.otto, "researcher", world.scene.study, actor=None)
    assert world.otto.get("persons").json()["results"] == []
    problem(world.otto.get(f"persons/{world.ids['persons']}"), 404)


EDITS = {
    "studies": {"name": "Another name", "purpose": "Other words", "subdivision": "IE-D"},
    "campaigns": {"name": "Another name", "about": "Other words", "closes_on": "2031-05-01", "lease_minutes": 45},
}


@pytest.mark.parametrize("noun", EDITS)
def test_an_edit_says_what_it_saw_and_counts_the_revision(world, noun):
    path, body = f"{noun}/{world.ids[noun]}", EDITS[noun]
    seen = world.mia.get(path)
    problem(world.mia("PATCH", path, body), 428, "if_match_missing")
    problem(world.mia("PATCH", path, body, if_match='"another"'), 412, "revision_stale")
    assert world.mia.get(path).json() == seen.json()
    edited = world.mia("PATCH", path, body, if_match=seen["ETag"])
    assert edited.status_code == 200, edited.content
    assert edited.json() == seen.json() | body | {"revision": seen.json()["revision"] + 1}
    assert edited["ETag"] == world.mia.get(path)["ETag"] != seen["ETag"]
    problem(world.mia("PATCH", path, {"name": "Third"}, if_match=seen["ETag"]), 412, "revision_stale")
    verb = {"studies": "consent.study.edited", "campaigns": "labeling.campaign.edited"}[noun]
    told = AuditEvent.objects.filter(verb=verb, target_id=world.ids[noun]).get()
    assert "Another name" not in str(told.facts)
    again = world.mia("PATCH", path, body, if_match=edited["ETag"])
    assert (again.status_code, again.json()) == (200, edited.json())  # nothing changed, nothing is counted
    assert AuditEvent.objects.filter(verb=verb).count() == 1


@pytest.mark.parametrize("noun", EDITS)
def test_an_edit_takes_named_fields_alone_and_only_from_who_manages(world, noun):
    path = f"{noun}/{world.ids[noun]}"
    tag = world.mia.get(path)["ETag"]
    for name, value in (
        ("state", "closed"),
        ("revision", 9),
        ("study", world.ids["studies"]),
        ("seed", 4),
        ("slug", "x"),
    ):
        problem(world.mia("PATCH", path, {name: value}, if_match=tag), 422, "unknown_field")
    for body in ({"name": ""}, {"name": None}, {"name": []}, {"name": "x" * 201}, [], "x", 5):
        answer = world.mia("PATCH", path, body, if_match=tag)
        assert answer.status_code in (400, 422), (body, answer.content)
        assert answer["Content-Type"] == "application/problem+json"
    problem(world.otto("PATCH", path, {"name": "Mine"}, if_match=tag), 404)
    access.grant(world.scene.otto, "auditor", world.scene.study, actor=None)
    problem(world.otto("PATCH", path, {"name": "Mine"}, if_match=tag), 403, "role_missing")
    assert world.mia.get(path)["ETag"] == tag


def test_a_cooling_off_that_participants_were_told_does_not_change(world):
    path = f"studies/{world.ids['studies']}"
    tag = world.mia.get(path)["ETag"]
    problem(world.mia("PATCH", path, {"cooling_off_days": 5}, if_match=tag), 409, "notice_published")
    problem(world.mia("PATCH", path, {"cooling_off_days": 8}, if_match=tag), 422)


def test_a_closed_campaign_and_a_taken_name_refuse_an_edit(world):
    scene = world.scene
    other = campaigns.create_campaign(
        actor=scene.mia, study=scene.study, name="Taken", scheme_version=scene.campaign.scheme_version
    )
    path = f"campaigns/{world.ids['campaigns']}"
    problem(world.mia("PATCH", path, {"name": "Taken"}, if_match="*"), 409, "name_taken")
    foreign = str(uuid4())
    problem(world.mia("PATCH", path, {"guideline_version": foreign}, if_match="*"), 422, "reference_unknown")
    campaigns.close_campaign(actor=scene.mia, campaign=other)
    problem(world.mia("PATCH", f"campaigns/{other.pk}", {"name": "New"}, if_match="*"), 409, "campaign_closed")
