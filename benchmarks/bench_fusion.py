"""How fast traces are fused: `python -m benchmarks.bench_fusion [--full]`. Prints numbers; keeps nothing.

The bar: 6,000 packed traces of 5 minutes at 25 Hz (45 million samples; 1,000 clips with six raters) from their bytes to the
mean and to the evaluator-weighted estimator, at 25 Hz and without warping, well under a minute of CPU. Without --full, a
tenth of it. A whole recipe (filter, lag, EWE, agreement with interval) and alignment are timed on a few clips.
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from affect.codecs.trace import pack, unpack
from affect.gold import traces
from affect.gold.fusion import ewe, fuse_mean
from affect.gold.inputs import Clip, RaterTrace, on_clock
from affect.gold.recipe import Clock, Filter, Fusion, Lag, TraceRecipe, raaw
from affect.signals.resample import grid
from benchmarks import bars

RATERS, SECONDS, RATE = 6, 300, 25
END_US = SECONDS * 1_000_000
CLOCK = Clock((RATE, 1))


def say(what: str, value: float, unit: str, digits: int = 2) -> None:
    print(f"{what:<66} {value:>12,.{digits}f} {unit}")


def packed_clip(seed: int) -> list[bytes]:
    """Six raters of one clip, each with their own noise, a hand that samples unevenly, stored at zstd's fastest level."""
    rng = np.random.default_rng(seed)
    steps = np.arange(SECONDS * RATE)
    truth = sum(np.sin(2 * np.pi * steps / RATE / period + rng.uniform(0, 6)) for period in (41, 23, 13, 7)) / 4
    times = steps * 1_000_000 // RATE
    return [
        pack(times + rng.integers(0, 10_000, len(times)), np.round(truth + rng.normal(0, 0.1, len(times)), 4), level=1)
        for _ in range(RATERS)
    ]


def unpacked(clip: list[bytes]) -> list[RaterTrace]:
    return [RaterTrace(f"r{place}", unpack(data)) for place, data in enumerate(clip)]


def fuse_all(clips: int, distinct: list[list[bytes]]) -> dict[str, float]:
    """CPU seconds of each stage. The stored bytes are those of a few distinct clips, taken in turn."""
    spent = dict.fromkeys(("unpack and verify", "common clock", "mean", "evaluator-weighted"), 0.0)
    times = grid(0, END_US, RATE)
    for place in range(clips):
        marks = [time.process_time()]
        rows = unpacked(distinct[place % len(distinct)])
        marks.append(time.process_time())
        matrix = np.array([on_clock(one, times, CLOCK) for one in rows])
        marks.append(time.process_time())
        fuse_mean(matrix)
        marks.append(time.process_time())
        ewe(matrix)
        marks.append(time.process_time())
        for name, seconds in zip(spent, np.diff(marks).tolist(), strict=True):
            spent[name] += seconds
    return spent


def recipes(distinct: list[list[bytes]], clips: int) -> None:
    given = [Clip(f"c{place}", 0, END_US, tuple(unpacked(distinct[place]))) for place in range(clips)]
    weighted = Fusion("ewe", reference="all", over="all_clips", raw_agreement=False)
    for name, recipe in {
        "mean at 10 Hz with agreement": TraceRecipe(),
        "low-pass, lags, EWE at 10 Hz with agreement": TraceRecipe(
            filter=Filter("low_pass", order=2, cutoff_hz=1.0), lag=Lag(), fusion=weighted
        ),
        "RAAW (GCTW) at 10 Hz with agreement": raaw(),
    }.items():
        start = time.process_time()
        gold = traces.make(recipe, given)
        say(f"recipe: {name}, CPU a clip", (time.process_time() - start) / clips, "s", 3)
        start = time.process_time()
        gold.to_bytes()
        say("  its canonical bytes, CPU a clip", (time.process_time() - start) / clips, "s", 3)


def main() -> int:
    clips = 1000 if "--full" in sys.argv[1:] else 100
    distinct = [packed_clip(seed) for seed in range(10)]
    samples = clips * RATERS * SECONDS * RATE
    print(f"{clips * RATERS:,} packed traces of {SECONDS} s at {RATE} Hz: {samples:,} samples, {clips:,} clips")
    spent = fuse_all(clips, distinct)
    for name, seconds in spent.items():
        say(f"{name}, CPU", seconds, "s")
    total = sum(spent.values())
    bars.judge("all together, CPU", total, 60 * clips / 1000, "s", digits=2)
    say("samples a second", samples / total, "", 0)
    recipes(distinct, 3)
    say("most memory", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MiB", 0)
    return bars.ended()


if __name__ == "__main__":
    sys.exit(main())
