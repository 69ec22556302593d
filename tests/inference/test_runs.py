"""Runs end to end with the real back ends: predicting, being cancelled, taken over, refused; then evaluating and training."""

import itertools
import re

import numpy as np
import pytest
import sklearn.metrics

from consent.models import Participant, Study
from consent.services import consents
from core import jobs
from core.errors import Forbidden, Refused
from core.models import Job
from core.services import tokens
from core.templatetags.concord import coefficient
from inference import holdings
from inference.backends import Output, face, text_hash, vader
from inference.models import Prediction, Run
from inference.services import baselines, evaluate, prelabel, registry, train
from inference.services.baselines import Pair
from labeling.models import Annotation, Annotator, Appearance, Question, Recording, Suggestion
from labeling.services import agreement, annotations, campaigns
from labeling.services.annotations import Imported
from tests import guards
from tests.datasets import factories

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.usefixtures("own_folders")]
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
TEXTS = [
    "What a great phone, I love it.",
    "Terrible. It broke on the first day.",
    "It has a screen.",
    "Not bad at all!",
]


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


def test_a_prediction_keeps_its_interval_on_the_questions_scale_and_what_qualifies_it(installed, client):
    texts = [TEXTS[0], "It is good. " * 100, ""]
    scene = factories.scene(3, 3, ("scale",), "text", texts=texts)
    run = predicted(scene, "minilm-text-valence")
    short, long, empty = run.predictions.order_by("item__code")
    margin = run.model_version.trained_on["out_of_fold"]["error_90"]  # of -4…4; the question asks for 1…9, as wide
    assert short.number - short.interval_low == pytest.approx(margin, abs=1e-5)
    assert short.interval_high == pytest.approx(min(9, short.number + margin), abs=1e-5)
    assert (short.coverage, short.notes) == (1.0, [])
    assert long.coverage < 0.5
    assert long.notes == ["truncated"]
    assert (empty.nothing, empty.interval_low, empty.coverage, empty.notes) == ("empty_text", None, None, [])
    client.force_login(scene.mia, backend=BACKEND)
    page = client.get(f"/runs/{run.pk}/").content.decode()
    assert f"{short.interval_low:.2f} – {short.interval_high:.2f}" in page
    assert "Only the beginning was read." in page
    _row, secret = tokens.create(user=scene.mia, name="test")
    told = client.get(f"/api/v1/predictions?run={run.pk}", HTTP_AUTHORIZATION=f"Bearer {secret}").json()["results"]
    by_item = {row["item"]: row for row in told}
    assert by_item[str(long.item_id)]["notes"] == ["truncated"]
    assert by_item[str(short.item_id)]["interval_low"] == short.interval_low
    assert by_item[str(short.item_id)]["model_version"] == str(run.model_version_id)


def test_an_access_package_tells_how_a_prediction_was_made(installed):
    scene = factories.scene(1, 1, ("scale",), "text", texts=["It is good. " * 100])
    one = predicted(scene, "minilm-text-valence").predictions.get()
    given = {}

    class Package:
        def add_json(self, name, content):
            given[name] = content

    holdings.export(scene.people[0], Package())
    (told,) = given["predictions.json"]
    assert told["notes"] == ["truncated"]
    assert (told["interval"], told["coverage"]) == ([one.interval_low, one.interval_high], one.coverage)
    assert told["input_sha256"] == one.input_hash


def test_predictions_are_in_no_agreement_and_in_no_gold_standard(installed):
    scene = sentences(12, 4)
    before = agreement.measure(actor=scene.rhea, campaign=scene.campaign).measures
    assert Prediction.objects.count() == 0
    predicted(scene)
    predicted(scene, "minilm-text-valence")
    assert Prediction.objects.count() == 24
    assert agreement.measure(actor=scene.rhea, campaign=scene.campaign).measures == before
    again = factories.fuse(scene.rhea, scene.campaign)
    assert labels_of(again) == labels_of(scene.gold)
    assert {n for _item, _label, _number, n in labels_of(again)} == {3}  # the three raters


def labels_of(gold):
    return sorted(gold.labels.values_list("item__code", "label__code", "number", "n"))


def test_the_evaluation_page_shows_the_confusion_matrix_and_the_numbers_of_scikit_learn(installed, client):
    scene = factories.scene(120, 12, ("choice",), "video")
    version = registry.register(actor=scene.mia, study=scene.study, backend="face-expression")
    run = prelabel.start(actor=scene.mia, model_version=version, campaign=scene.campaign)
    words = ("happy", "surprised", "angry", "fearful", "sad", "neutral")
    outputs = [
        Output(
            str(item.pk),
            "0" * 64,
            probabilities={word: float(word == words[(n * n) % 6]) for word in words},
            confidence=1.0,
        )
        for n, item in enumerate(scene.items)
    ]
    assert prelabel.store(run, scene.items, outputs, face.Backend.task) == 120
    run = evaluate.start(actor=scene.mia, model_version=version, gold_standard=scene.gold)
    jobs.run(run.job_id)
    run.refresh_from_db()
    codes = [label.code for label in run.question.labels.all()]
    gold = dict(scene.gold.labels.values_list("item_id", "label__code"))
    given = dict(Prediction.objects.values_list("item_id", "label__code"))
    pairs = [(gold[item], given[item]) for item in given]
    expected = {
        "uar": sklearn.metrics.balanced_accuracy_score(*zip(*pairs, strict=True)),
        "macro_f1": sklearn.metrics.f1_score(*zip(*pairs, strict=True), average="macro"),
        "accuracy": sklearn.metrics.accuracy_score(*zip(*pairs, strict=True)),
    }
    assert 0 < expected["uar"] < 1
    client.force_login(scene.mia, backend=BACKEND)
    page = client.get(f"/runs/{run.pk}/").content.decode()
    assert "Too few to judge" not in page
    for name, value in expected.items():
        assert run.results[name]["value"] == pytest.approx(value)
        low, high = run.results[name]["interval"]["low"], run.results[name]["interval"]["high"]
        assert low <= value <= high
        assert low < high
        row = table_row(page, {"uar": "UAR", "macro_f1": "macro F1", "accuracy": "accuracy"}[name])
        assert coefficient(value) in row
        assert f"{coefficient(low)} – {coefficient(high)}" in row
    matrix = sklearn.metrics.confusion_matrix(*zip(*pairs, strict=True), labels=codes).tolist()
    heat = page.split('<table class="heat">')[1].split("</table>")[0]
    shown = [[int(n) for n in re.findall(r"<td[^>]*>(\d+)</td>", row)] for row in heat.split("<tr>")[2:]]
    assert shown == [[*row, sum(row)] for row in matrix]
    assert re.findall(r'<th scope="row"><span class="emo"[^>]*>([^<]+)</span>', heat) == [one.title() for one in codes]
    assert "120 items (of 120 gold labels), 12 groups of people" in page


def table_row(page, name):
    return next(row for row in page.split("<tr>") if f'<th scope="row">{name}</th>' in row)


def test_the_evaluation_page_of_numbers_shows_concordance_as_lin_defined_it(installed, client):
    scene = sentences(120, 12)
    run = evaluate.start(actor=scene.mia, model_version=predicted(scene).model_version, gold_standard=scene.gold)
    jobs.run(run.job_id)
    run.refresh_from_db()
    gold = dict(scene.gold.labels.values_list("item_id", "number"))
    x, y = np.array([(gold[item], number) for item, number in Prediction.objects.values_list("item_id", "number")]).T
    ccc = 2 * np.cov(x, y, bias=True)[0, 1] / (x.var() + y.var() + (x.mean() - y.mean()) ** 2)
    assert run.results["ccc"]["value"] == pytest.approx(ccc)
    client.force_login(scene.mia, backend=BACKEND)
    page = client.get(f"/runs/{run.pk}/").content.decode()
    found = run.results["ccc"]
    assert coefficient(ccc) in table_row(page, "CCC")
    assert f"{coefficient(found['interval']['low'])} – {coefficient(found['interval']['high'])}" in table_row(
        page, "CCC"
    )
    assert coefficient(sklearn.metrics.mean_absolute_error(x, y)) in table_row(page, "mean absolute error")
    assert '<table class="heat">' not in page
    assert "None of them was in the training of the model’s head." in page


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


def test_people_in_pairs_are_counted_as_people(installed):
    # Nine people in thirty-six pairs: as many as a study of thirty-six people has groups, and still nine.
    pairs = list(itertools.combinations(range(9), 2))
    scene = sentences(108, 9, company=lambda n: pairs[n % 36])
    version = registry.register(actor=scene.mia, study=scene.study, backend="minilm-text-valence")
    with pytest.raises(Refused) as refused:
        train.start(actor=scene.mia, model_version=version, gold_standard=scene.gold)
    assert (refused.value.code, refused.value.facts) == ("too_few_groups", {"found": 9, "least": 10})


def test_people_who_all_hang_together_cannot_be_put_into_folds(installed):
    # A chain: 1 with 2, 2 with 3 … and 12 with 1. Twelve people, and any cut goes through somebody.
    scene = sentences(108, 12, company=lambda n: (n % 12, (n + 1) % 12))
    version = registry.register(actor=scene.mia, study=scene.study, backend="minilm-text-valence")
    with pytest.raises(Refused) as refused:
        train.start(actor=scene.mia, model_version=version, gold_standard=scene.gold)
    assert (refused.value.code, refused.value.facts) == ("too_few_separate_groups", {"found": 1, "least": 5})
    assert not Run.objects.exists()


def test_a_household_and_a_session_stay_in_one_fold(installed):
    scene = sentences(108, 12)
    version = registry.register(actor=scene.mia, study=scene.study, backend="minilm-text-valence")
    for n, person in enumerate(scene.people[:8]):
        Participant.objects.filter(pk=person.pk).update(group=f"house {n // 4}")  # two houses of four, and four alone
    Recording.objects.filter(appearances__participant__in=scene.people[8:10]).update(session="an evening")
    Recording.objects.filter(appearances__participant__in=scene.people[10:]).update(session="another evening")
    with pytest.raises(Refused) as refused:
        train.start(actor=scene.mia, model_version=version, gold_standard=scene.gold)
    assert (refused.value.code, refused.value.facts) == ("too_few_separate_groups", {"found": 4, "least": 5})


def test_who_was_in_training_is_judged_by_a_head_that_saw_neither_and_else_left_out(installed, client):
    texts = [f"{TEXTS[n % 4]} Number {n}." for n in range(120)]
    # Six pairs; of each pair there are sentences about the one, about the other, and about both.
    scene = factories.scene(
        120, 12, ("scale",), "text", texts=texts,
        company=lambda n: [(n % 6 * 2,), (n % 6 * 2 + 1,), (n % 6 * 2, n % 6 * 2 + 1)][n // 6 % 3],
    )  # fmt: skip
    version = registry.register(actor=scene.mia, study=scene.study, backend="minilm-text-valence")
    run = train.start(actor=scene.mia, model_version=version, gold_standard=scene.gold)
    jobs.run(run.job_id)
    run.refresh_from_db()
    assert run.job.state == "done", run.job.error_message
    assert (run.results["n_people"], run.results["n_groups"]) == (12, 6)
    made = version.model.versions.get(pk=run.results["model_version"])
    head = prelabel.load(made).head
    folds = [head.meta["group_folds"][str(one.pk)] for one in scene.people]
    assert all(folds[n] == folds[n + 1] for n in range(0, 12, 2))
    assert len(set(folds)) == 5
    apart = next(n for n in range(12) if folds[n] != folds[0])
    # New sentences: of somebody from training, of two from different folds, and of somebody new.
    new = factories.agreeing(scene.study, 1)
    who = [*scene.people, *new]
    company = [(3,), (0, apart), (12,)]
    items = factories.clips(
        scene.study, who, 3, "text", ["A wonderful day.", "A horrible day.", "A day."], lambda n: company[n], "N-"
    )
    campaign = campaigns.create_campaign(
        actor=scene.mia, study=scene.study, name="Later", scheme_version=scene.campaign.scheme_version, overlap=3
    )
    campaigns.add_items(actor=scene.mia, campaign=campaign, items=[one.pk for one in items])
    campaign = campaigns.open_campaign(actor=scene.mia, campaign=campaign)
    raters = Annotator.objects.filter(study=scene.study).order_by("code")
    rows = [Imported(item.pk, one.pk, {"valence": {"value": 4}}) for item in items for one in raters]
    annotations.import_annotations(actor=scene.mia, campaign=campaign, rows=rows)
    run = prelabel.start(actor=scene.mia, model_version=made, campaign=campaign)
    jobs.run(run.job_id)
    notes = [one.notes for one in run.predictions.order_by("item__code")]
    assert notes == [["out_of_fold"], ["seen_in_training"], []]
    evaluation = evaluate.start(actor=scene.mia, model_version=made, gold_standard=factories.fuse(scene.rhea, campaign))
    jobs.run(evaluation.job_id)
    evaluation.refresh_from_db()
    assert (evaluation.results["n"], evaluation.results["from_training"]) == (2, {"out_of_fold": 1, "left_out": 1})
    client.force_login(scene.mia, backend=BACKEND)
    page = client.get(f"/runs/{evaluation.pk}/").content.decode()
    assert "1 item was in the model’s training, or somebody in it was" in page
    assert "1 prediction is left out" in page


def test_a_training_is_cancelled_from_its_page(installed, client, monkeypatch):
    scene = sentences(100, 10)
    version = registry.register(actor=scene.mia, study=scene.study, backend="minilm-text-valence")
    run = train.start(actor=scene.mia, model_version=version, gold_standard=scene.gold)
    client.force_login(scene.mia, backend=BACKEND)
    assert f'hx-get="/jobs/{run.job_id}/' in client.get(f"/runs/{run.pk}/").content.decode()
    assert f'action="/jobs/{run.job_id}/cancel/"' in client.get(f"/jobs/{run.job_id}/").content.decode()
    progress = jobs.Running.progress

    def then_cancel(running, done, total=None, stage=""):
        if done == 2:
            assert client.post(f"/jobs/{run.job_id}/cancel/").status_code == 200
        progress(running, done, total, stage)

    monkeypatch.setattr(jobs.Running, "progress", then_cancel)
    jobs.run(run.job_id)
    run.refresh_from_db()
    assert (run.job.state, run.results) == ("cancelled", {})
    assert version.model.versions.count() == 1
    page = client.get(f"/runs/{run.pk}/").content.decode()
    assert "The run was cancelled." in page
    assert "There is no result." not in page


def test_a_training_is_begun_over_rest(installed, client):
    scene = sentences(100, 10)
    version = registry.register(actor=scene.mia, study=scene.study, backend="minilm-text-valence")
    _row, secret = tokens.create(user=scene.mia, name="test")
    body = {"kind": "train", "model_version": str(version.pk), "gold_standard": str(scene.gold.pk)}
    sent = {"content_type": "application/json", "HTTP_AUTHORIZATION": f"Bearer {secret}"}
    told = client.post("/api/v1/runs", body, **sent)
    assert told.status_code == 202, told.content
    run = Run.objects.get(pk=told.json()["id"])
    assert (run.kind, run.gold_standard, str(run.job_id)) == ("train", scene.gold, told.json()["job"])
    del body["gold_standard"]
    assert client.post("/api/v1/runs", body, **sent).status_code == 422
    few = sentences(10, 5)
    version = registry.register(actor=few.mia, study=few.study, backend="minilm-text-valence")
    _row, secret = tokens.create(user=few.mia, name="test")
    body = {"kind": "train", "model_version": str(version.pk), "gold_standard": str(few.gold.pk)}
    refused = client.post("/api/v1/runs", body, **sent | {"HTTP_AUTHORIZATION": f"Bearer {secret}"})
    assert refused.json()["code"] == "too_few_labels"


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
