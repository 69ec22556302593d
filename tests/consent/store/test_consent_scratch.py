"""The scratch file behaves as a file in memory does, and holds nothing on the disk that could be read."""

from __future__ import annotations

import io
import tracemalloc

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.scratch import BLOCK_BYTES, Scratch

PLACES = st.integers(0, 3 * BLOCK_BYTES)
ACTS = st.one_of(
    st.tuples(st.just("write"), PLACES, st.binary(min_size=1, max_size=40), st.integers(1, 3000)),
    st.tuples(st.just("read"), PLACES, st.integers(0, 2 * BLOCK_BYTES)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ACTS, max_size=25))
def test_whatever_is_written_where_it_reads_as_a_file_in_memory_does(acts) -> None:
    with Scratch() as scratch:
        expected = io.BytesIO()
        for kind, place, what, *times in acts:
            assert scratch.seek(place) == expected.seek(place)
            if kind == "write":
                assert scratch.write(what * times[0]) == expected.write(what * times[0])
            else:
                assert _read(scratch, what) == expected.read(what)
            assert scratch.tell() == expected.tell()
        assert scratch.seek(0, io.SEEK_END) == expected.seek(0, io.SEEK_END)
        scratch.seek(0)
        assert scratch.readall() == expected.getvalue()


def _read(scratch: Scratch, size: int) -> bytes:
    """A raw file may give less than it was asked for; all of it, then."""
    found = b""
    while len(found) < size and (more := scratch.read(size - len(found))):
        found += more
    return found


def test_nothing_plain_is_on_the_disk_and_no_block_is_sealed_alike_twice() -> None:
    with Scratch() as scratch:
        scratch.write(b"a face " * 100_000)
        scratch.seek(0)
        scratch.write(b"A")  # as a muxer goes back to say how long it all became
        scratch.seek(5 * BLOCK_BYTES)
        scratch.read(1)
        scratch._file.seek(0)
        first = scratch._file.read()
        assert b"face" not in first
        assert len(first) >= 5 * BLOCK_BYTES
        scratch.seek(0)
        scratch.write(b"A")
        scratch.seek(5 * BLOCK_BYTES)
        scratch.read(1)
        scratch._file.seek(0)
        again = scratch._file.read()
        assert again[:64] != first[:64]
        scratch.seek(0)
        assert scratch.readall() == b"A" + (b"a face " * 100_000)[1:]


def test_what_was_altered_on_the_disk_is_not_given_out() -> None:
    with Scratch() as scratch:
        scratch.write(bytes(3 * BLOCK_BYTES))
        scratch._file.seek(10)
        scratch._file.write(b"x")
        scratch.seek(0)
        with pytest.raises(InvalidTag):
            scratch.read(1)


def test_a_place_before_the_beginning_is_refused() -> None:
    with Scratch() as scratch, pytest.raises(ValueError, match="before the beginning"):
        scratch.seek(-1)


def test_memory_does_not_grow_with_what_is_written() -> None:
    block = bytes(1024 * 1024)
    with Scratch() as scratch:
        tracemalloc.start()
        try:
            for _turn in range(64):
                scratch.write(block)
            _now, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 1024 * 1024
