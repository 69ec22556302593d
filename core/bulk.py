"""Many rows at once, around the ORM: COPY on PostgreSQL, statements of many rows on SQLite (decisions 33).

For ingest and exports' work tables; no save(), no defaults, no signals: the caller gives every column, keys included.
It runs inside the caller's transaction, so one audit event covers it and a failure leaves nothing.
"""

from __future__ import annotations

import gc
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Any
from uuid import UUID

from django.core.exceptions import FieldDoesNotExist
from django.db import connections, models, router

CHUNK = 5000
ROWS_A_STATEMENT = 200


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
    prepare = [_preparer(field, connection) for field in fields]
    chunks = _prepared(rows, prepare)
    quote = connection.ops.quote_name
    table, names = quote(model._meta.db_table), ", ".join(quote(field.column) for field in fields)
    if connection.vendor == "postgresql":
        return _copy(connection, f"COPY {table} ({names}) FROM STDIN", chunks)
    return _insert(connection, f"INSERT INTO {table} ({names}) VALUES ", len(fields), chunks)  # noqa: S608


_collecting = threading.Lock()
_uncollected = 0


@contextmanager
def uncollected() -> Iterator[None]:
    """Pause the garbage collector while very many small objects are made that are all still in use: it would walk all of
    them again and again, and take as long as the work itself. Counted, so that threads which overlap do not leave it off."""
    global _uncollected
    with _collecting:
        _uncollected += 1
        gc.disable()
    try:
        yield
    finally:
        with _collecting:
            _uncollected -= 1
            if not _uncollected:
                gc.enable()


def _insert(connection: Any, beginning: str, width: int, chunks: Iterable[Sequence[Sequence[Any]]]) -> int:
    """Many rows a statement, since beginning and ending one takes SQLite as long as a row of it; and straight to the driver,
    since Django looks for `%s` in every statement, which takes as long as carrying these out."""
    driver = connection.connection
    most = min(ROWS_A_STATEMENT, driver.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER) // width)
    row = f"({', '.join('?' * width)})"
    whole = beginning + ", ".join([row] * most)
    total = 0
    with connection.wrap_database_errors:
        for chunk in chunks:
            for at in range(0, len(chunk), most):
                rows = chunk[at : at + most]
                statement = whole if len(rows) == most else beginning + ", ".join([row] * len(rows))
                driver.execute(statement, list(chain.from_iterable(rows)))
            total += len(chunk)
    return total


def _copy(connection: Any, statement: str, chunks: Iterable[Sequence[Sequence[Any]]]) -> int:
    total = 0
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(statement) as copy:
        for chunk in chunks:
            for row in chunk:
                copy.write_row(row)
            total += len(chunk)
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


def _preparer(field: models.Field, connection: Any) -> Callable[[Sequence[Any]], Sequence[Any]]:
    """What turns a column of values into what the driver takes. Whole columns at a time: most of them need nothing, or
    hold few different values, and a function call a value is what bulk rows cannot afford."""
    target = field.target_field if field.is_relation else field
    if isinstance(target, models.UUIDField):
        return _uuids if not connection.features.has_native_uuid_field else _as_is
    if isinstance(target, models.CharField | models.TextField):  # an enum's member is a str, but drivers see an enum
        return _texts
    if isinstance(target, models.BooleanField | models.IntegerField | models.BinaryField):
        return _as_is
    if connection.vendor == "postgresql" and isinstance(target, models.DateTimeField | models.FloatField):
        return _as_is
    if isinstance(target, models.DateTimeField):
        return lambda column: _once_each(column, _moment)
    if isinstance(target, models.FloatField):
        return lambda column: [None if value is None else float(value) for value in column]
    return lambda column: _once_each(column, lambda value: target.get_db_prep_save(value, connection))


def _as_is(column: Sequence[Any]) -> Sequence[Any]:
    return column


def _uuids(column: Sequence[Any]) -> Sequence[Any]:
    """UUIDs, or texts of them, as 32 hex digits; what already is that passes."""
    kinds = set(map(type, column))
    if kinds == {str} and set(map(len, column)) == {32}:
        return column
    if kinds == {UUID}:
        if column[0] is column[-1]:  # the study, most of the time
            digits = column[0].hex
            return [digits if value is column[0] else value.hex for value in column]
        return [value.hex for value in column]
    return [value.hex if type(value) is UUID else None if value is None else UUID(str(value)).hex for value in column]


def _texts(column: Sequence[Any]) -> Sequence[Any]:
    if set(map(type, column)) <= {str, type(None)}:
        return column
    return [value if value is None or type(value) is str else str(value) for value in column]


def _moment(value: datetime | None) -> str | None:
    """As Django's SQLite backend stores it; a moment without a time zone is refused, as it could mean any."""
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("A moment needs a time zone.")
    return str((value if value.tzinfo is UTC else value.astimezone(UTC)).replace(tzinfo=None))


def _once_each(column: Sequence[Any], prepare: Callable[[Any], Any]) -> Sequence[Any]:
    """Prepare each different value once, as far as values can be told apart; 1, 1.0 and True are told apart by type."""
    if len(set(map(id, column))) == 1:
        return [prepare(column[0])] * len(column)
    try:
        keyed = list(zip(map(type, column), column, strict=True))
        known = {key: prepare(key[1]) for key in set(keyed)}
    except TypeError:
        return [prepare(value) for value in column]
    return [known[key] for key in keyed]


def _prepared(
    rows: Iterable[Sequence[Any]], prepare: Sequence[Callable[[Sequence[Any]], Sequence[Any]]]
) -> Iterator[list[tuple[Any, ...]]]:
    """Chunks of rows as the driver takes them."""
    rows = iter(rows)
    while chunk := list(islice(rows, CHUNK)):
        if other := set(map(len, chunk)) - {len(prepare)}:
            raise ValueError(f"A row has {min(other)} values for {len(prepare)} columns.")
        columns = [one(column) for one, column in zip(prepare, zip(*chunk, strict=True), strict=True)]
        yield list(zip(*columns, strict=True))
