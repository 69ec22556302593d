"""A package: the same bytes for ever, every hash right, readable by the tools it is made for."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from django.utils import timezone, translation

from consent import assets
from consent.models import Asset
from consent.services import consents
from core import jobs
from core.errors import Gone, Refused
from core.models import Job
from datasets.models import DatasetVersion, VersionFile, VersionPackage
from datasets.services import delivery, package, verify
from tests.datasets import factories

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
ROOT = Path(__file__).resolve().parents[2]
NAMES = [
    *(f"{table}.{ending}" for table in ("items", "ratings", "traces") for ending in ("parquet", "csv", "jsonl")),
    "splits.csv", "DATASHEET.md", "datasheet.json", "manifest.json",
]  # fmt: skip


def archive(version) -> bytes:
    return b"".join(package.archive(version))


def unpacked(version) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive(version))) as zipped:
        assert zipped.testzip() is None
        return {name.partition("/")[2]: zipped.read(name) for name in zipped.namelist()}


@pytest.fixture
def version():
    return factories.scene(n=6, kinds=("choice", "scale", "trace")).publish()


def test_it_holds_three_tables_in_three_formats_with_datasheet_and_manifest(version):
    assert list(unpacked(version)) == NAMES


def test_the_same_version_is_byte_identical_in_any_language_and_at_any_time(version, monkeypatch):
    once = archive(version)
    Job.objects.all().delete()
    monkeypatch.setattr(timezone, "now", lambda: datetime(2031, 5, 6, tzinfo=UTC))
    with translation.override("de"), timezone.override("Pacific/Kiritimati"):
        assert archive(DatasetVersion.objects.get(pk=version.pk)) == once


def test_the_datasheet_is_the_same_whoever_publishes_in_whatever_language():
    scene = factories.scene(n=6)
    scene.rhea.language = "de"
    scene.rhea.save()
    first = unpacked(scene.publish())
    scene.rhea.language = "en"
    scene.rhea.save()
    second = unpacked(scene.publish(number="1.0.0"))
    for name in NAMES:
        if not name.startswith(("DATASHEET", "datasheet", "manifest")):
            assert first[name] == second[name]
    one, two = json.loads(first["datasheet.json"]), json.loads(second["datasheet.json"])
    one.pop("maintenance"), two.pop("maintenance")
    assert one == two


def test_every_hash_of_the_manifest_is_right_and_what_was_published(version):
    found = unpacked(version)
    manifest = json.loads(found["manifest.json"])
    assert [one["name"] for one in manifest["files"]] == NAMES[:-1]
    for one in manifest["files"]:
        assert one["sha256"] == sha256(found[one["name"]]).hexdigest()
        assert one["bytes"] == len(found[one["name"]])
    published = dict(VersionFile.objects.filter(version=version).values_list("name", "sha256"))
    assert published == {name: sha256(content).hexdigest() for name, content in found.items()}
    assert (manifest["root"], manifest["rows"], manifest["format"]) == (version.root, 6, "concord-dataset")


def test_every_column_is_described_and_every_table_counts_its_rows(version):
    manifest = json.loads(unpacked(version)["manifest.json"])
    for name, table in manifest["tables"].items():
        assert table["rows"] > 0, name
        assert all(column["about"] for column in table["columns"])
    assert set(manifest["tables"]) == {"items", "ratings", "traces", "splits"}


def test_parquet_opens_in_pandas_with_documented_columns(version, tmp_path):
    """In a folder of its own: the project's `datasets` must not stand in the way of what pandas imports."""
    for name, content in unpacked(version).items():
        (tmp_path / name).write_bytes(content)
    code = """
import json, pandas as pd, pyarrow.parquet as pq
items, ratings, traces = (pd.read_parquet(f"{name}.parquet") for name in ("items", "ratings", "traces"))
joined = ratings.merge(items, on="item")
schema = pq.read_schema("items.parquet")
print(json.dumps({
    "items": len(items), "joined": len(joined), "types": {n: str(t) for n, t in items.dtypes.items()},
    "about": {f.name: (f.metadata or {}).get(b"description", b"").decode() for f in schema},
    "splits": sorted(items.split.unique()), "gold": int((traces.annotator == "gold").sum()),
}))
"""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert (found["items"], found["joined"]) == (6, 36)
    assert found["types"]["valence"] == "float64"
    assert found["types"]["start_us"] == "int64"
    assert found["splits"] == ["development", "test", "train"]
    assert all(found["about"].values())
    assert found["gold"] > 0


def test_csv_and_json_lines_say_the_same(version):
    found = unpacked(version)
    lines = [json.loads(line) for line in found["items.jsonl"].splitlines()]
    rows = list(csv.DictReader(io.StringIO(found["items.csv"].decode())))
    assert [row["item"] for row in rows] == [line["item"] for line in lines]
    assert [row["emotion"] for row in rows] == [line["emotion"] or "" for line in lines]
    assert [float(row["valence"]) for row in rows] == [line["valence"] for line in lines]
    splits = dict(csv.reader(io.StringIO(found["splits.csv"].decode())))
    assert {line["item"]: line["split"] for line in lines} == {k: v for k, v in splits.items() if k != "item"}


def test_texts_are_in_the_package_only_when_asked_for_and_run_no_formula():
    texts = ["=HYPERLINK(1)", "A fine day."]
    scene = factories.scene(6, kinds=("scale",), modality="text", texts=texts)
    with_words = unpacked(scene.publish(profile="labels_and_text"))
    cells = {row["text"] for row in csv.DictReader(io.StringIO(with_words["items.csv"].decode()))}
    assert cells == {"'=HYPERLINK(1)", "A fine day."}
    assert {json.loads(line)["text"] for line in with_words["items.jsonl"].splitlines()} == set(texts)
    without = b"".join(unpacked(scene.publish(profile="labels")).values())
    assert b"A fine day" not in without


def test_a_prepared_package_lies_sealed_and_is_given_again():
    scene = factories.scene(n=6)
    version = scene.publish()
    job = delivery.start(actor=scene.rhea, version=version)
    jobs.run(job.pk)
    job.refresh_from_db()
    asset = Asset.objects.get(pk=job.result["asset"])
    with assets.open_asset(asset) as stream:
        assert stream.read() == archive(version)
    assert delivery.prepare(version, actor=scene.rhea) == asset
    assert VersionPackage.objects.count() == 1


def test_a_recall_erases_prepared_packages(django_capture_on_commit_callbacks):
    scene = factories.scene(n=6)
    version = scene.publish()
    asset = delivery.prepare(version, actor=scene.rhea)
    with django_capture_on_commit_callbacks(execute=True):
        consents.stop(participant=scene.people[0], actor=scene.dana)
    asset.refresh_from_db()
    assert asset.state == "erased"
    with pytest.raises(Gone):
        delivery.prepare(version, actor=scene.rhea)


def test_a_package_that_would_not_be_the_promised_one_is_refused(monkeypatch):
    scene = factories.scene(n=6)
    version = scene.publish()
    monkeypatch.setattr(package.datasheet, "markdown", lambda version: "something else")
    with pytest.raises(Refused) as refused:
        delivery.prepare(version, actor=scene.rhea)
    assert refused.value.code == "package_differs"
    assert not VersionPackage.objects.exists()


class TestOtherProcesses:
    """Processes with a data folder of their own, one after the other, as workers are."""

    @pytest.fixture
    def surroundings(self, own_data):
        env = {**os.environ, "CONCORD_DATA": str(own_data), "DJANGO_SETTINGS_MODULE": "config.settings"}
        env |= {"JOB_STALE_SECONDS": "2", "PYTHONPATH": str(ROOT)}
        for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "KEYS_DATABASE_URL", "KEYS_DATABASE_OWNER_URL"):
            env.pop(name, None)
        return env

    def run(self, env, code):
        code = f"import django; django.setup()\n{code}"
        return subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True)

    def test_a_killed_worker_is_taken_over_and_the_bytes_are_the_same_everywhere(self, surroundings):
        begun = self.run(surroundings, BEGIN)
        assert begun.returncode == 0, begun.stderr
        job = begun.stdout.split()[-1]
        died = self.run(surroundings, DIE.format(job=job))
        assert died.returncode == -signal.SIGKILL
        time.sleep(2.5)  # until its heartbeat is stale
        taken = self.run(surroundings, TAKE_OVER.format(job=job))
        assert taken.stdout.split()[-2:] == ["draft/0/0", "published/30/13"], taken.stderr
        again = [sys.executable, "-m", "tests.datasets.export_again"]
        one, two = (
            subprocess.run(again, cwd=ROOT, env={**surroundings, **more}, capture_output=True, check=True).stdout
            for more in (
                {"PYTHONHASHSEED": "1", "TZ": "Pacific/Kiritimati", "LANG": "C"},
                {"PYTHONHASHSEED": "4711", "TZ": "America/St_Johns", "LANGUAGE": "de"},
            )
        )
        assert one == two
        assert zipfile.ZipFile(io.BytesIO(one)).testzip() is None


BEGIN = """
from tests.datasets import factories
print(factories.scene(n=30, kinds=("choice", "scale", "trace")).begin().job_id)
"""
DIE = """
import os, signal
from core import jobs
from datasets.services import publish
insert = publish.bulk.insert
def die(*rows):
    insert(*rows)
    os.kill(os.getpid(), signal.SIGKILL)
publish.bulk.insert = die
jobs.run("{job}")
"""
TAKE_OVER = """
from core import jobs
from datasets.models import DatasetVersion
def state():
    v = DatasetVersion.objects.get()
    return "/".join(map(str, (v.state, v.version_rows.count(), v.files.count())))
print(state())
jobs.run("{job}")
print(state())
"""


def test_a_verified_version_is_good_after_all_that(version):
    archive(version)
    assert verify.verify(version).good
