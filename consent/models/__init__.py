"""The tables of consent, by activity."""

from consent.models.assets import Asset, AssetSubject
from consent.models.events import ConsentEvent, Notice, NoticeText, Permission
from consent.models.people import Participant, ParticipantLink, Person
from consent.models.requests import Erasure, ErasureStep, Recipient, Request, RequestStep
from consent.models.studies import Basis, Client, Controller, Study, StudyRole

__all__ = [
    "Asset", "AssetSubject", "Basis", "Client", "ConsentEvent", "Controller", "Erasure", "ErasureStep", "Notice", "NoticeText",
    "Participant", "ParticipantLink", "Permission", "Person", "Recipient", "Request", "RequestStep", "Study", "StudyRole",
]  # fmt: skip
