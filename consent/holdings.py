"""What consent itself holds about a participant: what they said, links, requests, identity, stored bytes."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, F, Q
from django.utils.translation import gettext as _

from consent import assets, keys
from consent.models import Asset, ConsentEvent, Participant, ParticipantLink, Permission, Request
from consent.purposes import Purpose
from consent.registry import Held

COVERS = {
    "consent.AssetSubject", "consent.ConsentEvent", "consent.Erasure", "consent.ErasureStep", "consent.Participant",
    "consent.ParticipantLink", "consent.Permission", "consent.Person", "consent.Request", "consent.RequestStep",
}  # fmt: skip


def describe(participant: Participant) -> list[Held]:
    files = _files(participant).exclude(state=Asset.State.ERASED)
    return [
        Held(_("answers about consent"), participant.consent_events.count()),
        Held(_("requests"), participant.requests.count()),
        Held(_("stored files"), files.count()),
        Held(_("name and contact"), int(participant.person_id is not None)),
    ]


def export(participant: Participant, package: Any) -> None:
    from consent.services.participants import identity  # services stand on the registry, which stands on this module

    person = identity(participant)
    package.add_json("data/identity.json", person)
    package.section(
        _("Who you are here"), [[_("code"), participant.code], *([_label(name), text] for name, text in person.items())]
    )
    said = [_said(one) for one in participant.consent_events.select_related("notice_text").order_by("id")]
    package.add_json("consent/events.json", said)
    package.section(
        _("What you allowed"),
        [[one["at"][:10], _purpose(one["purpose"]), ConsentEvent.Kind(one["said"]).label] for one in said],
    )
    for text in {
        one.notice_text for one in participant.consent_events.select_related("notice_text__notice") if one.notice_text
    }:
        package.add_json(f"consent/notice-{text.notice.number}-{text.language}.json", _told(text))
    asked = [
        {"number": one.number, "kind": one.kind, "state": one.state, "received_at": one.received_at.isoformat(), "due_on": one.due_on.isoformat()}
        for one in participant.requests.order_by("number")
    ]  # fmt: skip
    package.add_json("data/requests.json", asked)


def suspend(participant: Participant) -> None:
    """Keep the person's files restricted; what was made for them, their own packages, stays open to them."""
    assets.seal(_files(participant).exclude(kind=Asset.Kind.PACKAGE))


def resume(participant: Participant) -> None:
    """Open again what only active people are in."""
    everyone = Q(asset_subjects__participant__state=Participant.State.ACTIVE)
    free = _files(participant).filter(pk__in=Asset.objects.annotate(
        people=Count("asset_subjects"), active=Count("asset_subjects", filter=everyone)
    ).filter(people=F("active"), asset_subjects__participant=participant).values("pk"))  # fmt: skip
    assets.restore(free)


def erase(participant: Participant) -> dict[str, int]:
    """Files with all that was derived from them, links, permissions, the identity when no other study needs it, and the words
    of requests. What was said about consent stays as proof, without evidence that could name somebody."""
    gone = assets.erase(_files(participant))
    counts = {"files": gone["assets"], "bytes": gone["bytes"]}
    counts["permissions"] = Permission.objects.filter(participant=participant).delete()[0]
    counts["links"] = ParticipantLink.objects.filter(participant=participant).delete()[0]
    counts["request_words"] = Request.objects.filter(participant=participant).exclude(words=b"").update(words=b"")
    ConsentEvent.objects.filter(participant=participant).update(evidence={})
    counts["identities"] = _forget_person(participant)
    return counts


def _files(participant: Participant) -> Any:
    return Asset.objects.filter(subjects=participant)


def _forget_person(participant: Participant) -> int:
    person = participant.person
    if person is None:
        return 0
    Participant.objects.filter(pk=participant.pk).update(person=None)
    participant.person = None
    if person.participants.exists():
        return 0  # still in another study of this controller
    Request.objects.filter(person=person).update(person=None)
    person.name = person.contact = person.born_on = b""
    person.contact_hash, person.language = None, ""
    person.save()
    keys.destroy_person(person.pk)
    return 1


def _label(name: str) -> str:
    return {"name": _("name"), "contact": _("contact"), "born_on": _("born on")}[name]


def _purpose(code: str) -> str:
    return str(Purpose(code).label) if code else _("everything")


def _said(one: ConsentEvent) -> dict[str, Any]:
    return {
        "said": one.kind, "purpose": one.purpose, "modality": one.modality, "recipient_class": one.recipient_class,
        "at": one.effective_at.isoformat(), "until": one.valid_until.isoformat() if one.valid_until else None,
        "method": one.method, "notice_digest": one.notice_text.digest if one.notice_text else None,
    }  # fmt: skip


def _told(text: Any) -> dict[str, Any]:
    return {
        "number": text.notice.number, "language": text.language, "title": text.title, "summary": text.summary,
        "sections": text.sections, "purposes": text.purposes, "choices": text.notice.choices, "digest": text.digest,
    }  # fmt: skip
