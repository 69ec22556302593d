# ruff: noqa: E402 - Django is set up before what needs it is imported
"""Rows of before schemes were documents, through the real migration: run as a program on a database of its own.

Prints one line of JSON: guards that were lost, the index and the form that a frozen version got, and what the guards refuse.
"""

from __future__ import annotations

import json
import os
import uuid
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from consent.models import Controller, Study
from labeling.models import Label, Question, SchemeVersion
from labeling.services import schemes

BEFORE = "0005"
FORBIDDEN = (
    "UPDATE labeling_schemeversion SET form = '{}'", "UPDATE labeling_label SET code = 'x'",
    "UPDATE labeling_question SET key = 'x'", "DELETE FROM labeling_label",
)  # fmt: skip
POSTGRESQL = connection.vendor == "postgresql"


def insert(table: str, **columns: Any) -> str:
    made = uuid.uuid4()
    row = {"id": made, "created_at": timezone.now().isoformat(), **columns}
    values = [one if POSTGRESQL or not isinstance(one, uuid.UUID) else one.hex for one in row.values()]
    names, places = ", ".join(f'"{name}"' for name in row), ", ".join(["%s"] * len(row))
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", values)  # noqa: S608 - names are ours
    return made


def guards() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'" if POSTGRESQL
            else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        )  # fmt: skip
        return {name for (name,) in cursor.fetchall()}


def refused(statement: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError:
        return True
    return False


def main() -> None:
    call_command("migrate", "labeling", BEFORE, verbosity=0)
    study = Study.objects.create(
        controller=Controller.objects.create(name="U"), name="S", slug="s", context="lab_research"
    )
    scheme = insert("labeling_scheme", study_id=study.pk, name="Old")
    version = insert("labeling_schemeversion", study_id=study.pk, scheme_id=scheme, number=1, frozen_at=None)
    asked = insert(
        "labeling_question", scheme_version_id=version, identity=uuid.uuid4(), position=0, key="laughter", kind="segments",
        level="nominal", prompt='{"en": "When?"}', hint="{}", required=True, dimension="", uri="", anchors="[]",
    )  # fmt: skip
    insert(
        "labeling_label", question_id=asked, identity=uuid.uuid4(), position=0, code="laugh", name='{"en": "Laugh"}', uri="", emotion=""
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("UPDATE labeling_schemeversion SET frozen_at = %s", [timezone.now().isoformat()])
    before = guards()
    call_command("migrate", verbosity=0)
    kept = SchemeVersion.objects.get()
    told = {
        "lost": sorted(before - guards()), "labels": list(Label.objects.values_list("tier", "code")),
        "questions": list(Question.objects.values_list("kind", "gives")),
        "tiers": kept.form["questions"][0]["tiers"], "asked": [*schemes.definition(kept.pk).questions],
        "refused": [refused(one) for one in FORBIDDEN],
    }  # fmt: skip
    print(json.dumps(told))


if __name__ == "__main__":
    main()
