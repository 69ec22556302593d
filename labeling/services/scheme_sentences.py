"""What is wrong with a scheme, in the reader's language: the sentences of `affect.schemes` as texts that are translated.

`affect.schemes` knows no languages and says what is wrong in English. Each of its sentences stands here by its code, with
names for what changes; what a sentence says is put into the translated one. A sentence that is not here stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _

from affect.schemes import Problem
from affect.vocabularies.dimensions import VAD

LONGEST = 5_000  # characters of a sentence that is looked at; a longer one repeats what was sent
SENTENCES = {
    "wrong_form": (gettext_noop("Here belongs %(expected)s, not %(given)s."),),
    "wrong_length": (
        gettext_noop("This text has %(count)s characters; %(minimum)s to %(maximum)s are allowed."),
        gettext_noop("This list has %(count)s members; %(minimum)s to %(maximum)s are allowed."),
        gettext_noop("A text needs one language at least."),
    ),
    "wrong_text": (gettext_noop("%(value)s is not of the form %(form)s."),),
    "unknown_word": (
        gettext_noop("Here belongs one of %(options)s, not %(given)s."),
        gettext_noop("Here belongs %(expected)s, not %(given)s."),
        gettext_noop("%(language)s is no language tag, as en or de-AT are."),
    ),
    "missing_field": (
        gettext_noop("%(name)s is missing; it is one of %(options)s."), gettext_noop("%(name)s is missing."),
    ),
    "unknown_field": (gettext_noop("%(name)s is no field here; %(known)s are."),),
    "out_of_range": (gettext_noop("%(value)s is not from %(minimum)s to %(maximum)s."),),
    "not_whole": (gettext_noop("Here belongs a whole number, not %(value)s."),),
    "too_long": (gettext_noop("A scheme has %(maximum)s characters at most, this has %(count)s."),),
    "not_json": (
        gettext_noop("This is no JSON: %(why)s."), gettext_noop("This JSON cannot be read: %(why)s."),
        gettext_noop("An object has the member %(name)s twice."), gettext_noop("%(name)s is no number in JSON."),
    ),
    "too_deep": (
        gettext_noop("This is nested more than %(maximum)s levels deep."), gettext_noop("Conditions nest %(maximum)s levels at most."),
    ),
    "half_character": (gettext_noop("This text holds half of a character (a lone surrogate)."),),
    "no_confidence": (gettext_noop("A confidence is due that is not asked for."),),
    "no_translation_source": (gettext_noop("Tell where the texts in %(language)s come from."),),
    "untranslated": (gettext_noop("This text is missing in %(languages)s."),),
    "not_earlier": (gettext_noop("%(question)s is no question before this one."),),
    "unknown_label": (
        gettext_noop("%(label)s is no label of this question."), gettext_noop("%(label)s is no label of %(question)s."),
    ),
    "wrong_test": (gettext_noop("%(question)s is a %(kind)s, which %(test)s cannot test."),),
    "upside_down": (
        gettext_noop("The minimum lies above the maximum."), gettext_noop("The minimum must lie below the maximum."),
        gettext_noop("The shortest segment is longer than the longest."),
    ),
    "twice": (
        gettext_noop("The id %(name)s stands twice."), gettext_noop("The key %(name)s stands twice."),
        gettext_noop("The code %(name)s stands twice."), gettext_noop("The name (%(language)s) %(name)s stands twice."),
        gettext_noop("The language %(name)s stands twice."), gettext_noop("The value %(name)s stands twice."),
        gettext_noop("The shortcut %(name)s stands twice."), gettext_noop("The mark's text %(name)s stands twice."),
        gettext_noop("The angle %(name)s stands twice."), gettext_noop("The device %(name)s stands twice."),
    ),
    "uneven_step": (
        gettext_noop("Steps from the minimum do not meet the maximum of %(axis)s."),
        gettext_noop("Steps from the minimum do not meet the maximum."),
    ),
    "anchor_outside": (gettext_noop("This anchor lies outside the scale."),),
    "anchor_changed": (gettext_noop("The validated anchor of %(dimension)s is %(validated)s; this says %(words)s."),),
    "angle": (
        gettext_noop("A label on the rim of a wheel needs its angle."),
        gettext_noop("Only labels on the rim of a wheel have an angle."),
    ),
    "too_many_due": (gettext_noop("%(count)s are due and there are %(maximum)s."),),
    "no_bounds": (gettext_noop("This axis needs a minimum and a maximum."),),
    "bounds": (gettext_noop("An unbounded axis has no minimum and no maximum."),),
    "no_step": (gettext_noop("A Likert scale needs a step."),),
    "no_manikin": (
        gettext_noop("Manikins are drawn for %(dimensions)s."), gettext_noop("Manikins have 5, 7 or 9 points, one apart."),
    ),
    "wrong_number": (
        gettext_noop("A pair has two items."), gettext_noop("Best and worst need three items at least."),
        gettext_noop("Only a pair can be called equal."),
    ),
}  # fmt: skip
# What stands in a sentence and is no name, number or word of the document: a form of JSON, or why a text is none.
_PARTS = {
    gettext_noop("true or false"), gettext_noop("a number"), gettext_noop("a whole number"), gettext_noop("a text"),
    gettext_noop("a list"), gettext_noop("an object"), gettext_noop('an object like {"en": "joy"}'),
    gettext_noop("expecting value"), gettext_noop("expecting property name enclosed in double quotes"),
    gettext_noop("expecting ',' delimiter"), gettext_noop("expecting ':' delimiter"), gettext_noop("extra data"),
    gettext_noop("unterminated string starting at"), gettext_noop("invalid control character at"),
    gettext_noop("illegal trailing comma before end of object"), gettext_noop("illegal trailing comma before end of array"),
}  # fmt: skip
_TRANSLATED = frozenset({"expected", "given", "why"})


def _as_pattern(sentence: str) -> re.Pattern[str]:
    """What tells a sentence from its template: "%(name)s is missing." finds the name in "'id' is missing.\""""
    pieces = re.split(r"%\((\w+)\)s", sentence)
    named = (f"(?P<{piece}>.+)" if at % 2 else re.escape(piece) for at, piece in enumerate(pieces))
    return re.compile("".join(named), re.DOTALL)


_KNOWN = {code: [(one, _as_pattern(one)) for one in several] for code, several in SENTENCES.items()}


def sentence_of(problem: Problem) -> str:
    """What a person is told of one thing that is wrong."""
    if len(problem.message) <= LONGEST:
        for sentence, pattern in _KNOWN.get(problem.code, ()):
            if found := pattern.fullmatch(problem.message):
                return _(sentence) % {name: _part(name, text) for name, text in found.groupdict().items()}
    return problem.message


def worded(problems: Iterable[Problem]) -> list[Problem]:
    """The same problems, their sentences in the reader's language."""
    return [replace(one, message=sentence_of(one)) for one in problems]


def placed(problem: Problem) -> str:
    """A problem with its place, in a sentence of its own: `str(problem)` in the reader's language."""
    told = {
        "line": problem.line,
        "column": problem.column,
        "place": problem.at or _("the whole"),
        "what": problem.message,
    }
    if problem.line:
        return _("line %(line)d, column %(column)d, %(place)s: %(what)s") % told
    return f"{told['place']}: {told['what']}"


def _part(name: str, text: str) -> str:
    if name == "dimension" and text in VAD.ids:
        return VAD[text].names.get((get_language() or "en").partition("-")[0], text)
    return _(text) if name in _TRANSLATED and text in _PARTS else text
