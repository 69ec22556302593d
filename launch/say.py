"""What a person at the terminal reads: one line a step, with the time it took, and one plain sentence when it stops."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_began = time.monotonic()


class Stop(Exception):
    """Something the person can set right; the message is the sentence they read."""


def line(topic: str, text: str) -> None:
    """Print `text` under `topic`, with the seconds since the command began."""
    plain(f"[{time.monotonic() - _began:6.1f} s] {topic:<12} {text}")


def plain(text: str = "") -> None:
    """Print `text` as it is. A terminal that was closed must not keep us from stopping what we started."""
    with suppress(OSError):
        print(text, flush=True)


def warn(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@contextmanager
def step(topic: str, text: str) -> Iterator[None]:
    """Say that a step begins and, when it has ended well, how long it took."""
    line(topic, f"{text} …")
    began = time.monotonic()
    yield
    line(topic, f"done in {time.monotonic() - began:.1f} s")
