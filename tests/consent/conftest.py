"""A study with keys of its own, one participant, and only consent's holdings: what other apps hold is tested with them."""

import pytest
from django.core.files.storage import storages

from consent import keys
from consent.services import participants as people
from consent.services import studies
from tests.consent import factories as make


@pytest.fixture
def alone(settings, tmp_path):
    """HOLDINGS of consent alone, and a ledger and store of the test's own."""
    settings.HOLDINGS = ["consent.holdings"]
    settings.CONCORD_LEDGER = tmp_path / "ledger"
    settings.CONCORD_KEYS = tmp_path / "keys"
    options = {"location": tmp_path / "store"}
    store = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "store": store}
    storages._storages.clear()
    keys.forget()
    yield settings
    keys.forget()
    storages._storages.clear()


@pytest.fixture
def dana(db):
    return make.user("dana")


@pytest.fixture
def talk(db, dana, alone):
    """A study that asks for consent to everything, made by its services."""
    controller = studies.create_controller(actor=dana, name="Lakeside University", country="IE")
    study = studies.create_study(
        actor=dana, controller=controller, name="Dyad Talk", context="lab_research", cooling_off_days=0,
        bases=[{"purpose": one["purpose"], "kind": "explicit_consent"} for one in make.CHOICES],
    )  # fmt: skip
    return study


@pytest.fixture
def text(talk):
    return make.notice_text(talk)


@pytest.fixture
def ada(talk, dana):
    row = people.NewParticipant(name="Ada Example", contact="ada@example.org", external_id="HOSP-77")
    return people.add_participant(actor=dana, study=talk, row=row)
