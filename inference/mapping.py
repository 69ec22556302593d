"""How what a back end predicts becomes an answer to a question of a scheme: labels by vocabulary, numbers by scale."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import chain

from django.utils.translation import gettext as _

from core.errors import Refused
from inference.backends import Output, Task
from labeling.models import Label, Question

# The words of the face network and the terms of vocabularies that mean the same, Ekman's first. The joy of others stands for
# his happiness (affect/vocabularies/crosswalks.py).
TERMS = {
    "happy": ("happiness", "joy"), "sad": ("sadness",), "angry": ("anger",), "fearful": ("fear",), "disgusted": ("disgust",),
    "surprised": ("surprise",), "neutral": ("neutral",),
}  # fmt: skip


@dataclass(frozen=True)
class Answered:
    """A prediction in a question's own terms; neither label nor number, with a reason, when there is none."""

    label: Label | None = None
    number: float | None = None
    interval: tuple[float, float] | None = None
    confidence: float | None = None
    distribution: dict[str, float] = field(default_factory=dict)
    nothing: str = ""


def question_for(task: Task, questions: list[Question]) -> Question:
    """The question of a scheme that a task can answer. Raises Refused("question_not_answered")."""
    for question in questions:
        if task.kind == "regression" and question.kind == Question.Kind.SCALE and question.dimension == task.target:
            return question
        if (
            task.kind == "classification"
            and question.gives == Question.Gives.LABEL
            and _codes(question).intersection(chain(*TERMS.values()))
        ):
            return question
    raise Refused("question_not_answered", _("The scheme of this campaign asks nothing that this model can predict."))


def answer(output: Output, task: Task, question: Question) -> Answered:
    """An output in the terms of the question: its label, or its number on the question's scale."""
    if output.unpredicted:
        return Answered(nothing=output.unpredicted)
    if task.kind == "regression":
        low, high = task.scale or (-1.0, 1.0)
        least, most = question.minimum, question.maximum

        def there(value: float) -> float:
            return least + (value - low) / (high - low) * (most - least)

        interval = output.interval and (there(output.interval[0]), there(output.interval[1]))
        return Answered(number=there(output.value), interval=interval, confidence=output.confidence)
    labels = {label.code: label for label in question.labels.all()}
    by_code = {_term(name, labels): round(p, 6) for name, p in output.probabilities.items() if name in TERMS}
    best = max(by_code, key=by_code.__getitem__)
    if best not in labels:  # the likeliest of the others would be a label that the model holds unlikely
        return Answered(nothing="not_in_scheme", distribution=by_code)
    return Answered(label=labels[best], confidence=by_code[best], distribution=by_code)


def _term(name: str, labels: Collection[str]) -> str:
    """The term of a model's word that the scheme uses; the first one where it uses none."""
    return next((term for term in TERMS[name] if term in labels), TERMS[name][0])


def _codes(question: Question) -> set[str]:
    return {label.code for label in question.labels.all()}
