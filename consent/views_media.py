"""Media over HTTP: decrypted for the bytes that are asked for, sent in blocks, kept by nobody on the way.

`serve` has no address of its own. The view that calls it has fetched the object through the door and asked the gate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from errno import ECONNRESET
from itertools import chain
from time import monotonic

from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    StreamingHttpResponse,
)
from django.utils.crypto import salted_hmac

from consent import ranges
from consent.assets import NotReadable, opener
from consent.chunked import SeekableReader
from consent.keys import KeyGone
from consent.models import Asset

ASK_AGAIN_SECONDS = 10
# What a browser may show on its own; everything else is offered as a file to keep.
_INLINE = ("video/", "audio/", "image/png", "image/jpeg", "image/webp", "application/octet-stream", "application/json")


def serve(request: HttpRequest, asset: Asset, still: Callable[[], bool] = lambda: True) -> HttpResponseBase:
    """The asset's bytes, whole or by a single range (RFC 9110): 200, 206, 304, 416; GET and HEAD.

    `still` asks the gate again while a long answer is on its way: who stops meanwhile is not sent to its end. Every chunk is authenticated before it is sent, the first block before the status line. Raises Http404 when the asset
    is not readable any more, Damaged when the stored bytes were altered.
    """
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    try:
        stream = opener(asset)()
    except (KeyGone, NotReadable):
        raise Http404 from None
    tag = f'"{salted_hmac("consent.media", f"{asset.pk}/{asset.key_version}", algorithm="sha256").hexdigest()[:32]}"'
    if tag in {one.strip() for one in request.headers.get("If-None-Match", "").split(",")}:
        stream.close()
        return _dressed(HttpResponse(status=304), asset, tag, {})
    try:
        span = ranges.asked(_range_asked(request, tag), stream.size)
    except ranges.Unsatisfiable:
        stream.close()
        head = {"Content-Range": f"bytes */{asset.plain_bytes}", "Accept-Ranges": "bytes", "Content-Length": "0"}
        return _dressed(HttpResponse(status=416), asset, tag, head)
    status = 206 if span.partial else 200
    if request.method == "HEAD":
        stream.close()
        return _dressed(HttpResponse(status=status), asset, tag, span.headers())
    response = StreamingHttpResponse(_first_now(stream, span, lambda: _readable(asset) and still()), status=status)
    response._resource_closers.append(stream.close)
    return _dressed(response, asset, tag, span.headers())


def _range_asked(request: HttpRequest, tag: str) -> str | None:
    """The Range header, when it counts: on GET, and only while what the browser has is the same as what is here."""
    if request.method != "GET" or request.headers.get("If-Range", tag).strip() != tag:
        return None
    return request.headers.get("Range")


def _first_now(stream: SeekableReader, span: ranges.Span, still: Callable[[], bool]) -> Iterator[bytes]:
    blocks = ranges.blocks(stream, span)
    return chain([next(blocks, b"")], _while_allowed(blocks, still))


def _while_allowed(blocks: Iterator[bytes], still: Callable[[], bool]) -> Iterator[bytes]:
    asked = monotonic()
    for block in blocks:
        if monotonic() - asked > ASK_AGAIN_SECONDS:
            if not still():
                # The status line is long gone: closing the connection early is the one way to say that this is not all.
                raise ConnectionResetError(ECONNRESET, "the asset was withdrawn while it was sent")
            asked = monotonic()
        yield block


def _readable(asset: Asset) -> bool:
    return Asset.objects.filter(pk=asset.pk, state=Asset.State.STORED).exists()


def _dressed(response: HttpResponseBase, asset: Asset, tag: str, head: dict[str, str]) -> HttpResponseBase:
    shown = asset.media_type.startswith(_INLINE)
    response.headers["Content-Type"] = asset.media_type if shown else "application/octet-stream"
    response.headers["Content-Disposition"] = "inline" if shown else "attachment"
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    for name, value in head.items():
        response.headers[name] = value
    return response
