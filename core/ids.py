"""Primary keys. UUIDv7 for rows (sorted by time, known before the insert), UUIDv4 for what must not tell when it was made."""

from uuid import UUID, uuid4

from uuid_utils.compat import uuid7


def new() -> UUID:
    """A UUIDv7 (RFC 9562): the key of every domain row."""
    return uuid7()


def opaque() -> UUID:
    """A UUIDv4: participants, persons, links, keys and assets, which outlive erasure and must not tell when someone enrolled."""
    return uuid4()
