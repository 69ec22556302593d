"""The gate: the consent door. Narrows a queryset to what participants allowed, for a purpose, now.

One predicate in two forms: `permitted(queryset, use)` and `check(obj, use)`; the second asks the first. It composes with
the door: `permitted(visible(user, Item.objects.all()), Use("human_annotation"))`.

What is asked, in SQL, with nothing cached and `allowed_until > now`, so an expiry needs no job and a stop counts at once:

1. everyone who appears in a track that cannot be split off has a permission for the purpose, the track's modality and
   the recipient class, and is active; a track that can be split off blocks only itself (decisions 8);
2. at least one track is left that is allowed; a recording in which nobody appears is denied;
3. the targets of an item (whom its label is about) are allowed in at least one track they appear in;
4. no role of people is used in a way that the study's context prohibits (consent/prohibitions.py);
5. data that go to another country go to a recipient on file there, with a transfer tool where one is needed.

The condition itself is in consent/gate_sql.py. The way from a model to the recording is its `consent_path`. Appearances live in an app above this one; they are found
through the queryset's own model, never imported. What hangs from a track is judged by that track.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TypeVar

from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from consent import prohibitions
from consent.gate_sql import Allowed, Way
from consent.models import Participant, Permission, Recipient
from consent.prohibitions import Verdict
from consent.purposes import Modality, Purpose, RecipientClass
from consent.transfers import NEEDS_NO_TOOL
from core import audit
from core.errors import ConsentMissing, Forbidden, Gone

M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True)
class Use:
    """What somebody wants to do: for which purpose, by whom, where. `country` is ISO 3166 when data leave the house."""

    purpose: str
    recipient_class: str = RecipientClass.CONTROLLER
    country: str | None = None


@dataclass(frozen=True)
class Reason:
    """Why not, in a code; for whom, when it is about one participant (an id, never a name)."""

    code: str
    participant_id: str = ""
    modality: str = ""


@dataclass(frozen=True)
class Decision:
    """The gate's answer: with what it rests on when it is yes, with reasons when it is no."""

    allowed: bool
    reasons: tuple[Reason, ...] = ()
    permissions: tuple[Permission, ...] = ()
    bases: tuple[str, ...] = ()  # codes of the lawful grounds that were used


def permitted(queryset: QuerySet[M], use: Use, *, now: datetime | None = None) -> QuerySet[M]:
    """The rows of `queryset` that may be used so, now. An unknown purpose or recipient class permits nothing.

    `now` is for queries that are compiled once (core/prepared.py), which give the moment anew at each run.
    """
    if use.purpose not in Purpose.values or use.recipient_class not in RecipientClass.values:
        return queryset.none()
    if queryset.model is Participant:
        asked = _allowed(use, now).filter(participant=OuterRef("pk"))
        return _to_country(queryset.filter(Exists(asked), state=Participant.State.ACTIVE), use)
    return queryset.filter(Allowed(_way(queryset.model), use, now or timezone.now()))


def check(obj: models.Model, use: Use) -> Decision:
    """The gate's answer for one object: `permitted`, with what it rests on or why not. A denial is written down."""
    if _is_permitted(obj, use):
        found = tuple(_rested_on(obj, use))
        return Decision(True, permissions=found, bases=tuple(sorted({one.basis.kind for one in found})))
    reasons = tuple(_why_not(obj, use))
    audit.observe(
        "consent.gate.denied", target=obj, outcome="denied", purpose=use.purpose if use.purpose in Purpose.values else "unknown",
        reason=reasons[0].code, reasons=sorted({reason.code for reason in reasons}),
    )  # fmt: skip
    return Decision(False, reasons=reasons)


def require(obj: models.Model, use: Use) -> None:
    """Return when the use is allowed: one query. Raises Gone (410) when somebody withdrew, Forbidden (403) when the purpose
    is prohibited for somebody's role, ConsentMissing (412) otherwise; each with the reasons' codes as facts."""
    if _is_permitted(obj, use):
        return
    decision = check(obj, use)
    if decision.allowed:  # allowed between the two looks
        return
    codes = {reason.code for reason in decision.reasons}
    facts = {"purpose": use.purpose, "reasons": sorted(codes)}
    if codes & {"participant_stopped", "participant_erased"}:
        raise Gone("participant_withdrawn", _("Somebody in this recording withdrew. It is not used any more."), **facts)
    if "purpose_prohibited" in codes:
        raise Forbidden("purpose_prohibited", _("This use is prohibited for the people in this recording."), **facts)
    raise ConsentMissing("consent_missing", _("The people in this recording have not allowed this use."), **facts)


def holders(participants: Iterable[Participant], use: Use) -> set[tuple[str, str]]:
    """(participant id, modality) pairs that are allowed now: for lists that show consent per purpose and modality."""
    rows = _allowed(use).filter(participant__in=[one.pk for one in participants])
    return {(str(one), modality) for one, modality in rows.values_list("participant_id", "modality")}


def _is_permitted(obj: models.Model, use: Use) -> bool:
    return permitted(type(obj)._default_manager.filter(pk=obj.pk), use).exists()


def _allowed(use: Use, now: datetime | None = None) -> QuerySet[Permission]:
    return Permission.objects.filter(
        purpose=use.purpose, recipient_class=use.recipient_class, allowed_until__gt=now or timezone.now(),
        participant__state=Participant.State.ACTIVE,
    ).order_by()  # fmt: skip


def _to_country(queryset: QuerySet[M], use: Use) -> QuerySet[M]:
    if use.country is None:
        return queryset
    known = Recipient.objects.filter(
        study=OuterRef("study_id"), recipient_class=use.recipient_class, country=use.country
    )
    if use.country not in NEEDS_NO_TOOL:
        known = known.exclude(transfer_tool="")
    return queryset.filter(Exists(known))


def _reference(path: str) -> str:
    """What an OuterRef names to get the key at the end of `path` without joining its table."""
    return f"{path}_id" if path else "pk"


@cache
def _way(model: type[models.Model]) -> Way:
    """Follow `consent_path`. Raises LookupError when it does not end at a model that people appear in."""
    if not hasattr(model, "consent_path"):
        raise LookupError(f"{model.__name__} names no consent_path, so the gate cannot know who is in it.")
    models_on_way = [("", model)]
    for step in model.consent_path.split("__") if model.consent_path else ():
        path, last = models_on_way[-1]
        models_on_way.append((f"{path}__{step}" if path else step, last._meta.get_field(step).related_model))
    recording, end = models_on_way[-1]
    appearance = _related(end, "appearances")
    if appearance is None:
        raise LookupError(f"{model.__name__}.consent_path ends at {end.__name__}, in which nobody can appear.")
    track_model = appearance._meta.get_field("track").related_model
    track = next((path for path, one in models_on_way if one is track_model), None)
    item, target = None, None
    for path, one in models_on_way:
        if (found := _related(one, "item_targets")) is not None:
            item, target = path, found
    return Way(recording, track, item, appearance, target)


def _related(model: type[models.Model], name: str) -> type[models.Model] | None:
    return next((one.related_model for one in model._meta.related_objects if one.get_accessor_name() == name), None)


def _appearances(obj: models.Model) -> QuerySet:
    """The appearances that count for an object: on its own track and on those that cannot be split off, or all."""
    way = _way(type(obj))
    keys = type(obj)._default_manager.filter(pk=obj.pk).values(_reference(way.recording))
    found = way.appearance._default_manager.filter(recording__in=keys).select_related("participant", "track", "study")
    if way.track is not None:
        tracks = type(obj)._default_manager.filter(pk=obj.pk).values(_reference(way.track))
        found = found.filter(Q(track__separable=False) | Q(track__in=tracks))
    return found


def _rested_on(obj: models.Model, use: Use) -> QuerySet[Permission]:
    rows = _allowed(use).select_related("basis", "event")
    if isinstance(obj, Participant):
        return rows.filter(participant=obj)
    pairs = Q(pk__in=[])
    for one in _appearances(obj):
        pairs |= Q(participant=one.participant_id, modality=one.track.modality)
    return rows.filter(pairs)


def _why_not(obj: models.Model, use: Use) -> list[Reason]:
    """Every reason that can be named. Slow and thorough: it runs for denials only."""
    if use.purpose not in Purpose.values or use.recipient_class not in RecipientClass.values:
        return [Reason("purpose_unknown")]
    if isinstance(obj, Participant):
        reasons = [_why_person(obj, None, use)]
    else:
        seen = list(_appearances(obj))
        if not seen:
            return [Reason("nobody_appears")]
        reasons = [reason for one in seen for reason in _why_appearance(one, use)]
    found = list(dict.fromkeys(reason for reason in reasons if reason is not None))
    if not found and use.country is not None:
        found.append(Reason("transfer_not_covered"))
    return found or [Reason("consent_missing")]


def _why_appearance(one: models.Model, use: Use) -> Iterable[Reason | None]:
    verdict = prohibitions.verdict(one.study.context, one.role, use.purpose)
    if verdict is Verdict.PROHIBITED or (verdict is Verdict.NOT_ABOUT):
        yield Reason("purpose_prohibited", str(one.participant_id), one.track.modality)
    yield _why_person(one.participant, one.track.modality, use)


def _why_person(person: Participant, modality: str | None, use: Use) -> Reason | None:
    if person.state != Participant.State.ACTIVE:
        return Reason(f"participant_{person.state}", str(person.pk), modality or "")
    rows = Permission.objects.filter(participant=person, purpose=use.purpose, recipient_class=use.recipient_class)
    ends = list(
        rows.filter(modality__in=[modality] if modality else Modality.values).values_list("allowed_until", flat=True)
    )
    if not ends:
        return Reason("consent_missing", str(person.pk), modality or "")
    return None if max(ends) > timezone.now() else Reason("consent_expired", str(person.pk), modality or "")
