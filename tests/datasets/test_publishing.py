"""Publishing: what goes in, under which names, on which side; and that nothing of it can be altered afterwards."""

import json
import random

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from consent.models import Participant
from consent.services import consents
from core import jobs
from core.errors import Gone, Invalid, Refused
from core.models import AuditEvent, Job
from datasets.models import DatasetVersion, VersionFile, VersionRow, VersionSubject
from datasets.services import delivery, package, publish, rows, verify
from labeling.models import GoldLabel
from tests import guards
from tests.datasets import factories

pytestmark = pytest.mark.django_db(databases=["default", "keys"])


def files(version):
    return {file.name: file.content for file in package.files(version)}


def test_a_version_holds_every_allowed_item_with_gold_ratings_and_split():
    scene = factories.scene()
    version = scene.publish()
    assert (version.state, version.number, version.rows) == ("published", "1.0", 12)
    assert len(bytes.fromhex(version.root)) == 32
    said = package.contents(version)
    assert [export_id for export_id, _ in said] == sorted(export_id for export_id, _ in said)
    one = said[0][1]
    assert len(one["ratings"]) == 6
    assert {r["question"] for r in one["ratings"]} == {"emotion", "valence"}
    assert one["gold"]["valence"]["n"] == 3
    assert {r["annotator"].partition("R")[0] for r in one["ratings"]} == {"simulated-", "imported-"}
    assert version.changes == {"since": "", "added": 12, "changed": 0, "removed": 0, "withdrawn": 0}
    assert AuditEvent.objects.filter(verb="datasets.version.published", target_id=str(version.pk)).count() == 1


def test_nothing_in_a_package_names_a_row_or_a_person_of_the_database():
    scene = factories.scene(n=6)
    version = scene.publish()
    everything = b"".join(files(version).values())
    for one in (*scene.people, *scene.items):
        assert str(one.pk).encode() not in everything
        assert one.pk.hex.encode() not in everything
        assert one.code.encode() not in everything


def test_nobody_is_on_two_sides_of_a_split():
    scene = factories.scene(n=40, people=8)
    Participant.objects.filter(pk__in=[scene.people[0].pk, scene.people[1].pk]).update(group="dyad 1")
    version = scene.publish(shares={"train": 0.5, "test": 0.5})
    sides = {}
    for row in version.version_rows.prefetch_related("subjects"):
        for subject in row.subjects.all():
            sides.setdefault(subject.participant_id, set()).add(row.split)
    assert all(len(on) == 1 for on in sides.values())
    assert sides[scene.people[0].pk] == sides[scene.people[1].pk]
    assert {r.split for r in version.version_rows.all()} == {"train", "test"}
    assert version.split["groups"] == 7
    assert sum(version.split["counts"].values()) == 40


def test_a_split_that_cannot_keep_people_apart_is_refused_and_names_them():
    scene = factories.scene(n=8, people=8)
    Participant.objects.filter(pk__in=[one.pk for one in scene.people[:5]]).update(group="family")
    version = scene.publish()
    assert version.state == "failed"
    assert version.number != "1.0"
    assert version.version_rows.count() == 0
    assert version.job.error_code == "component_too_large"
    assert scene.people[0].code in version.job.error_message
    Participant.objects.update(group="")
    assert scene.publish().number == "1.0"


def test_too_few_people_for_the_sides_are_refused():
    version = factories.scene(n=4, people=2).publish()
    assert (version.state, version.job.error_code) == ("failed", "too_few_components")


def test_a_tie_has_no_label_and_a_flag():
    scene = factories.scene(tie_at=0)
    version = scene.publish()
    lines = [json.loads(line) for line in files(version)["items.jsonl"].splitlines()]
    tied = [line for line in lines if line["emotion_flag"] == "tie"]
    assert len(tied) == 1
    assert tied[0]["emotion"] is None
    assert tied[0]["emotion_n"] == 3
    assert tied[0]["valence"] is not None


def test_without_an_allowed_item_nothing_is_published():
    scene = factories.scene(purposes=("human_annotation",))
    version = scene.publish()
    assert (version.state, version.job.error_code) == ("failed", "nothing_to_publish")
    assert AuditEvent.objects.filter(verb="datasets.version.failed", target_id=str(version.pk)).exists()


def test_the_same_content_has_the_same_root_whatever_the_order_ids_and_moment(monkeypatch):
    scene = factories.scene(kinds=("choice", "scale", "trace"), n=6)
    first = scene.publish()
    build = rows.build

    def shuffled(version):
        made = list(build(version))
        random.Random(7).shuffle(made)
        return iter(made)

    monkeypatch.setattr(rows, "build", shuffled)
    with guards.off(GoldLabel):
        GoldLabel.objects.update(created_at=timezone.now())
    second = scene.publish()
    assert second.number == "1.1"
    assert second.root == first.root
    assert second.changes == {"since": "1.0", "added": 0, "changed": 0, "removed": 0, "withdrawn": 0}
    assert {bytes(r.leaf) for r in second.version_rows.all()} == {bytes(r.leaf) for r in first.version_rows.all()}


def test_another_seed_is_another_version():
    scene = factories.scene(n=24, people=12)
    first, second = scene.publish(seed=1), scene.publish(seed=2)
    assert first.root != second.root
    assert second.changes["changed"] > 0


def test_another_dataset_gives_other_names_to_the_same_rows():
    scene = factories.scene()
    first = scene.publish()
    other = publish.create_dataset(actor=scene.rhea, study=scene.study, name="Another")
    version = publish.begin(actor=scene.rhea, dataset=other, gold_standard=scene.gold)
    jobs.run(version.job_id)
    mine, theirs = ({bytes(r.export_id) for r in v.version_rows.all()} for v in (first, version))
    assert len(mine) == len(theirs) == 12
    assert mine.isdisjoint(theirs)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"number": "../1"}, "number_wrong"),
        ({"number": "one"}, "number_wrong"),
        ({"purpose": "fun"}, "choice_unknown"),
        ({"profile": "everything"}, "choice_unknown"),
        ({"recipient_class": "friends"}, "choice_unknown"),
        ({"shares": {"train": 0.5}}, "shares_wrong"),
        ({"shares": {"train": 1.0, "test": 0.0}}, "shares_wrong"),
    ],
)
def test_wrong_choices_are_refused_with_a_code_and_nothing_is_begun(wrong, code):
    scene = factories.scene(n=4)
    with pytest.raises(Invalid) as refused:
        scene.begin(**wrong)
    assert refused.value.code == code
    assert not DatasetVersion.objects.exists()


def test_a_gold_standard_of_another_study_is_refused():
    scene, other = factories.scene(n=4), factories.scene(n=4)
    with pytest.raises(Invalid, match="another study"):
        scene.begin(gold_standard=other.gold)


def test_a_gold_standard_in_the_making_is_refused():
    scene = factories.scene(n=4)
    scene.gold.state = "making"
    with pytest.raises(Refused) as refused:
        scene.begin()
    assert refused.value.code == "gold_not_ready"


def test_a_number_is_given_once_and_the_next_is_counted_not_spelled():
    scene = factories.scene(n=6)
    assert scene.publish(number="1.9").number == "1.9"
    with pytest.raises(Refused) as refused:
        scene.begin(number="1.9")
    assert refused.value.code == "version_exists"
    assert scene.publish().number == "1.10"


def test_a_draft_holds_its_number_and_the_version_before_is_the_one_published_before():
    scene = factories.scene(n=6)
    first, second = scene.begin(), scene.begin()
    assert (first.number, second.number) == ("1.0", "1.1")
    jobs.run(second.job_id)
    jobs.run(first.job_id)
    first.refresh_from_db()
    second.refresh_from_db()
    assert second.previous is None
    assert first.previous == second


def test_a_draft_whose_job_was_cancelled_gives_its_number_back():
    scene = factories.scene(n=6)
    version = scene.begin()
    jobs.cancel(version.job, scene.rhea)
    again = scene.publish()
    version.refresh_from_db()
    assert (version.state, again.number, again.state) == ("failed", "1.0", "published")


def test_a_failed_version_is_not_published_by_starting_its_job_again():
    scene = factories.scene(n=4, people=2)
    version = scene.publish()
    again = jobs.restart(version.job, scene.rhea)
    jobs.run(again.pk)
    again.refresh_from_db()
    assert (again.state, again.error_code) == ("failed", "version_failed")


def test_publishing_again_what_is_published_changes_nothing():
    scene = factories.scene(n=6)
    version = scene.publish()
    before = VersionRow.objects.count()
    assert publish.publish(version).root == version.root
    assert VersionRow.objects.count() == before


def test_who_lost_the_role_before_the_worker_came_publishes_nothing():
    from core import access

    scene = factories.scene(n=6)
    version = scene.begin()
    access.revoke(scene.rhea, "researcher", scene.study, actor=scene.mia)
    jobs.run(version.job_id)
    version.refresh_from_db()
    assert (version.state, version.job.error_code) == ("failed", "role_missing")


def test_somebody_who_stops_while_a_version_is_made_is_not_in_it(monkeypatch):
    scene = factories.scene()
    made = publish._freeze
    stopped = []

    def freeze(version):
        frozen = made(version)
        if not stopped:
            stopped.append(scene.people[0])
            consents.stop(participant=scene.people[0], actor=scene.dana)
        return frozen

    monkeypatch.setattr(publish, "_freeze", freeze)
    version = scene.publish()
    assert (version.state, version.rows) == ("published", 10)
    assert not VersionSubject.objects.filter(participant=scene.people[0]).exists()


def test_the_next_version_says_how_many_left_and_why():
    scene = factories.scene()
    scene.publish()
    consents.stop(participant=scene.people[0], actor=scene.dana)
    with guards.off(GoldLabel):
        GoldLabel.objects.filter(item=scene.items[1]).delete()
    version = scene.publish()
    assert version.changes["removed"] == 3
    assert version.changes["withdrawn"] == 2
    assert version.changes["added"] == 0
    assert version.rows == 9


def test_items_erased_since_count_as_withdrawn():
    scene = factories.scene()
    first = scene.publish()
    _erase(scene, scene.people[0])
    _erase(scene, scene.people[1])
    assert first.version_rows.filter(removed="erased").count() == 4
    version = scene.publish()
    assert (version.changes["removed"], version.changes["withdrawn"]) == (4, 4)


def test_a_stop_recalls_the_version_and_it_is_gone():
    scene = factories.scene()
    version = scene.publish()
    consents.stop(participant=scene.people[0], actor=scene.dana)
    version.refresh_from_db()
    assert version.state == "recalled"
    with pytest.raises(Gone) as gone:
        delivery.require_open(version)
    assert gone.value.code == "version_recalled"
    assert verify.verify(version) == verify.Verdict(True, 12, 0, 0)


def test_a_pause_recalls_nothing_but_keeps_the_version_back():
    scene = factories.scene()
    version = scene.publish()
    consents.pause(participant=scene.people[0], actor=scene.dana)
    version.refresh_from_db()
    assert version.state == "published"
    with pytest.raises(Refused) as refused:
        delivery.require_open(version)
    assert (refused.value.status, refused.value.code, refused.value.facts) == (412, "consent_missing", {"rows": 2})
    consents.resume(participant=scene.people[0], actor=scene.dana)
    delivery.require_open(version)


def test_an_erasure_blanks_the_rows_and_the_version_still_verifies_as_recalled():
    scene = factories.scene()
    version = scene.publish()
    _erase(scene, scene.people[0])
    version.refresh_from_db()
    verdict = verify.verify(version)
    assert verdict == verify.Verdict(True, 10, 2, 0)
    assert verdict.good
    blank = version.version_rows.filter(removed="erased")
    assert [bytes(row.content) + bytes(row.salt) for row in blank] == [b"", b""]
    assert {row.item_id for row in blank} == {None}
    assert not VersionSubject.objects.filter(participant=scene.people[0]).exists()


def test_verify_tells_corrupt_from_recalled():
    scene = factories.scene()
    version = scene.publish()
    one, two = version.version_rows.all()[:2]
    with guards.off(VersionRow):
        VersionRow.objects.filter(pk=one.pk).update(content=bytes(two.content))
    verdict = verify.verify(version)
    assert (verdict.root_holds, verdict.intact, verdict.recalled, verdict.corrupt) == (True, 11, 0, 1)
    assert not verdict.good


def test_verify_notices_a_leaf_that_was_replaced_and_a_row_that_is_missing():
    scene = factories.scene()
    version = scene.publish()
    row = version.version_rows.first()
    VersionRow.objects.filter(pk=row.pk).update(content=b"", salt=b"", item=None, removed="erased")
    with guards.off(VersionRow):
        VersionRow.objects.filter(pk=row.pk).update(leaf=bytes(32))
    assert not verify.verify(version).root_holds


@pytest.mark.parametrize(
    "change",
    [
        lambda v: DatasetVersion.objects.filter(pk=v.pk).update(root="0" * 64),
        lambda v: DatasetVersion.objects.filter(pk=v.pk).update(schema={}),
        lambda v: DatasetVersion.objects.filter(pk=v.pk).update(changes={"since": "x"}),
        lambda v: DatasetVersion.objects.filter(pk=v.pk).update(number="9.9"),
        lambda v: DatasetVersion.objects.filter(pk=v.pk).update(state="draft"),
        lambda v: DatasetVersion.objects.filter(pk=v.pk).update(state="failed"),
        lambda v: DatasetVersion.objects.filter(pk=v.pk).update(published_at=timezone.now()),
        lambda v: VersionRow.objects.filter(version=v).update(content=b"other"),
        lambda v: VersionRow.objects.filter(version=v).update(content=b""),
        lambda v: VersionRow.objects.filter(version=v).update(leaf=bytes(32)),
        lambda v: VersionRow.objects.filter(version=v).update(split="test"),
        lambda v: VersionRow.objects.filter(version=v).update(export_id=bytes(16)),
        lambda v: VersionRow.objects.filter(version=v).update(removed="gone"),
        lambda v: VersionRow.objects.filter(pk=v.version_rows.first().pk)._raw_delete("default"),
        lambda v: VersionSubject.objects.filter(row__version=v).delete(),
        lambda v: VersionFile.objects.filter(version=v).update(sha256="0" * 64),
        lambda v: VersionFile.objects.filter(version=v).delete(),
        lambda v: VersionFile.objects.create(version=v, name="more", about="x", size=1, sha256="0"),
        lambda v: VersionRow.objects.create(version=v, export_id=b"x" * 16, leaf=bytes(32)),
        lambda v: VersionSubject.objects.create(
            row=v.version_rows.first(), participant=Participant.objects.exclude(pk=None).first()
        ),
    ],
)
def test_the_database_itself_refuses_to_alter_a_published_version(change):
    scene = factories.scene(n=6)
    version = scene.publish()
    with pytest.raises(DatabaseError), transaction.atomic():
        change(version)
    version.refresh_from_db()
    assert verify.verify(version) == verify.Verdict(True, 6, 0, 0)


def test_a_recalled_version_does_not_come_back():
    scene = factories.scene(n=6)
    version = scene.publish()
    DatasetVersion.objects.filter(pk=version.pk).update(state="deprecated")
    delivery.recall(version, reason="test")
    with pytest.raises(DatabaseError), transaction.atomic():
        DatasetVersion.objects.filter(pk=version.pk).update(state="published")


def test_the_row_of_its_job_may_be_tidied_away():
    scene = factories.scene(n=6)
    version = scene.publish()
    Job.objects.filter(pk=version.job_id).delete()
    version.refresh_from_db()
    assert version.job is None


def test_a_purpose_that_is_withdrawn_keeps_the_items_out():
    scene = factories.scene()
    consents.withdraw(participant=scene.people[0], purpose="train_models", actor=scene.dana)
    assert scene.publish().rows == 10


def _erase(scene, participant):
    from consent.services import erasure as erasures

    consents.stop(participant=participant, actor=scene.dana)
    erasure = erasures.schedule(participant, actor=scene.dana)
    erasures.confirm(erasure, actor=scene.dana, method="in_person")
    erasure.refresh_from_db()
    erasures.run(erasure)
