"""How long a newcomer waits for the demo: `python -m benchmarks.bench_demo`.

A fresh clone of what is committed, in a folder whose name has a space, with an empty home and so with an empty package cache;
`make demo` on a terminal until it says where it is, Ctrl-C, and the same again. The bars: 3 minutes the first time, 10 seconds
the second, on 2 cores.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import bars
from tests.launch.newcomer import play

ROOT = Path(__file__).resolve().parent.parent
READY = "Ctrl-C"


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="concord bench ") as folder:
        checkout, home = Path(folder, "check out"), Path(folder, "home")
        home.mkdir()
        subprocess.run(["git", "clone", "--quiet", ROOT, checkout], check=True)
        with socket.socket() as asked:
            asked.bind(("127.0.0.1", 0))
            port = asked.getsockname()[1]
        env = {name: os.environ[name] for name in ("PATH", "LANG", "TERM") if name in os.environ}
        env |= {"HOME": str(home), "PORT": str(port)}
        told = {"checkout": str(checkout), "port": port, "data": str(checkout / ".data")}
        for what, bar in (("first start, nothing cached", 180), ("second start", 10)):
            seen = play({"make": ["demo"], "until": READY, "page": "/accounts/login/", "seconds": 600}, told, env)
            assert seen["status"] == 200, seen
            assert seen["left"] == [], seen["left"]
            bars.judge(f"make demo, {what}", seen["seconds"], bar, "s", digits=1)
            print(f"{'Ctrl-C to the end of every process':<52} {seen['ended_in']:9.1f} s   {bars.load()}", flush=True)
    return bars.ended()


if __name__ == "__main__":
    sys.exit(main())
