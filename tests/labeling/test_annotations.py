"""Answers: stored once, checked against what was asked, changed by a new revision, refused after a withdrawal."""

import math
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from affect.schemes import form
from consent.models import Permission
from core.errors import ConsentMissing, Gone, Invalid, Refused
from core.models import AuditEvent
from labeling.models import Annotation, Answer, Assignment, CampaignItem
from labeling.services import annotations, campaigns, queue, schemes, values
from labeling.services.annotations import Imported
from labeling.services.perceiving import RULES
from tests.labeling import factories

pytestmark = pytest.mark.django_db(databases=["default", "keys"])


def submit(user, assignment, answers=None, client_id=None, **more):
    if answers is None:
        answers = factories.answers(assignment.campaign)
    return annotations.submit_annotation(
        actor=user, assignment=assignment, client_id=client_id or assignment.client_id, answers=answers, **more
    )


def test_it_works():
    scene = factories.scene()
    one = queue.next_assignment(scene.ana, scene.campaign)
    made = submit(scene.ana, one, perceived={"muted": True, "video": False}, duration_ms=8123.4, played_us=9_000_000)
    assert annotations.answers_of(made) == factories.answers(scene.campaign)
    assert made.perceived == {**RULES, "muted": True, "prediction": "never"}
    assert (RULES["video"], RULES["audio"], RULES["transcript"], RULES["physiology"]) == (True, True, True, False)
    assert (made.duration_ms, made.revision, made.current) == (8123, 1, True)
    one.refresh_from_db()
    assert one.state == "submitted"
    assert CampaignItem.objects.get(pk=one.campaign_item_id).answered == 1


def test_the_same_client_id_stores_nothing_twice():
    scene = factories.scene()
    one = queue.next_assignment(scene.ana, scene.campaign)
    first, again = submit(scene.ana, one), submit(scene.ana, one)
    assert (again.pk, first.repeated, again.repeated) == (first.pk, False, True)
    assert (Annotation.objects.count(), Answer.objects.count()) == (1, 2)
    assert AuditEvent.objects.filter(verb="labeling.annotation.submitted").count() == 1
    assert CampaignItem.objects.get(pk=one.campaign_item_id).answered == 1


def test_the_same_client_id_with_other_values_is_refused():
    scene = factories.scene()
    one = queue.next_assignment(scene.ana, scene.campaign)
    submit(scene.ana, one)
    with pytest.raises(Refused) as said:
        submit(scene.ana, one, factories.answers(scene.campaign, number=2))
    assert (said.value.code, said.value.status) == ("client_id_reused", 409)


def test_a_change_of_mind_keeps_the_first_answer():
    scene = factories.scene()
    one = queue.next_assignment(scene.ana, scene.campaign)
    first = submit(scene.ana, one)
    second = submit(scene.ana, one, factories.answers(scene.campaign, "anger", 2), client_id=uuid4())
    first.refresh_from_db()
    assert (second.revision, second.supersedes_id, second.current, first.current) == (2, first.pk, True, False)
    assert annotations.answers_of(first) == factories.answers(scene.campaign)
    assert CampaignItem.objects.get(pk=one.campaign_item_id).answered == 1
    assert queue.place_of(scene.ana, scene.campaign).answered == 1


def test_an_answer_to_a_lease_that_ran_out_is_kept_and_counted():
    scene = factories.scene(n=1, overlap=1)
    one = queue.next_assignment(scene.ana, scene.campaign)
    Assignment.objects.filter(pk=one.pk).update(lease_until="2020-01-01T00:00Z")
    other = queue.next_assignment(scene.ben, scene.campaign)
    submit(scene.ben, other)
    late = submit(scene.ana, Assignment.objects.get(pk=one.pk))
    entry = CampaignItem.objects.get()
    assert late.current
    assert (entry.taken, entry.answered, entry.open) == (1, 2, False)


def test_what_comes_after_a_withdrawal_is_not_kept():
    scene = factories.scene()
    one = queue.next_assignment(scene.ana, scene.campaign)
    Permission.objects.all().delete()
    with pytest.raises(Gone) as said:
        submit(scene.ana, one)
    assert (said.value.code, said.value.status) == ("participant_withdrawn", 410)
    assert not Annotation.objects.exists()
    assert not AuditEvent.objects.filter(verb="labeling.annotation.submitted").exists()


def test_a_closed_campaign_takes_no_answer_but_acknowledges_what_it_has():
    scene = factories.scene()
    one = queue.next_assignment(scene.ana, scene.campaign)
    first = submit(scene.ana, one)
    two = queue.next_assignment(scene.ana, scene.campaign)
    campaigns.close_campaign(actor=scene.mia, campaign=scene.campaign)
    with pytest.raises(Refused) as said:
        submit(scene.ana, two)
    assert (said.value.code, said.value.status) == ("campaign_closed", 409)
    assert submit(scene.ana, one).pk == first.pk


def test_a_text_is_sealed_under_its_targets_keys_and_read_again():
    scene = factories.scene(kinds=("choice", "text"))
    one = queue.next_assignment(scene.ana, scene.campaign)
    said = {**factories.answers(scene.campaign), "note": {"value": " Nervous laughter — 緊張 "}}
    made = submit(scene.ana, one, said)
    stored = bytes(Answer.objects.get(annotation=made, question__key="note").text)
    assert b"laughter" not in stored
    assert annotations.answers_of(made)["note"] == {"value": " Nervous laughter — 緊張 "}


def test_a_label_of_another_version_is_a_stale_scheme():
    scene = factories.scene()
    one = queue.next_assignment(scene.ana, scene.campaign)
    newer = form.document_of(schemes.definition(scene.campaign.scheme_version_id).form)
    newer["questions"][0]["labels"].append({"id": "awe", "name": {"en": "Awe"}})
    newer["questions"].append({"kind": "yes_no", "id": "sarcasm", "prompt": {"en": "Sarcasm?"}})
    schemes.next_version(actor=scene.mia, version=scene.campaign.scheme_version, document=newer)
    for more in ({"emotion": {"value": [{"label": "awe"}]}}, {"sarcasm": {"value": True}}):
        with pytest.raises(Refused) as said:
            submit(scene.ana, one, {**factories.answers(scene.campaign), **more})
        assert (said.value.code, said.value.status) == ("scheme_stale", 409)


BAD_ANSWERS = [
    ({"emotion": {"value": [{"label": str(uuid4())}]}}, "label_unknown"),
    ({"emotion": {"value": [{"label": 7}]}}, "wrong_type"),
    ({"emotion": {"value": [{"label": None}]}}, "wrong_type"),
    ({"emotion": {"value": "joy"}}, "wrong_type"),
    ({"emotion": {"value": {"label": "joy"}}}, "wrong_type"),
    ({"emotion": {"value": []}}, "too_few"),
    ({"emotion": {"value": [{"label": "joy"}, {"label": "fear"}]}}, "too_many"),
    ({"emotion": {"value": [{"label": "joy", "intensity": 2}]}}, "intensity_not_asked"),
    ({"emotion": {"value": [{"label": "joy", "text": "x"}]}}, "text_not_wanted"),
    ({"emotion": {"value": [{"label": "joy"}], "confidence": 1}}, "confidence_not_asked"),
    ({"emotion": {"cannot_tell": True}}, "cannot_tell_not_offered"),
    ({"emotion": {"skip": {"reason": "why"}}}, "unknown_reason"),
    ({"emotion": {"value": [{"label": "joy"}], "cannot_tell": True}}, "wrong_type"),
    ({"emotion": {"label": "joy"}}, "wrong_type"),
    ({"emotion": None}, "wrong_type"),
    ({"emotion": "joy"}, "wrong_type"),
    ({"emotion": ["joy"]}, "wrong_type"),
    ({"emotion": {"value": 1}}, "wrong_type"),
    ({"emotion": {"value": [[[[[[[[[[1]]]]]]]]]]}}, "too_large"),
    ({"valence": {"value": 0}}, "out_of_range"),
    ({"valence": {"value": 10}}, "out_of_range"),
    ({"valence": {"value": 10**400}}, "out_of_range"),
    ({"valence": {"value": -(10**5000)}}, "out_of_range"),
    ({"valence": {"value": 2.5}}, "off_step"),
    ({"valence": {"value": math.nan}}, "not_a_number"),
    ({"valence": {"value": math.inf}}, "not_a_number"),
    ({"valence": {"value": True}}, "not_a_number"),
    ({"valence": {"value": "7"}}, "not_a_number"),
    ({"valence": {"value": {"a": 1}}}, "not_a_number"),
    ({"valence": {}}, "wrong_type"),
    ({"dominance": {"value": 1}}, "question_unknown"),
    ({"note": {"value": "x" * 3000}}, "too_long"),
    ({"note": {"value": " "}}, "too_short"),
    ({"note": {"value": "a\x00b"}}, "text_refused"),
    ({"note": {"value": "\ud800"}}, "text_refused"),
    ({"note": {"value": 7}}, "wrong_type"),
]


@pytest.mark.parametrize(("wrong", "code"), BAD_ANSWERS)
def test_a_wrong_answer_is_refused_with_its_code_and_nothing_is_stored(wrong, code):
    scene = factories.scene(n=1, kinds=("choice", "scale", "text"))
    one = queue.next_assignment(scene.ana, scene.campaign)
    with pytest.raises(Invalid) as said:
        submit(scene.ana, one, {**factories.answers(scene.campaign), **wrong})
    assert (said.value.code, said.value.status) == (code, 422)
    assert list(said.value.fields) == [f"answers.{next(iter(wrong))}"]
    assert not Annotation.objects.exists()
    assert not Answer.objects.exists()


BAD_EVIDENCE = [
    ({"client_id": "not-an-id"}, "not_an_id"),
    ({"client_id": 5}, "not_an_id"),
    ({"duration_ms": -1}, "out_of_range"),
    ({"duration_ms": 2**40}, "out_of_range"),
    ({"duration_ms": "fast"}, "not_a_number"),
    ({"duration_ms": math.nan}, "not_a_number"),
    ({"duration_ms": math.inf}, "out_of_range"),
    ({"played_us": 2**70}, "out_of_range"),
    ({"started_at": "yesterday"}, "not_a_time"),
    ({"started_at": "2026-13-45T00:00Z"}, "not_a_time"),
    ({"started_at": "2026-11-22T10:00:00"}, "not_a_time"),
    ({"started_at": "0001-01-01T00:00:00+14:00"}, "out_of_range"),
    ({"started_at": 12}, "not_a_time"),
    ({"perceived": [1]}, "details_refused"),
    ({"perceived": {"": 1}}, "details_refused"),
    ({"perceived": {"speed": math.inf}}, "details_refused"),
    ({"perceived": {f"k{n}": 1 for n in range(50)}}, "details_refused"),
]


@pytest.mark.parametrize(("wrong", "code"), BAD_EVIDENCE)
def test_wrong_evidence_is_refused_with_its_code(wrong, code):
    scene = factories.scene(n=1)
    one = queue.next_assignment(scene.ana, scene.campaign)
    with pytest.raises(Invalid) as said:
        submit(scene.ana, one, **wrong)
    assert said.value.code == code
    assert not Annotation.objects.exists()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def asked():
    scene = factories.scene(n=1, kinds=("choice", "scale", "text"))
    return schemes.definition(scene.campaign.scheme_version_id)


@pytest.mark.parametrize("left_out", ["emotion", "valence"])
def test_an_answer_that_is_due_is_missed(left_out):
    scene = factories.scene(n=1)
    one = queue.next_assignment(scene.ana, scene.campaign)
    said = factories.answers(scene.campaign)
    del said[left_out]
    with pytest.raises(Invalid) as refused:
        submit(scene.ana, one, said)
    assert (refused.value.code, list(refused.value.fields)) == ("required", [f"answers.{left_out}"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=st.dictionaries(st.sampled_from(["emotion", "valence", "note", "other", ""]), JSON, max_size=4) | JSON)
def test_whatever_is_sent_is_taken_whole_or_refused_with_a_code(asked, sent):
    try:
        found = values.check_answers(asked, sent)
    except Refused as refused:
        said = refused
    else:
        said = None
    if said is not None:
        assert said.code
        return
    assert set(found) >= {"emotion", "valence"}


@pytest.mark.parametrize("name", ["\x00", "emo\x00tion", "\ud800"])
def test_a_name_that_no_database_takes_is_refused_like_any_that_is_not_asked(asked, name):
    """Found by chance on PostgreSQL: it was looked for among the scheme's other versions."""
    for sent in ({name: {"value": 1}}, {"emotion": {"value": [{"label": name}]}}):
        with pytest.raises(Invalid) as refused:
            values.check_answers(asked, sent)
        assert refused.value.code in ("question_unknown", "label_unknown", "text_refused")


def test_the_queries_of_a_submit_are_few(django_assert_max_num_queries):
    scene = factories.scene()
    one = queue.next_assignment(scene.ana, scene.campaign)
    submit(scene.ana, one)
    two = queue.next_assignment(scene.ana, scene.campaign)
    with django_assert_max_num_queries(12):
        submit(scene.ana, two)


def test_imported_answers_come_in_all_or_none():
    scene = factories.scene(kinds=("choice", "scale", "trace"))
    rater = campaigns.add_annotator_without_account(actor=scene.mia, study=scene.study, code="r01")
    said = factories.answers(scene.campaign)
    curve = {"arousal": ([0, 100_000, 200_000], [0.0, 0.5, -0.5])}
    rows = [Imported(item.pk, rater.pk, said, traces=curve) for item in scene.items]
    assert annotations.import_annotations(actor=scene.mia, campaign=scene.campaign, rows=rows) == 5
    assert Annotation.objects.filter(source="import", current=True).count() == 5
    assert annotations.import_annotations(actor=scene.mia, campaign=scene.campaign, rows=rows[:2]) == 2
    assert Annotation.objects.filter(current=True).count() == 5
    assert Annotation.objects.filter(revision=2).count() == 2
    wrong = [rows[0], Imported(rows[1].item_id, rater.pk, {**said, "valence": {"value": 99}})]
    with pytest.raises(Invalid):
        annotations.import_annotations(actor=scene.mia, campaign=scene.campaign, rows=wrong)
    Permission.objects.filter(participant=scene.people[0]).delete()
    with pytest.raises(ConsentMissing):
        annotations.import_annotations(actor=scene.mia, campaign=scene.campaign, rows=rows)
    assert Annotation.objects.count() == 7
