"""Jobs with a real broker and real worker processes: run, cancelled, taken over from a worker killed with -9."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
START = """
import sys, json, django; django.setup()
import counting
from core import jobs
from core.models import Job
act = sys.argv[1]
if act == "start":
    print(jobs.start("core.counting", actor=None, **json.loads(sys.argv[2])).pk)
elif act == "cancel":
    jobs.cancel(Job.objects.get(pk=sys.argv[2]), None)
elif act == "sweep":
    print(json.dumps(jobs.sweep()))
else:
    job = Job.objects.get(pk=sys.argv[2])
    from core.models import AuditEvent
    verbs = list(AuditEvent.objects.filter(target_id=str(job.pk)).order_by("seq").values_list("verb", "outcome"))
    print(json.dumps({"state": job.state, "attempt": job.attempt, "done": job.done, "result": job.result,
                      "code": job.error_code, "verbs": verbs}))
"""


class House:
    """Workers and the acts of a web process, over one database and one broker."""

    def __init__(self, env: dict, folder: Path) -> None:
        self.env, self.folder, self.workers = env, folder, []

    def act(self, *words: str) -> str:
        ran = subprocess.run(
            [sys.executable, "-c", START, *words], env=self.env, capture_output=True, text=True, cwd=ROOT
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.strip()

    def start(self, steps: int, pause: float) -> str:
        return self.act("start", json.dumps({"folder": str(self.folder), "steps": steps, "pause": pause}))

    def worker(self) -> subprocess.Popen:
        argv = [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "config",
            "worker",
            "-P",
            "solo",
            "-l",
            "WARNING",
            "-I",
            "counting",
        ]
        process = subprocess.Popen(argv, env=self.env, cwd=ROOT, start_new_session=True)
        self.workers.append(process)
        return process

    def row(self, job: str) -> dict:
        return json.loads(self.act("show", job))

    def steps(self) -> list[str]:
        path = self.folder / "steps"
        return path.read_text().split() if path.exists() else []

    def until(self, reached, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not reached():
            assert time.monotonic() < end, "it did not come to that in time"
            time.sleep(0.2)


@pytest.fixture
def house(outside, broker, tmp_path):
    here = str(Path(__file__).parent)
    env = outside | {
        "BROKER_URL": broker.url,
        "JOB_STALE_SECONDS": "2",
        "PYTHONPATH": os.pathsep.join([here, *filter(None, [outside.get("PYTHONPATH")])]),
    }
    house = House(env, tmp_path)
    yield house
    for process in house.workers:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_a_job_runs_in_a_worker_and_its_events_are_written(house):
    house.worker()
    job = house.start(3, 0.05)
    house.until(lambda: house.row(job)["state"] == "done")
    row = house.row(job)
    assert (row["attempt"], row["done"], row["result"]) == (1, 3, {"steps": 3})
    assert row["verbs"] == [["core.job.started", "done"], ["core.job.ended", "done"]]
    assert house.steps() == ["1:0", "1:1", "1:2"]


def test_the_job_of_a_worker_killed_with_9_is_taken_over_and_ends_right(house):
    first = house.worker()
    job = house.start(6, 0.5)
    house.until(lambda: len(house.steps()) >= 2)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    assert house.row(job)["state"] == "running"
    house.worker()
    time.sleep(2.5)
    house.act("sweep")
    house.until(lambda: house.row(job)["state"] == "done")
    row = house.row(job)
    assert (row["attempt"], row["result"]) == (2, {"steps": 6})
    assert [step for step in house.steps() if step.startswith("2:")] == [f"2:{step}" for step in range(6)]
    assert row["verbs"] == [["core.job.started", "done"], ["core.job.ended", "done"]]


def test_a_running_job_is_cancelled_at_its_next_step(house):
    house.worker()
    job = house.start(400, 0.1)
    house.until(lambda: len(house.steps()) >= 2)
    house.act("cancel", job)
    house.until(lambda: house.row(job)["state"] == "cancelled", 15)
    assert len(house.steps()) < 200
    assert house.row(job)["verbs"][-1] == ["core.job.ended", "cancelled"]


def test_a_job_started_while_the_broker_is_down_waits_and_the_sweep_sends_it(house):
    there = house.env["BROKER_URL"]
    house.env["BROKER_URL"] = there + ".not-there"
    job = house.start(2, 0.01)
    assert house.row(job)["state"] == "queued"
    house.env["BROKER_URL"] = there
    house.worker()
    code = (
        "import django; django.setup(); from core.models import Job; from django.utils import timezone; import datetime;"
        "Job.objects.update(sent_at=timezone.now() - datetime.timedelta(seconds=31))"
    )
    subprocess.run([sys.executable, "-c", code], env=house.env, check=True, cwd=ROOT)
    assert json.loads(house.act("sweep"))["sent"] == 1
    house.until(lambda: house.row(job)["state"] == "done")
