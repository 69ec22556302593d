"""The sealed layout, against the text of c2sp.org/chunked-encryption and against `cryptography`'s own implementation."""

from __future__ import annotations

import io

import pytest
from cryptography.cobblestone import Cobblestone256Decryptor
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from consent import chunked

KEY, CONTEXT = bytes(range(32)), b"asset and version"
SIZES = [0, 1, 16383, 16384, 16385, 32768, 1024 * 1024 + 7]


def plain_of(size: int) -> bytes:
    return (b"concord " * (size // 8 + 1))[:size]


def sealed_of(plain: bytes, context: bytes = CONTEXT) -> bytes:
    return b"".join(chunked.seal([plain], KEY, context))


def opened(sealed: bytes, key: bytes = KEY, context: bytes = CONTEXT) -> chunked.SeekableReader:
    return chunked.SeekableReader(io.BytesIO(sealed), len(sealed), key, context)


@pytest.mark.parametrize("size", SIZES)
def test_it_comes_back_and_another_implementation_reads_it_too(size):
    plain = plain_of(size)
    sealed = sealed_of(plain)
    assert len(sealed) == chunked.sealed_length(size) == 56 + size + 16 * (size // 16384 + 1)
    assert chunked.plain_length(len(sealed)) == size
    assert opened(sealed).read() == plain
    decryptor = Cobblestone256Decryptor(KEY, CONTEXT)
    assert decryptor.update(sealed) + decryptor.finalize() == plain


def test_a_stream_made_by_hand_from_the_text_of_the_specification_is_read():
    salt, plain = bytes(24), plain_of(20_000)
    key, nonce, commitment = chunked.derive(KEY, salt, CONTEXT)
    one = (int.from_bytes(nonce, "big") ^ 1).to_bytes(12, "big")
    chunks = AESGCM(key).encrypt(nonce, plain[:16384], None) + AESGCM(key).encrypt(one, plain[16384:], None)
    assert opened(salt + commitment + chunks).read() == plain


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 70_000), st.lists(st.tuples(st.integers(0, 72_000), st.integers(0, 40_000)), max_size=6))
def test_any_place_reads_like_the_plain_bytes(size, reads):
    plain = plain_of(size)
    reader = io.BufferedReader(opened(sealed_of(plain)), 4096)
    reference = io.BytesIO(plain)
    for place, count in reads:
        assert reader.seek(place) == reference.seek(place)
        assert reader.read(count) == reference.read(count)
    assert reader.seek(0, io.SEEK_END) == size


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 40_000), st.data())
def test_any_changed_bit_is_refused(size, data):
    sealed = bytearray(sealed_of(plain_of(size)))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(chunked.Damaged):
        opened(bytes(sealed)).read()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 40_000), st.data())
def test_a_stream_cut_off_or_lengthened_anywhere_is_refused_on_opening(size, data):
    sealed = sealed_of(plain_of(size))
    for wrong in (sealed[: data.draw(st.integers(0, len(sealed) - 1))], sealed + data.draw(st.binary(min_size=1))):
        with pytest.raises(chunked.Damaged):
            opened(wrong)


def test_a_stream_cut_at_a_chunk_border_is_refused():
    sealed = sealed_of(plain_of(50_000))
    for chunks in range(3):
        with pytest.raises(chunked.Damaged):
            opened(sealed[: 56 + chunks * 16400])


def test_swapped_chunks_are_refused_where_they_are_read():
    sealed = sealed_of(plain_of(60_000))
    a, b, c = 56, 56 + 16400, 56 + 2 * 16400
    reader = opened(sealed[:a] + sealed[b:c] + sealed[a:b] + sealed[c:])
    reader.seek(2 * 16384)
    assert reader.read(100) == plain_of(60_000)[32768:32868]
    reader.seek(0)
    with pytest.raises(chunked.Damaged):
        reader.read(1)


def test_another_key_or_another_assets_context_is_refused_before_anything_is_opened():
    sealed = sealed_of(plain_of(10))
    with pytest.raises(chunked.Damaged, match="another key"):
        opened(sealed, key=bytes(32))
    with pytest.raises(chunked.Damaged, match="another key"):
        opened(sealed, context=b"another asset")


def test_two_sealings_of_the_same_bytes_have_nothing_in_common():
    assert sealed_of(b"the same")[:24] != sealed_of(b"the same")[:24]


def test_the_reader_that_seals_takes_blocks_of_any_size():
    plain = plain_of(100_000)
    blocks = [plain[at : at + 777] for at in range(0, len(plain), 777)]
    stream = chunked.SealingReader(blocks, KEY, CONTEXT)
    sealed = b"".join(iter(lambda: stream.read(1000), b""))
    assert opened(sealed).read() == plain
