"""File formats. `CODECS` is the table of formats a dataset version is written in: name -> dotted module.

A further format is one module that keeps `affect.codecs.table.Codec`, one line here, and one sample file in the tests.
Modules are imported when asked for, so a process that never writes Parquet never loads it.
"""

from importlib import import_module

from affect.codecs.table import Codec

CODECS = {
    "csv": "affect.codecs.csv_",
    "jsonl": "affect.codecs.jsonl",
    "parquet": "affect.codecs.parquet",
}


def load(name: str) -> Codec:
    """The codec of that name.

    >>> load("jsonl").SUFFIX
    '.jsonl'
    """
    if name not in CODECS:
        raise ValueError(f"unknown format {name!r}; one of {', '.join(CODECS)} would have been right")
    return import_module(CODECS[name])
