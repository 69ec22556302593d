"""Features of recordings, computed by jobs and handed down as lanes. Now: prosody of voices."""

from __future__ import annotations

from typing import BinaryIO
from uuid import UUID

import av
import numpy as np
from numpy.typing import NDArray

from affect.codecs import trace as container
from affect.signals.prosody import RATE, prosody
from consent import assets
from consent.gate import Use, permitted
from consent.models import Study
from consent.purposes import Modality
from core import jobs
from core.models import Job, User
from labeling.models import Track
from labeling.services import lanes

USE = Use("model_inference")  # measuring a voice says something about the person: it is asked for like a prediction
LONGEST_S = 20 * 60  # of a longer voice, the first twenty minutes are measured
LANES = {"loudness": ("dB", "loudness_db"), "pitch": ("Hz", "pitch_hz")}


def start(*, actor: User, study: Study) -> Job:
    """Have a worker measure the voices of a study that have not been measured."""
    return jobs.start("datasets.prosody", actor=actor, study_id=study.pk)


def waiting(study_id: UUID):
    """Tracks with a voice that may be measured now and have no prosody yet."""
    tracks = Track.objects.filter(
        study_id=study_id, modality=Modality.AUDIO, state=Track.State.READY, original__isnull=False
    ).exclude(lanes__name="pitch")
    return permitted(tracks, USE).select_related("study", "original")


def measure(track: Track, *, actor: User | None) -> int:
    """Measure one track and hand its lanes down. Returns how many: none for a silence without a pitch."""
    with assets.open_asset(track.original) as stream:
        samples = mono(stream)
    found = prosody(samples)
    made = 0
    for name, (unit, field) in LANES.items():
        values = getattr(found, field)
        here = np.isfinite(values)
        if not here.any():
            continue
        flags = np.where(
            np.diff(np.flatnonzero(here), prepend=np.flatnonzero(here)[0]) > 1, container.Flag.GAP_BEFORE, 0
        )
        packed = container.pack(found.times_us[here], values[here], flags.astype(np.uint8))
        lanes.hand_down(
            actor=actor,
            track=track,
            name=name,
            unit=unit,
            packed=packed,
            minimum=float(values[here].min()),
            maximum=float(values[here].max()),
        )
        made += 1
    return made


def mono(stream: BinaryIO) -> NDArray[np.float32]:
    """A sound as mono samples in -1…1 at 16 kHz; at most the first LONGEST_S seconds."""
    parts: list[NDArray[np.float32]] = []
    count = 0
    with av.open(stream, mode="r") as opened:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        for frame in opened.decode(opened.streams.audio[0]):
            for part in resampler.resample(frame):
                parts.append(part.to_ndarray().reshape(-1))
                count += len(parts[-1])
            if count >= LONGEST_S * RATE:
                break
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.float32)
