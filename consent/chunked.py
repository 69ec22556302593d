"""Encrypted bytes that can be read from any place: the layout of c2sp.org/chunked-encryption, as Cobblestone-256.

A sealed stream is a 24-byte salt, a 32-byte commitment to the key, then chunks of 16 KiB of plain bytes, each with a
16-byte AES-256-GCM tag. The last chunk is always shorter (it may be empty), so a stream that was cut off is noticed. The
chunk's number is in its nonce, so chunks cannot be swapped; the context (asset and key version) is in the derived key,
so whole streams cannot be swapped. Plain byte i is in chunk i // 16384; chunk k starts at byte 56 + k * 16400.

Writing streams through `cryptography`'s own Cobblestone-256; reading at random is done here on its AES-GCM. Nothing here
knows files, settings or databases: streams in, streams out.
"""

from __future__ import annotations

import hmac
import io
from collections.abc import Iterable, Iterator
from typing import Protocol

from cryptography.cobblestone import Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

FORMAT = "chunked-1"
KEY_BYTES = 32
SALT_BYTES = 24
COMMITMENT_BYTES = 32
HEADER_BYTES = SALT_BYTES + COMMITMENT_BYTES
CHUNK_BYTES = 16 * 1024
TAG_BYTES = 16
SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES
MOST_CHUNKS = 2**38
_LABEL = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00"


class Damaged(ValueError):
    """The sealed bytes are not what was written: altered, cut off, lengthened, swapped, or of another key or context."""


class Source(Protocol):
    """Sealed bytes that can be read from any place, such as an open file."""

    def seek(self, offset: int, whence: int = 0, /) -> int: ...
    def read(self, size: int = -1, /) -> bytes: ...
    def close(self) -> None: ...


def derive(key: bytes, salt: bytes, context: bytes) -> tuple[bytes, bytes, bytes]:
    """Chunk key (32 bytes), base nonce (12) and commitment (32) of one stream."""
    length = KEY_BYTES + 12 + COMMITMENT_BYTES
    okm = HKDFExpand(algorithm=SHA512(), length=length, info=_LABEL + salt + context).derive(key)
    return okm[:KEY_BYTES], okm[KEY_BYTES : KEY_BYTES + 12], okm[KEY_BYTES + 12 :]


def sealed_length(plain: int) -> int:
    """How many sealed bytes `plain` plain bytes make.

    >>> [sealed_length(n) for n in (0, 1, 16383, 16384, 16385)]
    [72, 73, 16455, 16472, 16473]
    """
    return HEADER_BYTES + plain + TAG_BYTES * (plain // CHUNK_BYTES + 1)


def plain_length(sealed: int) -> int:
    """How many plain bytes are in `sealed` sealed bytes. Raises Damaged for lengths that no stream has.

    >>> plain_length(16472)
    16384
    """
    whole, last = divmod(sealed - HEADER_BYTES, SEALED_CHUNK_BYTES)
    if sealed < HEADER_BYTES or last < TAG_BYTES or whole >= MOST_CHUNKS:
        raise Damaged(f"{sealed} bytes is no length of a sealed stream: it was cut off or added to")
    return whole * CHUNK_BYTES + last - TAG_BYTES


def seal(blocks: Iterable[bytes], key: bytes, context: bytes) -> Iterator[bytes]:
    """Sealed bytes of the plain `blocks`, as they come. `key`: 32 uniformly random bytes. Memory: one block."""
    encryptor = Cobblestone256Encryptor(key, context)
    for block in blocks:
        if sealed := encryptor.update(block):
            yield sealed
    yield encryptor.finalize()


class SealingReader(io.RawIOBase):
    """A stream to be read by whatever stores bytes: gives the sealed bytes of the plain `blocks`, in constant memory."""

    def __init__(self, blocks: Iterable[bytes], key: bytes, context: bytes) -> None:
        self._sealed = seal(blocks, key, context)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:
        target = memoryview(buffer).cast("B")
        filled = 0
        while filled < len(target):
            if not self._rest:
                self._rest = memoryview(next(self._sealed, b""))
                if not self._rest:
                    break
            part = self._rest[: len(target) - filled]
            target[filled : filled + len(part)] = part
            self._rest = self._rest[len(part) :]
            filled += len(part)
        return filled


class SeekableReader(io.RawIOBase):
    """Plain bytes of a sealed stream, from any place. Every chunk is authenticated before a byte of it is given out.

    `source` is read in one piece per call and closed with this; `sealed` is its length. Opening checks the commitment and
    the last chunk, so a stream that was cut off, or has another key or context, is refused before the first read.
    Raises Damaged. Not for two threads at once.
    """

    def __init__(self, source: Source, sealed: int, key: bytes, context: bytes) -> None:
        self.size = plain_length(sealed)
        self._source, self._sealed, self._at = source, sealed, 0
        header = self._fetch(0, HEADER_BYTES)
        chunk_key, nonce, commitment = derive(key, header[:SALT_BYTES], context)
        if not hmac.compare_digest(commitment, header[SALT_BYTES:]):
            raise Damaged("the stream was sealed under another key or for another asset")
        self._aead, self._nonce = AESGCM(chunk_key), int.from_bytes(nonce, "big")
        self._last = self.size // CHUNK_BYTES
        self._tail = self._open(self._fetch(HEADER_BYTES + self._last * SEALED_CHUNK_BYTES), self._last)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}.get(whence)
        if start is None or start + offset < 0:
            raise ValueError(f"cannot go to {offset} from {whence}")
        self._at = start + offset
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:
        target = memoryview(buffer).cast("B")
        begin, end = self._at, min(self._at + len(target), self.size)
        if end <= begin:
            return 0
        first, last = begin // CHUNK_BYTES, (end - 1) // CHUNK_BYTES
        upto = min(last, self._last - 1)  # the last chunk is kept from the opening
        span = memoryview(self._chunks(first, upto)) if first <= upto else memoryview(b"")
        filled = 0
        for number in range(first, last + 1):
            if number == self._last:
                plain = memoryview(self._tail)
            else:
                at = (number - first) * SEALED_CHUNK_BYTES
                plain = memoryview(self._open(span[at : at + SEALED_CHUNK_BYTES], number))
            low = begin - number * CHUNK_BYTES if number == first else 0
            part = plain[low : end - number * CHUNK_BYTES]
            target[filled : filled + len(part)] = part
            filled += len(part)
        self._at = end
        return filled

    def close(self) -> None:
        if not self.closed:
            self._source.close()
        super().close()

    def _chunks(self, first: int, last: int) -> bytes:
        return self._fetch(HEADER_BYTES + first * SEALED_CHUNK_BYTES, (last - first + 1) * SEALED_CHUNK_BYTES)

    def _fetch(self, offset: int, size: int | None = None) -> bytes:
        size = self._sealed - offset if size is None else size
        self._source.seek(offset)
        data = self._source.read(size)
        while len(data) < size and (more := self._source.read(size - len(data))):
            data += more
        if len(data) != size:
            raise Damaged("the sealed stream ends before its length")
        return data

    def _open(self, sealed: bytes | memoryview, number: int) -> bytes:
        try:
            return self._aead.decrypt((self._nonce ^ number).to_bytes(12, "big"), sealed, None)
        except InvalidTag:
            raise Damaged(f"chunk {number} was altered") from None
