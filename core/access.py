"""The door: the only way to get a protected object. The check and the look-up are one call.

Rights hang from a few *roots* (Study, Campaign, Dataset, Model). A root names its roles and what each may do::

    class Study(Row):
        roles = {"owner": ("view", "manage", …), "auditor": ("view", "audit")}

A role is what is given, and it is stored as a guardian object permission `role_<name>` in a permission table of the
root's own. Single permissions are never given, so changing what a role may do is one line here and no data.
`role_names` and `role_words` say for people what each is called and may do; `members_action` is the action that lets
somebody give and take roles; `role_kept` is a role that somebody must always hold (core/services/members.py).
Every other protected model names the look-ups that lead to its roots::

    class Item(Row):
        access_path = ("study",)

`access_own` narrows an action to rows of the person: `{"label": "annotator__user"}`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import FieldDoesNotExist
from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from guardian.models import UserObjectPermissionBase
from guardian.shortcuts import assign_perm, remove_perm
from guardian.utils import get_user_obj_perms_model

from core import audit
from core.errors import Forbidden
from core.models import User
from core.prepared import Prepared

M = TypeVar("M", bound=models.Model)

PREFIX = "role_"


class RoleGrant(UserObjectPermissionBase):
    """Base of a root's own table of roles; the subclass adds `content_object`, a foreign key to the root."""

    class Meta(UserObjectPermissionBase.Meta):
        abstract = True


def role_permissions(*names: str) -> list[tuple[str, str]]:
    """What a root writes into `Meta.permissions`: one permission a role."""
    return [(PREFIX + name, f"holds the role {name}") for name in names]


def visible(user: User | AnonymousUser, queryset: QuerySet[M], action: str = "view") -> QuerySet[M]:
    """The rows of `queryset` on which the user may do `action`."""
    if not user.is_authenticated or not user.is_active:
        return queryset.none()
    model = queryset.model
    reach = Q()
    for path in model.access_path:
        root = _root(model, path)
        if _names(root, action):
            reach |= Q(**{f"{path}__in" if path else "pk__in": _held(user, root, action)})
    if not reach:
        return queryset.none()
    if own := getattr(model, "access_own", {}).get(action):
        reach &= Q(**{own: user})
    return queryset.filter(reach)


def fetch(user: User | AnonymousUser, action: str, queryset: QuerySet[M], **lookup: Any) -> M:
    """One object, or 404 when it is not visible (ids cannot be probed), or 403 when it is seen but the role does not allow it."""
    found = visible(user, queryset, action).filter(**lookup).first()
    if found is not None:
        return found
    seen = visible(user, queryset, "view").filter(**lookup).first() if action != "view" else None
    if seen is None:
        raise Http404
    audit.observe("core.access.denied", actor=user, target=seen, outcome="denied", action=action)
    raise Forbidden("role_missing", _("Your role here does not include this."), action=action)


class Fetch(Generic[M]):
    """`fetch` by key for one look-up that stands in every second of work: the door's query, compiled once.

    `_own = Fetch("label", lambda: Assignment.objects.select_related("campaign"))`, then `_own(request.user, pk)`.
    What is not found goes through `fetch`, which knows 404 from 403 and writes the denial down.
    """

    def __init__(self, action: str, rows: Callable[[], QuerySet[M]]) -> None:
        self._action, self._rows = action, rows
        self._held = Prepared(self._query, user=UUID, pk=UUID)

    def __call__(self, user: User | AnonymousUser, pk: UUID) -> M:
        found = self._held.first(user=user.pk, pk=pk) if user.is_authenticated and user.is_active else None
        return found if found is not None else fetch(user, self._action, self._rows(), pk=pk)

    def _query(self, user: UUID, pk: UUID) -> QuerySet[M]:
        return visible(User(pk=user, is_active=True), self._rows(), self._action).filter(pk=pk).order_by()[:1]


def within(queryset: QuerySet[M], **lookup: Any) -> M:
    """One object that hangs from an object already held, or 404."""
    found = queryset.filter(**lookup).first()
    if found is None:
        raise Http404
    return found


def may(user: User | AnonymousUser, action: str, root: models.Model) -> bool:
    """Whether the user may do `action` on an object already held; for showing or hiding a button."""
    return visible(user, type(root)._default_manager.filter(pk=root.pk), action).exists()


@transaction.atomic
def grant(user: User, role: str, root: models.Model, *, actor: User | None) -> None:
    """Give a role on a root, and write it down. Giving it twice does no harm."""
    _known(root, role)
    if role in roles(user, root):
        return
    assign_perm(PREFIX + role, user, root)
    audit.record("core.role.granted", actor=actor, target=root, role=role, user=str(user.pk))


@transaction.atomic
def revoke(user: User, role: str, root: models.Model, *, actor: User | None) -> None:
    """Take a role back, and write it down."""
    _known(root, role)
    if role not in roles(user, root):
        return
    remove_perm(PREFIX + role, user, root)
    audit.record("core.role.revoked", actor=actor, target=root, role=role, user=str(user.pk))


def roles(user: User, root: models.Model) -> set[str]:
    """The roles the user holds on exactly this root."""
    held = _grants(type(root)).filter(user_id=user.pk, content_object_id=root.pk)
    return {name.removeprefix(PREFIX) for name in held.values_list("permission__codename", flat=True)}


def grants(root: models.Model) -> QuerySet:
    """The roles that are held on exactly this root, one row a person and role: `user`, `permission.codename`."""
    return _grants(type(root)).filter(content_object_id=root.pk).select_related("user", "permission")


def holders(root: type[models.Model], role: str) -> QuerySet:
    """(id of the root, id of the person) for everybody with an open account who holds the role on any root of this kind."""
    held = _grants(root).filter(permission__codename=PREFIX + role, user__is_active=True)
    return held.values_list("content_object_id", "user_id")


def role_of(grant: UserObjectPermissionBase) -> str:
    """The role that a row of `grants` gives."""
    return grant.permission.codename.removeprefix(PREFIX)


def members(root: models.Model) -> list[tuple[User, set[str]]]:
    """Everybody who holds a role on exactly this root, by name."""
    held: dict[User, set[str]] = {}
    for one in grants(root):
        held.setdefault(one.user, set()).add(role_of(one))
    return sorted(held.items(), key=lambda pair: (pair[0].name, pair[0].email))


class RootRoles:
    """Django's `user.has_perm(action, root)` answered by the roles above, for templates and third parties."""

    def authenticate(self, request: Any, **credentials: Any) -> None:
        return None

    def has_perm(self, user: User, action: str, root: models.Model | None = None) -> bool:
        return root is not None and hasattr(root, "access_path") and may(user, action, root)


def _names(root: type[models.Model], action: str) -> list[str]:
    return [PREFIX + role for role, actions in root.roles.items() if action in actions]


def _held(user: User, root: type[models.Model], action: str) -> QuerySet:
    return (
        _grants(root).filter(user_id=user.pk, permission__codename__in=_names(root, action)).values("content_object_id")
    )


def _grants(root: type[models.Model]) -> QuerySet:
    return get_user_obj_perms_model(root)._default_manager.all()


def _root(model: type[models.Model], path: str) -> type[models.Model]:
    for step in path.split("__") if path else ():
        try:
            model = model._meta.get_field(step).related_model
        except FieldDoesNotExist as missing:
            raise LookupError(f"{model.__name__}.access_path names {step!r}, which is no field") from missing
    return model


def _known(root: models.Model, role: str) -> None:
    if role not in type(root).roles:
        raise LookupError(f"{type(root).__name__} has no role {role!r}; it has {', '.join(type(root).roles)}")
