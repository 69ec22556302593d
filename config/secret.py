"""The signing key: given by the environment, or kept in the data folder from the first start on."""

import secrets
from pathlib import Path


def key(given: str, data: Path) -> str:
    """The key to sign with. Reads the kept one; `keep` (called at set-up) makes it. Before set-up a throw-away key serves."""
    if given:
        return given
    kept = data / "secret_key"
    return kept.read_text().strip() if kept.exists() else secrets.token_urlsafe(48)


def keep(data: Path) -> None:
    """Make and keep a signing key for this installation, readable by its owner alone, unless there is one."""
    kept = data / "secret_key"
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not kept.exists():
        kept.touch(mode=0o600)
        kept.write_text(secrets.token_urlsafe(48))
