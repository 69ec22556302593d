"""Physiological signals as they come: one column of numbers at a fixed rate, or a time column and a value column.

Read line by line with a limit on the line, so a file of any content costs the memory of its samples (16 bytes each) and
no more. Nothing is guessed that could be wrong: what is ambiguous is refused with a sentence that says what to do.
"""

from __future__ import annotations

import io
import math
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from affect.codecs import trace as container
from labeling.media.probe import LONGEST_US
from labeling.media.refused import MediaRefused

LARGEST = 512 * 1024 * 1024
LONGEST_LINE = 4096
DELIMITERS = (";", "\t", ",")


@dataclass(frozen=True)
class Signal:
    """Samples in order. times_us: shape (n,), int64 µs on the track's clock; values: shape (n,), finite float64;
    flags: shape (n,), uint8, GAP_BEFORE where samples were left out before one."""

    times_us: NDArray[np.int64]
    values: NDArray[np.float64]
    flags: NDArray[np.uint8]


def read_csv(stream: BinaryIO, rate_hz: float) -> Signal:
    """The samples of a signal. An empty cell or NaN is a missing sample: it is left out, and the next one is marked.

    Takes a header or none, a BOM, CRLF, commas, tabs or semicolons; with semicolons a decimal comma too. Two columns are
    time in seconds and value; one column needs `rate_hz` (samples a second, else 0).
    Raises MediaRefused: empty_file, not_text, too_large, too_many_samples, line_too_long, not_a_number, not_finite,
    missing_column, too_many_columns, decimal_comma, times_not_increasing, time_out_of_range, no_rate.
    """
    if rate_hz and not 0 < rate_hz < 1e6:
        raise MediaRefused("no_rate")
    reader = _Reader(rate_hz)
    for number, line in enumerate(_lines(stream), start=1):
        reader.take(number, line)
    return reader.signal()


class _Reader:
    """What was read so far: the shape of the file is fixed by its first line of numbers."""

    def __init__(self, rate_hz: float) -> None:
        self.rate_hz = rate_hz
        self.times, self.values, self.flags = array("q"), array("d"), array("B")
        self.columns = self.rows = 0
        self.delimiter = ""
        self.last, self.gap, self.header_seen = -1, False, False
        self.whole = True  # no decimal point yet: two whole numbers may be one with a decimal comma

    def take(self, number: int, line: str) -> None:
        if not line.strip(" \t;,\"'\r\n"):
            return
        if not self.delimiter:
            self.delimiter = next((one for one in DELIMITERS if one in line), ",")
        cells = [cell.strip(" \"'") for cell in line.rstrip("\r\n").split(self.delimiter)]
        while len(cells) > (self.columns or 2) and not cells[-1]:
            cells.pop()  # a delimiter at the end of the line
        numbers = [self._number(cell) for cell in cells]
        if None in numbers:
            if not self.columns and not self.header_seen:
                self.header_seen, self.delimiter = True, ""
                return
            raise MediaRefused("not_a_number", line=number)
        self._shape(number, cells)
        self.whole = self.whole and all(cell.lstrip("-").isdigit() for cell in cells)
        self._sample(number, numbers)

    def _number(self, cell: str) -> float | None:
        """The number of a cell, NaN when it is empty, None when it is something else."""
        if not cell:
            return math.nan
        if self.delimiter != ",":
            cell = cell.replace(",", ".", 1)
        try:
            return float(cell) if "_" not in cell else None
        except ValueError:
            return None

    def _shape(self, number: int, cells: list[str]) -> None:
        if not self.columns:
            if len(cells) > 2:
                raise MediaRefused("too_many_columns", line=number)
            self.columns = len(cells)
            if self.columns == 1 and self.rate_hz <= 0:
                raise MediaRefused("no_rate")
        elif len(cells) < self.columns:
            raise MediaRefused("missing_column", line=number)
        elif len(cells) > self.columns:
            raise MediaRefused("too_many_columns", line=number)

    def _sample(self, number: int, numbers: list[float]) -> None:
        value = numbers[-1]
        if math.isinf(value) or math.isinf(numbers[0]):
            raise MediaRefused("not_finite", line=number)
        at = self._time(number, numbers)
        self.rows += 1
        self.last = at
        if math.isnan(value):
            self.gap = True
            return
        if len(self.times) >= container.MAX_SAMPLES:
            raise MediaRefused("too_many_samples", most=container.MAX_SAMPLES)
        self.times.append(at)
        self.values.append(value)
        self.flags.append(int(container.Flag.GAP_BEFORE) if self.gap and len(self.times) > 1 else 0)
        self.gap = False

    def _time(self, number: int, numbers: list[float]) -> int:
        if self.columns == 1:
            seconds = self.rows / self.rate_hz
        elif math.isnan(numbers[0]):
            raise MediaRefused("not_a_number", line=number)
        else:
            seconds = numbers[0]
        if not 0 <= seconds * 1_000_000 <= LONGEST_US:
            raise MediaRefused("time_out_of_range", line=number)
        at = round(seconds * 1_000_000)
        if at > self.last:
            return at
        if self.delimiter == "," and self.whole:
            raise MediaRefused("decimal_comma", line=number)
        raise MediaRefused("times_not_increasing", line=number)

    def signal(self) -> Signal:
        if not self.times:
            raise MediaRefused("empty_file")
        return Signal(
            np.frombuffer(self.times, dtype=np.int64),
            np.frombuffer(self.values, dtype=np.float64),
            np.frombuffer(self.flags, dtype=np.uint8),
        )


def _lines(stream: BinaryIO) -> Iterator[str]:
    stream.seek(0, io.SEEK_END)
    size = stream.tell()
    stream.seek(0)
    if not size:
        raise MediaRefused("empty_file")
    if size > LARGEST:
        raise MediaRefused("too_large", most=LARGEST // 1024**2)
    if b"\x00" in stream.read(1024):
        raise MediaRefused("not_text")
    stream.seek(0)
    reader = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline=None)
    try:
        while line := reader.readline(LONGEST_LINE):
            if len(line) >= LONGEST_LINE and not line.endswith("\n"):
                raise MediaRefused("line_too_long")
            yield line
    finally:
        reader.detach()
