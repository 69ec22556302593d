"""What must hold before the first page can be shown: tables, static files, demo data. Done again only when it changed."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from launch import say
from launch.place import Place
from launch.say import Stop
from launch.sums import digest

STATE = "launch.json"
APPS = ("core", "consent", "labeling", "datasets", "inference")


class Prepared:
    """What earlier starts have done to a data folder: topic → digest of what it was done from."""

    def __init__(self, data: Path) -> None:
        self._file = data / STATE
        try:
            self._done = dict(json.loads(self._file.read_text()))
        except (OSError, ValueError):
            self._done = {}

    def has(self, topic: str, digest: str) -> bool:
        return self._done.get(topic) == digest

    def note(self, topic: str, digest: str) -> None:
        self._done[topic] = digest
        self._file.write_text(json.dumps(self._done, indent=1))


def fingerprint(files: Iterable[Path], *more: str) -> str:
    """A digest over the names and contents of `files`, in any order, and over `more`."""
    summed = hashlib.sha256()
    for path in sorted(files):
        summed.update(f"{path}\0{digest(path)}\n".encode())
    for text in more:
        summed.update(f"{text}\0".encode())
    return summed.hexdigest()


def manage(where: Place, env: Mapping[str, str], *words: str, show: str = "") -> None:
    """Run a manage.py command to its end; its lines appear under the topic `show`. Raises Stop when it fails."""
    argv = [where.python, "manage.py", *words]
    ran = subprocess.Popen(
        argv, cwd=where.checkout, env=dict(env), text=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    said = []
    try:
        for text in ran.stdout:
            said.append(text)
            if show:
                say.line(show, text.rstrip())
        ran.wait()
    except BaseException:  # Ctrl-C between two lines: the command ends with us
        ran.kill()
        ran.wait()
        raise
    if ran.returncode:
        raise Stop(
            "" if show else "".join(said[-40:]) + f"\n`manage.py {' '.join(words)}` failed; the lines above tell why."
        )


def signing_key(where: Place, env: Mapping[str, str]) -> None:
    """Have the application make and keep its signing key, before the first of its processes starts."""
    code = "import sys, pathlib; from config import secret; secret.keep(pathlib.Path(sys.argv[1]))"
    if not env.get("SECRET_KEY"):
        subprocess.run([where.python, "-c", code, where.data], cwd=where.checkout, env=dict(env), check=True)


def tables(where: Place, env: Mapping[str, str], done: Prepared) -> None:
    """Bring both databases up to date (`manage.py prepare` knows their owners, and refuses data older than their ledger).

    The files of a laptop change by us alone, so an unchanged set of migrations needs no look; a database that is
    elsewhere is always asked. A backup may have been put back in between: the web server looks for that (`launch.web`).
    """
    files = [path for app in APPS for path in (where.checkout / app).glob("**/migrations/*.py")]
    lock = where.checkout / "requirements" / "base.lock"
    mark = fingerprint([*files, lock])
    ours = not env.get("DATABASE_URL") and not env.get("KEYS_DATABASE_URL")
    if ours and (where.data / "concord.sqlite3").exists() and done.has("tables", mark):
        return
    with say.step("database", "bringing the tables up to date"):
        manage(where, env, "prepare")
    done.note("tables", mark)


def static_files(where: Place, env: Mapping[str, str], done: Prepared) -> None:
    files = [path for path in (where.checkout / "static").rglob("*") if path.is_file()]
    files += [where.checkout / "config" / "settings.py", where.checkout / "requirements" / "base.lock"]
    mark = fingerprint(files)
    if (where.data / "static").is_dir() and done.has("static", mark):
        return
    with say.step("static", "collecting the static files"):
        manage(where, env, "collectstatic", "--noinput", "--verbosity", "0")
    done.note("static", mark)


def demo_data(where: Place, env: Mapping[str, str], done: Prepared) -> None:
    """Load the demo study; the command itself knows what is there already, so it is asked again when anything changed."""
    files = [path for path in (where.checkout / "demo").rglob("*") if path.is_file() and path.suffix != ".pyc"]
    mark = fingerprint(files)
    if done.has("demo", mark):
        return
    with say.step("demo", "loading the demo study"):
        manage(where, env, "demo_load", show="demo")
    done.note("demo", mark)
