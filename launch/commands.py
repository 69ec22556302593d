"""The commands of `python3 -m launch`, one function each; `make help` shows their first lines."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from launch import bundle, environment, place, say, supervise, tools
from launch import test as tests
from launch.place import Place
from launch.say import Stop


def demo(where: Place) -> int:
    """Start everything with the demo study, and print the address and the accounts; Ctrl-C stops it"""
    return _installation(where, with_demo=True)


def run(where: Place) -> int:
    """Start everything without demo data; the first page asks for the first administrator"""
    return _installation(where, with_demo=False)


def _installation(where: Place, *, with_demo: bool) -> int:
    place.claim(where.data)
    environment.ensure(where, "ml")
    return supervise.Supervisor(where, demo=with_demo).run()


def demo_reset(where: Place) -> int:
    """Remove the data folder and its ledger, so that the next `make demo` begins anew (YES=1 does not ask)"""
    there = [folder for folder in (where.data, where.ledger) if folder.exists() or folder.is_symlink()]
    if not there:
        say.line("reset", f"nothing to remove: {where.data} does not exist")
        return 0
    for folder in there:
        if not place.removable(folder, where.checkout):
            raise Stop(f"{folder} is left alone: it does not carry Concord's marker file {place.MARKER}, or is a link.")
    lock = supervise.Lock(where.data)  # a running installation is not swept away from under itself
    if not _agreed(f"Remove {' and '.join(str(folder) for folder in there)} with everything in it?"):
        lock.release()
        raise Stop("Nothing was removed.")
    for folder in there:
        place.remove(folder, where.checkout, keep=frozenset({"environment", "cache", "models"}))
        say.line("reset", f"removed {folder}")
    lock.release()
    if os.environ.get("DATABASE_URL") or os.environ.get("KEYS_DATABASE_URL"):
        say.line("reset", "a database named by DATABASE_URL or KEYS_DATABASE_URL was not touched")
    return 0


def _agreed(question: str) -> bool:
    if os.environ.get("YES", "").strip().lower() in {"1", "yes", "true"}:
        return True
    if not sys.stdin.isatty():
        raise Stop("There is nobody to ask here. To remove the data without a question: make demo-reset YES=1")
    with suppress(EOFError):
        return input(f"{question} [yes/no] ").strip().lower() in {"y", "yes"}
    return False


def make_environment(where: Place) -> int:
    """Make the virtual environment only"""
    environment.ensure(where, "ml")
    return 0


def test(where: Place) -> int:
    """Run everything that checks Concord, on SQLite and on PostgreSQL, with one summary as the last line"""
    return tests.main(where, long=False)


def test_long(where: Place) -> int:
    """As `make test`, with the long fuzz, load and sync runs as well"""
    return tests.main(where, long=True)


def bench(where: Place) -> int:
    """Measure what the benchmarks measure, and print their tables"""
    environment.ensure(where, "dev")
    scripts = sorted((where.checkout / "benchmarks").glob("bench_*.py"))
    if not scripts:
        raise Stop("There are no benchmarks (benchmarks/bench_*.py) in this checkout.")
    env = environment.variables(where)
    for name in (
        "CONCORD_DATA",
        "CONCORD_LEDGER",
        "DATABASE_URL",
        "DATABASE_OWNER_URL",
        "KEYS_DATABASE_URL",
        "BROKER_URL",
    ):
        env.pop(name, None)  # each makes data of its own; the person's are left alone
    if program := tools.chromium(where, env):
        env["CONCORD_CHROMIUM"] = str(program)
    failed = []
    for script in scripts:
        say.line("bench", script.stem)
        if subprocess.run([where.python, "-m", f"benchmarks.{script.stem}"], cwd=where.checkout, env=env).returncode:
            failed.append(script.stem)
    say.line("bench", f"a bar is missed or it broke off: {', '.join(failed)}" if failed else "every bar is met")
    return 1 if failed else 0


def make_bundle(where: Place) -> int:
    """Pack wheels, models and browser into ./bundle, with checksums, for a machine without a network"""
    environment.ensure(where, "dev")
    bundle.make(where)
    return 0


def lint(where: Place) -> int:
    """Check style, form and import contracts"""
    return tests.lint(where)


def form(where: Place) -> int:
    """Put the Python code into its form (ruff)"""
    environment.ensure(where, "dev")
    for words in (["check", "--fix", "--quiet", "."], ["format", "--quiet", "."]):
        subprocess.run(
            [where.environment / "bin" / "ruff", *words], cwd=where.checkout, env=environment.variables(where)
        )
    return 0


def locks(where: Place) -> int:
    """Resolve requirements/*.in anew and write the lock files"""
    environment.ensure(where, "base")
    environment.write_locks(where)
    return 0


def clean(where: Place) -> int:
    """Remove the environment and caches; data stay"""
    for name in (".ruff_cache", ".hypothesis", ".import_linter_cache", ".pytest_cache", "node_modules"):
        shutil.rmtree(where.checkout / name, ignore_errors=True)
    if (where.environment / environment.STAMP).exists():
        shutil.rmtree(where.environment)
        say.line("clean", f"removed {where.environment}")
    return 0


COMMANDS: dict[str, Callable[[Place], int]] = {
    "demo": demo,
    "demo-reset": demo_reset,
    "run": run,
    "test": test,
    "test-long": test_long,
    "bench": bench,
    "bundle": make_bundle,
    "lint": lint,
    "format": form,
    "locks": locks,
    "environment": make_environment,
    "clean": clean,
}


def show_help() -> int:
    """List the commands."""
    print("make …\n")
    for name, command in COMMANDS.items():
        print(f"  {name:<12} {command.__doc__.splitlines()[0]}")
    print("\nSettings come from the environment (docs/settings.md), for example: make demo PORT=8001")
    return 0


def main(words: list[str]) -> int:
    """Run the command that `words` names. Returns the exit code."""
    if words in ([], ["help"]):
        return show_help()
    if len(words) != 1 or words[0] not in COMMANDS:
        say.warn(f"There is no command {' '.join(words)!r}.")
        show_help()
        return 2
    sys.dont_write_bytecode = True
    try:
        return COMMANDS[words[0]](place.find(checkout=Path(__file__).resolve().parent.parent))
    except Stop as why:
        say.warn(f"\n{why}")
        return 1
    except KeyboardInterrupt:
        say.warn("\nStopped.")
        return 130
