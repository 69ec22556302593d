"""Small makers of rows for the tests of consent. They write tables directly; what services do is tested through services."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count

from django.utils import timezone

from consent.models import Basis, Controller, Erasure, Notice, NoticeText, Participant, Permission, Study
from consent.purposes import BasisKind, Modality, PeopleRole, Purpose
from consent.services import notices
from core.models import User
from labeling.models import Appearance, Item, ItemTarget, Recording, Track

_numbers = count(1)
LATER = timedelta(days=30)


def user(name: str) -> User:
    return User.objects.create(email=f"{name}@example.org", name=name.title())


def study(context: str = "lab_research", **fields) -> Study:
    number = next(_numbers)
    controller = Controller.objects.create(name=f"University {number}", email="office@example.org")
    values = {"name": f"Study {number}", "slug": f"study-{number}", "context": context} | fields
    return Study.objects.create(controller=controller, **values)


def basis(
    of: Study, purpose: str = Purpose.HUMAN_ANNOTATION, kind: str = BasisKind.EXPLICIT_CONSENT, **fields
) -> Basis:
    values = {"people_role": PeopleRole.TARGET} | fields
    return Basis.objects.create(study=of, purpose=purpose, kind=kind, **values)


def bases(of: Study, kind: str = BasisKind.EXPLICIT_CONSENT, people_role: str = PeopleRole.TARGET) -> list[Basis]:
    return [basis(of, purpose, kind, people_role=people_role) for purpose in Purpose.values]


def participant(of: Study, **fields) -> Participant:
    return Participant.objects.create(study=of, code=f"P-{next(_numbers):04}", **fields)


def permission(
    who: Participant, purpose: str, modality: str, until: datetime | None = None, recipient_class: str = "controller"
) -> Permission:
    ground = Basis.objects.filter(study=who.study, purpose=purpose, people_role=PeopleRole.TARGET).first()
    return Permission.objects.create(
        study=who.study, participant=who, purpose=purpose, modality=modality, recipient_class=recipient_class,
        allowed_until=until or timezone.now() + LATER, basis=ground or basis(who.study, purpose),
    )  # fmt: skip


def recording(of: Study) -> Recording:
    return Recording.objects.create(study=of, code=f"R-{next(_numbers):05}", state="ready")


def track(
    of: Recording, modality: str = Modality.VIDEO, *people: Participant, separable: bool = False, **fields
) -> Track:
    role = fields.pop("role", PeopleRole.TARGET)
    made = Track.objects.create(
        study=of.study, recording=of, modality=modality, name=f"t{next(_numbers)}", separable=separable, **fields
    )
    for one in people:
        Appearance.objects.create(study=of.study, recording=of, track=made, participant=one, role=role)
    return made


def item(of: Recording, *targets: Participant) -> Item:
    made = Item.objects.create(study=of.study, recording=of, code=f"I-{next(_numbers):05}")
    for one in targets:
        ItemTarget.objects.create(item=made, participant=one)
    return made


CHOICES = [
    {"purpose": "collect", "modalities": ["video", "audio"], "recipient_class": "controller", "required": True},
    {
        "purpose": "human_annotation",
        "modalities": ["video", "audio"],
        "recipient_class": "controller",
        "required": False,
    },
    {"purpose": "model_inference", "modalities": ["audio"], "recipient_class": "controller", "required": False},
    {"purpose": "train_models", "modalities": ["video", "audio"], "recipient_class": "controller", "required": False},
    {"purpose": "share_controlled", "modalities": ["audio"], "recipient_class": "partner", "required": False},
]


def notice_text(of: Study, *, choices: list | None = None, valid_days: int = 365) -> NoticeText:
    """A notice as if it were published; for tests that are not about publishing."""
    choices = CHOICES if choices is None else choices
    number = of.notices.count() + 1
    notice = Notice.objects.create(study=of, number=number, valid_days=valid_days, choices=choices)
    text = NoticeText.objects.create(
        notice=notice, language="en", title="What we ask", summary="We record a talk.",
        sections=[{"heading": "Who we are", "text": "A university."}],
        purposes={one["purpose"]: {"title": one["purpose"].replace("_", " "), "text": "What it means."} for one in choices},
    )  # fmt: skip
    text.digest = notices.digest(notice, text)
    text.save(update_fields=["digest"])
    notice.published_at = timezone.now()
    notice.save(update_fields=["published_at"])
    return text


def running_erasure(of: Participant) -> Erasure:
    """An erasure in the middle of its work: while it runs, and at no other time, the database lets history about them go."""
    now = timezone.now()
    return Erasure.objects.create(
        study=of.study, participant=of, state=Erasure.State.RUNNING, not_before=now, due_at=now + LATER
    )
