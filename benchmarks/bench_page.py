"""What a person waits for: `python -m benchmarks.bench_page`. The workspace of the demo study in Chromium, every visit with a cold cache.

The bars: at most 200 KB transferred without media, and the choices can be clicked at most 500 ms after navigation (p95).
Clickable is measured in the page: the first choice is shown, enabled, hit by a pointer at its middle, and the script that
answers it is running. At the end one is really clicked and the server has the answer.
"""

from __future__ import annotations

import os
import shutil
import sys
import time

from benchmarks import bars, serving  # first: it sets the environment up

# isort: split
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

from core.models import User
from labeling.models import Annotation, Campaign

VISITS, BAR_MS, BAR_KB = 20, 500.0, 200.0
WHO = "ana@demo.example"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update"]  # fmt: skip
# Runs before the page's own scripts and looks once a frame.
WATCH = """
(() => {
  const look = () => {
    const form = document.querySelector("answer-form");
    const choice = form?.querySelector(".choice input");
    if (choice && !choice.disabled && form.matches(":defined")) {
      const box = choice.closest("label").getBoundingClientRect();
      const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
      if (box.width && hit && choice.closest("label").contains(hit)) { window.__clickable = performance.now(); return; }
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})();
"""
TOLD = """() => new Promise((told) => {
  const look = () => (window.__clickable ? told(window.__clickable) : setTimeout(look, 10));
  look();
})"""


def demo() -> Campaign:
    """The demo study with its media, in the benchmark's own folder; the campaign that asks for a choice about clips."""
    for command in ("prepare", "demo_load"):
        serving.manage(command)
    return Campaign.objects.get(name="Clips: what is expressed")


class Visit:
    """One navigation with a cold cache: when the choices could be clicked, and the bytes that came over the line."""

    def __init__(self, browser: Browser, cookies: list[dict[str, str]], url: str) -> None:
        self.context: BrowserContext = browser.new_context()
        self.context.add_cookies(cookies)
        self.page: Page = self.context.new_page()
        self.page.add_init_script(WATCH)
        self.finished: list[Request] = []
        self.page.on("requestfinished", lambda request: self.finished.append(request))
        self.page.goto(url, wait_until="commit")
        self.clickable = self.page.evaluate(TOLD)
        self.first_byte = self.page.evaluate("performance.getEntriesByType('navigation')[0].responseStart")
        self.page.wait_for_load_state("networkidle")

    def bytes(self, *, media: bool) -> int:
        """Heads and bodies as they were sent, compressed."""
        sizes = [one.sizes() for one in self.finished if (one.resource_type == "media") is media]
        return sum(size["responseHeadersSize"] + size["responseBodySize"] for size in sizes)


def click(visit: Visit) -> None:
    """Answer for real, so that a page that only looks ready does not pass."""
    before = Annotation.objects.count()
    for question in visit.page.locator("[data-question][data-required]").all():
        question.locator("label").first.click()
    visit.page.keyboard.press("Enter")
    until = time.monotonic() + 10
    while Annotation.objects.count() == before:
        if time.monotonic() > until:
            raise SystemExit("The clicked choice did not reach the server.")
        visit.page.wait_for_timeout(50)


def visits(port: int, campaign: Campaign) -> list[Visit]:
    user = User.objects.get(email=WHO)
    cookies = [
        {"name": name, "value": value, "url": f"http://127.0.0.1:{port}"}
        for name, value in serving.cookies(user).items()
    ]
    program = os.environ.get("CONCORD_CHROMIUM") or shutil.which("chromium")
    made = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        for _turn in range(VISITS + 1):
            visit = Visit(browser, cookies, f"http://127.0.0.1:{port}/label/{campaign.pk}/")
            visit.sent, visit.media = visit.bytes(media=False), visit.bytes(media=True)
            made.append(visit)
            if len(made) <= VISITS:
                visit.context.close()
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's loop runs in this thread
        click(made[-1])
        browser.close()
    return made[1:]  # the first one warms the server: templates, languages and the scheme are loaded once


def main() -> int:
    campaign = demo()
    with serving.server() as port:
        made = visits(port, campaign)
    spent = [visit.clickable / 1000 for visit in made]
    print(f"{VISITS} visits with a cold cache, {len(made[0].finished)} requests each; {bars.load()}")
    bars.judge(
        "workspace page without media", max(v.sent for v in made) / 1000, BAR_KB, "KB", peers="Label Studio 10,000 KB"
    )
    print(f"{'of it media, not judged':<52} {made[0].media / 1000:9.0f} KB")
    print(f"{'first byte of the page, p50':<52} {serving.percentile([v.first_byte / 1000 for v in made], 0.5):9.0f} ms")
    print(f"{'choices can be clicked, p50':<52} {serving.percentile(spent, 0.5):9.0f} ms")
    bars.judge(
        "choices can be clicked, p95",
        serving.percentile(spent, 0.95),
        BAR_MS,
        "ms",
        peers="Label Studio 3,991 and 4,623 ms",
    )
    return bars.ended()


if __name__ == "__main__":
    sys.exit(main())
