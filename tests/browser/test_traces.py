"""Live traces in a real browser, device by device, against the workbench. The machine may be slow: a hole that is longer than allowed
must be marked, and what the hand did must stand where it did it; that there was none is not for a test to promise."""
# ruff: noqa: F811 - fixtures are arguments by their names

from __future__ import annotations

import itertools
import time

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.test_elements import (  # noqa: F401 the bench and its browser
    GAP,
    INPUT,
    RESUMED,
    Bench,
    bench,
    browser,
    context,
    now,
    open_item,
    page,
    until,
    wait_kept,
    wait_past,
    wait_state,
)  # fmt: skip

pytestmark = pytest.mark.browser
HOLE_US = 200_000
FRAME_US = 41_708  # of the clip: 24,000 / 1,001 frames a second


def rows_of(known: dict) -> list[dict]:
    """The samples as the server would join them, each with all its columns."""
    rows: list[dict] = []
    for part in sorted(known["chunks"][0], key=lambda one: one["sequence"]):
        columns = [part[name] for name in ("times_us", "values", "flags", "clock_us")]
        assert len({len(column) for column in columns}) == 1, "columns of one length, the clock among them"
        rows += [dict(zip(("us", "value", "flags", "clock"), row, strict=True)) for row in zip(*columns, strict=True)]
    return rows


def check(rows: list[dict], least: float = -1, most: float = 1, hole_us: int = HOLE_US) -> None:
    for before, row in itertools.pairwise(rows):
        assert row["us"] > before["us"]
        assert row["us"] - before["us"] <= hole_us or row["flags"] & GAP, "a hole is marked"
        assert row["clock"] >= before["clock"] or row["flags"] & RESUMED, (
            "the page's clock runs forward within a sitting"
        )
    for value in itertools.chain.from_iterable(
        row["value"] if isinstance(row["value"], list) else [row["value"]] for row in rows
    ):
        assert least <= value <= most


def steps_of(rows: list[dict]) -> list[int]:
    return sorted(b["us"] - a["us"] for a, b in itertools.pairwise(rows) if not b["flags"] & GAP)


def start(page: Page, bench: Bench, item: str) -> dict:
    open_item(page, bench, item)
    until(page, "document.querySelector('media-player').locked")
    box = page.locator(".pad").bounding_box()
    assert box is not None
    return box


def end(page: Page, bench: Bench) -> tuple[list[dict], dict]:
    page.keyboard.press("Escape")
    known = wait_kept(bench, lambda known: known["finished"])
    (finish,) = known["finished"].values()
    assert finish["chunks"] == len(known["chunks"][0])
    return rows_of(known), finish["device"]


def test_a_picture_has_one_sample_for_each_of_its_frames(page: Page, bench: Bench):
    start(page, bench, "trace")
    page.keyboard.press("Space")
    wait_past(page, 3_000_000)
    rows, device = end(page, bench)
    check(rows)
    on_frames = sum(abs(row["us"] - round(row["us"] / FRAME_US) * FRAME_US) <= 1_000 for row in rows)
    # What a late page makes up for lies between the two frames it saw, evenly; on a calm machine there is nothing of the kind.
    assert on_frames >= 0.5 * len(rows)
    assert steps_of(rows)[len(rows) // 2] == pytest.approx(FRAME_US, abs=1_000)
    assert device["frames"]["presented"] >= 0.5 * 3_000_000 / FRAME_US
    assert {"presented", "missed", "dropped"} <= device["frames"].keys()
    assert device["rate_hz"] == pytest.approx(1e6 / FRAME_US, rel=0.3)


def test_a_sound_has_a_hundred_samples_a_second(page: Page, bench: Bench):
    start(page, bench, "listen")
    page.keyboard.press("Space")
    page.keyboard.down("ArrowUp")
    wait_past(page, 1_000_000)
    page.keyboard.up("ArrowUp")
    wait_past(page, 3_000_000)
    rows, device = end(page, bench)
    check(rows)
    steps = steps_of(rows)
    assert steps[int(len(steps) * 0.9)] <= 10_001
    held = sum(steps) / 1e6
    assert len(steps) / held >= 100
    assert device["kind"] == "keys"


def test_the_mouse_moves_without_a_click_and_its_delay_is_measured(page: Page, bench: Bench):
    box = start(page, bench, "trace")
    page.keyboard.press("Space")
    for step in range(60):
        page.mouse.move(box["x"] + 300, box["y"] + box["height"] * (0.9 - 0.013 * step))
        page.wait_for_timeout(20)
    rows, device = end(page, bench)
    check(rows)
    assert rows[-1]["value"] > 0.5
    assert (device["kind"], device["used"].keys()) == ("mouse", {"mouse"})
    assert device["input_ms"]["n"] > 20
    assert 0 <= device["input_ms"]["p50"] <= device["input_ms"]["p99"]


def test_the_wheel_moves_a_notch_at_a_time_and_the_page_stays_where_it_is(page: Page, bench: Bench):
    box = start(page, bench, "listen")
    page.mouse.move(box["x"] + 300, box["y"] + 40)
    page.keyboard.press("Space")
    wait_past(page, 500_000)
    before = page.evaluate("scrollY")
    for _ in range(4):
        page.mouse.wheel(0, -100)
        page.wait_for_timeout(60)
    wait_past(page, 1_500_000)
    rows, device = end(page, bench)
    check(rows)
    assert rows[-1]["value"] == pytest.approx(0.2, abs=1e-6)
    assert page.evaluate("scrollY") == before
    assert device["used"] == {"wheel": 4}


def test_a_device_that_the_scheme_does_not_allow_moves_nothing_and_is_told(page: Page, bench: Bench):
    box = start(page, bench, "listen")
    page.keyboard.press("Space")
    page.mouse.move(box["x"] + 300, box["y"] + 5)
    page.mouse.move(box["x"] + 300, box["y"] + 60)
    expect(page.locator('[data-trace-out="device"]')).to_have_text("This is to be rated with: Arrow keys, Wheel")
    wait_past(page, 1_000_000)
    rows, device = end(page, bench)
    assert {row["value"] for row in rows} == {0}
    assert (device["kind"], device["used"]) == ("none", {})


PAD = """window.pad = { connected: true, id: "Test pad", axes: [0, 0], timestamp: 0 };
navigator.getGamepads = () => [{ ...window.pad, timestamp: performance.now() }];"""


def test_a_stick_that_springs_back_takes_the_value_with_it_and_its_settings_are_remembered(page: Page, bench: Bench):
    page.add_init_script(PAD)
    start(page, bench, "trace")
    page.locator("[data-stick] summary").click()
    page.get_by_label("springs back").check()
    page.locator('[data-stick] [name="deadZone"]').fill("0.2")
    page.reload()
    until(page, "customElements.get('trace-pad') && document.querySelector('media-player')?.locked")
    assert page.locator('[data-stick] [name="mode"]:checked').get_attribute("value") == "spring"
    page.locator(".pad").focus()
    page.keyboard.press("Space")
    wait_past(page, 400_000)
    page.evaluate("window.pad.axes = [0, -1]")
    wait_past(page, 1_000_000)
    page.evaluate("window.pad.axes = [0, 0.15]")  # within the dead zone
    wait_past(page, 1_600_000)
    rows, device = end(page, bench)
    check(rows)
    assert max(row["value"] for row in rows) == 1
    assert rows[-1]["value"] == 0
    assert device["stick"] == {"mode": "spring", "gain": 1.4, "dead_zone": 0.2, "id": "Test pad"}


def test_a_stick_moves_a_point_on_two_axes(page: Page, bench: Bench):
    page.add_init_script(PAD)
    start(page, bench, "plane")
    page.keyboard.press("Space")
    wait_past(page, 300_000)
    page.evaluate("window.pad.axes = [1, -1]")
    page.wait_for_timeout(300)
    page.evaluate("window.pad.axes = [0, 0]")
    wait_past(page, 1_500_000)
    rows, device = end(page, bench)
    check(rows, -1, 10)
    x, y = rows[-1]["value"]
    assert x > 0.2
    assert y == pytest.approx(5 + 5 * x, abs=0.01), "both axes, each in its own range"
    assert device["kind"] == "gamepad"


def test_a_finger_moves_the_value(browser, bench: Bench):
    bench.order(reset=True, withdrawn=False)
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    start(page, bench, "trace")
    page.locator(".pad").scroll_into_view_if_needed()
    box = page.locator(".pad").bounding_box()
    page.evaluate("document.querySelector('media-player').play()")
    wait_past(page, 300_000)
    touch = context.new_cdp_session(page)

    def finger(kind: str, share: float) -> None:
        points = [] if kind == "touchEnd" else [{"x": box["x"] + 100, "y": box["y"] + box["height"] * share}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    finger("touchStart", 0.5)
    for step in range(20):
        finger("touchMove", 0.5 + step * 0.02)
        page.wait_for_timeout(20)
    finger("touchEnd", 0.9)
    wait_past(page, 1_500_000)
    rows, device = end(page, bench)
    check(rows)
    assert rows[-1]["value"] < -0.8
    assert device["kind"] == "touch"
    context.close()


def test_a_point_on_two_axes_is_kept_as_pairs_each_in_its_own_range(page: Page, bench: Bench):
    start(page, bench, "plane")
    page.wait_for_timeout(300)  # until nothing moves any more
    box = page.locator(".pad").bounding_box()
    page.keyboard.press("Space")
    wait_past(page, 300_000)
    page.mouse.move(box["x"] + box["width"] * 0.92, box["y"] + box["height"] * 0.92)
    wait_past(page, 1_200_000)
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.29)
    wait_past(page, 1_800_000)
    rows, _device = end(page, bench)
    check(rows, -1, 10)
    assert any(row["value"] == pytest.approx([1, 0], abs=0.02) for row in rows)
    assert rows[-1]["value"] == pytest.approx([0, 7.5], abs=0.05)


def test_arrow_keys_move_a_point_on_two_axes(page: Page, bench: Bench):
    start(page, bench, "plane")
    page.keyboard.press("Space")
    page.keyboard.down("ArrowLeft")
    page.keyboard.down("ArrowUp")
    wait_past(page, 1_000_000)
    page.keyboard.up("ArrowUp")
    page.keyboard.up("ArrowLeft")
    rows, device = end(page, bench)
    check(rows, -1, 10)
    x, y = rows[-1]["value"]
    assert x < -0.3
    assert y > 6
    assert device["kind"] == "keys"


def test_an_axis_without_ends_goes_on_and_the_window_grows_with_it(page: Page, bench: Bench):
    box = start(page, bench, "free")
    page.mouse.move(box["x"] + 300, box["y"] + 40)
    page.keyboard.press("Space")
    for _ in range(50):
        page.mouse.wheel(0, -100)
    # A busy machine is still at the wheel when the clip is past any fixed time: the last turn has to have come, and frames after it.
    until(page, "document.querySelector('.pad').getAttribute('aria-valuenow') === '2.50'")
    wait_past(page, now(page) + 500_000)
    top = float(page.locator("circle.hand").get_attribute("cy").rstrip("%"))
    assert 7.9 <= top <= 9, "the hand stands at the upper end of what is shown"
    rows, _device = end(page, bench)
    check(rows, -100, 100)
    assert rows[-1]["value"] == pytest.approx(2.5, abs=1e-6)


def test_what_was_rated_stays_hidden_where_the_scheme_says_so(page: Page, bench: Bench):
    for item, drawn in (("listen", False), ("trace", True)):
        bench.order(reset=True)
        start(page, bench, item)
        page.keyboard.press("Space")
        page.keyboard.down("ArrowUp")
        wait_past(page, 900_000)
        page.keyboard.up("ArrowUp")
        assert (page.locator(".trace path.live").count() > 0) is drawn
        _rows, device = end(page, bench)
        assert device["past"] == ("shown" if drawn else "hidden")


def test_a_trace_that_lacks_what_the_scheme_demands_is_not_finished(page: Page, bench: Bench):
    start(page, bench, "strict")
    page.keyboard.press("Space")
    wait_past(page, 1_200_000)
    page.keyboard.press("Escape")
    wait_state(page, "paused")
    expect(page.locator('[data-trace-out="kept"]')).to_contain_text("nothing is rated")
    assert not bench.knows()["finished"]
    page.keyboard.press("Space")
    wait_state(page, "ended", 15_000)
    known = wait_kept(bench, lambda known: known["finished"])
    rows = rows_of(known)
    assert rows[0]["us"] <= 100_000
    assert rows[-1]["us"] >= 2_900_000


def test_a_trace_taken_up_again_replays_and_declares_its_seam(page: Page, bench: Bench):
    start(page, bench, "trace")
    page.keyboard.press("Space")
    page.keyboard.down("ArrowUp")
    wait_past(page, 1_500_000)
    page.keyboard.up("ArrowUp")
    page.evaluate("document.querySelector('media-player').pause()")
    stopped = now(page)
    wait_kept(
        bench,
        lambda known: known["chunks"] and max(part["times_us"][-1] for part in known["chunks"][0]) > stopped - 200_000,
    )
    page.reload()
    until(page, "customElements.get('trace-pad') && document.querySelector('media-player')?.locked")
    expect(page.locator('[data-trace-out="kept"]')).to_contain_text("played again")
    until(page, "['ready', 'paused'].includes(document.querySelector('media-player').state)")
    assert now(page) <= max(0, stopped - 9_000_000), "ten seconds before, or from the start"
    page.keyboard.press("Space")
    wait_past(page, 2_600_000)
    rows, _device = end(page, bench)
    check(rows)
    (seam,) = [row for row in rows if row["flags"] & RESUMED]
    assert seam["flags"] & GAP
    assert 0 < seam["us"] - stopped + 200_000 < 600_000
    assert rows[-1]["value"] > 0.3, "the hand goes on from where it was"


def test_a_trace_begun_in_another_browser_goes_on_from_what_the_server_has(browser, page: Page, bench: Bench):
    start(page, bench, "trace")
    page.keyboard.press("Space")
    wait_past(page, 1_500_000)
    page.evaluate("document.querySelector('media-player').pause()")
    wait_kept(
        bench, lambda known: known["chunks"] and max(part["times_us"][-1] for part in known["chunks"][0]) > 1_300_000
    )
    begun = bench.knows()["chunks"][0][0]["client_id"]
    elsewhere = browser.new_context(viewport={"width": 1280, "height": 832})
    other = elsewhere.new_page()
    start(other, bench, "trace")
    expect(other.locator('[data-trace-out="kept"]')).to_contain_text("played again")
    other.keyboard.press("Space")
    wait_past(other, 2_400_000)
    rows, _device = end(other, bench)
    elsewhere.close()
    check(rows)
    assert [row["flags"] & RESUMED for row in rows].count(RESUMED) == 1
    assert list(bench.knows()["finished"]) == [begun]


def test_another_device_in_the_middle_is_marked_where_it_begins(page: Page, bench: Bench):
    box = start(page, bench, "trace")
    page.mouse.move(box["x"] + 300, box["y"] + box["height"] * 0.4)
    page.keyboard.press("Space")
    wait_past(page, 800_000)
    page.keyboard.press("ArrowDown")
    wait_past(page, 1_500_000)
    rows, device = end(page, bench)
    assert sum(bool(row["flags"] & INPUT) for row in rows) == 1
    assert device["used"].keys() == {"mouse", "keys"}


def test_losing_the_focus_pauses_and_is_counted(page: Page, bench: Bench):
    start(page, bench, "trace")
    for rested in (600_000, 1_200_000):
        page.keyboard.press("Space")
        wait_past(page, rested)
        page.evaluate("window.dispatchEvent(new Event('blur'))")
        wait_state(page, "paused")
    page.keyboard.press("Space")
    wait_past(page, 1_800_000)
    rows, device = end(page, bench)
    check(rows)
    assert device["focus_losses"] == 2
    assert sum(bool(row["flags"] & GAP) for row in rows) == 2


def test_a_page_that_stood_still_for_two_seconds_says_that_it_knows_nothing_of_them(
    context: BrowserContext, page: Page, bench: Bench
):
    start(page, bench, "trace")
    page.keyboard.press("Space")
    wait_past(page, 800_000)
    page.evaluate(
        "() => { setTimeout(() => { const end = performance.now() + 2000; while (performance.now() < end); }, 30); }"
    )
    time.sleep(2.3)
    wait_past(page, 4_000_000)
    rows, _device = end(page, bench)
    check(rows)
    (hole,) = [(a, b) for a, b in itertools.pairwise(rows) if b["us"] - a["us"] > 1_500_000]
    assert hole[1]["flags"] & GAP
