"""Practice in a real browser: what the hand did arrives as samples on the target's clock, by which the server's own measure finds the
delay that was put in."""
# ruff: noqa: F811 - fixtures are arguments by their names

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from affect import tracking
from affect.codecs.trace import make
from tests.browser.test_elements import Bench, bench, browser, context, page, until, wait_kept  # noqa: F401

pytestmark = pytest.mark.browser
SEED = 20261125  # of the workbench
LAG_S = 0.4


def begin(page: Page, bench: Bench, kind: str) -> None:
    page.goto(f"{bench.url}/practice/{kind}")
    until(page, "customElements.get('practice-test') || customElements.get('headphone-check')")


def follow(page: Page, seconds: float) -> None:
    """A hand that comes LAG_S later than what is shown."""
    box = page.locator(".pad").bounding_box()
    page.keyboard.press("Space")
    until(page, "/\\d/.test(document.querySelector('[data-state]').textContent)")
    start = time.monotonic()
    while (now := time.monotonic() - start) < seconds:
        value = float(tracking.target(SEED, np.array([max(0, int((now - LAG_S) * 1e6))]))[0])
        page.mouse.move(box["x"] + 200, box["y"] + box["height"] * (0.5 - value * 0.42))
        page.wait_for_timeout(15)


@pytest.mark.parametrize("kind", ["brightness", "tone"])
def test_the_delay_of_a_hand_is_found_in_what_arrives(page: Page, bench: Bench, kind: str):
    begin(page, bench, kind)
    follow(page, 24.5)
    (sent,) = wait_kept(bench, lambda known: known["posts"], 15)["posts"]
    samples = sent["samples"]
    assert sent["ticket"] == "sealed"
    assert len({len(column) for column in samples.values()}) == 1
    steps = sorted(b - a for a, b in itertools.pairwise(samples["times_us"]))
    assert steps[int(len(steps) * 0.9)] <= 10_001, "a hundred samples a second"
    found = tracking.followed(make(samples["times_us"], samples["values"], samples["flags"], samples["clock_us"]), SEED)
    assert LAG_S - 0.06 <= found.lag_us / 1e6 <= LAG_S + 0.4, "what was put in, and what the browser and its sound add"
    assert found.ccc > 0.8
    assert sent["device"]["kind"] == "mouse"
    expect(page.locator("[data-sentence]")).to_contain_text("0.40 s later")
    for curve in ("shown", "yours"):
        assert len(page.locator(f".practice-curves .{curve}").get_attribute("d")) > 1000


def test_the_disc_is_as_bright_as_the_target_says(page: Page, bench: Bench):
    begin(page, bench, "brightness")
    page.keyboard.press("Space")
    seen = set()
    end = time.monotonic() + 5
    while time.monotonic() < end:
        seen.add(page.locator("[data-disc]").get_attribute("fill"))
        page.wait_for_timeout(30)
    light = [float(one.removeprefix("lab(").split("%")[0]) for one in seen]
    expected = 22 + (tracking.target(SEED, np.arange(0, 5_000_000, 10_000)) + 1) / 2 * 70
    assert len(seen) > 30
    assert min(light) >= expected.min() - 0.1
    assert max(light) <= expected.max() + 0.1
    assert max(light) - min(light) > 0.8 * (expected.max() - expected.min())


def test_leaving_the_window_ends_a_try_and_nothing_is_sent(page: Page, bench: Bench):
    begin(page, bench, "face")
    page.keyboard.press("Space")
    until(page, "/\\d/.test(document.querySelector('[data-state]').textContent)")
    page.evaluate("window.dispatchEvent(new Event('blur'))")
    expect(page.locator("[data-state]")).to_contain_text("left the window")
    expect(page.locator("[data-begin]")).to_be_enabled()
    assert bench.knows()["posts"] == []


def test_the_headphone_check_is_done_by_keys_and_sends_six_answers(page: Page, bench: Bench):
    begin(page, bench, "headphones")
    page.keyboard.press("1")  # nothing was heard yet, so nothing is answered
    page.keyboard.press("Space")
    right = [order.index("quiet") for order in tracking.trials(SEED)]
    for answer in right:
        button = page.locator(f'[data-answer="{answer}"]')
        expect(button).to_be_enabled(timeout=15_000)
        page.keyboard.press(str(answer + 1))
        expect(button).to_be_disabled()
    (sent,) = wait_kept(bench, lambda known: known["posts"], 10)["posts"]
    assert sent["answers"] == right
    assert tracking.heard(SEED, sent["answers"]) == 6


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["list", "brightness", "face", "headphones"])
def test_practice_is_open_to_everyone(browser, bench: Bench, kind: str, scheme: str):
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{bench.url}/practice/{kind}")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing runs out of the page"
    context.close()
