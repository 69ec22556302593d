"""How fast a published version of 10,000 annotated items becomes JSON Lines, every sealed row opened on the way.

    python -m benchmarks.bench_export [ITEMS]

Makes a database of its own in a temporary folder, registers the items by the service that ingest uses, has three raters
answer them by import, fuses, publishes, and then times the export: cold (keys and rows from the databases) and again.
The bar is 0.5 s for 10,000 items (Label Studio needs 13 s, doccano 2.3 s for less).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BAR_SECONDS, BAR_ITEMS, RATERS, PEOPLE = 0.5, 10_000, 3, 200


def main(items: int) -> int:
    """Run the measurement in a process whose settings point to the temporary folder. 0 when the bar is met."""
    with tempfile.TemporaryDirectory(prefix="concord-bench-") as data:
        env = {**os.environ, "CONCORD_DATA": data, "DJANGO_SETTINGS_MODULE": "config.settings"}
        if "DATABASE_URL" not in os.environ:
            env["KEYS_DATABASE_URL"] = f"sqlite:///{data}/keys.sqlite3"
        for database in ("default", "keys"):
            migrate = [sys.executable, "manage.py", "migrate", "-v0", "--skip-checks", "--database", database]
            subprocess.run(migrate, cwd=ROOT, env=env, check=True)
        ran = subprocess.run(
            [sys.executable, "-m", "benchmarks.bench_export", "--measure", str(items)], cwd=ROOT, env=env
        )
        return ran.returncode


def measure(items: int) -> int:
    """Make the version, time its export, print what was found."""
    import django

    django.setup()
    from consent import keys
    from datasets.services import package

    version, seconds = _published(items)
    for name, took in seconds.items():
        print(f"  {name:<28}{took:8.2f} s")

    keys.forget()
    times = []
    for _again in range(6):
        began = time.perf_counter()
        content = package.export(version)
        times.append(time.perf_counter() - began)
    lines = content.count(b"\n")
    assert lines == items
    best = sorted(times[1:])[len(times[1:]) // 2]
    print(
        f"export of {items:,} items to JSON Lines ({len(content) / 1e6:.1f} MB): cold {times[0]:.3f} s, median {best:.3f} s"
    )
    allowed = BAR_SECONDS * items / BAR_ITEMS
    print(f"bar {allowed:.2f} s: {'met' if times[0] <= allowed else 'NOT met'}")
    return int(times[0] > allowed)


def _published(items: int):
    """A published version with so many items, and how long each step took."""
    from tests.datasets import factories

    seconds, began = {}, time.perf_counter()
    scene = factories.scene(items, PEOPLE, raters=RATERS)
    seconds["register, answer, fuse"] = time.perf_counter() - began
    began = time.perf_counter()
    version = scene.publish()
    seconds["publish"] = time.perf_counter() - began
    assert version.state == "published", version.job.error_message
    return version, seconds


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        sys.exit(measure(int(sys.argv[2])))
    sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else BAR_ITEMS))
