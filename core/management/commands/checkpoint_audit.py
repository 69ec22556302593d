"""Writes a signed checkpoint of the audit log now; the scheduler does it daily."""

from typing import Any

from django.core.management.base import BaseCommand

from core import checkpoints


class Command(BaseCommand):
    help = "Sign the audit log as it stands, into CONCORD_LEDGER."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(str(checkpoints.write()))
