"""Models of raters: Dawid & Skene, one coin, MACE, GLAD; against published values, crowd-kit and simulated bad raters."""

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from crowdkit.aggregation import GLAD, MACE, DawidSkene, OneCoinDawidSkene
from hypothesis import given, settings
from hypothesis import strategies as st

from affect.gold.dawid_skene import dawid_skene, one_coin
from affect.gold.glad import glad
from affect.gold.mace import mace
from affect.gold.samples import ANAESTHETISTS
from affect.gold.votes import majority
from affect.undefined import Undefined

MODELS = {
    "dawid_skene": dawid_skene,
    "one_coin": one_coin,
    "mace": lambda responses, **more: mace(responses, seed=1, **more),
    "glad": glad,
}
EVERY_MODEL = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)


def simulated(seed, *, items=60, accuracies=(0.9, 0.8, 0.6, 0.6, 0.5), labels="abc", missing=0.2):
    """Truth and responses of raters who are right with the given probability and else answer anything."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(len(labels), size=items)
    responses = []
    for rater, accuracy in enumerate(accuracies):
        for item in range(items):
            if rng.random() >= missing:
                right = rng.random() < accuracy
                said = truth[item] if right else rng.integers(len(labels))
                responses.append((f"i{item:03}", f"r{rater}", labels[said]))
    return {f"i{item:03}": labels[true] for item, true in enumerate(truth)}, responses


def frame(responses):
    """For crowd-kit, so that raters and labels appear in alphabetical order: its MACE mixes up the two orders."""
    table = pd.DataFrame(responses, columns=["task", "worker", "label"]).sort_values(["worker", "task"])
    first = table[table.worker == table.worker.min()]
    head = pd.concat([first[first.label == label].head(1) for label in sorted(table.label.unique())])
    return pd.concat([head, table.drop(head.index)]).reset_index(drop=True)


def posteriors_of(fitted, found):
    return fitted.probas_.reindex(index=list(found.items), columns=list(found.labels)).to_numpy()


# published ---------------------------------------------------------------------------------------------------------------


def test_the_published_anaesthetists_come_out_to_the_last_published_digit():
    found = dawid_skene(ANAESTHETISTS)
    assert found.prevalences.round(3).tolist() == [0.4, 0.422, 0.112, 0.067]
    assert found.log_likelihood == pytest.approx(-192.8909, abs=5e-5)
    assert (found.iterations, found.converged) == (26, True)
    assert found.confusions[0].round(3).tolist() == [
        [0.889, 0.111, 0, 0], [0.071, 0.876, 0.053, 0], [0, 0.339, 0.661, 0], [0, 0, 0.556, 0.444],
    ]  # fmt: skip
    unsure = {
        item: tuple(row.round(3)) for item, row in zip(found.items, found.posteriors, strict=True) if max(row) < 0.99
    }
    assert unsure == {"07": (0.981, 0.019, 0, 0), "35": (0, 0.948, 0.052, 0), "38": (0, 0.021, 0.979, 0)}


def test_the_model_overrules_the_vote_on_the_published_patients():
    best = dict(zip(dawid_skene(ANAESTHETISTS).items, dawid_skene(ANAESTHETISTS).best(), strict=True))
    votes = {patient: [grade for p, _, grade in ANAESTHETISTS if p == patient] for patient in best}
    assert (best["02"], majority(votes["02"]).label) == ("4", "3")
    assert best["03"] == "2"


def test_on_first_answers_alone_the_models_part_as_is_known():
    seen = set()
    first = [one for one in ANAESTHETISTS if one[:2] not in seen and not seen.add(one[:2])]
    assert len(first) == 225
    best = {name: dict(zip(model(first).items, model(first).best(), strict=True)) for name, model in MODELS.items()}
    assert {name: one["02"] for name, one in best.items()} == {
        "dawid_skene": "4", "one_coin": "3", "mace": "3", "glad": "3",
    }  # fmt: skip
    assert {name: one["38"] for name, one in best.items()} == {
        "dawid_skene": "3", "one_coin": "2", "mace": "3", "glad": "3",
    }  # fmt: skip


# crowd-kit ---------------------------------------------------------------------------------------------------------------

FEW, MANY = range(5), pytest.param(range(5, 200), marks=pytest.mark.long, id="many")


@pytest.mark.parametrize("seeds", [pytest.param(FEW, id="few"), MANY])
@pytest.mark.parametrize(("ours", "theirs"), [(dawid_skene, DawidSkene), (one_coin, OneCoinDawidSkene)])
def test_dawid_and_skene_equal_crowd_kit_round_for_round(ours, theirs, seeds):
    """Made to run as many rounds as ours: by itself crowd-kit stops at a change of 1e-5 an answer, long before the end."""
    for seed in seeds:
        _, responses = simulated(seed, items=30)
        found = ours(responses, max_iterations=10)
        fitted = theirs(n_iter=found.iterations, tol=-math.inf).fit(frame(responses))
        # crowd-kit keeps every probability at 1e-10 or more; ours may be 0.
        assert np.abs(posteriors_of(fitted, found) - found.posteriors).max() < 1e-8, seed


@pytest.mark.parametrize(("method", "seeds", "rounds"), [("vb", (1, 2), 60), ("em", (1,), 60)])
def test_mace_equals_crowd_kit_once_both_have_converged(method, seeds, rounds):
    """crowd-kit's restarts draw the same numbers each time, so one is as good as ten; and it makes a fixed number of rounds."""
    for seed in seeds:
        _, responses = simulated(seed)
        found = mace(responses, seed=1, method=method, restarts=3)
        fitted = MACE(n_restarts=1, n_iter=rounds, method=method).fit(frame(responses))
        assert np.abs(posteriors_of(fitted, found) - found.posteriors).max() < 1e-8
        competences = fitted.spamming_[:, 1] / fitted.spamming_.sum(axis=1)
        assert competences == pytest.approx(found.competences, abs=1e-8)


def test_glad_equals_crowd_kit_when_both_climb_to_the_top():
    """crowd-kit's defaults stop its inner search at 1e-2 and its outer one at the first small change."""
    _, responses = simulated(1, items=12)
    found = glad(responses)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = GLAD(n_iter=found.iterations, tol=-math.inf, m_step_max_iter=60, m_step_tol=1e-6).fit(frame(responses))
    assert fitted.alphas_[list(found.raters)].to_numpy() == pytest.approx(found.abilities, abs=1e-3)
    assert np.abs(posteriors_of(fitted, found) - found.posteriors).max() < 1e-3


# what they are for -------------------------------------------------------------------------------------------------------


def right(truth, items, labels):
    return np.mean([truth[item] == label for item, label in zip(items, labels, strict=True)])


@EVERY_MODEL
def test_every_model_beats_the_majority_among_bad_raters(model):
    """Two who know, five who answer anything."""
    gains = []
    for seed in range(2):
        truth, responses = simulated(seed, items=100, accuracies=(0.95, 0.9, 0, 0, 0, 0, 0), missing=0.1)
        found = model(responses)
        votes = [[label for item, _, label in responses if item == one] for one in found.items]
        vote = [majority(one, ties="random", seed=seed, key=str(i)).label for i, one in enumerate(votes)]
        gains.append(right(truth, found.items, found.best()) - right(truth, found.items, vote))
    assert min(gains) > 0.05


def test_dawid_and_skene_learn_that_a_rater_swaps_two_labels():
    """A rater who always says fear for anger and anger for fear tells as much as one who is always right."""
    rng = np.random.default_rng(3)
    truth = rng.choice(["anger", "fear", "joy"], 200)
    swap = {"anger": "fear", "fear": "anger", "joy": "joy"}
    noisy = [str(rng.choice([one, rng.choice(["anger", "fear", "joy"])])) for one in truth]
    responses = [
        (f"i{i:03}", rater, label)
        for i, one in enumerate(truth)
        for rater, label in (("ana", str(one)), ("ben", swap[str(one)]), ("cid", noisy[i]), ("dan", str(one)))
    ]
    found = dawid_skene(responses)
    assert found.confusions[found.raters.index("ben")].round(2).tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 1]]
    assert right(dict(zip(found.items, truth, strict=True)), found.items, found.best()) == 1


def test_mace_keeps_the_surest_items():
    _, responses = simulated(2)
    found = mace(responses, seed=1)
    kept = found.surest(0.5)
    assert len(kept) == len(found.items) // 2
    entropy = dict(zip(found.items, found.entropy, strict=True))
    assert max(entropy[item] for item in kept) <= min(entropy[i] for i in found.items if i not in kept)


# the ends ----------------------------------------------------------------------------------------------------------------


@EVERY_MODEL
def test_no_answers_and_a_single_label_are_explained(model):
    for responses, code in (
        ([], "too_few"),
        ([("i", "ana", None)], "too_few"),
        ([("i", "ana", "joy"), ("j", "ben", "joy")], "one_value_only"),
    ):
        with pytest.raises(Undefined) as caught:
            model(responses)
        assert caught.value.code == code
    for strange, labels in (([("i", "ana", 3)], None), ([("i", "ana", "joy")], ["fear", "anger"])):
        with pytest.raises(ValueError, match=r"names|no label"):
            model(strange, labels=labels)


@EVERY_MODEL
def test_one_rater_and_one_item_have_posteriors_without_a_nan(model):
    for responses in ([("i", "ana", "joy")], [("i", "ana", "joy"), ("j", "ana", "fear")]):
        found = model(responses, labels=["anger", "fear", "joy"])
        assert np.isfinite(found.posteriors).all()
        assert found.posteriors.sum(axis=1) == pytest.approx(1)
        assert found.best()[0] == "joy"


def test_a_row_that_rests_on_nothing_says_so():
    found = dawid_skene([("i", "ana", "joy"), ("i", "ben", "joy")], labels=["fear", "joy"])
    assert found.evidence.tolist() == [[0, 1], [0, 1]]
    assert found.confusions[0].tolist() == [[0.5, 0.5], [0, 1]]


def test_two_raters_who_never_agree_leave_the_label_open():
    found = dawid_skene([("i", "ana", "joy"), ("i", "ben", "fear")])
    assert found.best() == (None,)
    assert found.entropy[0] == pytest.approx(1)


def test_smoothing_is_declared_and_keeps_every_probability_above_zero():
    found = dawid_skene(ANAESTHETISTS, smoothing=0.5)
    assert found.confusions.min() > 0
    assert "0.5 added" in found.method
    assert found.converged
    with pytest.raises(ValueError):
        dawid_skene(ANAESTHETISTS, smoothing=-1)


def test_a_run_cut_short_says_that_it_did_not_converge():
    found = dawid_skene(ANAESTHETISTS, max_iterations=3)
    assert (found.iterations, found.converged) == (3, False)


def test_hundreds_of_answers_to_one_item_do_not_underflow():
    responses = [("i", f"r{k:04}", "ab"[k % 3 == 0]) for k in range(3000)] + [
        (f"j{k % 7}", f"r{k:04}", "ab"[k % 2]) for k in range(3000)
    ]
    for model in (dawid_skene, one_coin):
        found = model(responses, smoothing=0.01)
        assert np.isfinite(found.log_likelihood)
        assert found.posteriors.sum(axis=1) == pytest.approx(1)


answers = st.lists(
    st.tuples(st.sampled_from(["i1", "i2", "i3"]), st.sampled_from(["ana", "ben", "cid"]), st.sampled_from("abc")),
    min_size=1,
    max_size=15,
)


@settings(deadline=None)  # the first case loads what the later ones use
@given(answers, st.randoms())
def test_the_order_of_the_answers_changes_no_bit(responses, random):
    shuffled = responses[:]
    random.shuffle(shuffled)
    for model in (dawid_skene, one_coin):
        one, other = model(responses, labels=list("abc")), model(shuffled, labels=list("abc"))
        assert one.posteriors.tobytes() == other.posteriors.tobytes()
        assert np.isfinite(one.posteriors).all()
        assert one.posteriors.sum(axis=1) == pytest.approx(1)


@EVERY_MODEL
def test_the_names_of_raters_mean_nothing(model):
    _, responses = simulated(5)
    renamed = [(item, {"r0": "z", "r1": "y"}.get(rater, rater), label) for item, rater, label in responses]
    assert model(renamed).posteriors == pytest.approx(model(responses).posteriors, abs=1e-6)
