"""How loud a recording is as people hear it, and by how much to turn it so that all recordings are equally loud.

Loudness is EBU R 128 (integrated, ITU-R BS.1770 gates and weighting), measured by ffmpeg over the whole file; a single
channel is measured as it is heard, from both sides. The gain brings it to −23 LUFS, the level of R 128. It never turns
anything up beyond a true peak of −1 dBTP, so nothing clips; a recording with one bang stays quieter than the others.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import ffmpeg
import imageio_ffmpeg

from labeling.media.proxy import SOURCE

TARGET_LUFS = -23.0
HIGHEST_PEAK_DBTP = -1.0
SILENT_LUFS = -70.0  # the absolute gate: what is quieter is no sound to be measured
MOST_GAIN_DB = 30.0  # beyond it is room noise that would be turned into a storm
_INTEGRATED = re.compile(r"Integrated loudness:\s+I:\s+(-?[0-9.]+) LUFS")
_PEAK = re.compile(r"True peak:\s+Peak:\s+(-?[0-9.]+|-inf) dBFS")


@dataclass(frozen=True)
class Loudness:
    """Integrated loudness in LUFS, and the true peak in dBTP."""

    lufs: float
    peak_dbtp: float

    @property
    def gain_db(self) -> float:
        """By how many decibels to turn it up (or down, below zero).

        >>> Loudness(-33.0, -20.0).gain_db, Loudness(-33.0, -5.0).gain_db, Loudness(-13.0, 0.5).gain_db
        (10.0, 4.0, -10.0)
        """
        return round(min(TARGET_LUFS - self.lufs, HIGHEST_PEAK_DBTP - self.peak_dbtp, MOST_GAIN_DB), 2)


def measure(url: str) -> Loudness | None:
    """The loudness of the first sound of a file; None where there is none to be heard, or it cannot be decoded."""
    heard = ffmpeg.input(url, **SOURCE).audio.filter("ebur128", peak="true", framelog="quiet", dualmono="true")
    made = heard.output("pipe:", format="null").global_args("-hide_banner", "-nostats")
    process = made.run_async(cmd=imageio_ffmpeg.get_ffmpeg_exe(), pipe_stderr=True)
    try:
        # The report comes at the end; what stands before it names the address and goes no further than here.
        said = process.stderr.read().decode(errors="replace")
        failed = process.wait()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(timeout=10)
        process.stderr.close()
    integrated, peak = _INTEGRATED.findall(said), _PEAK.findall(said)
    if failed or not integrated or not peak or peak[-1] == "-inf" or float(integrated[-1]) <= SILENT_LUFS:
        return None
    return Loudness(float(integrated[-1]), float(peak[-1]))
