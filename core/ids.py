"""Primary keys. UUIDv7 for rows (sorted by time, known before the insert), UUIDv4 for what must not tell when it was made."""

import os
import time
from uuid import UUID, uuid4

from uuid_utils.compat import uuid7


def new() -> UUID:
    """A UUIDv7 (RFC 9562): the key of every domain row."""
    return uuid7()


def many(n: int) -> list[str]:
    """`n` UUIDv7 as 32 hex digits, in rising order, for bulk rows: making UUID objects one by one would cost more than
    storing them. 12 bits after the time count (RFC 9562, 6.2, method 1), 62 bits are random."""
    ms, random = time.time_ns() // 1_000_000, os.urandom(8 * n).hex()
    made = []
    for at in range(n):
        bits = random[at * 16 : at * 16 + 16]
        made.append(f"{ms + (at >> 12):012x}7{at & 4095:03x}{_VARIANT[bits[0]]}{bits[1:]}")
    return made


# The variant's two bits, with the two random ones beside them.
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


def opaque() -> UUID:
    """A UUIDv4: participants, persons, links, keys and assets, which outlive erasure and must not tell when someone enrolled."""
    return uuid4()
