"""The web server as `make run` starts it, on a port of its own, for tests that need the real one (and kill it)."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tests.conftest import ROOT


@contextmanager
def web_server(env: Mapping[str, str]) -> Iterator[tuple[int, subprocess.Popen]]:
    """Its port and its process, which leads a group of its own and is gone afterwards."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    argv = [
        sys.executable, "-m", "gunicorn", "config.wsgi", "--worker-class", "gthread", "--threads", "4",
        "--bind", f"127.0.0.1:{port}", "--no-control-socket", "--log-level", "error",
    ]  # fmt: skip
    process = subprocess.Popen(argv, env=dict(env), cwd=ROOT, start_new_session=True)
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port, process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
