"""The trace container: one continuous rating, or one feature lane, as one immutable string of bytes.

A struct of arrays behind a fixed header, so that a row in a database or a file holds a whole trace and its hash:

    offset  size  field
         0     4  format id, b"AFTR"
         4     2  format version, uint16, 1 or 2
         6     2  layout, uint16: zero in version 1; in version 2 the number of axes, plus 256 when there is a clock
         8     8  sample count n, uint64
        16    32  sha256 of the unpacked body, in version 2 of the layout's two bytes and the body
        48     .  the body as one zstd frame

    body: n x int64    times as differences to the one before, the first to 0; microseconds on the media clock
          n x int64    the clock, as differences likewise, where there is one (version 2): microseconds of a clock of the
                       rater's machine that only runs forward, at which the sample was taken; evidence, never order
          n x float64  values, axis after axis
          n x uint8    flags, see `Flag`

Content decides the version: what version 1 can say is written in version 1, byte for byte as ever; two axes at once, a clock
and the flag of a seam are version 2. Everything is little-endian. The digest covers the unpacked body, so it stays the same
when the compressor changes; the packed bytes are the same for the same content, zstd level and zstd version. Gaps are flags,
never NaN.
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
VERSION = 2  # the newest that is written and read; `Trace.version` is the one that a trace needs
LEVEL = 9
MOST_AXES = 2
# 46 hours at 100 samples a second; what a hostile header can make us allocate is bounded by it (552 MB).
MAX_SAMPLES = 1 << 24
# Differences of two times stay inside int64.
MAX_TIME_US = 1 << 61

_HEADER = struct.Struct("<4sHHQ32s")
_MAGIC = b"AFTR"
_CLOCK = 256  # the bit of the layout that tells of a clock


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
    RESUMED = 16
    """A seam: the rater came back in another sitting, heard some seconds again, and goes on from here. Version 2."""


FIRST_FLAGS = int(Flag.GAP_BEFORE | Flag.SEEK_BEFORE | Flag.INPUT_CHANGED | Flag.DERIVED)
"""Those of version 1."""
ALL_FLAGS = FIRST_FLAGS | int(Flag.RESUMED)

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
    values    float64, finite: shape (n,), or (n, 2) for two axes at once
    flags     uint8, bits of `Flag`
    digest    sha256 of the unpacked content, hexadecimal
    clock_us  int64, when each sample was taken by a clock of the rater's machine, or None
    """

    times_us: NDArray[np.int64]
    values: NDArray[np.float64]
    flags: NDArray[np.uint8]
    digest: str
    clock_us: NDArray[np.int64] | None = None

    @property
    def axes(self) -> int:
        return 1 if self.values.ndim == 1 else self.values.shape[1]

    @property
    def version(self) -> int:
        """The format version that this content is written in."""
        return _version(self.values, self.flags, self.clock_us)

    def axis(self, number: int) -> Trace:
        """One dimension of it, as measures and fusions take it: times, flags and the values of that axis alone.

        >>> make([0, 40_000], [[0.5, -1.0], [0.25, -0.5]]).axis(1).values.tolist()
        [-1.0, -0.5]
        """
        if not 0 <= number < self.axes:
            raise IndexError(f"this trace has {self.axes} axes; there is no axis {number}")
        return self if self.values.ndim == 1 else make(self.times_us, self.values[:, number], self.flags)

    def __len__(self) -> int:
        return len(self.times_us)

    def __eq__(self, other: object) -> bool:
        return self.digest == other.digest if isinstance(other, Trace) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.digest)


def make(
    times_us: ArrayLike, values: ArrayLike, flags: ArrayLike | None = None, clock_us: ArrayLike | None = None
) -> Trace:
    """Check samples and hold them as a Trace. Flags default to none set; a clock is optional.

    times_us: shape (n,), integers; values: shape (n,), or (n, 2) for two axes at once; flags: shape (n,), bits of `Flag`;
    clock_us: shape (n,), integers. Raises TraceError naming the first sample at fault.

    >>> make([0, 100_000], [0.5, 0.25], [0, Flag.GAP_BEFORE]).values.tolist()
    [0.5, 0.25]
    """
    times = _integers(times_us)
    try:
        numbers = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TraceError(NOT_FINITE, "Values must be numbers.") from error
    marks = np.zeros(len(times), dtype=np.uint8) if flags is None else _flags(flags)
    clock = None if clock_us is None else _integers(clock_us)
    one_length = times.ndim == 1 and numbers.shape[:1] == times.shape == marks.shape
    if not one_length or (clock is not None and clock.shape != times.shape):
        shapes = [one.shape for one in (times, numbers, marks, clock) if one is not None]
        raise TraceError(SHAPE, f"Times, values, flags and clock differ: {', '.join(map(str, shapes))}.")
    if numbers.ndim > 2 or (numbers.ndim == 2 and numbers.shape[1] != MOST_AXES):
        raise TraceError(SHAPE, f"A trace has one axis or {MOST_AXES}; these values have the shape {numbers.shape}.")
    if len(times) > MAX_SAMPLES:
        raise TraceError(TOO_LONG, f"A trace holds at most {MAX_SAMPLES} samples; this one has {len(times)}.")
    return _checked(times, numbers, marks, clock)


def pack(
    times_us: ArrayLike,
    values: ArrayLike,
    flags: ArrayLike | None = None,
    clock_us: ArrayLike | None = None,
    *,
    level: int = LEVEL,
) -> bytes:
    """The container's bytes for these samples. Arguments and errors as `make`; level is zstd's.

    >>> pack([0, 100_000], [0.5, 0.25])[:4]
    b'AFTR'
    """
    trace = make(times_us, values, flags, clock_us)
    layout, body = _body(trace.times_us, trace.values, trace.flags, trace.clock_us)
    compressor = zstandard.ZstdCompressor(level=level, write_checksum=False, write_content_size=True, threads=0)
    header = _HEADER.pack(_MAGIC, trace.version, layout, len(trace), bytes.fromhex(trace.digest))
    return header + compressor.compress(body)


def unpack(data: bytes) -> Trace:
    """The samples in the container's bytes.

    Raises TraceError for anything that `pack` could not have written: foreign, truncated, altered or padded bytes.

    >>> unpack(pack([0, 100_000], [0.5, 0.25])).times_us.tolist()
    [0, 100000]
    """
    version, layout, n, claimed, frame = _header(data)
    axes, has_clock = (layout & (_CLOCK - 1), bool(layout & _CLOCK)) if layout else (1, False)
    size = n * (9 + 8 * has_clock + 8 * axes)
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
    if len(body) != size or _hash(layout, body) != claimed:
        raise TraceError(CORRUPT, "The trace's bytes do not match its hash.")
    at = iter(range(0, size + 1, 8 * n) if n else [0] * 5)
    times = _summed(np.frombuffer(body, "<i8", n, offset=next(at)))
    clock = _summed(np.frombuffer(body, "<i8", n, offset=next(at))) if has_clock else None
    columns = [np.frombuffer(body, "<f8", n, offset=next(at)).astype(np.float64) for _ in range(axes)]
    values = columns[0] if axes == 1 else np.column_stack(columns)
    flags = np.frombuffer(body, "u1", n, offset=next(at)).copy()
    found = _checked(times, values, flags, clock)
    if found.version != version:
        raise TraceError(
            CORRUPT, f"The trace's header says version {version}, its content is of version {found.version}."
        )
    return found


def digest(data: bytes) -> str:
    """The hash that the container's header claims, hexadecimal, without unpacking. `unpack` is what verifies it."""
    return _header(data)[3].hex()


def _header(data: bytes) -> tuple[int, int, int, bytes, bytes]:
    data = bytes(data)
    if len(data) < _HEADER.size or not data.startswith(_MAGIC):
        raise TraceError(NOT_A_TRACE, "These bytes are not a trace.")
    _, version, layout, n, claimed = _HEADER.unpack_from(data)
    if not 1 <= version <= VERSION:
        raise TraceError(UNKNOWN_VERSION, f"This trace has format version {version}; 1 to {VERSION} can be read.")
    if layout not in ((0,) if version == 1 else (1, 2, _CLOCK + 1, _CLOCK + 2)):
        raise TraceError(CORRUPT, "The trace's header is damaged.")
    if n > MAX_SAMPLES:
        raise TraceError(TOO_LONG, f"A trace holds at most {MAX_SAMPLES} samples; this one claims {n}.")
    return version, layout, n, claimed, data[_HEADER.size :]


def _summed(deltas: NDArray[np.int64]) -> NDArray[np.int64]:
    with np.errstate(over="ignore"):
        return np.cumsum(deltas, dtype=np.int64)


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


def _checked(
    times: NDArray[np.int64],
    values: NDArray[np.float64],
    flags: NDArray[np.uint8],
    clock: NDArray[np.int64] | None,
) -> Trace:
    """The one gate for samples from outside and from bytes alike."""
    for what, column in (("time", times), ("clock's time", clock)):
        beyond = [] if column is None else np.flatnonzero((column > MAX_TIME_US) | (column < -MAX_TIME_US))
        if len(beyond):
            raise TraceError(TIME_OUT_OF_RANGE, f"A {what} lies outside what can be told.", int(beyond[0]))
    back = np.flatnonzero(np.diff(times) <= 0)
    if len(back):
        raise TraceError(TIMES_NOT_INCREASING, "Times must increase from sample to sample.", int(back[0]) + 1)
    strange = np.flatnonzero(~np.isfinite(values.reshape(len(times), -1)).all(axis=1)) if len(times) else []
    if len(strange):
        raise TraceError(NOT_FINITE, "A value is not a finite number.", int(strange[0]))
    _known(flags)
    for array in (times, values, flags, clock):
        if array is not None:
            array.flags.writeable = False
    return Trace(times, values, flags, _hash(*_body(times, values, flags, clock)).hex(), clock)


def _version(values: NDArray[np.float64], flags: NDArray[np.uint8], clock: NDArray[np.int64] | None) -> int:
    return 1 if values.ndim == 1 and clock is None and not (flags & ~np.uint8(FIRST_FLAGS)).any() else 2


def _body(
    times: NDArray[np.int64],
    values: NDArray[np.float64],
    flags: NDArray[np.uint8],
    clock: NDArray[np.int64] | None,
) -> tuple[int, bytes]:
    """The layout, and the columns in their order."""
    axes = 1 if values.ndim == 1 else values.shape[1]
    layout = 0 if _version(values, flags, clock) == 1 else axes + (0 if clock is None else _CLOCK)
    whole = [times] if clock is None else [times, clock]
    deltas = [np.diff(column, prepend=np.int64(0)).astype("<i8").tobytes() for column in whole]
    return layout, b"".join([*deltas, values.astype("<f8").tobytes(order="F"), flags.tobytes()])


def _hash(layout: int, body: bytes) -> bytes:
    return hashlib.sha256(layout.to_bytes(2, "little") + body if layout else body).digest()
