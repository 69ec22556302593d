"""Annotators whose answers a program made up are called simulated wherever they, or what rests on them, are shown."""

import json

import pytest
from django.urls import reverse

from consent.services.packages import Package
from datasets.services import datasheet, package, publish
from labeling import holdings
from labeling.models import Annotator, Campaign, Item
from labeling.services import agreement, annotations, campaigns, gold, ratings
from labeling.services.annotations import Imported

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def campaign(cast):
    """The cast's campaign, in which a program has answered every labeled item as well, under a code that does not tell it."""
    campaign = Campaign.objects.get(pk=cast.ours.campaign.pk)
    program = campaigns.add_annotator_without_account(
        actor=cast.mia, study=campaign.study, code="S1", kind=Annotator.Kind.SIMULATED
    )
    label = campaign.scheme_version.questions.get().labels.order_by("position").first()
    labeled = Item.objects.filter(gold_labels__gold_standard=cast.ours.gold)
    rows = [Imported(item.pk, program.pk, {"emotion": {"label": str(label.pk)}}) for item in labeled]
    annotations.import_annotations(actor=cast.mia, campaign=campaign, rows=rows, source="simulation")
    return campaign


@pytest.fixture
def version(cast, campaign):
    fused = gold.fuse(gold.begin(actor=cast.mia, campaign=campaign))
    return publish.publish(publish.begin(actor=cast.mia, dataset=cast.ours.dataset, gold_standard=fused))


def said(browser, route, *args, **more):
    answer = browser.get(reverse(route, args=args), more)
    return b"".join(answer.streaming_content).decode() if answer.streaming else answer.content.decode()


def test_what_a_program_made_up_is_counted_apart(campaign):
    assert ratings.simulated(campaign) == {"annotators": 1, "all_annotators": 3, "answers": 4, "all_answers": 11}


def test_a_report_of_agreement_carries_how_many_of_its_annotators_are_simulated(cast, campaign, client):
    report = agreement.measure(actor=cast.rhea, campaign=campaign)
    client.force_login(cast.rhea)
    (told,) = [
        one
        for one in client.get("/api/v1/agreement-reports", {"campaign": campaign.pk}).json()["results"]
        if one["id"] == str(report.pk)
    ]
    assert [one["simulated"] for one in told["measures"]] == [
        {"annotators": 1, "all_annotators": 3, "answers": 4, "all_answers": 11}
    ]


@pytest.mark.parametrize("tab", ["overview", "agreement", "gold"])
def test_a_page_with_numbers_from_them_says_how_many_are_simulated(tab, cast, browsers, campaign):
    page = said(browsers["rhea"], f"campaigns:{tab}", campaign.pk)
    assert "1 of 3 annotators is simulated." in page
    assert "A program made up 4 of 11 answers." in page


@pytest.mark.parametrize("tab", ["overview", "agreement", "gold"])
def test_a_page_without_them_does_not_speak_of_them(tab, cast, browsers):
    assert "simulated" not in said(browsers["rhea"], f"campaigns:{tab}", cast.ours.campaign.pk)


def test_the_overview_counts_simulated_answers_apart_from_imported_ones(cast, browsers, campaign):
    page = said(browsers["rhea"], "campaigns:overview", campaign.pk)
    assert "4 answers simulated" in page
    assert "imported" not in page


def test_the_list_of_annotators_and_its_export_say_it(cast, browsers, campaign):
    assert ">simulated</span>" in said(browsers["rhea"], "campaigns:annotators", campaign.pk)
    assert "S1,simulated,4,0" in said(browsers["rhea"], "campaigns:annotators", campaign.pk, format="csv")


def test_the_page_of_a_version_its_datasheet_and_its_rows_say_it(cast, browsers, version):
    assert "1 of 3 annotators is simulated." in said(browsers["rhea"], "datasets:version", version.pk)
    assert "- annotators, simulated: 1" in datasheet.markdown(version)
    assert datasheet.facts(version)["labeling"]["annotators"] == {"member": 2, "simulated": 1}
    files = {one.name: one.content for one in package.files(version)}
    told = [json.loads(line)["annotator"] for line in files["ratings.jsonl"].splitlines()]
    assert sum(name.startswith("simulated-") for name in told) == 4
    assert sum(not name.startswith("simulated-") for name in told) == 7


def test_an_evaluation_against_them_says_it(cast, browsers, campaign):
    run = cast.ours.run
    run.kind, run.gold_standard = "evaluate", cast.ours.gold
    run.results = {
        "n": 4, "n_groups": 3, "labels": [], "sufficiency": {"enough": False, "code": "too_few_labels", "why": ""},
        "uar": {"value": 0.5, "interval": None, "n_units": 4, "n_raters": 1, "coverage": 1.0, "method": "UAR", "undefined": "", "why": ""},
    }  # fmt: skip
    run.save()
    assert "1 of 3 annotators is simulated." in said(browsers["rhea"], "inference:run", run.pk)


def test_the_interface_for_programs_says_it(cast, browsers, campaign):
    program = Annotator.objects.get(code="S1")
    told = json.loads(said(browsers["rhea"], "api:annotators-detail", program.pk))
    assert told["kind"] == "simulated"
    answer = campaign.annotations.filter(annotator=program).first()
    assert json.loads(said(browsers["rhea"], "api:labeling_api:annotation", answer.pk))["source"] == "simulation"


def test_the_copy_for_a_participant_says_which_answers_a_program_made_up(cast, campaign):
    copy = Package()
    holdings.export(cast.ours.participant, copy)
    kinds = {one["annotator_kind"] for one in copy.data["data/annotations.json"]}
    assert kinds == {"member", "simulated"}
