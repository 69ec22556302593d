"""Accounts, for whoever runs the installation: who there is, inviting, a new link, letting in and keeping out."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import BooleanField, Case, Q, QuerySet, Value, When
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from core import access
from core.errors import Invalid
from core.lists import Choice, Column, Listing
from core.models import User
from core.services import accounts, members

UNUSABLE = "!"  # how Django's hashes of accounts without a password begin


class InvitationForm(forms.Form):
    email = forms.EmailField(max_length=254, label=gettext_lazy("E-mail"), widget=forms.EmailInput({"autocomplete": "off"}))  # fmt: skip
    name = forms.CharField(max_length=120, required=False, label=gettext_lazy("Name"), widget=forms.TextInput({"autocomplete": "off"}))  # fmt: skip
    language = forms.ChoiceField(choices=settings.LANGUAGES, label=gettext_lazy("Language of the invitation"))
    operator = forms.BooleanField(
        required=False, label=gettext_lazy("Runs the installation"),
        help_text=gettext_lazy("Makes studies and accounts; sees no data by that."),
    )  # fmt: skip


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def people(request: HttpRequest) -> HttpResponseBase:
    """The list; a POST invites. The link is shown in the answer to that, and never again."""
    _require_operator(request)
    form = InvitationForm(request.POST or None, initial={"language": get_language()})
    told: dict = {}
    if request.method == "POST" and form.is_valid():
        try:
            user, link = accounts.invite(actor=request.user, **form.cleaned_data)
        except Invalid as invalid:
            for name, sentences in invalid.fields.items():
                for sentence in sentences:
                    form.add_error(name if name in form.fields else None, sentence)
        else:
            told = {"invited": user, "link": link, "mailed": accounts.mail_link(user, link, invited=True)}
            form = InvitationForm(initial={"language": get_language()})
    return _page(request, form, **told)


@never_cache
@require_POST
def link_again(request: HttpRequest, user_id: UUID) -> HttpResponseBase:
    """A new link: shown to whoever invites while the account was never used, otherwise only mailed to its person."""
    _require_operator(request)
    user = access.within(User.objects.all(), pk=user_id)
    invited = accounts.waits(user)
    link = accounts.link_again(user, request.user)
    mailed = accounts.mail_link(user, link, invited=invited)
    form = InvitationForm(initial={"language": get_language()})
    return _page(request, form, invited=user, link=link if invited else "", mailed=mailed)


@require_POST
def change(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """Open or close an account, or say whether its person runs the installation: `act` is the name of a button."""
    _require_operator(request)
    user = access.within(User.objects.all(), pk=user_id)
    acts = {
        "open": lambda: accounts.set_active(user, True, request.user),
        "close": lambda: accounts.set_active(user, False, request.user),
        "operator": lambda: accounts.set_operator(user, True, request.user),
        "no_operator": lambda: accounts.set_operator(user, False, request.user),
    }
    act = request.POST.get("act", "")
    if act not in acts:
        raise Invalid("act_unknown", _("An account is opened, closed, or made to run the installation."))
    acts[act]()
    messages.success(request, _("Done."))
    return redirect("people")


def _require_operator(request: HttpRequest) -> None:
    """For everybody else these pages are not there, so that no id can be tried on them."""
    if not request.user.is_operator:
        raise Http404


def _page(request: HttpRequest, form: InvitationForm, **told: object) -> HttpResponseBase:
    listing = _listing(request)
    if listing.wants_csv and request.method != "POST":
        return listing.csv()
    alone = members.kept_alone()
    for one in listing.page:
        one.leads = alone.get(one.pk, 0)
    context = {"listing": listing, "form": form, **told}
    return render(request, "core/people.html", context, status=422 if form.is_bound and form.errors else 200)


def _listing(request: HttpRequest) -> Listing:
    waits = Q(last_login=None) & (Q(password="") | Q(password__startswith=UNUSABLE))
    rows: QuerySet = User.objects.annotate(
        waits=Case(When(waits, then=Value(True)), default=Value(False), output_field=BooleanField())
    )
    yes_no = [("True", _("yes")), ("False", _("no"))]
    return Listing(
        request,
        rows,
        name="accounts",
        order="name",
        search=("name", "email"),
        filters=(
            Choice("open", _("Open"), "is_active", yes_no),
            Choice("operator", _("Runs the installation"), "is_operator", yes_no),
            Choice("waits", _("Not been here yet"), "waits", yes_no),
        ),
        columns=(
            Column("name", _("Person"), lambda one: one.name, sort="name"),
            Column("email", _("E-mail"), lambda one: one.email, sort="email"),
            Column("state", _("State"), _state, sort="is_active"),
            Column("operator", _("Runs the installation"), lambda one: "yes" if one.is_operator else "no", sort="is_operator"),
            Column("last", _("Last here"), lambda one: one.last_login and one.last_login.isoformat(), sort="last_login"),
        ),
    )  # fmt: skip


def _state(one: User) -> str:
    return "closed" if not one.is_active else "invited" if one.waits else "open"
