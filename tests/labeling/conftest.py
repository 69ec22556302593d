import pytest

from core.models import User


@pytest.fixture(autouse=True)
def keys_folder(settings, tmp_path):
    settings.CONCORD_KEYS = tmp_path / "keys"


@pytest.fixture
def signed_in(client):
    """A browser in which this person is signed in."""

    def sign_in(user: User):
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in
