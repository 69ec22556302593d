"""A folder that stands in for the network: every wheel of the locks, the models, a Chromium, and the sum of each file.

`make bundle` writes it on a machine with a network; carried beside a checkout (or named by CONCORD_BUNDLE), everything
is made from it. Wheels are those of the Python and the machine that packed them.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from launch import environment, say, sums, tools
from launch.place import Place
from launch.say import Stop

LOCKS = ("dev", "bootstrap", "node")  # dev holds base and ml


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


def _wheels(where: Place, env: dict[str, str], into: Path) -> None:
    for lock in LOCKS:
        argv = [where.python, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        # uv, which made the lock, does not hold an upper bound of a Requires-Python against a package; nor may pip.
        argv += ["--require-hashes", "--only-binary", ":all:", "--ignore-requires-python", "-d", into]
        argv += ["-r", where.checkout / "requirements" / f"{lock}.lock"]
        ran = subprocess.run(argv, env=env, capture_output=True, text=True)
        if ran.returncode:
            raise Stop(f"{ran.stderr}\nThe wheels of {lock}.lock could not be fetched; the lines above tell why.")


def _models(where: Place, env: dict[str, str]) -> None:
    ran = subprocess.run(
        [where.python, "-m", "inference.fetch", "--bundle", env["CONCORD_MODELS"]], cwd=where.checkout, env=env
    )
    if ran.returncode:
        raise Stop("The models could not be fetched; the lines above tell why.")
