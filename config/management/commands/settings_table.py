"""Prints every setting with its default and what it is for, as the table of docs/settings.md."""

from typing import Any

from django.core.management.base import BaseCommand

from config import env


class Command(BaseCommand):
    help = "Print the settings as a Markdown table."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write("| Variable | Default | What it is for |\n|---|---|---|")
        for name, one in sorted(env.KNOWN.items()):
            default = f"`{one.default}`" if one.default else "nothing"
            self.stdout.write(f"| `{name}` | {default} | {one.about.replace('|', chr(92) + '|')} |")
