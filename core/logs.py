"""Lines of the log carry no key to anything: a signed link in an address is the whole right of the person it was sent to."""

from __future__ import annotations

import logging
import re

# A participant's page, and the link that resets a password. What follows the key stays: it tells which page failed.
_KEYS = re.compile(r"(/p/|/accounts/password/reset/key/)[^/\s\"'?#]+")


class WithoutKeys(logging.Formatter):
    """Formats a record, traceback included, with `…` in the place of each key."""

    def format(self, record: logging.LogRecord) -> str:
        return _KEYS.sub(r"\1…", super().format(record))
