"""Notices of a study: read a version, draft the next, publish it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from consent.models import Notice, Participant, Study
from consent.purposes import Modality, Purpose, RecipientClass
from consent.services import notices
from consent.services.notices import TEXT_FIELDS
from consent.views.frame import crumbs, held_study
from core import access
from core.lists import Column, Listing


class NoticeForm(forms.Form):
    """A version in one language: the text, and for each purpose whether it is asked, of what, for whom, in which words."""

    language = forms.ChoiceField(choices=settings.LANGUAGES, label=gettext_lazy("Language"))
    title = forms.CharField(max_length=200, label=gettext_lazy("Title"))
    summary = forms.CharField(widget=forms.Textarea(attrs={"rows": 4}), label=gettext_lazy("Summary"))
    sections = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 12}), required=False, label=gettext_lazy("Sections"),
        help_text=gettext_lazy("One thought each: a line that begins with # is a heading, its text follows."),
    )  # fmt: skip
    valid_days = forms.IntegerField(
        min_value=1, max_value=36500, initial=1095, label=gettext_lazy("Days a consent lasts")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code, label in Purpose.choices:
            self.fields[f"{code}_asked"] = forms.BooleanField(
                required=False, label=_("Ask: %(what)s") % {"what": label}
            )
            self.fields[f"{code}_modalities"] = forms.MultipleChoiceField(
                choices=Modality.choices, required=False, label=_("Of")
            )
            self.fields[f"{code}_recipient"] = forms.ChoiceField(
                choices=RecipientClass.choices, required=False, label=_("For whom")
            )
            self.fields[f"{code}_title"] = forms.CharField(max_length=200, required=False, label=_("Heading"))
            self.fields[f"{code}_text"] = forms.CharField(
                widget=forms.Textarea(attrs={"rows": 2}), required=False, label=_("What it means")
            )

    def clean(self) -> dict[str, Any]:
        for code in Purpose.values:
            if self.cleaned_data.get(f"{code}_asked"):
                if not self.cleaned_data.get(f"{code}_modalities"):
                    self.add_error(f"{code}_modalities", _("Say of what."))
                if not self.cleaned_data.get(f"{code}_title"):
                    self.add_error(f"{code}_title", _("Say it in words a participant understands."))
        return self.cleaned_data

    def arguments(self) -> dict[str, Any]:
        """What the service takes."""
        said = self.cleaned_data
        asked = [code for code in Purpose.values if said[f"{code}_asked"]]
        text = {name: said[name] for name in ("language", "title", "summary")}
        text["sections"] = parse_sections(said["sections"])
        text["purposes"] = {code: {"title": said[f"{code}_title"], "text": said[f"{code}_text"]} for code in asked}
        choices = [
            {"purpose": code, "modalities": said[f"{code}_modalities"], "recipient_class": said[f"{code}_recipient"] or "controller"}
            for code in asked
        ]  # fmt: skip
        return {"choices": choices, "texts": [text], "valid_days": said["valid_days"]}


def parse_sections(text: str) -> list[dict[str, str]]:
    """Headings (# …) and the text below each.

    >>> parse_sections("# Who we are\\nA university.\\n\\n# Why\\nTo learn.")
    [{'heading': 'Who we are', 'text': 'A university.'}, {'heading': 'Why', 'text': 'To learn.'}]
    """
    sections: list[dict[str, str]] = []
    for line in text.replace("\r\n", "\n").split("\n"):
        if line.startswith("#"):
            sections.append({"heading": line.lstrip("# ").strip(), "text": ""})
        elif sections:
            sections[-1]["text"] += line + "\n"
        elif line.strip():
            sections.append({"heading": "", "text": line + "\n"})
    return [{"heading": one["heading"], "text": one["text"].strip()} for one in sections]


def written_sections(sections: list[dict[str, str]]) -> str:
    return "\n\n".join(f"# {one['heading']}\n{one['text']}" for one in sections)


@require_GET
def listed(request: HttpRequest, study_id: UUID) -> HttpResponseBase:
    study = held_study(request, study_id, "consent")
    rows = access.visible(request.user, Notice.objects.filter(study=study), "consent").annotate(
        languages=Count("texts")
    )
    listing = Listing(
        request, rows, name="notices", order="-number",
        columns=(
            Column("number", _("Version"), lambda one: one.number, sort="number", numeric=True),
            Column("published", _("Published"), lambda one: one.published_at.isoformat() if one.published_at else "", sort="published_at"),
            Column("asks", _("Asks for"), lambda one: " ".join(choice["purpose"] for choice in one.choices)),
            Column("languages", _("Languages"), lambda one: one.languages, sort="languages", numeric=True),
        ),
    )  # fmt: skip
    if listing.wants_csv:
        return listing.csv()
    page = listing.page
    for one in page:
        one.asks = [Purpose(choice["purpose"]).label for choice in one.choices]
    context = {"study": study, "listing": listing, "page": page, "crumbs": crumbs(study, (_("Notices"), ""))}
    return render(request, "consent/notices.html", context)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, study_id: UUID) -> HttpResponseBase:
    study = held_study(request, study_id, "consent")
    last = study.notices.order_by("-number").first()
    form = NoticeForm(request.POST or None, initial=_initial(last, ""))
    if request.method == "POST" and form.is_valid():
        notice = notices.draft_notice(actor=request.user, study=study, **form.arguments())
        return redirect("consent:notice", study.pk, notice.pk)
    return _form(request, study, form, _("New version"), reverse("consent:notices", args=[study.pk]))


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, study_id: UUID, notice_id: UUID) -> HttpResponseBase:
    """Change a draft in one language; its other languages stay as they are."""
    study, notice = _held(request, study_id, notice_id)
    language = request.POST.get("language") or request.GET.get("language", "")
    form = NoticeForm(request.POST or None, initial=_initial(notice, language))
    if request.method == "POST" and form.is_valid():
        said = form.arguments()
        others = notice.texts.exclude(language=said["texts"][0]["language"])
        said["texts"] += [{name: getattr(one, name) for name in TEXT_FIELDS} for one in others]
        notices.edit_notice(actor=request.user, notice=notice, **said)
        return redirect("consent:notice", study.pk, notice.pk)
    return _form(request, study, form, _("Edit the draft"), reverse("consent:notice", args=[study.pk, notice.pk]))


@require_GET
def detail(request: HttpRequest, study_id: UUID, notice_id: UUID) -> HttpResponseBase:
    study, notice = _held(request, study_id, notice_id)
    asked = [
        {
            "purpose": Purpose(one["purpose"]).label,
            "modalities": [Modality(modality).label for modality in one["modalities"]],
            "recipient": RecipientClass(one["recipient_class"]).label,
        }
        for one in notice.choices
    ]
    texts = list(notice.texts.order_by("language"))
    for text in texts:
        text.asked = [text.purposes[one["purpose"]] for one in notice.choices if one["purpose"] in text.purposes]
    title = _("Version %(number)s") % {"number": notice.number}
    trail = crumbs(study, (_("Notices"), reverse("consent:notices", args=[study.pk])), (title, ""))
    people = study.participants.exclude(state=Participant.State.ERASED).count()
    context = {
        "people": people,
        "study": study,
        "notice": notice,
        "asked": asked,
        "texts": texts,
        "title": title,
        "crumbs": trail,
    }
    return render(request, "consent/notice.html", context)


@require_POST
def publish(request: HttpRequest, study_id: UUID, notice_id: UUID) -> HttpResponseBase:
    study, notice = _held(request, study_id, notice_id)
    notices.publish_notice(actor=request.user, notice=notice)
    messages.success(request, _("Published. From now on participants are asked by this version; it cannot change."))
    return redirect("consent:notice", study.pk, notice.pk)


def _held(request: HttpRequest, study_id: UUID, notice_id: UUID) -> tuple[Study, Notice]:
    study = held_study(request, study_id, "consent")
    return study, access.fetch(request.user, "consent", Notice.objects.filter(study=study), pk=notice_id)


def _form(request: HttpRequest, study: Study, form: NoticeForm, title: str, back: str) -> HttpResponseBase:
    context = {"study": study, "form": form, "title": title, "submit": _("Keep as a draft"), "back": back}
    return render(request, "consent/form.html", context, status=422 if form.errors else 200)


def _initial(notice: Notice | None, language: str) -> dict[str, Any]:
    """The version before, as a start."""
    if notice is None:
        return {}
    text = notice.texts.filter(language=language).first() or notice.texts.order_by("language").first()
    found: dict[str, Any] = {"valid_days": notice.valid_days}
    if text is not None:
        found |= {name: getattr(text, name) for name in ("language", "title", "summary")}
        found["sections"] = written_sections(text.sections)
    for one in notice.choices:
        code = one["purpose"]
        said = text.purposes.get(code, {}) if text else {}
        found |= {
            f"{code}_asked": True, f"{code}_modalities": one["modalities"], f"{code}_recipient": one["recipient_class"],
            f"{code}_title": said.get("title", ""), f"{code}_text": said.get("text", ""),
        }  # fmt: skip
    return found
