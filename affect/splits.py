"""Splits in which nobody is heard twice: what hangs together stays together.

Items hang together when they share a participant or a session or are near-duplicates of each other. The connected
components of that relation are found by union-find and dealt to the splits, largest first, to the split that is
furthest from its share of items and of labels. The outcome depends on the items and the seed, not on their order.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

TRAIN, DEV, TEST = "train", "dev", "test"
SHARES = {TRAIN: 0.7, DEV: 0.15, TEST: 0.15}
LARGEST_COMPONENT = 0.5

NO_ITEMS = "no_items"
DOUBLED_ITEM = "doubled_item"
UNKNOWN_ITEM = "unknown_item"
COMPONENT_TOO_LARGE = "component_too_large"
TOO_FEW_COMPONENTS = "too_few_components"


class SplitRefused(ValueError):
    """A split that would mislead; `code` is stable, `items` and `participants` are those of the component at fault."""

    def __init__(self, code: str, why: str, items: Sequence[str] = (), participants: Sequence[str] = ()):
        super().__init__(why)
        self.code = code
        self.why = why
        self.items = tuple(items)
        self.participants = tuple(participants)


@dataclass(frozen=True, slots=True)
class SplitItem:
    """What a split needs to know of an item: everyone who appears, its session ("" for none), its label ("" for none)."""

    id: str
    participants: frozenset[str]
    session: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Component:
    """Items that must stay together, their participants and the split they went to; all in order of id."""

    items: tuple[str, ...]
    participants: tuple[str, ...]
    split: str


@dataclass(frozen=True, slots=True)
class Split:
    """Who went where.

    assignment  item id -> split, in order of item id
    components  largest first
    counts      split -> items
    labels      split -> label -> items
    method      how it was made, with seed
    """

    assignment: Mapping[str, str]
    components: tuple[Component, ...]
    counts: Mapping[str, int]
    labels: Mapping[str, Mapping[str, int]]
    method: str


def speaker_disjoint(
    items: Iterable[SplitItem],
    *,
    seed: int,
    shares: Mapping[str, float] | None = None,
    duplicates: Iterable[tuple[str, str]] = (),
) -> Split:
    """Deal items to splits so that no participant, session or near-duplicate is in two of them.

    shares: split -> share of the items aimed at, by default 70 % train, 15 % dev, 15 % test. duplicates: pairs of
    item ids. Raises SplitRefused when one component holds more than half of the items, when there are fewer
    components than splits, and for doubled or unknown item ids.

    >>> items = [SplitItem(f"i{n}", frozenset({f"p{n % 10}"})) for n in range(100)]
    >>> dict(speaker_disjoint(items, seed=1).counts)
    {'train': 70, 'dev': 20, 'test': 10}
    """
    shares = _normal(SHARES if shares is None else shares)
    by_id = sorted(items, key=lambda item: item.id)
    known = {item.id: item for item in by_id}
    if not known:
        raise SplitRefused(NO_ITEMS, "There are no items to split.")
    if len(known) != len(by_id):
        raise SplitRefused(DOUBLED_ITEM, "Two items have the same id.")
    groups = components(by_id, duplicates)
    _require_several(groups, known, shares)
    groups.sort(key=lambda group: (-len(group), _drawn(seed, group[0])))
    splits = _deal([Counter(known[item].label for item in group) for group in groups], shares)
    assignment = {item: split for group, split in zip(groups, splits, strict=True) for item in group}
    labels: dict[str, Counter[str]] = {name: Counter() for name in shares}
    for item, split in assignment.items():
        labels[split][known[item].label] += 1
    return Split(
        assignment=dict(sorted(assignment.items())),
        components=tuple(
            Component(tuple(group), _participants(group, known), split)
            for group, split in zip(groups, splits, strict=True)
        ),
        counts={name: labels[name].total() for name in shares},
        labels={name: dict(sorted(labels[name].items())) for name in shares},
        method=f"connected components of participants, sessions and near-duplicates, dealt by size with seed {seed}",
    )


def components(items: Sequence[SplitItem], duplicates: Iterable[tuple[str, str]] = ()) -> list[list[str]]:
    """Item ids that hang together, each group in order of id, groups in order of their first id.

    Raises SplitRefused when a duplicate names an item that is not there.

    >>> components([SplitItem("a", frozenset({"p"})), SplitItem("b", frozenset({"q"})), SplitItem("c", frozenset({"p"}))])
    [['a', 'c'], ['b']]
    """
    parent: dict[Hashable, Hashable] = {}

    def root(node: Hashable) -> Hashable:
        parent.setdefault(node, node)
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for item in items:
        own = root(("item", item.id))
        shared = [("participant", participant) for participant in item.participants]
        # Every node that two items may share gets a kind, so that a session named like a person joins nothing.
        for node in shared + ([("session", item.session)] if item.session else []):
            parent[root(node)] = own
    ids = {item.id for item in items}
    for first, second in duplicates:
        if first not in ids or second not in ids:
            raise SplitRefused(UNKNOWN_ITEM, "A near-duplicate names an item that is not there.", (first, second))
        parent[root(("item", first))] = root(("item", second))
    groups = defaultdict(list)
    for item_id in sorted(ids):
        groups[root(("item", item_id))].append(item_id)
    return list(groups.values())


def _normal(shares: Mapping[str, float]) -> dict[str, float]:
    """Sums to 1, largest first: among splits that are equally far from their aim the first is taken, and the order in
    which somebody, or a database, wrote the shares down must not decide that."""
    total = sum(shares.values())
    if not shares or min(shares.values()) <= 0 or abs(total - 1) > 1e-6:
        raise ValueError(f"shares must be positive and sum to 1; these are {dict(shares)}")
    return {name: shares[name] / total for name in sorted(shares, key=lambda name: (-shares[name], name))}


def _require_several(groups: list[list[str]], known: Mapping[str, SplitItem], shares: Mapping[str, float]) -> None:
    largest = max(groups, key=len)
    share = len(largest) / len(known)
    if share > LARGEST_COMPONENT and len(known) > 1:
        people = _participants(largest, known)
        who = ", ".join(people[:5]) + (f" and {len(people) - 5} more" if len(people) > 5 else "")
        raise SplitRefused(
            COMPONENT_TOO_LARGE,
            f"{share:.0%} of the items hang together through shared participants, sessions or near-duplicates"
            f" ({who or 'no participant'}); above {LARGEST_COMPONENT:.0%} no split can keep them apart.",
            largest,
            people,
        )
    if len(groups) < len(shares):
        raise SplitRefused(
            TOO_FEW_COMPONENTS,
            f"The items form {len(groups)} groups that share nobody; {len(shares)} splits need at least as many.",
        )


def _participants(group: Sequence[str], known: Mapping[str, SplitItem]) -> tuple[str, ...]:
    return tuple(sorted(set().union(*(known[item].participants for item in group))))


def _drawn(seed: int, first: str) -> bytes:
    """The order among components of equal size: a hash, the same on every machine."""
    return hashlib.sha256(f"{seed}\x1f{first}".encode()).digest()


def _deal(groups: Sequence[Counter[str]], shares: Mapping[str, float]) -> list[str]:
    """A split for each group of label counts: where it brings items and labels closest to their shares.

    What is minimised is the squared distance from the aim, of all items and of each label, each relative to its aim.
    """
    total = sum(groups, Counter())
    n = total.total()
    have = {name: Counter() for name in shares}
    dealt = []
    for index, group in enumerate(groups):
        empty = [name for name in shares if not have[name]]
        # No split may stay empty: once as many groups are left as splits are empty, they go there.
        open_to = empty if len(groups) - index <= len(empty) else list(shares)

        def gain(name: str, group: Counter[str] = group) -> float:
            held, share = have[name], shares[name]
            size, before = group.total(), held.total()
            change = ((before + size - n * share) ** 2 - (before - n * share) ** 2) / (n * share) / n
            for label, times in group.items():
                aim = total[label] * share
                change += ((held[label] + times - aim) ** 2 - (held[label] - aim) ** 2) / aim / n
            return change

        best = min(open_to, key=gain)
        have[best] += group
        dealt.append(best)
    return dealt
