"""What the web server makes sure of before it answers: that the data are not older than their ledger."""

from django.core.management import CommandError, call_command
from django.db import connections


def refused() -> str:
    """Why this installation must not be served; empty when it may."""
    try:
        call_command("check_ledger")
    except CommandError as why:
        return str(why)
    finally:
        connections.close_all()
    return ""
