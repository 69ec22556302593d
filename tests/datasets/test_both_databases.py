"""One study on SQLite and on PostgreSQL, its rows put in by another order: the same version id, leaf for leaf, and the same bytes.

The study is made on SQLite by the services, its rows are copied before anything is published, shuffled, and put into a
PostgreSQL under the same keys. Then each database publishes by itself, in a process of its own.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from launch.postgres import Cluster
from tests.conftest import OURS, copied

pytestmark = pytest.mark.own_database
ROOT = Path(__file__).resolve().parents[2]
APPS = ("core", "consent", "labeling", "datasets")
# Roles point at permissions, whose numbers are each database's own: they are granted anew.
EXCLUDED = ("core.auditevent", "consent.studyrole", "labeling.campaignrole", "datasets.datasetrole")
# Guards let nothing be added to what is finished, so what finishes a thing comes after what it holds.
LAST = ("labeling.schemeversion", "labeling.goldstandard", "consent.notice")

BUILD = """
from consent.models import Participant
from labeling.models import Appearance, ItemTarget
from tests.datasets import factories
made = factories.scene(n=24, people=12, kinds=("choice", "scale", "trace"), modality="text", tie_at=3,
                       texts=["Ein schöner Tag.", "¡Qué día!", "b", "B", "a", "Ω 😀", "A"])
Participant.objects.filter(pk=made.people[0].pk).update(group="Zwillinge")
Participant.objects.filter(pk=made.people[4].pk).update(group="Zwillinge")
"""
GRANT = """
from django.db import transaction
from consent.models import Study
from core import access
from core.models import User
with transaction.atomic():
    access.grant(User.objects.get(email__startswith="rhea"), "researcher", Study.objects.get(), actor=None)
"""
# The clock stands still: the day of publication is written into the datasheet, and this must not fail at midnight.
PUBLISH = """
import sys
from datetime import UTC, datetime
from types import SimpleNamespace
from django.db import connection
from core import jobs
from core.models import User
from datasets.models import Dataset
from datasets.services import package, publish, verify
from labeling.models import GoldStandard
publish.timezone = SimpleNamespace(now=lambda: datetime(2026, 11, 25, 12, tzinfo=UTC))
rhea = User.objects.get(email__startswith="rhea")
for seed in (1, 2):
    version = publish.begin(actor=rhea, dataset=Dataset.objects.get(), gold_standard=GoldStandard.objects.get(), seed=seed)
    jobs.run(version.job_id)
    version.refresh_from_db()
    assert verify.verify(version).good, version.state
    leaves = [bytes(row.leaf).hex() for row in version.version_rows.order_by("export_id")]
    print(connection.vendor, version.root, version.rows, ",".join(leaves))
    with open(f"{sys.argv[1]}/{seed}.zip", "wb") as out:
        out.writelines(package.archive(version))
"""


@dataclass(frozen=True)
class Published:
    vendor: str
    root: str
    rows: int
    leaves: tuple[str, ...]
    package: bytes


@dataclass(frozen=True)
class Installation:
    """A data folder, and the environment that leads to its databases."""

    data: Path
    env: dict[str, str]

    def manage(self, *words: str | Path) -> None:
        self._run("manage.py", *map(str, words))

    def do(self, code: str, *words: str | Path) -> str:
        return self._run("-c", f"import django; django.setup()\n{code}", *map(str, words))

    def publish(self) -> list[Published]:
        """Two versions, of two seeds."""
        said = self.do(PUBLISH, self.data).split("\n")
        made = []
        for seed, line in enumerate(filter(None, said), start=1):
            vendor, root, rows, leaves = line.split()
            content = (self.data / f"{seed}.zip").read_bytes()
            made.append(Published(vendor, root, int(rows), tuple(leaves.split(",")), content))
        return made

    def _run(self, *words: str) -> str:
        ran = subprocess.run([sys.executable, *words], cwd=ROOT, env=self.env, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr[-4000:]
        return ran.stdout


def installation(data: Path, keys: Path, **urls: str) -> Installation:
    env = {name: value for name, value in os.environ.items() if name not in OURS}
    env |= {"CONCORD_DATA": str(data), "CONCORD_KEYS": str(keys), "DJANGO_SETTINGS_MODULE": "config.settings"}
    return Installation(data, env | {"SECRET_KEY": "for tests only", "PYTHONPATH": str(ROOT)} | urls)


@pytest.fixture(scope="module")
def both(prepared, tmp_path_factory):
    """(what SQLite published, what PostgreSQL published)"""
    base = tmp_path_factory.mktemp("both")
    here = installation(copied(prepared, base / "sqlite"), base / "keys")
    here.do(BUILD)
    dumps = {"default": base / "data.json", "keys": base / "keys.json"}
    left_out = [word for name in EXCLUDED for word in ("--exclude", name)]
    here.manage("dumpdata", *APPS, *left_out, "-o", dumps["default"])
    here.manage("dumpdata", "keyring", "--database", "keys", "-o", dumps["keys"])
    moved = [shuffled(path) for path in dumps.values()]
    assert all(moved)
    with Cluster(Path(sys.prefix)) as cluster:
        data, keys = cluster.create("both"), cluster.create("both_keys")
        there = installation(
            base / "postgresql", base / "keys", DATABASE_URL=data["runtime"], DATABASE_OWNER_URL=data["owner"],
            KEYS_DATABASE_URL=keys["runtime"], KEYS_DATABASE_OWNER_URL=keys["owner"],
        )  # fmt: skip
        there.manage("prepare")
        owner = installation(there.data, base / "keys", DATABASE_URL=data["owner"], KEYS_DATABASE_URL=keys["owner"])
        for alias, path in dumps.items():
            owner.manage("loaddata", path, "--database", alias)
        there.do(GRANT)
        yield here.publish(), there.publish()


def shuffled(path: Path) -> bool:
    """Write a dump's rows in another order. Returns whether it is another."""
    rows = json.loads(path.read_text())
    before = [row["pk"] for row in rows]
    random.Random(20261125).shuffle(rows)
    rows.sort(key=lambda row: row["model"] in LAST)
    path.write_text(json.dumps(rows))
    return before != [row["pk"] for row in rows]


def test_both_databases_give_one_version_id(both):
    on_sqlite, on_postgresql = both
    assert [one.vendor for one in on_sqlite] == ["sqlite", "sqlite"]
    assert [one.vendor for one in on_postgresql] == ["postgresql", "postgresql"]
    assert [one.rows for one in on_sqlite] == [one.rows for one in on_postgresql] == [24, 24]
    assert [one.leaves for one in on_sqlite] == [one.leaves for one in on_postgresql]
    assert [one.root for one in on_sqlite] == [one.root for one in on_postgresql]
    assert on_sqlite[0].root != on_sqlite[1].root  # another seed is another split, and another version


def test_both_databases_give_one_package_byte_for_byte(both):
    for here, there in zip(*both, strict=True):
        names = zipfile.ZipFile(io.BytesIO(here.package)).namelist()
        assert len(names) == 13
        for name in names:
            one, two = (zipfile.ZipFile(io.BytesIO(x.package)).read(name) for x in (here, there))
            assert hashlib.sha256(one).hexdigest() == hashlib.sha256(two).hexdigest(), name
        assert here.package == there.package
