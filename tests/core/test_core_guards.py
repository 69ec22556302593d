"""Guards outlive what migrations do to tables."""

import pytest
from django.db import connection

from consent.models import Erasure, Notice

pytestmark = pytest.mark.own_database  # of SQLite's way to change a table


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("model", [Notice, Erasure], ids=["a guarded table", "a table that guards look into"])
def test_a_table_that_is_made_anew_keeps_every_guard(model):
    before = _guards()
    assert len(before) > 40
    with connection.schema_editor() as editor:
        editor._remake_table(model)
    assert _guards() == before


def _guards() -> set[tuple]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'")
        return set(cursor.fetchall())
