"""Complete schemes of usual studies, ready to use or to change: ten JSON files and a manifest that tells about them.

They are data that ships with the package and is read from it, no files of anybody's. Each follows a publication, named as
its source, and says where it departs from it; none is the authors' own instrument.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from affect.schemes.form import loads
from affect.schemes.model import Scheme


def text_of(name: str) -> str:
    """The JSON text of a scheme of the gallery."""
    if name not in NAMES:
        raise ValueError(f"unknown scheme {name!r}; one of {', '.join(NAMES)} would have been right")
    return files(__name__).joinpath(f"{name}.json").read_text("utf-8")


@cache
def load(name: str) -> Scheme:
    """A scheme of the gallery.

    >>> load("laughter").name["en"]
    'Laughter segments'
    """
    return loads(text_of(name))


def manifest() -> list[dict[str, Any]]:
    """What each scheme is for: name, title by language, modalities, who answers, source."""
    return json.loads(files(__name__).joinpath("manifest.json").read_text("utf-8"))["schemes"]


NAMES: tuple[str, ...] = tuple(one["name"] for one in manifest())
