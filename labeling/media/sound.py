"""The sound of a file as one stream of samples on the track's own clock, whatever is missing or broken in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import av
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

from labeling.media.probe import opened
from labeling.media.refused import MediaRefused


def stretches(stream: BinaryIO, *, start_us: int, rate: int) -> Iterator[tuple[int, NDArray[np.int16]]]:
    """Stretches of sound, all channels mixed, and where they begin: in samples at `rate` from the track's start.

    A packet that cannot be decoded leaves a hole. Raises MediaRefused("unreadable") when most of them cannot.
    """
    good = bad = 0
    with opened(stream) as container:
        sound = container.streams.audio[0]
        resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
        at: int | None = None
        for packet in container.demux(sound):
            try:
                frames = packet.decode()
                good += 1
            except FFmpegError:
                bad += 1
                continue
            for frame in frames:
                meant = _place(frame, start_us, rate)
                # The resampler holds some samples back, so its output follows on until the sound itself jumps.
                if at is None or (meant is not None and abs(meant - at) > rate // 10):
                    at = meant or 0
                    resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
                for part in resampler.resample(frame):
                    yield at, part.to_ndarray().reshape(-1)
                    at += part.samples
        for part in resampler.resample(None):
            yield at or 0, part.to_ndarray().reshape(-1)
    if bad > good:
        raise MediaRefused("unreadable")


def _place(frame: av.AudioFrame, start_us: int, rate: int) -> int | None:
    if frame.pts is None or frame.time_base is None:
        return None
    return round((frame.pts * frame.time_base * 1_000_000 - start_us) * rate / 1_000_000)
