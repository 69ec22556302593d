"""Django's `migrate`, which in the keys' database goes through the keyring's migrations only.

The router makes all other migrations do nothing there, but Django would still work out the state after each of them,
which takes longer than making the tables.
"""

from typing import Any

from django.core.management.commands.migrate import Command as Migrate


class Command(Migrate):
    def handle(self, *args: Any, **options: Any) -> str | None:
        if options["database"] == "keys" and not options["app_label"]:
            options |= {"app_label": "keyring", "run_syncdb": False}
        return super().handle(*args, **options)
