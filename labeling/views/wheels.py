"""The drawing of an emotion wheel: where each label's beads stand, ring by ring, and where its name does.

Our own: a spoke for each label, a bead for each intensity that grows outward, the names around. In a box of 400 × 400 with
the hub in the middle. Angles are degrees clockwise from the top.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, pi, radians, sin
from typing import Any

SIZE, MIDDLE = 400, 200
INNER, OUTER, NAMES = 58.0, 138.0, 156.0


def drawing(options: Sequence[dict[str, Any]], rings: int, hub: bool) -> dict[str, Any]:
    inner = INNER if hub else INNER * 0.7
    pitch = (OUTER - inner) / max(1, rings - 1)
    # A bead never touches its neighbours, along the spoke or across.
    across = 2 * pi * inner / max(3, len(options))
    spokes = []
    for option in options:
        turn = radians(option["angle"] or 0)
        right, up = sin(turn), -cos(turn)
        beads = []
        for ring in range(1, rings + 1):
            r = inner + pitch * (ring - 1) if rings > 1 else (inner + OUTER) / 2
            room = min(pitch * 0.42 if rings > 1 else 14, 2 * pi * r / max(3, len(options)) * 0.42)
            grown = 0.55 + 0.45 * ring / rings
            beads.append(
                {
                    "ring": ring,
                    "x": _n(MIDDLE + r * right),
                    "y": _n(MIDDLE + r * up),
                    "r": _n(min(11, max(2.6, room * grown))),
                }
            )
        spokes.append({
            "option": option, "beads": beads,
            "x1": _n(MIDDLE + inner * right), "y1": _n(MIDDLE + inner * up), "x2": _n(MIDDLE + OUTER * right), "y2": _n(MIDDLE + OUTER * up),
            "x": _n(MIDDLE + NAMES * right), "y": _n(MIDDLE + NAMES * up + 4),
            "anchor": "middle" if abs(right) < 0.05 else "start" if right > 0 else "end",
        })  # fmt: skip
    return {
        "spokes": spokes,
        "inner": _n(inner),
        "outer": _n(OUTER),
        "hub": _n(max(24.0, inner - min(across, 18))),
        "box": f"-70 22 {SIZE + 140} {SIZE - 44}",
    }


def _n(number: float) -> str:
    return f"{number:.1f}".rstrip("0").rstrip(".")
