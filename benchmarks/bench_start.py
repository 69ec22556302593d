"""How long a start takes and what it holds: `python -m benchmarks.bench_start`. The whole installation of `make run`, on a folder of its own.

The bars: a warm start (tables, static files and bytecode are there) answers its first request within 3 s; the web process
holds at most 200 MB after one page. Counted from the start of the supervisor, so broker and ledger check are in it.
PSS shares what processes have in common; RSS, which is judged, counts it fully in each.
"""

from __future__ import annotations

import http.client
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import bars

ROOT = Path(__file__).resolve().parent.parent
STARTS, BAR_SECONDS, BAR_MB = 5, 3.0, 200.0
SUPERVISE = (
    "import sys; from pathlib import Path; from launch.place import Place; from launch import say, supervise\n"
    "checkout, data, ledger, environment = map(Path, sys.argv[1:])\n"
    "try: sys.exit(supervise.Supervisor(Place(checkout, data, ledger, environment, None), demo=False).run())\n"
    "except say.Stop as why: sys.exit(str(why))\n"
)


def answered(port: int, path: str) -> int:
    """The status of one request; 0 when nobody answers."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        line.request("GET", path)
        response = line.getresponse()
        response.read()
        return response.status
    except OSError:
        return 0
    finally:
        line.close()


@contextmanager
def installation(folder: Path) -> Iterator[tuple[int, int, float]]:
    """Start everything; gives the supervisor's process id, its port, and the seconds until the first answer."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    foreign = {"DATABASE_URL", "KEYS_DATABASE_URL", "DATABASE_OWNER_URL", "BROKER_URL", "PUBLIC_URL", "SECRET_KEY"}
    env = {name: value for name, value in os.environ.items() if name not in foreign}
    env |= {"PORT": str(port), "HOST": "127.0.0.1", "CONCORD_MODELS": str(folder / "models"), "PYTHONPATH": str(ROOT)}
    argv = [sys.executable, "-c", SUPERVISE, ROOT, folder / "data", folder / "data-ledger", sys.prefix]
    began = time.perf_counter()
    with (folder / "said.txt").open("w") as said:
        process = subprocess.Popen([str(word) for word in argv], cwd=ROOT, env=env, stdout=said, stderr=said)
    try:
        while not answered(port, "/healthz"):
            if process.poll() is not None:
                raise SystemExit((folder / "said.txt").read_text())
            time.sleep(0.02)
        yield process.pid, port, time.perf_counter() - began
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def below(parent: int) -> list[int]:
    """The processes a process has started, and theirs."""
    told = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [pid for word in told for pid in (int(word), *below(int(word)))]


def web_processes(supervisor: int) -> list[int]:
    """gunicorn's master and the process that answers, in this order."""
    return [pid for pid in below(supervisor) if b"gunicorn" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def processor(pid: int) -> float:
    """Seconds of a core that a process has used: what a start costs however busy the machine is."""
    told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> tuple[float, float]:
    """RSS and PSS of a process, in MB."""
    lines = (line.split() for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    held = {words[0]: int(words[1]) * 1024 / 1e6 for words in lines}
    return held["Rss:"], held["Pss:"]


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="concord-benchmark-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with installation(folder) as (_pid, _port, first):
            pass
        warm, worked = [], []
        for turn in range(STARTS):
            with installation(folder) as (pid, port, seconds):
                warm.append(seconds)
                worked.append(sum(processor(one) for one in (pid, *below(pid))))
                if turn == STARTS - 1:
                    status = answered(port, "/welcome/")
                    if status != 200:
                        raise SystemExit(f"The first page answered {status}.")
                    time.sleep(2)
                    held = [memory(one) for one in web_processes(pid)]
    print(f"first start of an empty folder {first:.1f} s, then {STARTS} warm starts; {bars.load()}")
    bars.judge("warm start to the first answer, median", statistics.median(warm), BAR_SECONDS, "s", digits=2,
               peers="Label Studio 3.1 s, doccano 2.6 s")  # fmt: skip
    print(f"{'the slowest of them':<52} {max(warm):9.2f} s")
    print(f"{'seconds of a core until then, median':<52} {statistics.median(worked):9.2f} s")
    (master_rss, master_pss), *workers = held
    bars.judge("web process idle after one page, RSS", max(rss for rss, _pss in workers), BAR_MB, "MB",
               peers="Label Studio 277 MB, doccano 537 MB")  # fmt: skip
    print(f"{'its PSS':<52} {max(pss for _rss, pss in workers):9.0f} MB")
    print(f"{'its supervising process: RSS and PSS':<52} {master_rss:9.0f} MB {master_pss:.0f} MB")
    return bars.ended()


if __name__ == "__main__":
    sys.exit(main())
