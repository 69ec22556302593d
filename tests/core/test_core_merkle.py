"""The Merkle tree against the test vectors of Certificate Transparency (RFC 6962's reference implementation)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import merkle

# google/certificate-transparency, merkle_tree_test.cc: eight leaves, the roots of the first 1 … 8.
LEAVES = [
    bytes.fromhex(data)
    for data in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
HASHED = [merkle.leaf(data) for data in LEAVES]


@pytest.mark.parametrize("size", range(1, 9))
def test_the_published_roots(size):
    assert merkle.root(HASHED[:size]).hex() == ROOTS[size - 1]


def test_the_root_of_nothing_is_the_hash_of_nothing():
    assert merkle.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_the_published_path_of_leaf_0_among_8():
    assert [step.hex() for step in merkle.inclusion(HASHED, 0)] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]


def test_the_published_consistency_of_6_and_8():
    assert [step.hex() for step in merkle.consistency(HASHED, 6)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


@given(size=st.integers(1, 70), index=st.integers(0, 69), flip=st.integers(0, 255))
def test_every_leaf_is_provably_in_the_tree_and_no_other_is(size, index, flip):
    leaves = [merkle.leaf(bytes([number])) for number in range(size)]
    index %= size
    root, path = merkle.root(leaves), merkle.inclusion(leaves, index)
    assert merkle.included(leaves[index], index, size, path, root)
    other = merkle.leaf(b"other" + bytes([flip]))
    assert not merkle.included(other, index, size, path, root)
    assert not merkle.included(leaves[index], index, size, [*path, other], root)
    assert size == 1 or not merkle.included(leaves[index], (index + 1) % size, size, path, root)


@given(old=st.integers(1, 60), more=st.integers(0, 60), changed=st.integers(0, 59))
def test_a_longer_log_proves_that_it_kept_the_shorter_one(old, more, changed):
    leaves = [merkle.leaf(bytes([number])) for number in range(old + more)]
    proof = merkle.consistency(leaves, old)
    assert merkle.consistent(old, old + more, merkle.root(leaves[:old]), merkle.root(leaves), proof)
    rewritten = list(leaves)
    rewritten[changed % old] = merkle.leaf(b"another past")
    assert not merkle.consistent(old, old + more, merkle.root(rewritten[:old]), merkle.root(leaves), proof)


def test_there_is_no_proof_outside_the_tree():
    with pytest.raises(IndexError):
        merkle.inclusion(HASHED, 8)
    with pytest.raises(IndexError):
        merkle.consistency(HASHED, 9)
    assert not merkle.included(HASHED[0], 9, 8, [], merkle.root(HASHED))
    assert not merkle.consistent(0, 8, merkle.EMPTY, merkle.root(HASHED), [])
