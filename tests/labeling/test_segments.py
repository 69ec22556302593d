"""Labelled intervals end to end: asked, answered, kept, changed, read back, handed on in a dataset, erased."""

import csv
from copy import deepcopy
from uuid import uuid4

import pytest

from affect.schemes.model import Segments, Tier
from consent.services import consents
from consent.services import erasure as erasures
from core.errors import Invalid, Refused
from datasets.services import package, verify
from labeling.models import Annotation, Annotator, Answer, Segment, Trace
from labeling.services import agreement, annotations, queue, schemes, values
from labeling.services.annotations import Imported
from tests.datasets import factories as datasets
from tests.labeling import factories
from tests.labeling.factories import CLIP_US

pytestmark = pytest.mark.django_db(databases=["default", "keys"])


@pytest.fixture
def at_work(settings, tmp_path):
    settings.CONCORD_KEYS = tmp_path / "keys"
    scene = factories.scene(n=2, kinds=("choice", "segments"))
    return scene, queue.next_assignment(scene.ana, scene.campaign)


def spans() -> list[dict]:
    """They overlap, lie on two tiers, and come in no order."""
    return [
        {"tier": "face", "start_us": 2_000_000, "end_us": 3_500_000, "label": "smile"},
        {"tier": "words", "start_us": 0, "end_us": 2_500_000, "text": "¡jaja! – über den Witz"},
        {"tier": "face", "start_us": 8_000_000, "end_us": CLIP_US, "label": "laugh"},
    ]


def answers(scene, segments) -> dict:
    return factories.answers(scene.campaign) | ({} if segments is None else {"laughter": {"value": segments}})


def submit(scene, one, segments, client_id=None):
    return annotations.submit_annotation(
        actor=scene.ana, assignment=one, client_id=client_id or one.client_id, answers=answers(scene, segments)
    )


def test_it_works(at_work):
    scene, one = at_work
    made = submit(scene, one, spans())
    assert annotations.answers_of(made)["laughter"] == {"value": sorted(spans(), key=lambda s: s["start_us"])}
    rows = list(made.segments.order_by("start_us"))
    track = one.item.recording.tracks.get()
    assert {row.track_id for row in rows} == {track.pk}
    assert {row.alignment_id for row in rows} == {track.alignments.get().pk}
    assert b"jaja" not in bytes(rows[0].text)  # sealed under the keys of whom the item is about
    assert bytes(rows[1].text) == b""


def test_a_repeat_stores_nothing_twice_and_other_segments_under_its_id_are_refused(at_work):
    scene, one = at_work
    first = submit(scene, one, spans())
    again = submit(scene, one, list(reversed(spans())))  # the order they were sent in means nothing
    assert (again.pk, again.repeated, Segment.objects.count()) == (first.pk, True, 3)
    with pytest.raises(Refused) as refused:
        submit(scene, one, spans()[:2])
    assert refused.value.code == "client_id_reused"


def test_a_change_of_mind_is_a_new_revision_and_keeps_the_first(at_work):
    scene, one = at_work
    first = submit(scene, one, spans())
    second = submit(scene, one, spans()[:1], uuid4())
    assert (second.revision, second.supersedes_id) == (2, first.pk)
    assert len(annotations.answers_of(first)["laughter"]["value"]) == 3
    assert len(annotations.answers_of(second)["laughter"]["value"]) == 1


def test_nothing_happened_is_an_answer_and_no_answer_is_none(at_work):
    scene, one = at_work
    assert annotations.answers_of(submit(scene, one, []))["laughter"] == {"value": []}
    assert "laughter" not in annotations.answers_of(submit(scene, one, None, uuid4()))


def test_tiers_that_are_required_want_an_answer_which_may_be_empty(at_work):
    scene, _one = at_work
    asked = Segments(id="tier", prompt={"en": "?"}, tiers=(Tier(id="a", name={"en": "A"}),))
    version = schemes.create_scheme(actor=None, study=scene.study, name="S", questions=[asked])
    definition, shown = schemes.definition(version.pk), values.Shown((0, 10))
    with pytest.raises(Invalid) as refused:
        values.check_answers(definition, {}, shown)
    assert refused.value.code == "required"
    assert values.check_answers(definition, {"tier": {"value": []}}, shown) == {"tier": {"value": []}}


GOOD = {"tier": "face", "start_us": 0, "end_us": 10, "label": "laugh"}
WORDS = {"tier": "words", "start_us": 0, "end_us": 10}


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("x", "wrong_type"), ({}, "wrong_type"), ([None], "wrong_type"), ([{"colour": 1}], "wrong_type"), (["x"], "wrong_type"),
        ([GOOD | {"colour": 1}], "wrong_type"), ([GOOD | {"tier": "hands"}], "unknown_tier"), ([GOOD | {"tier": ["face"]}], "wrong_type"),
        ([GOOD | {"start_us": 0.5}], "not_a_number"), ([GOOD | {"end_us": True}], "not_a_number"), ([GOOD | {"end_us": None}], "not_a_number"),
        ([GOOD | {"end_us": "10"}], "not_a_number"), ([GOOD | {"start_us": -1}], "time_out_of_range"),
        ([GOOD | {"end_us": 0}], "time_out_of_range"), ([GOOD | {"start_us": 11}], "time_out_of_range"),
        ([GOOD | {"end_us": 2**60}], "time_out_of_range"), ([GOOD | {"end_us": CLIP_US + 1}], "time_out_of_range"),
        ([GOOD | {"label": None}], "label_unknown"), ([GOOD | {"label": str(uuid4())}], "label_unknown"), ([GOOD | {"text": "x"}], "text_not_wanted"),
        ([WORDS | {"text": 5}], "wrong_type"), ([WORDS | {"text": "x" * 2001}], "too_long"), ([WORDS | {"text": "\0"}], "text_refused"),
        ([WORDS], "text_missing"), ([GOOD | {"apex_us": 5}], "apex_not_asked"), ([GOOD | {"intensity": 5}], "intensity_not_asked"),
        ([WORDS | {"text": "a"}, WORDS | {"text": "b", "start_us": 9}], "overlap"), ([GOOD] * 30_001, "too_large"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_and_nothing_is_stored(at_work, sent, code):
    scene, one = at_work
    with pytest.raises(Invalid) as refused:
        submit(scene, one, sent)
    assert refused.value.code == code
    assert list(refused.value.fields) == ["answers.laughter"]
    assert (Annotation.objects.count(), Answer.objects.count(), Segment.objects.count()) == (0, 0, 0)


def test_a_label_of_another_version_says_that_the_scheme_is_stale(at_work):
    scene, one = at_work
    newer = deepcopy(scene.campaign.scheme_version.form)
    newer["questions"][1]["tiers"][0]["labels"].append({"id": "grin", "name": {"en": "Grin"}})
    schemes.next_version(actor=scene.mia, version=scene.campaign.scheme_version, document=newer)
    with pytest.raises(Refused) as refused:
        submit(scene, one, [GOOD | {"label": "grin"}])
    assert refused.value.code == "scheme_stale"


def test_the_same_over_rest(at_work, signed_in):
    scene, one = at_work
    client = signed_in(scene.ana)
    sent = {"assignment": str(one.pk), "client_id": str(one.client_id), "answers": answers(scene, spans())}
    stored = client.post("/api/v1/annotations", sent, content_type="application/json")
    assert stored.status_code == 201, stored.content
    told = client.get(f"/api/v1/annotations/{stored.json()['id']}").json()
    assert len(told["answers"]["laughter"]["value"]) == 3
    sent["client_id"], sent["answers"]["laughter"] = str(uuid4()), {"value": [GOOD | {"label": "x"}]}
    refused = client.post("/api/v1/annotations", sent, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (422, "label_unknown")
    assert (
        client.get(f"/label/{scene.campaign.pk}/{one.pk}/").status_code == 200
    )  # the page stands, whatever it cannot ask yet
    listed = signed_in(scene.mia).get(f"/api/v1/segments?annotation={stored.json()['id']}").json()["results"]
    assert {(row["question"], row["start_us"]) for row in listed} == {
        ("laughter", 0),
        ("laughter", 2_000_000),
        ("laughter", 8_000_000),
    }
    assert all("text" not in row for row in listed)


def imported():
    """A published study in which two of six items have segments, of one imported annotator each time."""
    made = datasets.scene(n=6, people=6, kinds=("choice", "segments"), raters=2)
    who = Annotator.objects.filter(study=made.study).order_by("code")[1]
    said = {"emotion": {"value": [{"label": "joy"}]}, "laughter": {"value": spans()}}
    rows = [Imported(item.pk, who.pk, said) for item in made.items[:2]]
    annotations.import_annotations(actor=made.mia, campaign=made.campaign, rows=rows)
    made.gold = datasets.fuse(made.rhea, made.campaign)
    return made


def test_a_dataset_hands_them_on_without_their_words_and_only_where_there_are_some(own_folders):
    made = imported()
    version = made.publish()
    assert verify.verify(version).good
    files = {file.name: file.content for file in package.files(version)}
    lines = list(csv.reader(files["segments.csv"].decode().splitlines()))
    assert ",".join(lines[0]) == "item,annotator,question,tier,label,start_us,end_us,apex_us,intensity,grade"
    assert len(lines) == 1 + 6
    assert {tuple(line[2:]) for line in lines[1:]} == {
        ("laughter", "words", "", "0", "2500000", "", "", ""), ("laughter", "face", "smile", "2000000", "3500000", "", "", ""),
        ("laughter", "face", "laugh", "8000000", str(CLIP_US), "", "", ""),
    }  # fmt: skip
    assert not any(b"jaja" in content for content in files.values())
    assert "laughter" in files["DATASHEET.md"].decode()
    assert "laughter" not in files["items.csv"].decode().splitlines()[0]
    without = datasets.scene(n=6, people=6, kinds=("choice",)).publish()
    assert not [file.name for file in package.files(without) if file.name.startswith("segments")]


def test_agreement_and_gold_leave_a_tier_alone(own_folders):
    made = imported()
    measured = agreement.measure(actor=made.mia, campaign=made.campaign).measures
    assert [one["question"] for one in measured] == ["emotion"]
    assert set(made.gold.labels.values_list("question__key", flat=True)) == {"emotion"}


def test_an_erasure_takes_them(own_folders):
    made = imported()
    gone = made.items[0].targets.get()
    consents.stop(participant=gone, actor=made.dana)
    erasure = erasures.schedule(gone, actor=made.dana)
    erasures.confirm(erasure, actor=made.dana, method="in_person")
    erasure.refresh_from_db()
    certificate = erasures.run(erasure).certificate
    assert certificate["erased"]["labeling.holdings"]["segments"] == 3
    assert Segment.objects.count() == 3
    assert not Trace.objects.exists()


@pytest.fixture
def own_folders(settings, tmp_path):
    settings.CONCORD_KEYS, settings.CONCORD_LEDGER = tmp_path / "keys", tmp_path / "ledger"
