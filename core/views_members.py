"""Who holds which role: one page for every root that has roles. An app fetches its root through its door and hands it over.

    @require_http_methods(["GET", "HEAD", "POST"])
    def people(request, study_id):
        study = held_study(request, study_id, views_members.needed(request, Study))
        return views_members.page(request, study, crumbs=crumbs(study, (_("People"), "")))

A GET lists, a POST gives a role; `take` is the POST of the address below. Changing needs the root's `members_action`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import models
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from core import access
from core.errors import Invalid
from core.lists import Choice, Column, Listing
from core.models import User
from core.services import accounts, members

PLAIN = "core/_members_frame.html"


class RoleForm(forms.Form):
    """An address and a role. `new` says that somebody without an account is to be invited; few may."""

    email = forms.EmailField(max_length=254, label=gettext_lazy("E-mail"), widget=forms.EmailInput({"autocomplete": "off"}))  # fmt: skip
    role = forms.ChoiceField(label=gettext_lazy("Role"))
    new = forms.BooleanField(required=False, label=gettext_lazy("Invite them if they have no account"))
    name = forms.CharField(
        max_length=120, required=False, label=gettext_lazy("Name"), widget=forms.TextInput({"autocomplete": "off"}),
        help_text=gettext_lazy("For an invitation only."),
    )  # fmt: skip
    language = forms.ChoiceField(
        required=False, choices=settings.LANGUAGES, label=gettext_lazy("Language of the invitation")
    )

    def __init__(self, *args: Any, root: models.Model, may_invite: bool, **kwargs: Any) -> None:
        super().__init__(*args, **{"initial": {"language": get_language()}, **kwargs})
        self.fields["role"].choices = list(root.role_names.items())
        if not may_invite:
            for name in ("new", "name", "language"):
                del self.fields[name]


def needed(request: HttpRequest, root: type[models.Model], seen: str = "view") -> str:
    """The action of the door for this request: who sees the root sees who is there, unless the root says otherwise."""
    return root.members_action if request.method == "POST" else seen


def page(
    request: HttpRequest, root: models.Model, *, base: str = PLAIN, annotated: dict[str, Any] | None = None, **context: Any
) -> HttpResponseBase:  # fmt: skip
    """Answer a GET or a POST. `base` is the template around it; `annotated` gives the rows a code and what taking it touches."""
    asked = _Page(request, root, annotated or {}, {"base": base, **context})
    return asked.give() if request.method == "POST" else asked.show()


def take(request: HttpRequest, root: models.Model) -> HttpResponseBase:
    """Take a role back, as the row of the page says it: `user` and `role`. Who took their own goes where they still may."""
    held = access.grants(root).filter(user__pk=_id(request.POST.get("user", "")))
    user = access.within(User.objects.filter(pk__in=held.values("user")))
    members.take(actor=request.user, root=root, role=request.POST.get("role", ""), user=user)
    messages.success(request, _("The role was taken back."))
    still = access.may(request.user, root.members_action, root)
    return redirect(request.path.removesuffix("take/") if still else "home")


@dataclass
class _Page:
    """One request to the page of one root."""

    request: HttpRequest
    root: models.Model
    annotated: dict[str, Any]
    context: dict[str, Any]

    def show(self) -> HttpResponseBase:
        listing = self.listing()
        if listing.wants_csv:
            return listing.csv()
        return self.answer(listing, self.form() if self.may_give else None)

    def give(self) -> HttpResponseBase:
        """Give the role to an account, or with a tick to somebody who is invited by this; only then a link is shown."""
        form = self.form(self.request.POST)
        told: dict = {}
        if form.is_valid():
            try:
                told = self.given(form.cleaned_data)
            except Invalid as invalid:
                for name, sentences in invalid.fields.items():
                    for sentence in sentences:
                        form.add_error(name if name in form.fields else None, sentence)
            else:
                if not told:
                    messages.success(self.request, _("The role was given."))
                    return redirect(self.request.path)
                form = self.form()
        response = self.answer(self.listing(), form, **told)
        response["Cache-Control"] = "no-store"
        return response

    def given(self, said: dict[str, Any]) -> dict[str, Any]:
        """What the page tells of an invitation; empty when the address had an account."""
        actor, role = self.request.user, said["role"]
        try:
            user = members.account(said["email"])
        except Invalid as invalid:
            if invalid.code != "account_unknown":
                raise
            if not said.get("new"):
                told = (
                    _("There is no account of this address. Tick the box to invite its person.")
                    if self.may_invite
                    else _("There is no account of this address. Whoever leads the study can invite its person.")
                )
                raise Invalid("account_unknown", told, fields={"email": [told]}) from invalid
            user, link = members.invite(
                actor=actor, root=self.root, role=role, email=said["email"], name=said["name"], language=said["language"]
            )  # fmt: skip
            return {"invited": user, "link": link, "mailed": accounts.mail_link(user, link, invited=True)}
        members.give(actor=actor, root=self.root, role=role, user=user)
        return {}

    @cached_property
    def may_give(self) -> bool:
        return access.may(self.request.user, self.root.members_action, self.root)

    @cached_property
    def may_invite(self) -> bool:
        """Whoever runs the installation, and whoever leads the study and so answers for the people in it."""
        return self.request.user.is_operator or access.may(self.request.user, "members", self.root)

    def form(self, given: Any = None) -> RoleForm:
        return RoleForm(given, root=self.root, may_invite=self.may_invite)

    def listing(self) -> Listing:
        """A row a person and role. Addresses are for those who need them to give a role."""
        columns = [
            Column("person", _("Person"), self.called, sort="user__name"),
            *([Column("email", _("E-mail"), lambda one: one.user.email, sort="user__email")] if self.may_give else []),
            Column("role", _("Role"), lambda one: str(self.root.role_names[access.role_of(one)]), sort="permission__codename"),
            *([Column("code", _("Code"), lambda one: one.code or "")] if self.annotated else []),
        ]  # fmt: skip
        names = [(access.PREFIX + role, label) for role, label in self.root.role_names.items()]
        return Listing(
            self.request,
            access.grants(self.root).annotate(**self.annotated),
            name="people",
            order="user__name",
            search=("user__name", "user__email") if self.may_give else ("user__name",),
            filters=(Choice("role", _("Role"), "permission__codename", names),),
            columns=columns,
        )

    def called(self, one: Any) -> str:
        return one.user.name or (one.user.email if self.may_give else one.user.first_name)

    def answer(self, listing: Listing, form: RoleForm | None, **told: Any) -> HttpResponseBase:
        for one in listing.page:
            one.called, one.role = self.called(one), access.role_of(one)
            one.role_name = self.root.role_names[one.role]
        context = {
            "listing": listing, "form": form, "may_give": int(self.may_give), "coded": bool(self.annotated),
            "roles": [(label, self.root.role_words[role]) for role, label in self.root.role_names.items()],
            "take_url": f"{self.request.path}take/", **self.context, **told,
        }  # fmt: skip
        return render(self.request, "core/members.html", context, status=422 if form and form.errors else 200)


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
