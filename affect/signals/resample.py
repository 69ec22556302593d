"""Traces on a common grid: held for event logs, linear for sampled signals, and nothing where nothing is known.

A value is only ever put between two samples that were recorded, or, for event logs, held up to a stated end. Before the
first sample, after the last, across a marked gap and across a silence longer than a limit, the grid stays NaN.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray


def grid(start_us: int, end_us: int, rate_hz: int | Fraction) -> NDArray[np.int64]:
    """Grid times in [start_us, end_us) at a constant rate, each rounded by itself so that no error adds up.

    >>> grid(0, 1_000_000, 3).tolist()
    [0, 333333, 666667]
    """
    rate = Fraction(rate_hz)
    if rate <= 0 or end_us < start_us:
        raise ValueError("a grid needs a positive rate and an end that is not before its start")
    n = -((start_us - end_us) * rate // 1_000_000)
    step, half = 1_000_000 * rate.denominator, rate.numerator // 2
    times = [start_us + (index * step + half) // rate.numerator for index in range(int(n))]
    while times and times[-1] >= end_us:
        times.pop()
    return np.array(times, dtype=np.int64)


def hold(
    times_us: ArrayLike,
    values: ArrayLike,
    grid_us: ArrayLike,
    *,
    until_us: int | None = None,
    limit_us: int | None = None,
    gap_before: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """Zero-order hold: each grid point takes the last value entered at or before it. For logs of events.

    times_us (n,) int64 increasing, values (n,), grid_us (g,). The last value holds up to `until_us`, exclusive: the
    end of what the rater perceived; without it, nothing follows the last event. A silence longer than `limit_us`, and
    one that ends in a sample marked in gap_before (n,) bool, is missing altogether. Returns (g,) with NaN for missing.

    >>> hold([100, 300], [1.0, 2.0], [0, 100, 200, 300, 400, 500], until_us=500).tolist()
    [nan, 1.0, 1.0, 2.0, 2.0, nan]
    """
    times, numbers, points, gaps = _checked(times_us, values, grid_us, gap_before)
    if not len(times):
        return np.full(points.shape, np.nan)
    before = np.searchsorted(times, points, side="right") - 1
    held = np.where(before >= 0, numbers[before], np.nan)
    end = times[-1] if until_us is None else max(until_us, times[-1])
    bounds = np.append(times, end)
    silent = np.append(gaps[1:], False) | (np.diff(bounds) > _limit(limit_us))
    held[(points > times[before]) & silent[before]] = np.nan
    held[(points >= end) & (points > times[-1])] = np.nan
    return held


def linear(
    times_us: ArrayLike,
    values: ArrayLike,
    grid_us: ArrayLike,
    *,
    limit_us: int | None = None,
    gap_before: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """Linear interpolation between neighbouring samples. For sampled signals; arguments as `hold`.

    A grid point that falls on a sample takes its value, also at the edge of a gap. Never extrapolates.

    >>> linear([0, 100, 900], [0.0, 1.0, 5.0], [0, 50, 100, 500, 900, 950], limit_us=200).tolist()
    [0.0, 0.5, 1.0, nan, 5.0, nan]
    """
    times, numbers, points, gaps = _checked(times_us, values, grid_us, gap_before)
    if not len(times):
        return np.full(points.shape, np.nan)
    # From the first sample on: float64 holds differences of times exactly, the times themselves perhaps not.
    out = np.interp((points - times[0]).astype(float), (times - times[0]).astype(float), numbers, np.nan, np.nan)
    after = np.clip(np.searchsorted(times, points, side="left"), 0, len(times) - 1)
    on_sample = times[after] == points
    # interp rounds on the way to a sample; the sample itself is what was recorded.
    out[on_sample] = numbers[after[on_sample]]
    silent = gaps | (np.diff(times, prepend=times[0]) > _limit(limit_us))
    out[~on_sample & silent[after]] = np.nan
    return out


def _limit(limit_us: int | None) -> int:
    return np.iinfo(np.int64).max if limit_us is None else limit_us


def _checked(
    times_us: ArrayLike, values: ArrayLike, grid_us: ArrayLike, gap_before: ArrayLike | None
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_]]:
    times, points = (_whole(name, array) for name, array in (("times", times_us), ("grid", grid_us)))
    numbers = np.asarray(values, dtype=np.float64)
    gaps = np.zeros(times.shape, dtype=bool) if gap_before is None else np.asarray(gap_before, dtype=bool)
    if not (times.ndim == points.ndim == 1 and times.shape == numbers.shape == gaps.shape):
        raise ValueError(
            f"times, values and gaps need one length; they have {times.shape}, {numbers.shape}, {gaps.shape}"
        )
    if (np.diff(times) <= 0).any():
        raise ValueError("times must increase from sample to sample")
    if not np.isfinite(numbers).all():
        raise ValueError("values must be finite; a gap is a mark, not a value")
    return times, numbers, points, gaps


def _whole(name: str, array: ArrayLike) -> NDArray[np.int64]:
    found = np.asarray(array)
    if found.size and found.dtype.kind not in "iu":
        raise ValueError(f"{name} must be whole microseconds")
    return found.astype(np.int64)
