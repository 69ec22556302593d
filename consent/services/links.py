"""Links that open a participant's own page without an account. The token is told once; only its digest is kept."""

from __future__ import annotations

import secrets
from datetime import timedelta
from hashlib import sha256

from django.db import transaction
from django.utils import timezone

from consent import keys
from consent.models import Participant, ParticipantLink
from core import audit
from core.models import User

DAYS = 180


@transaction.atomic
def make_link(*, participant: Participant, actor: User | None, days: int = DAYS) -> tuple[ParticipantLink, str]:
    """A new link and its token (256 random bits). The token cannot be shown again."""
    token = secrets.token_urlsafe(32)
    link = ParticipantLink.objects.create(
        participant=participant, digest=_digest(token), expires_at=timezone.now() + timedelta(days=days)
    )
    audit.record(
        "consent.link.made", actor=actor, target=participant, link=link.pk, days=days, subject_ref=keys.subject_ref(participant.pk)
    )  # fmt: skip
    return link, token


@transaction.atomic
def revoke_link(*, link: ParticipantLink, actor: User | None) -> None:
    """Take a link back; doing it twice does no harm."""
    if ParticipantLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=timezone.now()):
        audit.record("consent.link.revoked", actor=actor, target=link.participant, link=link.pk)


def participant_of(token: str) -> Participant | None:
    """Whose page a token opens; None when it is unknown, has ended, was taken back, or the person is erased."""
    link = (
        ParticipantLink.objects.select_related("participant__study__controller")
        .filter(digest=_digest(token), revoked_at=None, expires_at__gt=timezone.now())
        .exclude(participant__state=Participant.State.ERASED)
        .first()
    )
    return link.participant if link else None


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
