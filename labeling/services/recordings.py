"""Recordings come in: rows first, in bulk; then a job reads what the files really are; only what was read is labeled.

Registering is one transaction for any number of recordings, with their tracks, appearances, items and targets, around
the ORM (core.bulk): 10,000 at a time is usual. A mistake in one row refuses all of them, with a list of what is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consent import keys
from consent.models import Participant, Study
from consent.purposes import Modality, PeopleRole
from core import audit, bulk, ids
from core.errors import Invalid
from core.models import User
from labeling.models import Alignment, Appearance, Item, ItemTarget, Recording, Track

MOST_ERRORS = 50


@dataclass(frozen=True)
class Appears:
    """A participant (by code) in a track, with the part they have there."""

    participant: str
    role: str = PeopleRole.TARGET


@dataclass(frozen=True)
class NewTrack:
    """A track to register. A text track brings its text; others bring an asset now, or are given one later."""

    modality: str
    name: str
    appearances: Sequence[Appears]
    text: str = ""
    language: str = ""
    asset_id: UUID | None = None
    start_us: int = 0
    duration_us: int = 0
    offset_us: int = 0
    separable: bool = False
    ready: bool = False  # nothing has to be probed: a text, or a reference kept elsewhere


@dataclass(frozen=True)
class NewItem:
    code: str
    targets: Sequence[str]
    kind: str = Item.Kind.WHOLE
    start_us: int = 0
    end_us: int = 0


@dataclass(frozen=True)
class NewRecording:
    code: str
    tracks: Sequence[NewTrack]
    items: Sequence[NewItem] = field(default_factory=tuple)
    session: str = ""
    source: str = ""
    licence: str = ""


@dataclass(frozen=True)
class Registered:
    """The ids of what was made, in the order it was given."""

    recordings: list[UUID]
    tracks: list[list[UUID]]
    items: list[list[UUID]]


@transaction.atomic
def register(*, actor: User | None, study: Study, rows: Sequence[NewRecording]) -> Registered:
    """Store recordings with everything that hangs from them, or nothing at all.

    Raises Invalid("rows_refused") with the sentences by row ("/rows/17/tracks/0") when any row cannot be meant.
    """
    people = dict(Participant.objects.filter(study=study).values_list("code", "pk"))
    _refuse_wrong(study, rows, people)
    now = timezone.now()
    made = _Rows(study.pk, now)
    for row in rows:
        made.add(row, people)
    sealed = (
        keys.seal_many(
            made.texts, study_id=study.pk, participant_ids=[made.people_of_text[i] for i in range(len(made.texts))]
        )
        if made.texts
        else []
    )
    for at, bytes_ in zip(made.text_rows, sealed, strict=True):
        made.tracks[at][8] = bytes_
    bulk.insert(
        Recording,
        ("id", "created_at", "study_id", "code", "session", "state", "duration_us", "external_id", "source", "licence"),
        made.recordings,
    )
    bulk.insert(
        Track,
        ("id", "created_at", "study_id", "recording_id", "modality", "name", "position", "state", "text", "language", "failure", "original_id",
         "start_us", "duration_us", "separable", "time_base_num", "time_base_den", "rate_num", "rate_den", "variable_rate", "probe"),
        made.tracks,
    )  # fmt: skip
    bulk.insert(
        Appearance,
        ("id", "created_at", "study_id", "recording_id", "track_id", "participant_id", "role"),
        made.appearances,
    )
    bulk.insert(
        Alignment,
        ("id", "created_at", "study_id", "track_id", "number", "offset_us", "drift_ppb", "method"),
        made.alignments,
    )
    bulk.insert(
        Item, ("id", "created_at", "study_id", "recording_id", "code", "kind", "start_us", "end_us"), made.items
    )
    bulk.insert(ItemTarget, ("id", "created_at", "item_id", "participant_id"), made.targets)
    audit.record(
        "labeling.recordings.registered", actor=actor, target=study, study=study.pk,
        recordings=len(made.recordings), tracks=len(made.tracks), items=len(made.items),
    )  # fmt: skip
    return Registered(made.recording_ids, made.track_ids, made.item_ids)


class _Rows:
    """The rows of a registration, as they go to the database."""

    def __init__(self, study_id: UUID, now: Any) -> None:
        self.study_id, self.now = study_id, now
        self.recordings: list[tuple] = []
        self.tracks: list[list] = []
        self.appearances: list[tuple] = []
        self.alignments: list[tuple] = []
        self.items: list[tuple] = []
        self.targets: list[tuple] = []
        self.texts: list[str] = []
        self.text_rows: list[int] = []
        self.people_of_text: list[list[UUID]] = []
        self.recording_ids: list[UUID] = []
        self.track_ids: list[list[UUID]] = []
        self.item_ids: list[list[UUID]] = []

    def add(self, row: NewRecording, people: Mapping[str, UUID]) -> None:
        recording_id = ids.new()
        ready = all(t.ready or t.modality == Modality.TEXT for t in row.tracks)
        end_us = max((t.offset_us + t.start_us + t.duration_us for t in row.tracks), default=0)
        state = Recording.State.READY if ready else Recording.State.DRAFT
        self.recordings.append(
            (recording_id, self.now, self.study_id, row.code, row.session, state, end_us, b"", row.source, row.licence)
        )
        self.recording_ids.append(recording_id)
        self.track_ids.append([self._track(recording_id, n, t, people) for n, t in enumerate(row.tracks)])
        self.item_ids.append([self._item(recording_id, i, end_us, people) for i in row.items or (_whole(row),)])

    def _track(self, recording_id: UUID, position: int, track: NewTrack, people: Mapping[str, UUID]) -> UUID:
        track_id = ids.new()
        ready = track.ready or track.modality == Modality.TEXT
        appearing = [people[a.participant] for a in track.appearances]
        if track.text:
            self.texts.append(track.text)
            self.text_rows.append(len(self.tracks))
            self.people_of_text.append(appearing)
        self.tracks.append(
            [track_id, self.now, self.study_id, recording_id, track.modality, track.name, position,
             Track.State.READY if ready else Track.State.REGISTERED, b"", track.language, "", track.asset_id,
             track.start_us, track.duration_us, track.separable, 1, 1_000_000, 0, 1, False, {}]
        )  # fmt: skip
        for who, appears in zip(appearing, track.appearances, strict=True):
            self.appearances.append((ids.new(), self.now, self.study_id, recording_id, track_id, who, appears.role))
        self.alignments.append((ids.new(), self.now, self.study_id, track_id, 1, track.offset_us, 0, "given"))
        return track_id

    def _item(self, recording_id: UUID, item: NewItem, end_us: int, people: Mapping[str, UUID]) -> UUID:
        item_id = ids.new()
        self.items.append(
            (item_id, self.now, self.study_id, recording_id, item.code, item.kind, item.start_us, item.end_us or end_us)
        )
        self.targets.extend((ids.new(), self.now, item_id, people[code]) for code in dict.fromkeys(item.targets))
        return item_id


def _whole(row: NewRecording) -> NewItem:
    """The item that is meant when none is named: the whole recording, about everyone who appears as a target."""
    targets = [a.participant for t in row.tracks for a in t.appearances if a.role == PeopleRole.TARGET]
    return NewItem(code=row.code, targets=targets or [row.tracks[0].appearances[0].participant])


def _refuse_wrong(study: Study, rows: Sequence[NewRecording], people: Mapping[str, UUID]) -> None:
    wrong: dict[str, list[str]] = {}
    codes: set[str] = set()
    item_codes: set[str] = set()
    for n, row in enumerate(rows):
        said = [*_wrong_row(row, people)]
        if row.code in codes:
            said.append(("", _("This code is used by another row.")))
        codes.add(row.code)
        for item in row.items or ((NewItem(row.code, ("",)),) if row.tracks else ()):
            if item.code in item_codes:
                said.append(("/items", _("This item code is used by another row.")))
            item_codes.add(item.code)
        for where, sentence in said:
            if len(wrong) < MOST_ERRORS:
                wrong.setdefault(f"/rows/{n}{where}", []).append(sentence)
    for taken in _taken(Recording, study, codes):
        wrong.setdefault("/rows", []).append(_("The code %(code)s is taken.") % {"code": taken})
    for taken in _taken(Item, study, item_codes):
        wrong.setdefault("/rows", []).append(_("The item code %(code)s is taken.") % {"code": taken})
    if wrong:
        raise Invalid("rows_refused", _("Nothing was stored: some rows cannot be used."), fields=wrong)


def _taken(model: type[Recording] | type[Item], study: Study, codes: set[str]) -> list[str]:
    """Which of these codes exist already; asked in slices that every database takes."""
    ordered = sorted(codes)
    found: list[str] = []
    for at in range(0, len(ordered), 10_000):
        found += model.objects.filter(study=study, code__in=ordered[at : at + 10_000]).values_list("code", flat=True)[
            :MOST_ERRORS
        ]
    return found[:MOST_ERRORS]


def _wrong_row(row: NewRecording, people: Mapping[str, UUID]) -> Iterable[tuple[str, str]]:
    if not row.code or len(row.code) > 80:
        yield "/code", _("A code of at most 80 characters is needed.")
    if not row.tracks:
        yield "/tracks", _("A recording needs a track.")
    for n, track in enumerate(row.tracks):
        at = f"/tracks/{n}"
        if track.modality not in Modality.values:
            yield f"{at}/modality", _("A modality is one of %(list)s.") % {"list": ", ".join(Modality.values)}
        if not track.appearances:
            yield f"{at}/appearances", _("Say who appears in it; material without people is an exhibit.")
        for appears in track.appearances:
            if appears.participant not in people:
                yield (
                    f"{at}/appearances",
                    _("There is no participant %(code)s in this study.") % {"code": appears.participant[:40]},
                )
            if appears.role not in PeopleRole.values:
                yield f"{at}/appearances", _("A role is one of %(list)s.") % {"list": ", ".join(PeopleRole.values)}
        if track.duration_us < 0 or abs(track.offset_us) > 2**53:
            yield at, _("Times are whole microseconds, from 0.")
    appearing = {a.participant for t in row.tracks for a in t.appearances}
    for n, item in enumerate(row.items):
        if not item.targets:
            yield f"/items/{n}/targets", _("An item says whom its label is about.")
        for code in item.targets:
            if code not in appearing:
                yield f"/items/{n}/targets", _("%(code)s does not appear in this recording.") % {"code": code[:40]}
        if item.end_us < item.start_us or item.start_us < 0:
            yield f"/items/{n}", _("An item ends after it starts.")
