"""The trace container: what goes in comes out, the same bytes every time, and nothing else passes for a trace."""

import hashlib
import struct

import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from affect.codecs.trace import ALL_FLAGS, MAX_TIME_US, Flag, TraceError, digest, make, pack, unpack

TIMES, VALUES, FLAGS = [0, 33_333, 66_667, 500_000], [0.0, -0.5, 1.0, 0.25], [0, 0, 0, Flag.GAP_BEFORE]
GOLDEN_BODY = struct.pack("<4q4d4B", 0, 33_333, 33_334, 433_333, *VALUES, *FLAGS)

# Written once with zstd 1.5.7, level 9; a change here is a change of the format or of the compressor.
GOLDEN = (
    "41465452010000000400000000000000ecc02005291f8237c294f72a66a3dee5d6e56a9fd4c6f467dfc3924b579b5d14"
    "28b52ffd20441d0100980000358236b59c0600e0bff03fd03f00000001060060e09501e33c817c57061e0016"
)
GOLDEN_DIGEST = "ecc02005291f8237c294f72a66a3dee5d6e56a9fd4c6f467dfc3924b579b5d14"

samples = st.lists(
    st.tuples(
        st.integers(-MAX_TIME_US, MAX_TIME_US),
        st.floats(allow_nan=False, allow_infinity=False),
        st.integers(0, ALL_FLAGS),
    ),
    max_size=60,
    unique_by=lambda sample: sample[0],
).map(sorted)


def columns(rows):
    return [list(column) for column in zip(*rows, strict=True)] or [[], [], []]


@given(samples)
def test_what_goes_in_comes_out(rows):
    times, values, flags = columns(rows)
    found = unpack(pack(times, values, flags))
    assert found.times_us.tolist() == times
    assert found.values.tobytes() == np.array(values, dtype=float).tobytes()
    assert found.flags.tolist() == flags
    assert found == make(times, values, flags)


numbers = st.floats(allow_nan=False, allow_infinity=False)
planes = st.lists(
    st.tuples(
        st.integers(-MAX_TIME_US, MAX_TIME_US),
        st.tuples(numbers, numbers),
        st.integers(0, ALL_FLAGS),
        st.integers(-MAX_TIME_US, MAX_TIME_US),
    ),
    max_size=60,
    unique_by=lambda sample: sample[0],
).map(sorted)


@given(planes, st.booleans(), st.booleans())
def test_two_axes_and_the_clock_of_the_machine_come_out_as_they_went_in(rows, plane, clocked):
    times, values, flags, clock = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], []]
    values = np.array(values, dtype=float).reshape(-1, 2) if plane else [x for x, _y in values]
    found = unpack(pack(times, values, flags, clock if clocked else None))
    assert found.times_us.tolist() == times
    assert found.values.tobytes() == np.array(values, dtype=float).tobytes()
    assert found.flags.tolist() == flags
    assert (found.clock_us.tolist() if clocked else found.clock_us) == (clock if clocked else None)
    assert found == make(times, values, flags, clock if clocked else None)
    assert found.axes == (2 if plane else 1)
    assert [found.axis(k).values.tolist() for k in range(found.axes)] == (
        [values[:, 0].tolist(), values[:, 1].tolist()] if plane else [values]
    )


def test_what_the_first_version_can_say_is_written_in_the_first_version():
    versions = {
        1: [pack(TIMES, VALUES, FLAGS), pack([], [])],
        2: [pack(TIMES, VALUES, [0, 0, 0, Flag.RESUMED]), pack(TIMES, VALUES, FLAGS, TIMES), pack([0], [[0, 1]])],
    }
    for version, packed in versions.items():
        assert [struct.unpack_from("<H", one, 4)[0] for one in packed] == [version] * len(packed)
        assert [unpack(one).version for one in packed] == [version] * len(packed)


def test_columns_of_another_meaning_have_another_digest():
    """One axis with a clock and two axes are equally many bytes; here they are the very same."""
    clock = np.array([0, 0, 0], dtype=np.int64)
    one, two = make([0, 1, 2], [5.0, 6.0, 7.0], [0, 0, 0], clock), make([0, 1, 2], [[0, 5], [0, 6], [0, 7]], [0, 0, 0])
    assert one.digest != two.digest
    assert one != two


def test_there_is_no_third_axis():
    assert make([0], [1.0]).axis(0).values.tolist() == [1.0]
    with pytest.raises(IndexError):
        make([0], [1.0]).axis(1)


def test_the_bytes_are_fixed_and_so_is_the_digest():
    packed = pack(TIMES, VALUES, FLAGS)
    header = b"AFTR" + struct.pack("<HHQ", 1, 0, 4) + hashlib.sha256(GOLDEN_BODY).digest()
    assert packed[:48] == header
    assert zstandard.decompress(packed[48:]) == GOLDEN_BODY
    assert packed == pack(np.array(TIMES), np.array(VALUES), np.array(FLAGS))
    assert packed.hex() == GOLDEN
    assert digest(packed) == unpack(packed).digest == GOLDEN_DIGEST


def test_the_digest_does_not_depend_on_the_compression_level():
    assert digest(pack(TIMES, VALUES, FLAGS, level=1)) == digest(pack(TIMES, VALUES, FLAGS, level=19))


def test_unpacked_arrays_cannot_be_changed():
    found = unpack(pack(TIMES, VALUES, FLAGS))
    for array in (found.times_us, found.values, found.flags):
        with pytest.raises(ValueError):
            array[0] = 1


@pytest.mark.parametrize(
    ("times", "values", "flags", "code", "index"),
    [
        ([0, 2, 1], [0, 0, 0], None, "times_not_increasing", 2),
        ([0, 0], [0, 0], None, "times_not_increasing", 1),
        ([0, 1], [0, float("nan")], None, "not_finite", 1),
        ([0, 1], [float("-inf"), 0], None, "not_finite", 0),
        ([0, 1], [0, "x"], None, "not_finite", None),
        ([0, 1], [0], None, "shape", None),
        ([0, 1], [0, 0], [0], "shape", None),
        ([[0, 1]], [[0, 0]], [[0, 0]], "shape", None),
        ([0, 1], [[0], [0]], None, "shape", None),
        ([0, 1], [[0, 0, 0], [0, 0, 0]], None, "shape", None),
        ([0, 1], [[0, 0], [0, float("nan")]], None, "not_finite", 1),
        ([0.0, 1.0], [0, 0], None, "not_integer_times", None),
        ([0, 2**62], [0, 0], None, "time_out_of_range", 1),
        (np.array([0, 2**63], dtype=np.uint64), [0, 0], None, "time_out_of_range", 1),
        ([0, 1], [0, 0], [0, 32], "unknown_flag", 1),
        ([0, 1], [0, 0], [-1, 0], "unknown_flag", 0),
    ],
)
def test_bad_samples_are_refused_with_the_first_one_at_fault(times, values, flags, code, index):
    with pytest.raises(TraceError) as caught:
        pack(times, values, flags)
    assert (caught.value.code, caught.value.index) == (code, index)


def forged(body, n, count=None, version=1, layout=0):
    hashed = struct.pack("<H", layout) + body if layout else body
    n = n if count is None else count
    header = struct.pack("<4sHHQ32s", b"AFTR", version, layout, n, hashlib.sha256(hashed).digest())
    return header + zstandard.compress(body)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not_a_trace"),
        (b"AFTR", "not_a_trace"),
        (b"RIFF" + bytes(60), "not_a_trace"),
        (forged(GOLDEN_BODY, 4, version=3), "unknown_version"),
        (forged(GOLDEN_BODY, 4, count=3), "corrupt"),
        (forged(GOLDEN_BODY, 4, count=2**63), "too_long"),
        (forged(GOLDEN_BODY, 4) + b"\0", "corrupt"),
        (forged(GOLDEN_BODY, 4)[:-1], "corrupt"),
        # A body that hashes right and is still no trace: times run backward, wrap around, values or flags are foreign.
        (forged(struct.pack("<2q2d2B", 5, -1, 0, 0, 0, 0), 2), "times_not_increasing"),
        (forged(struct.pack("<2q2d2B", 2**60, 2**63 - 1, 0, 0, 0, 0), 2), "time_out_of_range"),
        (forged(struct.pack("<1q1d1B", 0, float("nan"), 0), 1), "not_finite"),
        (forged(struct.pack("<1q1d1B", 0, 0, 128), 1), "unknown_flag"),
        # The flag of a seam is of version 2, and what version 1 can say has one form alone.
        (forged(struct.pack("<1q1d1B", 0, 0, 16), 1), "corrupt"),
        (forged(GOLDEN_BODY, 4, version=2), "corrupt"),
        (forged(GOLDEN_BODY, 4, version=2, layout=1), "corrupt"),
        (forged(GOLDEN_BODY, 4, version=2, layout=3), "corrupt"),
        (forged(GOLDEN_BODY, 4, layout=1), "corrupt"),
    ],
)
def test_foreign_bytes_are_refused(data, code):
    with pytest.raises(TraceError) as caught:
        unpack(data)
    assert caught.value.code == code


def test_a_small_frame_that_claims_to_be_huge_is_refused_before_it_is_unpacked():
    bomb = zstandard.compress(bytes(200_000_000))
    with pytest.raises(TraceError) as caught:
        unpack(struct.pack("<4sHHQ32s", b"AFTR", 1, 0, 10, bytes(32)) + bomb)
    assert caught.value.code == "corrupt"


PACKED = pack(TIMES, VALUES, FLAGS)
PLANE = pack(TIMES, [[0.0, 1.0], [0.5, -1.0], [0.25, 0.75], [0.0, 0.0]], FLAGS, TIMES)


@given(st.sampled_from([PACKED, PLANE]), st.data(), st.integers(1, 255))
@settings(max_examples=500)
def test_any_altered_byte_is_noticed_or_harmless(packed, data, change):
    position = data.draw(st.integers(0, len(packed) - 1))
    altered = bytearray(packed)
    altered[position] ^= change
    try:
        found = unpack(bytes(altered))
    except TraceError:
        return
    # zstd has a few header bits that change nothing; what is accepted must be the very same trace.
    assert found == unpack(packed)


@given(st.integers(0, len(PACKED) - 1))
def test_any_truncation_is_noticed(length):
    with pytest.raises(TraceError):
        unpack(PACKED[:length])


@given(st.binary(max_size=200), st.booleans())
@settings(max_examples=300)
def test_random_bytes_raise_nothing_but_a_trace_error(data, disguised):
    with pytest.raises(TraceError):
        unpack((PACKED[:8] if disguised else b"") + data)
