"""GLAD: how able each rater is and how easy each item (Whitehill, Ruvolo, Wu, Bergsma & Movellan, NIPS 2009).

A rater of ability alpha answers an item of easiness beta rightly with probability 1/(1 + exp(-alpha beta)), beta > 0;
errors fall evenly on the other labels. An ability below 0 is that of a contrary rater. Normal priors of mean 1 and
variance 1 on alpha and on log beta, as in the authors' code, keep both finite; the labels' prior is even.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, log_expit

from affect.gold.responses import Estimate, Responses, climb, encode, entropy_of, frozen, normalised

PRIOR_MEAN = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Glad(Estimate):
    """Posteriors and, beside them, `abilities` (R,) and `easiness` (I,), which is positive."""

    abilities: NDArray[np.float64]
    easiness: NDArray[np.float64]


def glad(
    responses: Iterable[tuple[str, str, str | None]],
    *,
    labels: Sequence[str] | None = None,
    tolerance: float = 1e-8,
    max_iterations: int = 1000,
) -> Glad:
    """Posteriors, abilities and easiness by expectation-maximisation from alpha = 1, log beta = 1.

    responses, labels: as `dawid_skene`. It stops when the penalised log-likelihood changes by less than `tolerance`;
    `log_likelihood` is that of the responses, without the priors. Raises Undefined as `encode`.

    >>> from affect.gold.samples import ANAESTHETISTS
    >>> found = glad(ANAESTHETISTS)
    >>> found.abilities.round(1).tolist(), found.best()[1]
    ([0.9, 0.4, 0.6, 0.9, 0.6], '3')
    """
    given = encode(responses, labels)
    point = np.full(len(given.raters) + len(given.items), PRIOR_MEAN)
    state = {"point": point}

    def step(posteriors: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
        state["point"] = _improve(given, posteriors, state["point"])
        found, likelihood = normalised(_log_joint(given, state["point"]))
        return found, likelihood - 0.5 * float(((state["point"] - PRIOR_MEAN) ** 2).sum())

    start, _ = normalised(_log_joint(given, point))
    posteriors, _, iterations, converged = climb(start, step, tolerance=tolerance, max_iterations=max_iterations)
    _, likelihood = normalised(_log_joint(given, state["point"]))
    abilities, easiness = state["point"][: len(given.raters)].copy(), np.exp(state["point"][len(given.raters) :])
    entropy, sizes = entropy_of(posteriors), given.sizes
    frozen(posteriors, entropy, sizes, abilities, easiness)
    return Glad(
        given.items, given.raters, given.labels, posteriors, entropy, sizes, likelihood, iterations, converged,
        "GLAD (Whitehill et al. 2009), EM, normal priors of mean 1 on ability and log easiness", abilities, easiness,
    )  # fmt: skip


def _logits(given: Responses, point: NDArray[np.float64]) -> NDArray[np.float64]:
    """alpha beta of each response, (N,)."""
    raters = len(given.raters)
    return point[given.rater] * np.exp(point[raters:])[given.item]


def _log_joint(given: Responses, point: NDArray[np.float64]) -> NDArray[np.float64]:
    classes, logits = len(given.labels), _logits(given, point)
    answers = np.repeat((log_expit(-logits) - np.log(classes - 1))[:, None], classes, axis=1)
    answers[np.arange(len(logits)), given.label] = log_expit(logits)
    return given.by_item(answers) - np.log(classes)


def _improve(given: Responses, posteriors: NDArray[np.float64], point: NDArray[np.float64]) -> NDArray[np.float64]:
    """The M-step: ability and log easiness that make the expected answers most probable, priors included."""
    right = posteriors[given.item, given.label]
    raters, items = len(given.raters), len(given.items)
    wrong_penalty = np.log(len(given.labels) - 1)

    def cost(at: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = _logits(given, at)
        gain = right * log_expit(logits) + (1 - right) * (log_expit(-logits) - wrong_penalty)
        pull = right - expit(logits)
        by_ability = given.by_rater(pull * np.exp(at[raters:])[given.item])
        by_easiness = np.bincount(given.item, pull * logits, items)
        gradient = np.concatenate([by_ability, by_easiness]) - (at - PRIOR_MEAN)
        return -float(gain.sum() - 0.5 * ((at - PRIOR_MEAN) ** 2).sum()), -gradient

    # A few steps upwards are enough in each round: the next one goes on from there.
    options = {"maxiter": 20, "ftol": 1e-12, "gtol": 1e-7}
    return minimize(cost, point, jac=True, method="L-BFGS-B", options=options).x
