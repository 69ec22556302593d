"""Is it alive (`/healthz`), can it work (`/readyz`), and how much does it do (`/metrics`).

Ready means: both databases answer, the broker answers, and the ledger is not newer than the database (decisions 34).
Metrics are for the installation's own monitoring: from the same machine, or with METRICS_TOKEN as bearer.
"""

from __future__ import annotations

import hmac
import os
import time
from ipaddress import ip_address

from celery import current_app
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connections
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError as BrokerDown

from core import checkpoints
from core.models import AuditEvent, Job

STARTED = time.time()


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when every part answers, else 503; names the parts, says nothing else about them."""
    parts = {name: _database(name) for name in connections}
    parts["broker"] = _broker()
    parts["ledger"] = "ok" if parts["default"] == "ok" and not checkpoints.behind() else "behind"
    ready = all(state == "ok" for state in parts.values())
    return JsonResponse({"ready": ready, "parts": parts}, status=200 if ready else 503)


@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text format. 404 to who may not see it, as for an address that does not exist."""
    if not _may_see(request):
        return HttpResponse(status=404)
    states = dict(Job.objects.values_list("state").annotate(Count("pk")).order_by())
    lines = [
        "# HELP concord_jobs Jobs by state.",
        "# TYPE concord_jobs gauge",
        *(f'concord_jobs{{state="{state}"}} {states.get(state, 0)}' for state in Job.State.values),
        "# HELP concord_audit_events Events in the audit log.",
        "# TYPE concord_audit_events counter",
        f"concord_audit_events {AuditEvent.objects.order_by('-seq').values_list('seq', flat=True).first() or 0}",
        "# HELP process_start_time_seconds When this web process started.",
        "# TYPE process_start_time_seconds gauge",
        f"process_start_time_seconds {STARTED:.0f}",
        "# HELP process_resident_memory_bytes Memory of this web process.",
        "# TYPE process_resident_memory_bytes gauge",
        f"process_resident_memory_bytes {_resident()}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8")


def _database(name: str) -> str:
    try:
        with connections[name].cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except DatabaseError:
        return "down"
    return "ok"


def _broker() -> str:
    try:
        with current_app.connection_for_write(connect_timeout=2) as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=2)
    except (BrokerDown, OSError):
        return "down"
    return "ok"


def _may_see(request: HttpRequest) -> bool:
    token = getattr(settings, "METRICS_TOKEN", "")
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token:
        return hmac.compare_digest(given.encode(), token.encode())
    # Behind a proxy everybody seems to be local: without a token, a forwarded request is nobody's.
    try:
        local = ip_address(request.META.get("REMOTE_ADDR", "") or "127.0.0.1").is_loopback
    except ValueError:
        return False
    return local and "X-Forwarded-For" not in request.headers


def _resident() -> int:
    try:
        with open("/proc/self/statm") as memory:  # noqa: PTH123 - not a file of ours
            return int(memory.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
