"""Many annotators at once, and a web process that is killed: real processes, a real database in a folder of its own."""

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import time
from threading import Thread
from uuid import uuid4

import pytest

from tests.labeling import real
from tests.web_server import web_server


class House:
    """A data folder, and scripts run in it."""

    def __init__(self, data):
        drop = ("DATABASE_URL", "KEYS_DATABASE_URL", "CONCORD_LEDGER", "CONCORD_KEYS")
        kept = {name: value for name, value in os.environ.items() if name not in drop}
        self.env = {**kept, "CONCORD_DATA": str(data), "SECRET_KEY": "k" * 50}

    def start(self, *words):
        argv = [sys.executable, real.__file__, *words]
        return subprocess.Popen(argv, env=self.env, cwd=real.ROOT, stdout=subprocess.PIPE, text=True)

    def run(self, *words):
        return told(self.start(*words))


def told(process):
    out, _nothing = process.communicate(timeout=300)
    assert process.returncode == 0
    return json.loads(out.splitlines()[-1])


@pytest.mark.parametrize(("annotators", "items"), [(8, 40), pytest.param(50, 60, marks=pytest.mark.long)])
def test_many_at_once_do_everything_once_and_nothing_too_often(own_data, annotators, items):
    house = House(own_data)
    made = house.run("make", str(items), "3", str(annotators))
    half = annotators // 2
    crews = [house.start("work", made["campaign"], *users) for users in (made["users"][:half], made["users"][half:])]
    results = [told(crew) for crew in crews]
    assert [one["errors"] for one in results] == [[], []]
    assert sum(one["done"] for one in results) == 3 * items
    stored = house.run("count", made["campaign"])
    assert (stored["over"], stored["complete"]) == (0, items)
    assert (len(stored["annotations"]), stored["answers"], stored["audited"]) == (3 * items, 6 * items, 3 * items)


def post(connection, path, cookie, body):
    headers = {
        "Cookie": cookie,
        "X-CSRFToken": "t" * 32,
        "Content-Type": "application/json",
        "Accept": "application/json",
    }
    connection.request("POST", path, json.dumps(body), headers)
    response = connection.getresponse()
    return response.status, json.loads(response.read() or b"{}")


def submit(port, cookie, made, acknowledged, sent, *, until):
    """Label until the server is gone; remember what it acknowledged and what was sent last."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    while time.monotonic() < until:
        status, lease = post(connection, "/api/v1/assignments/next", cookie, {"campaign": made["campaign"]})
        assert status == 200, lease
        body = {"assignment": lease["id"], "client_id": str(uuid4()), "answers": made["answers"]}
        sent.append(body)
        status, stored = post(connection, "/api/v1/annotations", cookie, body)
        assert status == 201, stored
        acknowledged.append(stored["id"])


def kill_after(process, acknowledged, n):
    until = time.monotonic() + 100
    while len(acknowledged) < n and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(random.uniform(0, 0.05))
    os.killpg(process.pid, signal.SIGKILL)


def test_a_killed_web_process_loses_no_acknowledged_answer(own_data):
    house = House(own_data)
    made = house.run("make", "400", "1", "1")
    cookie = house.run("session", made["users"][0])["cookie"]
    acknowledged, sent = [], []
    with web_server(house.env) as (port, process):
        # In the middle of the work, at no moment in particular: after twenty answers and a little.
        killer = Thread(target=kill_after, args=(process, acknowledged, 20))
        killer.start()
        with pytest.raises((OSError, http.client.HTTPException)):
            submit(port, cookie, made, acknowledged, sent, until=time.monotonic() + 120)
        killer.join(10)
    assert len(acknowledged) >= 20
    stored = house.run("count", made["campaign"])
    assert stored["sound"] == "ok"
    assert set(acknowledged) <= set(stored["annotations"])
    assert stored["answers"] == 2 * len(stored["annotations"])
    assert stored["audited"] == len(stored["annotations"])
    with web_server(house.env) as (port, _process):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        for body in sent[-3:]:  # the browser sends again what it is not sure of, and a little more
            assert post(connection, "/api/v1/annotations", cookie, body)[0] in (200, 201)
    again = house.run("count", made["campaign"])
    assert len(set(again["client_ids"])) == len(again["client_ids"]) == len(sent)
