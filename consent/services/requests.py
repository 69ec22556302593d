"""Requests of data subjects: taken in, moved from state to state, with a clock that never stops (Art. 12(3) GDPR)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from consent import clocks, keys
from consent.models import Participant, Person, Request, RequestStep, Study
from consent.services import consents, erasure
from core import audit, jobs
from core.errors import Invalid, Refused
from core.models import User

State = Request.State
Kind = Request.Kind
CLOSED = (State.FULFILLED, State.REFUSED, State.RETRACTED)
OPEN = tuple(state for state in State if state not in CLOSED)
MONTHS, EXTENDED_MONTHS = 1, 3

_ASIDE = (State.REFUSED, State.RETRACTED)
MOVES: dict[str, tuple[str, ...]] = {
    State.RECEIVED: (State.ACKNOWLEDGED, *_ASIDE),
    State.ACKNOWLEDGED: (State.IDENTITY_PENDING, State.VERIFIED, *_ASIDE),
    State.IDENTITY_PENDING: (State.VERIFIED, *_ASIDE),
    State.VERIFIED: (State.COLLECTING, State.APPROVAL, *_ASIDE),
    State.COLLECTING: (State.APPROVAL, *_ASIDE),
    State.APPROVAL: (State.COLLECTING, State.DELIVERING, *_ASIDE),
    State.DELIVERING: (State.FULFILLED,),
    State.FULFILLED: (),
    State.REFUSED: (),
    State.RETRACTED: (),
}
# No approval may stand before these: they can be fulfilled as soon as the person is known (or even before).
SHORT = {Kind.WITHDRAWAL, Kind.RESTRICTION, Kind.OBJECTION, Kind.INFORMATION, Kind.COMPLAINT}
REFUSALS = (
    "identity_not_shown",
    "manifestly_unfounded",
    "excessive",
    "research_exemption",
    "rights_of_others",
    "legal_claims",
)
CHANNELS = ("link", "letter", "phone", "email", "in_person")


def moves(request: Request) -> tuple[str, ...]:
    """The states that this request may go to next."""
    more = (State.FULFILLED,) if request.kind in SHORT and request.state in (State.ACKNOWLEDGED, State.VERIFIED) else ()
    return (*more, *MOVES[request.state])


@transaction.atomic
def open_request(
    *,
    actor: User | None,
    study: Study,
    kind: str,
    channel: str = "link",
    participant: Participant | None = None,
    person: Person | None = None,
    received_at: datetime | None = None,
    words: str = "",
) -> Request:
    """Take a request in; its deadline counts from the receipt, which may be past and never in the future.

    One that comes by the participant's own link is acknowledged and verified at once: the link went to the address on
    file. A restriction pauses use, a withdrawal stops it, as soon as it is acknowledged.
    """
    now = timezone.now()
    at = received_at or now
    if kind not in Kind.values or channel not in CHANNELS:
        raise Invalid("request_unknown", _("This kind of request or way of asking is not known."))
    if at > now:
        raise Invalid(
            "received_in_future", _("A request cannot have come in the future."), fields={"received_at": [""]}
        )
    if participant is not None and participant.study_id != study.pk:
        raise Invalid("participant_elsewhere", _("This participant belongs to another study."))
    study = Study.objects.select_for_update().get(pk=study.pk)
    whose = [participant.pk] if participant else []
    request = Request.objects.create(
        study=study, participant=participant, person=person or (participant.person if participant else None), kind=kind,
        number=(study.requests.aggregate(last=Max("number"))["last"] or 0) + 1, channel=channel, received_at=at,
        due_on=_due(study, at, MONTHS), rule_version=clocks.rule_version(study.jurisdiction, study.subdivision),
        words=keys.seal_text(words, study_id=study.pk, participant_ids=whose) if words else b"",
    )  # fmt: skip
    RequestStep.objects.create(request=request, actor=actor, before="", after=State.RECEIVED)
    audit.record(
        "consent.request.received", actor=actor, target=request, kind=kind, channel=channel, due_on=request.due_on,
        subject_ref=keys.subject_ref(participant.pk) if participant else "",
    )  # fmt: skip
    if channel == "link" and participant is not None:
        request = move(actor=actor, request=request, to=State.ACKNOWLEDGED)
        request = move(actor=actor, request=request, to=State.VERIFIED, reason="own_link")
    return request


@transaction.atomic
def move(*, actor: User | None, request: Request, to: str, reason: str = "", revision: int | None = None) -> Request:
    """To another state. Raises Refused for a move that is not foreseen, for a refusal without one of REFUSALS as its ground,
    for an erasure that is not done, and when somebody else moved it meanwhile (`revision`)."""
    request = Request.objects.select_for_update(of=("self",)).select_related("participant").get(pk=request.pk)
    if revision is not None and revision != request.revision:
        raise Refused("request_moved", _("Somebody else has changed this request. Look at it again."), status=412)
    if to not in moves(request):
        raise Refused(
            "request_move_impossible",
            _("The request cannot go there from where it is."),
            before=request.state,
            after=to,
        )
    if to == State.REFUSED and reason not in REFUSALS:
        raise Invalid("refusal_needs_ground", _("A refusal needs one of the grounds of the law."))
    if to == State.DELIVERING and request.kind in (Kind.ACCESS, Kind.PORTABILITY) and request.package_id is None:
        raise Refused("package_missing", _("Build the package first."))
    before, request.state = request.state, to
    request.revision += 1
    request.closed_at = timezone.now() if to in CLOSED else None
    request.save(update_fields=["state", "revision", "closed_at"])
    RequestStep.objects.create(request=request, actor=actor, before=before, after=to, reason=reason)
    audit.record("consent.request.moved", actor=actor, target=request, before=before, after=to, reason=reason)
    if to == State.ACKNOWLEDGED and request.participant is not None:
        _act_at_once(request, actor)
    return request


@transaction.atomic
def extend(*, actor: User | None, request: Request, reason: str) -> Request:
    """Two months more, once, before the first deadline, for complexity or number (Art. 12(3)); the person is told why."""
    request = Request.objects.select_for_update().select_related("study").get(pk=request.pk)
    if reason not in ("complexity", "number"):
        raise Invalid(
            "extension_needs_ground", _("An extension needs a ground: complexity, or the number of requests.")
        )
    today = clocks.local_date(timezone.now(), request.study.jurisdiction)
    if request.extended_at or request.state in CLOSED or today > request.due_on:
        raise Refused("extension_too_late", _("A request can be extended once, and only before its deadline."))
    request.extended_at = timezone.now()
    request.due_on = _due(request.study, request.received_at, EXTENDED_MONTHS)
    request.revision += 1
    request.save(update_fields=["extended_at", "due_on", "revision"])
    RequestStep.objects.create(request=request, actor=actor, before=request.state, after=request.state, reason=reason)
    audit.record("consent.request.extended", actor=actor, target=request, reason=reason, due_on=request.due_on)
    return request


@transaction.atomic
def start_package(*, actor: User | None, request: Request) -> Request:
    """Have a worker build the access package."""
    if request.participant_id is None:
        raise Refused("nobody_to_collect_for", _("This request names no participant whose data could be collected."))
    if request.state == State.VERIFIED:
        request = move(actor=actor, request=request, to=State.COLLECTING)
    if request.state not in (State.COLLECTING, State.APPROVAL):
        raise Refused("request_not_collecting", _("A package is built when the person is verified."))
    request.job = jobs.start(
        "consent.package", actor=actor, study_id=request.study_id, object_id=request.pk, request_id=request.pk
    )
    request.save(update_fields=["job"])
    return request


@transaction.atomic
def start_erasure(*, actor: User | None, request: Request, method: str) -> Request:
    """Stop use, and confirm the erasure by how the person was heard (letter, phone, in_person, own_link)."""
    if request.participant is None or request.kind != Kind.ERASURE:
        raise Refused("not_an_erasure", _("This request does not ask for an erasure of a participant's data."))
    if request.state not in (State.VERIFIED, State.COLLECTING, State.APPROVAL):
        raise Refused("request_not_verified", _("First make sure that it is really this person who asks."))
    consents.stop(participant=request.participant, actor=actor, method=request.channel)
    scheduled = erasure.schedule(request.participant, actor=actor, request=request)
    erasure.confirm(scheduled, actor=actor, method=method)
    return request


def words(request: Request) -> str:
    """What the person wrote; empty after an erasure."""
    whose = [request.participant_id] if request.participant_id else []
    return keys.open_text(request.words, study_id=request.study_id, participant_ids=whose) if request.words else ""


def _act_at_once(request: Request, actor: User | None) -> None:
    if request.participant.state == Participant.State.ERASED:
        return
    if request.kind == Kind.RESTRICTION:
        consents.pause(participant=request.participant, actor=actor, method=request.channel)
    elif request.kind == Kind.WITHDRAWAL:
        consents.stop(participant=request.participant, actor=actor, method=request.channel)


def _due(study: Study, received_at: datetime, months: int):
    received = clocks.local_date(received_at, study.jurisdiction)
    return clocks.due(received, months, study.jurisdiction, study.subdivision)
