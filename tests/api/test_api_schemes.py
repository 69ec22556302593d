"""Schemes over REST: documents in and out, refused with their place, changed until they are frozen."""

import json
from copy import deepcopy

import pytest

from affect.schemes import gallery
from labeling.models import SchemeVersion
from tests.api.test_api_doors import problem

pytestmark = pytest.mark.django_db(databases="__all__")


def document(name: str = "call-centre") -> dict:
    return json.loads(gallery.text_of(name))


def made(world, **body) -> dict:
    answer = world.mia.post("schemes", {"study": world.ids["studies"], **body})
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_a_document_goes_in_and_comes_out_with_its_index(world):
    told = made(world, form=document())
    shown = world.mia.get(f"scheme-versions/{told['id']}").json()
    kept = shown["form"]
    assert [one["id"] for one in kept["questions"]] == [one["id"] for one in document()["questions"]]
    assert [(one["key"], one["kind"]) for one in shown["questions"]] == [
        (one["id"], one["kind"]) for one in kept["questions"]
    ]
    assert made(world, name="Again", form=kept)["form"] == kept  # what came out goes in
    by_name = made(world, name="From the gallery", gallery="call-centre")
    assert by_name["form"] == kept
    assert made(world, name="From a text", form=gallery.text_of("call-centre"))["form"] == kept


def test_a_mistake_is_told_with_its_pointer_and_in_a_text_with_line_and_column(world):
    broken = document()
    broken["questions"][0]["labels"][0]["id"] = "not an id"
    before = SchemeVersion.objects.count()
    told = problem(world.mia.post("schemes", {"study": world.ids["studies"], "form": broken}), 422, "scheme_refused")
    assert told["errors"][0]["pointer"] == "#/form/questions/0/labels/0/id"
    text = json.dumps(broken, indent=1)
    told = problem(world.mia.post("schemes", {"study": world.ids["studies"], "form": text}), 422, "scheme_refused")
    assert told["errors"][0]["detail"].startswith("Line ")
    assert SchemeVersion.objects.count() == before


def test_a_version_changes_until_it_is_frozen_and_the_next_one_keeps_what_stays(world):
    first = made(world, form=document())
    less = deepcopy(first["form"])
    gone = less["questions"].pop()
    changed = world.mia("PATCH", f"scheme-versions/{first['id']}", {"form": less})
    assert changed.status_code == 200, changed.content
    assert [one["key"] for one in changed.json()["questions"]] == [one["id"] for one in less["questions"]]
    assert world.mia.post(f"scheme-versions/{first['id']}/freeze", {}).status_code == 200
    problem(world.mia("PATCH", f"scheme-versions/{first['id']}", {"form": first["form"]}), 409, "scheme_frozen")
    following = world.mia.post(f"scheme-versions/{first['id']}/next", {"form": first["form"]})
    assert following.status_code == 201, following.content
    identities = {one["key"]: one["identity"] for one in first["questions"]}
    assert {one["key"]: one["identity"] for one in following.json()["questions"] if one["key"] != gone["id"]} == {
        key: value for key, value in identities.items() if key != gone["id"]
    }
    assert (following.json()["number"], following.json()["form"]["number"]) == (2, 2)
    problem(
        world.mia("PATCH", f"scheme-versions/{following.json()['id']}", {"form": {"format": "affect.scheme"}}),
        422,
        "scheme_refused",
    )
    problem(world.mia("PATCH", f"scheme-versions/{following.json()['id']}", {"questions": []}), 422, "unknown_field")
