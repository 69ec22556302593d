"""What a measure hands to a page: a value with its interval, n and coverage, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from affect import undefined
from affect.undefined import Undefined


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval and all that is needed to compute it again.

    `level` is the coverage aimed at (.95), `method` says what was resampled, `n_undefined` counts the resamples in
    which the coefficient had no value; they are left out of the percentiles.
    """

    low: float
    high: float
    level: float
    method: str
    seed: int
    resamples: int
    n_undefined: int


@dataclass(frozen=True, slots=True)
class Measure:
    """One number as pages show it: value, interval, n, coverage.

    value       the coefficient, or None when it is undefined
    interval    its interval, or None when none could be made
    n_units     units (items, time steps, clips) the value rests on
    n_raters    raters the value rests on
    coverage    share of the rater x unit cells that hold a rating, 0..1
    method      the variant, in words
    undefined   code of `affect.undefined` when value is None, else ""
    why         the sentence that goes with it: why there is no value, or why there is no interval, else ""

    >>> Measure(None, None, 0, 2, 0.0, "Krippendorff's alpha", "no_overlap", "No unit has two ratings.").defined
    False
    """

    value: float | None
    interval: Interval | None
    n_units: int
    n_raters: int
    coverage: float
    method: str
    undefined: str = ""
    why: str = ""

    def __post_init__(self):
        if (self.value is None) != bool(self.undefined):
            raise ValueError("a measure has either a value or a code that says why it has none")

    @property
    def defined(self) -> bool:
        return self.value is not None


def describe(
    compute: Callable[[], float],
    bound: Callable[[], Interval] | None = None,
    *,
    n_units: int,
    n_raters: int,
    coverage: float,
    method: str,
) -> Measure:
    """Run `compute`, then `bound`, and turn an `Undefined` of either into the state a page shows.

    An interval that cannot be made leaves the value standing, with the reason in `why`.

    >>> describe(lambda: 0.8, n_units=5, n_raters=2, coverage=1.0, method="Lin's concordance").value
    0.8
    """
    try:
        value = float(compute())
    except Undefined as reason:
        return Measure(None, None, n_units, n_raters, coverage, method, reason.code, reason.why)
    if bound is None:
        return Measure(value, None, n_units, n_raters, coverage, method)
    try:
        return Measure(value, bound(), n_units, n_raters, coverage, method)
    except Undefined as reason:
        return Measure(value, None, n_units, n_raters, coverage, method, why=reason.why)


def percentile_interval(draws: NDArray[np.float64], *, method: str, seed: int, level: float = 0.95) -> Interval:
    """The percentile interval of bootstrap draws, shape (resamples,), NaN where a draw was undefined.

    Raises Undefined when fewer than half of the draws have a value: the percentiles of the rest would describe
    another population than the one asked about.

    >>> percentile_interval(np.arange(101.0), method="percentile bootstrap over units", seed=1, level=0.5).low
    25.0
    """
    defined = draws[~np.isnan(draws)]
    missing = len(draws) - len(defined)
    if 2 * len(defined) < len(draws) or not len(defined):
        raise Undefined(
            undefined.MOSTLY_UNDEFINED,
            f"In {missing} of {len(draws)} resamples the coefficient has no value, so no interval can be given.",
        )
    tail = 50 * (1 - level)
    low, high = np.percentile(defined, [tail, 100 - tail])
    return Interval(float(low), float(high), level, method, seed, len(draws), missing)
