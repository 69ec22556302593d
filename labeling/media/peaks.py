"""The waveform as people see it: the smallest and largest sample of every hundredth of a second, as int8 pairs.

A file of an hour is 720 kB and is never loaded whole; the browser draws it without the sound itself.
"""

from __future__ import annotations

from typing import BinaryIO

import av
import numpy as np

PER_SECOND = 100
RATE = 8000


def peaks(stream: BinaryIO) -> bytes:
    """Min/max pairs (int8, interleaved), PER_SECOND pairs a second, mono. Memory does not grow with the length but for the result."""
    window = RATE // PER_SECOND
    pairs: list[np.ndarray] = []
    rest = np.empty(0, dtype=np.int16)
    stream.seek(0)
    with av.open(stream, mode="r") as container:
        sound = container.streams.audio[0]
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        for frame in container.decode(sound):
            for part in resampler.resample(frame):
                rest = np.concatenate([rest, part.to_ndarray().reshape(-1)])
            whole = len(rest) // window
            if whole >= PER_SECOND:
                pairs.append(_pairs(rest[: whole * window], window))
                rest = rest[whole * window :]
        for part in resampler.resample(None):
            rest = np.concatenate([rest, part.to_ndarray().reshape(-1)])
    if len(rest):
        rest = np.pad(rest, (0, -len(rest) % window))
        pairs.append(_pairs(rest, window))
    return np.concatenate(pairs).tobytes() if pairs else b""


def _pairs(samples: np.ndarray, window: int) -> np.ndarray:
    blocks = samples.reshape(-1, window)
    both = np.stack([blocks.min(axis=1), blocks.max(axis=1)], axis=1)
    return (both // 256).astype(np.int8).reshape(-1)
