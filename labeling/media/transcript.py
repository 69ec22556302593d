"""A transcript with times: WebVTT or SubRip as people have them, else a text that has none.

What is kept is the text as it was sent; here it is read for showing. A file that begins like WebVTT or SubRip and is
broken further on gives the lines that can be read: whoever listens is better served by most of a transcript than by none.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

_TIME = r"(?:(\d+):)?(\d{1,2}):(\d{2})[.,](\d{3})"
_CUE = re.compile(rf"^{_TIME}[ \t]+-->[ \t]+{_TIME}(?:[ \t].*)?$")
_INSIDE = re.compile(rf"<{_TIME}>")
_VOICE = re.compile(r"<v(?:\.[^ >]*)?[ \t]+([^>]+)>")
_TAG = re.compile(r"</?(?:c|i|b|u|v|lang|ruby|rt)(?:[. \t][^>]*)?>")


@dataclass(frozen=True)
class Line:
    """What is said from one moment to another, µs on the track's clock; `words` are the times of its words, where known."""

    from_us: int
    to_us: int
    text: str
    speaker: str = ""
    words: tuple[int, ...] = ()


def lines(text: str) -> list[Line]:
    """The lines of a transcript in order; none when it has no times.

    >>> lines("WEBVTT\\n\\n00:01.000 --> 00:02.500\\n<v Ana>Well, <00:01.900>yes")
    [Line(from_us=1000000, to_us=2500000, text='Well, yes', speaker='Ana', words=(1000000, 1900000))]
    """
    found = [line for block in _blocks(text) for line in _read(block)]
    return sorted(found, key=lambda line: (line.from_us, line.to_us))


def plain(text: str) -> str:
    """The words alone, a line each: of a timed transcript where times are no use."""
    return "\n".join(line.text for line in lines(text)) or text


def _blocks(text: str) -> Iterator[list[str]]:
    block: list[str] = []
    for line in text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff").split("\n"):
        if line.strip():
            block.append(line.strip())
        elif block:
            yield block
            block = []
    if block:
        yield block


def _read(block: list[str]) -> Iterator[Line]:
    # Before the times a cue may carry a name; a note or a style carries no times at all.
    at = next((n for n, line in enumerate(block[:2]) if _CUE.match(line)), None)
    if at is None:
        return
    numbers = _CUE.match(block[at]).groups()
    begin, end = _us(numbers[:4]), _us(numbers[4:])
    raw = " ".join(block[at + 1 :])
    voice = _VOICE.search(raw)
    text, words = _words(_TAG.sub("", _VOICE.sub("", raw)), begin)
    if end > begin and text:
        yield Line(begin, end, text, html.unescape(voice[1]).strip() if voice else "", words)


def _words(raw: str, begin: int) -> tuple[str, tuple[int, ...]]:
    """The text, and the time of each word: of the stamp before it, the first from the line's beginning."""
    parts = _INSIDE.split(raw)
    text = " ".join(" ".join(html.unescape(part) for part in parts[::5]).split())
    if len(parts) == 1:
        return text, ()
    times: list[int] = []
    since = begin
    for n in range(0, len(parts), 5):
        if n:
            since = _us(tuple(parts[n - 4 : n]))
        times += [since] * len(html.unescape(parts[n]).split())
    return text, tuple(times)


def _us(numbers: tuple[str | None, ...]) -> int:
    hours, minutes, seconds, milliseconds = (int(one or 0) for one in numbers)
    return ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + milliseconds * 1000
