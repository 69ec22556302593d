"""Where each member of a JSON text stands: JSON Pointer -> line and column, so that a problem can be shown in an editor.

Only for texts that have been parsed already: the walk trusts that they are well-formed.
"""

from __future__ import annotations

import re
from json.decoder import scanstring

from affect.schemes.problems import step

_SPACE = re.compile(r"[ \t\n\r]*")
_ATOM = re.compile(r"[^\s,\]}]+")


def places(text: str) -> dict[str, tuple[int, int]]:
    """The place of every value, of an object's member that of its name. Lines and columns count from 1.

    >>> places('{"a": [1,\\n 2]}')["/a/1"]
    (2, 2)
    """
    found: dict[str, int] = {}
    _walk(text, _SPACE.match(text, 0).end(), "", found)
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    told, line = {}, 0
    for at, offset in sorted(found.items(), key=lambda one: one[1]):
        while line + 1 < len(starts) and starts[line + 1] <= offset:
            line += 1
        told[at] = (line + 1, offset - starts[line] + 1)
    return told


def _walk(text: str, offset: int, at: str, found: dict[str, int]) -> int:
    """Note the value that begins here and all inside it; the offset behind it."""
    found.setdefault(at, offset)
    opening = text[offset]
    if opening == '"':
        return scanstring(text, offset + 1)[1]
    if opening not in "{[":
        return _ATOM.match(text, offset).end()
    closing = "}" if opening == "{" else "]"
    offset, index = _SPACE.match(text, offset + 1).end(), 0
    while text[offset] != closing:
        key: str | int = index
        if opening == "{":
            begins = offset
            key, offset = scanstring(text, offset + 1)
            found[step(at, key)] = begins
            offset = _SPACE.match(text, _SPACE.match(text, offset).end() + 1).end()
        offset = _SPACE.match(text, _walk(text, offset, step(at, key), found)).end()
        if text[offset] == ",":
            offset = _SPACE.match(text, offset + 1).end()
        index += 1
    return offset + 1
