"""Schemes as data: everything that can be asked of an item, in one definition that servers, browsers and files share.

The idea: a scheme is a value. It is written in JSON with a published schema (`form`, docs/schemas/scheme.json), refused with
the place of each mistake when it does not fit together (`rules`), and it decides alone, without a database and without a
page, whether a set of answers keeps to it (`checking`). The same vectors test that decision here and in the browser, so
both sides say the same about the same answer.

Versions are compared by ids (`changes`), and answers follow by a plan whose effect is counted before it is made
(`migration`). Every label gets a mark by which eyes of every kind tell it apart: colour, shape and text (`marks`). The
gallery holds complete schemes of usual studies.
"""

from affect.schemes.changes import diff
from affect.schemes.checking import check
from affect.schemes.form import dumps, loads, pretty, read, schema
from affect.schemes.migration import Plan, migrate, preview
from affect.schemes.model import Scheme
from affect.schemes.problems import Problem, SchemeError
from affect.schemes.rules import warnings

__all__ = [
    "Plan", "Problem", "Scheme", "SchemeError", "check", "diff", "dumps", "loads", "migrate", "pretty", "preview", "read", "schema",
    "warnings",
]  # fmt: skip
