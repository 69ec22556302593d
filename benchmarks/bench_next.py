"""What a person waits for between two clips: `python -m benchmarks.bench_next`. The workspace of the demo study in Chromium.

Clips are answered by key, one after the other. The clock begins when the pause after the last answer ends, and stops when
the next clip is in the page with media that would play: the bar is 100 ms (p95) where it was made ready ahead. The same
without anything made ready is printed beside it.
"""

from __future__ import annotations

import os
import shutil
import sys

from benchmarks import bars, serving  # first: it sets the environment up

# isort: split
from playwright.sync_api import Page, TimeoutError, sync_playwright

from benchmarks.bench_page import FLAGS, WHO, demo
from core.models import User
from labeling.models import Campaign, Item
from labeling.services import campaigns, items

BAR_MS, CLIPS = 100.0, 60
# Waits for the next assignment with media that play, from the moment at which the answer was settled.
WATCH = """
document.addEventListener("answer:settled", () => {
  const began = performance.now();
  const left = document.querySelector("[name=assignment_id]").value;
  const look = () => {
    const here = document.querySelector("[name=assignment_id]")?.value;
    const media = [...document.querySelectorAll(".work video, .work audio")];
    const awake = document.querySelector("answer-form")?.matches(":defined");
    if (here && here !== left && awake && media.every((one) => one.readyState >= 3)) window.__next.push(performance.now() - began);
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
});
"""
READY = """async () => {
  const { ahead } = await import("#app/lib/ahead.js");
  for (let turn = 0; turn < 200 && !ahead.ready.length; turn++) await new Promise((done) => setTimeout(done, 25));
  return ahead.ready.length;
}"""


def answer(page: Page) -> None:
    """A key for every question that wants an answer; the pause after the last one is the page's own."""
    for question in page.locator("[data-question][data-required]").all():
        page.keyboard.press(question.locator("input[data-code]").first.get_attribute("data-code"))


def _until(page: Page, more_than: int) -> None:
    """Until the next clip is counted. (Playwright's own waiting evaluates a string, which the page's policy refuses.)"""
    for _turn in range(250):
        if page.evaluate("window.__next.length") > more_than:
            return
        page.wait_for_timeout(20)
    raise TimeoutError("no next clip")


def walk(page: Page, url: str, *, ready: bool) -> list[float]:
    """Answer clip after clip until none is left; seconds from the end of the pause to the next that plays."""
    page.goto(url, wait_until="networkidle")
    page.evaluate("window.__next = []")
    page.evaluate(WATCH)
    found: list[float] = []
    while page.locator("answer-form").count():
        if ready and not page.evaluate(READY):
            break  # so near the end nothing is held ahead
        answer(page)
        try:
            _until(page, len(found))
        except TimeoutError:
            break  # the last clip has no next
        found = page.evaluate("window.__next")
    return [one / 1000 for one in found]


def many(first: Campaign, user: User, n: int) -> Campaign:
    """A campaign of `n` clips for one person: the demo's clips, each several times under another code."""
    made = campaigns.create_campaign(
        actor=user, study=first.study, name=f"Next {n}", scheme_version=first.scheme_version, overlap=1
    )
    clips = list(Item.objects.filter(campaign_items__campaign=first).select_related("recording").order_by("code"))
    ids = []
    for at in range(n):
        clip = clips[at % len(clips)]
        copy = items.add_item(
            actor=None, recording=clip.recording, code=f"{clip.code}-{n}-{at}", targets=list(clip.targets.all()),
            start_us=clip.start_us, end_us=clip.end_us,
        )  # fmt: skip
        ids.append(copy.pk)
    campaigns.add_items(actor=None, campaign=made, items=ids)
    campaigns.add_annotator(actor=None, campaign=made, user=user)
    return campaigns.open_campaign(actor=None, campaign=made)


def main() -> int:
    first, user = demo(), User.objects.get(email=WHO)
    program = os.environ.get("CONCORD_CHROMIUM") or shutil.which("chromium")
    with serving.server() as port, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        spent = {}
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's loop runs in this thread
        for ready, n in ((True, CLIPS), (False, CLIPS // 2)):
            campaign = many(first, user, n)
            Campaign.objects.filter(pk=campaign.pk).update(ahead=3 if ready else 0)
            url = f"http://127.0.0.1:{port}/label/{campaign.pk}/"
            context = browser.new_context()
            context.add_cookies(
                [{"name": k, "value": v, "url": f"http://127.0.0.1:{port}"} for k, v in serving.cookies(user).items()]
            )
            spent[ready] = walk(context.new_page(), url, ready=ready)
            context.close()
        browser.close()
    print(f"{len(spent[True])} clips made ready ahead, {len(spent[False])} asked for; {bars.load()}")
    print(f"{'next clip plays, ready ahead, p50':<52} {serving.percentile(spent[True], 0.5):9.0f} ms")
    bars.judge("next clip plays, ready ahead, p95", serving.percentile(spent[True], 0.95), BAR_MS, "ms")
    if spent[False]:
        print(f"{'next clip plays, asked for, p50':<52} {serving.percentile(spent[False], 0.5):9.0f} ms")
    return 1 if bars.misses else 0


if __name__ == "__main__":
    sys.exit(main())
