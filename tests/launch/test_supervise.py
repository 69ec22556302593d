"""The supervisor on a stand-in project: it starts, looks after and stops real programs."""

import os
import signal
import socket
import stat
import time
from pathlib import Path

import pytest

from launch import children, supervise
from launch.say import Stop


def wait_for(condition, seconds=40.0):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


def in_session_of(data: Path) -> list[int]:
    """Processes that carry the data folder in their environment: everything the supervisor started."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"CONCORD_DATA={data}".encode() in entry.read_bytes().split(b"\0"):
                found.append(int(entry.parent.name))
        except OSError:  # it ended meanwhile
            continue
    return found


def parent_is_gunicorn(pid: int) -> bool:
    """Whether a process is one that answers: gunicorn's, started by gunicorn."""
    try:
        parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]
        lines = [Path(f"/proc/{one}/cmdline").read_bytes() for one in (pid, parent)]
    except OSError:  # it ended meanwhile
        return False
    return all(b"gunicorn" in line for line in lines)


def up(process, port):
    assert process.poll() is None, process.said()
    return supervise.answers(f"http://127.0.0.1:{port}") and "ana@example.org" in process.said()


def test_ctrl_c_ends_every_process_and_frees_the_port(supervised, place, port):
    process = supervised()
    wait_for(lambda: up(process, port))
    wait_for(lambda: len(in_session_of(place.data)) >= 7)  # web, its worker and helper, worker twice, beat, broker
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    assert in_session_of(place.data) == []
    supervise.check_port("127.0.0.1", port)
    assert "everything has stopped" in process.said()
    assert "force" not in process.said()


def test_sigterm_does_the_same(supervised, place, port):
    process = supervised()
    wait_for(lambda: up(process, port))
    process.terminate()
    assert process.wait(20) == 0
    assert in_session_of(place.data) == []


def test_a_killed_supervisor_takes_its_children_along(supervised, place, port):
    process = supervised()
    wait_for(lambda: up(process, port))
    process.kill()
    process.wait(5)
    wait_for(lambda: len(in_session_of(place.data)) <= 1, 20)  # the helper that left its group has nobody to end it
    for pid in in_session_of(place.data):
        os.kill(pid, signal.SIGKILL)


def test_a_second_supervisor_is_refused_on_the_same_data(supervised, place, port):
    process = supervised()
    wait_for(lambda: up(process, port))
    second = supervised()
    assert second.wait(20) == 1
    assert f"running on {place.data} already (process {process.pid})" in second.said()
    assert up(process, port)


def test_a_web_server_that_died_is_started_again_and_said(supervised, place, port):
    process = supervised()
    wait_for(lambda: up(process, port))
    masters = [pid for pid in in_session_of(place.data) if b"gunicorn" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    for pid in masters:
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: "web          started again" in process.said())
    wait_for(lambda: up(process, port))
    assert "ended by signal 9; starting it again in 1 s" in process.said()


def test_the_second_start_does_nothing_twice_and_keeps_the_data(supervised, place, port):
    for _ in range(2):
        process = supervised()
        wait_for(lambda: up(process, port))  # noqa: B023 - called at once
        process.send_signal(signal.SIGINT)
        process.wait(20)
    calls = (place.data / "calls.txt").read_text().splitlines()
    assert [call.split()[0] for call in calls] == [
        "prepare", "collectstatic", "demo_load", "refused?", "demo_accounts",
        "refused?", "demo_accounts",
    ]  # fmt: skip


def test_a_changed_static_file_is_collected_again(supervised, place, port):
    for text in ("a{}", "b{}"):
        (place.checkout / "static" / "one.css").write_text(text)
        process = supervised()
        wait_for(lambda: up(process, port))  # noqa: B023 - called at once
        process.send_signal(signal.SIGINT)
        process.wait(20)
    calls = (place.data / "calls.txt").read_text()
    assert calls.count("collectstatic") == 2
    assert calls.count("demo_load") == 1


def test_a_stop_comes_at_the_end_of_what_must_not_be_broken_off(place, monkeypatch):
    """Struck while a child is looked at, it could leave that child's lock taken, and the wait for its end went on for ever."""
    supervisor = supervise.Supervisor(place, demo=True)
    before, reached = signal.signal(signal.SIGINT, supervisor._on_signal), []
    try:
        with pytest.raises(supervise.Interrupted), supervisor.undisturbed():
            with supervisor.undisturbed():
                signal.raise_signal(signal.SIGINT)
                reached.append("inside")
            reached.append("the whole of it")
        signal.raise_signal(signal.SIGINT)  # a second one only means: at once
    finally:
        signal.signal(signal.SIGINT, before)
    assert reached == ["inside", "the whole of it"]


def test_a_port_in_use_is_one_sentence_and_starts_nothing(supervised, place, port):
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        process = supervised()
        assert process.wait(20) == 1
    assert f"Port {port} on 127.0.0.1 cannot be used" in process.said()
    assert "Traceback" not in process.said()
    assert in_session_of(place.data) == []


def test_a_web_server_that_never_answers_is_given_up_with_its_own_words(supervised, place, port):
    (place.checkout / "config" / "wsgi.py").write_text("raise RuntimeError('no colour is called that')\n")
    process = supervised()
    assert process.wait(60) == 1
    assert "no colour is called that" in process.said()
    assert "does not answer" in process.said()
    assert in_session_of(place.data) == []


def test_a_failed_migration_stops_the_start_and_shows_why(supervised, place):
    (place.checkout / "manage.py").write_text("import sys; sys.exit('a table is in the way')\n")
    process = supervised()
    assert process.wait(30) == 1
    assert "a table is in the way" in process.said()
    assert in_session_of(place.data) == []


def test_data_older_than_their_ledger_are_not_served(supervised, place, port):
    process = supervised()
    wait_for(lambda: up(process, port))
    process.send_signal(signal.SIGINT)
    process.wait(20)
    (place.data / "refused.txt").write_text("an older backup was put back")
    worked = (place.logs / "worker.log").stat().st_size
    process = supervised()
    assert process.wait(30) == 1
    assert "an older backup was put back" in process.said()
    assert "starting it again" not in process.said()
    assert "Traceback" not in process.said()
    assert (place.logs / "worker.log").stat().st_size == worked  # nothing else had begun to work with them
    assert in_session_of(place.data) == []


def test_a_web_process_in_place_of_one_that_ended_does_not_ask_again(supervised, place, port):
    process = supervised()
    wait_for(lambda: up(process, port))
    asked = (place.data / "calls.txt").read_text().count("refused?")
    (place.data / "refused.txt").write_text("the ledger is one event ahead, as while an erasure commits")
    answering = [pid for pid in in_session_of(place.data) if parent_is_gunicorn(pid)]
    assert len(answering) == 1
    os.kill(answering[0], signal.SIGKILL)
    wait_for(lambda: [pid for pid in in_session_of(place.data) if parent_is_gunicorn(pid)] not in ([], answering))
    wait_for(lambda: up(process, port))
    assert (place.data / "calls.txt").read_text().count("refused?") == asked


def test_the_data_and_the_broker_are_closed_to_others(supervised, place, port):
    process = supervised()
    wait_for(lambda: up(process, port))
    for folder in (place.data, place.data / "broker", place.ledger):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    written = [path for path in place.data.rglob("*") if path.is_file()]
    assert {"calls.txt", "web.log"} <= {path.name for path in written}
    assert [path for path in written if stat.S_IMODE(path.stat().st_mode) & 0o077] == []


@pytest.mark.parametrize("text", ["0", "65536", "eighty", "-1", "8000.0"])
def test_a_port_that_is_no_port_is_refused_by_name(text):
    with pytest.raises(Stop, match="PORT is"):
        supervise.address({"PORT": text})


def test_the_wait_before_a_new_start_grows_and_begins_anew_after_a_steady_minute(tmp_path):
    child = children.Child("sleep", ["sleep", "0"], os.environ, tmp_path, tmp_path / "log")
    child.start()
    assert [child.died() for _ in range(8)] == [1, 2, 4, 8, 16, 30, 30, 30]
    child.started -= children.STEADY + 1
    assert child.died() == 1


def test_a_child_that_will_not_end_is_ended_with_its_helpers(tmp_path):
    stubborn = "trap '' TERM; sleep 600 & echo $!; while :; do sleep 1; done"
    child = children.Child("stubborn", ["sh", "-c", stubborn], os.environ, tmp_path, tmp_path / "log")
    child.start()
    helper = int(wait_for(child.new_lines)[0])
    assert children.stop([child], grace=0.3) == ["stubborn"]
    wait_for(lambda: not Path(f"/proc/{helper}").exists() or "Z" in Path(f"/proc/{helper}/stat").read_text(), 5)
