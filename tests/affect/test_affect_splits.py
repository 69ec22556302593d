"""Splits: nobody in two of them, the same for the same items in any order, refused where they would mislead."""

import itertools
import random
import time
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affect.splits import SHARES, SplitItem, SplitRefused, components, speaker_disjoint


def people(n, items_each=10, label=lambda i: ""):
    return [
        SplitItem(f"i{p:03}-{i}", frozenset({f"p{p:03}"}), label=label(i)) for p in range(n) for i in range(items_each)
    ]


corpora = st.lists(
    st.tuples(
        st.frozensets(st.integers(0, 25).map("p{}".format), max_size=2),
        st.sampled_from(["", "", "", *(f"s{i}" for i in range(30))]),
        st.sampled_from(["joy", "fear", ""]),
    ),
    min_size=3,
    max_size=60,
).map(lambda rows: [SplitItem(f"i{n}", *row) for n, row in enumerate(rows)])


@given(corpora, st.integers(), st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=2), st.randoms())
@settings(max_examples=200, deadline=None)
def test_nobody_is_in_two_splits_and_order_does_not_matter(items, seed, pairs, shuffle):
    duplicates = [(f"i{a}", f"i{b}") for a, b in pairs]
    try:
        found = speaker_disjoint(items, seed=seed, duplicates=duplicates)
    except SplitRefused:
        groups = components(items, duplicates)
        assert len(groups) < 3 or max(map(len, groups)) > len(items) / 2
        return
    where = {}
    for item in items:
        split = found.assignment[item.id]
        for thing in [("p", p) for p in item.participants] + ([("s", item.session)] if item.session else []):
            assert where.setdefault(thing, split) == split
    for first, second in duplicates:
        assert found.assignment[first] == found.assignment[second]
    assert set(found.assignment) == {item.id for item in items}
    assert min(found.counts.values()) > 0
    assert dict(Counter(found.assignment.values())) == dict(found.counts)
    shuffled = items[:]
    shuffle.shuffle(shuffled)
    again = speaker_disjoint(shuffled, seed=seed, duplicates=[(b, a) for a, b in reversed(duplicates)])
    assert again == found


def test_shares_and_labels_come_close_to_what_was_asked_for():
    rng = random.Random(2)
    items = []
    for person in range(120):
        for n in range(rng.randrange(2, 14)):
            label = rng.choice(["joy"] * 6 + ["fear"] * 3 + ["anger"])
            items.append(SplitItem(f"{person}-{n}", frozenset({f"p{person}"}), label=label))
    found = speaker_disjoint(items, seed=1)
    for split, share in SHARES.items():
        assert found.counts[split] / len(items) == pytest.approx(share, abs=0.02)
        for label in ("joy", "fear", "anger"):
            overall = sum(item.label == label for item in items) / len(items)
            assert found.labels[split][label] / found.counts[split] == pytest.approx(overall, abs=0.05)


def test_another_seed_gives_another_split():
    items = people(40)
    outcomes = {tuple(speaker_disjoint(items, seed=seed).assignment.values()) for seed in range(10)}
    assert len(outcomes) > 5


def test_people_are_joined_by_sessions_conversations_and_near_duplicates():
    items = [
        SplitItem("a", frozenset({"p1"}), "s1"),
        SplitItem("b", frozenset({"p2"}), "s1"),
        SplitItem("c", frozenset({"p2", "p3"})),
        SplitItem("d", frozenset({"p4"})),
        SplitItem("e", frozenset({"p5"})),
        SplitItem("f", frozenset({"s1"})),
    ]
    assert components(items, [("d", "e")]) == [["a", "b", "c"], ["d", "e"], ["f"]]


def test_a_component_above_half_is_refused_and_named():
    items = people(4, 5) + [SplitItem(f"x{i}", frozenset({"host", f"g{i}"})) for i in range(25)]
    with pytest.raises(SplitRefused) as caught:
        speaker_disjoint(items, seed=1)
    assert caught.value.code == "component_too_large"
    assert "host" in caught.value.participants
    assert len(caught.value.items) == 25
    assert "56%" in str(caught.value)
    # Exactly half is allowed.
    assert speaker_disjoint(items[:20] + items[20:40], seed=1).counts["train"] >= 20


@pytest.mark.parametrize(
    ("items", "duplicates", "code"),
    [
        ([], [], "no_items"),
        (people(4, 1) + people(1, 1), [], "doubled_item"),
        (people(2, 3), [], "too_few_components"),
        (people(4, 1), [("i000-0", "gone")], "unknown_item"),
    ],
)
def test_what_cannot_be_split_says_why(items, duplicates, code):
    with pytest.raises(SplitRefused) as caught:
        speaker_disjoint(items, seed=1, duplicates=duplicates)
    assert caught.value.code == code


@pytest.mark.parametrize("shares", [{}, {"train": 1.5, "test": -0.5}, {"train": 0.5, "test": 0.2}])
def test_shares_must_be_positive_and_sum_to_one(shares):
    with pytest.raises(ValueError):
        speaker_disjoint(people(5), seed=1, shares=shares)


def test_ten_thousand_items_split_in_a_moment():
    items = people(500, 20, label=lambda i: f"l{i % 7}")
    begin = time.process_time()
    speaker_disjoint(items, seed=1)
    assert time.process_time() - begin < 2


def test_the_order_in_which_shares_are_written_down_means_nothing():
    items = [SplitItem(f"i{n:02}", frozenset({f"p{n % 12}"}), label="ab"[n % 2]) for n in range(24)]
    shares = {"train": 0.7, "development": 0.15, "test": 0.15}
    made = speaker_disjoint(items, seed=1, shares=shares)
    for names in itertools.permutations(shares):
        again = speaker_disjoint(items, seed=1, shares={name: shares[name] for name in names})
        assert again.assignment == made.assignment, names
