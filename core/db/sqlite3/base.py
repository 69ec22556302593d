"""Django's sqlite3 backend, with endings (core/db/endings.py) and turns.

SQLite has one writer. A thread that finds the database taken sleeps and looks again, a little longer each time, so under
load some wait for seconds while others pass them. Threads of one process take turns at a lock instead, in order; the
database's own timeout is left for other processes.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Any

from django.db import OperationalError
from django.db.backends.sqlite3 import base
from django.db.backends.sqlite3.operations import DatabaseOperations
from django.db.backends.sqlite3.schema import DatabaseSchemaEditor

from core.db.endings import Endings

_turns: dict[str, Lock] = {}


class Operations(DatabaseOperations):
    def sql_flush(self, style: Any, tables: Sequence[str], **how: Any) -> list[str]:
        """Emptying all tables (`manage.py flush`, tests with real transactions) takes guarding triggers off and puts them
        back. PostgreSQL empties by TRUNCATE, which row triggers do not see."""
        statements = super().sql_flush(style, tables, **how)
        emptied = set(tables)
        guards = [(name, sql) for table, name, sql in _triggers(self.connection) if table in emptied]
        return [*(f'DROP TRIGGER "{name}"' for name, _sql in guards), *statements, *(sql for _name, sql in guards)]


class SchemaEditor(DatabaseSchemaEditor):
    """SQLite changes a column by making the table anew, which would lose its triggers without a word and stumble over those
    of other tables that look into it. They are taken off before and put back after, in the migration's transaction."""

    def _remake_table(self, *what: Any, **how: Any) -> None:
        guards = _triggers(self.connection)
        for _table, name, _sql in guards:
            self.execute(f'DROP TRIGGER "{name}"', params=None)
        super()._remake_table(*what, **how)
        for _table, _name, sql in guards:
            self.execute(sql, params=None)


def _triggers(connection: Any) -> list[tuple[str, str, str]]:
    """(table, name, statement that makes it) of every trigger there is."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'")
        return cursor.fetchall()


class DatabaseWrapper(Endings, base.DatabaseWrapper):
    ops_class = Operations
    SchemaEditorClass = SchemaEditor

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._turn: Lock | None = None

    def _start_transaction_under_autocommit(self) -> None:
        turn = None if self.is_in_memory_db() else _turns.setdefault(str(self.settings_dict["NAME"]), Lock())
        if turn is not None and not turn.acquire(timeout=self.settings_dict["OPTIONS"].get("timeout", 20)):
            raise OperationalError("database is locked")
        self._turn = turn
        try:
            super()._start_transaction_under_autocommit()
        except BaseException:
            self._end_turn()
            raise

    def _commit(self) -> Any:
        # A commit that fails is rolled back, and that ends the turn.
        done = super()._commit()
        self._end_turn()
        return done

    def _rollback(self) -> Any:
        try:
            return super()._rollback()
        finally:
            self._end_turn()

    def close(self) -> None:
        try:
            super().close()
        finally:
            if not self.in_atomic_block:
                self._end_turn()

    def _end_turn(self) -> None:
        if self._turn is not None:
            turn, self._turn = self._turn, None
            turn.release()
