"""Every page, looked at by a machine: axe, console, policy, other hosts, overflow; and photographed for people to look at.

CONCORD_SCREENSHOTS names a folder for the pictures. An address of the resolver that is in no list here fails the suite.
"""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Error, expect

from tests.browser.conftest import ROOT
from tests.browser.looks import faults
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
from consent.services import consents, links, notices, participants, requests, studies
from core import access
from datasets.services import publish
from inference.services import evaluate, prelabel, registry
from labeling.services import agreement, gold, guidelines, schemes
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
    told = Notice.objects.exclude(published_at=None).filter(study=study).latest('number')
    texts = [{name: getattr(text, name) for name in ('language', 'title', 'summary', 'sections', 'purposes')} for text in told.texts.all()]
    notices.draft_notice(actor=dana, study=study, choices=told.choices, texts=texts)
    consents.ask_erasure(participant=Participant.objects.get(code='P-0005'))
    participants.add_participant(actor=dana, study=study, row=participants.NewParticipant(code='P-0100', kind='fictional', language='en'))
    # Rows as a training leaves them: one that made a version and one that failed. A real one wants a hundred labels of people.
    found = {'model_version': str(version.pk), 'n': 312, 'n_groups': 24, 'out_of_fold': {'pearson_r': 0.71, 'mae': 0.62, 'mae_of_mean': 1.08}}
    for state, why, results in (('done', '', found), ('failed', 'Only 12 of the texts can still be read.', {})):
        job = Job.objects.create(kind='inference.train', actor=mia, state=state, error_message=why)
        Run.objects.create(study=study, model_version=version, campaign=sentences, gold_standard=fused, kind='train', started_by=mia,
                           question=sentences.scheme_version.questions.get(), job=job, results=results)
    empty = studies.create_study(actor=mia, controller=study.controller, name='Nothing in it yet', context=study.context, fictional=True)
    for who, role in ((mia, 'engineer'), (rhea, 'researcher'), (dana, 'privacy')):
        access.grant(who, role, empty, actor=mia)
    said = {'en': [{'heading': 'What to rate', 'text': 'What the person appears to express.'}]}
    asked = [{'prompt': {'en': 'Whose feeling counts?'}, 'options': [{'en': 'Mine'}, {'en': 'That of the person'}], 'right': 1}]
    guideline = guidelines.create_guideline(actor=rhea, study=study, name='Expressed emotion', text=said, quiz=asked)
    guidelines.give(actor=rhea, campaign=clips, version=guideline, reading=False)
    schemes.create_scheme(actor=rhea, study=study, name='Being drawn up', document=schemes.from_gallery('call-centre'))
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
    'notice_id': str(Notice.objects.filter(study=study).exclude(published_at=None).first().pk), 'text_id': str(NoticeText.objects.filter(language='en').first().pk),
    'request_id': str(person.requests.latest('id').pk), 'dataset_id': str(Dataset.objects.get(name='For the pages').pk),
    'version_id': str(DatasetVersion.objects.filter(dataset__name='For the pages').first().pk),
    'run_id': str(Run.objects.filter(kind='evaluate').first().pk), 'prelabel': str(Run.objects.filter(kind='prelabel').first().pk),
    'model_id': str(Run.objects.filter(kind='evaluate').first().model_version.model_id),
    'recording_id': str(Track.objects.get(recording__code='v04').recording_id),
    'draft_id': str(Notice.objects.get(study=study, published_at=None).pk),
    'trained': str(Run.objects.get(kind='train', job__state='done').pk), 'untrained': str(Run.objects.get(kind='train', job__state='failed').pk),
    'scheme': str(SchemeVersion.objects.get(scheme__name='Being drawn up').pk),
    'empty': str(Study.objects.get(name='Nothing in it yet').pk),
    'token': links.make_link(participant=person, actor=dana)[1],
    'asked': links.make_link(participant=Participant.objects.get(code='P-0100'), actor=dana)[1],
    'erasing': links.make_link(participant=Participant.objects.get(code='P-0005'), actor=dana)[1],
    **{{name: str(Campaign.objects.get(name=full).pk) for name, full in (('traces', '{TRACES}'), ('sentences', '{SENTENCES}'))}},
}}, default=str))
"""
)
# Who sees a page, and its address; {} are filled from WHERE. The route is what the doors table calls it.
PAGES = [
    ("account_login", "", "/accounts/login/"),
    ("account_reset_password", "", "/accounts/password/reset/"),
    ("account_reset_password_done", "", "/accounts/password/reset/done/"),
    ("account_reset_password_from_key", "", "/accounts/password/reset/key/1-none/"),
    ("account_reset_password_from_key_done", "", "/accounts/password/reset/key/done/"),
    ("account_confirm_email", "", "/accounts/confirm-email/none/"),
    ("account_email_verification_sent", "", "/accounts/confirm-email/"),
    ("account_signup", "", "/accounts/signup/"),
    ("account_inactive", "", "/accounts/inactive/"),
    ("socialaccount_login_cancelled", "", "/accounts/3rdparty/login/cancelled/"),
    ("socialaccount_login_error", "ana", "/accounts/3rdparty/login/error/"),
    ("socialaccount_connections", "ana", "/accounts/3rdparty/"),
    ("account_reauthenticate", "ana", "/accounts/reauthenticate/"),
    ("account_logout", "ana", "/accounts/logout/"),
    ("mfa_list_webauthn", "ana", "/accounts/2fa/webauthn/"),
    ("tokens", "ana", "/account/tokens/"),
    ("people", "mia", "/people/"),
    ("demo:mails", "mia", "/demo/mails/"),
    ("studies:people", "mia", "/studies/{study_id}/people/"),
    ("studies:people", "rhea", "/studies/{study_id}/people/"),
    ("campaigns:people", "mia", "/campaigns/{campaign_id}/people/"),
    ("datasets:people", "mia", "/datasets/{dataset_id}/people/"),
    ("inference:people", "mia", "/models/{model_id}/people/"),
    ("mfa_index", "ana", "/accounts/2fa/"),
    ("account_email", "ana", "/accounts/email/"),
    ("account_change_password", "ana", "/accounts/password/change/"),
    ("labeling:home", "ana", "/label/"),
    ("labeling:item", "ana", "/label/{campaign_id}/"),
    ("labeling:item", "ana", "/label/{traces}/"),
    ("labeling:item", "ana", "/label/{sentences}/"),
    ("labeling:practice", "ana", "/label/{traces}/practice/"),
    ("labeling:practice_test", "ana", "/label/{traces}/practice/brightness/"),
    ("studies:list", "rhea", "/studies/"),
    ("studies:new", "mia", "/studies/new/"),
    ("studies:overview", "rhea", "/studies/{study_id}/"),
    ("studies:recordings", "rhea", "/studies/{study_id}/recordings/"),
    ("studies:recording", "rhea", "/studies/{study_id}/recordings/{recording_id}/"),
    ("studies:new_recording", "rhea", "/studies/{study_id}/recordings/new/"),
    ("studies:schemes", "rhea", "/studies/{study_id}/schemes/"),
    ("studies:new_scheme", "rhea", "/studies/{study_id}/schemes/new/"),
    ("studies:edit_scheme", "rhea", "/studies/{study_id}/schemes/{scheme}/edit/?question=0"),
    ("studies:edit_scheme", "rhea", "/studies/{study_id}/schemes/{scheme}/edit/?tab=json"),
    ("studies:guidelines", "rhea", "/studies/{study_id}/guidelines/"),
    ("studies:new_guideline", "rhea", "/studies/{study_id}/guidelines/new/"),
    ("labeling:guideline", "ana", "/label/{campaign_id}/guideline/"),
    ("campaigns:guideline", "rhea", "/campaigns/{campaign_id}/guideline/"),
    ("campaigns:comments", "rhea", "/campaigns/{campaign_id}/comments/"),
    ("campaigns:list", "rhea", "/studies/{study_id}/campaigns/"),
    ("campaigns:new", "rhea", "/studies/{study_id}/campaigns/new/"),
    ("campaigns:rules", "rhea", "/campaigns/{campaign_id}/rules/"),
    ("campaigns:overview", "rhea", "/campaigns/{campaign_id}/"),
    ("campaigns:items", "rhea", "/campaigns/{campaign_id}/items/"),
    ("campaigns:practice", "rhea", "/campaigns/{traces}/practice/"),
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
    ("consent:notice_edit", "dana", "/studies/{study_id}/notices/{draft_id}/edit/"),
    ("consent:requests", "dana", "/studies/{study_id}/requests/"),
    ("consent:request_new", "dana", "/studies/{study_id}/requests/new/"),
    ("consent:request", "dana", "/studies/{study_id}/requests/{request_id}/"),
    ("consent:audit", "dana", "/studies/{study_id}/audit/"),
    ("consent:mine", "", "/p/{token}/"),
    ("consent:mine_stop", "", "/p/{token}/stop/"),
    ("consent:mine_erase", "", "/p/{token}/erase/"),
    ("consent:mine_code", "", "/p/{erasing}/erase/code/"),
    ("consent:mine_question", "", "/p/{token}/question/"),
    ("consent:mine_notice", "", "/p/{token}/notice/{text_id}/"),
    ("inference:run", "mia", "/runs/{trained}/"),
    ("inference:run", "mia", "/runs/{untrained}/"),
    # Lists without a line, and what they say instead.
    ("labeling:home", "otto", "/label/"),
    ("studies:list", "otto", "/studies/"),
    ("studies:overview", "rhea", "/studies/{empty}/"),
    ("studies:recordings", "rhea", "/studies/{empty}/recordings/"),
    ("studies:schemes", "rhea", "/studies/{empty}/schemes/"),
    ("campaigns:list", "rhea", "/studies/{empty}/campaigns/"),
    ("datasets:list", "rhea", "/studies/{empty}/datasets/"),
    ("inference:models", "mia", "/studies/{empty}/models/"),
    ("consent:participants", "dana", "/studies/{empty}/participants/"),
    ("consent:bases", "dana", "/studies/{empty}/bases/"),
    ("consent:notices", "dana", "/studies/{empty}/notices/"),
    ("consent:requests", "dana", "/studies/{empty}/requests/"),
    ("consent:audit", "dana", "/studies/{empty}/audit/"),
]
# A form with these fields, posted as a browser does it.
POST = """([path, fields]) => {
  const form = document.createElement("form");
  [form.method, form.action] = ["post", path];
  for (const [name, value] of Object.entries(fields)) {
    const field = document.createElement("input");
    [field.name, field.value] = [name, value];
    form.append(field);
  }
  document.body.append(form);
  form.submit();
}"""
# What answers in place of a page: (name, who, the page before, the address, what is posted, status, what it says).
ANSWERED = [
    ("agree", "", "/p/{asked}/", "/p/{asked}/choices/", {"purpose": "collect"}, 200, "Please read this first"),
    ("not-found", "ana", "/label/", "/campaigns/{study_id}/", None, 404, "There is nothing here, or nothing that you may see."),
    ("not-found", "", "/accounts/login/", "/p/nobody/", None, 404, "There is nothing here, or nothing that you may see."),
    ("no-token", "ana", "/label/", "/account/language/", {"csrfmiddlewaretoken": ""}, 403, "This form is too old"),
    ("moved", "dana", "/studies/{study_id}/requests/{request_id}/", "/studies/{study_id}/requests/{request_id}/move/",
     {"to": "acknowledged", "revision": "999"}, 412, "Somebody else has changed this request"),
    ("invalid", "ana", "/label/", "/account/language/", {"language": "xx"}, 422, "This language is not here"),
]  # fmt: skip
ANSWERS = {"socialaccount_login_error": 401}  # the rest answers 200
# Looked at in test_sign_in.py, by somebody who has a second factor.
WITH_A_FACTOR = {
    "mfa_activate_totp", "mfa_add_webauthn", "mfa_authenticate", "mfa_reauthenticate", "mfa_deactivate_totp", "mfa_view_recovery_codes", "mfa_generate_recovery_codes",
    "mfa_edit_webauthn", "mfa_remove_webauthn", "mfa_reauthenticate_webauthn",
}  # fmt: skip
BEFORE_ANYBODY = {"welcome"}  # has a test below
# No page of their own: redirects, files, fragments, addresses for machines.
NO_PAGE = {
    "home", "healthz", "readyz", "metrics", "job", "labeling:current", "labeling:stop", "labeling:media", "labeling:flagged", "labeling:rail", "schema",
    "datasets:download", "consent:mine_download", "studies:scheme_file", "consent:request_download", "account_set_password", "account_confirm_login_code",
    "mfa_download_recovery_codes", "mfa_login_webauthn", "socialaccount_signup", "openid_connect_login", "openid_connect_callback",
}  # fmt: skip
LOOKS = [(1280, "light"), (390, "dark"), (1280, "dark"), (390, "light")]
BOTH_ENDS = [*LOOKS[:2], *(pytest.param(*look, marks=pytest.mark.long) for look in LOOKS[2:])]
BUDGET = 200_000  # bytes a workspace transfers, without media


@pytest.fixture(scope="module")
def where(stack) -> dict[str, str]:
    stack.ask("import json\n" + FILL)
    return json.loads(stack.ask("import json\n" + WHERE))


def test_every_page_is_looked_at():
    shown = {door.route for door in TABLE if door.method == "GET" and not door.route.startswith("api:")}
    missing = sorted(shown - NO_PAGE - WITH_A_FACTOR - BEFORE_ANYBODY - {route for route, _who, _path in PAGES})
    assert not missing, f"Not looked at in tests/browser/test_pages.py: {missing}"


@pytest.mark.parametrize(("width", "colours"), BOTH_ENDS, ids=str)
def test_pages_hold_up(width: int, colours: str, stack, enter, where):
    """All pages of one look, each person signed in once; every fault of every page is told."""
    found: list[str] = []
    for who in dict.fromkeys(who for _route, who, _path in PAGES):
        with enter(who, viewport=window(width), color_scheme=colours) as page:
            for number, (route, _who, path) in enumerate(PAGES):
                if _who == who:
                    address = f"{stack.url}{path.format(**where)}"
                    answer = page.goto(address)
                    if answer.status != ANSWERS.get(route, 200) or not page.url.startswith(address):
                        found.append(f"{path}: answers {answer.status} at {page.url}")
                    found += faults(page, f"{number:02}-{route}-{width}-{colours}")
    assert not found, "\n".join(found)


def window(width: int) -> dict[str, int]:
    return {"width": width, "height": 900 if width > 800 else 844}


@pytest.mark.parametrize(("width", "colours"), BOTH_ENDS, ids=str)
def test_what_answers_in_place_of_a_page_holds_up(width: int, colours: str, enter, where):
    found: list[str] = []
    for who in dict.fromkeys(who for _name, who, *_rest in ANSWERED):
        with enter(who, viewport=window(width), color_scheme=colours) as page:
            for name, _who, before, path, fields, status, said in ANSWERED:
                if _who == who:
                    page.goto(before.format(**where))
                    if fields is None:
                        answer = page.goto(path.format(**where))
                    else:
                        token = next(one["value"] for one in page.context.cookies() if one["name"] == "csrf")
                        with page.expect_navigation() as going:
                            page.evaluate(POST, [path.format(**where), {"csrfmiddlewaretoken": token, **fields}])
                        answer = going.value
                    assert (answer.status, said in page.locator("body").inner_text()) == (status, True), name
                    found += faults(page, f"answer-{name}-{who or 'nobody'}-{width}-{colours}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize(("width", "colours"), BOTH_ENDS, ids=str)
def test_what_a_form_is_refused_with_stands_where_its_result_would(width: int, colours: str, enter, where):
    with enter("mia", viewport=window(width), color_scheme=colours) as page:
        page.goto(f"/studies/{where['study_id']}/models/")
        form = page.locator("form:has(#train-job)")
        form.get_by_label("Model").select_option(label="vader-text-valence, 1")
        form.get_by_label("Gold standard").select_option(label=f"{SENTENCES}, 1")
        page.get_by_role("button", name="Train a new version").click()
        told = page.locator("#train-job [role=alert]")
        expect(told).to_contain_text("This model has no head that could be trained.")
        expect(page.get_by_role("button", name="Train a new version")).to_be_visible()
        told.scroll_into_view_if_needed()
        found = faults(page, f"refused-{width}-{colours}")
    assert not found, "\n".join(found)


def test_a_run_that_begins_is_in_the_list_beside_its_bar(stack, enter, where):
    """Its bar gets no answer here, so that the page stays: what comes into the list comes at the start of the run."""
    with enter("mia") as page:
        page.goto(f"/studies/{where['study_id']}/models/")
        page.evaluate("window.same = true")
        page.route("**/jobs/*/**", lambda route: route.fulfill(status=204))
        form = page.locator("form:has(#prelabel-job)")
        form.locator("select[name=model_version]").select_option(label="vader-text-valence, 1")
        form.locator("select[name=campaign]").select_option(where["sentences"])
        listed = page.locator("section[aria-labelledby=runs] tbody tr")
        before = listed.count()
        form.get_by_role("button", name="Start predictions").click()
        expect(page.locator("#prelabel-job [role=status]")).to_be_visible()
        expect(listed).to_have_count(before + 1)
        run = stack.value("str(Run.objects.latest('id').pk)", FIRST)
        expect(listed.first.get_by_role("link")).to_have_attribute("href", f"/runs/{run}/")
        assert page.evaluate("window.same") is True
        page.unroute("**/jobs/*/**")
        page.wait_for_url(f"**/runs/{run}/", timeout=90_000)


@pytest.fixture
def untouched(stack, tmp_path) -> Iterator[str]:
    """The address of an installation in which nobody has an account yet: its tables are the stack's, without the people."""
    for name in ("concord.sqlite3", "keys.sqlite3"):
        with closing(sqlite3.connect(stack.data / name)) as there, closing(sqlite3.connect(tmp_path / name)) as here:
            there.backup(here)
            if name.startswith("concord"):
                here.execute("DELETE FROM core_user")
                here.commit()
    (tmp_path / "static").symlink_to(stack.data / "static")
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = stack.env | {"CONCORD_DATA": str(tmp_path), "CONCORD_LEDGER": str(tmp_path / "ledger"), "SECRET_KEY": "for tests only",
                       "PUBLIC_URL": f"http://127.0.0.1:{port}"}  # fmt: skip
    argv = [
        sys.executable,
        "-m",
        "gunicorn",
        "config.wsgi",
        "--threads",
        "2",
        "--bind",
        f"127.0.0.1:{port}",
        "--no-control-socket",
    ]
    with subprocess.Popen(argv, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        yield f"http://127.0.0.1:{port}"
        process.terminate()


def test_the_first_page_makes_the_first_administrator(untouched, enter):
    found: list[str] = []
    with enter("", base_url=untouched) as page:
        until = time.monotonic() + 60
        while True:
            try:
                page.goto("/")
                break
            except Error:  # it has not begun to listen
                assert time.monotonic() < until
                page.wait_for_timeout(200)
        assert page.url == f"{untouched}/welcome/"
        for width, colours in LOOKS:
            page.set_viewport_size({"width": width, "height": 844})
            page.emulate_media(color_scheme=colours)
            found += faults(page, f"welcome-{width}-{colours}")
        page.locator("input[name=email]").fill("first@lab.example")
        page.locator("input[name=name]").fill("First Person")
        page.locator("input[name=password]").fill("a long enough pass phrase")
        page.locator("input[name=password]").press("Enter")
        page.wait_for_url(lambda url: "/welcome" not in url)
        assert page.goto("/welcome/").status == 404
    assert not found, "\n".join(found)


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
