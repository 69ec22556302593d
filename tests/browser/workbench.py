"""A small web server with the workspace's real templates, style and scripts and none of the application behind them.

It keeps to the contract between page and server (submit, trace chunks, heartbeat, ranged media) and can be told to fail on purpose,
so that what the browser code promises is tested where it runs: in a browser, under the product's own content security policy.

Run: python tests/browser/workbench.py PORT [FOLDER]
"""

from __future__ import annotations

import gzip
import io
import json
import sys
import threading
import time
import types
from functools import lru_cache
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
    LANGUAGES=[("en", "English"), ("de", "Deutsch"), ("es", "Español")],
    LOCALE_PATHS=[ROOT / "locale"],
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
from django.http import FileResponse, Http404, HttpResponse, JsonResponse  # noqa: E402
from django.shortcuts import redirect, render  # noqa: E402
from django.template import engines  # noqa: E402
from django.urls import include  # noqa: E402
from django.urls import path as route  # noqa: E402
from django.utils import translation  # noqa: E402

from affect.schemes import read  # noqa: E402
from affect.schemes.gallery import load  # noqa: E402
from labeling.views.posted import posted  # noqa: E402
from labeling.views.questions import shown  # noqa: E402


def scheme(*questions: dict):
    """A scheme of these questions, in English."""
    return read(
        {
            "format": "affect.scheme",
            "format_version": 1,
            "id": "bench",
            "name": {"en": "Bench"},
            "languages": ["en"],
            "questions": list(questions),
        }
    )


def one(kind: str, id_: str, prompt: str, **more) -> dict:
    return {"kind": kind, "id": id_, "prompt": {"en": prompt}, **more}


def label(name: str, **more) -> dict:
    return {"id": name.replace(" ", "-"), "name": {"en": name.title()}, **more}


def points(low: str, high: str, most: int = 9, middle: str = "") -> dict:
    anchors = [{"value": 1, "text": {"en": low}}, {"value": most, "text": {"en": high}}]
    if middle:
        anchors.insert(1, {"value": (1 + most) / 2, "text": {"en": middle}})
    return {"minimum": 1, "maximum": most, "step": 1, "anchors": anchors}


def manikin(dimension: str, prompt: str, range_: dict) -> dict:
    return one("scale", dimension, prompt, look="manikin", dimension=dimension, range=range_)


NAMES = ["joy", "interest", "surprise", "anger", "disgust", "contempt", "fear", "sadness", "calm", "neutral"]
BOTH = [manikin("valence", "How pleasant does it appear?", points("very unpleasant", "very pleasant", middle="neither")),
        manikin("arousal", "How active does it appear?", points("very passive", "very active", middle="medium"))]  # fmt: skip
EMOTION = one(
    "choice", "emotion", "What does {target} appear to express?", labels=[label(name, emotion=name) for name in NAMES]
)


def axis(name: str, low: str, high: str, **ends) -> dict:
    return {"name": {"en": name}, "low": {"en": low}, "high": {"en": high}, **ends}


AROUSAL = axis("arousal", "very passive", "very active", minimum=-1, maximum=1)
TRACE = one("trace", "arousal_trace", "How active does speaker A appear to be?", axes=[AROUSAL])
PLANE = one("trace", "affect", "How does speaker A appear to feel?", axes=[
    axis("pleasantness", "unpleasant", "pleasant", minimum=-1, maximum=1), axis("activation", "passive", "activated", minimum=0, maximum=10)])  # fmt: skip
FREE = one(
    "trace", "tension", "How does the tension rise and fall?", bounded=False, axes=[axis("tension", "less", "more")]
)
HIDDEN = {**TRACE, "past": "hidden", "devices": ["keys", "wheel"]}
STRICT = {**TRACE, "coverage": 0.9, "no_gap": True}
DOMINANCE = manikin("dominance", "How much in control does it appear?", points("without control", "in control", 5))
SLIDER = one("scale", "intensity", "How intense is it?", look="slider", range={"minimum": 0, "maximum": 100, "step": 1, "anchors": [
    {"value": 0, "text": {"en": "not at all"}}, {"value": 100, "text": {"en": "as intense as can be"}}]})  # fmt: skip
NOTE = one("text", "note", "What made you think so?", required=False)


def track(name: str, modality: str, **more) -> dict:
    return {"id": name, "modality": modality, "label": more.pop("label", "left camera"), "src": f"/media/{name}", "offset_us": 0, "drift_ppb": 0,
            "muted": False, "start_us": 0, "duration_us": 19_000_000, **more}  # fmt: skip


ITEMS = {
    "video": {"kind": "video", "duration_us": 6_000_000, "tracks": [track("v03_woman_cry_to_laugh.mp4", "video", peaks="/peaks/a01_librivox_0870.wav", duration_us=7_000_000)], "questions": [EMOTION, *BOTH], "text": "No, honestly I wasn’t. I mean I thought maybe next year, but then she just put the letter on the table."},
    "audio": {"kind": "audio", "duration_us": 7_000_000, "tracks": [track("a01_librivox_0870.wav", "audio", peaks="/peaks/a01_librivox_0870.wav", duration_us=7_100_000)], "questions": [EMOTION, *BOTH, DOMINANCE]},
    "segment": {"kind": "audio", "start_us": 2_000_000, "end_us": 3_000_000, "duration_us": 1_000_000, "tracks": [track("a01_librivox_0870.wav", "audio", peaks="/peaks/a01_librivox_0870.wav", duration_us=7_100_000)], "questions": [EMOTION]},
    "text": {"kind": "text", "text": "I expected so much more from this film, and yet the last ten minutes moved me.", "tracks": [], "questions": [EMOTION, SLIDER, NOTE], "suggestion": {"text": "Sadness, 0.61", "model": "face-expression", "version": "1.2"}},
    "trace": {"kind": "video", "duration_us": 19_000_000, "tracks": [track("v05_woman_full_19s.mp4", "video"), {"id": "ppg", "modality": "signal", "label": "Pulse", "src": None, "lanes": [{"url": "/lane/ppg", "name": "Pulse", "unit": "a.u.", "kind": "signal"}]}], "questions": [TRACE]},
    "short": {"kind": "video", "duration_us": 3_000_000, "start_us": 0, "end_us": 3_000_000, "tracks": [track("v05_woman_full_19s.mp4", "video")], "questions": [TRACE]},
    "plane": {"kind": "video", "duration_us": 19_000_000, "tracks": [track("v05_woman_full_19s.mp4", "video")], "questions": [PLANE]},
    "free": {"kind": "video", "duration_us": 19_000_000, "tracks": [track("v05_woman_full_19s.mp4", "video")], "questions": [FREE]},
    "listen": {"kind": "audio", "duration_us": 7_000_000, "tracks": [track("a01_librivox_0870.wav", "audio", peaks="/peaks/a01_librivox_0870.wav", duration_us=7_100_000)], "questions": [HIDDEN]},
    "strict": {"kind": "video", "duration_us": 3_000_000, "start_us": 0, "end_us": 3_000_000, "tracks": [track("v05_woman_full_19s.mp4", "video")], "questions": [STRICT]},
    "pair": {"kind": "video", "duration_us": 6_000_000, "tracks": [track("v05_woman_full_19s.mp4", "video", muted=True, offset_us=500_000, drift_ppb=50_000, frame_times="/frames/v05"), track("a01_librivox_0870.wav", "audio", label="speaker B", duration_us=7_100_000)], "questions": [EMOTION]},
    "broken": {"kind": "video", "duration_us": 6_000_000, "tracks": [track("broken.mp4", "video")], "questions": [EMOTION]},
}  # fmt: skip
FILM = [track("v05_woman_full_19s.mp4", "video", peaks="/peaks/a01_librivox_0870.wav", frame_times="/frames/v05")]
# What each control is tried with; the schemes of the gallery come with it, as gallery-NAME.
CONTROLS = {
    "several": [one("choice", "emotions", "Which emotions are there?", cannot_tell=True, maximum=3, intensity=points("weak", "strong", 3), hint={"en": "Several may be there at once."},
        examples=[{"text": {"en": "A laugh in tears is joy and sadness."}}], confidence=points("a guess", "certain", 5), labels=[
            *[label(name, emotion=name, definition={"en": f"What {name} is."}) for name in NAMES[:6]], label("none", exclusive=True), label("other", free_text=True)],
        skip=[{"id": "inaudible", "name": {"en": "cannot be heard"}}, {"id": "else", "name": {"en": "something else"}, "free_text": True}])],
    "first": [one("primary_secondary", "emotion", "Which emotion stands out?", labels=[label(name, emotion=name) for name in NAMES], primary=NAMES[:8], maximum=3)],
    "conditions": [one("yes_no", "laughs", "Does anybody laugh?"), one("text", "why", "Why do they laugh?", lines="one", minimum=3, asked_if={"test": "said", "question": "laughs"}),
        one("scale", "how", "How much?", look="likert", required=False, required_if={"test": "answered", "question": "why"}, range=points("little", "much", 5))],
    "scales": [*BOTH, DOMINANCE, one("scale", "agree", "They agree.", look="likert", range={"minimum": 1, "maximum": 5, "step": 1, "anchors": [
        {"value": n + 1, "text": {"en": text}} for n, text in enumerate(["not at all", "rather not", "partly", "rather", "fully"])]}), SLIDER],
    "grid": [one("grid", "feeling", "Where in this plane is it?", step=1, x={"name": {"en": "pleasure"}, "low": {"en": "unpleasant"}, "high": {"en": "pleasant"}, "minimum": 1, "maximum": 9},
        y={"name": {"en": "arousal"}, "low": {"en": "sleepy"}, "high": {"en": "highly aroused"}, "minimum": 1, "maximum": 9})],
    "fine": [one("grid", "feeling", "Where in this plane is it?", x={"name": {"en": "valence"}, "low": {"en": "negative"}, "high": {"en": "positive"}, "minimum": -1, "maximum": 1},
        y={"name": {"en": "arousal"}, "low": {"en": "passive"}, "high": {"en": "active"}, "minimum": -1, "maximum": 1})],
    "wheel": [one("wheel", "wheel", "Which emotions did you feel?", rings=5, maximum=2, labels=[
        label(name, emotion=name, angle=22.5 + 45 * n) for n, name in enumerate(["interest", "joy", "surprise", "sadness", "fear", "contempt", "disgust", "anger"])],
        centre=[label("none", exclusive=True), label("other", free_text=True)])],
    "pairwise": [one("comparison", "which", "Which of the two is more intense?", method="pairwise", ties=True)],
    "best": [one("comparison", "which", "Which is the most, which the least intense?", method="best_worst", items=4)],
    "units": [one("action_units", "units", "Which units are seen at the peak?", sides=True, labels=[{"id": f"au{n}", "name": {"en": name}} for n, name in (
        (1, "inner brow raiser"), (2, "outer brow raiser"), (4, "brow lowerer"), (6, "cheek raiser"), (12, "lip corner puller"), (15, "lip corner depressor"), (25, "lips part"), (26, "jaw drop"))])],
    "segments": [one("segments", "moments", "Where does something show?", tiers=[
        {"id": "face", "name": {"en": "face"}, "labels": [label(name, emotion=name) for name in NAMES[:5]], "intensity": points("slight", "strong", 3), "apex": True},
        {"id": "voice", "name": {"en": "voice"}, "labels": [label("laugh"), label("cry"), label("other", free_text=True)], "overlap": True},
        {"id": "words", "name": {"en": "words"}}]), NOTE],
    "many": [one("segments", "moments", "Where does something show?", tiers=[{"id": "face", "name": {"en": "face"}, "labels": [label(name, emotion=name) for name in NAMES]},
        {"id": "voice", "name": {"en": "voice"}, "labels": [label("laugh"), label("cry")], "overlap": True}])],
}  # fmt: skip
COMPARED = [{"id": f"i{n}", "name": letter, "kind": "text", "text": text, "src": ""} for n, (letter, text) in enumerate(zip("ABCD", (
    "I could not believe my eyes.", "It was all right, I suppose.", "Never again, do you hear me?", "We waited, and nothing came."), strict=True))]  # fmt: skip
GIVEN = {
    "several": {"emotions": {"value": [{"label": "anger", "intensity": 2}, {"label": "other", "intensity": 1, "text": "spite"}], "confidence": 4}},
    "first": {"emotion": {"value": {"primary": {"label": "joy"}, "secondary": [{"label": "calm"}]}}},
    "conditions": {"laughs": {"value": True}, "why": {"value": "a joke"}, "how": {"value": 4}},
    "scales": {"valence": {"value": 3}, "arousal": {"value": 8}, "dominance": {"value": 2}, "agree": {"value": 4}, "intensity": {"value": 70}},
    "grid": {"feeling": {"value": [7, 3]}}, "fine": {"feeling": {"value": [-0.5, 0.25]}},
    "wheel": {"wheel": {"value": [{"label": "fear", "intensity": 4}, {"label": "joy", "intensity": 2}]}},
    "pairwise": {"which": {"value": {"preferred": None}}}, "best": {"which": {"value": {"best": "i2", "worst": "i1"}}},
    "units": {"units": {"value": [{"label": "au1", "intensity": "B"}, {"label": "au12", "intensity": "D", "side": "left"}]}},
    "segments": {"moments": {"value": [
        {"tier": "face", "start_us": 1_000_000, "end_us": 3_500_000, "label": "joy", "intensity": 2, "apex_us": 2_000_000},
        {"tier": "voice", "start_us": 1_500_000, "end_us": 4_000_000, "label": "laugh"}, {"tier": "voice", "start_us": 3_000_000, "end_us": 5_000_000, "label": "other", "text": "gasp"},
        {"tier": "face", "start_us": 6_000_000, "end_us": 9_000_000, "label": "surprise", "intensity": 3}, {"tier": "words", "start_us": 10_000_000, "end_us": 13_000_000, "text": "looks away"}]}},
    "many": {"moments": {"value": [{"tier": "face" if n % 2 else "voice", "start_us": n * 37_000, "end_us": n * 37_000 + 30_000, "label": NAMES[n % 10] if n % 2 else ("laugh", "cry")[n // 2 % 2]}
                                   for n in range(500)]}},
}  # fmt: skip
for _name, _questions in CONTROLS.items():
    _text = _name in ("pairwise", "best", "several", "conditions")
    ITEMS[_name] = {"kind": "text" if _text else "video", "questions": _questions, "tracks": [] if _text else FILM, "duration_us": None if _text else 19_000_000, "end_us": None if _text else 19_000_000,
                    "text": "It was all right, I suppose." if _text else ""}  # fmt: skip
    ITEMS[f"{_name}-given"] = {**ITEMS[_name], "answers": GIVEN[_name]}
for _name in (
    "call-centre",
    "sam-film-clips",
    "msp-podcast-style",
    "action-units",
    "therapy-session",
    "text-emotions",
    "physiological-stress",
    "laughter",
    "recola-style",
    "sewa-style",
):
    ITEMS[f"gallery-{_name}"] = {
        "kind": "video",
        "questions": load(_name),
        "tracks": FILM,
        "duration_us": 19_000_000,
        "end_us": 19_000_000,
    }
ORDER = ["video", "audio", "text", "done"]
# A test's own items (items.json) and media, in a folder that is named on the command line.
OWN = Path(sys.argv[2]) if len(sys.argv) > 2 else None
if OWN:
    ITEMS |= json.loads((OWN / "items.json").read_text())
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
        self.served: dict[str, int] = {}
        self.ahead: list[str] = []  # the names of what is held ready behind the item at hand
        self.keys: dict[str, str] = {}
        self.comments: list[dict] = []
        self.order: list[str] = []  # client ids, as their answers came
        self.released = 0
        self.care: dict = {}


STATE = State()


def form_of(name: str):
    questions = ITEMS[name].get("questions", [EMOTION])
    return scheme(*questions) if isinstance(questions, list) else questions


def work(name: str, language: str = "en") -> dict:
    item = ITEMS[name]
    index = list(ITEMS).index(name) + 140
    strip = [{"index": index - 2, "state": "answered", "label": "Joy", "emotion": "joy", "url": "/label/audio",
              "predicted": {"text": "Sadness, 0.61", "model": "face-expression", "version": "1.2"}},
             {"index": index - 1, "state": "answered", "label": "Neutral", "emotion": "neutral", "url": "/label/text"},
             {"index": index, "state": "here", "label": "", "emotion": "", "url": f"/label/{name}"},
             {"index": index + 1, "state": "next", "label": "ready", "emotion": "", "url": ""}]  # fmt: skip
    return {
        "campaign": {"id": "c1", "name": "Dyads: expressed emotion", "prediction_display": "never"},
        "assignment": {"id": f"assignment-{name}", "lease_until": "", "client_id": f"0190{index:04x}-0000-7000-8000-{int(time.time() * 1e6) % 10**12:012d}"},
        "place": {"index": index, "total": 200, "answered": index - 1},
        "item": {"id": name, "code": "DT-031", "target_label": "speaker B", "role": "patient", "start_us": 0, "end_us": None, "text": "", "duration_us": None, **{k: v for k, v in item.items() if k not in ("tracks", "questions", "suggestion", "answers", "transcript", "missing")}},
        "tracks": item["tracks"], "questions": shown(form_of(name), language, "speaker B"), "answers": item.get("answers", {}),
        "compared": COMPARED[: 2 if name.startswith("pairwise") else 4] if name.startswith(("pairwise", "best")) else [], "suggestion": item.get("suggestion"), "transcript": item.get("transcript", []), "missing": item.get("missing", []), "strip": strip, "guideline": GUIDELINE,
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
    language = request.GET.get("language", "en")
    translation.activate(language)
    care = {**STATE.care, "keys": json.dumps(STATE.keys) if STATE.keys else ""}
    context = {
        "work": work(name if name in ITEMS else "video", language),
        "fragment": fragment,
        "user": Person,
        "care": care,
    }
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
            STATE.answers[body["form"]["client_id"]] = {**body["form"], "answers": posted(form_of(name), request.POST)}
            return redirect(f"/next/{name}")
        if body["client_id"] in STATE.answers:
            STATE.repeats += 1
        STATE.order.append(body["client_id"])
        STATE.answers[body["client_id"]] = body
        if lost and (fault := failure()):
            return fault
    return JsonResponse(
        {
            "annotation_id": "a", "revision": 1, "saved_at": "2026-11-22T16:00:00Z", "next_url": f"/next/{name}",
            "prediction": {"text": "Sadness, 0.61", "model": "face-expression", "version": "1.2"},
        },
        status=201,
    )  # fmt: skip


def chunk(request):
    if request.method == "GET":
        asked = request.GET.get("client_id")
        found = [
            (who, parts)
            for (who, question), parts in STATE.chunks.items()
            if question == request.GET["question"] and who not in STATE.finished
        ]
        who, parts = next(((who, parts) for who, parts in reversed(found) if asked in (None, who)), (asked, {}))
        ends = [parts[n]["times_us"][-1] for n in range(len(parts)) if n in parts]
        return JsonResponse(
            {"client_id": who, "have": sorted(parts), "kept_until_us": ends[-1] if ends else None, "finished": False}
        )
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
        "answers": STATE.answers, "repeats": STATE.repeats, "skips": STATE.skips, "posts": STATE.posts, "beats": STATE.beats, "finished": STATE.finished, "served": STATE.served,
        "keys": STATE.keys, "comments": STATE.comments, "order": STATE.order, "released": STATE.released,
        "chunks": [list(parts.values()) for parts in STATE.chunks.values()],
    })  # fmt: skip


def media(request, name: str):
    if STATE.withdrawn:
        raise Http404
    if name == "broken.mp4":
        return HttpResponse(b"not a film", content_type="video/mp4")
    path = found(name)
    size = path.stat().st_size
    kind = {"mp4": "video/mp4", "webm": "video/webm"}.get(name.rsplit(".", 1)[1], "audio/wav")
    wanted = request.headers.get("Range", "")
    first, _, last = wanted.removeprefix("bytes=").partition("-")
    start, end = int(first or 0), min(int(last or size - 1), size - 1)
    response = FileResponse(Slice(path, start, end + 1), content_type=kind, status=206 if wanted else 200)
    response["Content-Length"] = str(end - start + 1)
    if wanted:
        response["Content-Range"] = f"bytes {start}-{end}/{size}"
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "no-store"
    return response


def found(name: str) -> Path:
    return OWN / name if OWN and (OWN / name).exists() else MEDIA / name


class Slice:
    """A part of a file, read as it is sent."""

    def __init__(self, path: Path, start: int, end: int) -> None:
        self.file, self.left = path.open("rb"), end - start
        self.file.seek(start)

    def read(self, size: int) -> bytes:
        data = self.file.read(min(size, self.left))
        self.left -= len(data)
        STATE.served[self.file.name.rsplit("/", 1)[1]] = STATE.served.get(self.file.name.rsplit("/", 1)[1], 0) + len(
            data
        )
        return data

    def close(self) -> None:
        self.file.close()


@lru_cache(maxsize=64)
def drawn(name: str, what: str) -> bytes:
    """What the application makes of a file when it is taken in; a test may have put it beside the file."""
    from labeling.media import peaks, spectrogram
    from labeling.media.probe import probe

    if (made := found(f"{name}.{what}")).exists():
        return made.read_bytes()
    with found(name).open("rb") as stream:
        read = probe(stream, "video" if name.endswith((".mp4", ".webm")) else "audio")
        part = {"start_us": read.start_us, "duration_us": read.duration_us}
        if what == "peaks":
            return peaks.peaks(stream, **part)
        return b"".join(spectrogram.spectrogram(stream, **part))


def peaks(request, name: str):
    from labeling.media import peaks

    begin, end, columns = (int(request.GET[one]) for one in ("from_us", "to_us", "columns"))
    data = peaks.columns(io.BytesIO(drawn(name, "peaks")), begin, end, columns)
    return HttpResponse(data, content_type="application/octet-stream")


def spectrum(request, name: str):
    from labeling.media.spectrogram import Picture

    picture = Picture(io.BytesIO(drawn(name, "spectrogram")))
    if "tile" not in request.GET:
        return JsonResponse(picture.described())
    tile = picture.tile(int(request.GET["level"]), int(request.GET["tile"]))
    return HttpResponse(tile, content_type="application/octet-stream")


def signal(request, name: str):
    from labeling.media.pyramid import Pyramid

    begin, end, columns = (int(request.GET[one]) for one in ("from_us", "to_us", "columns"))
    with found(name).open("rb") as stream:
        told = Pyramid(stream).columns(begin, end, columns)
    return JsonResponse({"from_us": begin, "to_us": end, "unit": "µS", **told})


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
    path = finders.find(name)
    if not path:
        raise Http404
    kind = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}[name.rsplit(".", 1)[1]]
    # As the product does, compressed.
    response = HttpResponse(gzip.compress(Path(path).read_bytes(), 6, mtime=0), content_type=kind)
    response["Content-Encoding"] = "gzip"
    return response


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


SEED = 20261125
RESULT = {"passed": True, "created_at": None, "kind": "brightness"}


def practice(request):
    """The list of tests, one of them passed and one due."""
    said = "Your hand comes 0.64 s later, and without that delay its concordance with what was shown is 0.91. That is enough here (0.70)."
    names = {"brightness": "Brightness", "tone": "Tone", "face": "Drawn face", "headphones": "Headphones"}
    tests = [{"kind": kind, "name": name, "about": "A disc grows brighter and darker; follow it for 24 seconds.", "url": f"/practice/{kind}",
              "due": kind == "headphones", "result": RESULT if kind == "brightness" else None, "sentence": said if kind == "brightness" else ""}
             for kind, name in names.items()]  # fmt: skip
    context = {
        "user": Person,
        "campaign": {"pk": 1, "name": "Dyads"},
        "tests": tests,
        "left": ["headphones"],
        "crumbs": [],
    }
    return render(request, "labeling/practice/index.html", context)


def practice_test(request, kind: str):
    """A test with a seed that is known; what is posted is kept as it came. (The server's measuring has tests of its own.)"""
    if request.method == "POST":
        STATE.posts.append(json.loads(request.body))
        return JsonResponse({"passed": True, "sentence": "Your hand comes 0.40 s later."}, status=201)
    ends = {"brightness": ("bright", "dark"), "tone": ("high", "low"), "face": ("pleased", "displeased")}.get(kind)
    context = {"user": Person, "campaign": {"pk": 1, "name": "Dyads"}, "kind": kind, "name": kind.title(), "about": "Follow it for 24 seconds.",
               "ticket": {"seed": SEED, "sealed": "sealed"}, "asked": "How much is it?", "ends": ends, "seconds": 24, "trials": 6, "crumbs": []}  # fmt: skip
    return render(request, f"labeling/practice/{'headphones' if kind == 'headphones' else 'follow'}.html", context)


LABELING = [
    route("practice/<int:campaign_id>/list", practice, name="practice"), route("practice/<int:campaign_id>/<slug:kind>", lambda request, campaign_id, kind: practice_test(request, kind), name="practice_test"),
    route("practice/<int:campaign_id>/go", home, name="current"),
]  # fmt: skip
urlpatterns = [
    route("", include((LABELING, "labeling"))), route("practice/list", practice), route("practice/<slug:kind>", practice_test),
    route("", home, name="home"), route("label/<str:name>", page), route("next/<str:name>", following), route("submit/<str:name>", submit),
    route("chunk", chunk), route("finish", finish), route("skip/<str:name>", skip), route("flag", flag), route("heartbeat", heartbeat),
    route("ahead", ahead), route("release", release), route("flagged", flagged), route("comment/<str:name>", comment), route("keys", keys),
    route("accounts/login/", home, name="account_login"),
    route("media/<str:name>", media), route("peaks/<str:name>", peaks), route("lane/ppg", lane), route("spectrogram/<str:name>", spectrum), route("signal/<str:name>", signal), route("frames/v05", frames),
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
