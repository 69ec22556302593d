"""CSV as RFC 4180 has it, with LF line ends, and safe to open in a spreadsheet.

A spreadsheet runs a cell that begins with = + - @ as a formula, also when an annotator typed it. Such text cells get an
apostrophe in front, and so do cells that begin with an apostrophe: taking one apostrophe off every cell that has one
gives back the original, which `unguard` and `read` do. Numbers are not guarded.

A missing value is an empty cell; an empty text is a quoted empty cell, which `read` tells apart.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, BinaryIO

from affect.codecs.jsonl import list_text
from affect.codecs.table import BOOL, FLOAT64, INT64, STRING, Column, Table, TableError, build

VERSION = 1
SUFFIX = ".csv"
MEDIA_TYPE = "text/csv; charset=utf-8; header=present"

# The full-width forms are read as operators by some spreadsheets in East Asian locales.
GUARDED = ("=", "+", "-", "@", "\t", "\r", "\n", "'", "＝", "＋", "－", "＠")

_ROWS_AT_ONCE = 2000
_NEEDS_QUOTES = re.compile(r'[",\r\n]')
_CELL = re.compile(r'(?:"([^"]*(?:""[^"]*)*)"|([^",\n]*))(,|\n)')


def guard(text: str) -> str:
    """Text that no spreadsheet takes for a formula.

    >>> [guard(text) for text in ("=1+1", "'tis", "calm")]
    ["'=1+1", "''tis", 'calm']
    """
    return f"'{text}" if text.startswith(GUARDED) else text


def unguard(text: str) -> str:
    """The text that `guard` was given.

    >>> unguard(guard("=1+1")), unguard("calm")
    ('=1+1', 'calm')
    """
    return text.removeprefix("'")


def write(table: Table, stream: BinaryIO) -> None:
    """Write the table as UTF-8 without a byte order mark, a header line first.

    >>> import io
    >>> from affect.codecs.table import Column, build
    >>> columns = [Column("text", "string", "Answer"), Column("mean", "float64", "Mean")]
    >>> out = io.BytesIO(); write(build("t", "T", columns, [("-1, or so", 0.1), ("", None)], [b"a", b"b"]), out)
    >>> print(out.getvalue().decode(), end="")
    text,mean
    "'-1, or so",0.1
    "",
    """
    stream.write((",".join(column.name for column in table.columns) + "\n").encode())
    cells = [_written(column.type, values) for column, values in zip(table.columns, table.data, strict=True)]
    lines = zip(*cells, strict=True)
    while batch := list(islice(lines, _ROWS_AT_ONCE)):
        stream.write("".join([",".join(line) + "\n" for line in batch]).encode())


def read(stream: BinaryIO, name: str, description: str, columns: Sequence[Column]) -> Table:
    """Read back what `write` wrote. Raises TableError when it is something else; for foreign files there is `table_in`."""
    try:
        text = stream.read().decode()
    except UnicodeDecodeError as error:
        raise TableError("not_utf8", "The file is not UTF-8.") from error
    rows = list(_rows(text))
    if not rows or [cell for _, cell in rows[0]] != [column.name for column in columns]:
        raise TableError("wrong_header", "The file's first line does not name the expected columns.")
    parsed = []
    for index, row in enumerate(rows[1:]):
        if len(row) != len(columns):
            raise TableError("ragged_row", f"Row {index} has {len(row)} cells for {len(columns)} columns.", index)
        parsed.append([_parsed(column, cell, index) for column, cell in zip(columns, row, strict=True)])
    return build(name, description, columns, parsed, [index.to_bytes(8, "big") for index in range(len(parsed))])


def _written(type_: str, values: tuple[Any, ...]) -> Iterator[str]:
    if type_ == STRING:
        return (_quoted(value) for value in values)
    if type_ in _PLAIN:
        plain = _PLAIN[type_]
        return ("" if value is None else plain(value) for value in values)
    inner = type_.removeprefix("list<").removesuffix(">")
    return (_quoted(None if value is None else list_text(inner, value)) for value in values)


_PLAIN: dict[str, Callable[[Any], str]] = {INT64: str, FLOAT64: repr, BOOL: {True: "true", False: "false"}.__getitem__}


def _quoted(text: str | None) -> str:
    if text is None:
        return ""
    if text.startswith(GUARDED):
        text = f"'{text}"
    if not text or _NEEDS_QUOTES.search(text):
        return '"' + text.replace('"', '""') + '"'
    return text


def _rows(text: str) -> Iterator[list[tuple[bool, str]]]:
    """Rows of (quoted, text) cells."""
    row, position = [], 0
    while position < len(text):
        match = _CELL.match(text, position)
        if not match:
            raise TableError("bad_quoting", "The file is not the CSV that was written here.")
        quoted, plain, end = match.groups()
        row.append((False, plain) if quoted is None else (True, quoted.replace('""', '"')))
        if end == "\n":
            yield row
            row = []
        position = match.end()
    if row:
        raise TableError("cut_short", "The file's last line has no end.")


def _parsed(column: Column, cell: tuple[bool, str], row: int) -> Any:
    quoted, text = cell
    if not text and not quoted:
        return None
    try:
        if column.type == STRING:
            return unguard(text)
        if column.type == BOOL:
            return {"true": True, "false": False}[text]
        if column.type in (INT64, FLOAT64):
            return int(text) if column.type == INT64 else float(text)
        return json.loads(text)
    except (ValueError, KeyError) as error:
        raise TableError("wrong_type", f"{text[:40]!r} is no {column.type}.", row, column.name) from error
