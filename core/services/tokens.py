"""Keys for programs: made, shown once, revoked."""

from __future__ import annotations

import secrets
from datetime import datetime
from hashlib import sha256

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core import audit
from core.errors import Invalid
from core.models import ApiToken, User

TOKEN_PREFIX = "concord_"  # noqa: S105 - what tokens begin with, so that leaked ones can be searched for


@transaction.atomic
def create(
    *, user: User, name: str, expires_at: datetime | None = None, actor: User | None = None
) -> tuple[ApiToken, str]:
    """Make a token for the user. Returns (row, secret); the secret exists here only and is never shown again."""
    name = " ".join(name.split())
    if not name or len(name) > 80 or "\0" in name:
        raise Invalid(
            "name_invalid", _("Give it a name of 1 to 80 characters."), fields={"name": [_("1 to 80 characters.")]}
        )
    if expires_at is not None and expires_at <= timezone.now():
        raise Invalid(
            "expiry_past", _("The expiry lies in the past."), fields={"expires_at": [_("Choose a later day.")]}
        )
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user, name=name, digest=sha256(secret.encode()).digest(), hint=secret[len(TOKEN_PREFIX) :][:4],
        expires_at=expires_at,
    )  # fmt: skip
    audit.record("core.token.created", actor=actor or user, target=token)
    return token, secret


@transaction.atomic
def revoke(token: ApiToken, *, actor: User) -> None:
    """End a token at once. Doing it twice does no harm."""
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
        audit.record("core.token.revoked", actor=actor, target=token)


def used(token: ApiToken) -> None:
    """Note the day of use, once a day; no event, as nothing is decided by it."""
    today = timezone.now().date()
    if token.last_used_on != today:
        ApiToken.objects.filter(pk=token.pk).update(last_used_on=today)
