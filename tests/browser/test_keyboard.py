"""By keyboard alone: a clip is labeled, a participant is found and opened, without a pointer."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


# What has focus: its words, whether it shows that it has it, and whether it acts (a table that scrolls has focus and words too).
FOCUSED = """() => {
  const one = document.activeElement, style = getComputedStyle(one);
  return {
    words: one.innerText || one.ariaLabel || one.name || "",
    shown: style.outlineStyle !== "none" || style.boxShadow !== "none",
    acts: one.matches("a[href], button, summary, input, select, textarea"),
  };
}"""


def tab_to(page: Page, text: str, most: int = 60) -> None:
    """Tab until what is focused acts and has this text; every stop on the way must be seen to have the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUSED)
        assert found["shown"], f"{found['words'][:60]!r} has focus and does not show it"
        if found["acts"] and text in found["words"]:
            return
    raise AssertionError(f"{text!r} is not reached by Tab")


def test_a_clip_is_labeled_without_a_pointer(enter, stack):
    with enter("ben") as page:
        page.goto("/label/")
        tab_to(page, "Clips: what is expressed")
        page.keyboard.press("Enter")
        expect(page.locator("answer-form .here")).to_be_visible()
        page.evaluate("() => customElements.whenDefined('key-help').then(() => true)")  # each element comes by itself
        page.keyboard.press("?")
        expect(page.locator("dialog#keys")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("dialog#keys")).to_be_hidden()
        here = page.url
        count = "Annotation.objects.filter(annotator__user__email='ben@demo.example').count()"
        before = stack.value(count, "from labeling.models import *")
        for key in ("2", "t", "g", "b"):
            page.keyboard.press(key)
        page.keyboard.press("Enter")
        end = time.monotonic() + 15
        while page.url == here:
            assert time.monotonic() < end, "the next clip did not come"
            page.wait_for_timeout(30)
        assert stack.value(count, "from labeling.models import *") == before + 1


def test_a_participant_is_found_and_opened_without_a_pointer(enter):
    with enter("dana") as page:
        page.goto("/studies/")
        tab_to(page, "Faces, voices and words")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        tab_to(page, "Participants")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        expect(page.locator("h1")).to_contain_text("Participants")
        tab_to(page, "P-0001")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        expect(page.locator("h1")).to_contain_text("P-0001")
        tab_to(page, "Stop …")
        page.keyboard.press("Enter")
        tab_to(page, "Stop all use of P-0001", 3)  # one step further, and nothing has happened yet


def test_the_way_past_the_navigation_is_the_first_stop(enter):
    with enter("rhea") as page:
        page.goto("/studies/")
        page.keyboard.press("Tab")
        target = page.evaluate("() => document.activeElement.getAttribute('href')")
        assert target == "#main"
