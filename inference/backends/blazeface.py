"""Finding faces in one picture: BlazeFace, short range (faces within about two metres of the camera).

Bazarevsky, V. et al. (2019). BlazeFace: sub-millisecond neural face detection on mobile GPUs. The network looks at
128×128 pixels, scaled to -1…1 and letterboxed, and answers for 896 anchors: the cell centres of a 16×16 grid twice and
of an 8×8 grid six times. Per anchor 16 numbers in input pixels, relative to the anchor (box centre and size, then six key
points), and one logit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 128
LEAST_SCORE = 0.5
MOST_OVERLAP = 0.3  # intersection over union; the weaker of two boxes above it is the same face


@dataclass(frozen=True)
class Face:
    """A box in pixels of the picture (it may reach over the edge), and how sure the detector is (0…1)."""

    left: float
    top: float
    right: float
    bottom: float
    score: float

    @property
    def area(self) -> float:
        return (self.right - self.left) * (self.bottom - self.top)


class Detector:
    """`model`: the bytes of face_detection_short_range.tflite."""

    def __init__(self, model: bytes) -> None:
        from ai_edge_litert.interpreter import Interpreter  # slow to import

        self._network = Interpreter(model_content=model, num_threads=1)
        self._network.allocate_tensors()
        self._input = self._network.get_input_details()[0]["index"]
        outputs = {int(out["shape"][-1]): out["index"] for out in self._network.get_output_details()}
        self._boxes, self._logits = outputs[16], outputs[1]
        self._anchors = anchors()

    def faces(self, picture: NDArray[np.uint8]) -> list[Face]:
        """Faces in an RGB picture (height, width, 3), largest first."""
        square, scale, left, top = letterbox(picture)
        self._network.set_tensor(self._input, (square.astype(np.float32) / 127.5 - 1.0)[None])
        self._network.invoke()
        logits = np.clip(self._network.get_tensor(self._logits)[0, :, 0], -50, 50)
        scores = 1 / (1 + np.exp(-logits))
        keep = scores >= LEAST_SCORE
        raw = self._network.get_tensor(self._boxes)[0, keep, :4]
        centre = raw[:, :2] + self._anchors[keep] * SIDE
        corners = np.concatenate([centre - raw[:, 2:] / 2, centre + raw[:, 2:] / 2], axis=1)
        corners = (corners - [left, top, left, top]) / scale
        found = [Face(*map(float, box), float(score)) for box, score in zip(corners, scores[keep], strict=True)]
        return sorted(_distinct(found), key=lambda face: -face.area)


def anchors() -> NDArray[np.float32]:
    """Cell centres, shape (896, 2), as x, y in 0…1 in the network's order."""
    rows = []
    for cells, repeats in ((16, 2), (8, 6)):
        y, x = np.mgrid[0:cells, 0:cells]
        centres = (np.stack([x.ravel(), y.ravel()], axis=1) + 0.5) / cells
        rows.append(np.repeat(centres, repeats, axis=0))
    return np.concatenate(rows).astype(np.float32)


def letterbox(picture: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float, int, int]:
    """The picture fitted into a black square of 128 pixels, with the scale and the offsets (left, top) it got."""
    height, width = picture.shape[:2]
    scale = SIDE / max(height, width)
    small = (max(1, round(width * scale)), max(1, round(height * scale)))
    left, top = (SIDE - small[0]) // 2, (SIDE - small[1]) // 2
    square = np.zeros((SIDE, SIDE, 3), np.uint8)
    resized = Image.fromarray(picture).resize(small, Image.Resampling.BILINEAR, reducing_gap=2.0)
    square[top : top + small[1], left : left + small[0]] = np.asarray(resized)
    return square, scale, left, top


def overlap(a: Face, b: Face) -> float:
    """Intersection over union of two boxes; 0 when they are apart or one is empty."""
    width = min(a.right, b.right) - max(a.left, b.left)
    height = min(a.bottom, b.bottom) - max(a.top, b.top)
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / (a.area + b.area - width * height)


def _distinct(found: list[Face]) -> list[Face]:
    kept: list[Face] = []
    for face in sorted(found, key=lambda face: -face.score):
        if face.area > 0 and all(overlap(face, other) <= MOST_OVERLAP for other in kept):
            kept.append(face)
    return kept
