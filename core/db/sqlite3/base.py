"""Django's sqlite3 backend, with endings (core/db/endings.py)."""

from collections.abc import Sequence
from typing import Any

from django.db.backends.sqlite3 import base
from django.db.backends.sqlite3.operations import DatabaseOperations

from core.db.endings import Endings


class Operations(DatabaseOperations):
    def sql_flush(self, style: Any, tables: Sequence[str], **how: Any) -> list[str]:
        """Emptying all tables (`manage.py flush`, tests with real transactions) takes guarding triggers off and puts them
        back. PostgreSQL empties by TRUNCATE, which row triggers do not see."""
        statements = super().sql_flush(style, tables, **how)
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'")
            guards = [(name, sql) for table, name, sql in cursor.fetchall() if table in set(tables)]
        return [*(f'DROP TRIGGER "{name}"' for name, _sql in guards), *statements, *(sql for _name, sql in guards)]


class DatabaseWrapper(Endings, base.DatabaseWrapper):
    ops_class = Operations
