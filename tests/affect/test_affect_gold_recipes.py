"""Recipes: written down, checked, followed step by step, and followed again to the same bytes."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from scipy.signal import lfilter

from affect.agreement.concordance import bootstrap_blocks
from affect.codecs.trace import Flag
from affect.codecs.trace import make as trace
from affect.gold import labels, traces
from affect.gold.alone import interval_over_raters, measure_alone
from affect.gold.fusion import fuse_mean
from affect.gold.inputs import Clip, RaterTrace, inputs_digest
from affect.gold.labels import Decision
from affect.gold.ordinal import rank_windows
from affect.gold.recipe import (
    Align,
    Clock,
    DeadBand,
    Filter,
    Fusion,
    LabelRecipe,
    Lag,
    Ordinal,
    RecipeError,
    Standardise,
    TraceRecipe,
    parse,
    raaw,
)  # fmt: skip
from affect.gold.samples import ANAESTHETISTS
from affect.undefined import Undefined
from tests.affect.test_affect_gold_traces import wave

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs" / "schemas" / "gold_recipe.json").read_text())
nan = float("nan")
EWE = Fusion("ewe", reference="all", over="all_clips", raw_agreement=False)
SAVGOL = Filter("savgol", window=5, order=3)

TRACE_RECIPES = {
    "plain": TraceRecipe(),
    "median": TraceRecipe(fusion=Fusion("median"), dead_band=DeadBand(0.02)),
    "trimmed": TraceRecipe(fusion=Fusion("trimmed", share=0.2), filter=Filter("median", window=5)),
    "ewe": TraceRecipe(fusion=EWE, standardise=Standardise("all_clips", "scale")),
    "ewe_each": TraceRecipe(fusion=replace(EWE, over="each_clip", reference="others"), filter=SAVGOL),
    "lags": TraceRecipe(lag=Lag(), filter=Filter("low_pass", order=2, cutoff_hz=1.0)),
    "lags_by_features": TraceRecipe(lag=Lag("features", over="each_clip")),
    "fixed_lag": TraceRecipe(lag=Lag("fixed", fixed_us=2_000_000), smooth=Filter("moving_average", window=9)),
    "dba": TraceRecipe(align=Align("dba", reach_us=2_000_000), clock=Clock((5, 1), None)),
    "ordinal": TraceRecipe(fusion=None, ordinal=Ordinal(threshold=0.05), alone="raters"),
    "raaw": raaw(),
}
LABEL_RECIPES = {
    name: LabelRecipe(name, tuple("1234"), smoothing=0.1 if name == "soft" else 0.0)
    for name in ("majority", "soft", "dawid_skene", "one_coin", "mace", "glad")
}
EVERY_TRACE_RECIPE = pytest.mark.parametrize("recipe", TRACE_RECIPES.values(), ids=TRACE_RECIPES)
EVERY_LABEL_RECIPE = pytest.mark.parametrize("recipe", LABEL_RECIPES.values(), ids=LABEL_RECIPES)


def rater_trace(name, values, rate=10, start_us=0, flags=None, **more):
    times = start_us + np.arange(len(values)) * 1_000_000 // rate
    return RaterTrace(name, trace(times, values, flags), **more)


def clips(n=3, seconds=40, planted=(0, 0, 15, 5)):
    """Clips with four raters, of whom two are late, and the feature that they follow."""
    found = []
    for place in range(n):
        rng = np.random.default_rng(place)
        truth = wave(seconds, rate=25, seed=place)
        raters = []
        for rater, lag in enumerate(planted):
            late = np.concatenate([np.full(lag * 25 // 10, truth[0]), truth])[: len(truth)]
            raters.append(rater_trace(f"r{rater}", late + rng.normal(0, 0.1, len(truth)), rate=25))
        feature = rater_trace("", truth, rate=25).trace
        own = rater_trace("self", truth, rate=25)
        found.append(Clip(f"c{place}", 0, seconds * 1_000_000, tuple(raters), (feature,), own))
    return found


# recipes -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("recipe", [*TRACE_RECIPES.values(), *LABEL_RECIPES.values()])
def test_a_recipe_survives_json_and_keeps_to_the_published_schema(recipe):
    document = json.loads(json.dumps(recipe.document()))
    jsonschema.validate(document, SCHEMA)
    assert parse(document) == recipe
    assert parse(document).digest() == recipe.digest()


def test_no_two_recipes_have_one_hash():
    every = [*TRACE_RECIPES.values(), *LABEL_RECIPES.values()]
    assert len({one.digest() for one in every}) == len(every)


BAD = [
    ({"kind": "song"}, "kind"), ({"colour": 1}, "colour"), ({"format_version": 2}, "format"), ({"seed": True}, "seed"),
    ({"seed": 1.5}, "seed"), ({"clock": {"rate_hz": [10]}}, "clock.rate_hz"), ({"clock": {"rate_hz": [0, 1]}}, "clock.rate_hz"),
    ({"clock": 3}, "clock"), ({"dead_band": {"width": -1}}, "dead_band.width"),
    ({"filter": {"kind": "savgol", "window": 4, "order": 3}}, "filter.window"),
    ({"filter": {"kind": "savgol", "window": 5}}, "filter.order"),
    ({"filter": {"kind": "low_pass", "order": 2}}, "filter.cutoff_hz"),
    ({"standardise": {"over": "this_recording"}}, "standardise.over"), ({"lag": {"method": "fixed"}}, "lag.fixed_us"),
    ({"align": {"method": "gctw"}}, "align.knot_us"), ({"fusion": {"method": "best"}}, "fusion.method"),
    ({"fusion": {"method": "ewe"}}, "fusion.reference"), ({"fusion": {"method": "trimmed", "share": 0.5}}, "fusion.share"),
    ({"fusion": None}, "fusion"), ({"ordinal": {}}, "fusion"), ({"resamples": 10}, "resamples"), ({"alone": "minutes"}, "alone"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "where"), BAD)
def test_a_recipe_that_means_nothing_is_refused_by_code_and_schema_alike(change, where):
    document = TraceRecipe().document() | change
    with pytest.raises(RecipeError) as caught:
        parse(document)
    assert caught.value.where == where
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, SCHEMA)


@pytest.mark.parametrize(
    "change",
    [
        {"labels": ["joy"]}, {"labels": ["joy", "joy"]}, {"method": "guess"}, {"ties": "first"}, {"smoothing": -1},
        {"method": "glad", "smoothing": 1},
    ],
)  # fmt: skip
def test_a_label_recipe_that_means_nothing_is_refused_by_code_and_schema_alike(change):
    document = LabelRecipe(labels=("fear", "joy")).document() | change
    with pytest.raises(RecipeError):
        parse(document)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, SCHEMA)


def test_what_only_the_numbers_together_forbid_is_refused_too():
    for wrong in (
        lambda: Filter("savgol", window=5, order=5),
        lambda: TraceRecipe(clock=Clock((2, 1)), filter=Filter("low_pass", order=2, cutoff_hz=1.0)),
        lambda: Lag(floor_us=7_000_000),
    ):
        with pytest.raises(RecipeError):
            wrong()


# replay ------------------------------------------------------------------------------------------------------------------

REPLAY = """
import sys
from affect.gold import labels, traces
from affect.gold.inputs import Clip
from affect.gold.samples import ANAESTHETISTS
from tests.affect.test_affect_gold_recipes import LABEL_RECIPES, TRACE_RECIPES, clips, turned_round
for name, recipe in TRACE_RECIPES.items():
    print(name, traces.make(recipe, turned_round(clips())).digest())
for name, recipe in LABEL_RECIPES.items():
    print(name, labels.make(recipe, reversed(ANAESTHETISTS)).digest())
"""


def turned_round(given):
    """The same clips, clips and raters in the opposite order."""
    return [replace(clip, traces=clip.traces[::-1]) for clip in reversed(given)]


def test_the_same_recipe_and_inputs_give_the_same_bytes_in_another_process_and_another_order():
    here = {name: traces.make(recipe, clips()).digest() for name, recipe in TRACE_RECIPES.items()}
    here |= {name: labels.make(recipe, ANAESTHETISTS).digest() for name, recipe in LABEL_RECIPES.items()}
    ran = subprocess.run([sys.executable, "-c", REPLAY], cwd=ROOT, capture_output=True, text=True, check=True)
    assert dict(line.split() for line in ran.stdout.splitlines()) == here
    assert len(set(here.values())) == len(here)


def test_the_hash_of_the_inputs_knows_every_sample_and_no_order():
    given = clips(2)
    assert inputs_digest(given) == inputs_digest(turned_round(given))
    first = given[0]
    changed = first.traces[0].trace.values.copy()
    changed[7] += 1e-9
    for other in (
        replace(first, end_us=first.end_us + 1), replace(first, traces=first.traces[1:]), replace(first, self_report=None),
        replace(first, features=()),
        replace(first, traces=(rater_trace("r0", changed, rate=25), *first.traces[1:])),
        replace(first, traces=(replace(first.traces[0], kind="events"), *first.traces[1:])),
    ):  # fmt: skip
        assert inputs_digest([other, given[1]]) != inputs_digest(given)


# steps -------------------------------------------------------------------------------------------------------------------


@EVERY_TRACE_RECIPE
def test_every_step_is_there_with_what_was_before_and_after(recipe):
    gold = traces.make(recipe, clips())
    assert [step.name for step in gold.steps] == ["clock"] + [
        name for name in ("dead_band", "filter", "standardise", "lag", "align") if getattr(recipe, name)
    ]
    for one, following in zip(gold.steps, gold.steps[1:], strict=False):
        assert following.before is one.after
    for step in gold.steps:
        assert len(step.after) == len(step.facts) == len(step.raters) == 3
        assert all(not matrix.flags.writeable for matrix in step.after)
    assert all(clip.fused is not None for clip in gold.clips)
    assert list(gold.document()).index("raw") < list(gold.document()).index("fused_from")
    assert "NaN" not in gold.to_bytes().decode()


def test_the_plain_recipe_is_the_mean_on_the_clock_with_the_raw_agreement_beside_it():
    gold = traces.make(TraceRecipe(), clips())
    first = gold.clips[0]
    assert first.times_us.tolist() == list(range(0, 40_000_000, 100_000))
    assert first.fused.value.tolist() == fuse_mean(gold.steps[0].after[0]).value.tolist()
    assert gold.raw == gold.fused_from
    assert gold.raw.interval.method == "percentile bootstrap over clips"
    assert gold.unit == "scale"


def test_lags_are_found_and_taken_back_and_agreement_is_shown_before_and_after():
    for method in ("leave_one_out", "features"):
        gold = traces.make(TraceRecipe(lag=Lag(method)), clips(4, seconds=80))
        lags = gold.steps[-1].facts[0]["lags"]
        found = np.array([lags[f"r{k}"]["steps"] for k in range(4)])
        assert np.abs(found - [0, 0, 15, 5]).max() <= 1
        assert lags["r2"]["lag_us"] == lags["r2"]["steps"] * 100_000
        assert gold.fused_from.value > gold.raw.value + 0.02
        assert np.isnan(gold.steps[-1].after[0][2, -found[2] :]).all()


def test_a_standard_scale_over_all_clips_keeps_a_higher_clip_higher_and_over_each_does_not():
    low, high = (
        Clip(name, 0, 20_000_000, tuple(rater_trace(f"r{k}", wave(20, seed=k) * 0.2 + level) for k in range(3)))
        for name, level in (("low", 0.0), ("high", 5.0))
    )
    means = {}
    for over in ("all_clips", "each_clip"):
        gold = traces.make(TraceRecipe(standardise=Standardise(over)), [low, high])
        assert gold.unit == "z"
        means[over] = {clip.clip: float(np.nanmean(clip.fused.value)) for clip in gold.clips}
    assert means["all_clips"]["high"] > means["all_clips"]["low"] + 1
    assert means["each_clip"]["high"] == pytest.approx(means["each_clip"]["low"], abs=1e-9)


def test_a_scale_taken_back_is_stated_and_is_the_raters_own():
    gold = traces.make(TraceRecipe(standardise=Standardise("all_clips", "scale")), clips())
    plain = traces.make(TraceRecipe(), clips())
    mean, sd = gold.clips[0].scale
    assert gold.unit == "scale"
    assert np.nanmean(gold.clips[0].fused.value) == pytest.approx(np.nanmean(plain.clips[0].fused.value), abs=0.05)
    z = traces.make(TraceRecipe(standardise=Standardise("all_clips", "z")), clips())
    assert gold.clips[0].fused.value == pytest.approx(z.clips[0].fused.value * sd + mean, nan_ok=True)
    assert gold.clips[0].fused.sd == pytest.approx(z.clips[0].fused.sd * sd, nan_ok=True)


def test_raaw_weighs_by_the_raw_traces_and_agrees_better_after_alignment():
    gold = traces.make(raaw(), clips())
    assert [step.name for step in gold.steps] == ["clock", "filter", "standardise", "align"]
    assert gold.fused_from.value > gold.raw.value
    weights = gold.clips[0].fused.weights
    assert sum(weight.share for weight in weights) == pytest.approx(1)
    assert weights[0].share > weights[2].share


def test_events_hold_and_samples_are_joined_and_gaps_stay():
    events = RaterTrace("eve", trace([0, 2_000_000], [0.0, 1.0]), kind="events", until_us=3_000_000)
    line = RaterTrace("lin", trace([0, 500_000, 2_500_000, 3_000_000], [0.0, 0.5, 2.5, 3.0]))
    marked = RaterTrace("mar", trace([0, 2_000_000, 4_000_000], [5.0, 5.0, 5.0], [0, Flag.GAP_BEFORE, 0]))
    gold = traces.make(TraceRecipe(clock=Clock((1, 1), 1_500_000)), [Clip("c", 0, 5_000_000, (events, line, marked))])
    known = np.array([[0, 0, 1, nan, nan], [0, nan, nan, 3, nan], [5, nan, 5, nan, 5]])
    assert gold.steps[0].after[0] == pytest.approx(known, nan_ok=True)
    assert gold.clips[0].fused.n.tolist() == [3, 1, 2, 1, 1]


def test_traces_of_different_rates_meet_on_the_clock():
    truth = [rater_trace(f"r{rate}", wave(20, rate=rate), rate=rate) for rate in (4, 10, 25, 60)]
    gold = traces.make(TraceRecipe(), [Clip("c", 0, 20_000_000, tuple(truth))])
    assert gold.clips[0].fused.n[:190].tolist() == [4] * 190
    assert float(np.nanmax(gold.clips[0].fused.sd)) < 0.05


# the ends ----------------------------------------------------------------------------------------------------------------

ENDS = {
    "nobody": (),
    "one_rater": (rater_trace("ana", wave(20)),),
    "flat": (rater_trace("ana", [0.5] * 200), rater_trace("ben", [0.5] * 200)),
    "one_sample": (rater_trace("ana", [0.5]), rater_trace("ben", [0.7])),
    "no_overlap": (rater_trace("ana", wave(8)), rater_trace("ben", wave(8), start_us=10_000_000)),
    "outside": (rater_trace("ana", wave(8), start_us=90_000_000),),
    "stopped_half_way": (
        rater_trace("ana", wave(20)),
        rater_trace("ben", wave(8)),
        rater_trace("cid", wave(20, seed=1)),
    ),
    "one_flat": (rater_trace("ana", wave(20)), rater_trace("ben", wave(20)), rater_trace("cid", [0.1] * 200)),
}


@pytest.mark.parametrize("ended", ENDS.values(), ids=ENDS)
@EVERY_TRACE_RECIPE
def test_whatever_comes_there_is_a_value_or_a_sentence_and_the_other_clips_go_on(recipe, ended):
    good = clips(1)[0]
    strange = Clip("strange", 0, 20_000_000, ended, good.features)
    gold = traces.make(replace(recipe, resamples=100), [good, strange])
    assert gold.clips[0].fused is not None
    found = gold.clips[1]
    if found.fused is None:
        assert found.undefined
        assert found.why.endswith(".")
    else:
        assert np.isfinite(found.fused.value[found.fused.n > 0]).all()
        assert found.fused.n.any()
    for measure in (gold.raw, gold.fused_from):
        assert measure.defined or measure.why
        assert measure.value is None or np.isfinite(measure.value)
    assert "NaN" not in gold.to_bytes().decode()


def test_what_is_undefined_has_the_right_reason():
    known = {
        ("plain", "nobody"): "too_few", ("ewe_each", "one_rater"): "too_few", ("raaw", "flat"): "constant_trace",
        ("ewe_each", "no_overlap"): "no_overlap", ("plain", "outside"): "too_few", ("dba", "one_rater"): "too_few",
        ("ordinal", "one_sample"): "too_few", ("plain", "one_rater"): "", ("plain", "flat"): "", ("plain", "no_overlap"): "",
    }  # fmt: skip
    for (recipe, end), code in known.items():
        gold = traces.make(TRACE_RECIPES[recipe], [Clip("c", 0, 20_000_000, ENDS[end])])
        assert gold.clips[0].undefined == code, (recipe, end)


def test_a_flat_rater_is_left_out_of_a_standard_scale_by_name():
    gold = traces.make(TraceRecipe(standardise=Standardise()), [Clip("c", 0, 20_000_000, ENDS["one_flat"])])
    assert gold.steps[-1].facts[0]["left_out"] == {"cid": "constant_trace"}
    assert gold.clips[0].raters == ("ana", "ben")
    assert gold.clips[0].fused.n.max() == 2


def test_clips_that_contradict_each_other_are_refused():
    one = clips(1)[0]
    for wrong in (
        lambda: traces.make(TraceRecipe(), [one, one]), lambda: replace(one, end_us=0), lambda: replace(one, traces=one.traces * 2),
        lambda: replace(one.traces[0], kind="drawing"), lambda: replace(one.traces[0], until_us=5),
    ):  # fmt: skip
        with pytest.raises(ValueError):
            wrong()


# self-report -------------------------------------------------------------------------------------------------------------


def test_a_self_report_is_compared_and_changes_nothing_that_is_fused():
    given = clips()
    without = [replace(clip, self_report=None) for clip in given]
    gold, alone = traces.make(TraceRecipe(), given), traces.make(TraceRecipe(), without)
    for one, other in zip(gold.clips, alone.clips, strict=True):
        assert one.fused.value.tobytes() == other.fused.value.tobytes()
        assert one.self_report.correlation > 0.8
        assert one.self_report.concordance > 0.7
        assert other.self_report is None
    z = traces.make(TraceRecipe(standardise=Standardise()), given)
    assert z.clips[0].self_report.concordance is None
    assert z.clips[0].self_report.correlation > 0.8


# one recording alone -----------------------------------------------------------------------------------------------------


def test_one_recording_alone_is_drawn_over_blocks_or_raters_and_says_so():
    for alone in ("blocks", "raters"):
        measure = traces.make(TraceRecipe(alone=alone), clips(1)).raw
        assert measure.n_units == 1
        assert alone in measure.method
        assert "one recording" in measure.interval.method
        assert measure.interval.low < measure.value < measure.interval.high


def test_blocks_give_the_true_width_where_single_samples_would_not():
    """Two raters of slow, independent movements: samples repeat each other for seconds, so the interval must be wide."""
    covered = promised = 0
    for seed in range(30):
        noise = np.random.default_rng(seed).normal(size=(2, 3000))
        pair = lfilter([1], [1, -0.95], noise, axis=1)[:, 1000:]
        blocks = bootstrap_blocks(pair, 100, seed=1, resamples=300)
        samples = bootstrap_blocks(pair, 1, seed=1, resamples=300)
        covered += blocks.low <= 0 <= blocks.high
        promised += samples.low <= 0 <= samples.high
    assert covered >= 25
    assert promised <= 20


def test_an_interval_that_cannot_be_made_leaves_the_value_and_says_why():
    pair = [wave(10), wave(10) + 0.1]
    for over, why in (("blocks", "two blocks"), ("raters", "three raters")):
        measure = measure_alone(pair, over=over, block=1000, seed=1)
        assert measure.value is not None
        assert measure.interval is None
        assert why in measure.why
    with pytest.raises(Undefined):
        interval_over_raters(np.ones((3, 10)), seed=1)
    same = measure_alone(pair, over="blocks", block=20, seed=4)
    assert same == measure_alone(pair, over="blocks", block=20, seed=4)


# ranks -------------------------------------------------------------------------------------------------------------------


def test_ranks_follow_what_all_raters_prefer_whatever_their_scales():
    truth = np.repeat([1.0, 4.0, 2.0, 3.0], 5)
    found = rank_windows([truth, truth * 10 + 50, np.exp(truth)], window=5)
    assert found.ranks.tolist() == [1, 4, 2, 3]
    assert found.tau == pytest.approx(1)
    assert found.fused.value.tolist() == pytest.approx([-1, 1, -1 / 3, 1 / 3])
    assert found.fused.sd.tolist() == [0] * 4


def test_small_differences_are_no_preference_and_half_a_window_is_none():
    found = rank_windows([[0, 0, 0.1, 0.1, 5, 5, 9]], window=2, threshold=0.2)
    assert found.ranks.tolist() == [1.5, 1.5, 3]
    gap = rank_windows([[0, nan, 1, 1, 2, 2], [3, 3, 2, 2, 4, 4]], window=2)
    assert gap.fused.n.tolist() == [1, 2, 2]
    assert gap.ranks.tolist() == [2, 1, 3]
    rise = rank_windows([[0, 1, 5, 5, 3, 1]], window=2, statistic="gradient", step_seconds=0.5)
    assert rise.figures.tolist() == [[2, 0, -4]]
    assert rank_windows([[0, 2, 5, 5]], window=2, statistic="area", step_seconds=0.5).figures.tolist() == [[0.5, 2.5]]
    for wrong in (
        {"window": 0},
        {"window": 1, "statistic": "gradient"},
        {"window": 1, "statistic": "peak"},
        {"window": 1, "threshold": -1},
    ):
        with pytest.raises(ValueError):
            rank_windows([[1.0, 2.0]], **wrong)


# labels ------------------------------------------------------------------------------------------------------------------


@EVERY_LABEL_RECIPE
def test_every_label_recipe_gives_labels_with_their_distribution(recipe):
    gold = labels.make(recipe, ANAESTHETISTS, items=["99"])
    assert len(gold.items) == 46
    by_item = {one.item: one for one in gold.items}
    assert by_item["01"].label == "1"
    assert sum(share for _, share in by_item["01"].distribution) == pytest.approx(1)
    assert [label for label, _ in by_item["01"].distribution] == list("1234")
    assert (by_item["99"].label, by_item["99"].undefined) == (None, "too_few")
    assert set(gold.raters) == (set() if recipe.method in ("majority", "soft") else set("12345"))
    assert by_item["02"].label == ("4" if recipe.method == "dawid_skene" else "3")


def test_an_expert_takes_the_place_of_the_label_and_leaves_what_the_answers_gave():
    recipe = LABEL_RECIPES["dawid_skene"]
    decision = Decision("02", "3", "expert-1", "seen again with the file")
    plain, decided = labels.make(recipe, ANAESTHETISTS), labels.make(recipe, ANAESTHETISTS, decisions=[decision])
    one = next(item for item in decided.items if item.item == "02")
    assert (one.label, one.from_answers, one.decision) == ("3", "4", decision)
    assert decided.raters == plain.raters
    assert decided.inputs != plain.inputs
    unasked = labels.make(recipe, ANAESTHETISTS, decisions=[Decision("77", "1", "expert-1", "nobody else saw it")])
    assert unasked.items[-1].label == "1"
    for wrong in ([decision, decision], [replace(decision, label="9")]):
        with pytest.raises(ValueError):
            labels.make(recipe, ANAESTHETISTS, decisions=wrong)


def test_a_tie_stays_open_or_is_drawn_by_seed_and_item():
    votes = [(f"i{k}", rater, label) for k in range(200) for rater, label in (("ana", "a"), ("ben", "b"))]
    for method in ("majority", "soft", "one_coin", "glad"):
        left = labels.make(LabelRecipe(method, ("a", "b")), votes)
        assert {one.label for one in left.items} == {None}
        assert all(one.tied for one in left.items)
    drawn = [labels.make(LabelRecipe("majority", ("a", "b"), "random", seed=s), votes).items for s in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert 60 < sum(one.label == "a" for one in drawn[0]) < 140


def test_what_people_said_of_themselves_is_counted_beside_and_not_among_the_answers():
    own = {"01": "1", "02": "4", "03": "1", "zz": "2"}
    gold = labels.make(LABEL_RECIPES["dawid_skene"], ANAESTHETISTS, self_reports=own)
    assert (gold.self_report.agree, gold.self_report.n) == (2, 3)
    assert [one.label for one in gold.items] == [
        one.label for one in labels.make(LABEL_RECIPES["dawid_skene"], ANAESTHETISTS).items
    ]


def test_without_any_answer_every_item_says_why():
    for recipe in LABEL_RECIPES.values():
        gold = labels.make(recipe, [("i", "ana", None)], items=["i", "j"])
        assert [one.undefined for one in gold.items] == ["too_few", "too_few"]
        assert gold.to_bytes()
