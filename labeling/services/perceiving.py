"""What a campaign lets its annotators perceive, and in which form each track is given to them.

The rules of a campaign are a small map of codes (RULES holds all of them and what they are unless a campaign says
otherwise). From them alone follows which bytes a track is given as: a film whose sound may not be heard is a file
without sound, not a film that a page promises to mute; speech whose words may not be understood is a file in which they
are not. Lanes (physiology, features, what models and other people say) are kept back unless the campaign shows them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from consent.purposes import Modality
from labeling.models import Track

RULES = {
    "video": True, "audio": True, "transcript": True,
    "band_passed": False,  # speech is heard without its words: what lies above 400 Hz is taken away
    "physiology": False, "features": False, "models": False,  # lanes under the recording
}  # fmt: skip

# Forms that are made for a campaign that needs them; every other track is given as it is played by everybody.
SILENT, SOUND, BAND_PASSED, BAND_PASSED_SOUND = "silent", "sound", "band_passed", "band_passed_sound"
MADE = (SILENT, SOUND, BAND_PASSED, BAND_PASSED_SOUND)
LANES = {"signal": "physiology", "feature": "features", "model": "models"}


def shows(perceived: Mapping[str, object], rule: str) -> bool:
    """Whether a rule is on; a campaign drawn up before the rule existed has what it is unless said otherwise."""
    return bool(perceived.get(rule, RULES[rule]))


@dataclass(frozen=True)
class Given:
    """A track and the form it is given in: original, proxy, one of MADE, or "" for what is read or drawn only."""

    track: Track
    what: str

    @property
    def asset_id(self) -> UUID | None:
        """The bytes; None while the rendition that the campaign needs is still to be made."""
        if self.what in MADE:
            found = made(self.track, self.what).get("asset")
            return UUID(found) if found else None
        return (
            self.track.proxy_id if self.what == "proxy" else self.track.original_id if self.what == "original" else None
        )

    @property
    def modality(self) -> str:
        """What it is to whoever perceives it: of a film whose picture is hidden, sound is left."""
        return Modality.AUDIO.value if self.what in (SOUND, BAND_PASSED_SOUND) else self.track.modality

    @property
    def heard(self) -> bool:
        return self.modality == Modality.AUDIO or (has_sound(self.track) and self.what != SILENT)

    @property
    def open(self) -> frozenset[str]:
        """What may be fetched of the track beside the lanes: its form, and the pictures that show no more than it does."""
        if self.modality == Modality.SIGNAL:
            return frozenset({"original"})
        drawn = {"frames"} if self.modality == Modality.VIDEO else set()
        if self.heard:
            drawn.add("peaks")
        if self.heard and self.what not in (BAND_PASSED, BAND_PASSED_SOUND):
            drawn.add("spectrogram")  # who reads one well reads words in it
        return frozenset({self.what, *drawn} - {""})


def given(perceived: Mapping[str, object], tracks: Sequence[Track]) -> list[Given]:
    """Which of a recording's tracks are given under these rules, and as what. `tracks` are all that may be used at all."""
    found = []
    media = [one for one in tracks if one.modality in (Modality.VIDEO, Modality.AUDIO)]
    own_sound = any(one.modality == Modality.AUDIO for one in media)
    for track in tracks:
        what = _form(track, perceived, own_sound=own_sound, alone=not media)
        if what is not None:
            found.append(Given(track, what))
    return found


def _form(track: Track, perceived: Mapping[str, object], *, own_sound: bool, alone: bool) -> str | None:
    as_it_is = "proxy" if track.proxy_id else "original"
    hear, filtered = shows(perceived, "audio"), shows(perceived, "band_passed")
    if track.modality == Modality.VIDEO:
        if not shows(perceived, "video"):
            # The sound of a film counts only where no microphone of its own was registered beside it.
            usable = hear and has_sound(track) and not own_sound
            return (BAND_PASSED_SOUND if filtered else SOUND) if usable else None
        if not has_sound(track):
            return as_it_is
        return SILENT if not hear else BAND_PASSED if filtered else as_it_is
    if track.modality == Modality.AUDIO:
        return None if not hear else BAND_PASSED if filtered else as_it_is
    if track.modality == Modality.SIGNAL:
        return "" if alone or shows(perceived, "physiology") else None
    return ""


def has_sound(track: Track) -> bool:
    """Whether anything is heard in it: the waveform is drawn of every track that has sound."""
    return track.modality == Modality.AUDIO or (track.modality == Modality.VIDEO and track.peaks_id is not None)


def made(track: Track, what: str) -> dict:
    """What is known of a rendition that was made of the track: its asset, start and length; or why there is none."""
    return track.probe.get("made", {}).get(what, {})


def may_draw(perceived: Mapping[str, object], track: Track, kind: str) -> bool:
    """Whether a lane of this kind may be drawn; a signal that is given as such was decided with its track."""
    if kind == "signal" and track.modality == Modality.SIGNAL:
        return True
    return shows(perceived, LANES.get(kind, "features"))
