"""Care for the people who label: sessions that end with a break, the time they worked, and what a clip warns of.

Time worked is what answers say of themselves: each holds when it came in and how long it took. A session is work without a
pause as long as the campaign's break; nothing else is counted, and nobody is watched between answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consent.models import Study
from core import audit
from core.errors import Invalid, Refused
from core.models import User
from labeling.models import Annotation, Campaign, Recording, Warned

LONGEST_SESSION = timedelta(hours=12)  # further back nobody looks


@dataclass(frozen=True)
class Session:
    """Work without a break until now: since when, how long, and until when a break is due (None: it is not)."""

    began: datetime | None
    worked: timedelta
    rest_until: datetime | None


def session(user: User, campaign: Campaign, now: datetime | None = None) -> Session:
    """Where the person stands in their session, from their answers in all campaigns."""
    now = now or timezone.now()
    pause = timedelta(minutes=campaign.break_minutes)
    answers = (
        Annotation.objects.filter(annotator__user=user, created_at__gt=now - LONGEST_SESSION, created_at__lte=now)
        .order_by("-created_at")
        .values_list("created_at", "duration_ms")
    )
    began, last = _stretch(answers, now, pause)
    if began is None or last is None:
        return Session(None, timedelta(0), None)
    worked = last - began
    if campaign.session_minutes is None or worked < timedelta(minutes=campaign.session_minutes):
        return Session(began, worked, None)
    return Session(began, worked, last + pause)


def _stretch(
    answers: Iterable[tuple[datetime, int]], now: datetime, pause: timedelta
) -> tuple[datetime | None, datetime | None]:
    """From where to where the person has worked without a pause of this length, newest first; (None, None) after a pause."""
    began: datetime | None = None
    last: datetime | None = None
    for came, took in answers:
        # An answer that was left open over a pause says that it took as long: no more than the pause is believed.
        start = came - min(timedelta(milliseconds=took), pause)
        if last is None:
            if now - came >= pause:
                return None, None
            began, last = start, came
        elif began - came >= pause:
            break
        else:
            began = min(began, start)
    return began, last


def refuse_tired(user: User, campaign: Campaign) -> None:
    """Hand nothing out while a break is due. Raises Refused("break_due") with how long it lasts."""
    if campaign.session_minutes is None:
        return
    rest = session(user, campaign).rest_until
    if rest is not None:
        minutes = max(1, round((rest - timezone.now()).total_seconds() / 60))
        raise Refused(
            "break_due",
            _("Time for a break. Everything is stored; it goes on in %(n)d min.") % {"n": minutes},
            rest_until=rest.isoformat(),
        )


@transaction.atomic
def set_session(
    *, actor: User | None, campaign: Campaign, session_minutes: int | None, break_minutes: int, ahead: int | None = None
) -> Campaign:
    """How long people work on end before a break, how long that is, and how many items are made ready for them (None: as
    before). Raises Invalid("rules_refused")."""
    wrong: dict[str, list[str]] = {}
    if session_minutes is not None and not 5 <= session_minutes <= 480:
        wrong["session_minutes"] = [_("A session lasts from 5 minutes to 8 hours.")]
    if not 1 <= break_minutes <= 120:
        wrong["break_minutes"] = [_("A break lasts from a minute to two hours.")]
    if ahead is not None and not 0 <= ahead <= 10:
        wrong["ahead"] = [_("At most 10 items are made ready ahead.")]
    if wrong:
        raise Invalid("rules_refused", next(iter(wrong.values()))[0], fields=wrong)
    held = Campaign.objects.select_for_update().get(pk=campaign.pk)
    held.session_minutes, held.break_minutes = session_minutes, break_minutes
    held.ahead = held.ahead if ahead is None else ahead
    held.revision += 1
    held.save(update_fields=["session_minutes", "break_minutes", "ahead", "revision"])
    audit.record(
        "labeling.campaign.session_set",
        actor=actor,
        target=held,
        session=session_minutes or 0,
        rest=break_minutes,
        ahead=held.ahead,
    )
    return held


@transaction.atomic
def warn(*, actor: User | None, recording: Recording, warnings: Sequence[str]) -> Recording:
    """Say what annotators are told before they see or hear this recording. Raises Invalid("warning_unknown")."""
    held = Recording.objects.select_for_update().get(pk=recording.pk)
    if unknown := set(warnings) - set(Warned.values):
        said = _("There is no such warning.")
        raise Invalid("warning_unknown", said, fields={"warnings": [said]}, unknown=len(unknown))
    chosen = [one.value for one in Warned if one.value in warnings]
    if chosen != held.warnings:
        held.warnings = chosen
        held.save(update_fields=["warnings"])
        audit.record("labeling.recording.warned", actor=actor, target=held, study=held.study_id, warnings=chosen)
    return held


def support(study_id: UUID) -> str:
    """Whom annotators of the study can turn to, as the study tells it."""
    return Study.objects.filter(pk=study_id).values_list("support", flat=True).first() or ""


def warnings(recording_id: UUID) -> list[str]:
    """What this recording warns of, in words."""
    found: Any = Recording.objects.filter(pk=recording_id).values_list("warnings", flat=True).first()
    names = dict(Warned.choices)
    return [str(names[one]) for one in found or [] if one in names]
