"""How a gold standard is made, written down before it is made.

A recipe is frozen, says every choice with its value, and has one canonical text (RFC 8785) and so one hash. The recipe's
hash and the hash of the inputs name the result: run again on the same inputs, a recipe gives the same bytes.

The steps of a trace recipe have one order, that of `TraceRecipe`'s fields; each may be left out.
"""

from __future__ import annotations

import hashlib
import types
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Union, get_args, get_origin, get_type_hints

import rfc8785

from affect.gold.fusion import METHODS, REFERENCES
from affect.gold.votes import TIES

FORMAT = "affect.gold_recipe"
VERSION = 1
EACH_CLIP, ALL_CLIPS = OVER = ("each_clip", "all_clips")
FILTERS = ("savgol", "moving_average", "median", "low_pass")
LABEL_METHODS = ("majority", "soft", "dawid_skene", "one_coin", "mace", "glad")


class RecipeError(ValueError):
    """A recipe that says nothing or something impossible; `why` is a sentence, `where` the field at fault."""

    def __init__(self, where: str, why: str):
        super().__init__(f"{where}: {why}" if where else why)
        self.where = where
        self.why = why


@dataclass(frozen=True, slots=True)
class Clock:
    """The common clock: a rate as a fraction in Hz, and the longest silence between samples that is bridged.

    Events are held until the next one, samples joined by lines; nothing is put before the first, after the last or across
    a marked gap. `limit_us` is for samples: a longer silence is a gap. A hand that rests sends no events, so events hold.
    """

    rate_hz: tuple[int, int] = (10, 1)
    limit_us: int | None = 1_000_000

    def __post_init__(self):
        _need(min(self.rate_hz) > 0, "clock.rate_hz", "a rate is a fraction of two positive whole numbers")
        _need(self.limit_us is None or self.limit_us > 0, "clock.limit_us", "a limit is positive")


@dataclass(frozen=True, slots=True)
class DeadBand:
    """Movements of `width` or less are held still."""

    width: float

    def __post_init__(self):
        _need(0 <= self.width < float("inf"), "dead_band.width", "a width is not negative")


@dataclass(frozen=True, slots=True)
class Filter:
    """A zero-phase filter: `window` (odd, samples) for all but low_pass, `order` for savgol and low_pass, `cutoff_hz`."""

    kind: str = "savgol"
    window: int | None = None
    order: int | None = None
    cutoff_hz: float | None = None

    def __post_init__(self):
        _one_of(self.kind, FILTERS, "filter.kind")
        by_window, by_order = self.kind != "low_pass", self.kind in ("savgol", "low_pass")
        _need(
            (self.window is not None) == by_window,
            "filter.window",
            "needed by all filters but low_pass, and only there",
        )
        _need((self.order is not None) == by_order, "filter.order", "needed by savgol and low_pass, and only there")
        _need((self.cutoff_hz is not None) == (not by_window), "filter.cutoff_hz", "needed by low_pass, and only there")
        _need(self.window is None or (self.window > 0 and self.window % 2 == 1), "filter.window", "a window is odd")
        lowest = 1 if self.kind == "low_pass" else 0
        _need(self.order is None or self.order >= lowest, "filter.order", f"an order is {lowest} or more")
        if self.kind == "savgol":
            _need(self.order < self.window, "filter.order", "the order is below the window")
        _need(self.cutoff_hz is None or self.cutoff_hz > 0, "filter.cutoff_hz", "a cut-off is positive")


@dataclass(frozen=True, slots=True)
class Standardise:
    """Each rater on their own scale, over all their clips (which keeps that one clip is higher than another) or over each
    clip (which takes that away). `unit`: "z", or "scale": taken back by the mean of the raters' means and deviations."""

    over: str = ALL_CLIPS
    unit: str = "z"

    def __post_init__(self):
        _one_of(self.over, OVER, "standardise.over")
        _one_of(self.unit, ("z", "scale"), "standardise.unit")


@dataclass(frozen=True, slots=True)
class Lag:
    """Raters' delays taken back, in whole steps of the clock.

    method: "fixed" (all by `fixed_us`), "leave_one_out", or "features" (mutual information with features of the clip).
    Delays lie between `floor_us` (the motor lag) and `highest_us`; they are found over all of a rater's clips or in each.
    """

    method: str = "leave_one_out"
    over: str = ALL_CLIPS
    floor_us: int = 0
    highest_us: int = 6_000_000
    fixed_us: int | None = None

    def __post_init__(self):
        _one_of(self.method, ("fixed", "leave_one_out", "features"), "lag.method")
        _one_of(self.over, OVER, "lag.over")
        _need(0 <= self.floor_us <= self.highest_us, "lag.floor_us", "the floor lies between 0 and the highest delay")
        _need(
            (self.fixed_us is not None) == (self.method == "fixed"), "lag.fixed_us", "needed by fixed, and only there"
        )
        _need(self.fixed_us is None or self.fixed_us >= 0, "lag.fixed_us", "a delay is not negative")


@dataclass(frozen=True, slots=True)
class Align:
    """Time bent within each clip: "dba" or "gctw", by at most `reach_us`; gctw has one base curve every `knot_us`."""

    method: str = "gctw"
    reach_us: int = 3_000_000
    knot_us: int | None = None
    stiffness: float | None = None

    def __post_init__(self):
        _one_of(self.method, ("dba", "gctw"), "align.method")
        _need(self.reach_us > 0, "align.reach_us", "a reach is positive")
        smooth = self.method == "gctw"
        _need((self.knot_us is not None) == smooth, "align.knot_us", "needed by gctw, and only there")
        _need((self.stiffness is not None) == smooth, "align.stiffness", "needed by gctw, and only there")
        _need(self.knot_us is None or self.knot_us > 0, "align.knot_us", "a distance of knots is positive")
        _need(self.stiffness is None or self.stiffness >= 0, "align.stiffness", "a stiffness is not negative")


@dataclass(frozen=True, slots=True)
class Fusion:
    """mean, median, trimmed (`share`) or ewe (`reference`, `over`, and whether agreement is that of the `raw` traces)."""

    method: str = "mean"
    share: float | None = None
    reference: str | None = None
    over: str | None = None
    raw_agreement: bool | None = None

    def __post_init__(self):
        _one_of(self.method, METHODS, "fusion.method")
        _need(
            (self.share is not None) == (self.method == "trimmed"), "fusion.share", "needed by trimmed, and only there"
        )
        _need(self.share is None or 0 <= self.share < 0.5, "fusion.share", "a share lies from 0 to below one half")
        for name in ("reference", "over", "raw_agreement"):
            given = getattr(self, name) is not None
            _need(given == (self.method == "ewe"), f"fusion.{name}", "needed by ewe, and only there")
        if self.method == "ewe":
            _one_of(self.reference, REFERENCES, "fusion.reference")
            _one_of(self.over, OVER, "fusion.over")


@dataclass(frozen=True, slots=True)
class Ordinal:
    """Ranks in place of values: windows of `window_us`, each with its mean, gradient or area; two windows differ when their
    figures are more than `threshold` apart."""

    window_us: int = 3_000_000
    statistic: str = "mean"
    threshold: float = 0.0

    def __post_init__(self):
        _need(self.window_us > 0, "ordinal.window_us", "a window is positive")
        _one_of(self.statistic, ("mean", "gradient", "area"), "ordinal.statistic")
        _need(0 <= self.threshold < float("inf"), "ordinal.threshold", "a threshold is not negative")


@dataclass(frozen=True, slots=True)
class TraceRecipe:
    """Traces to one trace. The steps run in the order of these fields; None leaves one out.

    Exactly one of `fusion` and `ordinal` ends it; `smooth` filters the fused trace. `seed` and `resamples` are those of
    the interval beside agreement, which draws clips; a recording alone draws blocks of `block_us` or raters (`alone`).

    >>> TraceRecipe(lag=Lag()).digest() == TraceRecipe(lag=Lag(floor_us=0)).digest() != TraceRecipe().digest()
    True
    """

    clock: Clock = field(default_factory=Clock)
    dead_band: DeadBand | None = None
    filter: Filter | None = None
    standardise: Standardise | None = None
    lag: Lag | None = None
    align: Align | None = None
    fusion: Fusion | None = field(default_factory=Fusion)
    ordinal: Ordinal | None = None
    smooth: Filter | None = None
    seed: int = 0
    resamples: int = 1000
    alone: str = "blocks"
    block_us: int = 10_000_000

    def __post_init__(self):
        _one_of(self.alone, ("blocks", "raters"), "alone")
        _need(self.block_us > 0, "block_us", "a block is positive")
        _need((self.fusion is None) != (self.ordinal is None), "fusion", "either fusion or ordinal ends a recipe")
        _need(self.ordinal is None or self.smooth is None, "smooth", "ranks are not smoothed")
        rate = self.clock.rate_hz[0] / self.clock.rate_hz[1]
        for name in ("filter", "smooth"):
            one = getattr(self, name)
            fits = one is None or one.cutoff_hz is None or one.cutoff_hz < rate / 2
            _need(fits, f"{name}.cutoff_hz", "a cut-off lies below half of the clock's rate")
        _need(self.resamples >= 100, "resamples", "an interval needs 100 resamples or more")

    def document(self) -> dict[str, Any]:
        return _document(self, "trace")

    def digest(self) -> str:
        """SHA-256 of the canonical text, hexadecimal."""
        return digest(self.document())


@dataclass(frozen=True, slots=True)
class LabelRecipe:
    """Labels to one label an item.

    method: majority (`ties`), soft (shares of votes, `smoothing`), dawid_skene and one_coin (`smoothing`), mace, glad.
    `labels` are those of the scheme, in its order. `seed` serves ties drawn at random and MACE.
    """

    method: str = "majority"
    labels: tuple[str, ...] = ()
    ties: str = "none"
    smoothing: float = 0.0
    seed: int = 0

    def __post_init__(self):
        _one_of(self.method, LABEL_METHODS, "method")
        _one_of(self.ties, TIES, "ties")
        _need(len(self.labels) >= 2, "labels", "a scheme has two labels or more")
        _need(len(set(self.labels)) == len(self.labels), "labels", "a label stands twice")
        _need(0 <= self.smoothing < float("inf"), "smoothing", "smoothing is not negative")
        smoothed = self.method in ("soft", "dawid_skene", "one_coin")
        _need(smoothed or not self.smoothing, "smoothing", "belongs to soft, dawid_skene and one_coin")

    def document(self) -> dict[str, Any]:
        return _document(self, "label")

    def digest(self) -> str:
        """SHA-256 of the canonical text, hexadecimal."""
        return digest(self.document())


Recipe = TraceRecipe | LabelRecipe
KINDS: dict[str, type] = {"trace": TraceRecipe, "label": LabelRecipe}


def raaw(*, clock: Clock | None = None, window: int = 5, order: int = 3, after: int = 15) -> TraceRecipe:
    """RAAW, rater-aligned annotation weighting (Stappen et al., MuSe-Toolbox, 2021), as a recipe.

    Smoothed, standardised, aligned by GCTW, and averaged with weights that are the mean pairwise concordance of the raw
    traces; then a moving average. Unlike the published tool it keeps time steps at which a rater is missing, rounds
    nothing, draws no end to 0, and states z units in place of stretching each clip to -1..1.
    """
    return TraceRecipe(
        clock=clock or Clock(),
        filter=Filter("savgol", window=window, order=order),
        standardise=Standardise(ALL_CLIPS),
        align=Align("gctw", knot_us=10_000_000, stiffness=0.1),
        fusion=Fusion("ewe", reference="pairwise_concordance", over=EACH_CLIP, raw_agreement=True),
        smooth=Filter("moving_average", window=after),
    )


def parse(document: Mapping[str, Any]) -> Recipe:
    """The recipe that a JSON document holds. Raises RecipeError for an unknown format, field or value.

    >>> parse(TraceRecipe(lag=Lag()).document()) == TraceRecipe(lag=Lag())
    True
    """
    rest = dict(document)
    named = (rest.pop("format", None), rest.pop("format_version", None))
    _need(named == (FORMAT, VERSION), "format", f"{FORMAT} of version {VERSION} can be read")
    kind = rest.pop("kind", None)
    _one_of(kind, tuple(KINDS), "kind")
    return _built(KINDS[kind], rest, "")


def canonical(document: Any) -> bytes:
    """The one text of a JSON document (RFC 8785): keys in order, no blanks, numbers in shortest form."""
    return rfc8785.dumps(document)


def digest(document: Any) -> str:
    return hashlib.sha256(canonical(document)).hexdigest()


def _document(recipe: Any, kind: str) -> dict[str, Any]:
    return {"format": FORMAT, "format_version": VERSION, "kind": kind, **plain(recipe)}


def plain(value: Any) -> Any:
    """A frozen dataclass as JSON, every field told."""
    if is_dataclass(value):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    return [plain(one) for one in value] if isinstance(value, tuple) else value


def _built(wanted: type, given: Any, where: str) -> Any:
    _need(isinstance(given, Mapping), where.rstrip("."), "an object is needed")
    hints = get_type_hints(wanted)
    unknown = sorted(set(given) - set(hints))
    _need(not unknown, f"{where}{unknown[0]}" if unknown else "", "there is no such field")
    return wanted(**{name: _value(hints[name], part, f"{where}{name}") for name, part in given.items()})


def _value(hint: Any, given: Any, where: str) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        if given is None:
            return None
        hint = next(one for one in get_args(hint) if one is not type(None))
    if is_dataclass(hint):
        return _built(hint, given, f"{where}.")
    if get_origin(hint) is tuple:
        _need(isinstance(given, list | tuple), where, "a list is needed")
        kind, *rest = get_args(hint)
        _need(Ellipsis in rest or len(given) == len(rest) + 1, where, "a list of two is needed")
        return tuple(_value(kind, one, where) for one in given)
    accepted = (int, float) if hint is float else (hint,)
    # True is an int to Python, not to JSON.
    right = isinstance(given, accepted) and (hint is bool or not isinstance(given, bool))
    _need(
        right,
        where,
        {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}[hint] + " is needed",
    )
    return float(given) if hint is float else given


def _one_of(value: Any, allowed: tuple[str, ...], where: str) -> None:
    _need(value in allowed, where, f"one of {', '.join(allowed)} would have been right")


def _need(holds: bool, where: str, why: str) -> None:
    if not holds:
        raise RecipeError(where, why)
