"""The folder of models: what the set-up put there, and reading it so that a damaged file is never used.

`installed.json` lists every file with its SHA-256. For files taken from packages these are the hashes pinned in
`models_manifest.json`; for files built here (the converted network, the trained head) those of the moment they were
built. A file is read whole, checked, and handed on as bytes, so what was checked is what is used.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path

from django.utils.translation import gettext as _

from core.errors import Refused

INDEX = "installed.json"
PART = ".part"  # end of the names of files that are being written


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def write(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, also after a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=PART)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def index(folder: Path) -> dict[str, str]:
    """File name → SHA-256 of what is installed; empty when nothing is, or the list cannot be read."""
    try:
        found = json.loads((Path(folder) / INDEX).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def expected(folder: Path, name: str) -> str:
    """The hash that an installed file must have. Raises Refused (`model_missing`)."""
    found = index(folder).get(name)
    if found is None or not (Path(folder) / name).is_file():
        raise Refused(
            "model_missing",
            _("The model file %(name)s is not there. Run “python -m inference.fetch” to get it.") % {"name": name},
            status=503,
            file=name,
        )
    return found


def read(folder: Path, name: str) -> bytes:
    """The bytes of one model file. Raises Refused: `model_missing`, or `model_corrupt` when its hash is another."""
    right = expected(folder, name)
    content = (Path(folder) / name).read_bytes()
    if digest(content) != right:
        raise Refused(
            "model_corrupt",
            _(
                "The model file %(name)s is damaged: its checksum is not the expected one. Run “python -m inference.fetch” again."
            )
            % {"name": name},
            status=503,
            file=name,
        )
    return content


def missing(folder: Path, names: tuple[str, ...]) -> list[str]:
    """Which of these files are not installed; for pages that say why a model cannot be started. Does not read them."""
    known = index(folder)
    return [name for name in names if name not in known or not (Path(folder) / name).is_file()]
