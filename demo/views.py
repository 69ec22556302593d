"""Pages that there are in a demo only."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from demo import mails


@never_cache
@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """What the demo has mailed, codes and links among it, for whoever runs it. Not there in any other installation."""
    if not settings.DEMO_MAILS or not request.user.is_operator:
        raise Http404
    return render(request, "core/demo_mails.html", {"mails": mails.newest()})
