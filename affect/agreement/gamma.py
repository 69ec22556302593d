"""Gamma: agreement on segments and their labels at once, through the best alignment of what the raters marked.

Mathet, Widlöcher & Métivier ("The unified and holistic method gamma", Computational Linguistics 2015): gamma is 1 - observed
disorder / expected disorder. A unitary alignment takes at most one segment of each rater; its disorder is the mean
dissimilarity of its pairs, a missing segment costing `empty`. The best alignment covers each segment once at the least total
disorder, found by integer programming; expected is what random continua give. The observed part is exact. The expected part
is drawn, from gaps, lengths, numbers and labels distributed as those given, so its seed and precision belong to the number.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from affect import undefined
from affect.agreement.segments import Span, Spans, spans
from affect.undefined import Undefined

# Unitary alignments looked at; past it the continuum has to be cut into windows.
MAX_ALIGNMENTS = 1_000_000
FIRST_SAMPLES, MOST_SAMPLES = 30, 3_000

LabelDistance = Callable[[Hashable, Hashable], float]


@dataclass(frozen=True, slots=True)
class Alignment:
    """The best alignment of the raters' segments.

    disorder  total over unitary alignments / mean number of segments of a rater
    tuples    for each unitary alignment the position of each rater's segment, in order of time, or None
    """

    disorder: float
    tuples: tuple[tuple[int | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Gamma:
    """Gamma and what it rests on.

    precision  half width of the 95 % interval of the expected disorder, as a share of it
    """

    value: float
    observed: float
    expected: float
    precision: float
    samples: int
    seed: int
    method: str


def best_alignment(
    raters: Sequence[Spans],
    *,
    alpha: float = 3.0,
    beta: float = 1.0,
    empty: float = 1.0,
    distance: LabelDistance | None = None,
) -> Alignment:
    """The alignment of least disorder. raters: one sequence of (start, end, label) each.

    alpha, beta: weights of position and of label. distance: of two labels, 0 to 1; different or not when None.
    Raises Undefined for fewer than two raters and when nobody marked anything; ValueError when there are more than
    `MAX_ALIGNMENTS` to choose from.

    The example of pygamma-agreement, whose observed disorders are 0.9606 and 0.6535:

    >>> alex = [(2, 9, 1), (11, 17, 2), (24, 30, 5), (32, 36, 6), (36, 44, 6), (44, 60, 7)]
    >>> paul = [(2, 9, 1), (11, 17, 3), (19, 25, 5), (32, 44, 6)]
    >>> suzan = [(2, 9, 1), (11, 17, 4), (21, 27, 5), (32, 36, 6), (36, 40, 6), (40, 44, 6)]
    >>> round(best_alignment([alex, paul, suzan], alpha=3, beta=1).disorder, 4)
    0.9606
    >>> round(best_alignment([alex, paul, suzan], alpha=1, beta=1).disorder, 4)
    0.6535
    """
    return _aligned([_sorted(given) for given in raters], alpha, beta, empty, distance)


def gamma(
    raters: Sequence[Spans],
    *,
    seed: int,
    alpha: float = 3.0,
    beta: float = 1.0,
    empty: float = 1.0,
    distance: LabelDistance | None = None,
    precision: float = 0.02,
) -> Gamma:
    """Gamma of the segments of each rater. Arguments and errors as `best_alignment`.

    precision: random continua are drawn until the 95 % interval of the expected disorder is this share of it, 30 at
    least. Raters agree fully on what they marked: 1; as random continua would: 0; worse: below.

    >>> found = gamma([[(0, 5, "joy"), (8, 12, "awe")], [(0, 5, "joy"), (8, 12, "awe")]], seed=1, precision=0.2)
    >>> found.value, found.samples >= 30
    (1.0, True)
    """
    if not 0 < precision < 1:
        raise ValueError("a precision lies between 0 and 1")
    marked = [_sorted(given) for given in raters]
    observed = _aligned(marked, alpha, beta, empty, distance).disorder
    draw = _sampler(marked, np.random.default_rng(seed))
    disorders: list[float] = []
    wanted = FIRST_SAMPLES
    while len(disorders) < wanted:
        disorders += [_aligned(draw(), alpha, beta, empty, distance).disorder for _ in range(wanted - len(disorders))]
        if not any(disorders):
            raise Undefined(
                undefined.ONE_VALUE_ONLY,
                "Random segments of the same lengths, gaps and labels would agree as well, so chance leaves no disorder.",
            )
        relative = 1.96 * np.std(disorders, ddof=1) / np.mean(disorders)
        wanted = min(MOST_SAMPLES, int(np.ceil((relative / precision) ** 2)))
    expected = float(np.mean(disorders))
    return Gamma(
        1 - observed / expected,
        observed,
        expected,
        float(relative / np.sqrt(len(disorders))),
        len(disorders),
        seed,
        f"gamma, alpha {alpha:g}, beta {beta:g}, empty {empty:g}, continua drawn from normal gaps and lengths",
    )


def _sorted(given: Spans) -> tuple[Span, ...]:
    return tuple(sorted(spans(given), key=lambda one: (one.start, one.end)))


def _aligned(
    marked: Sequence[tuple[Span, ...]], alpha: float, beta: float, empty: float, distance: LabelDistance | None
) -> Alignment:
    n = len(marked)
    if n < 2:
        raise Undefined(undefined.NO_OVERLAP, "One rater alone has nobody to agree with.")
    sizes = [len(given) for given in marked]
    if not sum(sizes):
        raise Undefined(undefined.TOO_FEW, "Nobody marked a segment, so there is nothing to align.")
    tuples, costs = _candidates(marked, alpha, beta, empty, distance)
    # Each segment in exactly one unitary alignment: a row a segment, a column a candidate.
    firsts = np.cumsum([0, *sizes[:-1]])
    given = tuples < np.array(sizes)
    columns, raters = np.nonzero(given)
    rows = firsts[raters] + tuples[columns, raters]
    cover = sparse.csr_array((np.ones(len(rows)), (rows, columns)), (sum(sizes), len(costs)))
    solved = milp(
        costs,
        constraints=LinearConstraint(cover, 1, 1),
        integrality=np.ones(len(costs)),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": 0},
    )
    if not solved.success:
        raise RuntimeError(f"no alignment was found: {solved.message}")
    chosen = np.flatnonzero(solved.x > 0.5)
    kept = tuples[chosen]
    order = np.argsort(
        [min(marked[r][at].start for r, at in enumerate(row) if at < sizes[r]) for row in kept], kind="stable"
    )
    return Alignment(
        float(costs[chosen].sum() / (sum(sizes) / n)),
        tuple(tuple(int(at) if at < sizes[r] else None for r, at in enumerate(kept[one])) for one in order),
    )


def _candidates(
    marked: Sequence[tuple[Span, ...]], alpha: float, beta: float, empty: float, distance: LabelDistance | None
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Unitary alignments worth looking at, shape (C, raters), the rater's size standing for no segment; and disorders.

    One whose disorder is above that of its segments each on their own is never in the best alignment. Raters are added
    one by one, and what is already above the most that any may cost goes at once.
    """
    n = len(marked)
    n_pairs = n * (n - 1) / 2
    apart = {
        (i, j): _dissimilarities(marked[i], marked[j], alpha, beta, empty, distance)
        for i, j in combinations(range(n), 2)
    }
    tuples, costs = np.arange(len(marked[0]) + 1)[:, None], np.zeros(len(marked[0]) + 1)
    for j in range(1, n):
        size = len(marked[j]) + 1
        if len(tuples) * size > 20 * MAX_ALIGNMENTS:
            raise _too_many()
        added = costs[:, None] + sum(apart[i, j][tuples[:, i]] for i in range(j))
        rows, units = np.nonzero(added <= n_pairs * n * empty + 1e-9)
        tuples, costs = np.column_stack([tuples[rows], units]), added[rows, units]
    n_given = (tuples < np.array([len(given) for given in marked])).sum(axis=1)
    costs = costs / n_pairs
    worth = (n_given > 0) & (costs <= n_given * empty + 1e-9)
    if worth.sum() > MAX_ALIGNMENTS:
        raise _too_many()
    return tuples[worth], costs[worth]


def _too_many() -> ValueError:
    return ValueError("there are too many segments for one alignment; cut the continuum into windows")


def _dissimilarities(
    a: tuple[Span, ...], b: tuple[Span, ...], alpha: float, beta: float, empty: float, distance: LabelDistance | None
) -> NDArray[np.float64]:
    """alpha d_pos + beta d_cat of each pair, shape (n_a + 1, n_b + 1); the last row and column are no segment."""
    apart = np.full((len(a) + 1, len(b) + 1), empty, dtype=np.float64)
    if a and b:
        a_start, a_end = np.array([[one.start, one.end] for one in a], dtype=np.float64).T
        b_start, b_end = np.array([[one.start, one.end] for one in b], dtype=np.float64).T
        moved = np.abs(a_start[:, None] - b_start) + np.abs(a_end[:, None] - b_end)
        lengths = (a_end - a_start)[:, None] + (b_end - b_start)
        labels = np.array(
            [[float(x.label != y.label) if distance is None else distance(x.label, y.label) for y in b] for x in a]
        )
        apart[:-1, :-1] = (alpha * (moved / lengths) ** 2 + beta * labels) * empty
    return apart


def _sampler(
    marked: Sequence[tuple[Span, ...]], generator: np.random.Generator
) -> Callable[[], list[tuple[Span, ...]]]:
    """Random continua with as many raters, whose gaps, lengths, numbers and labels are distributed as those given."""
    everything = [one for given in marked for one in given]
    begin = min(one.start for one in everything)
    gaps = [after.start - before.end for given in marked for before, after in pairwise(given)]
    gaps += [given[0].start - begin for given in marked if given]
    lengths = [one.end - one.start for one in everything]
    numbers = [len(given) for given in marked]

    def one_rater() -> tuple[Span, ...]:
        n = max(1, int(generator.normal(np.mean(numbers), np.std(numbers))))
        at, made = 0.0, []
        for gap, length, which in zip(
            generator.normal(np.mean(gaps), np.std(gaps), n),
            np.abs(generator.normal(np.mean(lengths), np.std(lengths), n)),
            generator.integers(0, len(everything), n),
            strict=True,
        ):
            start = at + gap
            at = start + max(length, 1e-9 * max(lengths))
            made.append(Span(start, at, everything[which].label))
        return _sorted(made)

    return lambda: [one_rater() for _ in marked]
