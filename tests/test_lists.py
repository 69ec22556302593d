"""Every list of a page searches or filters, sorts, pages and exports; an empty one says why it is empty and what to do."""

import csv
import html
import io
import re

import pytest
from django.urls import reverse

from core.lists import PAGE, sheet
from labeling.services import campaigns

pytestmark = pytest.mark.django_db(databases="__all__")

# Route, who looks, the prefix of the list in the address, the first heading of its CSV, what only an empty list says.
LISTS = [
    ("studies:list", "mia", "", "Study", "You have no study yet."),
    ("studies:recordings", "mia", "", "Recording", "No recording yet."),
    ("studies:schemes", "mia", "", "Scheme", "No scheme yet."),
    ("people", "mia", "", "Person", "Nobody holds a role here."),  # never empty: somebody looks at it
    ("studies:people", "mia", "", "Person", "Nobody holds a role here."),
    ("campaigns:people", "mia", "", "Person", "Nobody holds a role here."),
    ("campaigns:list", "mia", "", "Campaign", "No campaign yet."),
    ("campaigns:items", "mia", "", "Item", "No item that may be labeled now."),
    ("campaigns:annotators", "mia", "", "Annotator", "Nobody has labeled here yet."),
    ("campaigns:comments", "mia", "", "Item", "Nobody has commented yet."),
    ("campaigns:gold", "mia", "", "Item", "No gold standard yet."),
    ("datasets:list", "mia", "", "Dataset", "No dataset yet."),
    ("datasets:dataset", "mia", "", "Version", "Nothing is published yet."),
    ("inference:models", "mia", "m-", "Model", "No model is registered in this study."),
    ("inference:models", "mia", "r-", "Run", "No run yet."),
    ("inference:run", "mia", "", "Item", "Nothing was predicted."),
    ("consent:participants", "dana", "", "Participant", "No participant yet."),
    ("consent:bases", "dana", "", "Part", "No ground is stated"),
    ("consent:notices", "dana", "", "Version", "No notice yet."),
    ("consent:requests", "dana", "", "Request", "Nobody waits."),
    ("consent:audit", "dana", "", "Number", "Nothing was recorded in this study yet."),
]
EVERY_LIST = pytest.mark.parametrize(
    ("route", "who", "prefix", "heading", "empty"), LISTS, ids=[f"{one[0]} {one[2]}" for one in LISTS]
)


def address(route, things):
    ids = {
        "campaigns:list": things.study,
        "datasets:list": things.study,
        "datasets:dataset": things.dataset,
        "inference:run": things.run,
    }
    root = ids.get(route) or (things.campaign if route.startswith("campaigns:") else things.study)
    return reverse(route, args=[] if route in ("studies:list", "people") else [root.pk])


def page(browser, url, **asked):
    answer = browser.get(url, asked)
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def exported(browser, url, **asked):
    answer = browser.get(url, asked)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer["Content-Disposition"]
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))


def sorts(text, prefix):
    """The addresses of the headings that sort."""
    return re.findall(rf'<a href="(\?[^"]*\b{re.escape(prefix)}sort=[^"]*)"', text)


@EVERY_LIST
def test_a_list_exports_what_it_shows(route, who, prefix, heading, empty, cast, browsers):
    url = address(route, cast.ours)
    rows = exported(browsers[who], url, **{f"{prefix}format": "csv"})
    assert rows[0][0] == heading
    assert len(rows) > 1
    assert f"{prefix}format=csv" in page(browsers[who], url)


@EVERY_LIST
def test_a_list_sorts_both_ways_by_what_its_headings_offer(route, who, prefix, heading, empty, cast, browsers):
    url = address(route, cast.ours)
    offered = sorts(page(browsers[who], url), prefix)
    assert offered
    for one in offered:
        name = re.search(rf"{re.escape(prefix)}sort=([\w-]+)", one)[1]
        up = exported(browsers[who], url, **{f"{prefix}sort": name, f"{prefix}format": "csv"})
        down = exported(browsers[who], url, **{f"{prefix}sort": f"-{name}", f"{prefix}format": "csv"})
        assert sorted(up[1:]) == sorted(down[1:])
        assert re.search(r'aria-(sort="ascending"|current="true")', page(browsers[who], url, **{f"{prefix}sort": name}))


@EVERY_LIST
def test_a_search_without_a_hit_says_so_and_leads_back(route, who, prefix, heading, empty, cast, browsers):
    url = address(route, cast.ours)
    if route == "consent:notices":
        return  # numbered versions of one text: nothing to search by
    text = page(browsers[who], url, **{f"{prefix}q": "no such thing anywhere"})
    assert "Nothing matches what you look for." in text
    assert "Show all" in text
    assert empty not in text


@EVERY_LIST
def test_every_filter_takes_each_of_its_choices(route, who, prefix, heading, empty, cast, browsers):
    url = address(route, cast.ours)
    text = page(browsers[who], url)
    whole = exported(browsers[who], url, **{f"{prefix}format": "csv"})
    for name, options in re.findall(
        r'<select class="input" name="([\w-]+)"><option value="">all</option>(.*?)</select>', text
    ):
        if not name.startswith(prefix) or (prefix == "" and name.startswith(("m-", "r-"))):
            continue
        for value in re.findall(r'value="([^"]+)"', options):
            narrowed = exported(browsers[who], url, **{name: value, f"{prefix}format": "csv"})
            assert {tuple(row) for row in narrowed} <= {tuple(row) for row in whole}


@pytest.mark.parametrize(("route", "empty"), [
    ("studies:recordings", "No recording yet."), ("studies:schemes", "No scheme yet."), ("campaigns:list", "No campaign yet."),
    ("datasets:list", "No dataset yet."), ("inference:models", "No model is registered in this study."),
    ("consent:participants", "No participant yet."), ("consent:bases", "No ground is stated"), ("consent:notices", "No notice yet."),
    ("consent:requests", "Nobody waits."),
])  # fmt: skip
def test_an_empty_study_says_what_each_list_waits_for(route, empty, cast, browsers):
    from consent.services import studies

    bare = studies.create_study(
        actor=cast.mia, controller=cast.ours.study.controller, name="Bare", context="lab_research", owner=cast.mia
    )
    text = page(browsers["mia"], reverse(route, args=[bare.pk]))
    assert empty in text
    assert "Nothing matches" not in text


def test_a_search_keeps_the_order_and_the_tab(cast, browsers):
    text = page(browsers["dana"], address("consent:requests", cast.ours), show="all", sort="-number")
    assert '<input type="hidden" name="show" value="all">' in text
    assert '<input type="hidden" name="sort" value="-number">' in text


def test_two_lists_of_a_page_are_searched_apart(cast, browsers):
    text = page(browsers["mia"], address("inference:models", cast.ours), **{"r-q": "no such run"})
    assert "Words" in text
    assert text.count("Nothing matches what you look for.") == 1


def test_a_long_list_comes_in_pages_and_the_export_has_all(cast, browsers):
    study, version = cast.ours.study, cast.ours.campaign.scheme_version
    for n in range(PAGE + 5):
        campaigns.create_campaign(actor=cast.mia, study=study, name=f"Pass {n:03}", scheme_version=version)
    url = address("campaigns:list", cast.ours)
    assert f"1 to {PAGE} of {PAGE + 6}" in page(browsers["mia"], url)
    assert f"{PAGE + 1} to {PAGE + 6} of {PAGE + 6}" in page(browsers["mia"], url, page=2)
    assert len(exported(browsers["mia"], url, format="csv")) == PAGE + 7


def test_a_cell_of_an_export_cannot_start_a_formula(cast, browsers):
    name = '=HYPERLINK("https://elsewhere.example")'
    campaigns.create_campaign(
        actor=cast.mia, study=cast.ours.study, name=name, scheme_version=cast.ours.campaign.scheme_version
    )
    cells = [row[0] for row in exported(browsers["mia"], address("campaigns:list", cast.ours), format="csv")]
    assert f"'{name}" in cells
    assert name not in cells


def test_a_table_that_is_no_list_is_guarded_too():
    lines = b"".join(sheet("t", ["a", "b"], [["=1+1", "@x"], [None, 0.5]]).streaming_content).decode().splitlines()
    assert lines == ["a,b", "'=1+1,'@x", ",0.5"]


def test_agreement_is_exported_with_interval_n_and_coverage(cast, browsers):
    rows = exported(browsers["rhea"], reverse("campaigns:agreement", args=[cast.ours.campaign.pk]), format="csv")
    assert rows[0] == ["question", "measure", "value", "low", "high", "items", "annotators", "coverage", "undefined"]
    told = dict(zip(rows[0], rows[1], strict=True))
    measured = cast.ours.report.measures[0]
    assert (told["question"], told["measure"]) == ("emotion", "alpha_nominal")
    assert (float(told["value"]), int(told["items"])) == (measured["value"], measured["n_units"])


# Acts that cannot be taken back say what they do, and to how many -----------------------------------------------------


def test_taking_an_annotator_out_says_what_they_hold_and_what_stays(cast, browsers):
    text = page(browsers["rhea"], reverse("campaigns:rules", args=[cast.ours.campaign.pk]))
    assert "1 held item is handed to others. 3 answers stay." in text
    assert "0 held items are handed to others. 4 answers stay." in text


def test_ending_a_ground_says_how_many_participants_it_concerns(cast, browsers):
    text = page(browsers["dana"], reverse("consent:bases", args=[cast.ours.study.pk]))
    assert text.count("It concerns 3 participants.") == 5


def test_publishing_a_notice_says_whom_it_asks(cast, browsers):
    text = page(browsers["dana"], reverse("consent:notice", args=[cast.ours.study.pk, cast.ours.draft.pk]))
    assert "3 participants are asked by this version from then on." in text


def test_revoking_a_token_says_what_it_does(cast, browsers):
    assert "Every program that uses this token is refused from now on." in page(browsers["ana"], reverse("tokens"))
