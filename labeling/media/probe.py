"""What a media file really is. Nothing that a name or a sender claims is believed; the packets are read to the end.

Times are int64 microseconds on the track's own clock, whose time base is kept as the fraction the container states.
"""

from __future__ import annotations

import io
import struct
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import BinaryIO

import av
from av.error import FFmpegError

from labeling.media.refused import MediaRefused

LONGEST_US = 24 * 3600 * 1_000_000
LARGEST_SIDE = 8192
TRUNCATED_SHARE = 0.9  # packets that end before this share of the declared duration: the file was cut

# The only demultiplexers that are let near a file: a playlist would make the library open addresses that it names.
FORMATS = "mov,mp4,m4a,matroska,webm,avi,wav,mp3,ogg,flac"
_MOST_PARTS = 100_000  # boxes or chunks that are walked before a file is left to the decoder

# What Chromium, Firefox and Safari play and seek without help: codecs of pictures and of sound by kind of file.
# Matroska is in none of them, though it shares its demultiplexer with WebM.
PICTURES = {"mp4": {"h264", "av1"}, "webm": {"vp8", "vp9", "av1"}}
SOUNDS = {
    "mp4": {"aac", "mp3"}, "webm": {"opus", "vorbis"}, "wav": {"pcm_s16le"}, "mp3": {"mp3"}, "ogg": {"opus", "vorbis"}, "flac": {"flac"},
}  # fmt: skip

PIXELS = {"yuv420p", "yuvj420p"}  # what cameras for people make; other samplings and depths, not every browser decodes


@dataclass(frozen=True)
class Probe:
    """Facts about one file. `frame_times_us` is filled for video whose frame rate varies."""

    modality: str
    container: str
    codec: str
    time_base: Fraction
    start_us: int
    duration_us: int
    rate: Fraction
    variable_rate: bool
    has_audio: bool
    playable: bool
    facts: dict = field(default_factory=dict)
    frame_times_us: tuple[int, ...] = ()


def opened(stream: BinaryIO) -> av.container.InputContainer:
    """The file as PyAV opens it, with the formats that are taken and no others."""
    stream.seek(0)
    return av.open(stream, mode="r", options={"format_whitelist": FORMATS})


def probe(stream: BinaryIO, expected: str) -> Probe:
    """Read a file that is claimed to be `expected` ("video" or "audio").

    Raises MediaRefused: empty_file, unreadable, no_video_stream, no_audio_stream, zero_duration, truncated, too_long,
    too_large_picture.
    """
    size = stream.seek(0, io.SEEK_END)
    if size == 0:
        raise MediaRefused("empty_file")
    stream.seek(0)
    if cut_short(stream, size):
        raise MediaRefused("truncated")
    stream.seek(0)
    head = stream.read(64)
    try:
        with opened(stream) as container:
            return _read(container, expected, head)
    # What a hostile file makes the library say: its own errors, and numbers that no clock has.
    except (FFmpegError, ValueError, EOFError, ArithmeticError, LookupError) as error:
        raise MediaRefused("unreadable") from error


def _read(container: av.container.InputContainer, expected: str, head: bytes) -> Probe:
    chosen = next((s for s in container.streams if s.type == expected and not _is_picture(s)), None)
    if chosen is None:
        raise MediaRefused(f"no_{expected}_stream")
    context = chosen.codec_context
    if expected == "video" and max(context.width, context.height) > LARGEST_SIDE:
        raise MediaRefused("too_large_picture", most=LARGEST_SIDE)
    packets = _packets(container, chosen)
    base = chosen.time_base or Fraction(1, 1_000_000)
    start = _start(packets, expected)
    duration_us = round((packets.end - start) * base * 1_000_000)
    if duration_us <= 0:
        raise MediaRefused("zero_duration")
    if duration_us > LONGEST_US:
        raise MediaRefused("too_long")
    if _is_cut(container, chosen, packets, duration_us, round(packets.end * base * 1_000_000)):
        raise MediaRefused("truncated")
    _decodes(container, chosen)
    return _found(container, chosen, packets, expected, duration_us, head)


def _start(packets: _Packets, expected: str) -> int:
    """Where the track begins, in its time base. Sound before zero is what the encoder needs to begin; nobody hears it."""
    first = min(packets.stamps, default=0)
    return max(0, first) if expected == "audio" else first


def _found(
    container: av.container.InputContainer, chosen: av.stream.Stream, packets: _Packets, expected: str, duration_us: int,
    head: bytes,
) -> Probe:  # fmt: skip
    audio = next((s for s in container.streams if s.type == "audio"), None)
    has_video = any(s.type == "video" and not _is_picture(s) for s in container.streams)
    base = chosen.time_base or Fraction(1, 1_000_000)
    variable = expected == "video" and _varies(packets.stamps)
    context = chosen.codec_context
    kind = _kind(container, head)
    facts = {"codec": context.name, "container": container.format.name, "kind": kind, "packets": len(packets.stamps)}
    if expected == "video":
        rate = Fraction(chosen.average_rate or chosen.guessed_rate or 0)
        facts |= {"width": context.width, "height": context.height}
    else:
        rate = Fraction(context.sample_rate or 0)
        facts |= {"channels": context.channels, "sample_rate": context.sample_rate}
    return Probe(
        modality=expected,
        container=container.format.name,
        codec=context.name,
        time_base=base,
        start_us=round(_start(packets, expected) * base * 1_000_000),
        duration_us=duration_us,
        rate=rate,
        variable_rate=variable,
        has_audio=audio is not None,
        # The sound of a film is played from a rendition of its own: whoever may hear only must not get the picture.
        playable=_playable(expected, kind, context.name, audio.codec_context.name if audio else None)
        and (expected == "audio" or context.pix_fmt in PIXELS)
        and not (expected == "audio" and has_video),
        facts=facts,
        frame_times_us=tuple(round(s * base * 1_000_000) for s in sorted(packets.stamps)) if variable else (),
    )


@dataclass(frozen=True)
class _Packets:
    """Presentation stamps of every packet, and where the last one ends; both in the stream's time base."""

    stamps: array
    end: int
    seen: int  # with those that are never shown


def _packets(container: av.container.InputContainer, chosen: av.stream.Stream) -> _Packets:
    stamps, end, seen = array("q"), 0, 0
    for packet in container.demux(chosen):
        seen += packet.size > 0
        if packet.pts is None or packet.is_discard:
            continue
        stamps.append(packet.pts)
        end = max(end, packet.pts + (packet.duration or 0))
    return _Packets(stamps, end, seen)


def _is_cut(
    container: av.container.InputContainer, chosen: av.stream.Stream, packets: _Packets, duration_us: int, end_us: int
) -> bool:
    """Whether less came than the container states: fewer frames than its index holds, or an end too early."""
    if "mov" in container.format.name and 0 < packets.seen < chosen.frames:
        return True
    if chosen.duration and chosen.time_base:
        return duration_us < TRUNCATED_SHARE * chosen.duration * chosen.time_base * 1_000_000
    # A duration of the whole file counts from zero, whenever its first track begins.
    return chosen.type == _main(container) and end_us < TRUNCATED_SHARE * int(container.duration or 0)


def cut_short(stream: BinaryIO, size: int) -> bool:
    """Whether the bytes end before their own framing says: the last page of an Ogg, the chunks of a WAV, the boxes of an
    MP4. The libraries that decode these play what is there and say nothing."""
    head = stream.read(12)
    stream.seek(0)
    if head.startswith(b"OggS"):
        return _ogg_cut(stream, size)
    if head.startswith((b"RIFF", b"RF64")) and head[8:] == b"WAVE":
        return _riff_cut(stream, size)
    if head[4:8] in _BOXES:
        return _boxes_cut(stream, size)
    return False


_BOXES = {b"ftyp", b"moov", b"mdat", b"free", b"wide", b"skip"}
_OGG_PAGE = 65_307  # the largest there is


def _ogg_cut(stream: BinaryIO, size: int) -> bool:
    stream.seek(max(0, size - _OGG_PAGE))
    tail = stream.read()
    at = tail.rfind(b"OggS")
    if at < 0 or at + 27 > len(tail):
        return True
    segments = tail[at + 26]
    table = tail[at + 27 : at + 27 + segments]
    return len(table) < segments or at + 27 + segments + sum(table) > len(tail)


def _riff_cut(stream: BinaryIO, size: int) -> bool:
    at = 12
    for _part in range(_MOST_PARTS):
        if at + 8 > size:
            break
        stream.seek(at)
        name, length = struct.unpack("<4sI", stream.read(8))
        if name == b"ds64":
            return False  # sizes above 4 GB stand elsewhere; the decoder's own duration is compared
        if name in (b"data", b"LIST") and length in (0, 0xFFFFFFFF):
            return False  # written by a program that could not go back: no length was stated
        if at + 8 + length > size:
            return True
        at += 8 + length + length % 2
    return False


def _boxes_cut(stream: BinaryIO, size: int) -> bool:
    at = 0
    for _part in range(_MOST_PARTS):
        if at + 8 > size:
            break
        stream.seek(at)
        head = stream.read(16)
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if length == 0:
            return False  # to the end of the file
        if length < 8:
            return False  # no framing at all: the decoder will say so
        at += length
    return at > size


def _decodes(container: av.container.InputContainer, chosen: av.stream.Stream) -> None:
    """A header alone is no recording: at least one frame must come out."""
    container.seek(0)
    if next(container.decode(chosen), None) is None:
        raise MediaRefused("unreadable")


def _main(container: av.container.InputContainer) -> str:
    return "video" if any(s.type == "video" and not _is_picture(s) for s in container.streams) else "audio"


def _is_picture(stream: av.stream.Stream) -> bool:
    """A cover picture inside a sound file is no video."""
    return stream.type == "video" and stream.codec_context.name in {"mjpeg", "png"} and stream.frames <= 1


def _varies(stamps: Sequence[int]) -> bool:
    ordered = sorted(stamps)
    steps = {b - a for a, b in pairwise(ordered)}
    return len(steps) > 1 and max(steps) - min(steps) > 1


def _kind(container: av.container.InputContainer, head: bytes) -> str:
    """The file's own kind: mp4, webm, matroska, avi, wav, mp3, ogg, flac."""
    names = container.format.name.split(",")
    if "webm" in names:
        return "webm" if b"webm" in head else "matroska"  # the document type stands in the first element
    return "mp4" if "mp4" in names else names[0]


def _playable(expected: str, kind: str, codec: str, audio: str | None) -> bool:
    sounds = SOUNDS.get(kind, set())
    if expected == "audio":
        return codec in sounds
    return codec in PICTURES.get(kind, set()) and (audio is None or audio in sounds)
