"""Parquet by Arrow: typed columns with their descriptions, in fixed row groups.

Everything that shapes the bytes is written down here; what is left is the version of pyarrow, which the file names as
its creator. A column's description stands in its Arrow field metadata under `description`, the table's in the schema's.
"""

from __future__ import annotations

from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from affect.codecs import table as t

VERSION = 1
SUFFIX = ".parquet"
MEDIA_TYPE = "application/vnd.apache.parquet"

ROW_GROUP = 65_536
LEVEL = 9

_TYPES = {
    t.STRING: pa.string(),
    t.INT64: pa.int64(),
    t.FLOAT64: pa.float64(),
    t.BOOL: pa.bool_(),
    t.LIST_STRING: pa.list_(pa.string()),
    t.LIST_INT64: pa.list_(pa.int64()),
    t.LIST_FLOAT64: pa.list_(pa.float64()),
}


def write(table: t.Table, stream: BinaryIO) -> None:
    """Write the table; missing values are null. `pandas.read_parquet` opens it.

    >>> import io
    >>> columns = [t.Column("mean", "float64", "Mean rating of the item")]
    >>> out = io.BytesIO(); write(t.build("gold", "Gold", columns, [(0.5,)], [b"a"]), out)
    >>> pq.read_schema(out).field("mean").metadata[b"description"]
    b'Mean rating of the item'
    """
    fields = [
        pa.field(column.name, _TYPES[column.type], nullable=True, metadata={"description": column.description})
        for column in table.columns
    ]
    schema = pa.schema(fields, metadata={"name": table.name, "description": table.description})
    arrays = [pa.array(values, type=field.type) for values, field in zip(table.data, fields, strict=True)]
    pq.write_table(
        pa.Table.from_arrays(arrays, schema=schema),
        stream,
        row_group_size=ROW_GROUP,
        version="2.6",
        data_page_version="1.0",
        compression="zstd",
        compression_level=LEVEL,
        use_dictionary=True,
        write_statistics=True,
        store_schema=True,
    )
