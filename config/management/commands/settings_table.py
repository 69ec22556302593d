"""Prints every setting with what it is for, as the table of docs/settings.md."""

from typing import Any

from django.core.management.base import BaseCommand

from config import env


class Command(BaseCommand):
    help = "Print the settings as a Markdown table."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write("| Variable | What it is for |\n|---|---|")
        for name, about in sorted(env.KNOWN.items()):
            self.stdout.write(f"| `{name}` | {about.replace('|', chr(92) + '|')} |")
