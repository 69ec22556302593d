"""A packed trace above 1 MB lies in the asset store and is read back wherever a small one is."""

from uuid import uuid4

import numpy as np
import pytest

from affect.codecs import trace as container
from consent import assets, keys
from consent.assets import NotReadable, places
from consent.keyring.models import AssetKey
from consent.models import Asset
from consent.services import consents
from consent.services import erasure as erasures
from datasets.services import package
from labeling.models import Annotation, Annotator, Question, Trace
from labeling.services import agreement, annotations, campaigns, queue, ratings, traces
from labeling.services.annotations import Imported
from tests.datasets import factories
from tests.labeling.factories import CLIP_US

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
N = 150_000
STEP_US = CLIP_US // N


def hand(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A hand that trembles at random: nothing in it can be compressed."""
    return np.arange(N, dtype=np.int64) * STEP_US, np.random.default_rng(seed).uniform(-1, 1, N)


def scene():
    """Two annotators without accounts rated one clip in continuous traces, 150,000 samples each."""
    made = factories.scene(n=6, people=6, kinds=("trace",), raters=2)
    rows = [
        Imported(made.items[0].pk, who.pk, {}, traces={"arousal": hand(seed)})
        for seed, who in enumerate(Annotator.objects.filter(study=made.study).order_by("code"))
    ]
    annotations.import_annotations(actor=made.mia, campaign=made.campaign, rows=rows)
    return made


def large(of) -> list[Trace]:
    return list(
        Trace.objects.filter(annotation__item=of.items[0], annotation__current=True).order_by(
            "annotation__annotator__code"
        )
    )


def test_it_lies_in_the_store_under_the_keys_of_whom_the_item_is_about():
    made = scene()
    found = large(made)
    assert [one.packed for one in found] == [None, None]
    for seed, one in enumerate(found):
        asset = one.asset
        assert (asset.kind, asset.state, asset.study_id) == ("trace", "stored", made.study.pk)
        assert asset.plain_bytes > traces.LARGEST_ROW
        assert set(asset.subjects.values_list("pk", flat=True)) == {made.people[0].pk}
        kept = ratings.samples(one)
        times, values = hand(seed)
        assert np.array_equal(kept.times_us, times)
        assert np.array_equal(kept.values, values)
        assert kept.digest == one.digest
        with places.storage().open(asset.store_key) as stored:
            assert container.pack(times, values)[:64] not in stored.read()  # sealed
    small = Trace.objects.filter(annotation__item=made.items[1]).first()
    assert small.asset is None
    assert small.packed


def test_gold_agreement_and_dataset_are_made_of_it():
    made = scene()
    question = Question.objects.get(key="arousal")
    (one,) = ratings.traces(made.campaign, question, items=[made.items[0].pk])
    measured = agreement.measure(actor=made.mia, campaign=made.campaign).measures
    assert [m["question"] for m in measured] == ["arousal"]
    assert measured[0]["value"] is not None
    gold = factories.fuse(made.rhea, made.campaign)
    label = gold.labels.get(item=made.items[0])
    fused = container.unpack(bytes(label.trace))
    assert np.allclose(fused.values, one.values.mean(axis=0)[: len(fused)])
    version = made.publish(gold_standard=gold)
    assert (version.state, version.rows) == ("published", 6)
    longest = max(
        (trace for _id, content in package.contents(version) for trace in content["traces"]),
        key=lambda t: len(t["values"]),
    )
    assert len(longest["values"]) == N
    assert longest["values"] in (hand(0)[1].tolist(), hand(1)[1].tolist())


def test_the_api_gives_its_samples(signed_in):
    made = scene()
    one = large(made)[1]
    given = signed_in(made.mia).get(f"/api/v1/traces/{one.pk}/samples").json()
    assert given["values"] == hand(1)[1].tolist()
    assert given["times_us"] == hand(1)[0].tolist()


def test_it_is_recorded_chunk_by_chunk_and_survives_a_change_of_mind():
    made = factories.scene(n=2, people=2, kinds=("choice", "trace"))
    campaigns.pause_campaign(actor=made.mia, campaign=made.campaign)
    open_one = campaigns.create_campaign(
        actor=made.mia, study=made.study, name="Live", scheme_version=made.campaign.scheme_version
    )
    campaigns.add_items(actor=made.mia, campaign=open_one, items=[made.items[0].pk])
    campaigns.add_annotator(actor=made.mia, campaign=open_one, user=made.rhea)
    open_one = campaigns.open_campaign(actor=made.mia, campaign=open_one)
    one = queue.next_assignment(made.rhea, open_one)
    times, values = hand(5)
    sent = {"actor": made.rhea, "assignment": one, "client_id": one.client_id, "question": "arousal"}
    parts = range(0, N, 20_000)
    for sequence, at in enumerate(parts):
        part = slice(at, at + 20_000)
        traces.add_chunk(
            **sent,
            sequence=sequence,
            times_us=times[part].tolist(),
            values_=values[part].tolist(),
            flags=[0] * len(times[part]),
        )
    done = traces.finish(**sent, chunks=len(parts))
    assert done.asset is not None
    assert traces.finish(**sent, chunks=len(parts)).asset_id == done.asset_id
    trace = {"value": {"trace": str(one.client_id)}}
    for client_id, label in ((one.client_id, "joy"), (uuid4(), "anger")):
        answers = {"emotion": {"value": [{"label": label}]}, "arousal": trace}
        said = annotations.submit_annotation(actor=made.rhea, assignment=one, client_id=client_id, answers=answers)
    assert (said.revision, said.traces.get().asset_id) == (2, done.asset_id)
    assert ratings.samples(said.traces.get()).values.tolist() == values.tolist()


def test_an_erasure_takes_rows_bytes_and_keys():
    made = scene()
    held = [one.asset for one in large(made)]
    gone, other = made.people[:2]
    consents.stop(participant=gone, actor=made.dana)
    erasure = erasures.schedule(gone, actor=made.dana)
    erasures.confirm(erasure, actor=made.dana, method="in_person")
    erasure.refresh_from_db()
    certificate = erasures.run(erasure).certificate
    assert certificate["erased"]["labeling.holdings"]["trace_files"] == 2
    assert not Annotation.objects.filter(item__item_targets__participant=gone).exists()
    assert Annotation.objects.filter(item__item_targets__participant=other).exists()
    for asset in held:
        asset.refresh_from_db()
        assert (asset.state, asset.plain_bytes) == (Asset.State.ERASED, 0)
        assert not places.storage().exists(asset.store_key)
        assert not AssetKey.objects.filter(pk=asset.pk, wrapped__gt=b"").exists()
        with pytest.raises((NotReadable, keys.KeyGone)):
            assets.open_asset(asset)


def test_a_pause_keeps_it_back_and_a_resume_gives_it_again():
    made = scene()
    who, question = made.people[0], Question.objects.get(key="arousal")
    consents.pause(participant=who, actor=made.dana)
    assert not list(ratings.traces(made.campaign, question, items=[made.items[0].pk]))
    consents.resume(participant=who, actor=made.dana)
    assert len(list(ratings.traces(made.campaign, question, items=[made.items[0].pk]))) == 1


def test_what_is_refused_after_it_was_stored_is_swept(monkeypatch):
    made = factories.scene(n=2, people=2, kinds=("trace",), raters=1)
    who = Annotator.objects.get(study=made.study)
    before = Asset.objects.count()
    times, values = hand(3)
    rows = [Imported(made.items[0].pk, who.pk, {}, traces={"arousal": (times, values)}),
            Imported(made.items[1].pk, who.pk, {}, traces={"arousal": (times, values * 9)})]  # fmt: skip
    with pytest.raises(Exception, match="Values go from"):
        annotations.import_annotations(actor=made.mia, campaign=made.campaign, rows=rows)
    assert Asset.objects.count() == before
