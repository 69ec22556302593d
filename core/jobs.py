"""Background work that a person can watch, cancel and start again.

The row is the truth; the broker's message carries its id alone and may be lost or come twice. A worker *claims* the row
with a conditional update; while it runs, a thread writes a heartbeat; a sweep sends again what stays queued and hands
over what a dead worker left (decisions 32). Every write of a run names its attempt, so a worker that was only asleep
cannot disturb the one that took over.

    @jobs.kind("inference.prelabel", label=_("Predictions"))
    def prelabel(job: jobs.Running, *, run_id: str) -> dict:
        for done, batch in enumerate(batches):
            job.progress(done, len(batches))      # raises Cancelled when somebody asked for it
            services.store_predictions(batch)     # one short transaction a batch

Functions live in `<app>/tasks.py`. They are run again from the start after a worker's death, so they ask what is
already there. What they return (ids, codes, numbers) is kept as the job's result.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from celery import current_app
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import close_old_connections, connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError as BrokerDown

from core import audit
from core.errors import Refused, no_room
from core.models import Job, User

log = logging.getLogger("concord.jobs")
RESEND_AFTER = timedelta(seconds=30)
TASK = "core.run_job"


class Cancelled(Exception):
    """Somebody asked for this job to end, or another worker has taken it over."""


@dataclass(frozen=True)
class Kind:
    """One sort of job. `permitted(job)` is asked again when it runs and raises Refused when it is not any more."""

    name: str
    label: str | Promise
    run: Callable[..., dict | None]
    permitted: Callable[[Job], None] | None = None
    attempts: int = 3


KINDS: dict[str, Kind] = {}


def kind(
    name: str, *, label: str | Promise, permitted: Callable[[Job], None] | None = None, attempts: int = 3
) -> Callable[[Callable], Callable]:
    """Register a function as what a job of this kind does. `attempts` counts worker deaths, not errors."""

    def register(run: Callable[..., dict | None]) -> Callable[..., dict | None]:
        if name in KINDS and KINDS[name].run.__qualname__ != run.__qualname__:
            raise LookupError(f"Two functions call themselves the job {name!r}.")
        KINDS[name] = Kind(name, label, run, permitted, attempts)
        return run

    return register


def start(
    kind: str, *, actor: User | None, study_id: UUID | None = None, object_id: UUID | None = None, **params: Any
) -> Job:
    """Write the job down, and send it to a worker once the transaction is committed. Raises LookupError on an unknown kind."""
    if kind not in KINDS:
        raise LookupError(f"There is no job {kind!r}; there are {', '.join(sorted(KINDS)) or 'none'}.")
    with transaction.atomic():
        job = Job.objects.create(
            kind=kind,
            actor=actor,
            study_id=study_id,
            object_id=object_id,
            params=json.loads(json.dumps(params, cls=DjangoJSONEncoder, allow_nan=False)),
            sent_at=timezone.now(),
        )
        audit.record("core.job.started", actor=actor, target=job, kind=kind, object_id=object_id)
        transaction.on_commit(lambda: send(job.pk))
    return job


def send(job_id: UUID) -> bool:
    """Tell the broker. False when it cannot be reached: the row stays queued and the sweep tries again."""
    try:
        current_app.send_task(TASK, args=[str(job_id)], retry=False)
    except (BrokerDown, OSError) as error:
        log.warning("job %s stays queued, the broker is not reachable: %s", job_id, type(error).__name__)
        return False
    return True


@transaction.atomic
def cancel(job: Job, actor: User | None) -> Job:
    """Take a waiting job back, or ask a running one to stop at its next step. An ended job is left as it is."""
    now = timezone.now()
    taken = Job.objects.filter(pk=job.pk, state=Job.State.QUEUED).update(
        state=Job.State.CANCELLED, finished_at=now, cancel_asked=True
    )
    asked = taken or Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).update(cancel_asked=True)
    if asked:
        audit.record("core.job.cancelled", actor=actor, target=job, kind=job.kind, was_running=not taken)
    job.refresh_from_db()
    return job


def restart(job: Job, actor: User | None) -> Job:
    """Start the same work again, as a new job. Refused while the old one has not ended."""
    job.refresh_from_db()
    if job.state in (Job.State.QUEUED, Job.State.RUNNING):
        raise Refused("job_not_ended", _("This is still under way. Cancel it first."))
    return start(job.kind, actor=actor, study_id=job.study_id, object_id=job.object_id, **job.params)


def visible_to(user: User, job: Job) -> bool:
    """The person who started it sees a job; whom else is said by JOB_VIEWERS, a function of an app above."""
    if not user.is_authenticated:
        return False
    if job.actor_id == user.pk:
        return True
    viewers = getattr(settings, "JOB_VIEWERS", "")
    return bool(viewers) and import_string(viewers)(user, job)


def run(job_id: UUID | str) -> Job | None:
    """Claim and run a job to its end; what the Celery task does. None when it is not there to be claimed."""
    job = _claim(job_id)
    if job is None:
        return None
    running = Running(job)
    with (
        translation.override(job.actor.language if job.actor and job.actor.language else settings.LANGUAGE_CODE),
        audit.context(request_id=str(job.pk), actor=job.actor),
        running.beating(),
    ):
        _end(running, *_outcome(running))
    job.refresh_from_db()
    return job


def sweep() -> dict[str, int]:
    """Send again what stayed queued, and hand over or give up what a dead worker left. Returns how many of each."""
    now = timezone.now()
    handed = given_up = 0
    for job in Job.objects.filter(_stale(now)):
        if _attempts(job) > job.attempt:
            handed += Job.objects.filter(_stale(now), pk=job.pk, attempt=job.attempt).update(
                state=Job.State.QUEUED, worker="", sent_at=None
            )
        else:
            given_up += _give_up(job, now)
    sent = 0
    waiting = Job.objects.filter(state=Job.State.QUEUED).filter(Q(sent_at=None) | Q(sent_at__lt=now - RESEND_AFTER))
    for job_id in waiting.values_list("pk", flat=True)[:1000]:
        if not send(job_id):
            break
        sent += Job.objects.filter(pk=job_id, state=Job.State.QUEUED).update(sent_at=now)
    return {"sent": sent, "handed_over": handed, "given_up": given_up}


@dataclass
class Running:
    """A job as its function sees it."""

    job: Job
    _told_at: float = field(default=0.0, repr=False)

    @property
    def id(self) -> UUID:
        return self.job.pk

    @property
    def actor(self) -> User | None:
        return self.job.actor

    def progress(self, done: int, total: int | None = None, stage: str = "") -> None:
        """Say how far it is; at most a few writes a second. Raises Cancelled when the job is to stop."""
        total = self.job.total if total is None else total
        news = (stage and stage != self.job.stage) or done >= total
        self.job.done, self.job.total, self.job.stage = done, total, stage or self.job.stage
        if not news and time.monotonic() - self._told_at < 0.25:
            return
        self._told_at = time.monotonic()
        self._mine().update(done=done, total=total, stage=self.job.stage[:80], heartbeat_at=timezone.now())
        self.check()

    def check(self) -> None:
        """Raises Cancelled when somebody asked for it, or when another worker has taken the job over."""
        asked = self._mine().values_list("cancel_asked", flat=True).first()
        if asked is None or asked:
            raise Cancelled

    def beating(self) -> _Heart:
        return _Heart(self)

    def _mine(self):
        return Job.objects.filter(pk=self.job.pk, attempt=self.job.attempt, state=Job.State.RUNNING)


class _Heart:
    """A thread that says the worker lives. It has a connection of its own, closed with it."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True, name=f"heartbeat-{running.id}")

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *failure: object) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        try:
            while not self._stop.wait(settings.JOB_STALE_SECONDS / 5):
                try:
                    self._running._mine().update(heartbeat_at=timezone.now())
                except Exception:
                    log.warning("heartbeat of job %s was late", self._running.id, exc_info=True)
        finally:
            connection.close()


def _claim(job_id: UUID | str) -> Job | None:
    now = timezone.now()
    claimed = Job.objects.filter(Q(state=Job.State.QUEUED) | _stale(now), pk=job_id).update(
        state=Job.State.RUNNING,
        attempt=F("attempt") + 1,
        worker=f"{socket.gethostname()}:{os.getpid()}"[:120],
        heartbeat_at=now,
        started_at=Coalesce(F("started_at"), now),
    )
    return Job.objects.select_related("actor").get(pk=job_id) if claimed else None


def _outcome(running: Running) -> tuple[str, dict, str, str]:
    """Run the function. Returns (state, result, error code, sentence)."""
    job = running.job
    declared = KINDS.get(job.kind)
    if declared is None:
        return Job.State.FAILED, {}, "job_unknown", _("This installation does not know how to do this any more.")
    if job.attempt > declared.attempts:
        return Job.State.FAILED, {}, "worker_lost", _worker_lost()
    try:
        running.check()
        if declared.permitted is not None:
            declared.permitted(job)
        result = declared.run(running, **job.params) or {}
        return Job.State.DONE, json.loads(json.dumps(result, cls=DjangoJSONEncoder, allow_nan=False)), "", ""
    except Cancelled:
        return Job.State.CANCELLED, {}, "", ""
    except Refused as refused:
        return Job.State.FAILED, {}, refused.code, str(refused.message)
    except Exception as error:
        log.exception("job %s (%s) failed", job.pk, job.kind)
        if no_room(error):
            return Job.State.FAILED, {}, "storage_full", _no_room_left()
        return Job.State.FAILED, {}, "job_failed", _("Something went wrong here; what was done until then is kept.")


def _end(running: Running, state: str, result: dict, code: str, message: str) -> None:
    close_old_connections() if not connection.in_atomic_block else None
    with transaction.atomic():
        changes: dict[str, Any] = {"state": state, "finished_at": timezone.now(), "error_code": code}
        changes |= {"error_message": message, "result": result, "done": running.job.done, "total": running.job.total}
        if running._mine().update(**changes):
            outcome = {Job.State.DONE: "done", Job.State.CANCELLED: "cancelled"}.get(state, "failed")
            audit.record(
                "core.job.ended", target=running.job, outcome=outcome, kind=running.job.kind, code=code,
                attempt=running.job.attempt,
            )  # fmt: skip


@transaction.atomic
def _give_up(job: Job, now: Any) -> int:
    ended = Job.objects.filter(_stale(now), pk=job.pk, attempt=job.attempt).update(
        state=Job.State.FAILED, finished_at=now, error_code="worker_lost", error_message=_worker_lost()
    )
    if ended:
        audit.record(
            "core.job.ended", target=job, outcome="failed", kind=job.kind, code="worker_lost", attempt=job.attempt
        )
    return ended


def _worker_lost() -> str:
    return _("The worker died each time this was tried, perhaps for want of memory. Start it again with less at once.")


def _no_room_left() -> str:
    return _("There is no room left to store this. Tell the people who run this installation, then start it again.")


def _attempts(job: Job) -> int:
    return KINDS[job.kind].attempts if job.kind in KINDS else 1


def _stale(now: Any) -> Q:
    return Q(state=Job.State.RUNNING, heartbeat_at__lt=now - timedelta(seconds=settings.JOB_STALE_SECONDS))
