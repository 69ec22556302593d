"""What was shown while answering: the media's stretch and the items compared; and how intervals cover a stretch.

All times are whole microseconds; a stretch is half-open, so one that ends where the next begins leaves no gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from affect.schemes.findings import Findings
from affect.schemes.values import is_whole, only

Interval = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Shown:
    """media is None when none was told, or when it was told wrongly (which is found once, not at every question)."""

    media: Interval | None
    told: bool
    items: tuple[str, ...]

    @classmethod
    def read(cls, given: dict[str, Any], found: Findings) -> Shown:
        media, items = None, ()
        if "media" in given:
            told = given["media"]
            if (
                isinstance(told, dict)
                and is_whole(told.get("start_us"))
                and is_whole(told.get("end_us"))
                and told["start_us"] < told["end_us"]
            ):
                only(told, "/media", ("start_us", "end_us"), found)
                media = (int(told["start_us"]), int(told["end_us"]))
            else:
                found.expect("/media", "an object with whole start_us and a later end_us")
        if "items" in given:
            told = given["items"]
            if isinstance(told, list) and all(isinstance(one, str) for one in told) and len(set(told)) == len(told):
                items = tuple(told)
            else:
                found.expect("/items", "a list of different ids")
        return cls(media, "media" in given, items)

    def stretch(self, at: str, found: Findings) -> Interval | None:
        """The media's stretch, for a question that cannot be checked without."""
        if self.media is None and not self.told:
            found.add("no_media", at)
        return self.media


def uncovered(whole: Interval, intervals: Iterable[Interval]) -> Iterator[Interval]:
    """The stretches of the whole that no interval covers, in order.

    >>> list(uncovered((0, 10), [(2, 4), (3, 7)]))
    [(0, 2), (7, 10)]
    """
    reach, end = whole
    for start, stop in sorted(intervals):
        if start > reach:
            yield reach, min(start, end)
        reach = max(reach, stop)
        if reach >= end:
            return
    if reach < end:
        yield reach, end


def covering(
    whole: Interval, intervals: Iterable[Interval], *, share: float, no_gap: bool, at: str, found: Findings
) -> None:
    """Tell each gap where none may be, and a share that is too small."""
    holes = list(uncovered(whole, intervals))
    if no_gap:
        for start, end in holes:
            found.add("gap", at, start_us=start, end_us=end)
    total = whole[1] - whole[0]
    covered = total - sum(end - start for start, end in holes)
    if covered < share * total:
        found.add("coverage", at, covered_us=covered, total_us=total, minimum=share)
