"""The demo's cast. All of them are made up; the addresses end in .example and belong to nobody."""

from __future__ import annotations

from dataclasses import dataclass

PASSWORD = "try-concord-today"  # noqa: S105 - printed by `make demo`, for a demonstration on one's own machine only


@dataclass(frozen=True)
class Account:
    email: str
    name: str
    does: str
    study_roles: tuple[str, ...] = ()
    annotates: bool = False
    operator: bool = False


ACCOUNTS = (
    Account("ana@demo.example", "Ana Ribeiro", "labels", annotates=True),
    Account("ben@demo.example", "Ben Okafor", "labels", annotates=True),
    Account("rhea@demo.example", "Rhea Menon", "runs campaigns, publishes datasets", ("researcher",)),
    Account("dana@demo.example", "Dana Kowalczyk", "privacy officer", ("privacy",)),
    Account("mia@demo.example", "Mia Lindqvist", "owns the study, runs models", ("owner", "engineer"), operator=True),
    Account("otto@demo.example", "Otto Brandt", "an outsider: sees nothing of the study"),
)

# Participants by code: who appears in the media, as fictional records.
PARTICIPANTS = (
    ("P-0001", "target", "Pat Example", "pat@people.example"),  # v01–v05
    ("P-0002", "target", "Noor Example", "noor@people.example"),  # v06
    ("P-0003", "target", "Sol Example", "sol@people.example"),  # v07, the portrait
    ("P-0004", "target", "Robin Example", "robin@people.example"),  # the reading voice
    ("P-0005", "target", "Kit Example", "kit@people.example"),  # British voice
    ("P-0006", "target", "Jay Example", "jay@people.example"),  # surfer's voice
    ("P-0007", "target", "Lou Example", "lou@people.example"),  # mobster's voice
)
