"""What a media file really is. Nothing that a name or a sender claims is believed; the packets are read to the end.

Times are int64 microseconds on the track's own clock, whose time base is kept as the fraction the container states.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import BinaryIO

import av
from av.error import FFmpegError

from core.errors import Invalid

LONGEST_US = 24 * 3600 * 1_000_000
LARGEST_SIDE = 8192
TRUNCATED_SHARE = 0.9  # packets that end before this share of the declared duration: the file was cut

# What Chromium, Firefox and Safari play and seek without help: (container, codecs).
PLAYABLE = {
    "video": ({"mov", "mp4", "webm"}, {"h264", "vp8", "vp9", "av1"}, {"aac", "mp3", "opus", "vorbis", None}),
    "audio": (
        {"wav", "mp3", "ogg", "flac", "mov", "mp4", "m4a", "webm"},
        {"pcm_s16le", "mp3", "opus", "vorbis", "flac", "aac"},
    ),
}


class MediaRefused(Invalid):
    """The file cannot be used; `code` says why and stays the same, the message is for the person who sent it."""


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


def probe(stream: BinaryIO, expected: str) -> Probe:
    """Read a file that is claimed to be `expected` ("video" or "audio").

    Raises MediaRefused: empty_file, unreadable, no_video_stream, no_audio_stream, zero_duration, truncated, too_long, too_large_picture.
    """
    stream.seek(0, 2)
    if stream.tell() == 0:
        raise MediaRefused("empty_file", "The file is empty.")
    stream.seek(0)
    try:
        with av.open(stream, mode="r") as container:
            return _read(container, expected)
    except FFmpegError as error:
        raise MediaRefused(
            "unreadable", "The file cannot be read: it is damaged, or not the kind of file its name says."
        ) from error
    except (ValueError, EOFError) as error:
        raise MediaRefused(
            "unreadable", "The file cannot be read: it is damaged, or not the kind of file its name says."
        ) from error


def _read(container: av.container.InputContainer, expected: str) -> Probe:
    chosen = next((s for s in container.streams if s.type == expected and not _is_picture(s)), None)
    if chosen is None:
        raise MediaRefused(
            f"no_{expected}_stream",
            "There is no picture in this file; register it as sound."
            if expected == "video"
            else "There is no sound in this file.",
        )
    if expected == "video" and max(chosen.codec_context.width, chosen.codec_context.height) > LARGEST_SIDE:
        raise MediaRefused("too_large_picture", f"The picture is larger than {LARGEST_SIDE} pixels on a side.")
    stamps, end = _packets(container, chosen)
    base = chosen.time_base or Fraction(1, 1_000_000)
    start = min(stamps) if stamps else 0
    duration_us = round((end - start) * base * 1_000_000)
    if not stamps or duration_us <= 0:
        raise MediaRefused("zero_duration", "The file plays for no time at all.")
    if duration_us > LONGEST_US:
        raise MediaRefused("too_long", "The file is longer than 24 hours.")
    declared_us = int(container.duration or 0)
    if declared_us and duration_us < TRUNCATED_SHARE * declared_us and expected == _main(container):
        raise MediaRefused(
            "truncated", "The file ends before it should: it was cut while it was copied. Send it again."
        )
    _decodes(container, chosen)
    names = set(container.format.name.split(","))
    audio = next((s for s in container.streams if s.type == "audio"), None)
    variable = expected == "video" and _varies(stamps)
    context = chosen.codec_context
    facts = {"codec": context.name, "container": container.format.name, "packets": len(stamps)}
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
        start_us=round(start * base * 1_000_000),
        duration_us=duration_us,
        rate=rate,
        variable_rate=variable,
        has_audio=audio is not None,
        playable=_playable(expected, names, context.name, audio.codec_context.name if audio else None),
        facts=facts,
        frame_times_us=tuple(round(s * base * 1_000_000) for s in sorted(stamps)) if variable else (),
    )


def _packets(container: av.container.InputContainer, chosen: av.stream.Stream) -> tuple[list[int], int]:
    """Presentation stamps of every packet, and where the last one ends; both in the stream's time base."""
    stamps: list[int] = []
    end = 0
    for packet in container.demux(chosen):
        if packet.pts is None:
            continue
        stamps.append(packet.pts)
        end = max(end, packet.pts + (packet.duration or 0))
    return stamps, end


def _decodes(container: av.container.InputContainer, chosen: av.stream.Stream) -> None:
    """A header alone is no recording: at least one frame must come out."""
    container.seek(0)
    if next(container.decode(chosen), None) is None:
        raise MediaRefused("unreadable", "The file cannot be read: nothing in it can be shown or heard.")


def _main(container: av.container.InputContainer) -> str:
    return "video" if any(s.type == "video" and not _is_picture(s) for s in container.streams) else "audio"


def _is_picture(stream: av.stream.Stream) -> bool:
    """A cover picture inside a sound file is no video."""
    return stream.type == "video" and stream.codec_context.name in {"mjpeg", "png"} and stream.frames <= 1


def _varies(stamps: list[int]) -> bool:
    ordered = sorted(stamps)
    steps = {b - a for a, b in pairwise(ordered)}
    return len(steps) > 1 and max(steps) - min(steps) > 1


def _playable(expected: str, containers: set[str], codec: str, audio: str | None) -> bool:
    if expected == "video":
        boxes, pictures, sounds = PLAYABLE["video"]
        return bool(boxes & containers) and codec in pictures and audio in sounds
    boxes, sounds = PLAYABLE["audio"]
    return bool(boxes & containers) and codec in sounds
