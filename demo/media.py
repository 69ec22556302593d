"""What the demo's recordings are made of: files of the manifest, who appears, whom an item is about."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from labeling.services.recordings import Appears, NewItem, NewRecording, NewTrack

FOLDER = Path(__file__).parent
MEDIA = FOLDER / "media"
PPG_RATE_HZ = 100.0
TURN_US = 3_400_000  # when the second voice of the conversation begins

VIDEOS = {
    "v01_woman_crying.mp4": "P-0001",
    "v02_woman_distress.mp4": "P-0001",
    "v03_woman_cry_to_laugh.mp4": "P-0001",
    "v04_woman_laughing.mp4": "P-0001",
    "v06_man_neutral_smile.mp4": "P-0002",
}
VOICES = {
    "a01_librivox_0870.wav": "P-0004",
    "a02_librivox_0880.wav": "P-0004",
    "a03_librivox_0890.wav": "P-0004",
    "a04_librivox_0920.wav": "P-0004",
    "a05_librivox_0930.wav": "P-0004",
    "a09_librivox_0930_high_arousal.wav": "P-0004",
    "a10_librivox_0930_low_arousal.wav": "P-0004",
    "a11_acted_british_laugh.ogg": "P-0005",
    "a13_acted_british_leavemealone.ogg": "P-0005",
    "a15_acted_mobster_revenge.ogg": "P-0007",
    "a16_acted_british_ohdear.ogg": "P-0005",
}
LONG_VIDEO_US = 19_686_333
LONG_VIDEO, PPG = "v05_woman_full_19s.mp4", "p02_ppg_100hz.csv"
PORTRAIT = "v07_portrait_plus_speech.mp4"
CONVERSATION = ("a12_acted_british_nooo.ogg", "a14_acted_surfer_boring.ogg")
SENTENCES = "t01_review_snippets_20_with_ratings.json"


def manifest() -> dict[str, dict]:
    """Source, licence and SHA-256 by file name. "as above" means the entry before."""
    known: dict[str, dict] = {}
    before = ""
    for entry in json.loads((FOLDER / "manifest.json").read_text()):
        before = before if entry["source"] == "as above" else entry["source"]
        known[entry["file"]] = {**entry, "source": before}
    return known


def clips() -> list[NewRecording]:
    """Videos and voices, the portrait with a reader's voice, and a conversation of two on two tracks."""
    known = manifest()
    rows = [_one(name, "video", who, known) for name, who in VIDEOS.items()]
    rows += [_one(name, "audio", who, known) for name, who in VOICES.items()]
    rows.append(
        _recording(
            PORTRAIT, known,
            [NewTrack("video", "video", [Appears("P-0003"), Appears("P-0004", "bystander")])],
            [NewItem(_code(PORTRAIT), ["P-0003"])],
        )
    )  # fmt: skip
    first = CONVERSATION[0]
    rows.append(
        NewRecording(
            "c01", session="conversation-1", source=known[first]["source"], licence=known[first]["license"],
            tracks=[
                NewTrack("audio", "voice A", [Appears("P-0005")]),
                NewTrack("audio", "voice B", [Appears("P-0006", "partner")], offset_us=TURN_US),
            ],
            items=[
                NewItem("c01.A", ["P-0005"], "utterance", 0, 3_214_376),
                NewItem("c01.B", ["P-0006"], "utterance", TURN_US, TURN_US + 1_390_023),
            ],
        )
    )  # fmt: skip
    return rows


def long_video() -> NewRecording:
    """The 19-second clip with a physiological signal on a track of its own."""
    known = manifest()
    return _recording(
        LONG_VIDEO, known,
        [NewTrack("video", "video", [Appears("P-0001")]), NewTrack("signal", "pulse", [Appears("P-0001")])],
        [NewItem(_code(LONG_VIDEO), ["P-0001"], "segment", 0, LONG_VIDEO_US)],  # the signal goes on after the picture ends
    )  # fmt: skip


def sentences() -> Iterator[tuple[str, dict]]:
    """(participant code of the review's author, sentence with its ratings)."""
    for sentence in json.loads((MEDIA / SENTENCES).read_text()):
        yield f"R-{sentence['id'].split('_')[0]}", sentence


def sentence_recordings() -> list[NewRecording]:
    """Each sentence as a text recording of its author; the session names the review, so splits keep reviews whole."""
    entry = manifest()[SENTENCES]
    return [
        NewRecording(
            f"t_{sentence['id']}", session=f"reviews/{sentence['id'].split('_')[0]}", source=entry["source"], licence=entry["license"],
            tracks=[NewTrack("text", "text", [Appears(who, "customer")], text=sentence["text"], language="en")],
            items=[NewItem(f"t_{sentence['id']}", [who], "utterance")],
        )
        for who, sentence in sentences()
    ]  # fmt: skip


def files(recording: NewRecording) -> list[tuple[str, str]]:
    """(track name, file) of a recording's tracks that have one."""
    if recording.code == "c01":
        return [("voice A", CONVERSATION[0]), ("voice B", CONVERSATION[1])]
    if recording.code == _code(LONG_VIDEO):
        return [("video", LONG_VIDEO), ("pulse", PPG)]
    return [
        (t.name, name)
        for t in recording.tracks
        for name in (*VIDEOS, *VOICES, PORTRAIT)
        if _code(name) == recording.code
    ]


def _one(name: str, modality: str, who: str, known: dict[str, dict]) -> NewRecording:
    return _recording(
        name,
        known,
        [NewTrack(modality, "video" if modality == "video" else "voice", [Appears(who)])],
        [NewItem(_code(name), [who])],
    )


def _recording(name: str, known: dict[str, dict], tracks: list[NewTrack], items: list[NewItem]) -> NewRecording:
    entry = known[name]
    return NewRecording(_code(name), tracks=tracks, items=items, source=entry["source"], licence=entry["license"][:200])


def _code(name: str) -> str:
    """v04 for v04_woman_laughing.mp4: an annotator sees the code, and it must not give the answer away."""
    return name.split("_", 1)[0]
