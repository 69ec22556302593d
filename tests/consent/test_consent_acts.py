"""What participants say, and that it counts at once. Three acts on everything are three different acts."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from consent import gate, keys
from consent.gate import Use
from consent.models import Basis, ConsentEvent, Erasure, Participant, Permission
from consent.services import consents, notices, projection, studies
from consent.services import participants as people
from core.errors import Gone, Invalid, Refused
from core.models import AuditEvent, Job
from tests.consent import factories as make

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
LABEL = Use("human_annotation")
YES = {"collect": True, "human_annotation": True, "train_models": True}


def rows(participant):
    return set(Permission.objects.filter(participant=participant).values_list("purpose", "modality", "recipient_class"))


def agreed(participant, text, answers=YES):
    consents.record_consent(participant=participant, notice_text=text, answers=answers)
    return participant


def recording_of(participant):
    recording = make.recording(participant.study)
    make.track(recording, "video", participant)
    return recording


def open_for_labeling(recording):
    return gate.permitted(type(recording).objects.filter(pk=recording.pk), LABEL).exists()


def test_it_works(ada, text):
    assert rows(ada) == set()
    agreed(ada, text)
    assert rows(ada) == {(p, m, "controller") for p in YES for m in ("video", "audio")}
    assert open_for_labeling(recording_of(ada))
    assert set(ada.consent_events.values_list("kind", "purpose")) == {("given", one) for one in YES}
    event = AuditEvent.objects.get(verb="consent.consent.recorded")
    assert event.subject_ref == keys.subject_ref(ada.pk)


def test_identity_is_sealed_and_apart(ada):
    assert people.identity(ada) == {"name": "Ada Example", "contact": "ada@example.org"}
    stored = bytes(ada.person.name) + bytes(ada.person.contact) + bytes(ada.external_id)
    assert b"Ada" not in stored
    assert b"HOSP" not in stored
    assert "Ada" not in "".join(AuditEvent.objects.values_list("facts", flat=True))


def test_somebody_known_to_the_controller_is_joined_to_the_same_person(ada, talk, dana):
    again = people.add_participant(actor=dana, study=talk, row=people.NewParticipant(contact=" ADA@example.org"))
    assert again.person_id == ada.person_id
    assert again.code != ada.code


def test_a_code_that_is_taken_stops_the_whole_import(talk, dana):
    before = Participant.objects.count()
    with pytest.raises(Invalid) as wrong:
        people.add_participants(
            actor=dana, study=talk, rows=[people.NewParticipant(code="A"), people.NewParticipant(code="A")]
        )
    assert wrong.value.facts["row"] == 2
    assert Participant.objects.count() == before


def test_many_participants_come_in_with_one_audit_event(talk, dana):
    made = people.add_participants(actor=dana, study=talk, rows=[people.NewParticipant() for _ in range(30)])
    assert [one.code for one in made] == [f"P-{n:04}" for n in range(1, 31)]
    assert '"count":30' in AuditEvent.objects.get(verb="consent.participants.added").facts


def test_a_refusal_is_as_recorded_as_an_agreement(ada, text):
    agreed(ada, text, {"human_annotation": True, "train_models": False})
    assert {one[0] for one in rows(ada)} == {"human_annotation"}
    assert ada.consent_events.get(purpose="train_models").kind == "refused"


def test_taking_back_one_purpose_leaves_the_others(ada, text):
    agreed(ada, text)
    recording = recording_of(ada)
    consents.withdraw(participant=ada, purpose="human_annotation")
    assert not open_for_labeling(recording)
    assert {one[0] for one in rows(ada)} == {"collect", "train_models"}
    assert not Erasure.objects.exists()
    agreed(ada, text, {"human_annotation": True})
    assert open_for_labeling(recording)


def test_pause_uses_nothing_and_deletes_nothing(ada, text):
    agreed(ada, text)
    recording, before = recording_of(ada), rows(ada)
    consents.pause(participant=ada)
    assert ada.state == "paused"
    assert not open_for_labeling(recording)
    assert not Erasure.objects.exists()
    consents.resume(participant=ada)
    assert rows(ada) == before
    assert open_for_labeling(recording)


def test_stop_ends_use_at_once_and_schedules_an_erasure_that_waits_for_a_confirmation(ada, text):
    agreed(ada, text)
    recording = recording_of(ada)
    erasure = consents.stop(participant=ada)
    assert rows(ada) == set()
    assert not open_for_labeling(recording)
    assert erasure.state == "scheduled"
    assert not Job.objects.exists()
    assert consents.stop(participant=ada).pk == erasure.pk
    with pytest.raises(Refused):
        consents.resume(participant=ada)
    with pytest.raises(Gone):
        gate.require(recording, LABEL)


def test_a_stop_is_taken_back_only_by_agreeing_again_and_that_calls_the_erasure_off(ada, text):
    agreed(ada, text)
    erasure = consents.stop(participant=ada)
    agreed(ada, text, {"human_annotation": True})
    erasure.refresh_from_db()
    ada.refresh_from_db()
    assert (ada.state, erasure.state) == ("active", "called_off")
    assert {one[0] for one in rows(ada)} == {"human_annotation"}, "what was given before the stop stays withdrawn"


def test_erasure_needs_a_code_from_a_second_channel(ada, text, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        erasure, code = consents.ask_erasure(participant=ada)
    assert mail.outbox[0].to == ["ada@example.org"]
    assert code in mail.outbox[0].body
    assert "Ada" not in mail.outbox[0].body + mail.outbox[0].subject
    wrong = f"{(int(code) + 1) % 10**8:08}"
    with pytest.raises(Refused):
        consents.confirm_erasure(erasure=erasure, code=wrong)
    assert not Job.objects.filter(kind="consent.erase").exists()
    assert consents.confirm_erasure(erasure=erasure, code=code).state == "confirmed"
    assert Job.objects.filter(kind="consent.erase").count() == 1


def test_three_wrong_codes_end_the_code(ada):
    erasure, code = consents.ask_erasure(participant=ada)
    wrong = f"{(int(code) + 1) % 10**8:08}"
    for _ in range(3):
        with pytest.raises(Refused):
            consents.confirm_erasure(erasure=erasure, code=wrong)
    with pytest.raises(Refused):
        consents.confirm_erasure(erasure=erasure, code=code)


def test_a_code_ends_after_ten_minutes(ada):
    erasure, code = consents.ask_erasure(participant=ada)
    with time_machine.travel(timezone.now() + timedelta(minutes=11)), pytest.raises(Refused):
        consents.confirm_erasure(erasure=erasure, code=code)


def test_consent_ends_with_the_notices_time(ada, talk):
    agreed(ada, make.notice_text(talk, valid_days=10))
    recording = recording_of(ada)
    with time_machine.travel(timezone.now() + timedelta(days=9, hours=23)):
        assert open_for_labeling(recording)
    with time_machine.travel(timezone.now() + timedelta(days=10, minutes=1)):
        assert not open_for_labeling(recording)


def test_a_paper_from_before_a_withdrawal_does_not_undo_it(ada, text):
    agreed(ada, text)
    consents.withdraw(participant=ada, purpose="train_models")
    with pytest.raises(Refused) as old:
        consents.record_consent(
            participant=ada, notice_text=text, answers={"train_models": True}, method="paper",
            effective_at=timezone.now() - timedelta(days=2),
        )  # fmt: skip
    assert old.value.code == "consent_older_than_withdrawal"
    with pytest.raises(Invalid):
        consents.record_consent(
            participant=ada,
            notice_text=text,
            answers={"collect": True},
            effective_at=timezone.now() + timedelta(hours=1),
        )


def test_what_the_notice_did_not_ask_cannot_be_agreed_to(ada, text):
    with pytest.raises(Invalid):
        consents.record_consent(participant=ada, notice_text=text, answers={"publish_open": True})


def test_a_published_notice_cannot_change(talk, dana, ada):
    said = {
        "language": "en",
        "title": "T",
        "summary": "S",
        "sections": [],
        "purposes": {"collect": {"title": "C", "text": "c"}},
    }
    asked = [{"purpose": "collect", "modalities": ["audio"]}]
    draft = notices.draft_notice(actor=dana, study=talk, choices=asked, texts=[said])
    with pytest.raises(Refused):
        consents.record_consent(participant=ada, notice_text=draft.texts.get(), answers={"collect": True})
    notices.edit_notice(actor=dana, notice=draft, choices=asked, texts=[{**said, "title": "T2"}], valid_days=30)
    notices.publish_notice(actor=dana, notice=draft)
    text = type(draft).objects.get(pk=draft.pk).texts.get()
    assert text.title == "T2"
    assert text.digest == notices.digest(text.notice, text)
    with pytest.raises(Refused):
        notices.edit_notice(actor=dana, notice=draft, choices=asked, texts=[said], valid_days=30)
    with pytest.raises(Refused):
        notices.publish_notice(actor=dana, notice=draft)
    text.summary = "something else"
    assert text.digest != notices.digest(text.notice, text)


def test_a_notice_that_does_not_say_what_a_purpose_means_is_not_published(talk, dana):
    draft = notices.draft_notice(
        actor=dana, study=talk, choices=[{"purpose": "collect", "modalities": ["audio"]}],
        texts=[{"language": "en", "title": "T", "summary": "S", "sections": [], "purposes": {}}],
    )  # fmt: skip
    with pytest.raises(Invalid):
        notices.publish_notice(actor=dana, notice=draft)


@pytest.mark.parametrize(("kind", "allowed"), [("real", False), ("acted", True), ("fictional", True)])
def test_acted_or_fictional_is_a_basis_for_acted_and_fictional_people_only(talk, dana, kind, allowed):
    studies.set_basis(actor=dana, study=talk, purpose="human_annotation", kind="acted_or_fictional")
    one = people.add_participant(actor=dana, study=talk, row=people.NewParticipant(kind=kind))
    assert open_for_labeling(recording_of(one)) is allowed


def test_a_basis_that_ends_takes_its_permissions_along(talk, dana):
    basis = studies.set_basis(actor=dana, study=talk, purpose="human_annotation", kind="public_interest_research")
    one = people.add_participant(actor=dana, study=talk, row=people.NewParticipant())
    recording = recording_of(one)
    assert open_for_labeling(recording)
    assert gate.check(recording, LABEL).bases == ("public_interest_research",)
    studies.end_basis(actor=dana, basis=basis)
    assert not open_for_labeling(recording)


def test_an_objection_counts_under_a_basis_that_did_not_ask(talk, dana):
    studies.set_basis(actor=dana, study=talk, purpose="human_annotation", kind="legitimate_interest")
    one = people.add_participant(actor=dana, study=talk, row=people.NewParticipant())
    recording = recording_of(one)
    consents.withdraw(participant=one, purpose="human_annotation")
    assert not open_for_labeling(recording)


def test_a_basis_holds_for_its_role_of_people_only(talk, dana):
    studies.set_basis(
        actor=dana, study=talk, purpose="human_annotation", kind="public_interest_research", people_role="partner"
    )
    target, partner = people.add_participants(
        actor=dana, study=talk, rows=[people.NewParticipant(), people.NewParticipant(people_role="partner")]
    )
    assert rows(target) == set()
    assert {one[0] for one in rows(partner)} == {"human_annotation"}


def test_a_stop_is_written_as_one_event_without_names(ada, text):
    consents.stop(participant=ada)
    event = AuditEvent.objects.get(verb="consent.participant.stopped")
    assert event.subject_ref == keys.subject_ref(ada.pk)
    assert event.study_id == str(ada.study_id)


# The projection against a slow replay -----------------------------------------------------------------------------------------

acts = st.lists(
    st.one_of(
        st.tuples(
            st.just("say"),
            st.dictionaries(st.sampled_from(["human_annotation", "model_inference", "share_controlled"]), st.booleans(), min_size=1),
        ),
        st.tuples(st.just("withdraw"), st.sampled_from(["human_annotation", "model_inference", "share_controlled"])),
        st.tuples(st.sampled_from(["pause", "resume", "stop"]), st.none()),
    ),
    max_size=10,
)  # fmt: skip


class Model:
    """What should be allowed, kept by hand while the acts are done."""

    def __init__(self, consent_needed):
        self.consent_needed, self.state = consent_needed, "active"
        self.yes, self.no = set(), set()

    def act(self, act, what):
        if act == "say":
            self.state = "active" if self.state == "stopped" and any(what.values()) else self.state
            for purpose, said in what.items():
                (self.yes if said else self.no).add(purpose)
                (self.no if said else self.yes).discard(purpose)
        elif act == "withdraw":
            self.yes.discard(what)
            self.no.add(what)
        elif act == "pause" and self.state == "active":
            self.state = "paused"
        elif act == "resume" and self.state == "paused":
            self.state = "active"
        elif act == "stop":
            self.state = "stopped"
            self.yes.clear()

    def allowed(self):
        if self.state != "active":
            return set()
        asked = {"human_annotation", "model_inference", "share_controlled"}
        return self.yes if self.consent_needed else asked - self.no


class TestProjection(TestCase):
    databases = {"default", "keys"}

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(acts=acts, consent_needed=st.booleans())
    def test_permissions_are_what_the_acts_say_and_equal_a_replay_of_the_events(self, acts, consent_needed):
        with self.settings(HOLDINGS=["consent.holdings"]):
            self._follow(acts, consent_needed)

    def _follow(self, acts, consent_needed):
        controller = studies.create_controller(actor=None, name="U")
        kind = "explicit_consent" if consent_needed else "legitimate_interest"
        study = studies.create_study(
            actor=None, controller=controller, name="S", context="lab_research",
            bases=[{"purpose": one, "kind": kind} for one in ("human_annotation", "model_inference", "share_controlled")],
        )  # fmt: skip
        text = make.notice_text(study)
        one = people.add_participant(actor=None, study=study, row=people.NewParticipant())
        model = Model(consent_needed)
        for act, what in acts:
            if act == "resume" and model.state == "stopped":
                continue
            if act == "say":
                consents.record_consent(participant=one, notice_text=text, answers=what)
            elif act == "withdraw":
                consents.withdraw(participant=one, purpose=what)
            else:
                getattr(consents, act)(participant=one)
            model.act(act, what)
            one.refresh_from_db()
            assert one.state == model.state
            assert {purpose for purpose, _m, _r in rows(one)} == model.allowed()
        events = ConsentEvent.objects.filter(participant=one).select_related("notice_text__notice").order_by("id")
        state, found = projection.replay(one, events, list(Basis.objects.filter(study=study)), datetime.now(UTC))
        assert state == one.state
        stored = Permission.objects.filter(participant=one)
        assert {
            (a.purpose, a.modality, a.recipient_class, a.allowed_until, a.basis_id, a.event_id) for a in found
        } == set(stored.values_list("purpose", "modality", "recipient_class", "allowed_until", "basis_id", "event_id"))
