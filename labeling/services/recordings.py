"""Recordings come in: rows first, in bulk; then a job reads what the files really are; only what was read is labeled.

Registering is one transaction for any number of recordings, with their tracks, appearances, items and targets, around
the ORM (core.bulk): 10,000 at a time is usual. A mistake in one row refuses all of them, with a list of what is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consent import keys
from consent.models import Asset, Participant, Study
from consent.purposes import Modality, PeopleRole
from core import audit, bulk, ids
from core.errors import Invalid
from core.models import User
from labeling.models import Alignment, Appearance, Exhibit, Item, ItemTarget, Recording, Track

MOST_ERRORS = 50


class Appears(NamedTuple):
    """A participant (by code) in a track, with the part they have there."""

    participant: str
    role: str = PeopleRole.TARGET


class NewTrack(NamedTuple):
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


class NewItem(NamedTuple):
    code: str
    targets: Sequence[str]
    kind: str = Item.Kind.WHOLE
    start_us: int = 0
    end_us: int = 0


class NewRecording(NamedTuple):
    code: str
    tracks: Sequence[NewTrack]
    items: Sequence[NewItem] = ()
    session: str = ""
    source: str = ""
    licence: str = ""


@dataclass(frozen=True)
class Registered:
    """The ids of what was made, in the order it was given: as 32 hex digits, and as UUIDs for whoever asks."""

    recording_ids: list[str]
    track_ids: list[list[str]]
    item_ids: list[list[str]]

    @property
    def recordings(self) -> list[UUID]:
        return [UUID(one) for one in self.recording_ids]

    @property
    def tracks(self) -> list[list[UUID]]:
        return [[UUID(one) for one in ones] for ones in self.track_ids]

    @property
    def items(self) -> list[list[UUID]]:
        return [[UUID(one) for one in ones] for ones in self.item_ids]


@transaction.atomic
def register(*, actor: User | None, study: Study, rows: Sequence[NewRecording]) -> Registered:
    """Store recordings with everything that hangs from them, or nothing at all.

    Raises Invalid("rows_refused") with the sentences by row ("rows/17/tracks/0") when any row cannot be meant.
    """
    people = dict(Participant.objects.filter(study=study).values_list("code", "pk"))
    _refuse_wrong(study, rows, people)
    _refuse_files(study, rows)
    made = _Rows(study.pk, timezone.now(), rows)
    spelled = {code: key.hex for code, key in people.items()}
    for row in rows:
        made.add(row, spelled)
    sealed = (
        keys.seal_many(
            made.texts, study_id=study.pk, participant_ids=[[UUID(one) for one in who] for who in made.people_of_text]
        )
        if made.texts
        else []
    )
    for at, bytes_ in zip(made.text_rows, sealed, strict=True):
        made.tracks[at][8] = bytes_
    try:
        with transaction.atomic():
            made.insert()
    except IntegrityError:
        _refuse_taken(study, rows)
        raise
    audit.record(
        "labeling.recordings.registered", actor=actor, target=study, study=study.pk,
        recordings=len(made.recordings), tracks=len(made.tracks), items=len(made.items),
    )  # fmt: skip
    return Registered(made.recording_ids, made.track_ids, made.item_ids)


class _Rows:
    """The rows of a registration, as they go to the database. Runs once a row for thousands: plain tuples, keys made
    beforehand, codes as texts and not as members of an enum."""

    def __init__(self, study_id: UUID, now: Any, rows: Sequence[NewRecording]) -> None:
        self.study_id, self.now = study_id.hex, now
        self.recordings: list[tuple] = []
        self.tracks: list[list] = []
        self.appearances: list[tuple] = []
        self.alignments: list[tuple] = []
        self.items: list[tuple] = []
        self.targets: list[tuple] = []
        self.texts: list[str] = []
        self.text_rows: list[int] = []
        self.people_of_text: list[list[str]] = []
        self.recording_ids: list[str] = []
        self.track_ids: list[list[str]] = []
        self.item_ids: list[list[str]] = []
        self._next = _keys(rows).__next__

    def insert(self) -> None:
        bulk.insert(
            Recording,
            (
                "id",
                "created_at",
                "study_id",
                "code",
                "session",
                "state",
                "duration_us",
                "external_id",
                "source",
                "licence",
            ),
            self.recordings,
        )
        bulk.insert(
            Track,
            ("id", "created_at", "study_id", "recording_id", "modality", "name", "position", "state", "text", "language", "failure", "original_id",
             "start_us", "duration_us", "separable", "time_base_num", "time_base_den", "rate_num", "rate_den", "variable_rate", "probe"),
            self.tracks,
        )  # fmt: skip
        bulk.insert(
            Appearance,
            ("id", "created_at", "study_id", "recording_id", "track_id", "participant_id", "role"),
            self.appearances,
        )
        bulk.insert(
            Alignment,
            ("id", "created_at", "study_id", "track_id", "number", "offset_us", "drift_ppb", "method"),
            self.alignments,
        )
        bulk.insert(
            Item, ("id", "created_at", "study_id", "recording_id", "code", "kind", "start_us", "end_us"), self.items
        )
        bulk.insert(ItemTarget, ("id", "created_at", "item_id", "participant_id"), self.targets)

    def add(self, row: NewRecording, people: Mapping[str, str]) -> None:
        recording_id = self._next()
        ready, end_us = True, 0
        for track in row.tracks:
            ready = ready and (track.ready or track.modality == "text")
            end_us = max(end_us, track.offset_us + track.start_us + track.duration_us)
        self.recordings.append(
            (recording_id, self.now, self.study_id, row.code, row.session, _READY if ready else _DRAFT, end_us, b"", row.source, row.licence)
        )  # fmt: skip
        self.recording_ids.append(recording_id)
        self.track_ids.append([self._track(recording_id, n, t, people) for n, t in enumerate(row.tracks)])
        self.item_ids.append([self._item(recording_id, i, end_us, people) for i in row.items or (_whole(row),)])

    def _track(self, recording_id: str, position: int, track: NewTrack, people: Mapping[str, str]) -> str:
        track_id, now, study_id = self._next(), self.now, self.study_id
        ready = track.ready or track.modality == "text"
        if track.text:
            self.texts.append(track.text)
            self.text_rows.append(len(self.tracks))
            self.people_of_text.append([people[one.participant] for one in track.appearances])
        self.tracks.append(
            [track_id, now, study_id, recording_id, track.modality, track.name, position,
             _READY if ready else _REGISTERED, b"", track.language, "", track.asset_id,
             track.start_us, track.duration_us, track.separable, 1, 1_000_000, 0, 1, False, _NO_FACTS]
        )  # fmt: skip
        for one in track.appearances:
            self.appearances.append(
                (self._next(), now, study_id, recording_id, track_id, people[one.participant], one.role)
            )
        self.alignments.append((self._next(), now, study_id, track_id, 1, track.offset_us, 0, "given"))
        return track_id

    def _item(self, recording_id: str, item: NewItem, end_us: int, people: Mapping[str, str]) -> str:
        item_id, now = self._next(), self.now
        self.items.append(
            (item_id, now, self.study_id, recording_id, item.code, item.kind, item.start_us, item.end_us or end_us)
        )
        for code in dict.fromkeys(item.targets):
            self.targets.append((self._next(), now, item_id, people[code]))
        return item_id


_NO_FACTS: dict[str, Any] = {}
_READY, _DRAFT, _REGISTERED = Recording.State.READY.value, Recording.State.DRAFT.value, Track.State.REGISTERED.value


def _keys(rows: Sequence[NewRecording]) -> Iterator[str]:
    """A key for everything that the rows make; more are made when an estimate was short."""
    yield from ids.many(6 * len(rows))
    while True:
        yield from ids.many(1000)


def _whole(row: NewRecording) -> NewItem:
    """The item that is meant when none is named: the whole recording, about everyone who appears as a target."""
    targets = [a.participant for t in row.tracks for a in t.appearances if a.role == PeopleRole.TARGET]
    return NewItem(code=row.code, targets=targets or [row.tracks[0].appearances[0].participant])


def _refuse_wrong(study: Study, rows: Sequence[NewRecording], people: Mapping[str, UUID]) -> None:
    wrong: dict[str, list[str]] = {}
    codes: set[str] = set()
    item_codes: set[str] = set()
    for n, row in enumerate(rows):
        said = [] if _is_fine(row, people) else [*_wrong_row(row, people)]
        if row.code in codes:
            said.append(("/code", _("This code is used by another row.")))
        codes.add(row.code)
        for code in [item.code for item in row.items] or [row.code]:
            if code in item_codes:
                said.append(("/items", _("This item code is used by another row.")))
            item_codes.add(code)
        for where, sentence in said:
            if len(wrong) < MOST_ERRORS:
                wrong.setdefault(f"rows/{n}{where}", []).append(sentence)
    if wrong:
        raise _refused(wrong)


def _refuse_files(study: Study, rows: Sequence[NewRecording]) -> None:
    """A track that brings its file brings an original of this study, which is no exhibit: nobody appears in those."""
    places = {
        track.asset_id: f"rows/{n}/tracks/{m}"
        for n, row in enumerate(rows)
        for m, track in enumerate(row.tracks)
        if track.asset_id is not None
    }
    if not places:
        return
    originals = Asset.objects.filter(pk__in=list(places), study=study, kind=Asset.Kind.ORIGINAL)
    fine = set(
        originals.exclude(pk__in=Exhibit.objects.exclude(asset=None).values("asset")).values_list("pk", flat=True)
    )
    wrong = {place: [_("This file cannot be a track's.")] for asset, place in places.items() if asset not in fine}
    if wrong:
        raise _refused(dict(list(wrong.items())[:MOST_ERRORS]))


def _refuse_taken(study: Study, rows: Sequence[NewRecording]) -> None:
    """Say which codes exist already. Asked only after the database refused: asking beforehand would cost as much as storing."""
    codes = {row.code for row in rows}
    item_codes = {code for row in rows for code in ([item.code for item in row.items] or [row.code])}
    said = [_("The code %(code)s is taken.") % {"code": one} for one in _taken(Recording, study, codes)]
    said += [_("The item code %(code)s is taken.") % {"code": one} for one in _taken(Item, study, item_codes)]
    if said:
        raise _refused({"rows": said})


def _refused(wrong: dict[str, list[str]]) -> Invalid:
    return Invalid("rows_refused", _("Nothing was stored: some rows cannot be used."), fields=wrong)


def _taken(model: type[Recording] | type[Item], study: Study, codes: set[str]) -> list[str]:
    """Which of these codes exist already; asked in slices that every database takes."""
    ordered = sorted(codes)
    found: list[str] = []
    for at in range(0, len(ordered), 10_000):
        found += model.objects.filter(study=study, code__in=ordered[at : at + 10_000]).values_list("code", flat=True)[
            :MOST_ERRORS
        ]
    return found[:MOST_ERRORS]


def _is_fine(row: NewRecording, people: Mapping[str, UUID]) -> bool:
    """Whether `_wrong_row` has nothing to say; it is asked for every row, so it makes no sentences."""
    if not (
        0 < len(row.code) <= 80
        and row.tracks
        and len(row.session) <= 80
        and len(row.source) <= 200
        and len(row.licence) <= 200
        and row.code.isprintable()
    ):
        return False
    appearing, names = set(), set()
    for track in row.tracks:
        if (
            track.modality not in _MODALITIES
            or not track.appearances
            or not 0 < len(track.name) <= 80
            or len(track.language) > 12
            or not track.name.isprintable()
        ):
            return False
        if track.asset_id is not None or not (
            0 <= track.duration_us <= _LATEST and abs(track.offset_us) <= _LATEST and abs(track.start_us) <= _LATEST
        ):
            return False
        names.add(track.name)
        here = set()
        for one in track.appearances:
            if one.role not in _ROLES or one.participant not in people:
                return False
            here.add(one.participant)
        if len(here) != len(track.appearances):
            return False
        appearing |= here
    for item in row.items:
        if (
            not item.targets
            or item.kind not in _KINDS
            or not 0 < len(item.code) <= 80
            or not appearing.issuperset(item.targets)
            or not item.code.isprintable()
        ):
            return False
        if not 0 <= item.start_us <= item.end_us <= _LATEST:
            return False
    return len(names) == len(row.tracks)


_MODALITIES, _ROLES, _KINDS = frozenset(Modality.values), frozenset(PeopleRole.values), frozenset(Item.Kind.values)
_LATEST = 2**53


def _wrong_row(row: NewRecording, people: Mapping[str, UUID]) -> Iterable[tuple[str, str]]:
    if not row.code or len(row.code) > 80:
        yield "/code", _("A code of at most 80 characters is needed.")
    if not row.code.isprintable():
        yield "/code", _control()
    for name, most in (("session", 80), ("source", 200), ("licence", 200)):
        if len(getattr(row, name)) > most:
            yield f"/{name}", _("At most %(most)d characters.") % {"most": most}
    if not row.tracks:
        yield "/tracks", _("A recording needs a track.")
    if len({track.name for track in row.tracks}) != len(row.tracks):
        yield "/tracks", _("Two tracks have one name.")
    for n, track in enumerate(row.tracks):
        for where, sentence in _wrong_track(track, people):
            yield f"/tracks/{n}{where}", sentence
    appearing = {a.participant for t in row.tracks for a in t.appearances}
    for n, item in enumerate(row.items):
        for where, sentence in _wrong_item(item, appearing):
            yield f"/items/{n}{where}", sentence


def _wrong_track(track: NewTrack, people: Mapping[str, UUID]) -> Iterable[tuple[str, str]]:
    if track.modality not in _MODALITIES:
        yield "/modality", _("A modality is one of %(list)s.") % {"list": ", ".join(Modality.values)}
    if not 0 < len(track.name) <= 80:
        yield "/name", _("A name of at most 80 characters is needed.")
    if not track.name.isprintable():
        yield "/name", _control()
    if len(track.language) > 12:
        yield "/language", _("At most %(most)d characters.") % {"most": 12}
    if not track.appearances:
        yield "/appearances", _("Say who appears in it; material without people is an exhibit.")
    if len({one.participant for one in track.appearances}) != len(track.appearances):
        yield "/appearances", _("Somebody stands here twice.")
    for one in track.appearances:
        if one.participant not in people:
            said = _("There is no participant %(code)s in this study.") % {"code": one.participant[:40]}
            yield "/appearances", said
        if one.role not in _ROLES:
            yield "/appearances", _("A role is one of %(list)s.") % {"list": ", ".join(PeopleRole.values)}
    if track.duration_us < 0 or max(track.duration_us, abs(track.offset_us), abs(track.start_us)) > _LATEST:
        yield "", _("Times are whole microseconds, from 0.")


def _wrong_item(item: NewItem, appearing: set[str]) -> Iterable[tuple[str, str]]:
    if not 0 < len(item.code) <= 80:
        yield "/code", _("A code of at most 80 characters is needed.")
    if not item.code.isprintable():
        yield "/code", _control()
    if item.kind not in _KINDS:
        yield "/kind", _("A kind is one of %(list)s.") % {"list": ", ".join(Item.Kind.values)}
    if not item.targets:
        yield "/targets", _("An item says whom its label is about.")
    for code in item.targets:
        if code not in appearing:
            yield "/targets", _("%(code)s does not appear in this recording.") % {"code": code[:40]}
    if item.end_us < item.start_us or item.start_us < 0 or item.end_us > _LATEST:
        yield "", _("An item ends after it starts.")


def _control() -> str:
    """Two codes that look the same must be the same: nothing that turns the reading direction, breaks the line or is not seen."""
    return _("Codes and names hold no invisible or control characters.")
