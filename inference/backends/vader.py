"""Text valence by VADER: a lexicon with rules for negation, emphasis and emoticons; English only.

Hutto, C. J. & Gilbert, E. (2014). VADER: a parsimonious rule-based model for sentiment analysis of social media text.
ICWSM-14. The value is the `compound` score, the summed word valences squashed to -1…1; it is not fitted to any
rater's scale, so compare it by correlation rather than by distance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import ClassVar

from inference.backends import Input, Output, Task, readable


class Backend:
    """The `compound` score of vaderSentiment. Needs no file of the models' folder: the lexicon is in the package."""

    name: ClassVar = "vader-text-valence"
    version: ClassVar = "vaderSentiment 3.3.2"
    modality: ClassVar = "text"
    task: ClassVar = Task("regression", "valence", scale=(-1.0, 1.0))
    licence: ClassVar = "MIT"
    says: ClassVar = (
        "How positive or negative the words of an English sentence are by lexicon and rules; it predicts wording."
    )
    files: ClassVar = ()
    sample: ClassVar = "demo/media/t01_review_snippets_20_with_ratings.json"

    def __init__(self) -> None:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # reads its lexicon on construction

        self._analyzer = SentimentIntensityAnalyzer()

    @classmethod
    def load(cls, folder: Path) -> Backend:
        return cls()

    def scores(self, text: str) -> tuple[float, float, float, float]:
        """(negative, neutral, positive) shares and compound of a normalised text."""
        found = self._analyzer.polarity_scores(text)
        return found["neg"], found["neu"], found["pos"], found["compound"]

    def predict(self, inputs: Iterable[Input], *, should_stop: Callable[[], bool]) -> Iterator[Output]:
        for item in inputs:
            if should_stop():
                return
            text, digest, reason = readable(item)
            if reason:
                yield Output(item.key, digest, unpredicted=reason)
                continue
            negative, _neutral, positive, compound = self.scores(text)
            known = compound != 0 or negative > 0 or positive > 0  # the shares are rounded to 0.001
            yield Output(item.key, digest, value=compound, coverage=1.0, notes=() if known else ("no_known_word",))
