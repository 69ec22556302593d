"""Krippendorff's alpha against published values and against coincidence matrices written out here by hand."""

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affect.agreement import MEASURES, load
from affect.agreement.alpha import bootstrap_alpha, krippendorff_alpha, measure_alpha, percent_agreement
from affect.agreement.disagreement import Disagreement
from affect.agreement.distances import circular, polar
from affect.agreement.resampling import draw_weights
from affect.agreement.units import LEVELS, count
from affect.measure import Measure
from affect.undefined import Undefined


def table(*rows):
    return [[None if cell == "." else float(cell) for cell in row.split(",")] for row in rows]


DATA_C = table(
    "1,2,3,3,2,1,4,1,2,.,.,.", "1,2,3,3,2,2,4,1,2,5,.,.", ".,3,3,3,2,3,4,2,2,5,1,3", "1,2,3,3,2,4,4,1,2,5,1,."
)
WIKIPEDIA = table(".,.,.,.,.,3,4,1,2,1,1,3,3,.,3", "1,.,2,1,3,3,4,3,.,.,.,.,.,.,.", ".,.,2,1,3,4,4,.,2,1,1,3,3,.,4")


def by_hand(values, level):
    """Alpha from the coincidence matrix, pair by pair, as Krippendorff (2011) writes it down."""
    units = [[v for v in unit if v is not None] for unit in zip(*values, strict=True)]
    units = [unit for unit in units if len(unit) >= 2]
    domain = sorted({v for unit in units for v in unit})
    at = {v: i for i, v in enumerate(domain)}
    o = np.zeros((len(domain), len(domain)))
    for unit in units:
        for i, first in enumerate(unit):
            for j, second in enumerate(unit):
                if i != j:
                    o[at[first], at[second]] += 1 / (len(unit) - 1)
    n_c, n = o.sum(axis=1), o.sum()

    def distance(c, k):
        if level == "nominal":
            return float(c != k)
        if level == "ordinal":
            low, high = min(c, k), max(c, k)
            return (n_c[low : high + 1].sum() - (n_c[c] + n_c[k]) / 2) ** 2
        a, b = domain[c], domain[k]
        if level == "interval":
            return (a - b) ** 2
        return 0.0 if a == b else ((a - b) / (a + b)) ** 2

    size = range(len(domain))
    seen = sum(o[c, k] * distance(c, k) for c in size for k in size) / n
    chance = sum(n_c[c] * n_c[k] * distance(c, k) for c in size for k in size) / (n * (n - 1))
    return 1 - seen / chance


@pytest.mark.parametrize(
    ("level", "published"),
    [("nominal", 0.7434211), ("ordinal", 0.8153875), ("interval", 0.8491071), ("ratio", 0.7974028)],
)
def test_krippendorffs_own_data_gives_his_values(level, published):
    assert krippendorff_alpha(DATA_C, level) == pytest.approx(published, abs=5e-8)


@pytest.mark.parametrize(
    ("level", "published"),
    [("nominal", 0.6913580), ("ordinal", 0.8067214), ("interval", 0.8108449), ("ratio", 0.8089437)],
)
def test_the_second_missing_data_example_gives_its_values(level, published):
    assert krippendorff_alpha(WIKIPEDIA, level) == pytest.approx(published, abs=5e-8)


def test_two_observers_with_binary_and_with_nominal_data():
    binary = [list("0100000010"), list("1110010000")]
    nominal = [list("aabbdcccedda"), list("babbbccceddd")]
    assert krippendorff_alpha(binary, "nominal") == pytest.approx(0.0952381, abs=5e-8)
    assert krippendorff_alpha(nominal, "nominal") == pytest.approx(0.6919643, abs=5e-8)


def test_the_marginals_are_those_of_the_coincidences_and_the_single_rating_is_dropped():
    counts = count(DATA_C, "ordinal")
    assert np.asarray(counts.table.sum(axis=0)).tolist() == [9, 13, 10, 5, 3]
    assert 11 not in counts.unit_ids


def test_labels_with_equal_hashes_or_equal_texts_stay_apart():
    # "Aa" and "BB" share a string hash in other tools; 1 and "1" share their text; "nan" reads like a hole.
    for one, other in (("Aa", "BB"), (1, "1"), ("nan", "None"), ("a", "a ")):
        assert krippendorff_alpha([[one, other] * 5, [other, one] * 5], "nominal") < 0
        assert percent_agreement([[one, other], [other, one]]) == 0


class SameHash(str):
    __slots__ = ()

    def __hash__(self):
        return 7


def test_labels_of_one_hash_are_told_apart_by_equality():
    a, b = SameHash("a"), SameHash("b")
    assert krippendorff_alpha([[a, b, a, b], [b, a, b, a]], "nominal") < 0


def test_one_value_for_all_is_undefined_and_not_one():
    with pytest.raises(Undefined) as caught:
        krippendorff_alpha([["no", "no"], ["no", "no"]], "nominal")
    assert caught.value.code == "one_value_only"
    # The second value occurs, but only where nobody else rated.
    with pytest.raises(Undefined) as caught:
        krippendorff_alpha([["no", "no", "yes"], ["no", "no", None]], "nominal")
    assert caught.value.code == "one_value_only"


@pytest.mark.parametrize("values", [[], [["a", "b"]], [["a", None], [None, "b"]], [[None], [None]]])
def test_raters_who_never_meet_have_no_alpha(values):
    with pytest.raises(Undefined) as caught:
        krippendorff_alpha(values, "nominal")
    assert caught.value.code == "no_overlap"


@pytest.mark.parametrize(
    ("values", "level"),
    [([["a", "b"], ["a", "b"]], "interval"), ([[1, -1], [1, 1]], "ratio"), ([[1, float("inf")], [1, 2]], "interval")],
)
def test_unfit_values_are_refused(values, level):
    with pytest.raises(ValueError) as caught:
        krippendorff_alpha(values, level)
    assert not isinstance(caught.value, Undefined)


ratings = st.integers(2, 5).flatmap(
    lambda raters: st.integers(1, 12).flatmap(
        lambda units: st.lists(
            st.lists(st.one_of(st.none(), st.integers(0, 6)), min_size=units, max_size=units),
            min_size=raters,
            max_size=raters,
        )
    )
)


@given(ratings, st.sampled_from(LEVELS))
@settings(max_examples=200, deadline=None)
def test_alpha_equals_the_coincidence_matrix_written_by_hand(values, level):
    try:
        found = krippendorff_alpha(values, level)
    except Undefined:
        pairable = [
            {v for v in unit if v is not None}
            for unit in zip(*values, strict=True)
            if sum(v is not None for v in unit) > 1
        ]
        assert len(set().union(*pairable)) < 2
        return
    assert found == pytest.approx(by_hand(values, level), abs=1e-9)
    counts = count(values, level)
    # What serves the bootstrap and large tables is the same coefficient.
    assert Disagreement.of(counts, level).alphas(np.ones((1, len(counts.sizes))))[0] == pytest.approx(found, abs=1e-9)


@given(ratings, st.sampled_from(LEVELS), st.integers(0, 2**32 - 1))
@settings(max_examples=100, deadline=None)
def test_a_resample_is_the_alpha_of_the_table_with_its_units_repeated(values, level, seed):
    counts = count(values, level)
    if len(counts.sizes) < 2:
        return
    weights = np.concatenate(list(draw_weights(len(counts.sizes), 5, seed, 2)))
    for weight, found in zip(weights, Disagreement.of(counts, level).alphas(weights), strict=True):
        columns = np.repeat(counts.unit_ids, weight.astype(int))
        repeated = [[row[column] for column in columns] for row in values]
        if np.isnan(found):
            with pytest.raises(Undefined):
                krippendorff_alpha(repeated, level)
        else:
            assert found == pytest.approx(by_hand(repeated, level), abs=1e-9)


def test_the_interval_is_the_one_known_for_krippendorffs_data():
    # 2000 draws elsewhere: nominal .420-1, ordinal .451-1, interval .452-1; the low end moves with the draws.
    for level, low in (("nominal", 0.420), ("ordinal", 0.451), ("interval", 0.452)):
        interval = bootstrap_alpha(DATA_C, level, seed=1, resamples=2000)
        assert interval.low == pytest.approx(low, abs=0.05)
        assert interval.high == 1.0
        assert (interval.level, interval.resamples, interval.seed) == (0.95, 2000, 1)


def test_the_interval_depends_on_the_seed_alone():
    assert bootstrap_alpha(DATA_C, "ordinal", seed=4) == bootstrap_alpha(DATA_C, "ordinal", seed=4)
    assert bootstrap_alpha(DATA_C, "ordinal", seed=4) != bootstrap_alpha(DATA_C, "ordinal", seed=5)


def test_draws_do_not_depend_on_how_they_are_cut_into_blocks():
    whole = np.concatenate(list(draw_weights(7, 20, 3, 20)))
    parts = np.concatenate(list(draw_weights(7, 20, 3, 3)))
    assert (whole == parts).all()
    assert (whole.sum(axis=1) == 7).all()


def test_whole_clusters_are_drawn_and_widen_the_interval():
    rng = np.random.default_rng(5)
    truth = np.repeat(rng.integers(0, 4, 12), 20)
    noise = np.repeat(rng.random(12) < 0.5, 20)
    raters = [truth, np.where(noise, (truth + 1) % 4, truth)]
    people = np.repeat(np.arange(12), 20)
    by_unit = bootstrap_alpha(raters, "nominal", seed=1)
    by_cluster = bootstrap_alpha(raters, "nominal", seed=1, clusters=people)
    assert by_cluster.method == "percentile bootstrap over clusters"
    assert by_cluster.high - by_cluster.low > 2 * (by_unit.high - by_unit.low)


def test_one_unit_or_one_cluster_gives_no_interval():
    with pytest.raises(Undefined) as caught:
        bootstrap_alpha([["a"], ["b"]], "nominal", seed=1)
    assert caught.value.code == "too_few"
    with pytest.raises(Undefined) as caught:
        bootstrap_alpha([["a", "b"], ["b", "b"]], "nominal", seed=1, clusters=["p", "p"])
    assert caught.value.code == "too_few"


def test_resamples_without_a_value_are_counted_and_left_out():
    interval = bootstrap_alpha([["a"] + ["b"] * 4, ["a"] + ["b"] * 4], "nominal", seed=1, resamples=4000)
    # The lone "a" is missing from a resample of five with probability .8^5.
    assert interval.n_undefined / 4000 == pytest.approx(0.8**5, abs=0.03)
    assert interval.low == interval.high == 1.0


def test_a_page_gets_value_interval_n_and_coverage_or_the_reason():
    found = measure_alpha(DATA_C, "interval", seed=1)
    assert (found.n_units, found.n_raters) == (11, 4)
    assert found.coverage == pytest.approx(41 / 48)
    assert found.interval.low < found.value < 1
    flat = measure_alpha([["no"] * 5] * 2, "nominal", seed=1)
    assert (flat.value, flat.interval, flat.undefined) == (None, None, "one_value_only")
    assert "chance" in flat.why


SETS = [
    [{"joy"}, {"joy", "awe"}, {"fear"}, None],
    [{"joy"}, {"awe"}, {"fear"}, {"awe"}],
    [{"joy"}, {"joy"}, {"fear"}, None],
]


@pytest.mark.parametrize("name", MEASURES)
def test_every_measure_of_the_table_keeps_the_contract(name):
    of_clips = name.startswith(("concordance", "signed"))
    ratings, code = DATA_C, "no_overlap"
    if of_clips:
        ratings = [DATA_C, DATA_C]
    elif name.startswith("icc"):
        ratings, code = [row[2:9] for row in DATA_C], "incomplete"
    elif name in ("alpha_masi", "alpha_jaccard"):
        ratings = SETS
    found = load(name)(ratings, seed=3)
    assert isinstance(found, Measure)
    assert found.defined
    assert found.interval.seed == 3
    assert 0 < found.coverage <= 1
    assert found.method
    nothing = load(name)([[[None], [None]]] if of_clips else [[None], [None]], seed=3)
    assert (nothing.value, nothing.undefined) == (None, code)


def random_table(seed, low=0):
    rng = np.random.default_rng(seed)
    raters, units, top = int(rng.integers(2, 7)), int(rng.integers(3, 40)), int(rng.integers(2, 9))
    truth = rng.integers(low, top + low, units)
    values = np.where(rng.random((raters, units)) < 0.5, truth, rng.integers(low, top + low, (raters, units))).astype(
        float
    )
    values[rng.random(values.shape) < 0.2] = np.nan
    return values


@pytest.mark.parametrize("level", LEVELS)
def test_sums_over_units_equal_the_krippendorff_package(level):
    compared = 0
    for seed in range(200):
        values = random_table(seed)
        counts = count(values, level)
        if counts.n_values_used < 2:
            continue
        theirs = krippendorff.alpha(reliability_data=values, level_of_measurement=level)
        ours = Disagreement.of(counts, level).alphas(np.ones((1, len(counts.sizes))))[0]
        assert ours == pytest.approx(theirs, abs=1e-9)
        assert krippendorff_alpha(values, level) == pytest.approx(theirs, abs=1e-9)
        compared += 1
    assert compared >= 190


def test_own_distances_equal_the_krippendorff_package():
    def theirs(v1, v2, i1, i2, n_v, dtype=np.float64):
        return (2 * np.sin(np.pi * (v1 - v2) / 8)) ** 2

    for seed in range(200):
        values = random_table(seed)
        if count(values).n_values_used < 2:
            continue
        wanted = krippendorff.alpha(reliability_data=values, level_of_measurement=theirs)
        assert krippendorff_alpha(values, circular(8)) == pytest.approx(wanted, abs=1e-9)


def alpha_of_pairs(units, distance):
    """1 - Do/De with Do and De as plain means over ordered pairs, for labels of any kind."""
    units = [[v for v in unit if v is not None] for unit in units]
    units = [unit for unit in units if len(unit) > 1]
    everything = [v for unit in units for v in unit]
    n = len(everything)
    seen = sum(
        distance(a, b) / (len(unit) - 1)
        for unit in units
        for i, a in enumerate(unit)
        for j, b in enumerate(unit)
        if i != j
    )
    chance = sum(distance(a, b) for i, a in enumerate(everything) for j, b in enumerate(everything) if i != j)
    return 1 - (n - 1) * seen / chance if chance else None


@pytest.mark.parametrize("level", ["masi", "jaccard"])
def test_alpha_of_sets_equals_the_mean_distance_of_pairs(level):
    def by_hand(a, b):
        shared, union = len(a & b), len(a | b)
        if not union:
            return 0.0
        monotone = 1 if a == b else 2 / 3 if a <= b or b <= a else 1 / 3 if shared else 0
        return 1 - shared / union * (monotone if level == "masi" else 1)

    compared = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        labels = np.array(["joy", "fear", "awe"])
        values = [
            [None if rng.random() < 0.2 else set(labels[rng.random(3) < 0.4].tolist()) for _ in range(8)]
            for _ in range(3)
        ]
        wanted = alpha_of_pairs(list(zip(*values, strict=True)), by_hand)
        if wanted is None:
            continue
        assert krippendorff_alpha(values, level) == pytest.approx(wanted, abs=1e-9)
        compared += 1
    assert compared >= 190


def test_polar_and_circular_distances_are_those_of_krippendorff():
    values = random_table(5, low=1).tolist()
    units = [[None if v != v else v for v in unit] for unit in zip(*values, strict=True)]

    def polar_by_hand(a, b):
        return 0 if a == b else (a - b) ** 2 / ((a + b - 2 * 1) * (2 * 9 - a - b))

    assert krippendorff_alpha(values, polar(1, 9)) == pytest.approx(alpha_of_pairs(units, polar_by_hand), abs=1e-9)
    # Shifting every direction by a third of a turn changes nothing.
    turned = [[(v + 8 / 3) % 8 if v == v else v for v in row] for row in values]
    assert krippendorff_alpha(turned, circular(8)) == pytest.approx(krippendorff_alpha(values, circular(8)), abs=1e-9)


def test_distances_that_are_none_and_labels_that_are_no_sets_are_refused():
    table = [[1, 2, 3], [1, 2, 2]]
    for work in (
        lambda: krippendorff_alpha(table, lambda a, b: a - b),
        lambda: krippendorff_alpha(table, lambda a, b: float("nan")),
        lambda: krippendorff_alpha(table, "cosine"),
        lambda: krippendorff_alpha([["joy", "fear"], ["joy", "fear"]], "masi"),
        lambda: krippendorff_alpha([["a", "b"], ["a"]], "nominal"),
    ):
        with pytest.raises(ValueError) as caught:
            work()
        assert not isinstance(caught.value, Undefined)
    with pytest.raises(Undefined) as caught:
        krippendorff_alpha(table, lambda a, b: 0.0)
    assert caught.value.code == "one_value_only"


def test_many_values_and_few_take_the_same_sums():
    """Above some number of values the bootstrap keeps ranks and counts sparse; both ways give one number."""
    rng = np.random.default_rng(2)
    values = np.round(rng.normal(size=200) + rng.normal(scale=0.5, size=(4, 200)), 1)
    values[rng.random(values.shape) < 0.2] = np.nan
    weights = rng.integers(0, 3, (5, 200)).astype(float)
    for level in ("nominal", "ordinal", "interval"):
        counts = count(values, level)
        few = Disagreement.of(counts, level)
        many = replace(few, values=counts.table.astype(float), pairs=None)
        assert level != "ordinal" or few.pairs is not None
        assert many.alphas(weights[:, counts.unit_ids]) == pytest.approx(
            few.alphas(weights[:, counts.unit_ids]), abs=1e-9
        )


def test_labels_that_are_tuples_or_mixed_stay_whole():
    values = [[("a", 1), ("a", 2), None, 3], [("a", 1), ("b", 2), "x", 3]]
    assert percent_agreement(values) == pytest.approx(2 / 3)


def peak_of(code):
    """CPU seconds that the code tells and the peak memory in MB of a process of its own."""
    out = subprocess.run(
        [sys.executable, "-c", MILLION + code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    return tuple(float(number) for number in out.stdout.split())


MILLION = """
import time
import numpy as np
from affect.agreement.alpha import bootstrap_alpha, krippendorff_alpha
rng = np.random.default_rng(0)
values = np.clip(rng.integers(0, 9, 100_000) + rng.integers(-1, 2, (10, 100_000)), 0, 8).astype(float)
values[rng.random(values.shape) < 0.2] = np.nan
begin = time.process_time()
"""
# The peak of this program's own memory: getrusage keeps that of whoever started it, who may be a large test process.
TOLD = """
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM:"))
print(told, int(peak.split()[1]) / 1024)
"""


@pytest.mark.parametrize("level", LEVELS)
def test_a_million_ratings_take_a_second_and_half_a_gigabyte(level):
    seconds, megabytes = peak_of(f"krippendorff_alpha(values, {level!r})\ntold = time.process_time() - begin\n{TOLD}")
    assert seconds < 1
    assert megabytes < 500


@pytest.mark.parametrize("level", LEVELS)
def test_ten_thousand_units_by_ten_raters_take_seconds(level):
    rng = np.random.default_rng(0)
    values = np.clip(rng.integers(0, 9, 10_000) + rng.integers(-1, 2, (10, 10_000)), 0, 8).astype(float)
    values[rng.random(values.shape) < 0.2] = np.nan
    begin = time.process_time()
    bootstrap_alpha(values, level, seed=1, resamples=1000)
    assert time.process_time() - begin < 10
