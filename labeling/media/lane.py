"""A signal as a picture needs it: the smallest and largest value of each column, so no peak is lost at any zoom."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_COLUMNS = 2000


def columns(
    times_us: NDArray[np.int64], values: NDArray[np.float64], from_us: int, to_us: int, count: int
) -> dict[str, Any]:
    """Least and greatest value of `count` equal columns of [from_us, to_us); None where a column holds no sample.

    times_us: shape (n,), increasing; values: shape (n,). When samples are sparser than columns, a column between two samples
    of an unbroken signal repeats the one before it (within three usual steps), so that the line does not break.

    >>> columns(np.array([0, 10, 20, 30]), np.array([1.0, 5.0, 2.0, 3.0]), 0, 40, 2)["highs"]
    [5.0, 3.0]
    """
    count = max(1, min(count, MOST_COLUMNS))
    edges = from_us + np.arange(count + 1, dtype=np.int64) * (to_us - from_us) // count
    places = np.searchsorted(times_us, edges)
    usual = float(np.median(np.diff(times_us))) if len(times_us) > 1 else 0.0
    lows: list[float | None] = []
    highs: list[float | None] = []
    for column in range(count):
        begin, end = int(places[column]), int(places[column + 1])
        if begin == end and begin > 0 and edges[column] - times_us[begin - 1] <= 3 * usual:
            begin -= 1
        part = values[begin:end]
        lows.append(float(part.min()) if len(part) else None)
        highs.append(float(part.max()) if len(part) else None)
    return {
        "from_us": from_us, "to_us": to_us, "minimum": float(values.min()), "maximum": float(values.max()),
        "lows": lows, "highs": highs,
    }  # fmt: skip
