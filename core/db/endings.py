"""What is held back until a transaction ends, and is then written by it.

Django tells when a transaction *was* committed (`on_commit`), never that it is *about to be*. The audit log needs the
second: its events belong to the transaction of the change, yet the lock on its chain must be held for the last moment
only, or every writer would queue behind the slowest. So the backends in this package, ordinary subclasses of Django's
own, keep two lists on the connection:

- `held`: written just before COMMIT, inside the transaction; lost with a rollback, also of a savepoint.
- `observed`: written when the outermost transaction ends, whatever its outcome: with it when it commits, in a
  transaction of its own right after a rollback.

Nothing can be committed past this: every way out of a transaction goes through `_commit` or `_rollback`. A process
that dies before COMMIT loses the change together with its events.

A test that Django wraps in a transaction of its own never commits; there, the end of the outermost block of the code
under test counts as the end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db import transaction

Write = Callable[[Any, Sequence[Any]], None]


class Endings:
    """Mixin for a DatabaseWrapper."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._held: list[tuple[frozenset, Any]] = []
        self._observed: list[Any] = []
        self._write: Write | None = None

    def in_transaction(self) -> bool:
        """Whether the code under way opened a transaction (one that wraps a test does not count)."""
        return self.in_atomic_block and not self._between_tests()

    def hold(self, entry: Any, write: Write, *, whatever_the_outcome: bool = False) -> None:
        """Have `write(connection, entries)` called with this entry when the transaction ends."""
        self._write = write
        if whatever_the_outcome:
            self._observed.append(entry)
        else:
            self._held.append((frozenset(self.savepoint_ids), entry))

    def write_held(self) -> None:
        """Write now what would be written at the end; within a transaction only."""
        entries = [entry for _sids, entry in self._held] + self._observed
        if entries:
            self._write(self, entries)
            self._held, self._observed = [], []

    def _commit(self) -> Any:
        observed = list(self._observed)
        try:
            self.write_held()
            return super()._commit()
        except BaseException:
            self._observed = observed
            self._rollback()
            raise

    def _rollback(self) -> Any:
        self._held = []
        return super()._rollback()

    def close(self) -> None:
        self._held = []
        super().close()

    def set_autocommit(self, autocommit: bool, *args: Any, **kwargs: Any) -> None:
        super().set_autocommit(autocommit, *args, **kwargs)
        if autocommit and self._observed:
            with transaction.atomic(using=self.alias):
                self.write_held()

    def savepoint_rollback(self, sid: str) -> None:
        super().savepoint_rollback(sid)
        self._held = [(sids, entry) for sids, entry in self._held if sid not in sids]
        self._end_within_a_test()

    def savepoint_commit(self, sid: str) -> None:
        super().savepoint_commit(sid)
        self._end_within_a_test()

    def _between_tests(self) -> bool:
        return all(block._from_testcase for block in self.atomic_blocks)

    def _end_within_a_test(self) -> None:
        if self.in_atomic_block and self._between_tests() and not self.needs_rollback:
            self.write_held()
