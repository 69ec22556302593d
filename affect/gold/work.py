"""The steps of a trace recipe over many clips: what `affect.gold.traces` runs, one function a step.

A step takes the state and its settings and gives the next state and what it found in each clip. A clip for which a step is
undefined drops out, with the reason, and the others go on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from affect import undefined
from affect.gold import align as aligning
from affect.gold import lag as lagging
from affect.gold import recipe as recipes
from affect.gold import steps as filters
from affect.gold.fusion import FUSIONS, FusedTrace, Weight, fuse_weighted, rater_weights
from affect.gold.inputs import Clip, RaterTrace, on_clock
from affect.gold.ordinal import rank_windows
from affect.gold.recipe import ALL_CLIPS, Clock, TraceRecipe
from affect.undefined import Undefined

Matrix = NDArray[np.float64]
Facts = tuple[Mapping[str, Any] | None, ...]
Outcome = tuple[FusedTrace, NDArray[np.int64]] | Undefined
"""A fused trace and the places on the clock of its samples, or why there is none."""


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """Where the recipe stands. All tuples have one entry a clip; a matrix is (raters, T), rows in the order of `raters`.

    absent   raters whose trace had no sample on the clock
    failed   why a clip dropped out, None while it is in
    scales   mean over the raters' means and deviations, None before standardising
    """

    clock: Clock
    clips: tuple[Clip, ...]
    times: tuple[NDArray[np.int64], ...]
    raters: tuple[tuple[str, ...], ...]
    absent: tuple[tuple[str, ...], ...]
    matrices: tuple[Matrix, ...]
    failed: tuple[Undefined | None, ...]
    scales: tuple[tuple[float, float] | None, ...]


def begin(clips: Sequence[Clip], times: Sequence[NDArray[np.int64]], clock: Clock) -> State:
    """All traces on the common clock; raters in the order of their names, those without a sample set aside."""
    raters, absent, matrices, failed = [], [], [], []
    for clip, points in zip(clips, times, strict=True):
        rows = {one.rater: on_clock(one, points, clock) for one in sorted(clip.traces, key=lambda one: one.rater)}
        there = [name for name, row in rows.items() if not np.isnan(row).all()]
        raters.append(tuple(there))
        absent.append(tuple(sorted(set(rows) - set(there))))
        matrices.append(_matrix([rows[name] for name in there], len(points)))
        failed.append(None if there else Undefined(undefined.TOO_FEW, "Nobody rated this clip."))
    blank = (None,) * len(clips)
    return State(clock, tuple(clips), tuple(times), tuple(raters), tuple(absent), tuple(matrices), tuple(failed), blank)


def steps_of(us: int, clock: Clock) -> int:
    """Whole steps of the clock in a time, to the nearest; a half goes up.

    >>> steps_of(3_000_000, Clock((10, 1))), steps_of(250_000, Clock((2, 1)))
    (30, 1)
    """
    rate, per = clock.rate_hz
    return (2 * us * rate + 1_000_000 * per) // (2 * 1_000_000 * per)


def coverage(matrix: Matrix) -> float:
    return float((~np.isnan(matrix)).mean()) if matrix.size else 0.0


# one rater's trace at a time -----------------------------------------------------------------------------------------------


def dead_band(state: State, settings: recipes.DeadBand) -> tuple[State, Facts]:
    return _row_by_row(state, lambda row: filters.dead_band(row, width=settings.width))


def smooth(state: State, settings: recipes.Filter) -> tuple[State, Facts]:
    return _row_by_row(state, smoother(settings, state.clock))


def smoother(settings: recipes.Filter, clock: Clock) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """The filter that the settings name, for one trace."""
    if settings.kind == "low_pass":
        rate = clock.rate_hz[0] / clock.rate_hz[1]
        given = {"cutoff_hz": settings.cutoff_hz, "rate_hz": rate, "order": settings.order}
        return lambda row: filters.low_pass(row, **given)
    if settings.kind == "savgol":
        return lambda row: filters.savgol(row, window=settings.window, order=settings.order)
    by_window = {"moving_average": filters.moving_average, "median": filters.median_filter}[settings.kind]
    return lambda row: by_window(row, window=settings.window)


def _row_by_row(state: State, change: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> tuple[State, Facts]:
    matrices, facts = [], []
    for matrix, failed in zip(state.matrices, state.failed, strict=True):
        after = matrix if failed else _matrix([change(row) for row in matrix], matrix.shape[1])
        moved = np.abs(after - matrix)
        here = ~np.isnan(moved)
        facts.append(None if failed else {"largest_change": float(moved[here].max()) if here.any() else 0.0})
        matrices.append(after)
    return replace(state, matrices=tuple(matrices)), tuple(facts)


# standard scales -----------------------------------------------------------------------------------------------------------


def standardise(state: State, settings: recipes.Standardise) -> tuple[State, Facts]:
    """z for each rater. One without a scale (flat) has no z: they are left out, named, where that scale would have served."""
    over_all = _scales(joined(state, 0)) if settings.over == ALL_CLIPS else {}
    new, scales, facts = state, [], []
    for place, (names, matrix) in enumerate(zip(state.raters, state.matrices, strict=True)):
        if state.failed[place]:
            scales.append(None)
            facts.append(None)
            continue
        own = over_all or _scales((names, matrix))
        kept = [name for name in names if not isinstance(own[name], Undefined)]
        rows = [filters.standardise(matrix[names.index(name)], own[name]) for name in kept]
        new = _put(new, place, tuple(kept), _matrix(rows, matrix.shape[1]))
        facts.append({
            "scales": {name: {"mean": own[name].mean, "sd": own[name].sd, "n": own[name].n} for name in kept},
            "left_out": {name: own[name].code for name in names if name not in kept},
        })  # fmt: skip
        if not kept:
            new = _drop(
                new, place, Undefined(undefined.CONSTANT_TRACE, "All traces of this clip are flat, so none has a z.")
            )
            scales.append(None)
            continue
        shared = [one for one in over_all.values() if not isinstance(one, Undefined)] or [own[name] for name in kept]
        scales.append((float(np.mean([one.mean for one in shared])), float(np.mean([one.sd for one in shared]))))
    return replace(new, scales=tuple(scales)), tuple(facts)


def _scales(table: tuple[Sequence[str], Matrix]) -> dict[str, filters.Scale | Undefined]:
    found: dict[str, filters.Scale | Undefined] = {}
    for name, row in zip(*table, strict=True):
        try:
            found[name] = filters.scale_of(row)
        except Undefined as reason:
            found[name] = reason
    return found


# lags ----------------------------------------------------------------------------------------------------------------------


def lag(state: State, settings: recipes.Lag) -> tuple[State, Facts]:
    """Each rater's trace earlier by their delay. One who cannot be placed is moved by the floor alone."""
    over_all = _lags(state, settings, None) if settings.over == ALL_CLIPS and settings.method != "fixed" else None
    new, facts = state, []
    for place, names in enumerate(state.raters):
        if state.failed[place]:
            facts.append(None)
            continue
        found = over_all if over_all is not None else _lags(state, settings, place)
        if isinstance(found, Undefined):
            new = _drop(new, place, found)
            facts.append({"undefined": found.code})
            continue
        told = {name: found[name] for name in names}
        rows = [
            lagging.shifted(row, told[name]["steps"]) for name, row in zip(names, state.matrices[place], strict=True)
        ]
        new = _put(new, place, names, _matrix(rows, state.matrices[place].shape[1]))
        facts.append({"lags": told})
    return new, tuple(facts)


def _lags(state: State, settings: recipes.Lag, place: int | None) -> dict[str, dict[str, Any]] | Undefined:
    """Rater -> steps and how they were found, in one clip or (None) over all."""
    floor, highest = (steps_of(us, state.clock) for us in (settings.floor_us, settings.highest_us))
    names, matrix = (state.raters[place], state.matrices[place]) if place is not None else joined(state, highest)
    if settings.method == "fixed":
        return {name: _placed(steps_of(settings.fixed_us, state.clock), state.clock) for name in names}
    blur = steps_of(900_000, state.clock) // 2 * 2 + 1
    try:
        if settings.method == "leave_one_out":
            found = lagging.lags_by_leave_one_out(matrix, highest=highest, floor=floor, blur=blur)
        else:
            features = _features(state, place, highest)
            found = [_by_features(features, row, floor, highest, blur) for row in matrix]
            if not any(found):
                return Undefined(undefined.CONSTANT_TRACE, "No trace or no feature moves, so no delay can be seen.")
    except Undefined as reason:
        return reason
    return {name: _placed(floor, state.clock, one) for name, one in zip(names, found, strict=True)}


def _placed(steps: int, clock: Clock, found: lagging.Lag | None = None) -> dict[str, Any]:
    steps = found.steps if found else steps
    told: dict[str, Any] = {"steps": steps, "lag_us": steps * 1_000_000 * clock.rate_hz[1] // clock.rate_hz[0]}
    if found:
        told |= {"score": found.score, "at_zero": found.at_zero, "at_bound": found.at_bound}
    return told | {"found": found is not None}


def _by_features(features: Matrix, row: NDArray[np.float64], floor: int, highest: int, blur: int) -> lagging.Lag | None:
    try:
        return lagging.lag_by_features(features, row, lowest=floor, highest=highest, blur=blur)
    except Undefined:
        return None


def _features(state: State, place: int | None, pad: int) -> Matrix:
    places = range(len(state.clips)) if place is None else [place]
    numbers = {len(state.clips[one].features) for one in places if not state.failed[one]}
    if len(numbers) != 1 or 0 in numbers:
        raise Undefined(
            undefined.TOO_FEW, "Lags by features need the same features of every clip; some clips have none."
        )
    parts = []
    for one in places:
        if not state.failed[one]:
            rows = [on_clock(RaterTrace("", f), state.times[one], state.clock) for f in state.clips[one].features]
            parts += [np.array(rows), np.full((len(rows), pad), np.nan)]
    return np.hstack(parts if place is None else parts[:1])


# alignment -----------------------------------------------------------------------------------------------------------------


def align(state: State, settings: recipes.Align) -> tuple[State, Facts]:
    new, facts = state, []
    reach = max(1, steps_of(settings.reach_us, state.clock))
    for place, matrix in enumerate(state.matrices):
        if state.failed[place]:
            facts.append(None)
            continue
        try:
            if settings.method == "dba":
                found = aligning.dba(matrix, reach=reach)
            else:
                bases = max(2, round(matrix.shape[1] / max(1, steps_of(settings.knot_us, state.clock))) + 1)
                found = aligning.gctw(matrix, reach=reach, bases=bases, stiffness=settings.stiffness)
        except Undefined as reason:
            new = _drop(new, place, reason)
            facts.append({"undefined": reason.code})
            continue
        new = _put(new, place, state.raters[place], found.traces)
        facts.append({"largest_steps": found.largest, "rounds": found.rounds, "converged": found.converged})
    return new, tuple(facts)


STEPS: dict[str, Callable[[State, Any], tuple[State, Facts]]] = {
    "dead_band": dead_band,
    "filter": smooth,
    "standardise": standardise,
    "lag": lag,
    "align": align,
}


# fusion --------------------------------------------------------------------------------------------------------------------


def fuse(state: State, recipe: TraceRecipe, raw: Sequence[Matrix]) -> list[Outcome]:
    """One outcome a clip. `raw`: the matrices on the clock, before all other steps."""
    weights: dict[str, Weight] | Undefined | None = None
    if recipe.fusion and recipe.fusion.method == "ewe" and recipe.fusion.over == ALL_CLIPS:
        names, matrix = joined(_raw_state(state, raw) if recipe.fusion.raw_agreement else state, 0)
        try:
            weights = dict(zip(names, rater_weights(matrix, reference=recipe.fusion.reference), strict=True))
        except Undefined as reason:
            weights = reason
    outcomes: list[Outcome] = []
    for place, failed in enumerate(state.failed):
        try:
            outcomes.append(failed or _fused(state, recipe, place, raw[place], weights))
        except Undefined as reason:
            outcomes.append(reason)
    return outcomes


def _fused(
    state: State, recipe: TraceRecipe, place: int, raw: Matrix, weights: dict[str, Weight] | Undefined | None
) -> Outcome:
    matrix, names = state.matrices[place], state.raters[place]
    if recipe.ordinal:
        rate, per = recipe.clock.rate_hz
        found = rank_windows(
            matrix, window=max(1, steps_of(recipe.ordinal.window_us, recipe.clock)), statistic=recipe.ordinal.statistic,
            threshold=recipe.ordinal.threshold, step_seconds=per / rate,
        )  # fmt: skip
        return found.fused, found.starts
    if isinstance(weights, Undefined):
        raise weights
    fused = _by_fusion(
        recipe, matrix, _rows_of(state, place, raw), None if weights is None else [weights[n] for n in names]
    )
    if not fused.n.any():
        raise Undefined(undefined.TOO_FEW, "No rater who counts has a sample in this clip after the steps before.")
    change: Callable = smoother(recipe.smooth, recipe.clock) if recipe.smooth else lambda row: row
    back = state.scales[place] if recipe.standardise and recipe.standardise.unit == "scale" else None
    mean, sd = back or (0.0, 1.0)
    value, low, high = (change(one) * sd + mean for one in (fused.value, fused.low, fused.high))
    spread = change(fused.sd) * sd
    for array in (value, low, high, spread):
        array.flags.writeable = False
    return FusedTrace(value, spread, low, high, fused.n, fused.weights, fused.method), np.arange(matrix.shape[1])


def _by_fusion(recipe: TraceRecipe, matrix: Matrix, raw: Matrix, weights: list[Weight] | None) -> FusedTrace:
    fusion = recipe.fusion
    if weights is not None:
        return fuse_weighted(matrix, tuple(weights), method="evaluator-weighted estimator, weights over all clips")
    if fusion.method == "ewe":
        given = {"agreement_of": raw} if fusion.raw_agreement else {}
        return FUSIONS["ewe"](matrix, reference=fusion.reference, **given)
    given = {"share": fusion.share} if fusion.method == "trimmed" else {}
    return FUSIONS[fusion.method](matrix, **given)


# shared --------------------------------------------------------------------------------------------------------------------


def joined(state: State, pad: int) -> tuple[tuple[str, ...], Matrix]:
    """All clips side by side, `pad` steps of nothing after each: (raters, all steps), one row for each rater there is."""
    places = [place for place, failed in enumerate(state.failed) if not failed]
    names = tuple(sorted({name for place in places for name in state.raters[place]}))
    lengths = [state.matrices[place].shape[1] + pad for place in places]
    whole = np.full((len(names), sum(lengths)), np.nan)
    row = {name: number for number, name in enumerate(names)}
    start = 0
    for place, length in zip(places, lengths, strict=True):
        rows = [row[name] for name in state.raters[place]]
        whole[rows, start : start + length - pad] = state.matrices[place]
        start += length
    return names, whole


def _raw_state(state: State, raw: Sequence[Matrix]) -> State:
    return replace(state, matrices=tuple(_rows_of(state, place, one) for place, one in enumerate(raw)))


def _rows_of(state: State, place: int, raw: Matrix) -> Matrix:
    """The rows of the raw matrix of those raters who are still in."""
    there = sorted({one.rater for one in state.clips[place].traces} - set(state.absent[place]))
    return raw[[there.index(name) for name in state.raters[place]]]


def _put(state: State, place: int, names: tuple[str, ...], matrix: Matrix) -> State:
    raters, matrices = list(state.raters), list(state.matrices)
    raters[place], matrices[place] = names, matrix
    return replace(state, raters=tuple(raters), matrices=tuple(matrices))


def _drop(state: State, place: int, reason: Undefined) -> State:
    failed = list(state.failed)
    failed[place] = reason
    return replace(state, failed=tuple(failed))


def _matrix(rows: Sequence[NDArray[np.float64]], length: int) -> Matrix:
    matrix = np.array(rows, dtype=np.float64).reshape(len(rows), length)
    matrix.flags.writeable = False
    return matrix
