"""Hit rates of a judgment against what was shown, corrected for favourite answers.

A rater who says "joy" to everything hits every joyful clip. Wagner ("On measuring performance in category judgment studies
of nonverbal behavior", Journal of Nonverbal Behavior 1993) multiplies the hit rate by how often that answer was right.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from affect import undefined
from affect.undefined import Undefined


@dataclass(frozen=True, slots=True)
class HitRate:
    """One label: hit rate, unbiased hit rate and what chance would give; None where the label was never shown."""

    label: Hashable
    hit_rate: float | None
    unbiased: float | None
    chance: float | None
    n_shown: int
    n_answered: int


def unbiased_hit_rate(confusion: ArrayLike, *, labels: Sequence[Hashable] | None = None) -> tuple[HitRate, ...]:
    """Wagner's Hu = hits^2 / (row total * column total) of each label; 1 where every showing and only those were named.

    confusion: (q, q) counts, rows what was shown, columns what was answered. labels: names, positions when None. chance
    is the product of the two marginal shares. Raises Undefined for an empty table.

    >>> [round(one.unbiased, 4) for one in unbiased_hit_rate([[8, 2], [4, 6]])]
    [0.5333, 0.45]
    """
    table = np.asarray(confusion, dtype=np.float64)
    if table.ndim != 2 or table.shape[0] != table.shape[1]:
        raise ValueError(f"a square table is needed; this one has shape {table.shape}")
    if (table < 0).any() or not np.isfinite(table).all():
        raise ValueError("counts are finite and not negative")
    names = range(len(table)) if labels is None else labels
    if len(names) != len(table):
        raise ValueError(f"{len(table)} rows need as many labels; there are {len(names)}")
    n = table.sum()
    if not n:
        raise Undefined(undefined.TOO_FEW, "Nothing was judged, so there are no hits to count.")
    shown, answered = table.sum(axis=1), table.sum(axis=0)
    found = []
    for at, name in enumerate(names):
        hits = table[at, at]
        if not shown[at]:
            found.append(HitRate(name, None, None, None, 0, int(answered[at])))
            continue
        unbiased = hits**2 / (shown[at] * answered[at]) if hits else 0.0
        chance = shown[at] * answered[at] / n**2
        found.append(
            HitRate(name, float(hits / shown[at]), float(unbiased), float(chance), int(shown[at]), int(answered[at]))
        )
    return tuple(found)
