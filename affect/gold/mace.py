"""MACE: each rater either knows the label or answers by habit (Hovy, Berg-Kirkpatrick, Vaswani & Hovy, NAACL 2013).

With probability theta a rater copies the true label, otherwise they draw from a strategy of their own, whatever the item.
The likelihood has several peaks, so the search starts from several points and keeps the best. The points come from a hash
of the seed: the same on every machine and under every version of a random generator.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma

from affect.gold.responses import Estimate, Responses, encode, entropy_of, frozen, logs, normalised

METHODS = ("vb", "em")
# The priors of the paper: Beta(.5, .5) on knowing, a symmetric Dirichlet of 10 on each strategy; .01/K with plain EM.
KNOWING_PRIOR, STRATEGY_PRIOR, SMOOTHING = 0.5, 10.0, 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Mace(Estimate):
    """Posteriors and, beside them:

    competences   (R,) probability that a rater knows the label
    strategies    (R, K) what a rater answers when they do not know it; rows sum to 1
    restarts, seed   starting points tried, and the seed they come from
    """

    competences: NDArray[np.float64]
    strategies: NDArray[np.float64]
    restarts: int
    seed: int


def mace(
    responses: Iterable[tuple[str, str, str | None]],
    *,
    seed: int,
    labels: Sequence[str] | None = None,
    method: str = "vb",
    restarts: int = 10,
    tolerance: float = 1e-10,
    max_iterations: int = 2000,
) -> Mace:
    """Posteriors and competences by variational Bayes ("vb", the paper's choice) or plain EM ("em").

    responses, labels: as `dawid_skene`. Each of `restarts` runs goes on until no posterior changes by `tolerance` or more
    (the paper stops after 50 rounds); the run of highest likelihood counts. Raises Undefined as `encode`.

    >>> from affect.gold.samples import ANAESTHETISTS
    >>> found = mace(ANAESTHETISTS, seed=1)
    >>> found.competences.round(2).tolist(), found.best()[1]
    ([0.83, 0.62, 0.74, 0.82, 0.76], '3')
    """
    if method not in METHODS:
        raise ValueError(f"unknown method {method!r}; one of {', '.join(METHODS)} would have been right")
    if restarts < 1 or max_iterations < 1 or tolerance < 0:
        raise ValueError("at least one start and one round are made, and a tolerance is not negative")
    given = encode(responses, labels)
    runs = [_run(given, method, seed, start, tolerance, max_iterations) for start in range(restarts)]
    # max keeps the first of equals, so a further start that finds the same peak changes nothing.
    posteriors, likelihood, iterations, converged, knowing, strategies = max(runs, key=lambda run: run[1])
    # Variational weights sum to less than 1; what is shown are probabilities.
    competences = knowing[:, 1] / knowing.sum(axis=1)
    strategies = strategies / strategies.sum(axis=1, keepdims=True)
    entropy, sizes = entropy_of(posteriors), given.sizes
    frozen(posteriors, entropy, sizes, competences, strategies)
    how = "variational Bayes" if method == "vb" else "EM"
    return Mace(
        given.items, given.raters, given.labels, posteriors, entropy, sizes, likelihood, iterations, converged,
        f"MACE (Hovy et al. 2013), {how}, best of {restarts} starts, seed {seed}", competences, strategies, restarts, seed,
    )  # fmt: skip


Run = tuple[NDArray[np.float64], float, int, bool, NDArray[np.float64], NDArray[np.float64]]


def _run(given: Responses, method: str, seed: int, start: int, tolerance: float, max_iterations: int) -> Run:
    raters, classes = len(given.raters), len(given.labels)
    drawn = 1 + 0.5 * _uniform(seed, start, raters * (2 + classes)).reshape(raters, 2 + classes)
    knowing, strategies = (part / part.sum(axis=1, keepdims=True) for part in (drawn[:, :2], drawn[:, 2:]))
    posteriors, likelihood, counts = _expect(given, knowing, strategies)
    for iteration in range(1, max_iterations + 1):
        knowing, strategies = _weights(counts, method)
        before = posteriors
        posteriors, likelihood, counts = _expect(given, knowing, strategies)
        if np.abs(posteriors - before).max() < tolerance:
            return posteriors, likelihood, iteration, True, knowing, strategies
    return posteriors, likelihood, max_iterations, False, knowing, strategies


def _expect(
    given: Responses, knowing: NDArray[np.float64], strategies: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """The E-step: posteriors, log-likelihood, and expected counts of (not) knowing (R, 2) and of habits (R, K)."""
    raters, classes = len(given.raters), len(given.labels)
    rows = np.arange(len(given.rater))
    habit = knowing[given.rater, 0] * strategies[given.rater, given.label]
    answers = np.repeat(habit[:, None], classes, axis=1)
    answers[rows, given.label] += knowing[given.rater, 1]
    posteriors, likelihood = normalised(given.by_item(logs(answers)) - np.log(classes))
    truth = posteriors[given.item]
    share = np.divide(truth, answers, out=np.zeros_like(truth), where=answers > 0)
    by_habit = habit * share.sum(axis=1)
    knew = knowing[given.rater, 1] * share[rows, given.label]
    habits = np.bincount(given.rater * classes + given.label, by_habit, raters * classes).reshape(raters, classes)
    return posteriors, likelihood, (np.stack([given.by_rater(by_habit), given.by_rater(knew)], axis=1), habits)


def _weights(
    counts: tuple[NDArray[np.float64], NDArray[np.float64]], method: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    knowing, habits = counts
    if method == "em":
        extra = SMOOTHING / habits.shape[1]
        return tuple((one + extra) / (one + extra).sum(axis=1, keepdims=True) for one in (knowing, habits))
    pairs = ((knowing + KNOWING_PRIOR), (habits + STRATEGY_PRIOR))
    return tuple(np.exp(digamma(one) - digamma(one.sum(axis=1, keepdims=True))) for one in pairs)


def _uniform(seed: int, start: int, n: int) -> NDArray[np.float64]:
    """n numbers in [0, 1) from SHA-256 of seed, start and a counter."""
    blocks = [hashlib.sha256(f"mace\x1f{seed}\x1f{start}\x1f{block}".encode()).digest() for block in range(-(-n // 4))]
    return (np.frombuffer(b"".join(blocks), ">u8")[:n] >> np.uint64(11)).astype(np.float64) / 2.0**53
