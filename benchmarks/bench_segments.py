"""A timeline of 500 segments while the recording plays: `python -m benchmarks.bench_segments`. Chromium, the workspace's own page.

Frames are counted by requestAnimationFrame and by how long one takes from its begin until the main thread is free again. Three
stretches: all 500 segments in the window and only the playhead moving; the same while a passage is painted, so that the canvas is
drawn anew in each frame; zoomed in, pages turning. Beside them the same page without the timeline, which is what the machine gives.
The bar is 60 frames a second where the machine gives them, told as the main thread's time a frame: at most 16.7 ms (p95).
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks import bars

ROOT = Path(__file__).resolve().parent.parent
FLAGS = ["--headless", "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-sync", "--disable-background-networking",
         "--disable-component-update", "--autoplay-policy=no-user-gesture-required"]  # fmt: skip
SECONDS, BAR_MS = 5, 1000 / 60
# The message comes when what the frame had to do in script is done: style, drawing and the player's own work with it.
WATCH = """(seconds) => new Promise((done) => {
  const frames = [], busy = [], channel = new MessageChannel(), end = performance.now() + seconds * 1000;
  let begun = 0;
  channel.port1.onmessage = () => busy.push(performance.now() - begun);
  const look = (now) => {
    begun = performance.now();
    frames.push(now);
    channel.port2.postMessage(0);
    if (begun < end) requestAnimationFrame(look); else done({frames, busy});
  };
  requestAnimationFrame(look);
})"""
# What the timeline itself does when the player tells the time, which it does once a frame: the median of a thousand.
OWN = """() => {
  const player = document.querySelector("media-player"), line = document.querySelector("segment-line"), cost = [];
  const tell = (us) => {
    const begun = performance.now();
    for (let i = 0; i < 50; i++) player.dispatchEvent(new CustomEvent("player:time", {bubbles: true, detail: {us: us + i * 16667, playing: true}}));
    cost.push((performance.now() - begun) / 50);
  };
  for (let n = 0; n < 20; n++) tell(n * 900000);
  return cost.sort((a, b) => a - b)[10];
}"""
LINE = "document.querySelector('segment-line')"


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def measure(page: Page, what: str, before: str = "", *, bar: bool = True, key: str = "") -> None:
    page.evaluate("document.querySelector('media-player').seek(0)")
    if before:
        page.evaluate(before)
    page.evaluate("document.querySelector('media-player').play()")
    page.wait_for_timeout(500)
    if key:
        page.keyboard.down(key)
    found = page.evaluate(WATCH, SECONDS)
    if key:
        page.keyboard.up(key)
    page.evaluate("document.querySelector('media-player').pause()")
    gaps = [b - a for a, b in zip(found["frames"], found["frames"][1:], strict=False)]
    rate = 1000 * len(gaps) / sum(gaps)
    print(f"{what:<52} {rate:9.1f} frames a second, longest gap {max(gaps):.0f} ms", flush=True)
    if bar:
        bars.judge("  main thread a frame, p95", percentile(found["busy"], 0.95), BAR_MS, "ms", digits=1)


def main() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen([sys.executable, str(ROOT / "tests" / "browser" / "workbench.py"), str(port)])
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            try:
                json.load(urllib.request.urlopen(f"{url}/control"))  # noqa: S310 our own loopback server
                break
            except OSError:
                time.sleep(0.1)
        binary = os.environ.get("CONCORD_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
        print(bars.load())
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=binary, args=FLAGS)
            page = browser.new_page(viewport={"width": 1280, "height": 832})
            page.goto(f"{url}/label/many-given")
            # The server has drawn the waveform and the film has begun before anything is counted.
            end = time.monotonic() + 60
            while not page.evaluate(
                f"{LINE}?.segments?.size === 500 && !document.querySelector('[data-name=wave]').hidden"
            ):
                assert time.monotonic() < end, "the timeline has its segments and its waveform"
                page.wait_for_timeout(100)
            page.evaluate("document.querySelector('media-player').play()")
            page.wait_for_timeout(2000)
            page.evaluate("document.querySelector('media-player').pause()")
            bars.judge("the timeline's own script a frame, median", page.evaluate(OWN), 1.0, "ms", digits=3)
            measure(page, "500 segments in the window, playing")
            measure(page, "500 segments, a passage being painted", key="3")
            measure(page, "zoomed to two seconds, pages turning", f"{LINE}.scale.show(0, 2e6); {LINE}.drawn()")
            measure(
                page,
                "the page without the timeline",
                f"document.querySelector('.seg-tl').remove(); {LINE}.remove()",
                bar=False,
            )
            browser.close()
    finally:
        server.terminate()
        server.wait(10)
    return 1 if bars.misses else 0


if __name__ == "__main__":
    sys.exit(main())
