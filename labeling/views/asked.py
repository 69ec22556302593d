"""What every act in the workspace begins with: whose assignment it is about, and what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from core import access
from core.api import JSONParser
from core.errors import Invalid
from labeling.models import Assignment

_OWN = access.Fetch("label", lambda: Assignment.objects.select_related("campaign", "item"))


def own(
    request: HttpRequest, campaign_id: UUID, assignment_id: UUID, find: access.Fetch[Assignment] = _OWN
) -> Assignment:
    """The assignment of an address, the person's own and of that campaign; or 404."""
    assignment = find(request.user, assignment_id)
    if assignment.campaign_id != campaign_id:
        raise Http404
    return assignment


def is_json(request: HttpRequest) -> bool:
    return request.content_type == "application/json"


def sent(request: HttpRequest) -> Mapping[str, Any]:
    """What was sent: a JSON object, or the fields of a form."""
    if not is_json(request):
        return request.POST.dict()
    found = JSONParser().parse(request)
    if not isinstance(found, Mapping):
        raise Invalid("wrong_type", _("A JSON object is needed."), status=400)
    return found
