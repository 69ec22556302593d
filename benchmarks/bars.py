"""A measured figure beside its bar, and beside what the tools people use today measured on the same kind of machine.

The bars are those of the project's own promise; the peers' figures were measured once (2 cores, 24 GiB, loopback, Label
Studio 1.23.2 and doccano 1.8.4), the same operation in the same way.
"""

from __future__ import annotations

import os

misses: list[str] = []


def judge(
    what: str, value: float, bar: float, unit: str, *, least: bool = False, peers: str = "", digits: int = 0
) -> bool:
    """Print a figure beside its bar: the most it may be or, with `least`, the least. A miss is remembered. Returns whether it
    is met."""
    met = value >= bar if least else value <= bar
    if not met:
        misses.append(what)
    beside = f"   ({peers})" if peers else ""
    print(
        f"{what:<52} {value:9.{digits}f} {unit:<3} bar {'≥' if least else '≤'} {bar:g} {unit:<3} "
        f"{'met' if met else 'MISSED':<7}{beside}",
        flush=True,
    )
    return met


def ended() -> int:
    """What the process exits with: 1 when a bar was missed."""
    return 1 if misses else 0


def load() -> str:
    """What else the machine does: figures of a busy machine are no figures of ours."""
    return f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
