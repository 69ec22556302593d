"""Parts of the installation killed with -9 while somebody works: the web process, the broker, the database's server."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import pytest

from launch import broker as launch_broker
from tests.conftest import ROOT
from tests.labeling import real
from tests.labeling.test_real import kill_after, post, submit
from tests.web_server import web_server


def script(house, *words):
    ran = subprocess.run(
        [sys.executable, real.__file__, *words], env=house.env, cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])


def test_a_killed_web_process_loses_no_acknowledged_answer_on_either_database(house):
    made = script(house, "make", "200", "1", "1")
    cookie = script(house, "session", made["users"][0])["cookie"]
    acknowledged, sent = [], []
    with web_server(house.env) as (port, process):
        killer = Thread(target=kill_after, args=(process, acknowledged, 15))
        killer.start()
        with pytest.raises((OSError, http.client.HTTPException)):
            submit(port, cookie, made, acknowledged, sent, until=time.monotonic() + 120)
        killer.join(10)
    stored = script(house, "count", made["campaign"])
    assert len(acknowledged) >= 15
    assert set(acknowledged) <= set(stored["annotations"])
    assert stored["answers"] == 2 * len(stored["annotations"])
    assert stored["audited"] == len(stored["annotations"])
    with web_server(house.env) as (port, _process):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        for body in sent[-3:]:
            assert post(connection, "/api/v1/annotations", cookie, body)[0] in (200, 201)
    again = script(house, "count", made["campaign"])
    assert len(set(again["client_ids"])) == len(again["client_ids"]) == len(sent)


def test_a_job_outlives_a_broker_that_is_killed(house, tmp_path):
    """The message is lost with the broker; the row is not: the sweep sends it to the broker that comes back."""
    lent = launch_broker.Broker(tmp_path, launch_broker.binary_in(Path(sys.prefix)))
    house.env["BROKER_URL"] = lent.url
    first = started(lent)
    job = house.run("make", "publish")["job"]
    first.kill()
    first.wait(10)
    lent.clear()
    second = started(lent)
    argv = [sys.executable, "-m", "celery", "-A", "config", "worker", "-P", "solo", "-l", "WARNING"]
    worker = subprocess.Popen(argv, env=house.env, cwd=ROOT, start_new_session=True)
    try:
        assert house.run("resend", job)["sent"] >= 1
        until = time.monotonic() + 90
        while (state := house.run("state", job)["state"]) in ("queued", "running"):
            assert time.monotonic() < until, state
            time.sleep(1)
        assert state == "done"
    finally:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait(10)
        second.terminate()
        second.wait(10)


def started(lent):
    process = subprocess.Popen(lent.argv(), stdout=subprocess.DEVNULL)
    until = time.monotonic() + 20
    while not lent.ready():
        assert time.monotonic() < until, "the broker did not start"
        time.sleep(0.05)
    return process
