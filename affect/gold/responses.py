"""Who said what about which item, as arrays; and what every model of raters gives back.

One input shape for all models: (item, rater, label) triples, a rater may answer an item more than once. Everything is put
into the order of its names first, so neither the order of the answers nor that of the raters changes a single bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from affect import undefined
from affect.agreement.units import is_missing
from affect.undefined import Undefined

SAME = 1e-9
"""Two posteriors that differ by less are a tie: what separates them is rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class Responses:
    """Responses in order of item, rater and label.

    items, raters, labels   the names; labels in the order of the scheme
    item, rater, label      (N,) int64, indices into them
    starts                  (I,) where each item begins in the three arrays
    """

    items: tuple[str, ...]
    raters: tuple[str, ...]
    labels: tuple[str, ...]
    item: NDArray[np.int64]
    rater: NDArray[np.int64]
    label: NDArray[np.int64]
    starts: NDArray[np.int64]

    @property
    def sizes(self) -> NDArray[np.int64]:
        """(I,) responses of each item."""
        return np.diff(np.append(self.starts, len(self.item)))

    def by_item(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sums of values (N, …) over the responses of each item: (I, …)."""
        return np.add.reduceat(values, self.starts, axis=0)

    def by_rater(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sums of values (N,) over the responses of each rater: (R,)."""
        return np.bincount(self.rater, values, len(self.raters))

    def shares(self) -> NDArray[np.float64]:
        """(I, K) share of each label in an item's responses: where the models start from."""
        return self.by_item(np.eye(len(self.labels))[self.label]) / self.sizes[:, None]


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """What every model of raters gives.

    items, raters, labels   names, in the order of the arrays
    posteriors              (I, K) probability of each label being true, rows sum to 1
    entropy                 (I,) of the posteriors, in bits
    n                       (I,) responses of each item
    log_likelihood          of the responses under the fitted model, in nats
    iterations, converged   whether the stop rule was met before the limit, and after how many rounds
    method                  the variant, in words
    """

    items: tuple[str, ...]
    raters: tuple[str, ...]
    labels: tuple[str, ...]
    posteriors: NDArray[np.float64]
    entropy: NDArray[np.float64]
    n: NDArray[np.int64]
    log_likelihood: float
    iterations: int
    converged: bool
    method: str

    def best(self) -> tuple[str | None, ...]:
        """The label of highest posterior of each item; None where two are equally probable."""
        order = np.sort(self.posteriors, axis=1)
        tied = order[:, -1] - order[:, -2] < SAME
        top = np.argmax(self.posteriors, axis=1)
        return tuple(
            None if tie else self.labels[index] for tie, index in zip(tied.tolist(), top.tolist(), strict=True)
        )

    def surest(self, share: float) -> tuple[str, ...]:
        """The items of lowest entropy, as many as make up that share of all (Hovy et al. 2013, section 4.3).

        Items of equal entropy go by name.
        """
        if not 0 <= share <= 1:
            raise ValueError("a share lies between 0 and 1")
        order = np.argsort(self.entropy, kind="stable")[: round(share * len(self.items))]
        return tuple(self.items[index] for index in sorted(order.tolist()))


def encode(responses: Iterable[tuple[str, str, str | None]], labels: Sequence[str] | None = None) -> Responses:
    """Put (item, rater, label) triples in order; a label of None is no response.

    labels: all labels of the scheme, used or not; without them, those that were used count as all.
    Raises Undefined when there is no response or when there is but one label to choose from.

    >>> encode([("i2", "ana", "joy"), ("i1", "ana", "fear"), ("i1", "ben", "joy")]).labels
    ('fear', 'joy')
    """
    given = [(item, rater, label) for item, rater, label in responses if not is_missing(label)]
    if not given:
        raise Undefined(undefined.TOO_FEW, "Nobody gave a label, so there is nothing to estimate.")
    for triple in given:
        if not all(isinstance(part, str) for part in triple):
            raise ValueError("items, raters and labels go by their names, which are texts")
    domain = tuple(labels) if labels is not None else tuple(sorted({label for _, _, label in given}))
    if len(set(domain)) != len(domain):
        raise ValueError("a label stands twice in the scheme")
    if unknown := sorted({label for _, _, label in given} - set(domain)):
        raise ValueError(f"the scheme has no label {unknown[0]!r}")
    if len(domain) < 2:
        raise Undefined(undefined.ONE_VALUE_ONLY, "There is one label only, so no rater can be told from another.")
    items = tuple(sorted({item for item, _, _ in given}))
    raters = tuple(sorted({rater for _, rater, _ in given}))
    places = [{name: place for place, name in enumerate(names)} for names in (items, raters, domain)]
    codes = np.array([[where[part] for where, part in zip(places, triple, strict=True)] for triple in given])
    codes = codes[np.lexsort(codes.T[::-1])]
    starts = np.searchsorted(codes[:, 0], np.arange(len(items)))
    return Responses(items, raters, domain, codes[:, 0], codes[:, 1], codes[:, 2], starts)


def entropy_of(posteriors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shannon's entropy of each row, in bits."""
    logs = np.log2(posteriors, out=np.zeros_like(posteriors), where=posteriors > 0)
    return np.maximum(0.0, -(posteriors * logs).sum(axis=1))


def normalised(log_joint: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Posteriors (I, K) from log joint probabilities, and the log-likelihood; each row has a finite entry."""
    top = log_joint.max(axis=1, keepdims=True)
    weights = np.exp(log_joint - top)
    total = weights.sum(axis=1, keepdims=True)
    return weights / total, float((top + np.log(total)).sum())


def logs(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Natural logarithms, of 0 minus infinity: an answer that a rater never gives rules a label out."""
    return np.log(values, out=np.full_like(values, -np.inf), where=values > 0)


def climb(
    start: NDArray[np.float64],
    step: Callable[[NDArray[np.float64]], tuple[NDArray[np.float64], float]],
    *,
    tolerance: float,
    max_iterations: int,
) -> tuple[NDArray[np.float64], float, int, bool]:
    """Expectation-maximisation: repeat `step` (posteriors -> posteriors, objective) until the objective stands still.

    Returns posteriors, objective, rounds made, and whether it stood still within the limit.
    """
    if tolerance < 0 or max_iterations < 1:
        raise ValueError("a tolerance is not negative, and at least one round is made")
    posteriors, objective = start, -np.inf
    for iteration in range(1, max_iterations + 1):
        posteriors, now = step(posteriors)
        if abs(now - objective) < tolerance:
            return posteriors, now, iteration, True
        objective = now
    return posteriors, objective, max_iterations, False


def frozen(*arrays: NDArray) -> None:
    for array in arrays:
        array.flags.writeable = False
