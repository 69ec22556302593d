"""Every control of schemes in a browser: by mouse, by keyboard, by touch; what is sent is the wire format of `affect.schemes`."""

# ruff: noqa: F811 - fixtures of the bench are imported and asked for by their names

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.looks import OVERFLOW, RULES
from tests.browser.test_elements import (  # noqa: F401 - the bench and its browser are fixtures
    Bench,
    bench,
    browser,
    context,
    open_item,
    page,
    until,
    wait_kept,
    wait_past,
)

pytestmark = pytest.mark.browser

NAMES = ["several", "first", "conditions", "scales", "grid", "fine", "wheel", "pairwise", "best", "units", "segments"]


def sent(page: Page, bench: Bench, *, press: bool = True) -> dict:
    """Hands in and gives what the server got."""
    if press:
        hand_in(page)
    known = wait_kept(bench, lambda known: known["answers"])
    (answer,) = known["answers"].values()
    # Until the page knows that it arrived, it would send it again from the next page.
    while page.evaluate("import('#app/lib/sending.js').then((module) => module.outbox.entries.length)"):
        page.wait_for_timeout(50)
    bench.order(reset=True)
    return answer["answers"]


def hand_in(page: Page) -> None:
    """Presses the button, which also answers while something is open: it says what."""
    page.locator("button[form=answer]").click(force=True)


def opened(page: Page, bench: Bench, name: str, *, fresh: bool = True) -> Page:
    """The item with its elements alive and nothing that goes on by itself; `fresh`: nothing that was begun before stands there."""
    page.set_default_timeout(6000)
    if fresh and page.url.startswith(bench.url):
        page.goto(f"{bench.url}/")  # what was begun is remembered when the page is left
        page.evaluate("sessionStorage.clear()")
    open_item(page, bench, name)
    for tag in ("affect-grid", "emotion-wheel", "segment-line"):
        if page.locator(tag).count():
            until(page, f"customElements.get('{tag}')")
    if page.locator("segment-line").count():
        until(
            page,
            "Boolean(document.querySelector('segment-line').segments && document.querySelector('segment-line').lanes.tiers.length)",
        )
    page.evaluate("document.querySelector('[data-auto]')?.checked && document.querySelector('[data-auto]').click()")
    return page


@contextmanager
def finger(browser: Browser, bench: Bench, name: str, width: int = 390) -> Iterator[Page]:
    """A phone that shows an item."""
    bench.order(reset=True, withdrawn=False)
    context = browser.new_context(viewport={"width": width, "height": 800}, has_touch=True, is_mobile=True)
    try:
        yield opened(context.new_page(), bench, name)
    finally:
        context.close()


def swipe(page: Page, x: float, y: float, to_x: float, to_y: float, steps: int = 8) -> None:
    """One finger from here to there, as the browser itself would tell it."""
    client = page.context.new_cdp_session(page)
    point = lambda share: [{"x": x + (to_x - x) * share, "y": y + (to_y - y) * share}]  # noqa: E731
    client.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": point(0)})
    for step in range(1, steps + 1):
        client.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": point(step / steps)})
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def question(page: Page, id_: str):
    return page.locator(f"[data-question='{id_}']")


# All of them -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_what_was_given_before_stands_in_the_control_and_is_sent_again_as_it_was(page: Page, bench: Bench, name: str):
    opened(page, bench, f"{name}-given")
    given = page.evaluate("JSON.parse(document.getElementById('to-check').content.textContent).answers")
    assert given
    until(page, "document.querySelector('button[form=answer]').getAttribute('aria-disabled') === 'false'")
    assert sent(page, bench) == given


def test_each_control_has_names_contrast_and_room_on_a_phone(page: Page, bench: Bench):
    wrong = []
    for name in (
        *(f"{name}-given" for name in NAMES),
        "video",
        "gallery-sam-film-clips",
        "gallery-msp-podcast-style",
        "gallery-action-units",
    ):
        page.set_viewport_size({"width": 1280, "height": 832})
        opened(page, bench, name)
        for one in Axe().run(page, options=RULES).response["violations"]:
            wrong += [f"{name}: {one['id']}: {node['html'][:140]}" for node in one["nodes"][:2]]
        page.set_viewport_size({"width": 390, "height": 800})
        if (over := page.evaluate(OVERFLOW)) > 0:
            wrong.append(f"{name}: {over} px wider than a phone")
    assert wrong == []


def test_without_javascript_controls_that_can_post_as_they_stand(browser: Browser, bench: Bench):
    bench.order(reset=True, withdrawn=False)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()

    def posted(name: str, *fields: tuple[str, str]) -> dict:
        page.goto(f"{bench.url}/label/{name}")
        for field, value in fields:
            found = page.locator(f"[name='{field}'][value='{value}']")
            if found.count():
                found.first.check(force=True)
            elif page.locator(f"select[name='{field}']").count():
                page.locator(f"select[name='{field}']").select_option(value)
            else:
                page.locator(f"[name='{field}']").fill(value)
        hand_in(page)
        (answer,) = bench.knows()["answers"].values()
        bench.order(reset=True)
        return answer["answers"]

    assert posted("several", ("q.emotions", "anger"), ("q.emotions", "other"), ("q.emotions:intensity:anger", "2"), ("q.emotions:intensity:other", "1"),
                  ("q.emotions:text:other", "spite"), ("q.emotions:confidence", "4")) == {
        "emotions": {"value": [{"label": "anger", "intensity": 2}, {"label": "other", "intensity": 1, "text": "spite"}], "confidence": 4}}  # fmt: skip
    assert posted("several", ("q.emotions:skip", "else"), ("q.emotions:skip-text", "noise")) == {
        "emotions": {"skip": {"reason": "else", "text": "noise"}}
    }
    assert posted("first", ("q.emotion", "joy"), ("q.emotion:also", "calm")) == {
        "emotion": {"value": {"primary": {"label": "joy"}, "secondary": [{"label": "calm"}]}}
    }
    assert posted("conditions", ("q.laughs", "yes"), ("q.why", "a joke"), ("q.how", "4")) == {
        "laughs": {"value": True},
        "why": {"value": "a joke"},
        "how": {"value": 4},
    }
    assert posted(
        "scales", ("q.valence", "3"), ("q.arousal", "9"), ("q.dominance", "1"), ("q.agree", "2"), ("q.intensity", "70")
    )["intensity"] == {"value": 70}
    assert posted("best", ("q.which:best", "i2"), ("q.which:worst", "i0")) == {
        "which": {"value": {"best": "i2", "worst": "i0"}}
    }
    assert posted("units", ("q.units", "au12"), ("q.units:intensity:au12", "C"), ("q.units:side:au12", "left")) == {
        "units": {"value": [{"label": "au12", "intensity": "C", "side": "left"}]}}  # fmt: skip
    # A slider that nobody touched is a field that nobody filled: no middle is made up.
    assert page.goto(f"{bench.url}/label/scales")
    assert page.locator("[name='q.intensity']").input_value() == ""
    context.close()


# Choices -----------------------------------------------------------------------------------------------------------------


def test_several_labels_with_intensity_text_and_confidence_by_mouse(page: Page, bench: Bench):
    opened(page, bench, "several")
    box = question(page, "emotions")
    box.locator("label.choice", has_text="Anger").click()
    expect(box.locator("[data-extra=anger]")).to_be_visible()
    box.locator("[data-extra=anger] label").nth(1).click()
    box.locator("label.choice", has_text="Other").click()
    box.locator("[data-extra=other] label").nth(0).click()
    hand_in(page)
    expect(box.locator("[data-wrong]")).to_have_text("Say it in your words.")
    assert bench.knows()["answers"] == {}
    box.locator("[data-extra=other] input[data-part=text]").fill("spite")
    box.locator("label.choice", has_text="Joy").click()
    expect(box.locator("input[value=surprise]")).to_be_disabled()  # three at most
    box.locator("label.choice", has_text="Joy").click()
    box.locator("[data-part=confidence]").nth(3).check(force=True)
    assert sent(page, bench) == {
        "emotions": {"value": [{"label": "anger", "intensity": 2}, {"label": "other", "intensity": 1, "text": "spite"}], "confidence": 4}
    }  # fmt: skip


def test_several_labels_by_keys_one_that_excludes_and_the_ways_out(page: Page, bench: Bench):
    opened(page, bench, "several")
    box = question(page, "emotions")
    for key in ("4", "w", "1", "e"):
        page.keyboard.press(key)
    expect(box.locator("[data-count]")).to_have_text("2 of at most 3 chosen")
    page.keyboard.press("7")
    assert box.locator("[data-part=label]:checked").count() == 1
    page.keyboard.press("e")
    page.keyboard.press("4")
    expect(box.locator("[value=none]")).not_to_be_checked()
    page.keyboard.press("-")
    expect(box).to_have_attribute("data-out", "")
    page.keyboard.press("=")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(box.locator("[data-part=cannot_tell]")).not_to_be_checked()
    box.locator("[data-part=skip-text]").fill("noise")
    assert sent(page, bench) == {"emotions": {"skip": {"reason": "else", "text": "noise"}}}
    opened(page, bench, "several")
    page.keyboard.press("/")
    expect(page.locator("dialog[open]")).to_contain_text("What anger is.")
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.keyboard.press("-")
    page.keyboard.press("Enter")
    assert sent(page, bench, press=False) == {"emotions": {"cannot_tell": True}}


def test_a_digit_says_what_stands_out_and_with_shift_what_else_is_there(page: Page, bench: Bench):
    opened(page, bench, "first")
    for key in ("1", "Shift+Digit1", "Shift+Digit9", "3"):
        page.keyboard.press(key)
    page.keyboard.press("Shift+Digit3")  # what is primary is not offered again
    page.keyboard.press("Enter")
    assert sent(page, bench, press=False) == {
        "emotion": {"value": {"primary": {"label": "surprise"}, "secondary": [{"label": "calm"}]}}
    }


def test_what_is_asked_only_if_comes_and_goes_at_once(page: Page, bench: Bench):
    opened(page, bench, "conditions")
    why = question(page, "why")
    expect(why).to_be_hidden()
    page.keyboard.press("1")
    expect(why).to_be_visible()
    why.locator("input[data-part=value]").fill("x")
    hand_in(page)
    expect(why.locator("[data-wrong]")).to_have_text("At least 3 characters are needed; there are 1.")
    why.locator("input[data-part=value]").fill("a joke")
    hand_in(page)
    expect(question(page, "how").locator("[data-wrong]")).to_have_text("This question needs an answer.")
    question(page, "laughs").locator("label.choice", has_text="No").click()
    expect(why).to_be_hidden()
    # What was written stays, unasked, and is not sent; the scale may then stay open.
    assert sent(page, bench) == {"laughs": {"value": False}}


def test_scales_by_keys_and_a_slider_that_has_no_value_before_it_is_touched(page: Page, bench: Bench):
    opened(page, bench, "scales")
    for key in ("e", "k", "x"):
        page.keyboard.press(key)
    page.locator("#answer").get_by_label("rather not").check(force=True)
    slider = question(page, "intensity").locator("input")
    expect(slider).to_have_attribute("aria-valuetext", "no value yet")
    expect(page.locator("button[form=answer]")).to_have_attribute("aria-disabled", "true")
    slider.click()  # the very middle is a value when it is pressed
    expect(question(page, "intensity").locator("output")).to_have_text("50")
    assert sent(page, bench) == {
        "valence": {"value": 3},
        "arousal": {"value": 8},
        "dominance": {"value": 2},
        "agree": {"value": 2},
        "intensity": {"value": 50},
    }


def test_a_manikin_and_a_choice_are_answered_with_a_finger(browser: Browser, bench: Bench):
    with finger(browser, bench, "scales") as page:
        for id_, value in (("valence", 9), ("arousal", 1), ("dominance", 3), ("agree", 5)):
            point = question(page, id_).locator(f"label:has(input[value='{value}'])")
            size = point.bounding_box()
            assert min(size["width"], size["height"]) >= 24, (id_, size)
            point.tap()
        question(page, "intensity").locator("input").tap()
        page.locator("button[form=answer]").tap(force=True)
        assert sent(page, bench, press=False) == {
            "valence": {"value": 9},
            "arousal": {"value": 1},
            "dominance": {"value": 3},
            "agree": {"value": 5},
            "intensity": {"value": 50},
        }


# Plane and wheel ---------------------------------------------------------------------------------------------------------


def test_a_point_in_the_plane_by_mouse_keyboard_and_finger(page: Page, bench: Bench, browser: Browser):
    opened(page, bench, "grid")
    box = page.locator(".pad2").bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.95, box["y"] + box["height"] * 0.3, steps=4)
    page.mouse.up()
    assert sent(page, bench) == {"feeling": {"value": [9, 7]}}
    opened(page, bench, "grid")
    expect(page.locator("[data-here]")).to_have_attribute("visibility", "hidden")
    page.locator("input[data-axis=x]").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "ArrowUp", "ArrowLeft", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)  # the first one puts the point into the middle
    expect(page.locator("[data-said]").first).to_have_text("3 · 7")
    assert sent(page, bench) == {"feeling": {"value": [3, 7]}}
    with finger(browser, bench, "fine") as phone:
        phone.locator(".pad2").scroll_into_view_if_needed()
        box = phone.locator(".pad2").bounding_box()
        swipe(phone, box["x"] + 20, box["y"] + 20, box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.75)
        x, y = sent(phone, bench)["feeling"]["value"]
        assert abs(x - 0.5) < 0.02
        assert abs(y + 0.5) < 0.02


def bead(page: Page, label: str, ring: int) -> tuple[float, float]:
    box = page.locator(f"[role=slider][data-label={label}] [data-ring='{ring}']").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_the_wheel_by_mouse_pulls_takes_back_and_refuses_a_third(page: Page, bench: Bench):
    opened(page, bench, "wheel")
    page.mouse.move(*bead(page, "fear", 1))
    page.mouse.down()
    page.mouse.move(*bead(page, "fear", 4), steps=5)
    page.mouse.up()
    page.mouse.click(*bead(page, "joy", 2))
    page.mouse.click(*bead(page, "anger", 5))
    expect(page.locator("emotion-wheel [data-said]")).to_have_text("At most 2 can be chosen; take one back first.")
    page.mouse.click(*bead(page, "joy", 2))  # a second press takes it back
    page.mouse.click(*bead(page, "anger", 5))
    assert sent(page, bench) == {
        "wheel": {"value": [{"label": "fear", "intensity": 4}, {"label": "anger", "intensity": 5}]}
    }


def test_the_wheel_by_keyboard_is_sliders_and_the_hub_excludes_them(page: Page, bench: Bench):
    opened(page, bench, "wheel")
    page.get_by_role("slider", name="Interest").focus()
    page.keyboard.press("ArrowRight")
    joy = page.get_by_role("slider", name="Joy")
    expect(joy).to_be_focused()
    for key in ("ArrowUp", "ArrowUp", "ArrowUp"):
        page.keyboard.press(key)
    expect(joy).to_have_attribute("aria-valuetext", "3 of 5")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("5")
    page.get_by_role("button", name="Take back Joy").click()
    assert sent(page, bench) == {"wheel": {"value": [{"label": "interest", "intensity": 5}]}}
    opened(page, bench, "wheel")
    page.mouse.click(*bead(page, "joy", 2))
    page.locator("label.chip", has_text="None").click()
    expect(joy).to_have_attribute("aria-valuetext", "not chosen")
    page.locator("label.chip", has_text="Other").click()
    page.locator("[data-extra=other] input").fill("awe")
    assert sent(page, bench) == {"wheel": {"value": [{"label": "other", "text": "awe"}]}}


def test_the_wheel_is_answered_with_a_finger(browser: Browser, bench: Bench):
    with finger(browser, bench, "wheel") as page:
        page.locator("svg.wheel").scroll_into_view_if_needed()
        page.touchscreen.tap(*bead(page, "sadness", 3))
        assert sent(page, bench) == {"wheel": {"value": [{"label": "sadness", "intensity": 3}]}}


# Comparisons and units ---------------------------------------------------------------------------------------------------


def test_items_are_compared_in_pairs_and_as_best_and_worst(page: Page, bench: Bench):
    opened(page, bench, "pairwise")
    page.keyboard.press("2")
    assert sent(page, bench) == {"which": {"value": {"preferred": "i1"}}}
    opened(page, bench, "pairwise")
    page.locator("label.choice", has_text="No difference").click()
    assert sent(page, bench) == {"which": {"value": {"preferred": None}}}
    opened(page, bench, "best")
    page.get_by_label("C is the most").check(force=True)
    page.get_by_label("C is the least").check(force=True)
    hand_in(page)
    expect(question(page, "which").locator("[data-wrong]")).to_have_text("The most and the least cannot be the same.")
    page.get_by_label("D is the least").check(force=True)
    assert sent(page, bench) == {"which": {"value": {"best": "i2", "worst": "i3"}}}


def test_action_units_are_written_as_coders_do_or_ticked(page: Page, bench: Bench):
    opened(page, bench, "units")
    page.keyboard.press("u")
    page.keyboard.type("1b+L12d+99")
    expect(page.locator("[data-facs-said]")).to_have_text("Not among the units here: 99")
    expect(page.locator("input[value=au12]")).to_be_checked()
    page.locator("input[name='q.units:intensity:au26'][value=A]").check(force=True)  # a letter ticks its unit
    expect(page.locator("[data-facs]")).to_have_value("1B+L12D+26A")
    assert sent(page, bench) == {"units": {"value": [
        {"label": "au1", "intensity": "B"}, {"label": "au12", "intensity": "D", "side": "left"}, {"label": "au26", "intensity": "A"}]}}  # fmt: skip
    opened(page, bench, "units")
    page.locator("input[value=au1]").check()
    hand_in(page)
    expect(question(page, "units").locator("[data-wrong]")).to_have_text("An intensity is missing.")
    page.locator("label.chip", has_text="None of these units").click()
    assert sent(page, bench) == {"units": {"value": []}}


# Segments ----------------------------------------------------------------------------------------------------------------

LINE = "document.querySelector('segment-line')"


def lane(page: Page, tier: str, seconds: float) -> tuple[float, float]:
    """Where a time lies on a tier, in the page."""
    page.locator(".seg-view").scroll_into_view_if_needed()
    box = page.locator(".seg-view").bounding_box()
    x, top, height = page.evaluate(f"""([tier, us]) => {{
        const line = {LINE}, lane = line.lanes.tiers.find(({{ id }}) => id === tier);
        return [line.scale.x(us), lane.top, lane.height];
    }}""", [tier, seconds * 1e6])  # fmt: skip
    return box["x"] + x, box["y"] + top + height / 2


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=6)
    page.mouse.up()


def value(page: Page) -> list[dict]:
    return page.evaluate(f"{LINE}.value")


def spans(page: Page) -> list[tuple]:
    return [
        (one["tier"], one.get("label"), round(one["start_us"] / 1e6, 1), round(one["end_us"] / 1e6, 1))
        for one in value(page)
    ]


def test_segments_are_drawn_dragged_snapped_split_joined_and_undone_by_mouse(page: Page, bench: Bench):
    opened(page, bench, "segments")
    drag(page, lane(page, "face", 2), lane(page, "face", 5))
    assert spans(page) == [("face", None, 2.0, 5.0)]
    hand_in(page)
    expect(page.locator("segment-line [data-wrong]")).to_have_text("A segment has no label yet.")
    page.locator("[data-palette=face] [data-label=joy]").click()
    page.locator("[data-more=face] [data-part=intensity]").nth(1).check(force=True)
    page.mouse.click(*lane(page, "voice", 18))  # a press where nothing is lets go of it
    drag(page, lane(page, "face", 8), lane(page, "face", 10))
    page.locator("[data-palette=face] [data-label=anger]").click()
    page.locator("[data-more=face] [data-part=intensity]").nth(2).check(force=True)
    # Its beginning is pulled to a little beside the other's end, and snaps to it: no gap is left.
    x, y = lane(page, "face", 5)
    drag(page, lane(page, "face", 8), (x + 4, y))
    first, second = value(page)
    assert second["start_us"] == first["end_us"]
    page.keyboard.press("t")
    assert [one[1] for one in spans(page)] == ["joy", "anger", "anger"]
    page.locator("[data-seg=previous]").click()
    page.locator("[data-seg=merge]").click()
    assert [one[1] for one in spans(page)] == ["joy", "anger"]
    page.locator("[data-seg=remove]").click()
    assert len(value(page)) == 1
    page.keyboard.press("Control+z")
    got = sent(page, bench)["moments"]["value"]
    assert [(one["tier"], one["label"], one["intensity"]) for one in got] == [("face", "joy", 2), ("face", "anger", 3)]
    assert got[0]["end_us"] == got[1]["start_us"]
    assert all(isinstance(one[edge], int) for one in got for edge in ("start_us", "end_us"))


def test_a_passage_is_painted_while_a_key_is_held_and_the_recording_plays(page: Page, bench: Bench):
    opened(page, bench, "segments")
    page.keyboard.press("Space")
    wait_past(page, 300_000)
    before = page.evaluate("document.querySelector('media-player').nowUs")
    page.keyboard.down("2")
    expect(page.locator("[data-painting]")).to_be_visible()
    wait_past(page, before + 900_000)
    page.keyboard.up("2")
    after = page.evaluate("document.querySelector('media-player').nowUs")
    page.keyboard.press("Space")
    (one,) = value(page)
    assert (one["tier"], one["label"]) == ("face", "interest")
    # A frame may pass between looking at the clock and the key; the edges also snap to frames.
    assert before - 80_000 <= one["start_us"] <= before + 200_000
    assert before + 700_000 <= one["end_us"] <= after + 80_000


def test_the_timeline_is_complete_by_keyboard_and_says_what_is_at_hand(page: Page, bench: Bench):
    opened(page, bench, "segments")
    page.locator(".seg-view").focus()
    for key in ("ArrowRight", "ArrowRight", "3"):  # two seconds on, then a segment there
        page.keyboard.press(key)
    option = page.locator(".seg-view [role=option]")
    expect(option).to_have_text("face: Surprise, 0:02.00 to 0:03.00")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    for key in ("]", "Shift+ArrowRight", "Shift+ArrowRight"):
        page.keyboard.press(key)
    assert spans(page) == [("face", "surprise", 2.0, 5.1)]
    page.locator("[data-more=face] [data-part=intensity]").first.focus()
    page.keyboard.press("Space")
    page.locator(".seg-view").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("y")
    (one,) = value(page)
    assert abs(one["apex_us"] - (one["end_us"] - 1_000_000)) < 80_000  # the picture followed the edge
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".lane-name[data-tier=words]")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("p")
    expect(option).to_have_attribute("aria-setsize", "1")
    page.keyboard.press("Delete")
    assert value(page) == []
    page.keyboard.press("Control+z")
    got = sent(page, bench)["moments"]["value"]
    assert got == [
        {
            "tier": "face",
            "label": "surprise",
            "intensity": 1,
            "start_us": 2_000_000,
            "end_us": one["end_us"],
            "apex_us": one["apex_us"],
        }
    ]


def test_a_finger_selects_pulls_an_edge_and_moves_the_window(browser: Browser, bench: Bench):
    with finger(browser, bench, "segments-given") as page:
        until(page, f"{LINE}.value.length === 5")
        x, y = lane(page, "face", 7.5)
        page.touchscreen.tap(x, y)
        expect(page.locator("[data-seg-title]")).to_contain_text("Surprise")
        x, y = lane(page, "face", 9)
        to, _ = lane(page, "face", 12)
        swipe(page, x, y, to, y)
        (moved,) = [one for one in value(page) if one.get("label") == "surprise"]
        assert abs(moved["end_us"] - 12_000_000) < 400_000
        assert moved["start_us"] == 6_000_000
        page.evaluate(f"{LINE}.scale.show(5e6, 5e6); {LINE}.drawn()")
        x, y = lane(page, "words", 9)
        to, _ = lane(page, "words", 7)
        swipe(page, x, y, to, y)
        assert abs(page.evaluate(f"{LINE}.scale.from") - 7_000_000) < 500_000


def test_keys_of_a_timeline_leave_the_note_alone(page: Page, bench: Bench):
    opened(page, bench, "segments-given")
    until(page, f"{LINE}.value.length === 5")
    before = value(page)
    note = question(page, "note").locator("textarea")
    note.click()
    page.keyboard.type("1 gt[]")
    expect(note).to_have_value("1 gt[]")
    assert value(page) == before


def test_the_controls_speak_the_language_of_the_page(page: Page, bench: Bench):
    page.goto(f"{bench.url}/label/gallery-call-centre?language=de")
    until(page, "customElements.get('answer-form')")
    for text in ("Kann ich nicht sagen", "Wie sicher sind Sie?", "Was ist sonst noch da?"):
        expect(page.get_by_text(text).first).to_be_visible()
    assert json.loads(page.evaluate("document.getElementById('to-check').content.textContent"))["scheme"]["questions"]
