"""A trace recipe at work: clips in, gold standard out, every step with what was before and after it.

What is undefined for one clip leaves the others alone and says why. Agreement of the raw traces, on the common clock and
otherwise untouched, comes before that of the traces as they were fused: lags taken back and time bent make agreement, they do
not find it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from affect import undefined
from affect.agreement.concordance import concordance, measure_concordance
from affect.gold import work
from affect.gold.alone import measure_alone
from affect.gold.fusion import FusedTrace, correlation
from affect.gold.inputs import Clip, in_order, inputs_digest, on_clock
from affect.gold.recipe import TraceRecipe, canonical, plain
from affect.measure import Measure
from affect.signals.resample import grid
from affect.undefined import Undefined

FORMAT, VERSION = "affect.gold_standard", 1


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One step: its name and settings, the matrices (raters, T) of each clip before and after with the raters of the rows
    after it, and what it found, clip by clip (None for clips that had dropped out)."""

    name: str
    settings: Mapping[str, Any]
    before: tuple[NDArray[np.float64], ...]
    after: tuple[NDArray[np.float64], ...]
    raters: tuple[tuple[str, ...], ...]
    facts: tuple[Mapping[str, Any] | None, ...]


@dataclass(frozen=True, slots=True)
class SelfReport:
    """How the fused trace compares with what the person themselves reported. None where undefined; concordance is left out
    when the fused trace has another unit."""

    correlation: float | None
    concordance: float | None
    n: int


@dataclass(frozen=True, slots=True, eq=False)
class ClipGold:
    """The gold standard of one clip, or why there is none.

    times_us   (T,) of the samples; for ranks, the starts of the windows
    fused      value, spread and number of raters at each time; None when undefined
    raters     those whose traces had a sample here, in the order of the matrices and weights
    scale      (mean, sd) that brought z back to the raters' scale, None where it was not done
    undefined, why   code and sentence when there is none
    """

    clip: str
    times_us: NDArray[np.int64]
    fused: FusedTrace | None
    raters: tuple[str, ...]
    scale: tuple[float, float] | None = None
    self_report: SelfReport | None = None
    undefined: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class TraceGold:
    """A gold standard of traces.

    recipe, inputs   what it was made by and from (hash)
    raw, fused_from  agreement of the raw traces, and of the traces as they were fused
    unit             "scale" (the raters'), "z", or "rank" (-1..1)
    clips, steps     in order
    """

    recipe: TraceRecipe
    inputs: str
    raw: Measure
    fused_from: Measure
    unit: str
    clips: tuple[ClipGold, ...]
    steps: tuple[Step, ...]

    def document(self) -> dict[str, Any]:
        """All of it as JSON, NaN as null; matrices of the steps as hashes."""
        return {
            "format": FORMAT, "format_version": VERSION, "recipe": self.recipe.document(), "inputs": self.inputs,
            "raw": plain(self.raw), "fused_from": plain(self.fused_from), "unit": self.unit,
            "clips": [_clip_document(one) for one in self.clips], "steps": [_step_document(one) for one in self.steps],
        }  # fmt: skip

    def to_bytes(self) -> bytes:
        """The canonical text (RFC 8785): the same recipe and inputs give the same bytes."""
        return canonical(self.document())

    def digest(self) -> str:
        return hashlib.sha256(self.to_bytes()).hexdigest()


def make(recipe: TraceRecipe, clips: Iterable[Clip]) -> TraceGold:
    """Follow the recipe. Raises ValueError for clips that contradict each other; what is undefined is in the result.

    >>> from affect.codecs.trace import make as trace
    >>> from affect.gold.inputs import RaterTrace
    >>> times = range(0, 1_000_000, 100_000)
    >>> ana, ben = (RaterTrace(name, trace(times, [level] * 10)) for name, level in (("ana", 0.5), ("ben", 1.0)))
    >>> gold = make(TraceRecipe(), [Clip("c1", 0, 1_000_000, (ana, ben))])
    >>> gold.clips[0].fused.value.tolist()[:2], gold.raw.undefined
    ([0.75, 0.75], 'constant_trace')
    """
    given = in_order(clips)
    clocks = [grid(clip.start_us, clip.end_us, Fraction(*recipe.clock.rate_hz)) for clip in given]
    state = work.begin(given, clocks, recipe.clock)
    raw, steps = state.matrices, [_first(state, recipe)]
    for name, run in work.STEPS.items():
        settings = getattr(recipe, name)
        if settings is not None:
            before = state.matrices
            state, facts = run(state, settings)
            steps.append(Step(name, plain(settings), before, state.matrices, state.raters, facts))
    outcomes = work.fuse(state, recipe, raw)
    left = [matrix for matrix, failed in zip(state.matrices, state.failed, strict=True) if not failed]
    ended = tuple(_ended(recipe, state, place, outcome) for place, outcome in enumerate(outcomes))
    unit = "rank" if recipe.ordinal else "z" if recipe.standardise and recipe.standardise.unit == "z" else "scale"
    return TraceGold(
        recipe,
        inputs_digest(given),
        _agreement(recipe, raw),
        _agreement(recipe, left),
        unit,
        ended,
        tuple(steps),
    )


def _first(state: work.State, recipe: TraceRecipe) -> Step:
    """The common clock has no matrix before it; what it found are the samples that came to lie on it."""
    facts = tuple(
        {"raters": list(names), "steps": matrix.shape[1], "coverage": work.coverage(matrix), "no_sample": list(absent)}
        for names, matrix, absent in zip(state.raters, state.matrices, state.absent, strict=True)
    )
    return Step("clock", plain(recipe.clock), (), state.matrices, state.raters, facts)


def _agreement(recipe: TraceRecipe, matrices: Sequence[NDArray[np.float64]]) -> Measure:
    shared = [matrix for matrix in matrices if len(matrix) > 1]
    if len(shared) == 1:
        block = work.steps_of(recipe.block_us, recipe.clock)
        return measure_alone(
            shared[0], over=recipe.alone, block=max(1, block), seed=recipe.seed, resamples=recipe.resamples
        )
    if not shared:
        why = "No clip was rated by two raters, so there is no agreement."
        return Measure(
            None, None, 0, max(map(len, matrices), default=0), 0.0, "Lin's concordance", undefined.TOO_FEW, why
        )
    return measure_concordance(shared, seed=recipe.seed, resamples=recipe.resamples)


def _ended(recipe: TraceRecipe, state: work.State, place: int, outcome: work.Outcome) -> ClipGold:
    clip, times = state.clips[place], state.times[place]
    if isinstance(outcome, Undefined):
        return ClipGold(clip.name, times, None, state.raters[place], undefined=outcome.code, why=outcome.why)
    fused, starts = outcome
    times = times[starts]
    times.flags.writeable = False
    said = None
    if clip.self_report is not None:
        own = on_clock(clip.self_report, times, recipe.clock)
        same_unit = not recipe.ordinal and not (recipe.standardise and recipe.standardise.unit == "z")
        said = SelfReport(
            _or_none(correlation, fused.value, own),
            _or_none(concordance, fused.value, own) if same_unit else None,
            int((~np.isnan(own) & ~np.isnan(fused.value)).sum()),
        )
    taken_back = recipe.fusion and recipe.standardise and recipe.standardise.unit == "scale"
    scale = state.scales[place] if taken_back else None
    return ClipGold(clip.name, times, fused, state.raters[place], scale, said)


def _or_none(measure, one: NDArray[np.float64], other: NDArray[np.float64]) -> float | None:
    try:
        return float(measure(one, other))
    except Undefined:
        return None


def _clip_document(one: ClipGold) -> dict[str, Any]:
    told = {"clip": one.clip, "raters": list(one.raters), "undefined": one.undefined, "why": one.why}
    if one.fused is None:
        return told
    arrays = {name: _numbers(getattr(one.fused, name)) for name in ("value", "sd", "low", "high")}
    return told | arrays | {
        "times_us": one.times_us.tolist(), "n": one.fused.n.tolist(), "weights": plain(one.fused.weights),
        "method": one.fused.method, "scale": None if one.scale is None else list(one.scale),
        "self_report": None if one.self_report is None else plain(one.self_report),
    }  # fmt: skip


def _step_document(one: Step) -> dict[str, Any]:
    return {
        "step": one.name, "settings": dict(one.settings), "facts": [None if f is None else dict(f) for f in one.facts],
        "before": [_hash(matrix) for matrix in one.before], "after": [_hash(matrix) for matrix in one.after],
    }  # fmt: skip


def _numbers(values: NDArray[np.float64]) -> list[float | None]:
    return [None if value != value else value for value in values.tolist()]


def _hash(matrix: NDArray[np.float64]) -> str:
    # There are many NaNs by bits; a gap is a gap.
    plain_gaps = np.where(np.isnan(matrix), np.nan, matrix).astype("<f8")
    return hashlib.sha256(f"{matrix.shape}".encode() + plain_gaps.tobytes()).hexdigest()
