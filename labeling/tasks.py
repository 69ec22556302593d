"""The background work of labeling. What a person may do is asked again when the work begins, not only when it was asked for."""

from __future__ import annotations

from collections.abc import Callable

from celery import shared_task
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent.models import Study
from core import access, jobs
from core.errors import Forbidden
from core.models import Job
from labeling.models import Campaign, GoldStandard, Recording, SchemeMigration
from labeling.services import agreement, gold, media, queue, renditions, scheme_migrations, traces


def _still(action: str, root: Callable[[Job], Campaign | Study]) -> Callable[[Job], None]:
    """A check that whoever started the job may still do this to its study or campaign."""

    def check(job: Job) -> None:
        if job.actor is not None and not access.may(job.actor, action, root(job)):
            raise Forbidden("not_permitted_any_more", _("The role that allowed this was taken back."))

    return check


def _study(job: Job) -> Study:
    return Study.objects.get(pk=job.study_id)


def _campaign(job: Job) -> Campaign:
    return Campaign.objects.get(pk=job.object_id)


def _campaign_of_gold(job: Job) -> Campaign:
    return GoldStandard.objects.select_related("campaign").get(pk=job.object_id).campaign


@jobs.kind(media.READING, label=gettext_lazy("Reading recordings"), permitted=_still("ingest", _study))
def read_media(job: jobs.Running, *, recordings: list[str]) -> dict:
    """Read what was registered. Run again after a worker's death, it goes on with what is not read yet."""
    for done, recording in enumerate(Recording.objects.filter(pk__in=recordings)):
        job.progress(done, len(recordings))
        media.read_recording(recording)
    job.progress(len(recordings), len(recordings))
    states = list(Recording.objects.filter(pk__in=recordings).values_list("state", flat=True))
    return {"ready": states.count(Recording.State.READY), "failed": states.count(Recording.State.FAILED)}


@jobs.kind(
    renditions.MAKING, label=gettext_lazy("Making what a campaign shows"), permitted=_still("campaign", _campaign)
)
def make_renditions(job: jobs.Running) -> dict:
    """Films without sound, sound without films, speech without words. Run again, it goes on with what is not there yet."""
    missing = renditions.missing(_campaign(job.job))
    for done, one in enumerate(missing):
        job.progress(done, len(missing))
        renditions.make(one.track, one.what)
    job.progress(len(missing), len(missing))
    return {"made": len(missing)}


@jobs.kind(
    "labeling.measure_agreement", label=gettext_lazy("Measuring agreement"), permitted=_still("agreement", _campaign)
)
def measure_agreement(job: jobs.Running) -> dict:
    campaign = _campaign(job.job)
    report = agreement.measure(actor=job.actor, campaign=campaign, progress=job.progress)
    return {"report": str(report.pk)}


@jobs.kind(
    "labeling.fuse_gold", label=gettext_lazy("Fusing a gold standard"), permitted=_still("gold", _campaign_of_gold)
)
def fuse_gold(job: jobs.Running) -> dict:
    standard = GoldStandard.objects.get(pk=job.job.object_id)
    try:
        return gold.fuse(standard, progress=job.progress).summary
    except Exception:  # also a cancellation: there will be no labels, and the page says so
        gold.give_up(standard)
        raise


def _campaign_of_migration(job: Job) -> Campaign:
    return SchemeMigration.objects.select_related("campaign").get(pk=job.object_id).campaign


@jobs.kind(
    scheme_migrations.KIND, label=gettext_lazy("Bringing answers to another version of their scheme"),
    permitted=_still("campaign", _campaign_of_migration),
)  # fmt: skip
def migrate_scheme(job: jobs.Running) -> dict:
    migration = SchemeMigration.objects.select_related("campaign").get(pk=job.job.object_id)
    try:
        return scheme_migrations.apply(migration, progress=job.progress).summary
    except Exception:  # also a cancellation: what is not brought over yet can be taken up again
        scheme_migrations.give_up(migration)
        raise


@shared_task(name="labeling.sweep")
def sweep() -> None:
    """Give back leases that ran out while nobody asked for a next item, and drop what was begun and left."""
    while queue.release_expired() == queue.RELEASED_AT_ONCE:
        pass
    traces.sweep_abandoned()
