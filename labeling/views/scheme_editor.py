"""The scheme editor: questions on the left, the chosen one in the middle, on the right what annotators will see.

What is being edited travels in the form as the whole document, so that a step that leaves the scheme incomplete for a while
(a choice whose second label is yet to come) loses nothing and stores nothing. A document that is a scheme is stored at once;
one that is not says what is missing beside the inputs. Two people at one draft: the second to store is told, and chooses.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from affect import vocabularies
from affect.schemes import Problem, Scheme, SchemeError, diff, editing, form, gallery, warnings
from affect.schemes.fields import MISSING
from affect.schemes.form import parsed
from core import access
from core.errors import Invalid, Refused
from labeling.models import Question, SchemeVersion
from labeling.pictures import said
from labeling.services import schemes
from labeling.services.scheme_sentences import worded
from labeling.views import questions
from labeling.views.scheme_fields import Outline, filled, offered
from labeling.views.studies import crumbs, held_study

NEEDS = "campaign"
LARGEST_FILE = 2_000_000
EMPTY = {"format": form.FORMAT, "format_version": form.VERSION, "languages": ["en"]}


class NewSchemeForm(forms.Form):
    name = forms.CharField(max_length=120, required=False, label=gettext_lazy("Name"), help_text=gettext_lazy("Empty: the name the scheme brings along."))  # fmt: skip
    begin = forms.ChoiceField(label=gettext_lazy("Begin with"), widget=forms.RadioSelect)
    file = forms.FileField(required=False, label=gettext_lazy("File (JSON)"))

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["begin"].choices = [("", ""), ("file", "file"), *((name, name) for name in gallery.NAMES)]
        self.fields["begin"].required = False


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, study_id: UUID) -> HttpResponse:
    """A scheme from the gallery, from a file, or from nothing."""
    study = held_study(request, study_id, NEEDS)
    asked = NewSchemeForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    problems: list[Problem] = []
    if request.method == "POST" and asked.is_valid():
        try:
            document, name = _begun(asked)
            version = schemes.create_scheme(actor=request.user, study=study, name=name, document=document)
            return redirect("studies:edit_scheme", study.pk, version.pk)
        except SchemeError as error:
            problems = worded(error.problems)
        except (Invalid, Refused) as error:
            asked.add_error(None, str(error))
    context = {
        "study": study, "form": asked, "problems": problems, "gallery": _gallery(), "chosen": asked.data.get("begin", "") if asked.is_bound else "",
        "crumbs": crumbs(study, (_("Schemes"), reverse("studies:schemes", args=[study.pk])), (_("New scheme"), "")),
    }  # fmt: skip
    return render(request, "labeling/study/new_scheme.html", context, status=422 if request.method == "POST" else 200)


def _begun(asked: NewSchemeForm) -> tuple[Scheme, str]:
    begin, name = asked.cleaned_data["begin"], asked.cleaned_data["name"]
    if begin == "file":
        return form.loads(_text_of(asked.cleaned_data["file"])), name
    if begin:
        return gallery.load(begin), name
    if not name:
        raise Invalid("name_missing", _("A scheme that begins with nothing needs a name."))
    language = (get_language() or "en").partition("-")[0]
    made, _id = editing.add_question(
        {**EMPTY, "languages": [language], "id": editing.free_id(name, [], "scheme"), "name": {language: name}, "questions": []}, "choice"
    )  # fmt: skip
    return form.read(made), name


def _text_of(file: Any) -> str:
    if not file:
        raise Invalid("file_missing", _("Choose the file."))
    if file.size > LARGEST_FILE:
        raise Invalid("file_too_large", _("A scheme has at most 2 MB."))
    try:
        return file.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("file_unreadable", _("This file is no text in UTF-8.")) from None


def _gallery() -> list[dict[str, Any]]:
    kinds = dict(Question.Kind.choices)
    return [
        {
            "name": one["name"], "title": said(one["title"]), "source": one["source"],
            "kinds": ", ".join(dict.fromkeys(str(kinds[question.KIND]) for question in gallery.load(one["name"]).questions)),
            "about": said(gallery.load(one["name"]).description or {}),
        }
        for one in gallery.manifest()
    ]  # fmt: skip


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, study_id: UUID, scheme_version_id: UUID) -> HttpResponse:
    """A draft: shown, and each step of it. Without scripts each step is a page."""
    study = held_study(request, study_id, NEEDS)
    version = access.within(SchemeVersion.objects.filter(study=study).select_related("scheme"), pk=scheme_version_id)
    if version.frozen_at is not None:
        return redirect(reverse("studies:schemes", args=[study.pk]) + f"?q={version.scheme.name}")
    step = Step(request, version)
    context = {
        "study": study, "version": version, "step": step,
        "crumbs": crumbs(study, (_("Schemes"), reverse("studies:schemes", args=[study.pk])), (version.scheme.name, "")),
    }  # fmt: skip
    template = "labeling/study/_scheme_editor.html" if request.htmx else "labeling/study/scheme_editor.html"
    return render(request, template, context, status=422 if step.problems and not request.htmx else 200)


@require_POST
def begin_version(request: HttpRequest, study_id: UUID, scheme_version_id: UUID) -> HttpResponse:
    """The next version of a scheme whose version is in use, as a draft that begins as its copy."""
    study = held_study(request, study_id, NEEDS)
    version = access.within(SchemeVersion.objects.filter(study=study), pk=scheme_version_id)
    draft = SchemeVersion.objects.filter(scheme_id=version.scheme_id, frozen_at=None).order_by("-number").first()
    following = draft or schemes.next_version(actor=request.user, version=version)
    return redirect("studies:edit_scheme", study.pk, following.pk)


class Step:
    """One step of editing: the document as it is now, what is wrong with it, whether it is stored, and how it is shown."""

    def __init__(self, request: HttpRequest, version: SchemeVersion) -> None:
        self.version, self.user = version, request.user
        self.problems: list[Problem] = []
        self.saved_at = None
        self.others = False  # somebody else stored this draft meanwhile
        self.typed = ""  # JSON as it was typed
        self.document: dict[str, Any] = version.form
        self.seen = digest(version.form)
        self.tab = request.GET.get("tab", "")
        self.chosen = self._index(request.GET.get("question", ""))
        if request.method == "POST":
            self._take(request)
        self.scheme = self._judge()
        if self.scheme is not None and request.method == "POST":
            self._store(request.POST.get("seen", ""), keep=request.POST.get("act") == "keep-mine")
        self.problems = worded(self.problems)

    # what the template asks for

    @property
    def listed(self) -> list[dict[str, Any]]:
        kinds = dict(Question.Kind.choices)
        return [
            {
                "index": n, "id": one.get("id", ""), "prompt": said(one.get("prompt") or {}) or one.get("id", ""),
                "kind": kinds.get(one.get("kind"), ""), "wrong": any(p.at.startswith(f"/questions/{n}/") or p.at == f"/questions/{n}" for p in self.problems),
            }
            for n, one in enumerate(self.document.get("questions", []))
        ]  # fmt: skip

    @property
    def fields(self) -> dict[str, list[Any]]:
        """The inputs of the chosen question, or of the scheme itself, by group."""
        found = self._outline.question(self.chosen) if self.chosen is not None else self._outline.scheme()
        return {group: [one for one in found if one.group == group] for group in ("main", "rules", "more")}

    @property
    def current(self) -> dict[str, Any] | None:
        return self.listed[self.chosen] if self.chosen is not None else None

    @property
    def languages(self) -> str:
        return ", ".join(self.document.get("languages", []))

    @property
    def kinds(self) -> list[tuple[str, str]]:
        return list(Question.Kind.choices)

    @property
    def vocabularies(self) -> list[tuple[str, str]]:
        loaded = [vocabularies.load(one) for one in vocabularies.VOCABULARIES]
        return [(one.id, said(one.names)) for one in loaded if one.kind == "category"]

    @property
    def json(self) -> str:
        return json.dumps(self.document, ensure_ascii=False)

    @property
    def pretty(self) -> str:
        return self.typed if self.problems and self.typed else json.dumps(self.document, ensure_ascii=False, indent=2)

    @property
    def preview(self) -> list[dict[str, Any]]:
        """The questions as the workspace draws them; a scheme that is incomplete has none."""
        return questions.shown(self.scheme, get_language() or "en", "") if self.scheme else []

    @property
    def work(self) -> dict[str, Any]:
        """What the workspace's templates know besides a question: nothing to send to, an item of eight seconds."""
        return {
            "questions": self.preview, "answers": {}, "urls": {}, "assignment": {"id": ""},
            "item": {"kind": "video", "start_us": 0, "end_us": 8_000_000, "duration_us": 8_000_000},
            "compared": [{"id": n, "name": name} for n, name in enumerate("ABCDEFGHIJKL"[: self._at_once], 1)],
        }  # fmt: skip

    @property
    def _at_once(self) -> int:
        return max((getattr(one, "items", 0) for one in self.scheme.questions), default=0) if self.scheme else 0

    @property
    def warnings(self) -> list[Problem]:
        """Validated anchors that were changed, and other things that are allowed and should be meant."""
        return worded(warnings(self.scheme)) if self.scheme else []

    @property
    def changes(self) -> list[dict[str, Any]]:
        """What this version has changed since the one before."""
        before = (
            SchemeVersion.objects.filter(scheme_id=self.version.scheme_id, number__lt=self.version.number)
            .order_by("-number")
            .first()
        )
        if before is None or self.scheme is None:
            return []
        return [
            {"kind": one.kind, "path": " › ".join(one.path), "weight": one.weight, "old": one.old, "new": one.new, "before": before.number}
            for one in diff(form.read(before.form), self.scheme)
        ]  # fmt: skip

    # one step

    @property
    def _outline(self) -> Outline:
        wrong: dict[str, list[str]] = {}
        for one in self.problems:
            wrong.setdefault(one.at, []).append(one.message)
        return Outline(self.document, wrong)

    def _index(self, given: str) -> int | None:
        here = given.isdecimal() and int(given) < len(self.document.get("questions", []))
        return int(given) if here else None

    def _take(self, request: HttpRequest) -> None:
        """The document that was posted, with what was typed, and with the act that was asked for."""
        posted = request.POST
        act, _colon, at = posted.get("act", "").partition(":")
        if act == "theirs":
            return
        if "text" in posted:
            self.tab, self.typed = "json", posted["text"].replace("\r\n", "\n")
            try:
                self.document = _object(parsed(self.typed))
            except SchemeError as error:
                self.problems = list(error.problems)
            return
        try:
            self.document = _object(parsed(posted.get("document", "")))
        except SchemeError as error:
            self.problems = list(error.problems)
            return
        self.chosen = self._index(posted.get("question", ""))
        outline = self._outline
        shown = outline.question(self.chosen) if self.chosen is not None else outline.scheme()
        self.document = filled(self.document, shown, posted)
        if self.chosen is None and "languages" in posted:
            self.document = _in_languages(self.document, posted["languages"])
        if not at or at in {*offered(shown), *(f"/questions/{n}" for n in range(len(self.document["questions"])))}:
            self._act(act, at, posted)

    def _act(self, act: str, at: str, posted: Any) -> None:
        document, name = self.document, posted.get(f"name:{at}", "").strip()
        kind, vocabulary = posted.get("kind", ""), posted.get(f"vocabulary:{at}", "")
        if act == "question" and kind in editing.KINDS:
            document, question_id = editing.add_question(document, kind, name)
            self.chosen = editing.ids_in(document, "/questions").index(question_id)
        elif act == "label" and name:
            document = editing.add_label(document, at, name)
        elif act == "terms" and vocabulary in dict(self.vocabularies):
            document = editing.add_terms(document, at, vocabularies.load(vocabulary))
        elif act == "member":
            document = editing.append(document, at, _member(document, at, name))
        elif act == "part":
            document = editing.put(document, at, {"minimum": 1, "maximum": 5, "step": 1})
        elif act == "choose":
            self.chosen = int(at.rpartition("/")[2])
            return
        elif act == "scheme":
            self.chosen = None
        elif act in ("up", "down"):
            document = editing.move(document, at, -1 if act == "up" else 1)
        elif act == "remove":
            document = editing.put(document, at, MISSING) if editing.value_at(document, at) is not None else document
        self.document = document
        if at.startswith("/questions/") and at.count("/") == 2:
            self._follow(act, int(at.rpartition("/")[2]))

    def _follow(self, act: str, place: int) -> None:
        """The chosen question stays chosen when it, or one before it, moves."""
        last = len(self.document["questions"]) - 1
        if act == "remove":
            self.chosen = min(place, last) if last >= 0 else None
        else:
            self.chosen = max(0, min(last, place + (-1 if act == "up" else 1)))

    def _judge(self) -> Scheme | None:
        if self.problems:
            return None
        try:
            return form.loads(self.typed) if self.typed else form.read(self.document)
        except SchemeError as error:
            self.problems = list(error.problems)
            return None

    def _store(self, seen: str, *, keep: bool) -> None:
        if seen and seen != self.seen and not keep:
            self.others, self.seen = True, seen
            return
        try:
            self.version = schemes.change_version(actor=self.user, version=self.version, document=self.scheme)
        except Refused as error:  # a campaign opened with it meanwhile
            self.problems = [Problem(error.code, "", str(error))]
            return
        self.document, self.seen, self.saved_at = self.version.form, digest(self.version.form), timezone.now()


def digest(document: Any) -> str:
    """What a draft was when the page was made; another one means that somebody else has stored it since."""
    return sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:20]


def _object(document: Any) -> dict[str, Any]:
    if not isinstance(document, dict) or not isinstance(document.get("questions", []), list):
        raise SchemeError([Problem("wrong_form", "", _("A scheme is an object with a list of questions."))])
    if not all(isinstance(one, dict) for one in document.get("questions", [])):
        raise SchemeError([Problem("wrong_form", "/questions", _("A question is an object."))])
    return {"questions": [], **document}


def _in_languages(document: dict[str, Any], typed: str) -> dict[str, Any]:
    """The document in other languages: a text that is not there yet is the original one's, and is said to be no translation."""
    wanted = list(dict.fromkeys(one.strip() for one in typed.replace(";", ",").split(",") if one.strip()))
    if not wanted or wanted == document.get("languages"):
        return document
    original = (document.get("languages") or wanted)[0]

    def texts(value: Any) -> Any:
        if isinstance(value, dict):
            if original in value and all(isinstance(one, str) for one in value.values()):
                return {one: value.get(one, value[original]) for one in wanted}
            return {name: texts(one) for name, one in value.items()}
        return [texts(one) for one in value] if isinstance(value, list) else value

    made = texts(document) | {"languages": wanted}
    known = {one.get("language"): one for one in document.get("translations", [])}
    further = [
        known.get(one, {"language": one, "source": "—", "status": "unvalidated translation"}) for one in wanted[1:]
    ]
    return made | {"translations": further} if further else {k: v for k, v in made.items() if k != "translations"}


def _member(document: dict[str, Any], at: str, name: str) -> dict[str, Any]:
    """What is added to a list that is no list of labels: a tier, a reason, a word at a value, an axis."""
    languages = document.get("languages") or ["en"]
    words = dict.fromkeys(languages, name or "…")
    what = at.rpartition("/")[2]
    if what == "anchors":
        return {"value": 1, "text": words}
    if what == "axes":
        return {"name": words, "low": words, "high": words, "minimum": -1, "maximum": 1}
    made = {"id": editing.free_id(name, editing.ids_in(document, at), what.rstrip("s")), "name": words}
    if what == "tiers":
        made["labels"] = [{"id": f"label-{n}", "name": dict.fromkeys(languages, f"label {n}")} for n in (1, 2)]
    return made
