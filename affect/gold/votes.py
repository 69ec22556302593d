"""One label from several votes, one number from several ratings.

A tie gives no label and a flag unless a random choice is asked for by name. The shares of all labels and their entropy
stay with the result, because disagreement is a finding and not only noise.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from affect import undefined
from affect.agreement.units import is_missing
from affect.undefined import Undefined

TIES = ("none", "random")


@dataclass(frozen=True, slots=True)
class Majority:
    """The outcome of one vote.

    label     the label with most votes, or None when there is none or a tie was left open
    tied      whether several labels had most votes, also when one of them was then drawn
    shares    (label, share of votes), most votes first, labels of equal share by name; sums to 1
    entropy   of the shares, in bits
    n         votes counted
    method    the tie policy, with its seed when there is one
    """

    label: str | None
    tied: bool
    shares: tuple[tuple[str, float], ...]
    entropy: float
    n: int
    method: str


@dataclass(frozen=True, slots=True)
class MeanScale:
    """The mean of one item's ratings: `sd` with n - 1, None for a single rating; `n` ratings counted."""

    mean: float
    sd: float | None
    n: int


def majority(votes: Iterable[str | None], *, ties: str = "none", seed: int | None = None, key: str = "") -> Majority:
    """The label most votes went to. votes: label ids, None for raters who gave none; their order does not matter.

    ties: "none" leaves a tie open; "random" draws among the tied labels from `seed` and `key`, which names the item:
    the same seed, key and votes give the same label, whatever other items there are.
    Raises Undefined when nobody voted.

    >>> majority(["joy", "fear", "joy", None]).label
    'joy'
    >>> majority(["joy", "fear"]).label, majority(["joy", "fear"]).tied
    (None, True)
    """
    if ties not in TIES:
        raise ValueError(f"unknown tie policy {ties!r}; one of {', '.join(TIES)} would have been right")
    if (ties == "random") != (seed is not None):
        raise ValueError("a random choice among ties needs a seed, and only that")
    counted = Counter(vote for vote in votes if not is_missing(vote))
    n = counted.total()
    if not n:
        raise Undefined(undefined.TOO_FEW, "Nobody gave a label, so there is none to choose.")
    ranked = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    first = [label for label, times in ranked if times == ranked[0][1]]
    tied = len(first) > 1
    label = first[0] if not tied else None if ties == "none" else draw(first, seed, key)
    shares = tuple((name, times / n) for name, times in ranked)
    method = "majority, ties left open" if ties == "none" else f"majority, ties drawn with seed {seed}"
    return Majority(label, tied, shares, entropy_bits([share for _, share in shares]), n, method)


def entropy_bits(shares: Iterable[float]) -> float:
    """Shannon's entropy of shares that sum to 1, in bits.

    >>> round(entropy_bits([0.5, 0.3, 0.2]), 7)
    1.4854753
    """
    return max(0.0, -math.fsum(share * math.log2(share) for share in shares if share > 0))


def soft_label(votes: Iterable[str | None], labels: Sequence[str], *, smoothing: float = 0.0) -> NDArray[np.float64]:
    """The distribution of one item's votes over all labels of a scheme, (K,): (count + smoothing) / (n + K smoothing).

    Raises Undefined when nobody voted; smoothing alone would be nobody's opinion.

    >>> soft_label(["joy", "fear", "joy", None], ["anger", "fear", "joy"], smoothing=1).round(3).tolist()
    [0.167, 0.333, 0.5]
    """
    if not 0 <= smoothing < math.inf:
        raise ValueError("smoothing adds a count, which is not negative")
    counted = Counter(vote for vote in votes if not is_missing(vote))
    if unknown := sorted(set(counted) - set(labels)):
        raise ValueError(f"the scheme has no label {unknown[0]!r}")
    if not counted:
        raise Undefined(undefined.TOO_FEW, "Nobody gave a label, so there is no distribution.")
    counts = np.array([counted[label] + smoothing for label in labels], dtype=np.float64)
    return counts / counts.sum()


def mean_scale(ratings: Iterable[float | None]) -> MeanScale:
    """Mean and standard deviation of one item's ratings, None or NaN left out. Raises Undefined when there is none.

    >>> mean_scale([1, 2, None, 3])
    MeanScale(mean=2.0, sd=1.0, n=3)
    """
    given = np.array([rating for rating in ratings if not is_missing(rating)], dtype=np.float64)
    if not np.isfinite(given).all():
        raise ValueError("ratings must be finite")
    if not len(given):
        raise Undefined(undefined.TOO_FEW, "Nobody gave a rating, so there is no mean.")
    sd = float(np.std(given, ddof=1)) if len(given) > 1 else None
    return MeanScale(float(math.fsum(given) / len(given)), sd, len(given))


def draw(labels: list[str], seed: int | None, key: str) -> str:
    """One of the labels (in order of name), by a hash: stable across versions of any random generator."""
    text = "\x1f".join([str(seed), key, *labels])
    return labels[int.from_bytes(hashlib.sha256(text.encode()).digest(), "big") % len(labels)]
