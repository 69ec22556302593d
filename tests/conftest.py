"""The cast for all tests, and a demo study in a data folder of its own for tests with processes."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.storage import storages
from django.db import connections, transaction
from django.test import Client, override_settings
from django.utils import translation

from consent import keys
from tests import cast as people

ROOT = Path(__file__).resolve().parent.parent
collect_ignore = ["browser/workbench.py"]  # a server with settings of its own, run as a program
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
# Settings of the person who runs the tests; processes of the demo get their own.
OURS = (
    "CONCORD_LEDGER",
    "CONCORD_KEYS",
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "KEYS_DATABASE_URL",
    "BROKER_URL",
    "PUBLIC_URL",
)


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """Accounts of tests are many and worth nothing: their passwords are hashed fast."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture(autouse=True)
def own_language() -> Iterator[None]:
    """The language of a test's last request stays with the thread; the next test begins without it."""
    yield
    translation.deactivate()


@pytest.fixture(scope="module")
def staging(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[Path]:
    """Folders and a transaction for what a module makes once and all its tests see; rolled back at its end."""
    data = tmp_path_factory.mktemp("stage")
    options = {"location": data / "store"}
    store = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}
    with ExitStack() as stack:
        stack.enter_context(django_db_blocker.unblock())
        stack.enter_context(
            override_settings(
                CONCORD_DATA=data, CONCORD_LEDGER=data / "ledger", CONCORD_KEYS=data / "keys",
                EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend", STORAGES={**settings.STORAGES, "store": store},
            )
        )  # fmt: skip
        storages._storages.clear()
        stack.callback(storages._storages.clear)
        keys.forget()
        stack.callback(keys.forget)
        for block in _blocks():
            stack.enter_context(block)
        yield data
        for alias in connections:
            transaction.set_rollback(True, using=alias)


@pytest.fixture(scope="module")
def stage(staging: Path) -> people.Cast:
    """The cast, made once a module."""
    return people.assemble()


@pytest.fixture
def cast(stage: people.Cast, db) -> people.Cast:
    """The cast; what a test changes is undone after it. The module marks itself `django_db(databases="__all__")`."""
    return stage


def _blocks() -> list[transaction.Atomic]:
    blocks = [transaction.atomic(using=alias) for alias in connections]
    for block in blocks:
        block._from_testcase = True  # so that the audit log's ending is that of the code under test
    return blocks


@pytest.fixture
def browsers(cast: people.Cast) -> dict[str, Client]:
    """A signed-in browser each; the anonymous one is not."""
    made = {people.ANONYMOUS: Client()}
    for name, user in cast.users.items():
        made[name] = Client()
        made[name].force_login(user, backend=BACKEND)
    return made


@dataclass(frozen=True)
class Demo:
    """A data folder with the demo study in it, and the environment of its processes."""

    data: Path
    env: dict[str, str]

    def manage(self, *words: str) -> str:
        """What `manage.py` says; a failure raises with its words."""
        ran = subprocess.run(
            [sys.executable, "manage.py", *words], cwd=ROOT, env=self.env, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, f"manage.py {' '.join(words)}:\n{ran.stdout}\n{ran.stderr}"
        return ran.stdout

    def ask(self, code: str) -> str:
        """What a few lines of Python print, run against this data by the application itself."""
        begin = "import django; django.setup()\n"
        ran = subprocess.run(
            [sys.executable, "-c", begin + code], cwd=ROOT, env=self.env, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.strip()


@pytest.fixture(scope="session")
def prepared(tmp_path_factory) -> Path:
    """A data folder with tables and nothing in them, as SQLite files; made once for all workers. Tests copy it."""
    base = tmp_path_factory.getbasetemp()
    data = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "prepared"
    with data.with_suffix(".lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not (data / "made").exists():
            env = {name: value for name, value in os.environ.items() if name not in OURS}
            env |= {"CONCORD_DATA": str(data), "SECRET_KEY": "for tests only"}
            ran = subprocess.run([sys.executable, "manage.py", "prepare"], cwd=ROOT, env=env, capture_output=True)
            assert ran.returncode == 0, ran.stderr.decode()
            (data / "made").touch()
    return data


@pytest.fixture
def own_data(prepared: Path, tmp_path: Path) -> Path:
    """The prepared data folder, copied for one test: what its processes work on, whatever the test run works on."""
    return copied(prepared, tmp_path / "data")


def copied(prepared: Path, to: Path) -> Path:
    """The tables of `prepared` in a folder of their own."""
    to.mkdir(parents=True)
    for name in ("concord.sqlite3", "keys.sqlite3"):
        shutil.copyfile(prepared / name, to / name)
    return to


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What brings a database of its own runs once, not on each database that the suite runs on."""
    for item in items:
        if {"demo", "own_data"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.own_database)


@pytest.fixture(scope="session")
def demo(tmp_path_factory, prepared: Path) -> Demo:
    """The demo study as `make demo` loads it, in SQLite files of its own."""
    data = copied(prepared, tmp_path_factory.mktemp("demo") / "data")
    env = {name: value for name, value in os.environ.items() if name not in OURS} | {
        "CONCORD_DATA": str(data), "CONCORD_DEMO": "1", "DJANGO_SETTINGS_MODULE": "config.settings", "SECRET_KEY": "demo in tests",
    }  # fmt: skip
    made = Demo(data, env)
    made.manage("prepare")
    made.manage("demo_load")
    return made
