"""Pages of datasets and models: who may, what happens, what it costs."""

import pytest
from django.urls import reverse

from consent.services import consents
from core import access, jobs
from core.models import Job
from datasets.models import Dataset, DatasetVersion, Delivery
from datasets.services import delivery
from inference.models import Run
from inference.services import registry
from tests.datasets import factories

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
HTMX = {"HTTP_HX_REQUEST": "true"}
MOST_QUERIES = 45


@pytest.fixture
def scene():
    return factories.scene(n=6)


@pytest.fixture
def version(scene):
    return scene.publish()


def pages(scene, version):
    return {
        "list": reverse("datasets:list", args=[scene.study.pk]),
        "dataset": reverse("datasets:dataset", args=[scene.dataset.pk]),
        "version": reverse("datasets:version", args=[version.pk]),
    }


@pytest.mark.parametrize("who", ["mia", "rhea", "eva", "dana"])
def test_members_of_the_study_see_its_datasets(scene, version, signed_in, who):
    browser = signed_in(getattr(scene, who))
    for name, url in pages(scene, version).items():
        assert browser.get(url).status_code == 200, name


def test_for_outsiders_nothing_is_there(scene, version, signed_in):
    browser = signed_in(scene.otto)
    asset = delivery.prepare(version, actor=scene.rhea)
    for url in pages(scene, version).values():
        assert browser.get(url).status_code == 404
    assert browser.post(reverse("datasets:publish", args=[scene.dataset.pk]), {}).status_code == 404
    assert browser.post(reverse("datasets:package", args=[version.pk])).status_code == 404
    assert browser.get(reverse("datasets:download", args=[version.pk, asset.pk])).status_code == 404
    assert browser.get(reverse("inference:models", args=[scene.study.pk])).status_code == 404


def test_who_may_not_publish_is_told_so_and_sees_no_form(scene, version, signed_in):
    browser = signed_in(scene.eva)
    assert browser.post(reverse("datasets:publish", args=[scene.dataset.pk]), {}).status_code == 403
    assert browser.post(reverse("datasets:list", args=[scene.study.pk]), {"name": "X"}).status_code == 403
    assert b"publish/" not in browser.get(reverse("datasets:dataset", args=[scene.dataset.pk])).content


def test_who_may_not_export_gets_no_package(scene, version, signed_in):
    asset = delivery.prepare(version, actor=scene.rhea)
    browser = signed_in(scene.dana)
    assert browser.post(reverse("datasets:package", args=[version.pk])).status_code == 403
    assert browser.get(reverse("datasets:download", args=[version.pk, asset.pk])).status_code == 403
    assert not Delivery.objects.exists()


def test_a_dataset_is_made_and_a_version_published_from_the_pages(scene, signed_in):
    browser = signed_in(scene.rhea)
    made = browser.post(reverse("datasets:list", args=[scene.study.pk]), {"name": "From the page", "about": ""})
    dataset = Dataset.objects.get(name="From the page")
    assert made.status_code == 302
    chosen = {"gold_standard": scene.gold.pk, "number": "", "purpose": "train_models", "profile": "labels", "seed": "3"}
    answer = browser.post(reverse("datasets:publish", args=[dataset.pk]), chosen, **HTMX)
    assert answer.status_code == 200
    assert b"<html" not in answer.content
    version = DatasetVersion.objects.get(dataset=dataset)
    jobs.run(version.job_id)
    page = browser.get(reverse("datasets:version", args=[version.pk]) + "?verify=1").content.decode()
    assert version.number in page
    assert "6 rows are as published" in page


def test_a_form_that_cannot_be_meant_comes_back_with_422(scene, signed_in):
    browser = signed_in(scene.rhea)
    wrong = {"gold_standard": scene.study.pk, "purpose": "fun", "profile": "x", "seed": "-1"}
    assert browser.post(reverse("datasets:publish", args=[scene.dataset.pk]), wrong).status_code == 422
    number = {
        "gold_standard": scene.gold.pk,
        "number": "a/b",
        "purpose": "train_models",
        "profile": "labels",
        "seed": "1",
    }
    assert browser.post(reverse("datasets:publish", args=[scene.dataset.pk]), number).status_code == 422
    assert browser.post(reverse("datasets:list", args=[scene.study.pk]), {"name": ""}).status_code == 422
    assert not DatasetVersion.objects.exists()


def test_a_download_is_the_archive_and_is_written_down(scene, version, signed_in):
    browser = signed_in(scene.eva)
    browser.post(reverse("datasets:package", args=[version.pk]), **HTMX)
    job = Job.objects.get(kind="datasets.prepare_package")
    jobs.run(job.pk)
    page = browser.get(reverse("datasets:version", args=[version.pk])).content.decode()
    job.refresh_from_db()
    url = reverse("datasets:download", args=[version.pk, job.result["asset"]])
    assert url in page
    answer = browser.get(url)
    assert b"".join(answer.streaming_content)[:4] == b"PK\x03\x04"
    assert answer["Content-Disposition"] == 'attachment; filename="emotion-clips-1.0.zip"'
    assert Delivery.objects.get().user == scene.eva


def test_a_pause_after_preparing_is_412_and_a_stop_410(scene, version, signed_in):
    asset = delivery.prepare(version, actor=scene.rhea)
    browser = signed_in(scene.eva)
    url = reverse("datasets:download", args=[version.pk, asset.pk])
    consents.pause(participant=scene.people[0], actor=scene.dana)
    assert browser.get(url).status_code == 412
    assert browser.post(reverse("datasets:package", args=[version.pk])).status_code == 412
    consents.stop(participant=scene.people[0], actor=scene.dana)
    assert browser.get(url).status_code == 410
    assert browser.get(reverse("datasets:version", args=[version.pk])).status_code == 200
    assert not Delivery.objects.exists()


def test_a_role_taken_between_preparing_and_downloading_counts(scene, version, signed_in):
    asset = delivery.prepare(version, actor=scene.eva)
    access.revoke(scene.eva, "engineer", scene.study, actor=scene.mia)
    browser = signed_in(scene.eva)
    assert browser.get(reverse("datasets:download", args=[version.pk, asset.pk])).status_code == 404


def test_lists_come_as_csv(scene, version, signed_in):
    answer = signed_in(scene.rhea).get(reverse("datasets:list", args=[scene.study.pk]) + "?format=csv")
    assert b"".join(answer.streaming_content).decode().splitlines() == ["Dataset,Versions", "Emotion clips,1.0"]


def test_pages_cost_the_same_number_of_queries_however_much_there_is(signed_in, django_assert_max_num_queries):
    counts = []
    for n in (6, 30):
        scene = factories.scene(n=n)
        version = scene.publish()
        browser = signed_in(scene.rhea)
        browser.get(reverse("datasets:list", args=[scene.study.pk]))  # what a process looks up once
        for url in pages(scene, version).values():
            with django_assert_max_num_queries(MOST_QUERIES) as found:
                browser.get(url)
            counts.append(len(found))
    assert counts[:3] == counts[3:]


def test_models_are_registered_run_and_listed_from_the_page(settings, tmp_path, signed_in):
    settings.CONCORD_MODELS = tmp_path  # the lexicon needs no file
    texts = ["A great day.", "A terrible day."]
    scene = factories.scene(4, 4, ("scale",), "text", texts=texts)
    browser = signed_in(scene.eva)
    models = reverse("inference:models", args=[scene.study.pk])
    assert browser.get(models).status_code == 200
    assert signed_in(scene.cora).get(models).status_code == 403
    browser = signed_in(scene.eva)
    answer = browser.post(reverse("inference:register", args=[scene.study.pk]), {"backend": "vader-text-valence"})
    assert answer.status_code == 302
    version = registry.ModelVersion.objects.get()
    begun = browser.post(
        reverse("inference:prelabel", args=[scene.study.pk]), {"model_version": version.pk, "campaign": scene.campaign.pk}, **HTMX
    )  # fmt: skip
    assert begun.status_code == 200
    run = Run.objects.get()
    jobs.run(run.job_id)
    page = browser.get(reverse("inference:run", args=[run.pk]))
    assert b"I-000003" in page.content
    listed = browser.get(reverse("inference:run", args=[run.pk]) + "?format=csv")
    assert len(b"".join(listed.streaming_content).splitlines()) == 5
    chosen = {"model_version": version.pk, "gold_standard": scene.gold.pk}
    refused = browser.post(reverse("inference:train", args=[scene.study.pk]), chosen)
    assert refused.status_code == 409
    browser.post(reverse("inference:evaluate", args=[scene.study.pk]), chosen)
    evaluation = Run.objects.get(kind="evaluate")
    jobs.run(evaluation.job_id)
    page = browser.get(reverse("inference:run", args=[evaluation.pk])).content.decode()
    assert "Too few to judge." in page
    assert "one person against the rest" in page
    assert signed_in(scene.otto).get(reverse("inference:run", args=[run.pk])).status_code == 404
