"""A whole installation on data of its own — web server, worker, scheduler, broker, demo study — and a browser to visit it.

It is the supervisor of `make demo`, run as a program. Started once; the tests that walk through it leave their traces
in it, so a test names what it changes and looks for nothing that another might have changed.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from demo import people

ROOT = Path(__file__).resolve().parents[2]
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip
START = 240
SUPERVISE = (
    "import sys; from pathlib import Path; from launch.place import Place; from launch import say, supervise\n"
    "checkout, data, ledger, environment = map(Path, sys.argv[1:])\n"
    "try: sys.exit(supervise.Supervisor(Place(checkout, data, ledger, environment, None), demo=True).run())\n"
    "except say.Stop as why: sys.exit(str(why))\n"
)
# Answers questions about the data, put as Python, without starting Django for each.
ANSWER = """
import contextlib, io, json, sys, traceback, django
django.setup()
from django.db import connections
for line in sys.stdin:
    said, wrong = io.StringIO(), ""
    try:
        with contextlib.redirect_stdout(said):
            exec(compile(json.loads(line), "<question>", "exec"), {})
    except BaseException:
        wrong = traceback.format_exc()
    connections.close_all()
    print(json.dumps({"said": said.getvalue(), "wrong": wrong}), flush=True)
"""


class Stack:
    """A running installation: where it is, and what its stores hold."""

    def __init__(self, folder: Path) -> None:
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.data, self.ledger, self.log = folder / "data", folder / "data-ledger", folder / "said.txt"
        drop = {"DATABASE_URL", "DATABASE_OWNER_URL", "KEYS_DATABASE_URL", "BROKER_URL", "CONCORD_KEYS", "SECRET_KEY"}
        models = (
            os.environ.get("CONCORD_TEST_MODELS")
            or Path(os.environ.get("CONCORD_DATA", ROOT / ".data")) / "test-models"
        )
        self.env = {name: value for name, value in os.environ.items() if name not in drop} | {
            "CONCORD_DATA": str(self.data), "CONCORD_LEDGER": str(self.ledger), "HOST": "127.0.0.1", "PORT": str(port),
            "PUBLIC_URL": self.url, "CONCORD_MODELS": str(Path(models) / "models"), "WORKER_PROCESSES": "1",
            "DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        self.process: subprocess.Popen | None = None
        self._answers: subprocess.Popen | None = None

    def start(self) -> None:
        argv = [sys.executable, "-c", SUPERVISE, ROOT, self.data, self.ledger, sys.prefix]
        with self.log.open("w") as out:
            self.process = subprocess.Popen(
                [str(word) for word in argv], cwd=ROOT, env=self.env, stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        until = time.monotonic() + START
        while not self._ready():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < until, self.log.read_text()
            time.sleep(0.3)

    def _ready(self) -> bool:
        try:
            return urllib.request.urlopen(f"{self.url}/readyz", timeout=2).status == 200  # noqa: S310 - our own loopback server
        except (OSError, urllib.error.URLError):
            return False

    def stop(self) -> None:
        for process in (self._answers, self.process):
            if process is not None and process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait(5)

    def ask(self, code: str) -> str:
        """What a few lines of Python print, run by the application on this installation's own data."""
        if self._answers is None:
            argv = [sys.executable, "-c", ANSWER]
            env = self.env | {"BROKER_URL": f"redis+socket://{self.data / 'broker' / 'valkey.sock'}"}
            self._answers = subprocess.Popen(
                argv, cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        self._answers.stdin.write(json.dumps(code) + "\n")
        self._answers.stdin.flush()
        reply = json.loads(self._answers.stdout.readline())
        assert not reply["wrong"], reply["wrong"]
        return reply["said"].strip()

    def value(self, expression: str, imports: str = ""):
        """The value of an expression, brought over as JSON."""
        return json.loads(self.ask(f"import json\n{imports}\nprint(json.dumps({expression}, default=str))"))

    def wait_for(self, expression: str, imports: str = "", seconds: float = 60.0):
        """The value of an expression once it is true."""
        until = time.monotonic() + seconds
        while not (found := self.value(expression, imports)):
            assert time.monotonic() < until, f"not within {seconds} s: {expression}"
            time.sleep(0.3)
        return found

    def manage(self, *words: str) -> str:
        argv = [sys.executable, "manage.py", *words]
        ran = subprocess.run(argv, cwd=ROOT, env=self.env, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    # A short path: the broker's socket lies below it.
    with tempfile.TemporaryDirectory(prefix="concord-", ignore_cleanup_errors=True) as folder:
        stack = Stack(Path(folder))
        try:
            stack.start()
            yield stack
        finally:
            stack.stop()


@pytest.fixture(scope="session")
def chrome() -> Iterator[Browser]:
    """The browser that CONCORD_CHROMIUM names, or the installed one."""
    binary = os.environ.get("CONCORD_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    assert binary, "Chromium is missing: install it (apt install chromium) or name one in CONCORD_CHROMIUM."
    with sync_playwright() as play:
        chrome = play.chromium.launch(executable_path=binary, args=FLAGS)
        yield chrome
        chrome.close()


class Watched:
    """What a page did that it must not: script errors, refused scripts and styles, requests to other hosts."""

    def __init__(self, page: Page, home: str) -> None:
        self.wrong: list[str] = []
        page.on("pageerror", lambda error: self.wrong.append(f"script error: {error.message}"))
        page.on("console", self._line)
        page.on("request", lambda request: self._request(request.url, home))

    def _line(self, line) -> None:
        # A status that the test asked for (404 after a stop) is the browser's own line, not the page's.
        if line.type == "error" and not line.text.startswith("Failed to load resource"):
            self.wrong.append(f"console: {line.text}")

    def _request(self, url: str, home: str) -> None:
        if not url.startswith((home, "data:", "blob:", "about:")):
            self.wrong.append(f"request to another host: {url}")


@pytest.fixture
def enter(stack: Stack, chrome: Browser):
    return opener(stack, chrome)


def opener(stack: Stack, chrome: Browser):
    """A function that opens a browser for a member of the demo's cast, signed in by the form: `with enter("ana") as page`."""

    @contextmanager
    def open_for(name: str, **options) -> Iterator[Page]:
        context = chrome.new_context(**({"viewport": {"width": 1280, "height": 900}, "base_url": stack.url} | options))
        page = context.new_page()
        watched = Watched(page, options.get("base_url", stack.url))
        try:
            if name:
                sign_in(page, name)
            yield page
            assert watched.wrong == []
        finally:
            context.close()

    return open_for


def sign_in(page: Page, name: str) -> None:
    page.goto("/accounts/login/")
    page.locator("input[name=login]").fill(f"{name}@demo.example")
    page.locator("input[name=password]").fill(people.PASSWORD)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url(lambda url: "/accounts/login" not in url)
