"""The bottom's own pages: the first administrator, tokens, preferences, the progress of a job."""

from __future__ import annotations

from datetime import UTC, datetime, time
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required, login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import access, jobs
from core.errors import Invalid
from core.models import ApiToken, Job, User
from core.services import accounts
from core.services import tokens as token_services

MOVED = "job-moved"  # what a page hears when the state of a job that it shows is another
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


class FirstAdministratorForm(forms.Form):
    email = forms.EmailField(label=_("E-mail"), max_length=254, widget=forms.EmailInput({"autocomplete": "username"}))
    name = forms.CharField(label=_("Name"), max_length=120, widget=forms.TextInput({"autocomplete": "name"}))
    password = forms.CharField(
        label=_("Password"), max_length=200, strip=False, help_text=_("At least 12 characters."),
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )  # fmt: skip


class TokenForm(forms.Form):
    name = forms.CharField(label=_("What is it for?"), max_length=80)
    expires_on = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput({"type": "date"}),
        help_text=_("Empty: until revoked."),
    )


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: HttpRequest) -> HttpResponse:
    """Make the first administrator. Once anybody has an account, this page is not there."""
    if User.objects.exists():
        raise Http404
    form = FirstAdministratorForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = accounts.first_administrator(**form.cleaned_data)
        except Invalid as invalid:
            _say(form, invalid)
        else:
            login(request, user, backend=BACKEND)
            return redirect(settings.LOGIN_REDIRECT_URL)
    return render(request, "core/welcome.html", {"form": form}, status=422 if form.errors else 200)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """A person's keys for programs. A new one is shown in the answer to its making, and never again."""
    form, secret = TokenForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        day = form.cleaned_data["expires_on"]
        try:
            _made, secret = token_services.create(
                user=request.user,
                name=form.cleaned_data["name"],
                expires_at=datetime.combine(day, time.max, UTC) if day else None,
            )
            form = TokenForm()
        except Invalid as invalid:
            _say(form, invalid, expires_at="expires_on")
    own = ApiToken.objects.filter(user=request.user, revoked_at=None).order_by("-pk")
    context = {"form": form, "secret": secret, "tokens": own}
    return render(request, "core/tokens.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def revoke_token(request: HttpRequest, token_id: UUID) -> HttpResponse:
    token = access.within(ApiToken.objects.filter(user=request.user), pk=token_id)
    token_services.revoke(token, actor=request.user)
    return redirect("tokens")


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the colours with the account; who has none keeps them in the browser."""
    if request.user.is_authenticated:
        accounts.set_preferences(request.user, theme=request.POST.get("theme", ""))
    return HttpResponse(status=204)


@login_not_required
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Keep the language with the account, or in a cookie for who has none."""
    chosen = request.POST.get("language", "")
    if not translation.check_for_language(chosen) or chosen not in dict(settings.LANGUAGES):
        raise Invalid("language_unknown", _("This language is not here."))
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    response = redirect(back if safe else "/")
    if request.user.is_authenticated:
        accounts.set_preferences(request.user, language=chosen)
    response.set_cookie(settings.LANGUAGE_COOKIE_NAME, chosen, max_age=365 * 86400, samesite="Lax", httponly=True)
    return response


@never_cache
@login_required
@require_safe
def job(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """The fragment with the bar; it asks for itself every second while the job is not at its end.

    `?then=` is the page where the result is: it is shown when the job is done. `?was=` is the state that the bar shows:
    when it is another now, what else on the page tells of jobs hears of it (`job-moved`).
    """
    found = _seen(request, job_id)
    then = request.GET.get("then", "")
    then = then if then.isprintable() and url_has_allowed_host_and_scheme(then, allowed_hosts=None) else ""
    response = render(request, "core/_job.html", {**_shown(found), "then": then})
    if found.state == Job.State.DONE and then:
        response["HX-Redirect"] = then
    elif found.state != request.GET.get("was", found.state):
        response["HX-Trigger"] = MOVED
    return response


def follow(request: HttpRequest, found: Job, then: str) -> HttpResponse:
    """The answer to a form that started a job: its progress as a fragment, or the page where the result will be."""
    if request.htmx:
        response = render(request, "core/_job.html", {**_shown(found), "then": then})
        response["HX-Trigger"] = MOVED
        return response
    messages.info(request, _("Started. The result appears here when it is done."))
    return redirect(then)


@login_required
@require_POST
def cancel_job(request: HttpRequest, job_id: UUID) -> HttpResponse:
    found = jobs.cancel(_seen(request, job_id), request.user)
    response = render(request, "core/_job.html", _shown(found))
    response["HX-Trigger"] = MOVED
    return response


def _seen(request: HttpRequest, job_id: UUID) -> Job:
    found = access.within(Job.objects.all(), pk=job_id)
    if not jobs.visible_to(request.user, found):
        raise Http404
    return found


def _shown(found: Job) -> dict:
    known = jobs.KINDS.get(found.kind)
    return {
        "job": found,
        "label": known.label if known else found.kind,
        "under_way": found.state in (Job.State.QUEUED, Job.State.RUNNING),
    }


def _say(form: forms.Form, invalid: Invalid, **renamed: str) -> None:
    for name, sentences in invalid.fields.items():
        for sentence in sentences:
            form.add_error(renamed.get(name, name), sentence)
    if not invalid.fields:
        form.add_error(None, invalid.message)
