"""Keys, store and ledger of the test's own."""

import pytest
from django.core.files.storage import storages

from consent import keys
from core.models import User


@pytest.fixture(autouse=True)
def own_folders(settings, tmp_path):
    settings.CONCORD_KEYS = tmp_path / "keys"
    settings.CONCORD_LEDGER = tmp_path / "ledger"
    store = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path / "store"}}
    settings.STORAGES = {**settings.STORAGES, "store": store}
    storages._storages.clear()
    keys.forget()
    yield
    keys.forget()
    storages._storages.clear()


@pytest.fixture
def signed_in(client):
    """A browser in which this person is signed in."""

    def sign_in(user: User):
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in
