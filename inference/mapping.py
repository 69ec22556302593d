"""How what a back end predicts becomes an answer to a question of a scheme: labels by vocabulary, numbers by scale."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from core.errors import Refused
from inference.backends import Output, Task
from labeling.models import Label, Question

# The words of the face network and the terms of the Ekman vocabularies that mean the same.
TERMS = {
    "happy": "happiness", "sad": "sadness", "angry": "anger", "fearful": "fear", "disgusted": "disgust",
    "surprised": "surprise", "neutral": "neutral",
}  # fmt: skip


@dataclass(frozen=True)
class Answered:
    """A prediction in a question's own terms; all None with a reason when there is none."""

    label: Label | None = None
    number: float | None = None
    confidence: float | None = None
    distribution: dict[str, float] | None = None
    nothing: str = ""


def question_for(task: Task, questions: list[Question]) -> Question:
    """The question of a scheme that a task can answer. Raises Refused("question_not_answered")."""
    for question in questions:
        if task.kind == "regression" and question.kind == Question.Kind.SCALE and question.dimension == task.target:
            return question
        if (
            task.kind == "classification"
            and question.gives == Question.Gives.LABEL
            and _codes(question) & set(TERMS.values())
        ):
            return question
    raise Refused("question_not_answered", _("The scheme of this campaign asks nothing that this model can predict."))


def answer(output: Output, task: Task, question: Question) -> Answered:
    """An output in the terms of the question: its label, or its number on the question's scale."""
    if output.unpredicted:
        return Answered(nothing=output.unpredicted)
    if task.kind == "regression":
        low, high = task.scale or (-1.0, 1.0)
        share = (output.value - low) / (high - low)
        least, most = question.minimum, question.maximum
        return Answered(number=least + share * (most - least), confidence=output.confidence)
    labels = {label.code: label for label in question.labels.all()}
    by_code = {TERMS[name]: p for name, p in output.probabilities.items() if name in TERMS}
    known = {code: p for code, p in by_code.items() if code in labels}
    if not known:
        return Answered(nothing="wrong_modality")
    best = max(known, key=known.__getitem__)
    return Answered(
        label=labels[best], confidence=by_code[best], distribution={code: round(p, 6) for code, p in by_code.items()}
    )


def _codes(question: Question) -> set[str]:
    return {label.code for label in question.labels.all()}
