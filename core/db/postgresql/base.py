"""Django's postgresql backend, with endings (core/db/endings.py)."""

from django.db.backends.postgresql import base

from core.db.endings import Endings


class DatabaseWrapper(Endings, base.DatabaseWrapper):
    pass
