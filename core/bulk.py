"""Many rows at once, around the ORM: COPY on PostgreSQL, executemany on SQLite (decisions 33).

For ingest and exports' work tables; no save(), no defaults, no signals: the caller gives every column, keys included.
It runs inside the caller's transaction, so one audit event covers it and a failure leaves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.core.exceptions import FieldDoesNotExist
from django.db import connections, models, router

CHUNK = 5000


class NotAColumn(LookupError):
    """A named column is no stored field of the model."""


def insert(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Insert rows given as sequences in the order of `columns` (field names or attnames). Returns how many.

    Raises NotAColumn, RuntimeError outside a transaction, ValueError for a row of another length, and what the database
    says (IntegrityError). On PostgreSQL a generator is streamed; on both it is read in chunks.
    """
    fields = [_field(model, name) for name in columns]
    if not fields or len({field.column for field in fields}) != len(fields):
        raise NotAColumn(f"{model.__name__}: columns are named once each, and at least one.")
    connection = connections[router.db_for_write(model)]
    if not connection.in_atomic_block:
        raise RuntimeError("Bulk rows are part of a service's transaction.")
    found = [_preparer(field, connection) for field in fields]
    prepare = [(place, one) for place, one in enumerate(found) if one is not None]
    prepared = (_prepared(row, len(fields), prepare) for row in rows)
    quote = connection.ops.quote_name
    table, names = quote(model._meta.db_table), ", ".join(quote(field.column) for field in fields)
    if connection.vendor == "postgresql":
        return _copy(connection, f"COPY {table} ({names}) FROM STDIN", prepared)
    statement = f"INSERT INTO {table} ({names}) VALUES ({', '.join(['%s'] * len(fields))})"  # noqa: S608
    total = 0
    with connection.cursor() as cursor:
        while chunk := list(islice(prepared, CHUNK)):
            cursor.executemany(statement, chunk)
            total += len(chunk)
    return total


def _copy(connection: Any, statement: str, rows: Iterable[Sequence[Any]]) -> int:
    total = 0
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
            total += 1
    return total


def _field(model: type[models.Model], name: str) -> models.Field:
    for field in model._meta.concrete_fields:
        if name in (field.name, field.attname):
            return field
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        raise NotAColumn(f"{model.__name__} has no field {name!r}.") from None
    raise NotAColumn(f"{model.__name__}.{name} is no column of its table.")


def _preparer(field: models.Field, connection: Any) -> Callable[[Any], Any] | None:
    """What turns a Python value into the driver's; None where the driver takes it as it is."""
    target = field.target_field if field.is_relation else field
    if isinstance(target, models.UUIDField):
        return None if connection.features.has_native_uuid_field else _hex
    if isinstance(target, models.CharField | models.TextField):  # an enum's member is a str, but drivers see an enum
        return _text
    if isinstance(target, models.BooleanField | models.IntegerField | models.BinaryField):
        return None
    if isinstance(target, models.DateTimeField):
        return None if connection.vendor == "postgresql" else _moment
    if connection.vendor == "postgresql" and isinstance(target, models.FloatField):
        return None
    return lambda value: target.get_db_prep_save(value, connection)


def _hex(value: Any) -> str | None:
    return value.hex if type(value) is UUID else None if value is None else UUID(str(value)).hex


def _text(value: Any) -> str | None:
    return value if type(value) is str or value is None else str(value)


def _moment(value: datetime | None) -> str | None:
    """As Django's SQLite backend stores it; a moment without a time zone is refused, as it could mean any."""
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("A moment needs a time zone.")
    return str((value if value.tzinfo is UTC else value.astimezone(UTC)).replace(tzinfo=None))


def _prepared(row: Sequence[Any], width: int, prepare: Sequence[tuple[int, Callable[[Any], Any]]]) -> list[Any]:
    values = list(row)
    if len(values) != width:
        raise ValueError(f"A row has {len(values)} values for {width} columns.")
    for place, one in prepare:
        values[place] = one(values[place])
    return values
