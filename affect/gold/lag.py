"""How late a rater's hand is: estimated on the material itself, by two ways.

Against features of the recording: the delay at which the trace tells most about the features (mutual information; Mariooryad
& Busso, ACII 2013, IEEE TAFFC 2015, who found 1 to 6 s). Against the other raters: the delay at which a trace correlates best
with their mean. The latter sees only who is later than whom; a delay that all share is invisible to it, so the fastest rater
is put at a floor, such as the motor lag measured in practice. A motor lag is a floor, never the value itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from affect import undefined
from affect.gold.fusion import checked, correlation, mean_present
from affect.gold.steps import moving_average
from affect.undefined import Undefined

BINS = 8
BLUR = 9
"""Scores are averaged over so many neighbouring delays: fast noise of two traces makes single scores jump, while a peak of
movements that take seconds is wider. At 10 Hz, 0.9 s."""
ENOUGH = 20
"""Fewer common samples than this tell nothing about a delay."""
ROUNDS = 20


@dataclass(frozen=True, slots=True, eq=False)
class Lag:
    """A delay in whole steps of the grid: `steps`; positive when the trace comes later.

    score      mutual information (nats) or correlation at that delay
    at_zero    the same without any delay, None where it is undefined
    at_bound   the best delay is the lowest or highest that was tried: the true one may lie beyond
    curve      (candidates,) scores, averaged over neighbours, of the delays lowest..highest; NaN where undefined
    lowest     the first of them
    """

    steps: int
    score: float
    at_zero: float | None
    at_bound: bool
    curve: NDArray[np.float64]
    lowest: int


def lag_by_features(
    features: ArrayLike, trace: ArrayLike, *, highest: int, lowest: int = 0, bins: int = BINS, blur: int = BLUR
) -> Lag:
    """The delay tau in lowest..highest steps that maximises I(feature(t); trace(t + tau)), mean over the features.

    features: shape (F, T) or (T,), trace: (T,), on one grid, NaN for gaps. Values are sorted into `bins` of equal
    frequency, so any increasing distortion of either changes nothing; the bias of Miller & Madow is taken off. All
    delays are judged on the same stretch of features. Raises Undefined for flat traces or too little overlap.

    A random walk against itself 30 steps later:

    >>> walk = np.cumsum(np.random.default_rng(1).normal(size=1500))
    >>> lag_by_features(walk[30:], walk[:-30], highest=60).steps
    30
    """
    rows, label = checked(np.atleast_2d(np.asarray(features, dtype=np.float64))), checked([trace])[0]
    if rows.shape[1] != len(label):
        raise ValueError("features and trace lie on one grid")
    _bounds(lowest, highest, bins)
    codes = [_binned(row, bins) for row in rows]
    if all(code is None for code in codes) or (own := _binned(label, bins)) is None:
        raise Undefined(undefined.CONSTANT_TRACE, "The trace or all features are flat, so no delay can be seen.")
    start, end = max(0, -lowest), len(label) - max(0, highest)
    curve = np.full(highest - lowest + 1, np.nan)
    for place, tau in enumerate(range(lowest, highest + 1)):
        told = [_information(code[start:end], own[start + tau : end + tau], bins) for code in codes if code is not None]
        defined = [value for value in told if value is not None]
        if defined and end > start:
            curve[place] = float(np.mean(defined))
    return _best(curve, lowest, blur)


def lag_behind(trace: ArrayLike, reference: ArrayLike, *, lowest: int, highest: int, blur: int = BLUR) -> Lag:
    """The delay in lowest..highest steps at which the trace correlates best with the reference, both (T,) on one grid.

    >>> walk = np.cumsum(np.random.default_rng(1).normal(size=500))
    >>> lag_behind(walk[:-12], walk[12:], lowest=-20, highest=20).steps
    12
    """
    trace, reference = checked([trace])[0], checked([reference])[0]
    _bounds(lowest, highest)
    curve = np.full(highest - lowest + 1, np.nan)
    for place, tau in enumerate(range(lowest, highest + 1)):
        moved = shifted(trace, tau)
        if int((~np.isnan(moved) & ~np.isnan(reference)).sum()) < ENOUGH:
            continue
        try:
            curve[place] = correlation(moved, reference)
        except Undefined:
            continue
    return _best(curve, lowest, blur)


def lags_by_leave_one_out(
    traces: ArrayLike, *, highest: int, floor: int = 0, blur: int = BLUR
) -> tuple[Lag | None, ...]:
    """The delay of each rater, in steps, from each one's best correlation with the mean of the others.

    traces: shape (raters, T), NaN for gaps. Found in turns: each rater is moved against the mean of the others, who
    stand where the last turn left them, until nobody moves. Then the fastest is set to `floor`. No delay exceeds
    `highest`. None for a rater who cannot be placed (flat, or no overlap). Raises Undefined when nobody can.

    >>> walk = np.cumsum(np.random.default_rng(1).normal(size=600))
    >>> [lag.steps for lag in lags_by_leave_one_out([walk[30:], walk[30:], walk[:-30]], highest=60)]
    [0, 0, 30]
    """
    matrix = checked(traces)
    if not 0 <= floor <= highest:
        raise ValueError("the floor lies between 0 and the highest delay")
    if len(matrix) < 2:
        raise Undefined(undefined.TOO_FEW, "One rater alone can be late to nobody.")
    reach = highest - floor
    found: list[Lag | None] = [None] * len(matrix)
    steps = [0] * len(matrix)
    for _ in range(ROUNDS):
        before = list(steps)
        for rater in range(len(matrix)):
            others = [shifted(matrix[k], steps[k]) for k in range(len(matrix)) if k != rater]
            found[rater] = _or_none(matrix[rater], mean_present(np.array(others)), reach, blur)
            steps[rater] = found[rater].steps if found[rater] else 0
        # The group as a whole may drift while each follows the others; only differences mean something.
        middle = int(np.median([s for s, lag in zip(steps, found, strict=True) if lag] or [0]))
        steps = [s - middle if lag else 0 for s, lag in zip(steps, found, strict=True)]
        if steps == before:
            break
    if not any(found):
        raise Undefined(
            undefined.CONSTANT_TRACE, "The traces are flat or share too few moments, so no delay can be seen."
        )
    fastest = min(s for s, lag in zip(steps, found, strict=True) if lag)
    placed = [min(s - fastest + floor, highest) for s in steps]
    return tuple(
        Lag(place, lag.score, lag.at_zero, place == highest or lag.at_bound, lag.curve, lag.lowest) if lag else None
        for place, lag in zip(placed, found, strict=True)
    )


def shifted(trace: ArrayLike, steps: int) -> NDArray[np.float64]:
    """The trace `steps` earlier: at t it says what the rater said at t + steps. NaN where nothing was said.

    >>> shifted([1.0, 2.0, 3.0], 1).tolist()
    [2.0, 3.0, nan]
    """
    given = np.asarray(trace, dtype=np.float64)
    out = np.full(given.shape, np.nan)
    if abs(steps) >= len(given):
        return out
    if steps >= 0:
        out[: len(given) - steps] = given[steps:]
    else:
        out[-steps:] = given[:steps]
    return out


def _or_none(trace: NDArray[np.float64], reference: NDArray[np.float64], reach: int, blur: int) -> Lag | None:
    try:
        return lag_behind(trace, reference, lowest=-reach, highest=reach, blur=blur)
    except Undefined:
        return None


def _best(scores: NDArray[np.float64], lowest: int, blur: int) -> Lag:
    curve = moving_average(scores, window=blur)
    if np.isnan(curve).all():
        raise Undefined(
            undefined.NO_OVERLAP, f"Fewer than {ENOUGH} common moments, or flat ones, at every delay that was tried."
        )
    top = float(np.nanmax(curve))
    # Of equally good delays the one nearest to none.
    candidates = np.flatnonzero(curve >= top - 1e-12) + lowest
    steps = int(candidates[np.argmin(np.abs(candidates))])
    zero = curve[-lowest] if 0 <= -lowest < len(curve) else np.nan
    curve.flags.writeable = False
    at_bound = steps in (lowest, lowest + len(curve) - 1) and steps != 0
    return Lag(steps, top, None if np.isnan(zero) else float(zero), at_bound, curve, lowest)


def _bounds(lowest: int, highest: int, bins: int = BINS) -> None:
    if lowest > highest:
        raise ValueError("the lowest delay is not above the highest")
    if bins < 2:
        raise ValueError("two bins or more are needed to tell values apart")


def _binned(values: NDArray[np.float64], bins: int) -> NDArray[np.int64] | None:
    """Bins of equal frequency, -1 for gaps; None for a flat trace. Equal values share a bin."""
    present = ~np.isnan(values)
    given = values[present]
    if not len(given) or (given == given[0]).all():
        return None
    edges = np.quantile(given, np.arange(1, bins) / bins)
    codes = np.full(values.shape, -1, dtype=np.int64)
    codes[present] = np.searchsorted(edges, given, side="right")
    return codes


def _information(x: NDArray[np.int64], y: NDArray[np.int64], bins: int) -> float | None:
    """Mutual information in nats of two binned traces, less the bias of Miller & Madow; None for too few pairs."""
    both = (x >= 0) & (y >= 0)
    n = int(both.sum())
    if n < ENOUGH:
        return None
    joint = np.bincount(x[both] * bins + y[both], minlength=bins * bins).reshape(bins, bins)
    rows, columns = joint.sum(axis=1), joint.sum(axis=0)
    used = joint > 0
    expected = np.outer(rows, columns)
    plain = float((joint[used] / n * np.log(joint[used] * n / expected[used])).sum())
    cells, sides = int(used.sum()), int((rows > 0).sum() + (columns > 0).sum())
    return plain - (cells - sides + 1) / (2 * n)
