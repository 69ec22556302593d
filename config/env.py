"""Reading settings from the environment, strictly: a value that makes no sense is refused by name, never guessed at.

Every variable is declared where it is read; `docs/settings.md` is checked against `KNOWN` by a test, so a setting cannot
be added without being documented.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True)
class Setting:
    """What is told of a variable: its default, in words where it depends on another one or on the machine, and what it is for."""

    default: str
    about: str


KNOWN: dict[str, Setting] = {}


class SettingRefused(ValueError):
    """A variable holds something that cannot be meant; the message names it and says what would have been right."""


def _read(name: str, default: str | None, about: str, told: str | None = None) -> str | None:
    KNOWN[name] = Setting((default or "") if told is None else told, about)
    value = os.environ.get(name, "").strip()
    return value or default


def text(name: str, default: str = "", about: str = "", *, told: str | None = None) -> str:
    return _read(name, default, about, told) or ""


def flag(name: str, default: bool, about: str = "", *, told: str | None = None) -> bool:
    value = _read(name, "yes" if default else "no", about, told)
    if value.lower() in {"1", "true", "yes", "on"}:
        return True
    if value.lower() in {"0", "false", "no", "off"}:
        return False
    raise SettingRefused(f"{name} is {value!r}; it takes yes or no.")


def number(name: str, default: int, about: str = "", *, least: int = 0, most: int = 2**31) -> int:
    value = _read(name, str(default), about)
    if not value.lstrip("-").isdigit() or not least <= int(value) <= most:
        raise SettingRefused(f"{name} is {value!r}; it takes a whole number from {least} to {most}.")
    return int(value)


def words(name: str, default: str = "", about: str = "") -> list[str]:
    return [part.strip() for part in (_read(name, default, about) or "").split(",") if part.strip()]


def folder(name: str, default: Path, about: str = "", *, told: str | None = None) -> Path:
    path = Path(_read(name, str(default), about, told)).expanduser()
    if path.exists() and not path.is_dir():
        raise SettingRefused(f"{name} is {str(path)!r}, which is a file; it takes a folder.")
    return path.absolute()


def choice(name: str, default: str, options: tuple[str, ...], about: str = "") -> str:
    value = _read(name, default, about)
    if value not in options:
        raise SettingRefused(f"{name} is {value!r}; it takes one of {', '.join(options)}.")
    return value


def database(
    name: str, default: str, about: str = "", *, sqlite: Callable[[Path], dict], told: str | None = None
) -> dict:
    """A Django database from a URL: `sqlite:///path` or `postgresql://user:password@host:port/name?schema=name`.

    A host that is a folder (a Unix socket) is written percent-encoded or as `?host=/folder`.
    """
    value = _read(name, default, about, told)
    url = urlsplit(value)
    if url.scheme == "sqlite":
        return sqlite(Path(unquote(url.path[1:] if url.path.startswith("//") else url.path)))
    if url.scheme not in {"postgres", "postgresql"}:
        raise SettingRefused(f"{name} starts with {url.scheme!r}; it takes sqlite:///… or postgresql://…")
    query = dict(part.split("=", 1) for part in url.query.split("&") if "=" in part)
    options: dict = {}
    if schema := query.get("schema"):
        options["options"] = f"-c search_path={schema},public"
    name_ = unquote(url.path.lstrip("/"))
    if not name_:
        raise SettingRefused(f"{name} names no database; it takes postgresql://user@host/NAME.")
    return {
        "ENGINE": "core.db.postgresql",
        "NAME": name_,
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": unquote(query.get("host", "") or url.hostname or ""),
        "PORT": str(url.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }
