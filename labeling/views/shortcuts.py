"""Which key answers what: places on the keyboard, given out so that no two questions fight over one.

Digits name, the top row rates, the home row rates, the bottom row rates when its turn comes. Questions that take one label
share the digits, because answering one moves the turn to the next; one that takes several keeps them for itself, and what
comes after it goes with shift. Labels beyond the tenth go on with shift, or along the letters when no scale needs them. A
label's own shortcut in the scheme stands before all this.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from affect.schemes.model import Label, Question, Scale, Scheme

Place = str  # KeyboardEvent.code, with "Shift+" before it where shift is held
DIGITS: tuple[Place, ...] = tuple(f"Digit{n}" for n in (*range(1, 10), 0))
TOP = tuple(f"Key{letter}" for letter in "QWERTYUIO")
HOME = tuple(f"Key{letter}" for letter in "ASDFGHJKL")
BOTTOM = (*(f"Key{letter}" for letter in "ZXCVBNM"), "Comma", "Period")
ROWS = {"top": TOP, "home": HOME, "bottom": BOTTOM}
SIGNS = {"Comma": ",", "Period": ".", "Minus": "−", "Equal": "=", "Slash": "/", "Semicolon": ";", "Quote": "'",
         "BracketLeft": "[", "BracketRight": "]", "Backquote": "`", "Space": "␣"}  # fmt: skip


def shifted(place: Place) -> Place:
    return f"Shift+{place}"


def sign(place: Place) -> str:
    """What stands on the key, on the keyboard the place is named after.

    >>> sign("Digit3"), sign("Shift+KeyQ"), sign("Comma"), sign("")
    ('3', '⇧Q', ',', '')
    """
    held, _, key = place.rpartition("+")
    shown = SIGNS.get(key) or key.removeprefix("Digit").removeprefix("Key").removeprefix("Numpad")
    return ("⇧" if held else "") + shown if key else ""


class Shortcuts:
    """Gives places out, question by question in their order."""

    def __init__(self, scheme: Scheme, points: int) -> None:
        """`points`: a scale with more of them is a slider, which takes no row."""
        scales = [one for one in scheme.questions if isinstance(one, Scale) and 2 <= steps_of(one) <= points]
        self._rows = dict(zip((one.id for one in scales), ROWS, strict=False))
        self._digits = [DIGITS, tuple(map(shifted, DIGITS))]

    def row(self, question: Question) -> str:
        """The row of a scale: top, home, bottom, or "" when all are taken."""
        return self._rows.get(question.id, "")

    @property
    def letters_are_free(self) -> bool:
        return not self._rows

    def labels(self, labels: Iterable[Label], *, keeps: bool) -> Iterator[Place]:
        """A place for each label; `keeps` when the question goes on wanting its digits after the first answer."""
        labels = list(labels)
        digits = self._digits[0] if self._digits else ()
        if digits and digits[0].startswith("Shift+"):
            more: Iterable[Place] = ()
        else:
            more = (*TOP, *HOME) if self.letters_are_free else map(shifted, DIGITS)
        free = (one for one in chain(digits, more) if one not in {label.shortcut for label in labels})
        if keeps and self._digits:
            # A long list has taken shift as well.
            self._digits = self._digits[1:] if len(labels) <= len(DIGITS) or self.letters_are_free else []
        for label in labels:
            yield label.shortcut or next(free, "")

    def keep_shift(self) -> None:
        """Shift with a digit is taken by a question that uses both (first and further labels)."""
        self._digits = [one for one in self._digits if not one[0].startswith("Shift+")]


def steps_of(question: Scale) -> int:
    """How many points a scale has; 0 when it has no steps."""
    range_ = question.range
    return round((range_.maximum - range_.minimum) / range_.step) + 1 if range_.step else 0
