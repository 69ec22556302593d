"""Physiological signals as they come: one column of numbers at a fixed rate, or a time column and a value column."""

from __future__ import annotations

import csv
import io
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from labeling.media.probe import MediaRefused

LARGEST = 512 * 1024 * 1024
LONGEST_LINE = 4096


def read_csv(stream: BinaryIO, rate_hz: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Times (int64 µs, from 0) and values (float64) of a signal. A missing value is a gap: the sample is left out.

    Takes a header or none, a BOM, CRLF, a decimal point; two columns are time in seconds and value.
    Raises MediaRefused: empty_file, too_large, line_too_long, not_a_number, times_not_increasing, no_rate.
    """
    times: list[int] = []
    values: list[float] = []
    size = row = 0
    last = -1
    for line_number, line in enumerate(_lines(stream), start=1):
        size += len(line)
        if size > LARGEST:
            raise MediaRefused("too_large", "The signal is larger than 512 MB; split it.")
        cells = next(csv.reader([line]), [])
        if not cells or not any(cell.strip() for cell in cells):
            continue
        numbers = [_number(cell) for cell in cells[:2]]
        if any(number is None for number in numbers):
            if line_number == 1:
                continue  # a header
            raise MediaRefused(
                "not_a_number", f"Line {line_number} holds something that is not a number.", line=line_number
            )
        value = numbers[-1]
        if len(numbers) == 2:
            at = round(numbers[0] * 1_000_000) if np.isfinite(numbers[0]) else -1
        elif rate_hz > 0:
            at = round(row * 1_000_000 / rate_hz)
        else:
            raise MediaRefused("no_rate", "A signal of one column needs its sampling rate.")
        row += 1
        if at <= last:
            raise MediaRefused(
                "times_not_increasing",
                f"The time in line {line_number} does not come after the one before.",
                line=line_number,
            )
        last = at
        if np.isfinite(value):
            times.append(at)
            values.append(value)
    if not values:
        raise MediaRefused("empty_file", "There is no sample in this file.")
    return np.asarray(times, dtype=np.int64), np.asarray(values, dtype=np.float64)


def _lines(stream: BinaryIO):
    stream.seek(0)
    reader = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline=None)
    try:
        while line := reader.readline(LONGEST_LINE):
            if len(line) >= LONGEST_LINE and not line.endswith("\n"):
                raise MediaRefused(
                    "line_too_long", "A line of this file is longer than any signal's; is it another kind of file?"
                )
            yield line
    finally:
        reader.detach()


def _number(cell: str) -> float | None:
    text = cell.strip()
    if not text:
        return float("nan")
    try:
        return float(text)
    except ValueError:
        return None


def envelope(
    times_us: NDArray[np.int64], values: NDArray[np.float64], start_us: int, end_us: int, columns: int
) -> tuple[list[float | None], list[float | None]]:
    """Smallest and largest value of each of `columns` equal stretches of [start_us, end_us); None where there is no sample.

    No extreme is lost, whatever the zoom, which thinning would do.
    """
    chosen = (times_us >= start_us) & (times_us < end_us)
    at = ((times_us[chosen] - start_us) * columns // max(1, end_us - start_us)).astype(np.int64)
    low = np.full(columns, np.inf)
    high = np.full(columns, -np.inf)
    np.minimum.at(low, at, values[chosen])
    np.maximum.at(high, at, values[chosen])
    full = np.isfinite(low)
    return (
        [float(v) if ok else None for v, ok in zip(low, full, strict=True)],
        [float(v) if ok else None for v, ok in zip(high, full, strict=True)],
    )
