"""Makes an installation ready: folders, the signing key, both databases, the rights of the running application.

Safe to run again. On PostgreSQL the migrations run as the owner of the tables when DATABASE_OWNER_URL
(KEYS_DATABASE_OWNER_URL) is given; the role of DATABASE_URL then gets what it needs and no more (decisions 31).
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from config import secret

DATABASES = {
    "default": ("DATABASE_URL", "DATABASE_OWNER_URL"),
    "keys": ("KEYS_DATABASE_URL", "KEYS_DATABASE_OWNER_URL"),
}


class Command(BaseCommand):
    help = "Make folders and the signing key, bring both databases up to date, give the application its rights."

    def handle(self, *args: Any, **options: Any) -> None:
        for folder in (settings.CONCORD_DATA, settings.CONCORD_LEDGER, settings.CONCORD_KEYS, settings.CONCORD_MODELS):
            Path(folder).mkdir(parents=True, exist_ok=True, mode=0o700)
            Path(folder).chmod(0o700)
        if not os.environ.get("SECRET_KEY", "").strip():
            secret.keep(Path(settings.CONCORD_DATA))
        as_owner = {url: os.environ[owner] for url, owner in DATABASES.values() if os.environ.get(owner)}
        for alias, (_url, owner) in DATABASES.items():
            if not as_owner:
                call_command("migrate", database=alias, interactive=False, verbosity=0)
                continue
            self._as_owner(as_owner, "migrate", "--noinput", "--verbosity", "0", "--database", alias)
            if os.environ.get(owner):
                role = settings.DATABASES[alias]["USER"]
                self._as_owner(as_owner, "grant_rights", role, "--database", alias)
        call_command("check_ledger")
        self.stdout.write(_("Ready."))

    def _as_owner(self, urls: dict[str, str], *words: str) -> None:
        """The same program under the owner's URLs: a process of its own, so that its connections end with it."""
        program = [sys.executable, str(settings.BASE_DIR / "manage.py"), *words]
        ran = subprocess.run(program, env={**os.environ, **urls}, capture_output=True, text=True, check=False)  # noqa: S603
        if ran.returncode:
            raise CommandError(f"{' '.join(words)}: {ran.stderr or ran.stdout}", returncode=ran.returncode)
