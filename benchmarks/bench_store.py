"""How fast stored bytes go in and come out: `python -m benchmarks.bench_store`. Prints numbers; keeps nothing.

The bars: decrypted ranges over HTTP at least 40 % of what the same view does with plain bytes in the same process at the
same block size, and at least 200 MB/s; a random range of 64 KiB of 2 GB within 50 ms; 10,000 texts within 0.3 s.
"""

from __future__ import annotations

import http.client
import io
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
FOLDER = tempfile.TemporaryDirectory(prefix="concord-benchmark-")
os.environ.update(CONCORD_DATA=FOLDER.name, DJANGO_SETTINGS_MODULE="config.settings")
os.environ.pop("DATABASE_URL", None)
os.environ.pop("KEYS_DATABASE_URL", None)

import django  # noqa: E402

from benchmarks import bars  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402

from consent import chunked, keys, ranges  # noqa: E402
from consent.assets import loopback  # noqa: E402

MB = 1_000_000
SIZE, LARGE = 256 * 1024**2, 2 * 1024**3
KEY, CONTEXT = os.urandom(32), b"benchmark"


def seconds(work: Callable[[], object], times: int = 5) -> float:
    """The best of several runs: what the code costs, less what else the machine was doing."""
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        spent.append(time.perf_counter() - start)
    return min(spent)


def say(what: str, value: float, unit: str, digits: int = 0) -> None:
    print(f"{what:<58} {value:>10,.{digits}f} {unit}")


def sealed_file(path: Path, size: int) -> Path:
    block = os.urandom(1024 * 1024)
    with path.open("wb") as file:
        for sealed in chunked.seal((block for _ in range(size // len(block))), KEY, CONTEXT):
            file.write(sealed)
    return path


def opened(path: Path) -> chunked.SeekableReader:
    return chunked.SeekableReader(path.open("rb", buffering=0), path.stat().st_size, KEY, CONTEXT)


def drain(reader: io.RawIOBase) -> None:
    block = bytearray(ranges.BLOCK_BYTES)
    while reader.readinto(block):
        continue


class Plain(io.FileIO):
    """The same view's other stream: a plain file with a size."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "rb")
        self.size = path.stat().st_size


@contextmanager
def served(opener: Callable[[], io.RawIOBase]) -> Iterator[int]:
    server = loopback._Server(("127.0.0.1", 0), loopback._Answer)
    server.path, server.opener, server.media_type = "/x", opener, "video/mp4"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def fetch(port: int, size: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/x", headers={"Range": f"bytes=0-{size - 1}"})
    answer, block, count = connection.getresponse(), bytearray(1024 * 1024), 0
    while got := answer.readinto(block):
        count += got
    connection.close()
    if answer.status != 206 or count != size:
        raise RuntimeError("the range did not come as asked")


def view(asset: SimpleNamespace, opener: Callable[[], io.RawIOBase]) -> float:
    """MB/s of the ranged view itself, its blocks taken as a web server takes them."""

    def run() -> None:
        stream = opener()
        for block in ranges.blocks(stream, ranges.asked(f"bytes=0-{asset.size - 1}", stream.size)):
            len(block)
        stream.close()

    return asset.size / MB / seconds(run)


def streams(folder: Path) -> None:
    plain, block = folder / "plain", os.urandom(1024 * 1024)
    plain.write_bytes(block * (SIZE // len(block)))
    sealing = seconds(
        lambda: [len(part) for part in chunked.seal((block for _ in range(SIZE // len(block))), KEY, CONTEXT)]
    )
    say("encrypt, one thread", SIZE / MB / sealing, "MB/s")
    path = sealed_file(folder / "sealed", SIZE)
    say("decrypt, one thread, 256 KiB blocks", SIZE / MB / seconds(lambda: drain(opened(path))), "MB/s")
    asset = SimpleNamespace(size=SIZE)
    fast, sealed = view(asset, lambda: Plain(plain)), view(asset, lambda: opened(path))
    say("view's blocks, plain", fast, "MB/s")
    say("view's blocks, decrypted", sealed, "MB/s")
    with served(lambda: Plain(plain)) as port:
        fast = SIZE / MB / seconds(lambda: fetch(port, SIZE))
    with served(lambda: opened(path)) as port:
        sealed = SIZE / MB / seconds(lambda: fetch(port, SIZE))
    say("HTTP range on loopback, client in the same process, plain", fast, "MB/s")
    say("HTTP range on loopback, client in the same process", sealed, "MB/s")
    bars.judge("decrypted range over HTTP, of plain", 100 * sealed / fast, 40, "%", least=True)
    bars.judge("decrypted range over HTTP", sealed, 200, "MB/s", least=True)


def places(folder: Path) -> None:
    path, spent = sealed_file(folder / "large", LARGE), []
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(300):
        at = random.randrange(LARGE - 65536)
        start = time.perf_counter()
        with opened(path) as reader:
            reader.seek(at)
            reader.read(65536)
        spent.append(time.perf_counter() - start)
    spent.sort()
    say("random 64 KiB of 2 GiB with opening, median", 1000 * spent[150], "ms", 3)
    bars.judge("random 64 KiB of 2 GiB with opening, p99", 1000 * spent[297], 50, "ms", digits=3)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    say("memory grown by that", grown / 1024, "MiB", 1)


def texts() -> None:
    call_command("migrate", database="keys", verbosity=0)
    study, people = uuid4(), [uuid4() for _ in range(10_000)]
    keys.ensure_study(study)
    say("10,000 participants' keys made", seconds(lambda: keys.ensure_participants(study, people), 1), "s", 3)
    who = [[one] for one in people]
    seal = lambda: keys.seal_many(["a short text of an answer"] * 10_000, study_id=study, participant_ids=who)  # noqa: E731
    bars.judge("10,000 texts sealed, every key fetched", seconds(seal, 1), 0.3, "s", digits=3)
    say("10,000 texts sealed, keys at hand", seconds(seal), "s", 3)
    sealed = seal()
    say("10,000 texts opened", seconds(lambda: keys.open_many(sealed, study_id=study, participant_ids=who)), "s", 3)
    one = lambda: [keys.seal_text("x", study_id=study, participant_ids=who[7]) for _ in range(1000)]  # noqa: E731
    say("one text sealed, key at hand", 1000 * seconds(one), "µs", 1)


if __name__ == "__main__":
    ThreadingHTTPServer.request_queue_size = 16
    with FOLDER as name:
        folder = Path(name)
        streams(folder)
        places(folder)
        texts()
    sys.exit(bars.ended())
