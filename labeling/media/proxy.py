"""A rendition that every browser plays, made only when the original is not one. Its timestamps are the original's.

ffmpeg reads the original over a loopback address with a one-use token and writes to a pipe: no plaintext file exists.
"""

from __future__ import annotations

from collections.abc import Iterator

import ffmpeg
import imageio_ffmpeg

from labeling.media.probe import MediaRefused

BLOCK = 256 * 1024


def transcode(url: str, modality: str) -> Iterator[bytes]:
    """Yield the rendition: H.264 and AAC in fragmented MP4, or Opus in Ogg. Raises MediaRefused("transcode_failed")."""
    source = ffmpeg.input(url)
    if modality == "video":
        made = source.output(
            "pipe:", format="mp4", vcodec="libx264", acodec="aac", pix_fmt="yuv420p", preset="veryfast", crf=20, fps_mode="passthrough",
            movflags="frag_keyframe+empty_moov+default_base_moof", copyts=None, loglevel="error",
        )  # fmt: skip
    else:
        made = source.output("pipe:", format="ogg", acodec="libopus", audio_bitrate="96k", vn=None, loglevel="error")
    process = made.run_async(cmd=imageio_ffmpeg.get_ffmpeg_exe(), pipe_stdout=True, pipe_stderr=True)
    try:
        while block := process.stdout.read(BLOCK):
            yield block
        said = process.stderr.read()
        if process.wait() != 0:
            raise MediaRefused(
                "transcode_failed",
                "The file could not be turned into one that browsers play.",
                exit=process.returncode,
                said=len(said),
            )
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(timeout=10)
        for pipe in (process.stdout, process.stderr):
            pipe.close()
