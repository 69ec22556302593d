"""A folder that stands in for the network: every wheel of the locks, the models, a Chromium, and the sum of each file.

`make bundle` writes it on a machine with a network; carried beside a checkout (or named by CONCORD_BUNDLE), everything
is made from it. Wheels are those of the kind of machine and of the Python that packed them, whatever its last number:
3.11.2 and 3.11.9 take the same wheels, but a lock may ask for one more of them on the older.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from launch import environment, say, sums, tools
from launch.place import Place
from launch.say import Stop

LOCKS = ("dev", "bootstrap", "node")  # dev holds base and ml
_OF_SOME_PATCHES = re.compile(r"python_full_version\s*[<>=!]+\s*'3\.\d+\.[1-9]\d*'")


def make(where: Place) -> None:
    """Write the bundle anew. Raises Stop when a part cannot be fetched."""
    target = where.checkout / "bundle" if where.bundle is None else where.bundle
    online = Place(where.checkout, where.data, where.ledger, where.environment, None)
    env = environment.variables(online)
    if target.exists():
        shutil.rmtree(target)
    (target / "browser").mkdir(parents=True)
    with say.step("bundle", "fetching the wheels"):
        _wheels(online, env, target / "wheels")
    with say.step("bundle", "fetching a Chromium"):
        if tools.fetch_archive(online, env, target / "browser") is None:
            say.line("bundle", "no Chromium: a machine made from this bundle needs one of its own for browser tests")
    if (where.checkout / "inference" / "fetch.py").exists():
        with say.step("bundle", "fetching the models"):
            _models(online, env | {"CONCORD_MODELS": str(target / "models")})
    files = sums.write(target)
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    say.line("bundle", f"{target} holds {files} files, {size / 1e6:.0f} MB")


def for_every_patch(lock: str) -> str:
    """The text of a lock that asks for what any 3.x.y of one 3.x asks for.

    >>> for_every_patch("async-timeout==5.0.1 ; python_full_version < '3.11.3'")
    "async-timeout==5.0.1 ; python_version >= '3'"
    >>> for_every_patch("audioop-lts==0.2.2 ; python_full_version >= '3.13'")
    "audioop-lts==0.2.2 ; python_full_version >= '3.13'"
    """
    return _OF_SOME_PATCHES.sub("python_version >= '3'", lock)


def _wheels(where: Place, env: dict[str, str], into: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        for name in LOCKS:
            asked = Path(scratch, f"{name}.lock")
            asked.write_text(for_every_patch((where.checkout / "requirements" / asked.name).read_text()))
            _download(where, env, asked, into)


def _download(where: Place, env: dict[str, str], lock: Path, into: Path) -> None:
    argv = [where.python, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    # uv, which made the lock, does not hold an upper bound of a Requires-Python against a package; nor may pip.
    argv += ["--require-hashes", "--only-binary", ":all:", "--ignore-requires-python", "-d", into, "-r", lock]
    ran = subprocess.run(argv, env=env, capture_output=True, text=True)
    if ran.returncode:
        raise Stop(f"{ran.stderr}\nThe wheels of {lock.name} could not be fetched; the lines above tell why.")


def _models(where: Place, env: dict[str, str]) -> None:
    ran = subprocess.run(
        [where.python, "-m", "inference.fetch", "--bundle", env["CONCORD_MODELS"]], cwd=where.checkout, env=env
    )
    if ran.returncode:
        raise Stop("The models could not be fetched; the lines above tell why.")
