"""Files that hold no more than may be perceived: a film without its sound, sound without the film, speech without its words.

All are made of a file that browsers play, and keep its times. Where nothing is changed but left out, packets are copied
as they are. Speech loses its words to a low-pass of the eighth order at 400 Hz (48 dB an octave, so 60 dB are gone at
1 kHz, where consonants and the second formant are); melody, rhythm and loudness stay. That is the content filtering of
Rogers, Scherer and Rosenthal (1971), who showed that words cannot be made out while affect can.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import av
import ffmpeg
from av.error import FFmpegError

from consent.scratch import Scratch
from labeling.media.probe import opened
from labeling.media.proxy import EVERYWHERE, SOURCE, blocks, index, run
from labeling.media.refused import MediaRefused

CUTOFF_HZ = 400
_POLES_A_STAGE, _STAGES = 2, 4
SOUND_TYPE = "audio/ogg"


def silent(stream: BinaryIO) -> tuple[str, Iterator[bytes]]:
    """The picture alone, its packets untouched: media type and bytes. Memory: the index; the file is sealed scratch.

    Raises MediaRefused("transcode_failed") when the container cannot hold what it held.
    """
    made = Scratch()
    try:
        with opened(stream) as source:
            box = "webm" if "webm" in source.format.name else "mp4"
            picture = source.streams.video[0]
            with av.open(made, "w", format=box, options={"avoid_negative_ts": "disabled"}) as out:
                track = out.add_stream_from_template(picture)
                for packet in source.demux(picture):
                    if packet.dts is not None:
                        packet.stream = track
                        out.mux(packet)
    except (FFmpegError, ValueError) as error:
        made.close()
        raise MediaRefused("transcode_failed") from error
    return f"video/{box}", _drained(made)


def _drained(made: Scratch) -> Iterator[bytes]:
    with made:
        yield from blocks(made)


def sound(url: str, *, band_passed: bool) -> tuple[str, Iterator[bytes]]:
    """The sound alone, whole or without its words."""
    heard = ffmpeg.input(url, **SOURCE).audio
    made = (_filtered(heard) if band_passed else heard).output(
        "pipe:", format="ogg", acodec="libopus", audio_bitrate="96k", map_metadata=-1, **EVERYWHERE
    )
    return SOUND_TYPE, run(made)


def band_passed(url: str, *, copy: bool) -> tuple[str, Iterator[bytes]]:
    """The film with speech that has lost its words. `copy` leaves the picture's packets as they are, in an MP4."""
    source = ffmpeg.input(url, **SOURCE)
    picture: dict[str, Any] = {"vcodec": "copy"} if copy else {
        "vcodec": "libx264", "pix_fmt": "yuv420p", "preset": "veryfast", "crf": 20, "bf": 0, "g": 50,
        "fps_mode": "passthrough", "enc_time_base": "demux", "vf": "scale=trunc(iw/2)*2:trunc(ih/2)*2",
    }  # fmt: skip
    made = ffmpeg.output(
        source.video, _filtered(source.audio), "pipe:", format="mp4", acodec="aac", map_metadata=-1,
        movflags="frag_keyframe+delay_moov+default_base_moof", **picture, **EVERYWHERE,
    )  # fmt: skip
    return "video/mp4", run(made, finish=index)


def _filtered(heard: Any) -> Any:
    for _stage in range(_STAGES):
        heard = heard.filter("lowpass", f=CUTOFF_HZ, p=_POLES_A_STAGE)
    return heard
