"""The background work of datasets."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core import jobs
from core.errors import Refused
from datasets.models import DatasetVersion
from datasets.services import delivery, publish


@jobs.kind("datasets.publish", label=_("Publishing a version"))
def publish_version(job: jobs.Running) -> dict:
    version = DatasetVersion.objects.get(pk=job.job.object_id)
    try:
        published = publish.publish(version)
    except Refused as refused:
        publish.failed(version.pk, refused.code)
        raise
    return {"version": str(published.pk), "rows": published.rows}


@jobs.kind("datasets.prepare_package", label=_("Preparing a package"))
def prepare_package(job: jobs.Running) -> dict:
    asset = delivery.prepare(DatasetVersion.objects.get(pk=job.job.object_id), actor=job.actor)
    return {"asset": str(asset.pk), "bytes": asset.plain_bytes}
