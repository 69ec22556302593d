"""A long signal as a picture needs it at every zoom: the least and greatest value of buckets of time, level above level.

A bucket of the lowest level holds about two samples, of each level above four times as long; so a stretch of any length
is drawn from a few thousand numbers that lie together in the file, and a spike of one sample is never lost.

    header   format, version, levels; first and last time (µs), length of a bucket (µs); minimum, maximum of all values
    counts   buckets of each level, uint64
    levels   float32 pairs (least, greatest), NaN where a bucket holds no sample
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from affect.codecs.trace import Flag

FROM_SAMPLES = 50_000  # shorter signals are drawn from their samples
FACTOR = 4
MOST_COLUMNS = 2000

_HEAD = struct.Struct("<4sHHqqqdd")
_MARK, _VERSION = b"LPYR", 1


def build(times_us: NDArray[np.int64], values: NDArray[np.float64], flags: NDArray[np.uint8]) -> Iterator[bytes]:
    """The file of a signal. times_us: shape (n,), increasing; values, flags: shape (n,)."""
    step = float(np.median(np.diff(times_us))) if len(times_us) > 1 else 1.0
    bucket_us = max(1, round(2 * step))
    levels = [_lowest(times_us, values, flags, bucket_us)]
    while len(levels[-1]) > MOST_COLUMNS:
        levels.append(_above(levels[-1]))
    yield _HEAD.pack(
        _MARK, _VERSION, len(levels), int(times_us[0]), int(times_us[-1]), bucket_us, values.min(), values.max()
    )
    yield struct.pack(f"<{len(levels)}Q", *(len(level) for level in levels))
    for level in levels:
        yield level.tobytes()


class Pyramid:
    """A stored pyramid, read by range."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        stream.seek(0)
        mark, version, levels, self.first_us, self.last_us, self.bucket_us, self.minimum, self.maximum = _HEAD.unpack(
            stream.read(_HEAD.size)
        )
        if mark != _MARK or version != _VERSION:
            raise ValueError("no pyramid of this format")
        self._counts = struct.unpack(f"<{levels}Q", stream.read(8 * levels))
        begin = _HEAD.size + 8 * levels
        self._begins = [begin + 8 * sum(self._counts[:level]) for level in range(levels)]

    def columns(self, from_us: int, to_us: int, count: int) -> dict[str, Any]:
        """As `labeling.media.lane.columns`: least and greatest value of `count` equal columns, None where there is none."""
        count = max(1, min(count, MOST_COLUMNS))
        level, bucket_us = self._level((to_us - from_us) / count)
        edges = from_us + np.arange(count + 1, dtype=np.int64) * (to_us - from_us) // count
        places = np.clip((edges - self.first_us) // bucket_us, 0, self._counts[level])
        pairs = self._read(level, int(places[0]), min(int(places[-1]) + 1, self._counts[level]))
        lows: list[float | None] = []
        highs: list[float | None] = []
        for column in range(count):
            begin = int(places[column] - places[0])
            part = pairs[begin : max(begin + 1, int(places[column + 1] - places[0]))]
            inside = edges[column + 1] > self.first_us and edges[column] <= self.last_us
            seen = part[~np.isnan(part[:, 0])] if inside else part[:0]
            lows.append(float(seen[:, 0].min()) if len(seen) else None)
            highs.append(float(seen[:, 1].max()) if len(seen) else None)
        return {"minimum": self.minimum, "maximum": self.maximum, "lows": lows, "highs": highs}

    def _level(self, column_us: float) -> tuple[int, int]:
        """The highest level of which a column still holds a bucket."""
        level, bucket_us = 0, self.bucket_us
        while level + 1 < len(self._counts) and bucket_us * FACTOR <= column_us:
            level, bucket_us = level + 1, bucket_us * FACTOR
        return level, bucket_us

    def _read(self, level: int, begin: int, end: int) -> NDArray[np.float32]:
        self._stream.seek(self._begins[level] + 8 * begin)
        return np.frombuffer(self._stream.read(8 * max(0, end - begin)), dtype="<f4").reshape(-1, 2)


def _lowest(
    times_us: NDArray[np.int64], values: NDArray[np.float64], flags: NDArray[np.uint8], bucket_us: int
) -> NDArray[np.float32]:
    places = (times_us - times_us[0]) // bucket_us
    firsts = np.flatnonzero(np.diff(places, prepend=-1))
    found = np.full((int(places[-1]) + 1, 2), np.nan, dtype="<f4")
    found[places[firsts], 0] = np.minimum.reduceat(values, firsts)
    found[places[firsts], 1] = np.maximum.reduceat(values, firsts)
    _bridge(found, places[firsts], flags[firsts])
    return found


def _bridge(found: NDArray[np.float32], filled: NDArray[np.int64], flags: NDArray[np.uint8]) -> None:
    """Samples do not come quite evenly: a single bucket between two of an unbroken signal repeats the one before."""
    single = np.flatnonzero((np.diff(filled) == 2) & (flags[1:] & Flag.GAP_BEFORE == 0))
    found[filled[single] + 1] = found[filled[single]]


def _above(level: NDArray[np.float32]) -> NDArray[np.float32]:
    padded = np.pad(level, ((0, -len(level) % FACTOR), (0, 0)), constant_values=np.nan).reshape(-1, FACTOR, 2)
    return np.stack([np.fmin.reduce(padded[:, :, 0], axis=1), np.fmax.reduce(padded[:, :, 1], axis=1)], axis=1).astype(
        "<f4"
    )
