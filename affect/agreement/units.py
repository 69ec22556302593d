"""Ratings as counts: the one input shape of the label coefficients.

Every label coefficient starts from a raters x units table with holes. `encode` gives each distinct label a number, told
apart by equality and never by hash or by text; `count` and `tally` turn the numbers into how often each value was given to
each unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from scipy import sparse

NOMINAL, ORDINAL, INTERVAL, RATIO = LEVELS = ("nominal", "ordinal", "interval", "ratio")

Ratings = ArrayLike | Sequence[Sequence[Any]]

# Cells of a units x values table up to which it is counted densely: one pass, 80 MB.
_DENSE_CELLS = 10_000_000


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


@dataclass(frozen=True, slots=True, eq=False)
class Codes:
    """Ratings as numbers: codes (raters, units) into the domain, -1 for holes."""

    codes: NDArray[np.int64]
    domain: NDArray[Any]

    def tally(self) -> NDArray[np.int64]:
        """How often each value was given to each unit, units without a rating too: shape (U, V)."""
        n_units, n_values = self.codes.shape[1], len(self.domain)
        given = self.codes >= 0
        # Cell by cell, and in place: a table of a million ratings is not copied more often than needed.
        cells = self.codes + np.arange(n_units) * n_values
        return np.bincount(cells[given], minlength=n_units * n_values).reshape(n_units, n_values)

    @property
    def coverage(self) -> float:
        """Share of rater x unit cells that hold a rating."""
        return float((self.codes >= 0).mean()) if self.codes.size else 0.0


def is_missing(value: object) -> bool:
    """None and NaN are holes; the text "nan" is a label like any other.

    >>> [is_missing(v) for v in (None, float("nan"), "nan", 0)]
    [True, True, False, False]
    """
    return value is None or (isinstance(value, float | np.floating) and value != value)


def count(values: Ratings | Codes, level: str = NOMINAL) -> Counts:
    """Count ratings of shape (raters, units), with None or NaN where a rater gave none.

    Raises ValueError when the table is not two-dimensional, when an ordered level is asked of values that are not
    finite numbers, or when a ratio has negative values.

    >>> count([["a", "b", None], ["a", "a", "b"]]).table.toarray().tolist()
    [[2, 0], [1, 1]]
    """
    encoded = values if isinstance(values, Codes) else encode(values, level)
    codes, domain = encoded.codes, encoded.domain
    n_raters, n_units = codes.shape
    from scipy import sparse  # a tenth of a start, and only who counts needs it

    if n_units * len(domain) <= _DENSE_CELLS:
        dense = encoded.tally()
        per_unit = dense.sum(axis=1)
        unit_ids = np.flatnonzero(per_unit >= 2)
        table = sparse.csr_array(dense[unit_ids])
    else:
        given = codes >= 0
        per_unit = given.sum(axis=0)
        unit_ids = np.flatnonzero(per_unit >= 2)
        units = np.broadcast_to(np.arange(n_units), codes.shape)[given]
        ones = np.ones(len(units), dtype=np.int64)
        table = sparse.csr_array((ones, (units, codes[given])), (n_units, len(domain)))[unit_ids]
    sizes = per_unit[unit_ids].astype(np.float64)
    return Counts(table, domain, sizes, unit_ids, n_units, n_raters, int(per_unit.sum()))


def encode(values: Ratings, level: str = NOMINAL, categories: Sequence[Any] | None = None) -> Codes:
    """Number the labels of ratings of shape (raters, units), -1 for None and NaN.

    categories: the labels of the scheme in their order, used or not; in order of first use (nominal) or of size when
    None. Raises ValueError as `count`, and for a label that is not among the categories.

    >>> encode([["b", None], ["a", "b"]]).codes.tolist()
    [[0, -1], [1, 0]]
    """
    if level not in LEVELS:
        raise ValueError(f"unknown level {level!r}; one of {', '.join(LEVELS)} would have been right")
    if categories is not None:
        return _encode_labels(values, categories)
    if isinstance(values, np.ndarray) and values.dtype.kind in "iufb":
        return _encode_numbers(_two_dimensional(values), level)
    return _encode_labels(values) if level == NOMINAL else _encode_numbers(_objects(values), level)


class _Numbering(dict):
    """Label -> number, each new label the next one."""

    def __missing__(self, label: Any) -> int:
        number = self[label] = len(self)
        return number


def _encode_labels(values: Ratings, categories: Sequence[Any] | None = None) -> Codes:
    rows = as_rows(values)
    numbering = _Numbering()
    for label in categories or ():
        numbering[label]
    if categories is not None and len(numbering) != len(categories):
        raise ValueError("a category is named twice")
    n_units = len(rows[0]) if rows else 0
    flat = np.fromiter(map(numbering.__getitem__, chain.from_iterable(rows)), np.int64, len(rows) * n_units)
    labels = list(numbering)
    kept = [label for label in labels if not is_missing(label)]
    if categories is not None and len(kept) > len(categories):
        raise ValueError(f"{kept[len(categories)]!r} is not among the categories")
    number = np.cumsum([not is_missing(label) for label in labels]) - 1 if labels else np.empty(0, dtype=np.int64)
    number[[index for index, label in enumerate(labels) if is_missing(label)]] = -1
    return Codes(number[flat].reshape(len(rows), n_units), as_objects(kept))


def as_objects(labels: Iterable[Any]) -> NDArray[Any]:
    """Labels as an array of one dimension, whatever they are: numpy would take tuples apart."""
    labels = list(labels)
    array = np.empty(len(labels), dtype=object)
    for index, label in enumerate(labels):
        array[index] = label
    return array


def as_rows(values: Ratings) -> list[list[Any]]:
    """The rows as lists of Python's own objects. Numpy would turn None, 1 and "1" of one list into text: one label."""
    rows = values.tolist() if isinstance(values, np.ndarray) else [list(row) for row in values]
    if not all(isinstance(row, list) for row in rows):
        raise ValueError(f"ratings need two dimensions, raters x units; these have shape {np.shape(values)}")
    if len({len(row) for row in rows}) > 1:
        raise ValueError("every rater needs one cell for each unit, None where there is no rating; the rows differ")
    return rows


def _objects(values: Ratings) -> NDArray[Any]:
    rows = as_rows(values)
    return np.array(rows, dtype=object) if rows else np.empty((0, 0), dtype=object)


def _two_dimensional(table: NDArray[Any]) -> NDArray[Any]:
    if table.ndim != 2:
        raise ValueError(f"ratings need two dimensions, raters x units; these have shape {table.shape}")
    return table


def _encode_numbers(table: NDArray[Any], level: str) -> Codes:
    try:
        numbers = _two_dimensional(table).astype(np.float64, copy=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"the {level} level needs numbers; give labels their rank or use nominal") from error
    present = ~np.isnan(numbers)
    given = numbers[present]
    if np.isinf(given).any():
        raise ValueError("ratings must be finite")
    if level == RATIO and (given < 0).any():
        raise ValueError("a ratio scale has no negative values")
    domain, inverse = np.unique(given, return_inverse=True)
    codes = np.full(numbers.shape, -1, dtype=np.int64)
    codes[present] = inverse
    return Codes(codes, domain)
