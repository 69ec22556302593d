"""The way of somebody new, on a machine without a network: from a bundle, at a terminal, with an empty home and cold caches.

Everything runs in namespaces of its own (`newcomer.py`), where there is no network but the loopback and where a read-only
checkout is really mounted read-only.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from launch import sums

CHECKOUT = Path(__file__).resolve().parents[2]
AWAY = shutil.ignore_patterns(
    ".git", ".venv", ".data*", "bundle", "node_modules", "__pycache__", ".*_cache", ".hypothesis"
)
ROOT = os.geteuid() == 0
NOBODY = 65534

pytestmark = [pytest.mark.long, pytest.mark.own_database]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that an ordinary user can enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="concord new-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def bundle(folder: Path) -> Path:
    """What `make bundle` writes, with a network, in a checkout of its own."""
    checkout = folder / "packer"
    shutil.copytree(CHECKOUT, checkout, ignore=AWAY)
    env = {name: value for name, value in os.environ.items() if not name.startswith("CONCORD_")}
    ran = subprocess.run(
        ["make", f"PYTHON={sys.base_prefix}/bin/python3", "bundle"],
        cwd=checkout, env=env | {"CONCORD_DATA": str(folder / "packer-data")}, capture_output=True, text=True,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    shutil.rmtree(checkout / ".venv")
    return checkout / "bundle"


def newcomer(folder: Path, bundle: Path, name: str, acts: list[dict], **told) -> dict:
    """Play the acts in a fresh checkout; returns what was seen."""
    uid = told.get("uid", 0)
    checkout, home, data = folder / f"{name} checkout", folder / f"{name}-home", folder / f"{name}-data"
    shutil.copytree(CHECKOUT, checkout, ignore=AWAY)
    copied = sorted(checkout.rglob("*"))
    for made in (home, data):
        made.mkdir()
        if uid:
            os.chown(made, uid, uid)
    if uid:
        (folder / f"{name}-data-ledger").mkdir()
        os.chown(folder / f"{name}-data-ledger", uid, uid)
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    told |= {"checkout": str(checkout), "home": str(home), "data": str(data), "port": port, "acts": acts}
    told |= {"python": str(folder / f"{name}-python"), "env": {"CONCORD_BUNDLE": str(bundle)}}
    argv = ["unshare", "--net", "--mount", *([] if ROOT else ["--map-root-user"])]
    argv += [f"{sys.base_prefix}/bin/python3", str(Path(__file__).with_name("newcomer.py")), json.dumps(told)]
    ran = subprocess.run(argv, capture_output=True, text=True, cwd=folder)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    seen = json.loads(ran.stdout)
    assert seen["network"] is False
    for act in seen["acts"]:
        assert act["left"] == [], act["said"]
        assert "Traceback" not in act["said"]
    return seen | {"data": data, "untouched": sorted(checkout.rglob("*")) == copied}


def test_a_bundle_holds_wheels_models_and_a_browser_and_the_sums_of_all(bundle):
    sums.verify(bundle)
    listed = {line.split("  ", 1)[1].split("/")[0] for line in (bundle / sums.SUMS).read_text().splitlines()}
    assert listed == {"wheels", "models", "browser"}


def test_a_bundle_serves_every_patch_of_the_python_that_packed_it(bundle):
    """A lock may ask for one package more on an older patch: Debian's 3.11.2 wants one that 3.11.3 has built in."""
    locks = "".join((CHECKOUT / "requirements" / f"{name}.lock").read_text() for name in ("dev", "bootstrap", "node"))
    packed = {parse_wheel_filename(path.name)[0] for path in (bundle / "wheels").glob("*.whl")}
    minor = f"{sys.version_info[0]}.{sys.version_info[1]}"
    for patch in ("0", "2", "99"):
        place = {"python_full_version": f"{minor}.{patch}", "python_version": minor}
        wanted = {
            canonicalize_name(asked.name)
            for line in locks.replace("\\\n", " ").splitlines()
            if (asked := Requirement(line.split(" --hash")[0].strip()))
            and (not asked.marker or asked.marker.evaluate(place))
        }
        assert wanted <= packed, (patch, wanted - packed)


def test_the_demo_starts_from_a_bundle_without_a_network_however_often_it_was_broken_off(folder, bundle):
    seen = newcomer(
        folder, bundle, "offline",
        [
            {"make": ["demo"], "until": "without a network"},  # Ctrl-C while packages are installed
            {"make": ["demo"], "until": "bringing the tables up to date", "later": 2},  # … while tables are made
            {"make": ["demo"], "until": "models       done", "page": "/accounts/login/"},
            {"make": ["demo"], "until": "accounts     pat", "page": "/accounts/login/"},
        ],
    )  # fmt: skip
    broken_off, migrating, first, second = seen["acts"]
    assert broken_off["exit"] != 0
    assert max(act["ended_in"] for act in seen["acts"]) < 15
    assert "done in" not in migrating["said"].split("bringing the tables")[1]
    assert first["status"] == second["status"] == 200
    installed = json.loads((seen["data"] / "models" / "installed.json").read_text())["files"]
    assert "minilm/head.npz" in installed
    assert all((seen["data"] / "models" / name).is_file() for name in installed)
    assert "environment  making it" not in second["said"]


@pytest.mark.parametrize("uid", [0, NOBODY] if ROOT else [0], ids=["as-one-is", "as-ordinary-user"][: 2 if ROOT else 1])
def test_a_read_only_checkout_keeps_environment_bytecode_and_data_in_the_data_folder(folder, bundle, uid):
    name = f"reader {uid}"
    seen = newcomer(
        folder, bundle, name,
        [{"make": ["run"], "until": "Ctrl-C stops it", "page": "/welcome/", "first_administrator": True}],
        read_only=True, uid=uid,
    )  # fmt: skip
    assert seen["checkout_writable"] is False
    (act,) = seen["acts"]
    assert act["status"] == 200
    assert act["first"]["asked_at"].endswith("/welcome/")
    assert not act["first"]["then"].endswith("/welcome/")
    assert act["first"]["named"]
    data = seen["data"]
    assert (data / "environment" / "pyvenv.cfg").is_file()
    assert next((data / "environment" / "bytecode").rglob("settings.cpython-*.pyc"), None)
    assert (data / "concord.sqlite3").exists()
    assert seen["untouched"]
    if uid:
        assert {path.stat().st_uid for path in data.rglob("*") if not path.is_symlink()} == {uid}
