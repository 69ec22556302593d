"""Bulk rows: in the transaction, with the right types, fast."""

import time
from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction

from core import bulk, ids
from core.models import IdempotencyKey, Job, User

pytestmark = pytest.mark.django_db
COLUMNS = ["id", "created_at", "kind", "study_id", "params", "result", "state", "done", "total", "stage", "attempt", "worker",
           "cancel_asked", "error_code", "error_message"]  # fmt: skip


def row(key: UUID, **other) -> list:
    values = dict.fromkeys(COLUMNS, "") | {
        "id": key, "created_at": datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC), "kind": "a.b", "study_id": key,
        "params": {"label": 'a "quoted"\ttext'}, "result": {}, "state": Job.State.DONE, "done": 1, "total": 2, "attempt": 0,
        "cancel_asked": True,
    } | other  # fmt: skip
    return [values[name] for name in COLUMNS]


def test_rows_come_back_as_the_orm_would_have_stored_them():
    key = ids.new()
    with transaction.atomic():
        assert bulk.insert(Job, COLUMNS, [row(key)]) == 1
    found = Job.objects.get(pk=key)
    assert found.created_at == datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    assert (found.state, found.study_id, found.cancel_asked) == ("done", key, True)
    assert found.params == {"label": 'a "quoted"\ttext'}


def test_a_failure_leaves_nothing():
    key = ids.new()
    with pytest.raises(IntegrityError), transaction.atomic():
        bulk.insert(Job, COLUMNS, [row(ids.new()), row(key), row(key)])
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "columns", [["id", "no_such"], ["id", "id"], [], ["id", "groups"], ["id; DROP TABLE core_user"]]
)
def test_what_is_no_column_is_refused(columns):
    with pytest.raises(bulk.NotAColumn), transaction.atomic():
        bulk.insert(User, columns, [[1] * len(columns)])


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError), transaction.atomic():
        bulk.insert(Job, COLUMNS, [[1, 2]])


def test_a_narrow_table_takes_tens_of_thousands_of_rows_a_second():
    user = User.objects.create(email="ana@lab.example")
    now = datetime.now(UTC)
    columns = ["id", "created_at", "user", "key_hash", "request_hash", "status"]
    rows = [(ids.new(), now, user.pk, number.to_bytes(32, "big"), b"r" * 32, 201) for number in range(50_000)]
    begun = time.process_time()  # other programs on this machine do not count
    with transaction.atomic():
        assert bulk.insert(IdempotencyKey, columns, rows) == 50_000
    rate = 50_000 / (time.process_time() - begun)
    print(f"{rate:,.0f} rows a second ({connection.vendor})")
    assert rate > 25_000
