"""From what people said and the study's bases to the permissions that the gate reads.

`replay` is a pure function of events and bases; `project` writes its result. Every service that appends an event or
changes a basis calls `project` in the same transaction, so the two never differ.

Rules:
- state: pause and resume toggle; stopping (a withdrawal without a purpose) clears every consent and stays, until the
  person agrees again under a notice; what was erased stays erased.
- explicit consent allows what was given last and not taken back, until it expires.
- other bases allow without being asked, but a refusal or withdrawal of the purpose counts as an objection under each.
- nothing is allowed for a role × purpose for which the study states no basis.
- "acted or fictional" holds for participants who are recorded as that, never for real people.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from consent.models import Basis, ConsentEvent, Participant, Permission
from consent.purposes import BasisKind, Modality, Purpose, RecipientClass

FOREVER = datetime(9999, 12, 31, tzinfo=UTC)
Kind = ConsentEvent.Kind
State = Participant.State
GIVING = (Kind.GIVEN, Kind.RENEWED)
ENDING = (Kind.WITHDRAWN, Kind.REFUSED, Kind.EXPIRED, Kind.INVALIDATED, Kind.TERMINATED)
Key = tuple[str, str, str]  # purpose, modality, recipient class

# Whom a basis other than consent lets have the data, by purpose.
RECIPIENTS: dict[str, tuple[str, ...]] = {
    Purpose.SHARE_CONTROLLED: (RecipientClass.PARTNER,),
    Purpose.PUBLISH_OPEN: (RecipientClass.PUBLIC,),
    Purpose.SHOW_EXCERPTS: (RecipientClass.PUBLIC,),
}
_OURSELVES = (RecipientClass.CONTROLLER, RecipientClass.PROCESSOR)


@dataclass(frozen=True)
class Allowance:
    """One row of the projection, before it is stored."""

    purpose: str
    modality: str
    recipient_class: str
    allowed_until: datetime
    basis_id: UUID
    event_id: UUID | None = None


def replay(
    participant: Participant, events: Iterable[ConsentEvent], bases: Sequence[Basis], now: datetime
) -> tuple[str, frozenset[Allowance]]:
    """The participant's state and permissions after `events` (in order), under the `bases` in force at `now`."""
    state, consents, objections = _fold(events)
    if participant.state == State.ERASED:
        state = State.ERASED
    if state != State.ACTIVE:
        return state, frozenset()
    found: set[Allowance] = set()
    for basis in in_force(bases, participant, now):
        until = basis.ends_at or FOREVER
        if basis.kind == BasisKind.EXPLICIT_CONSENT:
            found |= {
                Allowance(*key, min(event.valid_until or FOREVER, until), basis.pk, event.pk)
                for key, event in consents.items()
                if key[0] == basis.purpose
            }
        else:
            keys = {
                (basis.purpose, modality, recipient)
                for modality in Modality.values
                for recipient in RECIPIENTS.get(basis.purpose, _OURSELVES)
            }
            found |= {Allowance(*key, until, basis.pk) for key in keys - objections}
    return state, frozenset(found)


def in_force(bases: Sequence[Basis], participant: Participant, now: datetime) -> list[Basis]:
    """The bases that hold for this participant at `now`: one a purpose, the one that began last."""
    newest: dict[str, Basis] = {}
    for basis in sorted(bases, key=lambda one: (one.begins_at, one.pk)):
        if basis.people_role != participant.people_role or basis.begins_at > now:
            continue
        if basis.ends_at is not None and basis.ends_at <= now:
            continue
        if basis.kind == BasisKind.ACTED_OR_FICTIONAL and participant.kind == "real":
            continue
        newest[basis.purpose] = basis
    return list(newest.values())


def _fold(events: Iterable[ConsentEvent]) -> tuple[str, dict[Key, ConsentEvent], set[Key]]:
    state, consents, objections = State.ACTIVE, {}, set()
    for event in events:
        if event.kind == Kind.PAUSED and state == State.ACTIVE:
            state = State.PAUSED
        elif event.kind == Kind.RESUMED and state == State.PAUSED:
            state = State.ACTIVE
        elif event.kind in GIVING:
            state = State.ACTIVE if state == State.STOPPED else state
            for key in _given(event):
                consents[key] = event
                objections.discard(key)
        elif event.kind in ENDING and not event.purpose:
            state = State.STOPPED
            consents.clear()
        elif event.kind in ENDING:
            ended = _ended(event)
            objections |= ended
            for key in ended:
                consents.pop(key, None)
    return state, consents, objections


def _given(event: ConsentEvent) -> list[Key]:
    modalities = [event.modality] if event.modality else _asked(event)
    return [(event.purpose, modality, event.recipient_class) for modality in modalities]


def _asked(event: ConsentEvent) -> list[str]:
    """The modalities that the notice asked for; nothing when no notice is known: default deny."""
    choices = event.notice_text.notice.choices if event.notice_text_id else ()
    return next((one["modalities"] for one in choices if one["purpose"] == event.purpose), [])


def _ended(event: ConsentEvent) -> set[Key]:
    """What an event ends: the purpose, for every recipient, in the modality it names or all."""
    modalities = [event.modality] if event.modality else Modality.values
    return {(event.purpose, modality, recipient) for modality in modalities for recipient in RecipientClass.values}


def lock(participants: Iterable[Participant]) -> list[Participant]:
    """The participants' rows, held until commit: changes of one person's consent take turns."""
    keys = [one.pk for one in participants]
    rows: list[Participant] = []
    for chunk in _chunks(keys):
        rows += Participant.objects.select_for_update().filter(pk__in=chunk).order_by("pk")
    order = {key: place for place, key in enumerate(keys)}
    return sorted(rows, key=lambda one: order[one.pk])


def project(participants: Iterable[Participant], now: datetime | None = None) -> None:
    """Rewrite state and permissions of the participants (locked by the caller). Any number, in batches."""
    now = now or timezone.now()
    bases: dict[UUID, list[Basis]] = {}
    for chunk in _chunks(list(participants)):
        events: dict[UUID, list[ConsentEvent]] = defaultdict(list)
        keys = [one.pk for one in chunk]
        rows = ConsentEvent.objects.filter(participant__in=keys).select_related("notice_text__notice").order_by("id")
        for event in rows:
            events[event.participant_id].append(event)
        made = []
        for one in chunk:
            if one.study_id not in bases:
                bases[one.study_id] = list(Basis.objects.filter(study=one.study_id))
            state, allowances = replay(one, events[one.pk], bases[one.study_id], now)
            made += [_row(one, allowance) for allowance in sorted(allowances, key=lambda a: (a.purpose, a.modality))]
            if state != one.state:
                one.state, one.state_since = state, now
                one.save(update_fields=["state", "state_since"])
        Permission.objects.filter(participant__in=keys).delete()
        Permission.objects.bulk_create(made, batch_size=500)


def _row(participant: Participant, allowance: Allowance) -> Permission:
    return Permission(study_id=participant.study_id, participant=participant, **vars(allowance))


def _chunks(things: list[Any], size: int = 400) -> Iterable[list[Any]]:
    return (things[start : start + size] for start in range(0, len(things), size))
