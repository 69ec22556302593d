"""The formats a dataset version is written in: one contract for all, and what each must get right."""

import csv
import hashlib
import io
import json
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from affect.codecs import CODECS, csv_, jsonl, load
from affect.codecs.table import TYPES, Column, Table, TableError, build

COLUMNS = [
    Column("item", "string", "Export id of the item"),
    Column("n_raters", "int64", "People who rated it"),
    Column("valence", "float64", "Mean valence, -1 to 1"),
    Column("tied", "bool", "Whether the vote was tied"),
    Column("labels", "list<string>", "Labels given, in the order of raters"),
    Column("times_us", "list<int64>", "Starts of segments, microseconds"),
    Column("shares", "list<float64>", "Vote shares"),
]
ROWS = [
    ("b1", 3, 0.1, False, ["joy", "fear"], [0, 40_000], [0.5, 0.5]),
    ("a,2", 2**63 - 1, -1e-7, True, ['say "hi"', "ä\n日本"], [], [1 / 3]),
    ("=SUM(A1)", None, float("nan"), None, None, None, [None]),
    ("", 0, 0.0, True, [""], [-1], []),
]
KEYS = [b"\x02", b"\x01", b"\xff", b"\x10"]


def sample() -> Table:
    return build("items", "Items with their labels", COLUMNS, ROWS, KEYS)


def written(name, table):
    out = io.BytesIO()
    load(name).write(table, out)
    return out.getvalue()


@pytest.mark.parametrize("name", CODECS)
def test_every_codec_keeps_the_contract(name):
    codec = load(name)
    assert codec.VERSION == 1
    assert codec.SUFFIX.startswith(".")
    assert "/" in codec.MEDIA_TYPE
    shuffled = list(zip(ROWS, KEYS, strict=True))
    random.Random(1).shuffle(shuffled)
    again = build("items", "Items with their labels", COLUMNS, *map(list, zip(*shuffled, strict=True)))
    assert written(name, sample()) == written(name, sample()) == written(name, again)
    assert written(name, build("empty", "Nothing", COLUMNS, [], [])) != b"" or name == "jsonl"


@pytest.mark.parametrize("name", CODECS)
def test_the_bytes_are_the_same_in_another_process(name):
    program = (
        "import sys, io; sys.path.insert(0, sys.argv[1]); sys.path.insert(0, sys.argv[2])\n"
        "from test_affect_codecs import written, sample; import hashlib\n"
        f"print(hashlib.sha256(written({name!r}, sample())).hexdigest())"
    )
    here = Path(__file__).parent
    found = subprocess.run(
        [sys.executable, "-c", program, str(here.parent.parent), str(here)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "12345", "TZ": "Asia/Tokyo", "PATH": "/usr/bin"},
    )
    assert found.stdout.strip() == hashlib.sha256(written(name, sample())).hexdigest()


@pytest.mark.parametrize("name", ["csv", "jsonl"])
def test_the_sample_file_is_written_byte_for_byte(name):
    codec = load(name)
    expected = (Path(__file__).parent / "samples" / f"table{codec.SUFFIX}").read_bytes()
    assert written(name, sample()) == expected


def test_rows_come_in_the_order_of_their_key_bytes():
    assert sample().data[0] == ("a,2", "b1", "", "=SUM(A1)")


def test_pandas_opens_the_parquet_with_described_columns():
    data = written("parquet", sample())
    frame = pd.read_parquet(io.BytesIO(data))
    assert list(frame.columns) == [column.name for column in COLUMNS]
    assert frame["item"].tolist() == ["a,2", "b1", "", "=SUM(A1)"]
    assert frame["valence"].tolist()[:3] == [-1e-7, 0.1, 0.0]
    assert np.isnan(frame["valence"][3])
    assert list(frame["labels"][0]) == ['say "hi"', "ä\n日本"]
    schema = pq.read_schema(io.BytesIO(data))
    for column in COLUMNS:
        assert schema.field(column.name).metadata[b"description"].decode() == column.description
    assert schema.metadata[b"description"] == b"Items with their labels"


def test_pandas_opens_the_other_two():
    frame = pd.read_csv(io.BytesIO(written("csv", sample())))
    assert frame["valence"].tolist()[:3] == [-1e-7, 0.1, 0.0]
    frame = pd.read_json(io.BytesIO(written("jsonl", sample())), lines=True)
    assert frame["times_us"].tolist()[:3] == [[], [0, 40_000], [-1]]


def test_long_tables_have_fixed_row_groups():
    table = build("n", "N", COLUMNS[1:2], [(n,) for n in range(70_000)], [n.to_bytes(4, "big") for n in range(70_000)])
    meta = pq.ParquetFile(io.BytesIO(written("parquet", table))).metadata
    assert [meta.row_group(i).num_rows for i in range(meta.num_row_groups)] == [65_536, 4_464]


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["=1", "'", "''=", "-", "\r\n", '"']
)
scalars = {
    "string": text,
    "int64": st.integers(-(2**63), 2**63 - 1),
    "float64": st.floats(allow_infinity=False, allow_nan=False),
    "bool": st.booleans(),
}


def of_type(type_):
    inner = type_.removeprefix("list<").removesuffix(">")
    one = scalars[inner]
    return st.none() | (one if inner == type_ else st.lists(st.none() | one, max_size=3).map(tuple))


ALL_TYPES = [Column(f"c{i}", type_, type_) for i, type_ in enumerate(TYPES)]
tables = st.lists(st.tuples(*map(of_type, TYPES)), max_size=8).map(
    lambda rows: build("t", "T", ALL_TYPES, rows, [bytes([i]) for i in range(len(rows))])
)


@pytest.mark.parametrize("codec", ["csv", "jsonl", "parquet"])
def test_a_zero_with_a_sign_is_zero_in_every_format(codec):
    columns = [Column("one", "float64", "One"), Column("many", "list<float64>", "Many")]
    plain, signed = (build("t", "T", columns, [(zero, (zero, 1.0))], [b"a"]) for zero in (0.0, -0.0))
    assert written(codec, signed) == written(codec, plain)
    assert "-0" not in repr(signed.data)


@given(tables)
@settings(deadline=None)
def test_csv_reads_back_what_it_wrote(table):
    found = csv_.read(io.BytesIO(written("csv", table)), "t", "T", ALL_TYPES)
    assert repr(found) == repr(table)


@given(tables)
@settings(deadline=None)
def test_csv_is_what_pythons_reader_understands_and_no_cell_is_a_formula(table):
    rows = list(csv.reader(io.StringIO(written("csv", table).decode(), newline="")))[1:]
    assert len(rows) == len(table)
    for row, value in zip(rows, table.data[0], strict=True):
        assert not row[0].startswith(("=", "+", "-", "@", "\t", "\r"))
        assert csv_.unguard(row[0]) == (value or "")


@given(tables)
@settings(deadline=None)
def test_each_json_line_is_canonical(table):
    lines = written("jsonl", table).decode().split("\n")[:-1]
    assert len(lines) == len(table)
    for index, line in enumerate(lines):
        exact, doubles = json.loads(line), json.loads(line, parse_int=float)
        for column, values in zip(table.columns, table.data, strict=True):
            value = values[index]
            # A double above 2^53 is written in digits that read back as that double, not as that integer.
            found = doubles if "float64" in column.type else exact
            assert found[column.name] == (list(value) if isinstance(value, tuple) else value)
        # RFC 8785 knows doubles only, so the columns of 64-bit integers are left to the comparison above.
        whole = {column.name for column in table.columns if "int64" in column.type}
        rest = {key: value for key, value in doubles.items() if key not in whole}
        members = [f"{json.dumps(key)}:{line_part(line, key)}" for key in sorted(rest)]
        assert rfc8785.dumps(rest).decode() == "{" + ",".join(members) + "}"


def line_part(line, key):
    """The raw text of one member of a flat canonical object."""
    start = line.index(f'"{key}":') + len(key) + 3
    _, end = json.JSONDecoder().raw_decode(line, start)
    return line[start:end]


@given(st.floats(allow_nan=False, allow_infinity=False))
@settings(max_examples=1000)
def test_numbers_are_written_as_rfc_8785_has_them(value):
    assert jsonl.number(value) == rfc8785.dumps(value).decode()
    assert float(jsonl.number(value)) == value


@pytest.mark.parametrize(
    ("type_", "value", "code"),
    [
        ("string", 1, "wrong_type"),
        ("string", "\ud800", "bad_text"),
        ("int64", 2**63, "out_of_range"),
        ("int64", 1.0, "wrong_type"),
        ("int64", True, "wrong_type"),
        ("float64", float("inf"), "not_finite"),
        ("float64", "1", "wrong_type"),
        ("bool", 1, "wrong_type"),
        ("list<int64>", 1, "wrong_type"),
        ("list<float64>", [float("-inf")], "not_finite"),
        ("list<string>", "ab", "wrong_type"),
    ],
)
def test_a_value_that_cannot_be_written_names_its_row_and_column(type_, value, code):
    with pytest.raises(TableError) as caught:
        build("t", "T", [Column("c", type_, "C")], [(None,), (value,)], [b"a", b"b"])
    assert (caught.value.code, caught.value.row, caught.value.column) == (code, 1, "c")


@pytest.mark.parametrize(
    ("columns", "rows", "keys", "code"),
    [
        (COLUMNS[:1], [("a",), ("b",)], [b"x", b"x"], "doubled_key"),
        (COLUMNS[:1], [("a",)], [], "bad_keys"),
        (COLUMNS[:1] * 2, [], [], "bad_columns"),
        ([], [], [], "bad_columns"),
        (COLUMNS[:2], [("a",)], [b"x"], "ragged_row"),
    ],
)
def test_a_table_out_of_shape_is_refused(columns, rows, keys, code):
    with pytest.raises(TableError) as caught:
        build("t", "T", columns, rows, keys)
    assert caught.value.code == code


@pytest.mark.parametrize("arguments", [("Name", "string", "D"), ("n", "decimal", "D"), ("n", "string", " ")])
def test_a_column_needs_a_plain_name_a_known_type_and_a_description(arguments):
    with pytest.raises(TableError):
        Column(*arguments)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "wrong_header"),
        (b"other\n", "wrong_header"),
        (b"item\n\xff\n", "not_utf8"),
        (b'item\n"a\n', "bad_quoting"),
        (b"item\na", "bad_quoting"),
        (b"item\na,b\n", "ragged_row"),
    ],
)
def test_reading_back_something_else_is_refused(data, code):
    with pytest.raises(TableError) as caught:
        csv_.read(io.BytesIO(data), "t", "T", COLUMNS[:1])
    assert caught.value.code == code


def big_table(rows=10_000):
    columns = [Column(f"s{i}", "string", "S") for i in range(6)] + [Column(f"f{i}", "float64", "F") for i in range(5)]
    columns += [Column(f"n{i}", "int64", "N") for i in range(4)]
    rng = random.Random(0)
    values = [
        [f"id-{rng.random()}" for _ in range(6)]
        + [rng.gauss(0, 1) for _ in range(5)]
        + [rng.randrange(10**9) for _ in range(4)]
        for _ in range(rows)
    ]
    return columns, values, [rng.randbytes(16) for _ in range(rows)]


@pytest.mark.parametrize(("name", "limit"), [("jsonl", 0.2), ("csv", 0.2), ("parquet", 0.5)])
def test_ten_thousand_rows_of_fifteen_columns_are_quick(name, limit):
    arguments = big_table()
    spent = []
    load(name)
    for _ in range(3):
        begin = time.process_time()
        written(name, build("big", "Big", *arguments))
        spent.append(time.process_time() - begin)
    assert min(spent) < limit
