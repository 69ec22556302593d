"""Media over HTTP: the range table of RFC 9110, compared with slices of the plain bytes."""

from __future__ import annotations

import pytest
from django.http import Http404
from django.test import RequestFactory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent import assets, keys
from consent.chunked import Damaged
from consent.views_media import serve

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
PLAIN = bytes(n % 251 for n in range(100_000))
SIZE = len(PLAIN)


@pytest.fixture
def asset(study, people):
    return assets.store(study=study, kind="original", source=PLAIN, media_type="video/mp4", subjects=people(2))


def ask(asset, method="GET", **headers):
    return serve(RequestFactory().generic(method, "/", headers=headers), asset)


def body(response) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_it_works(asset):
    response = ask(asset)
    assert response.status_code == 200
    assert body(response) == PLAIN
    assert response["Content-Length"] == str(SIZE)
    assert response["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize(
    ("header", "first", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, SIZE),
        ("bytes=16383-16384", 16383, 16385),
        ("bytes=16384-32767", 16384, 32768),
        ("bytes=99999-", 99999, SIZE),
        ("bytes=50000-999999999999999999999999999999", 50000, SIZE),
        ("bytes=-1", SIZE - 1, SIZE),
        ("bytes=-99999999999999999999999", 0, SIZE),
        ("Bytes = 10-19", 10, 20),
        ("bytes=00000000000000000000000010-19", 10, 20),
    ],
)
def test_a_range_gets_exactly_its_bytes(asset, header, first, stop):
    response = ask(asset, Range=header)
    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes {first}-{stop - 1}/{SIZE}"
    assert response["Content-Length"] == str(stop - first)
    assert body(response) == PLAIN[first:stop]


@pytest.mark.parametrize(
    "header", ["bytes=100000-", "bytes=100000-100001", "bytes=-0", "bytes=99999999999999999999999-"]
)
def test_a_range_outside_is_416_and_says_how_long_it_is(asset, header):
    response = ask(asset, Range=header)
    assert response.status_code == 416
    assert response["Content-Range"] == f"bytes */{SIZE}"
    assert body(response) == b""


@pytest.mark.parametrize(
    "header",
    ["bytes=", "bytes=-", "bytes=5-2", "bytes=a-b", "bytes=0-1,5-6", "items=0-5", "bytes=0x1-2", "bytes=1-2-3", "bytes=+1-2", "bytes=١-٢", ""],
)  # fmt: skip
def test_what_cannot_be_meant_gets_everything(asset, header):
    response = ask(asset, Range=header)
    assert response.status_code == 200
    assert body(response) == PLAIN


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, SIZE - 1), st.integers(0, SIZE * 2))
def test_any_range_equals_the_slice(asset, first, last):
    response = ask(asset, Range=f"bytes={first}-{last}")
    assert body(response) == (PLAIN[first : last + 1] if last >= first else PLAIN)


def test_head_says_what_get_would_send(asset):
    response, got = ask(asset, "HEAD"), ask(asset)
    assert body(response) == b""
    assert {name: response[name] for name in got.headers} == dict(got.headers)


def test_if_range_sends_everything_when_the_browser_has_something_else(asset):
    tag = ask(asset)["ETag"]
    assert ask(asset, Range="bytes=0-9", **{"If-Range": tag}).status_code == 206
    assert ask(asset, Range="bytes=0-9", **{"If-Range": '"else"'}).status_code == 200
    assert ask(asset, Range="bytes=0-9", **{"If-Range": f"W/{tag}"}).status_code == 200
    assert ask(asset, Range="bytes=0-9", **{"If-Range": "Sat, 01 Jan 2022 00:00:00 GMT"}).status_code == 200
    assert ask(asset, **{"If-None-Match": f'"x", {tag}'}).status_code == 304


def test_the_tag_tells_nothing_of_the_bytes(study, people):
    one, other = (
        assets.store(study=study, kind="original", source=PLAIN, media_type="video/mp4", subjects=people(1))
        for _ in range(2)
    )
    assert ask(one)["ETag"] != ask(other)["ETag"]
    assert one.pk.hex not in ask(one)["ETag"]


def test_browsers_are_told_to_keep_nothing_and_run_nothing(asset):
    response = ask(asset)
    assert response["Cache-Control"] == "private, no-store"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"].startswith("sandbox")
    assert response["Content-Disposition"] == "inline"
    assert response["Content-Type"] == "video/mp4"


@pytest.mark.parametrize("media_type", ["text/html", "image/svg+xml", "application/xhtml+xml", "text/javascript"])
def test_what_a_browser_could_run_is_offered_as_a_file(study, media_type):
    asset = assets.store(study=study, kind="original", source=b"<script>", media_type=media_type)
    response = ask(asset)
    assert (response["Content-Type"], response["Content-Disposition"]) == ("application/octet-stream", "attachment")


def test_an_empty_asset_is_served_empty(study):
    asset = assets.store(study=study, kind="original", source=b"", media_type="video/mp4")
    assert body(ask(asset)) == b""
    assert ask(asset, Range="bytes=0-").status_code == 416


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
def test_other_methods_are_refused(asset, method):
    assert ask(asset, method).status_code == 405


def test_a_destroyed_key_is_404_and_altered_bytes_send_no_status(asset, folder):
    path = folder / "store" / asset.store_key
    sealed = bytearray(path.read_bytes())
    sealed[100] ^= 1
    path.write_bytes(sealed)
    with pytest.raises(Damaged):
        ask(asset)
    keys.destroy_participant(asset.subjects.first().pk)
    with pytest.raises(Http404):
        ask(asset)


def test_blocks_are_bounded(study):
    asset = assets.store(study=study, kind="original", source=bytes(3_000_000), media_type="video/mp4")
    sizes = [len(block) for block in ask(asset, Range="bytes=5-").streaming_content]
    assert max(sizes) <= 256 * 1024
    assert sum(sizes) == 3_000_000 - 5
