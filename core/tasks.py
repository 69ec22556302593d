"""What Celery runs of this app: every job by its id, the sweep, and the daily checkpoint of the audit log."""

from celery import shared_task

from core import checkpoints, idempotency, jobs


@shared_task(name=jobs.TASK)
def run_job(job_id: str) -> None:
    jobs.run(job_id)


@shared_task(name="core.sweep_jobs")
def sweep_jobs() -> None:
    jobs.sweep()


@shared_task(name="core.checkpoint_audit")
def checkpoint_audit() -> None:
    checkpoints.write()


@shared_task(name="core.forget_idempotency_keys")
def forget_idempotency_keys() -> None:
    idempotency.forget_old()
