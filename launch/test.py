"""`make test`: every check there is, two lanes side by side, one result.

Each part runs as a program of its own and is judged by its own report. The browser runs when the rest is over, because
it measures times. The last line printed is the sum of all parts; what failed is shown in full above it.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from launch import children, environment, results, say, tools
from launch.place import Place
from launch.postgres import Cluster
from launch.results import Outcome

LIMIT = 25 * 60  # seconds one part may take
LIMIT_LONG = 75 * 60
PYTHON_TESTS = ("tests", "affect", "launch")
# These do not know which database they run on: the rules of the pure package, and our own start and stop.
WITHOUT_DATABASE = (
    "affect", "tests/affect", "tests/launch", "tests/browser", "tests/js", "tests/demo", "tests/test_docs.py", "tests/test_house.py",
    "tests/test_translations.py", "tests/test_settings.py", "tests/core/test_core_merkle.py", "tests/core/test_core_ids.py",
    "tests/core/test_core_logs.py", "tests/consent/store/test_consent_chunked.py", "tests/consent/store/test_consent_scratch.py",
    "tests/inference/test_backends_text.py", "tests/inference/test_backends_face.py", "tests/inference/test_backends_contract.py",
    "tests/inference/test_backends_docs.py", "tests/labeling/test_questions.py", "tests/labeling/test_lane_columns.py",
)  # fmt: skip


@dataclass(frozen=True)
class Part:
    """One program to run and the way its result is read: "command", "junit" or "node"."""

    name: str
    argv: Sequence[str | Path]
    reader: str = "command"
    more: tuple[tuple[str, str], ...] = ()  # environment variables of this part alone


class Run:
    """One test run: its scratch folder, its environment, and the outcomes as they come in."""

    def __init__(self, where: Place, scratch: Path, *, long: bool) -> None:
        self.where, self.scratch, self.long = where, scratch, long
        self.env = environment.variables(where) | {"SECRET_KEY": "for tests only", "PYTHONWARNINGS": "default"}
        for name in ("CONCORD_LEDGER", "DATABASE_URL", "DATABASE_OWNER_URL", "KEYS_DATABASE_URL", "BROKER_URL"):
            self.env.pop(name, None)  # the tests never touch the person's own data
        # Models are checked by their sums at every use, so all parts, and the next run, share what the first one made.
        self.env.setdefault("CONCORD_TEST_MODELS", str(where.environment / "test-models"))
        self.outcomes: list[Outcome] = []
        self._running: set[int] = set()
        self._guard = threading.Lock()

    def models_from_bundle(self) -> None:
        """Where the tests look for model packages before they ask the network, put those of the bundle."""
        packed = self.where.bundle and self.where.bundle / "models"
        if packed and packed.is_dir():
            shutil.copytree(packed, Path(self.env["CONCORD_TEST_MODELS"]) / "bundle", dirs_exist_ok=True)

    def bin(self, name: str) -> Path:
        return self.where.environment / "bin" / name

    def do(self, part: Part) -> Outcome:
        """Run one part to its end and say how it went."""
        data = self.scratch / part.name.replace(" ", "-")
        data.mkdir()
        report = data / "junit.xml"
        argv = [*part.argv, f"--junitxml={report}"] if part.reader == "junit" else part.argv
        env = self.env | {"CONCORD_DATA": str(data / "data")} | dict(part.more)
        began = time.monotonic()
        code, output = self._run(argv, env)
        seconds = time.monotonic() - began
        if part.reader == "junit":
            outcome = results.of_junit(part.name, report, code, output, seconds)
        elif part.reader == "node":
            outcome = results.of_node(part.name, code, output, seconds)
        else:
            outcome = results.of_command(part.name, code, output, seconds)
        return self.note(outcome)

    def note(self, outcome: Outcome) -> Outcome:
        with self._guard:
            self.outcomes.append(outcome)
        say.line("test", outcome.line().strip())
        return outcome

    def _run(self, argv: Sequence[str | Path], env: dict[str, str]) -> tuple[int, str]:
        with tempfile.TemporaryFile(dir=self.scratch) as out:
            process = subprocess.Popen(
                [str(word) for word in argv], cwd=self.where.checkout, env=env, stdin=subprocess.DEVNULL,
                stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
            self._running.add(process.pid)
            late = ""
            try:
                process.wait(LIMIT_LONG if self.long else LIMIT)
            except subprocess.TimeoutExpired:
                late = f"\n{shlex.join(map(str, argv))} took too long and was ended."
            finally:
                end_group(process)
                self._running.discard(process.pid)
            out.seek(0)
            return process.returncode, out.read().decode(errors="replace") + late

    def stop(self) -> None:
        """End whatever runs, because the person wants no more."""
        for pid in list(self._running):
            kill_group(pid)


def kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return


def end_group(process: subprocess.Popen) -> None:
    """End a part's whole group, so that a server it forgot does not live on."""
    kill_group(process.pid)
    process.wait()


# the parts ------------------------------------------------------------------------------------------------------------


def checks(run: Run) -> list[Part]:
    """What reads the code without running the tests."""
    manage = [run.where.python, "manage.py"]
    return [
        Part("ruff check", [run.bin("ruff"), "check", "--no-cache", "."]),
        Part("ruff format", [run.bin("ruff"), "format", "--check", "--no-cache", "."]),
        Part("import contracts", [run.bin("lint-imports"), "--no-cache"]),
        Part("system check", [*manage, "check"]),
        Part("migrations", [*manage, "makemigrations", "--check", "--dry-run"]),
    ]


def pytest(run: Run, name: str, marks: str, *words: str, more: dict[str, str] | None = None) -> Part:
    argv = [run.where.python, "-m", "pytest", "-q", "--durations=10", "-m", marks, *words]
    return Part(name, argv, "junit", tuple((more or {}).items()))


def on_sqlite(run: Run) -> Part:
    marks = "not browser" if run.long else "not browser and not long"
    return pytest(run, "python on sqlite", marks, "-n", "2", *there(run, PYTHON_TESTS))


def on_postgresql(run: Run) -> Outcome:
    """The tests that touch a database once more, on a PostgreSQL that lives as long as they run."""
    try:
        with Cluster(run.where.environment) as cluster:
            data, keys = cluster.create("concord"), cluster.create("concord_keys")
            more = {"DATABASE_URL": data["owner"], "KEYS_DATABASE_URL": keys["owner"]}
            ignored = [f"--ignore={path}" for path in there(run, WITHOUT_DATABASE)]
            marks = "not browser and not own_database" + ("" if run.long else " and not long")
            return run.do(pytest(run, "python on postgresql", marks, *ignored, "tests", more=more))
    except say.Stop as why:
        return run.note(results.of_command("python on postgresql", 1, str(why), 0.0))


def in_javascript(run: Run) -> Outcome:
    node = tools.node(run.where, run.env)
    files = sorted(
        str(path.relative_to(run.where.checkout)) for path in (run.where.checkout / "tests/js").rglob("*.test.*js")
    )
    if node is None or not files:
        why = "Node is missing." if files else "There is no test in tests/js (*.test.js)."
        return run.note(results.of_command("javascript", 1, why, 0.0))
    return run.do(Part("javascript", [*node, "--test", "--test-reporter=tap", *files], "node"))


def in_browser(run: Run) -> Outcome | None:
    program = tools.chromium(run.where, run.env)
    if program is None:
        return run.note(results.of_command("browser", 1, "Chromium is missing; see the line above.", 0.0))
    marks = "browser" if run.long else "browser and not long"
    # These start a browser's driver of their own, and a process can have one only; the rest share the one of conftest.
    folder = run.where.checkout / "tests/browser"
    alone = [
        path
        for path in sorted(folder.glob("test_*.py"))
        if "test_elements import" in (text := path.read_text()) or "sync_playwright" in text
    ]
    groups = [[str(path)] for path in alone]
    groups.append([str(folder), *(f"--ignore={path}" for path in alone)])
    parts = [
        pytest(run, f"browser {number}", marks, *words, more={"CONCORD_CHROMIUM": str(program)})
        for number, words in enumerate(groups, start=1)
    ]
    # Two at a time for two cores; the last is as long as all the others.
    go([[lambda: run.do(parts[-1])], [lambda part=part: run.do(part) for part in parts[:-1]]], [])
    return None


def there(run: Run, names: Sequence[str]) -> list[str]:
    return [name for name in names if (run.where.checkout / name).exists()]


# the run --------------------------------------------------------------------------------------------------------------


def lanes(run: Run) -> list[list[Callable[[], object]]]:
    """Two lanes for two cores: the tests on SQLite in one, everything short and PostgreSQL in the other."""
    short = [lambda part=part: run.do(part) for part in checks(run)]
    return [
        [lambda: run.do(on_sqlite(run))],
        [*short, lambda: in_javascript(run), lambda: on_postgresql(run)],
    ]


def go(work: list[list[Callable[[], object]]], after: list[Callable[[], object]]) -> None:
    """Run the lanes side by side and what comes `after` when both have ended; the first fault of a lane is raised."""
    faults: list[BaseException] = []

    def drive(lane: list[Callable[[], object]]) -> None:
        try:
            for task in lane:
                task()
        except BaseException as fault:  # noqa: BLE001 - carried over to the main thread, below
            faults.append(fault)

    threads = [threading.Thread(target=drive, args=(lane,), daemon=True) for lane in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(0.5)  # short, so that Ctrl-C is heard
    if faults:
        raise faults[0]
    for task in after:
        task()


def close(outcomes: Sequence[Outcome], seconds: float) -> int:
    """Show what failed, then every part, then the sum as the last line. Returns the exit code."""
    for outcome in outcomes:
        if not outcome.good:
            say.plain(f"\n{'=' * 20} {outcome.name} {'=' * 20}\n{outcome.output.rstrip()[-60_000:]}")
    say.plain()
    for outcome in outcomes:
        say.plain(outcome.line())
    say.plain(f"\nAll parts together, in {seconds:.0f} s:")
    say.plain(results.closing_line(outcomes))
    return 0 if outcomes and all(outcome.good for outcome in outcomes) else 1


def together(where: Place, work: Callable[[Run], None], *, long: bool = False) -> int:
    """Do `work` in a scratch folder and close with its sum; whatever it started has ended when this returns or raises."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # asked to end, it ends what it started as well
        signal.signal(number, signal.default_int_handler)
    children.adopt_orphans()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="concord-test-", ignore_cleanup_errors=True) as scratch:
        run = Run(where, Path(scratch), long=long)
        try:
            work(run)
        finally:
            run.stop()
            children.end_orphans(set())
    return close(run.outcomes, time.monotonic() - began)


def main(where: Place, *, long: bool) -> int:
    """Make what is needed, run everything, print the sum. Returns 0 when all is well."""
    environment.ensure(where, "dev")

    def everything(run: Run) -> None:
        run.models_from_bundle()
        go(lanes(run), [lambda: in_browser(run)])

    return together(where, everything, long=long)


def lint(where: Place) -> int:
    """The checks alone."""
    environment.ensure(where, "dev")
    return together(where, lambda run: go([[lambda part=part: run.do(part) for part in checks(run)]], []))
