"""Django's sqlite3 backend, with endings (core/db/endings.py)."""

from django.db.backends.sqlite3 import base

from core.db.endings import Endings


class DatabaseWrapper(Endings, base.DatabaseWrapper):
    pass
