"""How the API behaves: pages, repeats, edits, strictness, tokens, files, jobs."""

from __future__ import annotations

from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent.models import Asset, Participant
from core.models import ApiToken, AuditEvent, Job
from labeling.models import Appearance, Item, Recording, Scheme, Track
from tests.api.test_api_doors import problem
from tests.api.test_api_schema import described  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db(databases=["default", "keys"])


def rows(world, n: int, prefix: str = "B") -> list[dict]:
    code = world.scene.people[0].code
    return [
        {"code": f"{prefix}{at:05}", "tracks": [{"modality": "audio", "name": "mic", "appearances": [{"participant": code}], "duration_us": 1_000_000}]}
        for at in range(n)
    ]  # fmt: skip


def test_it_works(world):
    made = world.mia.post("recordings/bulk", {"study": world.ids["studies"], "rows": rows(world, 3)})
    assert made.status_code == 201, made.content
    told = made.json()["rows"]
    recording = Recording.objects.get(pk=told[2]["recording"])
    assert recording.code == "B00002"
    assert [str(recording.tracks.get().pk)] == told[2]["tracks"]
    assert [str(recording.items.get().pk)] == told[2]["items"]
    assert recording.tracks.get().probe == {}
    assert world.mia.get(f"recordings/{told[2]['recording']}").json()["code"] == "B00002"


def test_pages_are_stable_while_rows_come_in(world):
    study = world.ids["studies"]
    world.mia.post("recordings/bulk", {"study": study, "rows": rows(world, 30)})
    wanted = set(Item.objects.filter(study=study).values_list("pk", flat=True))
    seen, path, pages = [], f"items?study={study}&limit=7", 0
    while path:
        page = world.mia.get(path).json()
        seen += [row["id"] for row in page["results"]]
        path, pages = page["next"], pages + 1
        world.mia.post("recordings/bulk", {"study": study, "rows": rows(world, 1, f"N{pages}-")}) if pages < 4 else None
    assert len(seen) == len(set(seen))
    assert {str(one) for one in wanted} <= set(seen)
    problem(world.mia.get("items?cursor=abc"), 400, "cursor_invalid")
    problem(world.mia.get("items?limit=0"), 422, "limit_invalid")


def test_a_repeat_with_the_same_key_makes_nothing_twice(world):
    body = {"study": world.ids["studies"], "name": "Once", "gallery": "laughter"}
    first = world.mia.post("schemes", body, idempotency_key="k1")
    again = world.mia.post("schemes", body, idempotency_key="k1")
    assert (first.status_code, first.json()) == (201, again.json())
    assert Scheme.objects.filter(name="Once").count() == 1
    problem(world.mia.post("schemes", body | {"name": "Twice"}, idempotency_key="k1"), 422, "idempotency_key_reused")
    bulk = {"study": world.ids["studies"], "rows": rows(world, 5)}
    first = world.mia.post("recordings/bulk", bulk, idempotency_key="k2")
    assert first.json() == world.mia.post("recordings/bulk", bulk, idempotency_key="k2").json()
    problem(world.mia.post("recordings/bulk", bulk), 422, "rows_refused")


def test_an_unknown_field_or_parameter_is_refused(world):
    told = problem(
        world.mia.post("schemes", {"study": world.ids["studies"], "name": "S", "colour": 1}), 422, "unknown_field"
    )
    assert told["errors"][0]["pointer"] == "#/colour"
    problem(world.mia.get("items?stduy=1"), 422, "parameter_unknown")
    problem(world.mia.get("items?study=1"), 422, "parameter_invalid")
    problem(world.mia.post("schemes", "{"), 400, "parse_error")


def test_bulk_says_which_rows_and_stores_none(world):
    before = Recording.objects.count(), Track.objects.count(), Appearance.objects.count()
    sent = rows(world, 6)
    sent[1]["tracks"][0]["modality"] = "smell"
    sent[2]["colour"] = "red"
    sent[3]["tracks"][0]["duration_us"] = 1.5
    told = problem(
        world.mia.post("recordings/bulk", {"study": world.ids["studies"], "rows": sent}), 422, "rows_refused"
    )
    assert {one["pointer"] for one in told["errors"]} == {"#/rows/2/colour", "#/rows/3/tracks/0/duration_us"}
    sent = rows(world, 6)
    sent[1]["tracks"][0]["modality"] = "smell"
    sent[4]["tracks"][0]["appearances"][0]["participant"] = "nobody"
    sent[5]["code"] = sent[0]["code"]
    told = problem(
        world.mia.post("recordings/bulk", {"study": world.ids["studies"], "rows": sent}), 422, "rows_refused"
    )
    assert {"#/rows/1/tracks/0/modality", "#/rows/4/tracks/0/appearances", "#/rows/5/code"} <= {
        one["pointer"] for one in told["errors"]
    }
    assert before == (Recording.objects.count(), Track.objects.count(), Appearance.objects.count())
    for wrong in (
        {},
        {"study": "x"},
        [],
        {"study": world.ids["studies"], "rows": []},
        {"study": world.ids["studies"], "rows": [None] * 20_001},
    ):
        problem(world.mia.post("recordings/bulk", wrong), 422)


def test_an_edit_of_what_changed_meanwhile_is_412(world):
    path = f"requests/{world.ids['requests']}"
    seen = world.mia.get(path)
    problem(world.mia.post(f"{path}/move", {"to": "acknowledged"}), 428, "if_match_missing")
    moved = world.mia.post(f"{path}/move", {"to": "acknowledged"}, if_match=seen["ETag"])
    assert moved.status_code == 200
    assert moved.json()["state"] == "acknowledged"
    problem(world.mia.post(f"{path}/move", {"to": "verified"}, if_match=seen["ETag"]), 412, "revision_stale")
    assert moved["ETag"] == world.mia.get(path)["ETag"] != seen["ETag"]


def test_a_token_is_shown_once_and_ends_at_once(world):
    made = world.mia.post("tokens", {"name": "nightly"}, idempotency_key="t").json()
    assert made["secret"].startswith("concord_")
    assert world.mia.post("tokens", {"name": "nightly"}, idempotency_key="t").json()["secret"] is None
    assert all("secret" not in row for row in world.mia.get("tokens").json()["results"])
    assert made["secret"].encode() not in bytes(ApiToken.objects.get(pk=made["id"]).digest)
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {made['secret']}"}
    assert world.mia.client.get("/api/v1/me", **bearer).json()["email"] == world.scene.mia.email
    problem(world.otto("DELETE", f"tokens/{made['id']}"), 404)
    assert world.mia("DELETE", f"tokens/{made['id']}").status_code == 204
    problem(world.mia.client.get("/api/v1/me", **bearer), 401, "token_invalid")


def test_bytes_of_a_track_are_stored_sealed_and_never_overwritten(world, settings):
    made = world.mia.post("recordings/bulk", {"study": world.ids["studies"], "rows": rows(world, 1)}).json()["rows"][0]
    path = f"tracks/{made['tracks'][0]}/original?file_name=a.wav"
    body = b"RIFF" + bytes(300_000)
    problem(world.otto("PUT", path, body), 404)
    problem(world.mia("PUT", path.replace("a.wav", "a.exe"), body), 422, "media_type_unknown")
    stored = world.mia("PUT", path, body)
    assert stored.status_code == 201, stored.content
    asset = Asset.objects.get(pk=stored.json()["id"])
    assert asset.plain_bytes == len(body)
    assert Track.objects.get(pk=made["tracks"][0]).original_id == asset.pk
    problem(world.mia("PUT", path, body), 409, "has_original")
    started = world.mia.post(f"recordings/{made['recording']}/read", idempotency_key="r")
    assert started.status_code == 202
    assert started.json()["kind"] == "labeling.read_media"


def test_background_work_is_accepted_with_a_job_that_can_be_cancelled(world):
    started = world.mia.post("gold-standards", {"campaign": world.ids["campaigns"]})
    assert started.status_code == 202
    job = Job.objects.get(pk=started.json()["job"])
    assert world.mia.post(f"jobs/{job.pk}/cancel").json()["state"] == "cancelled"
    measured = world.mia.post("agreement-reports", {"campaign": world.ids["campaigns"]})
    assert (measured.status_code, measured.json()["state"]) == (202, "queued")
    version = world.mia.post(
        "dataset-versions",
        {"dataset": world.ids["datasets"], "gold_standard": world.ids["gold-standards"], "number": "2.0"},
    )
    assert (version.status_code, version.json()["state"]) == (202, "draft")
    assert world.mia.post(f"dataset-versions/{world.ids['dataset-versions']}/package").status_code == 202
    verdict = world.mia.get(f"dataset-versions/{world.ids['dataset-versions']}/verify").json()
    assert verdict["good"] is True
    assert verdict["intact"] == 4


def test_a_version_whose_people_stopped_is_refused_by_its_code(world):
    person = world.scene.people[0]
    assert world.mia.post(f"participants/{person.pk}/stop", {"method": "phone"}).json()["state"] == "stopped"
    answer = world.mia.post(f"dataset-versions/{world.ids['dataset-versions']}/package")
    told = problem(answer, answer.status_code)
    assert (told["status"], told["code"]) in ((410, "version_recalled"), (412, "consent_missing"))


def test_consent_is_appended_and_permissions_follow(world):
    path = f"permissions?participant={world.ids['participants']}&purpose=train_models"
    assert world.mia.get(path).json()["results"]
    withdrawn = world.mia.post(
        f"participants/{world.ids['participants']}/withdraw", {"method": "letter", "purpose": "train_models"}
    )
    problem(withdrawn, 422)
    world.mia.post(f"participants/{world.ids['participants']}/withdraw", {"method": "phone", "purpose": "train_models"})
    assert world.mia.get(path).json()["results"] == []
    kinds = [
        row["kind"]
        for row in world.mia.get(f"consent-events?participant={world.ids['participants']}").json()["results"]
    ]
    assert kinds[-1] == "withdrawn"
    problem(world.mia("PUT", f"consent-events/{world.ids['consent-events']}", {}), 405)
    problem(world.mia("PATCH", f"permissions/{world.ids['permissions']}", {}), 405)


def test_what_is_done_over_rest_is_in_the_audit_log(world):
    before = AuditEvent.objects.count()
    made = world.mia.post("participants", {"study": world.ids["studies"], "code": "Z-1", "name": "Zoe"})
    assert made.status_code == 201, made.content
    assert "Zoe" not in made.content.decode()
    assert Participant.objects.get(code="Z-1").person is not None
    assert AuditEvent.objects.filter(verb="consent.participants.added").exists()
    assert AuditEvent.objects.count() > before


def test_samples_of_a_trace_are_numbers(world):
    told = world.mia.get(f"traces/{world.ids['traces']}/samples").json()
    assert len(told["times_us"]) == len(told["values"]) == len(told["flags"]) == 89
    assert set(told["values"]) == {0.25}


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False, allow_infinity=False, width=32)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def _posts(described: dict, world) -> list[tuple[str, list[str]]]:  # noqa: F811
    """(address with real ids, names of fields) of every POST."""
    found = []
    for path, operations in described["paths"].items():
        if "post" not in operations or not path.startswith("/api/v1/"):
            continue
        noun = path.removeprefix("/api/v1/").split("/")[0]
        schema = (
            operations["post"].get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
        )
        named = described["components"]["schemas"].get(schema.get("$ref", "").rsplit("/", 1)[-1], {})
        for parameter in ("{id}", "{assignment_id}", "{annotation_id}"):
            path = path.replace(parameter, world.ids.get(noun) or str(uuid4()))
        found.append((path.removeprefix("/api/v1/"), list(named.get("properties", {}))))
    return found


def _fuzz(world, described, examples: int) -> None:  # noqa: F811
    posts = _posts(described, world)
    assert len(posts) > 35
    real = st.sampled_from(sorted(filter(None, world.ids.values())))
    world.mia.client.raise_request_exception = True

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(data=st.data())
    def run(data) -> None:
        path, names = data.draw(st.sampled_from(posts))
        fields = st.fixed_dictionaries({}, optional=dict.fromkeys(names, real | JSON)) if names else JSON
        body = data.draw(st.one_of(fields, fields, fields, JSON))
        answer = world.mia.post(path, body)
        assert answer.status_code < 500, (path, body, answer.content)
        if answer.status_code >= 400:
            assert answer["Content-Type"] == "application/problem+json"
            assert answer.json()["code"]

    run()


def test_no_body_makes_a_500(world, described):  # noqa: F811
    _fuzz(world, described, 150)


@pytest.mark.long
def test_no_body_makes_a_500_however_long_one_tries(world, described):  # noqa: F811
    _fuzz(world, described, 5000)
