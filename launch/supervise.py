"""An installation in the foreground: broker, web server, worker and scheduler under one roof.

One loop looks after the children four times a second. A child that dies is said and started again, each time a little
later. Ctrl-C and SIGTERM end everything in order — first what takes work in, last the broker — and a second
Ctrl-C ends it at once. A lock on the data folder keeps a second supervisor away from the same data.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from launch import children, environment, place, prepare, say, web
from launch.broker import Broker, binary_in
from launch.children import Child
from launch.health import answers
from launch.place import Place
from launch.say import Stop

GRACE = 8.0  # seconds for web, worker and scheduler to end by themselves; a job cut off is taken over at the next start
START = 90.0  # seconds within which the first page must answer
HOPELESS = 4  # deaths of the web server before the first page: then it is not going to come


class Interrupted(Exception):
    """Ctrl-C or SIGTERM came."""


class Lock:
    """The data folder is ours while this is held; the kernel lets go of it however we end."""

    def __init__(self, data: Path) -> None:
        self._file = (data / "supervisor.lock").open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.seek(0)
            holder = self._file.read().strip() or "unknown"
            self._file.close()
            raise Stop(
                f"Concord is running on {data} already (process {holder}). Stop that one, or name other data."
            ) from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        self._file.truncate(0)
        self._file.close()


def address(environ: dict[str, str]) -> tuple[str, int]:
    """HOST and PORT, refused by name when they make no sense."""
    port = environ.get("PORT", "").strip() or "8000"
    if not port.isdigit() or not 1 <= int(port) <= 65535:
        raise Stop(f"PORT is {port!r}; it takes a whole number from 1 to 65535.")
    return environ.get("HOST", "").strip() or "127.0.0.1", int(port)


def check_port(host: str, port: int) -> None:
    """Raise Stop with a sentence when nobody can listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as why:
            raise Stop(
                f"Port {port} on {host} cannot be used ({why.strerror}). Take another one: make demo PORT=8001"
            ) from None


def base_url(host: str, port: int) -> str:
    """The address a person on this machine types.

    >>> base_url("0.0.0.0", 8000), base_url("::1", 8001)
    ('http://127.0.0.1:8000', 'http://[::1]:8001')
    """
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


class Supervisor:
    """Everything one installation runs, from the first look at the port to the last child's end."""

    def __init__(self, where: Place, *, demo: bool) -> None:
        self.where, self.demo = where, demo
        self.env = environment.variables(where)
        self.host, self.port = address(self.env)
        self.url = base_url(self.host, self.port)
        self.broker: Broker | None = None
        self.children: list[Child] = []
        self._asked = 0  # how often we were told to stop
        self._undisturbed = 0  # how deep we are in what must not be broken off

    def run(self) -> int:
        """Start, look after and stop everything. Returns the exit code; raises Stop for what a person can set right."""
        os.umask(0o077)  # what our programs write is for us alone
        place.claim(self.where.data)
        place.claim(self.where.ledger)
        lock = Lock(self.where.data)
        try:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, self._on_signal)
            children.adopt_orphans()
            check_port(self.host, self.port)
            self._start()
            self._watch()
        except Interrupted:
            pass
        finally:
            self._stop()
            lock.release()
        return 0

    def _on_signal(self, number: int, _frame: object) -> None:
        self._asked += 1
        if self._asked == 1 and not self._undisturbed:
            raise Interrupted

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """What must not be broken off in the middle: a stop that is asked for meanwhile comes at its end.

        An exception out of a signal handler strikes anywhere, also where `subprocess` has just taken a child's lock and has
        not come to the line that will give it back; waiting for that child then never ends.
        """
        self._undisturbed += 1
        try:
            yield
        finally:
            self._undisturbed -= 1
        if self._asked and not self._undisturbed:
            raise Interrupted

    # starting ---------------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        if self.demo:
            self.env["CONCORD_DEMO"] = "1"
        self._start_broker()
        done = prepare.Prepared(self.where.data)
        prepare.signing_key(self.where, self.env)
        prepare.tables(self.where, self.env, done)
        prepare.static_files(self.where, self.env, done)
        if self.demo:
            prepare.demo_data(self.where, self.env, done)
        # Alone at first: the first page is what a person waits for, and only the web server knows whether the data may be used.
        self._await_first_page(self._add("web", *self._web()))
        self._add("worker", *self._worker(), niceness=5)  # people at the pages come first
        beat = self.where.data / "beat"
        beat.mkdir(mode=0o700, exist_ok=True)
        self._add("scheduler", self._bin("celery"), "-A", "config", "beat", "-s", beat / "schedule", "--pidfile=")
        self._after_first_page()

    def _start_broker(self) -> None:
        if self.env.get("BROKER_URL"):
            return
        self.broker = Broker(self.where.data, binary_in(self.where.environment))
        self.broker.socket.unlink(missing_ok=True)
        self.env["BROKER_URL"] = self.broker.url
        child = self._add("broker", *self.broker.argv())
        until = time.monotonic() + 15
        while not self.broker.ready():
            with self.undisturbed():
                running = child.running
            if not running or time.monotonic() > until:
                raise Stop(f"{child.tail()}\nThe broker did not start; the lines above tell why.")
            time.sleep(0.02)

    def _bin(self, name: str) -> Path:
        return self.where.environment / "bin" / name

    def _add(self, name: str, *argv: str | Path, niceness: int = 0, once: bool = False, echo: bool = False) -> Child:
        log = self.where.logs / f"{name}.log"
        child = Child(name, argv, self.env, self.where.checkout, log, niceness=niceness, once=once, echo=echo)
        with self.undisturbed():
            self.children.append(child)
            child.start()
        return child

    def _web(self) -> list[str | Path]:
        """One process by default: its threads wait on media and disk, and SQLite has one writer anyway."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return [
            self._bin("gunicorn"), "config.wsgi", "--worker-class", "gthread", "--bind", f"{host}:{self.port}",
            "--workers", self.env.get("WEB_WORKERS") or "1", "--threads", self.env.get("WEB_THREADS") or "8",
            "--config", Path(web.__file__), "--graceful-timeout", "5", "--no-control-socket",
        ]  # fmt: skip

    def _worker(self) -> list[str | Path]:
        processes = self.env.get("WORKER_PROCESSES") or str(min(2, os.cpu_count() or 1))
        return [
            self._bin("celery"), "-A", "config", "worker", "--prefetch-multiplier", "1", "--concurrency", processes,
            "--without-gossip", "--without-mingle", "--loglevel", "INFO",
        ]  # fmt: skip

    def _await_first_page(self, server: Child) -> None:
        with say.step("web", f"waiting for {self.url}"):
            until = time.monotonic() + START
            while not answers(self.url, self.env.get("PUBLIC_URL", "")):
                with self.undisturbed():
                    hopeless = not server.running and server.process.returncode == web.FAILED
                if hopeless or server.deaths >= HOPELESS or time.monotonic() > until:
                    raise Stop(f"{server.tail()}\nThe web server does not answer. Its whole log: {server.log}")
                self._look_after()
                time.sleep(0.05)

    def _after_first_page(self) -> None:
        say.plain(f"\n    Concord is at {self.url}\n    Ctrl-C stops it; its data stay in {self.where.data}\n")
        if self.demo:
            prepare.manage(self.where, self.env, "demo_accounts", show="accounts")
        if (self.where.checkout / "inference" / "fetch.py").exists():
            models = self.env.get("CONCORD_MODELS") or str(self.where.data / "models")
            fetch = [self.where.python, "-m", "inference.fetch", "--to", models]
            if self.where.bundle is not None:
                fetch += ["--from", str(self.where.bundle / "models")]
            self._add("models", *fetch, once=True, echo=True, niceness=5)

    # looking after ----------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        while True:
            self._look_after()
            time.sleep(0.25)

    def _look_after(self) -> None:
        with self.undisturbed():
            for child in list(self.children):
                self._look_at(child)
            children.reap_orphans({child.process.pid for child in self.children if child.process})

    def _look_at(self, child: Child) -> None:
        if child.echo:
            for text in child.new_lines():
                say.line(child.name, text)
        if child.running:
            return
        if child.once:
            self._finished(child)
        elif child.again_at is None:
            self._died(child)
        elif time.monotonic() >= child.again_at:
            child.start()
            say.line(child.name, "started again")

    def _finished(self, child: Child) -> None:
        self.children.remove(child)
        code = child.process.returncode
        if code == 0:
            say.line(child.name, f"done in {time.monotonic() - child.started:.1f} s")
        else:
            say.line(
                child.name, f"failed (exit code {code}); everything else works. It is tried again at the next start."
            )

    def _died(self, child: Child) -> None:
        code = child.process.returncode
        how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        wait = child.died()
        say.line(child.name, f"ended {how}; starting it again in {wait} s. Its log: {child.log}")
        if code > 0:
            say.plain(child.tail())

    # stopping ---------------------------------------------------------------------------------------------------------

    def _stop(self) -> None:
        """End everything in order. A Ctrl-C from here on means: at once."""
        self._asked = max(self._asked, 1)
        asked = self._asked
        began = time.monotonic()
        if self.children:
            say.plain()
            say.line("stopping", "web server, worker and scheduler first, then the broker")
        last = [child for child in self.children if child.name == "broker"]
        first = [child for child in self.children if child.name != "broker"]
        forced = children.stop(first, GRACE, lambda: self._asked > asked)
        forced += children.stop(last, 3.0, lambda: self._asked > asked)
        children.end_orphans(set())
        if self.broker:
            self.broker.clear()
        if forced:
            say.line("stopping", f"had to be ended by force: {', '.join(forced)}")
        if self.children:
            say.line("stopping", f"everything has stopped ({time.monotonic() - began:.1f} s)")
