"""The Merkle tree of RFC 6962 (section 2.1), over SHA-256: one hash that stands for a list, and short proofs about it.

A leaf is hashed behind a zero byte and a node behind a one, so neither can pass for the other. `Frontier` takes leaves
one after the other and keeps about log2(n) hashes; the proofs need all leaf hashes.

>>> root([leaf(b"")]).hex()
'6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

EMPTY = sha256(b"").digest()


def leaf(data: bytes) -> bytes:
    """The hash of an entry."""
    return sha256(b"\x00" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """A growing tree that remembers the roots of its full subtrees alone."""

    def __init__(self) -> None:
        self.size = 0
        self._full: list[tuple[int, bytes]] = []

    def append(self, hashed: bytes) -> None:
        """Add a leaf hash."""
        width = 1
        while self._full and self._full[-1][0] == width:
            hashed = node(self._full.pop()[1], hashed)
            width *= 2
        self._full.append((width, hashed))
        self.size += 1

    def root(self) -> bytes:
        """The root over all leaves so far."""
        if not self._full:
            return EMPTY
        found = self._full[-1][1]
        for _width, hashed in reversed(self._full[:-1]):
            found = node(hashed, found)
        return found


def root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes; the hash of nothing for none."""
    tree = Frontier()
    for hashed in leaves:
        tree.append(hashed)
    return tree.root()


def inclusion(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of one leaf (RFC 6962, 2.1.1), nearest first. Raises IndexError outside the tree."""
    if not 0 <= index < len(leaves):
        raise IndexError(f"There is no leaf {index} in a tree of {len(leaves)}.")
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*inclusion(leaves[:split], index), root(leaves[split:])]
    return [*inclusion(leaves[split:], index - split), root(leaves[:split])]


def included(hashed: bytes, index: int, size: int, path: Sequence[bytes], expected: bytes) -> bool:
    """Whether a path proves that the leaf is at `index` of the tree of `size` with this root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last = index, size - 1
    for step in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            hashed = node(step, hashed)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            hashed = node(hashed, step)
        place, last = place >> 1, last >> 1
    return last == 0 and hashed == expected


def consistency(leaves: Sequence[bytes], old: int) -> list[bytes]:
    """The proof that the tree over the first `old` leaves is a beginning of this one (RFC 6962, 2.1.2)."""
    if not 0 < old <= len(leaves):
        raise IndexError(f"A tree of {old} leaves is no beginning of one of {len(leaves)}.")
    return _subproof(leaves, old, True)


def consistent(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether a proof shows that nothing was altered or removed between two sizes (RFC 9162, 2.1.4.2)."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    steps = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not steps:
        return False
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    first = second = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            first, second = node(step, first), node(step, second)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            second = node(second, step)
        place, last = place >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


def _subproof(leaves: Sequence[bytes], old: int, whole: bool) -> list[bytes]:
    if old == len(leaves):
        return [] if whole else [root(leaves)]
    split = _split(len(leaves))
    if old <= split:
        return [*_subproof(leaves[:split], old, whole), root(leaves[split:])]
    return [*_subproof(leaves[split:], old - split, False), root(leaves[:split])]


def _split(size: int) -> int:
    """The largest power of two below the size."""
    return 1 << (size - 1).bit_length() - 1
