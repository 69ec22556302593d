"""Beginning a study, and saying on which ground its data are used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from consent import keys
from consent.models import Basis, Controller, Participant, Study
from consent.purposes import BasisKind, PeopleRole, Purpose
from consent.services import projection
from core import access, audit
from core.errors import Invalid, Refused, refuse_stale
from core.models import User


@transaction.atomic
def create_controller(*, actor: User | None, name: str, **fields: Any) -> Controller:
    """Who decides why and how data are used; `fields` are the columns of Controller."""
    controller = Controller.objects.create(name=name, **fields)
    audit.record("consent.controller.created", actor=actor, target=controller)
    return controller


@transaction.atomic
def create_study(
    *,
    actor: User | None,
    controller: Controller,
    name: str,
    context: str,
    owner: User | None = None,
    bases: Iterable[Mapping[str, Any]] = (),
    slug: str = "",
    **fields: Any,
) -> Study:
    """A study with its key, its bases and an owner (`owner`, else the actor). `bases` are arguments of `set_basis`."""
    study = Study(controller=controller, name=name, context=context, slug=slug or _free_slug(name), **fields)
    study.full_clean(exclude=["controller", "client"])
    keys.ensure_study(study.pk)  # before the row: a key without a study does no harm
    study.save(force_insert=True)
    audit.record("consent.study.created", actor=actor, target=study, context=study.context, fictional=study.fictional)
    if (who := owner or actor) is not None:
        access.grant(who, "owner", study, actor=actor)
    for basis in bases:
        set_basis(actor=actor, study=study, **basis)
    return study


@transaction.atomic
def create(
    *, actor: User, owner: User, name: str, controller: str, context: str, purpose: str = "", **fields: Any
) -> Study:
    """`create_study` for a controller that is known by its name, or made."""
    known = Controller.objects.filter(name=controller).first() or create_controller(actor=actor, name=controller)
    return create_study(
        actor=actor, owner=owner, controller=known, name=name, context=context, purpose=purpose, **fields
    )


EDITABLE = ("name", "purpose", "subdivision", "cooling_off_days", "support")


@transaction.atomic
def edit_study(*, actor: User | None, study: Study, revision: int, **changes: Any) -> Study:
    """Change what a study says of itself: any of EDITABLE. `revision` is the one that was seen.

    Raises Refused `revision_stale` (412) when it changed meanwhile, `study_closed`, and `notice_published` for the
    cooling-off once a notice told it to somebody; Invalid for values that cannot be meant.
    """
    held = Study.objects.select_for_update().get(pk=study.pk)
    refuse_stale(held.revision, revision)
    if held.state == Study.State.CLOSED:
        raise Refused("study_closed", _("This study is closed."))
    changed = {name: value for name, value in changes.items() if getattr(held, name) != value}
    if unknown := set(changes) - set(EDITABLE):
        raise TypeError(f"a study's {sorted(unknown)} do not change")
    if "cooling_off_days" in changed and held.notices.exclude(published_at=None).exists():
        raise Refused("notice_published", _("Participants were told this cooling-off. It cannot change any more."))
    if not changed:
        return held
    for name, value in changed.items():
        setattr(held, name, value)
    held.revision += 1
    held.full_clean(exclude=["controller", "client"])
    held.save(update_fields=[*changed, "revision"])
    audit.record("consent.study.edited", actor=actor, target=held, fields=sorted(changed), revision=held.revision)
    return held


@transaction.atomic
def set_basis(
    *,
    actor: User | None,
    study: Study,
    purpose: str,
    kind: str,
    people_role: str = PeopleRole.TARGET,
    evidence: str = "",
    ends_at: datetime | None = None,
    **fields: Any,
) -> Basis:
    """State the lawful ground for one role of people and one purpose, in place of the one in force before.

    The old row ends and stays; the permissions of the role's participants are rewritten at once. Raises Invalid for
    unknown codes and for an end that is past.
    """
    now = timezone.now()
    if purpose not in Purpose.values or kind not in BasisKind.values or people_role not in PeopleRole.values:
        raise Invalid("basis_unknown", _("This purpose, ground or role of people is not known."))
    if ends_at is not None and ends_at <= now:
        raise Invalid("basis_ended", _("A basis cannot end before it begins."), fields={"ends_at": [_("Is past.")]})
    _end(study, purpose, people_role, now)
    basis = Basis.objects.create(
        study=study, purpose=purpose, kind=kind, people_role=people_role, evidence=evidence, begins_at=now, ends_at=ends_at, **fields
    )  # fmt: skip
    audit.record("consent.basis.stated", actor=actor, target=basis, purpose=purpose, kind=kind, people_role=people_role)
    _reproject(study, people_role)
    return basis


@transaction.atomic
def end_basis(*, actor: User | None, basis: Basis) -> None:
    """From now on there is no ground for this role and purpose: what rested on it is not allowed any more."""
    _end(basis.study, basis.purpose, basis.people_role, timezone.now())
    audit.record("consent.basis.ended", actor=actor, target=basis, purpose=basis.purpose, people_role=basis.people_role)
    _reproject(basis.study, basis.people_role)


def _end(study: Study, purpose: str, people_role: str, now: datetime) -> None:
    of = Basis.objects.filter(study=study, purpose=purpose, people_role=people_role)
    of.filter(ends_at=None).update(ends_at=now)
    of.filter(ends_at__gt=now).update(ends_at=now)


def _reproject(study: Study, people_role: str) -> None:
    people = Participant.objects.filter(study=study, people_role=people_role)
    projection.project(projection.lock(list(people.only("pk"))))


def _free_slug(name: str) -> str:
    stem = slugify(name)[:70] or "study"
    taken = set(Study.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    return next(slug for n in range(len(taken) + 1) if (slug := stem if n == 0 else f"{stem}-{n + 1}") not in taken)
