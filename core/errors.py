"""What a person can cause, said to that person. Shown as a page, a fragment or problem details by `core.problems`."""

from __future__ import annotations

import errno
from typing import Any

from django.db import OperationalError
from django.utils.translation import gettext as _


class Refused(Exception):
    """A rule of the domain says no. `code` is stable and for programs, `message` is a sentence for the person.

    `facts` are ids, codes and numbers that a program may use; never personal data.
    """

    status = 409

    def __init__(self, code: str, message: str, *, status: int | None = None, **facts: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.facts = facts
        if status is not None:
            self.status = status


class Invalid(Refused):
    """What was sent cannot be meant: wrong type, out of range, unknown label. `fields` maps a field to its sentences."""

    status = 422

    def __init__(self, code: str, message: str, *, fields: dict[str, list[str]] | None = None, **facts: Any) -> None:
        super().__init__(code, message, **facts)
        self.fields = fields or {}


class Forbidden(Refused):
    """Seen, but not allowed by the person's roles."""

    status = 403


class Gone(Refused):
    """Was there, and is no more: a participant withdrew, a version was recalled."""

    status = 410


class ConsentMissing(Refused):
    """The study is visible, but lacks the consent or basis for this use."""

    status = 412


_FULL_ERRNO = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_DISK_FULL = "53100"  # of PostgreSQL


def no_room(exception: BaseException) -> bool:
    """Whether a disk is full: said by the system, by SQLite, or by PostgreSQL. Nobody's mistake who was at work."""
    if isinstance(exception, OperationalError):
        said = exception.__cause__
        return getattr(said, "sqlstate", "") == _DISK_FULL or getattr(said, "sqlite_errorname", "") == "SQLITE_FULL"
    return isinstance(exception, OSError) and exception.errno in _FULL_ERRNO


def refuse_stale(now: int, seen: int) -> None:
    """For an edit, under its lock: refuse it when the revision is not the one that was seen."""
    if now != seen:
        said = _("This was changed meanwhile. Load it again and repeat your change.")
        raise Refused("revision_stale", said, status=412)
