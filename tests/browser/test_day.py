"""The whole day of all five people in one go; each step is checked by what it left in another store."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

CLIPS, TRACES, SENTENCES = "Clips: what is expressed", "Arousal over time", "Sentences: how positive"
DATASET = "Expression, labeled"
MODELS = """
from consent.models import *
from core.models import *
from datasets.models import *
from inference.models import *
from labeling.models import *
"""
SAMPLES = """
from labeling.models import Trace
from labeling.services.ratings import samples
row = Trace.objects.filter(annotation__annotator__user__email='ana@demo.example').latest('id')
found = samples(row)
"""
# How far the lightest and the darkest of a frame's pixels are apart.
PIXELS = """() => {
  const [video, canvas] = [document.querySelector("video"), document.createElement("canvas")];
  [canvas.width, canvas.height] = [32, 32];
  const brush = canvas.getContext("2d");
  brush.drawImage(video, 0, 0, 32, 32);
  const shades = [...brush.getImageData(0, 0, 32, 32).data].filter((_shade, at) => at % 4 === 0);
  return Math.max(...shades) - Math.min(...shades);
}"""
# How high a drawn line reaches, of a hundred, and of how many points it is: 0 of what is not drawn.
DRAWN = r"""(where) => {
  const line = document.querySelector(where);
  return line ? [line.getBBox().height, line.getAttribute("d").match(/-?[\d.]+/g).length / 2] : [0, 0];
}"""
# What the page's form would send with the first choice of every question.
FILLED = """() => Object.fromEntries(
  [...document.querySelectorAll("#answer input[type=hidden], #answer [data-question]")]
    .map((one) => one.matches("input") ? one : one.querySelector("input"))
    .map((field) => [field.name, field.value])
)"""
READ_PARQUET = """
import json, sys
import pandas
found = {}
for path in sys.argv[1:]:
    table = pandas.read_parquet(path)
    found[path] = [len(table), list(table.columns)]
print(json.dumps(found))
"""


def test_the_whole_day_of_all_five_people(stack, enter, tmp_path):
    annotators_label(stack, enter)
    ana_traces(stack, enter)
    gold = rhea_measures_and_fuses(stack, enter)
    first = rhea_publishes(stack, enter, tmp_path, gold)
    stopped = dana_stops_one(stack, enter)
    rhea_publishes_again(stack, enter, first, gold, stopped)
    pat_decides(stack, enter)
    dana_answers_and_erases(stack, enter, tmp_path)
    the_first_version_is_recalled(stack, enter, first)  # still, and its id verifies without the erased rows
    mia_predicts_and_evaluates(stack, enter)
    stack.manage("verify_audit")


# annotators -----------------------------------------------------------------------------------------------------------


def annotators_label(stack, enter) -> None:
    """ana and ben label three clips each, by digits and rows of keys alone."""
    for name in ("ana", "ben"):
        with enter(name) as page:
            page.goto("/label/")
            page.get_by_role("link", name=CLIPS).first.click()
            for digit in ("4", "5", "1"):
                label_by_keys(page, digit)
            expect(page.locator(".saved")).to_contain_text("Saved")
            if name == "ana":
                # The queue's order is the demo's seed's: the fourth is a voice. (ben is handed first what she gave back.)
                expect(page.locator("media-player")).to_have_attribute("data-kind", "audio")
                drawn(page, "wave-form path.past", points=400)
        mine = f"Annotation.objects.filter(annotator__user__email='{name}@demo.example', campaign__name='{CLIPS}', current=True)"
        assert stack.value(f"{mine}.count()", MODELS) == 3
        said = f"sorted(set({mine}.filter(answers__number__isnull=False).values_list('answers__question__key', 'answers__number')))"
        assert stack.value(said, MODELS) == [["arousal", 2], ["dominance", 4], ["valence", 3]]
        chosen = f"{mine}.filter(answers__label__isnull=False).values_list('answers__label__position', flat=True).distinct().count()"
        assert stack.value(chosen, MODELS) == 3
        events = f"AuditEvent.objects.filter(verb='labeling.annotation.submitted', actor_id=str(User.objects.get(email='{name}@demo.example').pk)).count()"
        assert stack.value(events, MODELS) >= 3


def label_by_keys(page: Page, digit: str) -> None:
    """One clip: emotion by digit, valence by the top row, arousal by the home row, dominance by the bottom row."""
    expect(page.locator("answer-form .here")).to_be_visible()
    here = page.url
    for key in (digit, "e", "s", "v"):  # third, second and fourth point of their rows
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url != here, timeout=15_000)


def drawn(page: Page, where: str, points: int) -> None:
    """A line of that many points at least, and one that moves."""
    until(page, f"document.querySelector({where!r})")
    height, found = page.evaluate(DRAWN, where)
    assert height > 20, "flat"
    assert found >= points


def at_hand(stack, page: Page) -> tuple[str, str, list[str]]:
    """The assignment whose page is open, with its item's code and whom it is about, as the database has it."""
    expect(page.locator("#answer")).to_be_visible()
    one = page.locator("#answer [name=assignment_id]").input_value()
    item = f"Assignment.objects.get(pk='{one}').item"
    about = f"list({item}.targets.values_list('code', flat=True))"
    return one, *stack.value(f"[{item}.code, {about}]", MODELS)


def ana_traces(stack, enter) -> None:
    """A live trace, with the hand on the paper while the clip plays; then the samples themselves are looked at."""
    with enter("ana") as page:
        page.goto("/label/")
        page.get_by_role("link", name=TRACES).first.click()
        expect(page.locator("trace-pad .pad")).to_be_visible()
        until(page, "document.querySelector('media-player').locked")
        drawn(page, "signal-lane path.sig", points=400)
        box = page.locator(".pad").bounding_box()
        page.mouse.move(box["x"] + 100, box["y"] + box["height"] / 2)
        page.keyboard.press("Space")
        end, share = time.monotonic() + 40, 0.5
        while time.monotonic() < end and page.evaluate("document.querySelector('media-player').state") != "ended":
            share = 0.1 if share > 0.9 else share + 0.02
            page.mouse.move(box["x"] + 100, box["y"] + box["height"] * share)
            page.wait_for_timeout(25)
        assert page.evaluate(PIXELS) > 60, "the picture has no light and dark"
        expect(page.locator('[data-trace-out="kept"]')).to_contain_text("All of it is rated", timeout=20_000)
        here = page.url
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: url != here, timeout=15_000)
    found = stack.value(
        "dict(t=[int(n) for n in found.times_us], v=[float(n) for n in found.values], end=row.item.end_us if hasattr(row, 'item') else row.annotation.item.end_us)",
        SAMPLES,
    )
    times = found["t"]
    assert times == sorted(set(times))
    assert (len(times) - 1) / ((times[-1] - times[0]) / 1e6) >= 10
    assert max(b - a for a, b in itertools.pairwise(times)) <= 200_000
    assert times[-1] >= found["end"] - 300_000
    assert max(found["v"]) - min(found["v"]) > 1


# researcher -----------------------------------------------------------------------------------------------------------


def rhea_measures_and_fuses(stack, enter) -> str:
    with enter("rhea") as page:
        page.goto("/studies/")
        page.get_by_role("link", name="Faces, voices and words").first.click()
        page.get_by_role("link", name="Campaigns").first.click()
        page.get_by_role("link", name=CLIPS).first.click()
        page.get_by_role("link", name="Agreement", exact=True).first.click()
        before = stack.value("AgreementReport.objects.count()", MODELS)
        page.get_by_role("button", name="Measure").first.click()
        stack.wait_for(f"AgreementReport.objects.count() > {before}", MODELS)
        report = stack.value("AgreementReport.objects.latest('id').measures", MODELS)
        page.reload()
        shown = page.locator("main").inner_text()
        for measure in report:
            told = [measure["value"], measure["interval"]["low"], measure["interval"]["high"]]
            assert all(coefficient(one) in shown for one in told), measure
            assert str(measure["n_units"]) in shown
        assert {measure["question"] for measure in report} == {"emotion", "valence", "arousal", "dominance"}
        page.get_by_role("link", name="Gold standard", exact=True).first.click()
        before = stack.value(f"GoldStandard.objects.filter(campaign__name='{CLIPS}').count()", MODELS)
        page.get_by_role("button", name="Make a gold standard").click()
        number = before + 1
        made = f"GoldStandard.objects.filter(campaign__name='{CLIPS}', number={number}, state='ready')"
        gold = stack.wait_for(f"[str(pk) for pk in {made}.values_list('pk', flat=True)]", MODELS)[0]
        look_again(page)
        expect(page.locator("main")).to_contain_text(f"Gold standard {number}")
        labels = stack.value(f"GoldLabel.objects.filter(gold_standard='{gold}').count()", MODELS)
        assert labels >= 19 * 3
        assert audited(stack, "labeling.gold.fused", gold) == 1
    return f"{CLIPS}, {number}"


def audited(stack, verb: str, target: str) -> int:
    """How many entries the audit log has of this about that."""
    return stack.value(f"AuditEvent.objects.filter(verb='{verb}', target_id='{target}').count()", MODELS)


def coefficient(value: float) -> str:
    text = f"{value:.2f}"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def rhea_publishes(stack, enter, folder: Path, gold: str) -> str:
    """A version, its package, and every file of it against the manifest, the page and the database."""
    with enter("rhea") as page:
        study = stack.value("str(Study.objects.get(slug='faces-voices-words').pk)", MODELS)
        page.goto(f"/studies/{study}/datasets/")
        page.get_by_label("Name").fill(DATASET)
        page.get_by_role("button", name="Make the dataset").click()
        publish(page, gold)
        version = published(stack)[0]
        look_again(page, f"/versions/{version}/")
        page.get_by_role("button", name="Prepare the package").click()
        stack.wait_for("Job.objects.filter(kind='datasets.prepare_package', state='done').exists()", MODELS)
        look_again(page, f"/versions/{version}/")
        with page.expect_download() as waiting:
            page.get_by_role("link", name="Download,").click()
        archive = folder / "version.zip"
        waiting.value.save_as(archive)
    unpacked = folder / "version"
    zipfile.ZipFile(archive).extractall(unpacked)
    listed = dict(
        stack.value(f"list(VersionFile.objects.filter(version='{version}').values_list('name', 'sha256'))", MODELS)
    )
    found = {path.name: sha256(path.read_bytes()).hexdigest() for path in unpacked.rglob("*") if path.is_file()}
    assert {name: found[name] for name in listed} == listed
    assert any(name.endswith(".parquet") for name in listed)
    manifest = json.loads(next(unpacked.rglob("manifest.json")).read_text())
    assert listed.items() >= {one["name"]: one["sha256"] for one in manifest["files"] if one["name"] in listed}.items()
    tables = [str(path) for path in unpacked.rglob("*.parquet")]
    # In a process without this project on its path: pandas probes for a package that has the name of one of our apps.
    ran = subprocess.run(
        [sys.executable, "-c", READ_PARQUET, *tables], cwd=folder, capture_output=True, text=True, check=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder)},
    )  # fmt: skip
    opened = json.loads(ran.stdout)
    rows = stack.value(f"DatasetVersion.objects.get(pk='{version}').rows", MODELS)
    assert rows in [length for length, _columns in opened.values()]
    assert stack.value("Delivery.objects.filter(user__email='rhea@demo.example').count()", MODELS) == 1
    assert audited(stack, "datasets.version.published", version) == 1
    return version


def publish(page: Page, gold: str) -> None:
    page.locator("select[name=gold_standard]").select_option(label=gold)
    page.get_by_role("button", name="Publish").click()


def published(stack, *, besides: str = "") -> list[str]:
    """The day's published versions, as soon as there is one."""
    found = f"DatasetVersion.objects.filter(dataset__name='{DATASET}', state='published')"
    if besides:
        found += f".exclude(pk='{besides}')"
    return stack.wait_for(f"[str(pk) for pk in {found}.values_list('pk', flat=True)]", MODELS)


def rhea_publishes_again(stack, enter, first: str, gold: str, stopped: dict) -> None:
    """The next version leaves out whom dana stopped, and its change log says how many items that were."""
    with enter("rhea") as page:
        dataset = stack.value(f"str(DatasetVersion.objects.get(pk='{first}').dataset_id)", MODELS)
        page.goto(f"/datasets/{dataset}/")
        publish(page, gold)
        second = published(stack, besides=first)[0]
        look_again(page, f"/versions/{second}/")
        changes = stack.value(f"DatasetVersion.objects.get(pk='{second}').changes", MODELS)
        assert changes["removed"] == changes["withdrawn"] == stopped["items"] > 0
        assert changes["added"] == 0
        expect(page.locator("main")).to_contain_text(f"−{stopped['items']} item")
        theirs = f"VersionRow.objects.filter(version='{second}', item__targets__code='P-0002').count()"
        assert stack.value(theirs, MODELS) == 0
        rows = f"[DatasetVersion.objects.get(pk=pk).rows for pk in ('{first}', '{second}')]"
        before, after = stack.value(rows, MODELS)
        assert after == before - stopped["items"]
        page.goto(f"/versions/{first}/")
        expect(page.get_by_role("button", name="Prepare the package")).to_have_count(0)
    the_first_version_is_recalled(stack, enter, first)


def the_first_version_is_recalled(stack, enter, first: str) -> None:
    with enter("rhea") as page:
        assert page.goto(f"/versions/{first}/?verify=1").status == 200  # the citation resolves for ever
        expect(page.locator("main")).to_contain_text("Recalled.")
        assert page.request.post(f"/versions/{first}/package/", headers=csrf(page)).status == 410
    assert stack.value(f"DatasetVersion.objects.get(pk='{first}').state", MODELS) == "recalled"


# privacy officer ------------------------------------------------------------------------------------------------------


def dana_stops_one(stack, enter) -> dict:
    """P-0002 (v06) is stopped while ana's page has a clip of theirs open: her page, the queue, the media and the log follow."""
    track = stack.value("str(Track.objects.get(recording__code='v06').pk)", MODELS)
    with enter("ana") as hers:
        hers.goto("/label/")
        hers.get_by_role("link", name=CLIPS).first.click()
        while at_hand(stack, hers)[1] != "v06":
            label_by_keys(hers, "2")
        held, _code, about = at_hand(stack, hers)
        assert about == ["P-0002"]
        assert stack.value(f"Assignment.objects.get(pk='{held}').state", MODELS) == "leased"
        media, submit = hers.locator("video").get_attribute("src"), hers.locator("#answer").get_attribute("action")
        late = hers.evaluate(FILLED)
        assert track in media
        assert hers.request.get(media).status in (200, 206)
        with enter("rhea") as page:
            assert page.request.get(f"/media/track/{track}/original").status in (200, 206)
        with enter("dana") as page:
            study = stack.value("str(Study.objects.get(slug='faces-voices-words').pk)", MODELS)
            page.goto(f"/studies/{study}/participants/")
            page.get_by_role("link", name="P-0002").first.click()
            expect(page.locator("main")).to_contain_text("Allowed now")
            allowed = stack.value(
                "Permission.objects.filter(participant__code='P-0002').values_list('purpose', flat=True).distinct().count()",
                MODELS,
            )
            assert page.locator("[aria-labelledby=allows] tbody tr").count() == allowed == 5
            page.get_by_text("Stop …").click()
            page.get_by_role("button", name="Stop all use of P-0002").click()
            stopped_at = time.monotonic()
            expect(page.locator("main")).to_contain_text("No use of this person’s recordings is permitted")
        # Nobody touches ana's page: its own heartbeat learns it.
        expect(hers.get_by_role("alert")).to_contain_text("This recording is no longer available", timeout=60_000)
        assert time.monotonic() - stopped_at < 60
        assert hers.locator("video").count() == 0
        assert hers.request.get(media).status == 404
        refused = hers.request.post(submit, form=late, headers={**csrf(hers), "Accept": "application/json"})
        assert (refused.status, refused.json()["code"]) == (410, "participant_withdrawn")
        assert stack.value(f"Annotation.objects.filter(assignment='{held}').count()", MODELS) == 0
        hers.get_by_role("link", name="Go on with the next clip").click()
        following, _code, about = at_hand(stack, hers)
        assert following != held
        assert about
        assert "P-0002" not in about
    with enter("rhea") as page:
        assert page.request.get(f"/media/track/{track}/original").status == 404
    items = stack.value("Item.objects.filter(targets__code='P-0002').count()", MODELS)
    queue = "from consent.gate import Use, permitted\nfrom labeling.models import CampaignItem"
    theirs = "CampaignItem.objects.filter(item__targets__code='P-0002')"
    assert stack.value(f"permitted({theirs}, Use('human_annotation')).count()", queue) == 0
    person = stack.value("str(Participant.objects.get(code='P-0002').pk)", MODELS)
    assert stack.value(f"AuditEvent.objects.filter(target_id='{person}', verb__startswith='consent.').exists()", MODELS)
    with enter("dana") as page:
        page.goto(f"/studies/{study}/audit/")
        expect(page.locator("main")).to_contain_text("stopped")
    return {"items": items}


def dana_answers_and_erases(stack, enter, folder: Path) -> None:
    study = stack.value("str(Study.objects.get(slug='faces-voices-words').pk)", MODELS)
    with enter("dana") as page:
        for kind, code in (("access", "P-0001"), ("erasure", "P-0002")):
            page.goto(f"/studies/{study}/requests/new/")
            page.locator("select[name=kind]").select_option(kind)
            page.locator("input[name=code]").fill(code)
            page.locator("input[name=received_on]").fill(
                stack.value("str(timezone.now().date())", "from django.utils import timezone")
            )
            page.get_by_role("button", name="Record").click()
            expect(page.locator("main h1")).to_contain_text("R-")
            assert stack.value(
                f"str(Request.objects.filter(participant__code='{code}').latest('id').due_on) > str(Request.objects.latest('id').received_at.date())",
                MODELS,
            )
            while stack.value("Request.objects.latest('id').state", MODELS) in (
                "received",
                "acknowledged",
                "identity_pending",
            ):
                page.locator("[aria-labelledby=next] button[name=to]").first.click()
            assert stack.value("Request.objects.latest('id').state", MODELS) == "verified"
            if kind == "access":
                page.get_by_role("button", name="Build the package").click()
                stack.wait_for("str(Request.objects.latest('id').package_id or '')", MODELS)
                look_again(page)
                with page.expect_download() as waiting:
                    page.get_by_role("link", name="Download").click()
                waiting.value.save_as(folder / "access.zip")
                assert zipfile.ZipFile(folder / "access.zip").testzip() is None
                assert len(zipfile.ZipFile(folder / "access.zip").namelist()) > 2
            else:
                page.locator("summary", has_text="Erase").click()
                page.get_by_role("button", name="for good").click()
                asset = stack.value("[a.store_key for a in Asset.objects.filter(subjects__code='P-0002')]", MODELS)
                page.locator("summary", has_text="Do not wait").click()  # the demo's cooling-off is a day
                page.locator("[aria-labelledby=wait] select[name=reason]").select_option("not_waiting")
                page.get_by_role("button", name="Erase now").click()
    stack.wait_for(
        "Erasure.objects.filter(request__kind='erasure', state__in=('live_complete', 'final')).exists()", MODELS
    )
    assert asset
    assert [key for key in asset if (stack.data / "store" / key).exists()] == []
    assert (
        stack.value(
            "[p.state for p in Participant.objects.filter(pk__in=Erasure.objects.values('participant'))]", MODELS
        ).count("erased")
        == 1
    )


# participant ----------------------------------------------------------------------------------------------------------


def pat_decides(stack, enter) -> None:
    """P-0003's own page, by the link that dana made: what was agreed; pause, resume, stop, ask for erasure."""
    study = stack.value("str(Study.objects.get(slug='faces-voices-words').pk)", MODELS)
    with enter("dana") as page:
        who = stack.value("str(Participant.objects.get(code='P-0003').pk)", MODELS)
        page.goto(f"/studies/{study}/participants/{who}/")
        page.get_by_role("button", name="Make a link to their page").click()
        link = page.locator("code.mono", has_text="/p/").inner_text()
    state = f"Participant.objects.get(pk='{who}').state"
    with enter("") as page:
        page.goto(link)
        expect(page.locator("main")).to_contain_text("You said yes on")
        expect(page.locator("main")).to_contain_text("a record made for a demonstration")
        assert page.locator("input.switch:checked").count() == 5
        page.get_by_role("button", name="Pause everything").click()
        expect(page.locator("main")).to_contain_text("Paused.")
        assert stack.value(state, MODELS) == "paused"
        page.get_by_role("button", name="End the pause").click()
        expect(page.get_by_role("button", name="Pause everything")).to_be_visible()
        assert stack.value(state, MODELS) == "active"
        page.get_by_role("link", name="Stop …").click()
        page.locator("main form button[type=submit]").first.click()
        expect(page.locator("main")).to_contain_text("Stopped.")
        assert stack.value(state, MODELS) == "stopped"
        page.get_by_role("link", name="Ask for erasure").click()
        page.locator("main form button[type=submit]").first.click()
        expect(page.get_by_label("The eight digits")).to_be_visible()
        mails = sorted((stack.data / "mail").glob("*"), key=lambda path: path.stat().st_mtime)
        code = next(
            word for word in mails[-1].read_text().split() if word.strip(".").isdigit() and len(word.strip(".")) == 8
        )
        page.get_by_label("The eight digits").fill(code.strip("."))
        page.locator("main form button[type=submit]").first.click()
        expect(page.locator("main")).to_contain_text("Your data are erased by")
    kinds = stack.value(
        f"list(ConsentEvent.objects.filter(participant='{who}', purpose='').values_list('kind', flat=True))", MODELS
    )
    assert [kind for kind in kinds if kind in ("paused", "resumed", "withdrawn")] == ["paused", "resumed", "withdrawn"]
    assert "erasure_confirmed" in kinds


# engineer -------------------------------------------------------------------------------------------------------------


def mia_predicts_and_evaluates(stack, enter) -> None:
    study = stack.value("str(Study.objects.get(slug='faces-voices-words').pk)", MODELS)
    with enter("mia") as page:
        page.goto(f"/studies/{study}/models/")
        page.locator("select[name=backend]").select_option("vader-text-valence")
        page.get_by_role("button", name="Register this model").click()
        expect(page.locator("main")).to_contain_text("vader-text-valence")
        version = stack.value(
            f"str(ModelVersion.objects.get(model__study='{study}', model__backend='vader-text-valence').pk)", MODELS
        )
        assert audited(stack, "inference.model.registered", version) == 1
        form = page.locator("form:has(#prelabel-job)")
        form.locator("select[name=model_version]").select_option(version)
        form.locator("select[name=campaign]").select_option(label=SENTENCES)
        given = stack.value("Annotation.objects.count()", MODELS)
        run = started(stack, page, "prelabel", "Start predictions")
        predictions = f"Prediction.objects.filter(run='{run}', model_version='{version}')"
        assert stack.value(f"{predictions}.exclude(input_hash='').exclude(number=None).count()", MODELS) == 20
        assert stack.value(f"{predictions}.values('input_hash').distinct().count()", MODELS) == 20
        assert stack.value("Annotation.objects.count()", MODELS) == given  # kept apart from what people said
        gold = stack.value(f"GoldStandard.objects.filter(campaign__name='{SENTENCES}').count()", MODELS) + 1
        campaign = stack.value(f"str(Campaign.objects.get(name='{SENTENCES}').pk)", MODELS)
        page.goto(f"/campaigns/{campaign}/gold/")
        page.get_by_role("button", name="Make a gold standard").click()
        stack.wait_for(
            f"GoldStandard.objects.filter(campaign='{campaign}', number={gold}, state='ready').exists()", MODELS
        )
        page.goto(f"/studies/{study}/models/")
        form = page.locator("form:has(#evaluate-job)")
        form.locator("select[name=model_version]").select_option(version)
        form.locator("select[name=gold_standard]").select_option(label=f"{SENTENCES}, {gold}")
        run = started(stack, page, "evaluate", "Compare with the gold standard")
        look_again(page, f"/runs/{run}/")
        expect(page.locator("main")).to_contain_text("oo few to judge")
        assert stack.value(f"Run.objects.get(pk='{run}').results['n']", MODELS) == 20
        expect(page.locator("main")).to_contain_text("20")


def started(stack, page: Page, kind: str, button: str) -> str:
    """The run that a button starts, once a worker has ended it and the audit log says so."""
    before = stack.value(f"[str(pk) for pk in Run.objects.filter(kind='{kind}').values_list('pk', flat=True)]", MODELS)
    page.get_by_role("button", name=button).click()
    made = f"Run.objects.filter(kind='{kind}', job__state='done').exclude(pk__in={before})"
    run = stack.wait_for(f"[str(pk) for pk in {made}.values_list('pk', flat=True)]", MODELS, 120)[0]
    assert audited(stack, "inference.run.ended", run) == 1
    return run


def until(page: Page, condition: str, seconds: float = 15) -> None:
    """Waits for a condition in the page. (Playwright's own waiting evaluates a string there, which the policy refuses.)"""
    end = time.monotonic() + seconds
    while not page.evaluate(f"() => Boolean({condition})"):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(30)


def csrf(page: Page) -> dict[str, str]:
    token = next(one["value"] for one in page.context.cookies() if one["name"] == "csrf")
    return {"X-CSRFToken": token, "Referer": page.url}


def look_again(page: Page, path: str = "") -> None:
    """Load the page anew, or the one where its job's result is.

    It goes there itself when its job ends, and of two navigations at once a browser drops one.
    """
    try:
        page.goto(path or page.url)
    except PlaywrightError as dropped:
        if "ERR_ABORTED" not in str(dropped):
            raise
        page.wait_for_load_state("load")
