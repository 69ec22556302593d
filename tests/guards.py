"""What somebody with the owner's rights could do: take the guards of a table off, alter it, put them back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.models import Model


@contextmanager
def off(model: type[Model]) -> Iterator[None]:
    """No guard holds on the model's table inside this block."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # PostgreSQL alters no table while checks are waiting
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            yield
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            return
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [table])
        guards = cursor.fetchall()
        assert guards, f"{table} has no guards to take off"
        for name, _sql in guards:
            cursor.execute(f'DROP TRIGGER "{name}"')
        yield
        for _name, sql in guards:
            cursor.execute(sql)
