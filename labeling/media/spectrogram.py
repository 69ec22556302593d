"""How much sound there is at each pitch and moment, as tiles of a picture that is fetched a few tiles at a time.

From 0 to 5 kHz, where speech is told apart, in 128 bands; a column every 20 ms from a Hann window of 25.6 ms. Levels are
decibels below a full-scale sine with 6 dB an octave added (speech falls off by about that much, and would fade to nothing
at the top), cut to a fixed range, so that the same sound looks the same in every recording: nothing is stretched to fit.

    tile     256 columns × 128 bands, uint8 in 0 … STEPS, column by column, low pitch first; zlib
    level n  a column is the loudest of 4 columns of the level below, so a short sound is never lost by zooming out
    file     the tiles in the order in which they were complete, then a table of places, its length, and the mark

A file is written as a stream and read by range: neither needs memory that grows with the recording.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from labeling.media.sound import stretches

RATE = 10_000
HOP, WINDOW = 200, 256
PER_SECOND = RATE // HOP
BANDS = WINDOW // 2
COLUMNS = 256
FACTOR = 4
STEPS = 31  # levels that are told apart; more would be noise that no eye sees and no compressor likes
QUIETEST_DB, LOUDEST_DB = -80.0, -20.0

_MARK = b"SPG1"
_END = struct.Struct("<I4s")
_LEVEL = struct.Struct("<IQ")  # tiles, columns
_PLACE = struct.Struct("<QI")  # offset, length
_SILENCE = RATE * 10  # a hole is filled by so many samples at a time
_HANN = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
_TILT_DB = (6 * np.log2(np.maximum(np.arange(BANDS) * RATE / WINDOW, 125) / 1000)).astype(np.float32)


def spectrogram(stream: BinaryIO, *, start_us: int, duration_us: int) -> Iterator[bytes]:
    """The file of [start_us, start_us + duration_us) on the track's clock, block by block."""
    total = -(-duration_us * PER_SECOND // 1_000_000)
    writer = _Writer()
    for part in _columns(stream, start_us, total):
        yield from writer.add(0, part)
    yield from writer.end()


class Picture:
    """A stored spectrogram, read by range."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        stream.seek(-_END.size, 2)
        at = stream.tell()
        length, mark = _END.unpack(stream.read(_END.size))
        if mark != _MARK:
            raise ValueError("no spectrogram of this format")
        stream.seek(at - length)
        table = stream.read(length)
        self.levels: list[tuple[int, list[tuple[int, int]]]] = []
        at = 0
        while at < len(table):
            tiles, columns = _LEVEL.unpack_from(table, at)
            at += _LEVEL.size
            places = [_PLACE.unpack_from(table, at + n * _PLACE.size) for n in range(tiles)]
            at += tiles * _PLACE.size
            self.levels.append((columns, places))

    def described(self) -> dict[str, Any]:
        """What a page must know to draw it: how the tiles lie in time and pitch."""
        return {
            "bands": BANDS, "top_hz": RATE // 2, "steps": STEPS, "tile_columns": COLUMNS,
            "levels": [
                {"column_us": 1_000_000 // PER_SECOND * FACTOR**n, "columns": columns}
                for n, (columns, _places) in enumerate(self.levels)
            ],
        }  # fmt: skip

    def tile(self, level: int, number: int) -> bytes | None:
        """One tile; None where there is none."""
        if not 0 <= level < len(self.levels) or not 0 <= number < len(self.levels[level][1]):
            return None
        offset, length = self.levels[level][1][number]
        self._stream.seek(offset)
        return zlib.decompress(self._stream.read(length))


class _Writer:
    """Tiles of all levels at once: what is complete is given out, what is not waits (a tile a level)."""

    def __init__(self) -> None:
        self._at = 0
        self._waiting: list[NDArray[np.uint8]] = []  # of each level, the columns that fill no tile yet
        self._columns: list[int] = []
        self._places: list[list[tuple[int, int]]] = []

    def add(self, level: int, part: NDArray[np.uint8]) -> Iterator[bytes]:
        if level == len(self._waiting):
            self._waiting.append(np.zeros((0, BANDS), np.uint8))
            self._columns.append(0)
            self._places.append([])
        self._columns[level] += len(part)
        waiting = self._waiting[level] = np.concatenate([self._waiting[level], part])
        while len(self._waiting[level]) >= COLUMNS:
            waiting = self._waiting[level]
            self._waiting[level] = waiting[COLUMNS:]
            yield self._tile(level, waiting[:COLUMNS])
            yield from self.add(level + 1, _loudest(waiting[:COLUMNS]))

    def end(self) -> Iterator[bytes]:
        """What waits, as tiles that are not full; levels above until one tile holds everything; the table."""
        level = 0
        while level < len(self._waiting):
            rest = self._waiting[level]
            if len(rest):
                yield self._tile(level, rest)
                if len(self._places[level]) > 1:
                    yield from self.add(level + 1, _loudest(rest))
            level += 1
        table = b"".join(
            _LEVEL.pack(len(places), columns) + b"".join(_PLACE.pack(*one) for one in places)
            for columns, places in zip(self._columns, self._places, strict=True)
        )
        yield table + _END.pack(len(table), _MARK)

    def _tile(self, level: int, columns: NDArray[np.uint8]) -> bytes:
        packed = zlib.compress(columns.tobytes(), 6)
        self._places[level].append((self._at, len(packed)))
        self._at += len(packed)
        return packed


def _loudest(columns: NDArray[np.uint8]) -> NDArray[np.uint8]:
    padded = np.pad(columns, ((0, -len(columns) % FACTOR), (0, 0)))
    return padded.reshape(-1, FACTOR, BANDS).max(axis=1)


def _columns(stream: BinaryIO, start_us: int, total: int) -> Iterator[NDArray[np.uint8]]:
    """`total` columns from the first sample on, in parts; silence where there is no sound."""
    # A column's window is centred on the 20 ms it stands for, so it begins a little before.
    waiting = np.zeros((WINDOW - HOP) // 2, np.int16)
    at = done = 0
    for first, samples in stretches(stream, start_us=start_us, rate=RATE):
        if first < at:
            samples, first = samples[at - first :], at
        for more in _with_silence(min(first, total * HOP) - at, samples):
            at += len(more)
            waiting = np.concatenate([waiting, more])
            count = min(max(0, (len(waiting) - WINDOW) // HOP + 1), total - done)
            if count > 0:
                yield _levels(waiting, count)
                waiting, done = waiting[count * HOP :], done + count
    while done < total:
        count = min(total - done, COLUMNS)
        waiting = np.pad(waiting, (0, max(0, (count - 1) * HOP + WINDOW - len(waiting))))
        yield _levels(waiting, count)
        waiting, done = waiting[count * HOP :], done + count


def _with_silence(hole: int, samples: NDArray[np.int16]) -> Iterator[NDArray[np.int16]]:
    for begun in range(0, max(0, hole), _SILENCE):
        yield np.zeros(min(_SILENCE, hole - begun), np.int16)
    for begun in range(0, len(samples), _SILENCE):
        yield samples[begun : begun + _SILENCE]


def _levels(samples: NDArray[np.int16], count: int) -> NDArray[np.uint8]:
    """samples: shape (≥ (count − 1) × HOP + WINDOW,). Returns shape (count, BANDS), uint8 in 0 … STEPS."""
    windows = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[: count * HOP : HOP][:count]
    power = np.abs(np.fft.rfft(windows.astype(np.float32) / 32768 * _HANN, axis=1)[:, :BANDS])
    level_db = 20 * np.log10(np.maximum(power / (_HANN.sum() / 2), 1e-9)) + _TILT_DB
    share = (level_db - QUIETEST_DB) / (LOUDEST_DB - QUIETEST_DB)
    return np.clip(np.round(share * STEPS), 0, STEPS).astype(np.uint8)
