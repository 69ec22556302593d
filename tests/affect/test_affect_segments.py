"""Segments against hand-made cases and slow, plain implementations: every step counted, every matching tried."""

from itertools import permutations

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching
from sklearn.metrics import cohen_kappa_score

from affect.agreement.alpha import krippendorff_alpha
from affect.agreement.gamma import best_alignment, gamma
from affect.agreement.recordings import measure_recordings
from affect.agreement.segments import boundary_error, boundary_f1, frames, framewise_kappa, temporal_iou
from affect.agreement.unitizing import unitizing_alpha
from affect.undefined import Undefined

ALEX = [(2, 9, 1), (11, 17, 2), (24, 30, 5), (32, 36, 6), (36, 44, 6), (44, 60, 7)]
PAUL = [(2, 9, 1), (11, 17, 3), (19, 25, 5), (32, 44, 6)]
SUZAN = [(2, 9, 1), (11, 17, 4), (21, 27, 5), (32, 36, 6), (36, 40, 6), (40, 44, 6)]


def random_segments(rng, length, labels="ab", most=5):
    """Segments without overlap on [0, length)."""
    edges = np.sort(rng.choice(np.arange(length + 1), size=2 * int(rng.integers(0, most)), replace=False))
    return [(int(s), int(e), str(rng.choice(list(labels)))) for s, e in zip(edges[::2], edges[1::2], strict=True)]


# alpha for unitizing ----------------------------------------------------------------------------------------------------------


def unitizing_by_steps(raters, length, resolution=1):
    """The same family, one step of the continuum and one ordered pair of raters at a time; gaps are label None."""
    m = len(raters)
    at = [[None] * length for _ in raters]
    for r, given in enumerate(raters):
        for s, e, label in given:
            at[r][s:e] = [label] * (e - s)
    seen = {}
    for i in range(m):
        for j in range(m):
            if i != j:
                for t in range(length):
                    key = (at[i][t], at[j][t])
                    seen[key] = seen.get(key, 0) + 1 / (m - 1)
    own = {}
    for r, given in enumerate(raters):
        for s, e, label in given:
            own[label] = own.get(label, 0) + (e - s) ** 2
        own[None] = own.get(None, 0) + sum(label is None for label in at[r]) * resolution

    def alpha(seen, own):
        values = {c for pair in seen for c in pair}
        n_c = {c: sum(n for (x, _), n in seen.items() if x == c) for c in values}
        n = sum(n_c.values())
        below = n - sum(own.get(c, 0) for c in values) / n
        expected = sum(n_c[c] * n_c[k] / below for c in values for k in values if c != k) if below > 1e-9 else 0
        apart = sum(n for (c, k), n in seen.items() if c != k)
        return 1 - apart / expected if expected > 1e-9 else None

    coding = {pair: n for pair, n in seen.items() if None not in pair}
    shared = {}
    for i, given in enumerate(raters):
        for s, e, label in given:
            weight = sum(at[j][t] is not None for j in range(m) if j != i for t in range(s, e)) / (m - 1)
            shared[label] = shared.get(label, 0) + weight**2
    return alpha(seen, own), alpha(coding, shared) if coding else None


def test_unitizing_alpha_equals_counting_every_step():
    compared = codings = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        raters = [random_segments(rng, 24) for _ in range(int(rng.integers(2, 5)))]
        nominal, coding = unitizing_by_steps(raters, 24)
        if nominal is None:
            with pytest.raises(Undefined):
                unitizing_alpha(raters, 0, 24)
            continue
        found = unitizing_alpha(raters, 0, 24)
        assert found.nominal == pytest.approx(nominal, abs=1e-9)
        assert (found.coding is None) == (coding is None)
        if coding is not None:
            assert found.coding == pytest.approx(coding, abs=1e-9)
            codings += 1
        compared += 1
        # Times elsewhere and in another unit are the same continuum.
        moved = [[(1e9 + 40 * s, 1e9 + 40 * e, label) for s, e, label in given] for given in raters]
        again = unitizing_alpha(moved, 1e9, 1e9 + 960, resolution=40)
        assert again.nominal == pytest.approx(nominal, abs=1e-9)
    assert compared > 180
    assert codings > 100


def test_two_raters_of_whom_one_marked_nothing_by_hand():
    # Lengths 5 marked, 15 blank, 10 apart; 2 * 5 * 15 expected apart of 20 - (25 + 15) / 20.
    found = unitizing_alpha([[(0, 5, "joy")], []], 0, 10)
    assert found.nominal == pytest.approx(1 - 10 / (2 * 5 * 15 / (20 - 40 / 20)))
    assert found.nominal == pytest.approx(found.binary)
    assert found.coding is None
    assert "labels alone" in found.why


def test_equal_unitisations_agree_fully_and_labels_are_told_from_boundaries():
    marked = [(0, 4, "joy"), (6, 9, "fear")]
    same = unitizing_alpha([marked] * 3, 0, 12)
    assert (same.nominal, same.binary, same.coding) == (1.0, 1.0, 1.0)
    assert [one.alpha for one in same.labels] == [1.0, 1.0]
    # Same boundaries, labels swapped.
    other = unitizing_alpha([marked, [(0, 4, "fear"), (6, 9, "joy")]], 0, 12)
    assert other.binary == pytest.approx(1.0)
    assert other.coding < 0
    # Boundaries off, labels right where both marked.
    shifted = unitizing_alpha([marked, [(1, 5, "joy"), (7, 10, "fear")]], 0, 12)
    assert shifted.binary < 1
    assert shifted.coding == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("raters", "code"),
    [
        ([[], []], "one_value_only"),
        ([[(0, 10, "a")], [(0, 10, "a")]], "one_value_only"),
        ([[(0, 5, "a")]], "no_overlap"),
    ],
)
def test_a_continuum_without_contrast_is_undefined(raters, code):
    with pytest.raises(Undefined) as caught:
        unitizing_alpha(raters, 0, 10)
    assert caught.value.code == code


def test_labels_of_equal_hash_are_different_segments_too():
    class SameHash(str):
        __slots__ = ()

        def __hash__(self):
            return 7

    for one, other in (("Aa", "BB"), (SameHash("a"), SameHash("b"))):
        found = unitizing_alpha([[(0, 5, one)], [(0, 5, other)]], 0, 10)
        assert found.coding == pytest.approx(0.0)  # taken for one label it would have no value
        assert found.nominal < found.binary
        assert temporal_iou([(0, 5, one)], [(0, 5, other)]).matches == ()
        assert best_alignment([[(0, 5, one)], [(0, 5, other)]]).disorder == 1.0


def test_unfit_segments_are_refused_with_a_sentence():
    for work in (
        lambda: unitizing_alpha([[(0, 5, "a"), (3, 8, "b")], []], 0, 10),
        lambda: unitizing_alpha([[(0, 15, "a")], []], 0, 10),
        lambda: unitizing_alpha([[], [(0, 1, "a")]], 10, 0),
        lambda: unitizing_alpha([[], [(0, 1, "a")]], 0, 10, resolution=0),
        lambda: temporal_iou([(5, 5, "a")], []),
        lambda: temporal_iou([(0, float("nan"), "a")], []),
        lambda: temporal_iou([(0, 5, "a")], [(0, 5, "a")], threshold=0),
        lambda: boundary_f1([(0, 5)], [(0, 5)], tolerances=()),
        lambda: frames([(0, 5)], 0, 10, 0),
        lambda: gamma([ALEX, PAUL], seed=1, precision=0),
    ):
        with pytest.raises(ValueError) as caught:
            work()
        assert not isinstance(caught.value, Undefined)
        assert len(str(caught.value)) > 20


# boundaries and overlap -------------------------------------------------------------------------------------------------------


def test_f1_of_boundaries_equals_the_largest_matching_there_is():
    for seed in range(200):
        rng = np.random.default_rng(seed)
        a, b = random_segments(rng, 40, most=8), random_segments(rng, 40, most=8)
        if not a and not b:
            continue
        for one in boundary_f1(a, b, tolerances=(0, 1, 3)):
            n = 0
            for side in (0, 1):
                near = np.array([[abs(x[side] - y[side]) <= one.tolerance for y in b] for x in a]).reshape(
                    len(a), len(b)
                )
                if near.size:
                    n += int((maximum_bipartite_matching(csr_array(near), perm_type="column") >= 0).sum())
            assert one.n_matched == n
            assert one.f1 == pytest.approx(2 * n / (2 * len(a) + 2 * len(b)))


def test_the_sweep_shows_what_one_tolerance_would_hide():
    a = [(0, 2_000_000, "joy"), (5_000_000, 7_000_000, "fear")]
    b = [(200_000, 2_400_000, "joy"), (5_900_000, 7_000_000, "fear")]
    assert [round(one.f1, 2) for one in boundary_f1(a, b)] == [0.5, 0.75, 1.0]
    assert [one.f1 for one in boundary_f1(b, a)] == [one.f1 for one in boundary_f1(a, b)]
    swapped = [(s, e, "fear" if label == "joy" else "joy") for s, e, label in a]
    assert [one.f1 for one in boundary_f1(a, swapped, same_label=True)] == [0.0, 0.0, 0.0]
    assert [one.f1 for one in boundary_f1(a, [])] == [0.0, 0.0, 0.0]


def test_temporal_iou_is_the_best_of_all_matchings():
    for seed in range(200):
        rng = np.random.default_rng(seed)
        a, b = random_segments(rng, 30), random_segments(rng, 30)
        if not a or not b:
            continue
        iou = [
            [
                (x[2] == y[2]) * max(0, min(x[1], y[1]) - max(x[0], y[0])) / (max(x[1], y[1]) - min(x[0], y[0]))
                for y in b
            ]
            for x in a
        ]
        short, long = (a, b) if len(a) <= len(b) else (b, a)
        table = np.array(iou) if short is a else np.array(iou).T
        best = max(
            sum(table[i, j] for i, j in enumerate(order)) for order in permutations(range(len(long)), len(short))
        )
        assert temporal_iou(a, b).mean_iou == pytest.approx(2 * best / (len(a) + len(b)), abs=1e-9)


def test_errors_of_boundaries_have_a_size_and_a_direction():
    found = boundary_error(
        [(0, 100, "joy"), (200, 300, "joy")], [(10, 90, "joy"), (190, 320, "joy"), (500, 600, "joy")]
    )
    assert (found.onset_error, found.onset_bias) == (10.0, 0.0)
    assert (found.offset_error, found.offset_bias) == (15.0, 5.0)
    assert (found.n_matched, found.n_first, found.n_second) == (2, 2, 3)
    for work in (
        lambda: boundary_error([(0, 5, "joy")], [(5, 9, "joy")]),
        lambda: temporal_iou([], []),
        lambda: boundary_f1([], []),
    ):
        with pytest.raises(Undefined) as caught:
            work()
        assert caught.value.code == "no_overlap"


def test_framewise_kappa_equals_scikit_learn_on_the_frames_and_names_unmarked_time():
    compared = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        a, b = random_segments(rng, 60), random_segments(rng, 60)
        mine = [frames(given, 0, 60, 2.5) for given in (a, b)]
        plain = [
            [next((label for s, e, label in given if s <= 1.25 + 2.5 * t < e), "rest") for t in range(24)]
            for given in (a, b)
        ]
        assert [one.tolist() for one in mine] == plain
        if len(set(plain[0]) | set(plain[1])) > 1:
            found = framewise_kappa(a, b, start=0, end=60, step=2.5)
            assert found == pytest.approx(cohen_kappa_score(*plain), abs=1e-9)
            compared += 1
    assert compared > 150


def test_frames_serve_every_label_coefficient_and_overlaps_are_a_label_of_their_own():
    table = [frames(given, 0, 60, 1) for given in (ALEX, PAUL, SUZAN)]
    assert 0.4 < krippendorff_alpha(table, "nominal") < 0.9
    assert frames([(0, 2, "joy"), (1, 3, "awe")], 0, 4, 1).tolist() == ["joy", frozenset({"joy", "awe"}), "awe", "rest"]
    with pytest.raises(Undefined):
        framewise_kappa([], [], start=0, end=10, step=1)


# gamma ------------------------------------------------------------------------------------------------------------------------


def test_the_observed_disorder_is_the_one_of_pygamma():
    assert best_alignment([ALEX, PAUL, SUZAN], alpha=3, beta=1).disorder == pytest.approx(0.9606, abs=5e-5)
    assert best_alignment([ALEX, PAUL, SUZAN], alpha=1, beta=1).disorder == pytest.approx(0.6535, abs=5e-5)


def test_the_best_alignment_is_the_best_of_all():
    """Two raters: every way to match their segments, tried."""
    for seed in range(60):
        rng = np.random.default_rng(seed)
        a, b = random_segments(rng, 30, most=4), random_segments(rng, 30, most=4)
        if not a and not b:
            continue

        def apart(x, y):
            moved = (abs(x[0] - y[0]) + abs(x[1] - y[1])) / (x[1] - x[0] + y[1] - y[0])
            return 3 * moved**2 + (x[2] != y[2])

        def least(i, free, a=a, b=b, apart=apart):
            if i == len(a):
                return len(free)
            alone = 1 + least(i + 1, free)
            return min([alone, *(apart(a[i], b[j]) + least(i + 1, free - {j}) for j in free)])

        wanted = least(0, frozenset(range(len(b)))) / ((len(a) + len(b)) / 2)
        assert best_alignment([a, b]).disorder == pytest.approx(wanted, abs=1e-9)


def test_every_segment_is_in_exactly_one_unitary_alignment():
    found = best_alignment([ALEX, PAUL, SUZAN])
    for rater, given in enumerate((ALEX, PAUL, SUZAN)):
        assert sorted(row[rater] for row in found.tuples if row[rater] is not None) == list(range(len(given)))


def test_gamma_is_the_one_known_for_the_example_and_repeats_by_its_seed():
    found = gamma([ALEX, PAUL, SUZAN], seed=3, precision=0.05)
    # .42-.43 with the same sampler elsewhere, at 2 %.
    assert found.value == pytest.approx(0.425, abs=0.04)
    assert found.precision <= 0.05
    assert found == gamma([ALEX, PAUL, SUZAN], seed=3, precision=0.05)
    assert found.expected != gamma([ALEX, PAUL, SUZAN], seed=4, precision=0.05).expected
    assert "alpha 3, beta 1" in found.method


def test_gamma_falls_with_shifts_with_labels_and_with_what_only_one_marked():
    same = gamma([ALEX, ALEX], seed=1, precision=0.1)
    assert same.value == 1.0
    shifted = gamma([ALEX, [(s + 3, e + 3, label) for s, e, label in ALEX]], seed=1, precision=0.1)
    relabelled = gamma([ALEX, [(s, e, 9) for s, e, _ in ALEX]], seed=1, precision=0.1)
    missing = gamma([ALEX, ALEX[:2]], seed=1, precision=0.1)
    assert max(shifted.value, relabelled.value, missing.value) < 0.9


def test_gamma_without_segments_without_others_or_without_chance_is_undefined():
    for raters, code in (
        ([[], []], "too_few"),
        ([ALEX], "no_overlap"),
        ([[(0, 5, "a")], [(0, 5, "a")]], "one_value_only"),
    ):
        with pytest.raises(Undefined) as caught:
            gamma(raters, seed=1)
        assert caught.value.code == code


def test_an_interval_over_recordings_draws_them_whole_and_counts_those_without_a_value():
    rng = np.random.default_rng(2)
    recordings = [[random_segments(rng, 40), random_segments(rng, 40)] for _ in range(20)] + [[[], []]]
    alphas = []
    for raters in recordings[:-1]:
        try:
            alphas.append(unitizing_alpha(raters, 0, 40).nominal)
        except Undefined:
            continue
    of = lambda raters: unitizing_alpha(raters, 0, 40).nominal  # noqa: E731
    found = measure_recordings(recordings, of, method="u-alpha", n_raters=2, seed=4)
    assert found.value == pytest.approx(np.mean(alphas))
    assert found.n_units == len(alphas) < 21
    assert found.interval.low < found.value < found.interval.high
    error = np.std(alphas) / np.sqrt(len(alphas))
    assert found.interval.high - found.interval.low == pytest.approx(2 * 1.96 * error, rel=0.25)
    people = [index % 3 for index in range(21)]
    by_person = measure_recordings(recordings, of, method="u-alpha", n_raters=2, seed=4, clusters=people)
    assert by_person.interval.method == "percentile bootstrap over clusters"
    nothing = measure_recordings(recordings[-1:], of, method="u-alpha", n_raters=2, seed=4)
    assert (nothing.value, nothing.undefined, nothing.why) == (None, "one_value_only", "Nobody marked a segment.")
    assert measure_recordings([], of, method="u-alpha", n_raters=0, seed=4).undefined == "too_few"


def test_too_many_segments_for_one_alignment_are_refused_and_not_tried():
    crowd = [[(i, i + 100, "a") for i in range(300)] for _ in range(3)]
    with pytest.raises(ValueError, match="windows"):
        best_alignment(crowd)
