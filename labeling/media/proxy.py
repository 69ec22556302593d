"""A rendition that every browser plays, made only when the original is not one. Its timestamps are the original's.

ffmpeg reads the original over a loopback address with a one-use token and writes to a pipe: no plaintext file exists. A
pipe cannot be gone back in, so the MP4 comes in fragments. Without B-frames and with every frame passed through, each
frame is shown at the microsecond it had; a first frame after zero is kept by an edit list.
"""

from __future__ import annotations

from collections.abc import Iterator

import ffmpeg
import imageio_ffmpeg

from labeling.media.probe import FORMATS
from labeling.media.refused import MediaRefused

BLOCK = 256 * 1024
_EVERYWHERE = {"copyts": None, "avoid_negative_ts": "disabled", "loglevel": "quiet"}


def transcode(url: str, modality: str) -> Iterator[bytes]:
    """Yield the rendition: H.264 and AAC in fragmented MP4, or Opus in Ogg. Raises MediaRefused("transcode_failed")."""
    source = ffmpeg.input(url, format_whitelist=FORMATS, protocol_whitelist="http,tcp")
    if modality == "video":
        made = source.output(
            "pipe:", format="mp4", vcodec="libx264", acodec="aac", pix_fmt="yuv420p", preset="veryfast", crf=20, bf=0, g=50,
            vf="scale=trunc(iw/2)*2:trunc(ih/2)*2", fps_mode="passthrough", enc_time_base="demux",
            movflags="frag_keyframe+delay_moov+default_base_moof", **_EVERYWHERE,
        )  # fmt: skip
    else:
        made = source.output("pipe:", format="ogg", acodec="libopus", audio_bitrate="96k", vn=None, **_EVERYWHERE)
    # Nothing is said on the error output: it would be a second pipe to empty, and would name the address.
    process = made.run_async(cmd=imageio_ffmpeg.get_ffmpeg_exe(), pipe_stdout=True)
    try:
        while block := process.stdout.read(BLOCK):
            yield block
        if process.wait() != 0:
            raise MediaRefused("transcode_failed")
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(timeout=10)
        process.stdout.close()
