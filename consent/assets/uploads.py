"""Files that browsers post are sealed while they arrive: Django's own handlers would put them on the disk as they are.

What is kept until the view is done lies in a nameless temporary file under a key that only this process's memory holds.
The view gets an ordinary uploaded file and gives it to `store` as the source. A body that is one file (PUT, fetch) needs
no handler: the request itself can be the source.
"""

from __future__ import annotations

import io
import os
import tempfile
from typing import Any

from cryptography.cobblestone import Cobblestone256Encryptor
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile

from consent.chunked import KEY_BYTES, SeekableReader, sealed_length

_CONTEXT = b"concord/upload/1"


class SealedUpload(UploadedFile):
    """An uploaded file whose bytes are sealed on the disk and plain only as they are read."""

    @property
    def too_large(self) -> bool:
        """More came than is accepted; then nothing of it was kept, and `store` refuses it."""
        return self.size > settings.UPLOAD_MAX_BYTES


class SealedUploadHandler(FileUploadHandler):
    chunk_size = 256 * 1024

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        # A file can be posted to any address. Who is not signed in has no page that takes one, and would fill the disk.
        sender = getattr(self.request, "user", None)
        if sender is not None and not sender.is_authenticated:
            raise SkipFile
        self._key = os.urandom(KEY_BYTES)
        self._encryptor = Cobblestone256Encryptor(self._key, _CONTEXT)
        self._file = tempfile.TemporaryFile()  # noqa: SIM115
        self._count = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._count += len(raw_data)
        if self._count <= settings.UPLOAD_MAX_BYTES:
            self._file.write(self._encryptor.update(raw_data))

    def file_complete(self, file_size: int) -> SealedUpload:
        if self._count > settings.UPLOAD_MAX_BYTES:
            self._file.close()
            content: Any = io.BytesIO()
        else:
            self._file.write(self._encryptor.finalize())
            length = sealed_length(self._count)
            content = io.BufferedReader(SeekableReader(self._file, length, self._key, _CONTEXT), self.chunk_size)
        return SealedUpload(
            content, self.file_name, self.content_type, self._count, self.charset, self.content_type_extra
        )

    def upload_interrupted(self) -> None:
        if file := getattr(self, "_file", None):
            file.close()
