"""Where packages come from is the person's business: what pip was told, uv is told too, at run time and nowhere on disk."""

from __future__ import annotations

import ast
from collections.abc import Mapping

# pip's option → uv's variable. Read when pip's and uv's ways of saying the same thing differ.
_MEANING = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
}
# A person who has told uv where to look is not talked over.
_UV_KNOWS = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_NO_INDEX", "UV_CONFIG_FILE")


def parse(listing: str) -> dict[str, str]:
    """The options in the output of `pip config list`: name → value, the stronger source winning.

    >>> parse("global.index-url='one'\\n:env:.index-url='two'\\ninstall.timeout='5'")
    {'index-url': 'two', 'timeout': '5'}
    """
    strength = {"global": 0, "install": 1, ":env:": 2}
    found: dict[str, tuple[int, str]] = {}
    for line in listing.splitlines():
        key, _, value = line.partition("=")
        section, _, name = key.rpartition(".")
        if section not in strength:
            continue
        if name not in found or strength[section] >= found[name][0]:
            found[name] = (strength[section], str(ast.literal_eval(value)))
    return {name: value for name, (_, value) in found.items()}


def for_uv(options: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """The variables to add for uv so that it looks where pip would look.

    Several indexes are equal for pip, while uv stops at the first that knows a name; since every file is checked
    against its hash in the lock, looking at all of them is safe.
    """
    if any(environ.get(name) for name in _UV_KNOWS):
        return {}
    added = {}
    for option, variable in _MEANING.items():
        if options.get(option) and not environ.get(variable):
            words = options[option].split()
            added[variable] = ("," if variable == "UV_FIND_LINKS" else " ").join(words)
    if "UV_INDEX" in added:
        added["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return added
