"""Our own self-assessment figures: valence in mouth, brows and arms, arousal in eyes and chest, dominance in size.

Each point of a scale has its own drawing, computed from where it stands, so that a scale of five, seven or nine points goes
on evenly. A figure is a list of shapes in a box of 44 × 56; the style sheet gives fill and ink.
"""

from __future__ import annotations

from math import cos, pi, sin
from typing import Any

BOX = "0 0 44 56"
_BODY = "M12.5 53V41.5a8 8 0 0 1 8-8h3a8 8 0 0 1 8 8V53z"
Shape = dict[str, Any]


def figure(dimension: str, share: float) -> dict[str, Any]:
    """The drawing at a share of the scale, 0 the lowest point and 1 the highest; {} where no figures are drawn."""
    drawn = {"valence": _valence, "pleasantness": _valence, "arousal": _arousal, "dominance": _dominance}.get(dimension)
    return {"box": BOX, **drawn(share)} if drawn else {}


def _valence(share: float) -> dict[str, Any]:
    pull = 2 * share - 1
    mouth = _line(f"M{_n(22 - 5.2)} {_n(22 - 1.8 * pull)}q5.2 {_n(7.4 * pull)} 10.4 0")
    brow, slope = 9.8 - 0.9 * abs(pull), 1.7 * pull
    brows = f"M15.2 {_n(brow + slope)}q2.2 {_n(-0.7 - 0.5 * pull)} 4.4 {_n(-slope)}M28.8 {_n(brow + slope)}q-2.2 {_n(-0.7 - 0.5 * pull)} -4.4 {_n(-slope)}"
    hand, out = 48 - 18 * max(0.0, pull) - 2.5 * pull, 7.5 - 2.8 * abs(min(0.0, pull)) if pull < 0 else 7.5
    arms = f"M13 41Q{_n(13 - out)} {_n(42 + 1.5 * pull)} {_n(12.4 - out)} {_n(hand)}M31 41Q{_n(31 + out)} {_n(42 + 1.5 * pull)} {_n(31.6 + out)} {_n(hand)}"
    return {"shapes": [_body(), _head(), *_eyes(1.5), _line(brows), mouth, _line(arms)]}


def _arousal(share: float) -> dict[str, Any]:
    shapes = [_body(), _head()]
    if share < 0.2:  # asleep
        shapes.append(_line("M15.6 15.2q2.3 1.9 4.6 0M23.8 15.2q2.3 1.9 4.6 0"))
    elif share < 0.4:  # drowsy: half an eye under a lid
        shapes += [_line("M15.4 14.2h5M23.6 14.2h5"), *_eyes(1.2, 15.4)]
    else:
        wide = (share - 0.4) / 0.6
        if wide > 0.45:
            shapes += [_ring(17.9, 14.6, 2.3 + 0.8 * wide), _ring(26.1, 14.6, 2.3 + 0.8 * wide)]
        shapes += _eyes(0.7 if wide > 0.45 else 1.4)
        if wide > 0.7:
            shapes.append(_line("M14.6 9.4q2.6-1.8 5.2-.6M29.4 9.4q-2.6-1.8-5.2-.6"))
    shapes.append(
        _ring(22, 22, 1.0 + 0.9 * share) if share > 0.7 else _line(f"M{_n(20.2 - share)} 21.8h{_n(3.6 + 2 * share)}")
    )
    if share > 0.12:
        shapes.append({"kind": "fill", "d": _burst(22, 43.4, 1.1 + 5.2 * share, 0.62 - 0.22 * share)})
    if share > 0.6:
        far = 3.2 * (share - 0.6) / 0.4
        shapes.append(
            _line(
                f"M8.8 40h{_n(-1.6 - far)}M9.6 46.4l{_n(-1.6 - far)} {_n(far / 2)}M35.2 40h{_n(1.6 + far)}M34.4 46.4l{_n(1.6 + far)} {_n(far / 2)}"
            )
        )
    return {"shapes": shapes}


def _dominance(share: float) -> dict[str, Any]:
    size = 0.38 + 0.62 * share
    stance = "" if share < 0.6 else "M13 40.5L6.8 45.6L12.6 49.6M31 40.5L37.2 45.6L31.4 49.6"  # hands on the hips
    arms = stance or "M13 41L11.2 50M31 41L32.8 50"
    shapes = [_body(), _head(), *_eyes(1.5), _line(f"M18.4 {_n(21.4)}h7.2"), _line(arms)]
    # The line keeps its width while the figure grows.
    return {
        "shapes": shapes,
        "move": f"translate({_n(22 - 22 * size)} {_n(54 - 54 * size)}) scale({_n(size)})",
        "width": _n(1.6 / size),
    }


def _body() -> Shape:
    return {"kind": "body", "d": _BODY}


def _head() -> Shape:
    return {"kind": "body", "d": _circle(22, 16, 12)}


def _eyes(radius: float, height: float = 14.6) -> list[Shape]:
    return [{"kind": "fill", "d": _circle(x, height, radius)} for x in (17.9, 26.1)]


def _line(d: str) -> Shape:
    return {"kind": "line", "d": d}


def _ring(x: float, y: float, radius: float) -> Shape:
    return {"kind": "line", "d": _circle(x, y, radius)}


def _circle(x: float, y: float, r: float) -> str:
    return f"M{_n(x - r)} {_n(y)}a{_n(r)} {_n(r)} 0 1 0 {_n(2 * r)} 0a{_n(r)} {_n(r)} 0 1 0 {_n(-2 * r)} 0z"


def _burst(x: float, y: float, radius: float, inner: float) -> str:
    """A star of eight rays, the calmer the rounder."""
    points = []
    for index in range(16):
        r = radius * (1 if index % 2 == 0 else inner)
        angle = index * pi / 8 - pi / 2
        points.append(f"{_n(x + r * cos(angle))} {_n(y + r * sin(angle))}")
    return "M" + "L".join(points) + "z"


def _n(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")
