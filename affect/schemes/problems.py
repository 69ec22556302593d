"""What is wrong, where, in a sentence: one shape for malformed JSON, broken definitions and answers that break a rule.

`code` is stable and for programs (and for the translation of the sentence), `at` is a JSON Pointer (RFC 6901) into the
document that was judged, `facts` are the numbers and ids the sentence speaks of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong. line and column count from 1 and are 0 where there was no text."""

    code: str
    at: str
    message: str
    facts: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        where = self.at or "the whole"
        return (
            f"line {self.line}, column {self.column}, {where}: {self.message}"
            if self.line
            else f"{where}: {self.message}"
        )


class SchemeError(ValueError):
    """A text or a definition that is no scheme. `problems` tells everything that was found, in order of the document."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))

    def __reduce__(self):
        return (SchemeError, (self.problems,))


def step(at: str, key: str | int) -> str:
    """The pointer one step further down.

    >>> step("/questions/0", "a/b")
    '/questions/0/a~1b'
    """
    return f"{at}/{str(key).replace('~', '~0').replace('/', '~1')}"
