"""How fast agreement of a million ratings is counted: `python -m benchmarks.bench_agreement`. Prints numbers; keeps nothing.

100,000 items, 10 raters, 20 % missing. The bars: alpha within 1 s and 500 MB; its interval of 1,000 resamples within 10 s on
two cores. Each line runs in a process of its own, so that its peak memory is its own too. Wall time is what a person waits
for; on a machine with other work the processor time beside it is the fairer figure.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from benchmarks import bars

ROOT = Path(__file__).resolve().parent.parent
ITEMS, RATERS, VALUES, MISSING = 100_000, 10, 9, 0.2

PREPARE = f"""
import json, resource, time
import numpy as np
from affect.agreement import load
from affect.agreement.alpha import bootstrap_alpha, krippendorff_alpha
from affect.agreement.breakdown import pair_matrix
rng = np.random.default_rng(0)
truth = rng.integers(0, {VALUES}, {ITEMS})
values = np.clip(truth + rng.integers(-1, 2, ({RATERS}, {ITEMS})), 0, {VALUES - 1}).astype(float)
values[rng.random(values.shape) < {MISSING}] = np.nan
names = np.array(["label %d" % n for n in range({VALUES})], dtype=object)
def labels():
    return [[None if v != v else names[int(v)] for v in row] for row in values.tolist()]
def fine():
    return np.where(np.isnan(values), np.nan, np.round(values + rng.normal(size=values.shape), 3))
table = {{}}
wall, spent = time.perf_counter(), time.process_time()
{{work}}
print(json.dumps([time.perf_counter() - wall, time.process_time() - spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""

ALPHA, INTERVAL = (1.0, 500.0), (10.0, None)
# What, table, work on it, bars of seconds and of MB.
LINES: tuple[tuple[str, str, str, tuple[float | None, float | None]], ...] = (
    *((f"alpha, {level}", "values", f"krippendorff_alpha(table, {level!r})", ALPHA) for level in ("nominal", "ordinal", "interval", "ratio")),
    ("alpha, nominal, labels in lists", "labels()", "krippendorff_alpha(table, 'nominal')", ALPHA),
    ("alpha, interval, thousands of values", "fine()", "krippendorff_alpha(table, 'interval')", ALPHA),
    *((f"interval of alpha, {level}", "values", f"bootstrap_alpha(table, {level!r}, seed=1)", INTERVAL) for level in ("nominal", "ordinal", "interval", "ratio")),
    ("interval of alpha, 1,000 participants drawn", "values", "bootstrap_alpha(table, 'nominal', seed=1, clusters=(np.arange(len(truth)) % 1000).tolist())", INTERVAL),
    ("Gwet's AC1 with its interval", "values", "load('gwet_ac1')(table, seed=1)", INTERVAL),
    ("alpha of all 45 pairs", "values", "pair_matrix(table)", (None, None)),
)  # fmt: skip


def run(table: str, work: str) -> tuple[float, float, float]:
    """Wall seconds, processor seconds and peak MB of one line, in a fresh process."""
    code = PREPARE.replace("table = {}", f"table = {table}").replace("{work}", work)
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return tuple(json.loads(ran.stdout))


def main() -> int:
    print(f"{ITEMS:,} items x {RATERS} raters, {MISSING:.0%} missing, {VALUES} values; 1,000 resamples")
    for what, table, work, (seconds, megabytes) in LINES:
        wall, spent, peak = run(table, work)
        print(f"{what:<46} {wall:7.2f} s {spent:7.2f} s cpu {peak:7.0f} MB", flush=True)
        if seconds is not None:
            bars.judge(f"  {what}", wall, seconds, "s", digits=2)
        if megabytes is not None:
            bars.judge(f"  {what}, memory", peak, megabytes, "MB")
    return bars.ended()


if __name__ == "__main__":
    sys.exit(main())
