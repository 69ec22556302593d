"""Text valence: VADER, the embedding, and the head that must not be asked about what it has seen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Refused
from inference.backends import LONGEST_TEXT, Input, Output, folder, minilm, normalise, text_hash, vader
from inference.backends.heads import Head, _training_rows, train_text_head


def one(backend: vader.Backend | minilm.Backend, text: str, *groups: str) -> Output:
    (output,) = backend.predict([Input("k", text=text, groups=groups)], should_stop=lambda: False)
    return output


@pytest.fixture(scope="module")
def lexicon() -> vader.Backend:
    return vader.Backend()


@pytest.fixture(scope="module")
def embedding(models: Path) -> minilm.Backend:
    return minilm.Backend.load(models)


@pytest.fixture(scope="module")
def snippets(media: Path) -> list[dict]:
    return json.loads((media / "t01_review_snippets_20_with_ratings.json").read_text(encoding="utf-8"))


def test_vader_gives_the_published_compound_scores(lexicon: vader.Backend) -> None:
    # The examples of the package's README.
    assert one(lexicon, "VADER is smart, handsome, and funny.").value == 0.8316
    assert one(lexicon, "VADER is VERY SMART, handsome, and FUNNY!!!").value == 0.9342
    assert one(lexicon, "Not bad at all").value == 0.431


def test_the_stated_version_is_the_installed_one(lexicon: vader.Backend) -> None:
    assert lexicon.version == f"vaderSentiment {version('vaderSentiment')}"


def test_vader_says_when_it_knows_no_word(lexicon: vader.Backend) -> None:
    output = one(lexicon, "Der Zug kam um acht.")
    assert (output.value, output.notes) == (0.0, ("no_known_word",))
    assert one(lexicon, "a good day").notes == ()


@pytest.mark.parametrize("text", ["", "   ", "\n\t "])
def test_an_empty_text_gets_no_number(text: str, lexicon: vader.Backend, embedding: minilm.Backend) -> None:
    for backend in (lexicon, embedding):
        output = one(backend, text)
        assert output.unpredicted == "empty_text"
        assert (output.value, output.interval) == (None, None)


def test_an_endless_text_is_refused_not_read(lexicon: vader.Backend, embedding: minilm.Backend) -> None:
    for backend in (lexicon, embedding):
        assert one(backend, "x" * (LONGEST_TEXT + 1)).unpredicted == "too_long"


@given(st.text(max_size=200))
def test_hash_and_normal_form_ignore_white_space_and_composition(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)
    assert text_hash(f"  {text}\n") == text_hash(text)


def test_equal_texts_in_another_form_have_one_hash() -> None:
    assert text_hash("caf\u00e9 au  lait") == text_hash("cafe\u0301 au lait ")
    assert text_hash("good") != text_hash("Good")


@given(st.text(min_size=1, max_size=60))
def test_any_text_gives_a_number_or_a_reason(lexicon: vader.Backend, text: str) -> None:
    output = one(lexicon, text)
    assert (output.value is None) == bool(output.unpredicted)


@pytest.mark.parametrize("text", ["\ud800", "\x00", "\u200b", "🙂" * 300, "a" * 5000])
def test_odd_texts_do_not_crash_the_embedding(text: str, embedding: minilm.Backend) -> None:
    output = one(embedding, text)
    assert -1 <= output.value <= 1


def test_the_embedding_is_of_length_one_and_knows_paraphrases(embedding: minilm.Backend) -> None:
    a, b, c = (
        embedding._embedder.embed(text)[0]
        for text in ("The camera is easy to use.", "Using this camera is simple.", "It rained in Lisbon on Tuesday.")
    )
    assert np.linalg.norm(a) == pytest.approx(1, abs=1e-5)
    assert a @ b > 0.7
    assert a @ b > a @ c + 0.4


def test_a_long_text_says_how_much_of_it_was_read(embedding: minilm.Backend) -> None:
    output = one(embedding, "word " * 500)
    assert output.notes == ("truncated",)
    assert output.coverage == pytest.approx(128 / 502, abs=1e-6)


def test_the_shipped_head_reaches_the_expected_figures_out_of_fold(embedding: minilm.Backend) -> None:
    meta = embedding.head.meta
    assert (meta["n"], meta["groups"], meta["folds"]) == (3708, 300, 5)
    figures = meta["out_of_fold"]
    assert figures["pearson_r"] == pytest.approx(0.752, abs=0.006)
    assert figures["mae"] == pytest.approx(0.83, abs=0.01)
    assert figures["mae_of_mean"] == pytest.approx(1.40, abs=0.005)


def test_the_demo_sentences_are_judged_by_heads_that_did_not_see_their_review(
    embedding: minilm.Backend, snippets: list[dict]
) -> None:
    head = embedding.head
    for entry in snippets:
        fold = head.meta["group_folds"][minilm.review_group(entry["id"])]
        output = one(embedding, entry["text"])
        assert output.notes == ("out_of_fold",)
        assert one(embedding, entry["text"], minilm.review_group(entry["id"])).value == output.value
        features = minilm.features(embedding._embedder, embedding._vader, normalise(entry["text"]))[0]
        assert output.value == pytest.approx(np.clip(head.predict(features, fold) / 4, -1, 1), abs=1e-6)
        assert output.value != pytest.approx(head.predict(features, -1) / 4, abs=1e-5)


def test_the_demo_sentences_are_ranked_much_as_people_rank_them(
    embedding: minilm.Backend, snippets: list[dict]
) -> None:
    predicted = [one(embedding, entry["text"]).value for entry in snippets]
    assert np.corrcoef(predicted, [entry["mean_valence"] for entry in snippets])[0, 1] > 0.6


def test_a_cancelled_training_stops_embedding(models: Path, monkeypatch) -> None:
    class Cancelled(Exception):
        pass

    embedded, embed = [], minilm.Embedder.embed
    monkeypatch.setattr(minilm.Embedder, "embed", lambda self, text: embedded.append(text) or embed(self, text))

    def cancel(done: int, total: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        minilm.feature_matrix(models, progress=cancel)([f"sentence {n}" for n in range(400)])
    assert 0 < len(embedded) < 100


def test_a_new_sentence_is_judged_by_the_full_head(embedding: minilm.Backend) -> None:
    bad, good = one(embedding, "I regret buying this, it is awful."), one(embedding, "We love it, a wonderful present!")
    assert bad.notes == good.notes == ()
    assert bad.value < -0.2 < 0.3 < good.value
    assert bad.interval[0] <= bad.value <= bad.interval[1]


# Training ---------------------------------------------------------------------------------------------------------


def words(texts: Sequence[str]) -> np.ndarray:
    """Plain features for fast tests: how often each of eight letters occurs."""
    return np.array([[text.count(letter) for letter in "abcdefgh"] for text in texts], float)


def corpus(n: int, groups: int) -> tuple[list[str], list[float], list[str]]:
    letters = np.random.default_rng(3).integers(0, 8, (n, 12))
    texts = [" ".join("abcdefgh"[i] for i in row) + f" {n}" for n, row in enumerate(letters)]
    return texts, [float(np.clip(row.mean() - 3.5, -4, 4)) for row in letters], [f"g{i % groups}" for i in range(n)]


def train(texts: Sequence[str], values: Sequence[float], groups: Sequence[str]) -> Head:
    return train_text_head(texts, values, groups, features=words, feature_names="letters", corpus="made up")


def test_training_learns_and_gives_the_same_bytes_twice() -> None:
    head = train(*corpus(200, 20))
    assert head.meta["out_of_fold"]["pearson_r"] > 0.95
    assert head.dumps() == train(*corpus(200, 20)).dumps()
    assert head.dumps() != train(*corpus(201, 20)).dumps()


def test_a_head_survives_storing() -> None:
    head = train(*corpus(120, 12))
    again = Head.loads(head.dumps())
    assert again.meta == head.meta
    assert np.array_equal(again.weights, head.weights)


@pytest.mark.parametrize(("labels", "groups", "code"), [(99, 20, "too_few_labels"), (100, 9, "too_few_groups")])
def test_training_on_too_little_is_refused_with_the_counts(labels: int, groups: int, code: str) -> None:
    with pytest.raises(Refused) as refused:
        train(*corpus(labels, groups))
    assert refused.value.code == code
    assert str(refused.value.facts["found"]) in refused.value.message
    train(*corpus(100, 10))


def test_empty_texts_do_not_count_as_labels() -> None:
    texts, values, groups = corpus(100, 10)
    texts[5] = "  "
    with pytest.raises(Refused, match="99"):
        train(texts, values, groups)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 4.1, -5])
def test_a_label_that_is_no_number_on_the_scale_is_refused(value: float) -> None:
    texts, values, groups = corpus(120, 12)
    values[7] = value
    with pytest.raises(Refused) as refused:
        train(texts, values, groups)
    assert refused.value.code == "labels_invalid"


def test_labels_that_are_all_equal_teach_nothing() -> None:
    texts, values, groups = corpus(120, 12)
    with pytest.raises(Refused) as refused:
        train(texts, [1.0] * len(values), groups)
    assert refused.value.code == "labels_constant"


def test_no_head_learns_from_the_sources_or_the_sentences_of_its_own_fold() -> None:
    texts, values, groups = corpus(120, 12)
    texts[0] = texts[1] = "aaaa shared sentence"  # of two sources that the seed deals into different folds
    head = train(texts, values, groups)
    folds = head.meta["group_folds"]
    assert folds["g0"] != folds["g1"]
    for changed, fold in ((0, folds["g0"]), (1, folds["g0"]), (0, folds["g1"])):
        other = list(values)
        other[changed] = 4.0 if values[changed] < 0 else -4.0
        again = train(texts, other, groups)
        assert np.array_equal(again.weights[fold], head.weights[fold])
        assert not np.array_equal(again.weights[-1], head.weights[-1])
    assert head.folds_of((), text_hash("aaaa shared sentence")) < {folds["g0"], folds["g1"]}


def test_each_fold_has_a_head_that_learned_nothing_of_it() -> None:
    texts, values, groups = corpus(150, 15)
    head = train(texts, values, groups)
    for fold in range(head.meta["folds"]):
        inside = [head.meta["group_folds"][group] == fold for group in groups]
        assert 0 < sum(inside) < len(inside)
        other = [-value if held else value for value, held in zip(values, inside, strict=True)]
        again = train(texts, other, groups)
        assert np.array_equal(again.weights[fold], head.weights[fold])
        assert not np.array_equal(again.weights[fold - 1], head.weights[fold - 1])


def test_a_source_is_known_again_by_each_of_its_names_and_two_of_different_folds_by_no_head() -> None:
    texts, values, groups = corpus(120, 12)
    names = [{f"{group} a", f"{group} b"} for group in groups]
    head = train_text_head(
        texts, values, groups, features=words, feature_names="letters", corpus="made up", names=names, people=24
    )
    folds = head.meta["group_folds"]
    assert set(folds) == set().union(*names)
    assert all(folds[f"g{n} a"] == folds[f"g{n} b"] for n in range(12))
    assert (head.meta["groups"], head.meta["people"]) == (12, 24)
    assert head.folds_of(("g3 b", "somebody new"), "") == {folds["g3 b"]}
    assert head.row(head.folds_of(("g3 b",), "")) == folds["g3 b"]
    apart = next(n for n in range(12) if folds[f"g{n} a"] != folds["g0 a"])
    assert head.folds_of(("g0 a", f"g{apart} a"), "") == {folds["g0 a"], folds[f"g{apart} a"]}
    assert head.folds_of(("somebody new",), "") == set()
    assert head.row(set()) == head.row({0, 1}) == head.meta["folds"]


def test_fewer_separate_groups_than_folds_are_refused() -> None:
    texts, values, groups = corpus(120, 4)
    with pytest.raises(Refused) as refused:
        train_text_head(texts, values, groups, features=words, feature_names="letters", corpus="made up", people=12)
    assert (refused.value.code, refused.value.facts) == ("too_few_separate_groups", {"found": 4, "least": 5})


def test_the_folds_of_the_review_set_share_no_review_and_no_sentence(embedding: minilm.Backend, models: Path) -> None:
    sentences = list(minilm.reviews(folder.read(models, "corpora/reviews.tsv")))
    head = embedding.head
    fold = head.meta["group_folds"]
    assert {one.group for one in sentences} == set(fold)
    assert sorted(set(fold.values())) == list(range(head.meta["folds"]))
    held = {number: {text_hash(one.text) for one in sentences if fold[one.group] == number} for number in range(5)}
    hashes = [text_hash(one.text) for one in sentences]
    folds = np.array([fold[one.group] for one in sentences])
    for number, taught in enumerate(_training_rows(folds, hashes, 5)[:-1]):
        learned = [one for one, keep in zip(sentences, taught, strict=True) if keep]
        assert len(learned) > 2000
        assert not {one.group for one in learned} & {group for group, its in fold.items() if its == number}
        assert not {text_hash(one.text) for one in learned} & held[number]
    assert all(
        head.folds_of((one.group,), digest) == {fold[one.group]} for one, digest in zip(sentences, hashes, strict=True)
    )
    assert all(digest in held[min(head.folds_of((), digest))] for digest in hashes)


@given(st.binary(max_size=300))
def test_broken_heads_are_refused(content: bytes) -> None:
    with pytest.raises(Refused) as refused:
        Head.loads(content)
    assert refused.value.code == "head_unreadable"


def test_a_head_of_other_features_is_not_taken(models: Path) -> None:
    with pytest.raises(Refused) as refused:
        minilm.Backend.load(models, head=train(*corpus(120, 12)).dumps())
    assert refused.value.code == "head_unreadable"
