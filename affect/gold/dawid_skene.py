"""Dawid and Skene's model: what each rater makes of each true label, learnt from their answers alone (1979).

Each rater has a confusion matrix, and the truth is what explains all answers best. Expectation-maximisation in log space
from the shares of votes: no random start, so the same answers give the same posteriors. The published values need full
convergence; some implementations stop early and give other labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from affect.gold.responses import Estimate, Responses, climb, encode, entropy_of, frozen, logs, normalised

TOLERANCE = 1e-10
MAX_ITERATIONS = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class DawidSkene(Estimate):
    """Posteriors and, beside them:

    confusions    (R, K, K) probability that a rater answers [.., .., l] when [.., k, ..] is true; rows sum to 1
    prevalences   (K,) how common each label is
    evidence      (R, K) answers of a rater to items of each true label, in expectation; a row of `confusions` whose
                  evidence is 0 rests on nothing and is uniform
    smoothing     added to each expected count
    """

    confusions: NDArray[np.float64]
    prevalences: NDArray[np.float64]
    evidence: NDArray[np.float64]
    smoothing: float


@dataclass(frozen=True, slots=True, eq=False)
class OneCoin(Estimate):
    """Posteriors and, beside them, `accuracies` (R,): how often a rater is right; `prevalences` (K,); `smoothing`."""

    accuracies: NDArray[np.float64]
    prevalences: NDArray[np.float64]
    smoothing: float


def dawid_skene(
    responses: Iterable[tuple[str, str, str | None]],
    *,
    labels: Sequence[str] | None = None,
    smoothing: float = 0.0,
    tolerance: float = TOLERANCE,
    max_iterations: int = MAX_ITERATIONS,
) -> DawidSkene:
    """Maximum likelihood of true labels, confusion matrices and prevalences (Dawid & Skene 1979, eq. 2.3-2.5).

    responses: (item, rater, label); labels: all labels of the scheme, in order. smoothing is added to every expected
    count of the confusion matrices and prevalences (0: none, as in the paper). It stops when the log-likelihood changes
    by less than `tolerance`. Raises Undefined as `affect.gold.responses.encode`.

    The paper's 45 patients and five anaesthetists, the first of whom judged three times:

    >>> from affect.gold.samples import ANAESTHETISTS
    >>> found = dawid_skene(ANAESTHETISTS)
    >>> found.prevalences.round(3).tolist(), round(found.log_likelihood, 4), found.iterations
    ([0.4, 0.422, 0.112, 0.067], -192.8909, 26)
    >>> found.confusions[0].round(3).tolist()
    [[0.889, 0.111, 0.0, 0.0], [0.071, 0.876, 0.053, 0.0], [0.0, 0.339, 0.661, 0.0], [0.0, 0.0, 0.556, 0.444]]
    """
    given = encode(responses, labels)
    _smooth(smoothing)

    def step(posteriors: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
        confusions, prevalences, _ = _confusions(given, posteriors, smoothing)
        return normalised(_log_joint(given, confusions, prevalences))

    posteriors, likelihood, iterations, converged = climb(
        given.shares(), step, tolerance=tolerance, max_iterations=max_iterations
    )
    confusions, prevalences, evidence = _confusions(given, posteriors, smoothing)
    entropy, sizes = entropy_of(posteriors), given.sizes
    frozen(posteriors, entropy, sizes, confusions, prevalences, evidence)
    return DawidSkene(
        given.items, given.raters, given.labels, posteriors, entropy, sizes, likelihood, iterations, converged,
        f"Dawid & Skene (1979), EM from vote shares, {_told(smoothing)}", confusions, prevalences, evidence, smoothing,
    )  # fmt: skip


def one_coin(
    responses: Iterable[tuple[str, str, str | None]],
    *,
    labels: Sequence[str] | None = None,
    smoothing: float = 0.0,
    tolerance: float = TOLERANCE,
    max_iterations: int = MAX_ITERATIONS,
) -> OneCoin:
    """Dawid and Skene's model with one accuracy a rater; errors fall evenly on the other labels. Arguments as `dawid_skene`.

    For few answers a rater, where full confusion matrices rest on nothing. smoothing is added to the expected counts of
    right and of wrong answers and to the prevalences'.

    >>> votes = [(f"i{i}", rater, "ab"[i % 2]) for i in range(8) for rater in ("ana", "ben")]
    >>> one_coin([*votes, *((f"i{i}", "cid", "a") for i in range(8))]).accuracies.round(3).tolist()
    [1.0, 1.0, 0.5]
    """
    given = encode(responses, labels)
    _smooth(smoothing)
    others = len(given.labels) - 1

    def step(posteriors: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
        right, prevalences = _accuracies(given, posteriors, smoothing)
        hit, miss = logs(right)[given.rater], logs((1 - right) / others)[given.rater]
        answers = np.repeat(miss[:, None], others + 1, axis=1)
        answers[np.arange(len(hit)), given.label] = hit
        return normalised(logs(prevalences) + given.by_item(answers))

    posteriors, likelihood, iterations, converged = climb(
        given.shares(), step, tolerance=tolerance, max_iterations=max_iterations
    )
    accuracies, prevalences = _accuracies(given, posteriors, smoothing)
    entropy, sizes = entropy_of(posteriors), given.sizes
    frozen(posteriors, entropy, sizes, accuracies, prevalences)
    return OneCoin(
        given.items, given.raters, given.labels, posteriors, entropy, sizes, likelihood, iterations, converged,
        f"one-coin Dawid & Skene, EM from vote shares, {_told(smoothing)}", accuracies, prevalences, smoothing,
    )  # fmt: skip


def _confusions(
    given: Responses, posteriors: NDArray[np.float64], smoothing: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The M-step: confusions (R, K, K), prevalences (K,), evidence (R, K)."""
    raters, classes = len(given.raters), len(given.labels)
    cell = given.rater * classes + given.label
    weights = posteriors[given.item]
    counts = np.stack([np.bincount(cell, weights[:, k], raters * classes) for k in range(classes)])
    counts = counts.reshape(classes, raters, classes).transpose(1, 0, 2)
    evidence = counts.sum(axis=2)
    counts = counts + smoothing
    total = counts.sum(axis=2, keepdims=True)
    uniform = np.full(counts.shape, 1 / classes)
    return np.divide(counts, total, out=uniform, where=total > 0), _prevalences(posteriors, smoothing), evidence


def _log_joint(
    given: Responses, confusions: NDArray[np.float64], prevalences: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The E-step before it is normalised: log of prevalence times the probability of an item's answers, (I, K)."""
    answers = logs(confusions)[given.rater, :, given.label]
    return logs(prevalences) + given.by_item(answers)


def _accuracies(
    given: Responses, posteriors: NDArray[np.float64], smoothing: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    right = given.by_rater(posteriors[given.item, given.label])
    answers = given.by_rater(np.ones(len(given.rater)))
    # Sums of posteriors may exceed the count by a rounding; a probability may not.
    return np.clip((right + smoothing) / (answers + 2 * smoothing), 0, 1), _prevalences(posteriors, smoothing)


def _prevalences(posteriors: NDArray[np.float64], smoothing: float) -> NDArray[np.float64]:
    counts = posteriors.sum(axis=0) + smoothing
    return counts / counts.sum()


def _smooth(smoothing: float) -> None:
    if not 0 <= smoothing < np.inf:
        raise ValueError("smoothing adds a count, which is not negative")


def _told(smoothing: float) -> str:
    return f"{smoothing:g} added to each count" if smoothing else "no smoothing"
