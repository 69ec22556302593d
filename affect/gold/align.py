"""Bending time so that what raters said about one moment comes to lie on one moment.

`dtw` is the best path between two traces, `dba` their barycentre under it (Petitjean, Ketterlin & Gançarski 2011), `gctw` a
smooth warp for each of many (Zhou & De la Torre, CVPR 2012, PAMI 2016). Alignment makes agreement look better by making it:
the concordance of aligned traces says how well they could be aligned, and is shown after that of the raw ones.

For the search alone, gaps are bridged by straight lines and the ends by the nearest sample; what comes out rests on recorded
samples only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import nnls

from affect import undefined
from affect.gold.fusion import checked, mean_present
from affect.undefined import Undefined

ROUNDS = 50
DIAGONAL, FIRST, SECOND = 0, 1, 2


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """A warping path: pairs (first[k], second[k]) of sample indices, and the distance sqrt(sum of squares) along it."""

    distance: float
    first: NDArray[np.int64]
    second: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Aligned:
    """Aligned traces (R, T), NaN for gaps, and how they came about.

    centre      (T,) what they were aligned to, on the scale the search saw
    warps       (R, T) the sample of each rater that came to each step; fractional
    largest     the largest displacement, in steps
    rounds, converged   of the search
    """

    traces: NDArray[np.float64]
    centre: NDArray[np.float64]
    warps: NDArray[np.float64]
    largest: float
    rounds: int
    converged: bool


def dtw(first: ArrayLike, second: ArrayLike, *, reach: int | None = None) -> Path:
    """Dynamic time warping with squared differences (Sakoe & Chiba 1978); of equal ways the straight one.

    first (n,), second (m,), without gaps; pairs lie at most `reach` steps apart.

    >>> path = dtw([0.0, 0.0, 1.0, 2.0], [0.0, 1.0, 2.0, 2.0])
    >>> path.distance, path.first.tolist(), path.second.tolist()
    (0.0, [0, 1, 2, 3, 3], [0, 0, 1, 2, 3])
    """
    x, y = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if x.ndim != 1 or y.ndim != 1 or not len(x) or not len(y) or not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("two traces with a sample at least and without gaps are needed")
    reach = max(len(x), len(y)) if reach is None else reach
    if reach < abs(len(x) - len(y)):
        raise ValueError("the ends of the traces lie further apart than the reach")
    total, moves, starts = _accumulate(x, y, reach)
    return Path(float(np.sqrt(total)), *_back(moves, starts, len(x), len(y)))


def dba(traces: ArrayLike, *, reach: int, start: ArrayLike | None = None, rounds: int = ROUNDS) -> Aligned:
    """Raters' traces aligned to their barycentre under dynamic time warping.

    traces: (R, T), NaN for gaps; start: (T,), by default the mean of the raters present. In each round all are aligned to
    the centre, which becomes the mean of the samples that came to each of its steps, until it stands still. A rater's
    aligned value is the mean of their own samples at a step; where they were absent there is none.
    Raises Undefined for fewer than two raters with samples.
    """
    matrix = checked(traces)
    filled, present = _bridged(matrix)
    centre = mean_present(matrix) if start is None else checked([start])[0]
    centre = _bridged(centre[None])[0][0]
    converged, made = False, 0
    while made < rounds and not converged:
        made += 1
        sums, counts, _ = _associate(filled, np.ones_like(present), centre, reach)
        moved = sums.sum(axis=0) / counts.sum(axis=0)
        converged = bool(np.abs(moved - centre).max() <= 1e-12 * max(1.0, np.abs(centre).max()))
        centre = moved
    sums, counts, warps = _associate(filled, present, centre, reach)
    aligned = np.divide(sums, counts, out=np.full(matrix.shape, np.nan), where=(counts > 0) & present)
    return _aligned(aligned, centre, warps, made, converged)


def gctw(traces: ArrayLike, *, reach: int, bases: int, stiffness: float = 0.1, rounds: int = ROUNDS) -> Aligned:
    """Generalised canonical time warping of many one-dimensional traces.

    A rater's warp is a mixture, with weights that are not negative and sum to 1, of `bases` monotone curves (integrals of
    hat functions over equal stretches of time), so it never runs backwards, keeps both ends and can be no jump. Of one
    dimension, canonical correlation leaves a common scale: each trace in z. Rater by rater the distance to the mean of the
    others is lowered by Gauss-Newton, which lowers the sum over all pairs; `stiffness` draws warps towards none. A contrary
    rater is not turned round. At the end the mean of all warps is made the clock itself, so the group as a whole is
    neither early nor late. No sample moves by more than `reach` steps before that.

    traces: (R, T), NaN for gaps. Raises Undefined for fewer than two raters with samples, and for flat traces.
    """
    matrix = checked(traces)
    filled, present = _bridged(matrix)
    scale = filled.std(axis=1, keepdims=True)
    if not (scale > 0).any():
        raise Undefined(undefined.CONSTANT_TRACE, "The traces are flat, so there is nothing to align.")
    if bases < 2 or reach < 0 or stiffness < 0 or matrix.shape[1] < 2:
        raise ValueError("a warp needs two samples, two bases, and a reach and stiffness that are not negative")
    z = np.divide(filled - filled.mean(axis=1, keepdims=True), scale, out=np.zeros_like(filled), where=scale > 0)
    curves, still = _monotone(matrix.shape[1], bases)
    weights = np.tile(still, (len(z), 1))
    warped = z.copy()
    converged, made = False, 0
    while made < rounds and not converged:
        made += 1
        before = weights.copy()
        for rater in range(len(z)):
            others = np.where(np.delete(present, rater, axis=0), np.delete(warped, rater, axis=0), np.nan)
            target = mean_present(others)
            counts = present[rater] & ~np.isnan(target)
            weights[rater] = _bent(z[rater], target, counts, curves, weights[rater], still, reach, stiffness)
            warped[rater] = _read(z[rater], curves @ weights[rater])
        converged = bool(np.abs(weights - before).max() < 1e-6)
    warps = _recentred(weights @ curves.T)
    aligned = np.array([_read(row, warp) for row, warp in zip(matrix, warps, strict=True)])
    return _aligned(aligned, mean_present(aligned), warps, made, converged)


def _accumulate(
    x: NDArray[np.float64], y: NDArray[np.float64], reach: int
) -> tuple[float, list[NDArray[np.uint8]], list[int]]:
    """Cost of the best path, and for each anti-diagonal the moves that led to its cells and its first row.

    Cells of one anti-diagonal do not depend on each other, so each is one step of array arithmetic.
    """
    n, m = len(x), len(y)
    older, old = np.full(n + 1, np.inf), np.full(n + 1, np.inf)  # place i + 1 holds row i
    older[0] = 0.0  # the corner before both starts
    moves, starts = [], []
    for d in range(n + m - 1):
        low, high = max(0, d - m + 1, -((reach - d) // 2)), min(n - 1, d, (d + reach) // 2)
        rows = slice(low + 1, high + 2)
        ways = np.stack([older[low : high + 1], old[low : high + 1], old[rows]])
        move = np.argmin(ways, axis=0).astype(np.uint8)
        new = np.full(n + 1, np.inf)
        new[rows] = (x[low : high + 1] - y[d - high : d - low + 1][::-1]) ** 2 + ways.min(axis=0)
        moves.append(move)
        starts.append(low)
        older, old = old, new
    return float(old[n]), moves, starts


def _back(
    moves: list[NDArray[np.uint8]], starts: list[int], n: int, m: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    i, j = n - 1, m - 1
    path = [(i, j)]
    while i or j:
        move = moves[i + j][i - starts[i + j]]
        i, j = i - (move != SECOND), j - (move != FIRST)
        path.append((i, j))
    found = np.array(path[::-1], dtype=np.int64)
    return found[:, 0], found[:, 1]


def _associate(
    filled: NDArray[np.float64], counted: NDArray[np.bool_], centre: NDArray[np.float64], reach: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """For each rater and step of the centre: sum and number of the counted samples that came to it, and their mean place."""
    sums, counts, warps = (np.zeros(filled.shape) for _ in range(3))
    for rater, row in enumerate(filled):
        path = dtw(row, centre, reach=reach)
        weight = counted[rater][path.first].astype(np.float64)
        counts[rater] = np.bincount(path.second, weight, len(centre))
        sums[rater] = np.bincount(path.second, weight * row[path.first], len(centre))
        warps[rater] = np.bincount(path.second, path.first, len(centre)) / np.bincount(path.second)
    return sums, counts, warps


def _bridged(matrix: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Traces without gaps for the search, and where samples were."""
    present = ~np.isnan(matrix)
    if not len(matrix) or not matrix.shape[1] or not present.any(axis=1).all():
        raise Undefined(undefined.TOO_FEW, "A rater without a sample cannot be aligned.")
    steps = np.arange(matrix.shape[1])
    rows = [np.interp(steps, steps[here], row[here]) for row, here in zip(matrix, present, strict=True)]
    return np.array(rows), present


def _monotone(length: int, bases: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Curves (T, d) that rise from 0 to T - 1, and the weights (d,) whose mixture is the clock itself."""
    steps = np.arange(length, dtype=np.float64)
    knots = np.linspace(0, length - 1, bases)
    hats = np.array([np.interp(steps, knots, row) for row in np.eye(bases)]).T
    risen = np.vstack([np.zeros(bases), np.cumsum((hats[1:] + hats[:-1]) / 2, axis=0)])
    # More bases than samples leave some without any rise; they cannot move anything.
    used = risen[-1] > 0
    risen = risen[:, used]
    return risen / risen[-1] * (length - 1), risen[-1] / (length - 1)


def _bent(
    z: NDArray[np.float64], target: NDArray[np.float64], counts: NDArray[np.bool_], curves: NDArray[np.float64],
    weights: NDArray[np.float64], still: NDArray[np.float64], reach: int, stiffness: float,
) -> NDArray[np.float64]:  # fmt: skip
    """One Gauss-Newton step for one rater, as long as it lowers the cost and keeps within reach."""
    if not counts.any():
        return weights
    aim, bend = target[counts], curves[counts]
    slope = np.gradient(z)
    # Weights are shares of the whole time: the penalty is per sample and per basis, whatever their numbers.
    penalty = stiffness * counts.sum() * len(still)

    def cost(at: NDArray[np.float64]) -> float:
        return float(((_read(z, curves @ at)[counts] - aim) ** 2).sum() + penalty * ((at - still) ** 2).sum())

    warp = bend @ weights
    jacobian = _read(slope, warp)[:, None] * bend
    left = aim - _read(z, warp) + jacobian @ weights
    gram = jacobian.T @ jacobian + penalty * np.eye(len(still))
    pull = jacobian.T @ left + penalty * still
    # "Sums to 1" as one very heavy equation, then put right exactly.
    heavy = 1e6 * max(1.0, float(np.trace(gram)))
    gram, pull = gram + heavy + 1e-9 * np.eye(len(still)), pull + heavy
    root = np.linalg.cholesky(gram)
    aimed, _ = nnls(root.T, np.linalg.solve(root, pull))
    if not aimed.sum() > 0:
        return weights
    step = aimed / aimed.sum() - weights
    share = _allowed(curves @ weights - np.arange(len(z)), curves @ step, reach)
    now = cost(weights)
    for _ in range(7):
        if cost(weights + share * step) < now:
            moved = np.maximum(weights + share * step, 0.0)
            return moved / moved.sum()
        share /= 2
    return weights


def _allowed(displaced: NDArray[np.float64], more: NDArray[np.float64], reach: int) -> float:
    """The largest share (at most 1) of a further displacement that keeps every sample within reach."""
    room = np.where(more > 0, reach - displaced, reach + displaced)
    shares = np.divide(np.maximum(room, 0), np.abs(more), out=np.full(more.shape, np.inf), where=more != 0)
    return float(min(1.0, shares.min()))


def _read(trace: NDArray[np.float64], places: NDArray[np.float64]) -> NDArray[np.float64]:
    """The trace at fractional places, straight between two samples; NaN where one of the two is missing."""
    places = np.clip(places, 0, len(trace) - 1)
    below = np.minimum(places.astype(np.int64), max(0, len(trace) - 2))
    share = places - below
    above = np.minimum(below + 1, len(trace) - 1)
    # A place on a sample needs no neighbour.
    left = np.where(share == 1, trace[above], trace[below])
    right = np.where(share == 0, trace[below], trace[above])
    return left + share * (right - left)


def _recentred(warps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Warps whose mean is the clock: each is read where the mean warp reaches the step."""
    steps = np.arange(warps.shape[1], dtype=np.float64)
    mean = warps.mean(axis=0)
    when = np.interp(steps, mean, steps)
    return np.array([np.interp(when, steps, warp) for warp in warps])


def _aligned(
    traces: NDArray[np.float64], centre: NDArray[np.float64], warps: NDArray[np.float64], rounds: int, converged: bool
) -> Aligned:
    if len(traces) < 2:
        raise Undefined(undefined.TOO_FEW, "One rater alone has nobody to be aligned with.")
    largest = float(np.abs(warps - np.arange(warps.shape[1])).max())
    for array in (traces, centre, warps):
        array.flags.writeable = False
    return Aligned(traces, centre, warps, largest, rounds, converged)
