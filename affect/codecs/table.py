"""A table on its way out: named, typed, described columns, and rows in an order that no database decides.

Rows are ordered by the bytes of a key the caller gives (export ids), never by collation. Values are checked once, here,
so that the writers can be plain: text is valid Unicode, integers fit 64 bits, floats are finite or missing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

STRING, INT64, FLOAT64, BOOL = "string", "int64", "float64", "bool"
LIST_STRING, LIST_INT64, LIST_FLOAT64 = "list<string>", "list<int64>", "list<float64>"
TYPES = (STRING, INT64, FLOAT64, BOOL, LIST_STRING, LIST_INT64, LIST_FLOAT64)

_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")


class TableError(ValueError):
    """A table that cannot be written: `code` is stable; `row` (from 0, in written order) and `column` say where."""

    def __init__(self, code: str, why: str, row: int | None = None, column: str | None = None):
        super().__init__(why)
        self.code = code
        self.why = why
        self.row = row
        self.column = column


@dataclass(frozen=True, slots=True)
class Column:
    """A column's name (snake_case), type (one of `TYPES`) and description; every column may hold None."""

    name: str
    type: str
    description: str

    def __post_init__(self):
        if not _NAME.match(self.name):
            raise TableError("bad_column_name", f"Column names are snake_case; {self.name!r} is not.", None, self.name)
        if self.type not in TYPES:
            raise TableError(
                "bad_column_type", f"{self.type!r} is no column type; {', '.join(TYPES)} are.", column=self.name
            )
        if not self.description.strip():
            raise TableError("no_description", f"Column {self.name} has no description.", column=self.name)


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and their values: `data[i]` holds the values of `columns[i]`, one per row. Made by `build`."""

    name: str
    description: str
    columns: tuple[Column, ...]
    data: tuple[tuple[Any, ...], ...]

    def __len__(self) -> int:
        return len(self.data[0]) if self.data else 0


class Codec(Protocol):
    """What a module of the table `affect.codecs.CODECS` offers."""

    VERSION: int
    SUFFIX: str
    MEDIA_TYPE: str

    def write(self, table: Table, stream: BinaryIO) -> None:
        """Write the table; the same table gives the same bytes."""


def build(
    name: str,
    description: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Any]],
    keys: Sequence[bytes],
) -> Table:
    """A table of `rows` (each with one value a column), ordered by `keys`, one distinct byte string a row.

    NaN becomes None, and minus zero is zero: RFC 8785, by which content is hashed, tells no two zeros apart, and one content has
    one set of bytes. Raises TableError for doubled keys or column names, rows of a wrong length, values of a wrong
    type, infinities, integers beyond 64 bits, and text that is not valid Unicode.

    >>> columns = [Column("item", "string", "Export id"), Column("mean", "float64", "Mean rating")]
    >>> build("gold", "Gold standard", columns, [("b", 1.5), ("a", float("nan"))], [b"b", b"a"]).data
    (('a', 'b'), (None, 1.5))
    """
    names = [column.name for column in columns]
    if not names or len(set(names)) != len(names):
        raise TableError("bad_columns", "A table needs columns of distinct names.")
    rows = list(rows)
    if len(rows) != len(keys):
        raise TableError("bad_keys", f"{len(rows)} rows need as many keys; there are {len(keys)}.")
    if len(set(keys)) != len(keys):
        raise TableError("doubled_key", "Two rows have the same key.")
    rows = [rows[index] for index in sorted(range(len(rows)), key=keys.__getitem__)]
    for index, row in enumerate(rows):
        if len(row) != len(names):
            raise TableError("ragged_row", f"A row has {len(row)} values for {len(names)} columns.", index)
    values = zip(*rows, strict=True) if rows else ([] for _ in names)
    data = tuple(_checked(column, given) for column, given in zip(columns, values, strict=True))
    return Table(name, description, tuple(columns), data)


def _checked(column: Column, values: Iterable[Any]) -> tuple[Any, ...]:
    values = tuple(values)
    if _plainly_right(column.type, values):
        return values
    inner = column.type.removeprefix("list<").removesuffix(">")
    check = _CHECKS[inner]
    out = []
    for row, value in enumerate(values):
        try:
            if value is None:
                out.append(None)
            elif column.type == inner:
                out.append(check(value))
            elif isinstance(value, list | tuple):
                out.append(tuple(None if part is None else check(part) for part in value))
            else:
                raise TableError("wrong_type", f"a list of {inner} is needed, not {type(value).__name__}")
        except TableError as error:
            raise TableError(error.code, f"Column {column.name}, row {row}: {error.why}", row, column.name) from error
    return tuple(out)


def _plainly_right(type_: str, values: tuple[Any, ...]) -> bool:
    """Whether a whole column can be taken as it is; False only means that each value must be looked at."""
    kinds = set(map(type, values))
    if type_ == STRING and kinds == {str}:
        return all(map(str.isascii, values))
    if type_ == INT64 and kinds == {int}:
        return min(values) >= -(2**63) and max(values) < 2**63
    if type_ == FLOAT64 and kinds == {float}:
        return all(map(math.isfinite, values)) and 0.0 not in values  # a zero may be the one with a sign
    return type_ == BOOL and kinds == {bool}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TableError("wrong_type", f"text is needed, not {type(value).__name__}")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise TableError("bad_text", "the text holds half a surrogate pair") from error
    return value


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TableError("wrong_type", f"a whole number is needed, not {type(value).__name__}")
    number = value.__index__()
    if not -(2**63) <= number < 2**63:
        raise TableError("out_of_range", f"{number} does not fit 64 bits")
    return number


def _float(value: Any) -> float | None:
    if isinstance(value, bool | str | bytes) or not hasattr(value, "__float__"):
        raise TableError("wrong_type", f"a number is needed, not {type(value).__name__}")
    number = float(value)
    if math.isinf(number):
        raise TableError("not_finite", "an infinite number cannot be written")
    return None if number != number else number + 0.0  # takes the sign off a zero


def _bool(value: Any) -> bool:
    if type(value).__name__ not in ("bool", "bool_"):
        raise TableError("wrong_type", f"true or false is needed, not {type(value).__name__}")
    return bool(value)


_CHECKS: dict[str, Callable[[Any], Any]] = {STRING: _text, INT64: _integer, FLOAT64: _float, BOOL: _bool}
