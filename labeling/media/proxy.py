"""A rendition that every browser plays, made only when the original is not one. Its timestamps are the original's.

ffmpeg reads the original over a loopback address with a one-use token and writes to a pipe: no plaintext file exists. A
pipe cannot be gone back in, so its MP4 comes in fragments, and browsers neither know the length of such a file nor seek in
it well: the packets are put, as they are, into an MP4 with one index, in a sealed scratch file. Without B-frames and with
every frame passed through, each frame is shown at the microsecond it had; a first frame after zero is kept by an edit list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import av
import ffmpeg
import imageio_ffmpeg
from av.error import FFmpegError

from consent.scratch import Scratch
from labeling.media.probe import FORMATS
from labeling.media.refused import MediaRefused

BLOCK = 256 * 1024
SOURCE = {"format_whitelist": FORMATS, "protocol_whitelist": "http,tcp"}
EVERYWHERE = {"copyts": None, "avoid_negative_ts": "disabled", "loglevel": "quiet"}


def transcode(url: str, modality: str) -> Iterator[bytes]:
    """Yield the rendition: H.264 and AAC in fragmented MP4, or Opus in Ogg. Raises MediaRefused("transcode_failed")."""
    source = ffmpeg.input(url, **SOURCE)
    if modality == "video":
        made = source.output(
            "pipe:", format="mp4", vcodec="libx264", acodec="aac", pix_fmt="yuv420p", preset="veryfast", crf=20, bf=0, g=50,
            vf="scale=trunc(iw/2)*2:trunc(ih/2)*2", fps_mode="passthrough", enc_time_base="demux",
            movflags="frag_keyframe+delay_moov+default_base_moof", **EVERYWHERE,
        )  # fmt: skip
        return run(made, finish=index)
    return run(source.output("pipe:", format="ogg", acodec="libopus", audio_bitrate="96k", vn=None, **EVERYWHERE))


def run(made: Any, *, finish: Callable[[BinaryIO, BinaryIO], None] | None = None) -> Iterator[bytes]:
    """What ffmpeg writes, block by block; where `finish` is given it puts the whole, as it comes, into a sealed scratch file first."""
    # Nothing is said on the error output: it would be a second pipe to empty, and would name the address.
    process = made.run_async(cmd=imageio_ffmpeg.get_ffmpeg_exe(), pipe_stdout=True)
    try:
        if finish is not None:
            with Scratch() as whole:
                finish(process.stdout, whole)
                yield from blocks(whole)
        else:
            while block := process.stdout.read(BLOCK):
                yield block
        if process.wait() != 0:
            raise MediaRefused("transcode_failed")
    except FFmpegError as error:
        raise MediaRefused("transcode_failed") from error
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(timeout=10)
        process.stdout.close()


def index(fragments: BinaryIO, made: BinaryIO) -> None:
    """The same packets in an MP4 with one index. Memory: the index."""
    with (
        av.open(fragments, format="mp4") as source,
        av.open(made, "w", format="mp4", options={"avoid_negative_ts": "disabled"}) as out,
    ):
        tracks = {one.index: out.add_stream_from_template(one) for one in source.streams}
        for packet in source.demux():
            if packet.dts is None:
                continue  # the end of a track
            packet.stream = tracks[packet.stream.index]
            out.mux(packet)


def blocks(made: BinaryIO) -> Iterator[bytes]:
    """What was made, from its beginning."""
    made.seek(0)
    while block := made.read(BLOCK):
        yield block
