"""Answers that nobody gave. They fill the demo's video and audio campaigns so that agreement and gold standards can be
tried at once, and their annotators are of the kind *simulated*, which every page and every export says.

What a clip is "about" is taken from the manifest's notes; each simulated annotator strays from it by a seeded draw.
"""

from __future__ import annotations

import random

import numpy as np
from numpy.typing import NDArray

LABELS = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "contempt", "neutral")
# Per clip: the label most would choose, and valence, arousal, dominance on 1–9.
NOTES = {
    "v01": ("sadness", 2, 6, 3),
    "v02": ("sadness", 2, 7, 2),
    "v03": ("happiness", 6, 7, 5),
    "v04": ("happiness", 8, 7, 6),
    "v06": ("happiness", 7, 4, 5),
    "v07": ("happiness", 8, 4, 6),
    "a01": ("neutral", 5, 3, 5),
    "a02": ("neutral", 5, 3, 5),
    "a03": ("contempt", 4, 4, 6),
    "a04": ("neutral", 5, 3, 5),
    "a05": ("neutral", 6, 3, 5),
    "a09": ("surprise", 6, 7, 6),
    "a10": ("sadness", 4, 2, 4),
    "a11": ("happiness", 8, 7, 6),
    "a13": ("anger", 2, 8, 6),
    "a15": ("anger", 3, 7, 8),
    "a16": ("sadness", 3, 4, 3),
    "c01.A": ("fear", 2, 8, 3),
    "c01.B": ("disgust", 3, 3, 5),
}
STRAYS = 0.25  # how often a simulated annotator chooses another label


def choice(item: str, annotator: int) -> str:
    """A label: the noted one, or with probability STRAYS another."""
    draw = random.Random(f"label:{item}:{annotator}")  # noqa: S311 - reproducible on purpose
    noted = NOTES[item][0]
    return draw.choice([label for label in LABELS if label != noted]) if draw.random() < STRAYS else noted


def scales(item: str, annotator: int) -> dict[str, int]:
    """Valence, arousal and dominance on 1–9, a step or two from what was noted."""
    draw = random.Random(f"scale:{item}:{annotator}")  # noqa: S311
    noted = dict(zip(("valence", "arousal", "dominance"), NOTES[item][1:], strict=True))
    return {name: min(9, max(1, value + draw.choice((-2, -1, -1, 0, 0, 0, 1, 1, 2)))) for name, value in noted.items()}


def trace(seconds: float, annotator: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """A slow curve in −1…1 at 20 Hz with a lag, a gain and a tremor of the simulated annotator's own."""
    draw = np.random.default_rng([7, annotator])
    times = np.arange(0, int(seconds * 1_000_000), 50_000, dtype=np.int64)
    t = times / 1_000_000 - draw.uniform(0.4, 1.2)
    shape = 0.55 * np.sin(2 * np.pi * t / seconds - 1.2) + 0.25 * np.sin(2 * np.pi * t / 6.5)
    tremor = np.convolve(draw.normal(0, 0.25, len(times) + 40), np.ones(41) / 41, mode="valid")
    return times, np.clip(draw.uniform(0.7, 1.1) * shape + draw.uniform(-0.1, 0.1) + tremor, -1, 1)
