"""How fast recordings with items come in through the API: a real gunicorn on loopback, SQLite in a fresh folder.

    python -m benchmarks.bench_create_items [rows] [rounds]

Prints rows a second over HTTP: from the first byte sent to the last byte received, with token, validation, audit event and
commit. Each row is a recording with a track, an appearance, an alignment, an item and its target.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from http.client import HTTPConnection
from pathlib import Path

from benchmarks import bars

ROOT = Path(__file__).resolve().parent.parent
PEOPLE = 200
SETUP = """
import django; django.setup()
from django.db import transaction
from consent.models import Controller
from consent.services import participants, studies
from core.models import User
from core.services import tokens
who = User.objects.create(email="bench@example.org", is_operator=True)
study = studies.create_study(actor=who, controller=Controller.objects.create(name="Bench"), name="Bench", context="lab_research")
rows = [participants.NewParticipant(code=f"P-{n:04}") for n in range(%d)]
participants.add_participants(actor=who, study=study, rows=rows)
print(study.pk, tokens.create(user=who, name="bench")[1])
"""


def bodies(study: str, rows: int, rounds: int) -> list[bytes]:
    return [
        json.dumps(
            {"study": study, "rows": [_row(f"R{turn}-{at:05}", f"P-{at % PEOPLE:04}") for at in range(rows)]}
        ).encode()
        for turn in range(rounds)
    ]


def _row(code: str, participant: str) -> dict:
    appears = [{"participant": participant, "role": "target"}]
    return {
        "code": code,
        "session": "S1",
        "tracks": [{"modality": "audio", "name": "microphone", "appearances": appears, "duration_us": 8_900_000}],
        "items": [{"code": code, "targets": [participant], "end_us": 8_900_000}],
    }


def main(rows: int = 10_000, rounds: int = 5) -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        port = _free_port()
        place = Path(folder)
        (place / "data" / "keys").mkdir(parents=True, mode=0o700)
        environment = os.environ | {
            "CONCORD_DATA": str(place / "data"), "CONCORD_LEDGER": str(place / "ledger"), "DJANGO_SETTINGS_MODULE": "config.settings",
            "PORT": str(port), "LOG_LEVEL": "WARNING", "DATABASE_URL": "", "KEYS_DATABASE_URL": "", "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        for name in ("DATABASE_URL", "KEYS_DATABASE_URL", "DATABASE_OWNER_URL"):
            environment.pop(name, None)
        for database in ("default", "keys"):
            _run(environment, "manage.py", "migrate", "-v0", "--database", database)
        study, secret = _run(environment, "-c", SETUP % PEOPLE).split()[-2:]
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "config.wsgi:application", "-b", f"127.0.0.1:{port}", "-w", "1", "--threads", "2", "--timeout", "120"],
            cwd=ROOT, env=environment,
        )  # fmt: skip
        try:
            _wait(port)
            return [_send(port, secret, body, rows) for body in bodies(study, rows, rounds)]
        finally:
            server.terminate()
            server.wait()


def _send(port: int, secret: str, body: bytes, rows: int) -> float:
    connection = HTTPConnection("127.0.0.1", port)
    began = time.perf_counter()
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    connection.request("POST", "/api/v1/recordings/bulk", body, headers)
    answer = connection.getresponse()
    made = answer.read()
    seconds = time.perf_counter() - began
    connection.close()
    assert answer.status == 201, made[:500]
    assert len(json.loads(made)["rows"]) == rows
    return rows / seconds


def _run(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return asked.getsockname()[1]


def _wait(port: int) -> None:
    for _attempt in range(300):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("The server did not start.")


if __name__ == "__main__":
    found = main(*(int(one) for one in sys.argv[1:3]))
    for speed in found:
        print(f"{speed:,.0f} rows a second")
    print(f"best {max(found):,.0f}; {bars.load()}")
    median = sorted(found)[len(found) // 2]
    bars.judge(
        "recordings with items created, a second, median",
        median,
        15_000,
        "",
        least=True,
        peers="Label Studio 5,300 bare rows",
    )
    sys.exit(bars.ended())
