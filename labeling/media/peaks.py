"""The waveform as people see it: the smallest and largest sample of every hundredth of a second, as int8 pairs.

A file of an hour is 720 kB and is never loaded whole; the browser draws it without the sound itself. The buckets lie on the
track's own time: sound that begins late, or has a hole, leaves silence there and moves nothing that follows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import av
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

from labeling.media.probe import opened
from labeling.media.refused import MediaRefused

PER_SECOND = 100
RATE = 8000
_WINDOW = RATE // PER_SECOND


def peaks(stream: BinaryIO, *, start_us: int, duration_us: int) -> bytes:
    """Min/max pairs (int8, interleaved) of [start_us, start_us + duration_us) on the track's clock, PER_SECOND pairs a
    second, all channels mixed. Memory does not grow with the length but for the result (200 bytes a second).

    A packet that cannot be decoded leaves silence. Raises MediaRefused("unreadable") when most of them cannot.
    """
    buckets = -(-duration_us * PER_SECOND // 1_000_000)
    least, most = np.full(buckets, 32767, dtype=np.int16), np.full(buckets, -32768, dtype=np.int16)
    for first, samples in _samples(stream, start_us):
        if first < 0:
            samples, first = samples[-first:], 0
        samples = samples[: buckets * _WINDOW - first]
        if len(samples):
            _fold(samples, first, least, most)
    silent = least > most
    least[silent] = most[silent] = 0
    return (np.stack([least, most], axis=1) // 256).astype(np.int8).tobytes()


def _samples(stream: BinaryIO, start_us: int) -> Iterator[tuple[int, NDArray[np.int16]]]:
    """Stretches of sound and where they begin, in samples at RATE from the track's start."""
    good = bad = 0
    with opened(stream) as container:
        sound = container.streams.audio[0]
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        at: int | None = None
        for packet in container.demux(sound):
            try:
                frames = packet.decode()
                good += 1
            except FFmpegError:
                bad += 1
                continue
            for frame in frames:
                meant = _place(frame, start_us)
                # The resampler holds some samples back, so its output follows on until the sound itself jumps.
                if at is None or (meant is not None and abs(meant - at) > RATE // 10):
                    at = meant or 0
                    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
                for part in resampler.resample(frame):
                    yield at, part.to_ndarray().reshape(-1)
                    at += part.samples
        for part in resampler.resample(None):
            yield at or 0, part.to_ndarray().reshape(-1)
    if bad > good:
        raise MediaRefused("unreadable")


def _place(frame: av.AudioFrame, start_us: int) -> int | None:
    if frame.pts is None or frame.time_base is None:
        return None
    return round((frame.pts * frame.time_base * 1_000_000 - start_us) * RATE / 1_000_000)


def _fold(samples: NDArray[np.int16], first: int, least: NDArray[np.int16], most: NDArray[np.int16]) -> None:
    """Widen the buckets that these samples fall into."""
    lead = first % _WINDOW
    padded = np.pad(samples, (lead, -(lead + len(samples)) % _WINDOW), mode="edge")
    blocks = padded.reshape(-1, _WINDOW)
    begin, end = first // _WINDOW, first // _WINDOW + len(blocks)
    np.minimum(least[begin:end], blocks.min(axis=1), out=least[begin:end])
    np.maximum(most[begin:end], blocks.max(axis=1), out=most[begin:end])
