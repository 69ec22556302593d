"""How far apart two colours look, to eyes of every kind: sRGB to CIELAB, CIEDE2000, and dichromacy simulated.

Sources: IEC 61966-2-1 (sRGB, D65); Sharma, Wu & Dalal, The CIEDE2000 color-difference formula, Color Research and
Application 30, 2005; Machado, Oliveira & Fernandes, A physiologically-based model for simulation of color vision
deficiency, IEEE TVCG 15, 2009 (matrices at severity 1, on linear RGB); WCAG 2.2 for the contrast ratio.
"""

from __future__ import annotations

import math
from types import MappingProxyType

Triple = tuple[float, float, float]

_XYZ = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))
_WHITE = (0.95047, 1.0, 1.08883)
DEFICIENCIES = MappingProxyType({
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
})  # fmt: skip


def linear(colour: str) -> Triple:
    """The linear RGB of "#rrggbb", each part 0..1.

    >>> linear("#ffffff")
    (1.0, 1.0, 1.0)
    """
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return tuple(one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)


def seen(colour: str, deficiency: str = "") -> Triple:
    """The CIELAB of a colour as it is seen with a deficiency, "" for none.

    >>> [round(one, 2) for one in seen("#ff0000")]
    [53.24, 80.09, 67.2]
    """
    rgb = linear(colour)
    if deficiency:
        rgb = tuple(min(1.0, max(0.0, _dot(row, rgb))) for row in DEFICIENCIES[deficiency])
    x, y, z = (_f(_dot(row, rgb) / white) for row, white in zip(_XYZ, _WHITE, strict=True))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG, 1 to 21.

    >>> round(contrast("#000000", "#ffffff"), 1)
    21.0
    """
    light, dark = sorted((_dot((0.2126, 0.7152, 0.0722), linear(colour)) for colour in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def apart(one: str, other: str) -> float:
    """How far apart two colours look to the eyes that tell them apart worst: normal, protanope, deuteranope, tritanope."""
    return min(difference(seen(one, kind), seen(other, kind)) for kind in ("", *DEFICIENCIES))


def difference(one: Triple, other: Triple) -> float:
    """CIEDE2000 of two CIELAB colours, with all weights 1 (Sharma et al. 2005, eq. 2-22).

    >>> round(difference((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485)), 4)
    2.0425
    """
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean_c7 = ((math.hypot(a1, b1) + math.hypot(a2, b2)) / 2) ** 7
    stretch = 1 + 0.5 * (1 - math.sqrt(mean_c7 / (mean_c7 + 25.0**7)))
    c1, c2 = math.hypot(a1 * stretch, b1), math.hypot(a2 * stretch, b2)
    h1, h2 = (math.degrees(math.atan2(b, a * stretch)) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = 0.0 if c1 * c2 == 0 else (h2 - h1 + 180) % 360 - 180
    if c1 * c2 and h2 - h1 == 180:
        turn = 180.0
    d_l, d_c, d_h = l2 - l1, c2 - c1, 2 * math.sqrt(c1 * c2) * math.sin(math.radians(turn / 2))
    mean_l, mean_c, mean_h = (l1 + l2) / 2, (c1 + c2) / 2, _mean_hue(h1, h2, c1 * c2)
    t = (
        1
        - 0.17 * _cos(mean_h - 30)
        + 0.24 * _cos(2 * mean_h)
        + 0.32 * _cos(3 * mean_h + 6)
        - 0.20 * _cos(4 * mean_h - 63)
    )
    s_l = 1 + 0.015 * (mean_l - 50) ** 2 / math.sqrt(20 + (mean_l - 50) ** 2)
    s_c, s_h = 1 + 0.045 * mean_c, 1 + 0.015 * mean_c * t
    r_c = 2 * math.sqrt(mean_c**7 / (mean_c**7 + 25.0**7))
    r_t = -math.sin(math.radians(60 * math.exp(-(((mean_h - 275) / 25) ** 2)))) * r_c
    light, chroma, hue = d_l / s_l, d_c / s_c, d_h / s_h
    return math.sqrt(max(0.0, light**2 + chroma**2 + hue**2 + r_t * chroma * hue))


def _mean_hue(h1: float, h2: float, product: float) -> float:
    if product == 0:
        return h1 + h2
    if abs(h1 - h2) <= 180:
        return (h1 + h2) / 2
    return (h1 + h2 + 360) / 2 if h1 + h2 < 360 else (h1 + h2 - 360) / 2


def _cos(degrees: float) -> float:
    return math.cos(math.radians(degrees))


def _f(t: float) -> float:
    return t ** (1 / 3) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116


def _dot(row: Triple, values: Triple) -> float:
    return sum(a * b for a, b in zip(row, values, strict=True))
