"""The page about datasets says what is so: its code runs on a real package, and its tables name every column."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from datasets.services import package, tables
from tests.datasets import factories

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "datasets.md").read_text()


def test_the_python_of_the_page_runs_on_a_package(tmp_path):
    version = factories.scene(n=6, kinds=("choice", "scale", "trace")).publish()
    for file in package.files(version):
        (tmp_path / file.name).write_bytes(file.content)
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 3
    code = "\n".join(blocks) + "\nassert len(train) and len(answers) and all(about.values())\n"
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


def test_every_column_and_every_file_is_on_the_page():
    version = factories.scene(n=6, kinds=("scale",)).publish()
    rows = package.contents(version)
    asked = {question["key"] for question in version.schema["questions"]}
    for table in (tables.items, tables.ratings, tables.traces, tables.segments):
        for column in table(version, rows).columns:
            name = column.name
            for key in asked:
                name = name.removeprefix(key)
            assert not name or f"`{name}`" in PAGE, column.name
    for file in package.files(version):
        name = file.name.removesuffix(".csv").removesuffix(".jsonl")
        assert name in PAGE, file.name
