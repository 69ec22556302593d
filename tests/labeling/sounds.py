"""Media files made for tests by the encoders themselves; none is stored. Every function returns the bytes of a file."""

from __future__ import annotations

import io
import struct
import subprocess
import tempfile
import wave
from fractions import Fraction
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

RATE = 16_000


def sine(seconds: float, hertz: float = 440.0, amplitude: float = 0.5, rate: int = RATE) -> NDArray[np.int16]:
    at = np.arange(round(seconds * rate)) / rate
    return np.round(amplitude * 32767 * np.sin(2 * np.pi * hertz * at)).astype(np.int16)


def wav(samples: NDArray[np.int16], rate: int = RATE) -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(samples.astype("<i2").tobytes())
    return made.getvalue()


def wav24(seconds: float = 1.0, rate: int = 48_000) -> bytes:
    """24 bits a sample, which browsers do not all play."""
    made = io.BytesIO()
    with wave.open(made, "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(3)
        out.setframerate(rate)
        tone = np.repeat(sine(seconds, rate=rate).astype(np.int32) * 256, 2)
        out.writeframes(b"".join(struct.pack("<i", int(one))[:3] for one in tone))
    return made.getvalue()


def encoded(*words: str, container: str) -> bytes:
    """What ffmpeg makes of its own test sources. `words` are its options between the inputs and the output."""
    ran = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *words, "-f", container, "pipe:"],
        capture_output=True, check=True, timeout=120,
    )  # fmt: skip
    return ran.stdout


def picture(seconds: float = 2.0, rate: int = 25, size: str = "320x240") -> tuple[str, ...]:
    return ("-f", "lavfi", "-i", f"testsrc2=duration={seconds}:size={size}:rate={rate}")


def tone(seconds: float = 2.0) -> tuple[str, ...]:
    return ("-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}")


def ogg(seconds: float = 2.0) -> bytes:
    return encoded(*tone(seconds), "-c:a", "libopus", container="ogg")


def matroska(seconds: float = 2.0) -> bytes:
    return encoded(*picture(seconds), *tone(seconds), "-c:v", "libx264", "-c:a", "libopus", container="matroska")


def video(
    stamps: list[int] | None = None,
    *,
    rate: int = 25,
    seconds: float = 2.0,
    start: int = 0,
    box: str = "mp4",
    faststart: bool = False,
    base: Fraction | None = None,
    codec: str = "libx264",
    sound: bool = False,
) -> bytes:
    """A film whose frames stand at `stamps` (in `base`), or evenly; frame n is as bright as n, so that it can be told."""
    base = base or Fraction(1, 12_800)
    step = int(1 / (rate * base))
    stamps = stamps if stamps is not None else [start + n * step for n in range(round(seconds * rate))]
    file = tempfile.NamedTemporaryFile(suffix=f".{box}")  # noqa: SIM115 - to put the index first, the muxer opens what it wrote
    options = {"movflags": "faststart"} if faststart else {}
    # An edit list would be the other way of saying that a film begins late; times in the packets are kept as they are.
    with file, av.open(file.name, "w", format=box, options=options | {"avoid_negative_ts": "disabled"}) as out:
        track = out.add_stream(codec, rate=rate, options={"g": "12"})
        track.width, track.height, track.pix_fmt = 160, 120, "yuv420p"
        track.time_base = track.codec_context.time_base = base
        noise = out.add_stream("aac", rate=RATE) if sound else None
        for n, at in enumerate(stamps):
            planes = np.full((180, 160), 128, dtype=np.uint8)  # no colour; the picture is the first 120 rows
            planes[:120] = 16 + n * 3 % 200
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts, frame.time_base = at, base
            for packet in track.encode(frame):
                out.mux(packet)
        for packet in track.encode(None):
            out.mux(packet)
        if noise is not None:
            _speak(out, noise, seconds)
        out.close()
        return Path(file.name).read_bytes()


def _speak(out: av.container.OutputContainer, track: av.AudioStream, seconds: float) -> None:
    samples = sine(seconds)
    for at in range(0, len(samples), 1024):
        frame = av.AudioFrame.from_ndarray(samples[None, at : at + 1024], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
        for packet in track.encode(frame):
            out.mux(packet)
    for packet in track.encode(None):
        out.mux(packet)


def with_tone(data: bytes, box: str) -> bytes:
    """The film with a tone beside it, its packets as they are."""
    made = io.BytesIO()
    with (
        av.open(io.BytesIO(data)) as source,
        av.open(made, "w", format=box, options={"avoid_negative_ts": "disabled"}) as out,
    ):
        track = out.add_stream_from_template(source.streams.video[0])
        noise = out.add_stream("aac" if box == "mp4" else "libopus", rate=48_000)
        packets = [packet for packet in source.demux(video=0) if packet.dts is not None]
        for packet in packets:
            packet.stream = track
            out.mux(packet)
        samples = sine(2.0, rate=48_000)
        for at in range(0, len(samples), 960):
            frame = av.AudioFrame.from_ndarray(samples[None, at : at + 960], format="s16", layout="mono")
            frame.sample_rate, frame.pts = 48_000, at
            for packet in noise.encode(frame):
                out.mux(packet)
        for packet in noise.encode(None):
            out.mux(packet)
    return made.getvalue()
