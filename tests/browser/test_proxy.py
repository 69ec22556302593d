"""A rendition in a real Chromium, served by the real ranged view: it plays, seeks, and shows each frame at its own time."""

import io
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.db import connections
from django.http import HttpResponse
from django.test import RequestFactory
from playwright.sync_api import Page, sync_playwright

from consent.views_media import serve
from labeling.media.probe import probe
from labeling.models import Track
from tests.labeling import sounds
from tests.labeling.shelf import shelf  # noqa: F401 - a fixture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(databases="__all__")]
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
MILLISECONDS = Fraction(1, 1000)
# Reads how bright the frame is that is shown at a time: frame n of `sounds.video` has 16 + 3 n.
SHOWN_AT = """async (seconds) => {
  const video = document.querySelector("video");
  const there = new Promise((resolve) => video.addEventListener("seeked", resolve, {once: true}));
  video.currentTime = seconds;
  await there;
  await new Promise((resolve) => video.requestVideoFrameCallback ? video.requestVideoFrameCallback(resolve) && setTimeout(resolve, 300) : resolve());
  const canvas = new OffscreenCanvas(16, 16);
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0, 16, 16);
  return context.getImageData(8, 8, 1, 1).data[0];
}"""
PLAYS = """async () => {
  const video = document.querySelector("video");
  video.muted = true;
  await video.play();
  const before = video.currentTime;
  await new Promise((resolve) => setTimeout(resolve, 700));
  video.pause();
  return video.currentTime - before;
}"""


class _Threads(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_args: object) -> None:
        """A test says what it has to say by failing."""


@contextmanager
def opened(track: Track) -> Iterator[tuple[Page, list[str | None]]]:
    """A page that holds the film, which comes through the ranged view of the application; and the ranges it was asked for.

    The server's threads use the connections of the test, whose transaction nobody else sees. Chromium starts after the
    test's own queries: Playwright runs a loop in this thread, beside which Django asks no database.
    """
    asked: list[str | None] = []
    shared = {alias: connections[alias] for alias in connections}

    def application(environ, start_response):
        for alias, connection in shared.items():
            connections[alias] = connection
        request = RequestFactory().generic("GET", environ["PATH_INFO"])
        request.META.update({name: value for name, value in environ.items() if name.startswith("HTTP_")})
        if environ["PATH_INFO"] == "/film":
            asked.append(environ.get("HTTP_RANGE"))
            with one_at_a_time:
                answer = serve(request, track.proxy)
        else:
            answer = HttpResponse('<!doctype html><video src="/film" preload="auto"></video>')
        start_response(f"{answer.status_code} said", list(answer.items()))
        return answer

    one_at_a_time = threading.Lock()
    for connection in shared.values():
        connection.inc_thread_sharing()
    server = make_server("127.0.0.1", 0, application, server_class=_Threads, handler_class=_Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{server.server_port}/")
            page.wait_for_function("document.querySelector('video').readyState >= 2")
            yield page, asked
            browser.close()
    finally:
        server.shutdown()
        server.server_close()
        for connection in shared.values():
            connection.dec_thread_sharing()


@pytest.mark.parametrize("start_ms", [0, 500])
def test_a_rendition_plays_seeks_and_shows_each_frame_at_its_time(shelf, start_ms):  # noqa: F811
    stamps = [start_ms + n * 40 for n in range(60)]
    data = sounds.video(stamps, base=MILLISECONDS, box="matroska")
    assert not probe(io.BytesIO(data), "video").playable
    track = shelf.read("video", data, "a.mkv")
    with opened(track) as (page, asked):
        length = page.evaluate("document.querySelector('video').duration")
        # Chromium takes a part of an empty beginning off the length it tells; what counts is where the frames are.
        assert (start_ms + 2400) / 1000 - (0.2 if start_ms else 0.01) < length < (start_ms + 2450) / 1000
        for frame in (45, 10, 30, 58):
            bright = page.evaluate(SHOWN_AT, (stamps[frame] + 20) / 1000)
            found = round(bright * 219 / 255 / 3)  # of 16 … 235 back to the luma above black
            assert abs(found - frame) <= 1, (frame, bright)
        page.evaluate(SHOWN_AT, (start_ms + 100) / 1000)
        assert 0.3 < page.evaluate(PLAYS) < 1.5
        assert any(one and one.startswith("bytes=") for one in asked)


@pytest.mark.long
def test_a_long_rendition_is_fetched_by_ranges_and_not_whole(shelf):  # noqa: F811
    coding = ("-c:v", "mpeg4", "-q:v", "3")  # which no browser plays
    data = sounds.encoded(*sounds.picture(40, rate=10, size="1280x720"), *coding, container="matroska")
    track = shelf.read("video", data, "a.mkv")
    with opened(track) as (page, asked):
        before = len(asked)  # the index, which lies at the end, and the beginning
        page.evaluate(SHOWN_AT, 35.05)
        assert page.evaluate("document.querySelector('video').currentTime") == pytest.approx(35.05, abs=0.01)
        starts = [int(one.removeprefix("bytes=").split("-")[0]) for one in asked[before:] if one]
        assert any(0.5 < start / track.proxy.plain_bytes < 0.95 for start in starts), (track.proxy.plain_bytes, asked)
