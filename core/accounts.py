"""Signing in: what allauth and axes ask of us. Nobody signs themselves up; an account begins with an invitation."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from core import audit, problems
from core.models import User


class AccountAdapter(DefaultAccountAdapter):
    """No open sign-up. Sign-ins are written into the audit log."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        audit.observe("core.session.opened", actor=user, outcome="done")
        return super().post_login(request, user, **kwargs)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        super().authentication_failed(request, **credentials)
        audit.observe("core.session.refused", outcome="denied")


class SecondFactorAdapter(DefaultMFAAdapter):
    """Secrets of authenticator apps and recovery codes are sealed: whoever reads the database alone passes no second factor.

    The key comes from SECRET_KEY; what was sealed under one of SECRET_KEY_FALLBACKS is still read.
    """

    def encrypt(self, text: str) -> str:
        return _seal().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _seal().decrypt(encrypted_text.encode()).decode()


def _seal() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(urlsafe_b64encode(_second_factor_key(one))) for one in keys])


def _second_factor_key(secret: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"concord second factors").derive(secret.encode())


class SingleSignOnAdapter(DefaultSocialAccountAdapter):
    """OpenID Connect signs in who was invited; it makes no accounts."""

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Join the provider's identity to the invited account of the same address, if the provider vouches for it."""
        if sociallogin.is_existing:
            return
        vouched = [one.email for one in sociallogin.email_addresses if one.verified]
        user = User.objects.filter(email__iexact=vouched[0], is_active=True).first() if vouched else None
        if user is not None:
            sociallogin.connect(request, user)
            audit.observe("core.identity.joined", actor=user, outcome="done")

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> User:
        """Only what our User has; it is looked at and thrown away, as single sign-on makes no accounts."""
        sociallogin.user.email = data.get("email") or ""
        return sociallogin.user


def named_at_the_door(request: HttpRequest, credentials: Any = None) -> str:
    """Whose password is tried, as the lock counts it: every spelling that finds one account is one name."""
    given = credentials or {}
    name = given.get("email") or given.get("username") or given.get("login") or request.POST.get("login", "")
    return str(name).replace("\0", "").strip().lower()[:254]


def locked_out(request: HttpRequest, credentials: Any = None, *args: Any, **kwargs: Any) -> HttpResponse:
    """What axes shows after too many wrong passwords."""
    audit.observe("core.session.locked", outcome="denied")
    detail = _("Too many wrong passwords for this account. Wait a quarter of an hour, or ask for a new password.")
    return problems.respond(request, problems.Problem(429, "locked_out", detail, headers={"Retry-After": "900"}))
