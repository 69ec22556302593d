"""The waveform as people see it: the smallest and largest sample of every hundredth of a second, as int8 pairs.

A file of an hour is 720 kB and is never loaded whole; the browser draws it without the sound itself. The buckets lie on the
track's own time: sound that begins late, or has a hole, leaves silence there and moves nothing that follows.
"""

from __future__ import annotations

from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from labeling.media.sound import stretches

PER_SECOND = 100
RATE = 8000
MOST_COLUMNS = 4000
_WINDOW = RATE // PER_SECOND


def peaks(stream: BinaryIO, *, start_us: int, duration_us: int) -> bytes:
    """Min/max pairs (int8, interleaved) of [start_us, start_us + duration_us) on the track's clock, PER_SECOND pairs a
    second, all channels mixed. Memory does not grow with the length but for the result (200 bytes a second).

    A packet that cannot be decoded leaves silence. Raises MediaRefused("unreadable") when most of them cannot.
    """
    buckets = -(-duration_us * PER_SECOND // 1_000_000)
    least, most = np.full(buckets, 32767, dtype=np.int16), np.full(buckets, -32768, dtype=np.int16)
    for first, samples in stretches(stream, start_us=start_us, rate=RATE):
        if first < 0:
            samples, first = samples[-first:], 0
        samples = samples[: buckets * _WINDOW - first]
        if len(samples):
            _fold(samples, first, least, most)
    silent = least > most
    least[silent] = most[silent] = 0
    return (np.stack([least, most], axis=1) // 256).astype(np.int8).tobytes()


def columns(stream: BinaryIO, from_us: int, to_us: int, count: int) -> bytes:
    """The pairs of `count` equal columns of [from_us, to_us), counted from the first pair; a column keeps the extremes of
    what falls into it, one without peaks is silence. Only the stretch is read."""
    count = max(1, min(count, MOST_COLUMNS))
    edges = (from_us + np.arange(count + 1, dtype=np.int64) * (to_us - from_us) // count) * PER_SECOND // 1_000_000
    first, last = max(0, int(edges[0])), max(0, int(edges[-1]) + 1)
    stream.seek(2 * first)
    pairs = np.frombuffer(stream.read(2 * (last - first)), dtype=np.int8).reshape(-1, 2)
    found = np.zeros((count, 2), dtype=np.int8)
    for column in range(count):
        begin = int(edges[column]) - first
        part = pairs[max(0, begin) : max(0, int(edges[column + 1]) - first, begin + 1)]
        if len(part):
            found[column] = part[:, 0].min(), part[:, 1].max()
    return found.tobytes()


def _fold(samples: NDArray[np.int16], first: int, least: NDArray[np.int16], most: NDArray[np.int16]) -> None:
    """Widen the buckets that these samples fall into."""
    lead = first % _WINDOW
    padded = np.pad(samples, (lead, -(lead + len(samples)) % _WINDOW), mode="edge")
    blocks = padded.reshape(-1, _WINDOW)
    begin, end = first // _WINDOW, first // _WINDOW + len(blocks)
    np.minimum(least[begin:end], blocks.min(axis=1), out=least[begin:end])
    np.maximum(most[begin:end], blocks.max(axis=1), out=most[begin:end])
