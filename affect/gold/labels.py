"""A label recipe at work: answers in, one label an item out, with the distribution that the label leaves behind.

An expert's decision is an input with a reason: it takes the place of the label, and what the answers alone gave stays beside
it. A self-report is compared and never counted as an answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from affect import undefined
from affect.agreement.units import is_missing
from affect.gold.dawid_skene import DawidSkene, OneCoin, dawid_skene, one_coin
from affect.gold.glad import Glad, glad
from affect.gold.mace import Mace, mace
from affect.gold.recipe import LabelRecipe, canonical, digest, plain
from affect.gold.responses import SAME, Estimate, encode
from affect.gold.votes import draw, entropy_bits, soft_label

FORMAT, VERSION = "affect.gold_standard", 1
Triple = tuple[str, str, str | None]


@dataclass(frozen=True, slots=True)
class Decision:
    """An expert's label for an item, who decided (a pseudonym) and why."""

    item: str
    label: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class SelfReport:
    """How often the gold label is the person's own: `agree` of `n` items that have both."""

    agree: int
    n: int


@dataclass(frozen=True, slots=True)
class ItemGold:
    """One item.

    label          the gold label; None where a tie was left open or there is no answer
    tied           whether the answers left two labels equal, also when one was then drawn or decided
    distribution   (label, probability) over all labels of the scheme in its order, () without answers
    entropy        of the distribution, in bits, None without answers
    n              answers counted
    from_answers   what the answers alone gave
    decision       the expert's, None where there was none
    undefined, why   code and sentence when there is neither answer nor decision
    """

    item: str
    label: str | None
    tied: bool
    distribution: tuple[tuple[str, float], ...]
    entropy: float | None
    n: int
    from_answers: str | None
    decision: Decision | None = None
    undefined: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class LabelGold:
    """A gold standard of labels. `raters`: what the model learnt of each; `fit`: convergence and prevalences; both empty for
    votes."""

    recipe: LabelRecipe
    inputs: str
    method: str
    items: tuple[ItemGold, ...]
    raters: Mapping[str, Mapping[str, Any]]
    fit: Mapping[str, Any]
    self_report: SelfReport | None

    def document(self) -> dict[str, Any]:
        return {
            "format": FORMAT, "format_version": VERSION, "recipe": self.recipe.document(), "inputs": self.inputs,
            "method": self.method, "items": [plain(one) for one in self.items], "raters": dict(self.raters),
            "fit": dict(self.fit), "self_report": None if self.self_report is None else plain(self.self_report),
        }  # fmt: skip

    def to_bytes(self) -> bytes:
        """The canonical text (RFC 8785): the same recipe and inputs give the same bytes."""
        return canonical(self.document())

    def digest(self) -> str:
        return hashlib.sha256(self.to_bytes()).hexdigest()


def inputs_digest(
    responses: Iterable[Triple], decisions: Iterable[Decision] = (), self_reports: Mapping[str, str] | None = None
) -> str:
    """SHA-256 over all that goes in, whatever its order."""
    said = sorted([item, rater, label] for item, rater, label in responses if not is_missing(label))
    decided = sorted([one.item, one.label, one.by, one.reason] for one in decisions)
    return digest([said, decided, sorted([item, label] for item, label in (self_reports or {}).items())])


def make(
    recipe: LabelRecipe,
    responses: Iterable[Triple],
    *,
    items: Iterable[str] = (),
    decisions: Iterable[Decision] = (),
    self_reports: Mapping[str, str] | None = None,
) -> LabelGold:
    """Follow the recipe. responses: (item, rater, label); `items`: all there are, also those nobody answered.

    >>> votes = [("i1", "ana", "joy"), ("i1", "ben", "joy"), ("i2", "ana", "fear"), ("i2", "ben", "joy")]
    >>> gold = make(LabelRecipe(labels=("fear", "joy")), votes, decisions=[Decision("i2", "fear", "cid", "the voice shakes")])
    >>> [(one.label, one.from_answers, one.tied) for one in gold.items]
    [('joy', 'joy', False), ('fear', None, True)]
    """
    given = sorted((item, rater, label) for item, rater, label in responses if not is_missing(label))
    decided = _decided(decisions, recipe)
    estimate = _estimate(recipe, given)
    found = _distributions(recipe, given, estimate)
    names = sorted({*found, *decided, *items})
    gold = tuple(_item(recipe, name, found.get(name), decided.get(name)) for name in names)
    said = None
    if self_reports is not None:
        pairs = [(one.label, self_reports[one.item]) for one in gold if one.label and one.item in self_reports]
        said = SelfReport(sum(label == own for label, own in pairs), len(pairs))
    raters, fit = _learnt(estimate)
    method = estimate.method if estimate else _VOTES.get(recipe.method, recipe.method).format(recipe=recipe)
    return LabelGold(recipe, inputs_digest(given, decided.values(), self_reports), method, gold, raters, fit, said)


_VOTES = {
    "majority": "majority of the answers",
    "soft": "shares of the answers, {recipe.smoothing:g} added to each count",
}


def _decided(decisions: Iterable[Decision], recipe: LabelRecipe) -> dict[str, Decision]:
    found: dict[str, Decision] = {}
    for one in decisions:
        if one.item in found:
            raise ValueError(f"item {one.item} was decided twice")
        if one.label not in recipe.labels:
            raise ValueError(f"the scheme has no label {one.label!r}")
        found[one.item] = one
    return found


def _estimate(recipe: LabelRecipe, given: list[Triple]) -> Estimate | None:
    if recipe.method in ("majority", "soft") or not given:
        return None
    if recipe.method in ("dawid_skene", "one_coin"):
        model = {"dawid_skene": dawid_skene, "one_coin": one_coin}[recipe.method]
        return model(given, labels=recipe.labels, smoothing=recipe.smoothing)
    return (
        mace(given, seed=recipe.seed, labels=recipe.labels)
        if recipe.method == "mace"
        else glad(given, labels=recipe.labels)
    )


def _distributions(
    recipe: LabelRecipe, given: list[Triple], estimate: Estimate | None
) -> dict[str, tuple[list[float], int]]:
    """Item -> probabilities over the scheme's labels, and answers counted."""
    if not given:
        return {}
    if estimate is not None:
        rows = zip(estimate.items, estimate.posteriors.tolist(), estimate.n.tolist(), strict=True)
        return {item: (row, n) for item, row, n in rows}
    encoded = encode(given, recipe.labels)
    votes: dict[str, list[str]] = {}
    for item, _, label in given:
        votes.setdefault(item, []).append(str(label))
    return {
        item: (soft_label(votes[item], recipe.labels, smoothing=recipe.smoothing).tolist(), len(votes[item]))
        for item in encoded.items
    }


def _item(recipe: LabelRecipe, name: str, found: tuple[list[float], int] | None, decision: Decision | None) -> ItemGold:
    decided = decision.label if decision else None
    if found is None:
        code, why = ("", "") if decision else (undefined.TOO_FEW, "Nobody answered this item.")
        return ItemGold(name, decided, False, (), None, 0, None, decision, code, why)
    shares, n = found
    top = max(shares)
    first = [label for label, share in zip(recipe.labels, shares, strict=True) if top - share < SAME]
    tied = len(first) > 1
    own = first[0] if not tied else draw(sorted(first), recipe.seed, name) if recipe.ties == "random" else None
    told = tuple(zip(recipe.labels, shares, strict=True))
    return ItemGold(name, decided or own, tied, told, entropy_bits(shares), n, own, decision)


def _learnt(estimate: Estimate | None) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """What a model says of each rater, and of its own search."""
    if estimate is None:
        return {}, {}
    fit: dict[str, Any] = {
        "log_likelihood": estimate.log_likelihood, "iterations": estimate.iterations, "converged": estimate.converged
    }  # fmt: skip
    if isinstance(estimate, DawidSkene | OneCoin):
        fit["prevalences"] = dict(zip(estimate.labels, estimate.prevalences.tolist(), strict=True))
    columns = {
        DawidSkene: ("confusions", "evidence"), OneCoin: ("accuracies",), Mace: ("competences", "strategies"),
        Glad: ("abilities",),
    }[type(estimate)]  # fmt: skip
    singular = {"confusions": "confusion", "accuracies": "accuracy", "competences": "competence",
                "strategies": "strategy", "abilities": "ability"}  # fmt: skip
    raters = {
        name: {singular.get(one, one): np.asarray(getattr(estimate, one)[place]).tolist() for one in columns}
        for place, name in enumerate(estimate.raters)
    }
    if isinstance(estimate, Glad):
        fit["easiness"] = dict(zip(estimate.items, estimate.easiness.tolist(), strict=True))
    return raters, fit
