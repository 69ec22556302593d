"""The virtual environment: made once from the lock files, with every hash checked, and left alone while they stay the same.

A stamp inside the environment tells what it was made from; comparing it is all a second start does. With a bundle
beside the checkout nothing is asked of the network.
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from launch import indexes, place, say
from launch.place import Place
from launch.say import Stop
from launch.sums import digest, verify

# Each lock holds the ones before it: an environment for tests also runs the installation.
LEVELS = ("base", "ml", "dev")
STAMP = "concord-stamp.json"
LOCK = ".concord-lock"  # not `.lock`, which is uv's own
# A download that stands still is begun again soon, where nothing else was said: one stalled line must not cost minutes.
PATIENCE = {"UV_HTTP_TIMEOUT": "15", "UV_HTTP_RETRIES": "6"}


def wanted(where: Place, level: str) -> dict:
    """The stamp of an environment at `level`: interpreter, place (scripts carry it), and the locks it satisfies."""
    locks = where.checkout / "requirements"
    held = LEVELS[: LEVELS.index(level) + 1]
    return {
        "python": platform.python_version(),
        "place": str(where.environment),
        "locks": {name: digest(locks / f"{name}.lock") for name in held},
    }


def satisfies(stamp: dict | None, want: dict) -> bool:
    """Whether an environment with `stamp` serves where `want` is asked for; a fuller one serves too."""
    if not isinstance(stamp, dict):
        return False
    same = all(stamp.get(key) == want[key] for key in ("python", "place"))
    return same and want["locks"].items() <= stamp.get("locks", {}).items()


def read_stamp(where: Place) -> dict | None:
    try:
        return json.loads((where.environment / STAMP).read_text())
    except (OSError, ValueError):
        return None


def variables(where: Place) -> dict[str, str]:
    """The environment variables every program of the installation gets, on top of the person's own."""
    env = {name: value for name, value in os.environ.items() if name not in {"PYTHONHOME", "PYTHONPATH"}}
    # What is set to nothing is not set: pip and our own settings read it so, uv refuses to start.
    env = {name: value for name, value in env.items() if value.strip()}
    # Bytecode goes beside the environment; a wish not to write it would cost seconds at each start and is not needed.
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    env |= {
        "PYTHONPYCACHEPREFIX": str(where.bytecode),
        "PYTHONUNBUFFERED": "1",
        "NUMBA_CACHE_DIR": str(where.bytecode / "numba"),
        "VIRTUAL_ENV": str(where.environment),
        "PATH": f"{where.environment / 'bin'}{os.pathsep}{env.get('PATH', os.defpath)}",
        "CONCORD_DATA": str(where.data),
        "CONCORD_LEDGER": str(where.ledger),
    }
    if where.bundle:
        env["CONCORD_BUNDLE"] = str(where.bundle)
    if not place.writable(Path(env.get("HOME") or "/nonexistent")):
        env["HOME"] = str(where.data)
    return env


def ensure(where: Place, level: str) -> None:
    """Make sure that the environment holds what `level` needs. Raises Stop with what to do when it cannot be made."""
    want = wanted(where, level)
    if satisfies(read_stamp(where), want):
        return
    with _alone(where.environment):
        stamp = read_stamp(where)
        if satisfies(stamp, want):  # another command made it while we waited
            return
        with say.step("environment", f"making it with Python {want['python']} in {where.environment}"):
            if not stamp or any(stamp.get(key) != want[key] for key in ("python", "place")):
                _fresh(where)
            _sync(where, level)
            (where.environment / STAMP).write_text(json.dumps(want, indent=1))


@contextmanager
def _alone(environment: Path) -> Iterator[None]:
    """Hold the environment's lock: two commands at once make it one after the other."""
    environment.mkdir(parents=True, exist_ok=True)
    with (environment / LOCK).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _fresh(where: Place) -> None:
    for entry in where.environment.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name != LOCK:
            entry.unlink()
    made = subprocess.run([sys.executable, "-m", "venv", where.environment], capture_output=True, text=True)
    if made.returncode:
        raise Stop(
            f"{made.stdout}{made.stderr}\nPython could not make a virtual environment. "
            "On Debian and Ubuntu: apt install python3-venv"
        )


def _sync(where: Place, level: str) -> None:
    env = variables(where)
    _cache(where, env)
    if where.bundle:
        verify(where.bundle)
        say.line("environment", f"from the bundle {where.bundle}, without a network")
    uv(where, env, "pip", "sync", "--require-hashes", where.checkout / "requirements" / f"{level}.lock")


def uv(where: Place, env: dict[str, str], *words: str | Path) -> None:
    """Run uv against the environment, with its packages from where pip would take them or from the bundle.

    Its own milestones are shown as they come. Raises Stop with all it said when it fails.
    """
    argv = [install_uv(where, env), *words, "--python", where.python, "--no-progress", *_offline(where.bundle, uv=True)]
    said: list[str] = []
    told = PATIENCE | env | _index_variables(where, env)
    with subprocess.Popen(argv, env=told, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as ran:
        for line in ran.stderr:
            said.append(line)
            if line.startswith(("Downloading", "Prepared", "Installed", "Uninstalled")):
                say.line("environment", line.strip())
    if ran.returncode:
        raise Stop(f"{''.join(said)}\nThe packages could not be installed; the lines above tell why.")


def _cache(where: Place, env: dict[str, str]) -> None:
    """Package caches go where caches go; without a home that can be written, into the data folder."""
    home = env.get("XDG_CACHE_HOME") or str(Path(env["HOME"]) / ".cache")
    if not place.writable(Path(home)):
        env.setdefault("UV_CACHE_DIR", str(where.data / "cache" / "uv"))
        env.setdefault("PIP_CACHE_DIR", str(where.data / "cache" / "pip"))


def _offline(packed: Path | None, *, uv: bool) -> list[str]:
    if not packed:
        return []
    return [*(["--offline"] if uv else []), "--no-index", "--find-links", str(packed / "wheels")]


def _index_variables(where: Place, env: dict[str, str]) -> dict[str, str]:
    if where.bundle:
        return {}
    listing = subprocess.run([where.python, "-m", "pip", "config", "list"], env=env, capture_output=True, text=True)
    return indexes.for_uv(indexes.parse(listing.stdout), env)


def install_uv(where: Place, env: dict[str, str]) -> Path:
    """uv, at the pinned version and hash, in a folder of its own: it is a tool and no part of the environment."""
    lock = where.checkout / "requirements" / "bootstrap.lock"
    tools = where.environment / "tools"
    program, made_from = tools / "bin" / "uv", tools / "bootstrap.sha256"
    if program.exists() and made_from.exists() and made_from.read_text() == digest(lock):
        return program
    if tools.exists():
        shutil.rmtree(tools)
    argv = [where.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    argv += ["--require-hashes", "--only-binary", ":all:", "--target", tools, "-r", lock]
    argv += _offline(where.bundle, uv=False)
    ran = subprocess.run(argv, env=env, capture_output=True, text=True)
    if ran.returncode:
        raise Stop(f"{ran.stderr}\nuv, the installer of the packages, could not be fetched. Is there a network?")
    made_from.write_text(digest(lock))
    return program


def write_locks(where: Place) -> None:
    """Resolve the `.in` files anew and write every lock: one resolution for all levels and for Python 3.11 to 3.13."""
    env = variables(where)
    program = install_uv(where, env)
    # A folder of wheels on this machine knows fewer files than the index: its hashes alone would lock other machines out.
    looking = {name: said for name, said in _index_variables(where, env).items() if name != "UV_FIND_LINKS"}
    folder = where.checkout / "requirements"
    flags = ["--universal", "--python-version", "3.11", "--fork-strategy", "fewest", "--generate-hashes", "--upgrade"]
    flags += ["--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links", "--quiet"]
    agreed: list[str] = []
    for level in reversed(LEVELS):  # the fullest first; the others take its versions
        sources = [f"{name}.in" for name in LEVELS[: LEVELS.index(level) + 1]]
        argv = [program, "pip", "compile", *flags, *agreed, *sources, "-o", f"{level}.lock"]
        with say.step("locks", f"resolving {level}.lock"):
            subprocess.run(argv, cwd=folder, env=env | looking, check=True)
        agreed = ["-c", "dev.lock"]
    for name in ("bootstrap", "node"):  # tools, apart from the environment
        argv = [program, "pip", "compile", *flags, f"{name}.in", "-o", f"{name}.lock"]
        subprocess.run(argv, cwd=folder, env=env | looking, check=True)
