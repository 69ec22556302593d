"""The OpenAPI description: without warnings, additive only, and true."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

ROOT = Path(__file__).resolve().parents[2]
SNAPSHOT = ROOT / "docs" / "schemas" / "openapi.json"
RENEW = "manage.py spectacular --validate --fail-on-warn --format openapi-json --file docs/schemas/openapi.json"


@pytest.fixture(scope="module")
def described(tmp_path_factory) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("schema") / "openapi.json"
    call_command("spectacular", "--validate", "--fail-on-warn", "--format", "openapi-json", "--file", str(path))
    return json.loads(path.read_text())


def removed(before: Any, now: Any, at: str = "#") -> list[str]:
    """Where `now` lacks or changes what `before` promised. More is fine; a new required field of a request is not."""
    if isinstance(before, dict) and isinstance(now, dict):
        found = [
            f"{at}/{name}" for name in before if name not in now and name not in ("description", "summary", "examples")
        ]
        if "/schemas/" in at and at.endswith("Request") and isinstance(now.get("required"), list):
            found += [f"{at}/required/{name}" for name in set(now["required"]) - set(before.get("required", []))]
        for name in set(before) & set(now) - {"description", "summary", "examples"}:
            found += removed(before[name], now[name], f"{at}/{name}")
        return found
    if isinstance(before, list) and isinstance(now, list):
        return [f"{at}/{one}" for one in before if one not in now and isinstance(one, str)]
    return [] if type(before) is type(now) and (before == now or at.endswith(("/default", "/maxLength"))) else [at]


def test_the_description_is_openapi_3_1_and_names_both_ways_to_sign_in(described):
    assert described["openapi"].startswith("3.1")
    assert set(described["components"]["securitySchemes"]) == {"token", "session"}


def test_nothing_that_was_promised_is_taken_back(described):
    promised = json.loads(SNAPSHOT.read_text())
    gone = removed(
        {k: promised[k] for k in ("paths", "components")}, {k: described[k] for k in ("paths", "components")}
    )
    assert gone == [], f"The API is additive only. If this really is meant, renew the snapshot: {RENEW}"


def test_the_snapshot_has_everything_that_is_offered(described):
    promised = json.loads(SNAPSHOT.read_text())
    assert promised["paths"].keys() == described["paths"].keys(), f"Renew the snapshot: {RENEW}"


def test_a_removed_field_and_a_newly_required_one_are_noticed(described):
    less = json.loads(json.dumps(described))
    del less["components"]["schemas"]["StudyShown"]["properties"]["slug"]
    assert "#/components/schemas/StudyShown/properties/slug" in removed(described, less)
    more = json.loads(json.dumps(described))
    more["components"]["schemas"]["DatasetBodyRequest"]["required"].append("about")
    assert removed(described, more) == ["#/components/schemas/DatasetBodyRequest/required/about"]


def test_every_operation_tells_its_problems(described):
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            refused = operation["responses"].get("401" if path.startswith("/api/v1") else "200")
            assert refused, (method, path)
            if path.startswith("/api/v1"):
                assert "application/problem+json" in refused["content"]


def test_a_post_names_its_idempotency_key(described):
    for path, operations in described["paths"].items():
        if "post" in operations:
            assert "Idempotency-Key" in [one["name"] for one in operations["post"].get("parameters", [])], path
