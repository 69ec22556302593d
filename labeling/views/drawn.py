"""What is drawn of a track, a stretch at a time: so that a page shows four hours without having them.

Every address takes `?from_us=&to_us=` on the recording clock and `columns=`, and answers with that many columns or a
few tiles; nothing here grows with the recording. Who may ask was decided before (`labeling.views.media`).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from affect.codecs import trace as container
from consent import assets
from consent.models import Asset
from consent.views_media import serve
from labeling.media import lane as raw
from labeling.media import peaks, pyramid, spectrogram
from labeling.models import Alignment, Lane, Track
from labeling.services import lanes
from labeling.services import media as services

DRAWN = ("peaks", "spectrogram", "lane", "frames")
HEADERS = {"Cache-Control": "private, no-store"}
_WHOLE = re.compile(r"-?[0-9]{1,15}")


def answer(request: HttpRequest, track: Track, what: str, lane: Lane | None) -> HttpResponseBase:
    if what == "frames":
        return _frames(request, track)
    if what == "lane":
        return _lane(request, track, lane)
    return (_peaks if what == "peaks" else _spectrogram)(request, track)


def _frames(request: HttpRequest, track: Track) -> JsonResponse:
    """The times of the frames of a stretch, on the track's own clock; all of them without one. None where they come evenly."""
    times = track.probe.get("frame_times_us") or []
    if "from_us" in request.GET:
        begin, end = _stretch(request, track)
        times = times[max(0, bisect_right(times, begin) - 1) : bisect_left(times, end) + 1]
    return JsonResponse(times, safe=False, headers=HEADERS)


def _peaks(request: HttpRequest, track: Track) -> HttpResponseBase:
    """Int8 pairs (least, greatest): of `columns` equal parts of a stretch, or without a stretch all there are."""
    if track.peaks is None or track.peaks.state != Asset.State.STORED:
        raise Http404
    if "from_us" not in request.GET:
        return serve(request, track.peaks)
    begin, end = _stretch(request, track)
    with assets.open_asset(track.peaks) as stream:
        found = peaks.columns(stream, begin - track.start_us, end - track.start_us, whole(request, "columns", 600))
    return HttpResponse(found, content_type="application/octet-stream", headers=HEADERS)


def _spectrogram(request: HttpRequest, track: Track) -> HttpResponseBase:
    """Without `tile` what there is (JSON); with `level` and `tile` one tile: bytes, column by column, low to high."""
    asset = services.spectrogram_of(track)
    if asset is None:
        raise Http404
    with assets.open_asset(asset) as stream:
        picture = spectrogram.Picture(stream)
        if "tile" not in request.GET:
            return JsonResponse(picture.described(), headers=HEADERS)
        tile = picture.tile(whole(request, "level", 0), whole(request, "tile", 0))
    if tile is None:
        raise Http404
    return HttpResponse(tile, content_type="application/octet-stream", headers=HEADERS)


def _lane(request: HttpRequest, track: Track, lane: Lane | None) -> JsonResponse:
    """The least and greatest value of each column of a stretch, and the lane's own range and unit."""
    if lane is None:
        raise Http404
    offset, drift = alignment(track)
    count = whole(request, "columns", 600)
    stack = lanes.stack_of(lane.asset)
    if stack is not None:
        with assets.open_asset(stack) as stream:
            found = pyramid.Pyramid(stream)
            least, most = found.first_us, found.last_us + 1
            begin = whole(request, "from_us", placed(least, offset, drift))
            end = max(begin + 1, whole(request, "to_us", placed(most, offset, drift)))
            told = found.columns(on_track(begin, offset, drift), on_track(end, offset, drift), count)
        told |= {"from_us": begin, "to_us": end}
    else:
        with assets.open_asset(lane.asset) as stream:
            samples = container.unpack(stream.read())
        times = placed(samples.times_us, offset, drift)
        begin = whole(request, "from_us", int(times[0]))
        end = max(begin + 1, whole(request, "to_us", int(times[-1]) + 1))
        told = raw.columns(times, samples.values, begin, end, count)
    return JsonResponse({**told, "unit": lane.unit}, headers=HEADERS)


def _stretch(request: HttpRequest, track: Track) -> tuple[int, int]:
    """What is asked for, on the track's own clock."""
    offset, drift = alignment(track)
    begin = whole(request, "from_us", 0)
    end = max(begin + 1, whole(request, "to_us", begin + 1))
    return on_track(begin, offset, drift), on_track(end, offset, drift)


def alignment(track: Track) -> tuple[int, int]:
    """Offset and drift of the newest alignment, which counts for showing."""
    newest: Alignment | None = track.alignments.order_by("-number").first()
    return (newest.offset_us, newest.drift_ppb) if newest else (0, 0)


def placed(on_track_us: Any, offset_us: int, drift_ppb: int) -> Any:
    """Times of a track on the recording clock."""
    return offset_us + on_track_us + on_track_us * drift_ppb // 1_000_000_000


def on_track(us: int, offset_us: int, drift_ppb: int) -> int:
    """A time of the recording on the track's clock."""
    return round((us - offset_us) * 1_000_000_000 / (1_000_000_000 + drift_ppb))


def whole(request: HttpRequest, name: str, default: int) -> int:
    given = request.GET.get(name, "")
    return int(given) if _WHOLE.fullmatch(given) else default
