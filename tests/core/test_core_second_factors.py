"""The secrets of second factors are not to be read from the database."""

from __future__ import annotations

import json

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from cryptography.fernet import InvalidToken

from core.accounts import SecondFactorAdapter
from core.models import User

pytestmark = pytest.mark.django_db
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def test_an_apps_secret_is_sealed_and_its_codes_are_taken():
    ana = User.objects.create(email="ana@lab.example")
    TOTP.activate(ana, SECRET)
    kept = Authenticator.objects.get(user=ana, type="totp")
    assert SECRET not in json.dumps(kept.data)
    assert TOTP(kept).validate_code(code(SECRET))


def test_recovery_codes_cannot_be_made_from_what_is_kept():
    ana = User.objects.create(email="ana@lab.example")
    made = RecoveryCodes.activate(ana)
    kept = Authenticator.objects.get(user=ana, type="recovery_codes")
    seed = SecondFactorAdapter().decrypt(kept.data["seed"])
    assert seed not in json.dumps(kept.data)
    assert RecoveryCodes(kept).validate_code(made.get_unused_codes()[0])


def test_the_same_secret_is_never_sealed_to_the_same_text():
    seal = SecondFactorAdapter()
    assert seal.encrypt(SECRET) != seal.encrypt(SECRET)


def test_another_installations_key_opens_nothing_and_a_former_one_still_does(settings):
    sealed = SecondFactorAdapter().encrypt(SECRET)
    former, settings.SECRET_KEY = settings.SECRET_KEY, "another key " * 5
    with pytest.raises(InvalidToken):
        SecondFactorAdapter().decrypt(sealed)
    settings.SECRET_KEY_FALLBACKS = [former]
    assert SecondFactorAdapter().decrypt(sealed) == SECRET
