"""Runs end to end with the real back ends: predicting, being cancelled, taken over, refused; then evaluating and training."""

import pytest
import sklearn.metrics
from django.core.files.storage import storages

from consent import keys
from consent.models import Study
from consent.services import consents
from core import jobs
from core.errors import Forbidden, Refused
from core.models import Job
from inference.backends import Output, text_hash, vader
from inference.models import Prediction, Run
from inference.services import baselines, evaluate, prelabel, registry, train
from inference.services.baselines import Pair
from labeling.models import Annotation, Appearance, Question, Suggestion
from tests import guards
from tests.datasets import factories

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
TEXTS = [
    "What a great phone, I love it.",
    "Terrible. It broke on the first day.",
    "It has a screen.",
    "Not bad at all!",
]


@pytest.fixture(autouse=True)
def own_folders(settings, tmp_path):
    settings.CONCORD_KEYS, settings.CONCORD_LEDGER = tmp_path / "keys", tmp_path / "ledger"
    store = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path / "store"}}
    settings.STORAGES = {**settings.STORAGES, "store": store}
    storages._storages.clear()
    keys.forget()
    yield
    keys.forget()
    storages._storages.clear()


@pytest.fixture
def installed(settings, models):
    settings.CONCORD_MODELS = models


def sentences(n=10, people=5, **more):
    return factories.scene(n, people, ("scale",), "text", texts=TEXTS, **more)


def predicted(scene, backend="vader-text-valence"):
    version = registry.register(actor=scene.mia, study=scene.study, backend=backend)
    run = prelabel.start(actor=scene.mia, model_version=version, campaign=scene.campaign)
    jobs.run(run.job_id)
    run.refresh_from_db()
    return run


def test_a_run_predicts_every_item_apart_from_what_people_said(installed):
    scene = sentences()
    before = Annotation.objects.count()
    run = predicted(scene)
    assert (run.job.state, run.results) == ("done", {"predictions": 10, "nothing": 0})
    assert (run.job.done, run.job.total) == (10, 10)
    assert Annotation.objects.count() == before
    made = run.predictions.select_related("item")
    assert {p.model_version_id for p in made} == {run.model_version_id}
    first = next(p for p in made if p.item.code == "I-000000")
    assert first.input_hash == text_hash(TEXTS[0])
    # VADER's compound of the sentence, brought from -1…1 to the question's 1…9
    compound = vader.Backend().scores(TEXTS[0])[-1]
    assert first.number == pytest.approx(5 + 4 * compound, abs=1e-5)
    assert Suggestion.objects.filter(current=True).count() == 10


def test_the_embedding_predicts_on_a_scale_of_minus_four_to_four(installed):
    scene = sentences(4, 4)
    with guards.off(Question):
        Question.objects.filter(key="valence").update(minimum=-4, maximum=4)
    run = predicted(scene, "minilm-text-valence")
    assert run.results["predictions"] == 4
    by_code = dict(run.predictions.values_list("item__code", "number"))
    assert all(-4 <= number <= 4 for number in by_code.values())
    assert by_code["I-000000"] > 1 > -1 > by_code["I-000001"]
    told = run.model_version.trained_on
    assert told["n"] > 3000
    assert set(told["out_of_fold"]) >= {"pearson_r", "mae"}
    assert not {"group_folds", "text_folds"} & set(told)


def test_a_run_that_is_cancelled_keeps_whole_batches(installed, monkeypatch):
    scene = sentences()
    version = registry.register(actor=scene.mia, study=scene.study, backend="vader-text-valence")
    run = prelabel.start(actor=scene.mia, model_version=version, campaign=scene.campaign)
    store = prelabel.store

    def then_cancel(*args):
        stored = store(*args)
        jobs.cancel(run.job, scene.mia)
        return stored

    monkeypatch.setattr(prelabel, "store", then_cancel)
    jobs.run(run.job_id)
    run.job.refresh_from_db()
    assert run.job.state == "cancelled"
    assert run.predictions.count() == prelabel.BATCH


def test_a_run_taken_over_after_a_death_goes_on_and_predicts_nothing_twice(installed, monkeypatch):
    scene = sentences()
    version = registry.register(actor=scene.mia, study=scene.study, backend="vader-text-valence")
    run = prelabel.start(actor=scene.mia, model_version=version, campaign=scene.campaign)
    store, died = prelabel.store, []

    class Killed(BaseException):
        pass

    def die_after_one(*args):
        if died:
            raise Killed
        died.append(store(*args))

    with monkeypatch.context() as dying:
        dying.setattr(prelabel, "store", die_after_one)
        with pytest.raises(Killed):
            jobs.run(run.job_id)
    kept = set(run.predictions.values_list("pk", flat=True))
    assert len(kept) == prelabel.BATCH
    Job.objects.filter(pk=run.job_id).update(heartbeat_at="2020-01-01T00:00Z")
    jobs.run(run.job_id)
    run.refresh_from_db()
    assert (run.job.state, run.job.attempt) == ("done", 2)
    assert run.results == {"predictions": 10, "nothing": 0}
    assert kept <= set(run.predictions.values_list("pk", flat=True))
    assert Suggestion.objects.count() == 10


def test_a_worker_that_only_slept_stores_nothing_twice(installed):
    scene = sentences(4, 4)
    run = predicted(scene)
    task = vader.Backend.task
    outputs = [Output(str(item.pk), "0" * 64, value=0.5) for item in scene.items]
    assert prelabel.store(run, scene.items, outputs, task) == 0
    assert (Prediction.objects.count(), Suggestion.objects.count()) == (4, 4)


def test_somebody_who_stops_during_a_run_is_in_no_later_prediction(installed, monkeypatch):
    scene = sentences()
    version = registry.register(actor=scene.mia, study=scene.study, backend="vader-text-valence")
    run = prelabel.start(actor=scene.mia, model_version=version, campaign=scene.campaign)
    store, stopped = prelabel.store, []

    def stop_first(*args):
        if not stopped:
            stopped.append(consents.stop(participant=scene.people[0], actor=scene.dana))
        return store(*args)

    monkeypatch.setattr(prelabel, "store", stop_first)
    jobs.run(run.job_id)
    run.refresh_from_db()
    assert run.results["predictions"] == 8
    assert not Prediction.objects.filter(item__item_targets__participant=scene.people[0]).exists()


def test_people_at_work_are_not_predicted(installed):
    scene = sentences(4, 4)
    Study.objects.filter(pk=scene.study.pk).update(context="workplace")
    Appearance.objects.update(role="agent")
    version = registry.register(actor=scene.mia, study=scene.study, backend="vader-text-valence")
    with pytest.raises(Forbidden) as refused:
        prelabel.start(actor=scene.mia, model_version=version, campaign=scene.campaign)
    assert refused.value.code == "purpose_prohibited"
    assert not Run.objects.exists()


def test_without_permission_for_predictions_a_run_is_refused_with_412(installed):
    scene = sentences(4, 4, purposes=("human_annotation",))
    version = registry.register(actor=scene.mia, study=scene.study, backend="vader-text-valence")
    with pytest.raises(Refused) as refused:
        prelabel.start(actor=scene.mia, model_version=version, campaign=scene.campaign)
    assert (refused.value.status, refused.value.code) == (412, "consent_missing")


def test_a_model_of_pictures_finds_nothing_in_texts(installed):
    scene = factories.scene(4, 4, ("choice",), "text", texts=TEXTS)
    version = registry.register(actor=scene.mia, study=scene.study, backend="face-expression")
    with pytest.raises(Refused) as refused:
        prelabel.start(actor=scene.mia, model_version=version, campaign=scene.campaign)
    assert refused.value.code == "nothing_to_predict"


def test_an_evaluation_of_few_items_says_too_few_and_stands_beside_one_person_and_chance(installed):
    scene = sentences(20, 5)
    run = evaluate.start(actor=scene.mia, model_version=predicted(scene).model_version, gold_standard=scene.gold)
    jobs.run(run.job_id)
    run.refresh_from_db()
    found = run.results
    assert (found["n"], found["n_groups"]) == (20, 5)
    assert found["sufficiency"]["code"] == "too_few_labels"
    pairs = evaluate._pairs(run)
    expected = sklearn.metrics.mean_absolute_error([p.gold for p in pairs], [p.predicted for p in pairs])
    assert found["mae"]["value"] == pytest.approx(expected)
    rows = {row["name"]: row for row in found["baselines"]}
    assert (rows["one_person"]["n"], rows["one_person"]["raters"]) == (60, 3)
    assert rows["model_on_the_same"]["n"] == 60
    mean = sum(p.gold for p in pairs) / len(pairs)
    assert rows["chance"]["mae"] == pytest.approx(sum(abs(p.gold - mean) for p in pairs) / len(pairs))


def test_numbers_of_labels_are_those_of_scikit_learn():
    scene = factories.scene(30, 10, ("choice",))
    question = scene.campaign.scheme_version.questions.get(key="emotion")
    codes = [label.code for label in question.labels.all()]
    gold = [codes[n % 6] for n in range(30)]
    given = [codes[(n * n) % 6] for n in range(30)]
    run = Run(question=question, campaign=scene.campaign)
    pairs = [
        Pair(item.pk, g, p, str(n % 10)) for n, (item, g, p) in enumerate(zip(scene.items, gold, given, strict=True))
    ]
    found = evaluate._measured(run, pairs)
    assert found.uar.value == pytest.approx(sklearn.metrics.balanced_accuracy_score(gold, given))
    assert found.macro_f1.value == pytest.approx(sklearn.metrics.f1_score(gold, given, average="macro"))
    assert found.confusion.tolist() == sklearn.metrics.confusion_matrix(gold, given, labels=codes).tolist()
    rows = {row["name"]: row for row in baselines.beside(run, pairs)}
    assert rows["chance"]["uar"] == pytest.approx(1 / 6)
    assert rows["one_person"]["n"] > 0


def test_training_on_too_little_is_refused_with_the_reason(installed):
    scene = sentences(10, 5)
    version = registry.register(actor=scene.mia, study=scene.study, backend="minilm-text-valence")
    with pytest.raises(Refused) as refused:
        train.start(actor=scene.mia, model_version=version, gold_standard=scene.gold)
    assert (refused.value.code, refused.value.facts) == ("too_few_labels", {"found": 10, "least": 100})
    assert not Run.objects.exists()


def test_training_on_too_few_people_is_refused(installed):
    scene = sentences(100, 9)
    version = registry.register(actor=scene.mia, study=scene.study, backend="minilm-text-valence")
    with pytest.raises(Refused) as refused:
        train.start(actor=scene.mia, model_version=version, gold_standard=scene.gold)
    assert (refused.value.code, refused.value.facts) == ("too_few_groups", {"found": 9, "least": 10})


def test_a_trained_head_is_a_new_version_that_predicts(installed):
    texts = [f"{TEXTS[n % 4]} Number {n}." for n in range(100)]
    scene = factories.scene(100, 10, ("scale",), "text", texts=texts)
    version = registry.register(actor=scene.mia, study=scene.study, backend="minilm-text-valence")
    run = train.start(actor=scene.mia, model_version=version, gold_standard=scene.gold)
    jobs.run(run.job_id)
    run.refresh_from_db()
    assert run.job.state == "done", run.job.error_message
    made = version.model.versions.get(pk=run.results["model_version"])
    assert (made.number, made.trained_on["n"], made.trained_on["groups"]) == ("2", 100, 10)
    assert prelabel.load(made).head.meta["training_hash"] == made.files_hash
