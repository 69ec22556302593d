"""A ridge head on text features, trained on labels, that can answer for its own training texts without having seen them.

For every fold there is one more head, trained without that fold's groups (and without any text that also occurs in
that fold). Asked about a text or a group it was trained on, the head of its fold answers; so a demo or a test set that
overlaps with the training set still gets honest predictions. The same fold heads give the cross-validated figures.

Ridge: minimise |y - Xw - b|² + alpha |w|², b unpenalised (Hoerl & Kennard 1970), solved in closed form.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from core.errors import Refused
from inference.backends import normalise, text_hash
from inference.backends.folder import digest

FORMAT, FORMAT_VERSION = "concord-text-head", 1
LEAST_LABELS, LEAST_GROUPS = 100, 10
FOLDS = 5


@dataclass(frozen=True)
class Head:
    """Weights (folds + 1, features) and bias (folds + 1,): row k did not see fold k, the last row saw everything.

    `meta` tells what it was trained on and how well it does out of fold; `group_folds` (by every name of a source) and
    `text_folds` (by text hash) tell which row may answer for a source.
    """

    weights: NDArray[np.float64]
    bias: NDArray[np.float64]
    meta: dict[str, Any]

    def folds_of(self, groups: Collection[str], digest_of_text: str) -> set[int]:
        """The folds that these sources were in: none when all are new, several when no row has seen none of them."""
        known = self.meta["group_folds"]
        folds = {known[group] for group in groups if group in known}
        if not folds and digest_of_text in self.meta["text_folds"]:
            folds = {self.meta["text_folds"][digest_of_text]}
        return folds

    def row(self, folds: set[int]) -> int:
        """The row that did not see sources of this one fold; the last, fully trained one for any other number of folds."""
        return min(folds) if len(folds) == 1 else len(self.bias) - 1

    def predict(self, features: NDArray[np.floating], row: int) -> float:
        """Prediction for one text's features (features,), on the scale of the training values."""
        return float(self.weights[row] @ features.astype(np.float64) + self.bias[row])

    def dumps(self) -> bytes:
        """One .npz with the metadata as JSON inside; the same head gives the same bytes."""
        meta = json.dumps(self.meta, sort_keys=True, allow_nan=False).encode()
        stream = io.BytesIO()
        np.savez(stream, weights=self.weights, bias=self.bias, meta=np.frombuffer(meta, np.uint8))
        return stream.getvalue()

    @classmethod
    def loads(cls, content: bytes) -> Head:
        """Read what `dumps` wrote. Raises Refused (`head_unreadable`) for anything else; never unpickles."""
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
                meta = json.loads(arrays["meta"].tobytes())
                head = cls(arrays["weights"], arrays["bias"], meta)
        except Exception as error:
            raise Refused("head_unreadable", _("The trained head cannot be read.")) from error
        if meta.get("format") != FORMAT or meta.get("format_version") != FORMAT_VERSION:
            raise Refused("head_unreadable", _("The trained head is of another format or version."))
        if head.weights.ndim != 2 or head.bias.shape != (len(head.weights),) or len(head.bias) != meta["folds"] + 1:
            raise Refused("head_unreadable", _("The trained head's arrays do not fit each other."))
        return head


def check_enough(labels: int, groups: int) -> None:
    """Refuse training that could only memorise. Raises Refused (`too_few_labels`, `too_few_groups`) with the counts."""
    if labels < LEAST_LABELS:
        raise Refused(
            "too_few_labels",
            _("Training needs at least %(least)d labels; there are %(found)d.")
            % {"least": LEAST_LABELS, "found": labels},
            found=labels,
            least=LEAST_LABELS,
        )
    if groups < LEAST_GROUPS:
        raise Refused(
            "too_few_groups",
            _("Training needs labels from at least %(least)d participants or sources; there are %(found)d.")
            % {"least": LEAST_GROUPS, "found": groups},
            found=groups,
            least=LEAST_GROUPS,
        )


def check_separate(groups: int, folds: int) -> None:
    """Refuse folds of which some would be empty. Raises Refused (`too_few_separate_groups`)."""
    if groups < folds:
        raise Refused(
            "too_few_separate_groups",
            _(
                "Who appears together stays in one fold, and %(least)d folds need as many groups that share nobody; there are %(found)d."
            )
            % {"least": folds, "found": groups},
            found=groups,
            least=folds,
        )


def train_text_head(
    texts: Sequence[str],
    values: Sequence[float],
    groups: Sequence[str],
    *,
    features: Callable[[Sequence[str]], NDArray[np.floating]],
    feature_names: str,
    corpus: str,
    names: Sequence[Collection[str]] | None = None,
    people: int | None = None,
    scale: tuple[float, float] = (-4.0, 4.0),
    alpha: float = 2.0,
    folds: int = FOLDS,
    seed: int = 2014,
    versions: dict[str, str] | None = None,
) -> Head:
    """Train a valence head; deterministic for the same input, seed and library versions.

    texts, values, groups: one entry a label; values on `scale`; folds never share a group. Empty texts are left out.
    features: normalised texts → (texts, features). `corpus` names the source in the metadata.
    Where a group joins several people: names, one entry a label, are what its sources are called when they are met again,
    and people is how many the labels are about, which is what must be enough; by default a group is one source.
    Raises Refused: `labels_invalid`, `too_few_labels`, `too_few_groups`, `too_few_separate_groups`, `labels_constant`.
    """
    called: dict[str, set[str]] = {}
    for group, more in zip(groups, [{group} for group in groups] if names is None else names, strict=True):
        called.setdefault(group, set()).update(more)
    texts, y, groups = _checked(texts, values, groups, scale)
    check_enough(len(texts), len(set(groups)) if people is None else people)
    check_separate(len(set(groups)), folds)
    if np.ptp(y) == 0:
        raise Refused("labels_constant", _("All labels have the same value, so there is nothing to learn."))
    group_folds = _deal(groups, folds, seed)
    fold = np.array([group_folds[group] for group in groups])
    hashes = [text_hash(text) for text in texts]
    x = np.asarray(features(texts), np.float64)

    rows = [_ridge(x[keep], y[keep], alpha) for keep in _training_rows(fold, hashes, folds)]
    weights, bias = np.array([w for w, _b in rows]), np.array([b for _w, b in rows])
    predicted = np.einsum("ij,ij->i", x, weights[fold]) + bias[fold]

    text_folds: dict[str, int] = {}
    for digest_of_text, number in zip(hashes, fold.tolist(), strict=True):
        text_folds[digest_of_text] = min(number, text_folds.get(digest_of_text, number))
    meta = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "corpus": corpus,
        "features": feature_names,
        "scale": list(scale),
        "n": len(texts),
        "groups": len(group_folds),
        "folds": folds,
        "alpha": alpha,
        "seed": seed,
        "training_hash": _training_hash(groups, hashes, y),
        "group_folds": {name: fold for group, fold in group_folds.items() for name in sorted(called[group])},
        "text_folds": text_folds,
        "out_of_fold": _figures(predicted, y),
        "versions": {"numpy": np.__version__, **(versions or {})},
    } | ({} if people is None else {"people": people})
    return Head(weights, bias, meta)


def _checked(
    texts: Sequence[str], values: Sequence[float], groups: Sequence[str], scale: tuple[float, float]
) -> tuple[list[str], NDArray[np.float64], list[str]]:
    y = np.asarray(values, np.float64)
    if not len(texts) == len(y) == len(groups):
        raise Refused("labels_invalid", _("Texts, labels and sources differ in number."), status=422)
    if len(y) and not (np.isfinite(y).all() and y.min() >= scale[0] and y.max() <= scale[1]):
        raise Refused(
            "labels_invalid",
            _("A label is not a number from %(low)g to %(high)g.") % {"low": scale[0], "high": scale[1]},
            status=422,
        )
    normal = [normalise(text) for text in texts]
    keep = [i for i, text in enumerate(normal) if text]
    return [normal[i] for i in keep], y[keep], [groups[i] for i in keep]


def _deal(groups: Sequence[str], folds: int, seed: int) -> dict[str, int]:
    """Group → fold. Shuffled by the seed, then dealt out in turn, so folds differ by at most one group."""
    names = sorted(set(groups))
    order = np.random.default_rng(seed).permutation(len(names))
    return {names[j]: i % folds for i, j in enumerate(order.tolist())}


def _training_rows(fold: NDArray[np.int_], hashes: list[str], folds: int) -> list[NDArray[np.bool_]]:
    """Per fold the rows its head may see, and all rows for the last head.

    A sentence that two sources share ("great product.") may not teach the head of either's fold.
    """
    found = []
    for number in range(folds):
        held = {h for h, f in zip(hashes, fold.tolist(), strict=True) if f == number}
        found.append(np.array([h not in held for h in hashes]))
    return [*found, np.ones(len(hashes), bool)]


def _ridge(x: NDArray[np.float64], y: NDArray[np.float64], alpha: float) -> tuple[NDArray[np.float64], float]:
    centre, level = x.mean(0), y.mean()
    x = x - centre
    weights = np.linalg.solve(x.T @ x + alpha * np.eye(x.shape[1]), x.T @ (y - level))
    return weights, float(level - centre @ weights)


def _figures(predicted: NDArray[np.float64], y: NDArray[np.float64]) -> dict[str, float]:
    """Out-of-fold Pearson r and errors in the unit of the scale; `mae_of_mean` is what predicting the mean would give."""
    error = np.abs(predicted - y)
    figures = {
        "pearson_r": np.corrcoef(predicted, y)[0, 1],
        "mae": error.mean(),
        "mae_of_mean": np.abs(y - y.mean()).mean(),
        "error_90": np.quantile(error, 0.9),
    }
    return {name: round(float(value), 6) for name, value in figures.items()}


def _training_hash(groups: list[str], hashes: list[str], y: NDArray[np.float64]) -> str:
    """SHA-256 over (group, text hash, value), sorted: tells whether two heads saw the same labels."""
    lines = sorted(f"{group}\t{text}\t{value!r}" for group, text, value in zip(groups, hashes, y.tolist(), strict=True))
    return digest("\n".join(lines).encode())
