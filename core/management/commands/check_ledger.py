"""Refuses when the ledger outside the database is newer than the database: then an older backup was put back."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from core import checkpoints


class Command(BaseCommand):
    help = "Ends with 1 when signed audit events are missing from the database."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--accept-restore",
            action="store_true",
            help="The backup was put back on purpose: set newer checkpoints aside.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["accept_restore"]:
            for path in checkpoints.accept_restore():
                self.stdout.write(str(path))
        missing = checkpoints.behind()
        if missing:
            raise CommandError(
                _(
                    "The ledger knows %(missing)d events that the database lacks: an older backup was put back. Repeat the "
                    "erasures since then, then run `manage.py check_ledger --accept-restore`."
                )
                % {"missing": missing},
                returncode=1,
            )
