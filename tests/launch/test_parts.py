"""The broker's socket, the test PostgreSQL, the lanes of a test run, and the container files."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg
import pytest
import yaml

from launch import broker, test
from launch.postgres import OWNER, RUNTIME, Cluster
from launch.results import Outcome

CHECKOUT = Path(broker.__file__).resolve().parent.parent
ENVIRONMENT = Path(sys.prefix)


# broker


@pytest.mark.parametrize("folder", ["data", "a folder with spaces", "deep/" * 40 + "down", "größe", "50%"])
def test_the_broker_answers_on_its_socket_wherever_the_data_are(tmp_path, folder):
    made = broker.Broker(tmp_path / folder, broker.binary_in(ENVIRONMENT))
    assert broker.fits(made.socket)
    with subprocess.Popen([str(word) for word in made.argv()], stdout=subprocess.DEVNULL) as server:
        try:
            until = time.monotonic() + 10
            while not made.ready() and time.monotonic() < until:
                time.sleep(0.02)
            with socket.socket(socket.AF_UNIX) as line:
                line.connect(str(made.socket))
                line.sendall(b"PING\r\n")
                assert line.recv(16) == b"+PONG\r\n"
            assert stat.S_IMODE(made.socket.parent.stat().st_mode) == 0o700
            assert (made.folder / "appendonlydir").is_dir()  # the messages stay with the data
        finally:
            server.send_signal(signal.SIGTERM)
    made.clear()
    assert not made.socket.exists()


# PostgreSQL


@pytest.fixture(scope="module")
def cluster():
    with Cluster(ENVIRONMENT, durable=True) as made:
        yield made


def test_the_owner_makes_tables_and_the_runtime_role_only_works_with_rows(cluster):
    urls = cluster.create("rights")
    with psycopg.connect(urls["owner"], autocommit=True) as owner:
        owner.execute("CREATE TABLE thing (id bigserial PRIMARY KEY, note text)")
    with psycopg.connect(urls["runtime"], autocommit=True) as runtime:
        runtime.execute("INSERT INTO thing (note) VALUES ('a')")
        runtime.execute("UPDATE thing SET note = 'b'")
        assert runtime.execute("SELECT note FROM thing").fetchall() == [("b",)]
        for statement in (
            "CREATE TABLE other (id int)",
            "DROP TABLE thing",
            "ALTER TABLE thing ADD x int",
            "TRUNCATE thing",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                runtime.execute(statement)


def test_a_crash_loses_no_committed_row(cluster):
    urls = cluster.create("crash")
    with psycopg.connect(urls["owner"], autocommit=True) as owner:
        owner.execute("CREATE TABLE kept (id int)")
        owner.execute("INSERT INTO kept SELECT generate_series(1, 500)")
    cluster.stop(signal.SIGKILL)
    cluster.start()
    with psycopg.connect(urls["runtime"]) as runtime:
        assert runtime.execute("SELECT count(*) FROM kept").fetchone() == (500,)


def test_it_listens_on_no_network_and_not_as_root(cluster):
    assert cluster.sql("SHOW listen_addresses").strip() == ""
    owner = Path(f"/proc/{cluster.process.pid}").stat().st_uid
    assert owner != 0
    assert {OWNER, RUNTIME} <= set(cluster.sql("SELECT rolname FROM pg_roles").split())


def test_nothing_is_left_when_it_is_no_longer_needed():
    with Cluster(ENVIRONMENT) as made:
        folder, process = made.folder, made.process.pid
    assert not folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


# the lanes


def test_lanes_run_side_by_side_and_what_comes_after_waits_for_both():
    order, others_done = [], threading.Event()

    def note(name, *, wait=False, last=False):
        def task():
            assert not wait or others_done.wait(60)
            order.append(name)
            if last:
                others_done.set()

        return task

    test.go([[note("slow", wait=True)], [note("quick"), note("next", last=True)]], [note("after")])
    assert order == ["quick", "next", "slow", "after"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_told_to_end_ends_its_parts(tmp_path, number):
    code = (
        "import sys; from pathlib import Path; from launch import test; from launch.place import Place\n"
        "here, env = Path.cwd(), Path(sys.prefix)\n"
        "part = test.Part('endless', [sys.executable, '-c', sys.argv[1], sys.argv[2]])\n"
        "where = Place(here, Path(sys.argv[2]) / 'data', Path(sys.argv[2]) / 'ledger', env, None)\n"
        "test.together(where, lambda run: test.go([[lambda: run.do(part)]], []))\n"
    )
    endless = (
        "import os, pathlib, sys, time; pathlib.Path(sys.argv[1], 'pid').write_text(str(os.getpid())); time.sleep(600)"
    )
    argv = [sys.executable, "-c", code, endless, tmp_path]
    with subprocess.Popen(argv, cwd=CHECKOUT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        until = time.monotonic() + 60
        while not (told := tmp_path / "pid").exists() or not told.read_text():
            assert run.poll() is None
            assert time.monotonic() < until
            time.sleep(0.02)
        run.send_signal(number)
        assert run.wait(60) != 0
    with pytest.raises(ProcessLookupError):
        os.kill(int(told.read_text()), 0)


def test_a_fault_in_a_lane_is_not_swallowed():
    def fault():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        test.go([[fault]], [])


def test_the_last_line_is_the_sum_and_the_exit_code_tells_it(capsys):
    assert test.close([Outcome("a", passed=2), Outcome("b", passed=1)], 3.0) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "3 passed, 0 failed"
    assert test.close([Outcome("a", passed=2), Outcome("b", failed=1, output="what went wrong")], 3.0) == 1
    said = capsys.readouterr().out
    assert "what went wrong" in said
    assert said.splitlines()[-1] == "2 passed, 1 failed"
    assert test.close([], 0.0) == 1


# the container


def test_the_dockerfile_has_no_lint():
    ran = subprocess.run(
        [ENVIRONMENT / "bin" / "hadolint", CHECKOUT / "docker" / "Dockerfile"], capture_output=True, text=True
    )
    assert (ran.returncode, ran.stdout) == (0, "")


def test_the_compose_file_holds_every_part_and_gives_the_owner_only_to_set_up():
    services = yaml.safe_load((CHECKOUT / "docker" / "compose.yaml").read_text())["services"]
    assert set(services) == {"setup", "web", "worker", "scheduler", "postgres", "valkey", "nginx"}
    knowing = {name for name, service in services.items() if "owner.env" in str(service.get("env_file"))}
    assert knowing == {"setup", "postgres"}
    for name in ("setup", "web", "worker", "scheduler"):
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]
    assert [name for name, service in services.items() if "ports" in service] == ["nginx"]


@pytest.mark.long
@pytest.mark.own_database
def test_the_set_up_of_the_compose_file_makes_what_the_image_then_serves(tmp_path):
    """The very words of both files, on SQLite and without a container around them."""
    services = yaml.safe_load((CHECKOUT / "docker" / "compose.yaml").read_text())["services"]
    dockerfile = (CHECKOUT / "docker" / "Dockerfile").read_text()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    foreign = ("DATABASE_", "KEYS_DATABASE_", "CONCORD_", "SECRET_KEY")
    env = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    env |= {"PATH": f"{ENVIRONMENT / 'bin'}:{os.environ['PATH']}", "CONCORD_DATA": str(tmp_path / "data"), "PORT": port}
    shell = [word.replace("$$", "$") for word in services["setup"]["command"]]
    ran = subprocess.run(shell, cwd=CHECKOUT, env=env, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert (tmp_path / "data" / "models" / "installed.json").is_file()
    web, health = (json.loads(words) for words in re.findall(r"\bCMD (\[.*\])", dockerfile)[::-1])
    web = [word.replace("0.0.0.0:8000", f"127.0.0.1:{port}") for word in web]
    with subprocess.Popen(web, cwd=CHECKOUT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            until = time.monotonic() + 120
            while subprocess.run(health, cwd=CHECKOUT, env=env).returncode:
                assert server.poll() is None
                assert time.monotonic() < until
                time.sleep(0.2)
        finally:
            server.terminate()


@pytest.mark.parametrize(
    ("address", "passes"),
    [
        ("/api/v1/tracks/01890a5d-ac96-774b-bcce-b302099a8057/original", True),
        ("/api/v1/exhibits/01890a5d-ac96-774b-bcce-b302099a8057/original", True),
        ("/studies/1/recordings/new/", True),
        ("/studies/1/recordings/2/tracks/3/file/", True),
        ("/api/v1/recordings/bulk", False),
        ("/api/v1/annotations", False),
        ("/label/1/2/submit/", False),
        ("/studies/1/recordings/2/", False),
        ("/accounts/login/", False),
    ],
)
def test_nginx_lets_files_through_and_reads_everything_else_whole_first(address, passes):
    conf = (CHECKOUT / "docker" / "nginx.conf").read_text()
    ((pattern, body),) = re.findall(r"location ~ (\S+) \{(.*?)\}", conf, re.DOTALL)
    assert "proxy_request_buffering off" in body
    assert conf.count("proxy_request_buffering off") == 1
    assert bool(re.search(pattern, address)) is passes
    (temporary,) = re.findall(r"client_body_temp_path (\S+);", conf)
    services = yaml.safe_load((CHECKOUT / "docker" / "compose.yaml").read_text())["services"]
    assert services["nginx"]["tmpfs"] == [temporary]


def test_what_the_compose_file_mounts_exists():
    services = yaml.safe_load((CHECKOUT / "docker" / "compose.yaml").read_text())["services"]
    mounts = [volume.split(":")[0] for service in services.values() for volume in service.get("volumes", [])]
    files = [name for name in mounts if name.startswith("./")]
    assert files
    assert all((CHECKOUT / "docker" / name).is_file() for name in files)


def test_no_password_and_no_data_go_into_the_image():
    left_out = (CHECKOUT / ".dockerignore").read_text().split()
    assert {".git", ".data*", "bundle", "docker/*.env"} <= set(left_out)
    assert left_out.index("!docker/*example.env") > left_out.index("docker/*.env")


def test_the_makefile_offers_every_command():
    from launch.commands import COMMANDS

    rule = (CHECKOUT / "Makefile").read_text().splitlines()
    phony = next(line for line in rule if line.startswith(".PHONY:")).split()[1:]
    assert set(phony) == {"help", *COMMANDS}
