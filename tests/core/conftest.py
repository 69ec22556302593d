"""A database that other processes reach too, a broker, workers: the real parts, for the tests of core."""

import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection

from launch import broker as launch_broker
from tests.conftest import copied


@pytest.fixture
def outside(tmp_path, transactional_db, prepared) -> dict[str, str]:
    """The environment for other processes: this test's PostgreSQL database, or a SQLite file of its own, migrated."""
    env = dict(os.environ) | {
        "CONCORD_DATA": str(tmp_path / "outside"),
        "CONCORD_LEDGER": str(tmp_path / "outside-ledger"),
        "SECRET_KEY": "for this test alone",
    }
    if connection.vendor == "postgresql":
        at = connection.settings_dict
        who = f"{quote(at['USER'])}:{quote(at['PASSWORD'] or '')}"
        env["DATABASE_URL"] = f"postgresql://{who}@/{at['NAME']}?host={quote(at['HOST'], safe='')}"
        if at["PORT"]:
            env["DATABASE_URL"] = f"postgresql://{who}@:{at['PORT']}/{at['NAME']}?host={quote(at['HOST'], safe='')}"
    else:
        copied(prepared, tmp_path / "outside")
        env.pop("DATABASE_URL", None)
    return env


@pytest.fixture
def broker(tmp_path):
    """A broker of this test's own, on a socket."""
    lent = launch_broker.Broker(tmp_path, launch_broker.binary_in(Path(sys.prefix)))
    server = subprocess.Popen(lent.argv(), stdout=subprocess.DEVNULL)
    until = time.monotonic() + 10
    while not lent.ready():
        assert time.monotonic() < until, "the broker did not start"
        time.sleep(0.02)
    yield lent
    server.terminate()
    server.wait(10)
    lent.clear()
