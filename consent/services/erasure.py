"""Erasing a participant: scheduled, confirmed by a second channel, after the cooling-off done store by store.

The order makes a killed worker harmless: a tombstone outside the database first, so that a restored backup knows; then one
transaction a holding, with the counts written in it, so that a step that is written is not done again; then the key, which
takes every copy anywhere with it; then the certificate.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.core.mail import send_mail
from django.db import connection, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from consent import keys, registry
from consent.models import Erasure, ErasureStep, Participant, Permission, Request, RequestStep
from consent.services import participants as people
from core import audit, jobs
from core.errors import Invalid, Refused
from core.models import User

State = Erasure.State
OPEN = (State.SCHEDULED, State.CONFIRMED, State.RUNNING)
WITHIN = timedelta(hours=72)
CODE_LASTS = timedelta(minutes=10)
CODE_TRIES = 3
KEPT = ("consent_proof", "audit_without_link", "rater_work_counts")


@transaction.atomic
def schedule(participant: Participant, *, actor: User | None, request: Request | None = None) -> Erasure:
    """The open erasure of a participant, made when there is none. It waits for a confirmation, and then for the cooling-off."""
    held = Participant.objects.select_for_update().select_related("study").get(pk=participant.pk)
    erasure = held.erasures.filter(state__in=OPEN).order_by("id").first()
    if erasure is None:
        begin = timezone.now() + timedelta(days=held.study.cooling_off_days)
        erasure = Erasure.objects.create(
            study=held.study, participant=held, request=request, not_before=begin, due_at=begin + WITHIN
        )
        audit.record("consent.erasure.scheduled", actor=actor, target=erasure, not_before=begin)
    elif request is not None and erasure.request_id is None:
        erasure.request = request
        erasure.save(update_fields=["request"])
    return erasure


@transaction.atomic
def call_off(participant: Participant, *, actor: User | None) -> None:
    """The person came back before anything was erased."""
    for erasure in Erasure.objects.filter(participant=participant, state__in=(State.SCHEDULED, State.CONFIRMED)):
        erasure.state = State.CALLED_OFF
        erasure.finished_at = timezone.now()
        erasure.save(update_fields=["state", "finished_at"])
        audit.record("consent.erasure.called_off", actor=actor, target=erasure)


@transaction.atomic
def send_code(erasure: Erasure) -> str:
    """Eight digits that confirm the erasure, good for ten minutes and three tries; mailed when an address is on file."""
    code = f"{secrets.randbelow(10**8):08}"
    erasure.confirm_digest = _code_digest(erasure, code)
    erasure.confirm_until = timezone.now() + CODE_LASTS
    erasure.confirm_tries = 0
    erasure.save(update_fields=["confirm_digest", "confirm_until", "confirm_tries"])
    contact = people.identity(erasure.participant).get("contact", "")
    if "@" in contact:
        text = _("Your code is %(code)s. It can be used for ten minutes. If you did not ask for it, do nothing.")
        transaction.on_commit(lambda: send_mail(_("A code to confirm"), text % {"code": code}, None, [contact]))
    return code


def code_matches(erasure: Erasure, code: str) -> bool:
    """Whether this is the code that was sent. Every try counts; the right code works once."""
    with transaction.atomic():
        erasure = Erasure.objects.select_for_update().get(pk=erasure.pk)
        if not erasure.confirm_digest or erasure.confirm_tries >= CODE_TRIES or erasure.confirm_until < timezone.now():
            return False
        erasure.confirm_tries += 1
        right = constant_time_compare(bytes(erasure.confirm_digest), _code_digest(erasure, code.strip()))
        if right:
            erasure.confirm_digest = None
        erasure.save(update_fields=["confirm_tries", "confirm_digest"])
        return right


@transaction.atomic
def confirm(erasure: Erasure, *, actor: User | None, method: str) -> Erasure:
    """It is really meant: known by `method` (code, letter, phone, in_person). Starts the work when the cooling-off is over."""
    erasure = Erasure.objects.select_for_update().get(pk=erasure.pk)
    if erasure.state != State.SCHEDULED:
        raise Refused("erasure_not_scheduled", _("This erasure is already confirmed, done or called off."))
    now = timezone.now()
    erasure.state, erasure.confirmed_by = State.CONFIRMED, method
    erasure.not_before = max(erasure.not_before, now)
    erasure.due_at = erasure.not_before + WITHIN
    erasure.save(update_fields=["state", "confirmed_by", "not_before", "due_at"])
    audit.record(
        "consent.erasure.confirmed", actor=actor, target=erasure, method=method, not_before=erasure.not_before,
        subject_ref=keys.subject_ref(erasure.participant_id),
    )  # fmt: skip
    if erasure.not_before <= now:
        start(erasure, actor=actor)
    return erasure


WAIVERS = ("not_waiting", "harm", "ordered")


def waive_cooling_off(erasure: Erasure, *, actor: User | None, reason: str = "not_waiting") -> Erasure:
    """Begin now: the person does not want to wait, waiting would harm them, or it was ordered. The reason is written down.

    Raises Invalid("waiver_needs_reason"); Refused `erasure_not_open`, `cooling_off_over` when there is nothing left to wait for.
    """
    if reason not in WAIVERS:
        raise Invalid("waiver_needs_reason", _("Say why the cooling-off is waived."))
    with transaction.atomic():
        erasure = Erasure.objects.select_for_update(of=("self",)).select_related("request").get(pk=erasure.pk)
        if erasure.state not in (State.SCHEDULED, State.CONFIRMED):
            raise Refused("erasure_not_open", _("This erasure has begun or was called off."))
        if erasure.not_before <= timezone.now():
            raise Refused("cooling_off_over", _("The cooling-off is over already."))
        erasure.not_before = timezone.now()
        erasure.due_at = erasure.not_before + WITHIN
        erasure.save(update_fields=["not_before", "due_at"])
        if (asked := erasure.request) is not None:
            RequestStep.objects.create(
                request=asked, actor=actor, before=asked.state, after=asked.state, reason=f"waived_{reason}"
            )
        audit.record("consent.erasure.cooling_off_waived", actor=actor, target=erasure, reason=reason)
        if erasure.state == State.CONFIRMED:
            start(erasure, actor=actor)
    return erasure


def start(erasure: Erasure, *, actor: User | None) -> None:
    """Hand a confirmed erasure to a worker."""
    erasure.job = jobs.start(
        "consent.erase", actor=actor, study_id=erasure.study_id, object_id=erasure.pk, erasure_id=erasure.pk
    )
    erasure.save(update_fields=["job"])


def start_due() -> int:
    """Start what was confirmed and may begin now; returns how many."""
    due = Erasure.objects.filter(state=State.CONFIRMED, job=None, not_before__lte=timezone.now())
    with transaction.atomic():
        found = list(due.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked))
        for erasure in found:
            start(erasure, actor=None)
    return len(found)


def run(erasure: Erasure, progress: Callable[[int, int], None] = lambda done, total: None) -> Erasure:
    """Erase, from where an earlier run was cut off. Raises Refused when it is not confirmed or the time has not come."""
    if erasure.state in (State.LIVE_COMPLETE, State.FINAL):
        return erasure
    _begin(erasure)
    holdings = registry.holdings()
    for done, (name, module) in enumerate(holdings):
        progress(done, len(holdings))
        with transaction.atomic():
            if not ErasureStep.objects.filter(erasure=erasure, holding=name).exists():
                counts = module.erase(erasure.participant)
                ErasureStep.objects.create(erasure=erasure, holding=name, counts=counts)
    keys.destroy_participant(erasure.participant_id)
    return _finish(erasure)


def _begin(erasure: Erasure) -> None:
    with transaction.atomic():
        held = Erasure.objects.select_for_update().get(pk=erasure.pk)
        if held.state not in (State.CONFIRMED, State.RUNNING) or held.not_before > timezone.now():
            raise Refused("erasure_not_due", _("This erasure is not confirmed, or its cooling-off has not ended."))
        if held.state == State.CONFIRMED:
            held.state = State.RUNNING
            held.save(update_fields=["state"])
            audit.record("consent.erasure.begun", target=held)
    _tombstone(erasure)


def _finish(erasure: Erasure) -> Erasure:
    with transaction.atomic():
        held = Erasure.objects.select_for_update().select_related("participant").get(pk=erasure.pk)
        if held.state == State.RUNNING:
            Permission.objects.filter(participant=held.participant).delete()
            Participant.objects.filter(pk=held.participant_id).update(
                state=Participant.State.ERASED, state_since=timezone.now(), external_id=b"", person=None
            )
            held.state, held.finished_at = State.LIVE_COMPLETE, timezone.now()
            held.certificate = certificate(held)
            held.save(update_fields=["state", "finished_at", "certificate"])
            audit.record("consent.erasure.completed", target=held, things=_total(held.certificate["erased"]))
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:  # the log beside the database still holds what was overwritten
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return held


def certificate(erasure: Erasure) -> dict:
    """What was done, in counts: for the person, and as proof. Names nobody."""
    return {
        "format": "concord-erasure-certificate",
        "format_version": 1,
        "erasure": str(erasure.pk),
        "study": str(erasure.study_id),
        "participant": str(erasure.participant_id),
        "scheduled_at": erasure.created_at.isoformat(),
        "finished_at": erasure.finished_at.isoformat(),
        "confirmed_by": erasure.confirmed_by,
        "erased": {one.holding: one.counts for one in erasure.steps.order_by("id")},
        "key": "destroyed",
        "kept": list(KEPT),
    }


def ledger() -> Path:
    """The file of tombstones: one JSON line an erasure, outside CONCORD_DATA."""
    return Path(settings.CONCORD_LEDGER) / "tombstones.jsonl"


def _tombstone(erasure: Erasure) -> None:
    path = ledger()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.exists() and f'"{erasure.pk}"' in path.read_text():
        return
    line = {
        "format": "concord-tombstone", "format_version": 1, "erasure": str(erasure.pk), "study": str(erasure.study_id),
        "participant": str(erasure.participant_id), "at": timezone.now().isoformat(),
    }  # fmt: skip
    with path.open("a") as file:
        file.write(json.dumps(line, sort_keys=True) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _total(erased: dict[str, dict[str, int]]) -> int:
    return sum(count for counts in erased.values() for count in counts.values())


def _code_digest(erasure: Erasure, code: str) -> bytes:
    return sha256(f"{erasure.pk}:{code}".encode()).digest()
