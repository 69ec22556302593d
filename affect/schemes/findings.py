"""What can be wrong with answers: the codes, each with its sentence, and whether more answering mends it.

The same codes are used wherever answers are checked; a page shows its own translation of a sentence by its code. What is
`UNFINISHED` is no mistake while somebody is still answering; it only keeps them from handing in.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from affect.schemes.problems import Problem

SENTENCES = MappingProxyType({
    # the answer as a whole
    "wrong_form": "Here belongs {expected}.",
    "unknown_field": "{name!r} does not belong here.",
    "unknown_question": "The scheme has no question {question!r}.",
    "missing": "This question needs an answer.",
    "not_asked": "This question is not asked here, so it takes no answer.",
    "cannot_tell_not_offered": "This question does not offer cannot tell.",
    "unknown_reason": "{reason!r} is no reason to skip this question.",
    "text_missing": "This needs a text.",
    "text_not_wanted": "This takes no text.",
    "confidence_not_asked": "This question asks for no confidence.",
    "confidence_missing": "This needs a confidence.",
    # numbers and labels
    "out_of_range": "{value} does not lie from {minimum} to {maximum}.",
    "off_step": "{value} lies between two steps.",
    "unknown_label": "{label!r} is no label here.",
    "label_twice": "{label!r} is chosen twice.",
    "label_missing": "This needs a label.",
    "exclusive": "{label!r} excludes every other label.",
    "too_few": "{count} given, {minimum} needed.",
    "too_many": "{count} given, {maximum} allowed.",
    "intensity_missing": "This needs an intensity.",
    "intensity_not_asked": "This takes no intensity.",
    "not_primary": "{label!r} may only be secondary.",
    "primary_again": "The primary label may not stand among the secondary ones.",
    "unknown_grade": "An intensity is one of the letters A to E.",
    "unknown_side": "A side is one of left, right, asymmetric.",
    "side_not_asked": "This takes no side.",
    "too_short": "{count} characters given, {minimum} needed.",
    "too_long": "{count} characters given, {maximum} allowed.",
    # comparisons
    "wrong_set": "{count} items are shown, the question compares {items}.",
    "unknown_item": "{item!r} is not among the items shown.",
    "same_item": "The best and the worst cannot be one item.",
    "tie_not_offered": "This question takes no tie.",
    # time
    "no_media": "This needs the media's start and end.",
    "unknown_tier": "{tier!r} is no tier here.",
    "empty_segment": "A segment ends after it starts.",
    "outside_media": "This lies outside the media.",
    "segment_too_short": "The segment lasts {length_us} µs, {minimum} are needed.",
    "segment_too_long": "The segment lasts {length_us} µs, {maximum} are allowed.",
    "apex_outside": "The apex lies outside its segment.",
    "apex_not_asked": "This takes no apex.",
    "overlap": "This segment begins before another one ends.",
    "gap": "Nothing covers the media from {start_us} to {end_us} µs.",
    "coverage": "{covered_us} of {total_us} µs are covered, a share of {minimum} is needed.",
    "lengths_differ": "There are {times} times and {values} values.",
    "times_not_increasing": "Times increase from sample to sample.",
    "too_sparse": "{samples} samples cover {covered_us} µs, {minimum} a second are needed.",
    "device_not_allowed": "{device!r} may not be used here.",
})  # fmt: skip
UNFINISHED = frozenset(
    {
        "missing", "text_missing", "confidence_missing", "label_missing", "too_few", "intensity_missing", "too_short", "gap",
        "coverage",
    }
)  # fmt: skip


class Findings:
    """Collects problems in the order they are found."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def add(self, code: str, at: str, **facts: Any) -> None:
        self.problems.append(Problem(code, at, SENTENCES[code].format(**facts), MappingProxyType(facts)))

    def expect(self, at: str, expected: str) -> None:
        self.add("wrong_form", at, expected=expected)
