"""Who holds which role on a root: given by the address of an account, taken back, and never the last of a kind that must be.

A root says in `role_acts` what else a role begins and ends with, as names of services: an annotator gets a code and a
place in the queue. They are called instead of the plain grant, so that a role means the same whichever way it is given.
"""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from django.apps import apps
from django.db import models, transaction
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from core import access
from core.errors import Invalid, Refused
from core.models import User
from core.services import accounts


def account(email: str) -> User:
    """The open account of an address. Raises Invalid("account_unknown"), Invalid("account_closed")."""
    user = User.objects.filter(email__iexact=email.strip()).first()
    if user is None:
        said = _("There is no account of this address.")
        raise Invalid("account_unknown", said, fields={"email": [said]})
    if not user.is_active:
        said = _("The account of this address is closed.")
        raise Invalid("account_closed", said, fields={"email": [said]})
    return user


@transaction.atomic
def give(*, actor: User | None, root: models.Model, role: str, user: User) -> None:
    """Give a role on a root. Twice does no harm. Raises Invalid("role_unknown")."""
    _refuse_unknown(root, role)
    if acts := getattr(root, "role_acts", {}).get(role):
        import_string(acts[0])(actor=actor, user=user, **{root._meta.model_name: root})
    else:
        access.grant(user, role, root, actor=actor)


@transaction.atomic
def take(*, actor: User | None, root: models.Model, role: str, user: User) -> None:
    """Take a role back. Raises Invalid("role_unknown"), Refused("last_of_role") for the last owner of a study."""
    _refuse_unknown(root, role)
    if role == getattr(root, "role_kept", ""):
        type(root)._default_manager.select_for_update().get(pk=root.pk)  # two owners do not leave at the same time
        held = access.grants(root).filter(permission__codename=access.PREFIX + role)
        if not held.filter(user__is_active=True).exclude(user=user).exists():
            said = _("Somebody must stay who holds this role (%(role)s). Give it to another person first.")
            raise Refused("last_of_role", said % {"role": root.role_names[role]})
    if acts := getattr(root, "role_acts", {}).get(role):
        import_string(acts[1])(actor=actor, user=user, **{root._meta.model_name: root})
    else:
        access.revoke(user, role, root, actor=actor)


@transaction.atomic
def invite(
    *, actor: User | None, root: models.Model, role: str, email: str, name: str = "", language: str = ""
) -> tuple[User, str]:
    """Make an account for an address and give it the role, both or neither. Returns (user, link) as accounts.invite."""
    _refuse_unknown(root, role)
    user, link = accounts.invite(email, name, actor, language=language)
    give(actor=actor, root=root, role=role, user=user)
    return user, link


def kept_alone() -> dict[UUID, int]:
    """How many roots would be left without the role that must be kept, were a person's account closed; by person."""
    found: Counter[UUID] = Counter()
    for root in apps.get_models():
        if role := getattr(root, "role_kept", ""):
            holders: dict[UUID, list[UUID]] = {}
            for where, who in access.holders(root, role):
                holders.setdefault(where, []).append(who)
            found.update(people[0] for people in holders.values() if len(people) == 1)
    return dict(found)


def _refuse_unknown(root: models.Model, role: str) -> None:
    if role not in type(root).roles:
        said = _("There is no such role here.")
        raise Invalid("role_unknown", said, fields={"role": [said]})
