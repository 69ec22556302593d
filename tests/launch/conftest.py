"""A stand-in project: the smallest thing the supervisor can run, so that its own rules are tested and nothing else."""

import os
import socket
import subprocess
import sys
import textwrap
from contextlib import closing
from pathlib import Path

import pytest

from launch.place import Place

CHECKOUT = Path(__file__).resolve().parent.parent.parent
FILES = {
    "manage.py": """
        import os, pathlib, sys
        data = pathlib.Path(os.environ["CONCORD_DATA"])
        with (data / "calls.txt").open("a") as calls:
            calls.write(" ".join(sys.argv[1:]) + "\\n")
        if sys.argv[1] == "prepare":
            (data / "concord.sqlite3").touch()
        if sys.argv[1] == "collectstatic":
            (data / "static").mkdir(exist_ok=True)
        if sys.argv[1] == "demo_accounts":
            print("ana@example.org")
    """,
    "config/__init__.py": "",
    "config/settings.py": "",
    "config/secret.py": """
        def keep(data):
            (data / "secret_key").touch(mode=0o600)
    """,
    "config/start.py": """
        import os, pathlib
        data = pathlib.Path(os.environ["CONCORD_DATA"])
        def refused():
            with (data / "calls.txt").open("a") as calls:
                calls.write("refused?\\n")
            return (data / "refused.txt").read_text() if (data / "refused.txt").exists() else ""
    """,
    "config/wsgi.py": """
        import subprocess
        helper = subprocess.Popen(["sleep", "600"], start_new_session=True)  # a helper that leaves its group
        def application(environ, start_response):
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"well"]
    """,
    "config/celery.py": """
        import os
        from celery import Celery
        app = Celery("stand-in", broker=os.environ["BROKER_URL"])
    """,
    "requirements/base.lock": "",
    "static/one.css": "a{}",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "a checkout"
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    return folder


@pytest.fixture
def place(checkout: Path) -> Place:
    data = checkout / ".data"
    return Place(checkout, data, data.with_name(".data-ledger"), Path(sys.prefix), None)


@pytest.fixture
def port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def supervised(place: Place, port: int, tmp_path: Path):
    """A function that starts the supervisor on the stand-in as a program of its own; ended with the test."""
    running: list[subprocess.Popen] = []
    code = (
        "import sys; from pathlib import Path; from launch.place import Place; from launch import say, supervise\n"
        "checkout, data, ledger, environment = map(Path, sys.argv[1:])\n"
        "try: sys.exit(supervise.Supervisor(Place(checkout, data, ledger, environment, None), demo=True).run())\n"
        "except say.Stop as why: sys.exit(str(why))\n"
    )

    def start(**more: str) -> subprocess.Popen:
        env = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "KEYS_DATABASE_URL", "BROKER_URL"}}
        env |= {"PYTHONPATH": str(CHECKOUT), "PORT": str(port), "HOST": "127.0.0.1"} | more
        argv = [sys.executable, "-c", code, place.checkout, place.data, place.ledger, place.environment]
        log = (tmp_path / f"said-{len(running)}.txt").open("w+")
        process = subprocess.Popen(argv, env=env, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        process.said = lambda: Path(log.name).read_text()
        running.append(process)
        return process

    yield start
    for process in running:
        if process.poll() is None:
            process.terminate()
        process.wait(30)
