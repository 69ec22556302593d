"""Programs that run beside us, and the promise that none of them outlives us.

Each child leads a process group of its own: Ctrl-C at the terminal reaches the supervisor alone, which then stops the
children in order. On Linux three more things hold: a child is told to end when the supervisor is killed outright;
orphans of children become ours (`adopt_orphans`); and what is still there at the end is found in /proc and ended.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

LOG_BYTES = 5_000_000  # a log longer than this is begun anew at the next start, the old one kept as .1
BACKOFF = (1, 2, 4, 8, 16, 30)  # seconds before a child that died is started again
STEADY = 60.0  # a child that lived so long starts again at the first of these

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def adopt_orphans() -> None:
    """Become the parent of what our children leave behind (Linux), so that it can be ended."""
    if _libc:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _before_exec(niceness: int) -> Callable[[], None]:
    def prepare() -> None:
        if _libc:
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if niceness:
            os.nice(niceness)

    return prepare


@dataclass
class Child:
    """One program: how it is started, where it logs, and how often it has died."""

    name: str
    argv: Sequence[str | Path]
    env: Mapping[str, str]
    cwd: Path
    log: Path
    niceness: int = 0
    once: bool = False  # runs to its end instead of for ever
    echo: bool = False  # its lines are shown as they come
    process: subprocess.Popen | None = None
    deaths: int = 0
    started: float = 0.0
    again_at: float | None = None
    _shown: int = field(default=0, repr=False)

    def start(self) -> None:
        self.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as out:
            self._shown = out.tell()
            self.process = subprocess.Popen(
                [str(part) for part in self.argv],
                cwd=self.cwd,
                env=dict(self.env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_before_exec(self.niceness),
            )
        self.started, self.again_at = time.monotonic(), None

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def died(self) -> float:
        """Note a death; returns the seconds after which it is started again."""
        now = time.monotonic()
        self.deaths = 1 if now - self.started > STEADY else self.deaths + 1
        wait = BACKOFF[min(self.deaths, len(BACKOFF)) - 1]
        self.again_at = now + wait
        return wait

    def signal(self, number: int, *, group: bool = False) -> None:
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            if group:
                os.killpg(self.process.pid, number)
            elif self.process.poll() is None:
                self.process.send_signal(number)

    def new_lines(self) -> list[str]:
        """Whole lines written to the log since the last call."""
        with self.log.open("rb") as log:
            log.seek(self._shown)
            whole, newline, _ = log.read().rpartition(b"\n")
        self._shown += len(whole) + len(newline)
        return whole.decode(errors="replace").splitlines()

    def tail(self, count: int = 15) -> str:
        """The last lines of its log since it was last started."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(f"    {text}" for text in lines[-count:])


def stop(children: Sequence[Child], grace: float, hurry: Callable[[], bool] = lambda: False) -> list[str]:
    """Ask all `children` to end, wait up to `grace` seconds, then end their groups; the names that had to be forced.

    `hurry` says that the person does not want to wait any longer.
    """
    for child in children:
        child.signal(signal.SIGTERM)
    until = time.monotonic() + grace
    while any(child.running for child in children) and time.monotonic() < until and not hurry():
        time.sleep(0.05)
    forced = [child.name for child in children if child.running]
    for child in children:
        child.signal(signal.SIGKILL, group=True)  # helpers of an ended leader share its group
        if child.process is not None:
            child.process.wait()
    return forced


def offspring(of: int) -> list[int]:
    """Process ids whose parent is `of`, zombies included; empty where there is no /proc."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            after_name = stat.read_text().rpartition(")")[2].split()
            if int(after_name[1]) == of:
                found.append(int(stat.parent.name))
    return found


def reap_orphans(known: set[int]) -> None:
    """Take note of adopted processes that have ended; `known` are children that somebody else waits for."""
    for pid in set(offspring(os.getpid())) - known:
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


def end_orphans(known: set[int], tries: int = 20) -> None:
    """End every adopted process, and what becomes ours by that, generation by generation."""
    for _ in range(tries):
        left = set(offspring(os.getpid())) - known
        if not left:
            return
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)
