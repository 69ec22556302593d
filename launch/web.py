"""What gunicorn is told besides its command line: the data are compared with their ledger before the first answer.

It happens in the web process, which has the application at hand: a program of its own would load it a second time, and
that was half of a start. The socket is open meanwhile, so those who come early wait instead of being turned away.
"""

from __future__ import annotations

import sys
from typing import Any

FAILED = 3  # gunicorn's own code for a process that could not begin; it then ends altogether


def post_worker_init(worker: Any) -> None:
    """gunicorn calls this when a process has loaded the application and has not answered anything yet."""
    if worker.age > worker.cfg.workers:  # in place of one that ended: the data have been in use since the check
        return
    from config import start

    refused = start.refused()
    if refused:
        print(refused, file=sys.stderr, flush=True)
        sys.exit(FAILED)
