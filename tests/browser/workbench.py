"""A small web server with the workspace's real templates, style and scripts and none of the application behind them.

It keeps to the contract between page and server (submit, trace chunks, heartbeat, ranged media) and can be told to fail on purpose,
so that what the browser code promises is tested where it runs: in a browser, under the product's own content security policy.

Run: python tests/browser/workbench.py PORT
"""

from __future__ import annotations

import gzip
import json
import sys
import threading
import time
import types
from pathlib import Path
from socketserver import ThreadingMixIn
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import csp.constants as csp  # noqa: E402
import django  # noqa: E402
from django import template  # noqa: E402
from django.conf import settings  # noqa: E402
from django.utils.html import format_html, format_html_join  # noqa: E402
from django.utils.safestring import mark_safe  # noqa: E402

MEDIA = ROOT / "demo" / "media"
SELF = sys.modules[__name__]
sys.modules.setdefault("workbench", SELF)

settings.configure(
    DEBUG=False,
    DEBUG_PROPAGATE_EXCEPTIONS=True,
    SECRET_KEY="only for tests",
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    ROOT_URLCONF="workbench",
    INSTALLED_APPS=[
        "django.contrib.contenttypes",
        "django.contrib.auth",
        "django.contrib.staticfiles",
        "django_htmx",
        "csp",
    ],
    MIDDLEWARE=["django.middleware.csrf.CsrfViewMiddleware", "csp.middleware.CSPMiddleware"],
    CSRF_COOKIE_NAME="csrf",
    USE_I18N=True,
    LANGUAGE_CODE="en",
    LANGUAGES=[("en", "English"), ("de", "Deutsch")],
    STATIC_URL="/static/",
    STATICFILES_DIRS=[ROOT / "static"],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [ROOT / "templates"],
            "OPTIONS": {
                "context_processors": ["django.template.context_processors.request", "csp.context_processors.nonce"],
                "libraries": {
                    "workspace": "labeling.templatetags.workspace",
                    "django_htmx": "django_htmx.templatetags.django_htmx",
                    "static": "django.templatetags.static",
                },
                "builtins": ["workbench_tags"],
            },
        }
    ],
    CONTENT_SECURITY_POLICY={
        "DIRECTIVES": {
            "default-src": [csp.NONE],
            "script-src": [csp.NONCE, csp.STRICT_DYNAMIC],
            "style-src": [csp.SELF],
            "img-src": [csp.SELF, "data:", "blob:"],
            "media-src": [csp.SELF, "blob:"],
            "connect-src": [csp.SELF],
            "form-action": [csp.SELF],
            "base-uri": [csp.NONE],
            "frame-ancestors": [csp.NONE],
        }
    },
)


def import_map(context) -> str:
    """The application's own tag needs the application; this one has the same output."""
    folder = ROOT / "static" / "js"
    paths = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*.js"))]
    text = mark_safe(json.dumps({"imports": {f"#app/{path}": f"/static/js/{path}" for path in paths}}))  # noqa: S308 names of our own files
    return format_html('<script type="importmap" nonce="{}">{}</script>', context.get("CSP_NONCE", ""), text)


def preload(context, *elements) -> str:
    """The links without what the elements import: only the time to the first click depends on them."""
    links = ((f"/static/js/elements/{name}.js", context.get("CSP_NONCE", "")) for name in elements)
    return format_html_join("", '<link rel="modulepreload" href="{}" nonce="{}">', links)


django.setup()
sys.modules["workbench_tags"] = types.ModuleType("workbench_tags")
sys.modules["workbench_tags"].register = template.Library()
sys.modules["workbench_tags"].register.simple_tag(import_map, takes_context=True)
sys.modules["workbench_tags"].register.simple_tag(preload, takes_context=True)

from django.contrib.staticfiles import finders  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import Http404, HttpResponse, JsonResponse  # noqa: E402
from django.shortcuts import redirect, render  # noqa: E402
from django.template import engines  # noqa: E402
from django.urls import path as route  # noqa: E402

BOTH = [
    {"key": "valence", "type": "scale", "prompt": "How pleasant does it appear?", "row": "top", "minimum": 1, "maximum": 9, "step": 1,
     "required": True, "anchors": {"1": "very unpleasant", "5": "neither", "9": "very pleasant"}},
    {"key": "arousal", "type": "scale", "prompt": "How active does it appear?", "row": "home", "minimum": 1, "maximum": 9, "step": 1,
     "required": True, "anchors": {"1": "very passive", "5": "medium", "9": "very active"}},
]  # fmt: skip
NAMES = ["joy", "interest", "surprise", "anger", "disgust", "contempt", "fear", "sadness", "calm", "neutral"]
EMOTION = {
    "key": "emotion", "type": "choice", "prompt": "What does speaker B appear to express?", "row": "digits", "required": True,
    "options": [{"id": f"label-{name}", "code": name, "name": name.title(), "emotion": name, "key": str((i + 1) % 10)} for i, name in enumerate(NAMES)],
}  # fmt: skip
TRACE = {"key": "arousal_trace", "type": "trace", "prompt": "How active does speaker A appear to be?", "required": True, "row": "",
         "minimum": -1, "maximum": 1, "step": 0, "anchors": {"1": "very active", "0": "neither", "-1": "very passive"}}  # fmt: skip
DOMINANCE = {"key": "dominance", "type": "scale", "prompt": "How much in control does it appear?", "row": "bottom", "minimum": 1, "maximum": 5,
             "step": 1, "required": True, "anchors": {"1": "without control", "5": "in control"}}  # fmt: skip
SLIDER = {
    "key": "intensity",
    "type": "scale",
    "prompt": "How intense is it?",
    "row": "",
    "minimum": 0,
    "maximum": 100,
    "step": 1,
    "required": True,
    "anchors": {"0": "not at all", "100": "as intense as can be"},
}
NOTE = {"key": "note", "type": "text", "prompt": "What made you think so?", "row": "", "required": False}


def track(name: str, modality: str, **more) -> dict:
    return {"id": name, "modality": modality, "label": more.pop("label", "left camera"), "src": f"/media/{name}", "offset_us": 0, "drift_ppb": 0,
            "muted": False, "start_us": 0, "duration_us": 19_000_000, **more}  # fmt: skip


ITEMS = {
    "video": {"kind": "video", "duration_us": 6_000_000, "tracks": [track("v03_woman_cry_to_laugh.mp4", "video", peaks="/peaks/a01_librivox_0870.wav", duration_us=7_000_000)], "questions": [EMOTION, *BOTH], "text": "No, honestly I wasn’t. I mean I thought maybe next year, but then she just put the letter on the table."},
    "audio": {"kind": "audio", "duration_us": 7_000_000, "tracks": [track("a01_librivox_0870.wav", "audio", peaks="/peaks/a01_librivox_0870.wav", duration_us=7_100_000)], "questions": [EMOTION, *BOTH, DOMINANCE]},
    "segment": {"kind": "audio", "start_us": 2_000_000, "end_us": 3_000_000, "duration_us": 1_000_000, "tracks": [track("a01_librivox_0870.wav", "audio", peaks="/peaks/a01_librivox_0870.wav", duration_us=7_100_000)], "questions": [EMOTION]},
    "text": {"kind": "text", "text": "I expected so much more from this film, and yet the last ten minutes moved me.", "tracks": [], "questions": [EMOTION, SLIDER, NOTE], "suggestion": {"text": "Sadness, 0.61", "model": "face-expression", "version": "1.2"}},
    "trace": {"kind": "video", "duration_us": 19_000_000, "tracks": [track("v05_woman_full_19s.mp4", "video"), {"id": "ppg", "modality": "signal", "label": "Pulse", "src": None, "lane": "/lane/ppg"}], "questions": [TRACE]},
    "short": {"kind": "video", "duration_us": 3_000_000, "start_us": 0, "end_us": 3_000_000, "tracks": [track("v05_woman_full_19s.mp4", "video")], "questions": [TRACE]},
    "pair": {"kind": "video", "duration_us": 6_000_000, "tracks": [track("v05_woman_full_19s.mp4", "video", muted=True, offset_us=500_000, drift_ppb=50_000, frame_times="/frames/v05"), track("a01_librivox_0870.wav", "audio", label="speaker B", duration_us=7_100_000)], "questions": [EMOTION]},
    "broken": {"kind": "video", "duration_us": 6_000_000, "tracks": [track("broken.mp4", "video")], "questions": [EMOTION]},
}  # fmt: skip
ORDER = ["video", "audio", "text", "done"]
GUIDELINE = {
    "title": "Criteria, version 2",
    "html": "<p>Rate what the person <strong>appears to express</strong>, not what you would feel.</p>",
}


class State:
    """What the server knows; `reset` before each test."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        self.posts: list[dict] = []
        self.answers: dict[str, dict] = {}
        self.repeats = 0
        self.chunks: dict[tuple[str, str], dict[int, dict]] = {}
        self.finished: dict[str, dict] = {}
        self.skips: list[dict] = []
        self.fail: list[dict] = []
        self.withdrawn = False
        self.beats = 0
        self.ahead: list[str] = []  # the names of what is held ready behind the item at hand
        self.keys: dict[str, str] = {}
        self.comments: list[dict] = []
        self.order: list[str] = []  # client ids, as their answers came
        self.released = 0
        self.care: dict = {}


STATE = State()


def work(name: str) -> dict:
    item = ITEMS[name]
    index = list(ITEMS).index(name) + 140
    strip = [{"index": index - 2, "state": "answered", "label": "Joy", "emotion": "joy", "url": "/label/audio"},
             {"index": index - 1, "state": "answered", "label": "Neutral", "emotion": "neutral", "url": "/label/text"},
             {"index": index, "state": "here", "label": "", "emotion": "", "url": f"/label/{name}"},
             {"index": index + 1, "state": "next", "label": "ready", "emotion": "", "url": ""}]  # fmt: skip
    return {
        "campaign": {"id": "c1", "name": "Dyads: expressed emotion", "prediction_display": "never"},
        "assignment": {"id": f"assignment-{name}", "lease_until": "", "client_id": f"0190{index:04x}-0000-7000-8000-{int(time.time() * 1e6) % 10**12:012d}"},
        "place": {"index": index, "total": 200, "answered": index - 1},
        "item": {"id": name, "code": "DT-031", "target_label": "speaker B", "role": "patient", "start_us": 0, "end_us": None, "text": "", "duration_us": None, **{k: v for k, v in item.items() if k not in ("tracks", "questions", "suggestion")}},
        "tracks": item["tracks"], "questions": item["questions"], "suggestion": item.get("suggestion"), "strip": strip, "guideline": GUIDELINE,
        "urls": {"submit": f"/submit/{name}", "trace_chunk": "/chunk", "trace_finish": "/finish", "next": f"/next/{name}", "back": "/label/audio", "skip": f"/skip/{name}", "heartbeat": "/heartbeat",
            "flag": "/flag", "stop": "/", "ahead": "/ahead" if STATE.ahead else "", "release": "/release", "comment": f"/comment/{name}",
            "flagged": "/flagged", "shortcuts": "/keys"},
    }  # fmt: skip


class Person:
    pk = "ana"
    theme = ""
    is_authenticated = True


def page(request, name: str):
    fragment = {"done": "labeling/workspace/_done.html", "withdrawn": "labeling/workspace/_withdrawn.html"}.get(
        name, "labeling/workspace/_item.html"
    )
    care = {**STATE.care, "keys": json.dumps(STATE.keys) if STATE.keys else ""}
    context = {"work": work(name if name in ITEMS else "video"), "fragment": fragment, "user": Person, "care": care}
    if name == "done":
        context["work"]["questions"] = []
    return render(request, fragment if request.headers.get("HX-Request") else "labeling/workspace/page.html", context)


def following(request, name: str):
    index = ORDER.index(name) + 1 if name in ORDER else len(ORDER) - 1
    return redirect(f"/label/{ORDER[index]}")


def failure() -> HttpResponse | None:
    """The fault that a test has ordered for the next post; `after` faults come when the work is done (a lost reply)."""
    if not STATE.fail:
        return None
    fault = STATE.fail.pop(0)
    return JsonResponse(
        {"type": "about:blank", "code": fault.get("code", "fault"), "detail": fault.get("detail", "")},
        status=fault["status"],
        content_type="application/problem+json",
    )


def submit(request, name: str):
    body = (
        json.loads(request.body)
        if request.content_type == "application/json"
        else {"form": {k: request.POST[k] for k in request.POST}}
    )
    with STATE.lock:
        lost = bool(STATE.fail and STATE.fail[0].get("after"))
        if not lost and (fault := failure()):
            return fault
        if "form" in body:
            STATE.answers[body["form"]["client_id"]] = body["form"]
            return redirect(f"/next/{name}")
        if body["client_id"] in STATE.answers:
            STATE.repeats += 1
        STATE.order.append(body["client_id"])
        STATE.answers[body["client_id"]] = body
        if lost and (fault := failure()):
            return fault
    return JsonResponse(
        {"annotation_id": "a", "revision": 1, "saved_at": "2026-11-22T16:00:00Z", "next_url": f"/next/{name}"},
        status=201,
    )


def chunk(request):
    body = json.loads(request.body)
    with STATE.lock:
        if fault := failure():
            return fault
        have = STATE.chunks.setdefault((body["client_id"], body["question"]), {})
        have[body["sequence"]] = body
    return JsonResponse({"kept_until_us": max(part["times_us"][-1] for part in have.values()), "have": sorted(have)})


def finish(request):
    body = json.loads(request.body)
    STATE.finished[body["client_id"]] = body
    have = STATE.chunks.get((body["client_id"], body["question"]), {})
    times = [us for part in have.values() for us in part["times_us"]]
    return JsonResponse(
        {"trace_id": "t", "samples": len(times), "kept_until_us": max(times, default=0), "coverage": 1.0}
    )


def skip(request, name: str):
    STATE.skips.append(json.loads(request.body))
    return JsonResponse({"next_url": f"/next/{name}"})


def flag(request):
    STATE.posts.append(json.loads(request.body))
    return JsonResponse({"flagged": STATE.posts[-1]["flagged"]})


def heartbeat(request):
    STATE.beats += 1
    if STATE.withdrawn:
        return JsonResponse({"code": "participant_withdrawn", "detail": "Stopped."}, status=410)
    return JsonResponse({"lease_until": "", "withdrawn": False})


def ahead(request):
    at = json.loads(request.body)["at"].removeprefix("assignment-")
    ready = STATE.ahead[STATE.ahead.index(at) + 1 :] if at in STATE.ahead else STATE.ahead
    return JsonResponse(
        {"items": [{"id": f"assignment-{one}", "url": f"/label/{one}"} for one in ready[:3]], "worked": 7}
    )


def release(request):
    STATE.released += 1
    return HttpResponse(status=204)


def flagged(request):
    listed = [{"code": "DT-031", "position": 3, "answered": True, "url": "/label/audio"}]
    return render(request, "labeling/workspace/_flagged.html", {"flagged": listed, "more": 0})


def comment(request, name: str):
    STATE.comments.append(json.loads(request.body))
    return JsonResponse({"comment_id": "c"}, status=201)


def keys(request):
    with STATE.lock:
        if fault := failure():
            return fault
        STATE.keys = json.loads(request.body)["codes"]
    return JsonResponse({"codes": STATE.keys})


def control(request):
    """For the tests: GET what the server knows, POST {"reset": true, "fail": […], "withdrawn": true}."""
    if request.method == "POST":
        order = json.loads(request.body)
        with STATE.lock:
            if order.get("reset"):
                STATE.reset()
            STATE.fail += order.get("fail", [])
            STATE.withdrawn = order.get("withdrawn", STATE.withdrawn)
            STATE.ahead = order.get("ahead", STATE.ahead)
            STATE.care = order.get("care", STATE.care)
    return JsonResponse({
        "answers": STATE.answers, "repeats": STATE.repeats, "skips": STATE.skips, "posts": STATE.posts, "beats": STATE.beats, "finished": STATE.finished,
        "keys": STATE.keys, "comments": STATE.comments, "order": STATE.order, "released": STATE.released,
        "chunks": [list(parts.values()) for parts in STATE.chunks.values()],
    })  # fmt: skip


def media(request, name: str):
    if STATE.withdrawn:
        raise Http404
    if name == "broken.mp4":
        return HttpResponse(b"not a film", content_type="video/mp4")
    data = (MEDIA / name).read_bytes()
    kind = "video/mp4" if name.endswith("mp4") else "audio/wav"
    wanted = request.headers.get("Range", "")
    if not wanted.startswith("bytes="):
        response = HttpResponse(data, content_type=kind)
    else:
        first, _, last = wanted[6:].partition("-")
        start, end = int(first or 0), min(int(last or len(data) - 1), len(data) - 1)
        response = HttpResponse(data[start : end + 1], status=206, content_type=kind)
        response["Content-Range"] = f"bytes {start}-{end}/{len(data)}"
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "no-store"
    return response


def peaks(request, name: str):
    from labeling.media.peaks import peaks as compute
    from labeling.media.probe import probe

    with (MEDIA / name).open("rb") as stream:
        found = probe(stream, "video" if name.endswith(".mp4") else "audio")
        drawn = compute(stream, start_us=found.start_us, duration_us=found.duration_us)
    return HttpResponse(drawn, content_type="application/octet-stream")


def lane(request):
    values = [
        float(line.split(",")[-1])
        for line in (MEDIA / "p02_ppg_100hz.csv").read_text().splitlines()[1:]
        if line[:1].isdigit() or line[:1] == "-"
    ]
    start, end, columns = (int(request.GET[name]) for name in ("from_us", "to_us", "columns"))
    lows, highs = [], []
    for i in range(columns):
        part = values[
            int((start + (end - start) * i / columns) / 1e4) : max(
                int((start + (end - start) * (i + 1) / columns) / 1e4),
                int((start + (end - start) * i / columns) / 1e4) + 1,
            )
        ]
        lows.append(min(part) if part else None)
        highs.append(max(part) if part else None)
    return JsonResponse(
        {
            "from_us": start,
            "to_us": end,
            "unit": "a.u.",
            "minimum": min(values),
            "maximum": max(values),
            "lows": lows,
            "highs": highs,
        }
    )


def frames(request):
    return JsonResponse([round(i * 1e6 / 25) for i in range(475)], safe=False)


def static_file(request, name: str):
    found = finders.find(name)
    if not found:
        raise Http404
    kind = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}[name.rsplit(".", 1)[1]]
    packed = HttpResponse(gzip.compress(Path(found).read_bytes()), content_type=kind)  # as the product sends them
    packed["Content-Encoding"] = "gzip"
    return packed


def home(request):
    groups = [
        {
            "title": "My work",
            "links": [
                {"label": "Campaigns", "url": "/", "count": 3, "current": True},
                {"label": "Practice", "url": "/label/video", "count": None, "current": False},
            ],
        }
    ]
    context = {
        "user": Person,
        "navigation": {"groups": groups, "who": {"name": "Ana Ribeiro", "role": "Annotator"}},
        "crumbs": [{"label": "Studies", "url": "/"}, {"label": "Dyads", "url": ""}],
    }
    text = '{% extends "app.html" %}{% block main %}<div class="page-head"><div><h1>My campaigns</h1><p>Nothing else is here.</p></div></div>{% endblock %}'
    return HttpResponse(engines["django"].from_string(text).render(context, request))


def theme(request):
    STATE.posts.append(parse_qs(request.body.decode()))
    return HttpResponse(status=204)


urlpatterns = [
    route("", home, name="home"), route("label/<str:name>", page), route("next/<str:name>", following), route("submit/<str:name>", submit),
    route("chunk", chunk), route("finish", finish), route("skip/<str:name>", skip), route("flag", flag), route("heartbeat", heartbeat),
    route("ahead", ahead), route("release", release), route("flagged", flagged), route("comment/<str:name>", comment), route("keys", keys),
    route("accounts/login/", home, name="account_login"),
    route("media/<str:name>", media), route("peaks/<str:name>", peaks), route("lane/ppg", lane), route("frames/v05", frames),
    route("static/<path:name>", static_file), route("logout", home, name="account_logout"), route("theme", theme, name="theme"),
    route("language", home, name="set_language"),
]  # fmt: skip
application = get_wsgi_application()


def plain(environ, start_response):
    """`/control` answers without Django's CSRF check."""
    if environ["PATH_INFO"] != "/control":
        return application(environ, start_response)
    from django.core.handlers.wsgi import WSGIRequest

    response = control(WSGIRequest(environ))
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(response.content)))])
    return [response.content]


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *args) -> None:
        """Nothing: the test's output is its own."""


if __name__ == "__main__":
    make_server("127.0.0.1", int(sys.argv[1]), plain, Server, Quiet).serve_forever()
