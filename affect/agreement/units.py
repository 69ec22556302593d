"""Ratings as counts: the one input shape of the label coefficients.

Every label coefficient starts from a raters x units table with holes. `count` turns it into a sparse table of units x
values, in which distinct labels never meet: values are told apart by equality, not by hash or by their text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from scipy import sparse

NOMINAL, ORDINAL, INTERVAL, RATIO = LEVELS = ("nominal", "ordinal", "interval", "ratio")


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """How often each value was given to each unit.

    table     sparse (U, V), pairable units only (two ratings or more)
    domain    the V values in order; numbers for the ordered levels, any labels for nominal
    sizes     (U,) ratings of each pairable unit
    unit_ids  (U,) column of each pairable unit in the ratings given
    n_units, n_raters, n_ratings   of the whole table, holes left out
    """

    table: sparse.csr_array
    domain: NDArray[Any]
    sizes: NDArray[np.float64]
    unit_ids: NDArray[np.int64]
    n_units: int
    n_raters: int
    n_ratings: int

    @property
    def coverage(self) -> float:
        """Share of rater x unit cells that hold a rating."""
        cells = self.n_units * self.n_raters
        return self.n_ratings / cells if cells else 0.0

    @property
    def n_values_used(self) -> int:
        """Values used in pairable units."""
        return int((np.asarray(self.table.sum(axis=0)).ravel() > 0).sum())


def is_missing(value: object) -> bool:
    """None and NaN are holes; the text "nan" is a label like any other.

    >>> [is_missing(v) for v in (None, float("nan"), "nan", 0)]
    [True, True, False, False]
    """
    return value is None or (isinstance(value, float | np.floating) and value != value)


def count(values: ArrayLike | Sequence[Sequence[Any]], level: str = NOMINAL) -> Counts:
    """Count ratings of shape (raters, units), with None or NaN where a rater gave none.

    Raises ValueError when the table is not two-dimensional, when an ordered level is asked of values that are not
    finite numbers, or when a ratio has negative values.

    >>> count([["a", "b", None], ["a", "a", "b"]]).table.toarray().tolist()
    [[2, 0], [1, 1]]
    """
    if level not in LEVELS:
        raise ValueError(f"unknown level {level!r}; one of {', '.join(LEVELS)} would have been right")
    codes, domain = _encode(values, level)
    n_raters, n_units = codes.shape
    present = codes >= 0
    per_unit = present.sum(axis=0)
    unit_ids = np.flatnonzero(per_unit >= 2)
    position = np.full(n_units, -1)
    position[unit_ids] = np.arange(len(unit_ids))
    _, units = np.nonzero(present)
    cells = codes[present]
    pairable = position[units] >= 0
    rows, columns = position[units][pairable], cells[pairable]
    from scipy import sparse  # a tenth of a start, and only who counts needs it

    table = sparse.coo_array((np.ones(len(rows), dtype=np.int64), (rows, columns)), (len(unit_ids), len(domain)))
    table = table.tocsr()
    table.sum_duplicates()
    sizes = per_unit[unit_ids].astype(np.float64)
    return Counts(table, domain, sizes, unit_ids, n_units, n_raters, int(per_unit.sum()))


def _encode(values: ArrayLike | Sequence[Sequence[Any]], level: str) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Codes (raters, units) into the ordered domain, -1 for holes."""
    if isinstance(values, np.ndarray) and values.dtype.kind in "iufb":
        table = values
    else:
        # Object first: numpy would turn None, 1 and "1" of one list into text, and so into one label.
        table = np.array([list(row) for row in values], dtype=object) if len(values) else np.empty((0, 0), dtype=object)
    if table.ndim != 2:
        raise ValueError(f"ratings need two dimensions, raters x units; these have shape {table.shape}")
    if level != NOMINAL or table.dtype != object:
        return _encode_numbers(table, level)
    seen: dict[Any, int] = {}
    codes = np.fromiter(
        (-1 if is_missing(value) else seen.setdefault(value, len(seen)) for value in table.ravel()),
        np.int64,
        table.size,
    )
    domain = np.empty(len(seen), dtype=object)
    domain[:] = list(seen)
    return codes.reshape(table.shape), domain


def _encode_numbers(table: NDArray[Any], level: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    try:
        numbers = table.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"the {level} level needs numbers; give labels their rank or use nominal") from error
    present = ~np.isnan(numbers)
    if np.isinf(numbers).any():
        raise ValueError("ratings must be finite")
    if level == RATIO and (numbers[present] < 0).any():
        raise ValueError("a ratio scale has no negative values")
    domain, inverse = np.unique(numbers[present], return_inverse=True)
    codes = np.full(numbers.shape, -1, dtype=np.int64)
    codes[present] = inverse
    return codes, domain
