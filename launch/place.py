"""Where things are: the checkout, the data, the ledger, the environment, the bundle.

The environment belongs into the checkout (`.venv`) and the data beside it (`.data`). A checkout that cannot be written
is left alone: then both go to `CONCORD_DATA`. A data folder carries a marker file, and only a folder with
the marker is ever removed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from launch.say import Stop

MARKER = "CONCORD_DATA"
MARKER_TEXT = "This folder belongs to Concord. `make demo-reset` removes it, and only because this file is here.\n"
# What a data folder made by hand (manage.py without make) holds; such a folder is ours as well.
OURS = frozenset({"concord.sqlite3", "secret_key", "environment", "keys.sqlite3"})


@dataclass(frozen=True)
class Place:
    """The folders of one installation; every path is absolute."""

    checkout: Path
    data: Path
    ledger: Path
    environment: Path
    bundle: Path | None

    @property
    def python(self) -> Path:
        return self.environment / "bin" / "python"

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def bytecode(self) -> Path:
        """Compiled Python of checkout and packages alike: beside the environment, so the checkout stays clean."""
        return self.environment / "bytecode"


def writable(folder: Path) -> bool:
    """Whether files can be made in `folder`, or in the nearest existing folder above it."""
    while not folder.exists():
        if folder.parent == folder:
            return False
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def find(environ: Mapping[str, str] = os.environ, checkout: Path | None = None) -> Place:
    """Work out the place from the environment variables; touches nothing. Raises Stop when nowhere can be written."""
    checkout = (checkout or Path(__file__).resolve().parent.parent).absolute()
    data = _data(environ, checkout)
    ledger = environ.get("CONCORD_LEDGER", "").strip()
    in_checkout = checkout / ".venv"
    return Place(
        checkout=checkout,
        data=data,
        ledger=Path(ledger).expanduser().absolute() if ledger else data.with_name(f"{data.name}-ledger"),
        environment=in_checkout if writable(checkout) and writable(in_checkout) else data / "environment",
        bundle=_bundle(environ, checkout),
    )


def _data(environ: Mapping[str, str], checkout: Path) -> Path:
    if given := environ.get("CONCORD_DATA", "").strip():
        data = Path(given).expanduser().absolute()
    elif writable(checkout):
        data = checkout / ".data"
    else:
        home = environ.get("XDG_DATA_HOME") or (Path(environ["HOME"]) / ".local/share" if environ.get("HOME") else "")
        if not home:
            raise Stop(f"{checkout} cannot be written. Name a folder for the data: CONCORD_DATA=/some/folder make demo")
        data = Path(home).absolute() / "concord"
    if data.exists() and not data.is_dir():
        raise Stop(f"CONCORD_DATA is {data}, which is a file; it takes a folder.")
    if not writable(data):
        raise Stop(f"{data} cannot be written by you. Name another folder: CONCORD_DATA=/some/folder make demo")
    return data


def _bundle(environ: Mapping[str, str], checkout: Path) -> Path | None:
    if given := environ.get("CONCORD_BUNDLE", "").strip():
        bundle = Path(given).expanduser().absolute()
        if not (bundle / "SHA256SUMS").is_file():
            raise Stop(f"CONCORD_BUNDLE is {bundle}, which holds no SHA256SUMS; `make bundle` writes a bundle.")
        return bundle
    bundle = checkout / "bundle"
    return bundle if (bundle / "SHA256SUMS").is_file() else None


def claim(folder: Path) -> None:
    """Make `folder` (0700) and mark it as ours. Raises Stop when it holds somebody else's files."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    marker = folder / MARKER
    if marker.exists():
        return
    held = {entry.name for entry in folder.iterdir()} - {"lost+found"}
    if held and not held & OURS:
        raise Stop(f"{folder} holds files that are not Concord's. Name an empty folder: CONCORD_DATA=/some/folder")
    marker.write_text(MARKER_TEXT)


def removable(folder: Path, checkout: Path) -> bool:
    """Whether `folder` may be emptied: it exists, is marked, is no link, and nothing dear lies inside it."""
    if folder.is_symlink() or not (folder / MARKER).is_file():
        return False
    inside = folder.resolve()
    return not any(dear == inside or inside in dear.parents for dear in (checkout.resolve(), Path.home().resolve()))


def remove(folder: Path, checkout: Path, keep: frozenset[str] = frozenset()) -> None:
    """Empty a marked folder but for the names in `keep`; the folder goes too when nothing is kept.

    The marker goes last: a removal that was broken off can be begun again. Raises Stop when it is not removable.
    """
    if not removable(folder, checkout):
        raise Stop(f"{folder} is left alone: it does not carry Concord's marker file {MARKER}, or is a link.")
    kept = False
    for entry in sorted(folder.iterdir()):
        if entry.name in keep:
            kept = True
        elif entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name != MARKER:
            entry.unlink()
    if not kept:
        (folder / MARKER).unlink()
        folder.rmdir()
