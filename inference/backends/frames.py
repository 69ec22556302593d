"""Pictures of a recording at a steady rate, straight from a seekable file object: no file on disk, one frame in memory.

The file object may decrypt as it reads. What the container claims is not believed beyond what decoding it needs: size
and number of frames are limited, and whatever the decoder refuses becomes `Unusable` with a reason for the person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import av
import numpy as np
from numpy.typing import NDArray

MOST_PIXELS = 8192 * 4608
MOST_FRAMES = 36_000  # sampled ones: two hours at five a second
LONGEST_SIDE = 1280  # pixels; the models look at 128 and 112


class Unusable(Exception):
    """The recording gives no pictures. `reason` is a key of `inference.backends.REASONS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Frame:
    """An upright RGB picture (height, width, 3) and its time on the track's own clock."""

    time_us: int
    picture: NDArray[np.uint8]


def file_hash(stream: BinaryIO, span_us: tuple[int, int] | None = None) -> str:
    """SHA-256 of the whole file, or of that hash and the part that is judged; leaves the position at the start."""
    stream.seek(0)
    found = hashlib.sha256()
    while block := stream.read(1 << 20):
        found.update(block)
    stream.seek(0)
    if span_us is None:
        return found.hexdigest()
    return hashlib.sha256(f"{found.hexdigest()} {span_us[0]} {span_us[1]}".encode()).hexdigest()


class Sampler:
    """Iterates over frames at `rate` a second, of the whole file or of a part [start, end) of it. After it has ended,
    `cut_off` tells whether the end was missing."""

    def __init__(self, stream: BinaryIO, rate: float, span_us: tuple[int, int] | None = None) -> None:
        self._stream, self._step_us, self._span_us = stream, round(1_000_000 / rate), span_us
        self.cut_off = False

    def __iter__(self) -> Iterator[Frame]:
        try:
            with av.open(self._stream, mode="r", metadata_errors="replace") as container:
                if not container.streams.video:
                    raise Unusable("no_video")
                yield from self._sample(container, container.streams.video[0])
        except (av.FFmpegError, ValueError) as error:  # the binding raises ValueError for some broken headers
            raise Unusable("unreadable") from error

    def _sample(self, container: av.container.InputContainer, video: av.VideoStream) -> Iterator[Frame]:
        if video.codec_context.width * video.codec_context.height > MOST_PIXELS:
            raise Unusable("too_large")
        video.thread_count = 1  # the machine's other cores belong to the people who label
        due, last, taken = None, None, 0
        start, end = self._span_us or (None, None)
        if start is not None and start > 0:
            container.seek(start)  # to the key picture before it
        for frame in container.decode(video):
            if frame.pts is None or frame.time_base is None:
                continue
            at = round(frame.pts * frame.time_base * 1_000_000)
            if start is not None and at < start:
                continue
            if end is not None and at >= end:
                break
            last = at
            if due is not None and last < due:
                continue
            if frame.width * frame.height > MOST_PIXELS:
                raise Unusable("too_large")
            if taken == MOST_FRAMES:
                self.cut_off = True
                return
            due = last + self._step_us if due is None else max(due + self._step_us, last - self._step_us // 2)
            taken += 1
            yield Frame(last, _upright(frame))
        else:
            self.cut_off = last is not None and _ends_early(video, last)
        if last is None:
            raise Unusable("unreadable" if self._span_us is None else "no_picture_here")


def _ends_early(video: av.VideoStream, last_us: int) -> bool:
    """Whether the last frame lies well before the end that the container states (half a second and a tenth)."""
    if not video.duration or video.time_base is None:
        return False
    length = video.duration * video.time_base * 1_000_000
    end = (video.start_time or 0) * video.time_base * 1_000_000 + length
    return end - last_us > max(500_000, length / 10)


def _upright(frame: av.VideoFrame) -> NDArray[np.uint8]:
    shrink = min(1.0, LONGEST_SIDE / max(frame.width, frame.height))
    size = {"width": max(2, round(frame.width * shrink)), "height": max(2, round(frame.height * shrink))}
    picture = frame.reformat(format="rgb24", **size).to_ndarray()
    turns = round(frame.rotation / 90) % 4  # degrees counter-clockwise, as phones store it beside the pictures
    return np.ascontiguousarray(np.rot90(picture, turns)) if turns else picture
