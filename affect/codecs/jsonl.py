"""JSON Lines: one object a row, each line in the canonical form of RFC 8785.

Keys are in order, nothing is padded, numbers are written as ECMAScript writes them (shortest digits that read back the
same). One departure: integers keep all their digits beyond 2^53, where RFC 8785 would round them to a double.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from json.encoder import encode_basestring
from typing import Any, BinaryIO

from affect.codecs.table import BOOL, FLOAT64, INT64, STRING, Table

VERSION = 1
SUFFIX = ".jsonl"
MEDIA_TYPE = "application/jsonl"

_ROWS_AT_ONCE = 2000


def write(table: Table, stream: BinaryIO) -> None:
    """Write the table as UTF-8, one line a row ended by LF; missing values are null.

    >>> import io
    >>> from affect.codecs.table import Column, build
    >>> columns = [Column("item", "string", "Export id"), Column("arousal", "float64", "Mean arousal")]
    >>> out = io.BytesIO(); write(build("gold", "Gold", columns, [("a", 1.0), ("b", 1e-7)], [b"a", b"b"]), out)
    >>> print(out.getvalue().decode(), end="")
    {"arousal":1,"item":"a"}
    {"arousal":1e-7,"item":"b"}
    """
    order = sorted(range(len(table.columns)), key=lambda index: table.columns[index].name)
    template = "{" + ",".join(f'"{table.columns[index].name}":%s' for index in order) + "}\n"
    cells = [_column(table.columns[index].type, table.data[index]) for index in order]
    rows = zip(*cells, strict=True)
    while batch := list(islice(rows, _ROWS_AT_ONCE)):
        stream.write("".join([template % row for row in batch]).encode())


def number(value: float) -> str:
    """A finite float as ECMAScript's Number::toString writes it (RFC 8785, 3.2.2.3).

    >>> [number(x) for x in (1.0, -0.0, 0.1, 1e-7, 1e-6, 1e21, 1e20, 123456789012345680000.0)]
    ['1', '0', '0.1', '1e-7', '0.000001', '1e+21', '100000000000000000000', '123456789012345680000']
    """
    text = repr(value)
    if text.endswith(".0"):
        return "0" if value == 0 else text[:-2]
    if "e" not in text and abs(value) >= 1e-6:
        return text
    mantissa, _, power = text.lower().partition("e")
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    exponent = int(power or 0) + len(whole)
    digits = (whole + fraction).rstrip("0") or "0"
    exponent -= len(digits) - len(digits.lstrip("0"))
    digits = digits.lstrip("0")
    # The value is 0.<digits> x 10^exponent, with the first digit not zero.
    if len(digits) <= exponent <= 21:
        return sign + digits + "0" * (exponent - len(digits))
    if -6 < exponent <= 0:
        return f"{sign}0.{'0' * -exponent}{digits}"
    rest = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{rest}e{exponent - 1:+d}"


_SCALARS: dict[str, Callable[[Any], str]] = {
    STRING: encode_basestring,
    INT64: str,
    FLOAT64: number,
    BOOL: {True: "true", False: "false"}.__getitem__,
}


def _column(type_: str, values: tuple[Any, ...]) -> Iterator[str]:
    inner = type_.removeprefix("list<").removesuffix(">")
    scalar = _SCALARS[inner]
    if type_ == inner:
        return ("null" if value is None else scalar(value) for value in values)
    return ("null" if value is None else list_text(inner, value) for value in values)


def list_text(inner: str, values: tuple[Any, ...]) -> str:
    """A list value as compact JSON; CSV uses it too.

    >>> list_text("float64", (0.5, None, 2.0))
    '[0.5,null,2]'
    """
    scalar = _SCALARS[inner]
    return "[" + ",".join(["null" if value is None else scalar(value) for value in values]) + "]"
