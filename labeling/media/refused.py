"""Why a file cannot be used: one table of codes and sentences, for the moment of sending and for the page that tells of it later.

A code is stable and for programs; the sentence is for the person who sent the file and says what to do. What a sentence
names (a line, a limit) are facts that are kept beside the code, so that it can be said again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.errors import Invalid

SENTENCES = {
    "empty_file": _("The file is empty, or holds no sample at all."),
    "unreadable": _("The file cannot be read: it is damaged, or not the kind of file its name says."),
    "mislabelled": _("The file is named like %(named)s but is %(found)s. Give it the right ending and send it again."),
    "no_video_stream": _("There is no picture in this file; register it as sound."),
    "no_audio_stream": _("There is no sound in this file."),
    "zero_duration": _("The file plays for no time at all."),
    "truncated": _("The file ends before it should: it was cut while it was copied. Send it again."),
    "too_long": _("The file is longer than 24 hours. Split it."),
    "too_large": _("The file is larger than %(most)s MB, the most that is accepted. Split it."),
    "too_large_picture": _("The picture is larger than %(most)d pixels on a side. Scale it down first."),
    "transcode_failed": _("The file could not be turned into one that browsers play."),
    "timestamps_lost": _(
        "The rendition for browsers has other times than the original, so labels would sit in the wrong place."
    ),
    "not_text": _("This is no text file in UTF-8; export the signal as CSV."),
    "too_many_samples": _("The signal has more than %(most)d samples; split it."),
    "line_too_long": _("A line of this file is longer than any signal’s; is it another kind of file?"),
    "no_rate": _("A signal of one column needs its sampling rate, a number of samples a second above 0."),
    "not_a_number": _("Line %(line)d holds something that is not a number."),
    "not_finite": _("Line %(line)d holds an infinite number."),
    "missing_column": _("Line %(line)d has a column less than the lines before."),
    "too_many_columns": _(
        "Line %(line)d has more columns than a signal: its values alone, or times in seconds and values."
    ),
    "decimal_comma": _(
        "Line %(line)d reads as a time and a value, but looks like a decimal comma. Write decimals with a point."
    ),
    "times_not_increasing": _("The time in line %(line)d does not come after the one before."),
    "time_out_of_range": _(
        "The time in line %(line)d is not between 0 and 24 hours; times are seconds from the start."
    ),
}


class MediaRefused(Invalid):
    """The file cannot be used. `code` is one of SENTENCES; `facts` are what its sentence names."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code, sentence(code, facts), **facts)


def sentence(code: str, facts: Mapping[str, Any]) -> str:
    """What a code says, in the reader's language. A code of an older release, or without its facts, still gets a sentence."""
    try:
        return str(SENTENCES[code]) % facts
    except (KeyError, TypeError):
        return str(_("The file cannot be used (%(code)s).")) % {"code": code}
