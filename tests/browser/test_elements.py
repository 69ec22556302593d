"""The workspace's elements in a real browser, with real media, against the workbench (its contract, none of the application)."""

from __future__ import annotations

import gzip
import itertools
import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route, expect, sync_playwright

pytestmark = pytest.mark.browser

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip
GAP, BACK, INPUT, RESUMED = 1, 2, 4, 16


class Bench:
    """The running workbench: its address, what it knows, what it shall do next."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def knows(self) -> dict:
        with urllib.request.urlopen(f"{self.url}/control") as reply:  # noqa: S310 our own loopback server
            return json.load(reply)

    def order(self, **what) -> None:
        request = urllib.request.Request(f"{self.url}/control", json.dumps(what).encode(), method="POST")  # noqa: S310
        urllib.request.urlopen(request).close()  # noqa: S310


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, str(Path(__file__).parent / "workbench.py"), str(port)])
    bench = Bench(port)
    try:
        for _ in range(150):
            try:
                bench.knows()
                break
            except OSError:
                time.sleep(0.1)
        yield bench
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    binary = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=binary, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser, bench: Bench) -> Iterator[BrowserContext]:
    bench.order(reset=True, withdrawn=False)
    context = browser.new_context(viewport={"width": 1280, "height": 832})
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page on which any script error or refused script, style or request of ours fails the test."""
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(error.message))
    page.on("console", lambda line: wrong.append(line.text) if "Content Security Policy" in line.text else None)
    yield page
    assert wrong == []


def until(page: Page, condition: str, arg=None, timeout: float = 10_000) -> None:
    """Waits for a condition in the page. (Playwright's own waiting evaluates a string there, which the page's policy refuses.)"""
    if "=>" not in condition:
        condition = f"() => Boolean({condition})"
    end = time.monotonic() + timeout / 1000
    while not page.evaluate(condition, arg):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(20)


def open_item(page: Page, bench: Bench, name: str) -> Page:
    page.goto(f"{bench.url}/label/{name}")
    until(
        page, "customElements.get('answer-form') && customElements.get('save-state') && customElements.get('key-help')"
    )
    if page.locator("media-player").count():
        until(page, "customElements.get('media-player') && document.querySelector('media-player').state !== 'loading'")
    return page


def now(page: Page) -> int:
    return page.evaluate("document.querySelector('media-player').nowUs")


def state(page: Page) -> str:
    return page.evaluate("document.querySelector('media-player').state")


def wait_state(page: Page, wanted: str, timeout: float = 8000) -> None:
    until(page, "wanted => document.querySelector('media-player').state === wanted", arg=wanted, timeout=timeout)


def wait_past(page: Page, us: int) -> None:
    until(page, "us => document.querySelector('media-player').nowUs > us", arg=us, timeout=15_000)


def wait_kept(bench: Bench, what, timeout: float = 8.0):
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        known = bench.knows()
        if what(known):
            return known
        time.sleep(0.05)
    raise AssertionError(f"not within {timeout} s: {bench.knows()}")


# The player --------------------------------------------------------------------------------------------------------------


def test_a_video_plays_seeks_steps_by_frame_and_repeats_by_keyboard_alone(page: Page, bench: Bench):
    open_item(page, bench, "video")
    page.keyboard.press("Space")
    wait_past(page, 400_000)
    page.keyboard.press("Space")
    wait_state(page, "paused")
    before = now(page)
    page.keyboard.press("ArrowRight")
    assert abs(now(page) - before - 1_000_000) < 20_000
    page.keyboard.press("ArrowLeft")
    assert abs(now(page) - before) < 20_000
    page.keyboard.press("Period")
    step = now(page) - before
    assert 0 < step < 120_000
    page.keyboard.press("Comma")
    page.keyboard.press("Comma")
    assert now(page) < before + step
    page.keyboard.press("x")
    assert page.evaluate("document.querySelector('video').playbackRate") == 1.5
    assert page.evaluate("document.querySelector('video').preservesPitch") is True
    expect(page.locator('[data-player-out="rate"]')).to_have_text("1.5")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    place = now(page)
    page.keyboard.press("z")
    until(page, "us => document.querySelector('media-player').nowUs < us", arg=place - 1_500_000)
    wait_state(page, "playing")


def test_a_part_of_a_recording_is_never_left(page: Page, bench: Bench):
    open_item(page, bench, "segment")
    until(page, "document.querySelector('media-player').nowUs >= 2000000")
    page.keyboard.press("ArrowLeft")
    assert now(page) == 2_000_000
    page.keyboard.press("Space")
    wait_state(page, "ended")
    assert 2_900_000 <= page.evaluate("document.querySelector('audio').currentTime * 1e6") <= 3_150_000
    expect(page.locator('[data-player-out="time"]')).to_have_text("0:01.00")
    assert page.evaluate("document.querySelector('media-player').playedUs") == pytest.approx(1_000_000, abs=60_000)


def settle_together(page: Page, within_us: int = 20_000) -> None:
    """Plays until nine of ten looks of a second in a row found the tracks within `within_us` of each other.

    A machine that halts the browser for a moment parts them, and that is not what is tested; tracks that are not brought
    together again never pass, whatever the machine.
    """
    page.evaluate("window.lags.length = 0")
    end = time.monotonic() + 30
    while True:
        lags = page.evaluate("window.lags.slice(-50)")
        near = sorted(abs(lag) for lag in lags)
        if len(near) == 50 and near[44] <= within_us:
            return
        assert time.monotonic() < end, near
        if now(page) > 5_200_000:
            page.evaluate("document.querySelector('media-player').seek(1_000_000)")
            page.evaluate("window.lags.length = 0")
        page.wait_for_timeout(50)


def test_two_tracks_with_offset_and_drift_come_within_twenty_milliseconds_from_the_start_and_after_a_seek(
    page: Page, bench: Bench
):
    open_item(page, bench, "pair")
    page.evaluate(
        """() => { window.lags = [];
        const [video, audio] = [document.querySelector('video'), document.querySelector('audio')];
        document.addEventListener('player:time', (event) => {
          if (!event.detail.playing || video.seeking) return;
          const onClock = 500000 + video.currentTime * 1e6 * (1 + 50000 / 1e9);
          window.lags.push(event.detail.us - onClock);
        }); }"""
    )
    page.keyboard.press("Space")
    settle_together(page)
    page.keyboard.press("ArrowRight")
    settle_together(page)
    page.evaluate("document.querySelector('video').currentTime += 0.2")
    settle_together(page)


def test_frame_times_of_the_recording_are_stepped_one_by_one(page: Page, bench: Bench):
    open_item(page, bench, "pair")
    page.evaluate("document.querySelector('media-player').seek(1_000_000)")
    frames = []
    for _ in range(5):
        before = now(page)
        page.keyboard.press("Period")
        until(page, "us => document.querySelector('media-player').nowUs > us", arg=before)
        until(page, "!document.querySelector('video').seeking")
        frames.append(int((now(page) - 500_000) // 40_000))
    assert frames == [13, 14, 15, 16, 17]


def test_steps_asked_for_before_the_frame_times_are_there_wait_their_turn(page: Page, bench: Bench):
    held: list[Route] = []
    page.route("**/frames/v05", lambda route: held.append(route))
    open_item(page, bench, "pair")
    page.evaluate("document.querySelector('media-player').seek(1_000_000)")
    for _ in range(3):
        page.keyboard.press("Period")
    assert now(page) == 1_000_000
    held[0].continue_()
    until(page, "document.querySelector('media-player').nowUs > 1_000_000 && !document.querySelector('video').seeking")
    assert int((now(page) - 500_000) // 40_000) == 15
    assert len(held) == 1


def test_the_waveform_is_drawn_and_a_click_goes_there(page: Page, bench: Bench):
    open_item(page, bench, "audio")
    page.wait_for_selector("wave-form path.past", state="attached")
    box = page.locator("wave-form svg.wave").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 10)
    assert now(page) == pytest.approx(3_550_000, abs=150_000)
    # A pixel of the picture itself, under the line that says where playing stands.
    line = page.locator("wave-form line.head-line").bounding_box()
    assert line["x"] == pytest.approx(box["x"] + box["width"] / 2, abs=3)


def test_a_broken_file_is_said_in_a_sentence_and_can_be_skipped(page: Page, bench: Bench):
    open_item(page, bench, "broken")
    expect(page.locator("[data-player-problem]")).to_contain_text("damaged or of a kind that this browser cannot play")
    page.keyboard.press("m")
    page.get_by_role("button", name="Skip", exact=True).click()
    known = wait_kept(bench, lambda known: known["skips"])
    assert known["skips"][0]["reason"] == "media_broken"


# Answers -----------------------------------------------------------------------------------------------------------------


def test_three_keys_answer_and_the_next_item_comes_without_a_new_page(page: Page, bench: Bench):
    open_item(page, bench, "video")
    page.evaluate("window.same = true")
    for key in ("3", "u", "g"):
        page.keyboard.press(key)
    page.wait_for_selector("audio", state="attached")
    assert page.evaluate("window.same") is True
    page.wait_for_url("**/next/video")
    expect(page.locator(".saved")).to_contain_text("Saved")
    (answer,) = bench.knows()["answers"].values()
    assert answer["answers"] == {
        "emotion": {"value": [{"label": "surprise"}]},
        "valence": {"value": 7},
        "arousal": {"value": 5},
    }
    assert answer["assignment_id"] == "assignment-video"
    assert answer["perceived"]["video"] is True
    assert answer["duration_ms"] > 0
    # The new item is alive: its own keys answer it, the bottom row when its turn comes.
    for key in ("1", "q", "l", "b"):
        page.keyboard.press(key)
    page.wait_for_selector(".passage")
    answers = {answer["assignment_id"]: answer["answers"] for answer in bench.knows()["answers"].values()}
    assert answers["assignment-audio"]["dominance"] == {"value": 5}
    assert answers["assignment-audio"]["arousal"] == {"value": 9}


def test_a_change_of_mind_before_going_on_counts(page: Page, bench: Bench):
    open_item(page, bench, "segment")
    page.keyboard.press("3")
    page.wait_for_timeout(100)
    page.keyboard.press("4")
    known = wait_kept(bench, lambda known: known["answers"])
    assert [answer["answers"] for answer in known["answers"].values()] == [{"emotion": {"value": [{"label": "anger"}]}}]


def test_letters_in_the_note_are_letters_and_nobody_is_hurried(page: Page, bench: Bench):
    open_item(page, bench, "text")
    page.keyboard.press("8")
    assert "here" in page.locator("[data-question=intensity]").get_attribute("class")
    expect(page.locator("[data-untouched]")).to_have_count(1)
    page.locator("input[type=range]").focus()
    page.keyboard.press("ArrowRight")
    page.locator("#answer textarea").fill("")
    page.locator("#answer textarea").type("3q m?")
    page.wait_for_timeout(600)
    assert bench.knows()["answers"] == {}
    assert page.locator("dialog[open]").count() == 0
    page.keyboard.press("Control+Enter")
    known = wait_kept(bench, lambda known: known["answers"])
    (answer,) = known["answers"].values()
    assert answer["answers"] == {
        "emotion": {"value": [{"label": "sadness"}]},
        "intensity": {"value": 51},
        "note": {"value": "3q m?"},
    }
    assert answer["perceived"]["suggestion"] is True


def test_a_suggestion_is_marked_as_a_models_and_chooses_nothing(page: Page, bench: Bench):
    open_item(page, bench, "text")
    expect(page.locator(".suggestion")).to_contain_text("A model predicts: Sadness, 0.61")
    assert page.locator("input:checked:not([data-auto])").count() == 0 + page.locator("#skip input:checked").count()


def test_a_prediction_shown_after_the_answer_stands_by_the_clip_it_is_about_and_not_over_the_next(
    page: Page, bench: Bench
):
    open_item(page, bench, "segment")
    page.keyboard.press("3")
    page.wait_for_url("**/next/segment")
    expect(page.locator(".saved")).to_contain_text("Saved")
    assert page.locator(".toast").count() == 0
    open_item(page, bench, "video")
    told = page.locator(".strip > *", has_text="model: ")
    expect(told).to_have_count(1)
    expect(told).to_contain_text("Joy")  # the person's own answer, and below it
    expect(told.locator(".predicted")).to_have_text("model: Sadness, 0.61")
    expect(told.locator(".predicted")).to_have_attribute(
        "title", "A model predicted: Sadness, 0.61 (face-expression 1.2)"
    )


def test_a_flag_is_set_and_taken_back_by_key(page: Page, bench: Bench):
    open_item(page, bench, "video")
    page.keyboard.press("b")
    expect(page.get_by_role("button", name="Flag, come back")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("b")
    expect(page.get_by_role("button", name="Flag, come back")).to_have_attribute("aria-pressed", "false")
    assert bench.knows()["posts"] == [{"flagged": True}, {"flagged": False}]


def test_enter_on_an_open_answer_leads_to_the_question(page: Page, bench: Bench):
    open_item(page, bench, "video")
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.closest('[data-question]').dataset.question") == "valence"
    assert bench.knows()["answers"] == {}


def test_offline_an_answer_is_kept_survives_a_reload_and_is_sent_exactly_once(
    context: BrowserContext, page: Page, bench: Bench
):
    open_item(page, bench, "video")
    context.set_offline(True)
    for key in ("3", "u", "g"):
        page.keyboard.press(key)
    expect(page.locator(".saved")).to_contain_text("Offline, 1 answer kept in this browser")
    expect(page.locator("[data-problem]")).to_contain_text("is kept in this browser")
    assert bench.knows()["answers"] == {}
    page.close()
    context.set_offline(False)
    again = context.new_page()
    open_item(again, bench, "text")
    wait_kept(bench, lambda known: len(known["answers"]) == 1)
    again.wait_for_timeout(1500)
    known = bench.knows()
    assert len(known["answers"]) == 1
    assert known["repeats"] == 0
    assert again.evaluate("import('#app/lib/sending.js').then((module) => module.outbox.entries.length)") == 0


def test_coming_back_online_sends_and_goes_on_by_itself(context: BrowserContext, page: Page, bench: Bench):
    open_item(page, bench, "video")
    context.set_offline(True)
    for key in ("3", "u", "g"):
        page.keyboard.press(key)
    expect(page.locator("[data-problem]")).to_be_visible()
    context.set_offline(False)
    page.wait_for_selector("audio", state="attached", timeout=10_000)
    known = bench.knows()
    assert len(known["answers"]) == 1
    assert known["repeats"] == 0


def test_a_lost_reply_is_repeated_under_the_same_id(page: Page, bench: Bench):
    bench.order(fail=[{"status": 502, "after": True}])
    open_item(page, bench, "video")
    for key in ("3", "u", "g"):
        page.keyboard.press(key)
    page.wait_for_selector("audio", state="attached", timeout=10_000)
    known = bench.knows()
    assert len(known["answers"]) == 1
    assert known["repeats"] == 1


def test_a_refusal_is_shown_with_its_reason_and_the_answer_stays(page: Page, bench: Bench):
    bench.order(fail=[{"status": 409, "code": "scheme_stale", "detail": "The scheme changed at noon."}])
    open_item(page, bench, "video")
    for key in ("3", "u", "g"):
        page.keyboard.press(key)
    expect(page.locator("[data-problem]")).to_contain_text("The scheme changed at noon.")
    expect(page.locator(".saved")).to_contain_text("1 answer was not accepted; it is kept here")
    page.get_by_role("button", name="Try to send again").click()
    page.wait_for_selector("audio", state="attached")
    assert len(bench.knows()["answers"]) == 1


def test_an_answer_about_somebody_who_stopped_is_dropped_and_said(page: Page, bench: Bench):
    bench.order(fail=[{"status": 410, "code": "participant_withdrawn"}])
    open_item(page, bench, "video")
    for key in ("3", "u", "g"):
        page.keyboard.press(key)
    expect(page.locator("#toasts")).to_contain_text("has stopped its use")
    page.wait_for_selector("audio", state="attached")
    assert bench.knows()["answers"] == {}


def test_a_stop_ends_playing_and_takes_the_item_off_the_screen(page: Page, bench: Bench):
    page.add_init_script(
        "const real = setInterval; window.setInterval = (what, ms) => real(what, ms === 20000 ? 300 : ms);"
    )
    open_item(page, bench, "video")
    page.keyboard.press("Space")
    wait_past(page, 300_000)
    bench.order(withdrawn=True)
    expect(page.locator("main")).to_contain_text("This recording is no longer available")
    assert page.locator("video").count() == 0
    assert page.locator("form#answer").count() == 0


def test_media_that_answer_404_are_a_stop_too(page: Page, bench: Bench):
    bench.order(withdrawn=True)
    page.goto(f"{bench.url}/label/video")
    expect(page.locator("main")).to_contain_text("This recording is no longer available")


def test_signing_out_with_unsent_answers_asks(context: BrowserContext, page: Page, bench: Bench):
    bench.order(fail=[{"status": 503}] * 30)
    open_item(page, bench, "video")
    for key in ("3", "u", "g"):
        page.keyboard.press(key)
    expect(page.locator("[data-problem]")).to_be_visible()
    page.goto(bench.url)
    until(page, "customElements.get('sign-out')")
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("1 not yet on the server")
    page.get_by_role("button", name="Discard and sign out").click()
    page.wait_for_url("**/logout")
    assert page.evaluate("import('#app/lib/sending.js').then((module) => module.outbox.entries.length)") == 0


def test_without_javascript_the_form_posts_as_it_stands(browser: Browser, bench: Bench):
    bench.order(reset=True, withdrawn=False)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{bench.url}/label/video")
    page.get_by_label("Surprise").check(force=True)
    page.get_by_label("7, between").first.check(force=True)
    page.locator("input[name='q.arousal'][value='5']").check(force=True)
    page.get_by_role("button", name="Next clip").click()
    page.wait_for_url("**/label/audio")
    (answer,) = bench.knows()["answers"].values()
    assert answer["q.emotion"] == "surprise"
    assert (answer["q.valence"], answer["q.arousal"]) == ("7", "5")
    context.close()


# Traces ------------------------------------------------------------------------------------------------------------------


def samples(known: dict) -> list[tuple[int, float, int]]:
    """The trace as the server would join it: in order of sequence, a BACK replaces what it goes over."""
    rows: list[tuple[int, float, int]] = []
    for chunk in sorted(known["chunks"][0], key=lambda part: part["sequence"]):
        assert len(chunk["times_us"]) == len(chunk["values"]) == len(chunk["flags"])
        for row in zip(chunk["times_us"], chunk["values"], chunk["flags"], strict=True):
            if row[2] & BACK:
                rows = [kept for kept in rows if kept[0] < row[0]]
            rows.append(row)
    return rows


def check_trace(rows: list[tuple[int, float, int]]) -> None:
    for (before, _, _), (us, value, flags) in itertools.pairwise(rows):
        assert isinstance(us, int)
        assert us > before
        assert -1 <= value <= 1
        assert us - before <= 200_000 or flags & GAP


def test_a_trace_is_recorded_live_at_ten_hertz_or_more_without_a_hole(page: Page, bench: Bench):
    open_item(page, bench, "short")
    until(page, "document.querySelector('media-player').locked")
    box = page.locator(".pad").bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + box["height"] / 2)
    page.keyboard.press("Space")
    end = time.monotonic() + 2.6
    share = 0.5
    while time.monotonic() < end:
        share = 0.1 if share > 0.8 else share + 0.02
        page.mouse.move(box["x"] + 200, box["y"] + box["height"] * share)
        page.wait_for_timeout(20)
    known = wait_kept(bench, lambda known: known["finished"])
    rows = samples(known)
    check_trace(rows)
    assert (len(rows) - 1) / ((rows[-1][0] - rows[0][0]) / 1e6) >= 10
    assert max(b[0] - a[0] for a, b in itertools.pairwise(rows)) <= 200_000
    assert rows[0][0] <= 200_000
    assert rows[-1][0] >= 2_800_000
    assert max(value for _, value, _ in rows) > 0.5 > -0.5 > min(value for _, value, _ in rows)
    (finish,) = known["finished"].values()
    assert finish["chunks"] == len(known["chunks"][0])
    assert finish["device"]["kind"] == "mouse"
    expect(page.locator('[data-trace-out="kept"]')).to_contain_text("All of it is rated")
    expect(page.locator(".saved")).to_contain_text("Kept up to 0:0")
    page.keyboard.press("Enter")
    known = wait_kept(bench, lambda known: known["answers"])
    (answer,) = known["answers"].values()
    assert answer["answers"] == {"arousal_trace": {"value": {"trace": finish["client_id"]}}}


BUSY = """(ms) => new Promise((done) => setTimeout(() => {
  const end = performance.now() + ms;
  while (performance.now() < end);
  done();
}, 30))"""


def test_a_page_that_is_busy_for_half_a_second_loses_no_sample(page: Page, bench: Bench):
    """The hand moves while the page answers nobody; the movement stands in the trace where it was made."""
    open_item(page, bench, "trace")
    until(page, "document.querySelector('media-player').locked")
    box = page.locator(".pad").bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + box["height"] * 0.75)
    page.keyboard.press("Space")
    wait_past(page, 1_000_000)
    page.evaluate(
        "() => { window.moved = []; document.addEventListener('pointermove', (event) => window.moved.push("
        "[document.querySelector('media-player').nowUs, performance.now() - event.timeStamp]), { capture: true }); }"
    )
    page.evaluate(f"() => {{ ({BUSY})(600); }}")
    time.sleep(0.25)
    page.mouse.move(box["x"] + 200, box["y"] + box["height"] * 0.25)
    wait_past(page, 2_500_000)
    page.keyboard.press("Escape")
    known = wait_kept(bench, lambda known: known["finished"])
    ((told_us, late_ms), *_rest) = page.evaluate("window.moved")
    assert late_ms > 150, "the page was not busy when the hand moved"
    rows = samples(known)
    assert [flags & GAP for _, _, flags in rows].count(GAP) == 0
    assert max(b[0] - a[0] for a, b in itertools.pairwise(rows)) <= 200_000
    moved_us = next(us for us, value, _ in rows if us > 900_000 and value > 0)
    assert abs(moved_us - (told_us - late_ms * 1000)) <= 100_000
    assert all(value < -0.3 for us, value, _ in rows if us < moved_us)


def test_arrow_keys_move_and_leaving_the_window_pauses_both(page: Page, bench: Bench):
    open_item(page, bench, "trace")
    until(page, "document.querySelector('media-player').locked")
    page.keyboard.press("Space")
    page.keyboard.down("ArrowUp")
    wait_past(page, 1_000_000)
    page.keyboard.up("ArrowUp")
    page.evaluate("window.dispatchEvent(new Event('blur'))")
    wait_state(page, "paused")
    rested = now(page)
    page.keyboard.press("ArrowRight")  # locked: no seeking
    page.locator('[data-player="play"]').click()
    wait_past(page, rested + 800_000)
    page.keyboard.press("Escape")
    known = wait_kept(bench, lambda known: known["finished"])
    rows = samples(known)
    check_trace(rows)
    assert rows[-1][1] > 0.5
    assert sum(1 for row in rows if row[2] & GAP) == 1
    (finish,) = known["finished"].values()
    assert [event["kind"] for event in finish["events"] if event["kind"] != "device"] == [
        "play",
        "blur",
        "pause",
        "play",
        "stop",
    ]
    assert finish["device"]["kind"] == "keys"


def test_back_ten_seconds_rates_again_and_is_logged(page: Page, bench: Bench):
    open_item(page, bench, "trace")
    until(page, "document.querySelector('media-player').locked")
    page.keyboard.press("Space")
    wait_past(page, 2_500_000)
    page.keyboard.press("r")
    until(page, "document.querySelector('media-player').nowUs < 1500000")
    page.keyboard.down("ArrowDown")
    wait_past(page, 2_000_000)
    page.keyboard.up("ArrowDown")
    wait_past(page, 3_000_000)
    page.keyboard.press("Escape")
    known = wait_kept(bench, lambda known: known["finished"])
    rows = samples(known)
    check_trace(rows)
    assert sum(1 for row in rows if row[2] & BACK) == 1
    assert all(value < -0.3 for us, value, _ in rows if us > 1_500_000)
    (finish,) = known["finished"].values()
    (back,) = [event for event in finish["events"] if event["kind"] == "back"]
    assert back["to_us"] == 0 < back["from_us"]


def test_a_gamepads_stick_moves_and_the_value_stays_where_it_is_left(page: Page, bench: Bench):
    page.add_init_script(
        "window.stick = 0; navigator.getGamepads = () => [{ connected: true, axes: [0, window.stick] }];"
    )
    open_item(page, bench, "trace")
    until(page, "document.querySelector('media-player').locked")
    page.keyboard.press("Space")
    wait_past(page, 300_000)
    page.evaluate("window.stick = -1")
    page.wait_for_timeout(400)
    page.evaluate("window.stick = 0")
    wait_past(page, 1_500_000)
    page.keyboard.press("Escape")
    known = wait_kept(bench, lambda known: known["finished"])
    rows = samples(known)
    check_trace(rows)
    assert 0.3 < rows[-1][1] < 0.95
    assert rows[-1][1] == rows[-10][1]
    expect(page.locator('[data-trace-out="device"]')).to_have_text("Gamepad, left stick")


def test_a_trace_goes_through_a_tunnel_and_arrives_whole(context: BrowserContext, page: Page, bench: Bench):
    open_item(page, bench, "short")
    until(page, "document.querySelector('media-player').locked && document.querySelector('video').readyState === 4")
    page.wait_for_timeout(300)
    page.keyboard.press("Space")
    wait_past(page, 700_000)
    context.set_offline(True)
    page.keyboard.down("ArrowUp")
    wait_state(page, "ended", 10_000)
    page.keyboard.up("ArrowUp")
    expect(page.locator(".saved")).to_contain_text("kept in this browser")
    context.set_offline(False)
    known = wait_kept(bench, lambda known: known["finished"], 15)
    rows = samples(known)
    check_trace(rows)
    assert rows[-1][0] >= 2_800_000
    assert max(b[0] - a[0] for a, b in itertools.pairwise(rows)) <= 200_000


def test_a_reload_goes_on_where_the_trace_was(page: Page, bench: Bench):
    open_item(page, bench, "trace")
    until(page, "document.querySelector('media-player').locked")
    page.keyboard.press("Space")
    wait_past(page, 2_600_000)
    page.reload()
    until(page, "customElements.get('trace-pad') && document.querySelector('media-player')?.locked")
    until(
        page,
        "document.querySelector('media-player').state === 'paused' || document.querySelector('media-player').state === 'ready'",
    )
    page.keyboard.press("Space")
    wait_past(page, 3_600_000)
    page.keyboard.press("Escape")
    known = wait_kept(bench, lambda known: known["finished"])
    assert len(known["chunks"]) == 1, "one trace, not two"
    rows = samples(known)
    check_trace(rows)
    assert rows[0][0] < 300_000
    assert rows[-1][0] > 3_400_000
    assert any(row[2] & GAP and row[2] & RESUMED for row in rows)


def test_the_signal_runs_on_the_same_clock_and_zooms(page: Page, bench: Bench):
    open_item(page, bench, "trace")
    path = page.locator("signal-lane path.sig")
    path.wait_for(state="attached")
    whole = path.get_attribute("d")
    page.keyboard.press("+")
    until(page, "before => document.querySelector('signal-lane path.sig').getAttribute('d') !== before", arg=whole)


# The page ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", ["video", "audio", "text", "trace", "done", "withdrawn", ""])
def test_axe_finds_nothing(browser: Browser, bench: Bench, name: str, width: int, scheme: str):
    bench.order(reset=True, withdrawn=False)
    context = browser.new_context(viewport={"width": width, "height": 832}, color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{bench.url}/label/{name}" if name else bench.url)
    page.wait_for_timeout(400)
    found = Axe().run(page)
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found.response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "scrolls sideways"
    context.close()


def test_the_keys_are_listed_and_every_dialog_closes_by_keyboard(page: Page, bench: Bench):
    open_item(page, bench, "video")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("The last two seconds again")
    assert Axe().run(page).violations_count == 0
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    expect(page.get_by_role("dialog")).to_contain_text("Criteria, version 2")
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0


def test_the_theme_changes_at_once_and_is_kept(page: Page, bench: Bench):
    page.goto(bench.url)
    until(page, "customElements.get('theme-toggle')")
    light = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    with page.expect_request("**/theme") as sent:
        page.get_by_text("Dark", exact=True).click()
    assert sent.value.post_data == "theme=dark"
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") != light


def test_the_page_is_light(context: BrowserContext, bench: Bench):
    context.new_page().goto(bench.url)  # the server's first page compiles its templates
    page = context.new_page()
    fetched: list[Request] = []
    page.on("requestfinished", lambda request: fetched.append(request) if "/media/" not in request.url else None)
    page.goto(f"{bench.url}/label/video", wait_until="commit")
    page.wait_for_load_state("networkidle")
    # As the product sends it: scripts and styles compressed, the page and what it asks for as they are.
    sizes = {request.url: request.response().body() for request in fetched}
    total = sum(len(gzip.compress(body) if "/static/" in url else body) for url, body in sizes.items())
    assert len(sizes) > 10
    assert total <= 200_000, f"{total} bytes"
