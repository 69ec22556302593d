"""Prosody of a voice: loudness and pitch over time, by librosa.

librosa is loaded when it is needed: importing it takes seconds, and most processes never hear anything.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

RATE = 16_000
HOP = 160  # samples: a value every 10 ms
LOWEST_HZ, HIGHEST_HZ = 65.0, 500.0
FLOOR_DB = -80.0


@dataclass(frozen=True, slots=True, eq=False)
class Prosody:
    """Values every 10 ms.

    times_us     (T,) int64, middle of the window, microseconds from the first sample
    loudness_db  (T,) root mean square in dB of full scale, not below -80
    pitch_hz     (T,) fundamental frequency, NaN where no voice is heard
    """

    times_us: NDArray[np.int64]
    loudness_db: NDArray[np.float64]
    pitch_hz: NDArray[np.float64]


def prosody(samples: ArrayLike, rate: int = RATE) -> Prosody:
    """Loudness and pitch of mono samples, shape (N,), in -1…1, at `rate` samples a second.

    Pitch by probabilistic YIN (Mauch and Dixon 2014, librosa.pyin), 65 to 500 Hz. Raises ValueError when there is nothing
    to hear (N < 1024) or a sample is not finite.
    """
    import librosa

    y = np.asarray(samples, dtype=np.float32)
    if y.ndim != 1 or len(y) < 1024:
        raise ValueError("prosody needs at least 1024 mono samples")
    if not np.isfinite(y).all():
        raise ValueError("a sample is not a finite number")
    pitch, voiced, _probability = librosa.pyin(
        y, fmin=LOWEST_HZ, fmax=HIGHEST_HZ, sr=rate, hop_length=HOP, frame_length=1024
    )
    energy = librosa.feature.rms(y=y, frame_length=1024, hop_length=HOP)[0]
    n = min(len(pitch), len(energy))
    loudness = np.maximum(20 * np.log10(np.maximum(energy[:n], 1e-9)), FLOOR_DB)
    times = (np.arange(n, dtype=np.int64) * HOP * 1_000_000) // rate
    return Prosody(times, loudness.astype(np.float64), np.where(voiced[:n], pitch[:n], np.nan).astype(np.float64))
