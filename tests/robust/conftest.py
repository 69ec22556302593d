"""Databases that several processes share, SQLite files and a PostgreSQL that survives a kill, each with the tables in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from launch.postgres import RUNTIME, Cluster
from tests.conftest import OURS, ROOT, copied
from tests.robust import acts

_numbers = count(1)


class House:
    """A data folder and a database, and processes that act on them."""

    def __init__(self, data: Path, urls: dict[str, str], cluster: Cluster | None = None) -> None:
        kept = {name: value for name, value in os.environ.items() if name not in OURS}
        self.data, self.urls, self.cluster = data, urls, cluster
        self.env = {**kept, "CONCORD_DATA": str(data), "SECRET_KEY": "k" * 50, "JOB_STALE_SECONDS": "2", **urls}

    def copy(self, folder: Path) -> House:
        """The same house once more: its files and its databases as they are now."""
        shutil.copytree(self.data, folder / "data")
        if (ledger := self.data.with_name("data-ledger")).exists():
            shutil.copytree(ledger, folder / "data-ledger")
        urls = databases(self.cluster, tuple(url.rpartition("/")[2] for url in self.urls.values())) if self.urls else {}
        return House(folder / "data", urls, self.cluster)

    def start(self, *words: str, **more: str) -> subprocess.Popen:
        argv = [sys.executable, acts.__file__, *words]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(argv, env=self.env | more, cwd=ROOT, **pipes)

    def run(self, *words: str, **more: str) -> dict:
        process = self.start(*words, **more)
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        return json.loads(out.splitlines()[-1])

    def killed(self, *words: str) -> bool:
        """Whether the process came to the place where it dies."""
        process = self.start(*words)
        _out, err = process.communicate(timeout=120)
        assert process.returncode in (0, -9), err
        return process.returncode == -9


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A cluster with durable writes; `base` and `base_keys` hold the tables."""
    with Cluster(Path(sys.prefix), durable=True) as made:
        base, keys = made.create("base"), made.create("base_keys")
        env = {name: value for name, value in os.environ.items() if name not in OURS}
        env |= {"CONCORD_DATA": str(made.folder / "prepared"), "SECRET_KEY": "for tests only"}
        env |= {"DATABASE_URL": base["runtime"], "DATABASE_OWNER_URL": base["owner"]}
        env |= {"KEYS_DATABASE_URL": keys["runtime"], "KEYS_DATABASE_OWNER_URL": keys["owner"]}
        ran = subprocess.run([sys.executable, "manage.py", "prepare"], cwd=ROOT, env=env, capture_output=True)
        assert ran.returncode == 0, ran.stderr.decode()
        yield made


@pytest.fixture(scope="session")
def sqlite(prepared: Path) -> Callable[[Path], House]:
    return lambda folder: House(copied(prepared, folder / "data"), {})


@pytest.fixture(scope="session")
def postgresql(cluster: Cluster) -> Callable[[Path], House]:
    def build(folder: Path) -> House:
        (folder / "data").mkdir()
        return House(folder / "data", databases(cluster, ("base", "base_keys")), cluster)

    return build


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> House:
    """A house of the test's own, on each database."""
    return request.getfixturevalue(request.param)(tmp_path)


def databases(cluster: Cluster, templates: tuple[str, str]) -> dict[str, str]:
    """A copy of both databases, as settings."""
    urls = {}
    for variable, template in zip(("DATABASE_URL", "KEYS_DATABASE_URL"), templates, strict=True):
        name = f"copy_{next(_numbers)}"
        cluster.sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        urls[variable] = cluster.url(RUNTIME, name)
    return urls


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """These bring both databases, so they run once."""
    for item in items:
        if {"house", "street"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.own_database)
