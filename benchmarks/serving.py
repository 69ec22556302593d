"""What the benchmarks over HTTP share: a data folder of their own, a campaign, and the real web server on loopback.

The server is the one that `make run` starts (gunicorn, one process, eight threads, SQLite), in a process of its own;
clients are threads with one kept-open connection each.
"""

# ruff: noqa: E402 - the environment comes before Django

from __future__ import annotations

import http.client
import json
import os
import resource
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
FOLDER = tempfile.TemporaryDirectory(prefix="concord-benchmark-")
os.environ.update(
    SECRET_KEY=secrets.token_hex(32),
    CONCORD_DATA=f"{FOLDER.name}/data",
    CONCORD_LEDGER=f"{FOLDER.name}/ledger",
    DJANGO_SETTINGS_MODULE="config.settings",
)
for name in ("DATABASE_URL", "KEYS_DATABASE_URL", "DATABASE_OWNER_URL", "KEYS_DATABASE_OWNER_URL", "PUBLIC_URL"):
    os.environ.pop(name, None)
Path(os.environ["CONCORD_DATA"]).mkdir()

import django

django.setup()

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command


def migrate() -> None:
    for database in ("default", "keys"):
        call_command("migrate", database=database, verbosity=0)


def static_files() -> None:
    """Collect, name and compress the static files, as a start does; without them the server answers pages and warns."""
    if not Path(settings.STATIC_ROOT).is_dir():
        call_command("collectstatic", interactive=False, verbosity=0)


def manage(*words: str) -> None:
    """A manage.py command in a process of its own, on the benchmark's data. Raises when it fails."""
    subprocess.run([sys.executable, "manage.py", *words], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def server(threads: int = 8) -> Iterator[int]:
    """The web server; gives its port. Ends the process it started."""
    static_files()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    argv = [
        sys.executable, "-m", "gunicorn", "config.wsgi", "--worker-class", "gthread", "--bind", f"127.0.0.1:{port}",
        "--workers", os.environ.get("WEB_WORKERS", "1"), "--threads", os.environ.get("WEB_THREADS", str(threads)), "--graceful-timeout", "5", "--no-control-socket", "--log-level", "warning",
    ]  # fmt: skip
    process = subprocess.Popen(argv, cwd=ROOT, env={**os.environ, "PORT": str(port)})
    try:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(15)


def cookies(user: Any) -> dict[str, str]:
    """The cookies of somebody who has just signed in."""
    session = SessionStore()
    session[SESSION_KEY], session[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session.save()
    return {settings.SESSION_COOKIE_NAME: session.session_key, settings.CSRF_COOKIE_NAME: secrets.token_hex(16)}


class Browser:
    """One signed-in person with a connection that stays open."""

    def __init__(self, port: int, user: Any) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        held = cookies(user)
        self._headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in held.items()),
            "X-CSRFToken": held[settings.CSRF_COOKIE_NAME], "Content-Type": "application/json", "Accept": "application/json",
        }  # fmt: skip

    def post(self, path: str, body: Any) -> tuple[int, Any]:
        self._connection.request("POST", path, json.dumps(body), self._headers)
        return self._answer()

    def get(self, path: str, **headers: str) -> tuple[int, Any]:
        self._connection.request("GET", path, headers={**self._headers, **headers})
        return self._answer()

    def _answer(self) -> tuple[int, Any]:
        response = self._connection.getresponse()
        content = response.read()
        is_json = "json" in response.headers.get("Content-Type", "")
        return response.status, json.loads(content) if content and is_json else content


def together(works: Sequence[Callable[[], None]]) -> float:
    """Run all at once, each in a thread; gives the seconds until the last one ended."""
    start = Barrier(len(works) + 1)

    def run(work: Callable[[], None]) -> None:
        start.wait()
        work()

    threads = [Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    start.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began


def percentile(spent: Sequence[float], share: float) -> float:
    """Milliseconds, by the nearest rank."""
    ordered = sorted(spent)
    return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def say(what: str, spent: Sequence[float], elapsed: float, errors: int, **more: Any) -> None:
    tail = "".join(f"  {name} {value}" for name, value in more.items())
    print(
        f"{what:<34} p50 {percentile(spent, 0.5):6.1f} ms  p95 {percentile(spent, 0.95):6.1f} ms  "
        f"p99 {percentile(spent, 0.99):6.1f} ms  {len(spent) / elapsed:6.0f} a second  errors {errors}{tail}",
        flush=True,
    )


def children_memory() -> float:
    """The most memory that an ended child held, in MB."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
