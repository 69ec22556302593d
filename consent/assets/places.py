"""Where sealed bytes lie: a folder, or a bucket read by range. The rest of the code knows neither."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.files.base import File
from django.core.files.storage import storages

from consent.chunked import Damaged, Source

WINDOW_BYTES = 1024 * 1024
BLOCK_BYTES = 256 * 1024


def storage() -> Any:
    return storages["store"]


def store_key(study_id: UUID, asset_id: UUID) -> str:
    """No names and no extension, written once; the same on disk and in a bucket (decisions 22)."""
    return f"v1/{study_id.hex}/{asset_id.hex[:2]}/{asset_id.hex}"


def context(asset_id: UUID, key_version: int) -> bytes:
    """What an asset's sealed bytes are bound to."""
    return b"concord/asset/1/" + asset_id.bytes + key_version.to_bytes(4, "big")


def write(key: str, stream: io.RawIOBase, *, to_disk: bool = True) -> None:
    """Store a stream of sealed bytes, and see it on the disk before returning. Never over something that is there."""
    place = storage()
    if place.exists(key) or place.save(key, _Stream(stream, key)) != key:
        raise FileExistsError(f"{key} was written before")
    if to_disk and (path := local_path(key)):
        for name, flags in ((path, os.O_RDWR), (path.parent, os.O_RDONLY)):
            handle = os.open(name, flags)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def read(key: str, length: int) -> Source:
    """Sealed bytes of a known length, to be read from any place. Raises Damaged when they are missing or of another."""
    if path := local_path(key):
        try:
            file = path.open("rb", buffering=0)
        except FileNotFoundError:
            raise Damaged("the bytes are missing from the store") from None
        if os.fstat(file.fileno()).st_size != length:
            file.close()
            raise Damaged("the bytes in the store have another length than was written")
        return file
    return BucketSource(storage(), key, length)


def delete(key: str) -> None:
    storage().delete(key)


def local_path(key: str) -> Path | None:
    """The file, when the store is a folder."""
    try:
        return Path(storage().path(key))
    except NotImplementedError:
        return None


class BucketSource(io.RawIOBase):
    """An object of a bucket, read by Range GET: at least a window at a time, never the whole object.

    What was fetched is kept until something outside of it is asked for, so small reads in a row cost one request.
    """

    def __init__(self, place: Any, key: str, length: int) -> None:
        self._object = place.bucket.Object(place._normalize_name(key))
        self._length, self._at = length, 0
        self._window, self._window_at = b"", 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._length}[whence]
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        wanted = min(size if size >= 0 else self._length, self._length - self._at)
        if wanted <= 0:
            return b""
        low = self._at - self._window_at
        if low < 0 or low + wanted > len(self._window):
            self._fetch(max(wanted, WINDOW_BYTES))
            low = 0
        self._at += wanted
        return self._window[low : low + wanted]

    def _fetch(self, size: int) -> None:
        last = min(self._at + size, self._length) - 1
        try:
            answer = self._object.get(Range=f"bytes={self._at}-{last}")
        except self._object.meta.client.exceptions.ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] in (404, 416):
                raise Damaged("the bytes are missing from the store, or cut off") from None
            raise
        if answer["ContentRange"].rpartition("/")[2] != str(self._length):
            raise Damaged("the bytes in the store have another length than was written")
        self._window, self._window_at = answer["Body"].read(), self._at


class _Stream(File):
    """What Django's storages take, of a length that is known only at the end."""

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        while block := self.file.read(chunk_size or BLOCK_BYTES):
            yield block
