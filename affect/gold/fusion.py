"""One trace from several: the plain mean over those who rated each moment.

No smoothing is done here, so the ends are as unbiased as the middle; a rater's gap takes nobody else's value away.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True, eq=False)
class FusedTrace:
    """The fused trace, all arrays of shape (T,).

    mean    NaN where nobody rated
    sd      with n - 1, NaN where fewer than two rated
    n       raters present, int64
    method  how it was fused
    """

    mean: NDArray[np.float64]
    sd: NDArray[np.float64]
    n: NDArray[np.int64]
    method: str = "mean of the raters present"


def fuse_mean(traces: ArrayLike) -> FusedTrace:
    """Mean, spread and number of raters at each step. traces: shape (raters, T) on one grid, NaN for gaps.

    >>> nan = float("nan")
    >>> fused = fuse_mean([[0.0, 1.0, nan], [1.0, nan, nan]])
    >>> fused.mean.tolist(), fused.n.tolist()
    ([0.5, 1.0, nan], [2, 1, 0])
    """
    matrix = np.asarray(traces, dtype=np.float64)
    if matrix.ndim != 2:
        raise ValueError(f"traces need two dimensions, raters x steps; these have shape {matrix.shape}")
    if np.isinf(matrix).any():
        raise ValueError("traces must be finite, with NaN for gaps")
    present = ~np.isnan(matrix)
    n = present.sum(axis=0)
    blank = np.full(matrix.shape[1], np.nan)
    mean = np.divide(np.where(present, matrix, 0).sum(axis=0), n, out=blank.copy(), where=n > 0)
    squares = np.where(present, matrix - mean, 0) ** 2
    sd = np.sqrt(np.divide(squares.sum(axis=0), n - 1, out=blank.copy(), where=n > 1))
    for array in (mean, sd, n):
        array.flags.writeable = False
    return FusedTrace(mean, sd, n)
