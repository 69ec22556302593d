"""A POST that may be sent again: the same Idempotency-Key gives the same object, made once.

Kept are a hash of the key, a hash of the request and the id of what it made, in the transaction that made it; never a
response, which would be a second copy of what an erasure must find (decisions 32). A repeat shows the object as it is
now. Of two at the same time, the second waits for the first at the unique constraint.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from core.errors import Gone, Invalid
from core.models import IdempotencyKey

KEPT = timedelta(days=7)


class IdempotentMixin:
    """For a generic view that creates::

    class Items(IdempotentMixin, GenericAPIView):
        def post(self, request, study_id):
            study = access.fetch(…)
            body = self.checked(request)
            return self.once(request, lambda: services.create_item(actor=request.user, study=study, **body))
    """

    def checked(self, request: Request) -> dict[str, Any]:
        """The body, validated by the view's serializer."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    def once(self, request: Request, make: Callable[[], models.Model], status: int = 201) -> Response:
        """Make the object and show it; on a repeat of the key, show what was made then, with the same status."""
        found, told = once(request, make, self.again, status)
        return Response(self.get_serializer(found).data, status=told)

    def again(self, object_id: UUID) -> models.Model | None:
        """The object that was made, if it may still be seen. The default looks in the view's queryset."""
        return self.get_queryset().filter(pk=object_id).first()


def once(
    request: Request, make: Callable[[], models.Model], again: Callable[[UUID], models.Model | None], status: int = 201
) -> tuple[models.Model, int]:
    """Run `make` once for the request's Idempotency-Key; without one, simply run it. Returns (object, status).

    Raises Invalid `idempotency_key_reused` when the key came with another body, Gone when the object is no more.
    """
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        return make(), status
    if len(key) > 255:
        raise Invalid("idempotency_key_invalid", _("An Idempotency-Key has at most 255 characters."))
    row = IdempotencyKey(
        user=request.user, key_hash=sha256(key.encode()).digest(), request_hash=_fingerprint(request), status=status
    )
    with transaction.atomic():
        IdempotencyKey.objects.bulk_create([row], ignore_conflicts=True)
        kept = IdempotencyKey.objects.get(user=request.user, key_hash=row.key_hash)
        if kept.pk == row.pk:
            made = make()
            IdempotencyKey.objects.filter(pk=row.pk).update(object_id=made.pk)
            return made, status
    if bytes(kept.request_hash) != row.request_hash:
        raise Invalid("idempotency_key_reused", _("This Idempotency-Key was used for another request."))
    found = again(kept.object_id)
    if found is None:
        raise Gone("object_gone", _("What this request made is no longer there."))
    return found, kept.status


def forget_old() -> int:
    """Delete keys after a week; a repeat later than that makes a new object. Returns how many."""
    return IdempotencyKey.objects.filter(created_at__lt=timezone.now() - KEPT).delete()[0]


def _fingerprint(request: Request) -> bytes:
    http = getattr(request, "_request", request)
    return sha256(b"\0".join([request.method.encode(), request.get_full_path().encode(), http.body])).digest()
