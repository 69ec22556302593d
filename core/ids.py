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
    import numpy as np  # here, since not every process that makes a key makes thousands

    at = np.arange(n, dtype=np.uint64)
    ms = np.uint64(time.time_ns() // 1_000_000)
    halves = np.empty((n, 2), dtype=">u8")
    halves[:, 0] = (ms + (at >> np.uint64(12))) << np.uint64(16) | np.uint64(0x7000) | at & np.uint64(0xFFF)
    random = np.frombuffer(os.urandom(8 * n), dtype=np.uint64)
    halves[:, 1] = random & np.uint64(0x3FFF_FFFF_FFFF_FFFF) | np.uint64(0x8000_0000_0000_0000)
    digits = halves.tobytes().hex()
    return [digits[at : at + 32] for at in range(0, 32 * n, 32)]


def opaque() -> UUID:
    """A UUIDv4: participants, persons, links, keys and assets, which outlive erasure and must not tell when someone enrolled."""
    return uuid4()
