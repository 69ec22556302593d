"""The careful CSV reader: good files read, bad ones described by row, column and code, large ones never swallowed."""

import codecs
import csv
import io
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affect.codecs.table_in import CODES, Expected, read_csv

COLUMNS = [
    Expected("item"),
    Expected("valence", "float64", minimum=-1, maximum=1),
    Expected("n", "int64", required=False, empty=True),
    Expected("tied", "bool", required=False),
    Expected("label", required=False, empty=True, choices=frozenset({"joy", "fear"})),
]


def read(data, columns=COLUMNS, **limits):
    return read_csv(io.BytesIO(data), columns, **limits)


def found(data, **limits):
    return [(error.code, error.row, error.column) for error in read(data, **limits).errors]


def test_it_works():
    table = read(b'item,valence,n,tied,label,note\na,0.5,3,true,joy,x\n"b, ""c""",-1,,no,,"two\nlines"\n')
    assert table.ok
    assert table.rows == (
        {"item": "a", "valence": 0.5, "n": 3, "tied": True, "label": "joy"},
        {"item": 'b, "c"', "valence": -1.0, "n": None, "tied": False, "label": None},
    )
    assert table.row_numbers == (2, 3)
    assert table.ignored == ("note",)


@pytest.mark.parametrize(
    "data",
    [
        codecs.BOM_UTF8 + b"item,valence\na,0.5\n",
        b"item,valence\r\na,0.5\r\n",
        b"item,valence\r\na,0.5",
        b"item;valence\na;0.5\n\n",
        b"item\tvalence\na\t 0.5 \n",
        b'"valence","item"\r\n"0.5","a"\r\n',
    ],
)
def test_marks_line_ends_delimiters_and_quotes_do_not_matter(data):
    table = read(data)
    assert table.ok
    assert table.rows == ({"item": "a", "valence": 0.5},)


@pytest.mark.parametrize(
    ("data", "errors"),
    [
        (b"", [("empty_file", 0, "")]),
        (b"item,valence\n", [("no_rows", 0, "")]),
        (b"item\na\n", [("missing_column", 1, "valence")]),
        (b"item,valence,item\na,1,b\n", [("duplicate_column", 1, "item")]),
        ("item,valence\na,1\n".encode("utf-16"), [("wrong_encoding", 1, "")]),
        ("item,valence\na,1\n".encode("utf-32"), [("wrong_encoding", 1, "")]),
        ("item,valence\na,1\nö,1\n".encode("latin-1"), [("not_utf8", 3, "item")]),
        (b"item,valence\na,1\nb,\x00\n", [("nul_byte", 3, "valence")]),
        (b"item,valence\ra,1\rb,1\r", [("bad_line_ends", 1, "")]),
        (b"item,valence\na\nb,1,2\n", [("ragged_row", 2, ""), ("ragged_row", 3, "")]),
        (b'item,valence\na"b",1\n"a"b,1\n"a,1\n', [("bad_quoting", row, "item") for row in (2, 3, 4)]),
        (b'item,valence\n""a"",1\n', [("bad_quoting", 2, "item")]),
        (b'item,valence\na,"1\n', [("bad_quoting", 2, "valence")]),
        (b"item,valence\n,1\na,\n", [("empty_cell", 2, "item"), ("empty_cell", 3, "valence")]),
        (b'item,valence\na,high\na,"0,5"\na,1_0\n', [("bad_number", row, "valence") for row in (2, 3, 4)]),
        (b"item,valence\na,NaN\na,-inf\na,1e999\n", [("not_finite", row, "valence") for row in (2, 3, 4)]),
        (b"item,valence\na,1.01\na,-2\n", [("out_of_range", 2, "valence"), ("out_of_range", 3, "valence")]),
        (
            b"item,valence,n\na,1,1.5\na,1,9223372036854775808\na,1,nan\n",
            [("bad_number", 2, "n"), ("out_of_range", 3, "n"), ("not_finite", 4, "n")],
        ),
        (b"item,valence,tied\na,1,maybe\n", [("bad_bool", 2, "tied")]),
        (b"item,valence,label\na,1,bliss\n", [("unknown_value", 2, "label")]),
    ],
)
def test_what_is_wrong_is_told_by_row_column_and_code(data, errors):
    assert found(data) == errors


def test_good_rows_beside_bad_ones_are_kept_with_their_numbers():
    table = read(b"item,valence\na,1\nb,x\nc,y\nd,0\n")
    assert [row["item"] for row in table.rows] == ["a", "d"]
    assert table.row_numbers == (2, 5)
    assert table.complete
    assert not table.ok


def test_limits_on_rows_errors_and_bytes_end_the_reading():
    assert found(b"item,valence\n" + b"a,1\n" * 5, max_rows=4) == [("too_many_rows", 6, "")]
    table = read(b"item,valence\n" + b"a,x\n" * 50, max_errors=7)
    assert len(table.errors) == 7
    assert not table.complete
    assert found(b"item,valence\n" + b"a,1\n" * 50, max_bytes=100) == [("file_too_large", 1, "")]


def test_a_cell_above_the_limit_is_named():
    data = b"item,valence,note\na,1," + b"x" * 2000 + b"\nb,1,y\n"
    table = read(data, max_cell=1000)
    assert [(error.code, error.row, error.column) for error in table.errors] == [("cell_too_large", 2, "note")]
    assert [row["item"] for row in table.rows] == ["b"]
    assert read(data, max_cell=2000).ok


class Endless(io.RawIOBase):
    """A file of one cell without an end; counts what was taken from it."""

    def __init__(self, start, filler):
        self.start, self.filler, self.taken = start, filler, 0

    def read(self, size=-1):
        assert 0 < size <= 1 << 20
        piece, self.start = self.start[:size], self.start[size:]
        piece += (self.filler * size)[: size - len(piece)]
        self.taken += len(piece)
        return piece


@pytest.mark.parametrize(("quote", "filler"), [(b"", b"x"), (b'"', b"x"), (b'"', b"x\n"), (b'"', b'""')])
def test_a_cell_of_a_hundred_megabytes_is_not_read_into_memory(quote, filler):
    stream = Endless(b"item,valence,note\na,1,b\nc,0," + quote, filler)
    tracemalloc.start()
    table = read_csv(stream, COLUMNS, max_cell=1 << 18)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [(error.code, error.row, error.column) for error in table.errors] == [("cell_too_large", 3, "note")]
    assert stream.taken < 2 << 20
    assert peak < 16 << 20
    assert not table.complete


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), min_size=1, max_size=9).filter(
    str.strip
)


@given(
    st.lists(st.tuples(cells, cells), min_size=1, max_size=8),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n"]),
)
@settings(deadline=None)
def test_what_pythons_writer_writes_is_read(rows, delimiter, line_end):
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=line_end)
    writer.writerow(["one", "two"])
    writer.writerows(rows)
    table = read(out.getvalue().encode(), [Expected("one"), Expected("two")], delimiter=delimiter)
    assert table.ok
    assert [(row["one"], row["two"]) for row in table.rows] == rows


@given(st.binary(max_size=200), st.booleans())
@settings(max_examples=400, deadline=None)
def test_no_bytes_make_it_raise(data, with_header):
    table = read((b"item,valence\n" if with_header else b"") + data, max_cell=50)
    assert {error.code for error in table.errors} <= CODES
    assert table.rows or table.errors


@given(st.binary(max_size=120), st.integers(1, 40))
@settings(deadline=None)
def test_the_size_of_the_chunks_does_not_matter(data, size):
    class Trickle(io.BytesIO):
        def read(self, wanted=-1):
            return super().read(min(wanted, size))

    data = b"item,valence\n" + data.replace(b"\r", b"\r\n")
    assert read_csv(Trickle(data), COLUMNS) == read(data)
