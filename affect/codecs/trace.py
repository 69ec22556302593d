"""The trace container: one continuous rating, or one feature lane, as one immutable string of bytes.

A struct of arrays behind a fixed header, so that a row in a database or a file holds a whole trace and its hash:

    offset  size  field
         0     4  format id, b"AFTR"
         4     2  format version, uint16, 1
         6     2  reserved, zero
         8     8  sample count n, uint64
        16    32  sha256 of the unpacked body
        48     .  the body as one zstd frame

    body: n x int64    times as differences to the one before, the first to 0; microseconds on the media clock
          n x float64  values
          n x uint8    flags, see `Flag`

Everything is little-endian. The digest covers the unpacked body, so it stays the same when the compressor changes;
the packed bytes are the same for the same content, zstd level and zstd version. Gaps are flags, never NaN.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from enum import IntFlag

import numpy as np
import zstandard
from numpy.typing import ArrayLike, NDArray

FORMAT = "affect.trace"
VERSION = 1
LEVEL = 9
# 46 hours at 100 samples a second; what a hostile header can make us allocate is bounded by it (285 MB).
MAX_SAMPLES = 1 << 24
# Differences of two times stay inside int64.
MAX_TIME_US = 1 << 61

_HEADER = struct.Struct("<4sHHQ32s")
_MAGIC = b"AFTR"
_BYTES_A_SAMPLE = 17


class Flag(IntFlag):
    """What is known about a sample besides its value."""

    NONE = 0
    GAP_BEFORE = 1
    """Nothing is known between the sample before and this one: a pause, a stall, a hidden page."""
    SEEK_BEFORE = 2
    """The rater went back before this sample and rated the passage again; what stood there was replaced."""
    INPUT_CHANGED = 4
    """From here on another device or axis was used."""
    DERIVED = 8
    """Not what a person entered but computed: resampled, fused, or a feature."""


ALL_FLAGS = int(Flag.GAP_BEFORE | Flag.SEEK_BEFORE | Flag.INPUT_CHANGED | Flag.DERIVED)

NOT_A_TRACE = "not_a_trace"
UNKNOWN_VERSION = "unknown_version"
CORRUPT = "corrupt"
TOO_LONG = "too_long"
SHAPE = "shape"
NOT_INTEGER_TIMES = "not_integer_times"
TIME_OUT_OF_RANGE = "time_out_of_range"
TIMES_NOT_INCREASING = "times_not_increasing"
NOT_FINITE = "not_finite"
UNKNOWN_FLAG = "unknown_flag"


class TraceError(ValueError):
    """A trace that cannot be packed or bytes that are no trace; `code` is stable, `index` the first sample at fault."""

    def __init__(self, code: str, why: str, index: int | None = None):
        super().__init__(why)
        self.code = code
        self.why = why
        self.index = index


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """Samples of one trace; the arrays are read-only and of one length.

    times_us  int64, strictly increasing, microseconds
    values    float64, finite
    flags     uint8, bits of `Flag`
    digest    sha256 of the unpacked body, hexadecimal
    """

    times_us: NDArray[np.int64]
    values: NDArray[np.float64]
    flags: NDArray[np.uint8]
    digest: str

    def __len__(self) -> int:
        return len(self.times_us)

    def __eq__(self, other: object) -> bool:
        return self.digest == other.digest if isinstance(other, Trace) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.digest)


def make(times_us: ArrayLike, values: ArrayLike, flags: ArrayLike | None = None) -> Trace:
    """Check samples and hold them as a Trace. Flags default to none set.

    times_us: shape (n,), integers; values: shape (n,); flags: shape (n,), bits of `Flag`.
    Raises TraceError naming the first sample at fault.

    >>> make([0, 100_000], [0.5, 0.25], [0, Flag.GAP_BEFORE]).values.tolist()
    [0.5, 0.25]
    """
    times = _integers(times_us)
    try:
        numbers = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TraceError(NOT_FINITE, "Values must be numbers.") from error
    marks = np.zeros(len(times), dtype=np.uint8) if flags is None else _flags(flags)
    if not (times.shape == numbers.shape == marks.shape and times.ndim == 1):
        raise TraceError(SHAPE, f"Times, values and flags differ: {times.shape}, {numbers.shape}, {marks.shape}.")
    if len(times) > MAX_SAMPLES:
        raise TraceError(TOO_LONG, f"A trace holds at most {MAX_SAMPLES} samples; this one has {len(times)}.")
    return _checked(times, numbers, marks)


def pack(times_us: ArrayLike, values: ArrayLike, flags: ArrayLike | None = None, *, level: int = LEVEL) -> bytes:
    """The container's bytes for these samples. Arguments and errors as `make`; level is zstd's.

    >>> pack([0, 100_000], [0.5, 0.25])[:4]
    b'AFTR'
    """
    trace = make(times_us, values, flags)
    body = _body(trace.times_us, trace.values, trace.flags)
    compressor = zstandard.ZstdCompressor(level=level, write_checksum=False, write_content_size=True, threads=0)
    header = _HEADER.pack(_MAGIC, VERSION, 0, len(trace), hashlib.sha256(body).digest())
    return header + compressor.compress(body)


def unpack(data: bytes) -> Trace:
    """The samples in the container's bytes.

    Raises TraceError for anything that `pack` could not have written: foreign, truncated, altered or padded bytes.

    >>> unpack(pack([0, 100_000], [0.5, 0.25])).times_us.tolist()
    [0, 100000]
    """
    n, claimed, frame = _header(data)
    size = n * _BYTES_A_SAMPLE
    try:
        if zstandard.get_frame_parameters(frame).content_size != size:
            raise TraceError(CORRUPT, "The trace's header and its body differ in length.")
        body = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompress(
            frame, max_output_size=size, allow_extra_data=False
        )
    except (zstandard.ZstdError, ValueError) as error:
        if isinstance(error, TraceError):
            raise
        raise TraceError(CORRUPT, "The trace's bytes are damaged or cut short.") from error
    if len(body) != size or hashlib.sha256(body).digest() != claimed:
        raise TraceError(CORRUPT, "The trace's bytes do not match its hash.")
    deltas = np.frombuffer(body, "<i8", n)
    values = np.frombuffer(body, "<f8", n, offset=8 * n)
    flags = np.frombuffer(body, "u1", n, offset=16 * n)
    with np.errstate(over="ignore"):
        times = np.cumsum(deltas, dtype=np.int64)
    return _checked(times, values.astype(np.float64), flags.copy())


def digest(data: bytes) -> str:
    """The hash that the container's header claims, hexadecimal, without unpacking. `unpack` is what verifies it."""
    return _header(data)[1].hex()


def _header(data: bytes) -> tuple[int, bytes, bytes]:
    data = bytes(data)
    if len(data) < _HEADER.size or not data.startswith(_MAGIC):
        raise TraceError(NOT_A_TRACE, "These bytes are not a trace.")
    _, version, reserved, n, claimed = _HEADER.unpack_from(data)
    if version != VERSION:
        raise TraceError(UNKNOWN_VERSION, f"This trace has format version {version}; version {VERSION} can be read.")
    if reserved:
        raise TraceError(CORRUPT, "The trace's header is damaged.")
    if n > MAX_SAMPLES:
        raise TraceError(TOO_LONG, f"A trace holds at most {MAX_SAMPLES} samples; this one claims {n}.")
    return n, claimed, data[_HEADER.size :]


def _integers(times_us: ArrayLike) -> NDArray[np.int64]:
    given = np.asarray(times_us)
    if given.size == 0:
        return np.zeros(given.shape, dtype=np.int64)
    if given.dtype.kind not in "iu":
        raise TraceError(NOT_INTEGER_TIMES, "Times must be whole microseconds that fit 64 bits.")
    # Before the cast: uint64 would wrap around.
    beyond = np.flatnonzero((given.ravel() > MAX_TIME_US) | (given.ravel() < -MAX_TIME_US))
    if len(beyond):
        raise TraceError(TIME_OUT_OF_RANGE, "A time lies outside the media clock.", int(beyond[0]))
    return given.astype(np.int64)


def _flags(flags: ArrayLike) -> NDArray[np.uint8]:
    given = np.asarray(flags)
    if given.size == 0:
        return np.zeros(given.shape, dtype=np.uint8)
    if given.dtype.kind not in "iu":
        raise TraceError(UNKNOWN_FLAG, "Flags must be whole numbers.")
    _known(given.ravel())
    return given.astype(np.uint8)


def _known(flags: NDArray[np.integer]) -> None:
    strange = np.flatnonzero((flags < 0) | (flags > ALL_FLAGS))
    if len(strange):
        raise TraceError(UNKNOWN_FLAG, f"Flag {int(flags[strange[0]])} is not defined.", int(strange[0]))


def _checked(times: NDArray[np.int64], values: NDArray[np.float64], flags: NDArray[np.uint8]) -> Trace:
    """The one gate for samples from outside and from bytes alike."""
    beyond = np.flatnonzero((times > MAX_TIME_US) | (times < -MAX_TIME_US))
    if len(beyond):
        raise TraceError(TIME_OUT_OF_RANGE, "A time lies outside the media clock.", int(beyond[0]))
    back = np.flatnonzero(np.diff(times) <= 0)
    if len(back):
        raise TraceError(TIMES_NOT_INCREASING, "Times must increase from sample to sample.", int(back[0]) + 1)
    strange = np.flatnonzero(~np.isfinite(values))
    if len(strange):
        raise TraceError(NOT_FINITE, "A value is not a finite number.", int(strange[0]))
    _known(flags)
    for array in (times, values, flags):
        array.flags.writeable = False
    return Trace(times, values, flags, hashlib.sha256(_body(times, values, flags)).hexdigest())


def _body(times: NDArray[np.int64], values: NDArray[np.float64], flags: NDArray[np.uint8]) -> bytes:
    deltas = np.diff(times, prepend=np.int64(0))
    return deltas.astype("<i8").tobytes() + values.astype("<f8").tobytes() + flags.tobytes()
