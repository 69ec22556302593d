"""The audit log: who did what to what, when, without saying anything about a person.

A service calls `record` inside its transaction; the event is appended as the last statement before COMMIT (how:
core/db/endings.py), so the log and the change stand or fall together, and the chain's lock is held for a moment only.
`observe` is for what changes nothing (a denial, a look at special-category data): it is written also when the
transaction around it is rolled back.

Every event carries the SHA-256 of the one before, over canonical JSON (RFC 8785), and a gap-free number. On PostgreSQL
the application's role may only call `audit.append`, which checks both again; on SQLite triggers guard against accident.
The owner of either database could rewrite the whole chain, so signed checkpoints leave it (core/checkpoints.py).

Facts are ids, codes and numbers. The log survives an erasure, so what looks like text or an address is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from math import isfinite
from typing import Any
from uuid import UUID

import rfc8785
from django.db import DEFAULT_DB_ALIAS, connections, models, transaction

GENESIS = "0" * 64
COLUMNS = (
    "seq", "at", "verb", "outcome", "actor_id", "study_id", "target_type", "target_id", "subject_ref", "request_id",
    "facts", "previous",
)  # fmt: skip
_VERB = re.compile(r"[a-z][a-z_]*(\.[a-z][a-z0-9_]*){1,3}")
_CODE = re.compile(r"[A-Za-z0-9_.:/+=#-]{0,64}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_LARGEST = 2**53 - 1  # what canonical JSON can hold exactly


class NotInTransaction(RuntimeError):
    """An event was recorded outside a transaction: it could then say that something happened which did not."""


class FactRefused(ValueError):
    """A fact is not an id, a code, a number or a boolean."""


@dataclass(frozen=True)
class Context:
    """Whose doing the running code is, and under which request."""

    request_id: str = ""
    actor: Callable[[], Any] | None = None


NOBODY = Context()
_context: ContextVar[Context] = ContextVar("audit_context", default=NOBODY)


@contextmanager
def context(*, request_id: str = "", actor: Any = None) -> Iterator[None]:
    """Within, events that name no actor are this one's. `actor` is a user or a function that returns one."""
    token = _context.set(Context(request_id, actor if callable(actor) or actor is None else lambda: actor))
    try:
        yield
    finally:
        _context.reset(token)


def request_id() -> str:
    """The id of the request or job under way; empty outside one."""
    return _context.get().request_id


def record(
    verb: str,
    *,
    actor: Any = None,
    target: models.Model | None = None,
    study: Any = None,
    subject_ref: str = "",
    outcome: str = "done",
    **facts: Any,
) -> None:
    """Write down what the running transaction does; appended when it commits, gone when it does not.

    `study` is a study or its id; without it, the target's own `study_id` is taken. `subject_ref` is made by the
    keyring and links to nobody after an erasure. Raises NotInTransaction, and FactRefused for facts that are not codes.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    if not connection.in_transaction():
        raise NotInTransaction(f"{verb} was recorded outside a transaction; a service's work is one transaction.")
    connection.hold(_entry(verb, actor, target, study, subject_ref, outcome, facts), append)


def observe(
    verb: str,
    *,
    actor: Any = None,
    target: models.Model | None = None,
    study: Any = None,
    subject_ref: str = "",
    outcome: str = "seen",
    **facts: Any,
) -> None:
    """Write down something that changes nothing. Survives a rollback of the transaction around it, if there is one."""
    connection = connections[DEFAULT_DB_ALIAS]
    entry = _entry(verb, actor, target, study, subject_ref, outcome, facts)
    if connection.in_transaction():
        connection.hold(entry, append, whatever_the_outcome=True)
        return
    with transaction.atomic():
        connection.hold(entry, append)


def append(connection: Any, entries: Sequence[Mapping[str, str]]) -> None:
    """Chain the entries to the log. Called by the ending of a transaction; takes the chain's lock until COMMIT."""
    on_postgres = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        if on_postgres:
            cursor.execute("SELECT seq, digest FROM audit.head()")
        else:
            cursor.execute("SELECT seq, digest FROM audit_event ORDER BY seq DESC LIMIT 1")
        seq, previous = cursor.fetchone() or (0, GENESIS)
        lines = []
        for entry in entries:
            seq += 1
            line = {"seq": seq, **entry, "previous": previous}
            previous = digest(line)
            lines.append((line, previous))
        if on_postgres:
            cursor.execute("SELECT audit.append(%s)", [[canonical(line).decode() for line, _ in lines]])
        else:
            cursor.executemany(
                f"INSERT INTO audit_event ({', '.join(COLUMNS)}, digest) VALUES ({', '.join(['%s'] * 13)})",  # noqa: S608
                [[*(line[name] for name in COLUMNS), hashed] for line, hashed in lines],
            )


def canonical(line: Mapping[str, Any]) -> bytes:
    """The exact bytes of an event that are hashed: every column but `digest`, as canonical JSON (RFC 8785)."""
    return rfc8785.dumps({name: line[name] for name in COLUMNS})


def digest(line: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical event, in hex."""
    return sha256(canonical(line)).hexdigest()


def _entry(verb, actor, target, study, subject_ref, outcome, facts) -> dict[str, str]:
    if not _VERB.fullmatch(verb):
        raise FactRefused(f"{verb!r} is no verb; it takes app.noun.past.")
    if len(outcome) > 12:
        raise FactRefused(f"{outcome!r} is no outcome; it takes one short word.")
    if study is None and target is not None:
        study = target.pk if target._meta.label_lower == "consent.study" else getattr(target, "study_id", None)
    return {
        "at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "verb": verb,
        "outcome": _code("outcome", outcome),
        "actor_id": _actor(actor),
        "study_id": _id(study),
        "target_type": target._meta.label_lower if target is not None else "",
        "target_id": _id(target),
        "subject_ref": _code("subject_ref", subject_ref),
        "request_id": request_id(),
        "facts": rfc8785.dumps({_name(name): _fact(name, value) for name, value in facts.items()}).decode(),
    }


def _actor(actor: Any) -> str:
    if actor is None and (known := _context.get().actor):
        actor = known()
    return _id(actor)


def _id(thing: Any) -> str:
    """The key of a row, or the key itself. An anonymous visitor has none."""
    key = getattr(thing, "pk", None) if isinstance(thing, models.Model) or hasattr(thing, "pk") else thing
    return "" if key is None else str(key)


def _name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise FactRefused(f"{name!r} is no name of a fact.")
    return name


def _fact(name: str, value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) <= _LARGEST:
        return int(value)
    if isinstance(value, float) and isfinite(value):
        return float(value)
    if isinstance(value, datetime | date):
        return _code(name, value.isoformat())
    if isinstance(value, UUID | str):
        return _code(name, str(value))
    if isinstance(value, list | tuple | set | frozenset):
        return [_fact(name, one) for one in (sorted(value) if isinstance(value, set | frozenset) else value)]
    raise FactRefused(f"The fact {name!r} is a {type(value).__name__}; facts are ids, codes, numbers and booleans.")


def _code(name: str, value: str) -> str:
    if not _CODE.fullmatch(value):
        raise FactRefused(f"The fact {name!r} looks like text; facts are ids and codes of at most 64 characters.")
    return value
