"""Gold standards: fused labels equal `affect` on the same votes, are written whole or not at all, and never change."""

import time
from itertools import pairwise

import numpy as np
import pytest

from affect.codecs import trace as container
from affect.gold.fusion import fuse_mean
from affect.gold.votes import majority, mean_scale
from consent.models import Permission
from core import jobs
from core.errors import Invalid, Refused
from core.models import Job
from labeling.models import Annotation, GoldLabel, GoldStandard
from labeling.services import campaigns, gold, ratings
from tests.labeling import crowd, factories

pytestmark = pytest.mark.django_db(databases="__all__")
CHOICES = [["joy", "joy", "anger", "fear"], ["joy", "anger", "anger", "joy"], ["fear", None, "joy", None]]
SCALES = [[1, 2, 3, 9], [1, 3, 3, 8], [None, None, 4, 9]]


def said(**more):
    scene = factories.scene(n=4, **more)
    crowd.say(scene.campaign, scene.items, {"emotion": CHOICES, "valence": SCALES})
    return scene


def fused(scene, **methods):
    return gold.fuse(gold.begin(actor=scene.mia, campaign=scene.campaign, methods=methods))


def labels(made, key):
    return {one.item_id: one for one in made.labels.filter(question__key=key).select_related("label")}


def test_labels_are_those_of_affect_on_the_same_votes():
    scene = said()
    made = fused(scene)
    assert (made.state, made.number, made.inputs) == (GoldStandard.State.READY, 1, ratings.inputs(scene.campaign))
    for n, item in enumerate(scene.items):
        votes = [row[n] for row in CHOICES if row[n]]
        right, one = majority(votes), labels(made, "emotion")[item.pk]
        assert (one.label and one.label.code, one.n, one.flag) == (right.label, len(votes), "tie" if right.tied else "")
        assert one.spread == max(share for _label, share in right.shares)
        assert sorted(one.votes.values()) == sorted(votes.count(value) for value in set(votes))
        right, one = mean_scale([row[n] for row in SCALES]), labels(made, "valence")[item.pk]
        assert (one.number, one.spread, one.n, one.label) == (right.mean, right.sd, right.n, None)


def test_ties_get_no_label_and_a_flag_and_are_counted():
    made = fused(said())
    assert [one.flag for one in made.labels.filter(label=None, number=None)] == ["tie", "tie"]
    assert made.summary == {"labels": 8, "ties": 2}


def test_a_lot_is_drawn_by_its_seed_and_other_items_change_nothing():
    scene = said()
    drawn = [labels(fused(scene, emotion={"ties": "random", "seed": seed}), "emotion") for seed in (7, 7, 8, 9, 10)]
    codes = [[one[item.pk].label.code for item in scene.items] for one in drawn]
    assert codes[0] == codes[1]
    assert any(one != codes[0] for one in codes[2:])  # another seed draws another lot
    assert all(one[0] == "joy" and one[2] == "anger" for one in codes)  # a majority is no lot
    assert {one.flag for one in drawn[0].values()} == {"", "tie"}
    Annotation.objects.filter(item=scene.items[1]).update(current=False)
    fewer = labels(fused(scene, emotion={"ties": "random", "seed": 7}), "emotion")
    assert fewer[scene.items[3].pk].label.code == codes[0][3]
    assert scene.items[1].pk not in fewer


def test_the_campaigns_seed_is_used_when_none_is_named_and_kept_with_the_method():
    scene = said(seed=41)
    made = gold.begin(actor=scene.mia, campaign=scene.campaign, methods={"emotion": {"ties": "random"}})
    assert made.method["emotion"] == {"method": "majority", "ties": "random", "seed": 41}
    assert "seed" not in gold.begin(actor=scene.mia, campaign=scene.campaign).method["emotion"]


@pytest.mark.parametrize("asked", [
    {"emotion": {"method": "dawid_skene"}}, {"emotion": {"ties": "first"}}, {"emotion": {"ties": "random", "seed": "x"}},
    {"valence": {"ties": "random"}, "emotion": {"method": "mean"}}, {"mood": {}}, {"emotion": {"weights": [1]}},
])  # fmt: skip
def test_a_way_of_fusing_that_is_not_known_is_refused_before_anything_is_made(asked):
    scene = said()
    with pytest.raises(Invalid) as refused:
        gold.begin(actor=scene.mia, campaign=scene.campaign, methods=asked)
    assert refused.value.code in ("method_unknown", "question_unknown")
    assert not GoldStandard.objects.exists()


def test_nothing_said_is_nothing_to_fuse():
    scene = factories.scene(n=2)
    with pytest.raises(Refused, match="Nobody has answered"):
        gold.begin(actor=scene.mia, campaign=scene.campaign)


def test_who_withdrew_is_in_no_new_gold_standard():
    scene = said(participants=4)
    Permission.objects.filter(participant=scene.items[0].targets.get()).delete()
    assert set(labels(fused(scene), "emotion")) == {item.pk for item in scene.items[1:]}


def test_a_fused_trace_is_the_mean_of_all_with_its_spread():
    scene = factories.scene(n=2, kinds=("trace",))
    item, times = scene.items[0], np.arange(0, scene.items[0].end_us, 100_000)
    who = crowd.annotators(scene.campaign, 3)
    lines = [np.sin(times / 1e6), np.cos(times / 1e6), np.full(len(times), 0.25)]
    half = slice(0, len(times) // 2)
    crowd.trace(scene.campaign, item, who[0], "arousal", times, lines[0])
    crowd.trace(scene.campaign, item, who[1], "arousal", times, lines[1])
    crowd.trace(scene.campaign, item, who[2], "arousal", times[half], lines[2][half])
    one = fused(scene).labels.get()
    lines[2][len(times) // 2 :] = np.nan
    right = fuse_mean(np.vstack(lines))
    mean, spread = container.unpack(bytes(one.trace)), container.unpack(bytes(one.trace_spread))
    np.testing.assert_allclose(mean.values, right.value, atol=1e-12)
    np.testing.assert_allclose(spread.values, right.sd, atol=1e-12)
    assert (len(mean.times_us), one.n, one.number) == (len(times), 3, pytest.approx(float(np.mean(right.value))))


def test_a_worker_killed_in_the_middle_leaves_nothing_and_the_next_one_ends_it(monkeypatch):
    scene = said()
    made = gold.begin(actor=scene.mia, campaign=scene.campaign)

    class Killed(BaseException):
        """As abrupt as it gets inside a process."""

    def killed(done, total):
        if done == 1:
            raise Killed

    with pytest.raises(Killed):
        gold.fuse(made, progress=killed)
    made.refresh_from_db()
    assert (made.state, GoldLabel.objects.count()) == (GoldStandard.State.MAKING, 0)
    assert gold.fuse(made).summary["labels"] == GoldLabel.objects.count() == 8
    assert (
        gold.fuse(GoldStandard.objects.get()).summary["labels"] == GoldLabel.objects.count() == 8
    )  # a message that comes twice


def test_two_workers_write_the_labels_once():
    scene = said()
    made = gold.begin(actor=scene.mia, campaign=scene.campaign)
    late = GoldStandard.objects.get(pk=made.pk)
    gold.fuse(made)
    assert gold.fuse(late).state == GoldStandard.State.READY
    assert GoldLabel.objects.count() == 8


def test_an_answer_that_comes_in_while_fusing_is_in_it_or_the_fusion_begins_again():
    scene = said()
    made = gold.begin(actor=scene.mia, campaign=scene.campaign)
    taken = []

    def meanwhile(done, total):
        if not taken:
            taken.append(Annotation.objects.filter(item=scene.items[0]).update(current=False))

    ready = gold.fuse(made, progress=meanwhile)
    assert taken == [3]
    assert ready.inputs == ratings.inputs(scene.campaign)
    assert scene.items[0].pk not in labels(ready, "emotion")


def test_a_job_that_fails_or_is_cancelled_says_so_on_its_gold_standard():
    scene = said()
    made = gold.begin(actor=scene.mia, campaign=scene.campaign)
    Job.objects.filter(pk=made.job_id).update(cancel_asked=False)
    GoldStandard.objects.filter(pk=made.pk).update(method={})  # as if the scheme had changed under it
    ended = jobs.run(made.job_id)
    made.refresh_from_db()
    assert (ended.state, made.state, GoldLabel.objects.count()) == (Job.State.FAILED, GoldStandard.State.FAILED, 0)


def test_who_lost_the_role_meanwhile_gets_no_gold_standard():
    scene = said()
    made = gold.begin(actor=scene.ana, campaign=scene.campaign)  # an annotator; the door stands in the view
    ended = jobs.run(made.job_id)
    assert (ended.state, ended.error_code) == (Job.State.FAILED, "not_permitted_any_more")
    assert not GoldLabel.objects.exists()


def test_the_job_fuses_and_says_how_many():
    scene = said()
    made = gold.begin(actor=scene.mia, campaign=scene.campaign)
    ended = jobs.run(made.job_id)
    assert (ended.state, ended.result) == (Job.State.DONE, {"labels": 8, "ties": 2})
    numbers = [gold.begin(actor=scene.mia, campaign=scene.campaign).number for _again in range(2)]
    assert all(b == a + 1 for a, b in pairwise([1, *numbers]))


def test_a_closed_campaign_is_fused_as_well():
    scene = said()
    campaigns.close_campaign(actor=scene.mia, campaign=scene.campaign)
    assert fused(scene).summary["labels"] == 8


def test_queries_do_not_grow_with_the_labels(django_assert_max_num_queries):
    scene = factories.scene(n=600, kinds=("choice", "scale"), overlap=3)
    rng = np.random.default_rng(2)
    crowd.say(scene.campaign, scene.items, {
        "emotion": np.array(factories.EMOTIONS)[rng.integers(0, 6, (3, 600))].tolist(), "valence": rng.integers(1, 10, (3, 600)).tolist(),
    })  # fmt: skip
    made = gold.begin(actor=scene.mia, campaign=scene.campaign)
    began = time.perf_counter()
    with django_assert_max_num_queries(40):
        assert gold.fuse(made).summary["labels"] == 1200
    assert time.perf_counter() - began < 5
