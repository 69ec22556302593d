"""Accounts: the first administrator, invitations, what people set for themselves."""

from __future__ import annotations

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from core import audit
from core.errors import Invalid, Refused
from core.models import User


@transaction.atomic
def first_administrator(*, email: str, name: str, password: str) -> User:
    """Make the first account of an installation, an operator. Refused for ever once anybody has an account."""
    if connection.vendor == "postgresql":  # SQLite's transactions take the write lock at BEGIN
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(7021694832002)")
    if User.objects.exists():
        raise Refused("already_set_up", _("This installation has an administrator already."))
    user = _checked(email, name, is_operator=True)
    try:
        validate_password(password, user)
    except ValidationError as weak:
        raise Invalid("password_weak", _("Choose another password."), fields={"password": weak.messages}) from weak
    user.set_password(password)
    return _kept(user, actor=user, verb="core.administrator.made")


@transaction.atomic
def invite(email: str, name: str, actor: User | None, *, operator: bool = False) -> tuple[User, str]:
    """Make an account without a password, and the link (one use, PASSWORD_RESET_TIMEOUT) by which its person sets one.

    Returns (user, link). Raises Invalid for an address that is none or has an account.
    """
    user = _checked(email, name, is_operator=operator)
    user.set_unusable_password()
    return _kept(user, actor=actor, verb="core.user.invited"), link(user)


@transaction.atomic
def create(*, email: str, name: str, password: str, operator: bool = False, actor: User | None = None) -> User:
    """Make an account with a password: what a command line does for a person who sits at it. Raises Invalid."""
    user = _checked(email, name, is_operator=operator)
    user.set_password(password)
    return _kept(user, actor=actor, verb="core.user.created")


def link(user: User) -> str:
    """A one-time address at which the person sets a password; void once used or once the password changes."""
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    path = reverse(
        "account_reset_password_from_key", kwargs=dict(zip(("uidb36", "key"), key.split("-", 1), strict=True))
    )
    return f"{settings.PUBLIC_URL}{path}"


@transaction.atomic
def set_active(user: User, active: bool, actor: User | None) -> None:
    """Let a person in, or keep them out; what they did stays."""
    User.objects.filter(pk=user.pk).update(is_active=active)
    user.is_active = active
    audit.record("core.user.opened" if active else "core.user.closed", actor=actor, target=user)


@transaction.atomic
def set_preferences(user: User, *, theme: str | None = None, language: str | None = None) -> User:
    """What a person sets for themselves. Raises Invalid for what there is not."""
    if theme is not None:
        if theme not in ("", "light", "dark"):
            raise Invalid("theme_unknown", _("There is no such colour scheme."))
        user.theme = theme
    if language is not None:
        if language and language not in dict(settings.LANGUAGES):
            raise Invalid("language_unknown", _("This language is not here."))
        user.language = language
    user.save(update_fields=["theme", "language"])
    audit.record("core.preferences.set", actor=user, target=user, theme=user.theme, language=user.language)
    return user


def _checked(email: str, name: str, *, is_operator: bool) -> User:
    email, name = email.strip(), " ".join(name.split())
    try:
        validate_email(email)
    except ValidationError as wrong:
        raise Invalid("email_invalid", _("This is no e-mail address."), fields={"email": wrong.messages}) from wrong
    if len(email) > 254 or len(name) > 120 or "\0" in name:
        raise Invalid("name_invalid", _("This name is too long."), fields={"name": [_("At most 120 characters.")]})
    if not (name + email).isprintable():
        said = _("A name holds no invisible or control characters.")
        raise Invalid("name_invalid", said, fields={"name": [said]})
    if User.objects.filter(email__iexact=email).exists():
        said = _("This address has an account already.")
        raise Invalid("email_taken", said, fields={"email": [said]})
    return User(email=email, name=name, is_operator=is_operator)


def _kept(user: User, *, actor: User | None, verb: str) -> User:
    user.save(force_insert=True)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    audit.record(verb, actor=actor, target=user, operator=user.is_operator)
    return user
