"""What may be done to one rater's trace before fusion: a dead band, a filter, a standard scale.

Each takes one trace (T,) on a grid, NaN for gaps, and gives one of the same length with the same gaps. Filters have zero
phase, work within each run of samples between two gaps, and do not draw the ends anywhere: a straight line comes out as it
went in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import signal

from affect import undefined
from affect.undefined import Undefined


@dataclass(frozen=True, slots=True)
class Scale:
    """A rater's own scale: mean and standard deviation (1/n) of all their samples, n of them."""

    mean: float
    sd: float
    n: int


def dead_band(trace: ArrayLike, *, width: float) -> NDArray[np.float64]:
    """Hold the last value until the trace has moved by more than `width`: a trembling hand is not a movement.

    After a gap it starts anew.

    >>> dead_band([0.0, 0.05, -0.05, 0.3, 0.25, 0.0], width=0.1).tolist()
    [0.0, 0.0, 0.0, 0.3, 0.3, 0.0]
    """
    if not 0 <= width < np.inf:
        raise ValueError("a dead band has a width that is not negative")
    held: list[float] = []
    last = float("nan")
    for value in _trace(trace).tolist():
        # Any comparison with NaN is false: the first sample after a gap is taken, a gap stays one.
        if not abs(value - last) <= width:
            last = value
        held.append(last)
    return np.array(held, dtype=np.float64)


def moving_average(trace: ArrayLike, *, window: int) -> NDArray[np.float64]:
    """The mean of `window` samples (odd) around each; towards an end the window shrinks on both sides alike.

    >>> moving_average([0.0, 1.0, 2.0, 3.0, 4.0], window=3).tolist()
    [0.0, 1.0, 2.0, 3.0, 4.0]
    """
    _odd(window)
    return _by_runs(trace, lambda run: _centred(run, window, np.mean))


def median_filter(trace: ArrayLike, *, window: int) -> NDArray[np.float64]:
    """The median of `window` samples (odd) around each, for spikes; towards an end the window shrinks on both sides alike.

    >>> median_filter([0.0, 0.0, 9.0, 0.0, 0.0], window=3).tolist()
    [0.0, 0.0, 0.0, 0.0, 0.0]
    """
    _odd(window)
    return _by_runs(trace, lambda run: _centred(run, window, np.median))


def savgol(trace: ArrayLike, *, window: int = 5, order: int = 3) -> NDArray[np.float64]:
    """Savitzky & Golay's filter (1964): a polynomial of `order` fitted to `window` samples (odd) around each.

    At the ends the polynomial of the last full window goes on, so a cubic comes out as it went in. A run that is
    shorter than the window takes the largest odd window that fits; one too short for the order stays as it is.

    >>> savgol([0.0, 1.0, 8.0, 27.0, 64.0, 125.0]).round(6).tolist()
    [0.0, 1.0, 8.0, 27.0, 64.0, 125.0]
    """
    _odd(window)
    if not 0 <= order < window:
        raise ValueError("the order of the polynomial is below the window's length")

    def smooth(run: NDArray[np.float64]) -> NDArray[np.float64]:
        fits = min(window, len(run) - (len(run) + 1) % 2)
        return run if fits <= order else signal.savgol_filter(run, fits, order, mode="interp")

    return _by_runs(trace, smooth)


def low_pass(trace: ArrayLike, *, cutoff_hz: float, rate_hz: float, order: int = 2) -> NDArray[np.float64]:
    """Butterworth's low-pass, once forwards and once backwards, so that nothing is delayed.

    What is filtered is the run less its straight line of least squares, which has nothing to lose to a low-pass; it is
    continued at both ends by its point reflection, which keeps level and slope there. One sample stays as it is.

    >>> low_pass([3.0, 3.0, 3.0, 3.0], cutoff_hz=1, rate_hz=10).round(9).tolist()
    [3.0, 3.0, 3.0, 3.0]
    """
    if not 0 < cutoff_hz < rate_hz / 2:
        raise ValueError("a low-pass has a cut-off between 0 and half of the rate")
    if order < 1:
        raise ValueError("a filter has an order of 1 or more")
    sections = signal.butter(order, cutoff_hz, fs=rate_hz, output="sos")
    # Three periods of the cut-off: what the filter still feels of the end.
    reach = int(np.ceil(3 * rate_hz / cutoff_hz))

    def smooth(run: NDArray[np.float64]) -> NDArray[np.float64]:
        if len(run) < 2:
            return run
        steps = np.arange(len(run)) - (len(run) - 1) / 2
        line = run.mean() + (steps * run).sum() / (steps**2).sum() * steps
        return line + signal.sosfiltfilt(sections, run - line, padtype="odd", padlen=min(reach, len(run) - 1))

    return _by_runs(trace, smooth)


def scale_of(samples: ArrayLike) -> Scale:
    """Mean and standard deviation (1/n) of a rater's samples, gaps left out.

    Raises Undefined when there is none or when all are equal: a flat trace has no scale of its own.

    >>> scale_of([1.0, 3.0, float("nan")])
    Scale(mean=2.0, sd=1.0, n=2)
    """
    given = _trace(samples)
    given = given[~np.isnan(given)]
    if not len(given):
        raise Undefined(undefined.TOO_FEW, "The rater gave no sample, so there is no scale.")
    if (given == given[0]).all():
        raise Undefined(undefined.CONSTANT_TRACE, "The rater's traces are flat, so they have no scale of their own.")
    return Scale(float(given.mean()), float(given.std()), len(given))


def standardise(trace: ArrayLike, scale: Scale) -> NDArray[np.float64]:
    """The trace in units of z: how many of the rater's standard deviations above their mean.

    >>> standardise([1.0, 3.0], Scale(2.0, 1.0, 2)).tolist()
    [-1.0, 1.0]
    """
    return (_trace(trace) - scale.mean) / scale.sd


def _trace(trace: ArrayLike) -> NDArray[np.float64]:
    found = np.asarray(trace, dtype=np.float64)
    if found.ndim != 1 or np.isinf(found).any():
        raise ValueError("a trace has one dimension and finite values, with NaN for gaps")
    return found


def _odd(window: int) -> None:
    if window < 1 or window % 2 == 0:
        raise ValueError("a window around a sample has an odd length")


def runs(trace: NDArray[np.float64]) -> list[slice]:
    """The stretches of samples between gaps.

    >>> runs(np.array([1.0, 2.0, float("nan"), 3.0]))
    [slice(0, 2, None), slice(3, 4, None)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], ~np.isnan(trace), [False]]).astype(np.int8)))
    return [slice(int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]


def _by_runs(trace: ArrayLike, smooth: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> NDArray[np.float64]:
    given = _trace(trace)
    out = np.full(given.shape, np.nan)
    for run in runs(given):
        out[run] = smooth(given[run])
    return out


def _centred(run: NDArray[np.float64], window: int, statistic: Callable[..., NDArray]) -> NDArray[np.float64]:
    """Any statistic of the samples around each, as many on one side as on the other."""
    half = min(window // 2, (len(run) - 1) // 2)
    out = run.copy()
    if half:
        out[half : len(run) - half] = statistic(np.lib.stride_tricks.sliding_window_view(run, 2 * half + 1), axis=1)
    for edge in range(1, half):
        out[edge] = statistic(run[: 2 * edge + 1])
        out[-1 - edge] = statistic(run[len(run) - 2 * edge - 1 :])
    return out
