"""Prelabelers: models that look at one text or one clip and predict, as plug-ins.

A back end is one module with a class `Backend`, one line in `BACKENDS` and one sample it is tested on. It knows no
database and no person: it takes `Input`s, gives `Output`s, and leaves permission, consent, storage and jobs to the
services that call it. Three rules hold for all of them, and the contract test keeps them:

- A model *predicts*; where it cannot, the output carries a reason (`REASONS`) and no number. Nothing is made up.
- `input_hash` is the SHA-256 of exactly what was judged, so that a prediction can be tied to its input for good.
- The same input gives the same output: one thread, no sampling, pinned files checked by hash when they are loaded.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, ClassVar, Literal, Protocol, runtime_checkable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.errors import Refused
from inference.backends.folder import expected

# One line a back end: its public name, and the module that holds its class `Backend`.
BACKENDS: Mapping[str, str] = MappingProxyType(
    {
        "vader-text-valence": "inference.backends.vader",
        "minilm-text-valence": "inference.backends.minilm",
        "face-expression": "inference.backends.face",
    }
)

# Why there is no prediction: a stable code, and the sentence a person reads.
REASONS: Mapping[str, str] = MappingProxyType(
    {
        "empty_text": gettext_lazy("There is no text to judge."),
        "too_long": gettext_lazy("The text is longer than the model reads."),
        "wrong_modality": gettext_lazy("The item is not of the kind this model judges."),
        "unreadable": gettext_lazy("The recording cannot be decoded; it may be damaged or cut off."),
        "no_video": gettext_lazy("The recording has no pictures."),
        "no_picture_here": gettext_lazy("The part of the recording that is meant has no pictures."),
        "too_large": gettext_lazy("The pictures are larger than the model accepts."),
        "no_face": gettext_lazy("No face was found in the pictures."),
        "several_faces": gettext_lazy("Several faces are in most pictures, so it cannot be told whose is meant."),
        "not_in_scheme": gettext_lazy("The scheme has no label for what the model holds most likely."),
    }
)

# What qualifies a prediction that was made.
NOTES: Mapping[str, str] = MappingProxyType(
    {
        "truncated": gettext_lazy("Only the beginning was read."),
        "no_known_word": gettext_lazy("No word of the text is in the model's lexicon; it answers neutral then."),
        "out_of_fold": gettext_lazy(
            "The model's head was trained on this source, so a head that did not see it answered."
        ),
        "seen_in_training": gettext_lazy(
            "The model was trained on people of this item, and no head of it has seen none of them; it does not count in evaluations."
        ),
        "some_faces_missing": gettext_lazy("In some pictures no face was found; they do not count."),
        "several_faces_seen": gettext_lazy("In some pictures several faces were found; the largest was judged."),
    }
)

LONGEST_TEXT = 10_000  # characters; a whole cell of a broken table is no utterance, and the lexicon rules are quadratic


@dataclass(frozen=True)
class Task:
    """What is predicted: a number on `scale` (regression) or one of `labels` (classification)."""

    kind: Literal["regression", "classification"]
    target: str  # "valence", "expression"
    scale: tuple[float, float] | None = None
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Input:
    """One item to judge: a text, or a way to open its media as a seekable binary file.

    `key` is the caller's own and comes back with the output. `groups` say where the item comes from in the words of the
    corpora that heads are trained on (for the review set, `reviews/305`; for a study, its people and session): a head
    that saw one of them is not used. `span_us` is the part of the media that is meant, on the file's own clock.
    """

    key: str
    text: str | None = None
    open: Callable[[], BinaryIO] | None = None
    groups: tuple[str, ...] = ()
    span_us: tuple[int, int] | None = None


@dataclass(frozen=True)
class Frames:
    """Predictions over media time. `times_us`: (T,) microseconds on the track's own clock, as its frames carry them.

    `probabilities`: (T, labels), a row of None where no face was found. `faces`: (T,) how many faces were found.
    """

    times_us: tuple[int, ...]
    labels: tuple[str, ...]
    probabilities: tuple[tuple[float, ...] | None, ...]
    faces: tuple[int, ...]


@dataclass(frozen=True)
class Output:
    """A prediction, or the reason why there is none (`unpredicted`, a key of `REASONS`)."""

    key: str
    input_hash: str
    value: float | None = None  # regression, on the task's scale
    interval: tuple[float, float] | None = None  # holds 90 % of out-of-fold errors, on the same scale
    probabilities: Mapping[str, float] | None = None  # classification, sums to 1
    confidence: float | None = None  # probability of the most likely label; None where the model states none
    coverage: float | None = None  # share of the input that was judged: tokens, or sampled frames with a face
    frames: Frames | None = None
    notes: tuple[str, ...] = field(default=())
    unpredicted: str = ""

    @property
    def label(self) -> str | None:
        """The most likely label, the first in the task's order where two are equal; None without probabilities."""
        return max(self.probabilities, key=self.probabilities.__getitem__) if self.probabilities else None


@runtime_checkable
class Predicting(Protocol):
    """What every module's class `Backend` offers. The class attributes are the model's declaration."""

    name: ClassVar[str]
    version: ClassVar[str]  # changes whenever the same input could get another output
    modality: ClassVar[Literal["text", "video", "audio"]]
    task: ClassVar[Task]
    licence: ClassVar[str]
    says: ClassVar[str]  # what an output may be read as, for the model's page
    files: ClassVar[tuple[str, ...]]  # what `load` needs from the models' folder
    sample: ClassVar[str]  # a demo file that the contract test predicts on

    @classmethod
    def load(cls, folder: Path) -> Predicting:
        """Read the model from the folder the set-up filled. Raises Refused (`model_missing`, `model_corrupt`)."""
        ...

    def predict(self, inputs: Iterable[Input], *, should_stop: Callable[[], bool]) -> Iterator[Output]:
        """One output an input, in order; ends early, without a half-made output, once `should_stop()` is true."""
        ...


def find(name: str) -> type[Predicting]:
    """The class behind a back end's name. Raises Refused (`unknown_backend`)."""
    if name not in BACKENDS:
        raise Refused(
            "unknown_backend",
            _("There is no model called “%(name)s”. There are: %(names)s.")
            % {"name": name, "names": ", ".join(BACKENDS)},
            status=404,
        )
    return import_module(BACKENDS[name]).Backend


def load(name: str, folder: Path) -> Predicting:
    """A back end, ready to predict. `folder` is where `python -m inference.fetch` put the models."""
    return find(name).load(Path(folder))


def fingerprint(name: str, folder: Path) -> str:
    """SHA-256 over name, version and file hashes of an installed back end: what a model version is told by.

    Reads the list of installed files, not the files; `load` compares those. Raises Refused (`model_missing`).
    """
    backend = find(name)
    lines = [backend.name, backend.version, *(f"{file} {expected(folder, file)}" for file in backend.files)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def normalise(text: str) -> str:
    """The text every text model sees: composed Unicode (NFC), runs of white space as one blank, none at the ends."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def text_hash(text: str) -> str:
    """SHA-256 of the normalised text as UTF-8; lone surrogates, which no UTF-8 has, count as question marks."""
    return hashlib.sha256(normalise(text).encode("utf-8", "replace")).hexdigest()


def readable(item: Input) -> tuple[str, str, str]:
    """Normalised text, its hash, and why it cannot be judged ("" when it can). Shared by the text models."""
    if item.text is None:
        return "", hashlib.sha256(b"").hexdigest(), "wrong_modality"
    if len(item.text) > LONGEST_TEXT:
        return "", hashlib.sha256(item.text.encode("utf-8", "replace")).hexdigest(), "too_long"
    text = normalise(item.text).encode("utf-8", "replace").decode()
    return text, hashlib.sha256(text.encode()).hexdigest(), "" if text else "empty_text"
