"""Background work of consent: erasing, building access packages, and what the scheduler asks for.

The scheduler starts erasures whose cooling-off has ended and clears away bytes whose storing was interrupted.
"""

from __future__ import annotations

from celery import shared_task
from django.utils.translation import gettext_lazy as _

from consent import assets
from consent.models import Erasure, Request
from consent.services import erasure, packages
from core import jobs


@jobs.kind("consent.erase", label=_("Erasure"), attempts=20)
def erase(job: jobs.Running, *, erasure_id: str) -> dict:
    done = erasure.run(Erasure.objects.get(pk=erasure_id), progress=job.progress)
    return {"erasure": str(done.pk), "state": done.state}


@jobs.kind("consent.package", label=_("Access package"))
def package(job: jobs.Running, *, request_id: str) -> dict:
    request = Request.objects.select_related("participant__study", "package").get(pk=request_id)
    asset = request.package
    # Built since this job began: by a worker that died before it could say so.
    if asset is None or asset.created_at < job.job.started_at:
        asset = packages.build(request, actor=job.actor, progress=job.progress)
    return {"asset": str(asset.pk)}


@shared_task(name="consent.sweep_erasures")
def sweep_erasures() -> None:
    """Start what was confirmed earlier and may begin now. Asked every few minutes by the scheduler."""
    erasure.start_due()


@shared_task(name="consent.sweep_assets")
def sweep_assets() -> None:
    """Remove what was being stored when a process died. Asked every hour by the scheduler."""
    assets.sweep()
