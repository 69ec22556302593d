"""How far two labels are apart: the distances of Krippendorff's alpha beyond the four levels of measurement.

A distance is 0 for equal labels, symmetric and not negative; alpha takes it as it is, so a distance that the formula wants
squared comes squared. Labels that are sets (several emotions for one item) have Jaccard's distance and MASI, which also
tells a subset from a mere overlap.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import Any

Distance = Callable[[Any, Any], float]


def jaccard(a: AbstractSet[Any], b: AbstractSet[Any]) -> float:
    """1 - |a and b| / |a or b| (Jaccard 1901). Two empty sets are equal, so 0.

    >>> jaccard({"joy", "surprise"}, {"joy"})
    0.5
    """
    union = len(a | b)
    return 1 - len(a & b) / union if union else 0.0


def masi(a: AbstractSet[Any], b: AbstractSet[Any]) -> float:
    """MASI, "measuring agreement on set-valued items" (Passonneau 2006): 1 - J M.

    J is Jaccard's similarity; M is 1 for equal sets, 2/3 where one holds the other, 1/3 for other overlaps, 0 for none.

    >>> round(masi({"joy", "surprise"}, {"joy"}), 7), round(masi({"joy", "fear"}, {"joy", "anger"}), 7)
    (0.6666667, 0.8888889)
    """
    if a == b:
        return 0.0
    shared = len(a & b)
    if not shared:
        return 1.0
    contained = 2 / 3 if a < b or b < a else 1 / 3
    return 1 - contained * shared / len(a | b)


def circular(period: float) -> Distance:
    """The distance of directions and times of day (Krippendorff 2011): (2 sin(pi (a - b) / period))^2, at most 4.

    >>> round(circular(360)(350, 10), 7) == round(circular(360)(10, 30), 7)
    True
    """
    return lambda a, b: (2 * math.sin(math.pi * (a - b) / period)) ** 2


def polar(low: float, high: float) -> Distance:
    """The distance on a scale with two poles (Krippendorff 2011): (a - b)^2 / ((a + b - 2 low)(2 high - a - b)).

    Steps near a pole weigh more than steps in the middle; two values on the same pole are 0 apart.

    >>> polar(1, 7)(1, 2) > polar(1, 7)(4, 5)
    True
    """

    def distance(a: float, b: float) -> float:
        below = (a + b - 2 * low) * (2 * high - a - b)
        return (a - b) ** 2 / below if below else 0.0

    return distance


# Levels of `krippendorff_alpha` whose labels are sets.
SET_DISTANCES: dict[str, Distance] = {"jaccard": jaccard, "masi": masi}
