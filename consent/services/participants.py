"""Participants come into a study, by code; who they are is sealed apart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from consent import keys
from consent.models import Participant, Person, Study
from consent.purposes import PeopleRole
from consent.services import projection
from core import audit
from core.errors import Invalid
from core.models import User


@dataclass(frozen=True)
class NewParticipant:
    """What is known of somebody who comes in. Without a code they get the next P-number. Name, contact and birth date go
    to the identity vault, under the person's own key; the outside id is sealed under the participant's."""

    code: str = ""
    kind: str = "real"
    people_role: str = PeopleRole.TARGET
    external_id: str = ""
    language: str = ""
    group: str = ""
    name: str = ""
    contact: str = ""
    born_on: str = ""


def add_participant(*, actor: User | None, study: Study, row: NewParticipant) -> Participant:
    """One participant; see `add_participants`."""
    return add_participants(actor=actor, study=study, rows=[row])[0]


@transaction.atomic
def add_participants(*, actor: User | None, study: Study, rows: Sequence[NewParticipant]) -> list[Participant]:
    """Participants, in the order of `rows`, with what the study's bases allow without being asked.

    Somebody with a contact that the controller knows already is joined to that person. Raises Invalid when a code is
    taken, stands twice, or a row names an unknown kind or role; then nothing is stored.
    """
    study = Study.objects.select_for_update().get(pk=study.pk)  # numbers are given one after the other
    rows = _with_codes(study, rows)
    people = [
        Participant(
            study=study, code=row.code, kind=row.kind, people_role=row.people_role, language=row.language, group=row.group
        )
        for row in rows
    ]  # fmt: skip
    keys.ensure_participants(study.pk, [one.pk for one in people])
    sealed = keys.seal_many(
        [row.external_id for row in rows], study_id=study.pk, participant_ids=[[one.pk] for one in people],
        aads=[one.pk.bytes for one in people],
    )  # fmt: skip
    for one, row, external_id in zip(people, rows, sealed, strict=True):
        one.external_id = external_id
        one.person = _person(study, row)
    Participant.objects.bulk_create(people, batch_size=500)
    projection.project(people)
    audit.record("consent.participants.added", actor=actor, target=study, count=len(people))
    return people


def identity(participant: Participant) -> dict[str, str]:
    """Name, contact and birth date, opened; empty when they were never given."""
    person = participant.person
    if person is None:
        return {}
    found = {name: keys.open_person(person.pk, getattr(person, name)) for name in ("name", "contact", "born_on")}
    return {name: text for name, text in found.items() if text}


def contact_hash(contact: str) -> bytes:
    """Finds the person who writes in; keyed, so that a list of addresses cannot be tried against a stolen table."""
    return salted_hmac("concord.consent.contact", contact.strip().casefold(), algorithm="sha256").digest()


def _person(study: Study, row: NewParticipant) -> Person | None:
    if not (row.name or row.contact or row.born_on):
        return None
    digest = contact_hash(row.contact) if row.contact else None
    if digest and (known := Person.objects.filter(controller=study.controller_id, contact_hash=digest).first()):
        return known
    person = Person(controller_id=study.controller_id, contact_hash=digest, language=row.language)
    keys.ensure_person(person.pk)
    for name in ("name", "contact", "born_on"):
        setattr(person, name, keys.seal_person(person.pk, getattr(row, name)))
    person.save(force_insert=True)
    return person


def _with_codes(study: Study, rows: Sequence[NewParticipant]) -> list[NewParticipant]:
    taken = set(Participant.objects.filter(study=study).values_list("code", flat=True))
    number = max((int(found[1]) for code in taken if (found := re.fullmatch(r"P-(\d{1,9})", code))), default=0)
    out: list[NewParticipant] = []
    kinds = {code for code, _label in Participant._meta.get_field("kind").choices}
    for place, row in enumerate(rows, 1):
        code = row.code
        while not code or (not row.code and code in taken):
            number += 1
            code = f"P-{number:04}"
        if code in taken or len(code) > 40:
            raise Invalid("code_taken", _("Row %(row)s: the code is taken or too long.") % {"row": place}, row=place)
        if not code.isprintable():
            said = _("Row %(row)s: a code holds no invisible or control characters.") % {"row": place}
            raise Invalid("code_refused", said, row=place)
        if row.kind not in kinds or row.people_role not in PeopleRole.values:
            raise Invalid("row_unknown_code", _("Row %(row)s: unknown kind or role.") % {"row": place}, row=place)
        taken.add(code)
        out.append(NewParticipant(**{**vars(row), "code": code}))
    return out
