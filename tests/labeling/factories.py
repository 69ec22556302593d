"""Makers for the tests of labeling. Studies and people are written directly; what labeling's services make, they make."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from affect.schemes.model import Anchor, Choice, FreeText, Label, Range, Scale, Segments, Tier, Trace
from affect.vocabularies.terms import TOKENS
from consent.keyring import tree
from consent.models import Basis, Controller, Participant, Permission, Study
from consent.purposes import BasisKind, Modality, PeopleRole, Purpose
from core import access
from core.models import User
from labeling.models import Campaign, Item, SchemeVersion
from labeling.services import campaigns, recordings, schemes
from labeling.services.recordings import Appears, NewItem, NewRecording, NewTrack

_numbers = count(1)
CLIP_US = 8_900_000
EMOTIONS = ("joy", "surprise", "anger", "fear", "sadness", "neutral")


@dataclass
class Scene:
    """A study with people, an open campaign and its annotators."""

    study: Study
    campaign: Campaign
    people: list[Participant]
    items: list[Item]
    users: dict[str, User]

    def __getattr__(self, name: str) -> User:
        try:
            return self.__dict__["users"][name]  # a copy in the making has none yet
        except KeyError:
            raise AttributeError(name) from None


def user(name: str) -> User:
    return User.objects.create(email=f"{name}.{next(_numbers)}@example.org", name=name.title())


def study(owner: User | None = None) -> Study:
    number = next(_numbers)
    controller = Controller.objects.create(name=f"University {number}")
    made = Study.objects.create(
        controller=controller, name=f"Study {number}", slug=f"study-{number}", context="lab_research"
    )
    tree.ensure_study(made.pk)
    if owner is not None:
        access.grant(owner, "owner", made, actor=None)
    return made


def people(
    of: Study, n: int, purposes: tuple[str, ...] = (Purpose.HUMAN_ANNOTATION, Purpose.MODEL_INFERENCE)
) -> list[Participant]:
    made = [
        Participant.objects.create(study=of, code=f"P-{next(_numbers):05}", state_since=timezone.now())
        for _ in range(n)
    ]
    tree.ensure_participants(of.pk, [one.pk for one in made])
    until = timezone.now() + timedelta(days=30)
    for purpose in purposes:
        ground, _new = Basis.objects.get_or_create(
            study=of,
            purpose=purpose,
            people_role=PeopleRole.TARGET,
            ends_at=None,
            defaults={"kind": BasisKind.EXPLICIT_CONSENT},
        )
        Permission.objects.bulk_create(
            Permission(study=of, participant=one, purpose=purpose, modality=modality, recipient_class="controller",
                       allowed_until=until, basis=ground)
            for one in made for modality in Modality.values
        )  # fmt: skip
    return made


def items(of: Study, who: list[Participant], n: int, modality: str = Modality.AUDIO) -> list[Item]:
    """`n` clips of one ready track each, turn by turn about one of the people."""
    first = next(_numbers)
    rows = [
        NewRecording(
            f"R-{first:05}-{at:06}",
            [NewTrack(modality, "main", [Appears(who[at % len(who)].code)], text="A sentence." if modality == "text" else "",
                      duration_us=CLIP_US, ready=True)],
            [NewItem(f"I-{first:05}-{at:06}", [who[at % len(who)].code], end_us=CLIP_US)],
        )
        for at in range(n)
    ]  # fmt: skip
    made = recordings.register(actor=None, study=of, rows=rows)
    by_id = Item.objects.in_bulk([ids[0] for ids in made.items[:1000]]) if n <= 1000 else {}
    return [by_id.get(ids[0]) or Item(pk=ids[0], study=of) for ids in made.items]


def labels(*codes: str, **more: Any) -> tuple[Label, ...]:
    """Labels under these ids, with an emotion's mark where there is one of the name."""
    return tuple(Label(id=one, name={"en": one.title()}, emotion=one if one in TOKENS else "", **more) for one in codes)


def scheme(of: Study, *kinds: str) -> SchemeVersion:
    """A scheme that asks the kinds named: choice, scale, trace, segments, text."""
    questions = {
        "choice": Choice(id="emotion", prompt={"en": "What does {target} appear to express?"}, labels=labels(*EMOTIONS)),
        "scale": Scale(id="valence", prompt={"en": "How pleasant?"}, dimension="valence", look="manikin", range=Range(
            minimum=1, maximum=9, step=1, anchors=(Anchor(value=1, text={"en": "unpleasant"}), Anchor(value=9, text={"en": "pleasant"})),
        )),
        "trace": Trace(id="arousal", prompt={"en": "How activated?"}, dimension="arousal", axes=(schemes.axis("arousal"),)),
        "segments": Segments(id="laughter", prompt={"en": "When does {target} laugh?"}, required=False, tiers=(
            Tier(id="face", name={"en": "Face"}, labels=labels("laugh", "smile"), overlap=True),
            Tier(id="words", name={"en": "Words"}),
        )),
        "text": FreeText(id="note", prompt={"en": "What did you notice?"}, required=False),
    }  # fmt: skip
    return schemes.create_scheme(
        actor=None,
        study=of,
        name=f"Scheme {next(_numbers)}",
        questions=[questions[kind] for kind in kinds or ("choice", "scale")],
    )


def without(version: SchemeVersion, key: str) -> dict[str, Any]:
    """The document of a version with one question less."""
    return {**version.form, "questions": [one for one in version.form["questions"] if one["id"] != key]}


def scene(
    n: int = 5, kinds: tuple[str, ...] = ("choice", "scale"), annotators: tuple[str, ...] = ("ana", "ben"),
    overlap: int = 2, participants: int = 3, modality: str = Modality.AUDIO, **rules: Any,
) -> Scene:  # fmt: skip
    """mia manages an open campaign of `n` clips; ana and ben annotate; otto has no part in it."""
    users = {name: user(name) for name in ("mia", "otto", *annotators)}
    of = study(users["mia"])
    who = people(of, participants)
    clips = items(of, who, n, modality)
    campaign = campaigns.create_campaign(
        actor=users["mia"],
        study=of,
        name=f"Campaign {next(_numbers)}",
        scheme_version=scheme(of, *kinds),
        overlap=overlap,
        **rules,
    )
    campaigns.add_items(actor=users["mia"], campaign=campaign, items=[one.pk for one in clips])
    for name in annotators:
        campaigns.add_annotator(actor=users["mia"], campaign=campaign, user=users[name])
    campaign = campaigns.open_campaign(actor=users["mia"], campaign=campaign)
    return Scene(of, campaign, who, clips, users)


def answers(campaign: Campaign, label: str = "joy", number: float = 7) -> dict[str, dict[str, Any]]:
    """An answer to every question of choice and scale."""
    said: dict[str, dict[str, Any]] = {}
    for question in schemes.definition(campaign.scheme_version_id).questions.values():
        if question.kind == "choice":
            said[question.key] = {"value": [{"label": label}]}
        elif question.kind == "scale":
            said[question.key] = {"value": number}
    return said
