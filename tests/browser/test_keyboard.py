"""By keyboard alone: a clip is labeled, a participant is found and opened, without a pointer."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def tab_to(page: Page, text: str, most: int = 60) -> None:
    """Tab until what is focused has this text; what has focus must be seen to have it."""
    for _ in range(most):
        page.keyboard.press("Tab")
        found = page.evaluate(
            "() => { const e = document.activeElement, s = getComputedStyle(e); return [e.innerText || e.ariaLabel || e.name || '', "
            "s.outlineStyle !== 'none' || s.boxShadow !== 'none', e.getBoundingClientRect().width] }"
        )
        if text in found[0]:
            assert found[1], f"{text} has focus and does not show it"
            return
    raise AssertionError(f"{text!r} is not reached by Tab")


def test_a_clip_is_labeled_without_a_pointer(enter, stack):
    with enter("ben") as page:
        page.goto("/label/")
        tab_to(page, "Clips: what is expressed")
        page.keyboard.press("Enter")
        expect(page.locator("answer-form .here")).to_be_visible()
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


@pytest.mark.long
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
