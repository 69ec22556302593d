"""The participant's own page, behind a link without an account: what I was told, what I allow, pause, stop, erase, my data.

Every act is a plain form. Taking back takes no more steps than giving: switching off counts at once, switching on shows
the notice again first. The link is a secret, so answers are not stored anywhere and the address is told to nobody else.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from consent import registry
from consent.models import ConsentEvent, Erasure, NoticeText, Participant, Permission, Request
from consent.services import consents, erasure, links, notices, requests
from consent.views_media import serve
from core import access


def mine(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """The door of this page: the token is the right. An unknown, ended or taken back link is a 404."""

    @wraps(view)
    def held(request: HttpRequest, token: str, **kwargs) -> HttpResponseBase:
        participant = links.participant_of(token)
        if participant is None:
            raise Http404
        request.participant_token = token
        response = view(request, participant, **kwargs)
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "same-origin"
        response["X-Robots-Tag"] = "noindex"
        return response

    return login_not_required(held)


class CodeForm(forms.Form):
    code = forms.RegexField(
        r"^\s*\d{8}\s*$", label=gettext_lazy("The eight digits"),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )  # fmt: skip


class QuestionForm(forms.Form):
    words = forms.CharField(
        max_length=4000, widget=forms.Textarea(attrs={"rows": 6}), label=gettext_lazy("Your question")
    )


@require_GET
@mine
def page(request: HttpRequest, participant: Participant) -> HttpResponse:
    text = _text(participant)
    context = {
        "choices": _choices(participant, text),
        "text": text,
        "received": registry.received(participant),
        "copies": participant.requests.filter(kind=Request.Kind.ACCESS)
        .select_related("job", "package")
        .order_by("-number"),
        "erasure": _open_erasure(participant),
        "basis_only": not participant.consent_events.exclude(purpose="").exists(),
    }
    return _render(request, participant, "page", context)


@require_POST
@mine
def choose(request: HttpRequest, participant: Participant) -> HttpResponse:
    """Switched off: counts now. Switched on: the notice is shown first, and agreed to on the next page."""
    text = _text(participant)
    if text is None:
        raise Http404
    wanted = set(request.POST.getlist("purpose"))
    now = {one["purpose"]: one["allowed"] for one in _choices(participant, text)}
    for purpose, allowed in now.items():
        if allowed and purpose not in wanted:
            consents.withdraw(participant=participant, purpose=purpose)
            messages.success(request, _("Taken back. It counts from now on."))
    new = [purpose for purpose, allowed in now.items() if not allowed and purpose in wanted]
    if new:
        return _render(request, participant, "agree", {"text": text, "asked": _asked(text, new)})
    return redirect("consent:mine", request.participant_token)


@require_POST
@mine
def agree(request: HttpRequest, participant: Participant) -> HttpResponse:
    """The notice was shown, and this is a yes to what was switched on. The text's digest comes back with it."""
    text = _text(participant)
    purposes = request.POST.getlist("purpose")
    if text is None or request.POST.get("digest") != text.digest:
        messages.warning(request, _("The text has changed meanwhile. Please read it again."))
        return redirect("consent:mine", request.participant_token)
    consents.record_consent(
        participant=participant, notice_text=text, answers=dict.fromkeys(purposes, True),
        evidence={"interface": "participant-page-1", "digest": text.digest, "shown": purposes},
    )  # fmt: skip
    messages.success(request, _("Thank you. It counts from now on."))
    return redirect("consent:mine", request.participant_token)


@require_POST
@mine
def pause(request: HttpRequest, participant: Participant) -> HttpResponse:
    consents.pause(participant=participant)
    messages.success(request, _("Paused. Nothing of yours is used, and nothing is deleted."))
    return redirect("consent:mine", request.participant_token)


@require_POST
@mine
def resume(request: HttpRequest, participant: Participant) -> HttpResponse:
    consents.resume(participant=participant)
    messages.success(request, _("Resumed. What you allowed before is allowed again."))
    return redirect("consent:mine", request.participant_token)


@require_http_methods(["GET", "POST"])
@mine
def stop(request: HttpRequest, participant: Participant) -> HttpResponse:
    if request.method == "POST":
        consents.stop(participant=participant)
        messages.success(request, _("Stopped. Nothing of yours is used any more."))
        return redirect("consent:mine", request.participant_token)
    return _render(request, participant, "stop", {"held": registry.describe(participant)})


@require_http_methods(["GET", "POST"])
@mine
def erase(request: HttpRequest, participant: Participant) -> HttpResponse:
    if request.method == "POST":
        consents.ask_erasure(participant=participant)
        return redirect("consent:mine_code", request.participant_token)
    return _render(
        request, participant, "erase", {"held": registry.describe(participant), "open": _open_erasure(participant)}
    )


@require_http_methods(["GET", "POST"])
@mine
def code(request: HttpRequest, participant: Participant) -> HttpResponse:
    """The code that went out by a second channel comes back here."""
    open_erasure = _open_erasure(participant)
    if open_erasure is None:
        return redirect("consent:mine", request.participant_token)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if erasure.code_matches(open_erasure, form.cleaned_data["code"]):
            consents.confirm_by_code(erasure=open_erasure)
            messages.success(request, _("Confirmed."))
            return redirect("consent:mine", request.participant_token)
        form.add_error("code", _("This code is wrong or too old. Ask for a new one."))
    context = {"form": form, "erasure": open_erasure, "lasts": erasure.CODE_LASTS.seconds // 60}
    return _render(request, participant, "code", context, status=422 if form.errors else 200)


@require_POST
@mine
def waive(request: HttpRequest, participant: Participant) -> HttpResponse:
    """Not to wait is the person's to say, after the code has shown that it is they who ask."""
    waiting = _open_erasure(participant)
    if waiting is None or waiting.state != Erasure.State.CONFIRMED:
        return redirect("consent:mine_code", request.participant_token)
    erasure.waive_cooling_off(waiting, actor=None)
    messages.success(request, _("Your data are being erased now."))
    return redirect("consent:mine", request.participant_token)


@require_POST
@mine
def copy(request: HttpRequest, participant: Participant) -> HttpResponse:
    opened = requests.open_request(
        actor=None, study=participant.study, kind=Request.Kind.ACCESS, participant=participant
    )
    requests.start_package(actor=None, request=opened)
    messages.success(request, _("Your copy is being made. It will be on this page, most often within minutes."))
    return redirect("consent:mine", request.participant_token)


@require_GET
@mine
def download(request: HttpRequest, participant: Participant, request_id: UUID) -> HttpResponseBase:
    held = access.within(participant.requests.exclude(package=None).select_related("package"), pk=request_id)
    response = serve(request, held.package)
    response["Content-Disposition"] = f'attachment; filename="{participant.code}.zip"'
    return response


@require_http_methods(["GET", "POST"])
@mine
def question(request: HttpRequest, participant: Participant) -> HttpResponse:
    form = QuestionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        requests.open_request(
            actor=None, study=participant.study, kind=Request.Kind.INFORMATION, participant=participant,
            words=form.cleaned_data["words"],
        )  # fmt: skip
        messages.success(request, _("Sent. You get an answer within a month at the latest."))
        return redirect("consent:mine", request.participant_token)
    return _render(request, participant, "question", {"form": form}, status=422 if form.errors else 200)


@require_GET
@mine
def notice(request: HttpRequest, participant: Participant, text_id: UUID) -> HttpResponse:
    """The words exactly as they were told."""
    published = NoticeText.objects.filter(notice__study=participant.study).exclude(notice__published_at=None)
    text = access.within(published.select_related("notice"), pk=text_id)
    purposes = [one["purpose"] for one in text.notice.choices]
    return _render(request, participant, "notice", {"text": text, "asked": _asked(text, purposes)})


def _render(
    request: HttpRequest, participant: Participant, name: str, context: dict, status: int = 200
) -> HttpResponse:
    shared = {"participant": participant, "study": participant.study, "token": request.participant_token}
    return render(request, f"consent/participant/{name}.html", {**shared, **context}, status=status)


def _text(participant: Participant) -> NoticeText | None:
    return notices.current(participant.study, participant.language)


def _asked(text: NoticeText, purposes: list[str]) -> list[dict]:
    modalities = {one["purpose"]: one["modalities"] for one in text.notice.choices}
    return [
        {"purpose": one, "modalities": modalities.get(one, []), **text.purposes.get(one, {"title": one, "text": ""})} for one in purposes
    ]  # fmt: skip


def _choices(participant: Participant, text: NoticeText | None) -> list[dict]:
    """Each purpose the notice asks for, with what was said last and whether it is allowed now (paused or not)."""
    if text is None:
        return []
    said: dict[str, ConsentEvent] = {}
    allowed: set[str] = set()
    for event in participant.consent_events.select_related("notice_text").order_by("id"):
        if event.purpose:
            said[event.purpose] = event
            (allowed.add if event.kind in ("given", "renewed") else allowed.discard)(event.purpose)
        elif event.kind == ConsentEvent.Kind.WITHDRAWN:
            allowed.clear()
    if participant.state == Participant.State.ACTIVE:
        allowed |= set(Permission.objects.filter(participant=participant).values_list("purpose", flat=True))
    purposes = [one["purpose"] for one in text.notice.choices]
    return [
        {**one, "said": said.get(one["purpose"]), "allowed": one["purpose"] in allowed}
        for one in _asked(text, purposes)
    ]


def _open_erasure(participant: Participant) -> Erasure | None:
    return participant.erasures.filter(state__in=erasure.OPEN).order_by("-id").first()
