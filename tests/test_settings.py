"""Settings that change what is loaded: read by a process of their own, as an installation that has them reads them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import OURS

ROOT = Path(__file__).resolve().parent.parent
SPRING = ("OIDC_", "S3_", "SMTP_", "CONCORD_DEMO", "SECURE")
ASK = """
import json, sys, django
django.setup()
from django.conf import settings
from django.core.files.storage import storages
from django.test import Client, RequestFactory
def shown(name):
    value = settings
    for part in name.split("."):
        value = value[part] if isinstance(value, dict) else getattr(value, part)
    return value
{more}
print(json.dumps({{name: shown(name) for name in sys.argv[1:]}} | found, default=str))
"""
SIGN_IN = {"OIDC_ISSUER": "https://login.lab.example/realms/voices", "OIDC_NAME": "Lab account", "OIDC_CLIENT_ID": "concord", "OIDC_CLIENT_SECRET": "s3cret"}  # fmt: skip
BUCKET = {"S3_BUCKET": "voices", "S3_ENDPOINT_URL": "https://s3.lab.example", "S3_REGION": "eu-north-1", "S3_ACCESS_KEY": "AK", "S3_SECRET_KEY": "SK"}  # fmt: skip


def asked(tmp_path: Path, given: dict[str, str], *names: str, more: str = "found = {}") -> dict[str, Any]:
    """What an installation with these variables has for these settings."""
    env = {name: value for name, value in os.environ.items() if name not in OURS and not name.startswith(SPRING)}
    env |= {
        "CONCORD_DATA": str(tmp_path),
        "SECRET_KEY": "for tests only",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    } | given
    ran = subprocess.run(
        [sys.executable, "-c", ASK.format(more=more), *names], cwd=ROOT, env=env, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])


PROVIDERS = """
from allauth.socialaccount.adapter import get_adapter
request = RequestFactory().get("/accounts/login/")
apps = get_adapter().list_apps(request, provider="openid_connect")
found = {"apps": [[a.provider_id, a.name, a.client_id, a.secret, a.settings["server_url"]] for a in apps]}
"""


def test_single_sign_on_is_what_the_variables_say_and_its_provider_may_take_the_form(own_data):
    told = asked(own_data, SIGN_IN, "CONTENT_SECURITY_POLICY.DIRECTIVES", more=PROVIDERS)
    assert told["apps"] == [["oidc", "Lab account", "concord", "s3cret", "https://login.lab.example/realms/voices"]]
    directives = told["CONTENT_SECURITY_POLICY.DIRECTIVES"]
    assert directives["form-action"] == ["'self'", "https://login.lab.example"]  # the origin, not the path below it
    assert [name for name, sources in directives.items() if "lab.example" in str(sources)] == ["form-action"]


def test_without_a_provider_there_is_none_and_forms_go_nowhere_else(own_data):
    told = asked(own_data, SIGN_IN | {"OIDC_ISSUER": ""}, "CONTENT_SECURITY_POLICY.DIRECTIVES", more=PROVIDERS)
    assert told["apps"] == []
    assert told["CONTENT_SECURITY_POLICY.DIRECTIVES"]["form-action"] == ["'self'"]


STORE = """
store = storages["store"]
names = ("bucket_name", "endpoint_url", "region_name", "access_key", "secret_key", "file_overwrite", "querystring_auth")
found = {"kind": type(store).__name__, "options": {one: getattr(store, one, None) for one in names}, "at": getattr(store, "location", "")}
"""


def test_stored_bytes_go_to_the_bucket_that_the_variables_name(tmp_path):
    told = asked(tmp_path, BUCKET, more=STORE)
    assert told["kind"] == "S3Storage"
    assert told["options"] == {
        "bucket_name": "voices", "endpoint_url": "https://s3.lab.example", "region_name": "eu-north-1", "access_key": "AK",
        "secret_key": "SK", "file_overwrite": False, "querystring_auth": False,
    }  # fmt: skip


def test_what_is_left_out_of_a_bucket_is_left_to_the_machine(tmp_path):
    told = asked(tmp_path, {"S3_BUCKET": "voices"}, "S3_OPTIONS")
    assert told["S3_OPTIONS"] | {"bucket_name": "voices"} == told["S3_OPTIONS"]
    assert {told["S3_OPTIONS"][one] for one in ("endpoint_url", "region_name", "access_key", "secret_key")} == {None}


def test_without_a_bucket_bytes_stay_in_the_data_folder(tmp_path):
    told = asked(tmp_path, {**BUCKET, "S3_BUCKET": ""}, more=STORE)
    assert (told["kind"], told["at"]) == ("FileSystemStorage", str(tmp_path / "store"))


@pytest.mark.parametrize(
    ("given", "shown"),
    [({"CONCORD_DEMO": "1"}, True), ({"CONCORD_DEMO": "1", "SMTP_HOST": "mail.lab.example"}, False), ({}, False)],
)
def test_the_mails_of_a_demo_are_shown_only_where_nothing_is_sent(given, shown, tmp_path):
    assert asked(tmp_path, given, "DEMO_MAILS") == {"DEMO_MAILS": shown}
