"""Recomputes the audit log's chain and compares it with the signed checkpoints."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from core import checkpoints


class Command(BaseCommand):
    help = "Verify the audit log; ends with 1 and names the first altered event when it is not sound."

    def handle(self, *args: Any, **options: Any) -> None:
        found = checkpoints.verify()
        if not found.sound:
            raise CommandError(found.reason, returncode=1)
        self.stdout.write(
            _("%(events)d events, chain unbroken; %(sums)d checkpoints agree.")
            % {"events": found.size, "sums": found.checkpoints}
        )
