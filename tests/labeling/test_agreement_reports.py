"""Agreement of a campaign: the numbers are those of `affect` on the table that the people gave, and nothing else."""

import time
from collections import Counter
from dataclasses import asdict

import numpy as np
import pytest

from affect.agreement import load
from affect.codecs.trace import Flag
from consent.models import Permission
from labeling.models import Annotation, Answer, Item
from labeling.services import agreement, ratings, schemes
from tests import guards
from tests.labeling import crowd, factories

pytestmark = pytest.mark.django_db(databases="__all__")
CHOICES = [
    ["joy", "joy", "anger", "fear", None],
    ["joy", "anger", "anger", "fear", "joy"],
    [None, "joy", "anger", "joy", "joy"],
]
SCALES = [[1, 2, 3, 9, None], [1, 3, 3, 8, 5], [None, 2, 4, 9, 5]]


def said(**more):
    scene = factories.scene(n=5, **more)
    crowd.say(scene.campaign, scene.items, {"emotion": CHOICES, "valence": SCALES})
    return scene


def by_items(table, scene):
    """The table in the order in which it is read: items by id."""
    order = sorted(range(len(scene.items)), key=lambda n: scene.items[n].pk)
    return [[row[n] for n in order] for row in table]


def test_the_numbers_are_those_of_affect_on_the_same_table():
    scene = said()
    report = agreement.measure(actor=scene.mia, campaign=scene.campaign, seed=5)
    assert [one["measure"] for one in report.measures] == ["alpha_nominal", "alpha_ordinal"]
    for one, table in zip(report.measures, (CHOICES, SCALES), strict=True):
        right = asdict(load(one["measure"])(by_items(table, scene), seed=5, resamples=agreement.RESAMPLES))
        if one["measure"] == "alpha_nominal":  # its values are identities here, codes there: the bootstrap is the same
            assert one["value"] == pytest.approx(right["value"], abs=1e-12)
        assert {k: one[k] for k in right} == right
    assert (report.measures[0]["n_units"], report.measures[0]["n_raters"]) == (5, 3)


def test_the_table_holds_identities_and_leaves_out_who_said_nothing():
    scene = said()
    question = scene.campaign.scheme_version.questions.get(key="emotion")
    table = ratings.table(scene.campaign, question)
    identity = {str(label.identity): label.code for label in question.labels.all()}
    assert [[identity.get(value) for value in row] for row in table.values] == by_items(CHOICES, scene)
    assert table.n == 13
    counted = Counter(value for row in CHOICES for value in row if value is not None)
    assert {identity[i]: n for i, n in ratings.spread_of_answers(scene.campaign, question).items()} == counted
    assert (
        ratings.spread_of_answers(scene.campaign, scene.campaign.scheme_version.questions.get(key="valence"))[9.0] == 2
    )


def test_answers_under_two_versions_of_a_scheme_are_compared_by_identity():
    scene = said()
    old = scene.campaign.scheme_version
    new = schemes.next_version(actor=scene.mia, version=old)
    asked, renamed = old.questions.get(key="emotion"), new.questions.get(key="emotion")
    assert asked.identity == renamed.identity
    before = ratings.table(scene.campaign, asked).values
    with guards.off(Annotation), guards.off(Answer):
        for annotation in Annotation.objects.filter(annotator__code="Z001"):
            annotation.scheme_version = new
            annotation.save()
            for answer in annotation.answers.filter(question=asked):
                label = renamed.labels.get(identity=answer.label.identity)
                Answer.objects.filter(pk=answer.pk).update(question=renamed, label=label)
    assert ratings.table(scene.campaign, asked).values == before
    assert ratings.table(scene.campaign, renamed).values == before


def test_who_withdrew_drops_out_of_the_numbers_and_of_the_hash():
    scene = said(participants=5)
    question = scene.campaign.scheme_version.questions.get(key="valence")
    before, fresh = ratings.inputs(scene.campaign), agreement.measure(actor=scene.mia, campaign=scene.campaign)
    assert agreement.latest(scene.campaign) == (fresh, True)
    gone = scene.items[0].targets.get()
    Permission.objects.filter(participant=gone).delete()
    assert scene.items[0].pk not in ratings.table(scene.campaign, question).items
    assert ratings.inputs(scene.campaign) != before
    assert agreement.latest(scene.campaign) == (fresh, False)
    without = [[value for value, item in zip(row, sorted(i.pk for i in scene.items), strict=True) if item != scene.items[0].pk]
               for row in by_items(SCALES, scene)]  # fmt: skip
    again = agreement.measure(actor=scene.mia, campaign=scene.campaign)
    assert again.measures[1]["value"] == load("alpha_ordinal")(without, seed=1, resamples=10).value


def test_the_hash_changes_exactly_when_an_answer_does():
    scene = said()
    first = ratings.inputs(scene.campaign)
    assert ratings.inputs(scene.campaign) == first
    Item.objects.filter(pk=scene.items[0].pk).update(code="another-name")
    assert ratings.inputs(scene.campaign) == first
    one = Annotation.objects.filter(campaign=scene.campaign).first()
    Annotation.objects.filter(pk=one.pk).update(current=False)
    without = ratings.inputs(scene.campaign)
    assert without != first
    with guards.off(Annotation):
        Annotation.objects.filter(pk=one.pk).update(current=True)
    assert ratings.inputs(scene.campaign) == first


def test_an_answer_given_again_to_measure_consistency_is_no_second_annotator():
    scene = said()
    first, question = ratings.inputs(scene.campaign), scene.campaign.scheme_version.questions.get(key="valence")
    table = ratings.table(scene.campaign, question)
    one = Annotation.objects.filter(campaign=scene.campaign).first()
    again = Annotation.objects.create(
        item=one.item, campaign=one.campaign, annotator=one.annotator, scheme_version=one.scheme_version, repetition=2,
        client_id="00000000-0000-4000-8000-000000000002",
    )  # fmt: skip
    Answer.objects.create(annotation=again, question=question, number=1)
    assert ratings.inputs(scene.campaign) == first
    assert ratings.table(scene.campaign, question).values == table.values


def test_undefined_is_explained_and_no_number():
    scene = factories.scene(n=3, kinds=("choice",))
    crowd.say(scene.campaign, scene.items, {"emotion": [["joy"] * 3, ["joy"] * 3]})
    measured = agreement.measure(actor=scene.mia, campaign=scene.campaign).measures[0]
    assert (measured["value"], measured["undefined"]) == (None, "one_value_only")
    assert measured["why"]


def test_traces_lie_on_one_grid_and_a_gap_of_one_rater_deletes_no_step_of_the_others():
    scene = factories.scene(n=1, kinds=("trace",))
    item = scene.items[0]
    times = np.arange(0, item.end_us + 1, 50_000)
    smooth = np.sin(times / 1e6)
    who = crowd.annotators(scene.campaign, 3)
    holes = (times < 3_000_000) | (times >= 6_000_000)
    flags = np.where(np.diff(times[holes], prepend=0) > 100_000, int(Flag.GAP_BEFORE), 0).astype(np.uint8)
    crowd.trace(scene.campaign, item, who[0], "arousal", times, smooth)
    crowd.trace(scene.campaign, item, who[1], "arousal", times, smooth * 0.5)
    crowd.trace(scene.campaign, item, who[2], "arousal", times[holes], smooth[holes], flags)
    question = scene.campaign.scheme_version.questions.get(key="arousal")
    (clip,) = ratings.traces(scene.campaign, question)
    assert clip.values.shape == (3, 89)  # 8.9 s at 10 Hz
    assert clip.times_us[1] - clip.times_us[0] == 100_000
    empty = np.isnan(clip.values)
    assert empty.sum(axis=1).tolist()[:2] == [0, 0]
    assert 25 <= empty[2].sum() <= 31
    np.testing.assert_allclose(clip.values[0], np.sin(clip.times_us / 1e6), atol=1e-12)
    measured = agreement.measure(actor=scene.mia, campaign=scene.campaign, seed=3).measures[0]
    right = load("concordance_pairwise")([clip.values], seed=3, resamples=agreement.RESAMPLES)
    assert measured["value"] == right.value
    assert list(ratings.traces(scene.campaign, question, items=[])) == []


def test_a_thousand_items_take_as_many_queries_as_five(django_assert_max_num_queries):
    scene = factories.scene(n=1000, kinds=("choice", "scale"), overlap=3)
    rng = np.random.default_rng(1)
    names = np.array(factories.EMOTIONS)
    crowd.say(scene.campaign, scene.items, {
        "emotion": names[rng.integers(0, 6, (3, 1000))].tolist(), "valence": rng.integers(1, 10, (3, 1000)).tolist(),
    })  # fmt: skip
    began = time.perf_counter()
    with django_assert_max_num_queries(30):
        agreement.measure(actor=scene.mia, campaign=scene.campaign)
    assert time.perf_counter() - began < 5
