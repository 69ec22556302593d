"""What participants say: yes, no, not any more; pause, resume, stop, erase. Each appends events and rewrites what is allowed.

Three different acts on everything (decisions 13): *pause* uses nothing and deletes nothing, *stop* ends use and schedules
the erasure of what nothing else needs, *erase* asks for that erasure now. None of them needs a reason or an approval.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consent import keys, registry
from consent.models import ConsentEvent, Erasure, NoticeText, Participant
from consent.purposes import Purpose
from consent.services import erasure as erasures
from consent.services import projection
from core import audit
from core.errors import Gone, Invalid, Refused
from core.models import User

Kind = ConsentEvent.Kind
State = Participant.State


def record_consent(
    *, participant: Participant, notice_text: NoticeText, answers: Mapping[str, bool], **how: Any
) -> None:
    """What one participant answered under a notice; see `record_consents`."""
    record_consents(participants=[participant], notice_text=notice_text, answers=answers, **how)


@transaction.atomic
def record_consents(
    *,
    participants: Sequence[Participant],
    notice_text: NoticeText,
    answers: Mapping[str, bool],
    actor: User | None = None,
    method: str = "link",
    effective_at: datetime | None = None,
    evidence: Mapping[str, Any] | None = None,
) -> None:
    """Yes or no to each purpose in `answers` (purpose -> bool), for the modalities and recipients that the notice names.

    A purpose that is not answered stays as it was. `effective_at` may be past (a paper), never in the future and never
    before a withdrawal. Raises Invalid for a purpose the notice does not ask for, Refused for a draft, Gone when erased.
    """
    notice, now = notice_text.notice, timezone.now()
    at = effective_at or now
    asked = {one["purpose"]: one for one in notice.choices}
    if notice.published_at is None:
        raise Refused("notice_not_published", _("Nobody can agree to a draft."))
    if not answers or not set(answers) <= set(asked):
        raise Invalid("purpose_not_asked", _("The notice does not ask for this."))
    if at > now:
        raise Invalid("consent_in_future", _("Consent cannot be given in the future."))
    rows = _held(participants)
    if effective_at and _withdrew_after(rows, answers, at):
        raise Refused("consent_older_than_withdrawal", _("It was withdrawn after this was signed."))
    events = []
    for one in rows:
        for purpose, yes in answers.items():
            events.append(ConsentEvent(
                study_id=one.study_id, participant=one, kind=Kind.GIVEN if yes else Kind.REFUSED, purpose=purpose,
                recipient_class=asked[purpose]["recipient_class"], notice_text=notice_text, method=method, effective_at=at,
                valid_until=at + timedelta(days=notice.valid_days) if yes else None, actor=actor,
                evidence=dict(evidence or {}),
            ))  # fmt: skip
    ConsentEvent.objects.bulk_create(events, batch_size=500)
    came_back = [one for one in rows if one.state == State.STOPPED]
    projection.project(rows)
    for one in came_back:
        if one.state == State.ACTIVE:
            erasures.call_off(one, actor=actor)
            registry.resume(one)
    audit.record(
        "consent.consent.recorded", actor=actor, target=notice, count=len(rows), method=method, subject_ref=_ref(rows),
        given=sorted(p for p, yes in answers.items() if yes), refused=sorted(p for p, yes in answers.items() if not yes),
    )  # fmt: skip


@transaction.atomic
def withdraw(*, participant: Participant, purpose: str, actor: User | None = None, method: str = "link") -> None:
    """Take back one purpose, for every modality and recipient. Nothing is deleted by it."""
    if purpose not in Purpose.values:
        raise Invalid("purpose_unknown", _("This purpose is not known."))
    (one,) = _held([participant])
    _append(one, Kind.WITHDRAWN, actor, method, purpose=purpose)
    audit.record(
        "consent.purpose.withdrawn", actor=actor, target=one, subject_ref=_ref([one]), purpose=purpose, method=method
    )
    _take_over(participant, one)


@transaction.atomic
def pause(*, participant: Participant, actor: User | None = None, method: str = "link") -> None:
    """Use nothing of this person until they resume; delete nothing. Doing it twice does no harm."""
    (one,) = _held([participant])
    if one.state == State.ACTIVE:
        _append(one, Kind.PAUSED, actor, method)
        registry.suspend(one)
        audit.record("consent.participant.paused", actor=actor, target=one, subject_ref=_ref([one]), method=method)
    _take_over(participant, one)


@transaction.atomic
def resume(*, participant: Participant, actor: User | None = None, method: str = "link") -> None:
    """End a pause: what was allowed before is allowed again, as far as it has not expired."""
    (one,) = _held([participant])
    if one.state == State.STOPPED:
        raise Refused("participant_stopped", _("A stop is not a pause: to come back, agree again under the notice."))
    if one.state == State.PAUSED:
        _append(one, Kind.RESUMED, actor, method)
        registry.resume(one)
        audit.record("consent.participant.resumed", actor=actor, target=one, subject_ref=_ref([one]), method=method)
    _take_over(participant, one)


@transaction.atomic
def stop(*, participant: Participant, actor: User | None = None, method: str = "link") -> Erasure:
    """Withdraw everything: permissions are gone with this transaction, holdings let go of their work, and the erasure of
    what nothing else needs is scheduled. Doing it twice returns the erasure that is scheduled already."""
    (one,) = _held([participant])
    if one.state != State.STOPPED:
        _append(one, Kind.WITHDRAWN, actor, method)
        registry.suspend(one)
        audit.record("consent.participant.stopped", actor=actor, target=one, subject_ref=_ref([one]), method=method)
    _take_over(participant, one)
    return erasures.schedule(one, actor=actor)


@transaction.atomic
def ask_erasure(*, participant: Participant, actor: User | None = None, method: str = "link") -> tuple[Erasure, str]:
    """Ask for erasure: use stops, and a code goes out by a second channel that has to come back (`confirm_erasure`).

    Returns the erasure and the code, which is mailed when an address is on file and otherwise given by the officer.
    """
    erasure = stop(participant=participant, actor=actor, method=method)
    one = Participant.objects.get(pk=participant.pk)
    _append(one, Kind.ERASURE_ASKED, actor, method)
    code = erasures.send_code(erasure)
    audit.record("consent.erasure.asked", actor=actor, target=erasure, subject_ref=_ref([one]), method=method)
    _take_over(participant, one)
    return erasure, code


def confirm_erasure(*, erasure: Erasure, code: str, actor: User | None = None) -> Erasure:
    """The code came back: after the cooling-off the erasure runs. A wrong code is counted, and refused."""
    if not erasures.code_matches(erasure, code):  # commits the count by itself: a refusal must not roll it back
        raise Refused("code_wrong", _("This code is wrong or too old. Ask for a new one."))
    return confirm_by_code(erasure=erasure, actor=actor)


@transaction.atomic
def confirm_by_code(*, erasure: Erasure, actor: User | None = None) -> Erasure:
    """What `confirm_erasure` does once the code matched."""
    _append(erasure.participant, Kind.ERASURE_CONFIRMED, actor, "code")
    return erasures.confirm(erasure, actor=actor, method="code")


def _held(participants: Iterable[Participant]) -> list[Participant]:
    rows = projection.lock(participants)
    if any(one.state == State.ERASED for one in rows):
        raise Gone("participant_erased", _("What was here has been erased."))
    return rows


def _append(one: Participant, kind: str, actor: User | None, method: str, purpose: str = "") -> None:
    ConsentEvent.objects.create(
        study_id=one.study_id, participant=one, kind=kind, purpose=purpose, actor=actor, method=method
    )
    projection.project([one])


def _withdrew_after(rows: Sequence[Participant], answers: Mapping[str, bool], at: datetime) -> bool:
    found = ConsentEvent.objects.filter(
        participant__in=[one.pk for one in rows], kind=Kind.WITHDRAWN, effective_at__gt=at
    )
    return any(answers.get(purpose, not purpose) for purpose in found.values_list("purpose", flat=True))


def _take_over(participant: Participant, one: Participant) -> None:
    """The caller's own object shows the new state."""
    participant.state, participant.state_since = one.state, one.state_since


def _ref(rows: Sequence[Participant]) -> str:
    return keys.subject_ref(rows[0].pk) if len(rows) == 1 else ""
