"""A file for what is made in pieces and out of order: sealed on the disk, under a key that only this process's memory holds.

Some makers go back in what they have written, and what they make may be as large as any upload: too much for memory, and
plain bytes never lie on a disk. So the scratch file is a nameless temporary one of sealed blocks. One block is in memory
at a time, and eight bytes for each of the others: the number under which it was sealed last, which is never used twice.
"""

from __future__ import annotations

import io
import os
import tempfile
from array import array

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

BLOCK_BYTES = 64 * 1024
_SEALED_BYTES = BLOCK_BYTES + 16
_NEVER = 0


class Scratch(io.RawIOBase):
    """A file to write and read at any place. It is gone when it is closed, and unreadable when the process is."""

    def __init__(self) -> None:
        super().__init__()
        self._cipher = AESGCM(os.urandom(32))
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with this one
        self._sealed_as = array("Q")  # block → the number it was sealed under, 0 for a block that was never written out
        self._sealings = 0
        self._at = self._size = 0
        self._held, self._block, self._changed = 0, bytearray(BLOCK_BYTES), False

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if at < 0:
            raise ValueError(f"{at} is before the beginning")
        self._at = at
        return at

    def tell(self) -> int:
        return self._at

    def write(self, content, /) -> int:
        left = memoryview(content).cast("B")
        written = len(left)
        while left:
            number, begin = divmod(self._at, BLOCK_BYTES)
            self._hold(number)
            part = left[: BLOCK_BYTES - begin]
            self._block[begin : begin + len(part)] = part
            self._changed = True
            self._at += len(part)
            left = left[len(part) :]
        self._size = max(self._size, self._at)
        return written

    def readinto(self, buffer, /) -> int:
        wanted = memoryview(buffer).cast("B")
        number, begin = divmod(self._at, BLOCK_BYTES)
        n = max(0, min(len(wanted), BLOCK_BYTES - begin, self._size - self._at))
        if n:
            self._hold(number)
            wanted[:n] = self._block[begin : begin + n]
            self._at += n
        return n

    def close(self) -> None:
        self._file.close()
        super().close()

    def _hold(self, number: int) -> None:
        """Have this block in memory; what was there goes to the disk, sealed anew."""
        if number == self._held:
            return
        if self._changed:
            self._write_out()
        known = self._sealed_as[number] if number < len(self._sealed_as) else _NEVER
        if known == _NEVER:
            self._block[:] = bytes(BLOCK_BYTES)
        else:
            self._file.seek(number * _SEALED_BYTES)
            sealed = self._file.read(_SEALED_BYTES)
            self._block[:] = self._cipher.decrypt(known.to_bytes(12, "big"), sealed, number.to_bytes(8, "big"))
        self._held, self._changed = number, False

    def _write_out(self) -> None:
        while len(self._sealed_as) <= self._held:
            self._sealed_as.append(_NEVER)
        self._sealings += 1
        sealed = self._cipher.encrypt(self._sealings.to_bytes(12, "big"), self._block, self._held.to_bytes(8, "big"))
        self._file.seek(self._held * _SEALED_BYTES)
        self._file.write(sealed)
        self._sealed_as[self._held] = self._sealings
        self._changed = False
