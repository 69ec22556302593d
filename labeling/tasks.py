"""The background work of labeling."""

from __future__ import annotations

from celery import shared_task
from django.utils.translation import gettext_lazy as _

from core import jobs
from labeling.models import Campaign, GoldStandard, Recording
from labeling.services import agreement, gold, media, queue, traces


@jobs.kind("labeling.read_media", label=_("Reading recordings"))
def read_media(job: jobs.Running, *, recordings: list[str]) -> dict:
    """Read what was registered. Run again after a worker's death, it goes on with what is not read yet."""
    for done, recording in enumerate(Recording.objects.filter(pk__in=recordings)):
        job.progress(done, len(recordings))
        media.read_recording(recording)
    states = list(Recording.objects.filter(pk__in=recordings).values_list("state", flat=True))
    return {"ready": states.count(Recording.State.READY), "failed": states.count(Recording.State.FAILED)}


@jobs.kind("labeling.measure_agreement", label=_("Measuring agreement"))
def measure_agreement(job: jobs.Running) -> dict:
    report = agreement.measure(actor=job.actor, campaign=Campaign.objects.get(pk=job.job.object_id))
    return {"report": str(report.pk)}


@jobs.kind("labeling.fuse_gold", label=_("Fusing a gold standard"))
def fuse_gold(job: jobs.Running) -> dict:
    fused = gold.fuse(GoldStandard.objects.get(pk=job.job.object_id))
    return fused.summary


@shared_task(name="labeling.sweep")
def sweep() -> None:
    """Give back leases that ran out while nobody asked for a next item, and drop what was begun and left."""
    while queue.release_expired() == queue.RELEASED_AT_ONCE:
        pass
    traces.sweep_abandoned()
