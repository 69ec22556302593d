"""Erasing: confirmed, after the cooling-off, in an order that a killed worker cannot disturb. Requests and their clocks."""

import json
from datetime import UTC, date, datetime, timedelta
from types import ModuleType

import pytest
import time_machine
from django.utils import timezone

from consent import assets, checks, clocks, keys, registry
from consent.models import Erasure, ErasureStep, Participant, ParticipantLink, Permission, RequestStep
from consent.services import consents, erasure, links, requests, studies
from consent.services import participants as people
from core import jobs
from core.errors import Gone, Invalid, Refused
from core.models import AuditEvent, Job
from tests.consent import factories as make

pytestmark = pytest.mark.django_db(databases=["default", "keys"])

# Reference/regulation vectors, computed for Ireland: received, due after one month, due after three.
VECTORS = [
    ((2026, 3, 5), (2026, 4, 7), (2026, 6, 5)),
    ((2026, 8, 31), (2026, 9, 30), (2026, 11, 30)),
    ((2026, 12, 31), (2027, 2, 2), (2027, 3, 31)),
    ((2027, 1, 31), (2027, 3, 1), (2027, 4, 30)),
    ((2028, 1, 31), (2028, 2, 29), (2028, 5, 2)),
]


@pytest.mark.parametrize(("received", "one", "three"), VECTORS)
def test_deadlines_by_regulation_1182_71(received, one, three):
    assert clocks.due(date(*received), 1, "IE") == date(*one)
    assert clocks.due(date(*received), 3, "IE") == date(*three)


def test_the_day_is_the_one_at_the_place_of_the_study():
    late = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
    assert clocks.local_date(late, "IE") == date(2026, 7, 2)
    assert clocks.local_date(late, "PT") == date(2026, 7, 2)
    assert clocks.local_date(late, "IS") == date(2026, 7, 1)


def test_holidays_of_a_subdivision_count():
    assert clocks.due(date(2026, 7, 15), 1, "DE", "BY") == date(2026, 8, 17), "Saturday, Assumption, then Monday"
    assert clocks.due(date(2026, 5, 6), 1, "DE", "BY") == date(2026, 6, 8)
    assert clocks.due(date(2026, 10, 1), 1, "DE", "BY") == date(2026, 11, 2)
    assert clocks.due(date(2026, 12, 6), 1, "DE", "BY") == date(2027, 1, 7), "Epiphany is a holiday in Bavaria"
    assert clocks.due(date(2026, 12, 6), 1, "DE", "HH") == date(2027, 1, 6)


def opened(talk, ada, kind="access", channel="letter", **more):
    return requests.open_request(actor=None, study=talk, kind=kind, participant=ada, channel=channel, **more)


def test_a_request_keeps_its_strict_deadline_and_the_rule_it_came_from(talk, ada):
    received = datetime(2026, 3, 5, 10, tzinfo=UTC)
    asked = opened(talk, ada, received_at=received)
    assert asked.due_on == date(2026, 4, 7)
    assert asked.rule_version.startswith("1182/71;holidays-")
    assert asked.rule_version.endswith(";IE")


def test_a_request_cannot_be_postdated(talk, ada):
    with pytest.raises(Invalid):
        opened(talk, ada, received_at=timezone.now() + timedelta(minutes=1))


def test_numbers_count_per_study(talk, ada):
    assert [opened(talk, ada).number for _ in range(3)] == [1, 2, 3]


def test_every_move_that_is_not_foreseen_is_refused(talk, ada):
    states = list(requests.State)
    for kind in ("access", "withdrawal"):
        for before in states:
            for after in states:
                asked = opened(talk, None, kind=kind)
                type(asked).objects.filter(pk=asked.pk).update(state=before)
                asked.refresh_from_db()
                if after in requests.moves(asked):
                    continue
                with pytest.raises(Refused):
                    requests.move(actor=None, request=asked, to=after)
                asked.refresh_from_db()
                assert asked.state == before


def test_a_refusal_needs_a_ground_of_the_law(talk, ada):
    asked = opened(talk, ada)
    with pytest.raises(Invalid):
        requests.move(actor=None, request=asked, to="refused", reason="no time")
    assert requests.move(actor=None, request=asked, to="refused", reason="excessive").closed_at is not None


def test_an_extension_comes_once_and_before_the_deadline(talk, ada):
    start = datetime(2026, 3, 5, 10, tzinfo=UTC)
    with time_machine.travel(start):
        asked, late = opened(talk, ada), opened(talk, ada)
    with time_machine.travel(datetime(2026, 4, 7, 22, tzinfo=UTC)):
        assert requests.extend(actor=None, request=asked, reason="complexity").due_on == date(2026, 6, 5)
        with pytest.raises(Refused):
            requests.extend(actor=None, request=asked, reason="number")
        with pytest.raises(Invalid):
            requests.extend(actor=None, request=late, reason="holiday")
    with time_machine.travel(datetime(2026, 4, 8, 0, 30, tzinfo=UTC)), pytest.raises(Refused):
        requests.extend(actor=None, request=late, reason="number")


def test_restriction_and_withdrawal_work_at_once_without_an_approval(talk, ada, text):
    consents.record_consent(participant=ada, notice_text=text, answers={"collect": True})
    opened(talk, ada, kind="restriction", channel="link")
    ada.refresh_from_db()
    assert ada.state == "paused"
    opened(talk, ada, kind="withdrawal", channel="link")
    ada.refresh_from_db()
    assert ada.state == "stopped"


def test_the_steps_are_kept(talk, ada):
    asked = opened(talk, ada, channel="link")
    assert list(RequestStep.objects.filter(request=asked).values_list("before", "after")) == [
        ("", "received"), ("received", "acknowledged"), ("acknowledged", "verified"),
    ]  # fmt: skip


# Erasure --------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def full(ada, talk, text):
    """Ada with something in every table of consent, and a stored file."""
    consents.record_consent(
        participant=ada, notice_text=text, answers={"collect": True}, evidence={"shown": ["collect"]}
    )
    links.make_link(participant=ada, actor=None)
    opened(talk, ada, kind="information", words="Who listens to me?")
    assets.store(study=talk, kind="original", source=b"voice" * 100, media_type="audio/wav", subjects=[ada])
    return ada


def confirmed(ada):
    scheduled, code = consents.ask_erasure(participant=ada)
    return consents.confirm_erasure(erasure=scheduled, code=code)


def test_nothing_is_erased_that_was_not_confirmed(full):
    scheduled = consents.stop(participant=full)
    with pytest.raises(Refused):
        erasure.run(scheduled)
    assert people.identity(full)["name"] == "Ada Example"


def test_the_cooling_off_is_waited_for_and_can_be_waived(full, talk):
    talk.cooling_off_days = 7
    talk.save()
    waiting = confirmed(full)
    assert waiting.job is None
    with pytest.raises(Refused):
        erasure.run(waiting)
    with time_machine.travel(timezone.now() + timedelta(days=6, hours=23)):
        assert erasure.start_due() == 0
    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1)):
        assert erasure.start_due() == 1
        assert erasure.start_due() == 0
    assert waiting.due_at - waiting.not_before == timedelta(hours=72)


def test_a_waiver_starts_it_now(full, talk):
    talk.cooling_off_days = 7
    talk.save()
    waiting = confirmed(full)
    with pytest.raises(Invalid):
        erasure.waive_cooling_off(waiting, actor=None, reason="because")
    assert erasure.waive_cooling_off(waiting, actor=None, reason="harm").job is not None
    event = AuditEvent.objects.get(verb="consent.erasure.cooling_off_waived")
    assert json.loads(event.facts)["reason"] == "harm"
    with pytest.raises(Refused, match="over already"):  # a second job would be started
        erasure.waive_cooling_off(waiting, actor=None)


def test_an_erasure_ends_everything_and_leaves_a_certificate(full, talk):
    person, asset = full.person, full.assets.get()
    done = confirmed(full)
    jobs.run(done.job_id)
    done.refresh_from_db()
    full.refresh_from_db()
    asset.refresh_from_db()
    assert (done.state, full.state, full.person, asset.state) == ("live_complete", "erased", None, "erased")
    assert not Permission.objects.filter(participant=full).exists()
    assert not ParticipantLink.objects.filter(participant=full).exists()
    person.refresh_from_db()
    assert (bytes(person.name), bytes(person.contact), person.contact_hash) == (b"", b"", None)
    assert bytes(full.requests.get().words) == b""
    assert not any(full.consent_events.values_list("evidence", flat=True))
    with pytest.raises(keys.KeyGone):
        keys.subject_ref(full.pk)
    said = done.certificate
    assert said["erased"]["consent.holdings"]["files"] == 1
    assert said["erased"]["consent.holdings"]["identities"] == 1
    assert "Ada" not in json.dumps(said)
    line = json.loads(erasure.ledger().read_text())
    assert (line["participant"], line["erasure"]) == (str(full.pk), str(done.pk))
    assert AuditEvent.objects.filter(verb="consent.erasure.completed").count() == 1


def test_after_an_erasure_nothing_can_be_said_any_more(full, text):
    erasure.run(confirmed(full))
    for act in (consents.pause, consents.resume, consents.stop):
        with pytest.raises(Gone):
            act(participant=full)
    with pytest.raises(Gone):
        consents.record_consent(participant=full, notice_text=text, answers={"collect": True})


def test_a_person_who_is_in_another_study_keeps_their_identity_there(full, dana):
    other = studies.create_study(actor=dana, controller=full.study.controller, name="Second", context="lab_research")
    there = people.add_participant(actor=dana, study=other, row=people.NewParticipant(contact="ada@example.org"))
    erasure.run(confirmed(full))
    there.refresh_from_db()
    assert people.identity(there)["name"] == "Ada Example"


class Killed(BaseException):
    """What a SIGKILL looks like from inside: nothing after it runs."""


def holding(name: str, monkeypatch, done: list, dies: dict) -> str:
    """A module in HOLDINGS that counts what it does, and dies once before or after its work."""
    module = ModuleType(name)

    def erase(participant: Participant) -> dict[str, int]:
        if dies.pop((name, "before"), None):
            raise Killed
        done.append(name)
        if dies.pop((name, "after"), None):
            raise Killed
        return {"things": 3}

    module.COVERS, module.erase = set(), erase
    module.describe = lambda participant: []
    module.export = lambda participant, package: None
    module.suspend = module.resume = lambda participant: None
    monkeypatch.setitem(__import__("sys").modules, name, module)
    return name


@pytest.mark.parametrize(
    "moment", [("one", "before"), ("one", "after"), ("two", "before"), ("two", "after"), ("keys", "")]
)
def test_a_worker_killed_at_any_step_is_taken_over_and_the_end_is_the_same(full, alone, monkeypatch, moment):
    done, dies = [], {moment: True}
    names = [holding(name, monkeypatch, done, dies) for name in ("one", "two")]
    alone.HOLDINGS = ["one", "consent.holdings", "two"]
    started = confirmed(full)
    real = keys.destroy_participant
    if moment[0] == "keys":
        monkeypatch.setattr(keys, "destroy_participant", lambda participant_id: (_ for _ in ()).throw(Killed()))
    with pytest.raises(Killed):
        erasure.run(started)
    monkeypatch.setattr(keys, "destroy_participant", real)
    started.refresh_from_db()
    assert started.state == "running"
    again = erasure.run(started)
    assert again.state == "live_complete"
    assert (
        list(ErasureStep.objects.filter(erasure=again).order_by("id").values_list("holding", flat=True))
        == alone.HOLDINGS
    )
    assert again.certificate["erased"]["one"] == again.certificate["erased"]["two"] == {"things": 3}
    assert len(erasure.ledger().read_text().splitlines()) == 1
    assert AuditEvent.objects.filter(verb="consent.erasure.completed").count() == 1
    assert erasure.run(again).certificate == again.certificate
    assert set(done) == set(names)


def test_an_erasure_by_letter_stops_use_first(talk, full):
    asked = opened(talk, full, kind="erasure")
    with pytest.raises(Refused):
        requests.start_erasure(actor=None, request=asked, method="letter")
    for to in ("acknowledged", "verified"):
        asked = requests.move(actor=None, request=asked, to=to)
    requests.start_erasure(actor=None, request=asked, method="letter")
    full.refresh_from_db()
    assert full.state == "stopped"
    found = Erasure.objects.get()
    assert (found.state, found.confirmed_by, found.request_id) == ("confirmed", "letter", asked.pk)
    assert Job.objects.filter(kind="consent.erase", object_id=found.pk).exists()


def test_stopping_keeps_files_restricted_and_a_pause_that_ends_opens_them(full):
    asset = full.assets.get()
    consents.pause(participant=full)
    asset.refresh_from_db()
    assert asset.state == "sealed"
    consents.resume(participant=full)
    asset.refresh_from_db()
    assert asset.state == "stored"


def test_a_file_of_two_people_stays_restricted_until_both_are_active(talk, full, dana):
    other = people.add_participant(actor=dana, study=talk, row=people.NewParticipant())
    shared = assets.store(study=talk, kind="original", source=b"both", media_type="audio/wav", subjects=[full, other])
    consents.pause(participant=full)
    consents.pause(participant=other)
    consents.resume(participant=full)
    shared.refresh_from_db()
    assert shared.state == "sealed"
    consents.resume(participant=other)
    shared.refresh_from_db()
    assert shared.state == "stored"


def test_what_is_held_is_told_in_counts(full):
    held = dict(registry.describe(full))
    assert held["stored files"] == 1
    assert held["requests"] == 1


def test_start_is_refused_while_something_about_people_is_covered_by_no_holding(alone):
    alone.HOLDINGS = ["consent.holdings", "nowhere.holdings"]
    found = checks.everything_about_people_is_held()
    uncovered = {one.obj._meta.label for one in found if one.id == "consent.E002"}
    assert {"labeling.Appearance", "labeling.ItemTarget", "labeling.Annotation"} <= uncovered
    assert not {one for one in uncovered if one.startswith("consent.")}
    assert [one.id for one in found].count("consent.E001") == 1


def test_only_what_leads_to_people_is_asked_for():
    labels = {model._meta.label for model in checks.personal()}
    assert "labeling.Answer" in labels, "an answer hangs from an annotation, an annotation from an annotator"
    assert "consent.Study" not in labels
    assert "core.Job" not in labels


def test_many_consents_are_recorded_in_one_go(talk, text, dana):
    made = people.add_participants(actor=dana, study=talk, rows=[people.NewParticipant() for _ in range(40)])
    consents.record_consents(
        participants=made, notice_text=text, answers={"collect": True}, actor=dana, method="demonstration"
    )
    assert Permission.objects.filter(purpose="collect").count() == 80
    assert make.CHOICES[0]["purpose"] == "collect"
