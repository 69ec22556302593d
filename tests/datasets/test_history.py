"""History is guarded by the database itself: what a slip of code or of a person sends past the services is refused.

Each case is a statement on rows that services made. Erasure is the one way history goes, and only of the person erased.
"""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from consent.models import Basis, ConsentEvent, Erasure, Notice, NoticeText
from consent.services import consents, notices
from labeling import holdings
from labeling.models import (
    Alignment,
    Annotation,
    Answer,
    Appearance,
    GoldLabel,
    GoldStandard,
    Guideline,
    GuidelineVersion,
    Label,
    Question,
    SchemeVersion,
    Segment,
    Trace,
)
from labeling.services import schemes
from tests.consent.factories import running_erasure
from tests.datasets import factories
from tests.labeling.factories import without

pytestmark = pytest.mark.django_db(databases=["default", "keys"])


@pytest.fixture
def scene():
    """A study whose campaign was answered and fused, with an alignment, a guideline and a labelled interval."""
    made = factories.scene(n=6, people=3, kinds=("choice", "scale", "trace"))
    guideline = Guideline.objects.create(study=made.study, name="How to")
    GuidelineVersion.objects.create(study=made.study, guideline=guideline, text={"en": []})
    one = Annotation.objects.first()
    track = one.item.recording.tracks.get()
    Alignment.objects.get_or_create(study=made.study, track=track, number=9)
    Segment.objects.create(annotation=one, question=one.scheme_version.questions.first(), start_us=0, end_us=5)
    return made


EVERY_COLUMN_OF = {
    Notice: {"number": 99, "valid_days": 1, "choices": [], "published_at": None},
    NoticeText: {"title": "Other", "summary": "Other", "sections": [], "purposes": {}, "digest": "0" * 64, "language": "fr"},
    ConsentEvent: {
        "kind": "refused", "purpose": "collect", "effective_at": "2020-01-01T00:00Z", "valid_until": None, "method": "paper",
        "notice_text": None, "evidence": {"forged": "yes"}, "created_at": "2020-01-01T00:00Z",
    },
    Basis: {"kind": "contract", "evidence": "other", "begins_at": "2020-01-01T00:00Z", "purpose": "recontact"},
    SchemeVersion: {"number": 77, "frozen_at": None, "form": {}},
    Question: {"prompt": {"en": "Another?"}, "key": "other", "minimum": -9, "required": False, "anchors": [1]},
    Label: {"code": "other", "name": {"en": "Other"}, "position": 44, "identity": uuid4()},
    GuidelineVersion: {"text": {"en": [{"heading": "x", "text": "y"}]}, "number": 8},
    Alignment: {"offset_us": 1, "drift_ppb": 1, "method": "by hand"},
    Annotation: {
        "revision": 7, "perceived": {}, "source": "api", "client_id": uuid4(), "duration_ms": 77, "created_at": "2020-01-01T00:00Z",
        "fingerprint": b"x",
    },
    Answer: {"confidence": 1.0, "state": "skipped", "number": 5, "text": b"x", "label": None, "x": 1.0},
    Segment: {"start_us": 1, "end_us": 9, "label": None, "number": 1.0},
    Trace: {"packed": b"x", "digest": "0" * 64, "state": "recording", "samples": 1, "device": {"x": 1}, "annotation": None},
    GoldStandard: {"method": {}, "inputs": "x", "summary": {}, "state": "making", "number": 9},
    GoldLabel: {"label": None, "number": 1.5, "votes": {"x": 1}, "n": 99, "flag": "tie"},
}  # fmt: skip


@pytest.mark.parametrize("model", EVERY_COLUMN_OF, ids=lambda model: model.__name__)
def test_no_column_of_history_can_be_changed(scene, model):
    for column, value in EVERY_COLUMN_OF[model].items():
        one = model.objects.exclude(**{column: value}).first() or model.objects.first()
        before = model.objects.filter(pk=one.pk).values().get()
        with pytest.raises(DatabaseError), transaction.atomic():
            model.objects.filter(pk=one.pk).update(**{column: value})
            pytest.fail(f"{column} was changed")
        assert model.objects.filter(pk=one.pk).values().get() == before


@pytest.mark.parametrize("model", EVERY_COLUMN_OF, ids=lambda model: model.__name__)
def test_no_row_of_history_can_be_deleted(scene, model):
    count = model.objects.count()
    assert count
    one = model.objects.first()
    with pytest.raises(DatabaseError, match="stay"), transaction.atomic():
        model.objects.filter(pk=one.pk)._raw_delete("default")
    assert model.objects.count() == count


@pytest.mark.parametrize(
    "add",
    [
        lambda s: NoticeText.objects.create(notice=Notice.objects.first(), language="fr", title="x", summary="y", digest=""),
        lambda s: Question.objects.create(scheme_version=s.campaign.scheme_version, key="more", kind="text"),
        lambda s: Label.objects.create(question=s.campaign.scheme_version.questions.get(key="emotion"), code="more"),
        lambda s: GoldLabel.objects.create(gold_standard=s.gold, item=s.items[0], question=Question.objects.get(key="valence")),
        lambda s: Question.objects.filter(pk=_loose_question(s).pk).update(scheme_version=s.campaign.scheme_version),
    ],
    ids=["a text to a published notice", "a question", "a label", "a gold label", "a question moved in"],
)  # fmt: skip
def test_nothing_is_added_to_what_is_finished(scene, add):
    with pytest.raises(DatabaseError), transaction.atomic():
        add(scene)
        pytest.fail("it was added")


def _loose_question(scene):
    draft = schemes.next_version(actor=scene.mia, version=scene.campaign.scheme_version)
    Question.objects.filter(scheme_version=draft, key="valence").update(key="loose")
    return Question.objects.get(scheme_version=draft, key="loose")


def test_an_answer_that_was_replaced_does_not_become_current_again(scene):
    one = Annotation.objects.first()
    Annotation.objects.filter(pk=one.pk).update(current=False)
    with pytest.raises(DatabaseError), transaction.atomic():
        Annotation.objects.filter(pk=one.pk).update(current=True)
    assert not Annotation.objects.get(pk=one.pk).current


def test_the_end_of_a_basis_comes_nearer_and_never_moves_away(scene):
    ground = Basis.objects.first()
    now = timezone.now()
    Basis.objects.filter(pk=ground.pk).update(ends_at=now)
    Basis.objects.filter(pk=ground.pk).update(ends_at=now - timedelta(days=1))
    for later in (None, now):
        with pytest.raises(DatabaseError), transaction.atomic():
            Basis.objects.filter(pk=ground.pk).update(ends_at=later)
            pytest.fail("it moved")


def test_a_draft_is_free(scene):
    draft = notices.draft_notice(
        actor=scene.dana, study=scene.study, choices=[{"purpose": "collect", "modalities": ["audio"]}],
        texts=[{"language": "en", "title": "A", "summary": "B", "purposes": {"collect": {"title": "T", "text": "U"}}}],
    )  # fmt: skip
    draft.texts.all().delete()
    draft.delete()
    version = schemes.next_version(actor=scene.mia, version=scene.campaign.scheme_version)
    schemes.change_version(actor=scene.mia, version=version, document=without(version, "valence"))
    assert not Notice.objects.filter(pk=draft.pk).exists()


def test_only_the_running_erasure_of_a_person_lets_go_of_what_is_about_them(scene):
    gone, other = scene.people[:2]
    with pytest.raises(DatabaseError), transaction.atomic():
        holdings.erase(gone)
    erasure = running_erasure(other)
    with pytest.raises(DatabaseError), transaction.atomic():
        holdings.erase(gone)
    Erasure.objects.filter(pk=erasure.pk).update(state="called_off", participant=gone)
    with pytest.raises(DatabaseError), transaction.atomic():
        holdings.erase(gone)
    about_others = Annotation.objects.exclude(item__item_targets__participant=gone).count()
    _erase(scene, gone)
    assert Annotation.objects.count() == about_others > 0
    assert not Appearance.objects.filter(participant=gone).exists()
    assert not GoldLabel.objects.filter(item__item_targets__participant=gone).exists()
    events = ConsentEvent.objects.filter(participant=gone)
    assert events.count() >= 3  # what was said stays as proof
    assert {str(one.evidence) for one in events} == {"{}"}


def test_evidence_that_could_name_somebody_goes_with_an_erasure_and_not_before(scene):
    who = scene.people[0]
    text = NoticeText.objects.first()
    consents.record_consent(
        participant=who, notice_text=text, answers={"human_annotation": True}, evidence={"interface": "paper form 7"}
    )
    with pytest.raises(DatabaseError), transaction.atomic():
        ConsentEvent.objects.filter(participant=who).update(evidence={})
    running_erasure(who)
    assert ConsentEvent.objects.filter(participant=who).update(evidence={}) >= 3
    with pytest.raises(DatabaseError), transaction.atomic():
        ConsentEvent.objects.filter(participant=who).update(evidence={"interface": "another"})


def test_traces_that_are_being_made_are_free_until_they_are_packed(scene):
    asked = Question.objects.get(key="arousal")
    trace = Trace.objects.create(question=asked, client_id=uuid4(), annotation=Annotation.objects.first())
    Trace.objects.filter(pk=trace.pk).update(samples=5, device={"x": 1})
    trace.delete()
    assert not Trace.objects.exclude(state="packed").exists()


def _erase(scene, participant):
    from consent.services import erasure as erasures

    consents.stop(participant=participant, actor=scene.dana)
    erasure = erasures.schedule(participant, actor=scene.dana)
    erasures.confirm(erasure, actor=scene.dana, method="in_person")
    erasure.refresh_from_db()
    erasures.run(erasure)
