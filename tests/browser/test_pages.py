"""Every page, looked at by a machine: axe, console, policy, other hosts, overflow; and photographed for people to look at.

CONCORD_SCREENSHOTS names a folder for the pictures. A page of the resolver that is in no list here fails the suite.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.doors import TABLE

pytestmark = pytest.mark.browser

STUDY = "Study.objects.get(slug='faces-voices-words').pk"
FIRST = "from consent.models import *\nfrom labeling.models import *\nfrom datasets.models import *\nfrom inference.models import *\nfrom core.models import *\n"
CLIPS, TRACES, SENTENCES = "Clips: what is expressed", "Arousal over time", "Sentences: how positive"
# Done once, by the services, so that pages have something to show.
FILL = (
    FIRST
    + """
from core.services import tokens
from consent.services import links, requests
from datasets.services import publish
from inference.services import evaluate, prelabel, registry
from labeling.services import agreement, gold
import time
def wait(job_id):
    until = time.monotonic() + 90
    while Job.objects.get(pk=job_id).state in ('queued', 'running') and time.monotonic() < until:
        time.sleep(0.2)
    assert Job.objects.get(pk=job_id).state == 'done', Job.objects.get(pk=job_id).error_message
study = Study.objects.get(slug='faces-voices-words')
rhea, dana, mia, ana = (User.objects.get(email=f'{n}@demo.example') for n in ('rhea', 'dana', 'mia', 'ana'))
clips, sentences = Campaign.objects.get(name='Clips: what is expressed'), Campaign.objects.get(name='Sentences: how positive')
traces = Campaign.objects.get(name='Arousal over time')
if not GoldStandard.objects.filter(campaign=traces).exists():
    for campaign in (clips, sentences, traces):
        agreement.measure(actor=rhea, campaign=campaign)
        gold.fuse(gold.begin(actor=rhea, campaign=campaign))
    dataset = publish.create_dataset(actor=rhea, study=study, name='For the pages')
    publish.publish(publish.begin(actor=rhea, dataset=dataset, gold_standard=GoldStandard.objects.filter(campaign=clips).first()))
    version = registry.register(actor=mia, study=study, backend='vader-text-valence')
    run = prelabel.start(actor=mia, model_version=version, campaign=sentences)
    wait(run.job_id)
    fused = GoldStandard.objects.get(campaign=sentences, number=1)
    wait(evaluate.start(actor=mia, model_version=version, gold_standard=fused).job_id)
    requests.open_request(actor=dana, study=study, kind='access', participant=Participant.objects.get(code='P-0004'), words='What is held?')
"""
)
WHERE = (
    FIRST
    + f"""
from consent.services import links
study = Study.objects.get(pk={STUDY})
dana = User.objects.get(email='dana@demo.example')
person = Participant.objects.get(code='P-0004')
print(json.dumps({{
    'study_id': str(study.pk), 'campaign_id': str(Campaign.objects.get(name='{CLIPS}').pk), 'participant_id': str(person.pk),
    'notice_id': str(Notice.objects.filter(study=study).first().pk), 'text_id': str(NoticeText.objects.filter(language='en').first().pk),
    'request_id': str(person.requests.latest('id').pk), 'dataset_id': str(Dataset.objects.get(name='For the pages').pk),
    'version_id': str(DatasetVersion.objects.filter(dataset__name='For the pages').first().pk),
    'run_id': str(Run.objects.filter(kind='evaluate').first().pk), 'prelabel': str(Run.objects.filter(kind='prelabel').first().pk),
    'recording_id': str(Track.objects.get(recording__code='v04').recording_id),
    'token': links.make_link(participant=person, actor=dana)[1],
    **{{name: str(Campaign.objects.get(name=full).pk) for name, full in (('traces', '{TRACES}'), ('sentences', '{SENTENCES}'))}},
}}, default=str))
"""
)
# Who sees a page, and its address; {} are filled from WHERE. The route is what the doors table calls it.
PAGES = [
    ("account_login", "", "/accounts/login/"),
    ("account_reset_password", "", "/accounts/password/reset/"),
    ("tokens", "ana", "/account/tokens/"),
    ("mfa_index", "ana", "/accounts/2fa/"),
    ("account_email", "ana", "/accounts/email/"),
    ("account_change_password", "ana", "/accounts/password/change/"),
    ("labeling:home", "ana", "/label/"),
    ("labeling:item", "ana", "/label/{campaign_id}/"),
    ("labeling:item", "ana", "/label/{traces}/"),
    ("labeling:item", "ana", "/label/{sentences}/"),
    ("studies:list", "rhea", "/studies/"),
    ("studies:new", "mia", "/studies/new/"),
    ("studies:overview", "rhea", "/studies/{study_id}/"),
    ("studies:recordings", "rhea", "/studies/{study_id}/recordings/"),
    ("studies:recording", "rhea", "/studies/{study_id}/recordings/{recording_id}/"),
    ("studies:new_recording", "rhea", "/studies/{study_id}/recordings/new/"),
    ("studies:schemes", "rhea", "/studies/{study_id}/schemes/"),
    ("campaigns:list", "rhea", "/studies/{study_id}/campaigns/"),
    ("campaigns:new", "rhea", "/studies/{study_id}/campaigns/new/"),
    ("campaigns:rules", "rhea", "/campaigns/{campaign_id}/rules/"),
    ("campaigns:overview", "rhea", "/campaigns/{campaign_id}/"),
    ("campaigns:items", "rhea", "/campaigns/{campaign_id}/items/"),
    ("campaigns:annotators", "rhea", "/campaigns/{campaign_id}/annotators/"),
    ("campaigns:agreement", "rhea", "/campaigns/{campaign_id}/agreement/"),
    ("campaigns:gold", "rhea", "/campaigns/{campaign_id}/gold/"),
    ("campaigns:gold", "rhea", "/campaigns/{traces}/gold/"),
    ("datasets:list", "rhea", "/studies/{study_id}/datasets/"),
    ("datasets:dataset", "rhea", "/datasets/{dataset_id}/"),
    ("datasets:version", "rhea", "/versions/{version_id}/"),
    ("inference:models", "mia", "/studies/{study_id}/models/"),
    ("inference:run", "mia", "/runs/{run_id}/"),
    ("inference:run", "mia", "/runs/{prelabel}/"),
    ("consent:participants", "dana", "/studies/{study_id}/participants/"),
    ("consent:participant", "dana", "/studies/{study_id}/participants/{participant_id}/"),
    ("consent:participant_new", "mia", "/studies/{study_id}/participants/new/"),
    ("consent:bases", "dana", "/studies/{study_id}/bases/"),
    ("consent:basis_new", "dana", "/studies/{study_id}/bases/new/"),
    ("consent:notices", "dana", "/studies/{study_id}/notices/"),
    ("consent:notice_new", "dana", "/studies/{study_id}/notices/new/"),
    ("consent:notice", "dana", "/studies/{study_id}/notices/{notice_id}/"),
    ("consent:requests", "dana", "/studies/{study_id}/requests/"),
    ("consent:request_new", "dana", "/studies/{study_id}/requests/new/"),
    ("consent:request", "dana", "/studies/{study_id}/requests/{request_id}/"),
    ("consent:audit", "dana", "/studies/{study_id}/audit/"),
    ("consent:mine", "", "/p/{token}/"),
    ("consent:mine_stop", "", "/p/{token}/stop/"),
    ("consent:mine_erase", "", "/p/{token}/erase/"),
    ("consent:mine_question", "", "/p/{token}/question/"),
    ("consent:mine_notice", "", "/p/{token}/notice/{text_id}/"),
]
# No page of their own: redirects, files, fragments, machines' addresses, and what allauth shows only in a state that the
# demo's people are not in (their shape is that of the pages above: the same layouts and elements).
NO_PAGE = {
    "home", "healthz", "readyz", "metrics", "welcome", "job", "labeling:current", "labeling:stop", "labeling:media", "schema",
    "datasets:download", "consent:mine_code", "consent:mine_download", "consent:request_download", "consent:notice_edit",
    "account_logout", "account_inactive", "account_signup", "account_reauthenticate", "account_email_verification_sent",
    "account_set_password", "account_confirm_login_code", "account_confirm_email", "account_reset_password_from_key_done",
    "account_reset_password_from_key", "account_reset_password_done",
}  # fmt: skip
LOOKS = [(1280, "light"), (390, "dark"), (1280, "dark"), (390, "light")]
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
BUDGET = 200_000  # bytes a workspace transfers, without media


@pytest.fixture(scope="module")
def where(stack) -> dict[str, str]:
    stack.ask("import json\n" + FILL)
    return json.loads(stack.ask("import json\n" + WHERE))


def test_every_page_is_looked_at():
    shown = {
        door.route
        for door in TABLE
        if door.method == "GET" and not door.route.startswith(("api:", "mfa_", "socialaccount", "openid"))
    }
    missing = sorted(shown - NO_PAGE - {route for route, _who, _path in PAGES})
    assert not missing, f"Not looked at in tests/browser/test_pages.py: {missing}"


@pytest.mark.long
@pytest.mark.parametrize(("width", "colours"), LOOKS, ids=lambda one: str(one))
def test_pages_hold_up(width: int, colours: str, stack, enter, where):
    """All pages of one look, each person signed in once; every fault of every page is told."""
    faults: list[str] = []
    for who in dict.fromkeys(who for _route, who, _path in PAGES):
        size = {"width": width, "height": 900 if width > 800 else 844}
        with enter(who, viewport=size, color_scheme=colours) as page:
            for route, _who, path in [one for one in PAGES if one[1] == who]:
                faults += look(page, route, path.format(**where), f"{width}-{colours}")
    assert not faults, "\n".join(faults)


def look(page: Page, route: str, path: str, name: str) -> list[str]:
    answer = page.goto(path)
    page.wait_for_load_state("load")
    page.wait_for_timeout(150)
    faults = [] if answer.status == 200 else [f"{path}: answers {answer.status}"]
    over = page.evaluate(OVERFLOW)
    if over > 0:
        faults.append(f"{path} ({name}): {over} px wider than the window")
    for one in Axe().run(page, options=RULES).response["violations"]:
        nodes = "; ".join(node["html"][:160] for node in one["nodes"][:3])
        faults.append(f"{path} ({name}): {one['id']}, {one['help']}: {nodes}")
    if folder := os.environ.get("CONCORD_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        said = (
            f"{route}-{path.split('/')[2][:4] if 'item' in route or 'gold' in route or 'run' in route else ''}".replace(
                ":", "-"
            )
        )
        page.screenshot(path=str(Path(folder) / f"{said}-{name}.png"), full_page=True)
    return faults


def test_a_workspace_is_light(enter, where):
    """What a cold browser transfers for the page, its styles and scripts: at most 200 KB without media."""
    with enter("ben") as page:
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.clearBrowserCache")
        kinds: dict[str, str] = {}
        got: dict[str, float] = {}
        session.on(
            "Network.responseReceived", lambda event: kinds.update({event["requestId"]: event["response"]["url"]})
        )
        session.on(
            "Network.loadingFinished", lambda event: got.update({event["requestId"]: event["encodedDataLength"]})
        )
        page.goto(f"/label/{where['campaign_id']}/")
        page.wait_for_load_state("networkidle")
        light = {kinds[one]: size for one, size in got.items() if one in kinds and "/media/" not in kinds[one]}
    assert any("app" in url for url in light)
    assert sum(light.values()) <= BUDGET, sorted(light.items(), key=lambda pair: -pair[1])[:5]
