"""A careful reader of CSV that strangers made.

It never holds more than one record beyond what it returns, stops at limits instead of at the memory's end, and tells
what is wrong by row, column and a stable code, so that a page can show the list and the person can mend the file. A row
with an error is left out of the result; whoever imports decides whether the rest may come in.

Rows are counted as spreadsheets count them: the header is row 1, and a cell with line breaks is still one row.

Nothing in the application reads with it yet: it waits for the imports of tables with named columns (participants,
annotations, transcripts). Files of signals are no such tables, often without a header; `labeling.media.signal` reads them.
"""

from __future__ import annotations

import codecs
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

STRING, INT64, FLOAT64, BOOL = TYPES = ("string", "int64", "float64", "bool")

MAX_CELL = 1 << 20
MAX_ROWS = 1_000_000
MAX_BYTES = 256 << 20
MAX_ERRORS = 100

CODES = frozenset(
    {
        "empty_file",
        "no_rows",
        "wrong_encoding",
        "not_utf8",
        "nul_byte",
        "bad_line_ends",
        "missing_column",
        "duplicate_column",
        "ragged_row",
        "bad_quoting",
        "cell_too_large",
        "too_many_rows",
        "file_too_large",
        "empty_cell",
        "bad_number",
        "bad_bool",
        "not_finite",
        "out_of_range",
        "unknown_value",
    }
)

_CHUNK = 1 << 16
_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_INTEGER = re.compile(r"[+-]?[0-9]{1,20}\Z")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)\Z", re.IGNORECASE)
_BOOLS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True, slots=True)
class Expected:
    """A column to look for. `required`: it must be there; `empty`: its cells may be empty and become None."""

    name: str
    type: str = STRING
    required: bool = True
    empty: bool = False
    minimum: float | None = None
    maximum: float | None = None
    choices: frozenset[str] | None = None

    def __post_init__(self):
        if self.type not in TYPES:
            raise ValueError(f"{self.type!r} is no type; {', '.join(TYPES)} are")


@dataclass(frozen=True, slots=True)
class CellError:
    """What is wrong and where: `code` is one of `CODES`, row 0 means the file, column "" the whole row."""

    code: str
    row: int
    column: str
    why: str


@dataclass(frozen=True, slots=True)
class TableIn:
    """What was read.

    rows        one dict a good row, with a key for each expected column that the file has
    row_numbers the row of the file each of them stands in
    errors      in the order found, at most `max_errors`
    columns     expected columns that the file has; `ignored` are the others
    complete    False when reading stopped before the end of the file
    """

    rows: tuple[dict[str, Any], ...]
    row_numbers: tuple[int, ...]
    errors: tuple[CellError, ...]
    columns: tuple[str, ...]
    ignored: tuple[str, ...]
    complete: bool

    @property
    def ok(self) -> bool:
        return not self.errors and self.complete


class _Fault(Exception):
    """One error on the way. `column` is an index into the header; `partial` is the start of a record not read to its end."""

    def __init__(self, code: str, why: str, column: int | None = None, partial: bytes | None = None):
        super().__init__(why)
        self.code, self.why, self.column, self.partial = code, why, column, partial


def read_csv(
    stream: BinaryIO,
    expected: Sequence[Expected],
    *,
    delimiter: str | None = None,
    max_cell: int = MAX_CELL,
    max_rows: int = MAX_ROWS,
    max_bytes: int = MAX_BYTES,
    max_errors: int = MAX_ERRORS,
) -> TableIn:
    """Read CSV in UTF-8, with or without a byte order mark, lines ended by LF or CRLF.

    delimiter: by default the one of comma, semicolon and tab under which the header names most expected columns.
    max_cell: bytes of a cell; max_bytes: of the file. Whatever is wrong comes back in `errors`; nothing is raised for
    what the file holds.

    >>> import io
    >>> file = io.BytesIO(b"item;valence\\r\\na;0.5\\r\\nb;high\\r\\n")
    >>> found = read_csv(file, [Expected("item"), Expected("valence", "float64")])
    >>> found.rows, found.errors[0].code, found.errors[0].row, found.errors[0].column
    (({'item': 'a', 'valence': 0.5},), 'bad_number', 3, 'valence')
    """
    reading = _Reading(expected, delimiter, max_cell, max_rows)
    row = 0
    try:
        for row, record in enumerate(_records(stream, max_cell, max_bytes), start=1):
            reading.take(row, record)
            if reading.stopped or len(reading.errors) >= max_errors:
                reading.stopped = True
                break
    except _Fault as fault:
        reading.stop(fault, row + 1)
    return reading.result(row, max_errors)


class _Reading:
    """What has been read so far."""

    def __init__(self, expected: Sequence[Expected], delimiter: str | None, max_cell: int, max_rows: int):
        self.expected, self.delimiter, self.max_cell, self.max_rows = expected, delimiter, max_cell, max_rows
        self.header: list[str] = []
        self.fields: list[tuple[int, Expected]] = []
        self.rows: list[dict[str, Any]] = []
        self.numbers: list[int] = []
        self.errors: list[CellError] = []
        self.stopped = False

    def take(self, row: int, record: bytes) -> None:
        """Take the next record. A fault in the header ends the reading, one in a row costs that row."""
        try:
            if row == 1:
                self._take_header(record)
            elif record:
                self._take_row(row, record)
        except _Fault as fault:
            self.note(fault, row)
            self.stopped = self.stopped or row == 1

    def note(self, fault: _Fault, row: int) -> None:
        known = fault.column is not None and fault.column < len(self.header)
        self.errors.append(CellError(fault.code, row, self.header[fault.column] if known else "", fault.why))

    def stop(self, fault: _Fault, row: int) -> None:
        """Note a fault after which nothing can be read."""
        if fault.partial is not None and self.header:
            fault.column = _column_at(fault.partial, self.delimiter)
        self.note(fault, row)
        self.stopped = True

    def result(self, n_records: int, max_errors: int) -> TableIn:
        if not self.errors and n_records == 0:
            self.errors.append(CellError("empty_file", 0, "", "The file is empty."))
        elif not self.errors and not self.rows:
            self.errors.append(CellError("no_rows", 0, "", "The file has a header and no rows."))
        found = tuple(field.name for _, field in self.fields)
        return TableIn(
            rows=tuple(self.rows),
            row_numbers=tuple(self.numbers),
            errors=tuple(self.errors[:max_errors]),
            columns=found,
            ignored=tuple(name for name in self.header if name not in found),
            complete=not self.stopped,
        )

    def _take_header(self, record: bytes) -> None:
        text = _decoded(record)
        self.delimiter = self.delimiter or _delimiter(text, self.expected)
        names = [name.strip() for name in _cells(text, self.delimiter)]
        self.header = names
        for index, name in enumerate(names):
            if name and name in names[:index]:
                self.note(_Fault("duplicate_column", f"Two columns are named {name[:80]!r}.", index), 1)
        for field in self.expected:
            if field.name in names:
                self.fields.append((names.index(field.name), field))
            elif field.required:
                why = f"The column {field.name!r} is missing; the file has {', '.join(names)[:200] or 'none'}."
                self.errors.append(CellError("missing_column", 1, field.name, why))
        self.stopped = bool(self.errors)

    def _take_row(self, row: int, record: bytes) -> None:
        if len(self.rows) >= self.max_rows:
            self.stopped = True
            raise _Fault("too_many_rows", f"More than {self.max_rows} rows cannot be read at once.")
        cells = _cells(_decoded(record, self.delimiter), self.delimiter)
        if len(cells) != len(self.header):
            raise _Fault("ragged_row", f"This row has {len(cells)} cells; the header has {len(self.header)}.")
        if len(record) > self.max_cell:
            for index, cell in enumerate(cells):
                if len(cell.encode()) > self.max_cell:
                    raise _Fault("cell_too_large", f"A cell holds more than {self.max_cell} bytes.", index)
        values = {}
        before = len(self.errors)
        for index, field in self.fields:
            try:
                values[field.name] = _value(cells[index], field)
            except _Fault as fault:
                fault.column = index
                self.note(fault, row)
        if len(self.errors) == before:
            self.rows.append(values)
            self.numbers.append(row)


def _records(stream: BinaryIO, max_cell: int, max_bytes: int) -> Iterator[bytes]:
    """Records without their line end. A record is over at a line end with all quotes closed.

    Holds at most one record, of at most four cells' length, and one chunk.
    """
    most = 4 * max_cell
    # One buffer, not a list of lines: a cell may hold a line break at every other byte.
    record = bytearray()
    quoted = False
    for line, ended in _lines(stream, max_bytes):
        record += line
        quoted ^= bool(line.count(b'"') % 2)
        if len(record) > most:
            why = f"A cell holds more than {max_cell} bytes, or a quotation mark is never closed."
            raise _Fault("cell_too_large", why, partial=bytes(record))
        if ended and not quoted:
            yield bytes(record).removesuffix(b"\n").removesuffix(b"\r")
            record.clear()
    if quoted:
        raise _Fault("bad_quoting", "A quotation mark is never closed.", partial=bytes(record))
    if record:
        yield bytes(record).removesuffix(b"\r")


def _lines(stream: BinaryIO, max_bytes: int) -> Iterator[tuple[bytes, bool]]:
    """Pieces of at most one line and one chunk, and whether the piece ends its line; without the byte order mark."""
    total = 0
    while chunk := stream.read(_CHUNK):
        if total == 0:
            chunk = _opened(chunk)
        total += len(chunk)
        if total > max_bytes:
            raise _Fault("file_too_large", f"The file is larger than {max_bytes} bytes.")
        for piece in _split(chunk):
            yield piece, piece.endswith(b"\n")


def _split(chunk: bytes) -> list[bytes]:
    """Split at LF only: a chunk may end between CR and LF."""
    *whole, rest = chunk.split(b"\n")
    return [piece + b"\n" for piece in whole] + ([rest] if rest else [])


def _opened(chunk: bytes) -> bytes:
    """The first chunk without its byte order mark. Refuses other encodings and line ends at once."""
    for mark, name in _MARKS:
        if chunk.startswith(mark):
            raise _Fault("wrong_encoding", f"The file is in {name}; save it as UTF-8.")
    chunk = chunk.removeprefix(codecs.BOM_UTF8)
    if b"\r" in chunk[:-1] and b"\n" not in chunk:
        raise _Fault("bad_line_ends", "The file's lines end in CR alone; save it with LF or CRLF.")
    return chunk


def _decoded(record: bytes, delimiter: str | None = None) -> str:
    if b"\0" in record:
        column = _column_at(record[: record.index(b"\0")], delimiter)
        raise _Fault("nul_byte", "The row holds a zero byte; this is not a text file.", column)
    try:
        return record.decode()
    except UnicodeDecodeError as error:
        column = _column_at(record[: error.start], delimiter)
        raise _Fault("not_utf8", "The row holds bytes that are not UTF-8; save the file as UTF-8.", column) from error


def _column_at(partial: bytes, delimiter: str | None) -> int | None:
    """The index of the column in which the start of a record ends."""
    if delimiter is None:
        return None
    outside = partial.split(b'"')[::2]
    return sum(piece.count(delimiter.encode()) for piece in outside)


def _delimiter(header: str, expected: Sequence[Expected]) -> str:
    wanted = {field.name for field in expected}

    def hits(candidate: str) -> int:
        return len(wanted & {name.strip().strip('"') for name in header.split(candidate)})

    return max((",", ";", "\t"), key=hits)


def _cells(text: str, delimiter: str) -> list[str]:
    """The cells of one record, by RFC 4180."""
    if '"' not in text:
        return text.split(delimiter)
    cells = []
    position = 0
    while True:
        if text.startswith('"', position):
            end = _closing(text, position + 1, len(cells))
            cells.append(text[position + 1 : end].replace('""', '"'))
            end += 1
        else:
            end = text.find(delimiter, position)
            end = len(text) if end < 0 else end
            cells.append(text[position:end])
            if '"' in cells[-1]:
                raise _Fault("bad_quoting", "A quotation mark stands in a cell that is not quoted.", len(cells) - 1)
        if end == len(text):
            return cells
        if not text.startswith(delimiter, end):
            raise _Fault("bad_quoting", "Text follows a closing quotation mark.", len(cells) - 1)
        position = end + 1


def _closing(text: str, position: int, column: int) -> int:
    """Where the quotation mark is that closes a cell; doubled ones stand for themselves."""
    while True:
        found = text.find('"', position)
        if found < 0:
            raise _Fault("bad_quoting", "A quotation mark is never closed.", column)
        if not text.startswith('"', found + 1):
            return found
        position = found + 2


def _value(text: str, field: Expected) -> Any:
    if not text.strip():
        if field.empty:
            return None
        raise _Fault("empty_cell", "A value is missing here.")
    value = _CONVERT[field.type](text if field.type == STRING else text.strip())
    if field.choices is not None and text not in field.choices:
        raise _Fault("unknown_value", f"{text[:80]!r} is none of the values allowed here.")
    if field.minimum is not None and value < field.minimum:
        raise _Fault("out_of_range", f"{text[:40]} is below {field.minimum}.")
    if field.maximum is not None and value > field.maximum:
        raise _Fault("out_of_range", f"{text[:40]} is above {field.maximum}.")
    return value


def _integer(text: str) -> int:
    if not _INTEGER.match(text):
        if _NOT_FINITE.match(text):
            raise _Fault("not_finite", "A finite number is needed here.")
        raise _Fault("bad_number", f"{text[:40]!r} is not a whole number.")
    value = int(text)
    if not -(2**63) <= value < 2**63:
        raise _Fault("out_of_range", f"{text} does not fit 64 bits.")
    return value


def _number(text: str) -> float:
    if _NUMBER.match(text):
        value = float(text)
        if math.isfinite(value):
            return value
    if _NUMBER.match(text) or _NOT_FINITE.match(text):
        raise _Fault("not_finite", "A finite number is needed here.")
    raise _Fault("bad_number", f"{text[:40]!r} is not a number; decimals are written with a point.")


def _bool(text: str) -> bool:
    if text.lower() not in _BOOLS:
        raise _Fault("bad_bool", f"{text[:40]!r} is neither true nor false.")
    return _BOOLS[text.lower()]


_CONVERT: dict[str, Callable[[str], Any]] = {STRING: str, INT64: _integer, FLOAT64: _number, BOOL: _bool}
