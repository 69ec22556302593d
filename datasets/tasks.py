"""The background work of datasets."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import access, jobs
from core.errors import Forbidden, Refused
from core.models import Job
from datasets.models import DatasetVersion
from datasets.services import delivery, features, publish


def _may(job: Job, action: str) -> None:
    """The person who started it must still be allowed to when it runs."""
    version = DatasetVersion.objects.select_related("dataset").get(pk=job.object_id)
    if job.actor is None or not access.may(job.actor, action, version.dataset):
        raise Forbidden("role_missing", _("Whoever started this may no longer do it here."))


def _may_publish(job: Job) -> None:
    try:
        _may(job, "dataset")
    except Forbidden as refused:
        publish.failed(job.object_id, refused.code)
        raise


@jobs.kind("datasets.publish", label=gettext_lazy("Publishing a version"), permitted=_may_publish)
def publish_version(job: jobs.Running) -> dict:
    version = DatasetVersion.objects.get(pk=job.job.object_id)
    try:
        published = publish.publish(version)
    except Refused as refused:
        publish.failed(version.pk, refused.code)
        raise
    except Exception:
        publish.failed(version.pk, "job_failed")
        raise
    return {"version": str(published.pk), "rows": published.rows}


@jobs.kind(
    "datasets.prepare_package", label=gettext_lazy("Preparing a package"), permitted=lambda job: _may(job, "export")
)
def prepare_package(job: jobs.Running) -> dict:
    version = DatasetVersion.objects.select_related("dataset__study").get(pk=job.job.object_id)
    asset = delivery.prepare(version, actor=job.actor)
    return {"asset": str(asset.pk), "bytes": asset.plain_bytes}


@jobs.kind("datasets.prosody", label=_("Measuring voices"))
def measure_prosody(job: jobs.Running) -> dict:
    """Measure every voice that waits; run again after a worker's death, what is measured is not measured twice."""
    todo = list(features.waiting(job.job.study_id))
    for done, track in enumerate(todo):
        job.progress(done, len(todo))
        features.measure(track, actor=job.actor)
    job.progress(len(todo), len(todo))
    return {"tracks": len(todo)}
