"""What is wrong with an answer, in the reader's language: a code of `affect.schemes` and its facts as a sentence.

Programs have known some of the codes under another name since before schemes were documents; those names stay.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from affect.schemes import Problem

CODES = {
    "missing": "required", "unknown_label": "label_unknown", "unknown_question": "question_unknown", "wrong_form": "wrong_type",
    "unknown_field": "wrong_type", "outside_media": "time_out_of_range", "empty_segment": "time_out_of_range",
}  # fmt: skip
SENTENCES = {
    "too_large": gettext_lazy("This is more than an answer holds."),
    "text_refused": gettext_lazy("This text holds characters that cannot be stored."),
    "unknown_question": gettext_lazy("This question is not asked here."),
    "missing": gettext_lazy("An answer is needed here."),
    "not_asked": gettext_lazy("This question is not asked here, so it takes no answer."),
    "cannot_tell_not_offered": gettext_lazy("This question does not offer “cannot tell”."),
    "unknown_reason": gettext_lazy("This is none of the reasons to skip this question."),
    "text_missing": gettext_lazy("A text is needed with this."),
    "text_not_wanted": gettext_lazy("No text goes with this."),
    "confidence_not_asked": gettext_lazy("This question asks for no confidence."),
    "confidence_missing": gettext_lazy("Say how sure you are."),
    "out_of_range": gettext_lazy("Values go from %(minimum)s to %(maximum)s."),
    "off_step": gettext_lazy("This value lies between two steps."),
    "unknown_label": gettext_lazy("This is none of the labels that can be chosen."),
    "label_twice": gettext_lazy("A label is chosen twice."),
    "label_missing": gettext_lazy("A label is needed here."),
    "exclusive": gettext_lazy("One of these labels excludes all others."),
    "too_few": gettext_lazy("%(count)s given, %(minimum)s needed."),
    "too_many": gettext_lazy("%(count)s given, %(maximum)s allowed."),
    "intensity_missing": gettext_lazy("An intensity is needed."),
    "intensity_not_asked": gettext_lazy("No intensity is asked for here."),
    "not_primary": gettext_lazy("This label may only be secondary."),
    "primary_again": gettext_lazy("The primary label may not stand among the secondary ones."),
    "unknown_grade": gettext_lazy("An intensity is one of the letters A to E."),
    "unknown_side": gettext_lazy("A side is left, right or asymmetric."),
    "side_not_asked": gettext_lazy("No side is asked for here."),
    "too_short": gettext_lazy("%(count)s characters given, %(minimum)s needed."),
    "too_long": gettext_lazy("%(count)s characters given, %(maximum)s allowed."),
    "wrong_set": gettext_lazy("%(count)s items are shown, the question compares %(items)s."),
    "unknown_item": gettext_lazy("This item is not among those shown."),
    "same_item": gettext_lazy("The best and the worst cannot be one item."),
    "tie_not_offered": gettext_lazy("This question takes no tie."),
    "no_media": gettext_lazy("This question needs something that lasts."),
    "unknown_tier": gettext_lazy("This is none of the tiers."),
    "empty_segment": gettext_lazy("A segment ends after it starts."),
    "outside_media": gettext_lazy("A time lies outside the clip."),
    "segment_too_short": gettext_lazy("A segment is too short."),
    "segment_too_long": gettext_lazy("A segment is too long."),
    "apex_outside": gettext_lazy("The apex lies outside its segment."),
    "apex_not_asked": gettext_lazy("No apex is asked for here."),
    "overlap": gettext_lazy("Two segments of one tier overlap."),
    "gap": gettext_lazy("Something is left without a segment or a rating."),
    "coverage": gettext_lazy("Too little of the clip is rated."),
    "lengths_differ": gettext_lazy("Times, values and flags are lists of one length."),
    "times_not_increasing": gettext_lazy("Times must increase from sample to sample."),
    "too_sparse": gettext_lazy("There are too few samples a second."),
    "device_not_allowed": gettext_lazy("This device may not be used here."),
}  # fmt: skip


_NUMBERS = {"a number", "a whole number", "a list of two numbers", "whole start_us and end_us"}


def code_of(problem: Problem) -> str:
    """The code by which programs know it."""
    if problem.code == "wrong_form" and problem.facts.get("expected") in _NUMBERS:
        return "not_a_number"
    return CODES.get(problem.code, problem.code)


def sentence_of(problem: Problem) -> str:
    """What a person is told."""
    if problem.code == "wrong_form":
        return {"a number": _("A number is needed here."), "a text": _("A text is needed here.")}.get(
            str(problem.facts.get("expected")), _("This has not the form of an answer to this question.")
        )
    if problem.code == "unknown_field":
        return _("Something stands here that belongs to no answer of this question.")
    return str(SENTENCES[problem.code]) % {name: _short(value) for name, value in problem.facts.items()}


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)[:60]
