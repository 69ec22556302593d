"""The mails of the demo. Nothing leaves a demo: what it would mail lies in a folder, and this reads it for its page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.utils import parsedate_to_datetime
from pathlib import Path

from django.conf import settings

END = b"-" * 79  # how the back end of Django ends a mail in its file
NEWEST = 50


@dataclass(frozen=True)
class Mail:
    at: datetime
    to: str
    subject: str
    text: str


def newest() -> list[Mail]:
    """The mails that were written last, newest first."""
    files = sorted(Path(settings.EMAIL_FILE_PATH).glob("*.log"), key=lambda one: one.stat().st_mtime_ns, reverse=True)
    return [mail for path in files[:NEWEST] for mail in reversed(_read(path))][:NEWEST]


def _read(path: Path) -> list[Mail]:
    parts = [part.strip() for part in path.read_bytes().split(END)]
    return [_mail(part) for part in parts if part]


def _mail(raw: bytes) -> Mail:
    message = message_from_bytes(raw, policy=policy.default)
    body = message.get_body(("plain",))
    return Mail(
        at=parsedate_to_datetime(message["Date"]).replace(tzinfo=UTC),  # Django writes UTC as -0000
        to=str(message["To"]),
        subject=str(message["Subject"]),
        text=body.get_content().strip() if body else "",
    )
