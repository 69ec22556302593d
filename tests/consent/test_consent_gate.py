"""The gate: one predicate in two forms, against a slow reference that reads like decisions 8."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from consent import gate, prohibitions
from consent.gate import Use
from consent.models import Participant, Permission, Recipient
from consent.prohibitions import Verdict
from consent.purposes import Context, PeopleRole, Purpose
from core.errors import ConsentMissing, Forbidden, Gone
from core.models import AuditEvent
from labeling.models import Alignment, Appearance, Item, Recording, Track
from tests.consent import factories as make

LABEL = Use("human_annotation")


@pytest.fixture
def study(db):
    return make.study()


def allowed(obj, use=LABEL):
    return gate.permitted(type(obj).objects.filter(pk=obj.pk), use).exists()


def test_it_works(study):
    ada = make.participant(study)
    make.permission(ada, "human_annotation", "video")
    recording = make.recording(study)
    track = make.track(recording, "video", ada)
    item = make.item(recording, ada)

    assert allowed(recording)
    assert allowed(track)
    assert allowed(item)
    decision = gate.check(item, LABEL)
    assert decision.allowed
    assert [one.participant_id for one in decision.permissions] == [ada.pk]
    assert decision.bases == ("explicit_consent",)
    assert gate.require(item, LABEL) is None


def test_default_is_no(study):
    ada = make.participant(study)
    recording = make.recording(study)
    make.track(recording, "video", ada)

    assert not allowed(recording)
    assert gate.check(recording, LABEL).reasons == (gate.Reason("consent_missing", str(ada.pk), "video"),)


@pytest.mark.parametrize("purpose", Purpose.values)
def test_a_permission_is_for_one_purpose_only(study, purpose):
    ada = make.participant(study)
    make.permission(ada, purpose, "video")
    recording = make.recording(study)
    make.track(recording, "video", ada)

    assert [one for one in Purpose.values if allowed(recording, Use(one))] == [purpose]


def test_a_permission_is_for_one_modality_and_one_class_of_recipients(study):
    ada = make.participant(study)
    make.permission(ada, "human_annotation", "audio")
    recording = make.recording(study)
    make.track(recording, "audio", ada)

    assert allowed(recording)
    assert not allowed(recording, Use("human_annotation", "processor"))
    make.track(recording, "video", ada)
    assert not allowed(recording)


def test_unknown_purposes_and_recipients_are_refused(study):
    ada = make.participant(study)
    make.permission(ada, "human_annotation", "video")
    recording = make.recording(study)
    make.track(recording, "video", ada)

    assert not allowed(recording, Use("advertising"))
    assert not allowed(recording, Use("human_annotation", "anybody"))
    assert gate.check(recording, Use("advertising")).reasons[0].code == "purpose_unknown"


def test_a_recording_in_which_nobody_appears_is_denied(study):
    recording = make.recording(study)
    make.track(recording, "video")

    assert not allowed(recording)
    assert gate.check(recording, LABEL).reasons[0].code == "nobody_appears"


def test_a_track_in_which_nobody_appears_is_denied_though_the_recording_is_allowed(study):
    ada = make.participant(study)
    make.permission(ada, "human_annotation", "video")
    recording = make.recording(study)
    make.track(recording, "video", ada)
    empty = make.track(recording, "signal")

    assert allowed(recording)
    assert not allowed(empty)


def test_everyone_who_appears_must_have_agreed(study):
    ada, bo = make.participant(study), make.participant(study)
    make.permission(ada, "human_annotation", "video")
    recording = make.recording(study)
    make.track(recording, "video", ada, bo)
    item = make.item(recording, ada)

    assert not allowed(item)
    make.permission(bo, "human_annotation", "video")
    assert allowed(item)


def test_a_track_that_can_be_split_off_blocks_only_itself(study):
    ada, bo = make.participant(study), make.participant(study)
    make.permission(ada, "human_annotation", "audio")
    recording = make.recording(study)
    hers = make.track(recording, "audio", ada, separable=True)
    his = make.track(recording, "audio", bo, separable=True)

    assert allowed(hers)
    assert not allowed(his)
    assert allowed(recording)
    assert allowed(make.item(recording, ada))


def test_an_item_about_somebody_whose_track_is_blocked_is_blocked(study):
    ada, bo = make.participant(study), make.participant(study)
    make.permission(ada, "human_annotation", "audio")
    recording = make.recording(study)
    make.track(recording, "audio", ada, separable=True)
    make.track(recording, "audio", bo, separable=True)

    assert not allowed(make.item(recording, bo))
    assert not allowed(make.item(recording, ada, bo))


def test_a_recording_whose_tracks_are_all_blocked_is_blocked(study):
    bo = make.participant(study)
    recording = make.recording(study)
    make.track(recording, "audio", bo, separable=True)

    assert not allowed(recording)


def test_what_hangs_from_a_track_is_judged_by_that_track(study):
    ada, bo = make.participant(study), make.participant(study)
    make.permission(ada, "human_annotation", "audio")
    recording = make.recording(study)
    hers = make.track(recording, "audio", ada, separable=True)
    his = make.track(recording, "audio", bo, separable=True)
    made = [Alignment.objects.create(study=study, track=one) for one in (hers, his)]

    assert [allowed(one) for one in made] == [True, False]


def test_consent_ends_by_itself(study):
    ada = make.participant(study)
    end = timezone.now() + timedelta(days=10)
    make.permission(ada, "human_annotation", "video", until=end)
    recording = make.recording(study)
    make.track(recording, "video", ada)

    with time_machine.travel(end - timedelta(seconds=1), tick=False):
        assert allowed(recording)
    with time_machine.travel(end, tick=False):
        assert not allowed(recording)
        assert gate.check(recording, LABEL).reasons[0].code == "consent_expired"


@pytest.mark.parametrize("state", ["paused", "stopped", "erased"])
def test_only_active_people_count_even_when_a_permission_was_left(study, state):
    ada = make.participant(study, state=state)
    make.permission(ada, "human_annotation", "video")
    recording = make.recording(study)
    make.track(recording, "video", ada)

    assert not allowed(recording)
    assert gate.check(recording, LABEL).reasons[0].code == f"participant_{state}"


def test_the_three_refusals_have_three_status_codes(study):
    ada = make.participant(study)
    recording = make.recording(study)
    make.track(recording, "video", ada)

    with pytest.raises(ConsentMissing) as missing:
        gate.require(recording, LABEL)
    assert (missing.value.status, missing.value.code) == (412, "consent_missing")

    Participant.objects.filter(pk=ada.pk).update(state="stopped")
    with pytest.raises(Gone) as gone:
        gate.require(recording, LABEL)
    assert (gone.value.status, gone.value.code) == (410, "participant_withdrawn")

    office = make.study("workplace")
    worker = make.participant(office)
    make.permission(worker, "model_inference", "video")
    call = make.recording(office)
    make.track(call, "video", worker)
    with pytest.raises(Forbidden) as prohibited:
        gate.require(call, Use("model_inference"))
    assert (prohibited.value.status, prohibited.value.code) == (403, "purpose_prohibited")


def test_a_denial_is_written_down_with_its_reason_and_a_permission_is_not(study):
    ada = make.participant(study)
    recording = make.recording(study)
    make.track(recording, "video", ada)
    gate.check(recording, LABEL)
    event = AuditEvent.objects.get(verb="consent.gate.denied")
    assert event.outcome == "denied"
    assert '"reason":"consent_missing"' in event.facts

    make.permission(ada, "human_annotation", "video")
    gate.check(recording, LABEL)
    assert AuditEvent.objects.filter(verb="consent.gate.denied").count() == 1


def test_a_mono_call_is_not_inferred_upon_until_the_agents_track_is_split_off(db):
    shop = make.study("consumer")
    caller, agent = make.participant(shop), make.participant(shop)
    for one in (caller, agent):
        make.permission(one, "model_inference", "audio")
    mono = make.recording(shop)
    both = make.track(mono, "audio", caller, role="customer")
    Appearance.objects.create(study=shop, recording=mono, track=both, participant=agent, role="agent")
    split = make.recording(shop)
    theirs = make.track(split, "audio", caller, role="customer", separable=True)
    ours = make.track(split, "audio", agent, role="agent", separable=True)
    use = Use("model_inference")

    assert not allowed(mono, use)
    assert allowed(split, use)
    assert [allowed(theirs, use), allowed(ours, use)] == [True, False]


def test_labels_are_never_about_pupils(db):
    school = make.study("education")
    pupil, visitor = make.participant(school), make.participant(school)
    for one in (pupil, visitor):
        make.permission(one, "human_annotation", "video")
    recording = make.recording(school)
    make.track(recording, "video", pupil, role="target")
    make.track(recording, "video", visitor, role="customer")

    assert not allowed(make.item(recording, pupil))
    assert allowed(make.item(recording, visitor))


def test_data_leave_for_a_country_only_to_recipients_on_file(study):
    ada = make.participant(study)
    make.permission(ada, "share_controlled", "video", recipient_class="partner")
    recording = make.recording(study)
    make.track(recording, "video", ada)

    def to(country):
        return allowed(recording, Use("share_controlled", "partner", country))

    assert allowed(recording, Use("share_controlled", "partner"))
    assert not to("FR")
    Recipient.objects.create(study=study, name="Institut", recipient_class="partner", country="FR")
    assert to("FR")
    brazil = Recipient.objects.create(study=study, name="Instituto", recipient_class="partner", country="BR")
    assert not to("BR")
    brazil.transfer_tool = "scc_2021"
    brazil.save()
    assert to("BR")
    assert not to("US")


def test_participants_themselves_can_be_asked_for(study):
    ada, bo = make.participant(study), make.participant(study)
    make.permission(ada, "recontact", "text")

    assert list(gate.permitted(Participant.objects.filter(study=study), Use("recontact"))) == [ada]
    assert gate.check(ada, Use("recontact")).allowed
    assert not gate.check(bo, Use("recontact")).allowed


def test_a_model_without_a_way_to_a_recording_is_an_error_and_no_yes(study):
    with pytest.raises(LookupError, match="consent_path"):
        gate.permitted(type(study).objects.all(), LABEL)


def _expected(context: str, role: str, purpose: str) -> Verdict:
    """The table of prohibitions written out once more, by hand, from the law's side."""
    if context in ("workplace", "education"):
        subordinate = role in ("target", "partner", "agent", "interviewer", "bystander")
    elif context in ("consumer", "entertainment"):
        subordinate = role == "agent"
    else:
        subordinate = False
    if not subordinate or purpose in ("collect", "recontact", "keep_after_study"):
        return Verdict.ALLOWED
    return Verdict.PROHIBITED if purpose == "model_inference" else Verdict.NOT_ABOUT


@pytest.mark.parametrize("context", Context.values)
@pytest.mark.parametrize("role", PeopleRole.values)
@pytest.mark.parametrize("purpose", Purpose.values)
def test_every_cell_of_the_table_of_prohibitions(context, role, purpose):
    assert prohibitions.verdict(context, role, purpose) is _expected(context, role, purpose)


def test_what_is_not_in_the_table_is_prohibited():
    assert prohibitions.verdict("moon", "target", "collect") is Verdict.PROHIBITED
    assert prohibitions.verdict("clinical", "robot", "collect") is Verdict.PROHIBITED
    assert prohibitions.verdict("clinical", "target", "sell") is Verdict.PROHIBITED


# A reference that looks at every row in Python -------------------------------------------------------------------------------


def agrees(appearance, use, now) -> bool:
    return appearance.participant.state == "active" and any(
        one.purpose == use.purpose
        and one.modality == appearance.track.modality
        and one.recipient_class == use.recipient_class
        and one.allowed_until > now
        for one in Permission.objects.filter(participant=appearance.participant)
    )


def free(track, use, now) -> bool:
    people = list(track.appearances.all())
    return bool(people) and all(
        agrees(one, use, now) and verdict_of(one, use) is not Verdict.PROHIBITED for one in people
    )


def verdict_of(appearance, use) -> Verdict:
    return prohibitions.verdict(appearance.study.context, appearance.role, use.purpose)


def reference_recording(recording, use, now) -> bool:
    tracks = list(recording.tracks.all())
    joint = [one for one in tracks if not one.separable and one.appearances.exists()]
    return all(free(one, use, now) for one in joint) and any(free(one, use, now) for one in tracks)


def reference_item(item, use, now) -> bool:
    if not reference_recording(item.recording, use, now):
        return False
    seen = list(item.recording.appearances.all())
    return all(
        any(
            one.participant_id == who.pk and agrees(one, use, now) and verdict_of(one, use) is Verdict.ALLOWED
            for one in seen
        )
        for who in item.targets.all()
    )


people = st.lists(
    st.tuples(
        st.sampled_from(["active", "active", "active", "paused", "stopped"]),
        st.sets(st.tuples(
            st.sampled_from(["human_annotation", "model_inference"]), st.sampled_from(["video", "audio"]),
            st.sampled_from(["controller", "partner"]), st.sampled_from([-1, 1]),
        ), max_size=6),
    ),
    min_size=1, max_size=3,
)  # fmt: skip
tracks = st.lists(
    st.tuples(
        st.sampled_from(["video", "audio"]), st.booleans(),
        st.dictionaries(st.integers(0, 2), st.sampled_from(["target", "customer", "agent"]), max_size=3),
    ),
    max_size=3,
)  # fmt: skip


class TestAgainstTheReference(TestCase):
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        people=people, tracks=tracks, targets=st.sets(st.integers(0, 2), max_size=2),
        context=st.sampled_from(["lab_research", "workplace", "consumer"]),
        purpose=st.sampled_from(["human_annotation", "model_inference"]), recipient=st.sampled_from(["controller", "partner"]),
    )  # fmt: skip
    def test_the_gate_says_what_the_reference_says(self, people, tracks, targets, context, purpose, recipient):
        study = make.study(context)
        now = timezone.now()
        cast = []
        for state, permissions in people:
            one = make.participant(study, state=state)
            seen = set()
            for what, modality, to, days in permissions:
                if (what, modality, to) not in seen:
                    seen.add((what, modality, to))
                    make.permission(one, what, modality, until=now + timedelta(days=days), recipient_class=to)
            cast.append(one)
        recording = make.recording(study)
        for modality, separable, appearing in tracks:
            made = make.track(recording, modality, separable=separable)
            for number, role in appearing.items():
                if number < len(cast):
                    Appearance.objects.create(
                        study=study, recording=recording, track=made, participant=cast[number], role=role
                    )
        item = make.item(recording, *[cast[number] for number in targets if number < len(cast)])
        use = Use(purpose, recipient)

        assert gate.permitted(Recording.objects.filter(study=study), use).exists() == reference_recording(
            recording, use, now
        )
        assert gate.permitted(Item.objects.filter(study=study), use).exists() == reference_item(item, use, now)
        assert gate.check(item, use).allowed == reference_item(item, use, now)
        found = set(gate.permitted(Track.objects.filter(study=study), use))
        joint_ok = all(
            free(one, use, now) for one in recording.tracks.filter(separable=False) if one.appearances.exists()
        )
        assert found == {one for one in recording.tracks.all() if joint_ok and free(one, use, now)}
