"""The background work of labeling."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core import jobs
from labeling.models import Recording
from labeling.services import media


@jobs.kind("labeling.read_media", label=_("Reading recordings"))
def read_media(job: jobs.Running, *, recordings: list[str]) -> dict:
    """Read what was registered. Run again after a worker's death, it goes on with what is not read yet."""
    for done, recording in enumerate(Recording.objects.filter(pk__in=recordings)):
        job.progress(done, len(recordings))
        media.read_recording(recording)
    states = Recording.objects.filter(pk__in=recordings).values_list("state", flat=True)
    return {
        "ready": sum(s == Recording.State.READY for s in states),
        "failed": sum(s == Recording.State.FAILED for s in states),
    }
