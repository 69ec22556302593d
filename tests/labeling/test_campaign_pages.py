"""Pages of a campaign for those who run it: numbers as the services have them, and the acts on its rules."""

import html
import json

import pytest
from django.urls import reverse

from consent.models import Permission
from core import access, jobs
from core.models import AuditEvent, Job
from labeling.models import Annotator, Assignment, Campaign, CampaignItem, GoldStandard, SchemeVersion
from labeling.services import agreement, campaigns, gold
from labeling.views.campaigns import _progress

pytestmark = pytest.mark.django_db(databases="__all__")


def at(name, campaign):
    return reverse(f"campaigns:{name}", args=[campaign.pk])


def rows(answer):
    return b"".join(answer.streaming_content).decode().splitlines()


def text(answer):
    return answer.content.decode()


@pytest.fixture
def rhea(browsers):
    return browsers["rhea"]


@pytest.fixture
def campaign(cast):
    return Campaign.objects.get(pk=cast.ours.campaign.pk)


@pytest.fixture
def draft(cast):
    return campaigns.create_campaign(
        actor=cast.rhea,
        study=cast.ours.study,
        name="Second pass",
        scheme_version=cast.ours.campaign.scheme_version,
        overlap=2,
    )


def test_the_overview_says_what_the_services_count(rhea, campaign):
    shown, counted = text(rhea.get(at("overview", campaign))), _progress(campaign)
    assert (counted["items"], counted["sum_answered"], counted["sum_wanted"]) == (5, 7, 10)
    assert "7 of 10 answers" in shown
    assert f"{counted['complete']} items complete, {counted['begun']} begun, {counted['untouched']} not begun" in shown
    measured = agreement.latest(campaign)[0].measures[0]["value"]
    assert f"{measured:.2f}".replace("0.", ".") in shown


def test_who_stopped_is_left_out_of_the_numbers_and_the_page_says_so(rhea, campaign, cast):
    Permission.objects.filter(participant=cast.ours.participant).delete()
    shown = text(rhea.get(at("overview", campaign)))
    left = CampaignItem.objects.filter(campaign=campaign).count() - _progress(campaign)["items"]
    assert left > 0
    assert f"{left} left out: somebody who appears does not allow it now" in shown


@pytest.mark.parametrize(("page", "first"), [("items", "a0"), ("annotators", "A01"), ("gold", "")])
def test_every_list_exports_what_it_shows(page, first, rhea, campaign):
    lines = rows(rhea.get(at(page, campaign), {"format": "csv"}))
    assert len(lines) > 2
    assert lines[1].startswith(first)


def test_items_are_filtered_and_sorted_by_what_the_page_offers_and_nothing_else(rhea, campaign):
    def ask(**query):
        return [line.split(",")[0] for line in rows(rhea.get(at("items", campaign), {"format": "csv", **query}))[1:]]

    assert ask() == ["a0", "t0", "t1", "t2", "t3"]
    assert ask(sort="-item") == ["t3", "t2", "t1", "t0", "a0"]
    assert ask(q="t") == ["t0", "t1", "t2", "t3"]
    assert set(ask(open="True")) | set(ask(open="False")) == {"a0", "t0", "t1", "t2", "t3"}
    assert ask(sort="item__recording__external_id") == ask()


def test_answers_of_annotators_are_those_that_count_now(rhea, campaign):
    lines = rows(rhea.get(at("annotators", campaign), {"format": "csv"}))
    assert lines[1:] == ["A01,member,3,0", "A02,member,4,0"]


def test_agreement_is_measured_by_a_job_whose_bar_is_a_fragment(rhea, campaign):
    answer = rhea.post(at("measure_agreement", campaign), headers={"HX-Request": "true"})
    assert answer.status_code == 200
    job = Job.objects.get(kind="labeling.measure_agreement")
    assert f'id="job-{job.pk}"' in text(answer)
    assert "<html" not in text(answer)
    assert jobs.run(job.pk).state == Job.State.DONE
    assert campaign.agreement_reports.count() == 2
    assert rhea.post(at("measure_agreement", campaign)).status_code == 302  # without scripts: back to the page


def test_the_agreement_page_shows_values_intervals_and_counts_of_each_label(rhea, campaign):
    shown = text(rhea.get(at("agreement", campaign)))
    measured = agreement.latest(campaign)[0].measures[0]
    assert measured["method"] in html.unescape(shown)
    assert "7 answers" in shown
    assert "load" not in shown.split("measure/")[1][:300]  # an outdated report is not measured anew by looking at it


def test_a_gold_standard_is_made_from_the_page_with_ties_drawn(rhea, campaign):
    answer = rhea.post(at("make_gold", campaign), {"ties-emotion": "random"})
    assert answer.status_code == 302
    made = GoldStandard.objects.get(campaign=campaign, number=2)
    assert made.method["emotion"]["ties"] == "random"
    assert "Under way" in text(rhea.get(at("gold", campaign)))
    jobs.run(made.job_id)
    shown = text(rhea.get(at("gold", campaign)))
    assert "Gold standard 2" in shown
    assert text(rhea.post(at("make_gold", campaign), {"ties-emotion": "first"})).count("Select a valid choice") == 1


def test_a_gold_standard_that_failed_says_so(rhea, campaign, cast):
    made = gold.begin(actor=cast.rhea, campaign=campaign)
    Job.objects.filter(pk=made.job_id).update(state=Job.State.FAILED, error_message="The worker died.")
    shown = text(rhea.get(at("gold", campaign)))
    assert "could not be made" in shown
    assert "The worker died." in shown


def test_pages_ask_the_database_a_bounded_number_of_times(rhea, campaign, django_assert_max_num_queries):
    for page in ("overview", "items", "annotators", "agreement", "gold", "rules"):
        with django_assert_max_num_queries(50):
            assert rhea.get(at(page, campaign)).status_code == 200


def test_a_campaign_is_drawn_up_with_a_scheme_made_for_it(rhea, cast):
    address = reverse("campaigns:new", args=[cast.ours.study.pk])
    assert "a new one" in text(rhea.get(address))
    told = {
        "name": "Faces", "about": "What faces show.", "scheme": "", "categories": "ekman-7-neutral", "scales": ["valence", "arousal"],
        "trace": "arousal", "overlap": "2", "predictions": "after", "closes_on": "2030-05-01",
    }  # fmt: skip
    answer = rhea.post(address, told)
    made = Campaign.objects.get(name="Faces")
    assert answer.url == at("rules", made)
    assert (made.state, made.overlap, made.predictions, str(made.closes_on)) == ("draft", 2, "after", "2030-05-01")
    asked = list(made.scheme_version.questions.values_list("key", "kind"))
    assert asked == [("emotion", "choice"), ("valence", "scale"), ("arousal", "scale"), ("arousal_trace", "trace")]
    assert "manager" in access.roles(cast.rhea, made)
    assert AuditEvent.objects.filter(verb="labeling.campaign.created", actor_id=cast.rhea.pk).exists()


@pytest.mark.parametrize(("ticked", "on"), [
    (["audio", "band_passed"], {"audio", "band_passed"}), (["transcript"], {"transcript"}),
    (["video", "audio", "physiology"], {"video", "audio", "physiology"}), ([], {"video", "audio", "transcript"}),
])  # fmt: skip
def test_what_annotators_perceive_is_said_when_a_campaign_is_drawn_up(ticked, on, rhea, cast):
    address = reverse("campaigns:new", args=[cast.ours.study.pk])
    page = text(rhea.get(address))
    assert "What annotators perceive" in page
    rhea.post(
        address, {"name": "Heard", "scales": ["valence"], "overlap": "2", "predictions": "never", "perceived": ticked}
    )
    assert {rule for rule, is_on in Campaign.objects.get(name="Heard").perceived.items() if is_on} == on


@pytest.mark.parametrize(("told", "words"), [
    ({"name": "Faces", "overlap": "2"}, "Choose a scheme, or categories"),
    ({"name": "First pass", "overlap": "2", "categories": "ekman-6"}, "campaign of that name"),
    ({"name": "", "overlap": "2", "categories": "ekman-6"}, "This field is required"),
    ({"name": "Faces", "overlap": "0", "categories": "ekman-6"}, "greater than or equal to 1"),
    ({"name": "Faces", "overlap": "2", "categories": "moods"}, "Select a valid choice"),
])  # fmt: skip
def test_rules_that_cannot_be_meant_are_told_and_make_neither_campaign_nor_scheme(told, words, rhea, cast):
    before = (Campaign.objects.count(), SchemeVersion.objects.count())
    answer = rhea.post(reverse("campaigns:new", args=[cast.ours.study.pk]), {"predictions": "never", **told})
    assert answer.status_code == 422
    assert words in text(answer)
    assert (Campaign.objects.count(), SchemeVersion.objects.count()) == before


def test_a_scheme_of_another_study_cannot_be_chosen(rhea, cast):
    told = {"name": "F", "overlap": "2", "predictions": "never", "scheme": str(cast.theirs.campaign.scheme_version_id)}
    assert rhea.post(reverse("campaigns:new", args=[cast.ours.study.pk]), told).status_code == 422


def test_items_are_found_first_and_then_added(rhea, draft):
    found = text(rhea.get(at("rules", draft), {"find": "1", "modality": "text", "code": "T"}))
    assert "4 items are found" in found
    assert "Add 4 items" in found
    assert CampaignItem.objects.filter(campaign=draft).count() == 0
    assert rhea.post(at("add_items", draft), {"modality": "text", "code": "T"}).status_code == 302
    assert CampaignItem.objects.filter(campaign=draft).count() == 4
    again = text(rhea.get(at("rules", draft), {"find": "1"}))
    assert "1 item is found" in again  # those that are in it are not found again


def test_an_item_of_somebody_who_stopped_is_not_found(rhea, draft, cast):
    Permission.objects.filter(participant=cast.ours.participant).delete()
    assert "2 items are found" in text(rhea.get(at("rules", draft), {"find": "1"}))


def test_annotators_are_added_by_e_mail_all_or_none(rhea, draft, cast):
    told = {"emails": f"{cast.ben.email.upper()}\nnobody@lab.example"}
    answer = rhea.post(at("add_annotators", draft), told)
    assert answer.status_code == 422
    assert "There is no account of nobody@lab.example." in text(answer)
    assert not access.visible(cast.ben, Campaign.objects.filter(pk=draft.pk), "label").exists()
    assert (
        rhea.post(at("add_annotators", draft), {"emails": f"{cast.ben.email.upper()}, {cast.ana.email}"}).status_code
        == 302
    )
    assert access.visible(cast.ben, Campaign.objects.filter(pk=draft.pk), "label").exists()
    code = Annotator.objects.get(user=cast.ben, study=cast.ours.study).code
    assert f"Take {code} out" in text(rhea.get(at("rules", draft)))
    assert rhea.post(at("remove_annotator", draft), {"code": code}).status_code == 302
    assert not access.visible(cast.ben, Campaign.objects.filter(pk=draft.pk), "label").exists()
    assert rhea.post(at("remove_annotator", draft), {"code": code}).status_code == 404


def test_a_draft_is_opened_paused_and_closed_and_each_act_says_what_it_does(rhea, draft, cast):
    empty = rhea.post(at("state", draft), {"act": "open"})
    assert (empty.status_code, "Add items first" in text(empty)) == (409, True)
    rhea.post(at("add_items", draft), {})
    rhea.post(at("add_annotators", draft), {"emails": cast.ben.email})
    assert "Opening hands 5 items to the annotators and freezes the scheme for good." in text(
        rhea.get(at("rules", draft))
    )
    for act, state in (("open", "open"), ("pause", "paused"), ("open", "open")):
        assert rhea.post(at("state", draft), {"act": act}).status_code == 302
        draft.refresh_from_db()
        assert draft.state == state
    assert draft.scheme_version.frozen_at is not None
    unsure = rhea.post(at("state", draft), {"act": "close"})
    assert (unsure.status_code, "Closing is for good" in text(unsure)) == (422, True)
    assert "0 of 10 answers are there" in text(unsure)
    assert rhea.post(at("state", draft), {"act": "close", "sure": "on"}).status_code == 302
    draft.refresh_from_db()
    assert draft.state == "closed"
    assert rhea.post(at("state", draft), {"act": "open"}).status_code == 409
    verbs = set(AuditEvent.objects.filter(actor_id=cast.rhea.pk).values_list("verb", flat=True))
    assert {f"labeling.campaign.{verb}" for verb in ("opened", "paused", "closed", "items_added")} <= verbs


def test_closing_takes_back_what_is_held(rhea, campaign):
    held = Assignment.objects.filter(campaign=campaign, state="leased").count()
    assert held == 1
    assert f"{held} held items are taken back" in text(rhea.get(at("rules", campaign)))
    rhea.post(at("state", campaign), {"act": "close", "sure": "on"})
    assert not Assignment.objects.filter(campaign=campaign, state="leased").exists()


def test_what_is_shown_of_predictions_is_set_and_written_down(rhea, campaign, cast):
    assert rhea.post(at("predictions", campaign), {"predictions": "suggestion"}).status_code == 302
    campaign.refresh_from_db()
    assert campaign.predictions == "suggestion"
    event = AuditEvent.objects.filter(verb="labeling.campaign.predictions_set").get()
    facts = json.loads(event.facts)
    assert (facts["before"], facts["after"]) == ("never", "suggestion")
    assert rhea.post(at("predictions", campaign), {"predictions": "often"}).status_code == 422
    campaigns.close_campaign(actor=cast.mia, campaign=campaign)
    assert rhea.post(at("predictions", campaign), {"predictions": "never"}).status_code == 409


@pytest.mark.parametrize("act", ["add_items", "add_annotators", "remove_annotator", "predictions", "state"])
def test_the_acts_are_for_who_runs_campaigns(act, browsers, campaign):
    assert {who: browsers[who].post(at(act, campaign)).status_code for who in ("ana", "ben", "otto", "dana")} == {
        "ana": 404, "ben": 404, "otto": 404, "dana": 403,
    }  # fmt: skip
