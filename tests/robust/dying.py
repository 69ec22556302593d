"""A process that ends itself with SIGKILL at a named place: what a kill -9 does there, at the worst moment and every time.

`at("after:2:core.bulk.insert")` dies when the second call of that function has returned, before anything else is done.
Nothing is replaced: the function runs as it is.
"""

from __future__ import annotations

import functools
import os
import pkgutil
import signal


def at(place: str) -> None:
    when, turn, name = place.split(":")
    holder, _dot, attribute = name.rpartition(".")
    owner = pkgutil.resolve_name(holder)
    real, left = getattr(owner, attribute), [int(turn)]

    @functools.wraps(real)
    def dies(*args, **kwargs):
        left[0] -= 1
        if when == "before" and not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        made = real(*args, **kwargs)
        if when == "after" and not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        return made

    setattr(owner, attribute, dies)
