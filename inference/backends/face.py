"""Facial expression in a clip: the largest face of five frames a second through face-api's network.

The seven labels are posed, prototypical expressions that the network learned from photographs. What comes out is how
much a face *looks like* one of them in that picture; it says nothing about what the person feels, and it is weaker on
faces that are turned, covered, very young or old, or unlike those it learned from. The clip's probabilities are the
mean over the frames with a face; where no frame has one, there is no prediction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inference.backends import Frames, Input, Output, Task, folder
from inference.backends.blazeface import Detector, Face
from inference.backends.frames import Sampler, Unusable, file_hash

DETECTOR, NETWORK = "face/face_detection_short_range.tflite", "face/expression.onnx"
LABELS = ("neutral", "happy", "sad", "angry", "fearful", "disgusted", "surprised")  # the network's order
SIDE = 112
MEAN = np.array([122.782, 117.001, 104.298], np.float32)  # of the photographs it learned from, RGB
RATE = 5.0  # frames a second
MARGIN = 1.2  # BlazeFace frames brow to chin; the network learned from wider boxes
NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # SHA-256 of no bytes


class Expressions:
    """`model`: the bytes of the converted network."""

    def __init__(self, model: bytes) -> None:
        import onnxruntime  # slow to import

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def probabilities(self, crop: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(7,) in the order of `LABELS`, for an RGB crop of 112×112."""
        values = (crop.astype(np.float32) - MEAN) / 255
        return self._session.run(None, {"face": values.transpose(2, 0, 1)[None]})[0][0]


class Backend:
    """Seven expressions per sampled frame and their mean over the clip."""

    name: ClassVar = "face-expression"
    version: ClassVar = "mediapipe 0.10.14 BlazeFace + face-api 1.7.15, 5 frames a second, 1"
    modality: ClassVar = "video"
    task: ClassVar = Task("classification", "expression", labels=LABELS)
    licence: ClassVar = "Apache-2.0 (BlazeFace), MIT (expression network)"
    says: ClassVar = "Which of seven posed expressions the face looks most like; not what the person feels."
    files: ClassVar = (DETECTOR, NETWORK)
    sample: ClassVar = "demo/media/v06_man_neutral_smile.mp4"

    def __init__(self, detector: Detector, expressions: Expressions) -> None:
        self._detector, self._expressions = detector, expressions

    @classmethod
    def load(cls, models: Path) -> Backend:
        return cls(Detector(folder.read(models, DETECTOR)), Expressions(folder.read(models, NETWORK)))

    def predict(self, inputs: Iterable[Input], *, should_stop: Callable[[], bool]) -> Iterator[Output]:
        for item in inputs:
            if should_stop():
                return
            if item.open is None:
                yield Output(item.key, NOTHING, unpredicted="wrong_modality")
                continue
            output = self._judge(item, should_stop)
            if output is None:
                return
            yield output

    def _judge(self, item: Input, should_stop: Callable[[], bool]) -> Output | None:
        """The clip's prediction; None when told to stop on the way."""
        with closing(item.open()) as stream:
            digest = file_hash(stream, item.span_us)
            sampler = Sampler(stream, RATE, item.span_us)
            times, rows, counts = [], [], []
            try:
                with closing(iter(sampler)) as frames:
                    for frame in frames:
                        if should_stop():
                            return None
                        faces = self._detector.faces(frame.picture)
                        times.append(frame.time_us)
                        counts.append(len(faces))
                        rows.append(self._expressions.probabilities(crop(frame.picture, faces[0])) if faces else None)
            except Unusable as unusable:
                return Output(item.key, digest, unpredicted=unusable.reason)
        return summarise(item.key, digest, times, rows, counts, cut_off=sampler.cut_off)


def summarise(
    key: str,
    digest: str,
    times: list[int],
    rows: list[NDArray[np.float32] | None],
    counts: list[int],
    *,
    cut_off: bool,
) -> Output:
    """Mean over the frames with a face; the reason instead, when no frame has one or most have several."""
    seen = [row for row in rows if row is not None]
    several = sum(count > 1 for count in counts)
    told = tuple(None if row is None else tuple(round(float(p), 6) for p in row) for row in rows)
    frames = Frames(tuple(times), LABELS, told, tuple(counts))
    coverage = len(seen) / len(rows)
    if not seen or several * 2 > len(seen):
        return Output(key, digest, coverage=coverage, frames=frames, unpredicted="several_faces" if seen else "no_face")
    mean = np.mean(seen, axis=0, dtype=np.float64)
    probabilities = {label: round(float(p), 6) for label, p in zip(LABELS, mean, strict=True)}
    notes = (("truncated",) if cut_off else ()) + (("some_faces_missing",) if coverage < 1 else ())
    notes += ("several_faces_seen",) if several else ()
    return Output(
        key,
        digest,
        probabilities=probabilities,
        confidence=max(probabilities.values()),
        coverage=coverage,
        frames=frames,
        notes=notes,
    )


def crop(picture: NDArray[np.uint8], face: Face) -> NDArray[np.uint8]:
    """The face with some margin as a square of 112 pixels, black where that reaches over the edge of the picture."""
    side = max(1, round(MARGIN * max(face.right - face.left, face.bottom - face.top)))
    left = round((face.left + face.right - side) / 2)
    top = round((face.top + face.bottom - side) / 2)
    square = Image.fromarray(picture).crop((left, top, left + side, top + side))
    return np.asarray(square.resize((SIDE, SIDE), Image.Resampling.BILINEAR))
