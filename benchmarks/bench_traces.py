"""How close the samples of a trace lie: `python -m benchmarks.bench_traces`. The workspace's own page in Chromium, a hand that moves.

The bar: of the gaps between samples that no pause explains, p99 is at most the larger of 50 ms and one and a half frames of the
clip; a sound has a hundred samples a second. Measured on a calm page and on one whose scripts are busy for 30 ms ten times a
second; and by each device, since a stick has no events of its own. Beside it, how late a movement reaches the page.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import bars

BENCH = Path(__file__).resolve().parents[1] / "tests" / "browser" / "workbench.py"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update", "--autoplay-policy=no-user-gesture-required"]  # fmt: skip
FRAME_MS, SECONDS = 41.708, 15.0
PICTURE_BAR_MS = max(50.0, 1.5 * FRAME_MS)
SOUND_BAR_MS = 10.1  # times are whole microseconds
GAP = 1
PAD = """window.pad = { connected: true, id: "pad", axes: [0, 0] }; navigator.getGamepads = () => [window.pad];"""
BUSY = "setInterval(() => { const end = performance.now() + 30; while (performance.now() < end); }, 100)"


def ask(url: str, **order: object) -> dict:
    data = json.dumps(order).encode() if order else None
    with urllib.request.urlopen(urllib.request.Request(f"{url}/control", data)) as reply:  # noqa: S310 our own server
        return json.load(reply)


def move(page: Page, device: str, step: int, box: dict) -> None:
    up = (step // 20) % 2
    if device == "mouse":
        share = 0.3 + 0.02 * (step % 20)
        page.mouse.move(box["x"] + 200, box["y"] + box["height"] * (1 - share if up else share))
    elif device == "wheel":
        page.mouse.wheel(0, -30 if up else 30)
    elif device == "gamepad":
        page.evaluate(f"window.pad.axes = [0, {-0.5 if up else 0.5}]")
    elif step % 20 == 0:
        page.keyboard.up("ArrowUp" if up else "ArrowDown")
        page.keyboard.down("ArrowDown" if up else "ArrowUp")


def record(browser: Browser, url: str, item: str, device: str, *, busy: bool) -> tuple[list[float], float, dict]:
    """The gaps in ms between samples that no flag explains, samples a second, and what the page says of the device."""
    ask(url, reset=True)
    context = browser.new_context(viewport={"width": 1280, "height": 832})
    page = context.new_page()
    if device == "gamepad":
        page.add_init_script(PAD)
    page.goto(f"{url}/label/{item}")
    page.wait_for_function("() => document.querySelector('media-player')?.locked")
    box = page.locator(".pad").bounding_box()
    if device in ("mouse", "wheel"):
        page.mouse.move(box["x"] + 200, box["y"] + box["height"] / 2)
    if busy:
        page.evaluate(BUSY)
    page.keyboard.press("Space")
    end, step = time.monotonic() + min(SECONDS, 6.0 if item == "listen" else SECONDS), 0
    while time.monotonic() < end:
        move(page, device, step, box)
        page.wait_for_timeout(30)
        step += 1
    page.keyboard.press("Escape")
    while not (known := ask(url))["finished"]:
        time.sleep(0.1)
    context.close()
    parts = sorted(known["chunks"][0], key=lambda part: part["sequence"])
    rows = [row for part in parts for row in zip(part["times_us"], part["flags"], strict=True)]
    gaps = sorted((b[0] - a[0]) / 1000 for a, b in itertools.pairwise(rows) if not b[1] & GAP)
    (finish,) = known["finished"].values()
    return gaps, 1000 * len(gaps) / sum(gaps), finish["device"]


def at(share: float, gaps: list[float]) -> float:
    return gaps[min(len(gaps) - 1, int(share * len(gaps)))]


def main() -> int:
    binary = os.environ.get("CONCORD_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not binary:
        print("Chromium is missing: install it, or name one in CONCORD_CHROMIUM.")
        return 1
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    server = subprocess.Popen([sys.executable, str(BENCH), url.rsplit(":", 1)[1]])
    print(f"traces of {SECONDS:g} s, frames of {FRAME_MS:g} ms; {bars.load()}")
    try:
        time.sleep(3)
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=binary, args=FLAGS)
            runs = [("trace", "mouse", False), ("trace", "keys", False), ("trace", "wheel", False), ("trace", "gamepad", False),
                    ("trace", "mouse", True), ("listen", "keys", False), ("listen", "keys", True)]  # fmt: skip
            for item, device, busy in runs:
                gaps, rate, told = record(browser, url, item, device, busy=busy)
                name = f"{'sound' if item == 'listen' else 'picture'}, {device}{', busy page' if busy else ''}"
                bar = SOUND_BAR_MS if item == "listen" else PICTURE_BAR_MS
                bars.judge(f"{name}: gap p99", at(0.99, gaps), bar, "ms", digits=1)
                late, frames = told["input_ms"], told["frames"]
                print(
                    f"    p50 {at(0.5, gaps):.1f} ms, largest {gaps[-1]:.1f} ms, {rate:.1f} samples a second; movements reach the "
                    f"page after p50 {late['p50']} ms, p99 {late['p99']} ms; frames missed {frames['missed']}, dropped {frames['dropped']}",
                    flush=True,
                )
            browser.close()
    finally:
        server.terminate()
        server.wait(10)
    print(f"{bars.load()}; {'missed: ' + ', '.join(bars.misses) if bars.misses else 'all bars met'}")
    return 1 if bars.misses else 0


if __name__ == "__main__":
    sys.exit(main())
