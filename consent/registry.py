"""The one reach upward: what every app holds about a participant, through a table in settings instead of an import.

`settings.HOLDINGS` names modules. Each offers the functions of `Holding` and lists in `COVERS` the models it answers for;
`consent.checks` fails when a model with a way to a participant is covered by none.
"""

from __future__ import annotations

from datetime import date
from importlib import import_module
from typing import Any, NamedTuple, Protocol

from django.conf import settings

from consent.models import Participant


class Held(NamedTuple):
    """So many things of one sort, in words for a person: `Held(_("annotations"), 84)`."""

    name: str
    count: int


class Holding(Protocol):
    """What a module in HOLDINGS offers. All run inside the caller's transaction and may be called twice."""

    COVERS: set[str]

    def describe(self, participant: Participant) -> list[Held]: ...
    def export(self, participant: Participant, package: Any) -> None: ...
    def suspend(self, participant: Participant) -> None: ...
    def resume(self, participant: Participant) -> None: ...
    def erase(self, participant: Participant) -> dict[str, int]: ...


def holdings() -> list[tuple[str, Holding]]:
    """(dotted name, module), in the order of settings: what hangs from something comes before it."""
    return [(name, import_module(name)) for name in settings.HOLDINGS]


def describe(participant: Participant) -> list[Held]:
    """What is held about somebody, empty kinds left out."""
    found = (Held(*held) for _name, module in holdings() for held in module.describe(participant))
    return [held for held in found if held.count]


def suspend(participant: Participant) -> None:
    for _name, module in holdings():
        module.suspend(participant)


def resume(participant: Participant) -> None:
    for _name, module in holdings():
        module.resume(participant)


class Received(NamedTuple):
    """Somebody outside received something, for the participant's own page."""

    who: str
    what: str
    on: date


def received(participant: Participant) -> list[Received]:
    """Who received the participant's data, newest first, from the holdings that hand anything out (`received`)."""
    found = [
        Received(*one)
        for _name, module in holdings()
        if (told := getattr(module, "received", None))
        for one in told(participant)
    ]
    return sorted(found, key=lambda one: one.on, reverse=True)
