"""`manage.py demo_load`: sets up the demo study; run again, it keeps what is there."""

from __future__ import annotations

import time

from django.core.management.base import BaseCommand

from demo.load import load


class Command(BaseCommand):
    help = "Sets up the demo study with its sample media; run again, it keeps what is there."

    def handle(self, *args, **options) -> None:
        begun = time.monotonic()

        def say(step: str) -> None:
            self.stdout.write(f"demo: {step} ({time.monotonic() - begun:.1f} s)")

        load(say)
