"""What the officer's pages share: the study through the door, where the page is, and the answer to a form."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse

from consent.models import Participant, Study
from core import access


def held_study(request: HttpRequest, study_id: UUID, action: str) -> Study:
    """The study of an address, through the door; the navigation shows it."""
    study = access.fetch(request.user, action, Study.objects.select_related("controller"), pk=study_id)
    request.study = study
    return study


def held_participant(request: HttpRequest, study_id: UUID, participant_id: UUID, action: str) -> Participant:
    study = held_study(request, study_id, action)
    rows = Participant.objects.filter(study=study).select_related("study__controller", "person")
    return access.fetch(request.user, action, rows, pk=participant_id)


def crumbs(study: Study, *more: tuple[str, str]) -> list[dict]:
    first = {"label": study.name, "url": reverse("studies:overview", args=[study.pk])}
    return [first, *({"label": label, "url": url} for label, url in more)]
