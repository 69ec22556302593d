"""Sums of files: what a lock, a stamp and a bundle are compared by."""

from __future__ import annotations

import hashlib
from pathlib import Path

from launch.say import Stop

SUMS = "SHA256SUMS"


def digest(path: Path) -> str:
    """The sha256 of a file, in hex."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def write(folder: Path) -> int:
    """Write the sums of all files below `folder`, in the form `sha256sum --check` reads. Returns how many there are."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != SUMS)
    lines = [f"{digest(path)}  {path.relative_to(folder)}\n" for path in files]
    (folder / SUMS).write_text("".join(lines))
    return len(files)


def verify(folder: Path) -> None:
    """Check every file against its sum. Raises Stop naming the first that is missing or differs."""
    for line in (folder / SUMS).read_text().splitlines():
        wanted, name = line.split("  ", 1)
        path = folder / name
        if not path.is_file():
            raise Stop(f"The bundle {folder} lacks {name}. Make it again: make bundle")
        if digest(path) != wanted:
            raise Stop(f"In the bundle {folder}, {name} is not the file that was packed. Make it again: make bundle")
