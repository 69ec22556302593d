"""Accounts: the first administrator, invitations, who may sign in, who runs the installation, what people set for themselves."""

from __future__ import annotations

import logging
from smtplib import SMTPException

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.core.validators import validate_email
from django.db import connection, transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from core import audit
from core.errors import Invalid, Refused
from core.models import User

log = logging.getLogger(__name__)


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
def invite(
    email: str, name: str, actor: User | None, *, operator: bool = False, language: str = ""
) -> tuple[User, str]:
    """Make an account without a password, and the link (one use, PASSWORD_RESET_TIMEOUT) by which its person sets one.

    Returns (user, link). Raises Invalid for an address that is none or has an account, and for a language there is not.
    """
    user = _checked(email, name, is_operator=operator)
    user.language = _spoken(language)
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


def waits(user: User) -> bool:
    """Whether a person was invited and has never been here: no password, and no sign-in by another way."""
    return user.last_login is None and not user.has_usable_password()


@transaction.atomic
def link_again(user: User, actor: User | None) -> str:
    """A new link for somebody who cannot get in. Raises Refused for a closed account, whom no password would help.

    Whoever holds the link holds the account. So a page shows it only while nobody has used the account (`waits`), and
    otherwise it goes to the person's own address alone.
    """
    if not user.is_active:
        raise Refused("account_closed", _("This account is closed. Open it first."))
    audit.record("core.user.link_made", actor=actor, target=user, invited=waits(user))
    return link(user)


def mail_link(user: User, url: str, *, invited: bool) -> bool:
    """Send a link to its person, in their language. Returns whether it left; a mail server that is down undoes nothing."""
    with translation.override(user.language or settings.LANGUAGE_CODE):
        if invited:
            subject = _("An account for you in Concord")
            text = _("You have been invited to Concord. Open this address and choose a password; it can be used once.")
        else:
            subject = _("A new password for Concord")
            text = _(
                "Open this address and choose a new password; it can be used once. Until then the old one is good."
            )
        signed = _("If you expect nothing of the kind, do nothing.")
    try:
        send_mail(subject, f"{text}\n\n{url}\n\n{signed}\n", None, [user.email])
    except (SMTPException, OSError) as failed:
        log.warning("The mail to account %s could not be sent: %s", user.pk, type(failed).__name__)
        return False
    return True


@transaction.atomic
def set_active(user: User, active: bool, actor: User | None) -> None:
    """Let a person in, or keep them out; what they did stays. Raises Refused("last_operator"), Refused("own_account")."""
    if not active:
        if actor is not None and actor.pk == user.pk:
            raise Refused("own_account", _("Nobody closes their own account; another administrator can."))
        _keep_an_operator(user)
    User.objects.filter(pk=user.pk).update(is_active=active)
    user.is_active = active
    audit.record("core.user.opened" if active else "core.user.closed", actor=actor, target=user)


@transaction.atomic
def set_operator(user: User, operator: bool, actor: User | None) -> None:
    """Let a person run the installation, or no longer. Raises Refused("last_operator"). It gives no right to see data."""
    if not operator:
        _keep_an_operator(user)
    User.objects.filter(pk=user.pk).update(is_operator=operator)
    user.is_operator = operator
    audit.record("core.operator.made" if operator else "core.operator.unmade", actor=actor, target=user)


def _keep_an_operator(leaving: User) -> None:
    """Refuse to lose the last operator who can sign in. The rows are locked, so that two do not leave at the same time."""
    left = list(User.objects.select_for_update().filter(is_operator=True, is_active=True).order_by("pk"))
    if [one.pk for one in left] == [leaving.pk]:
        raise Refused("last_operator", _("This is the last administrator. Make another one first."))


@transaction.atomic
def set_preferences(user: User, *, theme: str | None = None, language: str | None = None) -> User:
    """What a person sets for themselves. Raises Invalid for what there is not."""
    if theme is not None:
        if theme not in ("", "light", "dark"):
            raise Invalid("theme_unknown", _("There is no such colour scheme."))
        user.theme = theme
    if language is not None:
        user.language = _spoken(language)
    user.save(update_fields=["theme", "language"])
    audit.record("core.preferences.set", actor=user, target=user, theme=user.theme, language=user.language)
    return user


def _spoken(language: str) -> str:
    if language and language not in dict(settings.LANGUAGES):
        raise Invalid("language_unknown", _("This language is not here."))
    return language


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
