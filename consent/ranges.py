"""HTTP ranges (RFC 9110, section 14): which bytes of a representation a request asks for. Pure text and numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

BLOCK_BYTES = 256 * 1024
_ONE_RANGE = re.compile(r"bytes[ \t]*=[ \t,]*(\d{0,100})-(\d{0,100})[ \t,]*", re.ASCII | re.IGNORECASE)


class Unsatisfiable(ValueError):
    """The range lies outside of what there is: to be answered with 416."""


@dataclass(frozen=True)
class Span:
    """Bytes start … stop - 1 of `length`; `partial` when they were asked for (206), else everything (200)."""

    start: int
    stop: int
    length: int
    partial: bool = True

    @property
    def size(self) -> int:
        return self.stop - self.start

    def headers(self) -> dict[str, str]:
        head = {"Accept-Ranges": "bytes", "Content-Length": str(self.size)}
        if self.partial:
            head["Content-Range"] = f"bytes {self.start}-{self.stop - 1}/{self.length}"
        return head


def asked(header: str | None, length: int) -> Span:
    """What a Range header asks of `length` bytes. Raises Unsatisfiable.

    Without a header, or with one that is malformed, in another unit or of several ranges, everything is sent: a server
    may ignore such a header, and players cope.

    >>> asked("bytes=-5", 100)
    Span(start=95, stop=100, length=100, partial=True)
    """
    whole = Span(0, length, length, partial=False)
    match = _ONE_RANGE.fullmatch(header.strip()) if header else None
    if not match or (first := match[1]) == (last := match[2]) == "":
        return whole
    if not first:
        if int(last) == 0 or length == 0:
            raise Unsatisfiable
        return Span(max(0, length - int(last)), length, length)
    if last and int(last) < int(first):
        return whole
    if int(first) >= length:
        raise Unsatisfiable
    return Span(int(first), min(int(last) + 1, length) if last else length, length)


def blocks(stream: BinaryIO, span: Span, size: int = BLOCK_BYTES) -> Iterator[bytes]:
    """The bytes of the span, a block at a time; the first may be shorter, so that the others sit on chunk borders."""
    stream.seek(span.start)
    at = span.start
    while at < span.stop:
        block = stream.read(min(size - at % size, span.stop - at))
        if not block:
            return
        at += len(block)
        yield block
