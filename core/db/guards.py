# ruff: noqa: S608 - names of tables and sentences come from migrations, there are no values
"""Guards: triggers by which the database itself refuses to alter what is history, on SQLite and on PostgreSQL alike.

A rule says on which event of which table a condition makes it refuse. What erasure has to do stays possible by the
condition: a row about somebody may go while an erasure of that person is running, and at no other time. SQLite has no
roles, so there the triggers guard against accident; on PostgreSQL the runtime role cannot take them off.

Migrations call `install`. What it writes for a rule never changes, since databases have it already: another way to guard
is another function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Rule:
    """`event` (INSERT, UPDATE, DELETE) on `table` is refused with the sentence `why` where the condition `refused` holds."""

    name: str
    event: str
    table: str
    refused: str
    why: str


class Words:
    """What conditions are made of; the two databases have different words for a comparison that knows NULL."""

    def __init__(self, vendor: str) -> None:
        self._distinct = "IS DISTINCT FROM" if vendor == "postgresql" else "IS NOT"

    def differs(self, *columns: str) -> str:
        """True where an update changes one of these columns."""
        return "(" + " OR ".join(f'NEW."{name}" {self._distinct} OLD."{name}"' for name in columns) + ")"

    @staticmethod
    def erasing(participants: str) -> str:
        """True while the erasure of one of these people runs: `participants` is a SELECT of their ids."""
        return (
            "EXISTS (SELECT 1 FROM consent_erasure running WHERE running.state = 'running' "
            f"AND running.participant_id IN ({participants}))"
        )


def install(rules: Callable[[Words], Sequence[Rule]]) -> Callable[[Any, Any], None]:
    """The function of a RunPython that makes the guards. There is no way back: one that a command takes off is none."""

    def make(_apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.alias != "default":
            return
        vendor = schema_editor.connection.vendor
        write = _postgresql if vendor == "postgresql" else _sqlite
        for statement in write(rules(Words(vendor))):
            schema_editor.execute(statement, params=None)

    return make


_lifted: list[str] = []


def lift(_apps: Any, schema_editor: Any) -> None:
    """Guards of labeling's history off, while a migration fills columns that history did not have; `put_back` ends it, in the
    same migration."""
    if schema_editor.connection.alias != "default":
        return
    if schema_editor.connection.vendor == "postgresql":
        for table in _guarded(schema_editor):
            schema_editor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'labeling_%' ORDER BY name"
        )
        found = cursor.fetchall()
    _lifted[:] = [sql for _name, sql in found]
    for name, _sql in found:
        schema_editor.execute(f"DROP TRIGGER {name}")


def put_back(_apps: Any, schema_editor: Any) -> None:
    """The guards that `lift` took off."""
    if schema_editor.connection.alias != "default":
        return
    if schema_editor.connection.vendor == "postgresql":
        for table in _guarded(schema_editor):
            schema_editor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        return
    for sql in _lifted:
        schema_editor.execute(sql, params=None)
    _lifted.clear()


def _guarded(schema_editor: Any) -> list[str]:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "WHERE NOT t.tgisinternal AND c.relname LIKE 'labeling_%%' ORDER BY c.relname"
        )
        return [name for (name,) in cursor.fetchall()]


def _sqlite(rules: Iterable[Rule]) -> Iterator[str]:
    for one in rules:
        yield (
            f"CREATE TRIGGER {one.name} BEFORE {one.event} ON {one.table} WHEN {one.refused} "
            f"BEGIN SELECT RAISE(ABORT, '{one.why}'); END"
        )


def _postgresql(rules: Iterable[Rule]) -> Iterator[str]:
    for one in rules:
        # A condition of WHEN cannot look into other tables, so each rule is a function; a cheap one is tested before the call.
        when = "" if "SELECT" in one.refused else f"WHEN ({one.refused}) "
        kept = "OLD" if one.event == "DELETE" else "NEW"
        yield f"""CREATE FUNCTION {one.name}() RETURNS trigger LANGUAGE plpgsql AS $$
                  BEGIN
                    IF {one.refused} THEN RAISE EXCEPTION '{one.why}' USING ERRCODE = 'restrict_violation'; END IF;
                    RETURN {kept};
                  END $$"""
        yield (
            f"CREATE TRIGGER {one.name} BEFORE {one.event} ON {one.table} FOR EACH ROW {when}EXECUTE FUNCTION {one.name}()"
        )
